"""`trix-circuits export`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from trix_circuits.circuit import Circuit, load
from trix_circuits.cli.common import emit, json_option, say
from trix_circuits.emit.testbench import ROWS
from trix_circuits.errors import InputError, quoted, shown
from trix_circuits.export import WRITABLE, export_circuit
from trix_circuits.files import READABLE, Foreign, read_circuit
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.prove.miter import KINDS as MITERS
from trix_circuits.prove.miter import masked, miter_of, obligation_of, write_obligation

_HELP = f"""Write a circuit for other tools. Every file is read back and proven equal before it is there.

\b
Kinds: {f"{chr(10)}       ".join(f"{kind.name:<14}{kind.title}" for kind in WRITABLE)}

With verilog comes --testbench FILE, which tests itself. Names that a file or a circuit cannot have are changed, and
notes say how.

The proof obligation of a circuit file is that it meets its meaning and equals its source; of other files, that they
equal --against. It is unsatisfiable iff that is so.

\b
Example: trix-circuits export adder8.trix --to verilog -o adder8.v --testbench adder8_tb.v
         trix-circuits export adder8.trix --emit-miter adder8.cnf --emit-miter adder8.smt2
         trix-circuits export mine.blif --emit-miter same.aig --against theirs.v
"""


@click.command(help=_HELP)
@click.argument("file", type=click.Path())
@click.option("--to", "kind", type=click.Choice([kind.name for kind in WRITABLE]), help="What to write.")
@click.option("-o", "--output", type=click.Path(), help="The file to write.")
@click.option("--testbench", type=click.Path(), help="With --to verilog: write a self-checking testbench to this file.")
@click.option("--rows", type=click.IntRange(1), default=ROWS, show_default=True, help="Rows that the testbench tests.")
@click.option(
    "--emit-miter",
    "miters",
    multiple=True,
    metavar="FILE",
    help="Write the proof obligation: .aig, .aag, .cnf or .smt2.",
)
@click.option("--against", type=click.Path(), help="With --emit-miter: the circuit to compare with.")
@json_option
def command(
    file: str,
    kind: str | None,
    output: str | None,
    testbench: str | None,
    rows: int,
    miters: tuple[str, ...],
    against: str | None,
    as_json: bool,
) -> None:
    """Write what was asked for."""
    start = time.monotonic()
    if (kind is None) != (output is None):
        raise InputError("--to KIND and -o FILE must be given together")
    if kind is None and not miters:
        raise InputError("--to KIND -o FILE or --emit-miter FILE must be given")
    if testbench is not None and kind != "verilog":
        raise InputError("--testbench goes with --to verilog")
    if against is not None and not miters:
        raise InputError("--against goes with --emit-miter")
    for miter in miters:
        _miter_kind(miter)
    circuit = _read(file)
    written: list[dict[str, Any]] = []
    notes: list[str] = []
    if kind is not None and output is not None:
        subject = circuit.aig if isinstance(circuit, Foreign) else circuit
        done = export_circuit(subject, kind, output, name=circuit.name, testbench_path=testbench, rows=rows)
        proof = done.equality
        notes += [*(circuit.notes if isinstance(circuit, Foreign) else ()), *done.notes]
        written.append(
            {
                "file": output,
                "kind": kind,
                "bytes": done.size_bytes,
                "exact": True,
                "proof": proof.kind,
                "plain": done.plain,
            }
            | {"lemmas": proof.lemmas, "rows": proof.rows, "vouched": proof.vouched}
        )
        if testbench is not None:
            written.append({"file": testbench, "kind": "testbench", "tested_rows": done.rows})
    if miters:
        obligation = _obligation(circuit, file, against)
        for miter in miters:
            write_obligation(obligation, _miter_kind(miter), miter)
            written.append({"file": miter, "kind": "miter", "ands": obligation.size})
    seconds = time.monotonic() - start
    if as_json:
        emit(
            {
                "file": file,
                "name": circuit.name,
                "written": written,
                "notes": list(dict.fromkeys(notes)),
                "seconds": round(seconds, 4),
            }
        )
        return
    for entry in written:
        if entry["kind"] == "testbench":
            say(f"written  {shown(entry['file'])}: a testbench of {entry['tested_rows']} rows")
        elif entry["kind"] == "miter":
            say(f"written  {shown(entry['file'])}: a miter of {entry['ands']} ANDs, read back; unsatisfiable iff equal")
        else:
            what = "the checker read the file" if entry["vouched"] else "the checker read it as AIGER"
            how = f"proven equal: {what}, {entry['proof']} evidence, {entry['lemmas']} lemmas, {entry['rows']} rows"
            if not entry["lemmas"]:
                how = f"compared: {entry['proof']}"
            say(f"written  {shown(entry['file'])}: read back and {how}; {entry['bytes']} bytes")
    for note in dict.fromkeys(notes):
        say(f"note: {note}")
    say(f"in {seconds:.2f} s")


def _miter_kind(path: str) -> str:
    for kind, ending in MITERS.items():
        if path.lower().endswith(ending):
            return kind
    raise InputError(
        f"--emit-miter must name a file that ends in {', '.join(MITERS.values())}, not {quoted(path, 200)}"
    )


def _read(path: str) -> Circuit | Foreign:
    endings = tuple(suffix for kind in READABLE for suffix in kind.suffixes)
    return read_circuit(path) if path.lower().endswith(endings) else load(path)


def _aig(circuit: Circuit | Foreign) -> Aig:
    return circuit.aig if isinstance(circuit, Foreign) else aig_of(circuit.netlist, circuit.name)


def _obligation(circuit: Circuit | Foreign, file: str, against: str | None) -> Aig:
    if against is None:
        if isinstance(circuit, Foreign):
            raise InputError(f"{shown(Path(file).name)}: a circuit to compare with must be given: --against FILE")
        return obligation_of(circuit)
    other = _read(against)
    first, second = _aig(circuit), _aig(other)
    for part in (circuit, other):
        if isinstance(part, Foreign) and part.care is not None:
            first, second = masked(first, part.care), masked(second, part.care)
    return miter_of(first, second)
