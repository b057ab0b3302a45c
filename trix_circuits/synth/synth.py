"""Exact synthesis: the network with the fewest gates for a function, and the proof that fewer do not suffice.

Sizes are tried from 1 upwards. Each is one question to a solver program: a network, or "impossible". Questions about
many rows are put with a few rows first; a network that fails on another row brings that row in (counterexample-guided
inductive synthesis, Solar-Lezama et al., ASPLOS 2006). "Impossible" for some rows is impossible for all. Every network
is evaluated over all rows here before anyone sees it.

One gate: a function that is not unate, or has two on-rows and two off-rows with the same sum, is refuted without a
solver (gate.py). The output is always a gate, so that even a projection costs one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError
from trix_circuits.evidence.prover import Draft, certify
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.frozen import only_here
from trix_circuits.logic.gate import Summability, margin_of, row_sums, why_not_threshold
from trix_circuits.logic.netlist import Builder
from trix_circuits.logic.truth_table import NamedFunction, TruthTable
from trix_circuits.solve.process import SolverProcess
from trix_circuits.store import Cache, solver_version

OBJECTIVES = {
    "size": ("depth", "nonzero", "magnitude"),
    "depth": ("nonzero", "magnitude"),
    "margin": ("margin", "depth", "nonzero"),
}
DEFAULT_MAX_GATES = 8
_FIRST_ROWS = 24
_ALL_ROWS_AT_ONCE = 64
Gate = tuple[tuple[int, ...], tuple[int, ...], int]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Network:
    """Gates (sources, weights, bias) over nets 0 .. arity-1, then one a gate; the last gate is the output."""

    arity: int
    gates: tuple[Gate, ...]

    @property
    def size(self) -> int:
        return len(self.gates)

    @property
    def depth(self) -> int:
        levels = [0] * self.arity
        for sources, _, _ in self.gates:
            levels.append(1 + max((levels[s] for s in sources), default=0))
        return levels[-1]

    @property
    def margin(self) -> int:
        """The least distance of any gate's sum from 0, in units."""
        return min(margin_of(weights, bias) for _, weights, bias in self.gates)

    def table(self) -> TruthTable:
        """The function, by evaluating every row."""
        ones = (1 << (1 << self.arity)) - 1
        planes = [ones // ((1 << (1 << i)) + 1) << (1 << i) for i in range(self.arity)]
        for sources, weights, bias in self.gates:
            sums = row_sums(weights, bias)
            plane = 0
            for pattern, total in enumerate(sums):
                if total >= 0:
                    rows = ones
                    for i, source in enumerate(sources):
                        rows &= planes[source] if pattern >> i & 1 else planes[source] ^ ones
                    plane |= rows
            planes.append(plane)
        return TruthTable(self.arity, planes[-1])

    def fits(self, form: WeightFormat, max_fan_in: int | None = None) -> bool:
        """Whether all values are the format's, sources exist and come before, and the fan-in is within bounds."""
        for j, (sources, weights, bias) in enumerate(self.gates):
            known = set(weights) <= form.weight_set and bias in form.bias_set
            ordered = all(0 <= s < self.arity + j for s in sources) and len(set(sources)) == len(sources) == len(
                weights
            )
            if not known or not ordered or (max_fan_in is not None and len(sources) > max_fan_in):
                return False
        return True


@only_here
@dataclass(frozen=True)
class Found:
    """A network with the function. `minimal`: fewer gates are impossible (True), or it is not known (None).

    `lower_bound` gates are needed at least. `why_not_one` shows why one gate cannot do, where the function is no
    threshold function. `optimal` says whether the further objectives were proven best.
    """

    network: Network
    minimal: bool | None
    lower_bound: int
    optimal: bool
    why_not_one: Summability | None
    engine: str
    seconds: float
    cached: bool = False


@only_here
@dataclass(frozen=True)
class Impossible:
    """No network of up to `max_gates` gates has the function, proven."""

    max_gates: int
    why_not_one: Summability | None
    engine: str
    seconds: float


@only_here
@dataclass(frozen=True)
class GaveUp:
    """Time ran out with no network; `lower_bound` gates are needed at least."""

    lower_bound: int
    engine: str
    seconds: float


Outcome = Found | Impossible | GaveUp


class _Search:
    """One function, one format, one engine, one deadline."""

    def __init__(
        self, table: TruthTable, form: WeightFormat, solver: SolverProcess, deadline: float, max_fan_in: int | None
    ) -> None:
        self.table, self.form, self.solver = table, form, solver
        self.deadline, self.max_fan_in = deadline, max_fan_in
        every = table.rows <= _ALL_ROWS_AT_ONCE
        self.care = (1 << table.rows) - 1 if every else self._first_rows()
        self.solver_seconds = 0.0

    def _first_rows(self) -> int:
        """Rows where the function changes along an input, which decide most, spread over the table."""
        rows = [0, self.table.rows - 1]
        for row in range(0, self.table.rows, max(1, self.table.rows // (4 * _FIRST_ROWS))):
            rows += [row, row ^ 1 << row.bit_count() % self.table.arity]
        return sum({1 << row for row in rows[: 2 * _FIRST_ROWS]})

    def ask(
        self, gates: int, minimise: tuple[str, ...] = (), max_depth: int | None = None, limit_s: float | None = None
    ) -> tuple[str, Network | None, bool]:
        """found / impossible / gave-up, the network, and whether `minimise` was proven best."""
        best: Network | None = None
        while True:
            left = self.deadline - time.monotonic()
            if limit_s is not None:
                left = min(left, limit_s)
            if left <= 0:
                return "gave-up", best, False
            request = {
                "arity": self.table.arity,
                "table": hex(self.table.bits),
                "care": hex(self.care),
                "gates": gates,
                "weights": list(self.form.weights),
                "biases": list(self.form.biases),
                "max_fan_in": self.max_fan_in,
                "max_depth": max_depth,
                "minimise": list(minimise),
            }
            answer = self.solver.ask(request, left)
            self.solver_seconds += float(answer.get("seconds", 0.0))
            if answer["status"] != "found":
                return str(answer["status"]), None, False
            found = tuple((tuple(g["sources"]), tuple(g["weights"]), int(g["bias"])) for g in answer["gates"])
            network = Network(self.table.arity, found)
            if not network.fits(self.form, self.max_fan_in):
                raise InputError(f"solver {self.solver.engine}: answered a network that the format does not have")
            wrong = network.table().bits ^ self.table.bits
            if not wrong:
                return "found", network, bool(answer["optimal"])
            if wrong & self.care:
                raise InputError(f"solver {self.solver.engine}: answered a wrong network")
            fresh = [row for row in range(self.table.rows) if wrong >> row & 1]
            self.care |= sum(1 << row for row in fresh[:: max(1, len(fresh) // 8)])


def synthesise(
    table: TruthTable,
    form: WeightFormat,
    *,
    objective: str = "size",
    engine: str = "cpsat",
    timeout_s: float = 60.0,
    max_gates: int = DEFAULT_MAX_GATES,
    max_fan_in: int | None = None,
    cache: Cache | None = None,
    solver: SolverProcess | None = None,
    polish: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """The best network for a function.

    Objectives: `size` is fewest gates, then least depth, then fewest weights, then least sum of |w|; `depth` is least
    depth (with at most max_gates gates), then fewest gates; `margin` is fewest gates, then the largest margin.
    With `polish` off, only the number of gates (or the depth) is minimised. Raises InputError for bad options.
    """
    if objective not in OBJECTIVES:
        raise InputError(f"objective must be one of {', '.join(OBJECTIVES)}, not {objective!r}")
    if not 1 <= max_gates <= 40:
        raise InputError(f"the number of gates must be 1 to 40, not {max_gates}")
    if timeout_s <= 0:
        raise InputError(f"the timeout must be positive, not {timeout_s}")
    if max_fan_in is not None and max_fan_in < 1:
        raise InputError(f"the fan-in bound must be at least 1, not {max_fan_in}")
    start = time.monotonic()
    small, support = table.shrink()
    question = {
        "version": 1,
        "arity": small.arity,
        "table": hex(small.bits),
        "weights": list(form.weights),
        "biases": list(form.biases),
        "objective": objective,
        "engine": solver_version(engine),
        "max_gates": max_gates,
        "max_fan_in": max_fan_in,
        "polish": polish,
    }
    own = solver or SolverProcess(engine)
    try:
        search = _Search(small, form, own, start + timeout_s, max_fan_in)
        outcome: Outcome | None = _from_cache(search, cache.get(question)) if cache else None
        if outcome is None:
            outcome = _solve(search, objective, max_gates, polish, progress)
            if cache and isinstance(outcome, Found) and outcome.minimal and outcome.optimal:
                gates = [[list(s), list(w), b] for s, w, b in outcome.network.gates]
                cache.put(question, {"gates": gates, "lower_bound": outcome.lower_bound})
    finally:
        if solver is None:
            own.close()
    return _on_all_inputs(outcome, table.arity, support)


def _solve(search: _Search, objective: str, max_gates: int, polish: bool, progress: Progress | None) -> Outcome:
    witness = why_not_threshold(search.table)
    engine = search.solver.engine
    lower_bound, unknown = 1, False
    for gates in range(1, max_gates + 1):
        if gates == 1 and witness is not None:
            lower_bound = 2
            continue
        if progress:
            progress(f"{gates} gate{'s' if gates > 1 else ''}")
        status, network, optimal = search.ask(gates)
        if status == "impossible":
            if not unknown:
                lower_bound = gates + 1
            continue
        if status == "gave-up" or network is None:
            unknown = True
            if time.monotonic() >= search.deadline:
                break
            continue
        optimal = True
        if objective == "depth":
            network, gates = _flatten(search, network, max_gates)
        if polish:
            depth = network.depth if objective == "depth" else None
            status, better, optimal = search.ask(network.size, OBJECTIVES[objective], depth)
            network = better if better is not None and status == "found" else network
        minimal = True if not unknown and lower_bound == network.size else None
        if objective == "depth" and network.size > lower_bound:
            minimal = False if gates > lower_bound else None
        return Found(network, minimal, lower_bound, optimal, witness, engine, search.solver_seconds)
    if unknown:
        return GaveUp(lower_bound, engine, search.solver_seconds)
    return Impossible(max_gates, witness, engine, search.solver_seconds)


def _flatten(search: _Search, network: Network, max_gates: int) -> tuple[Network, int]:
    """Less depth, at the price of more gates up to max_gates; the smallest network of the least depth found."""
    for depth in range(1, network.depth):
        for gates in range(network.size, max_gates + 1):
            status, flat, _ = search.ask(gates, (), depth)
            if status == "found" and flat is not None:
                return flat, gates
            if status == "gave-up":
                break
    return network, network.size


def _from_cache(search: _Search, entry: Mapping[str, Any] | None) -> Found | None:
    """The cached network once it is evaluated over all rows, and its bound shown again; None if that fails."""
    if entry is None:
        return None
    try:
        gates = tuple((tuple(map(int, s)), tuple(map(int, w)), int(b)) for s, w, b in entry["gates"])
        lower_bound = int(entry["lower_bound"])
        network = Network(search.table.arity, gates)
        if not 1 <= network.size <= 40 or not network.fits(search.form, search.max_fan_in):
            return None
        if network.table() != search.table or lower_bound != network.size:
            return None
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    witness = why_not_threshold(search.table)
    fewer = network.size - 1
    minimal: bool | None = True
    if fewer > 1 or (fewer == 1 and witness is None):
        status, better, _ = search.ask(fewer)
        if better is not None:
            return None
        minimal = True if status == "impossible" else None
    bound = network.size if minimal else 1
    return Found(network, minimal, bound, True, witness, search.solver.engine, search.solver_seconds, cached=True)


def _on_all_inputs(outcome: Outcome, arity: int, support: tuple[int, ...]) -> Outcome:
    """The same outcome for the function of all inputs, those that do not matter included."""
    if len(support) == arity:
        return outcome

    def net(source: int) -> int:
        return support[source] if source < len(support) else source - len(support) + arity

    witness = None if isinstance(outcome, GaveUp) else outcome.why_not_one
    if witness is not None:
        rows = [[sum((r >> i & 1) << s for i, s in enumerate(support)) for r in part]
                for part in (witness.on_rows, witness.off_rows)]  # fmt: skip
        witness = Summability(tuple(rows[0]), tuple(rows[1]))
    if isinstance(outcome, Found):
        gates = tuple(
            (tuple(net(s) for s in sources), weights, bias) for sources, weights, bias in outcome.network.gates
        )
        return Found(Network(arity, gates), outcome.minimal, outcome.lower_bound, outcome.optimal, witness,
                     outcome.engine, outcome.seconds, outcome.cached)  # fmt: skip
    if isinstance(outcome, Impossible):
        return Impossible(outcome.max_gates, witness, outcome.engine, outcome.seconds)
    return outcome


def circuit_of(function: NamedFunction, form: WeightFormat, network: Network) -> Circuit:
    """The circuit of a network, with a certificate by all rows; its output is `y`."""
    builder = Builder(form, dict.fromkeys(function.input_names, 1), share=False)
    nets = list(range(network.arity))
    for sources, weights, bias in network.gates:
        nets.append(builder.gate([nets[s] for s in sources], weights, bias))
    meaning = f"y = table({function.table.hex()}, {', '.join(function.input_names)})"
    netlist = builder.finish({"y": [nets[-1]]})
    return certify(Draft(function.name, netlist, (meaning,), origin={"function": function.name}))
