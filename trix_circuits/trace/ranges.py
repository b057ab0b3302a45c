"""Interval arithmetic: from the ranges of the operands, the range of the result, which decides how wide it must be.

A value's range is the least and the greatest integer that it could be as far as the ranges of its operands tell (Moore,
Interval Analysis, 1966). All ends are reached where operands are independent, but for &, | and ^, where the range is
that of the bits that may be set. Since every operation of a spec goes through here, no value ever leaves its width.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_WIDTH = 1 << 16


class Range(NamedTuple):
    """The integers from low to high, both included."""

    low: int
    high: int

    @property
    def width(self) -> int:
        """Bits that all of them fit: in two's complement if one is negative, else plain; at least 1."""
        if self.low >= 0:
            return max(1, self.high.bit_length())
        return max((~self.low).bit_length(), self.high.bit_length() if self.high >= 0 else 0) + 1

    @property
    def negative(self) -> bool:
        """Whether one of them is negative: then the top bit is a sign."""
        return self.low < 0

    def holds(self, other: Range) -> bool:
        return self.low <= other.low and other.high <= self.high

    def union(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))

    def __str__(self) -> str:
        return f"{_short(self.low)} to {_short(self.high)}" if self.low < self.high else _short(self.low)


def _short(value: int) -> str:
    """An integer as people read it; a long one as a power of two that it lies near to."""
    if abs(value) < 1 << 32:
        return str(value)
    for offset, text in ((0, ""), (1, " - 1")):
        if value > 0 and (value + offset).bit_count() == 1:
            return f"2**{(value + offset).bit_length() - 1}{text}"
    if value < 0 and (-value).bit_count() == 1:
        return f"-2**{(-value).bit_length() - 1}"
    return f"{'-' if value < 0 else ''}about 2**{abs(value).bit_length() - 1}"


BIT = Range(0, 1)


def unsigned(width: int) -> Range:
    return Range(0, (1 << width) - 1)


def two_complement(width: int) -> Range:
    return Range(-(1 << width - 1), (1 << width - 1) - 1)


def added(a: Range, b: Range) -> Range:
    return Range(a.low + b.low, a.high + b.high)


def subtracted(a: Range, b: Range) -> Range:
    return Range(a.low - b.high, a.high - b.low)


def multiplied(a: Range, b: Range) -> Range:
    corners = [x * y for x in a for y in b]
    return Range(min(corners), max(corners))


def _common(a: Range, b: Range) -> Range:
    """All that as many bits in two's complement as both need can write."""
    return two_complement(a.union(b).width)


def anded(a: Range, b: Range) -> Range:
    if a.negative and b.negative:
        return _common(a, b)
    return Range(0, min(x.high for x in (a, b) if not x.negative))


def ored(a: Range, b: Range) -> Range:
    if a.negative or b.negative:
        return _common(a, b)
    return Range(max(a.low, b.low), unsigned(max(a.width, b.width)).high)


def xored(a: Range, b: Range) -> Range:
    return _common(a, b) if a.negative or b.negative else unsigned(max(a.width, b.width))


def flipped(a: Range) -> Range:
    """Of ~: all bits of the value's width flipped."""
    if a.negative:
        return Range(~a.high, ~a.low)
    ones = unsigned(a.width).high
    return Range(ones - a.high, ones - a.low)


def shifted_left(a: Range, by: Range) -> Range:
    return Range(a.low << (by.high if a.low < 0 else by.low), a.high << (by.high if a.high > 0 else by.low))


def shifted_right(a: Range, by: Range) -> Range:
    least, most = min(by.low, 2 * MAX_WIDTH), min(by.high, 2 * MAX_WIDTH)
    return Range(min(a.low >> least, a.low >> most), max(a.high >> least, a.high >> most))


def divided(a: Range, divisor: int) -> Range:
    return Range(a.low // divisor, a.high // divisor)


def remainder(a: Range, divisor: int) -> Range:
    return a if a.low >= 0 and a.high < divisor else Range(0, divisor - 1)


def less(a: Range, b: Range) -> Range:
    """Of a < b: 1, 0, or not decided by the ranges."""
    return Range(1, 1) if a.high < b.low else Range(0, 0) if a.low >= b.high else BIT


def equal(a: Range, b: Range) -> Range:
    if a.high < b.low or b.high < a.low:
        return Range(0, 0)
    return Range(1, 1) if a.low == a.high == b.low == b.high else BIT
