"""Adders against `numpy.add` on the same integers, one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from trix_circuits.bench.rows import IN_MEMORY_LOG2, Row, Scale, processor_seconds, ratio, rounds
from trix_circuits.compose.families import draft
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower import lower
from trix_circuits.run.interface import Array, Interface, aligned, interface_of
from trix_circuits.run.native.logic import make_logic
from trix_circuits.run.native.native import NativeRunner

WIDTHS = (8, 16, 32, 64)
_PATTERN = 1 << 16


def random_array(shape: tuple[int, ...], kind: np.dtype[np.unsignedinteger], seed: int) -> Array:
    """Random entries, a pattern of 64 Ki of them again and again, at an address that vectors like."""
    count = int(np.prod(shape))
    found = aligned(count, kind)
    pattern = np.random.default_rng(seed).integers(0, 1 << 8 * kind.itemsize, min(count, _PATTERN), dtype=kind)
    for at in range(0, count, _PATTERN):
        found[at : at + _PATTERN] = pattern[: count - at]
    return found.reshape(shape)


def native_runner(netlist: Netlist, face: Interface | None = None) -> NativeRunner:
    """The native backend on one core."""
    program = lower(netlist)
    return NativeRunner(program, face or interface_of(netlist)[1], make_logic(program), 1)


def adders(scale: Scale) -> Iterator[Row]:
    """Planes in both layouts, integer arrays and 0/1 bytes, in and out.

    Planes and `numpy.add` write to memory that exists; integer arrays are allocated anew, as by `a + b`. An adder gives
    one bit more than `numpy.add`, the carry, so its results are twice as wide.
    """
    lanes = 1 << scale.lanes_log2
    words = np.dtype(np.uint64)
    large = scale.lanes_log2 >= IN_MEMORY_LOG2
    for bits in WIDTHS:
        runner = native_runner(draft("adder", get_format("e2m1"), bits).netlist)
        rows = runner.program.input_bits
        kind = np.dtype(f"u{bits // 8}")
        a, b, c = (random_array((lanes,), kind, seed) for seed in range(3))
        blocks = random_array((lanes // 512, rows, 8), words, 3)
        sums = runner.planes(blocks)
        planes, flat = blocks.reshape(rows, -1), sums.reshape(runner.program.output_bits, -1)
        calls: dict[str, Callable[[], object]] = {
            "add": lambda a=a, b=b, c=c: np.add(a, b, out=c),  # type: ignore[misc]
            "new": lambda a=a, b=b: np.add(a, b),  # type: ignore[misc]
            "blocks": lambda r=runner, x=blocks, y=sums: r.planes(x, y),  # type: ignore[misc]
            "planes": lambda r=runner, x=planes, y=flat: r.planes(x, y),  # type: ignore[misc]
            "integers": lambda r=runner, a=a, b=b: r.integers({"a": a, "b": b, "cin": 0}),  # type: ignore[misc]
        }
        found = rounds(calls, scale.rounds, time.process_time)
        name, times = f"{bits}-bit adder", "x numpy.add"
        yield Row(
            f"{bits}-bit numpy.add, 2^{scale.lanes_log2} lanes",
            lanes / statistics.median(found["add"]) / 1e9,
            "G adds/s",
        )
        yield Row(f"{name}, planes in blocks of 8 words", ratio(found, "add", "blocks"), times, 0.9 if large else None)
        yield Row(f"{name}, planes [bits, words], a power of two apart", ratio(found, "add", "planes"), times)
        yield Row(f"{name}, integer arrays", ratio(found, "new", "integers"), times, 0.3 if large else None)
        count = min(lanes, 1 << 20)
        table = np.unpackbits(random_array((rows * count // 8,), np.dtype(np.uint8), 4)).reshape(count, rows)
        spent = processor_seconds(lambda r=runner, x=table: r.bits(x), scale.rounds)  # type: ignore[misc]
        yield Row(f"{name}, 0/1 bytes [lanes, nets]", count / spent / 1e6, "M adds/s")
