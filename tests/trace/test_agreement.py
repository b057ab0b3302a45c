"""A spec means the same three ways: Python on plain integers, the reference on ranged integers, and the traced logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trix_circuits.logic.aig import Aig
from trix_circuits.trace import (
    Bits,
    Circuit,
    Signed,
    all_bits,
    any_bit,
    circuit,
    concat,
    lookup,
    maximum,
    minimum,
    mux,
    parity,
    popcount,
)  # fmt: skip

WIDTH = 48  # results are compared modulo 2^48


def rows_of(aig: Aig) -> list[int]:
    """The outputs as an integer for each row, input k being bit k of the row; by simulation of all rows at once."""
    count = len(aig.input_names)
    rows = np.arange(max(64, 1 << count), dtype=np.uint64)
    bits = (rows[None, :] >> np.arange(count, dtype=np.uint64)[:, None] & np.uint64(1)).astype(np.uint8)
    planes = aig.simulate(np.packbits(bits, axis=1, bitorder="little").view(np.uint64))
    found = planes[aig.outputs >> 1] ^ np.where(aig.outputs & 1, ~np.uint64(0), np.uint64(0))[:, None]
    columns = np.unpackbits(found.view(np.uint8), axis=1, bitorder="little")[:, : 1 << count]
    return [int(sum(int(bit) << k for k, bit in enumerate(column))) for column in columns.T]


def arguments_of(f: Circuit, row: int) -> dict[str, int]:
    found = {}
    for name, word in f.inputs.items():
        value = row & (1 << word.bits) - 1
        found[name], row = value - (1 << word.bits) * (value > word.range.high), row >> word.bits
    return found


def packed(f: Circuit, values: Any) -> int:
    """What a call returned, as the row of bits that the logic gives."""
    total = at = 0
    for word, value in zip(f.outputs.values(), values if isinstance(values, tuple) else (values,), strict=True):
        total, at = total | (value & (1 << word.bits) - 1) << at, at + word.bits
    return total


def agree(f: Circuit) -> None:
    """The logic and the calls give the same for all inputs."""
    table = rows_of(f.aig())
    for row, value in enumerate(table):
        arguments = arguments_of(f, row)
        assert value == packed(f, f(**arguments)), arguments


def _of(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: template.format(*found))


def _plain(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Python's own notation: also what plain integers understand."""
    signs = st.sampled_from(["+", "-", "*", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "and", "or"])
    small = st.integers(0, 3).map(str)
    return st.one_of(
        _of("({} {} {})", inner, signs, inner),
        _of("({} << {})", inner, small),
        _of("({} >> {})", inner, small),
        _of("({} << ({} & 3))", inner, inner),
        _of("({} >> ({} & 7))", inner, inner),
        _of("({} {} {})", inner, st.sampled_from(["//", "%"]), st.integers(1, 9).map(str)),
        _of("({} if {} else {})", inner, inner, inner),
        _of("(-{})", inner),
        _of("(not {})", inner),
        _of("abs({})", inner),
        _of("max({}, {})", inner, inner),
        _of("({} <= {} < {})", inner, inner, inner),
        _of("({} ** {})", inner, st.integers(0, 2).map(str)),
        _of("[3, 1, 4, 1, 5, 9, 2, 6][{} & 7]", inner),
    )


def _bits(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What is said of bits, beyond plain integers; v() makes a value of a constant."""
    small = st.integers(1, 5).map(str)
    return st.one_of(
        _of("(~v({}))", inner),
        _of("v({}).wrap({})", inner, small),
        _of("v({}).wrap_signed({})", inner, small),
        _of("v({}).signed()", inner),
        _of("v({}).unsigned()", inner),
        _of("v({})[{}]", inner, st.sampled_from(["0", "-1", ":", "::-1", "-1:", "::2"])),
        _of("v({}).wrap(5)[{}]", inner, st.sampled_from(["3", "-2", "1:4", "-3:", ":-1", "4:0:-1"])),
        _of("v({}).wrap(4)[v({}).wrap(2)]", inner, inner),
        _of("concat(v({}), v({}))", inner, inner),
        _of("concat(1, v({}), Bits[3](5))", inner),
        _of("popcount(v({}).wrap(7))", inner),
        _of("v({}).unsigned().bit_count()", inner),
        _of("parity(v({}).wrap({}))", inner, small),
        _of("all_bits(v({}).wrap({}))", inner, small),
        _of("any_bit({})", inner),
        _of("mux({}, {}, {})", inner, inner, inner),
        _of("minimum({}, {}, {})", inner, inner, inner),
        _of("maximum({}, {})", inner, inner),
        _of("lookup([{}, {}, 7, -2], v({}).wrap(2))", inner, inner, inner),
        _of("lookup([5, {}, -1], v({}) % 3)", inner, inner),
        _of("int(v({}).wrap(2))", inner),
        _of("sum(v({}))", inner),
    )


leaves = st.sampled_from(["a", "b", "c", "a", "b", "0", "1", "-3", "6"])
plain = st.recursive(leaves, _plain, max_leaves=5)
everything = st.recursive(leaves, lambda inner: _plain(inner) | _bits(inner), max_leaves=6)
NAMES: dict[str, Any] = {
    "Bits": Bits, "all_bits": all_bits, "any_bit": any_bit, "concat": concat, "lookup": lookup, "maximum": maximum,
    "minimum": minimum, "mux": mux, "parity": parity, "popcount": popcount, "v": minimum,
}  # fmt: skip


def spec(text: str) -> Circuit:
    code = compile(text, "expression", "eval")

    @circuit
    def f(a: Bits[3], b: Signed[3], c: Bits[1]) -> Signed[WIDTH]:
        return minimum(eval(code, {**NAMES, "a": a, "b": b, "c": c})).wrap_signed(WIDTH)

    return f


@settings(max_examples=60, deadline=None)
@given(plain)
@example("(a - b) * (b - a) // 7 - (b % 5) * c")
@example("(b << (a & 3)) >> (b & 7)")
def test_logic_and_reference_are_what_python_says_of_plain_integers(text: str) -> None:
    f = spec(text)
    for row, value in enumerate(rows_of(f.aig())):
        arguments = arguments_of(f, row)
        expected = int(eval(text, dict(arguments)))
        assert f(**arguments) % (1 << WIDTH) == expected % (1 << WIDTH) == value, arguments


@settings(max_examples=80, deadline=None)
@given(everything)
def test_logic_and_reference_agree_on_all_rows(text: str) -> None:
    agree(spec(text))


@pytest.mark.parametrize("left", [Bits[6], Signed[6]], ids=str)
@pytest.mark.parametrize("right", [Bits[6], Signed[5]], ids=str)
def test_arithmetic_of_twelve_bits_is_exact(left: Any, right: Any) -> None:
    operations: list[Callable[[Any, Any], Any]] = [
        lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a < b, lambda a, b: a == b,
        lambda a, b: a & b, lambda a, b: a | b, lambda a, b: a ^ b, lambda a, b: a // 10 + b % 10,
    ]  # fmt: skip

    @circuit
    def f(a: left, b: right) -> tuple[tuple(Signed[13] for _ in operations)]:  # type: ignore[valid-type]
        return tuple(operation(a, b) for operation in operations)

    for row, value in enumerate(rows_of(f.aig())):
        arguments = arguments_of(f, row)
        expected = tuple(int(operation(arguments["a"], arguments["b"])) for operation in operations)
        assert packed(f, expected) == value
        if row % 37 == 0:
            assert f(**arguments) == expected


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.booleans(), st.data())
def test_wide_words_agree_at_random_rows(m: int, n: int, s: bool, t: bool, data: st.DataObject) -> None:
    left: Any = (Signed if s else Bits)[m]
    right: Any = (Signed if t else Bits)[n]

    @circuit
    def f(a: left, b: right) -> tuple[Signed[82], Signed[82], Signed[82], Bits[1], Signed[82]]:
        return a * b, a + b, a - b, a < b, a % 1000003

    aig = f.aig()
    for _ in range(5):
        row = data.draw(st.integers(0, (1 << m + n) - 1))
        arguments = arguments_of(f, row)
        a, b = arguments["a"], arguments["b"]
        assert f(a, b) == (a * b, a + b, a - b, int(a < b), a % 1000003)
        assert aig.evaluate(row) == packed(f, f(a, b))
