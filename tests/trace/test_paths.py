"""Branches on values are split into paths and merged; what does not end is refused in one line."""

from __future__ import annotations

import inspect
import sys

import pytest

from tests.trace.test_agreement import agree
from trix_circuits.errors import InputError, LimitError
from trix_circuits.trace import Bits, Signed, circuit, mux, paths


@circuit
def gcd(a: Bits[3], b: Bits[3]) -> Bits[3]:
    while b:
        a, b = b, mod(a, b)
    return a


def mod(a: int, b: int) -> int:
    """Helper functions are plain Python, and are traced with what calls them."""
    while a >= b:
        a = (a - b).wrap(3)  # type: ignore[attr-defined]
    return a


@circuit
def classify(a: Bits[4], b: Bits[4], late: Bits[1]) -> Bits[3]:
    if a == b:
        return 0
    if not late and a > 3 and (b < 3 or b == 9):
        return 1
    elif 2 < a <= b:
        return 2
    else:
        for i in range(4):
            if a[i]:
                return 3 + i if i < 3 else 7
    return 6 if late else 7


@circuit
def ones_up_to(x: Bits[6], n: Bits[3]) -> Bits[3]:
    total = 0
    for i in range(n):
        if i < 6:
            total += x[i]
    return total


@circuit
def sign(a: Signed[5]) -> Signed[2]:
    return -1 if a < 0 else 1 if a else 0


@pytest.mark.parametrize("f", [gcd, classify, ones_up_to, sign], ids=lambda f: f.name)
def test_branches_agree_with_calls(f: object) -> None:
    agree(f)  # type: ignore[arg-type]


def test_gcd_is_the_greatest_common_divisor() -> None:
    import math

    assert all(gcd(a, b) == math.gcd(a, b) for a in range(8) for b in range(8))


def test_a_condition_is_decided_once_and_what_follows_is_not_branched_on() -> None:
    runs = []

    @circuit
    def f(a: Bits[8], b: Bits[8]) -> Bits[2]:
        runs.append(1)
        if a == 5:
            if a == 5 and a[0] and not a[1] and a < 6:
                return 1
            raise AssertionError
        if a != 5 and a < 256:
            return 2 if b else 0
        raise AssertionError

    assert f.aig().size > 0
    assert len(runs) == 3
    assert f(5, 0) == 1


def test_an_index_splits_into_its_cases() -> None:
    square = [i * i for i in range(16)]

    @circuit
    def f(a: Bits[4]) -> Bits[8]:
        return square[a]

    agree(f)


def test_an_assertion_that_holds_is_proven_and_one_that_does_not_has_an_example() -> None:
    @circuit
    def holds(a: Bits[8], b: Bits[8]) -> Bits[8]:
        low, high = mux(a < b, a, b), mux(a < b, b, a)
        assert low <= high
        return (high - low).wrap(8)

    assert holds(3, 9) == 6
    assert holds.aig().size > 0

    @circuit
    def fails(a: Bits[8], b: Signed[4]) -> Bits[8]:
        assert not (a == 77 and b == -3), "not that one"
        return a

    with pytest.raises(
        InputError, match=r"test_paths\.py:\d+: AssertionError: not that one.*; for example at a = 77, b = -3$"
    ):
        fails.aig()
    assert fails(77, 1) == 77
    with pytest.raises(InputError, match=r"test_paths\.py:\d+: AssertionError: not that one"):
        fails(77, -3)


def test_too_many_paths_are_a_limit_at_the_users_line() -> None:
    @circuit(max_paths=500)
    def f(a: Bits[16]) -> Bits[5]:
        total = 0
        for i in range(16):
            if a[i]:
                total += 1
        return total

    with pytest.raises(LimitError, match=r"test_paths\.py:\d+: the branches must have at most 500 paths .* mux\("):
        f.aig()
    assert f(0xFFFF) == 16

    @circuit(max_paths=3)
    def g(a: Bits[2]) -> Bits[2]:
        return 0 if a == 0 else 1 if a == 1 else 2

    agree(g)


def test_more_paths_than_pythons_stack_is_deep() -> None:
    @circuit
    def f(a: Bits[8]) -> Bits[8]:
        for i in range(200):
            if a == i:
                return i ^ 1
        return a

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    try:
        aig = f.aig()
    finally:
        sys.setrecursionlimit(before)
    assert [aig.evaluate(row) for row in range(256)] == [row ^ 1 if row < 200 else row for row in range(256)]


@pytest.mark.parametrize("step", [0, 1])
def test_a_loop_that_does_not_end_is_a_limit(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "_MAX_QUESTIONS", 1500)

    @circuit
    def f(a: Bits[4]) -> Bits[4]:
        while a + 1:
            a = a + step
        return a

    with pytest.raises(LimitError, match=r"test_paths\.py:\d+: a loop must end"):
        f.aig()

    @circuit
    def g(a: Bits[4]) -> Bits[4]:
        while a != 20:
            a = a ^ 16
        return 0

    with pytest.raises(LimitError, match=r"test_paths\.py:\d+: a loop must end"):
        g.aig()


def test_a_function_that_changes_from_run_to_run_is_refused() -> None:
    seen: list[int] = []

    @circuit
    def f(a: Bits[4]) -> Bits[1]:
        seen.append(1)
        return 1 if a[len(seen) % 4] else 0

    with pytest.raises(InputError, match=r"must do the same each time it is run"):
        f.aig()


def test_a_value_does_not_outlive_its_tracing() -> None:
    kept: list[object] = []

    @circuit
    def f(a: Bits[4]) -> Bits[5]:
        kept.append(a)
        return a + kept[0]

    f.aig()
    with pytest.raises(InputError, match=r"must not be kept from one tracing"):
        f.at().aig()
