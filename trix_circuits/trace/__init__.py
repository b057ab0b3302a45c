"""A spec in Python: a typed function that is traced to logic, and is its own reference model when called with integers.

    @circuit
    def add(a: Bits[8], b: Bits[8]) -> Bits[9]:
        return a + b

Values are integers, and an expression is as wide as it must be to be exact (docs/python.md). `Bits` and `Signed` are
`Any` to a type checker, since `Bits[8]` has no meaning that it could know.
"""

from __future__ import annotations

from typing import Any

from trix_circuits.trace.function import Circuit, circuit
from trix_circuits.trace.functions import all_bits, any_bit, concat, lookup, maximum, minimum, mux, parity, popcount
from trix_circuits.trace.load import load_function, split_target
from trix_circuits.trace.width import Width, WordFamily, WordType

Bits: Any = WordFamily(signed=False)
Signed: Any = WordFamily(signed=True)

__all__ = [
    "Bits",
    "Circuit",
    "Signed",
    "Width",
    "WordType",
    "all_bits",
    "any_bit",
    "circuit",
    "concat",
    "load_function",
    "lookup",
    "maximum",
    "minimum",
    "mux",
    "parity",
    "popcount",
    "split_target",
]
