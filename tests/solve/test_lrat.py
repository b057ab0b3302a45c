"""DRUP becomes LRAT: every needed step is confirmed, nothing that does not follow gets through, limits are values."""

from __future__ import annotations

import itertools
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.solve.lrat import (
    Drup,
    Lrat,
    check_lrat,
    flat,
    lrat_of,
    read_drup_binary,
    read_drup_text,
    read_lrat_binary,
)
from trix_circuits.solve.sat import Sat, SatSolver, Unknown, Unsat, gate_clauses

Clauses = list[tuple[int, ...]]


@pytest.fixture(scope="module")
def solver() -> Iterator[SatSolver]:
    with SatSolver() as running:
        yield running


def pigeonhole(holes: int) -> Clauses:
    """One more pigeon than holes."""
    at = [[1 + p * holes + h for h in range(holes)] for p in range(holes + 1)]
    apart = [(-a[h], -b[h]) for a, b in itertools.combinations(at, 2) for h in range(holes)]
    return [tuple(row) for row in at] + apart


def random_clauses(seed: int, variables: int, count: int) -> Clauses:
    source = random.Random(seed)
    return [tuple(source.choice((-1, 1)) * v for v in source.sample(range(1, variables + 1), 3)) for _ in range(count)]


def adder(builder: AigBuilder, a: list[int], b: list[int], *, prefix: bool) -> list[int]:
    generate = [builder.and_(x, y) for x, y in zip(a, b, strict=True)]
    either = [builder.xor(x, y) for x, y in zip(a, b, strict=True)]
    carries = list(zip(generate, either, strict=True))
    if prefix:  # Kogge and Stone
        step = 1
        while step < len(a):
            carries = [
                (builder.or_(g, builder.and_(p, carries[i - step][0])), builder.and_(p, carries[i - step][1]))
                if i >= step else (g, p)
                for i, (g, p) in enumerate(carries)
            ]  # fmt: skip
            step *= 2
        carry = [g for g, _ in carries]
    else:
        carry = []
        for x, y in zip(a, b, strict=True):
            carry.append(builder.majority(x, y, carry[-1] if carry else 0))
    return [builder.xor(e, c) for e, c in zip(either, [0, *carry[:-1]], strict=True)] + carry[-1:]


def adder_miter(width: int) -> Aig:
    builder = AigBuilder([f"{bus}[{i}]" for bus in "ab" for i in range(width)])
    a, b = ([builder.input(i + offset) for i in range(width)] for offset in (0, width))
    both = zip(adder(builder, a, b, prefix=False), adder(builder, a, b, prefix=True), strict=True)
    return builder.finish("miter", [("differ", builder.any_of([builder.xor(x, y) for x, y in both]))])


def clauses_of(aig: Aig) -> Clauses:
    """The AIG (variable 0 as the last one) with its outputs all true."""

    def literal(code: int) -> int:
        variable = code >> 1 or aig.variables
        return -variable if code & 1 else variable

    clauses: Clauses = [(-aig.variables,)]
    for k, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True)):
        clauses += gate_clauses([literal(a), literal(b)], [1, 1], -2, 1 + len(aig.input_names) + k)
    return clauses + [(literal(code),) for code in aig.outputs.tolist()]


def refuted(solver: SatSolver, clauses: Clauses) -> Lrat:
    found = solver.prove(clauses)
    assert isinstance(found, Unsat) and found.lrat is not None
    return found.lrat


UNSATISFIABLE: dict[str, Clauses] = {
    "empty clause": [(1, 2), ()],
    "units": [(1,), (-1,)],
    "units by propagation": [(1,), (-1, 2), (-2, 3), (-3, -1)],
    "two variables": [(1, 2), (1, -2), (-1, 2), (-1, -2)],
    "literals twice": [(1, 1), (-1, 2, 2), (-2, -1, -1), (3, -3)],
    "pigeonhole 4": pigeonhole(4),
    "pigeonhole 7": pigeonhole(7),
    "random 60": random_clauses(3, 60, 400),
    "random 120": random_clauses(1, 120, 560),
    "adders 8": clauses_of(adder_miter(8)),
    "adders 24": clauses_of(adder_miter(24)),
}


@pytest.mark.parametrize("name", UNSATISFIABLE)
def test_a_proof_is_accepted_and_no_damaged_one(name: str, solver: SatSolver) -> None:
    clauses = UNSATISFIABLE[name]
    lrat = refuted(solver, clauses)

    check_lrat(clauses, lrat)
    assert lrat.refutes and lrat.steps[-1][0] == ()
    assert list(lrat.axioms) == sorted(set(lrat.axioms))
    assert all(hint < len(lrat.axioms) + k for k, (_, hints) in enumerate(lrat.steps) for hint in hints)
    used = {hint for _, hints in lrat.steps for hint in hints}
    assert used >= set(range(len(lrat.axioms) + len(lrat.steps) - 1)), "a step or axiom that nobody needs"

    source = random.Random(name)
    for _ in range(40 if len(lrat.steps) < 400 else 2):
        k = source.randrange(len(lrat.steps))
        clause, hints = lrat.steps[k]
        dropped = source.randrange(len(hints))
        for step in (
            (clause, hints[:dropped] + hints[dropped + 1 :]),
            (clause, hints[:-1]),
            (clause[1:], hints) if clause else None,
            ((-clause[0], *clause[1:]), hints) if clause else None,
        ):
            if step is None:
                continue
            lie = Lrat(lrat.axioms, [*lrat.steps[:k], step, *lrat.steps[k + 1 :]])
            if len(step[1]) < len(hints):
                with pytest.raises(RefutedError):  # each hint is needed
                    check_lrat(clauses, lie)
            else:
                try:
                    check_lrat(clauses, Lrat(lie.axioms, lie.steps[: k + 1]))
                except RefutedError:
                    continue
                assert implied([clauses[i] for i in lrat.axioms] + [c for c, _ in lrat.steps[:k]], step[0])


def implied(clauses: list[tuple[int, ...]], clause: tuple[int, ...]) -> bool:
    """By unit propagation, in the plainest way."""
    false = set(clause)
    while True:
        before = len(false)
        for known in clauses:
            left = {literal for literal in known if literal not in false}
            if not left or any(-literal in false and literal in false for literal in false):
                return True
            if len(left) == 1:
                false.add(-left.pop())
        if len(false) == before:
            return False


small = st.lists(
    st.lists(st.integers(-5, 5).filter(bool), max_size=3).map(tuple), min_size=1, max_size=40
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(small)
def test_verdicts_are_those_of_the_truth_table(solver: SatSolver, clauses: Clauses) -> None:
    rows = [{v if row >> v - 1 & 1 else -v for v in range(1, 6)} for row in range(32)]
    possible = any(all(row & set(clause) for clause in clauses) for row in rows)
    found = solver.prove(clauses)

    if possible:
        assert isinstance(found, Sat)
        assert all(set(found.model) & set(clause) for clause in clauses)
    else:
        assert isinstance(found, Unsat) and found.lrat is not None
        check_lrat(clauses, found.lrat)


@settings(max_examples=80, deadline=None)
@given(small, st.lists(st.tuples(st.booleans(), st.lists(st.integers(-5, 5).filter(bool), max_size=3)), max_size=12))
def test_a_made_up_proof_is_refused_or_right(clauses: Clauses, lines: list[tuple[bool, list[int]]]) -> None:
    literals, starts = flat([row for _, row in lines])
    proof = Drup(literals, starts, flat([[d] for d, _ in lines])[0].astype("int8"))
    rows = [{v if row >> v - 1 & 1 else -v for v in range(1, 6)} for row in range(32)]
    try:
        lrat = lrat_of(clauses, proof)
    except RefutedError:
        return
    check_lrat(clauses, lrat)
    assert not any(all(row & set(clause) for clause in clauses) for row in rows)


def test_what_does_not_follow_is_refused() -> None:
    clauses = [(1, 2), (-1, 2)]

    with pytest.raises(RefutedError, match=r"^the proof does not end in the empty clause$"):
        lrat_of(clauses, read_drup_text("2 0\n"))
    with pytest.raises(RefutedError, match=r"^line 1 of the proof does not follow by unit propagation$"):
        lrat_of(clauses, read_drup_text("2 0\n-2 0\n0\n"))
    with pytest.raises(RefutedError, match=r"^line 0 "):
        lrat_of(clauses, read_drup_text(""), goals=[(0, (-2,))])


def test_goals_are_shown_in_their_places_and_deletions_of_reasons_are_ignored() -> None:
    clauses = [(1,), (-1, 2), (-2, 3), (-3, 4, 5), (-3, 4, -5)]
    proof = read_drup_text("d 1 0\nd 2 -1 0\n4 3 0\n")
    lrat = lrat_of(clauses, proof, goals=[(0, (3,)), (3, (4,))])

    check_lrat(clauses, lrat)
    assert [lrat.steps[number - len(lrat.axioms)][0] for number in lrat.goals] == [(3,), (4,)]
    assert not lrat.refutes


@pytest.mark.parametrize("text", ["1 2", "x 0", "1 0 2 0", "d", "9999999999 0"])
def test_a_line_that_is_none_is_named(text: str) -> None:
    with pytest.raises(InputError, match=r"^proof:2: a line must be literals and a 0, not "):
        read_drup_text("1 0\n" + text)


@pytest.mark.parametrize(
    "data", [b"b", b"a", b"a\x02", b"a\x80", b"a\xff\xff\xff\xff\xff\x01\x00", b"a\x01\x00", b"a\0\0"]
)
def test_a_binary_proof_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^proof: byte \d+ must be part of a binary DRAT line$"):
        read_drup_binary(data)


def lrat_bytes(steps: list[tuple[int, list[int], list[int]]]) -> bytes:
    """Binary LRAT, for numbers below 64."""
    return b"".join(
        bytes([0x61, 2 * name, *(2 * abs(x) + (x < 0) for x in clause), 0, *(2 * hint for hint in hints), 0])
        for name, clause, hints in steps
    )


def test_clauses_have_the_names_that_no_step_has() -> None:
    clauses = [(1, 2), (1, -2), (3, 4), (-1, 5), (-1, -5)]
    lrat = read_lrat_binary(clauses, lrat_bytes([(3, [1], [1, 2]), (7, [5, 4], [3, 5]), (8, [], [3, 5, 4, 6])]))

    assert lrat == Lrat((0, 1, 3, 4), [((1,), (0, 1)), ((), (4, 2, 3))])  # no step 7, and no hint that is not needed
    check_lrat(clauses, lrat)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([(3, [1], [1, 2])], "the proof does not end in the empty clause"),
        ([(3, [], [1, 2])], "step 0 of the proof does not follow from its hints"),
        ([(3, [], [4, 1]), (4, [], [3])], "step 0 of the proof does not follow from its hints"),
        ([(3, [], [60])], "step 0 of the proof does not follow from its hints"),
        ([(3, [1, -1], [1, 2]), (4, [], [3])], "step 1 of the proof does not follow from its hints"),
    ],
)
def test_hints_that_are_wrong_are_refused(steps: list[tuple[int, list[int], list[int]]], message: str) -> None:
    with pytest.raises(RefutedError, match=f"^{message}$"):
        read_lrat_binary([(1, 2), (1, -2)], lrat_bytes(steps))


@pytest.mark.parametrize(
    "data",
    [
        b"b",
        b"a",
        b"a\x06",
        b"a\x06\x01\0\0",
        b"a\x06\0\x02",
        b"a" + b"\xff" * 9 + b"\0\0",
        lrat_bytes([(3, [], [])] * 2),
    ],
)
def test_bytes_that_are_no_lrat_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^proof: (byte \d+ must be part of a binary LRAT line|names must ascend)$"):
        read_lrat_binary([(1,), (-1,)], data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_changed_byte_is_refused_or_harmless(data: st.DataObject) -> None:
    clauses = [(1, 2), (1, -2), (3, 4), (-1, 5), (-1, -5)]
    proof = bytearray(lrat_bytes([(3, [1], [1, 2]), (7, [-1], [5, 6]), (8, [], [3, 7])]))
    proof[data.draw(st.integers(0, len(proof) - 1))] = data.draw(st.integers(0, 255))
    try:
        lrat = read_lrat_binary(clauses, bytes(proof))
    except (InputError, RefutedError):
        return
    check_lrat(clauses, lrat)
    assert lrat.refutes


@pytest.mark.parametrize("name", ["pigeonhole 4", "random 60", "adders 8"])
def test_a_proof_without_hints_serves_where_hints_are_wrong(
    name: str, solver: SatSolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(clauses: object, data: bytes) -> Lrat:
        raise RefutedError("wrong")

    with_hints = refuted(solver, UNSATISFIABLE[name])
    monkeypatch.setattr("trix_circuits.solve.sat.read_lrat_binary", refuse)
    without = refuted(solver, UNSATISFIABLE[name])

    check_lrat(UNSATISFIABLE[name], without)
    assert without != with_hints


def test_numba_is_not_loaded_before_there_is_a_proof() -> None:
    code = (
        "import sys, trix_circuits.solve.sat; print([m for m in ('numba', 'pysat', 'pysolvers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_binary_and_text_say_the_same() -> None:
    data = b"a\x02\x05\x00" + b"d\x80\x02\x00" + b"a\x00"
    binary, text = read_drup_binary(data), read_drup_text("1 -2 0\nc remark\nd 128 0\n0\n")

    assert (binary.literals == text.literals).all()
    assert (binary.starts == text.starts).all()
    assert (binary.deletes == text.deletes).all()


def test_limits_give_unknown_and_the_process_goes_on(solver: SatSolver) -> None:
    assert solver.prove(pigeonhole(11), conflicts=50) == Unknown()
    assert solver.prove(pigeonhole(12), timeout_s=0.2) == Unknown()
    assert isinstance(solver.prove(pigeonhole(3)), Unsat)


def test_the_same_question_has_the_same_answer(solver: SatSolver) -> None:
    clauses = random_clauses(1, 100, 450)

    with SatSolver() as other:
        assert solver.prove(clauses) == other.prove(clauses)


def test_observed_variables_come_in_order_and_unused_ones_are_false(solver: SatSolver) -> None:
    assert solver.prove([(-3,), (5,)], observe=[5, 9, 3]) == Sat((5, -9, -3))


@pytest.mark.skipif(shutil.which("cadical") is None, reason="needs Debian's cadical")
@pytest.mark.parametrize("seed", range(12))
def test_verdicts_are_those_of_another_cadical(seed: int, solver: SatSolver, tmp_path: Path) -> None:
    clauses = random_clauses(seed, 90, 384)
    path = tmp_path / "formula.cnf"
    path.write_text("p cnf 90 384\n" + "".join(" ".join(map(str, (*c, 0))) + "\n" for c in clauses))
    done = subprocess.run(["cadical", "-q", "-n", str(path)], capture_output=True, check=False)

    assert isinstance(solver.prove(clauses), Sat if done.returncode == 10 else Unsat)


@pytest.mark.skipif(shutil.which("cadical") is None, reason="needs Debian's cadical")
def test_the_proof_of_another_cadical_is_taken_as_text_and_as_binary(tmp_path: Path) -> None:
    clauses = random_clauses(1, 150, 720)
    path = tmp_path / "formula.cnf"
    path.write_text("p cnf 150 720\n" + "".join(" ".join(map(str, (*c, 0))) + "\n" for c in clauses))
    for form in ("--binary", "--no-binary"):
        subprocess.run(["cadical", "-q", form, str(path), str(tmp_path / form)], check=False, capture_output=True)
    binary = read_drup_binary((tmp_path / "--binary").read_bytes())
    text = read_drup_text((tmp_path / "--no-binary").read_text())

    assert lrat_of(clauses, binary) == lrat_of(clauses, text)
    check_lrat(clauses, lrat_of(clauses, text))


# ---- clauses of gates ----


def truth(weights: tuple[int, ...], bias: int) -> list[bool]:
    return [
        sum(w for k, w in enumerate(weights) if row >> k & 1) + bias >= 0 for row in range(1 << len(weights))
    ]  # fmt: skip


@pytest.mark.parametrize("fan_in", range(4))
def test_the_clauses_of_a_gate_are_its_prime_implicants(fan_in: int) -> None:
    values = range(-4, 5) if fan_in < 3 else (-4, -2, -1, 0, 1, 2, 3)
    for weights in itertools.product(values, repeat=fan_in):
        for bias in range(-7, 8):
            table, output = truth(weights, bias), fan_in + 1
            clauses = gate_clauses(range(1, output), weights, bias, output)
            whole = [value == row >> fan_in for row in range(2 << fan_in) for value in [table[row % (1 << fan_in)]]]
            assert sorted(clauses) == sorted(primes(tuple(whole), output)), (weights, bias)
            assert all(abs(clause[0]) == output for clause in clauses)


@cache
def primes(whole: tuple[bool, ...], variables: int) -> set[tuple[int, ...]]:
    """The least clauses with the last variable, that first, that hold in all true rows of gate and output together."""
    found: set[tuple[int, ...]] = set()
    for size in range(1, variables + 1):
        for chosen in itertools.combinations(range(1, variables), size - 1):
            for signs in itertools.product((-1, 1), repeat=size):
                clause = tuple(s * v for s, v in zip(signs, (variables, *chosen), strict=True))
                if any(set(least) <= set(clause) for least in found):
                    continue
                holds = (any((row >> abs(x) - 1 & 1) == (x > 0) for x in clause) for row in range(len(whole)))
                if all(h or not w for h, w in zip(holds, whole, strict=True)):
                    found.add(clause)
    return found


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-12, 12), min_size=4, max_size=9), st.integers(-30, 30))
def test_a_false_clause_settles_the_gate_whatever_the_other_inputs_are(weights: list[int], bias: int) -> None:
    output = len(weights) + 1
    clauses = gate_clauses(range(1, output), weights, bias, output)
    table = truth(tuple(weights), bias)

    for clause in clauses:
        fixed = {abs(x): x < 0 for x in clause}
        sums = [fixed[k + 1] * w if k + 1 in fixed else 0 for k, w in enumerate(weights)]
        rest = [w for k, w in enumerate(weights) if k + 1 not in fixed]
        low, high = (bias + sum(sums) + sum(w for w in rest if (w > 0) == up) for up in (False, True))
        assert high < 0 if fixed[output] else low >= 0
    for row, value in enumerate(table):
        for y in (False, True):
            true = {v if row >> v - 1 & 1 else -v for v in range(1, output)} | {output if y else -output}
            assert all(true & set(clause) for clause in clauses) == (y == value)


def test_wide_gates_are_taken_while_their_clauses_are_few() -> None:
    assert len(gate_clauses(range(1, 41), [1] * 40, -40, 41)) == 41
    assert len(gate_clauses(range(1, 10), [1] * 9, -5, 10)) == 252
    with pytest.raises(LimitError, match=r"^a gate must have at most 512 clauses; fan-in 15 gives more$"):
        gate_clauses(range(1, 16), [1] * 15, -8, 16)
    with pytest.raises(InputError):
        gate_clauses([1, 2], [1], 0, 3)
