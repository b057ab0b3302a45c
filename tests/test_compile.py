"""`compile` and `prove A B` as a user types them: what is printed, what is refused, and with which status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trix_circuits import compile as compiling
from trix_circuits.cli import run
from trix_circuits.errors import ImpossibleError
from trix_circuits.logic.formats import get_format
from trix_circuits.map.sums import regions_netlist

SPEC = """from trix_circuits.trace import Bits, circuit
@circuit
def f(a: Bits["n"], b: Bits["n"]) -> Bits["n + 1"]:
    return a + b
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "spec.py").write_text(SPEC)
    (tmp_path / "xor.blif").write_text(".model x\n.inputs a b\n.outputs y\n.names a b y\n10 1\n01 1\n.end\n")
    (tmp_path / "or.blif").write_text(".model x\n.inputs a b\n.outputs y\n.names a b y\n1- 1\n-1 1\n.end\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_python_function_is_compiled_run_and_compared(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", "spec.py:f", "--at", "n=6", "-o", "f.trix", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["exact"] and found["size"] <= 12 and found["source"]["kind"] == "python"
    assert run(["run", "f.trix", "a=60", "b=5"]) == 0
    assert "out = 65" in capsys.readouterr().out
    assert run(["prove", "f.trix"]) == 0
    assert run(["export", "f.trix", "--to", "aiger", "-o", "f.aig"]) == 0
    assert run(["prove", "f.trix", "f.aig", "-o", "p.trix"]) == 0
    assert run(["check", "p.trix", "--source", "f.aig"]) == 0
    assert run(["check", "f.trix", "--mutate"]) == 0


def test_two_files_that_differ_give_status_1_and_inputs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "xor.blif", "or.blif", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["counterexample"] == {"a": 1, "b": 1}
    assert captured.err == "trix-circuits: xor.blif and or.blif differ where a=1 b=1: y is 0 and 1\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "missing.aig", "-o", "x.trix"],
        ["compile", "xor.blif", "-o", "x.trix", "--format", "fp5"],
        ["compile", "xor.blif", "-o", "x.trix", "--at", "n=3"],
        ["compile", "spec.py:g", "-o", "x.trix"],
        ["compile", "spec.py:f", "-o", "x.trix"],
        ["prove", "xor.blif", "spec.py"],
        ["check", "xor.blif", "--source", "or.blif"],
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.out == ""
    assert not Path("x.trix").exists()


def test_sums_that_cannot_be_made_are_left_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object, **options: object) -> None:
        raise ImpossibleError("a region waits for itself")

    monkeypatch.setattr(regions_netlist, "map_with_regions", never)
    foreign = compiling.read_any("spec.py:f", at={"n": 8})
    compiled = compiling.compile_foreign(foreign, get_format("ternary"), effort=0)

    assert any("without them" in note for note in compiled.notes)
    assert compiled.circuit.verdict.kinds
