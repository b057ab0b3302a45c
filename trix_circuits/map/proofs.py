"""Proof that a proposed gate equals the net that it is to replace, by SAT, for circuits of too many inputs to exhaust.

The network's clauses are loaded once: a replacement does not change what any net computes, so they stay true whatever
is replaced later. A gate's clauses are its prime implicants and implicates. What is refuted yields a pattern of inputs
that shows the difference; what meets the conflict limit counts as not proven.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from pysat.solvers import Glucose4

from trix_circuits.map.network import Network

Clause = list[int]


@cache
def gate_clauses(weights: tuple[int, ...], bias: int) -> tuple[tuple[int, ...], ...]:
    """Clauses over variables 1 .. n (the sources) and n + 1 (the gate) that say that the gate is what it is."""
    n = len(weights)
    order = sorted(range(n), key=lambda i: -abs(weights[i]))
    sizes = [abs(weights[i]) for i in order]
    # with literals that all have positive weight the gate fires iff the sum of the true ones' sizes is >= need
    need = -bias + sum(-w for w in weights if w < 0)
    literals = [(i + 1) if weights[i] > 0 else -(i + 1) for i in order]
    clauses: list[tuple[int, ...]] = []
    for threshold, sign, output in ((need, -1, n + 1), (sum(sizes) - need + 1, 1, -(n + 1))):
        # minimal sets of literals whose sizes reach the threshold force the output
        suffix = [0] * (n + 1)
        for k in range(n - 1, -1, -1):
            suffix[k] = suffix[k + 1] + sizes[k]
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
        while stack:
            k, total, taken = stack.pop()
            if total >= threshold:
                clauses.append((*(sign * literals[t] for t in taken), output))
            elif total + suffix[k] >= threshold:
                stack.append((k + 1, total, taken))
                stack.append((k + 1, total + sizes[k], (*taken, k)))
    return tuple(clauses)


class Equality:
    """Asks whether a gate over nets of a network equals one of its nets."""

    def __init__(self, network: Network, conflicts: int) -> None:
        self.inputs = network.inputs
        self.conflicts = conflicts
        self._solver = Glucose4()
        self._next = network.inputs + network.size + 1
        sources, weights = network.sources.tolist(), network.weights.tolist()
        for g, (count, bias) in enumerate(zip(network.fan_in.tolist(), network.biases.tolist(), strict=True)):
            self._add(sources[g][:count], weights[g][:count], bias, network.inputs + g + 1)

    def _add(self, sources: Sequence[int], weights: Sequence[int], bias: int, variable: int) -> None:
        names = [0, *(s + 1 for s in sources), variable]
        for clause in gate_clauses(tuple(weights), bias):
            self._solver.add_clause([names[place] if place > 0 else -names[-place] for place in clause])

    def refute(self, net: int, sources: Sequence[int], weights: Sequence[int], bias: int) -> list[bool] | bool:
        """True if the gate equals the net; inputs where they differ; or False if the limit was met."""
        fresh = self._next
        self._next += 1
        self._add(sources, weights, bias, fresh)
        for signs in ((net + 1, -fresh), (-net - 1, fresh)):
            self._solver.conf_budget(self.conflicts)
            answer = self._solver.solve_limited(assumptions=signs)
            if answer is None:
                return False
            if answer:
                model = self._solver.get_model()
                return [value > 0 for value in model[: self.inputs]]
        self._solver.add_clause([net + 1, -fresh])
        self._solver.add_clause([-net - 1, fresh])
        return True

    def close(self) -> None:
        self._solver.delete()
