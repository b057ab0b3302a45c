"""Circuits for the tests of the writers: random netlists with wide gates, constants and shared outputs, and families."""

from __future__ import annotations

import random
from collections.abc import Mapping

from hypothesis import strategies as st

from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist


def random_netlist(
    seed: int, format_name: str = "e2m1", gates: int = 20, widths: Mapping[str, int] | None = None
) -> Netlist:
    """Gates of up to 12 inputs; outputs may be inputs, constants, and one net twice."""
    rng, form = random.Random(seed), get_format(format_name)
    builder = Builder(form, widths or {"a": 3, "reg": 1, "g1": 2, "z": 4}, share=False)
    weights = [w for w in form.weights if w]
    for _ in range(gates):
        sources = rng.sample(range(builder.net_count), min(builder.net_count, rng.choice([0, 1, 2, 3, 3, 4, 5, 7, 12])))
        chosen = [rng.choice(weights) for _ in sources]
        middle = -sum(chosen) / 2
        builder.gate(
            sources, chosen, min(form.biases, key=lambda b: abs(b - middle)) if rng.random() < 0.9 else form.biases[0]
        )
    last = builder.net_count - 1
    return builder.finish({"y": [last, last - 1, last, 0], "wire": [last - 2], "n": [last - 3, 1]})


@st.composite
def netlists(draw: st.DrawFn) -> Netlist:
    name = draw(st.sampled_from(["e2m1", "ternary", "int4", "nf4"]))
    return random_netlist(draw(st.integers(0, 10**6)), name, draw(st.integers(4, 25)))


def random_aig(seed: int, inputs: int = 8, ands: int = 60) -> Aig:
    """Names of all kinds; outputs may be constants and inputs."""
    rng = random.Random(seed)
    builder = AigBuilder(["x[0]", "x[1]", "\\odd name", "in", "2nd", *(f"v{k}" for k in range(5, inputs))])
    literals = [builder.input(k) for k in range(inputs)]
    for _ in range(ands):
        a, b = rng.sample(literals, 2)
        make = rng.choice([builder.and_, builder.or_, builder.xor])
        literals.append(make(a ^ rng.randrange(2), b ^ rng.randrange(2)))
    outputs = [
        ("in", literals[-1]),
        ("o[0]", literals[-2] ^ 1),
        ("o[1]", 1),
        ("o[2]", 0),
        ("p", 4),
        ("q", literals[-1]),
    ]
    return builder.finish("odd circuit", outputs)


def mutated(netlist: Netlist, seed: int) -> Netlist:
    """The same netlist with one gate's bias changed by one step of the format."""
    rng = random.Random(seed)
    biases, form = netlist.biases.copy(), netlist.format
    gate = rng.randrange(netlist.size)
    biases[gate] = rng.choice([b for b in form.biases if b != biases[gate]])
    return Netlist(form, netlist.inputs, netlist.outputs, netlist.offsets, netlist.sources, netlist.weights, biases)
