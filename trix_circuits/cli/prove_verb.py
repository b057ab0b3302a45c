"""`trix-circuits prove`."""

from __future__ import annotations

import time
from pathlib import Path

import click

from trix_circuits.circuit import decode, read_bytes
from trix_circuits.cli.common import emit, format_option, json_option, progress
from trix_circuits.errors import InputError
from trix_circuits.formats import get_format


@click.command()
@click.argument("file", type=click.Path(), required=False)
@click.argument("other", type=click.Path(), required=False)
@click.option("-o", "--output", type=click.Path(), help="With two files: write the proof, a circuit file.")
@click.option("--emit-miter", "miters", multiple=True, metavar="FILE",
              help="With two files: write what is to be proven, .aig, .aag, .cnf or .smt2.")  # fmt: skip
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=600.0, show_default=True,
              metavar="SECONDS", help="With two files: for the proof.")  # fmt: skip
@click.option("--top", metavar="MODULE", default=None, help="The top module of Verilog.")
@click.option("--exhaustive", is_flag=True, help="All rows, up to 40 input bits.")
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
             trix-circuits prove --all-widths adder
    """
    if family is not None:
        if file is not None or exhaustive:
            raise InputError("--all-widths takes a family and neither a file nor --exhaustive")
        from trix_circuits.induction import prove_all_widths

        theorem = prove_all_widths(family.lower(), get_format(format_name))
        if as_json:
            emit(theorem.as_json())
        else:
            print(theorem.text())
        return
    if file is None:
        raise InputError("a circuit file must be given, or --all-widths FAMILY")
    if other is not None:
        if exhaustive:
            raise InputError("--exhaustive takes one file")
        _prove_two(file, other, output, miters, time_limit, top, as_json)
        return
    if output is not None or miters:
        raise InputError("--output and --emit-miter go with two files; see also export --emit-miter")
    from trix_circuits.prove import prove

    claim = decode(read_bytes(file), file)
    with progress("rows") as report:
        proof = prove(claim, exhaustive=exhaustive, jobs=jobs, progress=report)
    if as_json:
        emit({"file": file, "name": claim.name, **proof.as_json(), "meaning": list(claim.meaning)})
        return
    how = " and ".join(proof.kinds)
    more = f", {proof.lemmas} lemmas that the checker accepted" if proof.circuit else f" (2^{claim.netlist.input_bits})"
    print(
        f"PROVEN  {file}: {claim.name}, {claim.netlist.size} gates, by {how} evidence: {proof.rows} rows{more}; {proof.seconds:.2f} s"
    )
    for equation in claim.meaning:
        print(f"        {equation if len(equation) <= 200 else equation[:200] + ' ...'}")


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
    from trix_circuits.equivalence import prove_sides
    from trix_circuits.write.miter import write_miter

    start = time.monotonic()
    first, second = side_of(file, top=top), side_of(other, top=top)
    for path in miters:
        write_miter(first.aig, second.aig, Path(path).suffix[1:].lower(), path)
    with progress("nets") as report:
        circuit = prove_sides(first, second, time_limit_s=time_limit_s, progress=report)
    if output is not None:
        circuit.save(output)
    seconds, verdict = time.monotonic() - start, circuit.verdict
    notes = [f"{side.name}: {note}" for side in (first, second) for note in side.notes]
    if as_json:
        kinds = {"kinds": list(verdict.kinds), "lemmas": verdict.lemmas, "rows": verdict.rows}
        size = {"bytes": circuit.description["certificate"]["bytes"], "seconds": round(seconds, 3)}
        emit({"files": [file, other], "equal": True, "proven": True, "output": output, **kinds, **size, "notes": notes})
        return
    print(f"EQUAL   {file} and {other} on all inputs: {first.aig.size} and {second.aig.size} ANDs; {seconds:.2f} s")
    print(
        f"        by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas that the checker accepted, {verdict.rows} rows"
    )
    for note in notes:
        print(f"        note: {note}")
    if output is not None:
        print(
            f"        proof written to {output}: {len(circuit.data)} bytes; `trix-circuits check {output}` checks it again"
        )
