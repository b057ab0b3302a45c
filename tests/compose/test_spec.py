"""TOML specs: the worked ones are certified in four formats, and each mistake is one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.strategies import assignments, evaluate
from trix_circuits.compose.spec import parse_spec, read_spec
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import get_format
from trix_circuits.share import folder

SPECS = sorted(path.name for path in folder("specs").glob("*.toml"))
SEGMENTS = [0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F]
MODELS: dict[str, Callable[[dict[str, int]], dict[str, int]]] = {
    "adder8.toml": lambda v: {"sum": v["a"] + v["b"] + v["cin"]},
    "mac8.toml": lambda v: {"y": (v["a"] * v["b"] + v["c"]) % (1 << 16)},
    "mux4.toml": lambda v: {"y": v["d"] >> v["s"] & 1},
    "seven_segment.toml": lambda v: {"segments": SEGMENTS[v["digit"]] if v["digit"] < 10 else 0},
    "gray4.toml": lambda v: {
        "g0": v["b0"] ^ v["b1"],
        "g1": v["b1"] ^ v["b2"],
        "g2": v["b2"] ^ v["b3"],
        "g3": v["b3"],
    },
    "alu_slice.toml": lambda v: {
        "y": [v["a"] & v["b"], v["a"] | v["b"], v["a"] ^ v["b"], (v["a"] + v["b"] + v["cin"]) % 2][v["op"]],
        "cout": v["a"] + v["b"] + v["cin"] >> 1,
    },
}


@pytest.mark.parametrize("format_name", ["e2m1", "ternary", "ternary-strict", "nf4"])
@pytest.mark.parametrize("spec", SPECS)
def test_worked_specs_are_certified_and_right(spec: str, format_name: str) -> None:
    circuit = certify(read_spec(str(folder("specs") / spec), get_format(format_name)))
    for values in assignments(circuit.netlist, 100):
        assert evaluate(circuit.netlist, values) == MODELS[spec](values)


def chain(bits: int, meaning: str) -> str:
    lines = [f"[inputs]\na = {bits}\nb = {bits}\n{meaning}\n[instances]"]
    for i in range(bits):
        carry = f"c{i - 1}" if i else "0"
        feed = f'a = "a[{i}]", b = "b[{i}]", c = {carry if carry == "0" else repr(carry)}'.replace("'", '"')
        lines.append(f's{i} = {{ of = "SUM", {feed} }}\nc{i} = {{ of = "CARRY", {feed} }}')
    outs = ", ".join(f'"s{i}"' for i in range(bits))
    return "\n".join(lines) + f'\n[outputs]\nsum = [{outs}, "c{bits - 1}"]\n'


@pytest.mark.parametrize("meaning", ["", '[meaning]\nsum = "a + b"'])
def test_64_full_adders_are_certified_with_and_without_a_stated_meaning(meaning: str) -> None:
    circuit = certify(parse_spec(chain(64, meaning)))

    assert circuit.netlist.size == 192 + 1  # the constant 0 is a gate
    for values in assignments(circuit.netlist, 20):
        assert evaluate(circuit.netlist, values) == {"sum": values["a"] + values["b"]}


def test_a_wrong_meaning_is_refuted_with_a_counterexample() -> None:
    with pytest.raises(RefutedError) as caught:
        certify(parse_spec(chain(16, '[meaning]\nsum = "a + b + (a == b)"')))

    assert caught.value.counterexample is not None
    assert caught.value.counterexample["a"] == caught.value.counterexample["b"]


HEAD = "[inputs]\na = 2\nb = 1\n"
MISTAKES = [
    ("a = = 3", "not TOML: "),
    ("[inputs]\na = 0\n", "inputs.a: a width must be at least 1, not 0"),
    ("[inputs]\na = -4\n", "inputs.a: a width must be at least 1, not -4"),
    ("[inputs]\na = true\n", "inputs.a: must be a width, an integer, not True"),
    ("[input]\na = 1\n", "input: unknown key; did you mean inputs?"),
    ('format = "fp5"\n[inputs]\na = 1\n', "format must be one of "),
    (HEAD, "outputs: must name an output"),
    (HEAD + "[outputs]\ny = 1\n[instances]\n", "outputs.y: is not driven"),
    (HEAD + '[outputs]\ny = "c"\n', "outputs.y: 'c' is not declared"),
    (HEAD + '[outputs]\ny = "a[5]"\n', "outputs.y: a[5] must lie within the 2 bits of a"),
    (HEAD + '[outputs]\na = "b"\n', "outputs.a: must not have the name of an input"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "ANDD", a = "a[0]", b = "b" }', "instances.g: function must be one of"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "AND", a = "a[0]" }', "instances.g: g.b must be driven"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "AND", a = "a", b = "b" }', "g.a must be 1 bits wide, not 2"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "AND", a = "b", b = "b", x = "b" }', "instances.g.x: unknown key"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "AND", a = "a[0]", b = "b", y = "b" }', "must not have a second driver"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "AND", a = "h", b = "b" }\nh = { of = "OR", a = "g", b = "b" }', "a loop in the wiring: g <- h <- g"),
    (HEAD + '[outputs]\ny = "g"\ny = "b"\n[instances]\n', "not TOML: Cannot overwrite a value"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "adder", a = "a", b = "a" }', "instances.g: family adder needs bits = N"),
    (HEAD + '[outputs]\ny = "g"\n[instances]\ng = { of = "adder", bits = 0 }', "instances.g.bits: a width must be at least 1, not 0"),
    (HEAD + "[outputs]\ny = 2\n[rows]\n0 = 1\n", "rows: row 1 is missing, and there is no default"),
    (HEAD + "[outputs]\ny = 2\n[rows]\n0 = 4\n", "rows.0: must be 0 to 3 for 2 output bits, not 4"),
    (HEAD + "[outputs]\ny = 2\n[rows]\n3 = 1\n0x3 = 2\ndefault = 0\n", "rows.0x3: contradicts another line for row 3"),
    (HEAD + "[outputs]\ny = 2\n[rows]\n9 = 1\ndefault = 0\n", "rows.9: a row must be 0 to 7"),
    ("[inputs]\na = 1\n[functions]\ny = 'a ^ c'\n", "functions.y: expression: c must be one of the inputs a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line_that_names_the_file_and_the_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_spec(str(path))

    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_giant_width_is_a_limit() -> None:
    with pytest.raises(LimitError, match=r"inputs\.a: a width must be at most 16384, not 1000000000"):
        parse_spec("[inputs]\na = 1_000_000_000\n[outputs]\ny = 'a[0]'\n")
