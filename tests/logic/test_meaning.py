"""The two readings of a meaning, in integers and in the checker's nets, are the same; what is not in the notation is not."""

from __future__ import annotations

import ast
import itertools

import pytest
from hypothesis import given, settings

from tests.strategies import expressions
from trix_circuits import check
from trix_circuits.errors import InputError
from trix_circuits.logic.meaning import evaluate

WIDTHS = {"a": 3, "b": 2, "c": 1}
ROWS = range(1 << sum(WIDTHS.values()))
BITS = 96  # values are compared modulo 2^BITS


def split(row: int) -> dict[str, int]:
    return {"a": row & 7, "b": row >> 3 & 3, "c": row >> 5}


def right(text: str, row: int) -> int:
    return evaluate([f"y = ({text}) % 2**{BITS}"], split(row), WIDTHS, {"y": BITS})["y"]


def by_nets(text: str) -> tuple[list[int], list[int]]:
    """The values of an expression for all rows by the checker's reference nodes: as a linear form, and as a word."""
    nets = check.Nets(6, [])
    meaning = check.Meaning(list(WIDTHS.items()), [("y", [0])], nets)
    node = ast.parse(text, mode="eval").body
    form, word = meaning.linear(node), meaning.word(node)
    forms, words = [], []
    for row in ROWS:
        bits = [row >> i & 1 for i in range(6)]
        for gate in nets[6:]:
            assert gate is not None
            bits.append(int(sum(w * bits[s] for s, w in zip(gate[0], gate[1], strict=True)) + gate[2] >= 0))
        forms.append(sum(w * (1 if net == check.ONE else bits[net]) for net, w in form.items()) % (1 << BITS))
        words.append(sum(bits[net] << i for i, net in enumerate(word)) - (bits[word[-1]] << len(word)))
    return forms, [value % (1 << BITS) for value in words]


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_the_checkers_nets_compute_what_plain_integers_do(text: str) -> None:
    try:
        forms, words = by_nets(text)
    except check.Refused:  # an amount or a count that the checker cannot see to be natural
        return
    expected = [right(text, row) for row in ROWS]

    assert forms == expected
    assert words == expected


@pytest.mark.parametrize(
    "text",
    ["a[9]", "-1 >> a", "(-a)[1:6]", "signed(c)", "signed(1)", "signed(0)", "signed(a == b)", "2**3 - 2**b[0:0+1]", "2**(2+1)",
     "1 << a", "a << 2 >> 1", "a - b if a < b else a + b", "(a if c else -b) * (b - a)", "table(0b1010, a > 2, -1 < b)",
     "popcount(-1 < a)", "popcount(0)", "0 if a - a else 1", "table(0x80, a)", "table(2, 0, c)", "- - a", "a != b", "2**16 % 2**3"],
)  # fmt: skip
def test_corners_of_the_notation_are_read_alike(text: str) -> None:
    if text == "2**3 - 2**b[0:0+1]":  # an exponent must be a constant
        with pytest.raises(check.Refused):
            by_nets(text)
        with pytest.raises(InputError):
            right(text, 0)
        return
    forms, words = by_nets(text)

    assert forms == words == [right(text, row) for row in ROWS]


def test_python_itself_reads_the_common_notation_in_the_same_way() -> None:
    text = "(a * b - 3 ^ a) % 2**4 + (a << b) + (-a >> 1) + (a if b > c else -b) + (a | b & 2) + (a <= b)"
    for row in ROWS:
        assert right(text, row) == eval(text, split(row)) % (1 << BITS)


def test_a_left_side_is_solved_bit_by_bit() -> None:
    for a, b in itertools.product(range(8), repeat=2):
        widths = {"a": 3, "b": 3}
        values = {"a": a, "b": b}
        assert evaluate(["d - 8 * borrow = a - b"], values, widths, {"d": 3, "borrow": 1}) == {
            "d": (a - b) % 8,
            "borrow": int(a < b),
        }
        assert evaluate(["2 * h + l = a + 1", "m[0] = b[0]", "-m[1] = -(b > 3)"], values, widths, {"l": 1, "h": 3, "m": 2}) == {
            "l": (a + 1) % 2, "h": (a + 1) // 2, "m": b % 2 + 2 * (b > 3)
        }  # fmt: skip


def test_definitions_name_integers_for_later_lines() -> None:
    lines = ["k = 2", "big = a + b", "low = big[0:2]", "y = table(0x8000, low, low) + 2 * (big % 2**k > 1)"]

    assert evaluate(lines, {"a": 2, "b": 1}, {"a": 2, "b": 2}, {"y": 2}) == {"y": 3}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["y = a +"], r"must be `left = right`"),
        (["y"], r"must be `left = right`"),
        (["y = a = a"], r"must be `left = right`"),
        (["y = q"], r"'q' is not in the notation"),
        (["y = a / 2"], "not in the notation"),
        (["y = a % 3"], "not in the notation"),
        (["y = a % 1"], "not in the notation"),
        (["y = a in a"], "not in the notation"),
        (["y = a is a"], "not in the notation"),
        (["y = a < a < a"], "not in the notation"),
        (["y = 1.0"], "not in the notation"),
        (["y = True"], "not in the notation"),
        (["y = 2.0 ** 1"], "not in the notation"),
        (["y = 2 ** a"], "not in the notation"),
        (["y = 2 ** 10**9"], "not in the notation"),
        (["y = a << -1"], "not in the notation"),
        (["y = a << 2**20"], "not in the notation"),
        (["y = a[2:1]"], "not in the notation"),
        (["y = a[::2]"], "not in the notation"),
        (["y = a[-1]"], "not in the notation"),
        (["y = a[:]"], "not in the notation"),
        (["y = popcount(-1)"], "not in the notation"),
        (["y = signed(a + 2)"], "not in the notation"),
        (["y = table(-1, a)"], "not in the notation"),
        (["y = table(1, a, 2**20)"], "not in the notation"),
        (["y = f(a)"], "not in the notation"),
        (["y = a", "y = a"], "must not determine an output bit again"),
        (["y + y = a"], "must weigh output bits 1, 2, 4"),
        (["3 * y = a"], "must weigh output bits 1, 2, 4"),
        (["y + z = a"], "must weigh output bits 1, 2, 4"),
        (["y * y = a"], "not in the notation"),
        (["y + 1 = a"], "not in the notation"),
        (["y = 9"], "too narrow"),
        (["y = -1"], "too narrow"),
        ([], "nothing is said of bit 0 of output y"),
        (["y[0] = a"], "nothing is said of bit 1 of output y"),
        (["a = 1"], "'a' must not be defined again"),
        (["y = " + " + ".join(["a"] * 100000)], "nests too deeply"),
        (["y = " + "-" * 3000 + "a"], "nests too deeply"),
    ],
)
def test_what_is_not_a_meaning_is_one_line(lines: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        evaluate(lines, {"a": 1}, {"a": 1}, {"y": 2, "z": 2} if "z" in str(lines) else {"y": 2})
    assert "\n" not in str(caught.value)


def test_inputs_must_fit_their_buses() -> None:
    with pytest.raises(InputError, match=r"^input a must be 0 to 3, not 4$"):
        evaluate(["y = a"], {"a": 4}, {"a": 2}, {"y": 2})
    with pytest.raises(InputError, match=r"^the inputs must be a, b, not a$"):
        evaluate(["y = a"], {"a": 1}, {"a": 2, "b": 1}, {"y": 2})
