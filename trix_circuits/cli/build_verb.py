"""`trix-circuits build`."""

from __future__ import annotations

import time
from dataclasses import replace

import click

from trix_circuits.cli.common import emit, json_option, say
from trix_circuits.compose.families import FAMILIES, draft
from trix_circuits.errors import InputError, shown
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import get_format


@click.command()
@click.argument("what", metavar="FAMILY_OR_SPEC")
@click.option("--bits", type=int, default=None, help="Width of the words.")
@click.option(
    "--format", "format_name", default=None, metavar="FORMAT", help="Weight format (default e2m1, or the spec's)."
)
@click.option("--objective", type=click.Choice(["size", "depth"]), default="size", show_default=True)
@click.option("--max-fan-in", type=int, default=None, help="Inputs that a gate may have at most.")
@click.option("--ways", type=int, default=None, help="mux: number of data inputs.")
@click.option("--relation", multiple=True, help="comparator: lt, le, eq, gt or ge; may be repeated.")
@click.option("--direction", type=click.Choice(["left", "right"]), default=None, help="shifter.")
@click.option("-o", "--output", type=click.Path(), help="Write the proven circuit to this file.")
@json_option
def command(
    what: str,
    bits: int | None,
    format_name: str | None,
    objective: str,
    max_fan_in: int | None,
    ways: int | None,
    relation: tuple[str, ...],
    direction: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Build a circuit of a family, or from a TOML spec, with a certificate that the checker has accepted.

    Families: adder, subtractor, addsub, incrementer, comparator, mux, decoder, encoder, priority, shifter, popcount,
    parity, multiplier, abs, min, max, alu.

    \b
    Example: trix-circuits build adder --bits 64 -o adder64.trix
             trix-circuits build adder --bits 64 --objective depth -o fast.trix
             trix-circuits build my_circuit.toml -o mine.trix
    """
    start = time.monotonic()
    if what.lower().endswith(".toml"):
        options = (bits, ways, direction)
        if any(option is not None for option in options) or relation:
            raise InputError(f"{shown(what)}: a spec takes no --bits, --ways, --relation or --direction")
        from trix_circuits.compose.spec import read_spec

        found = read_spec(what, get_format(format_name) if format_name else None, max_fan_in)
    else:
        if what.lower() in FAMILIES and bits is None:
            raise InputError(f"family {what} needs --bits N")
        form = get_format(format_name or "e2m1")
        extra = {"ways": ways, "relation": list(relation) or None, "direction": direction}
        found = draft(what.lower(), form, bits or 0, objective=objective, max_fan_in=max_fan_in, **extra)
    circuit = certify(replace(found))
    if output is not None:
        circuit.save(output)
    seconds = time.monotonic() - start
    about = circuit.description
    if as_json:
        emit({**about, "minimal": None, "seconds": round(seconds, 4), **({"file": output} if output else {})})
        return
    net = circuit.netlist
    say(
        f"{shown(circuit.name)}: {net.size} {net.format.name} gates, depth {net.depth}, fan-in at most {net.max_fan_in}"
    )
    say(f"inputs      {', '.join(f'{name}[{width}]' for name, width in net.inputs.items())}")
    say(f"outputs     {', '.join(f'{name}[{len(nets)}]' for name, nets in net.outputs.items())}")
    for equation in circuit.meaning:
        say(f"meaning     {equation if len(equation) <= 200 else equation[:200] + ' ...'}")
    proof = about["certificate"]
    say(f"certificate {' and '.join(proof['kinds'])}: {proof['lemmas']} lemmas, {proof['rows']} rows, {proof['bytes']} bytes;"
          f" accepted by the checker")  # fmt: skip
    say(f"stored      {net.weight_storage_bits} bits of weights and biases; built and proven in {seconds:.2f} s")
    if output is not None:
        say(f"written     {shown(output)}")
