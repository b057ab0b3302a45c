"""Running proven circuits on integers: one assignment, by the definition of a gate, or a batch, by a backend."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError
from trix_circuits.run import Runner

_RUNNERS: dict[tuple[int, str], Runner] = {}  # by the identity of a circuit, for as long as it lives


def _values(circuit: Circuit, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs with defaults filled in; raises InputError for names that are missing or unknown."""
    buses = circuit.netlist.inputs
    for name in inputs:
        if name not in buses:
            raise InputError(f"{circuit.name}: input {name!r} must be one of {', '.join(buses)}")
    found = {name: inputs.get(name, circuit.defaults.get(name)) for name in buses}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise InputError(f"{circuit.name}: input {missing[0]} must be given, e.g. {missing[0]}=1")
    return found


def run_once(circuit: Circuit, inputs: Mapping[str, int]) -> dict[str, int]:
    """Outputs by bus name for one assignment of integers, of any width; raises InputError if one does not fit."""
    net = circuit.netlist
    bits: list[int] = []
    for name, value in _values(circuit, inputs).items():
        width = net.inputs[name]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << width:
            raise InputError(f"{circuit.name}: input {name} must be 0 to 2**{width} - 1, not {value}")
        bits.extend(value >> i & 1 for i in range(width))
    for sources, weights, bias in net.gates():
        total = bias + sum(w for s, w in zip(sources, weights, strict=True) if bits[s])
        bits.append(int(total >= 0))
    return {name: sum(bits[driver] << i for i, driver in enumerate(nets)) for name, nets in net.outputs.items()}


def run_batch(
    circuit: Circuit, inputs: Mapping[str, npt.ArrayLike], backend: str = "auto"
) -> dict[str, npt.NDArray[Any]]:
    """Outputs by bus name for arrays of integers, one entry a lane.

    Buses up to 64 bits come back as uint64, wider ones as arrays of Python integers. A scalar stands for all lanes.
    Raises InputError, naming the bus, for values that do not fit, other dtypes than integers, or different lengths.
    `circuit.compile()` gives what runs here, which makes fewer copies: its results are of the least kind that holds them.
    """
    found = _runner(circuit, backend).integers(inputs)
    return {
        name: _python_integers(array) if array.ndim > 1 else array.astype(np.uint64) for name, array in found.items()
    }


def _runner(circuit: Circuit, backend: str) -> Runner:
    """The circuit's runner, compiled once."""
    key = id(circuit), backend
    found = _RUNNERS.get(key)
    if found is None:
        found = _RUNNERS[key] = circuit.compile(backend)
        weakref.finalize(circuit, _RUNNERS.pop, key, None)
    return found


def _python_integers(words: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[lanes, words], lowest word first, as Python integers."""
    total = np.zeros(len(words), dtype=object)
    for k in reversed(range(words.shape[1])):
        total = total << 64 | words[:, k].astype(object)
    return total
