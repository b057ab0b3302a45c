"""The reference backend: NumPy, one operation at a time over slices of planes that stay in cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.lower.lut import AND, OR, XOR, binary_form
from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.interface import (
    Column,
    Interface,
    checked_bits,
    checked_out,
    checked_planes,
    input_columns,
    output_columns,
    refuse_device,
    refuse_misfits,
    refuse_other_than_bits,
)

Words = npt.NDArray[np.uint64]
_CACHE_BYTES = 1 << 20
_LANES = 1 << 16  # lanes of integers or bits that are turned into planes at a time


@dataclass(frozen=True)
class NumpyRunner:
    """Runs a lane program; see `backends.Runner`."""

    program: LaneProgram
    interface: Interface

    def planes(self, planes: Words, out: Words | None = None) -> Words:
        planes = checked_planes(self.interface, planes)
        words = planes.shape[-1]
        shape = (*planes.shape[:-2], self.program.output_bits, words)
        out = checked_out(self.interface, out, shape)
        if planes.ndim == 3:
            for block, into in zip(planes, out, strict=True):
                self.planes(block, into)
            return out
        step = max(64, _CACHE_BYTES // 8 // (self.program.slot_count + 8))
        for at in range(0, words, step):
            self._slice(planes[:, at : at + step], out[:, at : at + step])
        return out

    def _slice(self, planes: Words, out: Words) -> None:
        program = self.program
        first, words = program.first, planes.shape[1]
        slots = np.empty((program.slot_count, words), dtype=np.uint64)
        spare = np.empty((9, words), dtype=np.uint64)
        place = program.slots.tolist()

        def plane(value: int) -> Words:
            found: Words = planes[value - 1] if value < first else slots[place[value - first]]
            return found

        rows = zip(program.tables.tolist(), program.operands.tolist(), strict=True)
        for own, (table, operands) in enumerate(rows):
            names = [plane(part) if part else spare[-1] for part in operands]
            for k, (op, left, right) in enumerate(binary_form(table)):
                into, x, y = spare[k], names[left], names[right]
                if op == AND:
                    np.bitwise_and(x, y, out=into)
                elif op == OR:
                    np.bitwise_or(x, y, out=into)
                elif op == XOR:
                    np.bitwise_xor(x, y, out=into)
                else:
                    np.bitwise_and(x, np.invert(y), out=into)
                names.append(into)
            slots[place[own]] = names[-1]
        for k, literal in enumerate(program.outputs.tolist()):
            value = literal >> 1
            out[k] = plane(value) if value else 0
            if literal & 1:
                np.invert(out[k], out=out[k])

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        lanes, columns = input_columns(self.interface, inputs)
        refuse_misfits(self.interface, columns)
        arrays, results = output_columns(self.interface, lanes)
        for at in range(0, lanes, _LANES):
            count = min(_LANES, lanes - at)
            planes = np.zeros((self.program.input_bits, -(-count // 64)), dtype=np.uint64)
            for column in columns:
                _fill(planes, column, at, count)
            out = self.planes(planes)
            for column in results:
                assert column.array is not None
                column.array[at : at + count] = _entries(out, column, count)
        return arrays

    def bits(self, bits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        found = checked_bits(self.interface, bits)
        refuse_other_than_bits(self.interface, found)
        result = np.empty((len(found), self.program.output_bits), dtype=bits.dtype)
        for at in range(0, len(found), _LANES):
            part = found[at : at + _LANES]
            result[at : at + _LANES] = _unpacked(self.planes(_packed(part.T)), len(part)).T
        return result


def _packed(rows: npt.NDArray[np.uint8]) -> Words:
    """[nets, lanes] of 0/1 into planes, the last word filled with zeros."""
    raw = np.packbits(rows, axis=1, bitorder="little")
    padded = np.zeros((raw.shape[0], -(-raw.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : raw.shape[1]] = raw
    return padded.view("<u8").astype(np.uint64)


def _unpacked(planes: Words, lanes: int) -> npt.NDArray[np.uint8]:
    """Planes into [nets, lanes] of 0/1."""
    return np.unpackbits(planes.astype("<u8").view(np.uint8), axis=1, bitorder="little", count=lanes)


def _fill(planes: Words, column: Column, at: int, count: int) -> None:
    rows = planes[column.first : column.first + column.bits]
    if column.array is None:
        for k in range(column.bits):
            rows[k] = np.uint64(0xFFFFFFFFFFFFFFFF) if column.constant >> k & 1 else np.uint64(0)
        return
    part = np.ascontiguousarray(column.array[at : at + count])
    raw = part.astype(part.dtype.newbyteorder("<")).view(np.uint8).reshape(count, -1)
    bits = np.unpackbits(raw, axis=1, bitorder="little")[:, : column.bits].T
    rows[: len(bits)] = _packed(bits)


def _entries(planes: Words, column: Column, count: int) -> npt.NDArray[Any]:
    assert column.array is not None
    size = column.array.dtype.itemsize
    bits = np.zeros((count, 8 * size), dtype=np.uint8)
    bits[:, : column.bits] = _unpacked(planes[column.first : column.first + column.bits], count).T
    return np.packbits(bits, axis=1, bitorder="little").view(f"<u{size}")[:, 0]


class NumpyBackend:
    """Always there."""

    name = "numpy"

    def why_not(self) -> str:
        return ""

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> NumpyRunner:
        refuse_device(self.name, device)
        return NumpyRunner(program, interface)


BACKEND = NumpyBackend()
