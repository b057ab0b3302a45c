"""Values of a spec: integers that know their range, with Python's operators.

`Value` has the operators and the rule of widths, which is the same whether the function is traced or called with ints:
the range of a result follows from the ranges of its operands (ranges.py), and a value is as wide as its range needs.
What an operation does is said twice: by `Number` (number.py), a plain Python integer, and by `Word` (word.py), the
literals of its bits. The tests hold the two to each other and to Python itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NoReturn, Self, SupportsIndex

from trix_circuits.trace import ranges
from trix_circuits.trace.place import exceed, fail
from trix_circuits.trace.ranges import MAX_WIDTH, Range
from trix_circuits.trace.width import Width, WordType


class Value(ABC):
    """An integer in `range`. It stands for its bits in two's complement, `len(value)` of them, lowest first."""

    __slots__ = ("range",)
    __array_ufunc__ = None  # numpy leaves its operators to ours
    rank: ClassVar[int]  # of two values, the one of higher rank lifts the other to its kind
    range: Range

    # What an operation does. The ranges are settled by the callers.

    @abstractmethod
    def lift(self, value: Value) -> Self:
        """Another value, of this or a lower rank, as one of this kind."""

    @abstractmethod
    def ranged(self, to: Range) -> Self:
        """The same integer, known to be in another range."""

    @abstractmethod
    def added(self, other: Self, to: Range) -> Self: ...

    @abstractmethod
    def subtracted(self, other: Self, to: Range) -> Self: ...

    @abstractmethod
    def multiplied(self, other: Self, to: Range) -> Self: ...

    @abstractmethod
    def bitwise(self, sign: str, other: Self, to: Range) -> Self:
        """`&`, `|` or `^` of the two's complements."""

    @abstractmethod
    def flipped(self, to: Range) -> Self:
        """All bits of the width flipped."""

    @abstractmethod
    def shifted_left(self, by: Self, to: Range) -> Self: ...

    @abstractmethod
    def shifted_right(self, by: Self, to: Range) -> Self: ...

    @abstractmethod
    def divided(self, divisor: int, to: Range) -> Self:
        """Rounded down, by a positive divisor."""

    @abstractmethod
    def remainder(self, divisor: int, to: Range) -> Self: ...

    @abstractmethod
    def less(self, other: Self) -> Self:
        """One bit."""

    @abstractmethod
    def equal(self, other: Self) -> Self:
        """One bit."""

    @abstractmethod
    def picked(self, positions: Sequence[int], to: Range) -> Self:
        """The bits at these positions, the first one lowest; beyond the width stands the sign, or 0."""

    @abstractmethod
    def joined(self, higher: Sequence[Self]) -> Self:
        """The bits of this and the others side by side."""

    @abstractmethod
    def chosen(self, one: Self, zero: Self, to: Range) -> Self:
        """`one` where this is not 0, else `zero`."""

    @abstractmethod
    def counted(self, to: Range) -> Self:
        """The number of ones among the bits."""

    @abstractmethod
    def parity(self) -> Self: ...

    @abstractmethod
    def truth(self) -> bool:
        """Whether it is not 0, on the path that runs."""

    @abstractmethod
    def integer(self) -> int:
        """Which integer it is, on the path that runs."""

    # Python's operators.

    @property
    def width(self) -> int:
        """The number of bits that the range needs."""
        return self.range.width

    def __len__(self) -> int:
        return self.width

    def __bool__(self) -> bool:
        return self.truth()

    def __index__(self) -> int:
        return self.range.low if self.range.low == self.range.high else self.integer()

    __int__ = __index__

    def __hash__(self) -> NoReturn:
        fail("a value must not be a key of a dict or set; use lookup(table, value), or int(value) to split into cases")

    def __setitem__(self, index: object, value: object) -> NoReturn:
        fail("the bits of a value must not be assigned to; make a list of bits and join them by concat(*bits)")

    def _with(self, other: object, swapped: bool = False) -> tuple[Value, Value] | None:
        if not isinstance(other, Value | Width) and not _is_integer(other):
            return None
        mine, theirs = as_values(self, other)
        return (theirs, mine) if swapped else (mine, theirs)

    def __add__(self, other: object) -> Value:
        return _added(pair) if (pair := self._with(other)) else NotImplemented

    def __radd__(self, other: object) -> Value:
        return _added(pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __sub__(self, other: object) -> Value:
        return _subtracted(pair) if (pair := self._with(other)) else NotImplemented

    def __rsub__(self, other: object) -> Value:
        return _subtracted(pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __mul__(self, other: object) -> Value:
        return _multiplied(pair) if (pair := self._with(other)) else NotImplemented

    def __rmul__(self, other: object) -> Value:
        return _multiplied(pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __and__(self, other: object) -> Value:
        return _bitwise("&", pair) if (pair := self._with(other)) else NotImplemented

    def __rand__(self, other: object) -> Value:
        return _bitwise("&", pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __or__(self, other: object) -> Value:
        return _bitwise("|", pair) if (pair := self._with(other)) else NotImplemented

    def __ror__(self, other: object) -> Value:
        return _bitwise("|", pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __xor__(self, other: object) -> Value:
        return _bitwise("^", pair) if (pair := self._with(other)) else NotImplemented

    def __rxor__(self, other: object) -> Value:
        return _bitwise("^", pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __lshift__(self, other: object) -> Value:
        return _shifted_left(pair) if (pair := self._with(other)) else NotImplemented

    def __rlshift__(self, other: object) -> Value:
        return _shifted_left(pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __rshift__(self, other: object) -> Value:
        return _shifted_right(pair) if (pair := self._with(other)) else NotImplemented

    def __rrshift__(self, other: object) -> Value:
        return _shifted_right(pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __lt__(self, other: object) -> Value:
        return _less(*pair) if (pair := self._with(other)) else NotImplemented

    def __gt__(self, other: object) -> Value:
        return _less(*pair) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __ge__(self, other: object) -> Value:
        return _not(_less(*pair)) if (pair := self._with(other)) else NotImplemented

    def __le__(self, other: object) -> Value:
        return _not(_less(*pair)) if (pair := self._with(other, swapped=True)) else NotImplemented

    def __eq__(self, other: object) -> Value:  # type: ignore[override]
        return _equal(pair) if (pair := self._with(other)) else NotImplemented

    def __ne__(self, other: object) -> Value:  # type: ignore[override]
        return _not(_equal(pair)) if (pair := self._with(other)) else NotImplemented

    def __neg__(self) -> Value:
        return 0 - self

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        if not self.range.negative:
            return self
        negated, sign = -self, self < 0
        either = self.range.union(negated.range)
        return sign.chosen(negated, self, either).ranged(Range(0, max(self.range.high, negated.range.high)))

    def __invert__(self) -> Value:
        return self.flipped(ranges.flipped(self.range))

    def __floordiv__(self, divisor: object) -> Value:
        amount = _divisor(divisor, "//")
        return NotImplemented if amount is None else self.divided(amount, ranges.divided(self.range, amount))

    def __mod__(self, divisor: object) -> Value:
        amount = _divisor(divisor, "%")
        if amount is None:
            return NotImplemented
        to = ranges.remainder(self.range, amount)
        return self if to == self.range else self.remainder(amount, to)

    def __rfloordiv__(self, other: object) -> NoReturn:
        fail(f"the right side of // must be a constant, not {self!r}")

    def __rmod__(self, other: object) -> NoReturn:
        fail(f"the right side of % must be a constant, not {self!r}")

    def __pow__(self, exponent: object) -> Value:
        if not _is_integer(exponent) or integer_of(exponent) < 0:
            fail("the exponent of ** must be a constant that is not negative; 2 ** x is 1 << x")
        power = as_values(self, 1)[1]
        for _ in range(integer_of(exponent)):
            power = self * power
        return power

    def __rpow__(self, base: object) -> Value:
        if not _is_integer(base) or integer_of(base) != 2:
            fail("the base of ** with a value as its exponent must be 2")
        return 1 << self

    def __getitem__(self, index: SupportsIndex | slice | Value) -> Value:
        """Bit `index`, or the bits of a slice as Python counts them: bit 0 is the lowest, -1 the highest."""
        if isinstance(index, slice):
            return self._slice(index)
        if isinstance(index, Value):
            if index.range.low < 0 or index.range.high >= self.width:
                fail(
                    f"an index must be 0 to {self.width - 1} for a value of {self.width} bits, but can be {index.range}"
                )
            return (self >> index).bits_at([0])
        return self.bits_at([self._position(index, self.width - 1)])

    def __iter__(self) -> Iterator[Value]:
        """The bits, lowest first."""
        return (self.bits_at([i]) for i in range(self.width))

    def _slice(self, index: slice) -> Value:
        for bound in (index.start, index.stop):
            if bound is not None:
                self._position(bound, self.width)
        positions = range(self.width)[index]
        if not positions:
            fail(f"a slice must have at least one bit, not [{_shown(index)}] of {self.width} bits")
        return self.bits_at(positions)

    def _position(self, index: SupportsIndex, most: int) -> int:
        if isinstance(index, Value) or not hasattr(index, "__index__"):
            fail(f"the ends of a slice must be constants, not {index!r}; (x >> low)[0:n] starts anywhere")
        position = index.__index__()
        if not -self.width <= position <= most:
            fail(f"an index must be {-self.width} to {most} for a value of {self.width} bits, not {position}")
        return position % self.width if most < self.width else position

    # Widths.

    def bits_at(self, positions: Sequence[int]) -> Value:
        """The bits at these positions, the first lowest, as a value of so many bits."""
        return self.picked(positions, ranges.unsigned(len(positions)))

    def wrap(self, width: SupportsIndex) -> Value:
        """The value modulo 2**width: its low bits, exactly `width` of them."""
        return self.bits_at(range(checked_width(width)))

    def wrap_signed(self, width: SupportsIndex) -> Value:
        """The integer that the low `width` bits write in two's complement."""
        count = checked_width(width)
        return self.picked(range(count), ranges.two_complement(count))

    def extend(self, width: SupportsIndex) -> Value:
        """The same integer, `width` bits wide: zeros before it, or its sign. Raises InputError if it is wider."""
        return fit(self, WordType(checked_width(width), self.range.negative), "the value to extend")

    def signed(self) -> Value:
        """The integer that the bits write in two's complement."""
        return self.wrap_signed(self.width)

    def unsigned(self) -> Value:
        """The integer that the bits write without a sign."""
        return self.wrap(self.width)

    def bit_count(self) -> Value:
        """The number of ones of a value that is never negative."""
        natural(self, "bit_count")
        return self.counted(Range(0, self.width))


def _is_integer(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, Value)


def natural(value: Value, what: str) -> Value:
    """The value. Raises InputError if it might be negative."""
    if value.range.negative:
        fail(f"{what} takes a value that is never negative, but this can be {value.range.low}; use .unsigned()")
    return value


def as_values(*operands: object) -> list[Value]:
    """All as values of one kind. Raises InputError for what is no integer."""
    from trix_circuits.trace.number import Number

    values = [x if isinstance(x, Value) else Number.of(integer_of(x)) for x in operands]
    leader = max(values, key=lambda value: value.rank)
    return [leader.lift(value) for value in values]


def integer_of(value: object) -> int:
    """A constant. Raises InputError for anything else."""
    if not _is_integer(value):
        fail(f"a value must be an integer, not {str(value)[:40]!r} of type {type(value).__name__}")
    return value.__index__()  # type: ignore[attr-defined, no-any-return]


def checked_width(width: SupportsIndex) -> int:
    """A width as an integer. Raises InputError unless it is 1 to MAX_WIDTH."""
    if isinstance(width, Value) or not hasattr(width, "__index__"):
        fail(f"a width must be a constant, not {width!r}")
    if not 1 <= width.__index__() <= MAX_WIDTH:
        fail(f"a width must be 1 to {MAX_WIDTH}, not {width.__index__()}")
    return width.__index__()


def limited(to: Range) -> Range:
    """The range. Raises LimitError if it is too wide."""
    if to.width > MAX_WIDTH:
        exceed(f"a value must be at most {MAX_WIDTH} bits wide, not {to.width}; use .wrap(n) or a narrower operand")
    return to


def _added(pair: tuple[Value, Value]) -> Value:
    return pair[0].added(pair[1], limited(ranges.added(pair[0].range, pair[1].range)))


def _subtracted(pair: tuple[Value, Value]) -> Value:
    return pair[0].subtracted(pair[1], limited(ranges.subtracted(pair[0].range, pair[1].range)))


def _multiplied(pair: tuple[Value, Value]) -> Value:
    return pair[0].multiplied(pair[1], limited(ranges.multiplied(pair[0].range, pair[1].range)))


_BITWISE: dict[str, Callable[[Range, Range], Range]] = {"&": ranges.anded, "|": ranges.ored, "^": ranges.xored}


def _bitwise(sign: str, pair: tuple[Value, Value]) -> Value:
    return pair[0].bitwise(sign, pair[1], limited(_BITWISE[sign](pair[0].range, pair[1].range)))


def _shifted_left(pair: tuple[Value, Value]) -> Value:
    value, by = pair
    _check_amount(by)
    if by.range.high > MAX_WIDTH:
        exceed(
            f"a shift to the left must be by at most {MAX_WIDTH}, but can be by {by.range}; slice the amount: x << y[0:4]"
        )
    return value.shifted_left(by, limited(ranges.shifted_left(value.range, by.range)))


def _shifted_right(pair: tuple[Value, Value]) -> Value:
    _check_amount(pair[1])
    return pair[0].shifted_right(pair[1], ranges.shifted_right(pair[0].range, pair[1].range))


def _check_amount(by: Value) -> None:
    if by.range.negative:
        fail(f"the amount of a shift must not be negative, but can be {by.range.low}")


def _less(a: Value, b: Value) -> Value:
    return a.less(b).ranged(ranges.less(a.range, b.range))


def _equal(pair: tuple[Value, Value]) -> Value:
    return pair[0].equal(pair[1]).ranged(ranges.equal(pair[0].range, pair[1].range))


def _not(bit: Value) -> Value:
    """1 - bit, for one that is 0, 1, or known to be either."""
    return bit.ranged(ranges.BIT).flipped(ranges.BIT).ranged(Range(1 - bit.range.high, 1 - bit.range.low))


def _divisor(divisor: object, sign: str) -> int | None:
    if isinstance(divisor, Value) and divisor.range.low == divisor.range.high:
        divisor = divisor.range.low
    if isinstance(divisor, Value):
        fail(f"the right side of {sign} must be a constant, not {divisor!r}")
    if not _is_integer(divisor):
        return None
    amount = integer_of(divisor)
    return amount if amount >= 1 else fail(f"the right side of {sign} must be at least 1, not {amount}")


def _shown(index: slice) -> str:
    ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
    return ":".join(ends) + (f":{index.step}" if index.step is not None else "")


def fit(value: Value, to: WordType, what: str) -> Value:
    """The value as one of a type. Raises InputError at the user's line if its range says that it might not fit."""
    if to.range.holds(value.range):
        return value.ranged(to.range)
    fail(misfit(value, to, what))


def misfit(value: Value, to: WordType, what: str) -> str:
    """Why a value does not fit a type, and what to do about it."""
    wrap = f".wrap_signed({to.bits})" if to.signed else f".wrap({to.bits})"
    wider = f"{'Signed' if value.range.negative else 'Bits'}[{value.width}]"
    if value.range.low == value.range.high:
        return f"{what} must be {to.range}, as {to} is, not {value.range}"
    if value.range.negative and not to.signed:
        return f"{what} must not be negative, but can be {value.range.low}; use {wrap}, or {wider} instead of {to}"
    if not to.signed:
        return f"{what} must be at most {to.bits} bits wide, not {value.width}; use {wrap}, or {wider} instead of {to}"
    wider = f"Signed[{value.width + (not value.range.negative)}]"
    return f"{what} must be {to.range}, but can be {value.range}; use {wrap}, or {wider} instead of {to}"
