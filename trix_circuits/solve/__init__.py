"""Asking a solver: processes, SAT, and the proofs that they leave."""
