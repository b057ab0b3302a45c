"""Exact synthesis: both engines agree, sizes are the known optima, and nothing unproven is handed out."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from trix_circuits.errors import InputError
from trix_circuits.logic.formats import get_format, make_format
from trix_circuits.logic.truth_table import ATOM_NAMES, NamedFunction, TruthTable, letters, named_function, npn_classes
from trix_circuits.share import folder
from trix_circuits.solve.process import SolverProcess
from trix_circuits.store import Cache
from trix_circuits.synth.synth import Found, GaveUp, Impossible, Network, circuit_of, synthesise

FOUR_BITS = ("e2m1", "ternary", "ternary-strict", "nf4", "int2", "int3", "int4", "trix-fp4")
SIZES = {"AND": 1, "OR": 1, "NOT": 1, "NAND": 1, "NOR": 1, "CARRY": 1, "XOR": 2, "XNOR": 2, "SUM": 2, "MUX": 2}


@pytest.mark.parametrize("name", ATOM_NAMES)
def test_the_ten_atoms_in_e2m1_have_their_least_sizes(name: str) -> None:
    function = named_function(name)
    outcome = synthesise(function.table, get_format("e2m1"))

    assert isinstance(outcome, Found)
    assert (outcome.network.size, outcome.minimal, outcome.lower_bound) == (SIZES[name], True, SIZES[name])
    assert circuit_of(function, get_format("e2m1"), outcome.network).verdict.kinds == ("exhaustive",)


@pytest.mark.parametrize("format_name", FOUR_BITS)
def test_both_engines_agree_on_all_functions_of_3_inputs(format_name: str) -> None:
    form = get_format(format_name)
    sizes: dict[str, list[int]] = {}
    for engine in ("cpsat", "z3"):
        with SolverProcess(engine) as solver:
            found: list[int] = []
            for bits in range(256):
                outcome = synthesise(TruthTable(3, bits), form, solver=solver, engine=engine, polish=False)
                assert isinstance(outcome, Found)
                assert outcome.minimal
                found.append(outcome.network.size)
            sizes[engine] = found
    assert sizes["cpsat"] == sizes["z3"]


def test_the_npn_classes_of_4_inputs_in_e2m1_take_1_2_and_3_gates_15_174_and_33_times() -> None:
    sizes: Counter[int] = Counter()
    with SolverProcess("cpsat") as solver:
        for bits in npn_classes(4):
            outcome = synthesise(TruthTable(4, bits), get_format("e2m1"), solver=solver, polish=False)
            assert isinstance(outcome, Found)
            assert outcome.minimal
            sizes[outcome.network.size] += 1
    assert sizes == {1: 15, 2: 174, 3: 33}


def test_a_function_out_of_reach_is_proven_impossible() -> None:
    outcome = synthesise(named_function("XOR").table, get_format("e2m1"), max_gates=1)
    positive = make_format("positive", [0, 1], [-1, -2, 0])

    assert isinstance(outcome, Impossible)
    assert outcome.why_not_one is not None
    assert outcome.why_not_one.holds_for(named_function("XOR").table)
    assert isinstance(synthesise(named_function("NOT").table, positive, max_gates=2), Impossible)


def test_a_deadline_is_kept_and_said() -> None:
    outcome = synthesise(TruthTable(6, 0x1234_5678_9ABC_DEF1), get_format("ternary"), timeout_s=1.0)

    assert isinstance(outcome, GaveUp)
    assert outcome.lower_bound >= 2


def test_objectives_order_what_is_found() -> None:
    form, table = get_format("int4"), named_function("AND3").table
    margin = synthesise(table, form, objective="margin")
    size = synthesise(table, form)
    xor4 = named_function("XOR4").table
    deep, flat = (synthesise(xor4, get_format("e2m1"), objective=o, timeout_s=20) for o in ("size", "depth"))

    assert isinstance(margin, Found)
    assert isinstance(size, Found)
    assert margin.network.margin > size.network.margin
    assert isinstance(deep, Found)
    assert isinstance(flat, Found)
    assert flat.network.depth <= deep.network.depth


def test_a_single_gate_for_functions_of_many_inputs() -> None:
    for name in ("AND8", "OR12", "MAJ7", "NOR8"):
        outcome = synthesise(named_function(name).table, get_format("e2m1"))
        assert isinstance(outcome, Found)
        assert outcome.network.size == 1
        assert outcome.network.table() == named_function(name).table


def test_inputs_that_do_not_matter_are_left_out() -> None:
    outcome = synthesise(TruthTable(4, 0xAAAA ^ 0xF0F0), get_format("e2m1"))

    assert isinstance(outcome, Found)
    assert {s for sources, _, _ in outcome.network.gates for s in sources if s < 4} == {0, 2}
    assert outcome.network.table() == TruthTable(4, 0xAAAA ^ 0xF0F0)


def test_a_constant_is_a_gate_without_inputs() -> None:
    for bits in (0, 0xFF):
        outcome = synthesise(TruthTable(3, bits), get_format("ternary"))
        assert isinstance(outcome, Found)
        assert outcome.network.gates[-1][0] == ()
        circuit_of(NamedFunction("constant", TruthTable(3, bits), letters(3)), get_format("ternary"), outcome.network)


@pytest.mark.parametrize("options", [{"objective": "speed"}, {"max_gates": 0}, {"timeout_s": 0.0}, {"max_fan_in": 0}])
def test_bad_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        synthesise(TruthTable(2, 6), get_format("e2m1"), **options)  # type: ignore[arg-type]  # on purpose


def _solve_with(path: Path) -> int:
    outcome = synthesise(named_function("SUM").table, get_format("e2m1"), cache=Cache(path))
    assert isinstance(outcome, Found)
    return outcome.network.size


def test_a_cached_answer_is_used_and_proven_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "solved.sqlite3"
    table, form = named_function("SUM").table, get_format("e2m1")
    first, second = (synthesise(table, form, cache=Cache(path)) for _ in range(2))

    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert (first.cached, second.cached) == (False, True)
    assert second.network == first.network
    assert second.minimal


@pytest.mark.parametrize("damage", ["wrong network", "not json", "digest", "no database", "folder"])
def test_a_damaged_cache_is_seen_and_solved_anew(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "solved.sqlite3"
    if damage == "folder":
        path.mkdir()
    else:
        _solve_with(path)
    if damage == "no database":
        path.write_bytes(b"this is no database" * 100)
        for extra in tmp_path.glob("solved.sqlite3-*"):
            extra.unlink()
    elif damage != "folder":
        from trix_circuits.store import _digest

        with sqlite3.connect(path) as connection:
            key, answer = connection.execute("SELECT key, answer FROM solved").fetchone()
            wrong = json.loads(answer)
            wrong["gates"][-1][2] += 1
            text = {"wrong network": json.dumps(wrong), "not json": "{", "digest": answer}[damage]
            digest = "0" * 32 if damage == "digest" else _digest(key + text)
            connection.execute("UPDATE solved SET answer = ?, digest = ?", (text, digest))
        connection.close()
    outcome = synthesise(named_function("SUM").table, get_format("e2m1"), cache=Cache(path))

    assert isinstance(outcome, Found)
    assert not outcome.cached
    assert outcome.network.table() == named_function("SUM").table


def test_several_processes_may_share_a_cache(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_solve_with, [tmp_path / "solved.sqlite3"] * 6) == [2] * 6


@pytest.mark.parametrize("program", ["cpsat.py", "z3_smt.py"])
def test_a_solver_program_answers_every_line_and_survives_nonsense(program: str) -> None:
    xor = {"id": 7, "arity": 2, "table": "0x6", "gates": 2, "weights": [-2, -1, 0, 1, 2], "biases": [-2, -1, 0, 1]}
    lines = [
        "nonsense",
        "[]",
        '{"id": 3}',
        json.dumps({**xor, "arity": 99}),
        json.dumps(xor),
        json.dumps({**xor, "gates": 1}),
    ]
    command = [sys.executable, str(folder("solvers") / program)]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]

    assert [answer["status"] for answer in answers] == ["error"] * 4 + ["found", "impossible"]
    gates = tuple((tuple(g["sources"]), tuple(g["weights"]), g["bias"]) for g in answers[4]["gates"])
    assert Network(2, gates).table().bits == 0x6
