"""PLA: don't-cares are freedom that is used and kept, in all types."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import read_bytes_as
from trix_circuits.files.isop import between, exactly
from trix_circuits.logic.aig import AigBuilder

MEANINGS = {  # type -> output character -> set; what is in no set
    "f": ({"1": "1"}, "0"),
    "fd": ({"1": "1", "-": "-"}, "0"),
    "fr": ({"1": "1", "0": "0"}, "-"),
    "fdr": ({"1": "1", "0": "0", "-": "-"}, "-"),
}


@st.composite
def covers(draw: st.DrawFn) -> tuple[int, int, list[tuple[str, str]]]:
    inputs, outputs = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    cube = st.text("01-", min_size=inputs, max_size=inputs)
    part = st.text("01-~", min_size=outputs, max_size=outputs)
    return inputs, outputs, draw(st.lists(st.tuples(cube, part), max_size=7))


@settings(max_examples=150, deadline=None)
@given(covers(), st.sampled_from(list(MEANINGS)))
def test_the_function_is_right_where_it_matters_and_the_care_set_says_where(
    cover: tuple[int, int, list[tuple[str, str]]], kind: str
) -> None:
    inputs, outputs, terms = cover
    text = f".i {inputs}\n.o {outputs}\n.type {kind}\n" + "".join(f"{cube} {part}\n" for cube, part in terms) + ".e\n"
    sets, rest = MEANINGS[kind]
    wanted = []
    for row, k in itertools.product(range(1 << inputs), range(outputs)):
        hit = {
            sets[part[k]]
            for cube, part in terms
            if part[k] in sets and all(c in ("-", str(row >> i & 1)) for i, c in enumerate(cube))
        }
        wanted.append("-" if "-" in hit else "?" if {"0", "1"} <= hit else hit.pop() if hit else rest)
    conflict = any(
        ("0" in sets and {a[1][k], b[1][k]} == {"0", "1"} and not any({p, q} == {"0", "1"} for p, q in zip(a[0], b[0], strict=True)))
        for a, b in itertools.combinations(terms, 2)
        for k in range(outputs)
    )  # fmt: skip
    if conflict:
        with pytest.raises(InputError, match=r"gives 1 and .* gives 0 to one row"):
            read_bytes_as("pla", text.encode(), "x")
        return
    found = read_bytes_as("pla", text.encode(), "x")
    values = iter(wanted)
    for row, k in itertools.product(range(1 << inputs), range(outputs)):
        value = next(values)
        cares = 1 if found.care is None else found.care.evaluate(row) >> k & 1
        assert cares == (value != "-")
        assert not cares or found.aig.evaluate(row) >> k & 1 == int(value)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 5), st.data())
def test_a_cover_between_two_tables_lies_between_them(arity: int, data: st.DataObject) -> None:
    ones = (1 << (1 << arity)) - 1
    upper = data.draw(st.integers(0, ones))
    lower = data.draw(st.integers(0, ones)) & upper
    builder = AigBuilder([f"a{k}" for k in range(arity)])
    inputs = [builder.input(k) for k in range(arity)]
    literal, table = between(builder, lower, upper, inputs)
    aig = builder.finish("f", [("y", literal), ("z", exactly(builder, upper, inputs))])

    assert lower & ~table == 0 and table & ~upper == 0
    for row in range(1 << arity):
        assert aig.evaluate(row) == (table >> row & 1) | (upper >> row & 1) << 1


def test_freedom_pays_and_is_said() -> None:
    found = read_bytes_as("pla", b".i 3\n.o 1\n.type fr\n111 1\n000 0\n", "x")
    assert found.aig.size == 0
    assert found.notes == ("don't-cares are freedom: 0 ANDs with it, 2 without; the smaller is taken",)
    assert not found.vouched


def test_names_old_characters_and_separators() -> None:
    text = b".i 2\n.o 2\n.ilb p q\n.ob s t\n.p 2\n2 1|41\n0-|3 1 # a comment\n.end\n"
    found = read_bytes_as("pla", text, "x")
    assert (found.aig.input_names, found.aig.output_names) == (("p", "q"), ("s", "t"))
    assert [found.aig.evaluate(row) for row in range(4)] == [2, 0, 3, 3]


def test_wide_tables_keep_their_care_set_without_making_a_table() -> None:
    text = ".i 40\n.o 1\n" + "1" * 40 + " 1\n" + "-" * 39 + "0 -\n.e\n"
    found = read_bytes_as("pla", text.encode(), "x")
    assert found.care is not None
    assert (found.aig.evaluate((1 << 40) - 1), found.care.evaluate(0), found.care.evaluate(1 << 39)) == (1, 0, 1)


MISTAKES = [
    ("01 1", "line 1: .i and .o must stand before the terms"),
    (".i 2\n.o 1\n011 11\n", "line 3: a term must have 2 + 1 characters, not 5"),
    (".i 2\n.o 1\n0z 1\n", "line 3: a term must be made of 0, 1, -"),
    (".i 2\n.i 3\n", "line 2: .i must stand once, before the terms"),
    (".i two\n", "line 1: .i must be a number, not 'two'"),
    (".i 2\n.o 1\n.ilb a\n", "line 3: .ilb must have 2 names, as .i says, not 1"),
    (".i 2\n.o 1\n.ilb a a\n.e", "two inputs are named 'a'"),
    (".i 2\n.o 1\n.type xy\n", "line 3: .type must be one of f, fd, fr, fdr"),
    (".mv 4 2 3 4\n", "line 1: '.mv' is not read"),
    (".i 2\n.o 1\n.e\n11 1\n", "line 4: nothing may stand after .e"),
    (".i 2\n.o 1\n.p 3\n11 1\n", ".p says 3 terms, but the file ends after 1: it is cut short"),
    ("", "must have .i and .o"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes_as("pla", text.encode(), "x")
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("head", [".i 1000000000\n.o 1\n", ".i 1\n.o 999999999999999999999\n.e\n"])
def test_a_huge_claim_is_a_limit(head: str) -> None:
    with pytest.raises(LimitError, match="a file of this size may have at most"):
        read_bytes_as("pla", head.encode(), "x")
