"""`trix-circuits synth`."""

from __future__ import annotations

from typing import Any

import click

from trix_circuits.circuit import Circuit
from trix_circuits.cli.common import emit, format_option, json_number, json_option, number, say, whisper
from trix_circuits.errors import ImpossibleError, LimitError, shown
from trix_circuits.files.names import free_prefix
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.functions import parse_function
from trix_circuits.logic.gate import Summability
from trix_circuits.logic.truth_table import NamedFunction
from trix_circuits.store import Cache
from trix_circuits.synth.synth import DEFAULT_MAX_GATES, OBJECTIVES, Found, GaveUp, Impossible, circuit_of, synthesise

_ROWS_SHOWN = 16


@click.command()
@click.argument("function", metavar="NAME_OR_TRUTH_TABLE")
@click.option("--inputs", type=int, default=None, help="Number of inputs of a truth table.")
@format_option
@click.option("--objective", type=click.Choice(list(OBJECTIVES)), default="size", show_default=True)
@click.option("--engine", type=click.Choice(["cpsat", "z3"]), default="cpsat", show_default=True)
@click.option("--timeout", type=float, default=60.0, show_default=True, help="Seconds.")
@click.option("--max-gates", type=int, default=DEFAULT_MAX_GATES, show_default=True)
@click.option("--max-fan-in", type=int, default=None, help="Inputs that a gate may have at most.")
@click.option("--no-cache", is_flag=True, help="Solve afresh.")
@click.option("-o", "--output", type=click.Path(), help="Write the proven circuit to this file.")
@json_option
def command(
    function: str,
    inputs: int | None,
    format_name: str,
    objective: str,
    engine: str,
    timeout: float,
    max_gates: int,
    max_fan_in: int | None,
    no_cache: bool,
    output: str | None,
    as_json: bool,
) -> None:
    """Find the smallest network of threshold gates for a function, and prove it smallest.

    The function is a name (AND OR XOR NOT NAND NOR XNOR SUM CARRY MUX, or n-ary: AND3, XOR5, MAJ7), a truth table (0x96
    with --inputs 3; bit r is the value at row r, input i is bit i of r), a file that holds one, or an expression.

    \b
    Example: trix-circuits synth SUM --format fp4
             trix-circuits synth "a ^ (b & ~c)" --format ternary
    """
    form, wanted = get_format(format_name), parse_function(function, inputs)

    outcome = synthesise(
        wanted.table,
        form,
        objective=objective,
        engine=engine,
        timeout_s=timeout,
        max_gates=max_gates,
        max_fan_in=max_fan_in,
        cache=None if no_cache else Cache(),
        progress=lambda text: whisper(f"trying {text} ..."),
    )
    whisper()
    if isinstance(outcome, Impossible):
        raise ImpossibleError(
            f"{shown(wanted.name)} has no network of up to {outcome.max_gates} gates in {form.name}: proven impossible"
        )
    if isinstance(outcome, GaveUp):
        raise LimitError(
            f"{shown(wanted.name)}: no network found in {timeout:g} s; at least {outcome.lower_bound} gates are needed in {form.name}"
        )
    circuit = circuit_of(wanted, form, outcome.network)
    if output is not None:
        circuit.save(output)
    if as_json:
        emit(_as_json(wanted, circuit, outcome, output))
    else:
        _print(wanted, circuit, outcome, output)


def _net_names(function: NamedFunction, size: int) -> list[str]:
    """Inputs by name, gates g1, g2, ..., the last one y (or y_, if an input is called y)."""
    prefix, last = free_prefix(function.input_names, "g"), "y"
    while last in function.input_names:
        last += "_"
    return [*function.input_names, *(f"{prefix}{i}" for i in range(1, size)), last]


def _as_json(function: NamedFunction, circuit: Circuit, found: Found, output: str | None) -> dict[str, Any]:
    net = circuit.netlist
    names = _net_names(function, net.size)
    gates = [
        {
            "name": names[net.input_bits + j],
            "inputs": [names[source] for source in sources],
            "weights": [json_number(weight, net.format) for weight in weights],
            "bias": json_number(bias, net.format),
        }
        for j, (sources, weights, bias) in enumerate(net.gates())
    ]
    witness = found.why_not_one
    result: dict[str, Any] = {
        "function": {
            "name": function.name,
            "inputs": function.table.arity,
            "input_names": list(function.input_names),
            "truth_table": function.table.hex(),
        },
        "format": net.format.name,
        "unit": str(net.format.unit),
        "gates": gates,
        "size": net.size,
        "depth": net.depth,
        "max_fan_in": net.max_fan_in,
        "margin": net.margin,
        "sum_bound": net.sum_bound,
        "bits": net.weight_storage_bits,
        "exact": True,
        "rows": function.table.rows,
        "minimal": found.minimal,
        "optimal": found.optimal,
        "lower_bound": found.lower_bound,
        "engine": found.engine,
        "seconds": round(found.seconds, 6),
        "cached": found.cached,
        "certificate": circuit.description["certificate"],
    }
    if witness is not None:
        result["not_threshold"] = {"on_rows": list(witness.on_rows), "off_rows": list(witness.off_rows)}
    if output is not None:
        result["file"] = output
    return result


def _print(function: NamedFunction, circuit: Circuit, found: Found, output: str | None) -> None:
    net, table, form = circuit.netlist, function.table, circuit.netlist.format
    names = _net_names(function, net.size)
    gates = f"{net.size} gate{'s' if net.size > 1 else ''}"
    say(
        f"{shown(function.name)} = {table.hex()} of {', '.join(function.input_names)}, in {form.name}:"
        f" {gates}, depth {net.depth}"
    )
    say()
    for j, (sources, weights, bias) in enumerate(net.gates()):
        terms = " + ".join(f"{number(w, form)}*{names[s]}" for s, w in zip(sources, weights, strict=True)) or "0"
        say(f"  {names[net.input_bits + j]:<3} = [ {terms.replace('+ -', '- ')}  >= {number(-bias, form)} ]"
              f"     weights {' '.join(number(w, form) for w in weights) or 'none'}, bias {number(bias, form)}")  # fmt: skip
    if table.rows <= _ROWS_SHOWN:
        gate_names = " ".join(names[net.input_bits :])
        say()
        say(f"  {' '.join(function.input_names)} | {gate_names} | spec")
        for row in range(table.rows):
            values = [row >> i & 1 for i in range(table.arity)]
            for sources, weights, bias in net.gates():
                values.append(int(bias + sum(w * values[s] for s, w in zip(sources, weights, strict=True)) >= 0))
            left = " ".join(f"{values[i]:>{len(name)}}" for i, name in enumerate(function.input_names))
            right = " ".join(f"{values[table.arity + j]:>{len(names[table.arity + j])}}" for j in range(net.size))
            say(f"  {left} | {right} | {table(row)}  {'ok' if values[-1] == table(row) else 'WRONG'}")
    say()
    say(f"exact     on all {table.rows} rows; the stand-alone checker accepts the circuit")
    say(f"size      {_minimality(found, net.size, form.name)}")
    if found.why_not_one is not None:
        say(f"why not 1 {_explain(found.why_not_one, function)}")
    say(f"margin    {number(net.margin, form)}; partial sums stay within +-{number(net.sum_bound, form)}")
    say(f"stored    {net.weight_storage_bits} bits of weights and biases")
    say(
        f"solved    by {found.engine} in {found.seconds:.3f} s{' (network from the cache, proven again)' if found.cached else ''}"
    )
    if output is not None:
        say(f"written   {shown(output)}")


def _minimality(found: Found, size: int, form: str) -> str:
    if found.minimal:
        fewer = size - 1
        return (
            f"{size}, and {fewer} {'is' if fewer == 1 else 'are'} proven impossible"
            if fewer
            else "1, the least there is"
        )
    bound = f"at least {found.lower_bound} needed"
    return (
        f"{size}, not proven minimal in {form} ({bound})"
        if found.minimal is None
        else f"{size}, for less depth ({bound})"
    )


def _explain(witness: Summability, function: NamedFunction) -> str:
    def bits(rows: tuple[int, ...]) -> str:
        texts = ["".join(str(row >> i & 1) for i in range(function.table.arity)) for row in rows]
        return " and ".join(texts)

    names = (
        "".join(function.input_names) if max(map(len, function.input_names)) == 1 else ",".join(function.input_names)
    )
    return (
        f"at {names} = {bits(witness.on_rows)} it is 1, at {bits(witness.off_rows)} it is 0, "
        "yet both pairs add up to the same vector: no weights can tell them apart"
    )
