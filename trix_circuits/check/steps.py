"""The steps of a certificate: its lemmas one after the other, each decided by the rules before the next is read.

  [leaves, given, nets, weights, constant, "=" or ">="]  a linear claim, over a window
  [a, b, leaf, ...]                            literals that are equal over a window; they are merged
  ["form", a, b, [[lemma, factor], ...]]       literals that are equal for their forms are, after adding equations to
  a's
  ["digits", bits, [[lemma, factor], ...]]     bits that are equal for an equation determines them; they are merged
  ["clauses", axioms, steps, a, b, ...]        pairs that are equal by clauses; they are merged

A lemma holds as a whole or leaves nothing behind: nets are merged when all of it was decided. All in a certificate is
an order of work: a lying one can fail, but cannot make this program believe.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .limits import Refused, require
from .nets import ONE, Gates, Linear, accumulate
from .rules import Claim, Leaf, Windows, canonical

Pair = tuple[int, int]  # two literals that are equal, or a lemma and its multiplier


class Steps:
    """Takes lemmas; `claims` has an entry for each, None where it merged nets."""

    def __init__(self, nets: Gates, windows: Windows) -> None:
        self.nets, self.windows, self.work = nets, windows, windows.work
        self.claims, self.kinds = list[Claim | None](), set[str]()

    def take(self, entry: Sequence[Any]) -> None:
        """Decide one lemma; raises Refused, and then nothing has changed."""
        self.work.spend(4 + 2 * len(entry))
        if type(entry[0]) is list:
            self.claims.append(self._linear(*entry))
            return
        rule, kind, rest = RULES[entry[0]] if type(entry[0]) is str else (Steps._equality, "local", 0)
        equal = rule(self, *entry[rest:])
        for a, b in equal:
            self.nets.merge(a, b)
        self.kinds |= {kind} if equal else set()
        self.claims.append(None)

    def _must(self, holds: object, why: str) -> None:
        require(holds, f"lemma {len(self.claims)} {why}", Refused)

    def _nets(self, *nets: Any) -> None:
        most = len(self.nets)
        good = all(type(net) is int and 0 <= net < most for net in nets)
        require(good, "a lemma must name nets")

    def _window(self, leaves: Sequence[Leaf], claims: Sequence[Claim]) -> None:
        nets = [net for leaf in leaves for net in (leaf if isinstance(leaf, list) else [leaf])]
        self._nets(*nets)
        require(len({*nets}) == len(nets), "a lemma must name leaves, once")
        row = self.windows.failure(leaves, claims)
        self._must(row is None, f"is false in row {row} of its window")

    def _linear(
        self, leaves: list[Leaf], given: list[int], members: list[int], weights: list[int], constant: int, relation: str
    ) -> Claim:
        """A linear claim over a window, under claims proven before."""
        self._nets(*members)
        good = all(type(n) is int for n in (*given, *weights, constant)) and relation in ("=", ">=")
        assumed = [self.claims[g] for g in given if good and 0 <= g < len(self.claims)]
        once = len(assumed) == len(given) == len({*given})
        require(
            good and once and len({*members}) == len(members), "a lemma must name nets and earlier lemmas, each once"
        )
        claim = Claim({ONE: constant, **dict(zip(members, weights, strict=True))}, relation == "=")
        self.work.spend(sum(weight.bit_length() >> 6 for weight in weights))
        self._window(leaves, [claim, *(c for c in assumed if c is not None)])
        return claim

    def _equality(self, a: int, b: int, *leaves: Leaf) -> list[Pair]:
        """Two literals that are equal over a window."""
        self._nets(a >> 1, b >> 1)
        if self.nets.find(a) == self.nets.find(b):
            return []
        opposite = (a ^ b) & 1  # x - y = 0, or x + y - 1 = 0
        self._window(leaves, [Claim(accumulate({a >> 1: 1}, {b >> 1: 2 * opposite - 1}, 1) | {ONE: -opposite})])
        return [(a, b)]

    def _form(self, a: int, b: int, proof: Iterable[Pair]) -> list[Pair]:
        """Two literals whose forms come to the same, after adding equations to the first's."""
        self._nets(a >> 1, b >> 1)
        sides: list[Linear] = []
        for literal in (a, b):
            form = self.nets.form(literal >> 1)
            self.work.spend(4 + len(form))
            sides.append(form if not literal & 1 else accumulate({ONE: -1}, form, -1))  # not F >= 0 iff -F - 1 >= 0
        accumulate(sides[0], self.total(proof), 1)
        self._must(canonical(sides[0]) == canonical(sides[1]), "is of two gates whose forms differ")
        return [(a, b)]

    def total(self, proof: Iterable[Pair]) -> Linear:
        """The sum of proven equations times integers, over the earliest equal nets."""
        form: Linear = {}
        for lemma, factor in proof:
            claim = self.claims[lemma] if 0 <= lemma < len(self.claims) else None
            if claim is None or not claim.equation or type(factor) is not int:
                raise Refused(f"a sum must be of equations, and lemma {lemma!r:.20} is none")
            self.work.spend((2 + len(claim.terms)) * (1 + (factor.bit_length() >> 8)))
            accumulate(form, claim.terms, factor)
        return self.nets.reduced(form)

    def _digits(self, bits: int, proof: Iterable[Pair]) -> list[Pair]:
        """A sum that is 0 determines bits, modulo 2, 4, ... up to 2^bits.

        If all terms but two are even, those two bits are equal or opposite, by the constant's parity; a single one is
        the constant's parity. One is replaced by the other, what is left is even and looked at modulo the next power.
        """
        form, pairs = self.total(proof), list[Pair]()
        levels: dict[int, set[int]] = {}

        def place(net: int) -> None:
            if weight := form.get(net):
                levels.setdefault((weight & -weight).bit_length() - 1, set()).add(net)

        for net in form.keys() - {ONE}:
            place(net)
        while levels and (level := min(levels)) < bits:
            nets = [net for net in levels.pop(level) if form.get(net, 0) % (2 << level)]
            if not nets:
                continue
            self.work.spend(4 + len(levels) + (level >> 6))
            odd = form.get(ONE, 0) >> level & 1
            self._must(len(nets) <= 2 and form.get(ONE, 0) % (1 << level) == 0, f"leaves digits of 2^{level}")
            a, b = min(nets), max(nets) if len(nets) == 2 else self.nets.zero
            pairs.append((2 * a, 2 * b + odd))
            weight = form.pop(max(nets))  # x = y, or x = 1 - y; a single one is the constant odd
            if len(nets) == 2:
                accumulate(form, {a: weight * (1 - 2 * odd)}, 1)
            accumulate(form, {ONE: weight * odd}, 1)
            place(a)
        return pairs

    def _clauses(self, axioms: list[list[int]], steps: list[tuple[list[int], list[int]]], *pairs: int) -> list[Pair]:
        """Pairs of literals that are equal by clauses.

        Axioms [gate, literal, ...] follow from one gate each; then each step [literals, hints] follows by unit
        propagation through the hinted clauses before it (LRAT: Cruz-Filipe and others, CADE 2017).
        """
        clauses: list[list[int]] = []
        for net, *literals in axioms:
            self._axiom(net, literals)
            clauses.append(literals)
        for literals, hints in steps:
            true = {literal ^ 1 for literal in literals}  # if the clause is false
            self.work.spend(4 + len(literals))
            for hint in hints:
                require(0 <= hint < len(clauses), "a hint must be an earlier clause")
                self.work.spend(1 + (len(clauses[hint]) >> 3))
                left = [x for x in clauses[hint] if x ^ 1 not in true]
                if not left:
                    break
                if len(left) > 1:
                    raise Refused(f"clause {hint} must be a unit clause where it is a hint")
                true.add(left[0])
            else:
                raise Refused(f"clause {len(clauses)} must be implied by its hints")
            clauses.append(literals)
        short = {tuple(sorted(clause)) for clause in clauses if len(clause) < 3}
        found = list(zip(pairs[::2], pairs[1::2], strict=True))
        self._nets(*(literal >> 1 for literal in pairs))
        for a, b in found:
            a, b = self.nets.find(a), self.nets.find(b)
            for x, y in ((a, b ^ 1), (a ^ 1, b)):  # if b then a; if a then b
                implied = a == b or short & {(min(x, y), max(x, y)), (x,), (y,), ()}
                self._must(implied, f"does not prove {a} and {b} equal")
        return found

    def _axiom(self, net: int, literals: list[int]) -> None:
        """Refuse a clause that does not follow from the bounds of one gate's sum."""
        self._nets(net, *(literal >> 1 for literal in literals))
        form, true = self.nets.form(net), {literal ^ 1 for literal in literals}  # true, if the clause is false
        self.work.spend(10 + len(form) + len(literals))
        low = high = form.pop(ONE, 0)
        for x, weight in form.items():
            known = 2 * x in true or 2 * x + 1 in true
            least, most = (weight * (2 * x in true),) * 2 if known else (min(weight, 0), max(weight, 0))
            low, high = low + least, high + most
        out = self.nets.find(2 * net)
        follows = (out in true and high < 0) or (out ^ 1 in true and low >= 0)
        self._must(self.nets[net] and follows, f"has a clause that does not follow from gate {net}")


# A lemma's first element -> how it is decided, what the evidence is called, and where its arguments begin.
RULES: dict[str, tuple[Callable[..., Sequence[Pair]], str, int]] = {
    "form": (Steps._form, "form", 1),
    "digits": (Steps._digits, "ledger", 1),
    "clauses": (Steps._clauses, "sat", 1),
}
