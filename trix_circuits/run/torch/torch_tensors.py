"""Tensors in and out: what a user may give, and the way from 0/1 elements and integers to planes and back.

All of it is elementwise work on whole tensors, on the device where they are. Lanes are filled up to a multiple of 64;
planes are int64, 64 lanes a word (PyTorch computes little with uint64; the bits are the same). Eight 0/1 bytes make one
byte of a plane, and eight bytes of integers are an 8 x 8 bit matrix in one int64, transposed by three exchanges
(Warren, Hacker's Delight, 7-3); what is left is to permute bytes. Words hold the lowest byte first, as on every
processor and GPU that PyTorch runs on.

PyTorch is loaded by this module; nothing imports it but what stands behind the backends `torch` and `dense`.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from trix_circuits.errors import InputError
from trix_circuits.run.interface import WORD, Interface, constant_columns

# What may stand for 0 and 1, and the pattern of 1 in an element.
ONE: dict[torch.dtype, int] = {
    torch.bool: 1, torch.uint8: 1, torch.int8: 1, torch.int16: 1, torch.int32: 1, torch.int64: 1,
    torch.float16: 0x3C00, torch.bfloat16: 0x3F80, torch.float32: 0x3F800000, torch.float64: 0x3FF << 52,
}  # fmt: skip
INTEGERS = {
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint16, torch.uint32, torch.uint64,
}  # fmt: skip
SAME_SIZE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
_SLICE = 1 << 17  # elements
UNSIGNED = {torch.bool, torch.uint8, torch.uint16, torch.uint32, torch.uint64}


def kind_of(value: Any) -> str:
    """The dtype of a tensor or array as a user writes it, else the name of the type."""
    return str(value.dtype).removeprefix("torch.") if hasattr(value, "dtype") else type(value).__name__


def result_kind(width: int) -> torch.dtype:
    """uint8, int16, int32 or int64: the least that holds all values of a bus; int64 holds the bits of wider ones."""
    for bits, kind in ((8, torch.uint8), (15, torch.int16), (31, torch.int32)):
        if width <= bits:
            return kind
    return torch.int64


def checked_bits(face: Interface, bits: Any) -> Tensor:
    """A tensor [lanes, input bits] of a kind that can hold 0 and 1; raises InputError. Its values are not looked at."""
    if not isinstance(bits, Tensor) or bits.dtype not in ONE:
        raise InputError(f"{face.name}: bits must be a tensor of bool, integers or floats, not {kind_of(bits)}")
    if bits.ndim != 2 or bits.shape[1] != face.input_bits:
        raise InputError(
            f"{face.name}: bits must have the shape [lanes, {face.input_bits}], not {list(bits.shape)}: one column"
            f" for each bit of {', '.join(face.inputs)}"
        )
    return bits


def refuse_other_than_bits(face: Interface, bits: Tensor) -> None:
    """Raise InputError, naming bus and lane, for the first element that is neither 0 nor 1."""
    if bits.dtype == torch.bool or not bits.numel():
        return
    # On the CPU slice by slice, for what is compared then stays in cache.
    size = max(1, _SLICE // bits.shape[1]) if bits.device.type == "cpu" else bits.shape[0]
    for start in range(0, bits.shape[0], size):
        part = bits[start : start + size]
        wrong = (part != 0) & (part != 1)
        if bool(wrong.any()):
            lane, column = wrong.nonzero()[0].tolist()
            raise InputError(
                f"{face.name}: bits must be 0 or 1, not {part[lane, column].item()} at lane {start + lane},"
                f" input {face.input_name(column)}"
            )


def checked_planes(face: Interface, planes: Any) -> Tensor:
    """A tensor [input bits, words] or [blocks, input bits, words] of int64 (or uint64), as int64; raises InputError."""
    if not isinstance(planes, Tensor) or planes.dtype not in (torch.int64, torch.uint64):
        raise InputError(f"{face.name}: planes must be a tensor of int64, not {kind_of(planes)}")
    if planes.ndim not in (2, 3) or planes.shape[-2] != face.input_bits:
        raise InputError(
            f"{face.name}: planes must have the shape [{face.input_bits}, words], not {list(planes.shape)}: one row"
            f" for each bit of {', '.join(face.inputs)}"
        )
    return planes.view(torch.int64)


def _filled(rows: Tensor) -> tuple[Tensor, int]:
    """[rows, lanes] of bytes with zeros up to a multiple of 64 lanes, and words of 64 lanes."""
    words = (rows.shape[1] + WORD - 1) // WORD
    return functional.pad(rows, (0, WORD * words - rows.shape[1])), words


def _as(x: Tensor, kind: torch.dtype, *shape: int) -> Tensor:
    """The same memory, row after row, as elements of another size."""
    flat = x.contiguous().reshape(-1)
    if flat.stride(0) != 1:  # a single element may have any
        flat = flat.clone(memory_format=torch.contiguous_format)
    return flat.view(kind).view(shape)


def planes_of_bits(bits: Tensor) -> Tensor:
    """[lanes, nets] of 0/1 (anything but 0 counts as 1) to planes [nets, words]."""
    nets = bits.shape[1]
    rows, words = _filled((bits != 0).view(torch.uint8).t())
    x = _as(rows, torch.int64, nets, 8 * words)
    for shift in (7, 14, 28):
        x = x | x >> shift
    return _as((x & 0xFF).to(torch.uint8), torch.int64, nets, words)


def bits_of_planes(planes: Tensor, lanes: int, kind: torch.dtype) -> Tensor:
    """Planes [nets, words] to [lanes, nets] of 0/1 elements."""
    nets, words = planes.shape
    x = _as(planes, torch.uint8, nets, 8 * words).to(torch.int64)
    for shift, mask in ((28, 0x0000000F0000000F), (14, 0x0003000300030003), (7, 0x0101010101010101)):
        x = (x | x << shift) & mask
    return _as(x, torch.uint8, nets, WORD * words)[:, :lanes].t().to(kind, memory_format=torch.contiguous_format)


def _transposed(x: Tensor) -> Tensor:
    """The 8 x 8 bits of each int64, transposed."""
    for shift, mask in ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0)):
        t = (x ^ x >> shift) & mask
        x = x ^ t ^ t << shift
    return x


def planes_of_bytes(raw: Tensor) -> Tensor:
    """[lanes, bytes] of uint8 to planes [8 * bytes, words]."""
    count = raw.shape[1]
    rows, words = _filled(raw.t())
    x = _as(_transposed(_as(rows, torch.int64, count, 8 * words)), torch.uint8, count, 8 * words, 8)
    return _as(x.permute(0, 2, 1), torch.int64, 8 * count, words)


def bytes_of_planes(planes: Tensor, lanes: int) -> Tensor:
    """Planes [8 * bytes, words] to [lanes, bytes] of uint8."""
    count, words = planes.shape[0] // 8, planes.shape[1]
    x = _as(planes, torch.uint8, count, 8, 8 * words).permute(0, 2, 1)
    return _as(_transposed(_as(x, torch.int64, count, 8 * words)), torch.uint8, count, WORD * words)[:, :lanes].t()


@dataclass(frozen=True, slots=True)
class Given:
    """An input bus: [lanes, words] of uint8 or int16 to int64 as bits, the lowest taken; or a constant for all lanes."""

    bits: int
    entries: Tensor | None
    constant: int = 0


def given_integers(face: Interface, inputs: Mapping[str, Any], check: bool) -> tuple[int, torch.device, list[Given]]:
    """(lanes, device, buses in order) of tensors and scalars by bus name; raises InputError, naming the bus.

    That the values fit is asked only if `check`; it needs them at hand, which a graph in the making has not.
    """
    for name in inputs:
        if name not in face.inputs:
            raise InputError(f"{face.name}: input {name!r} must be one of {', '.join(face.inputs)}")
    values = {name: face.defaults.get(name) if inputs.get(name) is None else inputs[name] for name in face.inputs}
    given = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    lengths = {name: value.shape[0] for name, value in given.items() if value.ndim}
    for what, each in (("number of lanes", lengths), ("device", {name: t.device for name, t in given.items()})):
        if any(value != next(iter(each.values())) for value in each.values()):
            shown = ", ".join(f"{name} {value}" for name, value in each.items())
            raise InputError(f"{face.name}: the inputs must have the same {what}, not {shown}")
    lanes = next(iter(lengths.values()), 1)
    device = next((value.device for value in given.values()), torch.device("cpu"))
    found: list[Given] = []
    for name, width in face.inputs.items():
        value = values[name]
        if value is None:
            raise InputError(f"{face.name}: input {name} must be given, a tensor of integers below 2**{width}")
        if name in given:
            whole = given[name] if given[name].ndim else given[name].expand(lanes)
            found.append(Given(width, _entries(face, name, width, whole, check)))
        elif isinstance(value, (int, float, np.generic)):
            if isinstance(value, int):
                value = operator.index(value)  # a graph in the making takes this number as it is
            parts = constant_columns(face, name, 0, width, value)
            found.append(Given(width, None, sum(part.constant << part.first for part in parts)))
        else:
            raise InputError(f"{face.name}: input {name} must be a tensor or an integer, not {type(value).__name__}")
    return lanes, device, found


def _entries(face: Interface, name: str, width: int, value: Tensor, check: bool) -> Tensor:
    words = -(-width // WORD)
    if value.dtype not in INTEGERS:
        raise InputError(f"{face.name}: input {name} must hold integers, not {kind_of(value)}")
    if value.ndim > 2 or (value.ndim == 2 and value.shape[1] != words):
        wanted = f"[lanes] or [lanes, {words}]" if words > 1 else "[lanes]"
        raise InputError(f"{face.name}: input {name} must have the shape {wanted}, not {list(value.shape)}")
    size = value.dtype.itemsize
    if value.ndim == 2 and words > 1 and size != 8:
        raise InputError(f"{face.name}: input {name} must hold 64-bit words, not {kind_of(value)}")
    seen = value.view(SAME_SIZE[size])
    if check and value.shape[0]:
        _refuse_misfits(face, name, width, value, seen)
    return seen if seen.ndim == 2 else seen[:, None]


def _refuse_misfits(face: Interface, name: str, width: int, value: Tensor, seen: Tensor) -> None:
    """Raise InputError for the first entry that does not fit. The words of 64 bits or more are bits without a sign."""
    size = 8 * value.dtype.itemsize
    last = seen[:, -1] if seen.ndim == 2 else seen
    limit = width - WORD * (seen.shape[1] - 1) if seen.ndim == 2 else width
    if value.dtype not in UNSIGNED and not (size == WORD <= width):
        limit = min(limit, size - 1)
    if limit >= size:
        return
    wrong = (last >> limit) != 0
    if bool(wrong.any()):
        lane = int(wrong.nonzero()[0])
        entry = int(value.reshape(len(value), -1)[lane, -1].item()) if width <= WORD else None
        shown = f"{entry} at lane {lane}" if entry is not None else f"what stands at lane {lane}"
        raise InputError(f"{face.name}: input {name} must be 0 to 2**{width} - 1, not {shown}")


def planes_of_integers(lanes: int, device: torch.device, buses: list[Given]) -> Tensor:
    """Planes [input bits, words] of all buses."""
    words = (lanes + WORD - 1) // WORD
    rows = [torch.zeros(0, words, dtype=torch.int64, device=device)]
    for bus in buses:
        if bus.entries is None:
            rows.append(-_constant_rows(bus, words, device))
            continue
        size = bus.entries.shape[1] * bus.entries.dtype.itemsize
        raw = _as(bus.entries, torch.uint8, lanes, size)[:, : -(-bus.bits // 8)]
        planes = planes_of_bytes(raw)[: bus.bits]
        rows.append(functional.pad(planes, (0, 0, 0, bus.bits - planes.shape[0])))
    return torch.cat(rows)


def _constant_rows(bus: Given, length: int, device: torch.device) -> Tensor:
    """[bits, length] of int64 0 and 1."""
    bits = torch.tensor([bus.constant >> k & 1 for k in range(bus.bits)], dtype=torch.int64, device=device)
    return bits[:, None].expand(-1, length)


def columns_of_integers(lanes: int, device: torch.device, buses: list[Given]) -> Tensor:
    """[input bits, lanes] of bool: a lane an element, for graphs, in which shapes are not known."""
    rows = [torch.zeros(0, lanes, dtype=torch.bool, device=device)]
    for bus in buses:
        if bus.entries is None:
            rows.append(_constant_rows(bus, lanes, device) != 0)
            continue
        size = 8 * bus.entries.dtype.itemsize
        for k in range(bus.entries.shape[1]):
            count = min(size, bus.bits - size * k)
            shifts = torch.arange(count, dtype=bus.entries.dtype, device=device)
            rows.append((bus.entries[:, k] >> shifts[:, None] & 1) != 0)
        missing = bus.bits - size * bus.entries.shape[1]
        if missing > 0:
            rows.append(torch.zeros(missing, lanes, dtype=torch.bool, device=device))
    return torch.cat(rows)


def integers_of_planes(face: Interface, planes: Tensor, lanes: int) -> dict[str, Tensor]:
    """Tensors by output bus, of `result_kind`; beyond 64 bits [lanes, words] of int64, lowest word first."""
    found = {}
    at = 0
    for name, width in face.outputs.items():
        kind = result_kind(width)
        words = -(-width // WORD)
        rows = functional.pad(planes[at : at + width], (0, 0, 0, 8 * kind.itemsize * words - width))
        entries = _as(bytes_of_planes(rows, lanes), kind, lanes, words)
        found[name] = entries if words > 1 else entries[:, 0]
        at += width
    return found


def integers_of_columns(face: Interface, columns: Tensor) -> dict[str, Tensor]:
    """As `integers_of_planes`, from [output bits, lanes] of bool."""
    found = {}
    at = 0
    for name, width in face.outputs.items():
        words = []
        for start in range(0, width, WORD):
            count = min(WORD, width - start)
            shifts = torch.arange(count, device=columns.device)[:, None]
            words.append((columns[at + start : at + start + count].to(torch.int64) << shifts).sum(0))
        found[name] = torch.stack(words, 1) if len(words) > 1 else words[0].to(result_kind(width))
        at += width
    return found
