"""`trix-circuits check`."""

from __future__ import annotations

import click

from trix_circuits.circuit import accept
from trix_circuits.cli.common import emit, json_option, progress, say
from trix_circuits.errors import InputError, shown
from trix_circuits.files.kinds import checker_reads
from trix_circuits.prove.mutate import mutate
from trix_circuits.store import read_bytes


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@click.option("--mutate", "with_mutants", is_flag=True, help="Also change each weight and bias and see it refused.")
@click.option("--source", "sources", multiple=True, type=click.Path(), metavar="FILE",
              help=f"Check against this file ({checker_reads()}, circuit file) in place of the copy in the circuit file.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes for --mutate (default: all cores).")
@json_option
def command(
    files: tuple[str, ...], with_mutants: bool, sources: tuple[str, ...], jobs: int | None, as_json: bool
) -> int:
    """Run the stand-alone checker on circuit files.

    The same program runs without this package: python check FILE [SOURCE]...

    \b
    Example: trix-circuits check adder64.trix
             trix-circuits check adder8.trix --mutate
             trix-circuits check ctrl.trix --source ctrl.aig
    """
    if sources and len(files) > 1:
        raise InputError("--source goes with one circuit file")
    instead = [read_bytes(source) for source in sources]
    results = []
    for path in files:
        circuit = accept(read_bytes(path), path, given=instead)
        verdict = circuit.verdict
        result = {
            "file": path,
            "name": circuit.name,
            "accepted": True,
            "exact": True,
            "size": circuit.netlist.size,
            "kinds": list(verdict.kinds),
            "lemmas": verdict.lemmas,
            "rows": verdict.rows,
            "meaning": list(circuit.meaning),
            "equal_to": [*sources, *circuit.source_names[len(sources) :]],
        }
        if not as_json:
            kinds = " and ".join(verdict.kinds)
            about = f"{circuit.netlist.size} {shown(circuit.netlist.format.name)} gates"
            say(f"ACCEPTED  {shown(path)}: {shown(circuit.name)}, {about}")
            say(f"          exact on all inputs, by {kinds} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows")
            net = circuit.netlist
            inputs = " ".join(f"{name}[{width}]" for name, width in net.inputs.items()) or "nothing"
            outputs = " ".join(f"{name}[{len(bits)}]" for name, bits in net.outputs.items())
            say(f"          from {inputs} to {outputs}")
            for equation in circuit.meaning:
                say(f"          {equation}")
            for k, name in enumerate(circuit.source_names):
                given = shown(sources[k]) if k < len(sources) else f"{shown(name)}, of which it carries a copy"
                say(f"          equal to {given}")
        if with_mutants:
            with progress("mutants") as report:
                count = mutate(circuit, jobs=jobs, progress=report)
            result["mutation"] = count.as_json()
            if not as_json:
                say(f"          {count.sentence()}")
            if count.escaped:
                result["accepted"] = result["exact"] = False
        results.append(result)
    if as_json:
        emit(results[0] if len(results) == 1 else {"files": results, "accepted": all(r["accepted"] for r in results)})
    return 0 if all(result["accepted"] for result in results) else 1
