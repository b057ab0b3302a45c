"""The figures of docs/results.md, measured side by side in one run: `python trix_circuits/bench/suites/table.py`.

Whole commands are timed as a user would run them, start of Python included; solver times are what the solver programs
report once they are up. Ratios are to a named reference in the same run.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from trix_circuits import check
from trix_circuits.api import Found, TruthTable, build, get_format, named_function, prove_exhaustively, synthesise
from trix_circuits.logic.truth_table import ATOM_NAMES, npn_classes
from trix_circuits.prove.mutate import mutate
from trix_circuits.solve.process import SolverProcess


def row(what: str, found: str, wanted: str) -> None:
    """Print one row of the table as soon as it is known."""
    print(f"| {what} | {found} | {wanted} |", flush=True)


def command(*arguments: str) -> float:
    """Seconds of a whole command, which must succeed."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def trix(*arguments: str) -> float:
    return command("-m", "trix_circuits.cli", *arguments)


def atoms() -> None:
    form = get_format("e2m1")
    with SolverProcess("cpsat") as solver:
        synthesise(TruthTable(1, 1), form, solver=solver)  # the process is up
        found = [synthesise(named_function(name).table, form, solver=solver) for name in ATOM_NAMES]
    sizes = [outcome.network.size if isinstance(outcome, Found) and outcome.minimal else 0 for outcome in found]
    seconds = sum(outcome.seconds for outcome in found)
    shown = ", ".join(f"{name} {size}" for name, size in zip(ATOM_NAMES, sizes, strict=True))
    row("ten atoms, e2m1, fresh, minimal", f"{shown}; {seconds:.2f} s of solving", "1 1 2 1 1 1 2 2 1 2; < 0.5 s")


def npn(format_name: str, wanted: str) -> None:
    form, classes = get_format(format_name), list(npn_classes(4))

    def part(some: list[int]) -> list[int]:
        with SolverProcess("cpsat") as solver:
            done = [synthesise(TruthTable(4, bits), form, solver=solver, polish=False) for bits in some]
        return [outcome.network.size if isinstance(outcome, Found) and outcome.minimal else 0 for outcome in done]

    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        sizes = [size for some in pool.map(part, [classes[::2], classes[1::2]]) for size in some]
    seconds = time.perf_counter() - start
    histogram = "/".join(str(sizes.count(size)) for size in range(1, max(sizes) + 1))
    row(
        f"222 NPN-4 classes, {format_name}, fresh, minimal",
        f"{histogram} with 1/2/... gates; {seconds:.1f} s, two processes",
        wanted,
    )


def adders(folder: Path) -> None:
    program = shutil.copy(check.__file__, folder / "check.py")
    for bits, gates, limit in ((8, 11, ""), (32, 43, ""), (64, 86, "< 2 s"), (128, 171, ""), (1024, 1366, "< 10 s")):
        path = str(folder / f"adder{bits}.trix")
        seconds = trix("build", "adder", "--bits", str(bits), "-o", path) + command("-I", "-S", str(program), path)
        size = build("adder", bits=bits).netlist.size
        row(f"adder {bits}", f"{size} gates; build, certify and check alone {seconds:.2f} s", f"{gates}; {limit}")


def others(folder: Path) -> None:
    program = shutil.copy(check.__file__, folder / "check.py")
    rows: tuple[tuple[str, int, int, list[str], str], ...] = (
        ("comparator", 128, 32, ["--relation", "lt"], ""),
        ("popcount", 255, 99, [], ""),
        ("multiplier", 8, 104, [], ""),
        ("multiplier", 16, 376, [], ""),
        ("multiplier", 32, 1456, [], "< 20 s"),
    )
    for family, bits, gates, options, limit in rows:
        path = str(folder / "other.trix")
        seconds = trix("build", family, "--bits", str(bits), *options, "-o", path) + command(
            "-I", "-S", str(program), path
        )
        size = len(check.read(Path(path).read_bytes()).gates)
        row(f"{family} {bits}", f"{size} gates; build, certify and check alone {seconds:.2f} s", f"{gates}; {limit}")


def depth() -> None:
    for bits, levels, gates in ((16, 4, 92), (32, 5, 204), (64, 5, 492)):
        circuit = build("adder", bits=bits, objective="depth")
        net = circuit.netlist
        row(
            f"adder {bits}, depth objective",
            f"depth {net.depth}, {net.size} gates, {circuit.verdict.kinds[0]}",
            f"{levels}, {gates}",
        )


def exhaustive() -> None:
    circuit = build("adder", bits=16)
    start = time.perf_counter()
    rows = prove_exhaustively(circuit.netlist, circuit.meaning, jobs=2).rows
    seconds = time.perf_counter() - start
    a = np.arange(1 << 22, dtype=np.uint32)
    start = time.perf_counter()
    for _ in range(32):
        np.add(a, a)
    reference = (time.perf_counter() - start) / 32 * (rows >> 22)
    row(
        "16-bit adder, all 2^33 rows",
        f"{rows} rows in {seconds:.1f} s, {reference / seconds:.1f} x numpy.add of as many",
        "< 60 s",
    )


def mutation() -> None:
    for family, bits in (("adder", 8), ("adder", 64), ("multiplier", 8)):
        start = time.perf_counter()
        count = mutate(build(family, bits=bits), jobs=2)
        seconds = time.perf_counter() - start
        found = f"{count.changes} changes, {count.altering} alter the function, {count.altering_refused} of them refused, {count.escaped} escaped"
        row(
            f"mutation, {family} {bits}", f"{found}; {count.accepted} accepted as equal; {seconds:.0f} s", "all refused"
        )


def start_up() -> None:
    bare = min(command("-c", "pass") for _ in range(5))
    helped = min(trix("--help") for _ in range(5))
    row("start of `trix-circuits --help`", f"{helped * 1000:.0f} ms, {helped / bare:.1f} x bare Python", "")


def main() -> None:
    """Print the whole table."""
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
    print("| what | measured | wanted |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        atoms()
        npn("e2m1", "15/174/33; < 8 s")
        npn("ternary", "7/8/88/116/3")
        adders(folder)
        others(folder)
        depth()
        exhaustive()
        mutation()
        start_up()


if __name__ == "__main__":
    main()
