"""From any circuit to a proven threshold netlist: read, map, prove against what was read, check.

Kinds of input are those of `read`, a circuit file, or a function in Python (`FILE.py` or `FILE.py:NAME`, see `trace`).
A mapper's guess about sums that turns out wrong costs time, not truth: the circuit is then mapped without sums.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trix_circuits.circuit import Circuit, decode
from trix_circuits.errors import ImpossibleError, InputError, LimitError, RefutedError
from trix_circuits.files import Foreign, read_circuit
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.kinds import checker_reads
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.frozen import only_here
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.equivalence import Side, certify_against
from trix_circuits.store import read_bytes

if TYPE_CHECKING:
    from trix_circuits.map.sums.regions import Extraction

Stage = Callable[[str, float], None]
SUMS_AT_MOST = 100_000  # ANDs up to which sums are sought
BOTH_WAYS = 20_000  # ANDs up to which drafts tell whether sums are made anew, or not, or both are tried
CLOSE = 1.2  # a way whose draft costs so many times the other's is not followed
SUMS_LIMIT_S = 90.0  # for the proof of a netlist with sums made anew, after which it is mapped without


@only_here
@dataclass(frozen=True)
class Compiled:
    """A compiled circuit, what it was made from, and the seconds that each stage took."""

    circuit: Circuit
    foreign: Foreign
    seconds: dict[str, float]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The report that `--json` prints."""
        circuit, net = self.circuit, self.circuit.netlist
        fan_ins: Counter[int] = Counter((net.offsets[1:] - net.offsets[:-1]).tolist())
        weights: Counter[int] = Counter(net.weights.tolist())
        return {
            **circuit.description,
            "source": {"kind": self.foreign.kind, "ands": self.foreign.aig.size, "levels": self.foreign.aig.depth,
                       "vouched": self.foreign.vouched},
            "fan_in_histogram": {str(k): fan_ins[k] for k in sorted(fan_ins)},
            "weight_histogram": {str(net.format.value(k)): weights[k] for k in sorted(weights)},
            "seconds": {stage: round(seconds, 3) for stage, seconds in self.seconds.items()},
            "notes": list(self.notes),
        }  # fmt: skip


def read_any(path: str, *, top: str | None = None, at: Mapping[str, int] | None = None) -> Foreign:
    """The circuit of a foreign file, a circuit file or a function in Python, `at` giving its symbolic widths."""
    from trix_circuits.trace.load import load_function, split_target

    file, name = split_target(path)
    if file.endswith(".py"):
        function = load_function(file, name)
        aig = (function.at(**at) if at else function).aig()
        return Foreign("python", aig.name, aig, aiger_bytes(aig), False)
    if at:
        raise InputError(f"{path}: widths are given for functions in Python only")
    if path.endswith(".trix"):
        data = read_bytes(path)
        claim = decode(data, path)
        return Foreign("circuit", claim.name, aig_of(claim.netlist, claim.name), data, True)
    return read_circuit(path, top=top)


def side_of(path: str, *, top: str | None = None) -> Side:
    """A file as one of two sides to compare."""
    foreign = read_any(path, top=top)
    netlist = decode(foreign.data, path).netlist if foreign.kind == "circuit" else None
    return Side(Path(path).name, foreign.data, foreign.aig, netlist, foreign.notes)


def compile_foreign(
    foreign: Foreign,
    form: WeightFormat,
    *,
    objective: str = "size",
    effort: int = 1,
    max_fan_in: int | None = None,
    time_limit_s: float = 600.0,
    stage: Stage | None = None,
) -> Compiled:
    """Map a circuit to threshold gates of a format and prove the result against the given file.

    Raises InputError for settings that make no sense, LimitError if no proof is found in time.
    """
    from trix_circuits.map import map_aig
    from trix_circuits.map.sums.regions import extract
    from trix_circuits.map.sums.regions_netlist import map_with_regions

    seconds: dict[str, float] = {}
    started = time.monotonic()

    def spent(what: str) -> None:
        nonlocal started
        now = time.monotonic()
        seconds[what] = seconds.get(what, 0.0) + now - started
        started = now

    def certified(netlist: Netlist, aig: Aig, evidence: Any, limit_s: float) -> Circuit:
        told = None if stage is None else lambda done, total: stage("proof", done / max(1, total))
        return certify_against(
            foreign.name,
            netlist,
            [foreign.data],
            [foreign.name],
            origin={"source": foreign.kind, "objective": objective, "effort": effort, "max_fan_in": max_fan_in},
            aig=aig,
            evidence=evidence,
            origins=origins if netlist is plain else (),
            time_limit_s=limit_s,
            progress=told,
            seconds=seconds,
        )

    options: dict[str, Any] = {"objective": objective, "effort": effort, "max_fan_in": max_fan_in, "progress": stage}
    notes = list(foreign.notes)
    circuit: Circuit | None = None
    plain: Netlist | None = None  # mapped without sums
    origins: list[tuple[int, int]] = []
    extraction = extract(foreign.aig) if foreign.aig.size <= SUMS_AT_MOST else None
    spent("sums")
    if extraction is not None and extraction.regions:
        try:
            many = foreign.aig.size > BOTH_WAYS
            ways = {"sums"} if many else _worth(foreign.aig, form, extraction, objective, options)
            if "plain" in ways:
                plain = map_aig(foreign.aig, form, origins=origins, **options)
            if "sums" in ways:
                netlist, evidence = map_with_regions(foreign.aig, form, extraction=extraction, **options)
                spent("map")
                if plain is None or _cost(netlist, objective) < _cost(plain, objective):
                    circuit = certified(netlist, extraction.aig, evidence, min(time_limit_s, SUMS_LIMIT_S))
        except (RefutedError, LimitError, ImpossibleError):
            notes.append("sums were recognised that could not be proven; mapped without them")
            spent("prove")
    if circuit is None:
        if plain is None:
            plain = map_aig(foreign.aig, form, origins=origins, **options)
        spent("map")
        circuit = certified(plain, foreign.aig, (), time_limit_s)
    if not foreign.vouched:
        notes.append(
            f"the checker reads {checker_reads()}: it vouches for the AIGER into which this {foreign.kind} was translated"
        )
    return Compiled(circuit, foreign, seconds, tuple(notes))


def _worth(aig: Aig, form: WeightFormat, found: Extraction, objective: str, options: Mapping[str, Any]) -> set[str]:
    """Which ways are worth their time, by what quick drafts give: sums made anew, the plain mapping, or both."""
    from trix_circuits.map import map_aig
    from trix_circuits.map.sums.regions_netlist import map_with_regions

    quick = partial(map_aig, draft=True)
    drafts = {"sums": map_with_regions(aig, form, extraction=found, mapper=quick, **options)[0],
              "plain": quick(aig, form, **options)}  # fmt: skip
    costs = {way: _cost(netlist, objective)[0] for way, netlist in drafts.items()}
    return {way for way, cost in costs.items() if cost <= CLOSE * min(costs.values())}


def _cost(netlist: Netlist, objective: str) -> tuple[int, int]:
    return (netlist.depth, netlist.size) if objective == "depth" else (netlist.size, netlist.depth)
