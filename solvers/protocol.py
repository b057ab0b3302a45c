"""The line protocol of the solver programs: one JSON request a line in, one JSON answer a line out (see README.md).

Also what both programs share: reading a question strictly, the short arguments that settle it without a solver, and
the re-evaluation of every network before it is handed out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

OBJECTIVES = ("depth", "nonzero", "magnitude", "margin")
Gate = tuple[list[int], list[int], int]  # sources, weights, bias


@dataclass(frozen=True)
class Question:
    """Is there a network of exactly `gates` gates, the last one being the output, with this function where it matters?"""

    arity: int
    rows: dict[int, int]  # row -> required value
    gates: int
    weights: list[int]
    biases: list[int]
    max_fan_in: int | None
    max_depth: int | None
    minimise: list[str]
    timeout_s: float

    def symmetric(self, i: int, j: int) -> bool:
        """Whether exchanging inputs i and j maps the question to itself."""
        for row, value in self.rows.items():
            swapped = row & ~(1 << i | 1 << j) | (row >> i & 1) << j | (row >> j & 1) << i
            if self.rows.get(swapped) != value:
                return False
        return True

    def not_threshold(self) -> bool:
        """A short proof that one gate cannot do: two on-rows and two off-rows add up to the same vector."""
        spread = {row: sum((row >> i & 1) << 2 * i for i in range(self.arity)) for row in self.rows}
        on = [spread[row] for row, value in self.rows.items() if value]
        off = [spread[row] for row, value in self.rows.items() if not value]
        if len(on) * len(off) > 1 << 14:
            return False
        sums = {p + q for p in on for q in on}
        return any(p + q in sums for p in off for q in off)


@dataclass(frozen=True)
class Answer:
    """What a solver says. `optimal` is about `minimise`."""

    status: str  # found, impossible, gave-up
    gates: list[Gate]
    optimal: bool = False


def _integer(value: Any, what: str, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{what} must be an integer from {low} to {high}, not {value!r}")
    return value


def parse(request: Any) -> Question:
    """The question of a request; raises ValueError with one line."""
    if not isinstance(request, dict):
        raise ValueError("a request must be an object")
    arity = _integer(request.get("arity"), "arity", 0, 16)
    table = int(str(request.get("table")), 16)
    care = (1 << (1 << arity)) - 1 if request.get("care") is None else int(str(request["care"]), 16)
    if table < 0 or (table | care) >> (1 << arity):
        raise ValueError(f"table and care must have at most {1 << arity} bits")
    values = {}
    for name in ("weights", "biases"):
        found = request.get(name)
        if not (isinstance(found, list) and found and all(type(v) is int and abs(v) < 1 << 40 for v in found)):
            raise ValueError(f"{name} must be a list of integers below 2**40")
        values[name] = sorted(set(found))
    minimise = request.get("minimise", [])
    if not (isinstance(minimise, list) and all(name in OBJECTIVES for name in minimise)):
        raise ValueError(f"minimise must be a list of {', '.join(OBJECTIVES)}")
    bounds = {}
    for name in ("max_fan_in", "max_depth"):
        bounds[name] = None if request.get(name) is None else _integer(request[name], name, 0, 1000)
    return Question(
        arity,
        {row: table >> row & 1 for row in range(1 << arity) if care >> row & 1},
        _integer(request.get("gates"), "gates", 1, 40),
        sorted({0, *values["weights"]}),
        values["biases"],
        bounds["max_fan_in"],
        bounds["max_depth"],
        minimise,
        float(request.get("timeout_s", 60)),
    )


def evaluates(question: Question, gates: list[Gate]) -> bool:
    """Whether a network answers the question, row by row."""
    for row, value in question.rows.items():
        nets = [row >> i & 1 for i in range(question.arity)]
        for sources, weights, bias in gates:
            nets.append(int(sum(nets[s] * w for s, w in zip(sources, weights, strict=True)) + bias >= 0))
        if nets[-1] != value:
            return False
    return True


def tight_biases(question: Question, inputs: int) -> list[int]:
    """Biases that are not out of reach of all weights, plus the nearest one beyond on each side."""
    reach = inputs * max(max(question.weights), -min(question.weights)) + 1
    inside = [b for b in question.biases if -reach <= b <= reach]
    beyond = [b for b in question.biases if b > reach][:1] + [b for b in question.biases if b < -reach][-1:]
    return sorted(inside + beyond)


def serve(solve: Callable[[Question], Answer]) -> None:
    """Answer requests from standard input until it ends."""
    for line in sys.stdin:
        if not line.strip():
            continue
        start, identity = time.perf_counter(), None
        try:
            request = json.loads(line)
            identity = request.get("id") if isinstance(request, dict) else None
            question = parse(request)
            answer = solve(question)
            if answer.status == "found" and not evaluates(question, answer.gates):
                raise ValueError("the solver's network does not compute the function")
            gates = [{"sources": s, "weights": w, "bias": b} for s, w, b in answer.gates]
            result: dict[str, Any] = {"status": answer.status, "gates": gates, "optimal": answer.optimal}
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            result = {"status": "error", "message": " ".join(str(error).split())[:300]}
        result = {"id": identity, **result, "seconds": time.perf_counter() - start}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
