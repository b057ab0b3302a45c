"""Identification of threshold functions against counts from the literature and against plain enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.gate import row_sums, why_not_threshold
from trix_circuits.logic.truth_table import TruthTable, npn_classes
from trix_circuits.map.covering.separate import magnitudes_of, separate


def gate_for(bits: int, arity: int, form: WeightFormat, care: int = -1) -> tuple[tuple[int, ...], int] | None:
    rows = range(1 << arity)
    on = np.array([r for r in rows if bits >> r & 1 and care >> r & 1], dtype=np.uint64)
    off = np.array([r for r in rows if not bits >> r & 1 and care >> r & 1], dtype=np.uint64)
    weights = np.zeros(32, dtype=np.int64)
    positive, negative, biases = magnitudes_of(form)
    bias = separate(on, off, arity, positive, negative, biases, 20_000, weights)
    return None if bias < 0 else (tuple(weights[:arity].tolist()), int(biases[bias]))


def assert_gate(found: tuple[tuple[int, ...], int], bits: int, form: WeightFormat, care: int = -1) -> None:
    weights, bias = found
    assert set(weights) <= form.weight_set and bias in form.bias_set
    for row, total in enumerate(row_sums(weights, bias)):
        assert not care >> row & 1 or (total >= 0) == bool(bits >> row & 1)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("e2m1", (4, 14, 104, 1882)), ("ternary", (4, 14, 56, 218)), ("ternary-strict", (4, 13, 47, 165))],
)
def test_it_finds_all_gates_that_the_format_has(name: str, counts: tuple[int, ...]) -> None:
    form = get_format(name)
    for arity, count in enumerate(counts, 1):
        if arity == 4 and name != "e2m1":
            continue  # 65,536 functions once are enough
        found = 0
        for bits in range(1 << (1 << arity)):
            gate = gate_for(bits, arity, form)
            if gate is not None:
                assert_gate(gate, bits, form)
                found += 1
        assert found == count


def all_gates(arity: int, form: WeightFormat) -> set[int]:
    """Every function that some gate of the format computes, by enumeration."""
    tables = set()
    rows = np.array(list(itertools.product((0, 1), repeat=arity)))[:, ::-1]
    powers = [1 << r for r in range(1 << arity)]
    for weights in itertools.product(form.weights, repeat=arity):
        sums = rows @ np.array(weights)
        for bias in form.biases:
            tables.add(sum(power for power, value in zip(powers, sums + bias >= 0, strict=True) if value))
    return tables


@pytest.mark.parametrize("name", ["trix-fp4", "int2", "int3"])
def test_it_agrees_with_enumeration_over_three_inputs(name: str) -> None:
    form = get_format(name)
    possible = all_gates(3, form)
    for bits in range(256):
        assert (gate_for(bits, 3, form) is not None) == (bits in possible)


def test_it_finds_no_gate_for_a_class_that_is_no_threshold_function() -> None:
    form = get_format("e2m1")
    for bits in npn_classes(4):
        assert (gate_for(bits, 4, form) is None) == (why_not_threshold(TruthTable(4, bits)) is not None)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_it_finds_under_dont_cares_is_right_where_it_counts(data: st.DataObject) -> None:
    arity = data.draw(st.integers(1, 5))
    bits = data.draw(st.integers(0, (1 << (1 << arity)) - 1))
    care = data.draw(st.integers(0, (1 << (1 << arity)) - 1))
    form = get_format(data.draw(st.sampled_from(["e2m1", "ternary", "nf4"])))
    found = gate_for(bits, arity, form, care)
    if found is not None:
        assert_gate(found, bits, form, care)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([-12, -8, -6, -4, -3, -2, -1, 1, 2, 3, 4, 6, 8, 12]), min_size=1, max_size=9), st.data()
)
def test_a_gate_of_up_to_nine_inputs_is_found_again(weights: list[int], data: st.DataObject) -> None:
    """Not every one must be (the search is bounded), but what is found is the same function; small ones always are."""
    form = get_format("e2m1")
    bias = data.draw(st.sampled_from(form.biases))
    bits = sum((total >= 0) << row for row, total in enumerate(row_sums(weights, bias)))
    found = gate_for(bits, len(weights), form)
    if found is not None:
        assert_gate(found, bits, form)
    assert found is not None or len(weights) > 5
