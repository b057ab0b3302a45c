"""Export: a circuit to a file of another kind, which is read back and proven equal before it is there.

What is read back is the very bytes that are then written, by the package's readers (trix_circuits/read) or, for the kinds that
only people and one tool read (DOT, `.th`), by the small readers beside their writers. The file appears whole, or not
at all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from trix_circuits.circuit import Circuit
from trix_circuits.emit.dot import dot, picture_of, read_dot
from trix_circuits.emit.testbench import ROWS, ports_of_netlist, testbench
from trix_circuits.errors import InputError, LimitError, RefutedError, TrixCircuitsError
from trix_circuits.files import read_bytes_as
from trix_circuits.files.aiger_writer import aiger
from trix_circuits.files.blif import blif_of_aig, blif_of_netlist, net_names, read_weight_comments
from trix_circuits.files.bristol_writer import bristol
from trix_circuits.files.names import Ports, ports_of
from trix_circuits.files.thresh import aig_of_thresh, read_thresh, text_of_netlist, thresh
from trix_circuits.files.verilog.writer import verilog_of_aig, verilog_of_netlist
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.readback import Equality, prove_same
from trix_circuits.store import write

KINDS = {
    "blif": ".blif",
    "blif-weights": ".blif",
    "aiger": ".aig",
    "aag": ".aag",
    "verilog": ".v",
    "bristol": ".bristol",
    "dot": ".dot",
    "thresh": ".th",
}
"""What can be written, and how such files' names usually end."""

_OF_GATES = ("blif-weights", "dot", "thresh")
_PLAIN = ("blif", "blif-weights", "verilog")  # can be written AND by AND, which reads back as the very same AIG
_READERS = {
    "blif": "blif",
    "blif-weights": "blif",
    "aiger": "aiger",
    "aag": "aiger",
    "verilog": "verilog",
    "bristol": "bristol",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What was written, and how it is known to be right."""

    kind: str
    path: str
    size_bytes: int
    equality: Equality
    plain: bool = False  # AND by AND, since the nicer form could not be proven
    testbench: str | None = None
    rows: int = 0


def export_circuit(
    circuit: Circuit | Netlist | Aig,
    kind: str,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    testbench_path: str | os.PathLike[str] | None = None,
    rows: int = ROWS,
    time_limit_s: float = 60.0,
) -> Export:
    """Write a circuit as `kind` (one of KINDS), and for Verilog a testbench of so many rows beside it.

    Raises InputError for a kind that the circuit has not got (weights of an AIG), RefutedError or LimitError if the
    file, read back, is another circuit or cannot be proven to be the same; nothing is written then.
    """
    if kind not in KINDS:
        raise InputError(f"a circuit can be written as {', '.join(KINDS)}, not {kind!r}")
    if testbench_path is not None and kind != "verilog":
        raise InputError(f"a testbench goes with verilog, not with {kind}")
    subject = circuit.netlist if isinstance(circuit, Circuit) else circuit
    if name is None:
        name = circuit.name if isinstance(circuit, Circuit | Aig) else Path(path).name.split(".")[0]
    if isinstance(subject, Aig) and kind in _OF_GATES:
        raise InputError(f"{kind} shows threshold gates, and {name} has none: compile it first")
    ports = ports_of_netlist(subject) if isinstance(subject, Netlist) else ports_of(subject)
    if isinstance(subject, Aig):
        subject = _named(subject, name, ports, keep=kind in ("aiger", "aag"))
    for plain in (False, True):
        data = _encode(subject, kind, name, ports, plain)
        try:
            equality = _read_back(subject, kind, data, Path(path).name, ports, time_limit_s)
            break
        except TrixCircuitsError as error:
            if isinstance(error, LimitError) and not plain and kind in _PLAIN:
                continue
            error.args = (f"{os.fspath(path)}: not written: {error}",)
            raise
    bench = testbench(subject, ports, name, rows=rows) if testbench_path is not None else None
    write(Path(path), data)
    if bench is not None and testbench_path is not None:
        write(Path(testbench_path), bench.encode())
    tested = bench.count("    check(") if bench is not None else 0
    return Export(
        kind,
        os.fspath(path),
        len(data),
        equality,
        plain,
        None if testbench_path is None else os.fspath(testbench_path),
        tested,
    )


def _named(aig: Aig, name: str, ports: Ports, *, keep: bool) -> Aig:
    """The AIG under names that the file can hold; AIGER keeps those given, unless an input and an output share one,
    which ABC refuses.
    """
    if keep and not set(aig.input_names) & set(aig.output_names):
        return replace(aig, name=name)
    return replace(aig, name=name, input_names=tuple(ports.input_bits()), output_names=tuple(ports.output_bits()))


def _encode(subject: Netlist | Aig, kind: str, name: str, ports: Ports, plain: bool = False) -> bytes:
    aig = aig_of(subject, name) if isinstance(subject, Netlist) else subject
    if kind in ("aiger", "aag"):
        gates = f"\n{subject.size} threshold gates in {subject.format.name}" if isinstance(subject, Netlist) else ""
        return aiger(aig, binary=kind == "aiger", comment=f"{name}{gates}")
    if kind == "bristol":
        return bristol(aig, ports).encode()
    if isinstance(subject, Aig):
        return (
            verilog_of_aig(subject, ports, plain=plain) if kind == "verilog" else blif_of_aig(subject, ports)
        ).encode()
    if kind == "verilog":
        return verilog_of_netlist(subject, name, plain=plain).encode()
    if kind == "dot":
        return dot(subject, name).encode()
    if kind == "thresh":
        return thresh(subject, name).encode()
    return blif_of_netlist(subject, name, weights=kind == "blif-weights", plain=plain).encode()


def _read_back(
    subject: Netlist | Aig, kind: str, data: bytes, file: str, ports: Ports, time_limit_s: float
) -> Equality:
    if kind == "dot" and isinstance(subject, Netlist):
        _same(read_dot(data.decode()) == picture_of(subject), "the picture")
        return Equality("same gates and weights")
    if kind == "thresh" and isinstance(subject, Netlist):
        text = read_thresh(data.decode())
        _same(text == text_of_netlist(subject), "the text")
        found = aig_of_thresh(text)
    else:
        found = read_bytes_as(_READERS[kind], data, file).aig
    if kind == "blif-weights" and isinstance(subject, Netlist):
        _same(read_weight_comments(data.decode()) == _comments(subject), "a comment")
    if kind == "bristol":  # no names: buses in order
        inputs = [place for _, places in ports.inputs for place in places]
        outputs = [place for _, places in ports.outputs for place in places]
        _same((len(found.input_names), len(found.output_names)) == (len(inputs), len(outputs)), "the header")
    else:
        given = (subject.input_names, subject.output_names) if isinstance(subject, Aig) else None
        inputs = _places(found.input_names, given[0] if given else ports.input_bits(), "inputs")
        outputs = _places(found.output_names, given[1] if given else ports.output_bits(), "outputs")
    return prove_same(subject, found, inputs, outputs, time_limit_s=time_limit_s)


def _places(found: tuple[str, ...], names: tuple[str, ...] | list[str], what: str) -> list[int]:
    place = {name: k for k, name in enumerate(names)}
    _same(len(found) == len(names) and set(found) == set(names), f"the set of {what}")
    return [place[name] for name in found]


def _comments(netlist: Netlist) -> list[tuple[str, list[tuple[str, Fraction]], Fraction, str]]:
    """What the comments must say."""
    names, form = net_names(netlist)[0], netlist.format
    return [
        (
            names[net],
            [(names[source], form.value(weight)) for source, weight in zip(sources, weights, strict=True)],
            form.value(bias),
            form.name,
        )
        for net, (sources, weights, bias) in enumerate(netlist.gates(), netlist.input_bits)
    ]


def _same(condition: bool, what: str) -> None:
    if not condition:
        raise RefutedError(f"{what}, read back, is not what was to be written")
