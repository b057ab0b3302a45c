"""Bristol: both headers, every gate, buses lowest bit first, the last wires being the outputs."""

from __future__ import annotations

import pytest

from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import read_bytes_as

EVERY_GATE = """7 11
2 2 2
2 1 4

2 1 0 1 4 XOR
4 2 0 1 2 3 5 6 MAND
1 1 1 7 EQ
1 1 4 8 EQW
1 1 5 9 INV
2 1 7 6 10 AND
"""


def test_fashion_names_values_by_header_and_takes_the_last_wires() -> None:
    text = EVERY_GATE.replace("7 11", "6 11")
    found = read_bytes_as("bristol", text.encode(), "x")

    assert found.aig.input_names == ("x0[0]", "x0[1]", "x1[0]", "x1[1]")
    assert found.aig.output_names == ("y0[0]", "y1[0]", "y1[1]", "y1[2]", "y1[3]")
    for row in range(16):
        a, b, c, d = (row >> k & 1 for k in range(4))
        wires = [b & d, 1, a ^ b, 1 - (a & c), b & d]  # MAND: wire 5 = 0 AND 2, wire 6 = 1 AND 3
        assert found.aig.evaluate(row) == sum(bit << k for k, bit in enumerate(wires))


def test_the_old_header_has_two_inputs_and_one_output() -> None:
    found = read_bytes_as("bristol", b"2 5\n2 1 1\n\n2 1 0 2 3 AND\n2 1 3 1 4 XOR\n", "x")
    assert found.aig.input_names == ("x0[0]", "x0[1]", "x1[0]")
    assert found.aig.output_names == ("y0[0]",)
    assert [found.aig.evaluate(row) for row in range(8)] == [0, 0, 1, 1, 0, 1, 1, 0]
    one = read_bytes_as("bristol", b"1 2\n1 0 1\n\n1 1 0 1 INV\n", "x")
    assert (one.aig.input_names, one.aig.evaluate(0)) == (("x0[0]",), 1)


def test_the_checker_vouches_for_the_file_itself_if_it_can_read_it() -> None:
    text = EVERY_GATE.replace("7 11", "6 11").encode()
    found = read_bytes_as("bristol", text, "x")
    assert found.vouched and found.data == text
    lines = text.split(b"\n")
    shuffled = b"\n".join([*lines[:4], *reversed(lines[4:])])  # which the checker refuses: it reads top down
    again = read_bytes_as("bristol", shuffled, "x")
    assert not again.vouched and again.data[:4] == b"aig "
    assert [again.aig.evaluate(row) for row in range(16)] == [found.aig.evaluate(row) for row in range(16)]


MISTAKES = [
    ("", "line 1: must begin with two or three lines of counts"),
    ("1 2 3\n1 1\n1 1\n1 1 0 1 INV", "line 1: must be the numbers of gates and of wires"),
    ("1 2\n1 1 1 1\n1 1 0 1 INV", "line 2: must be n1 n2 n3"),
    ("1 2\n2 1\n1 1\n1 1 0 1 INV", "line 2: must be a number of values and so many widths, not '2 1'"),
    ("1 2\n1 0\n1 1\n1 1 0 1 INV", "line 3: a value must be at least 1 bit wide"),
    ("1 2\n1 3\n1 1\n1 1 0 1 INV", "3 input and 1 output bits must fit into 2 wires"),
    ("2 2\n1 1\n1 1\n1 1 0 1 INV", "there must be as many gates as the first line says, 2, not 1"),
    ("1 2\n1 1\n1 1\n1 1 0 2 INV", "line 4: a wire must be less than 2, not 2"),
    ("1 2\n1 1\n1 1\n1 1 1 1 INV", "a loop: wire 1 <- wire 1"),
    ("1 2\n1 1\n1 1\n1 1 0 0 INV", "input 'wire 0' must not be driven by a gate"),
    ("2 2\n1 1\n1 1\n1 1 0 1 INV\n1 1 0 1 INV", "line 5: net 'wire 1' must have one driver, not two"),
    ("1 3\n1 1\n1 1\n1 1 0 1 INV", "output 'y0[0]' is not driven"),
    ("1 2\n1 1\n1 1\n1 1 0 1 NOR", "line 4: the gate must be one of XOR, AND, "),
    ("1 2\n1 1\n1 1\n1 1 2 1 EQ", "line 4: EQ must read the constant 0 or 1, not 2"),
    ("1 2\n1 1\n1 1\n9 1 0 1 INV", "line 4: must be 'inputs outputs in... out... OP'"),
    ("1 2\n1 1\n1 1\n1 1 x 1 INV", "line 4: a wire must be a number, not 'x'"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes_as("bristol", text.encode(), "x")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "head", ["1000000000 2000000000\n1 1\n1 1\n", "1 99999999999\n1 1\n1 1\n", "1 2\n1 1000000000\n1 1\n"]
)
def test_a_huge_claim_is_a_limit(head: str) -> None:
    with pytest.raises(LimitError, match="a file of this size may have at most"):
        read_bytes_as("bristol", (head + "1 1 0 1 INV\n").encode(), "x")
