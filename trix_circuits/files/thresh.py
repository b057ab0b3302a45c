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
CONST1 is the constant 1, so that no input and no gate can have that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from trix_circuits.errors import InputError, RefutedError, quoted
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import comment, gate_names, module_name
from trix_circuits.files.reading import Reading, text_of
from trix_circuits.logic.aig import TRUE, Aig, AigBuilder, check_names
from trix_circuits.logic.expand import bit_names, gate_literal
from trix_circuits.logic.netlist import Netlist

_ONE = "CONST1"
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


def write(writing: Writing) -> bytes:
    """The netlist as a `.th` file."""
    assert isinstance(writing.subject, Netlist)
    return thresh(writing.subject, writing.name).encode()


def confirm_text(writing: Writing, data: bytes) -> None:
    """Raise RefutedError unless the file says the netlist's very gates, weights and thresholds."""
    assert isinstance(writing.subject, Netlist)
    if parse_thresh(data.decode()) != text_of_netlist(writing.subject):
        raise RefutedError("the text, read back, is not what was to be written")


def thresh(netlist: Netlist, name: str) -> str:
    """The text of a `.th` file."""
    text, form = text_of_netlist(netlist), netlist.format
    if _ONE in (*text.inputs, *text.gates):
        raise InputError(f"an input or output must not be named {_ONE} in a .th file, where that is the constant 1")
    lines = [
        f"Threshold gates of {module_name(name)} in units of {form.unit} ({comment(form.name)}):"
        " 1 iff the sum is >= the threshold",
        f".model {module_name(name)}",
        " ".join([".input", *text.inputs]),
        " ".join([".output", *text.outputs]),
    ]
    for gate, (sources, weights, threshold) in text.gates.items():
        lines += [" ".join([".threshold", *sources, gate]), " ".join(map(str, [*weights, threshold]))]
    return "\n".join([*lines, ".end"]) + "\n"


def read_thresh(data: bytes, name: str) -> Reading:
    """The circuit of a `.th` file."""
    return Reading(aig_of_thresh(parse_thresh(text_of(data)), name))


def parse_thresh(text: str) -> ThresholdText:
    """What a `.th` file says; raises InputError with the line."""
    words: dict[str, Sequence[str]] = {}
    gates: dict[str, Gate] = {}
    lines = [line.split() for line in text.split("\n")]
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
                raise InputError(f"line {number}: {quoted(line[-1])} must have one gate, not two")
            gates[line[-1]] = (tuple(line[1:-1]), tuple(weights), threshold)
            at += 1
        else:
            raise InputError(f"line {number}: .input, .output or .threshold was expected, not {quoted(' '.join(line))}")
    inputs, outputs = tuple(words.get(".input", ())), tuple(words.get(".output", ()))
    check_names(inputs, "input")
    check_names(outputs, "output")
    for name in (*inputs, *gates):
        if name == _ONE:
            raise InputError(f"{_ONE} is the constant 1, and must be no input and no gate")
    for name in inputs:
        if name in gates:
            raise InputError(f"input {quoted(name)} must not be driven by a gate")
    known = {*inputs, *gates, _ONE}
    for name, (sources, _, _) in gates.items():
        for source in sources:
            if source not in known:
                raise InputError(f"gate {quoted(name)} must read nets that exist, not {quoted(source)}")
    for name in outputs:
        if name not in gates:
            raise InputError(f"output {quoted(name)} must be driven by a gate")
    return ThresholdText(inputs, outputs, gates)


def aig_of_thresh(text: ThresholdText, name: str = "threshold") -> Aig:
    """The circuit of a `.th` file; raises InputError if gates form a cycle."""
    builder = AigBuilder(text.inputs)
    literals = {_ONE: TRUE, **{name: builder.input(i) for i, name in enumerate(text.inputs)}}
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
        raise InputError(f"gate {quoted(stuck)} must not read itself, not even by way of others")
    return builder.finish(name, [(output, literals[output]) for output in text.outputs])
