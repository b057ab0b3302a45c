"""Mapping: an AIG in, a netlist of threshold gates of one format out.

Cuts and cover (`cuts`, `cover`), collapsing (`collapse`), resynthesis (`resynth`), for one or several variants of the
AIG as the effort allows; the best result counts. Every step keeps the function; nothing here is trusted, though: the
netlist is proven against the AIG afterwards, by whoever hands it out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trix_circuits import check
from trix_circuits.errors import InputError
from trix_circuits.logic.aig import Aig, cleaned, needed_ands
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.map.covering.collapse import MAX_JOINT, collapse
from trix_circuits.map.covering.cover import Values, cover
from trix_circuits.map.covering.cuts import LEAVES
from trix_circuits.map.network import Network, check_values
from trix_circuits.map.resynth.resynth import Resynthesis
from trix_circuits.map.rewrite import variants
from trix_circuits.map.sums.comparators import rippled

OBJECTIVES = ("size", "depth")
Progress = Callable[[str, float], None]


def map_aig(
    aig: Aig,
    format: WeightFormat,
    *,
    objective: str = "size",
    effort: int = 1,
    max_fan_in: int | None = None,
    progress: Progress | None = None,
    stats: dict[str, Any] | None = None,
    origins: list[tuple[int, int]] | None = None,
    draft: bool = False,
) -> Netlist:
    """A netlist of gates of the format that computes the AIG, its buses named by `check.buses`.

    `objective` is size or depth, `effort` 0 (quick) to 3, `max_fan_in` at least 2. `progress` is told each stage and
    the part done (0 to 1); `stats` receives seconds and gates by stage, `origins` pairs of a net and the literal of the
    AIG that it computes, where that was kept track of: hints, not facts. A `draft` is what covering and collapsing give,
    which shows soon what is worth more. Raises InputError for settings that make no sense, ImpossibleError for a format that cannot express AND with inversions.
    """
    if objective not in OBJECTIVES:
        raise InputError(f"objective must be one of {', '.join(OBJECTIVES)}, not {objective!r}")
    if max_fan_in is not None and max_fan_in < 2:
        raise InputError(f"max_fan_in must be at least 2, not {max_fan_in}")
    if not len(aig.outputs):
        raise InputError("the circuit must have an output")
    fan_in = min(MAX_JOINT, max_fan_in or 10)
    values = Values.of(format)
    started = time.monotonic()

    def cost(network: Network) -> tuple[int, int]:
        return (network.depth, network.size) if objective == "depth" else (network.size, network.depth)

    def promise(draft: Resynthesis) -> float:
        """The cost, a little less for a draft whose gates are known by their nodes: its proof is quicker."""
        return cost(draft.network)[0] * (1.0 if len(draft.network.origins) else 1.01)

    def note(stage: str, network: Network) -> None:
        nonlocal started
        now = time.monotonic()
        if stats is not None:
            stats.setdefault("seconds", {})[stage] = stats.get("seconds", {}).get(stage, 0.0) + now - started
            stats.setdefault("gates", {})[stage] = network.size
        started = now

    plan = _plan(aig.size, effort, objective == "depth")
    if draft:
        plan = replace(plan, scripts=(), rounds=(), leaves=plan.leaves[:1])
    by_depth = objective == "depth"
    aig_clean = cleaned(aig)
    if progress is not None:
        progress("cover", 0.1)
    started = time.monotonic()
    drafts: list[Resynthesis] = []

    def add(source: Aig) -> None:
        for leaves in plan.leaves:
            network = cover(source, format, by_depth=by_depth, max_leaves=min(leaves, fan_in), keep=plan.keep)
            if source is not aig_clean:
                network.origins = network.origins[:0]
            if not drafts:
                note("cover", network)
            network = collapse(network, values, limit=fan_in)
            drafts.append(Resynthesis(network, values, limit=fan_in, keep_depth=by_depth, effort=effort))

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:  # compiled loops and solvers release the interpreter
        rewritten = pool.submit(variants, aig_clean, plan.scripts)
        add(aig_clean)
        chained = rippled(aig_clean) if plan.comparators else None
        for source in (*rewritten.result(), *([] if chained is None else [chained])):
            add(source)
        best = min((draft.network for draft in drafts), key=cost)
        note("collapse", best)
        # successive halving: all drafts get the cheap rounds, the better ones the dear ones
        for stage, (kept, extra, rounds) in enumerate(plan.rounds):
            drafts = sorted(drafts, key=promise)[:kept]
            if progress is not None:
                progress("resynthesis", 0.2 + 0.8 * stage / len(plan.rounds))
            runs = [pool.submit(draft.run, extra=extra, rounds=rounds) for draft in drafts]
            for run in runs:
                run.result()
    network = min((draft.network for draft in drafts), key=cost)
    if cost(best) < cost(network):
        network = best
    note("resynthesis", network)
    check_values(network, format)
    _trace_back(network, aig)
    return netlist_of(network, aig, format, origins)


def _trace_back(network: Network, aig: Aig) -> None:
    """Turn origins in the cleaned AIG into those in the AIG itself."""
    first = 1 + len(aig.input_names)
    place = np.concatenate([np.arange(first), first + np.flatnonzero(needed_ands(aig))])
    literals = network.origins[:, 1]
    network.origins[:, 1] = 2 * place[literals >> 1] + (literals & 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried: rewriting scripts, sizes of cuts, cuts kept a node, and rounds of (drafts kept, extra, passes)."""

    scripts: tuple[str, ...]
    leaves: tuple[int, ...]
    keep: int
    rounds: tuple[tuple[int, int, int], ...]
    comparators: bool = True


_SCRIPTS = (
    "balance rewrite resub",
    "rewrite resub",
    "rewrite resub rewrite resub",
    "balance",
    "rewrite resub refactor rewrite resub",
)


def _plan(ands: int, effort: int, by_depth: bool) -> Plan:
    """By the size of the AIG and not by the clock, so that the same question has the same answer everywhere."""
    if ands > 100_000 or effort <= 0:
        return Plan((), (LEAVES,), 8, ((1, 2, 1),) if ands <= 100_000 else (), False)
    if ands > 8_000:
        return Plan((), (LEAVES,), 10, ((1, 2, 1 if effort == 1 else 2 * effort),))
    if ands > 2_000:
        return Plan(
            _SCRIPTS[0 if by_depth else 1 : 2 * effort - 1],
            (LEAVES, 4),
            12,
            ((2 * effort - 1, 2, 1), (effort, 3, 3 * effort - 3)),
        )
    last = (effort, 3, 3 * effort - 2)
    rounds = ((2 * effort, 2, 1), last) if ands > 500 else ((1 + 2 * effort, 2, 1), (2 * effort - 1, 3, 1), last)
    return Plan(_SCRIPTS[: 2 * effort], (LEAVES, 4), 12, rounds)


def netlist_of(network: Network, aig: Aig, form: WeightFormat, origins: list[tuple[int, int]] | None = None) -> Netlist:
    """The network as a netlist whose buses are those of the AIG's names; `origins` receives those of its nets."""
    inputs, outputs = check.buses(list(aig.input_names), list(aig.output_names))
    builder = Builder(form, {name: len(places) for name, places in inputs}, share=False)
    nets = [0] * (network.inputs + network.size)
    for name, places in inputs:
        for net, place in zip(builder[name], places, strict=True):
            nets[place] = net
    sources, weights = network.sources.tolist(), network.weights.tolist()
    for g, (count, bias) in enumerate(zip(network.fan_in.tolist(), network.biases.tolist(), strict=True)):
        reads = [nets[s] for s in sources[g][:count]]
        nets[network.inputs + g] = builder.gate(reads, weights[g][:count], bias)
    if origins is not None:
        origins += [(nets[net], literal) for net, literal in network.origins.tolist()]
    drivers = network.outputs.tolist()
    return builder.finish({name: [nets[drivers[place]] for place in places] for name, places in outputs})
