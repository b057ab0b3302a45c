"""Guesses that nodes are equal, put to a SAT solver: each with a small budget, in topological order.

What patterns do not show, such as a node that differs on a handful of rows of millions, a solver often finds at once
(SAT sweeping, Kuehlmann and Krohm, DAC 1997). An equality that is shown helps with the next; one that takes too long
stays a guess, for the prover to decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trix_circuits.logic.aig import Aig, Planes

_CONFLICTS, _ALL_CONFLICTS = 2_000, 60_000
_MOST_MERGES, _MOST_ANDS = 10_000, 200_000
_MODELS = 64


def refuted_merges(aig: Aig, same: Sequence[int]) -> Planes | None:
    """Input planes on which variables differ from the literals that they are taken for; None if none were found."""
    merges = [v for v, literal in enumerate(same) if literal != 2 * v]
    if not merges or len(merges) > _MOST_MERGES or aig.size > _MOST_ANDS:
        return None
    from pysat.solvers import Solver

    inputs, first = len(aig.input_names), 1 + len(aig.input_names)

    def signed(literal: int) -> int:
        return -(literal >> 1) - 1 if literal & 1 else (literal >> 1) + 1

    models: list[list[int]] = []
    with Solver(name="glucose4") as solver:
        solver.add_clause([-1])  # variable 0 is false
        for v, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True), first):
            x, y = signed(a), signed(b)
            solver.append_formula([[-(v + 1), x], [-(v + 1), y], [v + 1, -x, -y]])
        for v in merges:
            one, two = v + 1, signed(same[v])
            equal = True
            for assumptions in ([one, -two], [-one, two]):
                solver.conf_budget(_CONFLICTS)
                answer = solver.solve_limited(assumptions=assumptions)
                if answer:
                    values = solver.get_model()
                    models.append([int(values[k] > 0) for k in range(1, inputs + 1)])
                equal = equal and answer is False
            if equal:
                solver.append_formula([[-one, two], [one, -two]])
            if len(models) >= _MODELS or solver.accum_stats()["conflicts"] > _ALL_CONFLICTS:
                break
    if not models:
        return None
    bits = np.resize(np.array(models, dtype=np.uint8), (64 * -(-len(models) // 64), inputs)).T
    return np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little")).view(np.uint64)
