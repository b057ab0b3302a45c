"""Is the check alive? Change each weight and each bias to every other value of the format, and see what the checker does.

Whether a change alters the function is decided apart from the checker: by all rows where the circuit has at most 20
input bits; else by simulation on many patterns of the changed gate and all that hangs on it, which can only show that
a function is altered. A change that the checker accepts is proven to leave the function as it is; if simulation shows
an altered function that was accepted, it has *escaped*, which must never happen.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

from trix_circuits import check
from trix_circuits.circuit import Circuit, Claim, decode
from trix_circuits.logic.netlist import Netlist

_ROWS_AT_MOST = 20
_PATTERNS = 1 << 13


@dataclass(frozen=True)
class MutationCount:
    """How many changes were made, how many of them were seen to alter the function, and what the checker said."""

    changes: int = 0
    altering: int = 0
    refused: int = 0
    altering_refused: int = 0
    accepted: int = 0
    all_rows: bool = True

    @property
    def escaped(self) -> int:
        """Changes that alter the function and were accepted all the same."""
        return self.altering - self.altering_refused

    def __add__(self, other: MutationCount) -> MutationCount:
        return MutationCount(
            self.changes + other.changes,
            self.altering + other.altering,
            self.refused + other.refused,
            self.altering_refused + other.altering_refused,
            self.accepted + other.accepted,
            self.all_rows and other.all_rows,
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "changes": self.changes,
            "altering": self.altering,
            "altering_refused": self.altering_refused,
            "refused": self.refused,
            "accepted_as_equal": self.accepted - self.escaped,
            "escaped": self.escaped,
            "decided_by": "all rows" if self.all_rows else f"{_PATTERNS} patterns",
        }

    def sentence(self) -> str:
        how = "all rows" if self.all_rows else f"{_PATTERNS} patterns"
        rest = self.refused - self.altering_refused
        more = f"; {rest} more refused, not seen to alter it" if rest else ""
        return (
            f"mutation: {self.changes} changes of one weight or bias; {self.altering} alter the function (by {how}), "
            f"{self.altering_refused} of these refused; {self.accepted} accepted, proven not to alter it{more}"
        )


def mutate(
    circuit: Circuit, *, jobs: int | None = None, progress: Callable[[int, int], None] | None = None
) -> MutationCount:
    """Try every change of one weight or bias of a circuit, each as a complete file put to the checker."""
    size = circuit.netlist.size
    jobs = min(jobs or os.cpu_count() or 1, 64)
    parts = [range(start, min(start + 4, size)) for start in range(0, size, 4)]
    total = MutationCount()
    if jobs == 1 or size < 8:
        for done, part in enumerate(parts):
            total += _try_gates(circuit.data, part)
            if progress:
                progress(done + 1, len(parts))
        return total
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(_try_gates, circuit.data, part) for part in parts]
        for done, future in enumerate(as_completed(futures)):
            total += future.result()
            if progress:
                progress(done + 1, len(parts))
    return total


_memo: dict[Any, int | None] = {}  # shapes that the checker has decided, kept from mutant to mutant


class _Simulation:
    """All nets on many patterns (or all rows), and what changes if one gate does."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist, bits = netlist, netlist.input_bits
        self.all_rows = bits <= _ROWS_AT_MOST
        count = 1 << bits if self.all_rows else _PATTERNS
        self.ones = (1 << count) - 1
        if self.all_rows:
            self.planes = [self.ones // ((1 << (1 << i)) + 1) << (1 << i) for i in range(bits)]
        else:
            self.planes = self._patterns(random.Random(7), count)
        self.gates = list(netlist.gates())
        self.readers: list[list[int]] = [[] for _ in range(netlist.net_count)]
        for gate, (sources, _, _) in enumerate(self.gates):
            self.planes.append(self._value(gate, self.planes))
            for source in sources:
                self.readers[source].append(gate)
        self.outputs = {net for nets in netlist.outputs.values() for net in nets}

    def _patterns(self, rng: random.Random, count: int) -> list[int]:
        """Words that agree or differ by little, so that long carries and rare cases occur."""
        rows = []
        for row in range(count):
            value, at, last = 0, 0, 0
            for width in self.netlist.inputs.values():
                full, word = (1 << width) - 1, rng.getrandbits(width)
                few = 1 << rng.randrange(width) | 1 << rng.randrange(width)
                kinds = (
                    word,
                    last ^ full,
                    last ^ full ^ few,
                    last ^ few,
                    word & rng.getrandbits(width),
                    few,
                    full ^ few,
                )
                word = kinds[row % len(kinds)] & full
                value |= word << at
                at, last = at + width, word
            rows.append(value)
        return [
            sum((value >> net & 1) << row for row, value in enumerate(rows)) for net in range(self.netlist.input_bits)
        ]

    def _value(self, gate: int, planes: list[int]) -> int:
        sources, weights, bias = self.gates[gate]
        return check.evaluate([(planes[s], w) for s, w in zip(sources, weights, strict=True)], bias, self.ones, None)[0]

    def alters(self, gate: int, weights: tuple[int, ...], bias: int) -> bool:
        """Whether an output differs on some pattern once a gate has these weights and this bias."""
        first = self.netlist.input_bits
        kept, self.gates[gate] = self.gates[gate], (self.gates[gate][0], weights, bias)
        changed: dict[int, int] = {}
        try:
            waiting = {gate}
            while waiting:
                at = min(waiting)
                waiting.discard(at)
                sources, gate_weights, gate_bias = self.gates[at]
                terms = [(changed.get(s, self.planes[s]), w) for s, w in zip(sources, gate_weights, strict=True)]
                plane = check.evaluate(terms, gate_bias, self.ones, None)[0]
                if plane != self.planes[first + at]:
                    if first + at in self.outputs:
                        return True
                    changed[first + at] = plane
                    waiting.update(self.readers[first + at])
        finally:
            self.gates[gate] = kept
        return False


def _accepted(claim: Claim) -> bool:
    try:
        check.check(claim.to_bytes(), _memo)
    except (check.Refused, check.Damaged):
        return False
    return True


def _try_gates(data: bytes, gates: range) -> MutationCount:
    claim = decode(data)
    net, form = claim.netlist, claim.netlist.format
    simulation = _Simulation(net)
    changes = altering = refused = altering_refused = 0
    for gate in gates:
        low, high = int(net.offsets[gate]), int(net.offsets[gate + 1])
        weights, bias = tuple(net.weights[low:high].tolist()), int(net.biases[gate])
        mutants = [(k, value) for k in range(high - low) for value in form.weights if value != weights[k]]
        mutants += [(-1, value) for value in form.biases if value != bias]
        for k, value in mutants:
            if k < 0:
                biases = net.biases.copy()
                biases[gate] = value
                mutant, new = replace(net, biases=biases), (weights, value)
            else:
                array = net.weights.copy()
                array[low + k] = value
                mutant, new = replace(net, weights=array), ((*weights[:k], value, *weights[k + 1 :]), bias)
            alters = simulation.alters(gate, *new)
            accepted = _accepted(replace(claim, netlist=mutant))
            changes += 1
            altering += alters
            refused += not accepted
            altering_refused += alters and not accepted
    return MutationCount(changes, altering, refused, altering_refused, changes - refused, simulation.all_rows)
