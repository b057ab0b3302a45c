"""Exact synthesis of threshold networks with Z3. Run it; it speaks the line protocol of README.md.

The second opinion: the same question as in cpsat.py, written as linear arithmetic over exact rationals. Each weight must
equal one of the format's values (so that all is integer in effect, and the simplex needs no cuts); a weight times the
value of an earlier gate is a conditional.
"""

from __future__ import annotations

import math
import time
from fractions import Fraction

import z3
from protocol import Answer, Gate, Question, serve, tight_biases


def _value(model: z3.ModelRef, term: z3.ArithRef) -> Fraction:
    """The exact value of a term in a model; sums of conditionals are integers to Z3, weights are rationals."""
    found = model.eval(term, model_completion=True)
    return Fraction(found.as_long()) if z3.is_int_value(found) else Fraction(found.as_fraction())


class _Model:
    def __init__(self, question: Question) -> None:
        self.q = question
        self.constraints: list[z3.BoolRef] = []
        q, add = question, self.constraints.append
        self.weight: list[list[z3.ArithRef]] = []
        self.bias: list[z3.ArithRef] = []
        value: list[dict[int, z3.BoolRef]] = []
        self.margins: list[tuple[z3.ArithRef, z3.BoolRef]] = []
        for j in range(q.gates):
            inputs = q.arity + j
            self.weight.append([z3.Real(f"w{j}_{s}") for s in range(inputs)])
            self.bias.append(z3.Real(f"b{j}"))
            for w in self.weight[j]:
                add(self._among(w, q.weights))
            add(self._among(self.bias[j], tight_biases(q, inputs)))
            last = j == q.gates - 1
            value.append(
                {row: z3.BoolVal(bool(need)) if last else z3.Bool(f"y{j}_{row}") for row, need in q.rows.items()}
            )
            for row in q.rows:
                terms = [self.weight[j][i] for i in range(q.arity) if row >> i & 1]
                terms += [z3.If(value[k][row], self.weight[j][q.arity + k], 0) for k in range(j)]
                total = z3.Sum([*terms, self.bias[j]])
                add((total >= 0) == value[j][row])
                self.margins.append((total, value[j][row]))
        for j in range(q.gates - 1):
            add(z3.Or([self.weight[k][q.arity + j] != 0 for k in range(j + 1, q.gates)]))
        for i in range(q.arity):
            for k in range(i + 1, q.arity):
                if q.symmetric(i, k):
                    add(self.weight[0][i] >= self.weight[0][k])
                    break
        if q.max_fan_in is not None:
            for j in range(q.gates):
                add(z3.PbLe([(w != 0, 1) for w in self.weight[j]], q.max_fan_in))
        self.level = [z3.Real(f"d{j}") for j in range(q.gates)]
        if q.max_depth is not None or "depth" in q.minimise:
            for j in range(q.gates):
                add(self.level[j] >= 1)
                for k in range(j):
                    add(z3.Or(self.weight[j][q.arity + k] == 0, self.level[j] > self.level[k]))
            if q.max_depth is not None:
                add(self.level[-1] <= q.max_depth)

    @staticmethod
    def _among(variable: z3.ArithRef, values: list[int]) -> z3.BoolRef:
        return z3.Or([variable == value for value in values])

    def objective(self, name: str) -> z3.ArithRef:
        """What is to be as small as possible."""
        every = [w for row in self.weight for w in row]
        if name == "depth":
            return self.level[-1]
        if name == "nonzero":
            return z3.Sum([z3.If(w != 0, 1, 0) for w in every])
        if name == "magnitude":
            return z3.Sum([z3.If(w < 0, -w, w) for w in every])
        margin = z3.Real("margin")
        self.constraints.append(margin >= 0)
        for total, fires in self.margins:
            self.constraints.append(z3.If(fires, total, -total) >= margin)
        return -margin

    def network(self, model: z3.ModelRef) -> list[Gate]:
        gates: list[Gate] = []
        for w, b in zip(self.weight, self.bias, strict=True):
            values = [int(_value(model, v)) for v in w]
            used = [s for s, v in enumerate(values) if v]
            gates.append((used, [values[s] for s in used], int(_value(model, b))))
        return gates


def solve(question: Question) -> Answer:
    """Answer one question within its time; each objective is lowered step by step until it can be no lower."""
    deadline = time.monotonic() + question.timeout_s
    if question.gates == 1 and question.not_threshold():
        return Answer("impossible", [])
    model = _Model(question)
    targets = [model.objective(name) for name in question.minimise]
    solver = z3.SolverFor("QF_LRA")
    solver.add(model.constraints)
    best: list[Gate] = []

    def ask() -> z3.CheckSatResult:
        solver.set("timeout", max(1, int(1000 * (deadline - time.monotonic()))))
        return solver.check()

    result = ask()
    if result == z3.unsat:
        return Answer("impossible", [])
    if result != z3.sat:
        return Answer("gave-up", [])
    found = solver.model()
    best = model.network(found)
    for target in targets:
        while True:
            reached = math.ceil(_value(found, target))
            solver.push()
            solver.add(target <= reached - 1)
            result = ask()
            if result == z3.sat:
                found = solver.model()
                best = model.network(found)
            solver.pop()
            if result == z3.unsat:
                solver.add(target <= reached)
                break
            if result != z3.sat:
                return Answer("found", best)
    return Answer("found", best, optimal=True)


if __name__ == "__main__":
    serve(solve)
