"""Proof from scratch: equivalence, all rows, induction over widths, mutation."""
