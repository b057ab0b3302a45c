"""`trix-circuits prove`."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from trix_circuits.circuit import decode
from trix_circuits.cli.common import emit, format_option, json_option, progress, say
from trix_circuits.errors import InputError, shown
from trix_circuits.logic.formats import get_format
from trix_circuits.store import read_bytes


@click.command()
@click.argument("file", type=click.Path(), required=False)
@click.argument("other", type=click.Path(), required=False)
@click.option("-o", "--output", type=click.Path(),
              help="With two files: write the proof, a circuit file. With --exhaustive: a statement of the rows covered.")  # fmt: skip
@click.option("--emit-miter", "miters", multiple=True, metavar="FILE",
              help="With two files: write what is to be proven, .aig, .aag, .cnf or .smt2.")  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=600.0, show_default=True,
              metavar="SECONDS", help="With two files: for the proof.")  # fmt: skip
@click.option("--top", metavar="MODULE", default=None, help="The top module of Verilog.")
@click.option("--exhaustive", is_flag=True, help="All rows, up to 40 input bits, of one file or of two.")
@click.option("--journal", type=click.Path(), metavar="FILE",
              help="With --exhaustive: keep what is done there; go on from it if it exists.")  # fmt: skip
@click.option("--engine", type=click.Choice(["auto", "native", "numpy"]), default="auto", show_default=True,
              help="With --exhaustive: what evaluates the rows.")  # fmt: skip
@click.option("--dask", metavar="ADDRESS", help="With --exhaustive: work on the Dask cluster of this scheduler.")
@click.option(
    "--all-widths", "family", metavar="FAMILY", help="Prove a family's construction for every width, by induction."
)
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: all cores).")
@format_option
@json_option
def command(
    file: str | None,
    other: str | None,
    output: str | None,
    miters: tuple[str, ...],
    time_limit: float,
    top: str | None,
    exhaustive: bool,
    journal: str | None,
    engine: str,
    dask: str | None,
    family: str | None,
    jobs: int | None,
    format_name: str,
    as_json: bool,
) -> None:
    """Prove a circuit against its stated meaning from scratch, not looking at its certificate; or two circuits equal.

    Two files may be of any readable kinds (see compile); inputs and outputs are matched by name. If they differ, the
    exit status is 1 and the message has inputs that show it.

    \b
    Example: trix-circuits prove adder8.trix
             trix-circuits prove adder.aig adder8.trix
             trix-circuits prove adder8.trix --exhaustive
             trix-circuits prove adder16.trix --exhaustive --journal adder16.journal
             trix-circuits prove --all-widths adder
    """
    if family is not None:
        if file is not None or exhaustive:
            raise InputError("--all-widths takes a family and neither a file nor --exhaustive")
        from trix_circuits.prove.induction import prove_all_widths

        theorem = prove_all_widths(family.lower(), get_format(format_name))
        if as_json:
            emit(theorem.as_json())
        else:
            for line in theorem.text().splitlines():
                say(line)
        return
    if file is None:
        raise InputError("a circuit file must be given, or --all-widths FAMILY")
    if not exhaustive and (journal is not None or dask is not None or engine != "auto"):
        raise InputError("--journal, --engine and --dask go with --exhaustive")
    if exhaustive:
        if miters:
            raise InputError("--emit-miter and --exhaustive must not be given together")
        _prove_all_rows(file, other, output, top, as_json, dask, jobs=jobs, journal_path=journal, engine=engine)
        return
    if other is not None:
        _prove_two(file, other, output, miters, time_limit, top, as_json)
        return
    if output is not None or miters:
        raise InputError("--output and --emit-miter go with two files or --exhaustive; see also export --emit-miter")
    from trix_circuits.prove.prove import prove

    claim = decode(read_bytes(file), file)
    with progress("rows") as report:
        proof = prove(claim, jobs=jobs, progress=report)
    if as_json:
        emit({"file": file, "name": claim.name, **proof.as_json(), "meaning": list(claim.meaning)})
        return
    how = " and ".join(proof.kinds)
    more = f", {proof.lemmas} lemmas that the checker accepted" if proof.circuit else f" (2^{claim.netlist.input_bits})"
    say(
        f"PROVEN  {shown(file)}: {shown(claim.name)}, {claim.netlist.size} gates, by {how} evidence: {proof.rows} rows{more}; {proof.seconds:.2f} s"
    )
    for equation in claim.meaning:
        say(f"        {equation if len(equation) <= 200 else equation[:200] + ' ...'}")


def _prove_all_rows(
    file: str,
    other: str | None,
    output: str | None,
    top: str | None,
    as_json: bool,
    address: str | None,
    **options: Any,
) -> None:
    from trix_circuits.prove.exhaustive import Question, decide
    from trix_circuits.prove.exhaustive.machines import dask
    from trix_circuits.store import write

    start = time.monotonic()
    with ExitStack() as stack:
        if other is None:
            data = read_bytes(file)
            claim = decode(data, file)
            what, meaning = f"{shown(file)}: {shown(claim.name)}, {claim.netlist.size} gates,", list(claim.meaning)
        else:
            from trix_circuits.compile import side_of

            first, second = side_of(file, top=top), side_of(other, top=top)
            what, meaning = f"{shown(file)} and {shown(other)}:", []
        options["executor"] = stack.enter_context(dask(address)) if address is not None else None
        options["progress"] = stack.enter_context(progress("rows"))
        if other is None:
            evidence = decide(Question((data,)), **options)
        else:
            from trix_circuits.prove.prove import prove_sides_exhaustively

            evidence = prove_sides_exhaustively(first, second, **options)
    seconds = time.monotonic() - start
    statement = {"files": [file] if other is None else [file, other], "meaning": meaning, "covered": evidence.as_json()}
    if output is not None:
        write(Path(output), (json.dumps(statement) + "\n").encode())
    if as_json:
        more = {"file": file, "name": claim.name, "exact": True} if other is None else {"equal": True}
        about = {"proven": True, "kinds": ["exhaustive"], "rows": evidence.rows, "lemmas": 0}
        emit({**more, **about, "seconds": round(seconds, 4), "output": output, **statement})
        return
    ((first_row, stop),) = evidence.covered.intervals
    head = "PROVEN" if other is None else "EQUAL "
    say(
        f"{head}  {what} by exhaustive evidence: {evidence.rows} rows (2^{evidence.shards.input_bits}), all of"
        f" {first_row} to {stop - 1}, engine {evidence.engine}; {seconds:.2f} s"
    )
    if evidence.journal_rows:
        say(
            f"        {evidence.journal_rows} of these rows were not evaluated in this run: {shown(options['journal_path'])} says that"
            f" engine {evidence.engine}, version {evidence.code}, found them equal in an earlier one"
        )
    for equation in meaning:
        say(f"        {equation if len(equation) <= 200 else equation[:200] + ' ...'}")
    if output is not None:
        say(f"        statement of the rows written to {shown(output)}: `check` does not vouch for it")


def _prove_two(
    file: str,
    other: str,
    output: str | None,
    miters: tuple[str, ...],
    time_limit_s: float,
    top: str | None,
    as_json: bool,
) -> None:
    from trix_circuits.compile import side_of
    from trix_circuits.prove.equivalence import prove_sides
    from trix_circuits.prove.miter import write_miter

    start = time.monotonic()
    first, second = side_of(file, top=top), side_of(other, top=top)
    for path in miters:
        write_miter(first.aig, second.aig, Path(path).suffix[1:].lower(), path)
    with progress("nets") as report:
        circuit = prove_sides(first, second, time_limit_s=time_limit_s, progress=report)
    if output is not None:
        circuit.save(output)
    seconds, verdict = time.monotonic() - start, circuit.verdict
    notes = [f"{shown(side.name)}: {note}" for side in (first, second) for note in side.notes]
    if as_json:
        kinds = {"kinds": list(verdict.kinds), "lemmas": verdict.lemmas, "rows": verdict.rows}
        size = {"bytes": circuit.description["certificate"]["bytes"], "seconds": round(seconds, 3)}
        emit({"files": [file, other], "equal": True, "proven": True, "output": output, **kinds, **size, "notes": notes})
        return
    what = f"{shown(file)} and {shown(other)}"
    say(f"EQUAL   {what} on all inputs: {first.aig.size} and {second.aig.size} ANDs; {seconds:.2f} s")
    say(
        f"        by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas that the checker accepted, {verdict.rows} rows"
    )
    for note in notes:
        say(f"        note: {note}")
    if output is not None:
        say(
            f"        proof written to {shown(output)}: {len(circuit.data)} bytes;"
            f" `trix-circuits check {shown(output)}` checks it again"
        )
