"""Satisfiability with CaDiCaL 1.9.5, by way of python-sat. Run it; it speaks the line protocol of README.md.

Two kinds of questions: one formula, answered by a model or by a proof (`prove`); and a session, in which one formula
grows and is asked under many assumptions (`open`, `assume`, `close`). A session writes one proof for all its answers:
CaDiCaL's learned clauses follow from the formula alone, never from assumptions, and an answer "unsatisfiable" gives the
clause of its negated core, which follows from them. Where in the proof each such clause stands is kept as a mark.

The proof goes to a file, since it may be large: as binary LRAT for one formula, as binary DRAT for a session (LRAT names
clauses by number, and a session's numbering is not in the proof). Nothing is random; a limit of time is looked at after
every so many conflicts, so that what is decided within the limits is decided the same way each time.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pysolvers
from pysat.solvers import Cadical195

SLICE = 20_000  # conflicts between two looks at the clock
FEWEST = 1_000  # the first slice is shorter
MAX_VARIABLE = 1 << 28
SINGLE = {"lrat": 1}  # hints in the proof
SESSION = {"elim": 0}  # clauses of eliminated variables are restored later, and no line of the proof says so


def _literals(request: dict[str, Any], key: str) -> list[int]:
    found = request.get(key, [])
    if not isinstance(found, list) or not all(type(x) is int and abs(x) < MAX_VARIABLE for x in found):
        raise ValueError(f"{key} must be a list of integers below {MAX_VARIABLE}")
    return found


def _clauses(request: dict[str, Any], key: str) -> list[list[int]]:
    """Clauses, written one after the other, each ended by 0."""
    found = _literals(request, key)
    if found and found[-1] != 0:
        raise ValueError(f"{key} must end with 0")
    clauses: list[list[int]] = []
    clause: list[int] = []
    for literal in found:
        if literal:
            clause.append(literal)
        else:
            clauses.append(clause)
            clause = []
    return clauses


def _limit(request: dict[str, Any], key: str) -> int | None:
    found = request.get(key)
    if found is not None and (type(found) is not int or found < 0):
        raise ValueError(f"{key} must be a number of conflicts or null, not {found!r}")
    return found


class Formula:
    """A solver that writes a proof to a file of its own."""

    def __init__(self, clauses: list[list[int]], proof: bool, options: dict[str, int]) -> None:
        self.solver = Cadical195()
        self.solver.configure(options)  # before the first clause, and before the proof is begun
        if proof:
            self.solver.prfile = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the solver
            self.solver.prfp = pysolvers.cadical195_tracepr(self.solver.cadical, self.solver.prfile)
        self.clauses = 0
        self.empty = False
        self.variables: set[int] = set()
        self.marks: list[tuple[int, list[int]]] = []  # byte in the proof, the clause shown there
        self.add(clauses)

    def add(self, clauses: list[list[int]]) -> None:
        for clause in clauses:
            if clause:
                self.solver.add_clause(clause)
                self.variables.update(map(abs, clause))
            else:
                self.empty = True

    def solve(self, assumptions: list[int], conflicts: int | None, deadline: float) -> bool | None:
        """Satisfiable, unsatisfiable, or None if a limit came first."""
        if self.empty:
            return False
        spent, width = 0, FEWEST
        while conflicts is None or spent < conflicts or spent == 0:
            width = min(SLICE, 2 * width)
            part = width if conflicts is None else min(width, conflicts - spent)
            self.solver.conf_budget(part)
            answer: bool | None = self.solver.solve_limited(assumptions)
            if answer is not None:
                return answer
            spent += max(1, part)
            if time.monotonic() > deadline:
                break
        return None

    def model(self, of: list[int]) -> list[int]:
        """The true literals of these variables, or of all; a variable that occurs nowhere is false."""
        found = self.solver.get_model()
        asked = of or sorted(self.variables)
        return [found[v - 1] if v <= len(found) and v in self.variables else -v for v in asked]

    def refuted(self, assumptions: list[int]) -> list[int]:
        """The assumptions that cannot hold together; their clause becomes a lemma."""
        core = [] if self.empty or not assumptions else list(self.solver.get_core() or [])
        lemma = [-literal for literal in core]
        self.marks.append((self.proof_bytes(), lemma))
        self.add([lemma])
        return core

    def proof_bytes(self) -> int:
        if self.solver.prfile is None:
            return 0
        pysolvers.flushpr(self.solver.prfp)
        return os.fstat(self.solver.prfile.fileno()).st_size

    def write(self, path: str) -> int:
        """Copy the proof."""
        size = self.proof_bytes()
        self.solver.prfile.seek(0)
        with Path(path).open("wb") as out:
            shutil.copyfileobj(self.solver.prfile, out)
        return size

    def close(self) -> None:
        self.solver.delete()


class Server:
    """Answers requests; holds at most one session."""

    def __init__(self) -> None:
        self.session: Formula | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + float(request.get("timeout_s", 60))
        ask = request.get("ask")
        if ask == "prove":
            return self.prove(request, deadline)
        if ask == "open":
            self.shut()
            self.session = Formula(_clauses(request, "clauses"), bool(request.get("keep_proof")), SESSION)
            return {"status": "opened"}
        if self.session is None or ask not in ("assume", "close"):
            raise ValueError(f"a question must be prove, open, or in an open session assume or close, not {ask!r}")
        if ask == "assume":
            self.session.add(_clauses(request, "clauses"))
            return {"status": "answered", **self.assume(self.session, request, deadline)}
        marks = [[at, *clause] for at, clause in self.session.marks]
        size = self.session.write(str(request["proof"])) if request.get("proof") else 0
        self.shut()
        return {"status": "closed", "marks": marks, "proof_bytes": size}

    def prove(self, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        path = request.get("proof")
        formula = Formula(_clauses(request, "clauses"), path is not None, SINGLE if request.get("hints", True) else {})
        try:
            found = formula.solve([], _limit(request, "conflicts"), deadline)
            if found is None:
                return {"status": "gave-up"}
            if found:
                return {"status": "sat", "model": formula.model(_literals(request, "observe"))}
            return {"status": "unsat", "proof_bytes": 0 if path is None else formula.write(str(path))}
        finally:
            formula.close()

    def assume(self, formula: Formula, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        """One answer for each list of assumptions: sat with a model, unsat with a core, or neither."""
        observe, conflicts = _literals(request, "observe"), _limit(request, "conflicts")
        answers: list[dict[str, Any]] = []
        for assumptions in _clauses(request, "queries"):
            found = formula.solve(assumptions, conflicts, deadline)
            if found is None:
                answers.append({})
            elif found:
                answers.append({"sat": formula.model(observe)})
            else:
                answers.append({"unsat": formula.refuted(assumptions), "mark": len(formula.marks) - 1})
        return {"answers": answers}

    def shut(self) -> None:
        if self.session is not None:
            self.session.close()
            self.session = None


def main() -> None:
    """Answer requests from standard input until it ends."""
    server = Server()
    for line in sys.stdin:
        if not line.strip():
            continue
        start, identity = time.perf_counter(), None
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("a request must be an object")
            identity = request.get("id")
            result = server.answer(request)
        except (ValueError, TypeError, KeyError, OSError, RecursionError, MemoryError) as error:
            result = {"status": "error", "message": " ".join(f"{error!s}".split())[:300] or type(error).__name__}
        result = {"id": identity, **result, "seconds": time.perf_counter() - start}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
