"""Finding lemmas for the checker: nothing here is trusted."""
