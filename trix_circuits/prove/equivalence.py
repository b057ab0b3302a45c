"""Proving a threshold netlist equal to foreign circuits, and any two circuits to each other.

The work is done by sweeping (sweep.py); what comes out is a circuit file that carries its sources and a certificate,
accepted by the checker.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from trix_circuits import check
from trix_circuits.circuit import Circuit, Claim, accept
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.evidence.chain import with_meaning
from trix_circuits.evidence.sweep import Progress, Sweep
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.names import check_matching
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import bit_names
from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.prove.sums import Sums

if TYPE_CHECKING:
    from trix_circuits.map.sums.regions_netlist import RegionEvidence


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
        if place[a >> 1] == place[b >> 1]:
            same = a & 1 == b & 1
            inverse = builder.gate([place[a >> 1]], [-1], 0) if same and a & 1 else -1
            place.append(inverse if inverse >= 0 else place[a >> 1] if same else builder.gate([], [], -1))
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
    origins: Sequence[tuple[int, int]] = (),
    time_limit_s: float = 600.0,
    progress: Progress | None = None,
    seconds: dict[str, float] | None = None,
    gate_by_gate: bool = False,
) -> Circuit:
    """The circuit of a netlist that is proven equal to its sources (bytes of AIGER or BLIF files, or circuit files).

    `seconds` receives those of the stages. `evidence` tells of sums made anew, in literals of `aig`, which is that of the
    first source with further nodes. `origins` are pairs of a net and a literal of `aig` that it is said to compute.

    Raises RefutedError with a counterexample if they differ, LimitError if no proof is found.
    """
    started = time.monotonic()
    read = [check.read_source(source) for source in sources]
    sweep = Sweep(netlist, read, started + time_limit_s)
    sums = Sums(sweep, aig, evidence, read[0]).merge if aig is not None and evidence else None
    hints = []
    if aig is not None and origins:
        place = sweep.located(aig, read[0])
        hints = [(net, place[o >> 1] ^ (o & 1)) for net, o in origins if o >> 1 in place]
    sweep.run(sums, progress, hints, gate_by_gate)
    missing = sweep.missing()
    if missing:
        output, bit = missing[0]
        raise LimitError(
            f"no proof was found in {time_limit_s:g} s for {len(missing)} output bits, the first being bit {bit} of {output}"
        )
    proven = time.monotonic()
    claim = Claim(name, netlist, (), sweep.certificate(), {}, dict(origin or {}), tuple(sources), tuple(source_names))
    circuit = _with_meaning(claim) or accept(claim, name)
    if seconds is not None:
        seconds["prove"] = seconds.get("prove", 0.0) + proven - started
        seconds["check"] = seconds.get("check", 0.0) + time.monotonic() - proven
    return circuit


def prove_equal(first: Aig, second: Aig, *, time_limit_s: float = 600.0) -> Circuit:
    """The proof that two AIGs with the same names are equal, as a circuit (the second's ANDs) with the first as source.

    Raises RefutedError with a counterexample, LimitError if no proof is found in time.
    """
    return certify_against(
        first.name, netlist_of(second), [aiger_bytes(first)], [first.name], time_limit_s=time_limit_s
    )


def _with_meaning(claim: Claim) -> Circuit | None:
    """The circuit with the meaning of the circuit file that it equals, where that file's certificate proves it here too."""
    if len(claim.sources) != 1 or claim.sources[0][8:9] != b"{":
        return None
    try:
        source = check.read(claim.sources[0])
        certificate = with_meaning(claim.netlist, source, claim.certificate)
        if certificate is None:
            return None
        told = replace(claim, meaning=tuple(source.meaning), certificate=certificate, defaults=source.about["defaults"])
        return accept(told, claim.name)
    except (check.Damaged, check.Refused, check.TooLarge, RefutedError, LimitError, InputError):
        return None  # the equality stands by itself


def certify_written(
    subject: Netlist | Aig,
    found: Aig,
    inputs: Sequence[int],
    outputs: Sequence[int],
    *,
    data: bytes | None = None,
    name: str = "written",
    time_limit_s: float = 60.0,
) -> Circuit:
    """The certificate that what was read back from a file is what was to be written.

    `found` is the file's circuit; its input k is the subject's input inputs[k], its output k our output outputs[k].
    `data` are the bytes of the file if the checker reads its kind itself: they are the source then, if the names fit.

    Raises RefutedError with a counterexample, LimitError if no proof is found in time.
    """
    netlist = subject if isinstance(subject, Netlist) else netlist_of(subject)
    aig = subject if isinstance(subject, Aig) else None
    input_names = bit_names(netlist.inputs.items()) if aig is None else list(aig.input_names)
    widths = ((bus, len(nets)) for bus, nets in netlist.outputs.items())
    output_names = bit_names(widths) if aig is None else list(aig.output_names)
    ours = check.buses(input_names, output_names)
    if data is None or check.buses(found.input_names, found.output_names) != ours:
        renamed = replace(
            found,
            input_names=tuple(input_names[place] for place in inputs),
            output_names=tuple(output_names[place] for place in outputs),
        )
        data = aiger_bytes(renamed)
    # What the values are worth, and what the format is called, says nothing of the function.
    plain = replace(netlist, format=replace(netlist.format, name="written", unit=Fraction(1)))
    return certify_against(name, plain, [data], [name], time_limit_s=time_limit_s, gate_by_gate=True)


@dataclass(frozen=True)
class Side:
    """One of two circuits to compare: the bytes that the checker reads, its AIG, and its netlist if it is a circuit file."""

    name: str
    data: bytes
    aig: Aig
    netlist: Netlist | None = None
    notes: tuple[str, ...] = ()


def prove_sides(first: Side, second: Side, *, time_limit_s: float = 600.0, progress: Progress | None = None) -> Circuit:
    """The proof that two circuits are equal, as a circuit file that carries what it is equal to.

    Inputs and outputs are matched by name. Raises InputError if they don't fit each other, RefutedError with a
    counterexample that says both sides' outputs, LimitError if no proof is found in time.
    """
    _same_ports(first, second)
    netlist, sources = second.netlist, [first]
    if netlist is None and first.netlist is not None:
        netlist, sources = first.netlist, [second]
    elif netlist is None:
        netlist, sources = netlist_of(second.aig), [first, second]
    try:
        return certify_against(
            f"{first.name} = {second.name}",
            netlist,
            [side.data for side in sources],
            [side.name for side in sources],
            time_limit_s=time_limit_s,
            progress=progress,
        )
    except RefutedError as error:
        raise told_apart(first, second, error) from None


def told_apart(first: Side, second: Side, error: RefutedError) -> RefutedError:
    """The same refutation in words: the inputs, and the outputs of both sides that differ there."""
    if error.counterexample is None:
        return error
    values = error.counterexample
    here, there = outputs_at(first.aig, values), outputs_at(second.aig, values)
    shown = " ".join(f"{name}={value}" for name, value in values.items())
    differing = [f"{name} is {here[name]} and {there[name]}" for name in here if here[name] != there[name]]
    return RefutedError(f"{first.name} and {second.name} differ where {shown}: {', '.join(differing[:4])}", values)


def outputs_at(aig: Aig, values: Mapping[str, int]) -> dict[str, int]:
    """The outputs of an AIG as integers by bus, for integers by bus."""
    ins, outs = check.buses(aig.input_names, aig.output_names)
    assignment = sum((values[name] >> k & 1) << bit for name, bits in ins for k, bit in enumerate(bits))
    found = aig.evaluate(assignment)
    return {name: sum((found >> bit & 1) << k for k, bit in enumerate(bits)) for name, bits in outs}


def _same_ports(first: Side, second: Side) -> None:
    check_matching(first.aig, second.aig, (first.name, second.name))
    sides = [check.buses(side.aig.input_names, side.aig.output_names) for side in (first, second)]
    for what, place in (("input", 0), ("output", 1)):
        a, b = ({name: len(bits) for name, bits in side[place]} for side in sides)
        for name in (*a, *b):
            if a.get(name) != b.get(name):
                widths = [f"{width} bits wide" if width else "missing" for width in (a.get(name), b.get(name))]
                line = f"{what} {name} must be the same in both, not {widths[0]} in {first.name} and {widths[1]} in {second.name}"
                raise InputError(line)
