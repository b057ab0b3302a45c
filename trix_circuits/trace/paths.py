"""Branches on values: the function is run once for each way through them, and the results are merged by muxes.

When Python asks a value for its truth, the run decides it one way and notes what was decided; later runs take the other
ways, depth first, so that `if`, `while`, `and`, `or`, `not`, chained comparisons, early returns and `x if c else y` need
nothing of the user (symbolic execution by re-running: King, "Symbolic execution and program testing", CACM 1976). A
decision that follows from the earlier ones by propagation through the ANDs is not branched on. An exception on a path
counts only if some input takes that path, which is a question for SAT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trix_circuits.aig import AigBuilder
from trix_circuits.errors import InputError
from trix_circuits.trace.place import exceed, fail

MAX_PATHS = 4096
MAX_ANDS = 20_000_000
_MAX_QUESTIONS = 1_000_000  # on one path, most of them answered by earlier ones
_MAX_CONE = 2_000  # ANDs that a question is propagated through; past it, it is branched on
_CONFLICTS = 100_000


class Graph(AigBuilder):
    """A builder whose ANDs can be read back."""

    def fan_ins(self, variable: int) -> tuple[int, int] | None:
        """The two literals that an AND reads; None for an input."""
        at = variable - 1 - len(self.input_names)
        return (self._left[at], self._right[at]) if at >= 0 else None


@dataclass(slots=True)
class _Decision:
    """A variable that was decided, first 1 and then 0, and the results for 1 once there are any."""

    variable: int
    now: bool = True
    one: Sequence[int] | None = None


class Paths:
    """The ways through one function."""

    def __init__(self, graph: Graph, max_paths: int = MAX_PATHS) -> None:
        self.graph = graph
        self.count = 0
        self._max_paths = max_paths
        self._made = 0
        self._start()
        self._stack: list[_Decision] = []

    def _start(self) -> None:
        self._taken = self._questions = 0
        self._known: dict[int, int] = {0: 0}

    def decide(self, literal: int) -> bool:
        """The truth of a literal on the path that runs. Raises LimitError where there are too many paths."""
        self._questions += 1
        if self._questions > _MAX_QUESTIONS:
            exceed(f"a loop must end: it has asked for {_MAX_QUESTIONS} conditions on one path")
        value = self._follows(literal)
        if value is not None:
            return value
        variable = literal >> 1
        if self._taken == len(self._stack):
            self._made += 1
            if self._made >= self._max_paths:
                exceed(
                    f"the branches must have at most {self._max_paths} paths through them, and this one makes more; "
                    "mux(condition, x, y) selects without a branch, and a loop must end for all inputs"
                )
            self._stack.append(_Decision(variable))
        decision = self._stack[self._taken]
        if decision.variable != variable:
            fail("the function must do the same each time it is run, but this condition has changed")
        self._taken += 1
        self._learn(2 * variable + (not decision.now))
        return decision.now ^ bool(literal & 1)

    def _follows(self, literal: int) -> bool | None:
        """What a literal is by what was decided, if that follows by propagation through a small cone."""
        known, pending, seen = self._known, [literal >> 1], 0
        fresh: dict[int, int | None] = {}

        def value(of: int) -> int | None:
            found = known.get(of >> 1)
            if found is None:
                found = fresh.get(of >> 1)
            return None if found is None else found ^ of & 1

        while pending:
            variable = pending[-1]
            fan_ins = None if variable in known or variable in fresh else self.graph.fan_ins(variable)
            if fan_ins is None:
                if variable not in known:
                    fresh.setdefault(variable)
                pending.pop()
                continue
            open_ends = [f >> 1 for f in fan_ins if f >> 1 not in known and f >> 1 not in fresh]
            values = [value(f) for f in fan_ins]
            if 0 in values:
                fresh[variable] = 0
            elif open_ends:
                seen += 1
                if seen > _MAX_CONE:
                    return None
                pending.append(open_ends[0])
                continue
            else:
                fresh[variable] = 1 if values == [1, 1] else None
            pending.pop()
        found = value(literal)
        return None if found is None else bool(found)

    def _learn(self, true: int) -> None:
        """Note a literal as true, with all that it forces backwards."""
        pending = [true]
        while pending:
            literal = pending.pop()
            variable, value = literal >> 1, 1 - (literal & 1)
            if variable in self._known:
                continue
            self._known[variable] = value
            fan_ins = self.graph.fan_ins(variable)
            if fan_ins is None:
                continue
            if value:
                pending.extend(fan_ins)
                continue
            for one, other in (fan_ins, fan_ins[::-1]):
                if one >> 1 in self._known and self._known[one >> 1] ^ one & 1:
                    pending.append(other ^ 1)

    def explore(self, run: Callable[[], Sequence[int]]) -> list[int]:
        """The literals that a function returns, over all its paths.

        An InputError on a path that no input takes is passed over; on others it is raised.
        """
        while True:
            self._start()
            self.count += 1
            result: Sequence[int] | None
            try:
                result = run()
            except InputError:
                if not self._stack or self.example() is not None:
                    raise
                result = None
            while self._stack and not self._stack[-1].now:
                done = self._stack.pop()
                result = self._merged(done, result)
            if not self._stack:
                assert result is not None
                return list(result)
            self._stack[-1].one, self._stack[-1].now = result, False

    def _merged(self, decision: _Decision, zero: Sequence[int] | None) -> Sequence[int] | None:
        """Of two sides the one that inputs take, or a mux."""
        if decision.one is None or zero is None:
            return zero if decision.one is None else decision.one
        condition = 2 * decision.variable
        return [self.graph.mux(condition, x, y) for x, y in zip(decision.one, zero, strict=True)]

    def example(self) -> list[int] | None:
        """Inputs, 0 or 1 each, that take the path that runs; None if there are none; empty if not found in time."""
        from pysat.solvers import Solver

        taken = [2 * d.variable + (not d.now) for d in self._stack[: self._taken]]
        with Solver("glucose4", bootstrap_with=self._clauses(taken)) as solver:
            solver.conf_budget(_CONFLICTS)
            answer = solver.solve_limited(assumptions=[_signed(literal) for literal in taken])
            if answer is None:
                return []
            if not answer:
                return None
            model = {abs(literal): literal > 0 for literal in solver.get_model()}
        return [int(model.get(k + 1, False)) for k in range(len(self.graph.input_names))]

    def _clauses(self, roots: Sequence[int]) -> list[list[int]]:
        clauses, seen = [], set[int]()
        pending = [literal >> 1 for literal in roots]
        while pending:
            variable = pending.pop()
            if variable in seen:
                continue
            seen.add(variable)
            fan_ins = self.graph.fan_ins(variable)
            if fan_ins is not None:
                a, b = map(_signed, fan_ins)
                clauses += [[-variable, a], [-variable, b], [variable, -a, -b]]
                pending.extend(f >> 1 for f in fan_ins)
        return clauses


def _signed(literal: int) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1
