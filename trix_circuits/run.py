"""Running proven circuits on integers, one assignment or a batch.

A batch is transposed into planes (one net, 64 lanes a word), each gate is evaluated on whole planes, and the output
planes are transposed back. Work goes in slices of lanes, so that memory stays in proportion to the netlist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError
from trix_circuits.netlist import Netlist
from trix_circuits.planes import Plane, Words, gate_plane

_SLICE_BITS = 1 << 28  # bits of all planes together, at a time


def _values(circuit: Circuit, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs with defaults filled in; raises InputError for names that are missing or unknown."""
    buses = circuit.netlist.inputs
    for name in inputs:
        if name not in buses:
            raise InputError(f"{circuit.name}: input {name!r} must be one of {', '.join(buses)}")
    found = {name: inputs.get(name, circuit.claim.defaults.get(name)) for name in buses}
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


def run_batch(circuit: Circuit, inputs: Mapping[str, npt.ArrayLike]) -> dict[str, npt.NDArray[Any]]:
    """Outputs by bus name for arrays of integers, one entry a lane.

    Buses up to 64 bits come back as uint64, wider ones as arrays of Python integers. A scalar stands for all lanes.
    Raises InputError, naming the bus, for values that do not fit, other dtypes than integers, or different lengths.
    """
    net = circuit.netlist
    arrays = {name: _array(circuit, name, value) for name, value in _values(circuit, inputs).items()}
    lengths = {len(array) for array in arrays.values() if array.ndim}
    if len(lengths) > 1:
        shown = ", ".join(f"{name} {len(array)}" for name, array in arrays.items() if array.ndim)
        raise InputError(f"{circuit.name}: the inputs must have the same number of lanes, not {shown}")
    lanes = lengths.pop() if lengths else 1
    full = {name: np.broadcast_to(array, (lanes,)) if array.ndim == 0 else array for name, array in arrays.items()}
    step = max(64, _SLICE_BITS // max(1, net.net_count) // 64 * 64)
    parts = [
        _run_slice(net, {name: array[at : at + step] for name, array in full.items()}) for at in range(0, lanes, step)
    ]
    if not parts:
        return {name: np.zeros(0, dtype=np.uint64 if len(nets) <= 64 else object) for name, nets in net.outputs.items()}
    return {name: np.concatenate([part[name] for part in parts]) for name in net.outputs}


def _array(circuit: Circuit, name: str, value: npt.ArrayLike) -> npt.NDArray[Any]:
    width = circuit.netlist.inputs[name]
    array = np.asarray(value)
    if array.ndim > 1:
        raise InputError(f"{circuit.name}: input {name} must be one-dimensional, not of shape {array.shape}")
    if array.size == 0:
        return array.astype(np.uint64) if width <= 64 else array.astype(object)
    whole = array.dtype.kind in "biu" or (array.dtype == object and all(type(item) is int for item in array.ravel()))
    if not whole:
        raise InputError(f"{circuit.name}: input {name} must hold integers, not {array.dtype}")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >> width:
        raise InputError(f"{circuit.name}: input {name} must be 0 to 2**{width} - 1, not {low if low < 0 else high}")
    return array.astype(np.uint64) if width <= 64 else array.astype(object)


def _run_slice(net: Netlist, inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    lanes = len(next(iter(inputs.values())))
    planes: list[Plane] = []
    for name, width in net.inputs.items():
        for i in range(width):
            planes.append(_pack((inputs[name] >> i & 1).astype(np.uint8)))
    for sources, weights, bias in net.gates():
        planes.append(gate_plane(planes, sources, weights, bias))
    outputs: dict[str, npt.NDArray[Any]] = {}
    for name, nets in net.outputs.items():
        kind: Any = np.uint64 if len(nets) <= 64 else object
        total = np.zeros(lanes, dtype=kind)
        for i, driver in enumerate(nets):
            bits = _unpack(planes[driver], lanes).astype(kind)
            total |= bits << (np.uint64(i) if kind is np.uint64 else i)
        outputs[name] = total
    return outputs


def _pack(bits: npt.NDArray[np.uint8]) -> Words:
    raw = np.packbits(bits, bitorder="little")
    return np.concatenate([raw, np.zeros(-len(raw) % 8, dtype=np.uint8)]).view("<u8").astype(np.uint64)


def _unpack(plane: Plane, lanes: int) -> npt.NDArray[np.uint8]:
    if isinstance(plane, int):
        return np.full(lanes, plane, dtype=np.uint8)
    return np.unpackbits(plane.astype("<u8").view(np.uint8), bitorder="little", count=lanes)
