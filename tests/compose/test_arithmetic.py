"""Arithmetic circuits of low depth, in every format, against Python's integers; depths and sizes as exact figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import assignments, evaluate
from trix_circuits.compose import adder, comparator, multiplier, popcount
from trix_circuits.compose.kit import Kit
from trix_circuits.errors import InputError
from trix_circuits.evidence.prover import Draft, certify
from trix_circuits.logic.formats import format_names, get_format

Values = dict[str, int]
Model = Callable[[Values, int], Values]

E2M1 = get_format("e2m1")
CIRCUITS: dict[str, tuple[Callable[..., Draft], Model]] = {
    "adder": (adder.adder, lambda v, n: {"sum": v["a"] + v["b"] + v["cin"]}),
    "subtractor": (
        adder.subtractor,
        lambda v, n: {"diff": (v["a"] - v["b"] - v["bin"]) % (1 << n), "borrow": int(v["a"] < v["b"] + v["bin"])},
    ),
    "addsub": (
        adder.addsub,
        lambda v, n: {
            "result": (v["a"] - v["b"] if v["sub"] else v["a"] + v["b"]) % (1 << n),
            "carry": (v["a"] + ((1 << n) - v["b"] if v["sub"] else v["b"])) >> n,
        },
    ),
    "incrementer": (adder.incrementer, lambda v, n: {"y": v["a"] + 1}),
    "comparator": (
        comparator.comparator,
        lambda v, n: {"lt": int(v["a"] < v["b"]), "le": int(v["a"] <= v["b"]), "eq": int(v["a"] == v["b"])},
    ),
    "popcount": (popcount.popcount, lambda v, n: {"count": v["x"].bit_count()}),
    "parity": (popcount.parity, lambda v, n: {"parity": v["x"].bit_count() % 2}),
    "multiplier": (multiplier.multiplier, lambda v, n: {"product": v["a"] * v["b"]}),
}


def agrees(draft: Draft, model: Model, bits: int, rows: int) -> None:
    """Certify a draft, and compare it with its model on all rows if there are few, else on so many."""
    netlist = certify(draft).netlist
    for values in assignments(netlist, rows):
        assert evaluate(netlist, values) == model(values, bits), values


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("format_name", format_names())
def test_low_depth_circuits_are_right_in_every_format(name: str, format_name: str) -> None:
    make, model = CIRCUITS[name]
    for bits in (1, 2, 3, 4, 5):
        agrees(make(get_format(format_name), bits), model, bits, 1 << 7 if bits < 5 else 50)


@pytest.mark.parametrize("name", CIRCUITS)
@pytest.mark.parametrize("format_name", ["e2m1", "ternary", "ternary-strict", "nf4", "int8"])
def test_wide_ones_are_certified_by_local_evidence(name: str, format_name: str) -> None:
    make, model = CIRCUITS[name]
    bits = 9 if name == "multiplier" else 37
    agrees(make(get_format(format_name), bits), model, bits, 20)


@pytest.mark.parametrize("name", [name for name in CIRCUITS if name != "multiplier"])
def test_every_row_of_small_ones(name: str) -> None:
    make, model = CIRCUITS[name]
    for bits in (4, 5):
        agrees(make(E2M1, bits), model, bits, 1 << 11)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(sorted(CIRCUITS)), st.sampled_from(format_names()), st.integers(1, 12), st.integers(2, 9), st.data()
)
def test_a_fan_in_bound_is_kept(name: str, format_name: str, bits: int, bound: int, data: st.DataObject) -> None:
    make, model = CIRCUITS[name]
    netlist = certify(make(get_format(format_name), bits, bound)).netlist
    values = {bus: data.draw(st.integers(0, (1 << width) - 1)) for bus, width in netlist.inputs.items()}

    assert netlist.max_fan_in <= bound
    assert evaluate(netlist, values) == model(values, bits)


@pytest.mark.parametrize(
    ("name", "bits", "depth", "size"),
    [
        ("adder", 8, 3, 21),
        ("adder", 16, 4, 34),
        ("adder", 32, 4, 100),
        ("adder", 64, 4, 244),
        ("adder", 128, 5, 416),
        ("adder", 1024, 6, 4110),
        ("subtractor", 64, 4, 230),
        ("addsub", 64, 6, 378),
        ("incrementer", 64, 4, 154),
        ("comparator", 128, 4, 89),
        ("popcount", 7, 2, 5),
        ("popcount", 15, 3, 6),
        ("popcount", 255, 12, 165),
        ("parity", 7, 2, 4),
        ("parity", 15, 3, 5),
        ("parity", 64, 4, 40),
        ("multiplier", 8, 11, 168),
        ("multiplier", 16, 13, 603),
        ("multiplier", 32, 17, 2560),
    ],
)
def test_depths_in_e2m1(name: str, bits: int, depth: int, size: int) -> None:
    netlist = certify(CIRCUITS[name][0](E2M1, bits)).netlist

    assert (netlist.depth, netlist.size) == (depth, size)


def test_more_levels_save_gates() -> None:
    figures = [certify(adder.adder(E2M1, 64, depth=depth)).netlist for depth in (4, 5, 6)]

    assert [(net.depth, net.size) for net in figures] == [(4, 244), (5, 154), (6, 138)]


@pytest.mark.parametrize("relation", ["lt", "le", "eq", "gt", "ge"])
def test_one_relation_alone(relation: str) -> None:
    compare = {"lt": int.__lt__, "le": int.__le__, "eq": int.__eq__, "gt": int.__gt__, "ge": int.__ge__}[relation]

    def model(v: Values, n: int) -> Values:
        return {relation: int(compare(v["a"], v["b"]))}

    for bits in (1, 5, 23):
        agrees(comparator.comparator(E2M1, bits, relation=[relation]), model, bits, 1 << 10)


def test_an_unknown_relation_is_refused() -> None:
    with pytest.raises(InputError, match=r"^a relation must be one of lt, le, eq, gt, ge, not ne$"):
        comparator.comparator(E2M1, 8, relation=["ne"])
    with pytest.raises(InputError, match=r"not none$"):
        comparator.comparator(E2M1, 8, relation=[])


@pytest.mark.parametrize("format_name", format_names())
@pytest.mark.parametrize("inputs", [3, 6, 7, 11])
def test_flat_counters_count(format_name: str, inputs: int) -> None:
    form = get_format(format_name)
    for counter in popcount.flat_counters(form, None, inputs, False):
        kit = Kit(form, {"x": inputs})
        outputs, _ = popcount.flat_counter(kit, kit["x"], counter.step, counter.share)
        netlist = kit.builder.finish({"count": outputs})
        assert netlist.size == counter.gates
        for values in assignments(netlist, 64):
            assert evaluate(netlist, values) == {"count": values["x"].bit_count()}
