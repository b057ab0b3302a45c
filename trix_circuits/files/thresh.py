"""The threshold-gate text (`.th`) of threABC's commands `read_th` and `write_th`, and a reader for it.

Lee, Kuo, Lai and Jiang, "Analytic Approaches to the Collapse Operation and Equivalence Verification of Threshold Logic
Circuits", ICCAD 2016; the format is that of the tool's files:

    any one line
    .model NAME
    .input NAME ...
    .output NAME ...
    .threshold SOURCE ... NAME
    WEIGHT ... THRESHOLD
    .end

A gate is 1 iff the sum of weight * source is at least the threshold, all integers: ours are in units of the format, so
that the threshold is minus the bias. The gates of the outputs come first, in the outputs' order, and only copy a net, since
that tool takes them by their place. It knows gates by name, so that the order of the others is free; ours is topological.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from trix_circuits.errors import InputError
from trix_circuits.files.names import gate_names, module_name
from trix_circuits.logic.aig import TRUE, Aig, AigBuilder
from trix_circuits.logic.expand import bit_names, gate_literal
from trix_circuits.logic.netlist import Netlist

Gate = tuple[tuple[str, ...], tuple[int, ...], int]  # sources, weights, threshold


@dataclass(frozen=True, slots=True)
class ThresholdText:
    """What a file says: names, and the gate that drives each name (outputs included)."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    gates: dict[str, Gate]


def text_of_netlist(netlist: Netlist) -> ThresholdText:
    """What the file of a netlist must say."""
    names = gate_names(netlist)
    gates: dict[str, Gate] = {}
    for bus, nets in netlist.outputs.items():
        gates |= {bit: ((names[net],), (1,), 1) for bit, net in zip(bit_names([(bus, len(nets))]), nets, strict=True)}
    outputs = tuple(gates)
    for net, (sources, weights, bias) in enumerate(netlist.gates(), netlist.input_bits):
        gates[names[net]] = (tuple(names[source] for source in sources), weights, -bias)
    return ThresholdText(tuple(names[: netlist.input_bits]), outputs, gates)


def thresh(netlist: Netlist, name: str) -> str:
    """The netlist as a `.th` file."""
    text, form = text_of_netlist(netlist), netlist.format
    lines = [
        f"Threshold gates of {module_name(name)} in units of {form.unit} ({form.name}): 1 iff the sum is >= the threshold",
        f".model {module_name(name)}",
        " ".join([".input", *text.inputs]),
        " ".join([".output", *text.outputs]),
    ]
    for gate, (sources, weights, threshold) in text.gates.items():
        lines += [" ".join([".threshold", *sources, gate]), " ".join(map(str, [*weights, threshold]))]
    return "\n".join([*lines, ".end"]) + "\n"


def read_thresh(text: str) -> ThresholdText:
    """Read a `.th` file; raises InputError with the line."""
    words: dict[str, Sequence[str]] = {}
    gates: dict[str, Gate] = {}
    lines = [line.split() for line in text.splitlines()]
    at = 1
    while at < len(lines) and lines[at] != [".end"]:
        line, number = lines[at], at + 1
        at += 1
        if not line:
            continue
        if line[0] in (".model", ".input", ".output") and line[0] not in words:
            words[line[0]] = line[1:]
        elif line[0] == ".threshold" and len(line) > 1:
            try:
                *weights, threshold = [int(word) for word in (lines[at] if at < len(lines) else [])]
            except ValueError:
                raise InputError(f"line {number + 1}: the weights and the threshold must be integers") from None
            if len(weights) != len(line) - 2:
                raise InputError(f"line {number + 1}: {len(line) - 2} weights were expected, not {len(weights)}")
            if line[-1] in gates:
                raise InputError(f"line {number}: {line[-1]} must have one gate, not two")
            gates[line[-1]] = (tuple(line[1:-1]), tuple(weights), threshold)
            at += 1
        else:
            raise InputError(f"line {number}: .input, .output or .threshold was expected, not {' '.join(line)[:40]!r}")
    inputs, outputs = tuple(words.get(".input", ())), tuple(words.get(".output", ()))
    known = {*inputs, *gates, "CONST1"}
    for name, (sources, _, _) in gates.items():
        for source in sources:
            if source not in known:
                raise InputError(f"gate {name} must read nets that exist, not {source[:40]!r}")
    for name in outputs:
        if name not in gates:
            raise InputError(f"output {name} must be driven")
    return ThresholdText(inputs, outputs, gates)


def aig_of_thresh(text: ThresholdText, name: str = "threshold") -> Aig:
    """The circuit of a `.th` file; raises InputError if gates form a cycle."""
    builder = AigBuilder(text.inputs)
    literals = {"CONST1": TRUE, **{name: builder.input(i) for i, name in enumerate(text.inputs)}}
    readers: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    for gate, (sources, _, _) in text.gates.items():
        open_sources = {source for source in sources if source not in literals}
        missing[gate] = len(open_sources)
        for source in open_sources:
            readers.setdefault(source, []).append(gate)
    order = {gate: k for k, gate in enumerate(text.gates)}
    ready = [(order[gate], gate) for gate, count in missing.items() if not count]
    while ready:  # in the order of the file as far as it goes, so that a file makes the AIG that it came from
        _, gate = heappop(ready)
        sources, weights, threshold = text.gates[gate]
        literals[gate] = gate_literal(builder, [literals[source] for source in sources], weights, -threshold)
        for reader in readers.get(gate, ()):
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, (order[reader], reader))
    if len(literals) < len(text.gates) + len(text.inputs) + 1:
        stuck = next(gate for gate in text.gates if gate not in literals)
        raise InputError(f"gate {stuck} must not read itself, not even by way of others")
    return builder.finish(name, [(output, literals[output]) for output in text.outputs])
