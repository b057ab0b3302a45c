"""`trix-circuits show`."""

from __future__ import annotations

import click

from trix_circuits.circuit import Circuit, load
from trix_circuits.cli.common import emit, json_number, json_option, number


def _names(circuit: Circuit) -> list[str]:
    """A name for each net: a, b[3], g17."""
    names: list[str] = []
    for bus, width in circuit.netlist.inputs.items():
        names += [bus] if width == 1 else [f"{bus}[{i}]" for i in range(width)]
    return names + [f"g{gate}" for gate in range(circuit.netlist.size)]


@click.command()
@click.argument("file", type=click.Path())
@click.option("--gates", "limit", type=click.IntRange(0), default=40, show_default=True, help="Gates shown at most.")
@json_option
def command(file: str, limit: int, as_json: bool) -> None:
    """Show what a circuit file holds, after checking it.

    Example: trix-circuits show adder8.trix
    """
    circuit = load(file)
    net, names = circuit.netlist, _names(circuit)
    shown = [gate for _, gate in zip(range(limit), net.gates(), strict=False)]
    if as_json:
        gates = [
            {
                "name": names[net.input_bits + i],
                "inputs": [names[source] for source in sources],
                "weights": [json_number(weight, net.format) for weight in weights],
                "bias": json_number(bias, net.format),
            }
            for i, (sources, weights, bias) in enumerate(shown)
        ]
        drivers = {name: [names[bit] for bit in bits] for name, bits in net.outputs.items()}
        origin, defaults = dict(circuit.origin), dict(circuit.defaults)
        emit({**circuit.description, "gates": gates, "drivers": drivers, "origin": origin, "defaults": defaults})
        return
    print(f"{circuit.name}: {net.size} {net.format.name} gates, depth {net.depth}, fan-in at most {net.max_fan_in}")
    buses = ", ".join(f"{name}[{width}]" for name, width in net.inputs.items())
    outputs = ", ".join(f"{name}[{len(bits)}]" for name, bits in net.outputs.items())
    print(f"inputs   {buses}\noutputs  {outputs}")
    for name, value in circuit.defaults.items():
        print(f"default  {name} = {value}")
    for equation in circuit.meaning:
        print(f"meaning  {equation}")
    kinds = " and ".join(circuit.verdict.kinds)
    print(f"proven   for all inputs by {kinds} evidence: {circuit.verdict.lemmas} lemmas, {circuit.verdict.rows} rows")
    margin, bound = number(net.margin, net.format), number(net.sum_bound, net.format)
    print(f"stored   {net.weight_storage_bits} bits of weights; margin {margin}; partial sums within +-{bound}")
    for i, (sources, weights, bias) in enumerate(shown):
        terms = " ".join(f"{number(w, net.format)}*{names[s]}" for s, w in zip(sources, weights, strict=True))
        print(f"  {names[net.input_bits + i]:<6} = [{terms or '0'}  bias {number(bias, net.format)} >= 0]")
    if net.size > limit:
        print(f"  ... {net.size - limit} more gates (--gates N shows more)")
    for name, bits in net.outputs.items():
        drivers_text = " ".join(names[bit] for bit in bits[:64]) + (" ..." if len(bits) > 64 else "")
        print(f"  {name} = {drivers_text}   (lowest bit first)")
