"""`trix-circuits export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trix_circuits.cli.export_verb import command
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError
from trix_circuits.evidence.prover import certify
from trix_circuits.files import read_circuit
from trix_circuits.logic.formats import get_format


@pytest.fixture(scope="module")
def adder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("export") / "adder4.trix"
    certify(draft("adder", get_format("e2m1"), 4)).save(path)
    return str(path)


def call(*arguments: str) -> None:
    command.main(list(arguments), prog_name="export", standalone_mode=False)


def test_a_circuit_goes_out_and_comes_back(adder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verilog, bench, cnf = (str(tmp_path / name) for name in ("a.v", "a_tb.v", "a.cnf"))
    call(adder, "--to", "verilog", "-o", verilog, "--testbench", bench, "--emit-miter", cnf, "--json")
    found = json.loads(capsys.readouterr().out)

    assert [entry["file"] for entry in found["written"]] == [verilog, bench, cnf]
    assert found["written"][0]["exact"] is True
    assert found["written"][1]["tested_rows"] == 512
    call(
        verilog,
        "--to",
        "aiger",
        "-o",
        str(tmp_path / "b.aig"),
        "--emit-miter",
        str(tmp_path / "m.smt2"),
        "--against",
        adder,
    )
    text = capsys.readouterr().out
    assert "read back and proven equal: the checker read the file" in text
    assert "unsatisfiable iff equal" in text
    aig = read_circuit(tmp_path / "b.aig").aig
    assert all(aig.evaluate(row) == (row & 15) + (row >> 4 & 15) + (row >> 8) for row in range(512))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "blif"], "--to KIND and -o FILE must be given together"),
        ([], "--to KIND -o FILE or --emit-miter FILE must be given"),
        (["--to", "blif", "-o", "x", "--testbench", "y"], "--testbench goes with --to verilog"),
        (["--to", "blif", "-o", "x", "--against", "y"], "--against goes with --emit-miter"),
        (["--emit-miter", "x.txt"], "--emit-miter must name a file that ends in .aig, .aag, .cnf, .smt2, not 'x.txt'"),
    ],
)
def test_bad_usage_is_one_line(adder: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        call(adder, *arguments)
    assert str(caught.value) == message


def test_a_foreign_circuit_has_no_meaning_of_its_own(adder: str, tmp_path: Path) -> None:
    call(adder, "--to", "blif", "-o", str(tmp_path / "a.blif"))
    with pytest.raises(InputError, match=r"^a.blif: a circuit to compare with must be given: --against FILE$"):
        call(str(tmp_path / "a.blif"), "--emit-miter", str(tmp_path / "m.cnf"))
    with pytest.raises(InputError, match="shows threshold gates, and a has none: compile it first"):
        call(str(tmp_path / "a.blif"), "--to", "dot", "-o", str(tmp_path / "a.dot"))
