"""The reference engine: all rows by numpy, bit-parallel, nothing computed twice; simple, and always there.

The circuit's gates and the reference nodes of its meaning form one DAG. The first inputs that the gates read become
*lanes*: a net is a plane of 2^k bits, one a row. The other inputs are *outer*: they are fixed one after the other, to 0
and to 1, as constants, those first that tell shards apart. A net is computed when the last input that it depends on is
fixed, so that the low part of an adder is computed once and not once for each value of the high part. The goals (what
must be 0) are added up the same way, as integers in bit-sliced form: the circuit is compared with the sum of its inputs'
weights, never with gates of its own kind.

It shares no code with the kernel but the reading of the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trix_circuits.check import ONE, Claim, Nets
from trix_circuits.logic.planes import Plane, Words, gate_plane, lane_planes
from trix_circuits.prove.exhaustive.question import Problem

LANE_INPUTS = 18


@dataclass(frozen=True)
class _Plan:
    """What to compute at each level; level 0 has the lanes, level j one more outer input fixed."""

    lanes: tuple[int, ...]
    outer: tuple[int, ...]
    gates: tuple[tuple[tuple[int, tuple[int, ...], tuple[int, ...], int], ...], ...]
    terms: tuple[tuple[tuple[tuple[int, int], ...], ...], ...]  # level, goal, (net, weight)
    constants: tuple[int, ...]
    widths: tuple[int, ...]  # bits in which the sum of each goal is taken
    net_count: int


def _plan(inputs: int, nets: Nets, goals: list[Claim], lane_inputs: int, prefix_bits: int) -> _Plan:
    needed: set[int] = set()
    stack = [net for goal in goals for net in goal.terms if net != ONE]
    while stack:
        net = stack.pop()
        if net not in needed:
            needed.add(net)
            stack.extend((nets[net] or ((),))[0])
    order: dict[int, None] = {}
    for net in sorted(needed):
        for source in (nets[net] or ((),))[0]:
            if nets[source] is None:
                order.setdefault(source)
    for net in sorted(needed):  # inputs that goals read; on the others nothing depends
        if nets[net] is None:
            order.setdefault(net)
    prefix = [net for net in range(inputs - 1, inputs - prefix_bits - 1, -1) if net in order]
    ranked = [net for net in order if net not in prefix]
    lanes, outer = tuple(ranked[:lane_inputs]), (*prefix, *ranked[lane_inputs:])
    level = dict.fromkeys(lanes, 0) | {net: i + 1 for i, net in enumerate(outer)}
    gates: list[list[tuple[int, tuple[int, ...], tuple[int, ...], int]]] = [[] for _ in range(len(outer) + 1)]
    for net in sorted(needed):
        gate = nets[net]
        if gate is not None:
            level[net] = max((level[source] for source in gate[0]), default=0)
            gates[level[net]].append((net, *gate))
    terms: list[list[list[tuple[int, int]]]] = [[[] for _ in goals] for _ in range(len(outer) + 1)]
    widths = []
    for k, goal in enumerate(goals):
        reach = sum(abs(weight) for weight in goal.terms.values())
        widths.append(reach.bit_length() + 1 if goal.bits is None else goal.bits)
        for net, weight in goal.terms.items():
            if net != ONE:
                terms[level[net]][k].append((net, weight))
    frozen = tuple(tuple(tuple(part) for part in row) for row in terms)
    constants = tuple(goal.terms.get(ONE, 0) for goal in goals)
    return _Plan(lanes, outer, tuple(map(tuple, gates)), frozen, constants, tuple(widths), len(nets))


def _add(word: list[Plane], plane: Plane, weight: int) -> None:
    """word += plane * weight, modulo 2^len(word), in place; a negative weight is added as its two's complement."""
    if isinstance(plane, int):
        if plane:
            _add_constant(word, weight)
        return
    if weight < 0:
        _add(word, ~plane, -weight)  # -w x = w (1 - x) - w
        _add_constant(word, weight)
        return
    for start in range(weight.bit_length()):
        if weight >> start & 1:
            carry: Plane = plane
            for i in range(start, len(word)):
                bit = word[i]
                if isinstance(bit, int) and isinstance(carry, int):
                    word[i], carry = bit ^ carry, bit & carry
                elif isinstance(bit, int) or isinstance(carry, int):
                    known, other = (bit, carry) if isinstance(bit, int) else (carry, bit)
                    word[i], carry = (~other, other) if known else (other, 0)
                else:
                    word[i], carry = bit ^ carry, bit & carry
                if isinstance(carry, int) and not carry:
                    break


def _add_constant(word: list[Plane], value: int) -> None:
    carry: Plane = 0
    for i in range(len(word)):
        a, b = word[i], value >> i & 1
        if isinstance(a, int) and isinstance(carry, int):
            total = a + b + carry
            word[i], carry = total & 1, total >> 1
        elif isinstance(a, int):
            assert not isinstance(carry, int)
            if a == b:
                word[i], carry = carry, a
            else:
                word[i] = ~carry
        elif isinstance(carry, int):
            if carry == b:
                carry = b
            else:
                word[i], carry = ~a, a
        elif b:
            word[i], carry = ~(a ^ carry), a | carry
        else:
            word[i], carry = a ^ carry, a & carry


class Planes:
    """Searches cubes of rows for one at which the sides differ."""

    def __init__(self, problem: Problem, lane_inputs: int = LANE_INPUTS, prefix_bits: int = 0) -> None:
        self._plan = _plan(problem.input_bits, *problem.goals, lane_inputs, prefix_bits)
        self._unread = ~sum(1 << net for net in (*self._plan.lanes, *self._plan.outer))

    @property
    def work(self) -> int:
        """Gates and terms, each once for all lanes, that all rows take."""
        plan = self._plan
        sizes = [len(gates) + sum(map(len, terms)) + 1 for gates, terms in zip(plan.gates, plan.terms, strict=True)]
        return sum(size << j for j, size in enumerate(sizes))

    def find(self, mask: int, values: int) -> int | None:
        """A row with these values of the input bits in the mask at which the sides differ; None if there is none."""
        plan = self._plan
        patterns = lane_planes(len(plan.lanes))
        planes: list[Plane] = [0] * plan.net_count
        rows = len(plan.lanes)
        valid: Words = np.full(max(1, (1 << rows) // 64), (1 << min(64, 1 << rows)) - 1, dtype=np.uint64)
        for net, plane in zip(plan.lanes, patterns, strict=True):
            planes[net] = plane
            if mask >> net & 1:
                valid = valid & (plane if values >> net & 1 else ~plane)
        start: list[list[Plane]] = []
        for constant, width in zip(plan.constants, plan.widths, strict=True):
            start.append([constant >> i & 1 for i in range(width)])
        return self._level(0, start, planes, values & mask & self._unread, mask, values, valid)

    def _level(
        self, j: int, sums: list[list[Plane]], planes: list[Plane], row: int, mask: int, values: int, valid: Words
    ) -> int | None:
        plan = self._plan
        for net, sources, weights, bias in plan.gates[j]:
            planes[net] = gate_plane(planes, sources, weights, bias)
        sums = [word[:] for word in sums]
        for word, terms in zip(sums, plan.terms[j], strict=True):
            for net, weight in terms:
                _add(word, planes[net], weight)
        if j == len(plan.outer):
            for word in sums:
                for bit in word:
                    wrong = valid * np.uint64(bit) if isinstance(bit, int) else bit & valid
                    if wrong.any():
                        at = int(np.flatnonzero(wrong)[0])
                        lane = at * 64 + (int(wrong[at]) & -int(wrong[at])).bit_length() - 1
                        return row | sum((lane >> i & 1) << net for i, net in enumerate(plan.lanes))
            return None
        net = plan.outer[j]
        for value in (0, 1):
            if mask >> net & 1 and values >> net & 1 != value:
                continue
            planes[net] = value
            found = self._level(j + 1, sums, planes, row | value << net, mask, values, valid)
            if found is not None:
                return found
        return None
