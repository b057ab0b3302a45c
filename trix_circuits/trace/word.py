"""A value that is a word of AIG literals, and the logic of each operation.

Adders are ripples of full adders, subtraction adds the complement; products are arrays of ANDs summed column by column
with full adders, signs as Baugh and Wooley have them ("A two's complement parallel array multiplication algorithm",
IEEE Trans. Computers, 1973); order is a borrow chain of majorities; shifts are barrels of muxes; division by a constant
restores. Sum and carry of a full adder stand over the same three literals, so that a mapper sees it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from trix_circuits.logic.aig import FALSE, TRUE
from trix_circuits.trace import ranges
from trix_circuits.trace.number import Number
from trix_circuits.trace.paths import Paths
from trix_circuits.trace.place import fail
from trix_circuits.trace.ranges import Range
from trix_circuits.trace.value import Value

Literals = tuple[int, ...]


class Word(Value):
    """The literals of a value's bits, lowest first; the top one is its sign if its range has negative integers."""

    __slots__ = ("bits", "paths")
    rank = 1

    def __init__(self, paths: Paths, bits: Iterable[int], to: Range) -> None:
        self.paths, self.bits, self.range = paths, tuple(bits), to
        assert len(self.bits) == to.width, (len(self.bits), to)

    def lift(self, value: Value) -> Word:
        if isinstance(value, Word):
            if value.paths is not self.paths:
                fail("a value must not be kept from one tracing of a function to another")
            return value
        assert isinstance(value, Number)
        return Word(self.paths, (value.value >> k & 1 for k in range(value.width)), value.range)

    def extended(self, width: int) -> Literals:
        """So many bits in two's complement; fewer than there are cut the top ones off."""
        fill = self.bits[-1] if self.range.negative else FALSE
        return self.bits[:width] + (fill,) * (width - self.width)

    def ranged(self, to: Range) -> Word:
        if to == self.range:
            return self
        return self.lift(Number.of(to.low)) if to.low == to.high else Word(self.paths, self.extended(to.width), to)

    def _bit(self, literal: int) -> Word:
        return Word(self.paths, (literal,), ranges.BIT)

    def added(self, other: Word, to: Range) -> Word:
        sums, _ = self._ripple(self.extended(to.width), other.extended(to.width), FALSE)
        return Word(self.paths, sums, to)

    def subtracted(self, other: Word, to: Range) -> Word:
        flipped = [bit ^ 1 for bit in other.extended(to.width)]
        return Word(self.paths, self._ripple(self.extended(to.width), flipped, TRUE)[0], to)

    def _ripple(self, a: Sequence[int], b: Sequence[int], carry: int) -> tuple[list[int], int]:
        sums = []
        for x, y in zip(a, b, strict=True):
            bit, carry = self._full_adder(x, y, carry)
            sums.append(bit)
        return sums, carry

    def _full_adder(self, a: int, b: int, c: int) -> tuple[int, int]:
        graph = self.paths.graph
        half = graph.xor(a, b)
        return graph.xor(half, c), graph.or_(graph.and_(a, b), graph.and_(half, c))

    def multiplied(self, other: Word, to: Range) -> Word:
        columns: list[list[int]] = [[] for _ in range(to.width)]
        constant = 0
        for i, x in enumerate(self.bits):
            if x == FALSE:
                continue
            for j, y in enumerate(other.bits[: max(0, to.width - i)]):
                product = self.paths.graph.and_(x, y)
                signs = (self.range.negative and i == self.width - 1) + (other.range.negative and j == other.width - 1)
                if product != FALSE and signs == 1:  # -p 2^k = (1 - p) 2^k - 2^k
                    product ^= 1
                    constant -= 1 << i + j
                columns[i + j].append(product)
        return Word(self.paths, self._summed(columns, constant), to)

    def _summed(self, columns: Sequence[Iterable[int]], constant: int = 0) -> list[int]:
        """The bits of sum of 2^k times the bits of column k, plus a constant, modulo 2^columns."""
        constant += sum(sum(bit == TRUE for bit in column) << k for k, column in enumerate(columns))
        rows = [deque(bit for bit in column if bit > TRUE) for column in columns]
        for k, row in enumerate(rows):
            if constant >> k & 1:
                row.append(TRUE)
            while len(row) > 1:
                a, b, c = row.popleft(), row.popleft(), row.popleft() if row else FALSE
                bit, carry = self._full_adder(a, b, c)
                row.append(bit)
                if carry != FALSE and k + 1 < len(rows):
                    rows[k + 1].append(carry)
        return [row[0] if row else FALSE for row in rows]

    def bitwise(self, sign: str, other: Word, to: Range) -> Word:
        graph = self.paths.graph
        gates: dict[str, Callable[[int, int], int]] = {"&": graph.and_, "|": graph.or_, "^": graph.xor}
        pairs = zip(self.extended(to.width), other.extended(to.width), strict=True)
        return Word(self.paths, [gates[sign](x, y) for x, y in pairs], to)

    def flipped(self, to: Range) -> Word:
        return Word(self.paths, [bit ^ 1 for bit in self.bits], self._all).ranged(to)

    @property
    def _all(self) -> Range:
        """All that the bits could write."""
        return ranges.two_complement(self.width) if self.range.negative else ranges.unsigned(self.width)

    def shifted_left(self, by: Word, to: Range) -> Word:
        bits = self.extended(to.width)
        for k, control in enumerate(by.bits):
            if control != FALSE:
                amount = min(1 << k, to.width)
                bits = self._muxed(control, (FALSE,) * amount + bits[: to.width - amount], bits)
        return Word(self.paths, bits, to)

    def shifted_right(self, by: Word, to: Range) -> Word:
        bits, fill = self.bits, self.bits[-1] if self.range.negative else FALSE
        for k, control in enumerate(by.bits):
            if control != FALSE:
                amount = self.width if k >= self.width.bit_length() else min(1 << k, self.width)
                bits = self._muxed(control, bits[amount:] + (fill,) * amount, bits)
        return Word(self.paths, bits, self._all).ranged(to)

    def _muxed(self, control: int, one: Literals, zero: Literals) -> Literals:
        return tuple(self.paths.graph.mux(control, x, y) for x, y in zip(one, zero, strict=True))

    def divided(self, divisor: int, to: Range) -> Word:
        return self._divided(divisor)[0].ranged(to)

    def remainder(self, divisor: int, to: Range) -> Word:
        if divisor.bit_count() == 1 and divisor > 1:
            return self.picked(range(divisor.bit_length() - 1), ranges.unsigned(divisor.bit_length() - 1)).ranged(to)
        return self._divided(divisor)[1].ranged(to)

    def _divided(self, divisor: int) -> tuple[Word, Word]:
        """Quotient and remainder. A negative dividend is first raised by a multiple of the divisor."""
        times = max(0, -(self.range.low // divisor))
        raised = Range(self.range.low + times * divisor, self.range.high + times * divisor)
        dividend = self.added(self.lift(Number.of(times * divisor)), raised) if times else self
        width = (divisor - 1).bit_length()  # of a remainder
        rest: Literals = (FALSE,) * width
        less_divisor = [(-divisor) >> k & 1 for k in range(width + 1)]
        quotient = []
        for bit in reversed(dividend.bits):
            double = (bit, *rest)
            difference, fits = self._ripple(double, less_divisor, FALSE)
            rest = self._muxed(fits, tuple(difference), double)[:width]
            quotient.append(fits)
        whole = Word(self.paths, quotient[::-1], ranges.unsigned(len(quotient)))
        lowered = ranges.divided(self.range, divisor)
        least = whole.subtracted(self.lift(Number.of(times)), lowered) if times else whole.ranged(lowered)
        return least, Word(self.paths, rest or (FALSE,), ranges.unsigned(width) if width else Range(0, 0))

    def less(self, other: Word) -> Word:
        signed = self.range.negative or other.range.negative
        width = self.range.union(other.range).width
        a, b = list(self.extended(width)), list(other.extended(width))
        if signed:
            a[-1], b[-1] = a[-1] ^ 1, b[-1] ^ 1
        borrow = FALSE
        for x, y in zip(a, b, strict=True):
            borrow = self.paths.graph.majority(x ^ 1, y, borrow)
        return self._bit(borrow)

    def equal(self, other: Word) -> Word:
        width = self.range.union(other.range).width
        pairs = zip(self.extended(width), other.extended(width), strict=True)
        return self._bit(self.paths.graph.all_of([self.paths.graph.xor(x, y) ^ 1 for x, y in pairs]))

    def picked(self, positions: Sequence[int], to: Range) -> Word:
        bits = self.extended(max(self.width, max(positions) + 1))
        return Word(self.paths, [bits[position] for position in positions], to)

    def joined(self, higher: Sequence[Word]) -> Word:
        bits = [bit for part in (self, *higher) for bit in part.bits]
        return Word(self.paths, bits, ranges.unsigned(len(bits)))

    def chosen(self, one: Word, zero: Word, to: Range) -> Word:
        control = self.paths.graph.any_of(self.bits)
        return Word(self.paths, self._muxed(control, one.extended(to.width), zero.extended(to.width)), to)

    def counted(self, to: Range) -> Word:
        columns: list[list[int]] = [[] for _ in range(to.width)]
        columns[0] = list(self.bits)
        return Word(self.paths, self._summed(columns), to)

    def parity(self) -> Word:
        total = FALSE
        for bit in self.bits:
            total = self.paths.graph.xor(total, bit)
        return self._bit(total)

    def truth(self) -> bool:
        never_zero = self.range.low > 0 or self.range.high < 0
        return self.paths.decide(TRUE if never_zero else self.paths.graph.any_of(self.bits))

    def integer(self) -> int:
        """Decided bit by bit from the top."""
        value = 0
        for literal in reversed(self.bits):
            value = 2 * value + self.paths.decide(literal)
        return value - (1 << self.width) if self.range.negative and value >> self.width - 1 else value

    def __repr__(self) -> str:
        return f"<{'signed ' if self.range.negative else ''}value of {self.width} bits>"
