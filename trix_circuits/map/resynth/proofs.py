"""Proof that a proposed gate equals the net that it is to replace, by SAT, for circuits of too many inputs to exhaust.

The network's clauses are loaded once: a replacement does not change what any net computes, so they stay true whatever
is replaced later. A gate's clauses are its prime implicants and implicates. What is refuted yields a pattern of inputs
that shows the difference; what meets the conflict limit counts as not proven.
"""

from __future__ import annotations

from collections.abc import Sequence

from pysat.solvers import Glucose4

from trix_circuits.map.network import Network
from trix_circuits.solve.sat import gate_clauses


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
        for clause in gate_clauses([s + 1 for s in sources], weights, bias, variable, limit=None):
            self._solver.add_clause(clause)

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
