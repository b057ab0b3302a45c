"""Branches on values: the function is run once for each way through them, and the results are merged by muxes.

When Python asks a value for its truth, the run decides it one way and notes what was decided; later runs take the other
ways, depth first, so that `if`, `while`, `and`, `or`, `not`, chained comparisons, early returns and `x if c else y` need
nothing of the user (symbolic execution by re-running: King, "Symbolic execution and program testing", CACM 1976). A
decision that follows from the earlier ones by propagation through the ANDs is not branched on. Past a few decisions, a
SAT solver is asked whether any input takes the new branch: without it, a loop that ends for all inputs need not end
here. An exception on a path counts only if some input takes that path, which is the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trix_circuits.errors import InputError
from trix_circuits.logic.aig import AigBuilder
from trix_circuits.trace.place import exceed, fail

MAX_PATHS = 4096
MAX_ANDS = 20_000_000
_MAX_QUESTIONS = 10_000  # on one path, most of them answered by earlier ones
_MAX_CONE = 2_000  # ANDs that a question is propagated through; past it, it is branched on
_UNASKED = 32  # decisions that are made before the solver is asked
_UNSURE = 256  # questions on one path before the solver is asked whether any input takes it
_CONFLICTS = 2_000  # for a branch: past it, it is explored
_CONFLICTS_OF_ERROR = 100_000


class _NoInputError(BaseException):
    """No input takes the path that runs. Not an Exception, so that the function's own handlers let it pass."""


class Graph(AigBuilder):
    """A builder whose ANDs can be read back."""

    def fan_ins(self, variable: int) -> tuple[int, int] | None:
        """The two literals that an AND reads; None for an input."""
        at = variable - 1 - len(self.input_names)
        return (self._left[at], self._right[at]) if at >= 0 else None


@dataclass(slots=True)
class _Decision:
    """A literal that was decided, first so that its variable is 1 and then 0, and the results for 1 once there are any.

    It is the answer to question `question` of the path, and came when so many variables were `known`. It is `forced`
    where no input takes the other side.
    """

    literal: int
    question: int
    known: int
    now: bool = True
    forced: bool = False
    one: Sequence[int] | None = None

    @property
    def taken(self) -> int:
        """What was decided, as a literal that is true."""
        return self.literal & ~1 | (not self.now)


class Paths:
    """The ways through one function."""

    def __init__(self, graph: Graph, max_paths: int = MAX_PATHS) -> None:
        self.graph = graph
        self.count = 0
        self._max_paths = max_paths
        self._made = self._asked = 0
        self._stack: list[_Decision] = []
        self._answers: list[tuple[int, bool]] = []  # to the questions of the path, also for the next run of its start
        self._known: dict[int, int] = {0: 0}  # in the order of learning
        self._solver: Any = None
        self._encoded = {0}

    def decide(self, literal: int) -> bool:
        """The truth of a literal on the path that runs. Raises LimitError where there are too many paths."""
        question = self._asked
        self._asked += 1
        if question < len(self._answers):
            before, answer = self._answers[question]
            if before != literal:
                fail("the function must do the same each time it is run, but this condition has changed")
            return answer
        if question >= _MAX_QUESTIONS:
            exceed(f"a loop must end: it has asked for {_MAX_QUESTIONS} conditions on one path")
        if question >= _UNSURE and question.bit_count() == 1 and self.example() is None:
            raise _NoInputError
        value = self._follows(literal)
        if value is None:
            self._stack.append(self._new(literal))
            return self._answered(self._stack[-1])
        self._answers.append((literal, value))
        return value

    def _answered(self, decision: _Decision) -> bool:
        """Note what was decided, and what follows from it."""
        self._learn(decision.taken)
        self._answers.append((decision.literal, decision.taken == decision.literal))
        return self._answers[-1][1]

    def _new(self, literal: int) -> _Decision:
        decision = _Decision(literal, len(self._answers), len(self._known))
        if self._made >= _UNASKED:
            for side in (0, 1):
                if self._model([literal & ~1 | side], _CONFLICTS) is None:
                    decision.now, decision.forced = side == 1, True
                    return decision
        self._made += 1
        if self._made >= self._max_paths:
            exceed(
                f"the branches must have at most {self._max_paths} paths through them, and this one makes more; "
                "mux(condition, x, y) selects without a branch, and a loop must end for all inputs"
            )
        return decision

    def _turned(self) -> None:
        """Go back to the last decision, and take its other side."""
        decision = self._stack[-1]
        decision.now = False
        del self._answers[decision.question :]
        while len(self._known) > decision.known:
            self._known.popitem()
        self._answered(decision)

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
            self._asked = 0
            self.count += 1
            result: Sequence[int] | None
            try:
                result = run()
            except InputError:
                if not self._stack or self.example() is not None:
                    raise
                result = None
            except _NoInputError:
                result = None
            while self._stack and (self._stack[-1].forced or not self._stack[-1].now):
                done = self._stack.pop()
                result = result if done.forced else self._merged(done, result)
            if not self._stack:
                assert result is not None
                return list(result)
            self._stack[-1].one = result
            self._turned()

    def _merged(self, decision: _Decision, zero: Sequence[int] | None) -> Sequence[int] | None:
        """Of two sides the one that inputs take, or a mux."""
        if decision.one is None or zero is None:
            return zero if decision.one is None else decision.one
        condition = decision.literal & ~1
        return [self.graph.mux(condition, x, y) for x, y in zip(decision.one, zero, strict=True)]

    def example(self) -> list[int] | None:
        """Inputs, 0 or 1 each, that take the path that runs; None if there are none; empty if not found in time."""
        model = self._model([], _CONFLICTS_OF_ERROR)
        return (
            model if model is None else [model.get(k + 1, 0) for k in range(len(self.graph.input_names) * bool(model))]
        )

    def _model(self, also: Sequence[int], conflicts: int) -> dict[int, int] | None:
        """Values of variables that take the path that runs and make these literals true; None if there are none."""
        from pysat.solvers import Solver

        if self._solver is None:
            self._solver = Solver("glucose4")
        literals = [decision.taken for decision in self._stack] + list(also)
        for clause in self._clauses(literals):
            self._solver.add_clause(clause)
        self._solver.conf_budget(conflicts)
        answer = self._solver.solve_limited(assumptions=[_signed(literal) for literal in literals])
        if answer is None:
            return {}
        return {abs(x): int(x > 0) for x in self._solver.get_model()} if answer else None

    def _clauses(self, roots: Sequence[int]) -> Iterator[list[int]]:
        """What the cones of these literals say, but for what the solver knows."""
        pending = [literal >> 1 for literal in roots]
        while pending:
            variable = pending.pop()
            fan_ins = None if variable in self._encoded else self.graph.fan_ins(variable)
            self._encoded.add(variable)
            if fan_ins is not None:
                a, b = map(_signed, fan_ins)
                yield from ([-variable, a], [-variable, b], [variable, -a, -b])
                pending.extend(f >> 1 for f in fan_ins)

    def close(self) -> None:
        """Let the solver go."""
        if self._solver is not None:
            self._solver.delete()
            self._solver = None


def _signed(literal: int) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1
