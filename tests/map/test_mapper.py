"""Mapped netlists compute what the AIG computes, on every row, whatever format, objective and fan-in bound."""

from __future__ import annotations

import random

import pytest

from tests.strategies import evaluate
from trix_circuits import check
from trix_circuits.errors import ImpossibleError, InputError
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import get_format, make_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.map import map_aig


def random_aig(seed: int, inputs: int = 5, ands: int = 25, outputs: int = 4) -> Aig:
    """ANDs and some XORs of random literals; outputs are any literals, constants and inputs included."""
    rng = random.Random(seed)
    builder = AigBuilder([f"x[{i}]" for i in range(inputs)])
    literals = [builder.input(i) for i in range(inputs)]
    while builder.size < ands:
        a, b = (rng.choice(literals) ^ rng.randrange(2) for _ in range(2))
        literals.append(builder.xor(a, b) if rng.random() < 0.3 else builder.and_(a, b))
    chosen = [(f"y[{k}]", rng.choice(literals[-12:]) ^ rng.randrange(2)) for k in range(outputs)]
    chosen.append(("constant", rng.randrange(2)))
    chosen.append(("through", builder.input(0) ^ rng.randrange(2)))
    return builder.finish("random", chosen)


def assert_same(aig: Aig, netlist: Netlist) -> None:
    inputs, outputs = check.buses(list(aig.input_names), list(aig.output_names))
    assert netlist.inputs == {name: len(places) for name, places in inputs}
    for row in range(1 << len(aig.input_names)):
        values = {name: sum((row >> place & 1) << i for i, place in enumerate(places)) for name, places in inputs}
        want = aig.evaluate(row)
        found = evaluate(netlist, values)
        for name, places in outputs:
            assert found[name] == sum((want >> place & 1) << i for i, place in enumerate(places)), (row, name)


def adder(bits: int) -> Aig:
    builder = AigBuilder([f"{name}[{i}]" for name in "ab" for i in range(bits)])
    carry, outputs = 0, []
    for i in range(bits):
        a, b = builder.input(i), builder.input(bits + i)
        outputs.append((f"s[{i}]", builder.xor(builder.xor(a, b), carry)))
        carry = builder.majority(a, b, carry)
    return builder.finish("adder", [*outputs, ("c", carry)])


@pytest.mark.parametrize("name", ["e2m1", "ternary", "ternary-strict", "nf4", "int4", "e4m3"])
def test_every_format_maps_random_circuits_exactly(name: str) -> None:
    for seed in range(6):
        aig = random_aig(seed)
        objective = ("size", "depth")[seed % 2]
        assert_same(aig, map_aig(aig, get_format(name), objective=objective, effort=seed % 3 // 2))


@pytest.mark.parametrize("name", ["e2m1", "ternary-strict"])
@pytest.mark.parametrize("bound", [2, 3, 4])
def test_a_fan_in_bound_is_kept(name: str, bound: int) -> None:
    for seed in range(3):
        aig = random_aig(seed + 50, inputs=6, ands=40)
        netlist = map_aig(aig, get_format(name), max_fan_in=bound, objective=("size", "depth")[seed % 2], effort=0)
        assert netlist.max_fan_in <= bound
        assert_same(aig, netlist)


def test_the_same_question_has_the_same_answer() -> None:
    aig = random_aig(7, inputs=6, ands=60)
    first, second = (map_aig(aig, get_format("e2m1")) for _ in range(2))
    assert list(first.gates()) == list(second.gates())
    assert first.outputs == second.outputs


def test_a_ripple_adder_takes_about_two_gates_a_bit() -> None:
    aig = adder(5)
    netlist = map_aig(aig, get_format("e2m1"))
    assert_same(aig, netlist)
    assert netlist.size <= 11


def test_a_comparator_takes_four_bits_a_gate() -> None:
    builder = AigBuilder([f"{name}[{i}]" for name in "ab" for i in range(8)])
    greater = 0
    for i in range(8):
        greater = builder.majority(builder.input(i), builder.input(8 + i) ^ 1, greater)
    netlist = map_aig(builder.finish("greater", [("y", greater)]), get_format("e2m1"))
    assert netlist.size == 2


def test_depth_is_no_worse_under_the_depth_objective() -> None:
    for aig in (adder(6), random_aig(3, inputs=8, ands=120)):
        by_size, by_depth = (map_aig(aig, get_format("e2m1"), objective=o) for o in ("size", "depth"))
        assert by_depth.depth <= by_size.depth


def test_a_decoder_takes_one_gate_an_output() -> None:
    builder = AigBuilder([f"a[{i}]" for i in range(5)])
    low = [builder.all_of([builder.input(i) ^ (row >> i & 1 ^ 1) for i in range(3)]) for row in range(8)]
    high = [builder.all_of([builder.input(3 + i) ^ (row >> i & 1 ^ 1) for i in range(2)]) for row in range(4)]
    outputs = [(f"d[{row}]", builder.and_(low[row & 7], high[row >> 3])) for row in range(32)]
    aig = builder.finish("decoder", outputs)
    netlist = map_aig(aig, get_format("e2m1"))
    assert_same(aig, netlist)
    assert (netlist.size, netlist.depth) == (32, 1)


def test_settings_that_make_no_sense_are_refused() -> None:
    aig = random_aig(1)
    with pytest.raises(InputError, match="objective must be one of size, depth, not 'speed'"):
        map_aig(aig, get_format("e2m1"), objective="speed")
    with pytest.raises(InputError, match="max_fan_in must be at least 2, not 1"):
        map_aig(aig, get_format("e2m1"), max_fan_in=1)


def test_a_format_that_cannot_invert_is_told_so() -> None:
    with pytest.raises(ImpossibleError, match="must be able to"):
        map_aig(random_aig(1), make_format("positive", [0, 1], [-1, 0]))
