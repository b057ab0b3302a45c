"""Truth tables, names, expressions, gates: the plain facts that synthesis rests on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import truth_tables
from trix_circuits.errors import InputError
from trix_circuits.logic.expression import parse_expression
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.functions import parse_function
from trix_circuits.logic.gate import ThresholdGate, bound_of, margin_of, row_sums, why_not_threshold
from trix_circuits.logic.truth_table import TruthTable, from_function, named_function, npn_classes


def threshold_functions(weights: tuple[int, ...], biases: tuple[int, ...], inputs: int) -> set[int]:
    """All functions of one gate, by enumeration."""
    found: set[int] = set()

    def extend(sums: list[int], left: int) -> None:
        if left:
            for weight in weights:
                extend(sums + [value + weight for value in sums], left - 1)
        else:
            for bias in biases:
                found.add(sum((value + bias >= 0) << row for row, value in enumerate(sums)))

    extend([0], inputs)
    return found


def test_the_named_functions_have_the_known_tables() -> None:
    tables = {name: named_function(name).table.bits for name in ("AND", "OR", "XOR", "NAND", "NOR", "XNOR", "NOT")}

    assert tables == {"AND": 8, "OR": 14, "XOR": 6, "NAND": 7, "NOR": 1, "XNOR": 9, "NOT": 1}
    assert named_function("sum").table.bits == named_function("XOR3").table.bits == 0x96
    assert named_function("Carry").table.bits == named_function("MAJ3").table.bits == 0xE8
    assert named_function("MUX").table == from_function(lambda s, a, b: b if s else a, 3)


@pytest.mark.parametrize("name", ["FOO", "MAJ", "MAJ4", "AND0", "XOR17", "AND999", "", "0x", "NOT2"])
def test_a_name_that_is_no_function_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        named_function(name)


def test_there_are_222_npn_classes_of_4_inputs() -> None:
    assert [len(npn_classes(n)) for n in range(5)] == [1, 2, 4, 14, 222]
    assert sum(map(len, npn_classes(4).values())) == 1 << 16


@pytest.mark.parametrize(
    ("inputs", "loose", "strict"), [(1, 4, 4), (2, 14, 13), (3, 56, 47), (4, 218, 165), (5, 812, 555)]
)
def test_the_number_of_ternary_threshold_functions(inputs: int, loose: int, strict: int) -> None:
    assert len(threshold_functions((-1, 0, 1), tuple(range(-inputs, inputs + 1)), inputs)) == loose
    assert len(threshold_functions((-1, 0, 1), (-1, 0, 1), inputs)) == strict


def test_all_1882_threshold_functions_of_4_inputs_have_an_e2m1_gate() -> None:
    form = get_format("e2m1")
    found = threshold_functions((-6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6), form.biases, 4)

    assert len(found) == 1882
    assert all(why_not_threshold(TruthTable(4, bits)) is None for bits in found)


def test_every_function_of_4_inputs_is_a_threshold_function_or_has_a_witness() -> None:
    without = 0
    for members in npn_classes(4).values():
        table = TruthTable(4, members[0])
        witness = why_not_threshold(table)
        if witness is None:
            without += len(members)
        else:
            assert witness.holds_for(table)
    assert without == 1882


@given(truth_tables())
def test_shrinking_keeps_the_function(table: TruthTable) -> None:
    small, support = table.shrink()

    for row in range(table.rows):
        assert small(sum((row >> index & 1) << i for i, index in enumerate(support))) == table(row)
    assert small.support() == tuple(range(small.arity))


@given(st.lists(st.sampled_from(get_format("e2m1").weights), max_size=5), st.sampled_from(get_format("e2m1").biases))
def test_margin_and_bound_are_those_of_all_rows_and_orders(weights: list[int], bias: int) -> None:
    gate = ThresholdGate(get_format("e2m1"), tuple(weights), bias)
    sums = row_sums(gate.weights, gate.bias)

    assert margin_of(gate.weights, bias) == min(map(abs, sums))
    assert all(abs(value) <= bound_of(gate.weights, bias) for value in sums)
    assert gate.table().bits == sum((value >= 0) << row for row, value in enumerate(sums))


def test_a_gate_that_the_format_cannot_hold_does_not_exist() -> None:
    with pytest.raises(InputError, match="weight 1 must be a e2m1 weight, not 5 units"):
        ThresholdGate(get_format("e2m1"), (1, 5), 0)


@pytest.mark.parametrize(
    ("text", "bits", "names"),
    [
        ("a ^ (b & ~c)", 0xA6, ("a", "b", "c")),
        ("b | a", 0xE, ("b", "a")),
        ("x if s else y", 0b11100100 ^ 0b01001000 ^ 0x48 ^ 0xE4 ^ 0xCA ^ 0x48, ("x", "s", "y")),
        ("not a and (b or 1)", 0x5, ("a", "b")),
        ("!a", 0x1, ("a",)),
    ],
)
def test_expressions_are_what_python_would_make_of_them(text: str, bits: int, names: tuple[str, ...]) -> None:
    found = parse_expression(text)

    assert found.input_names == names
    python = text.replace("!", "not ").replace("~c", "(1 - c)")
    expected = from_function(lambda *v: eval(python, dict(zip(names, v, strict=True))), len(names))
    assert found.table == expected
    assert bits == expected.bits or text.startswith("x if")


@pytest.mark.parametrize(
    "text", ["a +", "a + b", "a and 2", "f(a)", "a.b", "(" * 500, " ^ ".join(f"x{i}" for i in range(20)), "a" * 20000]
)
def test_a_strange_expression_is_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_expression(text)
    assert "\n" not in str(caught.value)


def test_a_function_may_be_a_name_a_table_a_file_or_an_expression(tmp_path: Path) -> None:
    path = tmp_path / "sum.txt"
    path.write_text("# rows\n0\n1\n1\n0\n1\n0\n0\n1\n")
    (tmp_path / "hex.tt").write_text("0x96\n")

    for text in ("SUM", "0x96", "0b10010110", str(path), str(tmp_path / "hex.tt"), "a ^ b ^ c"):
        assert parse_function(text).table == TruthTable(3, 0x96)
    assert parse_function("0x6", 2).table.bits == 6


@pytest.mark.parametrize(
    ("text", "inputs", "message"),
    [
        ("0x1FF", 3, "must fit 8 rows, but has 9 bits"),
        ("0x123", None, "must come with --inputs"),
        ("SUM", 4, "SUM has 3 inputs, not 4"),
        ("SUM", 0, "the number of inputs must be 1 to 16, not 0"),
        ("0x1", 99, "the number of inputs must be 1 to 16, not 99"),
        ("missing/file.tt", None, "missing/file.tt: cannot be read"),
    ],
)
def test_a_bad_function_is_one_line_that_says_what_was_expected(text: str, inputs: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_function(text, inputs)


@pytest.mark.parametrize("content", ["", "2\n0\n", "0\n1\n1\n", "\xff", "0x\n"])
def test_a_bad_table_file_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.tt"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match=str(path)):
        parse_function(str(path))
