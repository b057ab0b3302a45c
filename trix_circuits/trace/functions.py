"""Functions of values: selection, joining, and what is said of all bits at once. Constants may stand for any operand."""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.trace import ranges
from trix_circuits.trace.place import fail
from trix_circuits.trace.ranges import Range
from trix_circuits.trace.value import Value, as_values, integer_of, limited, natural


def mux(condition: object, one: object, zero: object) -> Value:
    """`one` where the condition is not 0, else `zero`; both are computed. Its range is that of either."""
    test, x, y = as_values(condition, one, zero)
    if test.range.low > 0 or test.range.high < 0:
        return x
    if test.range.low == test.range.high:
        return y
    return test.chosen(x, y, x.range.union(y.range))


def concat(*parts: object) -> Value:
    """The bits of all parts side by side, those of the first lowest, each part being as wide as its range says.

    A constant has no width: `Bits[4](3)` is 3 with four bits; 0 and 1 are taken as one bit.
    """
    if not parts:
        fail("concat takes at least one part")
    for part in parts:
        if not isinstance(part, Value) and integer_of(part) not in (0, 1):
            fail(f"a constant must have a width in concat: write Bits[n]({part}), not {part}")
    first, *others = as_values(*parts)
    limited(ranges.unsigned(first.width + sum(other.width for other in others)))
    return first.joined(others)


def popcount(x: object) -> Value:
    """The number of ones of a value that is never negative."""
    value = natural(as_values(x)[0], "popcount")
    return value.counted(Range(0, value.width))


def parity(x: object) -> Value:
    """1 where the number of ones of a value that is never negative is odd."""
    return natural(as_values(x)[0], "parity").parity()


def any_bit(x: object) -> Value:
    """1 where a bit of the value is 1: where it is not 0."""
    return as_values(x)[0] != 0


def all_bits(x: object) -> Value:
    """1 where all bits of the value's width are 1."""
    value = natural(as_values(x)[0], "all_bits")
    return value == (1 << value.width) - 1


def minimum(first: object, *others: object) -> Value:
    """The least of the values, without a branch."""
    least, *rest = as_values(first, *others)
    for value in rest:
        to = Range(min(least.range.low, value.range.low), min(least.range.high, value.range.high))
        least = mux(value < least, value, least).ranged(to)
    return least


def maximum(first: object, *others: object) -> Value:
    """The greatest of the values, without a branch."""
    greatest, *rest = as_values(first, *others)
    for value in rest:
        to = Range(max(greatest.range.low, value.range.low), max(greatest.range.high, value.range.high))
        greatest = mux(value > greatest, value, greatest).ranged(to)
    return greatest


def lookup(table: Sequence[object], index: object) -> Value:
    """`table[index]`, without a branch for each entry. Raises InputError if the index might be past the end."""
    if len(table) == 0:
        fail("a table must have an entry")
    at, *entries = as_values(index, *table)
    if at.range.negative or at.range.high >= len(entries):
        fail(f"the index must be 0 to {len(entries) - 1} for a table of {len(entries)}, but can be {at.range}")
    for bit in at:
        pairs = [entries[k : k + 2] for k in range(0, len(entries), 2)]
        entries = [mux(bit, pair[1], pair[0]) if len(pair) == 2 else pair[0] for pair in pairs]
    return entries[0]
