"""The verb bench: what its figures are taken from is right, its goals are judged rightly, and it names what is wrong."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from trix_circuits.bench import SECTIONS, Row, Scale, run_sections
from trix_circuits.bench.logic import abc_rate, netlist_of, random_netlist
from trix_circuits.bench.rows import ratio, rounds
from trix_circuits.cli import run
from trix_circuits.logic.aig import AigBuilder
from trix_circuits.run import compile_netlist


def test_a_row_says_by_how_much_its_goal_is_met_or_missed() -> None:
    assert Row("a", 1.8, "x", 0.9).margin == 2
    assert Row("a", 0.2, "s", 0.3, at_most=True).margin == pytest.approx(1.5)
    assert Row("a", 1.0, "s").margin is None
    assert Row("a", 0.45, "x", 0.9).text().endswith(">= 0.9: missed, x 0.50")
    assert Row("a", 0.0, "s", 0.3, at_most=True).text().endswith("<= 0.3: met, x inf")
    assert Row("a", 2.0, "x", 1.0).as_json() == {
        "what": "a", "value": 2.0, "unit": "x", "goal": 1.0, "at_most": False, "margin": 2.0
    }  # fmt: skip


def test_calls_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    found = rounds({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)

    assert order == ["a", "b"] * 4
    assert [len(times) for times in found.values()] == [3, 3]
    assert ratio({"a": [2.0, 4.0, 6.0], "b": [1.0, 1.0, 2.0]}, "a", "b") == 3


def test_an_aig_as_gates_computes_the_same() -> None:
    builder = AigBuilder([f"x[{k}]" for k in range(8)])
    literals = [builder.input(k) for k in range(8)]
    rng = np.random.default_rng(0)
    for _ in range(60):
        i, j = rng.choice(len(literals), 2, replace=False)
        literals.append(builder.and_(literals[i] ^ int(rng.integers(2)), literals[j] ^ int(rng.integers(2))))
    aig = builder.finish("random", [(f"y[{k}]", literals[-1 - k] ^ k & 1) for k in range(8)])
    rows = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.uint8)
    values = [np.zeros(256, dtype=np.uint8), *rows.T]
    for left, right in zip(aig.left.tolist(), aig.right.tolist(), strict=True):
        values.append((values[left >> 1] ^ left & 1) & (values[right >> 1] ^ right & 1))
    wanted = np.stack([values[literal >> 1] ^ literal & 1 for literal in aig.outputs.tolist()], axis=1)

    assert np.array_equal(compile_netlist(netlist_of(aig), "numpy").bits(rows), wanted)


@pytest.mark.skipif(not (shutil.which("abc") or shutil.which("berkeley-abc")), reason="needs ABC")
def test_abc_takes_the_circuit_with_its_idle_latch() -> None:
    builder = AigBuilder(["a", "b"])
    literal = builder.and_(builder.input(0), builder.input(1))
    for _ in range(300):
        literal = builder.and_(literal ^ 1, builder.input(0))
    rate = abc_rate(builder.finish("chain", [("y", literal)]), Scale(quick=True))

    assert rate is None or rate > 1e8  # None where the time is too short to be shown


def test_a_random_netlist_has_the_size_asked_for() -> None:
    netlist = random_netlist(500, 60)

    assert 500 <= netlist.size < 600
    assert netlist.max_fan_in == 2


def test_bench_prints_its_parts_and_leaves_the_cache_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", str(tmp_path))
    monkeypatch.setattr("trix_circuits.bench.logic.random_netlist", lambda gates, window: random_netlist(200, 30))

    only = ["--only", "memory", "--only", "straight", "--only", "generated"]
    assert run(["bench", "--quick", *only, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["section"] for row in rows} == {"memory", "straight", "generated"}
    weights = [row for row in rows if row["unit"] == "x smaller"]
    assert [row["goal"] for row in weights] == [7.5, 15.0]
    assert all(row["margin"] >= 1 for row in weights)
    assert not list(tmp_path.iterdir())
    assert os.environ["TRIX_CIRCUITS_CACHE"] == str(tmp_path)


def test_bench_times_one_circuit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.trix")
    assert run(["build", "adder", "--bits", "70", "-o", path]) == 0
    capsys.readouterr()

    assert run(["bench", path, "--quick", "--lanes", "14", "--backend", "native", "--backend", "numpy"]) == 0
    text = capsys.readouterr().out
    for name in ("native: planes", "native: integers", "numpy: 0/1 bytes"):
        assert name in text
    assert run(["bench", path, "--backend", "nump"]) == 2
    assert "backend must be auto or one of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.trix", "--only", "memory"], "a circuit file must not come with --only or --circuits"),
        (["--backend", "numpy"], "--backend must come with a circuit file"),
        (["--only", "circuits"], "section circuits must have a folder of circuits"),
        (["--only", "circuits", "--circuits", "."], "must hold multiplier, sin, voter"),
        (["--only", "speed"], "'speed' is not one of"),
        (["--lanes", "3"], "3 is not in the range"),
    ],
)
def test_bench_names_what_is_wrong(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(["bench", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_sections_are_known_by_name() -> None:
    with pytest.raises(Exception, match=r"a section must be one of start, memory, .*, not 'speed'"):
        list(run_sections(["speed"], Scale()))
    assert "adders" in SECTIONS


def test_columns_compute_what_the_circuit_does() -> None:
    torch = pytest.importorskip("torch")
    from trix_circuits.bench.tensors import columns

    netlist = random_netlist(300, 40)
    rows = np.random.default_rng(0).integers(0, 2, (100, netlist.input_bits), dtype=np.uint8)

    found = columns(netlist)(torch.from_numpy(rows))

    assert np.array_equal(found.numpy(), compile_netlist(netlist, "numpy").bits(rows))
