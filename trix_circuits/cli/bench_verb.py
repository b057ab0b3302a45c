"""`trix-circuits bench`."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click

from trix_circuits.bench import QUICK, SECTIONS, Row, Scale, run_circuit, run_sections, sections_here
from trix_circuits.circuit import load
from trix_circuits.cli.common import emit, json_option, say
from trix_circuits.errors import InputError


@click.command()
@click.argument("file", type=click.Path(), required=False)
@click.option("--only", multiple=True, type=click.Choice(SECTIONS), help="This part of the table; may be repeated.")
@click.option("--quick", is_flag=True, help="Small sizes: a look, not a measurement.")
@click.option("--lanes", type=click.IntRange(14, 32), metavar="LOG2", help="Lanes of word-wide circuits (default 26).")
@click.option("--circuits", "folder", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where EPFL's multiplier, sin and voter lie, as .aig or as .trix files made by compile.")  # fmt: skip
@click.option("--backend", "backends", multiple=True, metavar="NAME", help="With FILE: this backend; may be repeated.")
@json_option
def command(
    file: str | None,
    only: tuple[str, ...],
    quick: bool,
    lanes: int | None,
    folder: Path | None,
    backends: tuple[str, ...],
    as_json: bool,
) -> None:
    """Time the kernels on this machine, beside the figures that they are built to reach; or one circuit.

    \b
    Example: trix-circuits bench --only adders --only start
             trix-circuits bench --circuits epfl
             trix-circuits bench adder64.trix --quick
    """
    if file is not None and (only or folder):
        raise InputError("a circuit file must not come with --only or --circuits")
    if file is None and backends:
        raise InputError("--backend must come with a circuit file")
    scale = QUICK if quick else Scale()
    if lanes is not None:
        scale = replace(scale, lanes_log2=lanes)
    if file is not None:
        found = run_circuit(load(file), scale, backends)
    else:
        found = run_sections(only or sections_here(folder), scale, folder)
    machine = f"{platform.machine()}, {_processor()}, Python {platform.python_version()}"
    if as_json:
        rows = [{"section": section, **row.as_json()} for section, row in found]
        emit({"machine": machine, "quick": quick, "rows": rows})
    else:
        _print(machine, found)


def _print(machine: str, found: Iterator[tuple[str, Row]]) -> None:
    """Rows as they come."""
    say(machine)
    missed = goals = 0
    section = ""
    for name, row in found:
        if name != section:
            section = name
            say()
            say(section)
        say(f"  {row.text()}", flush=True)
        goals += row.goal is not None
        missed += row.margin is not None and row.margin < 1
    if goals:
        say()
        say(f"{goals - missed} of {goals} goals met")


def _processor() -> str:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()
