"""Figures of one circuit, on every backend that can run here."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from trix_circuits.bench.adders import random_array
from trix_circuits.bench.rows import Row, Scale, rounds
from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError
from trix_circuits.run import backend_names, compile_netlist
from trix_circuits.run.interface import element_bits

_CALL_S = 0.2  # lanes are doubled until a call takes so long


def one_circuit(circuit: Circuit, scale: Scale, backends: tuple[str, ...] = ()) -> Iterator[Row]:
    """Planes, integers and 0/1 bytes in and out, in lanes a second; planes also in gate-lanes and bytes.

    On the given backends, each of which must be able to run here, or on all that can.
    """
    net = circuit.netlist
    outputs = sum(len(nets) for nets in net.outputs.values())
    for name in backends or backend_names():
        try:
            runner = compile_netlist(circuit, name)
        except InputError:
            if backends:
                raise
            continue
        calls: dict[str, Callable[[int], Callable[[], object]]] = {
            "planes": lambda lanes, r=runner: _planes(r, net.input_bits, lanes),  # type: ignore[misc]
            "integers": lambda lanes, r=runner: _integers(r, net.inputs, lanes),  # type: ignore[misc]
            "0/1 bytes": lambda lanes, r=runner: _bytes(r, net.input_bits, lanes),  # type: ignore[misc]
        }
        for what, make in calls.items():
            rate, lanes = _rate(make, scale)
            yield Row(f"{name}: {what}, 2^{lanes.bit_length() - 1} lanes", rate / 1e6, "M lanes/s")
            if what == "planes":
                yield Row(f"{name}: {net.size} gates", rate * net.size / 1e12, "T gate-lanes/s")
                yield Row(f"{name}: planes in and out", rate * (net.input_bits + outputs) / 8e9, "GB/s")


def _rate(make: Callable[[int], Callable[[], object]], scale: Scale) -> tuple[float, int]:
    """Lanes a second, and how many at a time."""
    lanes = 1 << 10
    while True:
        spent = statistics.median(rounds({"it": make(lanes)}, scale.rounds)["it"])
        if spent > _CALL_S / 2 or lanes >= 1 << scale.lanes_log2 - 2:
            return lanes / spent, lanes
        lanes = min(1 << scale.lanes_log2 - 2, lanes << max(1, int(np.log2(_CALL_S / spent))))


def _planes(runner: Any, bits: int, lanes: int) -> Callable[[], object]:
    planes = random_array((bits, lanes // 64), np.dtype(np.uint64), 0)
    out = runner.planes(planes)
    return lambda: runner.planes(planes, out)


def _integers(runner: Any, inputs: Mapping[str, int], lanes: int) -> Callable[[], object]:
    given: dict[str, Any] = {}
    for seed, (name, width) in enumerate(inputs.items()):
        kind = np.dtype(f"u{element_bits(width) // 8}")
        words = -(-width // 64)
        array = random_array((lanes, words), kind, seed)
        array[:, -1] &= kind.type((1 << width - 64 * (words - 1)) - 1)
        given[name] = array if words > 1 else array[:, 0]
    return lambda: runner.integers(given)


def _bytes(runner: Any, bits: int, lanes: int) -> Callable[[], object]:
    table = np.unpackbits(random_array((bits * lanes // 8,), np.dtype(np.uint8), 0)).reshape(lanes, bits)
    return lambda: runner.bits(table)
