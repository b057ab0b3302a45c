"""`trix-circuits atoms`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trix_circuits.cli.common import emit, json_option, progress, say
from trix_circuits.errors import shown
from trix_circuits.logic.formats import get_format
from trix_circuits.synth.atoms import LIBRARY_FORMATS, library, regenerate, verify


@click.command()
@click.option("--format", "format_name", default=None, metavar="FORMAT", help="One format only (default: all).")
@click.option("--verify", "again", is_flag=True, help="Prove all of it again: all rows, and every bound.")
@click.option(
    "--regenerate",
    "target",
    type=click.Path(file_okay=False, path_type=Path),
    help="Solve all of it afresh into this folder.",
)
@click.option("--npn", is_flag=True, help="List the NPN classes of 4 inputs too.")
@json_option
def command(format_name: str | None, again: bool, target: Path | None, npn: bool, as_json: bool) -> None:
    """Show the atom library: functions with solved networks, and how they are proven.

    \b
    Example: trix-circuits atoms --format fp4
             trix-circuits atoms --verify
    """
    names = [get_format(format_name).name] if format_name else list(LIBRARY_FORMATS)
    results: list[dict[str, Any]] = []
    for name in names:
        if target is not None:
            target.mkdir(parents=True, exist_ok=True)
            with progress(f"{name}: solving") as report:
                path = regenerate(target, name, report)
            results.append({"format": name, "written": str(path)})
            if not as_json:
                say(f"{name}: written {shown(str(path))}")
            continue
        if again:
            with progress(f"{name}: bounds") as report:
                counts = verify(name, report)
            results.append({"format": name, "verified": True, **counts})
            if not as_json:
                say(
                    f"{name}: {counts['atoms']} atoms computed over all their {counts['rows']} rows, "
                    f"{counts['minimal']} proven minimal ({counts['bounds_solved']} bounds solved again)"
                )
            continue
        atoms = library(name)
        results.append({"format": name, "atoms": [atom.as_json() for atom in atoms.values()]})
        if as_json:
            continue
        say(f"{name}: {len(atoms)} atoms")
        for atom in atoms.values():
            if npn or not atom.name.startswith("npn4"):
                least = "minimal" if atom.minimal else f"at least {atom.lower_bound}"
                say(
                    f"  {atom.name:<10} {atom.table.hex():<12} {atom.network.size} gates, depth {atom.network.depth}, {least}: {atom.evidence or 'not decided'}"
                )
        sizes = [atom.network.size for atom in atoms.values() if atom.name.startswith("npn4")]
        histogram = ", ".join(f"{sizes.count(size)} with {size}" for size in sorted(set(sizes)))
        say(f"  222 NPN classes of 4 inputs: {histogram} gates")
    if as_json:
        emit(results[0] if format_name else {"formats": results})
