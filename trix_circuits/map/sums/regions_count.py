"""The digits of a weighted sum with a constant: how a region is made anew, from counters of the format at hand.

As `compose.counters.compress`, columns are taken from the lowest up, and each counter is the one that removes the most
nets a gate. Besides, a constant may be added, which costs nothing, since it only moves the biases of the counters that
it falls into; and where the top digit alone is wanted, it is a chain of carries, each one gate over as many columns as
the format's weights reach (a comparison of 4 bits a gate in E2M1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from trix_circuits.compose.kit import Kit
from trix_circuits.errors import ImpossibleError
from trix_circuits.evidence.prover import Block
from trix_circuits.logic.formats import WeightFormat

_CAPACITIES = (15, 7, 3)
_NEVER = 10**9
_WIDEST = 7
Signed = tuple[int, int]  # a net, and -1 if its inverse is meant
Placed = tuple[Block, int]  # an identity, and the power of two that it is to be multiplied by


def _gates(kit: Kit, sources: Sequence[int], weights: Sequence[int], constant: int, share: int) -> list[int]:
    """The bits of the sum, never negative, from the top; a bit of more than `share` is carried back by equal gates."""
    reads, values = list(sources), list(weights)
    outputs: list[int] = []
    for i in reversed(range(_most(weights, constant).bit_length())):
        gate = (reads, values, constant - (1 << i))
        net = kit.gate(*gate)
        outputs.append(net)
        if i:
            copies = max(1, (1 << i) // share)
            twins = [net, *(kit.gate(*gate, fresh=True) for _ in range(copies - 1))]
            if len(set(twins)) < copies:
                twins, copies = [net], 1
            reads, values = reads + twins, values + [-(1 << i) // copies] * copies
    return outputs


def _most(weights: Sequence[int], constant: int) -> int:
    return constant + sum(weight for weight in weights if weight > 0)


@cache
def _trial(form: WeightFormat, max_fan_in: int | None, weights: tuple[int, ...], constant: int, share: int) -> int:
    kit = Kit(form, {"x": len(weights)}, max_fan_in, single=len(weights) > 3)
    try:
        _gates(kit, kit["x"], weights, constant, share)
    except ImpossibleError:
        return _NEVER
    return kit.builder.size


@cache
def _cost(form: WeightFormat, max_fan_in: int | None, weights: tuple[int, ...], constant: int) -> tuple[int, int]:
    """Gates of a counter, and the share that it takes."""
    shares = [1 << i for i in reversed(range(max(1, _most(weights, constant).bit_length())))]
    return min((_trial(form, max_fan_in, weights, constant, share), -share) for share in shares)


@dataclass(frozen=True, slots=True)
class _Choice:
    """How many nets of some columns go into a counter, and whether the inverted ones are inverted first."""

    counts: tuple[int, ...]
    straight: bool
    share: int


@cache
def _best(form: WeightFormat, max_fan_in: int | None, columns: tuple[tuple[int, ...], ...], constant: int) -> _Choice:
    """The counter that removes the most nets a gate, of the signs in this column and the next two."""
    best: tuple[float, tuple[int, ...], _Choice] | None = None
    here = len(columns[0])
    for capacity in _CAPACITIES:
        room = capacity - constant
        first = min(here, room)
        second = min(len(columns[1]), (room - first) // 2)
        third = min(len(columns[2]), (room - first - 2 * second) // 4)
        for counts in {(first,), (first, second), (first, second, third)}:
            signs = [sign << step for step, count in enumerate(counts) for sign in columns[step][:count]]
            for straight in (False, True):
                weights = tuple(map(abs, signs)) if straight else tuple(signs)
                more = constant - sum(weight for weight in weights if weight < 0)
                gates, share = _cost(form, max_fan_in, tuple(sorted(weights)), more)
                if straight:
                    gates += sum(sign < 0 for sign in signs)
                removed = len(weights) - _most(weights, more).bit_length()
                value = (removed + 0.01) / gates if gates < _NEVER else -1.0
                if best is None or (value, counts) > best[:2]:
                    best = value, counts, _Choice(counts, straight, -share)
    assert best is not None
    return best[2]


def digits_of(
    kit: Kit, columns: Sequence[Sequence[Signed]], constant: int, bits: int
) -> tuple[list[int], list[Placed]]:
    """A net for each of `bits` digits of sum(2^i * nets of column i) + constant, modulo 2^bits, and the identities.

    A net with sign -1 stands for its inverse.
    """
    nets = [list(column) for column in columns] + [[] for _ in range(bits + 8 - len(columns))]
    blocks: list[Placed] = []

    def invert(net: int, i: int) -> int:
        """Write 1 - net in place of a net at column i."""
        inverse = kit.gate([net], [-1], 0)
        blocks.append((Block((net,), {net: -1, inverse: -1}, (inverse,), 1), i))
        return inverse

    digits = []
    for i in range(bits):
        one = constant >> i & 1
        while len(nets[i]) > 1 or (one and nets[i]):
            nets[i].sort(key=lambda each: -each[1])
            if len(nets[i]) == 1:  # x + 1 = (1 - x) + 2x
                net, sign = nets[i][0]
                nets[i] = [(net, -sign)]
                nets[i + 1].append((net, sign))
                one = 0
                break
            near = tuple(tuple(sign for _, sign in nets[j]) if j < bits else () for j in (i, i + 1, i + 2))
            choice = _best(kit.format, kit.max_fan_in, tuple(signs[:15] for signs in near), one)
            weights_of: dict[int, int] = {}
            more = one
            for step, count in enumerate(choice.counts):
                for net, sign in nets[i + step][:count]:
                    if sign < 0 and choice.straight:
                        net, sign = invert(net, i + step), 1
                    weights_of[net] = weights_of.get(net, 0) + (sign << step)
                    more += (1 << step) if sign < 0 else 0
                del nets[i + step][:count]
            weights_of = {net: weight for net, weight in weights_of.items() if weight}
            outputs = _gates(kit, list(weights_of), list(weights_of.values()), more, choice.share)
            terms = dict(weights_of)
            for step, net in enumerate(reversed(outputs)):
                terms[net] = terms.get(net, 0) - (1 << step)
                nets[i + step].append((net, 1))
            blocks.append((Block(tuple(weights_of), {n: w for n, w in terms.items() if w}, tuple(outputs), more), i))
            one = 0
        if nets[i]:
            net, sign = nets[i][0]
            digits.append(net if sign > 0 else invert(net, i))
        else:
            net = kit.constant(one)
            blocks.append((Block((), {net: -1}, (net,), one), i))
            digits.append(net)
    return digits, blocks


def top_digit_of(
    kit: Kit, columns: Sequence[Sequence[Signed]], constant: int, bits: int
) -> tuple[int, list[tuple[int, int, int]]] | None:
    """The top digit alone of a sum that is less than 2^bits, its lower digits being no nets: a chain of carries.

    Also the carries as (lowest column, column after the highest, net). None if a block may have more than one carry, or
    does not fit a gate.
    """
    carry: int | None = None
    top = bits - 1
    made: list[tuple[int, int, int]] = []
    while (low := made[-1][1] if made else 0) < top:
        best = None
        for high in range(low + 1, min(top, low + _WIDEST) + 1):
            weights_of: dict[int, int] = {} if carry is None else {carry: 1}
            more = constant >> low & (1 << high - low) - 1
            most = more + len(weights_of)
            for i in range(low, high):
                for net, sign in columns[i]:
                    weights_of[net] = weights_of.get(net, 0) + (sign << i - low)
                    more += (1 << i - low) if sign < 0 else 0
                    most += 1 << i - low
            if most >= 2 << high - low:
                return None
            weights_of = {net: weight for net, weight in weights_of.items() if weight}
            if kit.fits(tuple(weights_of.values()), more - (1 << high - low)):
                best = high, weights_of, more
        if best is None:
            return None
        high, weights_of, more = best
        carry = kit.gate(list(weights_of), list(weights_of.values()), more - (1 << high - low))
        made.append((low, high, carry))
    return None if carry is None or any(columns[top:]) or constant >> top else (carry, made)
