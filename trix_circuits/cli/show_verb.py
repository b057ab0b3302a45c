"""`trix-circuits show`."""

from __future__ import annotations

import click

from trix_circuits.circuit import Circuit, load
from trix_circuits.cli.common import emit, json_number, json_option, number, say
from trix_circuits.errors import shown
from trix_circuits.files.checked import names_in
from trix_circuits.files.names import called, gate_names


def _names_of_sources(circuit: Circuit) -> dict[str, str]:
    """The buses that are called otherwise than in the (first) file that the circuit is equal to, and what is there."""
    for data in circuit.sources[:1]:
        return {bus.called: str(bus) for bus in called(*names_in(data)) if bus.called != bus.given}
    return {}


@click.command()
@click.argument("file", type=click.Path())
@click.option("--gates", "limit", type=click.IntRange(0), default=40, show_default=True, help="Gates shown at most.")
@json_option
def command(file: str, limit: int, as_json: bool) -> None:
    """Show what a circuit file holds, after checking it.

    Example: trix-circuits show adder8.trix
    """
    circuit = load(file)
    net, names = circuit.netlist, gate_names(circuit.netlist)
    first = [gate for _, gate in zip(range(limit), net.gates(), strict=False)]
    otherwise = _names_of_sources(circuit)
    if as_json:
        gates = [
            {
                "name": names[net.input_bits + i],
                "inputs": [names[source] for source in sources],
                "weights": [json_number(weight, net.format) for weight in weights],
                "bias": json_number(bias, net.format),
            }
            for i, (sources, weights, bias) in enumerate(first)
        ]
        drivers = {name: [names[bit] for bit in bits] for name, bits in net.outputs.items()}
        origin, defaults = dict(circuit.origin), dict(circuit.defaults)
        more = {"drivers": drivers, "origin": origin, "defaults": defaults, "names_in_source": otherwise}
        emit({**circuit.description, "gates": gates, **more})
        return
    say(
        f"{shown(circuit.name)}: {net.size} {shown(net.format.name)} gates, depth {net.depth}, fan-in at most {net.max_fan_in}"
    )
    buses = ", ".join(f"{name}[{width}]" for name, width in net.inputs.items())
    outputs = ", ".join(f"{name}[{len(bits)}]" for name, bits in net.outputs.items())
    say(f"inputs   {buses}")
    say(f"outputs  {outputs}")
    for name, there in otherwise.items():
        say(f"named    {name} is {there} of {shown(circuit.source_names[0])}")
    for name, value in circuit.defaults.items():
        say(f"default  {name} = {value}")
    for equation in circuit.meaning:
        say(f"meaning  {equation}")
    kinds = " and ".join(circuit.verdict.kinds)
    say(f"proven   for all inputs by {kinds} evidence: {circuit.verdict.lemmas} lemmas, {circuit.verdict.rows} rows")
    margin, bound = number(net.margin, net.format), number(net.sum_bound, net.format)
    say(f"stored   {net.weight_storage_bits} bits of weights; margin {margin}; partial sums within +-{bound}")
    for i, (sources, weights, bias) in enumerate(first):
        terms = " ".join(f"{number(w, net.format)}*{names[s]}" for s, w in zip(sources, weights, strict=True))
        say(f"  {names[net.input_bits + i]:<6} = [{terms or '0'}  bias {number(bias, net.format)} >= 0]")
    if net.size > limit:
        say(f"  ... {net.size - limit} more gates (--gates N shows more)")
    for name, bits in net.outputs.items():
        drivers_text = " ".join(names[bit] for bit in bits[:64]) + (" ..." if len(bits) > 64 else "")
        say(f"  {name} = {drivers_text}   (lowest bit first)")
