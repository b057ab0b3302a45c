"""Kernels side by side in one process, against `numpy.add` and the figures that they are built to reach.

    python benchmarks/kernels.py [--lanes 26] [--gates 200000] [--only adders|logic|start]

Ratios are medians over rounds in which everything runs once, so that what else the machine does falls on all alike.
Logic is timed by the processor time of this process, which a busy machine stretches less than time on the wall.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from trix_circuits.backends.interface import interface_of
from trix_circuits.backends.logic import large, make_logic
from trix_circuits.backends.native import NativeRunner
from trix_circuits.compose.families import draft
from trix_circuits.formats import get_format
from trix_circuits.lower import lower, prove_lowering
from trix_circuits.netlist import Builder, Netlist

TWO_INPUTS = (((2, 2), -4), ((2, 2), -2), ((2, -2), -2), ((-2, -2), 2), ((-2, -2), 0))


def random_netlist(gates: int, window: int, seed: int = 1) -> Netlist:
    """Two-input gates (AND, OR, AND-NOT, NAND, NOR), each over two of the last `window` nets, folded to 16 outputs."""
    rng = random.Random(seed)
    builder = Builder(get_format("e2m1"), {"x": 64}, share=False)
    while builder.size < gates:
        low = max(0, builder.net_count - window)
        x, y = rng.sample(range(low, builder.net_count), 2)
        builder.gate((x, y), *TWO_INPUTS[rng.randrange(5)])
    row = list(range(builder.net_count - window, builder.net_count))
    while len(row) > 16:
        row = [builder.gate(row[i : i + 2], *TWO_INPUTS[rng.randrange(5)]) for i in range(0, len(row) - 1, 2)]
    return builder.finish({"y": row})


def rounds(calls: dict[str, Callable[[], object]], count: int) -> dict[str, list[float]]:
    """Seconds of each call in each round; the first round warms up and is left out."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for k in range(count + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if k:
                found[name].append(time.perf_counter() - start)
    return found


def ratio(found: dict[str, list[float]], base: str, name: str) -> float:
    return statistics.median(b / t for b, t in zip(found[base], found[name], strict=True))


def line(what: str, value: str, goal: str = "") -> None:
    print(f"{what:<58}{value:>14}   {goal}", flush=True)


def adders(exponent: int, count: int) -> None:
    lanes = 1 << exponent
    rng = np.random.default_rng(0)
    for bits in (8, 16, 32, 64):
        netlist = draft("adder", get_format("e2m1"), bits).netlist
        program = lower(netlist)
        runner = NativeRunner(program, interface_of(netlist)[1], make_logic(program), 1)
        kind = np.dtype(f"u{bits // 8}")
        a, b = (rng.integers(0, 1 << bits, lanes, dtype=kind) for _ in range(2))
        c = np.empty_like(a)
        blocks = rng.integers(0, 1 << 64, (lanes // 512, netlist.input_bits, 8), dtype=np.uint64)
        sums = np.zeros((lanes // 512, program.output_bits, 8), dtype=np.uint64)
        planes, flat = blocks.reshape(netlist.input_bits, -1), sums.reshape(program.output_bits, -1)
        calls: dict[str, Callable[[], object]] = {
            "add": lambda a=a, b=b, c=c: np.add(a, b, out=c),  # type: ignore[misc]
            "new": lambda a=a, b=b: np.add(a, b),  # type: ignore[misc]
            "blocks": lambda r=runner, x=blocks, y=sums: r.planes(x, y),  # type: ignore[misc]
            "planes": lambda r=runner, x=planes, y=flat: r.planes(x, y),  # type: ignore[misc]
            "integers": lambda r=runner, a=a, b=b: r.integers({"a": a, "b": b, "cin": 0}),  # type: ignore[misc]
        }
        found = rounds(calls, count)
        rate = lanes / statistics.median(found["add"]) / 1e9
        line(f"{bits}-bit add, numpy.add, 2^{exponent} lanes", f"{rate:.2f} G/s")
        line("  planes in blocks of 8 words", f"{ratio(found, 'add', 'blocks'):.2f} x", ">= 0.9 x numpy.add")
        line("  planes [bits, words], a stride of a power of two", f"{ratio(found, 'add', 'planes'):.2f} x")
        line(
            "  integer arrays, results newly allocated",
            f"{ratio(found, 'new', 'integers'):.2f} x",
            ">= 0.3 x numpy.add",
        )
        rows = rng.integers(0, 2, (1 << 20, netlist.input_bits), dtype=np.uint8)
        bit_rate = len(rows) / statistics.median(rounds({"bits": lambda r=runner, x=rows: r.bits(x)}, 3)["bits"])  # type: ignore[misc]
        line("  bool arrays [lanes, nets]", f"{bit_rate / 1e6:.0f} M/s")


def rate_of(runner: NativeRunner, netlist: Netlist, lanes: int) -> str:
    planes = np.random.default_rng(0).integers(0, 1 << 64, (netlist.input_bits, lanes // 64), dtype=np.uint64)
    runner.planes(planes)
    times = []
    for _ in range(5):
        start = time.process_time()
        runner.planes(planes)
        times.append(time.process_time() - start)
    return f"{netlist.size * lanes / statistics.median(times) / 1e12:.2f} T/s"


def logic(gates: int) -> None:
    for window in (60, 300):
        netlist = random_netlist(5000, window)
        program = lower(netlist)
        start = time.process_time()
        made = make_logic(program)
        spent = time.process_time() - start
        runner = NativeRunner(program, interface_of(netlist)[1], made, 1)
        line(f"straight line, {netlist.size} gates, {program.slot_count} alive", rate_of(runner, netlist, 1 << 21),
             ">= 0.8 T gate-lanes/s")  # fmt: skip
        line("  JIT", f"{1e3 * spent / netlist.size:.3f} ms/gate", "< 0.25")
    netlist = random_netlist(gates, 1500)
    start = time.process_time()
    program = lower(netlist)
    line(
        f"{netlist.size} gates, {program.slot_count} alive: lowered", f"{time.process_time() - start:.1f} s", "seconds"
    )
    start = time.process_time()
    prove_lowering(netlist, program)
    line("  lowering proven", f"{time.process_time() - start:.1f} s")
    made_large = large(program)
    runner = NativeRunner(program, interface_of(netlist)[1], made_large, 1)
    if not made_large.is_compiled:
        made_large._interpreted = -1e9  # not now
        line("  interpreted", rate_of(runner, netlist, 1 << 18), ">= 0.1 T gate-lanes/s")
        start = time.process_time()
        made_large.compile_now()
        line("  compiled", f"{time.process_time() - start:.1f} s")
    line("  in chunks", rate_of(runner, netlist, 1 << 18), ">= 0.3 T gate-lanes/s")


START = """
import time
import numpy as np
import trix_circuits.backends.native
from trix_circuits.backends import compile_netlist
from trix_circuits.compose.families import draft
from trix_circuits.formats import get_format
netlist = draft("adder", get_format("e2m1"), 64).netlist
a = np.arange(1000, dtype=np.uint64)
start = time.perf_counter()
compile_netlist(netlist, "native").integers({"a": a, "b": a, "cin": 0})
print(time.perf_counter() - start)
"""


def start_up() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for what, goal, count in (("compiled", "< 0.3 s", 1), ("cached", "< 0.05 s", 5)):
            times = []
            for _ in range(count):
                environment = dict(os.environ, TRIX_CIRCUITS_CACHE=folder)
                done = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, check=True)
                times.append(float(done.stdout))
            line(f"first call of a 64-bit adder, {what}", f"{statistics.median(times):.3f} s", goal)
    code = "import time; s = time.perf_counter(); import trix_circuits; print(time.perf_counter() - s)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(5)
    ]
    line("import trix_circuits", f"{statistics.median(times):.3f} s", "< 0.3 s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the kernels of the native backend.")
    parser.add_argument("--lanes", type=int, default=24, help="log2 of the lanes of the adders (default 24)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gates", type=int, default=200_000)
    parser.add_argument("--only", choices=("adders", "logic", "start"))
    given = parser.parse_args()
    if given.only in (None, "start"):
        start_up()
    if given.only in (None, "adders"):
        adders(given.lanes, given.rounds)
    if given.only in (None, "logic"):
        logic(given.gates)


if __name__ == "__main__":
    main()
