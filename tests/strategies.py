"""Hypothesis strategies and small tools that several tests share."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.logic.truth_table import TruthTable


@st.composite
def truth_tables(draw: st.DrawFn, max_inputs: int = 5) -> TruthTable:
    arity = draw(st.integers(1, max_inputs))
    return TruthTable(arity, draw(st.integers(0, (1 << (1 << arity)) - 1)))


@st.composite
def netlists(draw: st.DrawFn, max_inputs: int = 5, max_gates: int = 8, format_name: str = "e2m1") -> Netlist:
    form = get_format(format_name)
    inputs = draw(st.integers(1, max_inputs))
    builder = Builder(form, {f"x{i}": 1 for i in range(inputs)}, share=False)
    for _ in range(draw(st.integers(1, max_gates))):
        sources = draw(st.lists(st.integers(0, builder.net_count - 1), unique=True, max_size=5))
        weights = [draw(st.sampled_from([w for w in form.weights if w])) for _ in sources]
        builder.gate(sources, weights, draw(st.sampled_from(form.biases)))
    return builder.finish({"y": [builder.net_count - 1]})


def evaluate(netlist: Netlist, inputs: Mapping[str, int]) -> dict[str, int]:
    """Outputs for one assignment, gate by gate in plain integers: independent of the package's evaluators."""
    bits = [inputs[name] >> i & 1 for name, width in netlist.inputs.items() for i in range(width)]
    for sources, weights, bias in netlist.gates():
        bits.append(1 if sum(w for s, w in zip(sources, weights, strict=True) if bits[s]) + bias >= 0 else 0)
    return {name: sum(bits[n] << i for i, n in enumerate(nets)) for name, nets in netlist.outputs.items()}


def assignments(netlist: Netlist, count: int, seed: int = 0) -> list[dict[str, int]]:
    """All assignments if there are few, else so many random ones with words that are equal, near or extreme."""
    bits = netlist.input_bits
    if 1 << bits <= count:
        rows: Sequence[int] = range(1 << bits)
    else:
        rng = random.Random(seed)
        rows = [rng.getrandbits(bits) for _ in range(count - 2)] + [0, (1 << bits) - 1]
    found = []
    for row in rows:
        values = {}
        for name, width in netlist.inputs.items():
            values[name], row = row & (1 << width) - 1, row >> width
        found.append(values)
    return found


def all_formats() -> list[WeightFormat]:
    from trix_circuits.logic.formats import format_names

    return [get_format(name) for name in format_names()]


def _expression(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One more layer of the notation of meanings around smaller expressions."""

    def of(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*parts).map(lambda found: template.format(*found))

    signs = st.sampled_from(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!="])
    number = st.integers(0, 255).map(str)
    return st.one_of(
        of("({} {} {})", inner, signs, inner),
        of("({} {} {}[{}:3])", inner, st.sampled_from(["<<", ">>"]), inner, st.sampled_from("012")),
        of("({} if {} else {})", inner, inner, inner),
        of("(-{})", inner),
        of("({} % 2**{})", inner, st.sampled_from("1234")),
        of("{}[{}]", inner, st.sampled_from("0125")),
        of("popcount({}[0:{}])", inner, st.sampled_from("1236")),
        of("signed({}[{}:5])", inner, st.sampled_from("0123")),
        of("table({}, {}[1:3], {} < {})", number, inner, inner, inner),
        of("table({}, c, b)", number),
    )


expressions = st.recursive(
    st.sampled_from(["a", "b", "c", "a[1]", "b[0:2]", "0", "1", "5", "0x1f"]), _expression, max_leaves=6
)
