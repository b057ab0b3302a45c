"""Threshold gates as AND-inverter logic: every row of every gate, and small."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import assignments, evaluate, netlists
from trix_circuits.compose.families import draft
from trix_circuits.logic.aig import FALSE, TRUE, AigBuilder
from trix_circuits.logic.expand import aig_of, bit_names, gate_literal
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist


def size_of(weights: list[int], bias: int) -> int:
    builder = AigBuilder(f"x{i}" for i in range(len(weights)))
    literal = gate_literal(builder, [builder.input(i) for i in range(len(weights))], weights, bias)
    return builder.finish("gate", [("y", literal)]).size


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_gate_is_its_logic_on_all_rows(data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(-12, 12), max_size=8))
    bias = data.draw(st.integers(-30, 30))
    inputs = data.draw(st.integers(0, 5))
    builder = AigBuilder(f"x{i}" for i in range(inputs))
    literals = [data.draw(st.integers(0, 2 * inputs + 1)) for _ in weights]  # constants, repeats and inverses too
    aig = builder.finish("gate", [("y", gate_literal(builder, literals, weights, bias))])

    for row in range(1 << inputs):
        values = [0, *(row >> i & 1 for i in range(inputs))]
        total = sum(w * (values[x >> 1] ^ x & 1) for x, w in zip(literals, weights, strict=True))
        assert aig.evaluate(row) == (total + bias >= 0)


@pytest.mark.parametrize("name", ["nf4", "int8", "e4m3", "ternary"])
def test_every_format_expands(name: str) -> None:
    form, rng = get_format(name), random.Random(1)
    for fan_in in (1, 3, 7, 9):
        weights = [rng.choice([w for w in form.weights if w]) for _ in range(fan_in)]
        bias = -sum(weights) // 2
        builder = AigBuilder(f"x{i}" for i in range(fan_in))
        aig = builder.finish("g", [("y", gate_literal(builder, [2 + 2 * i for i in range(fan_in)], weights, bias))])
        for row in range(1 << fan_in):
            assert aig.evaluate(row) == (sum(w for i, w in enumerate(weights) if row >> i & 1) + bias >= 0)


def test_plain_gates_take_what_they_must() -> None:
    assert [size_of([1] * 4, -4), size_of([1] * 4, -1), size_of([-1], 0), size_of([2], -1)] == [3, 3, 0, 0]
    assert [size_of([1, 1, 1], -2), size_of([1, 1], 0), size_of([1, 1], -3)] == [5, 0, 0]
    assert size_of([1] * 1001, -1001) == 1000
    assert size_of([3, 1, 1, 1], -3) == 3  # x0 is enough alone, or all others
    assert size_of([6, 1, 1, 1], -6) == 0  # x0 is enough and needed


def test_a_majority_of_1001_takes_ands_in_proportion_and_is_right() -> None:
    builder = AigBuilder(f"x{i}" for i in range(1001))
    aig = builder.finish("voter", [("y", gate_literal(builder, [2 + 2 * i for i in range(1001)], [1] * 1001, -501))])
    rng = random.Random(2)

    assert aig.size < 8 * 1001
    for ones in (0, 1, 499, 500, 501, 502, 1000, 1001):
        assert aig.evaluate(sum(1 << i for i in rng.sample(range(1001), ones))) == (ones >= 501)


def test_wide_gates_of_mixed_weights_stay_polynomial() -> None:
    rng = random.Random(3)
    weights = [rng.choice([1, -1, 2, 3, -4, 6, 8, 12]) for _ in range(1001)]
    bias = -sum(weights) // 2
    builder = AigBuilder(f"x{i}" for i in range(1001))
    aig = builder.finish("wide", [("y", gate_literal(builder, [2 + 2 * i for i in range(1001)], weights, bias))])

    assert aig.size < 20 * 1001
    for _ in range(20):
        row = rng.getrandbits(1001)
        assert aig.evaluate(row) == (sum(w for i, w in enumerate(weights) if row >> i & 1) + bias >= 0)


@pytest.mark.parametrize(("inputs", "most"), [(2, 3), (3, 7), (7, 28), (15, 77)])
def test_the_gates_of_a_counter_share_their_adders(inputs: int, most: int) -> None:
    builder = Builder(get_format("e2m1"), {"x": inputs})
    ones: list[int] = []
    for place in reversed(range(inputs.bit_length())):
        fed_back = [-(1 << inputs.bit_length() - 1 - k) for k in range(len(ones))]
        ones.append(builder.gate([*range(inputs), *ones], [1] * inputs + fed_back, -(1 << place)))
    aig = aig_of(builder.finish({"y": ones[::-1]}))

    assert all(aig.evaluate(row) == row.bit_count() for row in range(0, 1 << inputs, 37 if inputs > 9 else 1))
    assert aig.size == most  # that of its full and half adders: 7 and 3 ANDs


@pytest.mark.parametrize(("family", "bits", "most"), [("adder", 32, 7 * 32), ("comparator", 32, 240)])
def test_blocks_of_an_adder_expand_to_plain_adders(family: str, bits: int, most: int) -> None:
    assert aig_of(draft(family, get_format("e2m1"), bits).netlist).size <= most


@settings(max_examples=60, deadline=None)
@given(netlists())
def test_a_netlist_is_its_aig(netlist: Netlist) -> None:
    aig = aig_of(netlist)

    assert aig.input_names == tuple(bit_names(netlist.inputs.items()))
    for row, inputs in enumerate(assignments(netlist, 32)):
        assert aig.evaluate(row) == evaluate(netlist, inputs)["y"]


@pytest.mark.parametrize(("family", "bits"), [("adder", 8), ("multiplier", 5), ("popcount", 31), ("comparator", 9)])
def test_families_are_their_aigs(family: str, bits: int) -> None:
    netlist = draft(family, get_format("e2m1"), bits).netlist
    aig = aig_of(netlist, family)

    assert aig.name == family
    for inputs in assignments(netlist, 200):
        places = itertools.accumulate(netlist.inputs.values(), initial=0)
        row = sum(inputs[name] << at for name, at in zip(netlist.inputs, places, strict=False))
        places = itertools.accumulate((len(nets) for nets in netlist.outputs.values()), initial=0)
        found = evaluate(netlist, inputs)
        assert aig.evaluate(row) == sum(found[n] << at for n, at in zip(netlist.outputs, places, strict=False))


def test_names_are_of_bits_and_constants_are_constants() -> None:
    builder = Builder(get_format("ternary"), {"a": 2, "b": 1})
    netlist = builder.finish({"y": [builder.gate([], [], 0), builder.gate([], [], -1)], "z": [2]})
    aig = aig_of(netlist)

    assert (aig.input_names, aig.output_names) == (("a[0]", "a[1]", "b"), ("y[0]", "y[1]", "z"))
    assert np.array_equal(aig.outputs, [TRUE, FALSE, 6])
