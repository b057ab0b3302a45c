"""Sums within a sweep: regions of adders on both sides that are made in different ways, proven equal by their digits.

Where a mapper makes a sum anew (`map.regions_netlist`), few nets inside are equal to nets of the source. What is equal is
the number: the identities of the source's adders, a + b + c = s + 2 carry, add up to the same linear equation as those
of the counters that took their place, and a number has its binary digits in one way only. So the lemmas are: each
identity over a window of its leaves, and one sum of all of them, "digits" in the checker's terms, which merges the
outputs. A node that a source does not have, such as a carry that nothing reads, is a ghost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trix_circuits import check
from trix_circuits.check import ONE, Linear
from trix_circuits.evidence.sweep import Sweep
from trix_circuits.logic.aig import Aig

if TYPE_CHECKING:
    from trix_circuits.map.sums.regions import Step
    from trix_circuits.map.sums.regions_netlist import RegionEvidence


QUICK = (100,)  # conflicts for a pair of nodes
PATIENT = (1000,)


@dataclass(frozen=True)
class _Region:
    """Evidence with the lemmas for the source's adders (None where there is none) and for the netlist's blocks."""

    evidence: RegionEvidence
    lemmas: list[int | None]
    blocks: list[list[int]] | None


class Sums:
    """The regions of one netlist, in the sweep's own literals (2 * net + inverted)."""

    def __init__(self, sweep: Sweep, aig: Aig, evidence: Sequence[RegionEvidence], source: check.Source) -> None:
        self.sweep = sweep
        self._literal = _literals(sweep, aig, source)
        self._waiting: list[_Region] = []
        self._first_ghost = len(sweep.nets)
        for reads, weights, bias in evidence[0].ghosts if evidence else ():
            sweep.ghost([self._net(net) for net in reads], weights, bias)
        self._pairs: list[tuple[int, int]] = []  # nodes, and ghosts that they must equal
        self._patient = False
        for each in evidence:  # before any nets are merged, since then windows go by other gates
            lemmas = [self._lemma(step) for step in each.region.steps]
            self._waiting.append(_Region(each, lemmas, self._blocks(each)))

    def merge(self) -> int:
        """Take the regions whose inputs are proven equal on both sides; how many were proven."""
        self._ask(self._pairs, QUICK)
        merged = self._ready_ones()
        if not merged and self._waiting:  # windows lead no further: ask about the inputs of what is left, and ask again
            self._ask([pair for each in self._waiting for pair in self._inputs(each.evidence)], QUICK)
            merged = self._ready_ones()
        if not merged and self._waiting and not self._patient:
            self._patient = True
            self._ask(self._pairs, PATIENT)
            merged = self._ready_ones()
        return merged

    def _ask(self, pairs: Sequence[tuple[int, int]], rounds: Sequence[int]) -> None:
        """Prove pairs by windows or clauses, those that can be."""
        self.sweep.by_clauses([pair for pair in pairs if not self.sweep.equal(*pair)], rounds=rounds)
        self._pairs = [pair for pair in self._pairs if not self.sweep.known(*pair)]

    def _ready_ones(self) -> int:
        waiting, merged = self._waiting, 0
        self._waiting = []
        for each in waiting:
            if all(self.sweep.equal(*pair) for pair in self._inputs(each.evidence)) and self._prove(each):
                merged += 1
            else:
                self._waiting.append(each)
        return merged

    def _inputs(self, each: RegionEvidence) -> list[tuple[int, int]]:
        """The inputs of a region on both sides."""
        return [(self._of(literal), 2 * self._net(net) + (sign < 0)) for literal, net, sign, _ in each.inputs]

    def _net(self, net: int) -> int:
        """A net of the evidence: those behind the netlist's own are ghosts."""
        count = self.sweep.netlist.net_count
        return net if net < count else self._first_ghost + net - count

    def _of(self, literal: int) -> int:
        return self._literal[literal >> 1] ^ (literal & 1)

    def _lemma(self, step: Step) -> int | None:
        """The identity of an adder, with ghosts for what the source does not have.

        Where it does not hold near its leaves, it is that of ghosts which its nodes are then to be shown to equal.
        """
        leaves = [self._of(leaf) for leaf in step.leaves]
        known = step.carry if step.total is None or step.carry != step.total ^ 1 else None  # nothing is its own carry
        carry = self._of(known) if known is not None else self._made(leaves, [1] * len(leaves), -2)
        weights = [*[1] * len(leaves), -2]
        total = self._of(step.total) if step.total is not None else self._made([*leaves, carry], weights, -1)
        lemma = self._identity(leaves, total, carry)
        if lemma is None:
            terms = self._terms(leaves, total, carry)
            lemma = self.sweep.linear_below(terms)
        if lemma is None:
            majority = self._made(leaves, [1] * len(leaves), -2)
            parity = self._made([*leaves, majority], weights, -1)
            self._pairs += [(carry, majority), (total, parity)]
            lemma = self._identity(leaves, parity, majority)
        return lemma

    def _blocks(self, each: RegionEvidence) -> list[list[int]] | None:
        """The netlist's identities as terms of the sum; None if one does not hold."""
        proof: list[list[int]] = []
        for block, power in each.blocks:
            terms = {self._net(net): weight for net, weight in block.terms.items()} | {ONE: block.constant}
            lemma = self.sweep.linear([self._net(net) for net in block.leaves], terms)
            if lemma is None:
                return None
            proof.append([lemma, -1 << power])
        return proof

    def _prove(self, each: _Region) -> bool:
        if each.blocks is None or None in each.lemmas:
            return False
        for block, _ in each.evidence.blocks:
            if len(block.terms) == 2:  # an inverter: one bit, not two, in the sum
                first, second = (2 * self._net(net) for net in block.terms)
                if self.sweep.take([first, second + 1, *(self._net(net) for net in block.leaves)]):
                    self.sweep.note(first, second + 1)
        steps = zip(each.lemmas, each.evidence.region.steps, strict=True)
        proof = [*each.blocks, *([lemma, step.weight] for lemma, step in steps)]
        if not self.sweep.take(["digits", each.evidence.region.bits, proof]):
            return False
        for literal, net, _ in each.evidence.outputs:
            self.sweep.note(self._of(literal), 2 * self._net(net))
        return True

    def _identity(self, leaves: Sequence[int], total: int, carry: int) -> int | None:
        """The lemma that the leaves add up to total + 2 * carry, over the leaves."""
        return self.sweep.linear([leaf >> 1 for leaf in leaves], self._terms(leaves, total, carry))

    @staticmethod
    def _terms(leaves: Sequence[int], total: int, carry: int) -> Linear:
        terms: Linear = {ONE: 0}
        for literal, weight in (*((leaf, 1) for leaf in leaves), (total, -1), (carry, -2)):
            terms[ONE] += weight * (literal & 1)
            terms[literal >> 1] = terms.get(literal >> 1, 0) + (-weight if literal & 1 else weight)
        return terms

    def _made(self, literals: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """A ghost over literals."""
        signs = [-1 if literal & 1 else 1 for literal in literals]
        bias += sum(w for literal, w in zip(literals, weights, strict=True) if literal & 1)
        nets = [literal >> 1 for literal in literals]
        return 2 * self.sweep.ghost(nets, [s * w for s, w in zip(signs, weights, strict=True)], bias)


def _literals(sweep: Sweep, aig: Aig, source: check.Source) -> Mapping[int, int]:
    """For each variable of the AIG a literal of the sweep: the source's own node by its structure, else a ghost."""
    inputs = len(aig.input_names)
    found = sweep.located(aig, source)
    for k, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True)):
        if inputs + 1 + k not in found:
            x, y = found[a >> 1] ^ (a & 1), found[b >> 1] ^ (b & 1)
            found[inputs + 1 + k] = 2 * sweep.ghost(*check.conjunction([x, y]))
    return found
