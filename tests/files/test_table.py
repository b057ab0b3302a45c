"""Truth-table files: numbers, values and columns, with don't-cares."""

from __future__ import annotations

import pytest

from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import read_bytes_as


def values(text: str) -> list[int]:
    aig = read_bytes_as("table", text.encode(), "x").aig
    return [aig.evaluate(row) for row in range(1 << len(aig.input_names))]


FULL_ADDER = [0, 1, 1, 2, 1, 2, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "# a full adder\nsum: 0x96\ncarry: 0b11101000\n",
        "inputs a b cin\nsum = 0x96\ncarry = 0xE8 (3)\n",
        "a,b,c,s,co\n0,0,0,0,0\n1,0,0,1,0\n0,1,0,1,0\n1,1,0,0,1\n0,0,1,1,0\n1,0,1,0,1\n0,1,1,0,1\n1,1,1,1,1\n",
        "a b c | s co\n000 | 00\n".replace("000 | 00", "0 0 0 | 0 0")
        + "1 0 0 | 1 0\n0 1 0 | 1 0\n0 0 1 | 1 0\n1 1 0 | 0 1\n1 0 1 | 0 1\n0 1 1 | 0 1\n1 1 1 | 1 1\n",
        "a;b;c;;s;co\n0;0;0;;0;0\n1;0;0;;1;0\n0;1;0;;1;0\n0;0;1;;1;0\n1;1;0;;0;1\n1;0;1;;0;1\n0;1;1;;0;1\n1;1;1;;1;1\n",
    ],
)
def test_one_function_in_every_notation(text: str) -> None:
    assert values(text) == FULL_ADDER


def test_a_single_output_needs_no_name() -> None:
    assert values("0x96") == values("0\n1\n1\n0\n1\n0\n0\n1\n") == [0, 1, 1, 0, 1, 0, 0, 1]
    assert read_bytes_as("table", b"0b10", "x").aig.output_names == ("y",)


def test_dont_cares_of_either_side() -> None:
    found = read_bytes_as("table", b"a b | y z\n- 1 | 1 -\n0 0 | 0 0\n1 0 | 0 1\n", "x")
    assert found.care is not None
    assert [found.care.evaluate(row) for row in range(4)] == [3, 3, 1, 1]
    assert [found.aig.evaluate(row) & found.care.evaluate(row) for row in range(4)] == [0, 2, 1, 1]


MISTAKES = [
    ("", "must hold a truth table, but has no line"),
    ("y: 0x123", "line 1: '0x123' must come with its number of inputs"),
    ("y: 0x1ff (3)", "line 1: '0x1ff' must fit the 8 rows of 3 inputs"),
    ("y: 0x96\nz: 0x8", "line 2: 'z' must have 3 inputs as the outputs before, not 2"),
    ("y: 0x96\ny: 0x96", "line 2: two outputs are named 'y'"),
    ("y: 0x96\nhello", "line 2: must be a table such as 'y: 0x96 (3)', not 'hello'"),
    ("inputs a a\ny: 0x8", "line 1: two inputs are named 'a'"),
    ("0\n1\n1\n", "must have a power of two of rows"),
    ("a b | y\n0 0 | 1\n", "output 'y' is not given for the row 10; a don't-care is written -"),
    ("a | y\n0 | 1\n- | 0\n", "line 3: contradicts another line about 'y'"),
    ("a | y\n0 | 2\n", "line 2: must be 1 | 1 cells of 0, 1 or -"),
    ("a | y\n0 1 | 1\n", "line 2: must be 1 | 1 cells"),
    ("a b y\n0 0 1\n", "line 1: must part inputs from outputs by |"),
    ("a | a a\n0 | 1 1\n1 | 1 1\n", "two outputs are named 'a'"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        values(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_more_than_16_inputs_is_a_limit() -> None:
    with pytest.raises(LimitError, match="a table must have at most 16 inputs, not 20"):
        values("y: 0x1 (20)")
    with pytest.raises(LimitError, match="a table must have at most 16 inputs, not 17"):
        values(" ".join(f"a{k}" for k in range(17)) + " | y\n")
