"""Export: a circuit to a file of another kind, which is read back and proven equal before it is there.

What is read back is the very bytes that are then written, by the reader of its kind; what a file says beside a function
(weights in comments, labels of a picture) is compared too. The file appears whole, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trix_circuits import emit
from trix_circuits.circuit import Circuit
from trix_circuits.emit.testbench import ROWS, testbench
from trix_circuits.errors import InputError, LimitError, RefutedError, TrixCircuitsError, quoted, shown
from trix_circuits.files import KINDS, Kind, read_bytes_as
from trix_circuits.files.kinds import Writing, named
from trix_circuits.files.names import ports_of, ports_of_netlist, renamings
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.names import circuit_name
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.equivalence import certify_written
from trix_circuits.store import write

WRITABLE: tuple[Kind, ...] = tuple(kind for kind in (*KINDS, *emit.KINDS) if kind.write)
"""What can be written."""


STRUCTURE = "the same ANDs as ours, without a certificate"


@dataclass(frozen=True, slots=True)
class Equality:
    """How a file is known to be the circuit: by which evidence, and whether the checker read the very file.

    `lemmas` and `rows` are those of the certificate that the checker has accepted. A form that shows gates and weights
    and no function is compared number by number instead.
    """

    kind: str  # of evidence, or STRUCTURE
    lemmas: int = 0
    rows: int = 0
    vouched: bool = False


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
    notes: tuple[str, ...] = ()  # names that the file has otherwise


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
    """Write a circuit as `kind` (a name of WRITABLE), and for Verilog a testbench of so many rows beside it.

    Raises InputError for a kind that the circuit has not got (weights of an AIG), RefutedError or LimitError if the
    file, read back, is another circuit or cannot be proven to be the same; nothing is written then.
    """
    form = named(kind, WRITABLE)
    if form is None:
        raise InputError(
            f"a circuit can be written as {', '.join(known.name for known in WRITABLE)}, not {quoted(kind)}"
        )
    if testbench_path is not None and form.name != "verilog":
        raise InputError(f"a testbench goes with verilog, not with {form.name}")
    subject = circuit.netlist if isinstance(circuit, Circuit) else circuit
    if name is None:
        name = circuit.name if isinstance(circuit, Circuit | Aig) else Path(path).name.split(".")[0]
    name = circuit_name(name)
    if isinstance(subject, Aig) and form.gates:
        raise InputError(f"{form.name} shows threshold gates, and {name} has none: compile it first")
    ports = ports_of_netlist(subject) if isinstance(subject, Netlist) else ports_of(subject)
    notes: tuple[str, ...] = ()
    shared = isinstance(subject, Aig) and bool({*subject.input_names} & {*subject.output_names})  # which ABC refuses
    if isinstance(subject, Aig) and form.named and (shared or not form.any_name):
        notes = renamings(subject)
        inputs, outputs = tuple(ports.input_bits()), tuple(ports.output_bits())
        subject = replace(subject, input_names=inputs, output_names=outputs)
    plain, where = False, shown(os.fspath(path))
    while True:
        writing = Writing(subject, name, ports, plain)
        try:
            data = form.writer()(writing)
            equality = _read_back(form, writing, data, Path(path).name, time_limit_s)
            break
        except TrixCircuitsError as error:
            if isinstance(error, LimitError) and form.plain and not plain:
                plain = True
                continue
            error.args = (f"{where}: not written: {error}",)
            raise
    bench = testbench(subject, ports, name, rows=rows) if testbench_path is not None else None
    write(Path(path), data)
    if bench is not None and testbench_path is not None:
        write(Path(testbench_path), bench.encode())
    return Export(
        form.name,
        os.fspath(path),
        len(data),
        equality,
        plain,
        None if testbench_path is None else os.fspath(testbench_path),
        bench.count("    check(") if bench is not None else 0,
        notes,
    )


def _read_back(form: Kind, writing: Writing, data: bytes, file: str, time_limit_s: float) -> Equality:
    """How the file is known to be the circuit; raises RefutedError if it is another."""
    form.confirmer()(writing, data)
    if not form.read and not form.reads_as:
        return Equality("same gates and weights")
    found = read_bytes_as(form.reads_as or form.name, data, file).aig
    subject, ports = writing.subject, writing.ports
    if not form.named:  # buses go in order
        inputs = [place for _, places in ports.inputs for place in places]
        outputs = [place for _, places in ports.outputs for place in places]
        _same((len(found.input_names), len(found.output_names)) == (len(inputs), len(outputs)), "the header")
    else:
        names = (
            (subject.input_names, subject.output_names)
            if isinstance(subject, Aig)
            else (ports.input_bits(), ports.output_bits())
        )
        inputs = _places(found.input_names, names[0], "inputs")
        outputs = _places(found.output_names, names[1], "outputs")
    own = data if form.vouched else None
    try:
        proof = certify_written(subject, found, inputs, outputs, data=own, time_limit_s=time_limit_s)
    except LimitError:
        if _same_structure(subject, found, inputs, outputs):
            return Equality(STRUCTURE)
        raise
    return Equality(" and ".join(proof.verdict.kinds), proof.verdict.lemmas, proof.verdict.rows, data in proof.sources)


def _same_structure(subject: Netlist | Aig, found: Aig, inputs: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether a file has the very ANDs into which the subject is taken apart here, structural hashing apart.

    That is no certificate, and is not called one: gates wider than a window may be left to it.
    """
    aig = subject if isinstance(subject, Aig) else aig_of(subject)
    builder = AigBuilder(list(aig.input_names))
    places = [builder.input(place) for place in range(len(aig.input_names))]
    drivers = builder.append(aig, places)
    return builder.append(found, [places[place] for place in inputs]) == [drivers[place] for place in outputs]


def _places(found: tuple[str, ...], names: tuple[str, ...] | list[str], what: str) -> list[int]:
    place = {name: k for k, name in enumerate(names)}
    _same(len(found) == len(names) and set(found) == set(names), f"the set of {what}")
    return [place[name] for name in found]


def _same(condition: bool, what: str) -> None:
    if not condition:
        raise RefutedError(f"{what}, read back, is not what was to be written")
