"""A comparator is recognised however it is built, and nothing is taken for one that is none."""

from __future__ import annotations

import random

import pytest

from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import get_format
from trix_circuits.map import map_aig
from trix_circuits.map.sums.comparators import rippled


def tree(width: int, *, equal_too: bool = False, spoil: bool = False) -> Aig:
    """a > b (or a >= b) by halves: (greater, equal) of the high half and of the low half make those of the whole."""
    builder = AigBuilder([f"{name}[{i}]" for name in "ab" for i in range(width)])
    row = []
    for i in range(width):
        a, b = builder.input(i), builder.input(width + i)
        row.append((builder.and_(a, b ^ 1), builder.xor(a, b) ^ 1))
    if spoil:
        row[width // 2] = (row[width // 2][0], 1)
    while len(row) > 1:
        pairs = [
            (builder.or_(high[0], builder.and_(high[1], low[0])), builder.and_(high[1], low[1]))
            for low, high in zip(row[::2], row[1::2], strict=True)
        ]
        row = pairs
    greater, equal = row[0]
    return builder.finish("tree", [("y", builder.or_(greater, equal) if equal_too else greater)])


@pytest.mark.parametrize("equal_too", [False, True])
def test_a_tree_of_comparisons_becomes_four_bits_a_gate(equal_too: bool) -> None:
    aig = tree(16, equal_too=equal_too)
    chain = rippled(aig)
    assert chain is not None
    rng = random.Random(3)
    for _ in range(200):
        a = rng.randrange(1 << 16)
        b = rng.choice([a, a ^ 1 << rng.randrange(16), rng.randrange(1 << 16)])
        want = a >= b if equal_too else a > b
        assert chain.evaluate(a | b << 16) == aig.evaluate(a | b << 16) == want
    assert map_aig(aig, get_format("e2m1")).size == 4


def test_a_comparator_with_a_fault_is_left_alone() -> None:
    assert rippled(tree(8, spoil=True)) is None


def test_what_reads_a_comparator_stays_as_it_is() -> None:
    builder = AigBuilder([f"{name}[{i}]" for name in "ab" for i in range(8)])
    greater = 0
    for i in range(8):
        greater = builder.majority(builder.input(i), builder.input(8 + i) ^ 1, greater)
    odd = builder.all_of([builder.input(i) for i in range(3)] + [builder.input(8 + i) for i in range(3)])
    aig = builder.finish("nearly", [("y", builder.or_(greater, odd))])
    chain = rippled(aig)
    assert chain is not None
    for row in range(0, 1 << 16, 7):
        assert chain.evaluate(row) == aig.evaluate(row)
