"""`trix-circuits formats`."""

from __future__ import annotations

import click

from trix_circuits.cli.common import emit, json_number, json_option, number, say
from trix_circuits.logic.formats import WeightFormat, format_names, get_format


def _short(values: tuple[int, ...], form: WeightFormat) -> str:
    texts = [number(value, form) for value in values]
    return " ".join(texts) if len(texts) <= 16 else f"{texts[0]} {texts[1]} ... {texts[-1]} ({len(texts)} values)"


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the weight formats and their values.

    Example: trix-circuits formats
    """
    forms = [get_format(name) for name in format_names()]
    if as_json:
        entries = [
            {
                "name": form.name,
                "unit": str(form.unit),
                "weight_bits": form.weight_bits,
                "bias_bits": form.bias_bits,
                "weights": [json_number(value, form) for value in form.weights],
                "biases": [json_number(value, form) for value in form.biases],
                "note": form.note,
            }
            for form in forms
        ]
        emit({"formats": entries, "aliases": {"fp4": "e2m1"}})
        return
    for form in forms:
        say(f"{form.name:<15} {form.weight_bits} bits a weight, {form.bias_bits} a bias; unit {form.unit}. {form.note}")
        say(f"{'':<15} weights {_short(form.weights, form)}")
        if form.biases != form.weights:
            say(f"{'':<15} biases  {_short(form.biases, form)}")
