"""`trix-circuits prove`."""

from __future__ import annotations

import click

from trix_circuits.circuit import decode, read_bytes
from trix_circuits.cli.common import emit, format_option, json_option, progress
from trix_circuits.errors import InputError
from trix_circuits.formats import get_format


@click.command()
@click.argument("file", type=click.Path(), required=False)
@click.option("--exhaustive", is_flag=True, help="All rows, up to 40 input bits.")
@click.option(
    "--all-widths", "family", metavar="FAMILY", help="Prove a family's construction for every width, by induction."
)
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes (default: all cores).")
@format_option
@json_option
def command(
    file: str | None, exhaustive: bool, family: str | None, jobs: int | None, format_name: str, as_json: bool
) -> None:
    """Prove a circuit against its stated meaning from scratch, not looking at its certificate.

    \b
    Example: trix-circuits prove adder8.trix
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
