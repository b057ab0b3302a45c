"""Proof by all rows: two engines and plain integers agree, also on the least counterexample; rows are sets, not counts."""

from __future__ import annotations

import copy
import json
import pickle
import random
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import evaluate, netlists
from trix_circuits.api import build, prove
from trix_circuits.circuit import Claim
from trix_circuits.cli import run
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.lower import prove_lowering
from trix_circuits.prove import exhaustive
from trix_circuits.prove.exhaustive import Evidence, Question, RowSet, Shards, decide, engines, prove_exhaustively
from trix_circuits.prove.exhaustive.by_planes import Planes
from trix_circuits.prove.exhaustive.engines import Task
from trix_circuits.prove.exhaustive.kernel import Kernel
from trix_circuits.prove.exhaustive.plan import fuse, plan

FAMILIES = (("adder", 3), ("adder", 6), ("subtractor", 4), ("addsub", 5), ("incrementer", 9), ("comparator", 6),
            ("mux", 4), ("decoder", 4), ("encoder", 8), ("priority", 8), ("shifter", 8), ("popcount", 11),
            ("parity", 13), ("multiplier", 6), ("abs", 8), ("min", 5), ("max", 6), ("alu", 4))  # fmt: skip


def file_of(netlist: Netlist, meaning: tuple[str, ...] = ()) -> bytes:
    return Claim("circuit", netlist, meaning, {}).to_bytes()


def mutant(netlist: Netlist, rng: random.Random) -> Netlist:
    """One weight or bias changed to another value of the format."""
    what = rng.choice(["weights", "biases"])
    values = getattr(netlist, what).copy()
    at = rng.randrange(len(values))
    values[at] = rng.choice([value for value in getattr(netlist.format, what) if value != values[at]])
    return replace(netlist, **{what: values})


def least(question: Question, engine: str, prefix_bits: int, portable: bool = False) -> int | None:
    task = Task(question, engine, prefix_bits)
    if portable:
        task.__dict__["searcher"] = Kernel(plan(fuse(question.problem), prefix_bits), portable=True)
    rows = (task.least(shard) for shard in range(task.shards.count))
    return next((row for row in rows if row is not None), None)


@pytest.mark.parametrize(("family", "bits"), FAMILIES)
def test_engines_and_plain_integers_agree_on_circuits_and_the_least_row_of_mutants(family: str, bits: int) -> None:
    rng = random.Random(f"{family}{bits}")
    made = draft(family, get_format(rng.choice(["e2m1", "ternary", "int4"])), bits)
    for k in range(4):
        netlist = made.netlist if not k else mutant(made.netlist, rng)
        question = Question((file_of(netlist, tuple(made.meaning)),))
        found = {
            least(question, "native", rng.randrange(4)),
            least(question, "native", 1, portable=True),
            least(question, "numpy", rng.randrange(3)),
        }
        assert len(found) == 1
        (row,) = found
        assert k or row is None
        problem = question.problem
        if problem.input_bits <= 9:
            assert row == next((r for r in range(1 << problem.input_bits) if problem.differs(r)), None)
        elif row is not None:
            assert problem.differs(row)
            assert not any(problem.differs(rng.randrange(row)) for _ in range(20) if row)


@settings(max_examples=40, deadline=None)
@given(netlists(max_inputs=6, max_gates=10), st.integers(0, 6), st.data())
def test_all_rows_agree_with_plain_integers(netlist: Netlist, lanes: int, data: st.DataObject) -> None:
    names = list(netlist.inputs)
    values = [evaluate(netlist, {n: row >> i & 1 for i, n in enumerate(names)})["y"] for row in range(1 << len(names))]
    table = sum(value << row for row, value in enumerate(values))
    wrong = data.draw(st.integers(1, (1 << len(values)) - 1))

    def meaning(bits: int) -> tuple[str, ...]:
        return (f"y = table({bits}, {', '.join(names)})",)

    def missed(bits: int) -> set[int | None]:
        question = Question((file_of(netlist, meaning(bits)),))
        task = Task(question, "numpy", 0)
        task.__dict__["searcher"] = Planes(question.problem, lanes)
        return {task.least(0), least(question, "native", data.draw(st.integers(0, len(names))))}

    assert missed(table) == {None}
    assert missed(table ^ wrong) == {(wrong & -wrong).bit_length() - 1}


@pytest.mark.parametrize("engine", ["native", "numpy"])
def test_any_cube_of_rows_is_searched_and_nothing_else(engine: str) -> None:
    good = draft("multiplier", get_format("e2m1"), 6)
    bad = mutant(good.netlist, random.Random(4))
    task = Task(Question((file_of(bad, tuple(good.meaning)),)), engine, 0)
    problem, rng = task.question.problem, random.Random(1)
    wrong = {row for row in range(1 << 12) if problem.differs(row)}
    assert wrong
    for _ in range(150):
        mask = rng.getrandbits(12)
        values = rng.getrandbits(12) & mask
        inside = {row for row in wrong if row & mask == values}
        row = task.searcher.find(mask, values)
        assert row in inside if inside else row is None


def test_a_16_bit_adder_and_a_mutant_of_its_highest_gate() -> None:
    circuit = build("adder", bits=16)
    evidence = prove_exhaustively(circuit.netlist, circuit.meaning, engine="native")
    assert evidence.rows == 1 << 33
    assert evidence.covered.intervals == ((0, 1 << 33),)
    biases = circuit.netlist.biases.copy()
    biases[-1] += 1
    with pytest.raises(RefutedError, match="the meaning is not met where a=") as caught:
        prove_exhaustively(replace(circuit.netlist, biases=biases), circuit.meaning, engine="native")
    values = caught.value.counterexample
    assert values is not None
    assert evaluate(replace(circuit.netlist, biases=biases), values)["sum"] != sum(values.values())


def test_each_change_of_a_bias_of_a_10_bit_adder_is_found_by_both_engines() -> None:
    circuit = build("adder", bits=10)
    assert prove_exhaustively(circuit.netlist, circuit.meaning, engine="numpy").rows == 1 << 21
    for gate in range(circuit.netlist.size):
        biases = circuit.netlist.biases.copy()
        biases[gate] = -3 if biases[gate] != -3 else -1
        rows = []
        for engine in ("native", "numpy"):
            with pytest.raises(RefutedError) as caught:
                prove_exhaustively(replace(circuit.netlist, biases=biases), circuit.meaning, engine=engine)
            rows.append(caught.value.counterexample)
        assert rows[0] == rows[1]


@pytest.mark.parametrize("engine", ["native", "numpy"])
@pytest.mark.parametrize("inputs", [0, 1, 5, 8, 9, 10, 40])
def test_as_many_inputs_as_can_be(inputs: int, engine: str) -> None:
    builder = Builder(get_format("e2m1"), {"x": inputs} if inputs else {})
    used = [builder.gate([k], [-1], 0) for k in range(min(2, inputs))]
    netlist = builder.finish({"y": [builder.gate(used, [1] * len(used), -1)]})
    meaning = ("y = 1 - x[0] * x[1]",) if inputs > 1 else ("y = 1 - x",) if inputs else ("y = 0",)
    assert prove_exhaustively(netlist, meaning, engine=engine, prefix_bits=min(inputs, 3)).rows == 1 << inputs
    other = ("y = x[0] * x[1]",) if inputs == 40 else ("y = 1",) if not inputs else ("y = x[0]",)
    with pytest.raises(RefutedError) as caught:
        prove_exhaustively(netlist, other, engine=engine)
    assert caught.value.counterexample == ({"x": 0} if inputs else {})


def test_too_many_rows_are_a_limit() -> None:
    circuit = build("adder", bits=20)
    with pytest.raises(LimitError, match="at most 40 input bits, not 41"):
        prove_exhaustively(circuit.netlist, circuit.meaning)
    with pytest.raises(LimitError, match="at most 40 input bits, not 41"):
        decide(Question((circuit.data,)))


def test_sets_of_rows_are_exact() -> None:
    assert RowSet.union([(4, 8), (0, 4), (9, 10), (6, 9)]).intervals == ((0, 10),)
    assert RowSet.union([(0, 3), (4, 8)]).intervals == ((0, 3), (4, 8))
    assert RowSet.union([(0, 3), (4, 8)]).size == 7
    assert not RowSet.union([(0, 3), (4, 8)]).is_all(3)
    shards = Shards(10, 3)
    assert RowSet.union(shards.rows(k) for k in range(8)).is_all(10)
    assert not RowSet.union(shards.rows(k) for k in range(7)).is_all(10)
    assert not RowSet.union([*(shards.rows(k) for k in range(7)), shards.rows(0)]).is_all(10)
    for k in range(8):
        mask, values = shards.cube(k)
        assert [row for row in range(1 << 10) if row & mask == values] == list(range(*shards.rows(k)))
    with pytest.raises(InputError, match="an interval of rows must hold a row, not 3 up to 3"):
        RowSet.union([(3, 3)])
    with pytest.raises(InputError, match="a prefix must have 0 to 4 bits, not 5"):
        Shards(4, 5)


def test_evidence_is_of_all_rows_and_stated_by_the_search_only(monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question((build("adder", bits=4).data,))
    found = exhaustive.decide(question, prefix_bits=3, jobs=1)
    with pytest.raises(
        InputError, match=r"Evidence says what trix_circuits.prove.exhaustive has shown: it is made there"
    ):
        replace(found, question="another")
    with pytest.raises(InputError, match="it is made there only, and not changed"):
        Evidence("", "numpy", "", {"x": 10}, found.shards, found.covered)
    with pytest.raises(TypeError, match="Evidence cannot be extended"):
        type("Mine", (Evidence,), {})
    with pytest.raises(TypeError, match="Evidence cannot be pickled"):
        pickle.dumps(found)
    with pytest.raises(FrozenInstanceError):
        found.engine = "mine"  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot be changed"):
        found.inputs["a"] = 3  # type: ignore[index]
    assert copy.deepcopy(found) is found

    union = RowSet.union
    monkeypatch.setattr(exhaustive.RowSet, "union", lambda parts: union(list(parts)[1:]))
    with pytest.raises(LimitError, match="only 448 of 512 rows were covered"):
        exhaustive.decide(question, prefix_bits=3, jobs=1)


def aiger_of(inputs: int, output: int) -> bytes:
    """An AIGER file with one output: a literal over the inputs and the AND of the first two."""
    ands = ([2], [4]) if inputs > 1 else ([], [])
    names = tuple(f"x[{k}]" for k in range(inputs))
    import numpy as np

    aig = Aig("a", names, ("y",), np.array(ands[0]), np.array(ands[1]), np.array([output]))
    return aiger_bytes(aig)


def test_foreign_files_are_compared_with_each_other_and_with_circuits() -> None:
    blif = b".model m\n.inputs b a\n.outputs y\n.names a b y\n11 1\n.end\n"
    nand = b".model m\n.inputs a b\n.outputs y\n.names a b y\n11 0\n.end\n"
    builder = Builder(get_format("e2m1"), {"a": 1, "b": 1})
    circuit = file_of(builder.finish({"y": [builder.gate([0, 1], [1, 1], -2)]}))
    for engine in ("native", "numpy"):
        assert decide(Question((blif, circuit)), engine=engine).rows == 4
        assert decide(Question((circuit, blif)), engine=engine).rows == 4
        with pytest.raises(RefutedError, match="the circuits differ where a=0 b=0"):
            decide(Question((nand, circuit)), engine=engine)
        for output in range(8):
            for other in range(8):
                question = Question((aiger_of(2, output), aiger_of(2, other)))
                if output == other:
                    assert decide(question, engine=engine).rows == 4
                else:
                    with pytest.raises(RefutedError):
                        decide(question, engine=engine)


def test_files_that_do_not_fit_each_other_are_refused() -> None:
    two = build("adder", bits=2).data
    with pytest.raises(
        InputError, match="input a must be the same in both, not 2 bits wide in the first and 3 bits wide"
    ):
        decide(Question((two, build("adder", bits=3).data)))
    with pytest.raises(
        InputError, match="input cin must be the same in both, not 1 bits wide in the first and missing"
    ):
        decide(Question((two, build("multiplier", bits=2).data)))
    with pytest.raises(InputError, match="BLIF: a line must be of a combinational circuit"):
        decide(Question((b"hello",)))
    with pytest.raises(InputError, match="one artefact or two, not 0"):
        Question(())
    with pytest.raises(InputError, match="an equation or a circuit to compare with"):
        decide(Question((aiger_of(2, 2),)))
    with pytest.raises(InputError, match="engine must be auto or one of native, numpy, not 'x'"):
        decide(Question((two,)), engine="x")


def test_a_compiled_circuit_is_held_against_the_file_that_it_carries(tmp_path: Path) -> None:
    (tmp_path / "f.blif").write_text(".model m\n.inputs a b c\n.outputs y\n.names a b c y\n11- 1\n--1 1\n.end\n")
    assert run(["compile", str(tmp_path / "f.blif"), "-o", str(tmp_path / "f.trix")]) == 0
    data = (tmp_path / "f.trix").read_bytes()
    for engine in ("native", "numpy"):
        assert decide(Question((data,)), engine=engine).rows == 8


def test_without_llvmlite_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys; sys.modules['llvmlite'] = None\n"
        "from importlib import util; real = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'llvmlite' else real(name, *more)\n"
        "from trix_circuits.prove.exhaustive import prove_exhaustively\n"
        "from trix_circuits.compose.families import draft; from trix_circuits.logic.formats import get_format\n"
        "made = draft('adder', get_format('e2m1'), 6)\n"
        "print(prove_exhaustively(made.netlist, made.meaning).engine)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "numpy\n"
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="engine native cannot run here: llvmlite must be installed"):
        decide(Question((build("adder", bits=2).data,)), engine="native")


def test_what_cannot_be_lowered_is_left_to_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    import trix_circuits.prove.exhaustive.plan as planning

    def refuse(netlist: Netlist) -> Any:
        raise LimitError("too much")

    monkeypatch.setattr(planning, "_lowered", refuse)
    question = Question((build("adder", bits=4).data,))
    assert decide(question).engine == "numpy"
    with pytest.raises(LimitError, match="too much"):
        decide(Question(question.artefacts), engine="native")


def test_a_lowering_that_its_proof_does_not_cover_is_made_gate_by_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    import trix_circuits.prove.exhaustive.plan as planning

    real, calls = prove_lowering, list[int]()

    def partly(netlist: Netlist, program: Any) -> Any:
        calls.append(program.size)
        if len(calls) % 2:
            raise RefutedError("no")
        return real(netlist, program)

    monkeypatch.setattr(planning, "prove_lowering", partly)
    circuit = build("multiplier", bits=4)
    assert prove_exhaustively(circuit.netlist, circuit.meaning, engine="native").rows == 256
    assert calls[0] <= calls[1]

    def refuse(netlist: Netlist, program: Any) -> Any:
        raise RefutedError("no")

    monkeypatch.setattr(planning, "prove_lowering", refuse)
    with pytest.raises(LimitError, match="lowered to what is not proven to equal it: no"):
        prove_exhaustively(circuit.netlist, circuit.meaning, engine="native")


def test_an_engine_that_claims_a_difference_where_there_is_none_is_found_out() -> None:
    class Liar:
        def find(self, mask: int, values: int) -> int | None:
            return values

    task = Task(Question((build("adder", bits=3).data,)), "native", 0)
    task.__dict__["searcher"] = Liar()
    with pytest.raises(LimitError, match="engine native says that row 0 differs, which it does not"):
        task.least(0)


def test_a_proof_says_which_rows_and_of_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    circuit = build("adder", bits=4)
    circuit.save(tmp_path / "a.trix")
    path, out = str(tmp_path / "a.trix"), str(tmp_path / "rows.json")
    assert run(["prove", path, "--exhaustive", "--json", "-o", out]) == 0
    found = json.loads(capsys.readouterr().out)
    covered = found["covered"]
    assert (covered["intervals"], covered["rows"], found["rows"]) == ([[0, 512]], 512, 512)
    assert covered["row"] == {"bits": 9, "inputs": [["a", 4], ["b", 4], ["cin", 1]]}
    assert covered["artefact"] == Question((circuit.data,)).digest
    assert "no checker vouches for it" in covered["statement"]
    assert json.loads(Path(out).read_text())["covered"] == covered
    evidence = prove(circuit.claim).evidence
    assert evidence is not None
    assert evidence.as_json() == covered


def test_two_files_by_all_rows_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, other = build("adder", bits=4), build("adder", bits=4, objective="depth")
    paths = [str(tmp_path / name) for name in ("good.trix", "other.trix", "bad.blif")]
    good.save(paths[0])
    other.save(paths[1])
    assert run(["export", paths[0], "--to", "blif", "-o", paths[2]]) == 0
    text = Path(paths[2]).read_text()
    capsys.readouterr()
    assert run(["prove", paths[0], paths[1], "--exhaustive"]) == 0
    assert "512 rows (2^9), all of 0 to 511, engine native" in capsys.readouterr().out
    assert run(["prove", paths[0], paths[2], "--exhaustive", "--engine", "numpy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"] is True
    lines = text.splitlines()
    rows = [k for k, line in enumerate(lines) if line.endswith(" 1") and line[0] in "01-"]
    lines[rows[-1]] = lines[rows[-1]].translate(str.maketrans("01", "10", ""))[:-1] + "1"
    Path(paths[2]).write_text("\n".join(lines) + "\n")
    assert run(["prove", paths[0], paths[2], "--exhaustive", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert "good.trix and bad.blif differ where a=" in found["error"]
    assert "sum is" in found["error"]
    assert set(found["counterexample"]) == {"a", "b", "cin"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.trix", "--journal", "j"], "--journal, --engine and --dask go with --exhaustive"),
        (["a.trix", "--dask", "x"], "--journal, --engine and --dask go with --exhaustive"),
        (["a.trix", "b.trix", "--exhaustive", "--emit-miter", "m.aig"], "must not be given together"),
        (["a.trix", "-o", "x"], "go with two files or --exhaustive"),
        (["nowhere.trix", "--exhaustive"], "nowhere.trix: cannot be read"),
    ],
)
def test_options_that_do_not_go_together(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prove", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_version_of_an_engine_is_that_of_all_code_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    now = {engine: engines.version(engine) for engine in exhaustive.ENGINES}
    assert len(set(now.values())) == 2
    monkeypatch.setattr(engines, "sources", lambda: "other sources")
    assert not {engines.version(engine) for engine in exhaustive.ENGINES} & set(now.values())


def test_the_shape_of_shards_follows_from_the_question_alone() -> None:
    big = Task(Question((build("multiplier", bits=20).data,)), "native")
    assert 6 <= big.shards.prefix_bits <= 14
    assert Task(Question((build("adder", bits=8).data,)), "native").shards.prefix_bits == 0
    assert Task(big.question, "numpy").key != big.key
    assert exhaustive.ENGINES == ("native", "numpy")
