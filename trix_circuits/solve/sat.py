"""Questions of satisfiability: formulas from threshold gates, put to CaDiCaL in a process of its own.

The solver (solvers/cadical.py) is not believed: a model is evaluated here, and "unsatisfiable" comes with a proof whose
needed part, with hints, is confirmed on the way (lrat.py). A process answers many questions and is started at the first
one; after a broken one the next question starts another.

Literals are as in DIMACS: variables 1, 2, ..., a negative number is a negation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.solve.lrat import Clause, Lrat, lrat_of, read_drup_binary, read_lrat_binary
from trix_circuits.solve.process import SolverError, SolverProcess

MAX_GATE_CLAUSES = 512


@dataclass(frozen=True, slots=True)
class Sat:
    """Satisfiable: `model` makes every clause true; the true literals of the variables asked for."""

    model: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsat:
    """Unsatisfiable, and `lrat` proves it; None if no proof was asked for."""

    lrat: Lrat | None


@dataclass(frozen=True, slots=True)
class Never:
    """In a session: the assumptions `core` do not hold together. `mark` is the number of that lemma in the session."""

    core: tuple[int, ...]
    mark: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A limit of conflicts or of time came first."""


def _joined(clauses: Iterable[Clause]) -> list[int]:
    return [literal for clause in clauses for literal in (*clause, 0)]


class SatSolver:
    """CaDiCaL in a process of its own; use it in a `with` block. One session at a time, any number of proofs."""

    def __init__(self) -> None:
        self._process = SolverProcess("cadical")
        self._folder = tempfile.TemporaryDirectory(prefix="trix-circuits-")
        self._session: SatSession | None = None

    def __enter__(self) -> SatSolver:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.close()
        self._folder.cleanup()

    def prove(
        self,
        clauses: Sequence[Clause],
        *,
        observe: Sequence[int] = (),
        conflicts: int | None = None,
        timeout_s: float = 60.0,
        proof: bool = True,
    ) -> Sat | Unsat | Unknown:
        """Whether the clauses can hold together; a model of the variables `observe`, or of all that occur.

        Raises SolverError if the program breaks, RefutedError if its proof is wrong.
        """
        path = Path(self._folder.name) / "proof"
        request: dict[str, Any] = {"ask": "prove", "clauses": _joined(clauses), "conflicts": conflicts}
        request |= {"proof": str(path)} if proof else {}
        answer = self._ask(request, timeout_s)
        match answer["status"]:
            case "sat":
                model = tuple(answer["model"])
                true = set(model)
                if not all(any(literal in true for literal in clause) for clause in clauses):
                    raise SolverError("solver cadical: its model leaves a clause false")
                return Sat(tuple(v if v in true else -v for v in observe) if observe else model)
            case "unsat":
                return Unsat(self._refutation(clauses, path, request, timeout_s) if proof else None)
            case "gave-up":
                return Unknown()
        raise SolverError(f"solver cadical: answered {answer['status']!r:.40}")

    def _refutation(self, clauses: Sequence[Clause], path: Path, request: dict[str, Any], timeout_s: float) -> Lrat:
        """From the proof that was written, or should its hints be wrong, from one without hints."""
        try:
            return read_lrat_binary(clauses, self._taken(path))
        except (InputError, RefutedError):
            answer = self._ask({**request, "conflicts": None, "hints": False}, timeout_s)
            if answer["status"] != "unsat":
                raise
            return lrat_of(clauses, read_drup_binary(self._taken(path)))

    def session(self, clauses: Sequence[Clause], *, proof: bool = True) -> SatSession:
        """A formula to be asked many times under assumptions; ends the session before it."""
        self._session = SatSession(self, clauses, proof=proof)
        return self._session

    def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            answer = self._process.ask(request, timeout_s)
        except SolverError:
            self._session = None
            self._process.close()
            raise
        if answer["status"] == "gave-up" and request["ask"] != "prove":
            self._session = None  # the process was stopped, and the session with it
        return answer

    def _taken(self, path: Path) -> bytes:
        data = path.read_bytes()
        path.unlink()
        return data

    def _lemmas(
        self, path: Path, clauses: Sequence[Clause], marks: list[list[int]], asked: Iterable[int] | None
    ) -> Lrat:
        """The proof of a session; `marks` are the places in it, in bytes, at which clauses were shown."""
        proof = read_drup_binary(self._taken(path))
        # A line's length in bytes is not kept, so it is counted again: 2 and those of its numbers, 7 bits each.
        codes = 2 * np.abs(proof.literals.astype(np.int64)) + 1
        widths = 1 + sum((codes >> 7 * k > 0).astype(np.int64) for k in range(1, 5))
        bytes_before = np.concatenate([[0], np.cumsum(widths)])[proof.starts] + 2 * np.arange(len(proof) + 1)
        lines = np.searchsorted(bytes_before, [mark[0] for mark in marks]).tolist()
        return lrat_of(clauses, proof, [(line, mark[1:]) for line, mark in zip(lines, marks, strict=True)], asked)


class SatSession:
    """A growing formula, asked under assumptions; `SatSolver.session` makes it.

    With a proof, `close` gives one Lrat in which clause number `Lrat.goals[mark]` is the lemma of the answer with that
    mark, each following from the clauses (indices in the order in which they were added) and earlier lemmas.
    """

    def __init__(self, solver: SatSolver, clauses: Sequence[Clause], *, proof: bool) -> None:
        self._solver, self._proof = solver, proof
        self._clauses: list[Clause] = list(clauses)
        self._pending: list[Clause] = []
        solver._ask({"ask": "open", "clauses": _joined(clauses), "keep_proof": proof}, 60.0)

    def add(self, clauses: Iterable[Clause]) -> None:
        """Add clauses; they are sent with the next question."""
        self._pending += clauses

    def assume(
        self,
        assumptions: Clause,
        *,
        observe: Sequence[int] = (),
        conflicts: int | None = None,
        timeout_s: float = 60.0,
    ) -> Sat | Never | Unknown:
        """Whether these literals can hold together with the clauses."""
        return self.assume_each([assumptions], observe=observe, conflicts=conflicts, timeout_s=timeout_s)[0]

    def assume_each(
        self,
        queries: Sequence[Clause],
        *,
        observe: Sequence[int] = (),
        conflicts: int | None = None,
        timeout_s: float = 60.0,
    ) -> list[Sat | Never | Unknown]:
        """One answer for each list of assumptions; the limit of conflicts is for each, that of time for all."""
        request: dict[str, Any] = {"ask": "assume", "clauses": _joined(self._pending), "queries": _joined(queries)}
        self._clauses += self._pending
        self._pending = []
        answer = self._asked({**request, "observe": list(observe), "conflicts": conflicts}, timeout_s)
        results: list[Sat | Never | Unknown] = []
        for found in answer["answers"]:
            if "sat" in found:
                results.append(Sat(tuple(found["sat"])))
            elif "unsat" in found:
                results.append(Never(tuple(found["unsat"]), found["mark"]))
            else:
                results.append(Unknown())
        return results

    def close(self, marks: Iterable[int] | None = None) -> Lrat | None:
        """End the session; with a proof, that of the lemmas with these marks, or of all (`goals` are in that order)."""
        path = Path(self._solver._folder.name) / "proof"
        answer = self._asked({"ask": "close", **({"proof": str(path)} if self._proof else {})}, 60.0)
        self._solver._session = None
        if not self._proof:
            return None
        asked = None if marks is None else list(marks)
        lrat = self._solver._lemmas(path, self._clauses, answer["marks"], asked)
        goals = lrat.goals if asked is None else tuple(lrat.goals[mark] for mark in asked)
        return Lrat(lrat.axioms, lrat.steps, goals)

    def _asked(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        if self._solver._session is not self:
            raise SolverError("solver cadical: the session has ended")
        answer = self._solver._ask(request, timeout_s)
        if answer["status"] == "gave-up":
            raise LimitError(f"solver cadical: the session had to be stopped after {timeout_s:g} s")
        return answer


def prove_clauses(
    clauses: Sequence[Clause], *, solver: SatSolver | None = None, conflicts: int | None = None, timeout_s: float = 60.0
) -> Sat | Unsat | Unknown:
    """Whether the clauses can hold together: a model of all variables that occur, or a proof that they cannot."""
    if solver is not None:
        return solver.prove(clauses, conflicts=conflicts, timeout_s=timeout_s)
    with SatSolver() as own:
        return own.prove(clauses, conflicts=conflicts, timeout_s=timeout_s)


@lru_cache(maxsize=1 << 16)
def _gate_template(
    weights: tuple[int, ...], bias: int, limit: int | None
) -> tuple[tuple[bool, tuple[tuple[int, bool], ...]], ...]:
    """For each clause whether the output stands positive, and the inputs with whether they stand positive.

    Let every input that its weight pulls down be counted by its absence, so that all weights are positive: a gate fires
    iff the weights present reach a need. The minimal sets that reach it are found by adding weights in descending
    order and stopping when it is reached: what was added last is the smallest, and without it the need was not met,
    so that each such set is minimal; and each minimal set is met so. Likewise for the sets whose absence prevents it.
    """
    items = sorted(((abs(w), k, w > 0) for k, w in enumerate(weights) if w), key=lambda item: (-item[0], item[1]))
    total = sum(weight for weight, _, _ in items)
    need = -bias - sum(w for w in weights if w < 0)
    rest = [0] * (len(items) + 1)
    for k in range(len(items) - 1, -1, -1):
        rest[k] = rest[k + 1] + items[k][0]
    clauses: list[tuple[bool, tuple[tuple[int, bool], ...]]] = []
    for fires, goal in ((True, need), (False, total - need + 1)):
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
        while stack:
            at, reached, chosen = stack.pop()
            if reached >= goal:
                if len(clauses) == limit:
                    raise LimitError(f"a gate must have at most {limit} clauses; fan-in {len(items)} gives more")
                clauses.append(
                    (
                        fires,
                        tuple((items[k][1], items[k][2] != fires) for k in sorted(chosen, key=lambda k: items[k][1])),
                    )
                )
            elif reached + rest[at] >= goal:
                stack.append((at + 1, reached, chosen))
                stack.append((at + 1, reached + items[at][0], (*chosen, at)))
    return tuple(clauses)


def gate_clauses(
    sources: Sequence[int], weights: Sequence[int], bias: int, output: int, *, limit: int | None = MAX_GATE_CLAUSES
) -> list[tuple[int, ...]]:
    """The prime implicants of a threshold gate and of its complement, as clauses over literals of distinct variables.

    Each holds `output` or its negation first. Falsifying a clause fixes the output and pushes enough inputs one way
    that the weighted sum is on the other side whatever the remaining inputs are. Raises LimitError over `limit`
    clauses (512 from fan-in 11 on, for the gates that have most).
    """
    if len(sources) != len(weights):
        raise InputError(f"a gate must have a weight for each source, not {len(weights)} for {len(sources)}")
    return [
        (output if fires else -output, *(sources[k] if positive else -sources[k] for k, positive in inputs))
        for fires, inputs in _gate_template(tuple(weights), bias, limit)
    ]
