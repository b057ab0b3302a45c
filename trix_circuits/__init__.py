"""trix-circuits: exact threshold-gate circuits in FP4 and ternary weights, proven over all inputs."""
