"""BENCH: what the suites and ABC write, and what is refused."""

from __future__ import annotations

import pytest

from trix_circuits.errors import InputError
from trix_circuits.files import read_bytes_as


def values(text: str) -> list[int]:
    aig = read_bytes_as("bench", text.encode(), "x").aig
    return [aig.evaluate(row) for row in range(1 << len(aig.input_names))]


def test_every_gate_and_any_number_of_inputs() -> None:
    text = """
    # c17 and friends
    INPUT(a)\nINPUT(b)\nINPUT(c)
    OUTPUT(f)\nOUTPUT(g)\nOUTPUT(h)\nOUTPUT(i)\nOUTPUT(j)\nOUTPUT(k)
    f = nand(a, b, c)
    g = XNOR(a, b, c)
    h = Inv(f)
    i = MUX(a, b, c)
    j = LUT 0x2 (a, b)
    k = NOR(a)
    """
    for row, found in enumerate(values(text)):
        a, b, c = row & 1, row >> 1 & 1, row >> 2
        wanted = [1 - (a & b & c), 1 ^ a ^ b ^ c, a & b & c, b if a else c, a & (1 - b), 1 - a]
        assert found == sum(bit << k for k, bit in enumerate(wanted))


def test_constants_and_an_input_that_is_an_output() -> None:
    assert values("INPUT(a)\nOUTPUT(a)\nOUTPUT(o)\nOUTPUT(z)\no = vdd\nz = gnd") == [2, 3]


def test_what_was_assumed_of_mux_is_said() -> None:
    found = read_bytes_as("bench", b"INPUT(a)\nINPUT(b)\nINPUT(s)\nOUTPUT(y)\ny = MUX(s, a, b)", "x")
    assert found.notes == ("MUX(s, a, b) is taken to give a where s is 1 and b where s is 0, as ABC reads it",)


MISTAKES = [
    ("INPUT(a)\nOUTPUT(q)\nq = DFF(a)", "line 3: DFF is a memory element; the circuit must be combinational"),
    ("INPUT(a)\nOUTPUT(y)\ny = FOO(a)", "line 3: the gate must be one of AND, "),
    ("INPUT(a)\nOUTPUT(y)\ny = NOT(a, a)", "line 3: NOT must have 1 inputs, not 2"),
    ("INPUT(a)\nOUTPUT(y)\ny = AND()", "line 3: AND must have some inputs, not 0"),
    ("INPUT(a)\nOUTPUT(y)\ny = AND(a, )", "line 3: a net must have a name, not ''"),
    ("INPUT(a)\nOUTPUT(y)\ny = NOT(a)\ny = BUF(a)", "line 4: net 'y' must have one driver, not two"),
    ("INPUT(a)\nOUTPUT(y)\na = NOT(y)\ny = NOT(a)", "input 'a' must not be driven by a gate"),
    ("INPUT(a)\nINPUT(a)\nOUTPUT(a)", "two inputs are named 'a'"),
    ("INPUT(a)\nOUTPUT(a)\nOUTPUT(a)", "two outputs are named 'a'"),
    ("INPUT(a)\nOUTPUT(y)\ny = AND(a, b)", "net 'b' is not driven, but 'y' reads it"),
    ("INPUT(a)\nOUTPUT(y)", "output 'y' is not driven"),
    ("INPUT(a)\nOUTPUT(y)\ny = AND(a, b)\nb = NOT(c)\nc = BUF(b)", "a loop: b <- c <- b"),
    ("INPUT(a)\nOUTPUT(y)\ny = NOT(y)", "a loop: y <- y"),
    ("INPUT(a)\nOUTPUT(y)\ny = LUT 0x1ff (a, a)", "line 3: LUT must have a table 0x... of 2^inputs bits"),
    ("hello world", "line 1: must be INPUT(a), OUTPUT(a) or y = OP(a, b), not 'hello world'"),
    ("INPUT(a", "line 1: must be INPUT(a), OUTPUT(a) or y = OP(a, b), not 'INPUT(a'"),
    ("a\0b", "must be a text file, not binary data"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        values(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith("x: ")


def test_a_long_loop_and_a_deep_chain_are_no_matter_of_recursion() -> None:
    chain = [f"n{k} = NOT(n{k + 1})" for k in range(20_000)]
    text = "\n".join(["INPUT(a)", "OUTPUT(n0)", *chain, "n20000 = BUF(a)"])
    assert values(text) == [0, 1]
    with pytest.raises(InputError, match=r"a loop: n0 <- n1 <- .* <- \.\.\. <- n0"):
        values(text.replace("BUF(a)", "BUF(n0)"))
