"""Proof by all rows."""

from trix_circuits.exhaustive.by_planes import prove_exhaustively

__all__ = ["prove_exhaustively"]
