"""Weighted counters: the bits of a sum of weighted nets, and columns of nets compressed by them.

A counter over S = sum(weight * net) makes its bits from the top: y3 = [S >= 8], y2 = [S - 8 y3 >= 4], and so on, one gate
a bit (Muroga, Threshold Logic, 1971, gives the parity function this way). Where a format lacks the weight 8, several
equal gates share it. An adder block is such a counter over two or three columns; so is a 15:4 counter over one.

Compression takes columns from the lowest up. In each it uses the counter that removes the most nets a gate, one column
alone or with nets of the next two, until one net is left; sums and carries end as the word's bits (Wallace 1964, Dadda
1965, with counters in place of full adders). Costs are those of the format at hand, found by building once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from trix_circuits.compose.kit import Kit
from trix_circuits.errors import ImpossibleError
from trix_circuits.evidence.prover import Block
from trix_circuits.logic.formats import WeightFormat

_CAPACITIES = (15, 7, 3)
_NEVER = 10**9


Span = tuple[int, int]


def span_of(weights: Sequence[int]) -> Span:
    """The least and the largest value that a sum of so weighted bits can have."""
    return sum(min(w, 0) for w in weights), sum(max(w, 0) for w in weights)


def _positions(span: Span) -> list[int]:
    """The weights of the output bits, from the top; a negative one first if the sum can be negative."""
    low, high = span
    count = max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)
    return ([-(1 << count)] if low < 0 else []) + [1 << i for i in reversed(range(count))]


def digits(
    kit: Kit,
    sources: Sequence[int],
    weights: Sequence[int],
    span: Span | None = None,
    leaves: Sequence[int] | None = None,
) -> tuple[list[int], Block]:
    """The bits of sum(weights * sources), lowest first, as an identity.

    If the sum can be negative, the last one is a borrow: its weight is minus that of the next higher bit. `span` may say
    that the sum stays within less than the weights allow, if that shows over the `leaves` from which sources are made.
    """
    merged: dict[int, int] = {}
    for source, weight in zip(sources, weights, strict=True):
        merged[source] = merged.get(source, 0) + weight
    nets, values = list(merged), tuple(merged.values())
    span = span or span_of(values)
    outputs = _digits(kit, nets, values, span, _share(kit.format, kit.max_fan_in, values, span))
    terms = dict(merged)
    for net, position in zip(outputs, _positions(span), strict=True):
        terms[net] = terms.get(net, 0) - position
    found = {net: weight for net, weight in terms.items() if weight}
    return outputs[::-1], Block(tuple(nets if leaves is None else dict.fromkeys(leaves)), found, tuple(outputs))


def _digits(kit: Kit, sources: Sequence[int], weights: Sequence[int], span: Span, share: int) -> list[int]:
    reads, values = list(sources), list(weights)
    outputs: list[int] = []
    positions = _positions(span)
    for position in positions:
        full = ([-v for v in values], -1) if position < 0 else (values, -position)
        net = kit.gate(reads, *full)
        outputs.append(net)
        if len(outputs) == len(positions):
            break
        copies = max(1, abs(position) // share)
        twins = [net, *(kit.gate(reads, *full, fresh=True) for _ in range(copies - 1))]
        if len(set(twins)) < copies:
            twins, copies = [net], 1
        reads, values = reads + twins, values + [-position // copies] * copies
    return outputs


@cache
def _trial(form: WeightFormat, max_fan_in: int | None, weights: tuple[int, ...], span: Span, share: int) -> int:
    kit = Kit(form, {"x": len(weights)}, max_fan_in, single=len(weights) > 3)
    try:
        _digits(kit, kit["x"], weights, span, share)
    except ImpossibleError:
        return _NEVER
    return kit.builder.size


@cache
def _share(form: WeightFormat, max_fan_in: int | None, weights: tuple[int, ...], span: Span) -> int:
    """The largest weight that one gate should carry back, so that the counter has the fewest gates."""
    top = abs(_positions(span)[0]) if _positions(span) else 1
    shares = [top >> i for i in range(top.bit_length())]
    return min(shares, key=lambda share: _trial(form, max_fan_in, weights, span, share))


def cost(form: WeightFormat, max_fan_in: int | None, weights: tuple[int, ...], span: Span | None = None) -> int:
    """Gates that a counter of these weights takes in a format; a very large number if single gates do not serve."""
    span = span or span_of(weights)
    return _trial(form, max_fan_in, weights, span, _share(form, max_fan_in, weights, span))


@cache
def _best(form: WeightFormat, max_fan_in: int | None, here: int, after: tuple[int, int]) -> tuple[int, int, int]:
    """How many nets of this column and of the next two to put into a counter."""
    options: dict[tuple[int, int, int], float] = {}
    for capacity in _CAPACITIES:
        first = min(here, capacity)
        second = min(after[0], (capacity - first) // 2)
        third = min(after[1], (capacity - first - 2 * second) // 4)
        for option in ((first, 0, 0), (first, second, 0), (first, second, third)):
            weights = (1,) * option[0] + (2,) * option[1] + (4,) * option[2]
            gates = cost(form, max_fan_in, weights)
            removed = len(weights) - len(_positions(span_of(weights)))
            options.setdefault(option, (removed + 0.01) / gates if gates < _NEVER else 0.0)
    return max(options, key=lambda option: (options[option], option))


def compress(kit: Kit, columns: Sequence[Sequence[int]], width: int) -> tuple[list[int], list[Block]]:
    """One net for each of `width` columns: the bits of sum(2^i * nets of column i), modulo 2^width."""
    nets = [list(column) for column in columns] + [[] for _ in range(width + 8)]
    blocks: list[Block] = []
    for i in range(width):
        while len(nets[i]) > 1:
            after = tuple(len(nets[j]) if j < width else 0 for j in (i + 1, i + 2))
            counts = _best(kit.format, kit.max_fan_in, len(nets[i]), (after[0], after[1]))
            taken: list[int] = []
            weights: list[int] = []
            for step, count in enumerate(counts):
                taken += nets[i + step][:count]
                weights += [1 << step] * count
                del nets[i + step][:count]
            outputs, block = digits(kit, taken, weights)
            blocks.append(block)
            for step, net in enumerate(outputs):
                nets[i + step].append(net)
    return [column[0] if column else kit.constant(0) for column in nets[:width]], blocks
