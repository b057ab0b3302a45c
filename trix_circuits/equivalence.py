"""Proving a threshold netlist equal to foreign circuits, and any two circuits to each other.

The work is done by sweeping (sweep.py); what comes out is a circuit file that carries its sources and a certificate,
accepted by the checker.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trix_circuits import check
from trix_circuits.aig import Aig
from trix_circuits.circuit import Circuit, Claim, accept
from trix_circuits.errors import LimitError
from trix_circuits.formats import WeightFormat, get_format
from trix_circuits.netlist import Builder, Netlist
from trix_circuits.sums import Sums
from trix_circuits.sweep import Progress, Sweep

if TYPE_CHECKING:
    from trix_circuits.map.regions_netlist import RegionEvidence


def netlist_of(aig: Aig, form: WeightFormat | None = None) -> Netlist:
    """Each AND as a gate of its own, and each inverted or constant output as one."""
    ins, outs = check.buses(aig.input_names, aig.output_names)
    builder = Builder(form or get_format("e2m1"), {name: len(bits) for name, bits in ins})
    place = [-1] * (1 + len(aig.input_names))
    for net, bit in enumerate(bit for _, bits in ins for bit in bits):
        place[1 + bit] = net
    if (aig.left < 2).any() or (aig.right < 2).any() or (aig.outputs < 2).any():
        place[0] = builder.gate([], [], -1)
    for a, b in zip(aig.left.tolist(), aig.right.tolist(), strict=True):
        if a >> 1 == b >> 1:
            place.append(
                place[a >> 1]
                if a == b and not a & 1
                else builder.gate([place[a >> 1]], [-1], 0)
                if a == b
                else builder.gate([], [], -1)
            )
            continue
        weights = [-1 if a & 1 else 1, -1 if b & 1 else 1]
        place.append(builder.gate([place[a >> 1], place[b >> 1]], weights, -sum(w > 0 for w in weights)))
    drivers = [place[o >> 1] if not o & 1 else builder.gate([place[o >> 1]], [-1], 0) for o in aig.outputs.tolist()]
    return builder.finish({name: [drivers[bit] for bit in bits] for name, bits in outs})


def certify_against(
    name: str,
    netlist: Netlist,
    sources: Sequence[bytes],
    source_names: Sequence[str],
    *,
    origin: Mapping[str, Any] | None = None,
    aig: Aig | None = None,
    evidence: Sequence[RegionEvidence] = (),
    time_limit_s: float = 600.0,
    progress: Progress | None = None,
) -> Circuit:
    """The circuit of a netlist that is proven equal to its sources (bytes of AIGER or BLIF files, or circuit files).

    `evidence` tells of sums made anew, in literals of `aig`, which is that of the first source with further nodes.

    Raises RefutedError with a counterexample if they differ, LimitError if no proof is found.
    """
    sweep = Sweep(netlist, [check.read_source(source) for source in sources], time.monotonic() + time_limit_s)
    sums = Sums(sweep, aig, evidence, check.read_source(sources[0])).merge if aig is not None and evidence else None
    sweep.run(sums, progress)
    missing = sweep.missing()
    if missing:
        name, bit = missing[0]
        raise LimitError(
            f"no proof was found in {time_limit_s:g} s for {len(missing)} output bits, the first being bit {bit} of {name}"
        )
    claim = Claim(name, netlist, (), sweep.certificate(), {}, dict(origin or {}), tuple(sources), tuple(source_names))
    return accept(claim, name)
