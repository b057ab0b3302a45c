"""One lane program of circuit, reference and their differences, and the order in which inputs are fixed.

Both sides are lowered apart, each lowering is proven to equal its gates, and no operation is shared between them.
Inputs are split: *lanes* are the rows of one vector; each other input is the counter of a *level*, a loop over its two
values. An operation stands at the level of the last input that it depends on, so that nothing is computed twice: with j
levels fixed it runs 2^j times. The innermost level runs most often; so its input is the one on which the fewest
operations depend, the next one that on which the fewest of the others depend, and so on. The highest input bits, which
tell shards apart, are the outermost levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower import LaneProgram, lower, prove_lowering
from trix_circuits.lower.lut import canonical
from trix_circuits.lower.program import graph_of
from trix_circuits.lower.schedule import slots_of
from trix_circuits.prove.exhaustive.question import Problem

LANE_INPUTS = 9  # 512 lanes
_OR_DIFFERS = sum((r & 1 | (r >> 1 ^ r >> 2) & 1) << r for r in range(8))  # first | (second ^ third)
Operation = tuple[int, int, int, int]  # table and three values, as in `lower.lut`


@dataclass(frozen=True)
class Level:
    """What is computed once one more input is fixed; level 0 has none: what depends on lanes only.

    `wrong` is a literal that is 1 where outputs of this level differ from the reference; 0 if there are no such outputs.
    """

    input: int | None
    operations: tuple[Operation, ...]
    wrong: int


@dataclass(frozen=True)
class Plan:
    """Values: 0 constant false, 1 + i input bit i, then the operations, level by level."""

    input_bits: int
    lanes: tuple[int, ...]
    levels: tuple[Level, ...]

    @property
    def first(self) -> int:
        """The value of the first operation."""
        return 1 + self.input_bits

    @property
    def size(self) -> int:
        """Number of operations."""
        return sum(len(level.operations) for level in self.levels)

    @property
    def work(self) -> int:
        """Operations on vectors that all rows take; a level costs some 8 besides what it computes."""
        return sum((len(level.operations) + 8) << j for j, level in enumerate(self.levels))


@dataclass(frozen=True)
class Fused:
    """Both sides and the differences in one list of operations; `checks` are differing literals, ORed level by level."""

    input_bits: int
    operations: list[Operation]
    pairs: list[tuple[int, int]]


def fuse(problem: Problem) -> Fused:
    """Lower both sides and put them side by side. Raises LimitError or InputError for gates that cannot be lowered."""
    *netlists, pairs = problem.sides_of_kernel()
    programs = [_lowered(netlist) for netlist in netlists]
    return join(problem.input_bits, programs[0], programs[1], pairs)


def _lowered(netlist: Netlist) -> LaneProgram:
    """A lane program that is proven to be the netlist's: the fused one, or that as it is made, gate by gate."""
    program = lower(netlist)
    try:
        prove_lowering(netlist, program)
        return program
    except RefutedError:  # the proof of fused operations knows small cones only
        graph, _ = graph_of(netlist)
        image = np.arange(graph.first + graph.size, dtype=np.int32)
        program = LaneProgram(graph.inputs, graph.tables, graph.operands, *slots_of(graph), graph.outputs, image)
    try:
        prove_lowering(netlist, program)
    except RefutedError as error:
        raise LimitError(f"the circuit was lowered to what is not proven to equal it: {error}") from None
    return program


def join(inputs: int, circuit: LaneProgram, reference: LaneProgram, pairs: Sequence[tuple[int | None, int]]) -> Fused:
    """Two programs over the same inputs side by side; pair k is about output k of both."""
    first, move = 1 + inputs, circuit.size
    operations: list[Operation] = []
    for program, by in ((circuit, 0), (reference, move)):
        for table, parts in zip(program.tables.tolist(), program.operands.tolist(), strict=True):
            a, b, c = (part if part < first else part + by for part in parts)
            operations.append((table, a, b, c))
    found = []
    outputs = zip(circuit.outputs.tolist(), reference.outputs.tolist(), pairs, strict=True)
    for own, other, (sign, other_sign) in outputs:
        moved = other if other >> 1 < first else other + 2 * move
        found.append((0 if sign is None else own ^ sign & 1, moved ^ other_sign & 1))
    return Fused(inputs, operations, found)


def plan(fused: Fused, prefix_bits: int) -> Plan:
    """The order of inputs and operations, where shards have prefixes of so many bits."""
    inputs, operations = fused.input_bits, fused.operations
    order = _order(fused, prefix_bits)
    lanes, counted = order[:LANE_INPUTS], order[LANE_INPUTS:]
    level_of = [0] * (1 + inputs)
    for j, place in enumerate(counted, 1):
        level_of[1 + place] = j
    for _, a, b, c in operations:
        level_of.append(max(level_of[a], level_of[b], level_of[c]))
    steps: list[list[int | tuple[int, int]]] = [[] for _ in range(len(counted) + 1)]  # values, and pairs to compare
    done = bytearray([1] * (1 + inputs) + [0] * len(operations))
    for pair in sorted(fused.pairs, key=lambda pair: max(level_of[literal >> 1] for literal in pair)):
        for value in _cone([literal >> 1 for literal in pair], operations, inputs, done):
            steps[level_of[value]].append(value)
        steps[max(level_of[literal >> 1] for literal in pair)].append(pair)
    place_of = list(range(1 + inputs)) + [0] * len(operations)
    levels, own = [], 1 + inputs
    for j, row in enumerate(steps):
        found: list[Operation] = []
        wrong = 0
        for step in row:
            if isinstance(step, int):
                table, a, b, c = operations[step - 1 - inputs]
                place_of[step] = own + len(found)
                found.append((table, place_of[a], place_of[b], place_of[c]))
                continue
            x, y = (2 * place_of[literal >> 1] | literal & 1 for literal in step)
            table, a, b, c, flip = canonical(_OR_DIFFERS, wrong, x, y)
            if not b:  # a constant or a literal
                wrong = flip if not table else 2 * a ^ flip
            else:
                wrong = 2 * (own + len(found)) ^ flip
                found.append((table, a, b, c))
        own += len(found)
        levels.append(Level(counted[j - 1] if j else None, tuple(found), wrong))
    while len(levels) > 1 and not levels[-1].operations and not levels[-1].wrong:
        levels.pop()  # nothing depends on its input: both values are one and the same computation
    return Plan(inputs, tuple(lanes), tuple(levels))


def _cone(roots: Sequence[int], operations: Sequence[Operation], inputs: int, done: bytearray) -> list[int]:
    """The operations that values rest on and that are not done yet, each after those that it reads."""
    found: list[int] = []
    stack = list(reversed(roots))
    while stack:
        value = stack[-1]
        if done[value]:
            stack.pop()
            continue
        missing = [part for part in operations[value - 1 - inputs][1:] if not done[part]]
        if missing:
            stack += missing
            continue
        stack.pop()
        done[value] = 1
        found.append(value)
    return found


def _order(fused: Fused, prefix_bits: int) -> list[int]:
    """The input bits: lanes, the prefix, then the others, that on which the fewest operations depend being last."""
    inputs = fused.input_bits
    reach = [0, *(1 << i for i in range(inputs))]
    for _, a, b, c in fused.operations:
        reach.append(reach[a] | reach[b] | reach[c])
    alive = bytearray(len(reach))
    for value in _cone([literal >> 1 for pair in fused.pairs for literal in pair], fused.operations, inputs,
                       bytearray([1] * (1 + inputs) + [0] * len(fused.operations))):  # fmt: skip
        alive[value] = 1
    left = np.array([bits for bits, needed in zip(reach, alive, strict=True) if needed], dtype=np.uint64)
    free = list(range(inputs - prefix_bits))
    fast: list[int] = []
    while len(free) > LANE_INPUTS:
        counts = [int((left >> np.uint64(i) & np.uint64(1)).sum()) for i in free]
        best = max(range(len(free)), key=lambda k: (-counts[k], free[k]))
        fast.append(free.pop(best))
        left = left[left >> np.uint64(fast[-1]) & np.uint64(1) == 0]
    return [*free, *range(inputs - 1, inputs - prefix_bits - 1, -1), *reversed(fast)]
