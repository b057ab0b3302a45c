"""Proof that a file, read back, is the circuit that was to be written.

Both circuits go into one AIG with structural hashing. Where they then have the same literals, they are the same
("structural"). A writer that has changed the structure (covers, XORs) has done so inside single gates: an AND of the
file that agrees with a net of the circuit on random patterns is guessed to be that net, and proven to be it over all
rows of the gate's own sources, from the weights, the sources being nets already met; or over all rows of a window of
the AIG whose leaves are such nets ("local"; SAT sweeping by Kuehlmann and Krohm, DAC 1997, with truth tables in place
of SAT). Then it is replaced by that net. Outputs that still differ are decided over all rows if the inputs are few, else by
the package's equivalence prover. Patterns only guess; they prove nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from trix_circuits.check import evaluate
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.expand import aig_of, gate_literal
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.truth_table import variable

Gate = tuple[list[tuple[int, int]], int, int]  # literals with weights, bias, and 1 if the variable is the complement
MAX_PATTERN_BITS = 1 << 28  # of all variables together
MAX_LEAVES = 16  # of a window of the AIG
MAX_SOURCES = 20  # of a gate; and inputs for all rows
MAX_TRIES = 64
MAX_WINDOWS = 4
MAX_INNER = 5000
LAYERS = 3


@dataclass(frozen=True, slots=True)
class Equality:
    """How two circuits were proven equal: kind, and windows and rows where truth tables did it."""

    kind: str
    windows: int = 0
    rows: int = 0


def prove_same(
    wanted: Netlist | Aig,
    found: Aig,
    inputs: Sequence[int],
    outputs: Sequence[int],
    *,
    time_limit_s: float = 60.0,
) -> Equality:
    """Prove that `found` computes `wanted`; its input k is our input inputs[k], its output k our output outputs[k].

    Raises RefutedError with a counterexample in our names, or LimitError.
    """
    if isinstance(wanted, Netlist):
        wanted_aig = aig_of(wanted)
    else:
        wanted_aig = wanted
    names, output_names = list(wanted_aig.input_names), list(wanted_aig.output_names)
    builder = AigBuilder(names)
    drivers = builder.append(wanted_aig, [builder.input(i) for i in range(len(names))])
    places = [builder.input(place) for place in inputs]
    if builder.append(found, places) == [drivers[place] for place in outputs]:
        return Equality("structural")
    sweep = _Sweep(names, builder.size)
    drivers = sweep.take_netlist(wanted) if isinstance(wanted, Netlist) else sweep.take_aig(wanted)
    goals = [drivers[place] for place in outputs]
    literals = sweep.follow(found, places)
    pairs = [(a, b, output_names[place]) for a, b, place in zip(literals, goals, outputs, strict=True) if a != b]
    if not pairs:
        return Equality("local", sweep.windows, sweep.rows)
    if len(names) <= MAX_SOURCES:
        for a, b, name in pairs:
            sweep.decide(a, b, name)
        return Equality("exhaustive", sweep.windows, sweep.rows)
    return _by_prover(sweep, pairs, time_limit_s)


def _patterns(inputs: int, width: int) -> list[int]:
    """A plane for each input, of eight parts of so many bits, in which ones are from rare to frequent."""
    rng = random.Random(1)
    planes = []
    for _ in range(inputs):
        plane = 0
        for part in range(8):
            word = rng.getrandbits(width)
            for _ in range((0, 0, 0, 1, 2, 4, 2, 4)[part]):
                word = word & rng.getrandbits(width) if part < 6 else word | rng.getrandbits(width)
            plane = plane << width | word
        planes.append(plane)
    return planes


class _Watched(AigBuilder):
    """A builder that also holds the plane of every variable on the patterns."""

    def __init__(self, names: list[str], planes: list[int], ones: int) -> None:
        super().__init__(names)
        self.planes, self.ones = planes, ones
        self.left: list[int] = []
        self.right: list[int] = []

    def plane(self, literal: int) -> int:
        return self.planes[literal >> 1] ^ (self.ones if literal & 1 else 0)

    def and_(self, a: int, b: int) -> int:
        literal = super().and_(a, b)
        if literal >> 1 == len(self.planes):
            self.planes.append(self.plane(a) & self.plane(b))
            self.left.append(a)
            self.right.append(b)
        return literal


class _Sweep:
    """The wanted circuit, its nets being where windows are cut, and then the file's ANDs one after the other."""

    def __init__(self, names: list[str], size: int) -> None:
        self.names, self.windows, self.rows = names, 0, 0
        patterns = max(256, min(4096, MAX_PATTERN_BITS // (1 + len(names) + size) // 256 * 256))
        self._ones = (1 << patterns) - 1
        self.builder = _Watched(names, [0, *_patterns(len(names), patterns // 8)], self._ones)
        self._left, self._right = self.builder.left, self.builder.right
        self._plane = self.builder.plane
        self._cuts: set[int] = set()  # variables that are nets
        self._gates: dict[int, list[Gate]] = {}  # what drives them
        self._known: dict[int, list[int]] = {}  # plane, made to begin with 0 -> literals of nets with it, not yet met
        self._spent: dict[int, list[int]] = {}  # the same, met before
        self._met: list[int] = []  # of each variable of the file: the literal that it is
        self._plain: set[int] = set()  # variables of the file that are nets by structure or by weights
        self._found: tuple[list[int], list[int]] = ([], [])
        for k in range(len(names)):
            self._note(self.builder.input(k))

    def _key(self, plane: int) -> int:
        return plane ^ (-(plane & 1) & self._ones)

    def _note(self, net: int) -> None:
        """A net of the circuit."""
        if net >> 1 not in self._cuts and net > 1:
            self._cuts.add(net >> 1)
            plane = self._plane(net)
            self._known.setdefault(self._key(plane), []).append(net ^ (plane & 1))

    def take_aig(self, aig: Aig) -> list[int]:
        """Make the wanted circuit of an AIG; its outputs' literals."""
        drivers = self.builder.append(aig, [self.builder.input(k) for k in range(len(self.names))])
        for k in range(len(self._left)):
            self._note(2 * (1 + len(self.names) + k))
        return drivers

    def take_netlist(self, netlist: Netlist) -> list[int]:
        """Make the wanted circuit of threshold gates, nets that are proven equal being one; its outputs' literals."""
        nets = [self.builder.input(k) for k in range(len(self.names))]
        for sources, weights, bias in netlist.gates():
            literals = [nets[source] for source in sources]
            literal = gate_literal(self.builder, literals, weights, bias)
            if literal >> 1 not in self._cuts:
                flip = self._plane(literal) & 1
                for net in self._known.get(self._key(self._plane(literal)), [])[-MAX_WINDOWS:]:
                    if literal > 1 and self._window(literal, net ^ flip):
                        literal = net ^ flip
                        break
            self._note(literal)
            terms = list(zip(literals, weights, strict=True))
            self._gates.setdefault(literal >> 1, []).append((terms, bias, literal & 1))
            nets.append(literal)
        return [nets[net] for bits in netlist.outputs.values() for net in bits]

    def follow(self, found: Aig, places: Sequence[int]) -> list[int]:
        """Copy `found` onto the inputs, each variable being replaced by the net that it is proven to be."""
        self._met = [0, *places]
        self._found = found.left.tolist(), found.right.tolist()
        self._plain = set(range(1 + len(places)))
        for k, (a, b) in enumerate(zip(*self._found, strict=True), 1 + len(places)):
            literal = self.builder.and_(self._met[a >> 1] ^ a & 1, self._met[b >> 1] ^ b & 1)
            self._met.append(self._net(k, literal))
        return [self._met[output >> 1] ^ output & 1 for output in found.outputs.tolist()]

    def _net(self, at: int, literal: int) -> int:
        """The net that variable `at` of the file, so far this literal, is; or the literal."""
        if literal >> 1 in self._cuts:
            self._plain.add(at)
            return literal
        flip, key = self._plane(literal) & 1, self._key(self._plane(literal))
        fresh, spent = self._known.get(key, []), self._spent.setdefault(key, [])
        candidates = [*fresh[:MAX_TRIES], *spent[-MAX_TRIES:]]  # files are written in the order of the nets
        found = next((net for net in candidates if self._by_gates(at, net ^ flip)), None)
        if found is not None:
            self._plain.add(at)
        if found is None:
            found = next((net for net in candidates[:MAX_WINDOWS] if self._window(literal, net ^ flip)), None)
        if found is None:
            return literal
        if found in fresh[:MAX_TRIES]:
            fresh.remove(found)
            spent.append(found)
        return found ^ flip

    def _by_gates(self, at: int, net: int) -> bool:
        gates = self._gates.get(net >> 1, ())
        return any(self._is_gate(at, net, gate, strict) for gate in gates for strict in (True, False))

    def _is_gate(self, at: int, net: int, gate: Gate, strict: bool) -> bool:
        """Is variable `at` of the file that net, by the weights of a gate that drives it, over the gate's sources?

        If strict, variables that only a window has shown to be a source are looked through. Rows in which one source contradicts what its own gate makes of the others do not occur.
        """
        terms, bias, inverted = gate
        leaves = {literal >> 1: k for k, literal in enumerate({lit & ~1: 0 for lit, _ in terms if lit > 1})}
        if len(leaves) > MAX_SOURCES:
            return False
        ones = (1 << (1 << len(leaves))) - 1
        left, right = self._found
        first = 1 + len(self.names)
        tables: dict[int, int] = {}
        inner: list[int] = []
        stack = [at]
        while stack:
            v = stack.pop()
            if v in tables:
                continue
            met = self._met[v] if v != at else -1
            if met >= 0 and (met < 2 or (met >> 1 in leaves and (v in self._plain or not strict))):
                table = variable(len(leaves), leaves[met >> 1]) if met > 1 else 0
                tables[v] = table ^ (ones if met & 1 else 0)
            elif v < first or len(inner) > MAX_INNER:
                return False
            else:
                tables[v] = -1
                inner.append(v)
                stack += [left[v - first] >> 1, right[v - first] >> 1]
        for v in sorted(inner):
            a, b = left[v - first], right[v - first]
            tables[v] = (tables[a >> 1] ^ -(a & 1) & ones) & (tables[b >> 1] ^ -(b & 1) & ones)

        def plane(literal: int) -> int:
            table = variable(len(leaves), leaves[literal >> 1]) if literal > 1 else 0
            return table ^ (ones if literal & 1 else 0)

        def fires(weighted: Sequence[tuple[int, int]], constant: int) -> int:
            return evaluate([(plane(lit), weight) for lit, weight in weighted], constant, ones, None)[0]

        self.windows, self.rows = self.windows + 1, self.rows + ones.bit_length()
        different = tables[at] ^ fires(terms, bias) ^ (ones if inverted ^ (net & 1) else 0)
        for leaf in leaves if different else ():
            for weighted, constant, flipped in self._gates.get(leaf, ()):
                if all(lit < 2 or lit >> 1 in leaves for lit, _ in weighted):
                    different &= ~(plane(2 * leaf) ^ fires(weighted, constant) ^ (ones if flipped else 0))
        return not different

    def _window(self, a: int, b: int) -> bool:
        """Do two literals agree on all rows over the nets around them, or over those a layer or two further down?"""
        opened = {a >> 1, b >> 1}  # nets that the window looks through
        for _ in range(LAYERS):
            around = self._cone([a >> 1, b >> 1], self._cuts, MAX_LEAVES, opened)
            if around is None:
                return False
            leaves, inner = around
            for leaf in sorted(leaves & self._cuts, reverse=True):  # a leaf that the others decide is none
                under = self._cone([leaf], leaves, len(leaves), {leaf}, closed=True)
                if under is not None:
                    leaves, inner = leaves - {leaf}, inner | under[1]
            if self._differing_row(a, b, sorted(leaves), sorted(inner)) is None:
                return True
            if not leaves & self._cuts:
                return False
            opened |= leaves
        return False

    def _cone(
        self, roots: list[int], stops: set[int], most: int, opened: set[int], *, closed: bool = False
    ) -> tuple[set[int], set[int]] | None:
        """Leaves and ANDs of a cone; None if there are too many. Leaves are stops that are not opened, and inputs
        (None if it must be closed, and reads an input that is no stop).
        """
        first = 1 + len(self.names)
        leaves: set[int] = set()
        inner: set[int] = set()
        stack = list(roots)
        while stack:
            at = stack.pop()
            if at in inner or at in leaves or at == 0:
                continue
            if (at in stops and at not in opened) or (at < first and not closed):
                leaves.add(at)
            elif at < first:
                return None
            else:
                inner.add(at)
                stack += [self._left[at - first] >> 1, self._right[at - first] >> 1]
            if len(leaves) > most or len(inner) > MAX_INNER:
                return None
        return leaves, inner

    def _differing_row(self, a: int, b: int, leaves: list[int], inner: list[int]) -> int | None:
        first, ones = 1 + len(self.names), (1 << (1 << len(leaves))) - 1
        tables = {0: 0, **{leaf: variable(len(leaves), i) for i, leaf in enumerate(leaves)}}

        def table(literal: int) -> int:
            return tables[literal >> 1] ^ (ones if literal & 1 else 0)

        for at in inner:
            tables[at] = table(self._left[at - first]) & table(self._right[at - first])
        self.windows, self.rows = self.windows + 1, self.rows + (1 << len(leaves))
        different = table(a) ^ table(b)
        return (different & -different).bit_length() - 1 if different else None

    def decide(self, a: int, b: int, name: str) -> None:
        """Compare two literals on all rows of the inputs; raises RefutedError."""
        row = self._differing_row(
            a, b, list(range(1, 1 + len(self.names))), list(range(1 + len(self.names), len(self.builder.planes)))
        )
        if row is not None:
            self.refute(name, [row >> i & 1 for i in range(len(self.names))])

    def refute_by_patterns(self, a: int, b: int, name: str) -> None:
        """Raise RefutedError if the patterns tell two literals apart."""
        different = self._plane(a) ^ self._plane(b)
        if different:
            row = (different & -different).bit_length() - 1
            self.refute(name, [plane >> row & 1 for plane in self.builder.planes[1 : 1 + len(self.names)]])

    def refute(self, name: str, values: list[int]) -> None:
        inputs = dict(zip(self.names, values, strict=True))
        shown = " ".join(f"{bit}={value}" for bit, value in list(inputs.items())[:64])
        raise RefutedError(f"the file, read back, is another circuit: {name} differs where {shown}", inputs)


def _by_prover(sweep: _Sweep, pairs: list[tuple[int, int, str]], time_limit_s: float) -> Equality:
    """The one place where the equivalence prover is called."""
    for a, b, name in pairs:
        sweep.refute_by_patterns(a, b, name)
    first = sweep.builder.finish("read back", [(name, a) for a, _, name in pairs])
    second = sweep.builder.finish("wanted", [(name, b) for _, b, name in pairs])
    try:
        from trix_circuits.prove.equivalence import prove_equal
    except ImportError:
        raise LimitError("the file, read back, could not be proven equal in small windows") from None
    prove_equal(first, second, time_limit_s=time_limit_s)
    return Equality("sat", sweep.windows, sweep.rows)
