"""Proof that a file, read back, is the circuit that was to be written.

Both circuits go into one AIG with structural hashing. Where they then have the same literals, they are the same
("structural"). A writer that has changed the structure (covers, XORs) has done so inside single gates: an AND of the
file that agrees with a net of the circuit on random patterns is guessed to be that net, proven over all rows of a
window whose leaves are nets already met ("local"; SAT sweeping by Kuehlmann and Krohm, DAC 1997, with truth tables in
place of SAT), and replaced by it. Outputs that still differ are decided over all rows if the inputs are few, else by
the package's equivalence prover. Patterns only guess; they prove nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from trix_circuits.aig import Aig, AigBuilder
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.expand import bit_names, gate_literals
from trix_circuits.netlist import Netlist
from trix_circuits.truth_table import variable

PATTERNS = 256
MAX_LEAVES = 20
MAX_TRIES = 64
MAX_INNER = 5000
LAYERS = 3
_ONES = (1 << PATTERNS) - 1


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
    names = bit_names(wanted.inputs.items()) if isinstance(wanted, Netlist) else list(wanted.input_names)
    builder = AigBuilder(names)
    if isinstance(wanted, Netlist):
        nets = gate_literals(builder, wanted)
        drivers = [nets[net] for bits in wanted.outputs.values() for net in bits]
    else:
        drivers = builder.append(wanted, [builder.input(i) for i in range(len(names))])
        nets = [2 * variable for variable in range(1, 1 + len(names) + builder.size)]
    goals = [drivers[place] for place in outputs]
    own = builder.size
    places = [builder.input(place) for place in inputs]
    if builder.append(found, places) == goals:
        return Equality("structural")
    if isinstance(wanted, Netlist):
        output_names = bit_names((bus, len(bits)) for bus, bits in wanted.outputs.items())
    else:
        output_names = list(wanted.output_names)
    sweep = _Sweep(names, builder, own, nets)
    literals = sweep.follow(found, places)
    pairs = [(a, b, output_names[place]) for a, b, place in zip(literals, goals, outputs, strict=True) if a != b]
    if not pairs:
        return Equality("local", sweep.windows, sweep.rows)
    if len(names) <= MAX_LEAVES:
        for a, b, name in pairs:
            sweep.decide(a, b, name)
        return Equality("exhaustive", sweep.windows, sweep.rows)
    return _by_prover(sweep, pairs, time_limit_s)


class _Sweep:
    """The wanted circuit in a builder of its own, with patterns of every variable, and nets that cut windows."""

    def __init__(self, names: list[str], full: AigBuilder, own: int, nets: Sequence[int]) -> None:
        self.names, self.windows, self.rows = names, 0, 0
        self.builder = AigBuilder(names)
        rng = random.Random(1)
        self._planes = [0, *(rng.getrandbits(PATTERNS) for _ in names)]
        self._left: list[int] = []
        self._right: list[int] = []
        whole = full.finish("both", [], clean=False)
        for a, b in zip(whole.left[:own].tolist(), whole.right[:own].tolist(), strict=True):
            self._and(a, b)
        self._cuts = {net >> 1 for net in nets}
        self._known: dict[int, list[int]] = {}  # pattern, made to begin with 0 -> literals of nets with it
        for net in dict.fromkeys(nets):
            plane = self._plane(net)
            self._known.setdefault(plane ^ (-(plane & 1) & _ONES), []).append(net ^ (plane & 1))

    def _plane(self, literal: int) -> int:
        return self._planes[literal >> 1] ^ (_ONES if literal & 1 else 0)

    def _and(self, a: int, b: int) -> int:
        literal = self.builder.and_(a, b)
        if literal >> 1 == len(self._planes):
            self._planes.append(self._plane(a) & self._plane(b))
            self._left.append(a)
            self._right.append(b)
        return literal

    def follow(self, found: Aig, places: Sequence[int]) -> list[int]:
        """Copy `found` onto the inputs, each variable being replaced by the net that it is proven to be."""
        literals = [0, *places]
        for a, b in zip(found.left.tolist(), found.right.tolist(), strict=True):
            literal = self._and(literals[a >> 1] ^ a & 1, literals[b >> 1] ^ b & 1)
            literals.append(self._net(literal))
        return [literals[output >> 1] ^ output & 1 for output in found.outputs.tolist()]

    def _net(self, literal: int) -> int:
        if literal >> 1 in self._cuts:
            return literal
        plane = self._plane(literal)
        flip = plane & 1
        for net in self._known.get(plane ^ (-flip & _ONES), [])[:MAX_TRIES]:
            if self._window(literal, net ^ flip):
                return net ^ flip
        return literal

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
            a, b, list(range(1, 1 + len(self.names))), list(range(1 + len(self.names), len(self._planes)))
        )
        if row is not None:
            self.refute(name, [row >> i & 1 for i in range(len(self.names))])

    def refute_by_patterns(self, a: int, b: int, name: str) -> None:
        """Raise RefutedError if the patterns tell two literals apart."""
        different = self._plane(a) ^ self._plane(b)
        if different:
            row = (different & -different).bit_length() - 1
            self.refute(name, [plane >> row & 1 for plane in self._planes[1 : 1 + len(self.names)]])

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
        from trix_circuits.equivalence import prove_equal
    except ImportError:
        raise LimitError("the file, read back, could not be proven equal in small windows") from None
    prove_equal(first, second, time_limit_s=time_limit_s)
    return Equality("sat", sweep.windows, sweep.rows)
