"""Mapping: an AIG in, a netlist of threshold gates of one format out.

Cuts and cover (`cuts`, `cover`), collapsing (`collapse`), resynthesis (`resynth`), for one or several variants of the
AIG as the effort allows; the best result counts. Every step keeps the function; nothing here is trusted, though: the
netlist is proven against the AIG afterwards, by whoever hands it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from trix_circuits import check
from trix_circuits.aig import Aig, cleaned
from trix_circuits.errors import InputError
from trix_circuits.formats import WeightFormat
from trix_circuits.map.collapse import MAX_JOINT, collapse
from trix_circuits.map.cover import Values, cover
from trix_circuits.map.cuts import LEAVES
from trix_circuits.map.network import Network, check_values
from trix_circuits.map.resynth import Resynthesis
from trix_circuits.netlist import Builder, Netlist

_RESYNTH_GATES = 40_000
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
) -> Netlist:
    """A netlist of gates of the format that computes the AIG, its buses named by `check.buses`.

    `objective` is size or depth, `effort` 0 (quick) to 3, `max_fan_in` at least 2. `progress` is told each stage and
    the part done (0 to 1); `stats` receives seconds and gates by stage. Raises InputError for settings that make no
    sense, ImpossibleError for a format that cannot express AND with inversions.
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

    def note(stage: str, network: Network) -> None:
        nonlocal started
        now = time.monotonic()
        if stats is not None:
            stats.setdefault("seconds", {})[stage] = stats.get("seconds", {}).get(stage, 0.0) + now - started
            stats.setdefault("gates", {})[stage] = network.size
        started = now

    if progress is not None:
        progress("cover", 0.0)
    network = cover(cleaned(aig), format, by_depth=objective == "depth", max_leaves=min(LEAVES, fan_in))
    note("cover", network)
    network = collapse(network, values, limit=fan_in)
    note("collapse", network)
    if progress is not None:
        progress("resynthesis", 0.5)
    if network.size <= _RESYNTH_GATES:
        extra = 3 if network.size < 5000 else 2
        work = Resynthesis(network, values, limit=fan_in)
        for _ in range(2 + 2 * effort):
            before = work.network.size
            work.resubstitute(keep_depth=objective == "depth", max_extra=extra, max_tries=30 * extra)
            work.network = collapse(work.network, values, limit=fan_in)
            if work.network.size == before:
                break
        network = work.network
        note("resynthesis", network)
    check_values(network, format)
    return netlist_of(network, aig, format)


def netlist_of(network: Network, aig: Aig, form: WeightFormat) -> Netlist:
    """The network as a netlist whose buses are those of the AIG's names."""
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
    drivers = network.outputs.tolist()
    return builder.finish({name: [nets[drivers[place]] for place in places] for name, places in outputs})
