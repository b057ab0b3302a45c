"""Lowering: netlist to lane program, the bitwise operations that every backend runs."""

from trix_circuits.lower.program import LaneProgram, lower, read_text
from trix_circuits.lower.proof import prove_lowering

__all__ = ["LaneProgram", "lower", "prove_lowering", "read_text"]
