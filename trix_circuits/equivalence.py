"""Proving a threshold netlist equal to foreign circuits, net by net.

`Sweep` puts the netlist and the sources side by side over the same inputs, as the checker does (check.attach), and
looks for nets that agree on many patterns. In topological order it proves each such pair equal and merges it, so that
the next windows are small (SAT sweeping: Kuehlmann, Krohm, DAC 1997; Mishchenko, Chatterjee, Brayton, Een, ICCAD 2006):

  window   all rows over a few leaves, most often the inputs of a gate: linear time for a netlist that was mapped gate by
           gate from its source;
  clauses  a SAT solver over the cones of both nets, its answer as an LRAT proof over clauses of single gates;
  digits   regions of adders: the linear identities of both sides, added up, determine every bit (see check.py).

Nothing here is trusted: what is collected is a certificate, and the checker decides it on the stored file.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trix_circuits import check
from trix_circuits.check import Gate
from trix_circuits.circuit import Certificate, Circuit, Claim, accept
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.netlist import Netlist
from trix_circuits.planes import Words, gate_plane, lane_planes

PATTERN_WORDS = 1 << 21  # of 64 patterns, over all nets
LIKES = 3  # nets of the same patterns for which wider windows are tried
WINDOW_LEAVES = 14  # windows wider than that are left to the clauses
CONE_NODES = 400
GROWTH = 6  # how often a window that fails is widened


@dataclass(frozen=True)
class Region:
    """Identities of adders on both sides that determine `outputs`.

    An identity is (leaves, {literal: coefficient}, constant): the sum of coefficients times literals plus the constant
    is 0 in every row over the leaves. Literals are those of the sweep: 2 * net + inverted. `total` weighs the identities
    so that their sum has no nets but inputs that are equal on both sides, and outputs; it counts modulo 2^bits.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    identities: tuple[tuple[tuple[int, ...], Mapping[int, int], int], ...]
    factors: tuple[int, ...]
    bits: int


class Sweep:
    """The netlist and its sources over the same inputs, and the lemmas found so far."""

    def __init__(self, netlist: Netlist, sources: Sequence[check.Source]) -> None:
        self.netlist = netlist
        inputs = list(netlist.inputs.items())
        outputs = [(name, list(nets)) for name, nets in netlist.outputs.items()]
        shell = check.Circuit("", "", inputs, outputs, [], [], {}, {}, [])
        self.nets = check.Nets(netlist.input_bits, netlist.gates())
        self.first_source = len(self.nets.gates)
        self.wanted = [check.attach(self.nets, shell, source) for source in sources]
        self.steps = check.Steps(self.nets, check.Windows(self.nets, {}))
        self.lemmas: list[list[Any]] = []
        self._merged: set[int] = set(range(netlist.input_bits))  # earliest nets of classes that windows may rest on
        self._rank: list[int] = []

    # ---- patterns ----------------------------------------------------------------------------------------------------

    def simulate(self, inputs: Words | None = None) -> None:
        """Evaluate all nets on patterns: given ones [input bits, words], or repeatable random and directed ones."""
        chosen = self._patterns() if inputs is None else inputs
        words = chosen.shape[1]
        planes = np.empty((len(self.nets.gates), words), dtype=np.uint64)
        planes[: len(chosen)] = chosen
        ones = ~np.uint64(0)
        for net, gate in enumerate(self.nets.gates):
            if gate is None:
                continue
            sources, weights, bias = gate
            if len(sources) == 2 and bias == 1 - (weights[0] > 0) - (weights[1] > 0) - 1 and abs(weights[0]) == abs(weights[1]) == 1:
                a, b = planes[sources[0]], planes[sources[1]]
                np.bitwise_and(a if weights[0] > 0 else ~a, b if weights[1] > 0 else ~b, out=planes[net])
                continue
            value = gate_plane(list(planes[list(sources)]), tuple(range(len(sources))), weights, bias)
            planes[net] = (ones if value else 0) if isinstance(value, int) else value
        self.planes = planes

    def _patterns(self) -> Words:
        """Uniform, sparse and dense rows, and rows whose words are nearly equal to each other."""
        rng = random.Random(1)
        bits_in = self.netlist.input_bits
        count = 64 * min(256, max(16, PATTERN_WORDS // len(self.nets.gates)))
        if 1 << bits_in <= 8 * count:
            return np.stack([plane[: max(1, (1 << bits_in) // 64)] for plane in lane_planes(max(bits_in, 6))[:bits_in]])
        columns: list[bytes] = []
        for row in range(count):
            value, at, last = 0, 0, 0
            for width in self.netlist.inputs.values():
                word, few = rng.getrandbits(width), 1 << rng.randrange(width)
                for digit in range(3 if row % 3 else 0):  # ones of density 1/16 to 15/16
                    word = word & rng.getrandbits(width) if row >> 3 + digit & 1 else word | rng.getrandbits(width)
                for _ in range(row // 8 % 3):
                    few |= 1 << rng.randrange(width)
                full = (1 << width) - 1
                word = (word, word, last ^ few, last, few, full ^ few, last ^ full ^ few, word & -few)[row % 8] & full
                value |= word << at
                at, last = at + width, word
            columns.append(value.to_bytes((at + 7) // 8, "little"))
        raw = np.frombuffer(b"".join(columns), dtype=np.uint8).reshape(count, -1)
        bits = np.unpackbits(raw, axis=1, bitorder="little")[:, : self.netlist.input_bits]
        packed = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
        return packed.view(np.uint64)

    def counterexample(self) -> dict[str, int] | None:
        """Inputs among the patterns on which an output differs from a source's."""
        for literals in self.wanted:
            for name, drivers in self.netlist.outputs.items():
                for net, literal in zip(drivers, literals[name], strict=True):
                    differ = self.planes[net] ^ self.planes[literal >> 1] ^ (~np.uint64(0) if literal & 1 else np.uint64(0))
                    if differ.any():
                        word = int(np.flatnonzero(differ)[0])
                        return self._inputs_at(64 * word + (int(differ[word]) & -int(differ[word])).bit_length() - 1)
        return None

    def _inputs_at(self, lane: int) -> dict[str, int]:
        word, bit = lane // 64, np.uint64(lane % 64)
        column = (self.planes[: self.netlist.input_bits, word] >> bit & np.uint64(1)).tolist()
        return {name: sum(column[net] << i for i, net in enumerate(nets)) for name, nets in self.netlist.input_nets().items()}

    # ---- order -------------------------------------------------------------------------------------------------------

    def run(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Merge all pairs that can be proven equal; raises RefutedError if the patterns show a difference."""
        self.simulate()
        wrong = self.counterexample()
        if wrong is not None:
            raise RefutedError("the circuits differ", wrong)
        signatures = self._signatures()
        order = self._order(signatures)
        likes: dict[int, list[int]] = {signatures[self.nets.zero]: [self.nets.zero]}
        for net in range(self.netlist.input_bits):
            likes.setdefault(signatures[net], []).append(net)
        phase = (self.planes[:, 0] & np.uint64(1)).tolist()
        for k, net in enumerate(order):
            earlier = likes.setdefault(signatures[net], [])
            pairs = [(2 * net, 2 * like + (phase[net] ^ phase[like])) for like in earlier]
            equal = [self._merge_if_equal(*pair, growth=0) for pair in pairs]  # all, for they may have been kept apart
            if any(equal) or any(self._merge_if_equal(*pair) for pair in pairs[-LIKES:]):
                if len(earlier) > 1:
                    likes[signatures[net]] = [like for like in earlier if like not in self.nets.equal]
            else:
                earlier.append(net)
            if progress is not None and k % 1024 == 0:
                progress(k, len(order))

    def _signatures(self) -> list[int]:
        """A number for each net, the same for nets that agree or disagree on all patterns."""
        flip = np.where(self.planes[:, :1] & np.uint64(1), ~np.uint64(0), np.uint64(0))
        numbers: dict[bytes, int] = {}
        width = self.planes.shape[1] * 8
        raw = (self.planes ^ flip).tobytes()
        return [numbers.setdefault(raw[at : at + width], len(numbers)) for at in range(0, len(raw), width)]

    def _order(self, signatures: Sequence[int]) -> list[int]:
        """Gates and source nodes in an order in which each stands after what it reads, and a gate beside its likes."""
        node_of: dict[int, int] = {}
        for net in range(self.first_source, len(self.nets.gates)):
            node_of.setdefault(signatures[net], net)
        rank = [0] * len(self.nets.gates)
        for net, gate in enumerate(self.nets.gates):
            if gate is not None and net < self.first_source:
                rank[net] = max([node_of.get(signatures[net], 0), *(rank[s] for s in gate[0])])
            elif gate is not None:
                rank[net] = net
        self._rank = rank
        nets = [net for net, gate in enumerate(self.nets.gates) if gate is not None and net not in self.nets.values]
        return sorted(nets, key=lambda net: (rank[net], net))

    # ---- one pair ----------------------------------------------------------------------------------------------------

    def _merge_if_equal(self, a: int, b: int, growth: int = GROWTH) -> bool:
        a, b = self.nets.find(a), self.nets.find(b)
        if a == b:
            return True
        for leaves in self._windows(a >> 1, b >> 1, growth):
            if self._take([a, b, *leaves]):
                self._merged.add(min(a, b) >> 1)
                return True
        return False

    def _take(self, entry: list[Any]) -> bool:
        try:
            self.steps.take(entry)
        except (check.Refused, check.TooLarge):
            return False
        self.lemmas.append(entry)
        return True

    def _windows(self, a: int, b: int, growth: int) -> Iterable[list[int]]:
        """Sets of leaves to try for a pair of nets, the most promising first; then so many wider ones."""
        gate, other = (b, a) if b < self.first_source <= a else (a, b)
        leaves = self._below(gate)
        if leaves is not None and len(leaves) <= check.MAX_LEAVES - 6 and self._closed(other, leaves):
            yield sorted(leaves)
        both = self._below(other) if growth else None
        if leaves is None or both is None:
            return
        frontier = leaves | both
        for _ in range(growth):
            if len(frontier) <= WINDOW_LEAVES:
                yield sorted(frontier)
            top = max((net for net in frontier if self.nets.gates[net] is not None), key=self._rank.__getitem__, default=None)
            if top is None:
                return
            below = self._below(top)
            if below is None:
                return
            frontier = (frontier - {top}) | below
            if len(frontier) > 2 * WINDOW_LEAVES:
                return

    def _below(self, net: int) -> set[int] | None:
        """The nearest nets below a net that are inputs or merged; None if they are too many."""
        gate = self.nets.gates[net]
        if gate is None:
            return {net}
        leaves: set[int] = set()
        seen = {net}
        stack = [self.nets.find(2 * s) >> 1 for s in gate[0]]
        while stack:
            found = stack.pop()
            if found in seen:
                continue
            seen.add(found)
            inner = self.nets.gates[found]
            if inner is None or found in self._merged:
                leaves.add(found)
            else:
                stack.extend([self.nets.find(2 * s) >> 1 for s in inner[0]])
            if len(seen) > CONE_NODES:
                return None
        return leaves

    def _closed(self, net: int, leaves: set[int]) -> bool:
        """Whether all ways down from a net end in the leaves soon."""
        seen: set[int] = set()
        stack = [net]
        while stack:
            found = stack.pop()
            if found in leaves or found in seen:
                continue
            gate = self.nets.gates[found]
            seen.add(found)
            if gate is None or len(seen) > CONE_NODES:
                return False
            stack.extend([self.nets.find(2 * s) >> 1 for s in gate[0]])
        return True

    # ---- result ------------------------------------------------------------------------------------------------------

    def missing(self) -> list[tuple[str, int]]:
        """The output bits that are not shown to equal a source's."""
        found = []
        for literals in self.wanted:
            for name, drivers in self.netlist.outputs.items():
                for bit, net in enumerate(drivers):
                    if not self._merge_if_equal(literals[name][bit], 2 * net):
                        found.append((name, bit))
        return found

    def certificate(self) -> Certificate:
        """The lemmas found."""
        return {"ghosts": [], "lemmas": self.lemmas, "goals": []}


def certify_against(
    name: str,
    netlist: Netlist,
    sources: Sequence[bytes],
    source_names: Sequence[str],
    *,
    origin: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Circuit:
    """The circuit of a netlist that is proven equal to its sources (bytes of AIGER or BLIF files).

    Raises RefutedError with a counterexample if they differ, LimitError if no proof is found.
    """
    sweep = Sweep(netlist, [check.read_source(source) for source in sources])
    sweep.run(progress)
    missing = sweep.missing()
    if missing:
        raise LimitError(f"no proof was found for {len(missing)} output bits, the first being bit {missing[0][1]} of {missing[0][0]}")
    claim = Claim(name, netlist, (), sweep.certificate(), {}, dict(origin or {}), tuple(sources), tuple(source_names))
    return accept(claim, name)
