"""The command line: exit statuses, JSON on stdout and nothing else, one line for each mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from trix_circuits.cli import run


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def adder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("files") / "adder8.trix"
    assert run(["build", "adder", "--bits", "8", "-o", str(path)]) == 0
    return str(path)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object], str]:
    """Status, the JSON object, and stderr."""
    capsys.readouterr()
    status = run([*arguments, "--json"])
    captured = capsys.readouterr()
    assert captured.out.count("\n") == 1
    return status, json.loads(captured.out), captured.err


def test_synth_prints_every_field_that_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    status, found, errors = call(capsys, "synth", "sum", "--format", "fp4")

    assert (status, errors) == (0, "")
    assert found["function"] == {"name": "SUM", "inputs": 3, "input_names": ["a", "b", "c"], "truth_table": "0x96"}
    assert (found["format"], found["size"], found["depth"], found["exact"], found["rows"]) == ("e2m1", 2, 2, True, 8)
    assert (found["minimal"], found["lower_bound"], found["engine"]) == (True, 2, "cpsat")
    assert {"margin", "bits", "seconds", "gates"} <= set(found)
    nets: dict[str, int]
    for row in range(8):
        nets = {name: row >> i & 1 for i, name in enumerate("abc")}
        for gate in found["gates"]:  # type: ignore[attr-defined]  # JSON
            total = sum(w * nets[n] for n, w in zip(gate["inputs"], gate["weights"], strict=True)) + gate["bias"]
            nets[gate["name"]] = int(total >= 0)
        assert nets["y"] == 0x96 >> row & 1


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["synth", "FOO"], 2, "function must be one of AND"),
        (["synth", "0x1FFFF", "--inputs", "3"], 2, "must fit 8 rows"),
        (["synth", "XOR", "--format", "fp5"], 2, "format must be one of"),
        (["synth", "XOR", "--max-gates", "1", "--no-cache"], 4, "proven impossible"),
        (
            ["synth", "0x123456789abcdef1", "--inputs", "6", "--timeout", "0.5", "--no-cache"],
            3,
            "no network found in 0.5 s",
        ),
        (["synth", "XOR", "--max-gates", "0"], 2, "the number of gates must be 1 to 40, not 0"),
        (["synth", "XOR", "--timeout", "-1"], 2, "the timeout must be positive"),
        (["synth", "XOR", "--engine", "magic"], 2, "'magic' is not one of"),
        (["synth", "XOR", "-o", "/nonexistent/folder/x.trix"], 2, "/nonexistent/folder/x.trix: cannot be written"),
        (["synth"], 2, "Missing argument"),
        (["frobnicate"], 2, "no command 'frobnicate'"),
        (["build", "adder"], 2, "family adder needs --bits N"),
        (["build", "adder", "--bits", "0"], 2, "bits must be at least 1, not 0"),
        (["build", "adder", "--bits", "-3"], 2, "bits must be at least 1, not -3"),
        (["build", "adder", "--bits", "1000000000"], 3, "takes at most 16384 bits, not 1000000000"),
        (["build", "adder", "--bits", "x"], 2, "'x' is not a valid integer"),
        (["build", "addder", "--bits", "4"], 2, "did you mean adder?"),
        (["build", "adder", "--bits", "4", "--ways", "2"], 2, "family adder has no option ways"),
        (["build", "mux", "--bits", "4", "--ways", "1"], 2, "a mux must have 2 to 256 ways, not 1"),
        (["build", "adder", "--bits", "4", "--max-fan-in", "1"], 2, "the fan-in bound must be at least 2, not 1"),
        (["build", "missing.toml"], 2, "missing.toml: cannot be read"),
        (["check", "missing.trix"], 2, "missing.trix: cannot be read"),
        (["check", __file__], 2, "not a circuit file"),
        (["run", "missing.trix", "a=1"], 2, "missing.trix: cannot be read"),
        (["prove"], 2, "a circuit file must be given"),
        (["prove", "--all-widths", "decoder"], 3, "family decoder has no proof over all widths yet"),
        (["prove", "--all-widths", "adderr"], 2, "family must be one of"),
        (["atoms", "--format", "int8"], 2, "the atom library has the formats"),
    ],
)
def test_a_mistake_has_its_status_and_one_line(
    arguments: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, about, errors = call(capsys, *arguments)

    assert (found, about["exit_status"]) == (status, status)
    assert message in errors
    assert errors.startswith("trix-circuits: ")
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["a=1"], "input b must be given"),
        (["a=1", "b=2", "c=3"], "input 'c' must be one of a, b, cin"),
        (["a=256", "b=0"], "input a must be 0 to 2**8 - 1, not 256"),
        (["a=-1", "b=0"], "input a must be 0 to 2**8 - 1, not -1"),
        (["a=x", "b=0"], "input a must be an integer, not 'x'"),
        (["a", "b=0"], "an assignment must be BUS=INTEGER, not 'a'"),
        (["a=1", "a=2", "b=0"], "input a must be given once"),
    ],
)
def test_run_names_the_bus_that_is_wrong(
    adder: str, assignments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, errors = call(capsys, "run", adder, *assignments)

    assert status == 2
    assert message in errors


def test_run_computes_one_assignment_and_batches(
    adder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, "run", adder, "a=3", "b=5")[:2] == (0, {"outputs": {"sum": 8}})
    assert call(capsys, "run", adder, "a=0xff", "b=0b1", "cin=1")[1] == {"outputs": {"sum": 257}}

    (tmp_path / "in.csv").write_text("b,a\n1,2\n255,255\n")
    np.save(tmp_path / "in.npy", np.array([[1, 2, 1], [255, 255, 0]], dtype=np.uint8))
    for source in ("in.csv", "in.npy"):
        for target in ("out.csv", "out.npy"):
            status, found, _ = call(
                capsys, "run", adder, "--input", str(tmp_path / source), "--output", str(tmp_path / target)
            )
            assert (status, found["lanes"]) == (0, 2)
            first = 4 if source == "in.npy" else 3
            if target == "out.csv":
                assert (tmp_path / target).read_text() == f"sum\n{first}\n510\n"
            else:
                assert np.load(tmp_path / target).tolist() == [[first], [510]]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "a,b\n1\n", "line 2 must have 2 integers, not 1"),
        ("x.csv", "a,b\n1,z\n", "line 2: b must be an integer, not 'z'"),
        ("x.csv", "a,a\n1,1\n", "line 1 must name each input bus once"),
        ("x.csv", "a,b\n1,999\n", "input b must be 0 to 2**8 - 1, not 999"),
        ("x.csv", "a,q\n1,1\n", "input 'q' must be one of"),
        ("x.csv", "", "line 1 must name each input bus once"),
        ("x.npy", "not numpy", "cannot be read as .npy"),
        ("x.txt", "1", "a batch must be a .csv or .npy file"),
    ],
)
def test_a_bad_batch_is_one_line(
    adder: str, name: str, content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(content)
    status, _, errors = call(capsys, "run", adder, "--input", str(tmp_path / name), "--output", str(tmp_path / "o.csv"))

    assert status == 2
    assert message in errors


def test_prove_and_check_say_by_what(adder: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, found, _ = call(capsys, "prove", adder)
    assert (status, found["exact"], found["kinds"], found["rows"]) == (0, True, ["exhaustive"], 1 << 17)

    status, found, _ = call(capsys, "check", adder)
    assert (status, found["accepted"], found["kinds"]) == (0, True, ["ledger"])

    status, found, _ = call(capsys, "check", adder, "--mutate")
    assert status == 0
    assert found["mutation"]["escaped"] == 0  # type: ignore[index]  # JSON
    assert found["mutation"]["altering"] == found["mutation"]["altering_refused"] > 1000  # type: ignore[index]

    status, found, _ = call(capsys, "prove", "--all-widths", "adder")
    assert (status, found["kinds"], found["last_new_step_at_width"]) == (0, ["induction"], 3)


def test_a_wrong_circuit_is_refuted_with_a_counterexample(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    from trix_circuits.api import build

    claim = replace(build("adder", bits=40).claim, meaning=("sum = a + b + cin + (a == b)",))
    (tmp_path / "wrong.trix").write_bytes(claim.to_bytes())
    for verb in ("check", "run"):
        assert call(capsys, verb, str(tmp_path / "wrong.trix"))[0] == 1
    status, found, _ = call(capsys, "prove", str(tmp_path / "wrong.trix"))

    assert status == 1
    values = found["counterexample"]
    assert values["a"] == values["b"]  # type: ignore[index]  # JSON


def test_show_atoms_and_formats_print_json_and_text(adder: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, found, _ = call(capsys, "show", adder)
    assert (status, found["size"], found["defaults"]) == (0, 11, {"cin": 0})
    status, found, _ = call(capsys, "atoms", "--format", "fp4")
    assert len(found["atoms"]) == 245  # type: ignore[arg-type]  # JSON
    status, found, _ = call(capsys, "formats")
    assert len(found["formats"]) == 15  # type: ignore[arg-type]  # JSON
    for arguments in (["show", adder], ["atoms", "--format", "nf4"], ["formats"], ["check", adder], ["prove", adder]):
        assert run(arguments) == 0


@pytest.mark.parametrize("verb", ["synth", "build", "prove", "check", "run", "bench", "atoms", "formats", "show"])
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    assert "Example: trix-circuits" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom trix_circuits.cli import run\nrun(['--help'])\n"
        "print([m for m in ('torch','ortools','z3','numpy','rich','safetensors') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
