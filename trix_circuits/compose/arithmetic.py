"""Adders and their kin with the fewest gates: chains of blocks, each a weighted counter over some columns.

A block of m bits reads two m-bit digits and a carry, and writes the m bits of their sum and the next carry, in m + 1
gates where the format's weights reach 2^m (m = 3 in E2M1): n + ceil(n/3) gates for n bits. The block's width is the one
that costs the fewest gates a bit in the format at hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from trix_circuits.compose.counters import Span, compress, cost, digits
from trix_circuits.compose.kit import Kit
from trix_circuits.evidence.prover import Block, Draft
from trix_circuits.logic.formats import WeightFormat

_WIDEST = 6


@dataclass(frozen=True)
class _Chain:
    """What a block of m bits adds up: rows (words with a factor), a carry with a sign, and nets that every block reads.

    `spans` gives the least and largest sum of a block where it is less than the weights allow; `leaves` gives the nets
    from which the rows' nets in a range of bits are made.
    """

    kit: Kit
    rows: Sequence[tuple[Sequence[int], int]]
    sign: int = 1
    always: Sequence[tuple[int, Callable[[int], int]]] = ()
    spans: Callable[[int], Span] | None = None
    leaves: Callable[[int, int], Sequence[int]] | None = None

    def weights(self, m: int) -> list[int]:
        return [factor << i for _, factor in self.rows for i in range(m)] + [weigh(m) for _, weigh in self.always]

    def width(self) -> int:
        """The block width with the fewest gates a bit."""
        best, least = 1, math.inf
        for m in range(1, _WIDEST + 1):
            span = self.spans(m) if self.spans else None
            each = cost(self.kit.format, self.kit.max_fan_in, (*self.weights(m), self.sign), span) / m
            if each < least:
                best, least = m, each
            elif each > 1.5 * least:
                break
        return best

    def build(self, carry: int | None) -> tuple[list[int], int | None, list[Block]]:
        """Bits from the lowest up, the last carry, and the blocks' identities."""
        bits, width = len(self.rows[0][0]), self.width()
        result: list[int] = []
        blocks: list[Block] = []
        for low in range(0, bits, width):
            m = min(width, bits - low)
            sources = [net for row, _ in self.rows for net in row[low : low + m]] + [net for net, _ in self.always]
            weights = self.weights(m)
            leaves = [*self.leaves(low, low + m)] if self.leaves else sources[:]
            if carry is not None:
                sources, weights, leaves = [*sources, carry], [*weights, self.sign], [*leaves, carry]
            span = self.spans(m) if self.spans else None
            outputs, block = digits(self.kit, sources, weights, span, leaves)
            blocks.append(block)
            result += outputs[:m]
            carry = outputs[m] if len(outputs) > m else None
        return result, carry, blocks


def adder(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """sum = a + b + cin, with bits + 1 bits; a ripple of blocks."""
    kit = Kit(form, {"a": bits, "b": bits, "cin": 1}, max_fan_in)
    result, carry, blocks = _Chain(kit, [(kit["a"], 1), (kit["b"], 1)]).build(kit["cin"][0])
    netlist = kit.builder.finish({"sum": [*result, carry or 0]})
    return Draft(f"adder{bits}", netlist, ("sum = a + b + cin",), blocks, defaults={"cin": 0})


def subtractor(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """diff - 2^bits * borrow = a - b - bin: the borrow is 1 where the difference is negative."""
    kit = Kit(form, {"a": bits, "b": bits, "bin": 1}, max_fan_in)
    result, borrow, blocks = _Chain(kit, [(kit["a"], 1), (kit["b"], -1)], -1).build(kit["bin"][0])
    netlist = kit.builder.finish({"diff": result, "borrow": [borrow or 0]})
    return Draft(
        f"subtractor{bits}", netlist, (f"diff - 2**{bits} * borrow = a - b - bin",), blocks, defaults={"bin": 0}
    )


def addsub(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """a + b, or a - b where sub is 1; carry is the adder's carry, which is 1 at a - b where nothing is borrowed."""
    kit = Kit(form, {"a": bits, "b": bits, "sub": 1}, max_fan_in)
    result, carry, blocks = add_or_subtract(kit, kit["a"], kit["b"], kit["sub"][0])
    netlist = kit.builder.finish({"result": result, "carry": [carry]})
    meaning = f"result + 2**{bits} * carry = a + (2**{bits} - b if sub else b)"
    return Draft(f"addsub{bits}", netlist, (meaning,), blocks)


def add_or_subtract(kit: Kit, a: Sequence[int], b: Sequence[int], sub: int) -> tuple[list[int], int, list[Block]]:
    """Bits and carry of a + b, or of a + 2^n - b where sub is 1; `a` may be empty, for 0. b must have a bit.

    A bit of b turned by sub is b + sub - 2 (sub and b), which a block can add as it stands where the weights allow;
    elsewhere it is made first.
    """
    direct, turned = (_trial_size(kit.format, kit.max_fan_in, bool(a), way) for way in (True, False))
    return _add_or_subtract(kit, a, b, sub, direct <= turned)


@cache
def _trial_size(form: WeightFormat, max_fan_in: int | None, with_a: bool, direct: bool) -> int:
    kit = Kit(form, {"a": 6, "b": 6, "sub": 1}, max_fan_in)
    _add_or_subtract(kit, kit["a"] if with_a else (), kit["b"], kit["sub"][0], direct)
    return kit.builder.size


def _add_or_subtract(
    kit: Kit, a: Sequence[int], b: Sequence[int], sub: int, direct: bool
) -> tuple[list[int], int, list[Block]]:
    rows: list[tuple[Sequence[int], int]] = [(a, 1)] if a else []
    if direct:
        both = [kit.gate([sub, bit], [1, 1], -2) for bit in b]
        chain = _Chain(
            kit,
            [*rows, (b, 1), (both, -2)],
            always=[(sub, lambda m: (1 << m) - 1)],
            spans=lambda m: (0, (2 << m) - 1 if a else 1 << m),
            leaves=lambda low, high: [*a[low:high], *b[low:high], sub],
        )
        result, carry, blocks = chain.build(sub)
    else:
        pairs = [digits(kit, [bit, sub], [1, 1]) for bit in b]
        result, carry, blocks = _Chain(kit, [*rows, ([bits[0] for bits, _ in pairs], 1)]).build(sub)
        blocks = [block for _, block in pairs] + blocks
    return result, 0 if carry is None else carry, blocks


def incrementer(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """y = a + 1, with bits + 1 bits."""
    kit = Kit(form, {"a": bits}, max_fan_in)
    inverse = kit.gate([kit["a"][0]], [-1], 0)
    first = Block((kit["a"][0],), {kit["a"][0]: 1, inverse: 1}, (inverse,), -1)  # a0 + 1 = (1 - a0) + 2 a0
    result, carry, blocks = _Chain(kit, [(kit["a"][1:], 1)]).build(kit["a"][0]) if bits > 1 else ([], kit["a"][0], [])
    netlist = kit.builder.finish({"y": [inverse, *result, carry or 0]})
    return Draft(f"incrementer{bits}", netlist, ("y = a + 1",), [first, *blocks])


def popcount(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """count = the number of ones in x."""
    kit = Kit(form, {"x": bits}, max_fan_in)
    count, blocks = compress(kit, [kit["x"]], bits.bit_length())
    return Draft(f"popcount{bits}", kit.builder.finish({"count": count}), ("count = popcount(x)",), blocks)


def parity(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """parity = 1 where the number of ones in x is odd."""
    kit = Kit(form, {"x": bits}, max_fan_in)
    (result,), blocks = compress(kit, [kit["x"]], 1)
    netlist = kit.builder.finish({"parity": [result]})
    return Draft(f"parity{bits}", netlist, ("parity = popcount(x) % 2",), blocks)


def multiplier(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """product = a * b, with 2 * bits bits: one gate a product of bits, and counters."""
    kit = Kit(form, {"a": bits, "b": bits}, max_fan_in)
    columns: list[list[int]] = [[] for _ in range(2 * bits)]
    for i, a in enumerate(kit["a"]):
        for j, b in enumerate(kit["b"]):
            columns[i + j].append(kit.gate([a, b], [1, 1], -2))
    product, blocks = compress(kit, columns, 2 * bits)
    return Draft(f"multiplier{bits}", kit.builder.finish({"product": product}), ("product = a * b",), blocks)


def absolute(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """y = |a| of the two's complement number a; the most negative one gives 2^(bits-1), which `bits` bits hold."""
    kit = Kit(form, {"a": bits}, max_fan_in)
    low, sign = kit["a"][:-1], kit["a"][-1]
    result, carry, blocks = add_or_subtract(kit, (), low, sign) if low else ([], sign, [])
    meaning = f"y = 2**{bits} - a if a[{bits - 1}] else a"
    return Draft(f"abs{bits}", kit.builder.finish({"y": [*result, carry]}), (meaning,), blocks)
