"""`trix-circuits compile`."""

from __future__ import annotations

import time

import click

from trix_circuits.cli.common import emit, format_option, json_option, progress, say
from trix_circuits.errors import InputError, quoted, shown
from trix_circuits.files.kinds import KINDS, checker_reads
from trix_circuits.logic.formats import get_format

_KINDS = "; ".join(f"{kind.title} ({' '.join(kind.suffixes)})" for kind in KINDS if kind.read and kind.suffixes)
_HELP = f"""Map a circuit to threshold gates, and prove the result equal to the given file.

FILE is {_KINDS}; a circuit file (.trix); or a Python function (spec.py or spec.py:NAME; the file is run). The checker itself
reads {checker_reads()}; any other file is translated first, and the proof is against the translation.

\b
Example: trix-circuits compile adder.aig -o adder.trix
         trix-circuits compile spec.py:f --at n=16 -o f.trix --format ternary
"""


@click.command(help=_HELP)
@click.argument("file", type=click.Path())
@click.option("-o", "--output", type=click.Path(), required=True, help="The circuit file to write.")
@format_option
@click.option("--objective", type=click.Choice(["size", "depth"]), default="size", show_default=True)
@click.option("--effort", type=click.IntRange(0, 3), default=1, show_default=True, help="0 quick, 3 thorough.")
@click.option("--max-fan-in", type=click.IntRange(2), default=None, help="Inputs of a gate at most.")
@click.option("--top", metavar="MODULE", default=None, help="The top module of Verilog.")
@click.option("--at", "widths", multiple=True, metavar="NAME=N", help="A symbolic width of a Python function.")
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=600.0, show_default=True,
              metavar="SECONDS", help="For the proof.")  # fmt: skip
@json_option
def command(
    file: str,
    output: str,
    format_name: str,
    objective: str,
    effort: int,
    max_fan_in: int | None,
    top: str | None,
    widths: tuple[str, ...],
    time_limit: float,
    as_json: bool,
) -> None:
    """Read, map, prove and write, and say what came of it."""
    from trix_circuits.compile import compile_foreign, read_any

    start = time.monotonic()
    at: dict[str, int] = {}
    for text in widths:
        name, equals, value = text.partition("=")
        if not (equals and name.isidentifier() and value.isascii() and value.isdigit() and len(value) < 9):
            raise InputError(f"--at must be NAME=N, not {quoted(text)}")
        at[name] = int(value)
    form = get_format(format_name)
    foreign = read_any(file, top=top, at=at)
    read_s = time.monotonic() - start
    with progress("compile") as report:
        compiled = compile_foreign(
            foreign,
            form,
            objective=objective,
            effort=effort,
            max_fan_in=max_fan_in,
            time_limit_s=time_limit,
            stage=lambda what, part: report(int(1000 * part), 1000),
        )
    circuit = compiled.circuit
    circuit.save(output)
    compiled.seconds["read"] = read_s
    if as_json:
        emit({"file": file, "output": output, "file_bytes": len(circuit.data), **compiled.as_json()})
        return
    verdict, net = circuit.verdict, circuit.netlist
    say(
        f"{shown(circuit.name)}: {foreign.aig.size} ANDs -> {net.size} {net.format.name} gates, depth {net.depth}, fan-in at most {net.max_fan_in}"
    )
    say(
        f"equal to {shown(file)} on all inputs, by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows"
    )
    say(", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in compiled.seconds.items()))
    for note in compiled.notes:
        say(f"note: {note}")
    say(
        f"written to {shown(output)}: {len(circuit.data)} bytes, of which {circuit.description['certificate']['bytes']} certificate"
    )
