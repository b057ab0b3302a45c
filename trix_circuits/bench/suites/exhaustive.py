"""Proof by all rows, timed: the whole of it, from the bytes of the file to the set of rows, by each engine.

    python trix_circuits/bench/suites/exhaustive.py [--jobs 2] [--numpy]

Each row is the median of three runs in this process, compiled code being neither in memory nor on disk at the first and
on disk afterwards. `--numpy` adds the reference engine on the adder, which takes some seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

from trix_circuits.api import build
from trix_circuits.prove.exhaustive import Question, decide
from trix_circuits.prove.exhaustive.engines import Task

RUNS = 3


def timed(what: str, artefacts: tuple[bytes, ...], engine: str, jobs: int, goal: str) -> None:
    found: list[float] = []
    for _ in range(RUNS if engine == "native" else 1):
        start = time.perf_counter()
        rows = decide(Question(artefacts), engine=engine, jobs=jobs).rows
        found.append(time.perf_counter() - start)
    middle = statistics.median(found)
    speed = f"{rows / middle / 1e9:8.2f} G rows/s"
    print(f"{what:<44}{rows:>12} rows {found[0]:8.2f} s first, {middle:8.2f} s {speed}   {goal}", flush=True)


def kernel(what: str, data: bytes) -> None:
    """The kernel alone, all rows in one call, on one core."""
    task = Task(Question((data,)), "native", 0)
    searcher = task.searcher
    start, used = time.perf_counter(), time.process_time()
    assert searcher.find(0, 0) is None
    seconds, used = time.perf_counter() - start, time.process_time() - used
    print(f"{what:<44}kernel alone, one core: {seconds:.3f} s, {used:.3f} s of the processor", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--numpy", action="store_true")
    options = parser.parse_args()
    circuits = {
        "16-bit adder": (build("adder", bits=16), "<= 10 s"),
        "8x8 multiplier": (build("multiplier", bits=8), "instantly"),
        "16x16 multiplier": (build("multiplier", bits=16), "<= 30 s"),
    }
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRIX_CIRCUITS_CACHE"] = folder
        for name, (circuit, goal) in circuits.items():
            timed(name, (circuit.data,), "native", options.jobs, goal)
        for family, bits in (("adder", 16), ("multiplier", 16)):
            pair = (build(family, bits=bits).data, build(family, bits=bits, objective="depth").data)
            timed(f"{bits}-bit {family}, size against depth", pair, "native", options.jobs, "")
        for name, (circuit, _) in circuits.items():
            kernel(name, circuit.data)
        if options.numpy:
            timed("16-bit adder, numpy", (circuits["16-bit adder"][0].data,), "numpy", options.jobs, "")


if __name__ == "__main__":
    main()
