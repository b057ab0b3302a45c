"""Every family, in every format, against Python's integers; sizes and depths are stated as exact figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.strategies import assignments, evaluate
from trix_circuits.compose.families import FAMILIES, draft
from trix_circuits.errors import InputError, LimitError
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import format_names, get_format

Values = dict[str, int]


def _abs(v: Values, n: int) -> Values:
    return {"y": abs(v["a"] - (1 << n) if v["a"] >> n - 1 else v["a"])}


def _alu(v: Values, n: int) -> Values:
    a, b, full = v["a"], v["b"], (1 << n) - 1
    return {"result": [(a + b) & full, (a - b) & full, int(a < b), b, a & b, a | b, a ^ b, full & ~(a | b)][v["op"]]}


def _encode(v: Values, n: int) -> Values:
    index = 0
    for i in range(n):
        index |= i if v["x"] >> i & 1 else 0
    return {"index": index}


MODELS: dict[str, Callable[[Values, int], Values]] = {
    "adder": lambda v, n: {"sum": v["a"] + v["b"] + v["cin"]},
    "subtractor": lambda v, n: {
        "diff": (v["a"] - v["b"] - v["bin"]) % (1 << n),
        "borrow": int(v["a"] < v["b"] + v["bin"]),
    },
    "addsub": lambda v, n: {
        "result": (v["a"] - v["b"] if v["sub"] else v["a"] + v["b"]) % (1 << n),
        "carry": (v["a"] + ((1 << n) - v["b"] if v["sub"] else v["b"])) >> n,
    },
    "incrementer": lambda v, n: {"y": v["a"] + 1},
    "comparator": lambda v, n: {"lt": int(v["a"] < v["b"]), "le": int(v["a"] <= v["b"]), "eq": int(v["a"] == v["b"])},
    "mux": lambda v, n: {"y": v["b"] if v["s"] else v["a"]},
    "decoder": lambda v, n: {"y": 1 << v["a"]},
    "encoder": _encode,
    "priority": lambda v, n: {"index": max(v["x"].bit_length() - 1, 0), "valid": int(v["x"] != 0)},
    "shifter": lambda v, n: {"y": (v["a"] << v["amount"]) % (1 << n)},
    "popcount": lambda v, n: {"count": v["x"].bit_count()},
    "parity": lambda v, n: {"parity": v["x"].bit_count() % 2},
    "multiplier": lambda v, n: {"product": v["a"] * v["b"]},
    "abs": _abs,
    "min": lambda v, n: {"y": min(v["a"], v["b"])},
    "max": lambda v, n: {"y": max(v["a"], v["b"])},
    "alu": _alu,
}


def test_there_is_a_model_for_every_family() -> None:
    assert set(MODELS) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("format_name", format_names())
def test_a_family_computes_its_model_in_every_format(family: str, format_name: str) -> None:
    for bits in (1, 2, 3, 5):
        circuit = certify(draft(family, get_format(format_name), bits))
        for values in assignments(circuit.netlist, 128):
            assert evaluate(circuit.netlist, values) == MODELS[family](values, bits), (bits, values)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("objective", ["size", "depth"])
def test_wide_members_are_certified_and_right(family: str, objective: str) -> None:
    bits = 8 if family == "decoder" else 12 if family == "multiplier" else 48
    circuit = certify(draft(family, get_format("e2m1"), bits, objective=objective))
    for values in assignments(circuit.netlist, 60):
        assert evaluate(circuit.netlist, values) == MODELS[family](values, bits), values


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bound", [2, 3, 5])
def test_a_fan_in_bound_is_kept(family: str, bound: int) -> None:
    circuit = certify(draft(family, get_format("e2m1"), 4, max_fan_in=bound))

    assert circuit.netlist.max_fan_in <= bound
    for values in assignments(circuit.netlist, 64):
        assert evaluate(circuit.netlist, values) == MODELS[family](values, 4)


@pytest.mark.parametrize(
    ("family", "bits", "options", "size"),
    [
        ("adder", 8, {}, 11),
        ("adder", 32, {}, 43),
        ("adder", 64, {}, 86),
        ("adder", 128, {}, 171),
        ("adder", 1024, {}, 1366),
        ("comparator", 128, {"relation": ["lt"]}, 32),
        ("popcount", 3, {}, 2),
        ("popcount", 7, {}, 3),
        ("popcount", 15, {}, 4),
        ("popcount", 31, {}, 14),
        ("popcount", 63, {}, 24),
        ("popcount", 127, {}, 48),
        ("popcount", 255, {}, 99),
        ("popcount", 1001, {}, 368),
        ("multiplier", 8, {}, 104),
        ("multiplier", 16, {}, 376),
        ("multiplier", 32, {}, 1456),
        ("parity", 15, {}, 4),
        ("mux", 1, {}, 2),
        ("mux", 1, {"ways": 4}, 4),
    ],
)
def test_sizes_in_e2m1(family: str, bits: int, options: dict[str, Any], size: int) -> None:
    circuit = certify(draft(family, get_format("e2m1"), bits, **options))

    assert circuit.netlist.size == size


@pytest.mark.parametrize(("bits", "depth", "size"), [(16, 4, 34), (32, 4, 100), (64, 4, 244), (128, 5, 416)])
def test_low_depth_adders(bits: int, depth: int, size: int) -> None:
    circuit = certify(draft("adder", get_format("e2m1"), bits, objective="depth"))

    assert (circuit.netlist.depth, circuit.netlist.size) == (depth, size)


def test_a_mux_of_many_ways_gives_the_input_by_number_and_0_beyond_the_last() -> None:
    for ways in (3, 4, 5, 8, 11, 16):
        circuit = certify(draft("mux", get_format("e2m1"), 2, ways=ways))
        for values in assignments(circuit.netlist, 100):
            expected = values.get(f"d{values['s']}", 0)
            assert evaluate(circuit.netlist, values) == {"y": expected}


def test_a_shifter_to_the_right_drops_low_bits() -> None:
    circuit = certify(draft("shifter", get_format("ternary"), 6, direction="right"))
    for values in assignments(circuit.netlist, 600):
        assert evaluate(circuit.netlist, values) == {"y": values["a"] >> values["amount"]}


def test_bad_requests_are_refused_with_a_line() -> None:
    form = get_format("e2m1")
    with pytest.raises(InputError, match=r"^family must be one of .*, not 'ader'; did you mean adder\?$"):
        draft("ader", form, 8)
    with pytest.raises(InputError, match=r"^bits must be at least 1, not 0$"):
        draft("adder", form, 0)
    with pytest.raises(LimitError, match=r"takes at most 16384 bits, not 1000000000$"):
        draft("adder", form, 10**9)
    with pytest.raises(InputError, match=r"^family adder has no option ways$"):
        draft("adder", form, 8, ways=3)
