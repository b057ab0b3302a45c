"""Proof by all rows, for circuits of up to 40 input bits: bit-parallel, and nothing is computed twice.

The circuit's gates and the reference nodes of its meaning form one DAG. The first inputs that the gates read become
*lanes*: a net is a plane of 2^k bits, one a row. The other inputs are *outer*: they are fixed one after the other, to 0
and to 1, as constants. A net is computed when the last input that it depends on is fixed, so that the low part of an
adder is computed once and not once for each value of the high part. The goals (what the meaning requires to be 0) are
added up the same way, as integers in bit-sliced form: the circuit is compared with the sum of its inputs' weights,
never with gates of its own kind. Shards, one for each value of the first outer inputs, run in several processes.

This engine is not trusted and leaves no trace in a certificate above 24 inputs; it is a second opinion that shares no
evaluation code with the checker.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from trix_circuits import check
from trix_circuits.check import ONE
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.netlist import Netlist
from trix_circuits.planes import Plane, gate_plane, lane_planes

MAX_INPUTS = 40
LANE_INPUTS = 18
Progress = Callable[[int, int], None]


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


def _plan(netlist: Netlist, meaning: Sequence[str], lane_inputs: int) -> _Plan:
    nets = check.Nets(netlist.input_bits, netlist.gates())
    outputs = [(name, list(bits)) for name, bits in netlist.outputs.items()]
    goals = check.Meaning(list(netlist.inputs.items()), outputs, nets).goals(meaning)
    needed: set[int] = set()
    stack = [net for goal in goals for net in goal.terms if net != ONE]
    while stack:
        net = stack.pop()
        if net not in needed:
            needed.add(net)
            stack.extend((nets.gates[net] or ((),))[0])
    order: dict[int, None] = {}
    for net in sorted(needed):
        for source in (nets.gates[net] or ((),))[0]:
            if nets.gates[source] is None:
                order.setdefault(source)
    for net in range(netlist.input_bits):
        order.setdefault(net)
    ranked = list(order)
    lanes, outer = tuple(ranked[:lane_inputs]), tuple(ranked[lane_inputs:])
    level = dict.fromkeys(lanes, 0) | {net: i + 1 for i, net in enumerate(outer)}
    gates: list[list[tuple[int, tuple[int, ...], tuple[int, ...], int]]] = [[] for _ in range(len(outer) + 1)]
    for net in sorted(needed):
        gate = nets.gates[net]
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
    return _Plan(lanes, outer, tuple(map(tuple, gates)), frozen, constants, tuple(widths), len(nets.gates))


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


def _run_shard(plan: _Plan, prefix: int, prefix_bits: int) -> tuple[int, int | None]:
    """Rows covered, and a row (bit i for input net i) where a goal is not met, if there is one."""
    planes: list[Plane] = [0] * plan.net_count
    for net, plane in zip(plan.lanes, lane_planes(len(plan.lanes)), strict=True):
        planes[net] = plane
    valid = np.uint64(0xFFFFFFFFFFFFFFFF if len(plan.lanes) >= 6 else (1 << (1 << len(plan.lanes))) - 1)
    covered = 0

    def level(j: int, sums: list[list[Plane]], outer: int) -> int | None:
        nonlocal covered
        for net, sources, weights, bias in plan.gates[j]:
            planes[net] = gate_plane(planes, sources, weights, bias)
        sums = [word[:] for word in sums]
        for word, terms in zip(sums, plan.terms[j], strict=True):
            for net, weight in terms:
                _add(word, planes[net], weight)
        if j == len(plan.outer):
            covered += 1 << len(plan.lanes)
            for word in sums:
                for bit in word:
                    wrong = np.full(1, bit, dtype=np.uint64) * valid if isinstance(bit, int) else bit & valid
                    if wrong.any():
                        at = int(np.flatnonzero(wrong)[0])
                        lane = at * 64 + (int(wrong[at]) & -int(wrong[at])).bit_length() - 1
                        low = sum((lane >> i & 1) << net for i, net in enumerate(plan.lanes))
                        return low + sum((outer >> i & 1) << net for i, net in enumerate(plan.outer))
            return None
        net = plan.outer[j]
        for value in (0, 1):
            if j < prefix_bits and value != prefix >> j & 1:
                continue
            planes[net] = value
            found = level(j + 1, sums, outer | value << j)
            if found is not None:
                return found
        return None

    start: list[list[Plane]] = []
    for constant, width in zip(plan.constants, plan.widths, strict=True):
        start.append([constant >> i & 1 for i in range(width)])
    found = level(0, start, 0)
    return covered, found


def prove_exhaustively(
    netlist: Netlist,
    meaning: Sequence[str],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    lane_inputs: int = LANE_INPUTS,
) -> int:
    """Evaluate every row; returns their number, 2^input_bits.

    Raises RefutedError with a counterexample if the meaning is not met, LimitError above 40 input bits.
    """
    if netlist.input_bits > MAX_INPUTS:
        raise LimitError(f"an exhaustive proof takes at most {MAX_INPUTS} input bits, not {netlist.input_bits}")
    try:
        plan = _plan(netlist, meaning, lane_inputs)
    except check.Refused as error:
        raise RefutedError(str(error)) from None
    except check.TooLarge as error:
        raise LimitError(str(error)) from None
    jobs = min(jobs or os.cpu_count() or 1, 64)
    prefix_bits = min(len(plan.outer), 6 if len(plan.outer) > 6 else 0)
    shards = 1 << prefix_bits
    covered = 0
    if jobs == 1 or shards == 1:
        for prefix in range(shards):
            rows, found = _run_shard(plan, prefix, prefix_bits)
            covered += rows
            _report(netlist, found)
            if progress:
                progress(prefix + 1, shards)
    else:
        with ProcessPoolExecutor(jobs) as pool:
            futures = [pool.submit(_run_shard, plan, prefix, prefix_bits) for prefix in range(shards)]
            try:
                for done, future in enumerate(as_completed(futures)):
                    rows, found = future.result()
                    covered += rows
                    _report(netlist, found)
                    if progress:
                        progress(done + 1, shards)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    if covered != 1 << netlist.input_bits:
        raise LimitError(f"only {covered} of {1 << netlist.input_bits} rows were covered")
    return covered


def _report(netlist: Netlist, row: int | None) -> None:
    if row is not None:
        values = {
            name: sum((row >> net & 1) << i for i, net in enumerate(nets))
            for name, nets in netlist.input_nets().items()
        }
        shown = " ".join(f"{name}={value}" for name, value in values.items())
        raise RefutedError(f"the meaning is not met where {shown}", values)
