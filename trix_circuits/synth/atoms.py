"""The atom library: small functions with a solved network in each format, as data in atoms/.

One JSON file a format. A record states the fact several ways: the truth table, the gates, the size, and the evidence
that fewer gates are impossible ("one gate always suffices to be least", a short refutation of one gate, or the solver's
"impossible" for one gate less). Reading believes nothing: `network` evaluates what it hands out over all rows, and
`verify` re-does the evidence as well. `regenerate` makes the files anew, the same ones each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from trix_circuits.errors import InputError, RefutedError
from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.gate import why_not_threshold
from trix_circuits.logic.truth_table import ATOM_NAMES, TruthTable, named_function, npn_classes
from trix_circuits.share import folder
from trix_circuits.solve.process import SolverProcess
from trix_circuits.synth.synth import Found, Network, synthesise

LIBRARY_FORMATS = ("e2m1", "ternary", "ternary-strict", "nf4")
N_ARY = ("AND3", "AND4", "OR3", "OR4", "NAND3", "NAND4", "NOR3", "NOR4", "XOR3", "XOR4", "XNOR3", "MAJ3", "MAJ5")
_TIMEOUT_S = 120.0
_MAX_GATES = 9
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Atom:
    """A function with a network in a format. `evidence` says why there is no smaller one, None if that is not known."""

    name: str
    network: Network
    table: TruthTable
    minimal: bool
    lower_bound: int
    evidence: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inputs": self.table.arity,
            "truth_table": self.table.hex(),
            "size": self.network.size,
            "depth": self.network.depth,
            "minimal": self.minimal,
            "lower_bound": self.lower_bound,
            "evidence": self.evidence,
            "gates": [[list(sources), list(weights), bias] for sources, weights, bias in self.network.gates],
        }


def wanted() -> list[tuple[str, TruthTable]]:
    """Names and tables of all functions that the library holds: atoms, n-ary ones, NPN classes of 4 inputs."""
    named = [(name, named_function(name).table) for name in (*ATOM_NAMES, *N_ARY)]
    return named + [(f"npn4-{bits:04x}", TruthTable(4, bits)) for bits in npn_classes(4)]


@cache
def library(format_name: str) -> dict[str, Atom]:
    """All atoms of a format by name, well-formed but not yet evaluated. Raises InputError if a file is damaged."""
    path = folder("atoms") / f"{format_name}.json"
    if format_name not in LIBRARY_FORMATS:
        raise InputError(f"the atom library has the formats {', '.join(LIBRARY_FORMATS)}, not {format_name}")
    try:
        content = json.loads(path.read_text())
        found = {}
        for entry in content["atoms"]:
            gates = tuple((tuple(s), tuple(w), int(b)) for s, w, b in entry["gates"])
            table = TruthTable(int(entry["inputs"]), int(entry["truth_table"], 16))
            name, bound, evidence = str(entry["name"]), int(entry["lower_bound"]), entry["evidence"]
            found[name] = Atom(name, Network(table.arity, gates), table, bool(entry["minimal"]), bound, evidence)
        if content["format"] != format_name:
            raise ValueError(f"it is of format {content['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path.name}: the atom library is damaged: {error}") from None
    return found


def network(form: WeightFormat, table: TruthTable) -> Network | None:
    """The library's network for exactly this function, evaluated over all rows; None if it has none."""
    if form.name not in LIBRARY_FORMATS or get_format(form.name) != form:
        return None
    for atom in library(form.name).values():
        if atom.table == table and atom.network.fits(form) and atom.network.table() == table:
            return atom.network
    return None


def verify(format_name: str, progress: Progress | None = None, jobs: int = 2) -> dict[str, int]:
    """Prove every atom of a format again: all rows, format, and the bound. Raises RefutedError at the first failure."""
    form, atoms = get_format(format_name), library(format_name)
    names = dict(wanted())
    if set(names) != set(atoms):
        raise RefutedError(f"atoms {format_name}: the library must hold exactly the functions of its list")
    counts = {"atoms": len(atoms), "rows": 0, "minimal": 0}
    hard: list[Atom] = []
    for atom in atoms.values():
        right = atom.table == names[atom.name] and atom.network.fits(form) and atom.network.table() == atom.table
        if not right:
            raise RefutedError(f"atoms {format_name}: {atom.name} does not compute its function in the format")
        if atom.minimal != (atom.lower_bound == atom.network.size):
            raise RefutedError(f"atoms {format_name}: {atom.name} states a size and a bound that contradict each other")
        counts["rows"] += atom.table.rows
        counts["minimal"] += atom.minimal
        easy = atom.lower_bound == 1 or (atom.lower_bound == 2 and why_not_threshold(atom.table) is not None)
        if not easy:
            hard.append(atom)

    def again(part: Sequence[Atom]) -> None:
        with SolverProcess("cpsat") as solver:
            for atom in part:
                below = atom.lower_bound - 1
                outcome = synthesise(
                    atom.table, form, max_gates=below, solver=solver, polish=False, timeout_s=_TIMEOUT_S
                )
                if isinstance(outcome, Found):
                    raise RefutedError(
                        f"atoms {format_name}: {atom.name} has a network of {outcome.network.size} gates"
                    )
                done.append(atom.name)
                if progress:
                    progress(len(done), len(hard))

    done: list[str] = []
    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(again, hard[i::jobs]) for i in range(jobs)]:
            future.result()
    counts["bounds_solved"] = len(hard)
    return counts


def regenerate(target: Path, format_name: str, progress: Progress | None = None, jobs: int = 2) -> Path:
    """Solve the whole list afresh and write the format's file into a folder."""
    form, names = get_format(format_name), wanted()
    found: dict[str, Atom] = {}

    def solve(part: Sequence[tuple[str, TruthTable]]) -> None:
        with SolverProcess("cpsat") as solver:
            for name, table in part:
                outcome = synthesise(
                    table, form, solver=solver, polish=False, timeout_s=_TIMEOUT_S, max_gates=_MAX_GATES
                )
                if not isinstance(outcome, Found):
                    raise RefutedError(f"atoms {format_name}: no network was found for {name}")
                found[name] = _atom(name, table, outcome)
                if progress:
                    progress(len(found), len(names))

    with ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(solve, names[i::jobs]) for i in range(jobs)]:
            future.result()
    lines = ",\n".join(json.dumps(found[name].as_json(), separators=(",", ":")) for name, _ in names)
    path = target / f"{format_name}.json"
    path.write_text(f'{{"format":"{format_name}","atoms":[\n{lines}\n]}}\n')
    library.cache_clear()
    return path


def _atom(name: str, table: TruthTable, outcome: Found) -> Atom:
    size, bound = outcome.network.size, outcome.lower_bound
    if not outcome.minimal:
        evidence = None
    elif size == 1:
        evidence = "an output takes a gate"
    elif size == 2 and outcome.why_not_one is not None:
        on, off = outcome.why_not_one.on_rows, outcome.why_not_one.off_rows
        evidence = f"no threshold function: rows {on[0]} and {on[1]} are on, {off[0]} and {off[1]} off, with equal sums"
    else:
        evidence = f"{size - 1} gates are impossible, by {outcome.engine}"
    return Atom(name, outcome.network, table, outcome.minimal is True, bound, evidence)
