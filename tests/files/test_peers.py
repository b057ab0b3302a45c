"""Other people's programs as oracles, where they are installed: what they write is read, what we read they read alike."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.files.writers import OPERATIONS, Logic, bench, blif, verilog_assign, verilog_gates, verilog_hierarchy
from trix_circuits.files import read_bytes_as, read_circuit
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.logic.aig import Aig

ABC, YOSYS, ICARUS = "berkeley-abc", "yosys", "iverilog"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def logic_of(seed: int, inputs: int = 6, gates: int = 25, outputs: int = 3) -> Logic:
    rng = random.Random(seed)
    found: list[tuple[str, int, int]] = []
    for k in range(gates):
        a, b = rng.sample(range(inputs + k), 2)
        found.append((rng.choice(list(OPERATIONS)), a, b))
    return Logic(inputs, tuple(found), tuple(rng.sample(range(inputs + gates // 2, inputs + gates), outputs)))


def table(aig: Aig) -> list[int]:
    return [aig.evaluate(row) for row in range(1 << len(aig.input_names))]


def run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True).stdout


@needs(ABC)
@pytest.mark.parametrize("seed", range(3))
def test_what_abc_writes_is_read_with_the_same_function(seed: int, tmp_path: Path) -> None:
    logic = logic_of(seed)
    (tmp_path / "in.blif").write_text(blif(logic))
    steps = [
        "read_blif in.blif",
        "write_verilog a.v",
        "strash",
        "write_aiger -s b.aig",
        "write_bench -l c.bench",
        "write_verilog d.v",
    ]
    steps += [
        "if -K 4",
        "write_bench e.bench",
        "write_blif f.blif",
        "read_blif in.blif",
        "collapse",
        "write_pla g.pla",
        "map",
    ]
    run(tmp_path, ABC, "-c", "; ".join(steps))

    written = sorted(
        path.name for path in tmp_path.iterdir() if path.suffix in (".v", ".aig", ".bench", ".blif", ".pla")
    )
    assert len(written) >= 8
    for name in written:
        assert table(read_circuit(tmp_path / name).aig) == logic.table(), name


@needs(ABC)
@pytest.mark.parametrize("seed", range(2))
def test_abc_finds_our_aiger_equal_to_the_file(seed: int, tmp_path: Path) -> None:
    logic = logic_of(seed, inputs=10, gates=60)
    for name, text in (("x.bench", bench(logic)), ("x.blif", blif(logic))):
        (tmp_path / name).write_text(text)
        (tmp_path / "ours.aig").write_bytes(aiger_bytes(read_circuit(tmp_path / name).aig))
        assert "Networks are equivalent" in run(tmp_path, ABC, "-c", f"cec -n {name} ours.aig")


@needs(YOSYS)
def test_yosys_reads_our_verilog_subset_alike(tmp_path: Path) -> None:
    for seed, writer in enumerate((verilog_gates, verilog_assign, verilog_hierarchy)):
        logic = logic_of(seed)
        (tmp_path / "x.v").write_text(writer(logic))
        run(
            tmp_path,
            YOSYS,
            "-q",
            "-p",
            "read_verilog x.v; hierarchy -top top; flatten; opt; techmap; write_blif y.blif; aigmap; write_aiger -symbols y.aig",
        )
        ours = read_circuit(tmp_path / "x.v", top="top").aig
        yosys = read_circuit(tmp_path / "y.aig").aig
        assert table(ours) == logic.table()
        place = [ours.input_names.index(name) for name in yosys.input_names]
        outs = [ours.output_names.index(name) for name in yosys.output_names]
        for row in range(64):
            ours_row = sum((row >> k & 1) << at for k, at in enumerate(place))
            value = ours.evaluate(ours_row)
            assert yosys.evaluate(row) == sum((value >> at & 1) << k for k, at in enumerate(outs))


EXPRESSIONS = ["a | b & c ^ d", "a ~^ b & c", "a ? b : c ? d : ~a", "~|{a, b} ^ &{c, d}", "!a && b || c & d", "a ^ b ^~ c | d",
               "{a, b} & {c, d} ? 1'b1 : a", "~a & ~b ? ^{a, b, c} : 4'b0 | d", "a ? b ? c : d : b"]  # fmt: skip


@needs(ICARUS)
def test_a_simulator_agrees_about_expressions(tmp_path: Path) -> None:
    outs = ", ".join(f"y{k}" for k in range(len(EXPRESSIONS)))
    body = "".join(f"assign y{k} = {text};\n" for k, text in enumerate(EXPRESSIONS))
    # A 4-bit operand beside a 1-bit one is for Yosys; the subset is what the others are.
    body = body.replace("4'b0 | d", "1'b0 | d")
    module = f"module m(input a, b, c, d, output {outs});\n{body}endmodule\n"
    bench = f"""module t; reg [4:0] r; wire {outs}; m u(r[0], r[1], r[2], r[3], {outs});
    initial for (r = 0; r < 16; r = r + 1) begin #1 $display("%b", {{{", ".join(f"y{k}" for k in reversed(range(len(EXPRESSIONS))))}}}); end
    endmodule"""
    (tmp_path / "t.v").write_text(module + bench)
    run(tmp_path, ICARUS, "-o", "t.out", "t.v")
    said = [int(line, 2) for line in run(tmp_path, "vvp", "t.out").split()]
    assert table(read_bytes_as("verilog", module.encode(), "m.v").aig) == said
