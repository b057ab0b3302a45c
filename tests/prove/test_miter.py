"""Miters: unsatisfiable iff equal, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files.circuits import mutated, random_aig, random_netlist
from tests.strategies import assignments, evaluate
from trix_circuits.circuit import Circuit
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.evidence.prover import certify
from trix_circuits.files import read_circuit
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.formats import get_format
from trix_circuits.prove import miter as miters
from trix_circuits.prove.miter import masked, miter_of, obligation_of, write_miter, write_obligation


def satisfiable(path: Path) -> bool:
    if path.suffix == ".cnf":
        from pysat.formula import CNF
        from pysat.solvers import Solver

        with Solver("cadical195", bootstrap_with=CNF(str(path))) as solver:
            return bool(solver.solve())
    import z3

    solver = z3.Solver()
    solver.from_string(path.read_text())
    return bool(solver.check() == z3.sat)


@pytest.mark.parametrize("ending", [".cnf", ".smt2"])
@pytest.mark.parametrize("seed", range(6))
def test_the_miter_of_a_mutant_is_satisfiable_iff_some_row_differs(tmp_path: Path, seed: int, ending: str) -> None:
    netlist = random_netlist(seed, gates=12)
    other = mutated(netlist, seed)
    rows = assignments(netlist, 1 << 10)
    differ = any(evaluate(netlist, row) != evaluate(other, row) for row in rows)
    write_miter(aig_of(netlist), aig_of(other), ending[1:], tmp_path / f"m{ending}")
    write_miter(aig_of(netlist), aig_of(netlist), ending[1:], tmp_path / f"same{ending}")

    assert satisfiable(tmp_path / f"m{ending}") == differ
    assert not satisfiable(tmp_path / f"same{ending}")


@pytest.mark.parametrize("kind", ["aig", "aag"])
def test_an_aiger_miter_is_1_where_the_circuits_differ(tmp_path: Path, kind: str) -> None:
    first, second = random_aig(1), random_aig(2)
    path = tmp_path / f"m.{kind}"
    write_miter(first, second, kind, path)
    again = read_circuit(path).aig

    assert all(again.evaluate(row) == (first.evaluate(row) != second.evaluate(row)) for row in range(256))


def test_nothing_is_shared_between_the_sides() -> None:
    aig = random_aig(3)
    assert miter_of(aig, aig).size == 2 * aig.size + 3 * len(aig.outputs) + len(aig.outputs) - 1


def test_bits_of_one_name_meet() -> None:
    first, second = AigBuilder(["b", "a"]), AigBuilder(["a[0]", "b[0]"])
    one = first.finish("one", [("y", first.and_(2, 5))])
    two = second.finish("two", [("y[0]", second.and_(4, 3))])
    assert all(miter_of(one, two).evaluate(row) == 0 for row in range(4))
    odd = AigBuilder(["a", "c"]).finish("odd", [("y", 2)])
    with pytest.raises(InputError, match="must have the same inputs to be compared: only one has b"):
        miter_of(one, odd)


@pytest.mark.parametrize(
    ("family", "bits"),
    [("adder", 6), ("popcount", 9), ("multiplier", 4), ("comparator", 8), ("alu", 3), ("subtractor", 5), ("abs", 6)],
)
def test_the_obligation_of_a_circuit_is_unsatisfiable_and_of_a_mutant_is_not(
    tmp_path: Path, family: str, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = certify(draft(family, get_format("e2m1"), bits))
    for ending in (".cnf", ".smt2"):
        write_obligation(obligation_of(circuit), ending[1:], tmp_path / f"m{ending}")
        assert not satisfiable(tmp_path / f"m{ending}")
    for seed in range(4):
        other = mutated(circuit.netlist, seed)
        rows = assignments(other, 1 << 13)
        differ = any(evaluate(circuit.netlist, row) != evaluate(other, row) for row in rows)
        monkeypatch.setattr(Circuit, "netlist", other)
        obligation = obligation_of(circuit)
        monkeypatch.undo()
        write_obligation(obligation, "cnf", tmp_path / "mutant.cnf")
        assert satisfiable(tmp_path / "mutant.cnf") == differ


def test_rows_that_do_not_matter_are_left_out() -> None:
    first, second = random_aig(1), random_aig(2)
    names = first.input_names
    builder = AigBuilder(names)
    care = builder.finish("care", [(name, 2) for name in first.output_names])  # where x[0] is 1
    miter = miter_of(masked(first, care), masked(second, care))

    assert all(miter.evaluate(row) == (row & 1 and first.evaluate(row) != second.evaluate(row)) for row in range(256))


def test_a_cnf_says_which_variable_is_which_input(tmp_path: Path) -> None:
    builder = AigBuilder(["a[0]", "b"])
    aig = builder.finish("it", [("y", builder.and_(2, 5))])
    write_miter(aig, aig, "cnf", tmp_path / "m.cnf")
    lines = (tmp_path / "m.cnf").read_text().splitlines()

    assert lines[:5] == [
        "c miter of it and it",
        "c unsatisfiable iff equal",
        "c input a[0] = 1",
        "c input b = 2",
        "p cnf 8 17",
    ]
    assert lines[5:8] == ["-3 -2 0", "-3 1 0", "3 2 -1 0"]


@pytest.mark.parametrize("kind", ["cnf", "smt2", "aig"])
def test_a_miter_that_lies_is_not_written(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = miter_of(random_aig(1), random_aig(1)), miter_of(random_aig(1), random_aig(2))
    for name in ("_cnf", "_smt2", "aiger"):
        writer = getattr(miters, name)
        monkeypatch.setattr(miters, name, lambda _, writer=writer, **options: writer(bad, **options))
    with pytest.raises(RefutedError):
        write_obligation(good, kind, tmp_path / f"m.{kind}")
    assert not list(tmp_path.iterdir())


def test_a_miter_needs_a_kind_and_a_meaning(tmp_path: Path) -> None:
    aig: Aig = random_aig(1)
    with pytest.raises(InputError, match="a miter must be one of aig, aag, cnf, smt2, not 'txt'"):
        write_miter(aig, aig, "txt", tmp_path / "m.txt")
