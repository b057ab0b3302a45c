"""Finding evidence: how a certificate for a netlist and its meaning is made.

`Prover` proposes lemmas in the checker's own terms (check.py) and keeps those that hold; nothing here is trusted,
since the checker decides every lemma again on the stored file. Ways, in the order in which they are tried:

  blocks   A generator says which linear identities its blocks obey, such as a + b + c = s + 2c'. The ledger takes the
           goal, and from the last block to the first subtracts the multiple of each identity that cancels the block's
           outputs. What is left must be 0.
  sweep    Nets and reference nodes that agree on many patterns are guessed to be equal, and proven so in topological
           order over small windows whose leaves are nets already proven equal (SAT sweeping, Kuehlmann and Krohm,
           DAC 1997, with truth tables in place of SAT).
  rows     All 2^n rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trix_circuits import check
from trix_circuits.check import ONE, Linear, accumulate
from trix_circuits.circuit import Certificate, Circuit, Claim, accept
from trix_circuits.errors import LimitError, RefutedError
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.planes import directed_rows

ROWS_AT_ONCE = 12  # with so few inputs, all rows are the plainest evidence
ROWS_AT_MOST = check.MAX_LEAVES
SWEEP_LEAVES = 20
SWEEP_PASSES = 4
_TO_THE_INPUTS = 1 << 30
PATTERNS = 2048
FEW_INPUTS = 4  # a net of so few inputs is always taken apart
_ONES = (1 << PATTERNS) - 1


@dataclass(frozen=True)
class Block:
    """sum(terms) + constant = 0 over all values of `leaves` which the lemmas `given` allow.

    `outputs` are the nets that this block adds.
    """

    leaves: tuple[int, ...]
    terms: Mapping[int, int]
    outputs: tuple[int, ...]
    constant: int = 0
    given: tuple[int, ...] = ()


@dataclass
class Draft:
    """A netlist with its meaning and hints for its proof: what a generator hands over.

    `blocks` are identities in the order in which the nets were made; `evidence` may add further lemmas to the prover
    and return more blocks over nets and ghosts.
    """

    name: str
    netlist: Netlist
    meaning: tuple[str, ...]
    blocks: Sequence[Block] = ()
    evidence: Callable[[Prover], Sequence[Block]] | None = None
    defaults: Mapping[str, int] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)


Fact = tuple[int, Sequence[int]]  # a lemma, and the nets that it defines


class Prover:
    """Collects ghosts and lemmas for one netlist and meaning."""

    def __init__(self, netlist: Netlist, meaning: Sequence[str]) -> None:
        self.netlist = netlist
        self.nets = _RecordingNets(netlist.input_bits, netlist.gates())
        inputs, outputs = list(netlist.inputs.items()), [(name, list(nets)) for name, nets in netlist.outputs.items()]
        self.goals = check.Meaning(inputs, outputs, self.nets).goals(meaning)
        self._ghosts_from = len(self.nets)
        self._windows = check.Windows(self.nets)
        self._lemmas: list[list[Any]] = []
        self._claims: list[check.Claim] = []
        self._planes: list[int] = []
        self._few: list[frozenset[int] | None] = []  # the inputs that a net depends on, if they are few
        self._first: dict[int, int] = {}  # plane -> earliest net that has it
        self._equal: dict[
            int, tuple[int, int]
        ] = {}  # net -> earliest net of its class, lemma that says so (-1: itself)

    def lemma(
        self, leaves: Sequence[int], terms: Mapping[int, int], given: Sequence[int] = (), *, equation: bool = True
    ) -> int | None:
        """Propose sum(terms) = 0 (or >= 0) over a window; the lemma's number, or None if it does not hold there."""
        claim = check.Claim(dict(terms), equation)
        try:
            fails = self._windows.failure(leaves, [claim, *(self._claims[g] for g in given)]) is not None
        except (check.Refused, check.TooLarge):  # the window is open, or too wide
            return None
        if fails:
            return None
        nets = [net for net in terms if net != ONE]
        entry = [list(leaves), list(given), nets, [terms[net] for net in nets], terms.get(ONE, 0)]
        self._lemmas.append([*entry, "=" if equation else ">="])
        self._claims.append(claim)
        return len(self._claims) - 1

    def require(
        self, leaves: Sequence[int], terms: Mapping[int, int], given: Sequence[int] = (), *, equation: bool = True
    ) -> int:
        """A lemma that must hold; raises RefutedError if it does not."""
        number = self.lemma(leaves, terms, given, equation=equation)
        if number is None:
            raise RefutedError(f"a lemma over the leaves {list(leaves)} does not hold: the construction is wrong")
        return number

    def certificate(self, proofs: list[Any]) -> Certificate:
        """The certificate with all lemmas that were proposed."""
        ghosts = [[list(g[0]), list(g[1]), g[2]] for g in self.nets[self._ghosts_from :] if g is not None]
        return {"ghosts": ghosts, "lemmas": self._lemmas, "goals": proofs}

    # ---- ledger ------------------------------------------------------------------------------------------------------

    def ledger(self, goal: check.Claim, facts: Sequence[Fact]) -> list[list[int]] | None:
        """Multipliers for lemmas, given in order with the nets that each one defines, that add up to the goal."""
        rest, proof = dict(goal.terms), []
        for lemma, outputs in reversed(facts):
            terms = self._claims[lemma].terms
            factor = 0
            for net in outputs:
                if rest.get(net) and terms.get(net) and rest[net] % terms[net] == 0:
                    factor = rest[net] // terms[net]
                    break
            if factor:
                accumulate(rest, terms, -factor)
                proof.append([lemma, factor])
        reach = [sum(max(side * w, 0) for w in goal.terms.values()) for side in (1, -1)]
        bits = max(reach).bit_length() if goal.bits is None else goal.bits
        return None if any(weight % (1 << bits) for weight in rest.values()) else proof

    # ---- sweep -------------------------------------------------------------------------------------------------------

    def simulate(self) -> None:
        """Evaluate every net on PATTERNS rows: uniform, sparse, dense, and with buses that are nearly equal; repeatable."""
        rows = list(directed_rows(list(self.netlist.inputs.values()), PATTERNS, densities=False))
        digits = [f"{value:0{self.netlist.input_bits}b}"[::-1] for value in reversed(rows)]
        self._planes += [int("".join(column), 2) for column in zip(*digits, strict=True)]
        self._few += [frozenset([net]) for net in range(self.netlist.input_bits)]
        self._extend()
        self._first = {0: self.nets.zero, _ONES: self.nets.one}

    def _extend(self) -> None:
        for gate in self.nets[len(self._planes) :]:
            sources, weights, bias = gate or ((), (), 0)
            terms = [(self._planes[s], w) for s, w in zip(sources, weights, strict=True)]
            self._planes.append(check.evaluate(terms, bias, _ONES, None)[0])
            few = [self._few[s] for s in sources]
            near = None if None in few else frozenset().union(*(f for f in few if f is not None))
            self._few.append(near if near is not None and len(near) <= FEW_INPUTS else None)

    def counterexample(self, goal: check.Claim) -> dict[str, int] | None:
        """Inputs among the patterns that violate a goal."""
        self._extend()
        terms = [(self._planes[net], weight) for net, weight in goal.terms.items() if net != ONE]
        wrong = check.evaluate(terms, goal.terms.get(ONE, 0), _ONES, goal.bits)[1] ^ _ONES
        if not wrong:
            return None
        row = (wrong & -wrong).bit_length() - 1
        nets = self.netlist.input_nets().items()
        return {name: sum((self._planes[net] >> row & 1) << i for i, net in enumerate(bits)) for name, bits in nets}

    def sweep(self, targets: Iterable[int]) -> None:
        """Prove equalities among the nets in the cones of the targets, each with the earliest net of its class."""
        self._extend()
        for net in sorted(self._cone(targets)):
            plane = self._planes[net]
            if net in self._equal:
                continue
            for candidate, inverted in ((self._first.get(plane), False), (self._first.get(plane ^ _ONES), True)):
                if candidate is not None and candidate != net:
                    lemma = self.local({net: 1, candidate: 1, ONE: -1} if inverted else {net: 1, candidate: -1})
                    if lemma is not None:
                        self._equal[net] = (candidate, lemma)
                        self._equal.setdefault(candidate, (candidate, -1))
                        break
            else:
                self._first.setdefault(plane, net)

    def _cone(self, targets: Iterable[int]) -> set[int]:
        cone: set[int] = set()
        stack = list(targets)
        while stack:
            net = stack.pop()
            if net not in cone:
                cone.add(net)
                stack.extend((self.nets[net] or ((),))[0])
        return cone

    def local(self, terms: Mapping[int, int]) -> int | None:
        """Prove sum(terms) = 0 over a window whose leaves are inputs and nets with a proven equal; None if none serves.

        Windows grow until the claim holds: each further one goes through one more layer of such nets.
        """
        for passes in (*range(SWEEP_PASSES), _TO_THE_INPUTS):
            leaves, given = self._window([net for net in terms if net != ONE], passes)
            if len(leaves) > SWEEP_LEAVES:
                continue
            lemma = self.lemma(leaves, terms, given)
            if lemma is not None:
                return lemma
        return None

    def _window(self, targets: Sequence[int], passes: int) -> tuple[list[int], list[int]]:
        """Leaves, and the lemmas that tie them together, of a window which passes through so many layers."""
        budgets: dict[int, int] = {}
        expanded: set[int] = set()
        stack = [(net, passes + 1) for net in targets]
        while stack:
            net, budget = stack.pop()
            if budgets.get(net, -1) >= budget or len(budgets) > 50 * SWEEP_LEAVES:
                continue
            budgets[net] = budget
            gate, stops = self.nets[net], (net in self._equal and self._few[net] is None) or net in targets
            if gate is not None and (budget > 0 or not stops):
                expanded.add(net)
                stack.extend((source, budget - stops) for source in gate[0])
        leaves, given = set(budgets) - expanded, []
        classes: dict[int, list[int]] = {}
        for net in sorted(budgets):
            classes.setdefault(self._equal.get(net, (net, -1))[0], []).append(net)
        for root, members in classes.items():
            if len(members) > 1 and not leaves.isdisjoint(members):  # say that they are equal
                given += [self._equal[net][1] for net in members if net != root]
                leaves |= {root} - expanded
        return sorted(leaves), given

    # ---- goals -------------------------------------------------------------------------------------------------------

    def prove(self, blocks: Sequence[Block] = ()) -> Certificate:
        """Evidence for every goal; raises RefutedError with a counterexample, or LimitError if no way leads there."""
        if self.netlist.input_bits <= ROWS_AT_ONCE:
            return self.certificate(["rows"] * len(self.goals))
        try:
            facts = [(self.require(b.leaves, {**b.terms, ONE: b.constant}, b.given), b.outputs) for b in blocks]
        except RefutedError:
            self._refute()  # a counterexample says more
            raise
        proofs: list[Any] = [self.ledger(goal, facts) if facts else None for goal in self.goals]
        if None in proofs:
            self._refute()
        return self.certificate(
            [self._prove(g, facts) if p is None else p for g, p in zip(self.goals, proofs, strict=True)]
        )

    def _refute(self) -> None:
        """Raise RefutedError if the patterns show that a goal is not met."""
        self.simulate()
        for goal in self.goals:
            inputs = self.counterexample(goal)
            if inputs is not None:
                shown = " ".join(f"{name}={value}" for name, value in inputs.items())
                raise RefutedError(f"the meaning is not met where {shown}", inputs)

    def _prove(self, goal: check.Claim, facts: Sequence[Fact]) -> Any:
        own = range(self.netlist.input_bits, self.netlist.net_count)
        products = [net for net in goal.terms if net >= own.stop]
        if facts and products:
            self.sweep(net for net in goal.terms if net != ONE)
            proof = self.ledger(goal, [*self._equalities(products, own), *facts])
            if proof is not None:
                return proof
        self.sweep(net for net in goal.terms if net != ONE)
        proof = self._bit_by_bit(goal) or self._by_ripple(goal, own)
        if proof is not None:
            return proof
        if self.netlist.input_bits <= ROWS_AT_MOST:
            return "rows"
        raise LimitError(f"no evidence was found for {self.netlist.input_bits} input bits; the meaning may still hold")

    def _equalities(self, nets: Iterable[int], own: range) -> list[Fact]:
        """Facts net = its root, for reference nodes whose root is a net of the circuit."""
        found = ((net, self._equal.get(net, (net, -1))) for net in nets)
        return [(lemma, (root,)) for _, (root, lemma) in found if lemma >= 0 and root in own]

    def _bit_by_bit(self, goal: check.Claim) -> list[list[int]] | None:
        """Terms of equal magnitude cancel among themselves."""
        groups: dict[int, Linear] = {}
        for net, weight in goal.terms.items():
            if net != ONE and (goal.bits is None or weight % (1 << goal.bits)):
                groups.setdefault(abs(weight), {})[net] = 1 if weight > 0 else -1
        if any(magnitude & magnitude - 1 for magnitude in groups) or sum(len(g) for g in groups.values()) > 8 * len(
            groups
        ):
            return None
        proof, constant = [], goal.terms.get(ONE, 0)
        for magnitude, terms in sorted(groups.items()):
            for offset in sorted(range(-len(terms), len(terms) + 1), key=abs):
                lemma = self.local({**terms, ONE: offset}) if self._plausible({**terms, ONE: offset}) else None
                if lemma is not None:
                    proof.append([lemma, magnitude])
                    constant -= offset * magnitude
                    break
            else:
                return None
        return proof if constant == 0 or (goal.bits is not None and constant % (1 << goal.bits) == 0) else None

    def _plausible(self, terms: Linear) -> bool:
        planes = [(self._planes[net], weight) for net, weight in terms.items() if net != ONE]
        return check.evaluate(planes, terms.get(ONE, 0), _ONES, None)[1] == _ONES

    def _by_ripple(self, goal: check.Claim, own: range) -> list[list[int]] | None:
        """The outputs equal, bit by bit, the ripple adders over the right-hand side, and those add up to it."""
        right = {net: -weight for net, weight in goal.terms.items() if net not in own}
        left = {net: weight for net, weight in goal.terms.items() if net in own}
        recorder = self.nets.steps
        recorder.clear()
        word = check.word_of(self.nets, right)
        steps = list(recorder)
        self.sweep([*left, *word])
        facts: list[Fact] = []
        for leaves, terms, outputs in steps:
            lemma = self.lemma(leaves, terms)
            if lemma is None:
                return None
            facts.append((lemma, outputs))
        for net in left:
            root, lemma = self._equal.get(net, (net, -1))
            if lemma >= 0:
                facts.append((lemma, (net,)))
        for net in word:
            root, lemma = self._equal.get(net, (net, -1))
            if lemma >= 0 and root in left:
                facts.append((lemma, (root,)))
        return self.ledger(goal, facts)


class _RecordingNets(check.Nets):
    """Nets that remember the identity of each full adder and inverter made."""

    def __init__(self, inputs: int, gates: Iterable[check.Gate]) -> None:
        self.steps: list[tuple[list[int], Linear, tuple[int, ...]]] = []
        super().__init__(inputs, gates)

    def _record(self, sources: Sequence[int], made: Sequence[tuple[int, int]], constant: int = 0) -> None:
        """Note that the sources add up to the weighted sum of the nets made, plus a constant."""
        terms: Linear = {ONE: -constant} if constant else {}
        for net, weight in (*((source, 1) for source in sources), *((net, -weight) for net, weight in made)):
            value = self.constant(net)
            accumulate(terms, {net: weight} if value is None else {ONE: value * weight}, 1)
        leaves = [source for source in dict.fromkeys(sources) if self.constant(source) is None]
        new = tuple(net for net, _ in made if net in terms and net not in leaves)
        if new:
            self.steps.append((leaves, terms, new))

    def full_adder(self, a: int, b: int, c: int) -> tuple[int, int]:
        total, carry = super().full_adder(a, b, c)
        self._record([a, b, c], [(total, 1), (carry, 2)])
        return total, carry

    def inverse(self, net: int) -> int:
        found = super().inverse(net)
        self._record([net], [(found, -1)], 1)
        return found


def certify(draft: Draft) -> Circuit:
    """Find a certificate for a draft, and have the checker accept the bytes of the result."""
    prover = Prover(draft.netlist, draft.meaning)
    blocks = list(draft.blocks)
    if draft.evidence and draft.netlist.input_bits > ROWS_AT_ONCE:
        blocks += draft.evidence(prover)
    certificate = prover.prove(blocks)
    return accept(
        Claim(draft.name, draft.netlist, tuple(draft.meaning), certificate, draft.defaults, draft.origin), draft.name
    )
