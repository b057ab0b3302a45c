"""Truth tables to ANDs, those that are only partly given too: irredundant sums of products between a lower and an upper bound.

The recursion of Minato ("Fast generation of prime-irredundant covers from binary decision diagrams", 1993; the
intervals are Morreale's, 1970) over truth tables: f = ~x & f0 | x & f1 | f2, where f2 covers what needs no literal of
x. Taken as it unfolds, it is a factored form, which shares what it meets twice. Up to 16 inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.logic.aig import FALSE, TRUE, AigBuilder
from trix_circuits.logic.truth_table import variable


def between(builder: AigBuilder, lower: int, upper: int, literals: Sequence[int]) -> tuple[int, int]:
    """The literal and the table of a function f with lower <= f <= upper, tables over `literals` (lower <= upper)."""
    known: dict[tuple[int, int, int], tuple[int, int]] = {}

    def cover(lower: int, upper: int, arity: int) -> tuple[int, int]:
        ones = (1 << (1 << arity)) - 1
        if not lower:
            return FALSE, 0
        if upper == ones:
            return TRUE, ones
        key = (lower, upper, arity)
        if key in known:
            return known[key]
        half = 1 << arity - 1
        low_mask = (1 << half) - 1
        lower0, lower1, upper0, upper1 = lower & low_mask, lower >> half, upper & low_mask, upper >> half
        literal = literals[arity - 1]
        zero, table0 = cover(lower0 & ~upper1, upper0, arity - 1)
        one, table1 = cover(lower1 & ~upper0, upper1, arity - 1)
        both, table2 = cover(lower0 & ~table0 | lower1 & ~table1, upper0 & upper1, arity - 1)
        found = builder.or_(builder.and_(literal ^ 1, zero), builder.and_(literal, one))
        known[key] = builder.or_(found, both), (table0 | table2) | (table1 | table2) << half
        return known[key]

    return cover(lower, upper, len(literals))


def exactly(builder: AigBuilder, bits: int, literals: Sequence[int]) -> int:
    """The literal of a table over `literals`: Shannon's expansion, equal subtables being taken once."""
    known: dict[tuple[int, int], int] = {}

    def expand(bits: int, arity: int) -> int:
        if not bits or bits == (1 << (1 << arity)) - 1:
            return TRUE if bits else FALSE
        if (bits, arity) not in known:
            half = 1 << arity - 1
            low, high = expand(bits & (1 << half) - 1, arity - 1), expand(bits >> half, arity - 1)
            known[bits, arity] = builder.mux(literals[arity - 1], high, low)
        return known[bits, arity]

    return expand(bits, len(literals))


def cube_table(cube: str, arity: int) -> int:
    """The rows of a product such as `1-0`, character k being input k, as a table."""
    ones = (1 << (1 << arity)) - 1
    table = ones
    for index, value in enumerate(cube):
        if value != "-":
            column = variable(arity, index)
            table &= column if value == "1" else ones ^ column
    return table
