"""Counting in few levels: flat counters, trees of them, and at the end an adder of low depth.

A flat counter first asks which multiples of a step the number S of ones reaches, t_q = [S >= step * q], all at once.
The bits above the step are then alternating sums of these, and S - step * (t_1 + t_2 + ...) is left for the bits below
(Muroga, Threshold Logic, 1971; Siu, Roychowdhury and Kailath, Discrete Neural Computation, 1995). In E2M1 7:3
takes two levels and five gates, 15:4 three levels and six gates; the chains in `counters` take three and four of both.

Columns are reduced from the lowest up, the earliest nets first (Oklobdzija, Villeger and Liu, IEEE Trans. Computers,
1996), until at most two nets a column are left. Which counters to use, and how long to wait for late nets, is tried out
on times alone.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from trix_circuits.compose.kit import Kit
from trix_circuits.compose.prefix import Carries, Place, Sums
from trix_circuits.evidence.prover import Block, Draft, Prover
from trix_circuits.logic.formats import WeightFormat

_MANY = 5000  # nets from which on few policies are tried
Timed = list[tuple[int, int]]  # (time, net): the nets of a column, and the gates on the longest way to each


def flat_counter(kit: Kit, nets: Sequence[int], step: int, share: int, lowest: bool = False) -> tuple[list[int], Block]:
    """The bits of the number of ones, lowest first (or the lowest alone), and what they obey.

    `share` is the largest weight that one net carries back; larger ones are carried by several equal gates.
    """
    count = len(nets).bit_length()
    copies = max(1, step // share)
    reached: list[list[int]] = []
    for threshold in range(step, len(nets) + 1, step):
        gate = list(nets), [1] * len(nets), -threshold
        reached.append([kit.gate(*gate), *(kit.gate(*gate, fresh=True) for _ in range(copies - 1))])
    outputs = [-1] * count
    for i in range(step.bit_length() - 1, count if not lowest else 0):
        stride = (1 << i) // step
        levels = [several[0] for several in reached[stride - 1 :: stride]]
        signs = [1 if k % 2 == 0 else -1 for k in range(len(levels))]
        outputs[i] = levels[0] if len(levels) == 1 else kit.gate(levels, signs, -1)
    back = [(net, -step // copies) for several in reached for net in several]
    for i in reversed(range(step.bit_length() - 1)):
        sources, weights = [*nets, *(net for net, _ in back)], [1] * len(nets) + [weight for _, weight in back]
        gate = sources, weights, -(1 << i)
        several = max(1, (1 << i) // share) if i else 1
        twins = [kit.gate(*gate), *(kit.gate(*gate, fresh=True) for _ in range(several - 1))]
        outputs[i] = twins[0]
        back += [(net, -(1 << i) // several) for net in twins]
    terms = dict.fromkeys(nets, 1)
    if lowest:
        parts = [(several[0], -step) for several in reached] + [
            (outputs[i], -1 << i) for i in range(step.bit_length() - 1)
        ]
        return outputs[:1], Block(tuple(nets), {**terms, **dict(parts)}, (outputs[0],))
    return outputs, Block(tuple(nets), {**terms, **{net: -1 << i for i, net in enumerate(outputs)}}, tuple(outputs))


@dataclass(frozen=True)
class Counter:
    """A way to make a flat counter of `inputs` nets, its gates, and the time of each output after the last input."""

    inputs: int
    step: int
    share: int
    gates: int
    times: tuple[int, ...]


@cache
def flat_counters(form: WeightFormat, max_fan_in: int | None, inputs: int, lowest: bool) -> tuple[Counter, ...]:
    """The counters of so many inputs that are worth a try, the fastest first."""
    found = []
    for log_step in range(1, inputs.bit_length()):
        for log_share in range(log_step + 1):
            kit = Kit(form, {"x": inputs}, max_fan_in)
            outputs, _ = flat_counter(kit, kit["x"], 1 << log_step, 1 << log_share, lowest)
            levels = kit.builder.finish({"y": outputs}).levels
            times = tuple(int(levels[net]) for net in outputs)
            found.append(Counter(inputs, 1 << log_step, 1 << log_share, kit.builder.size, times))
    fast = min(found, key=lambda c: (max(c.times), c.gates))
    small = min(found, key=lambda c: (c.gates, max(c.times)))
    return fast, small


@dataclass(frozen=True)
class Policy:
    """How to reduce columns to at most `limit` nets each: with counters of at most so many inputs, waiting so long for
    nets that fill a larger one; `small` takes the counters of few gates rather than those of few levels.
    """

    limit: int
    largest: int
    wait: int
    small: bool


_POLICIES = tuple(Policy(*each) for each in itertools.product((2, 1), (3, 7, 9, 11, 15), (0, 1, 2, 4), (False, True)))
_FEW_POLICIES = tuple(each for each in _POLICIES if each.largest in (7, 15) and each.wait < 2)


@dataclass
class Reduction:
    """Reduces columns of timed nets by a policy; `lowest` drops what goes to higher columns."""

    form: WeightFormat
    max_fan_in: int | None
    policy: Policy
    lowest: bool = False
    gates: int = 0
    blocks: list[Block] = field(default_factory=list)

    def run(self, columns: Sequence[Timed], width: int, kit: Kit | None = None) -> list[Timed]:
        """What is left of the columns; without a kit, times and gates alone are counted."""
        nets = [list(column) for column in columns] + [[] for _ in range(width + 8)]
        for i, column in enumerate(nets[:width]):
            heapq.heapify(column)
            while len(column) > self.policy.limit:
                taken = self._take(column)
                counter = flat_counters(self.form, self.max_fan_in, len(taken), self.lowest)[self.policy.small]
                ready = max(time for time, _ in taken)
                outputs = list(range(len(counter.times)))
                if kit is not None:
                    sources = [net for _, net in taken]
                    outputs, block = flat_counter(kit, sources, counter.step, counter.share, self.lowest)
                    self.blocks.append(block)
                self.gates += counter.gates
                for j, time in enumerate(counter.times):
                    heapq.heappush(nets[i + j], (ready + time, outputs[j]))
        return [sorted(column) for column in nets[:width]]

    def _take(self, column: Timed) -> Timed:
        """Remove from a heap the nets to count together: the earliest few, and more that are there a while later."""
        taken = [heapq.heappop(column), heapq.heappop(column)]
        if column:
            taken.append(heapq.heappop(column))
        until = taken[-1][0] + self.policy.wait
        while column and len(taken) < self.policy.largest and column[0][0] <= until:
            taken.append(heapq.heappop(column))
        return taken


@cache
def _adder_depth(form: WeightFormat, max_fan_in: int | None, bits: int) -> int:
    kit = Kit(form, {"a": bits, "b": bits, "cin": 1}, max_fan_in)
    places = [Place(i, ((a, 1), (b, 1)), -1) for i, (a, b) in enumerate(zip(kit["a"], kit["b"], strict=True))]
    return len(Carries(kit, places, kit["cin"][0]).anchors)


def _best(
    form: WeightFormat, max_fan_in: int | None, columns: Sequence[Timed], width: int, lowest: bool = False
) -> Reduction:
    """The reduction that ends first, the adder included; of these the one with the fewest gates."""
    results = []
    for policy in _POLICIES if sum(map(len, columns)) < _MANY else _FEW_POLICIES:
        if lowest and policy.limit > 1:
            continue
        trial = Reduction(form, max_fan_in, policy, lowest)
        left = trial.run(columns, width)
        end = max(time for column in left for time, _ in column)
        start = next((i for i, column in enumerate(left) if len(column) > 1), width)
        gates = trial.gates
        if start < width:
            end += _adder_depth(form, max_fan_in, width - start)
            gates += 3 * (width - start)
        results.append((end, gates, policy))
    return Reduction(form, max_fan_in, min(results, key=lambda result: result[:2])[2], lowest)


def flat_sum(kit: Kit, columns: Sequence[Timed], width: int) -> tuple[list[int], Callable[[Prover], list[Block]]]:
    """The low `width` bits of sum(2^i * nets of column i), and their evidence; the sum itself has no more bits."""
    reduction = _best(kit.format, kit.max_fan_in, columns, width)
    left = reduction.run(columns, width, kit)
    nets = [[net for _, net in column] for column in left]
    ready = max(time for column in left for time, _ in column)
    start = next((i for i, column in enumerate(nets) if len(column) > 1), width)
    bits = [column[0] if column else kit.constant(0) for column in nets[:start]]
    if start == width:
        return bits, lambda prover: reduction.blocks
    first = nets[start].pop()
    places = [Place(i, tuple((net, 1) for net in column), -1) for i, column in enumerate(nets[start:])]
    made = Carries(kit, places, first)
    sums = Sums(made, 1, len(made.anchors), ready)
    return bits + sums.bits, lambda prover: [*reduction.blocks, *sums.blocks(prover)]


def popcount(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """count = the number of ones in x."""
    kit = Kit(form, {"x": bits}, max_fan_in)
    count, evidence = flat_sum(kit, [[(0, net) for net in kit["x"]]], bits.bit_length())
    netlist = kit.builder.finish({"count": count})
    return Draft(f"popcount{bits}", netlist, ("count = popcount(x)",), evidence=evidence)


def parity(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """parity = 1 where the number of ones in x is odd."""
    kit = Kit(form, {"x": bits}, max_fan_in)
    columns = [[(0, net) for net in kit["x"]]]
    reduction = _best(form, max_fan_in, columns, 1, lowest=True)
    ((_, result),) = reduction.run(columns, 1, kit)[0]
    netlist = kit.builder.finish({"parity": [result]})
    return Draft(f"parity{bits}", netlist, ("parity = popcount(x) % 2",), reduction.blocks)
