"""Exact synthesis of threshold networks with OR-Tools CP-SAT. Run it; it speaks the line protocol of README.md.

Model: gate j has an integer weight for each input and each earlier gate, and a bias, with the format's values as
domains. Its value at row r is a Boolean, fixed for the output gate; the weighted sum at a row is >= 0 or <= -1
accordingly. The product of a weight and the value of an earlier gate is an integer of its own, tied by two half-
reified equations. Symmetric inputs have descending weights at the first gate, which loses no network: exchange them.

One gate has no products: it is a small system of linear inequalities. What two on-rows and two off-rows that add up to
the same vector refute is not put to the solver at all.
"""

from __future__ import annotations

import time

from ortools.sat.python import cp_model
from protocol import Answer, Gate, Question, serve, tight_biases


class _Model:
    def __init__(self, question: Question) -> None:
        self.q, self.m = question, cp_model.CpModel()
        m, q = self.m, question
        self.weight: list[list[cp_model.IntVar]] = []
        self.bias: list[cp_model.IntVar] = []
        self.value: list[dict[int, cp_model.IntVar]] = []
        self.margin_rows: list[tuple[cp_model.LinearExprT, cp_model.IntVar | int]] = []
        domain = cp_model.Domain.from_values(q.weights)
        low, high = min(q.weights), max(q.weights)
        for j in range(q.gates):
            inputs = q.arity + j
            last = j == q.gates - 1
            w = [m.new_int_var_from_domain(domain, f"w{j}_{s}") for s in range(inputs)]
            b = m.new_int_var_from_domain(cp_model.Domain.from_values(tight_biases(q, inputs)), f"b{j}")
            self.weight.append(w)
            self.bias.append(b)
            self.value.append({} if last else {row: m.new_bool_var(f"y{j}_{row}") for row in q.rows})
            for row, required in q.rows.items():
                terms = [w[i] for i in range(q.arity) if row >> i & 1]
                for k in range(j):
                    product = m.new_int_var(min(low, 0), max(high, 0), f"p{j}_{k}_{row}")
                    on = self.value[k][row]
                    m.add(product == w[q.arity + k]).only_enforce_if(on)
                    m.add(product == 0).only_enforce_if(on.negated())
                    terms.append(product)
                total = sum(terms) + b
                if last:
                    m.add(total >= 0) if required else m.add(total <= -1)
                else:
                    y = self.value[j][row]
                    m.add(total >= 0).only_enforce_if(y)
                    m.add(total <= -1).only_enforce_if(y.negated())
                self.margin_rows.append((total, required if last else self.value[j][row]))
        for j in range(q.gates - 1):  # a gate that nobody reads could as well not be there
            m.add_bool_or([self.reads(later, q.arity + j) for later in range(j + 1, q.gates)])
        for i in range(q.arity):
            for k in range(i + 1, q.arity):
                if q.symmetric(i, k):
                    m.add(self.weight[0][i] >= self.weight[0][k])
                    break
        self._bounds()

    def reads(self, gate: int, source: int) -> cp_model.IntVar:
        """Whether a gate's weight of a source is not 0."""
        cache = self.__dict__.setdefault("_reads", {})
        if (gate, source) not in cache:
            used = self.m.new_bool_var(f"e{gate}_{source}")
            nonzero = cp_model.Domain.from_values([w for w in self.q.weights if w])
            self.m.add_linear_expression_in_domain(self.weight[gate][source], nonzero).only_enforce_if(used)
            self.m.add(self.weight[gate][source] == 0).only_enforce_if(used.negated())
            cache[gate, source] = used
        found: cp_model.IntVar = cache[gate, source]
        return found

    def _bounds(self) -> None:
        q = self.q
        if q.max_fan_in is not None:
            for j in range(q.gates):
                self.m.add(sum(self.reads(j, s) for s in range(q.arity + j)) <= q.max_fan_in)
        self.level: list[cp_model.IntVar] = []
        if q.max_depth is not None or "depth" in q.minimise:
            for j in range(q.gates):
                self.level.append(self.m.new_int_var(1, q.gates, f"d{j}"))
                for k in range(j):
                    self.m.add(self.level[j] >= self.level[k] + 1).only_enforce_if(self.reads(j, q.arity + k))
            if q.max_depth is not None:
                self.m.add(self.level[-1] <= q.max_depth)

    def objective(self, name: str) -> cp_model.LinearExprT:
        """What is to be as small as possible."""
        q, m = self.q, self.m
        every = [(j, s) for j in range(q.gates) for s in range(q.arity + j)]
        if name == "depth":
            return self.level[-1]
        if name == "nonzero":
            return sum(self.reads(j, s) for j, s in every)
        largest = max(max(q.weights), -min(q.weights))
        if name == "magnitude":
            sizes = []
            for j, s in every:
                size = m.new_int_var(0, largest, f"a{j}_{s}")
                m.add_abs_equality(size, self.weight[j][s])
                sizes.append(size)
            return sum(sizes)
        reach = largest * (q.arity + q.gates) + max(abs(b) for b in q.biases)
        margin = m.new_int_var(0, reach, "margin")
        for total, fires in self.margin_rows:
            if isinstance(fires, int):
                m.add(total >= margin) if fires else m.add(total <= -margin)
            else:
                m.add(total >= margin).only_enforce_if(fires)
                m.add(total <= -margin).only_enforce_if(fires.negated())
        return -margin

    def network(self, solver: cp_model.CpSolver) -> list[Gate]:
        gates = []
        for w, b in zip(self.weight, self.bias, strict=True):
            values = [solver.value(v) for v in w]
            used = [s for s, value in enumerate(values) if value]
            gates.append((used, [values[s] for s in used], solver.value(b)))
        return gates


def solve(question: Question) -> Answer:
    """Answer one question within its time."""
    deadline = time.monotonic() + question.timeout_s
    if question.gates == 1 and question.not_threshold():
        return Answer("impossible", [])
    model = _Model(question)
    best: list[Gate] = []
    for stage in [None, *question.minimise]:
        if stage is not None:
            target = model.objective(stage)
            model.m.minimize(target)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.linearization_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        solver.parameters.max_time_in_seconds = max(0.01, deadline - time.monotonic())
        status = solver.solve(model.m)
        if status == cp_model.INFEASIBLE:
            return Answer("impossible", [])
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            best = model.network(solver)
        if status != cp_model.OPTIMAL:
            return Answer("found", best) if best else Answer("gave-up", [])
        model.m.clear_hints()
        for variable in range(len(model.m.proto.variables)):
            hinted = model.m.get_int_var_from_proto_index(variable)
            model.m.add_hint(hinted, solver.value(hinted))
        if stage is not None:
            model.m.add(target <= round(solver.objective_value))
            model.m.clear_objective()
    return Answer("found", best, optimal=True)


if __name__ == "__main__":
    serve(solve)
