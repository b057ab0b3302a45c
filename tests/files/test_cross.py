"""Second opinions: tools that others wrote read our files and agree. Each test is skipped where its tool is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.files.circuits import mutated, random_aig, random_netlist
from trix_circuits.compose.families import draft
from trix_circuits.evidence.prover import certify
from trix_circuits.export import WRITABLE, export_circuit
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.miter import obligation_of, write_miter, write_obligation


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def equal_by_abc(folder: Path, first: str, second: str) -> bool:
    """Compared by name. `cec` exits 0 in any case, so that its text decides."""
    _, text = run([need("berkeley-abc"), "-c", f"cec {first} {second}"], folder)
    assert ("are equivalent" in text) != ("NOT EQUIVALENT" in text), text
    return "are equivalent" in text


def circuits() -> list[tuple[str, Netlist | Aig]]:
    form = get_format("e2m1")
    families = [("adder", 8), ("multiplier", 5), ("comparator", 9), ("alu", 4)]
    found: list[tuple[str, Netlist | Aig]] = [(family, draft(family, form, bits).netlist) for family, bits in families]
    found += [(f"random{seed}", random_netlist(seed)) for seed in range(2)]
    return [*found, ("odd", random_aig(1))]


@pytest.mark.parametrize(("name", "subject"), circuits(), ids=lambda value: value if isinstance(value, str) else "")
def test_abc_reads_blif_and_verilog_and_finds_the_aiger_equal(
    tmp_path: Path, name: str, subject: Netlist | Aig
) -> None:
    export_circuit(subject, "aiger", tmp_path / "it.aig", name=name)
    for kind in WRITABLE:
        if not kind.plain or (kind.gates and isinstance(subject, Aig)):
            continue
        export_circuit(subject, kind.name, tmp_path / f"{kind.name}{kind.suffixes[0]}", name=name)
        if kind.name == "verilog" and name.startswith("random"):
            continue  # ABC's reader knows no escaped names
        assert equal_by_abc(tmp_path, "it.aig", f"{kind.name}{kind.suffixes[0]}"), kind.name


def test_abc_tells_a_mutant_apart(tmp_path: Path) -> None:
    netlist = draft("adder", get_format("e2m1"), 8).netlist
    export_circuit(netlist, "blif", tmp_path / "it.blif")
    verdicts = set()
    for seed in range(4):
        export_circuit(mutated(netlist, seed), "blif", tmp_path / "other.blif")
        verdicts.add(equal_by_abc(tmp_path, "it.blif", "other.blif"))
    assert False in verdicts


@pytest.mark.parametrize(("name", "subject"), circuits(), ids=lambda value: value if isinstance(value, str) else "")
def test_yosys_reads_our_verilog(tmp_path: Path, name: str, subject: Netlist | Aig) -> None:
    yosys = need("yosys")
    export_circuit(subject, "verilog", tmp_path / "it.v", name=name)
    export_circuit(subject, "aiger", tmp_path / "it.aig", name=name)
    script = "read_verilog it.v; hierarchy -check -auto-top; proc; techmap; opt; aigmap; write_aiger -symbols yosys.aig"
    status, text = run([yosys, "-q", "-p", script], tmp_path)

    assert status == 0, text
    assert equal_by_abc(tmp_path, "it.aig", "yosys.aig")


@pytest.mark.parametrize(("name", "subject"), circuits(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_testbench_passes_the_module_and_fails_a_broken_one(
    tmp_path: Path, name: str, subject: Netlist | Aig
) -> None:
    iverilog, vvp = need("iverilog"), need("vvp")
    export_circuit(subject, "verilog", tmp_path / "it.v", name=name, testbench_path=tmp_path / "tb.v", rows=500)
    module = (tmp_path / "it.v").read_text()
    broken = re.sub(r"(  assign (y|o|sum|product|lt|count|result|wire|\\wire )(\[0\])? =) (.*);", r"\1 ~(\4);", module)
    assert broken != module
    for text, passes in ((module, True), (broken, False)):
        (tmp_path / "it.v").write_text(text)
        status, said = run([iverilog, "-g2012", "-Wall", "-o", "it.vvp", "tb.v", "it.v"], tmp_path)
        assert status == 0, said
        status, said = run([vvp, "-n", "it.vvp"], tmp_path)
        assert ("PASS" in said, "FAIL" in said, status == 0) == (passes, not passes, passes), said


def test_the_testbench_sees_any_gate_that_breaks_the_function(tmp_path: Path) -> None:
    iverilog, vvp = need("iverilog"), need("vvp")
    netlist = draft("adder", get_format("e2m1"), 8).netlist
    export_circuit(netlist, "verilog", tmp_path / "it.v", name="it", testbench_path=tmp_path / "tb.v")
    for seed in range(6):
        other = mutated(netlist, seed)
        export_circuit(other, "verilog", tmp_path / "it.v", name="it")
        write_miter(aig_of(netlist), aig_of(other), "aig", tmp_path / "m.aig")
        _, text = run([need("berkeley-abc"), "-c", "read m.aig; sat"], tmp_path)
        run([iverilog, "-g2012", "-o", "it.vvp", "tb.v", "it.v"], tmp_path)
        status, _ = run([vvp, "-n", "it.vvp"], tmp_path)
        assert (status != 0) == ("UNSATISFIABLE" not in text)


@pytest.mark.parametrize(("family", "bits"), [("adder", 16), ("multiplier", 5), ("alu", 4)])
def test_obligations_are_refuted_by_abc_and_cadical(tmp_path: Path, family: str, bits: int) -> None:
    obligation = obligation_of(certify(draft(family, get_format("e2m1"), bits)))
    write_obligation(obligation, "cnf", tmp_path / "m.cnf")
    write_obligation(obligation, "aig", tmp_path / "m.aig")
    status, text = run([need("cadical"), "-q", "m.cnf"], tmp_path)
    assert (status, "s UNSATISFIABLE" in text) == (20, True)
    assert "UNSATISFIABLE" in run([need("berkeley-abc"), "-c", "read m.aig; sat"], tmp_path)[1]
