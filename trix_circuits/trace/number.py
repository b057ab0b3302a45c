"""A value that is a plain Python integer: the spec's own meaning, which the traced logic must agree with."""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.trace import ranges
from trix_circuits.trace.ranges import Range
from trix_circuits.trace.value import Value


class Number(Value):
    """An integer that is known."""

    __slots__ = ("value",)
    rank = 0

    def __init__(self, value: int, to: Range) -> None:
        assert to.low <= value <= to.high, (value, to)
        self.value, self.range = value, to

    @classmethod
    def of(cls, value: int) -> Number:
        """A constant: its range is the one integer."""
        return cls(int(value), Range(int(value), int(value)))

    def lift(self, value: Value) -> Number:
        assert isinstance(value, Number)
        return value

    def ranged(self, to: Range) -> Number:
        return Number(self.value, to)

    def added(self, other: Number, to: Range) -> Number:
        return Number(self.value + other.value, to)

    def subtracted(self, other: Number, to: Range) -> Number:
        return Number(self.value - other.value, to)

    def multiplied(self, other: Number, to: Range) -> Number:
        return Number(self.value * other.value, to)

    def bitwise(self, sign: str, other: Number, to: Range) -> Number:
        match sign:
            case "&":
                return Number(self.value & other.value, to)
            case "|":
                return Number(self.value | other.value, to)
        return Number(self.value ^ other.value, to)

    def flipped(self, to: Range) -> Number:
        return Number(~self.value if self.range.negative else self._plain ^ ranges.unsigned(self.width).high, to)

    def shifted_left(self, by: Number, to: Range) -> Number:
        return Number(self.value << by.value, to)

    def shifted_right(self, by: Number, to: Range) -> Number:
        return Number(self.value >> min(by.value, self.width), to)

    def divided(self, divisor: int, to: Range) -> Number:
        return Number(self.value // divisor, to)

    def remainder(self, divisor: int, to: Range) -> Number:
        return Number(self.value % divisor, to)

    def less(self, other: Number) -> Number:
        return Number(int(self.value < other.value), ranges.BIT)

    def equal(self, other: Number) -> Number:
        return Number(int(self.value == other.value), ranges.BIT)

    def picked(self, positions: Sequence[int], to: Range) -> Number:
        value = sum((self.value >> position & 1) << k for k, position in enumerate(positions))
        return Number(value if value <= to.high else value - (1 << len(positions)), to)

    def joined(self, higher: Sequence[Number]) -> Number:
        value = at = 0
        for part in (self, *higher):
            value, at = value | part._plain << at, at + part.width
        return Number(value, ranges.unsigned(at))

    def chosen(self, one: Number, zero: Number, to: Range) -> Number:
        return Number((one if self.value else zero).value, to)

    def counted(self, to: Range) -> Number:
        return Number(self._plain.bit_count(), to)

    def parity(self) -> Number:
        return Number(self._plain.bit_count() % 2, ranges.BIT)

    def truth(self) -> bool:
        return self.value != 0

    def integer(self) -> int:
        return self.value

    @property
    def _plain(self) -> int:
        """The bits, without a sign."""
        return self.value & ranges.unsigned(self.width).high

    def __repr__(self) -> str:
        return str(self.value)
