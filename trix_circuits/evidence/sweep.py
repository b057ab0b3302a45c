"""Sweeping: a threshold netlist and foreign circuits side by side, equal nets proven and merged from the inputs up.

`Sweep` puts the netlist and the sources over the same inputs, as the checker does (check.attach), and looks for nets
that agree on many patterns. In topological order it proves each such pair equal and merges it, so that the next windows
are small (SAT sweeping: Kuehlmann, Krohm, DAC 1997; Mishchenko, Chatterjee, Brayton, Een, ICCAD 2006):

  window   all rows over a few leaves, most often the inputs of a gate: linear time for a netlist that was mapped gate by
           gate from its source;
  clauses  a SAT solver over the cones of both nets, its answer as an LRAT proof over clauses of single gates;
  digits   regions of adders: the linear identities of both sides, added up, determine every bit (see check.py).

Nothing here is trusted: what is collected is a certificate, and the checker decides it on the stored file.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from trix_circuits import check
from trix_circuits.check import ONE, Linear, accumulate
from trix_circuits.circuit import Certificate
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.planes import Words, directed_rows, gate_plane, lane_planes
from trix_circuits.solve.sat import Never, Sat, SatSession, SatSolver, gate_clauses

PATTERN_WORDS = 1 << 21  # of 64 patterns, over all nets
GATE_LEAVES = 18  # of a window over what one gate reads
FEW_WORDS = 16  # where the mapper's hints may be all that is needed
MOST_LIKES = 16  # nets of the same patterns that are looked at for one: near-constant nets are many
LIKES = 3  # nets of the same patterns for which wider windows are tried
WINDOW_LEAVES = 14  # windows wider than that are left to the clauses
CONE_NODES = 80
GROWTH = 6  # how often a window that fails is widened
CONFLICTS = (100, 1000, 10_000)  # for a pair, in each round
FAIR_TRIAL = 40  # pairs for which wider windows are tried before it is seen whether that pays
SUM_LEAVES = 18  # of such a window
LAYERS = 150  # nets that a window for a linear form may go through
BATCH = 16  # pairs in one request to the solver
PENDING = 8  # counterexamples that are gathered before all nets are evaluated on them
ALL_ROWS = 16  # with so few inputs, all rows are a window


Progress = Callable[[int, int], None]


class Sweep:
    """The netlist and its sources over the same inputs, and the lemmas found so far."""

    def __init__(self, netlist: Netlist, sources: Sequence[check.Source], deadline: float = float("inf")) -> None:
        self.netlist = netlist
        inputs = list(netlist.inputs.items())
        outputs = [(name, list(nets)) for name, nets in netlist.outputs.items()]
        shell = check.Circuit("", "", inputs, outputs, [], [], {}, {}, [])
        self.nets = check.Nets(netlist.input_bits, netlist.gates())
        self.first_source = len(self.nets)
        self.wanted = [check.attach(self.nets, shell, source) for source in sources]
        self.first_ghost = len(self.nets)
        self.steps = check.Steps(self.nets, check.Windows(self.nets))
        self.lemmas: list[list[Any]] = []
        self._merged: set[int] = set(range(netlist.input_bits))  # earliest nets of classes that windows may rest on
        self._members: dict[int, list[int]] = {}  # earliest net of a class -> the others
        self._by_gate: dict[tuple[tuple[int, int], ...], int] = {}
        self._rank: list[int] = []
        self._hinted: dict[int, list[tuple[int, int]]] = {}  # node -> pairs of literals
        self._pending: list[list[int]] = []  # counterexamples: input bits
        self._observed = [net + 1 for net in range(netlist.input_bits)]
        self.deadline = deadline

    # ---- patterns ----------------------------------------------------------------------------------------------------

    def simulate(self, inputs: Words | None = None) -> Words:
        """Evaluate all nets on patterns: given ones [input bits, words], or repeatable random and directed ones."""
        chosen = self._patterns() if inputs is None else inputs
        words = chosen.shape[1]
        planes = np.empty((len(self.nets), words), dtype=np.uint64)
        planes[: len(chosen)] = chosen
        ones = ~np.uint64(0)
        for net, gate in enumerate(self.nets):
            if gate is None:
                continue
            sources, weights, bias = gate
            if (
                len(sources) == 2
                and bias == 1 - (weights[0] > 0) - (weights[1] > 0) - 1
                and abs(weights[0]) == abs(weights[1]) == 1
            ):
                a, b = planes[sources[0]], planes[sources[1]]
                np.bitwise_and(a if weights[0] > 0 else ~a, b if weights[1] > 0 else ~b, out=planes[net])
                continue
            value = gate_plane(list(planes[list(sources)]), tuple(range(len(sources))), weights, bias)
            planes[net] = (ones if value else 0) if isinstance(value, int) else value
        return planes

    def _patterns(self, most: int = 256) -> Words:
        """Uniform, sparse and dense rows, and rows whose words are nearly equal to each other; at most so many words."""
        bits_in = self.netlist.input_bits
        count = 64 * min(most, max(16, PATTERN_WORDS // len(self.nets)))
        if 1 << bits_in <= 8 * count:
            return np.stack([plane[: max(1, (1 << bits_in) // 64)] for plane in lane_planes(max(bits_in, 6))[:bits_in]])
        rows = directed_rows(list(self.netlist.inputs.values()), count, densities=True)
        columns = [value.to_bytes((bits_in + 7) // 8, "little") for value in rows]
        raw = np.frombuffer(b"".join(columns), dtype=np.uint8).reshape(count, -1)
        bits = np.unpackbits(raw, axis=1, bitorder="little")[:, : self.netlist.input_bits]
        packed = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
        return packed.view(np.uint64)

    def _refute(self) -> None:
        wrong = self.counterexample()
        if wrong is not None:
            shown = " ".join(f"{name}={value}" for name, value in wrong.items())
            raise RefutedError(f"the circuits differ where {shown}", wrong)

    def counterexample(self) -> dict[str, int] | None:
        """Inputs among the patterns on which an output differs from a source's."""
        for literals in self.wanted:
            for name, drivers in self.netlist.outputs.items():
                for net, literal in zip(drivers, literals[name], strict=True):
                    differ = (
                        self.planes[net] ^ self.planes[literal >> 1] ^ (~np.uint64(0) if literal & 1 else np.uint64(0))
                    )
                    if differ.any():
                        word = int(np.flatnonzero(differ)[0])
                        return self._inputs_at(64 * word + (int(differ[word]) & -int(differ[word])).bit_length() - 1)
        return None

    def _inputs_at(self, lane: int) -> dict[str, int]:
        word, bit = lane // 64, np.uint64(lane % 64)
        column = (self.planes[: self.netlist.input_bits, word] >> bit & np.uint64(1)).tolist()
        return {
            name: sum(column[net] << i for i, net in enumerate(nets))
            for name, nets in self.netlist.input_nets().items()
        }

    # ---- order -------------------------------------------------------------------------------------------------------

    def run(
        self,
        sums: Callable[[], int] | None = None,
        progress: Progress | None = None,
        hints: Iterable[tuple[int, int]] = (),
        gate_by_gate: bool = False,
    ) -> None:
        """Merge what can be proven equal until all outputs are; raises RefutedError if the patterns show a difference.

        The first pass takes what is quick and is most often all; as long as `sums` merges more (it tells how many
        regions it did), the pass is repeated; the next also widens windows; then the solver is asked, from the inputs
        up, about all nodes of the sources that have no equal yet. `hints` are pairs of a gate and a literal of a source
        that are likely to be equal, and tried first. `gate_by_gate` says that the source was written gate by gate from
        the netlist, so that a window over what a gate reads is the first to try.
        """
        for net, literal in hints:
            self._hinted.setdefault(literal >> 1, []).append((2 * net, literal))
        if self._hinted and self._by_hints(progress):
            return
        if gate_by_gate and self._by_own_sources():
            return
        self.planes = self.simulate()
        self._refute()
        self._first_words = self.planes.shape[1]
        self._numbers = signatures = self._signatures()
        self._ranked = order = self._order(signatures)
        for wider in (False, True):
            self._pass(wider, order, signatures, progress)
            while self._open():
                needed = self._needed()
                order = [net for net in order if net in needed]
                if sums is None or not sums():
                    break
                self._pass(wider, order, signatures, progress)
            else:
                return
        if not self._by_rows():
            self._outputs_by_clauses(progress)

    def _open(self) -> bool:
        """Whether an output is not yet shown to equal a source's."""
        return any(
            self.nets.find(2 * net) != self.nets.find(literal)
            for literals in self.wanted
            for name, drivers in self.netlist.outputs.items()
            for net, literal in zip(drivers, literals[name], strict=True)
        )

    def _needed(self) -> set[int]:
        """The nets below outputs that are not yet shown to be equal, both sides."""
        stack: list[int] = []
        for literals in self.wanted:
            for name, drivers in self.netlist.outputs.items():
                for net, literal in zip(drivers, literals[name], strict=True):
                    if self.nets.find(2 * net) != self.nets.find(literal):
                        stack += [net, literal >> 1]
        seen: set[int] = set()
        while stack:
            net = stack.pop()
            if net not in seen:
                seen.add(net)
                stack.extend((self.nets[net] or ((),))[0])
        return seen

    def _by_hints(self, progress: Progress | None) -> bool:
        """Gates beside the nodes that they are said to compute, in topological order, in linear time; whether all
        outputs are then shown to be equal."""
        self.planes = self.simulate(self._patterns(FEW_WORDS))
        self._refute()
        node_of = {pair[0] >> 1: node for node, pairs in self._hinted.items() for pair in pairs}
        self._rank = [node_of.get(net, net) for net in range(len(self.nets))]
        pairs = [pair for _, pairs in sorted(self._hinted.items()) for pair in pairs]
        for k, pair in enumerate(pairs):
            if k % 1024 == 0:
                self._left()
                if progress is not None:
                    progress(k, len(pairs))
            self._merge_if_equal(*pair, careful=True)
        return not self._open()

    def _by_own_sources(self) -> bool:
        """Each gate beside the node of its patterns, over the gate's own sources; whether all outputs are then shown."""
        self.planes = self.simulate()
        self._refute()
        signatures = self._signatures()
        phase = (self.planes[:, 0] & np.uint64(1)).tolist()
        nodes_of: dict[int, list[int]] = {}
        for node in range(self.first_source, self.first_ghost):
            nodes_of.setdefault(signatures[node], []).append(node)
        own = range(self.netlist.input_bits)
        for net in (*own, self.nets.zero, *range(len(own), self.netlist.net_count)):
            likes = [(2 * net, 2 * node + (phase[net] ^ phase[node])) for node in nodes_of.get(signatures[net], ())]
            reads = len((self.nets[net] or ((),))[0])
            for pair in likes[: max(MOST_LIKES, 1 << 12 >> reads)]:  # all of them, for later gates may read any
                _ = self._over_own_sources(*pair) or self._over_own_sources(*pair, lean=True)
        for literals in self.wanted:  # which may stand behind buffers, inverters, or made twice
            for name, drivers in self.netlist.outputs.items():
                for net, literal in zip(drivers, literals[name], strict=True):
                    _ = self._over_own_sources(2 * net, literal) or self._over_own_sources(2 * net, literal, lean=True)
        return not self._open()

    def _over_own_sources(self, a: int, b: int, lean: bool = False) -> bool:
        """Whether literals are equal over what the gate of the first reads, or over the net itself.

        A writer may have used what it knew of the leaves: if `lean`, those that are gates over the others are taken apart.
        """
        net, gate = a >> 1, self.nets[a >> 1]
        leaves = list(dict.fromkeys(gate[0])) if gate is not None else [net]
        if lean:
            leaves = [leaf for leaf in leaves if not ((inner := self.nets[leaf]) and set(inner[0]) <= set(leaves))]
        for window in (leaves, [net]):
            if not self.known(a, b) and len(window) <= GATE_LEAVES and self.take([a, b, *window]):
                self.note(a, b)
        return self.known(a, b)

    def _pass(
        self,
        wider: bool,
        order: Sequence[int],
        signatures: Sequence[int],
        progress: Progress | None,
    ) -> None:
        likes: dict[int, list[int]] = {signatures[self.nets.zero]: [self.nets.zero]}
        for net in range(self.netlist.input_bits):
            likes.setdefault(signatures[net], []).append(net)
        phase = (self.planes[:, 0] & np.uint64(1)).tolist()
        self._by_gate.clear()
        tried = gained = 0
        for k, net in enumerate(order):
            if k % 1024 == 0:
                self._left()
                if progress is not None:
                    progress(k, len(order))
            earlier = likes.setdefault(signatures[net], [])
            hinted = [self._merge_if_equal(*pair, careful=True) for pair in self._hinted.get(net, ())]
            if not any(hinted) and not self._merge_same(net) and not self.nets.merged(net):
                pairs = [
                    (2 * net, 2 * like + (phase[net] ^ phase[like]))
                    for like in earlier[-MOST_LIKES:]
                    if self._agree(net, like)
                ]
                if len(pairs) > 1:
                    pairs.sort(key=lambda pair: self._size(net, pair[1] >> 1))
                found = any([self._merge_if_equal(*pair) for pair in pairs])  # noqa: C419  # all, for each may be apart
                if wider and net >= self.first_source and pairs and not found:
                    found = any(self._merge_if_equal(*pair, growth=GROWTH) for pair in pairs[:LIKES])
                    tried, gained = tried + 1, gained + found
                    if tried >= FAIR_TRIAL and gained < tried // 4:
                        return  # structure was lost: the solver will be quicker
            if not self.nets.merged(net):
                earlier.append(net)

    def _signatures(self) -> list[int]:
        """A number for each net, the same for nets that agree or disagree on all patterns."""
        flip = np.where(self.planes[:, :1] & np.uint64(1), ~np.uint64(0), np.uint64(0))
        numbers: dict[bytes, int] = {}
        width = self.planes.shape[1] * 8
        raw = (self.planes ^ flip).tobytes()
        return [numbers.setdefault(raw[at : at + width], len(numbers)) for at in range(0, len(raw), width)]

    def _order(self, signatures: Sequence[int]) -> list[int]:
        """Gates and source nodes in an order in which each stands after what it reads, and a gate beside its likes."""
        nodes_of: dict[int, list[int]] = {}
        for net in range(self.first_source, self.first_ghost):
            nodes_of.setdefault(signatures[net], []).append(net)
        rank = [0] * len(self.nets)
        known = {pair[0] >> 1: node for node, pairs in reversed(self._hinted.items()) for pair in pairs}
        for net, gate in enumerate(self.nets):
            if net in known:
                rank[net] = known[net]
            elif gate is not None and net < self.first_source:
                least = max((rank[s] for s in gate[0]), default=0)
                nodes = nodes_of.get(signatures[net], [])
                at = bisect_left(nodes, least)  # the next node of the same patterns is the likeliest to be the same
                rank[net] = nodes[at] if at < len(nodes) else least
            elif gate is not None:
                rank[net] = net if net < self.first_ghost else max((rank[s] for s in gate[0]), default=0)
        self._rank = rank
        nets = [net for net, gate in enumerate(self.nets) if gate is not None and self.nets.constant(net) is None]
        return sorted(nets, key=lambda net: (rank[net], net))

    # ---- one pair ----------------------------------------------------------------------------------------------------

    def _merge_if_equal(self, a: int, b: int, growth: int = 0, careful: bool = False) -> bool:
        x, y = self.nets.find(a), self.nets.find(b)
        if x == y:
            return True
        if careful and x >> 1 != a >> 1:  # what a node equals that is shown to be the same may be plain to see
            more = self._open_ends(b >> 1, {x >> 1})
            if more is not None and len(more) < WINDOW_LEAVES and self.take([x, b, x >> 1, *more]):
                self._note(x, y)
                return True
        windows = self._careful_windows(a >> 1, b >> 1) if careful else self._windows(a >> 1, b >> 1, growth)
        for leaves in windows:
            if self.take([a, b, *leaves]):
                self._note(x, y)
                return True
        return False

    def _merge_same(self, net: int) -> bool:
        """Merge a net with an earlier one whose gate reads the same, equal nets counting as one."""
        sources, weights, bias = self.nets[net] or ((), (), 0)
        form = {ONE: bias}
        for source, weight in zip(sources, weights, strict=True):
            accumulate(form, {source: weight}, 1)
        key = tuple(sorted(self.nets.reduced(form).items()))
        like = self._by_gate.setdefault(key, net)
        x, y = self.nets.find(2 * net), self.nets.find(2 * like)
        if x != y and self.take([2 * net, 2 * like, *(source for source, _ in key if source != ONE)]):
            self._note(x, y)
        return like != net

    def located(self, aig: Aig, source: check.Source) -> dict[int, int]:
        """For variables of an AIG the first source's own literals, found by structure; not all need be there."""
        inputs = len(aig.input_names)
        ins = dict(check.buses(source.inputs, [name for name, _ in source.outputs])[0])
        place = {bit: net for net, bit in enumerate(bit for name in self.netlist.inputs for bit in ins[name])}
        known = {pair: inputs + 1 + k for k, pair in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True))}
        found: dict[int, int] = {0: 2 * self.nets.zero} | {1 + k: 2 * place[k] for k in range(inputs)}
        own: list[int | None] = [2 * (1 + k) for k in range(inputs)]  # literal of the AIG for each net of the source
        for number, (reads, weights, bias) in enumerate(source.gates):
            own.append(None)
            if not reads:
                own[-1] = 0 if bias < 0 else 1
            elif len(reads) == 2 and abs(weights[0]) == abs(weights[1]) == 1:
                a, b = own[reads[0]], own[reads[1]]
                need = (weights[0] < 0) + (weights[1] < 0) - bias
                if a is None or b is None or need not in (1, 2):
                    continue
                flip = need == 1  # an OR
                a, b = a ^ (weights[0] < 0) ^ flip, b ^ (weights[1] < 0) ^ flip
                a, b = max(a, b), min(a, b)
                if b == 0 or a == b ^ 1:
                    own[-1] = 0 ^ flip
                elif b == 1 or a == b:
                    own[-1] = a ^ flip
                elif (a, b) in known:
                    variable = known[a, b]
                    own[-1] = 2 * variable ^ flip
                    found.setdefault(variable, 2 * (self.first_source + number) ^ flip)
        return found

    # ---- for sums.py -------------------------------------------------------------------------------------------------

    def ghost(self, sources: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """A gate that only the proof reads; its net."""
        self.nets.define((tuple(sources), tuple(weights), bias))
        if self._rank:
            self._rank.append(max((self._rank[s] for s in sources), default=0))
        return len(self.nets) - 1

    def known(self, a: int, b: int) -> bool:
        """Whether two literals were merged."""
        return self.nets.find(a) == self.nets.find(b)

    def equal(self, a: int, b: int) -> bool:
        """Whether two literals are equal: known, or by a window."""
        return self._merge_if_equal(a, b, growth=GROWTH)

    def linear(self, leaves: Sequence[int], terms: Linear) -> int | None:
        """The number of the lemma that a linear form is 0 over a window; None if that does not hold there."""
        nets = [net for net in terms if net != ONE]
        entry = [list(dict.fromkeys(leaves)), [], nets, [terms[net] for net in nets], terms.get(ONE, 0), "="]
        return len(self.lemmas) - 1 if self.take(entry) else None

    def linear_below(self, terms: Linear) -> int | None:
        """As `linear`, over leaves that are sought: from the nets of the form downwards, that net first which adds the
        fewest leaves (reconvergence-driven cuts: Mishchenko, Chatterjee, Brayton, DAC 2006)."""
        gates = self.nets
        frontier = {net for net in terms if net != ONE}
        for _ in range(LAYERS):
            best = min(
                ((sum(s not in frontier for s in gate[0]), -net) for net in frontier if (gate := gates[net])),
                default=None,
            )
            if best is None:
                return None
            frontier.remove(-best[1])
            frontier.update((gates[-best[1]] or ((),))[0])
            if len(frontier) > SUM_LEAVES:
                return None
            if best[0] < 2:  # what was only taken apart says no more than before
                lemma = self.linear(sorted(frontier), terms)
                if lemma is not None:
                    return lemma
        return None

    def note(self, a: int, b: int) -> None:
        """Literals are now equal by another lemma."""
        first = self.nets.find(a)
        if first == self.nets.find(b):
            for net in {a >> 1, b >> 1} - {first >> 1}:
                self._note(first, 2 * net)

    def _note(self, a: int, b: int) -> None:
        """Remember that two nets, the earliest of their classes, were merged."""
        first, second = sorted((a >> 1, b >> 1), key=self.nets.rank)
        self._merged.add(first)
        self._members.setdefault(first, []).extend([second, *self._members.pop(second, [])])

    def _agree(self, a: int, b: int) -> bool:
        """Whether two nets of the same patterns also agree, in the same sense, on all patterns added since."""
        if self.planes.shape[1] == self._first_words:
            return True
        flip = ~np.uint64(0) if (self.planes[a, 0] ^ self.planes[b, 0]) & np.uint64(1) else np.uint64(0)
        return bool((self.planes[a, self._first_words :] == self.planes[b, self._first_words :] ^ flip).all())

    def _size(self, a: int, b: int) -> int:
        """How wide the first window for two nets is."""
        leaves = self._below(b if b < self.first_source <= a else a)
        closed = leaves is not None and self._closed(a if b < self.first_source <= a else b, leaves)
        return len(leaves) if leaves is not None and closed else CONE_NODES

    def take(self, entry: list[Any]) -> bool:
        """Add a lemma if it holds."""
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
            top = max((net for net in frontier if self.nets[net] is not None), key=self._rank.__getitem__, default=None)
            if top is None:
                return
            below = self._below(top)
            if below is None:
                return
            frontier = (frontier - {top}) | below
            if len(frontier) > 2 * WINDOW_LEAVES:
                return

    def _careful_windows(self, gate: int, node: int) -> Iterable[list[int]]:
        """For a gate that was made of cuts of a node, though it may not read all their leaves, nor only the lowest.

        A leaf that is a function of the others is left out; leaves that the gate does not read, but the node does, are
        taken in. Then leaves are replaced by those below them, the highest first.
        """
        leaves = self._below(gate)
        tried: set[tuple[int, ...]] = set()
        for _ in range(GROWTH):
            if leaves is None or len(leaves) > WINDOW_LEAVES:
                return
            for lean in (False, True):
                chosen = self._lean(leaves) if lean else leaves
                more = set() if self._closed(node, chosen) else self._open_ends(node, chosen)
                window = chosen | (more or set())
                if more is not None and len(window) <= check.MAX_LEAVES - 6 and tuple(sorted(window)) not in tried:
                    tried.add(tuple(sorted(window)))
                    yield sorted(window)
            gates = [net for net in window if self.nets[net] is not None]
            if not gates:
                return
            # Of what was taken in, what is near to the leaves is the likeliest to depend on them.
            near = [net for net in gates if self._depends(net, window)] or [net for net in gates if net in (more or ())]
            next_one = min(near, key=self._rank.__getitem__) if near else max(gates, key=self._rank.__getitem__)
            below = self._below(next_one)
            leaves = None if below is None else (window - {next_one}) | below

    def _lean(self, leaves: set[int]) -> set[int]:
        """The leaves without those that are functions of the others."""
        kept = set(leaves)
        for leaf in sorted(leaves, key=self.nets.rank, reverse=True):
            if self._closed(leaf, kept - {leaf}):
                kept.remove(leaf)
        return kept

    def _depends(self, net: int, leaves: set[int]) -> bool:
        """Whether a gate that is known to be equal to a net reads other leaves only."""
        return any(
            all(self.nets.find(2 * s) >> 1 in leaves for s in gate[0])
            for other in self._members.get(net, ())
            if (gate := self.nets[other]) is not None
        )

    def _open_ends(self, net: int, leaves: set[int]) -> set[int] | None:
        """Nets to add to the leaves so that all ways down from a net end there; None if they are not at hand.

        They are the highest inputs or merged nets that do not themselves end in the leaves.
        """
        reads: dict[int, list[int]] = {}
        queue = deque([net])  # near ones first, since what the gate does not read may have a large cone
        while queue and len(reads) < CONE_NODES:
            found = queue.popleft()
            gate = self.nets[found]
            if found not in reads and found not in leaves and gate is not None:
                reads[found] = [self.nets.find(2 * s) >> 1 for s in gate[0]]
                queue.extend(reads[found])
        closed = set(leaves)
        for found in sorted(reads, key=self.nets.rank):  # a net reads earlier ones
            if all(s in closed for s in reads[found]):
                closed.add(found)
        ends: set[int] = set()
        stack = [net]
        while stack:
            for s in reads[stack.pop()]:
                if s in closed:
                    continue
                if s in self._merged:
                    ends.add(s)
                elif s in reads:
                    stack.append(s)
                else:
                    return None
                closed.add(s)
        return ends

    def _below(self, net: int) -> set[int] | None:
        """The nearest nets below a net that are inputs or merged; None if they are too many."""
        gate = self.nets[net]
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
            inner = self.nets[found]
            if inner is None or found in self._merged:
                leaves.add(found)
            else:
                stack.extend([self.nets.find(2 * s) >> 1 for s in inner[0]])
            if len(seen) > CONE_NODES or len(leaves) > check.MAX_LEAVES:
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
            gate = self.nets[found]
            seen.add(found)
            if gate is None or len(seen) > CONE_NODES:
                return False
            stack.extend([self.nets.find(2 * s) >> 1 for s in gate[0]])
        return True

    # ---- clauses -----------------------------------------------------------------------------------------------------

    def _outputs_by_clauses(self, progress: Progress | None) -> None:
        """Ask a solver about all outputs that are not yet shown to be equal."""
        pairs = [(self.nets.find(2 * net), self.nets.find(literals[name][bit])) for literals in self.wanted
                 for name, drivers in self.netlist.outputs.items() for bit, net in enumerate(drivers)]  # fmt: skip
        self.by_clauses(pairs, progress)

    def by_clauses(
        self,
        asked: Iterable[tuple[int, int]],
        progress: Progress | None = None,
        rounds: Sequence[int] = CONFLICTS,
    ) -> None:
        """Ask a solver about pairs of literals, after all pairs below them from the inputs up; one lemma for all proven.

        Each round has its limit of conflicts for a pair below; those asked for have a hundred times as many.

        Proven pairs stay in the formula, so that later ones are easier. A counterexample is kept as a pattern.
        """
        reduced = [(self.nets.find(a), self.nets.find(b)) for a, b in asked]
        pairs = list(dict.fromkeys(pair for pair in reduced if pair[0] != pair[1]))
        if not pairs:
            return
        cone = self._cone({literal >> 1 for pair in pairs for literal in pair})
        clauses, owners = self._formula(cone)
        order = [net for net in self._ranked if net in cone]
        with SatSolver() as solver:
            session = solver.session(clauses)
            proven: dict[int, int] = {}  # net -> literal
            found: dict[tuple[int, int], list[int]] = {}  # pair -> marks of both directions
            for conflicts in rounds:
                self._ask_pairs(session, order, proven, conflicts, progress)
                for a, b in pairs:
                    if (a, b) in found:
                        continue
                    queries = [(_dimacs(a), -_dimacs(b)), (-_dimacs(a), _dimacs(b))]
                    limits: dict[str, Any] = {"conflicts": 100 * conflicts, "timeout_s": self._left()}
                    answers = session.assume_each(queries, observe=self._observed, **limits)
                    for answer in answers:
                        if isinstance(answer, Sat):
                            self._keep(answer.model)
                            self._flush()
                    marks = [answer.mark for answer in answers if isinstance(answer, Never)]
                    if len(marks) == 2:
                        found[a, b] = marks
                if len(found) == len(pairs):
                    break
            if not found:
                return
            lrat = session.close([mark for marks in found.values() for mark in marks])
        if lrat is None:
            return
        axioms = [[owners[k], *map(_literal, clauses[k])] for k in lrat.axioms]
        steps = [[list(map(_literal, literals)), list(hints)] for literals, hints in lrat.steps]
        if self.take(["clauses", axioms, steps, *(literal for pair in found for literal in pair)]):
            for a, b in found:
                self.note(a, b)

    def _ask_pairs(
        self,
        session: SatSession,
        order: Sequence[int],
        proven: dict[int, int],
        conflicts: int,
        progress: Progress | None,
    ) -> None:
        """Ask about each node of a source and the first net of its patterns."""
        signatures = self._numbers
        first: dict[int, list[int]] = {signatures[self.nets.zero]: [self.nets.zero]}
        phase = (self.planes[:, 0] & np.uint64(1)).tolist()
        batch: list[tuple[int, int]] = []
        for k, net in enumerate(order):
            if progress is not None and k % 256 == 0:
                progress(k, len(order))
            likes = first.setdefault(signatures[net], [])
            if self.nets.merged(net) or net in proven:
                continue
            like = next((like for like in likes if self._agree(net, like)), None)
            if like is None:
                likes.append(net)
                continue
            batch.append((net, 2 * like + (phase[net] ^ phase[like])))
            if len(batch) == BATCH:
                self._ask(session, batch, proven, conflicts)
                batch.clear()
        self._ask(session, batch, proven, conflicts)

    def _ask(self, session: SatSession, batch: list[tuple[int, int]], proven: dict[int, int], conflicts: int) -> None:
        queries = [
            query for net, like in batch for x, y in [(_dimacs(2 * net), _dimacs(like))] for query in ((x, -y), (-x, y))
        ]
        answers = session.assume_each(queries, observe=self._observed, conflicts=conflicts, timeout_s=self._left())
        for (net, like), one, two in zip(batch, answers[::2], answers[1::2], strict=True):
            if isinstance(one, Never) and isinstance(two, Never):
                proven[net] = like
            for answer in (one, two):
                if isinstance(answer, Sat):
                    self._keep(answer.model)

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise LimitError("no proof was found in the time given")
        return left

    def _cone(self, roots: Iterable[int]) -> set[int]:
        """The roots and all nets below them, the earliest of their classes, as formulas define them."""
        stack = list(roots)
        seen: set[int] = set()
        while stack:
            net = stack.pop()
            if net not in seen:
                seen.add(net)
                stack += self._definition(net)
        return seen

    def _definition(self, net: int) -> list[int]:
        """What the gate that defines a net in formulas reads: an AND of a source, if one is known to be equal."""
        gate = self.nets[self._owner(net)]
        return [self.nets.find(2 * s) >> 1 for s in gate[0]] if gate is not None else []

    def _owner(self, net: int) -> int:
        gate = self.nets[net]
        if gate is None or len(gate[0]) <= 2:
            return net
        return next((other for other in self._members.get(net, ()) if other >= self.first_source), net)

    def _formula(self, cone: Iterable[int]) -> tuple[list[tuple[int, ...]], list[int]]:
        """The clauses of the gates that define these nets, and which gate each follows from."""
        clauses: list[tuple[int, ...]] = []
        owners: list[int] = []
        for net in cone:
            owner = self._owner(net)
            gate = self.nets[owner]
            if gate is None:
                continue
            form = {ONE: gate[2]}
            for source, weight in zip(gate[0], gate[1], strict=True):
                accumulate(form, {source: weight}, 1)
            form = self.nets.reduced(form)
            bias = form.pop(ONE, 0)
            try:
                made = gate_clauses(
                    [s + 1 for s in form], list(form.values()), bias, _dimacs(self.nets.find(2 * owner))
                )
            except LimitError:
                continue  # the net is then free in the formula, which can only hide a proof
            clauses += made
            owners += [owner] * len(made)
        return clauses, owners

    def _keep(self, model: Iterable[int]) -> None:
        """Note the inputs of a model; from time to time evaluate all nets on those, and on inputs near to them."""
        bits = [0] * self.netlist.input_bits
        for literal in model:
            if 0 < literal <= len(bits):
                bits[literal - 1] = 1
        self._pending.append(bits)
        if len(self._pending) >= PENDING:
            self._flush()

    def _flush(self) -> None:
        if not self._pending:
            return
        rng = random.Random(len(self.planes[0]))
        words = np.zeros((self.netlist.input_bits, len(self._pending)), dtype=np.uint64)
        for word, row in enumerate(self._pending):
            for net, bit in enumerate(row):
                words[net, word] = ~np.uint64(0) if bit else 0
            for lane in range(1, 64):
                net = rng.randrange(len(row))
                words[net, word] ^= np.uint64(1 << lane)
        self._pending.clear()
        self.planes = np.concatenate([self.planes, self.simulate(words)[: len(self.planes)]], axis=1)
        self._refute()

    # ---- result ------------------------------------------------------------------------------------------------------

    def missing(self) -> list[tuple[str, int]]:
        """The output bits that are not shown to equal a source's."""
        return [
            (name, bit)
            for literals in self.wanted
            for name, drivers in self.netlist.outputs.items()
            for bit, net in enumerate(drivers)
            if self.nets.find(2 * net) != self.nets.find(literals[name][bit])
        ]

    def _by_rows(self) -> bool:
        """Merge what is left by all rows over all inputs, if they are few."""
        if self.netlist.input_bits > ALL_ROWS:
            return False
        inputs = range(self.netlist.input_bits)
        return all(self.take([2 * self.netlist.outputs[name][bit], literals[name][bit], *inputs])
                   for literals in self.wanted for name, bit in self.missing())  # fmt: skip

    def certificate(self) -> Certificate:
        """The lemmas found."""
        ghosts = [[list(gate[0]), list(gate[1]), gate[2]] for gate in self.nets[self.first_ghost :] if gate]
        return {"ghosts": ghosts, "lemmas": self.lemmas, "goals": []}


def _dimacs(literal: int) -> int:
    return -(literal >> 1) - 1 if literal & 1 else (literal >> 1) + 1


def _literal(dimacs: int) -> int:
    return 2 * (abs(dimacs) - 1) + (dimacs < 0)
