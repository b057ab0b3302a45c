"""The native backend: SIMD on the CPU, compiled here by LLVM, no compiler needed.

Everything runs in tiles that stay in cache: a data kernel brings a tile's lanes in (`data_ir`), the logic runs on the
rows of the tile, a data kernel brings the results out; a compiled driver goes from tile to tile. Large batches are split
over the cores: the calls release the interpreter's lock. Lanes that do not fill a vector run in a padded copy.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError
from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.interface import (
    Column,
    Interface,
    aligned,
    checked_bits,
    checked_out,
    checked_planes,
    input_columns,
    output_columns,
    refuse_device,
    refuse_misfits,
    refuse_other_than_bits,
)
from trix_circuits.run.native import data_ir, values_ir
from trix_circuits.run.native.ir import LANES, VECTOR_BYTES, WORDS
from trix_circuits.run.native.jit import Code, object_code, ternary_logic
from trix_circuits.run.native.logic import Call, Logic, make_logic

Words = npt.NDArray[np.uint64]
Array = npt.NDArray[Any]
_THREAD_LANES = 1 << 19  # lanes times nets / 100 from which a second core pays
_DATA_OPT = 1
_NO_BLOCKS = 1 << 62


@cache
def _data_kernel(name: str) -> tuple[Code, int]:
    """Address of a data kernel, compiled when first asked for."""

    def text() -> str:
        kind, *sizes = name.rsplit("_", 3) if name.startswith(("integers", "values")) else (name,)
        makers: dict[str, Callable[..., str]] = {
            "integers_in": data_ir.integers_in, "integers_out": data_ir.integers_out,
            "values_in": values_ir.values_in, "values_out": values_ir.values_out,
            "planes_in": data_ir.planes_in, "planes_out": data_ir.planes_out, "drive": data_ir.driver,
        }  # fmt: skip
        body = makers[kind](*map(int, sizes))
        return data_ir.DECLARATIONS + (data_ir.TERNARY if ternary_logic() else "") + body

    data, _ = object_code(f"data {name}", text, _DATA_OPT)
    code = Code([data])
    return code, code.address(name)


def _kernel(name: str) -> int:
    return _data_kernel(name)[1]


@cache
def _drive() -> Any:
    kinds = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, *[ctypes.c_void_p] * 3]
    kinds += [ctypes.c_int64] * 4
    return ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(_kernel("drive"))


@dataclass(frozen=True, slots=True)
class Port:
    """Data that one kernel moves: `stride` in bytes, and the rows of the tile that it fills or reads."""

    array: Array
    stride: int
    kernel: str
    row: int
    bits: int
    limit: int = 0
    offset: int = 0  # bytes from the start of the array


def _aligned(count: int) -> Words:
    """Words at an address divisible by 64."""
    return aligned(count, np.dtype(np.uint64))


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=cores(), thread_name_prefix="lanes")


class NativeRunner:
    """Runs a lane program as machine code; see `backends.Runner`. May be called from several threads at once."""

    def __init__(self, program: LaneProgram, interface: Interface, logic: Logic, threads: int | None = None) -> None:
        self.program = program
        self.interface = interface
        self.logic = logic
        self.threads = threads or cores()
        self._local = threading.local()

    def planes(self, planes: Words, out: Words | None = None) -> Words:
        """See `backends.Runner`; `out`, if given, is filled and given back.

        Blocked planes, [blocks, input bits, words] with a multiple of 8 words, come back as [blocks, output bits, words]:
        they lie in memory in the order in which they are read, which is faster where there are many.
        """
        planes = checked_planes(self.interface, planes)
        words = planes.shape[-1]
        shape = (*planes.shape[:-2], self.program.output_bits, words)
        out = checked_out(self.interface, _aligned(math.prod(shape)).reshape(shape) if out is None else out, shape)
        if planes.ndim == 3:
            if words % WORDS:
                raise InputError(f"{self.interface.name}: blocks must have a multiple of {WORDS} words, not {words}")
            planes = np.ascontiguousarray(planes)
        elif planes.strides[1] != 8 and words > 1:
            planes = np.ascontiguousarray(planes)
        full, rest = divmod(words, WORDS)
        if planes.ndim == 3 and words == WORDS and self.logic.direct():
            self._direct(planes, out)
        elif full:
            block = full if planes.ndim == 3 else _NO_BLOCKS
            source = Port(planes, planes.strides[-2], "planes_in", 0, self.program.input_bits, block)
            target = Port(out, 8 * words, "planes_out", self.program.input_bits, self.program.output_bits, block)
            count = full if planes.ndim == 2 else full * len(planes)
            self._run([source], [target], count, [], block)
        if rest:
            padded = np.zeros((self.program.input_bits, WORDS), dtype=np.uint64)
            padded[:, :rest] = planes[:, full * WORDS :]
            result = np.empty((self.program.output_bits, WORDS), dtype=np.uint64)
            self._run(
                [Port(padded, VECTOR_BYTES, "planes_in", 0, self.program.input_bits, _NO_BLOCKS)],
                [
                    Port(
                        result,
                        VECTOR_BYTES,
                        "planes_out",
                        self.program.input_bits,
                        self.program.output_bits,
                        _NO_BLOCKS,
                    )
                ],
                1,
                [],
            )
            out[:, full * WORDS :] = result[:, :rest]
        return out

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, Array]:
        """See `backends.Runner`."""
        lanes, columns = input_columns(self.interface, inputs)
        arrays, results = output_columns(self.interface, lanes)
        sizes = [column.array.dtype.itemsize for column in (*columns, *results) if column.array is not None]
        width = 8 * max(sizes, default=1)
        sources, constants = _sources(columns, width)
        targets = []
        back: list[tuple[Array, Array]] = []
        for column in results:
            assert column.array is not None
            array = column.array
            if not array.flags.c_contiguous:
                array = np.empty(lanes, dtype=array.dtype)
                back.append((column.array, array))
            size = array.dtype.itemsize
            row = self.program.input_bits + column.first
            kernel = f"integers_out_{8 * size}_{width}_{_power(column.bits)}"
            targets.append(Port(array, size, kernel, row, column.bits))
        if self._lanes(sources, targets, lanes, constants):
            refuse_misfits(self.interface, columns)
        for into, array in back:
            into[:] = array
        return arrays

    def bits(self, bits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """See `backends.Runner`."""
        found = checked_bits(self.interface, bits)
        result, strange = self.values(found, 1)
        if strange:
            refuse_other_than_bits(self.interface, found)
        return result.view(bits.dtype)

    def values(self, values: Array, one: int) -> tuple[Array, bool]:
        """[lanes, input bits] of elements where the pattern `one` stands for 1, to [lanes, output bits] of the same kind.

        Also whether there was any other pattern than `one` and zeros; those count as 0.
        """
        size = values.dtype.itemsize
        if values.strides[1] != size or values.strides[0] < 0:
            values = np.ascontiguousarray(values)
        result = np.empty((len(values), self.program.output_bits), dtype=values.dtype)
        width = min(64, max(8, _power(max(values.shape[1], result.shape[1], 1))))
        sources = _value_ports(values, "values_in", 0, width, one)
        targets = _value_ports(result, "values_out", self.program.input_bits, width, one)
        return result, bool(self._lanes(sources, targets, len(values), []))

    def _lanes(self, sources: list[Port], targets: list[Port], lanes: int, constants: list[Column]) -> int:
        """Run so many lanes; those that do not fill a vector in padded copies."""
        full, rest = divmod(lanes, LANES)
        flag = self._run(sources, targets, full, constants) if full else 0
        if rest:
            start = full * LANES
            copies: dict[int, Array] = {}
            padded = []
            for port in sources:
                if id(port.array) not in copies:
                    copy = np.zeros((LANES, *port.array.shape[1:]), dtype=port.array.dtype)
                    copy[:rest] = port.array[start:]
                    copies[id(port.array)] = copy
                copy = copies[id(port.array)]
                padded.append(replace(port, array=copy, stride=copy.strides[0]))
            results: dict[int, tuple[Array, Array]] = {}
            for port in targets:
                if id(port.array) not in results:
                    results[id(port.array)] = (port.array, np.empty((LANES, *port.array.shape[1:]), port.array.dtype))
            into = [replace(port, array=results[id(port.array)][1]) for port in targets]
            flag |= self._run(padded, into, 1, constants)
            for array, copy in results.values():
                array[start:] = copy[:rest]
        return flag

    def _run(
        self, sources: list[Port], targets: list[Port], vectors: int, constants: list[Column], block: int = 0
    ) -> int:
        """Run so many vectors of all ports, on as many cores as pay; a tile stays within a block of vectors."""
        ins, outs = _descriptors(sources), _descriptors(targets)
        drive = _drive()
        call = self.logic.call()
        per_tile = call.per_tile
        if 0 < block < _NO_BLOCKS:
            per_tile = next(size for size in range(min(per_tile, block), 0, -1) if block % size == 0)
        shares = self._shares(vectors, per_tile)

        def share(number: int) -> int:
            tiles = -(-vectors // per_tile)
            begin, end = tiles * number // shares * per_tile, min(vectors, tiles * (number + 1) // shares * per_tile)
            tile = self._tile(call)
            for column in constants:
                for k in range(column.bits):
                    tile[column.first + k] = 0xFFFFFFFFFFFFFFFF if column.constant >> k & 1 else 0
            start = time.perf_counter()
            flag: int = drive(
                ins.ctypes.data, len(sources), outs.ctypes.data, len(targets), call.entry, call.context,
                tile.ctypes.data, call.pitch, per_tile, begin, end,
            )  # fmt: skip
            self.logic.spent(time.perf_counter() - start)
            return flag

        if shares == 1:
            return share(0)
        flags = list(_pool().map(share, range(shares)))
        return int(any(flags))

    def _direct(self, planes: Words, out: Words) -> None:
        """Blocks of eight words, without a tile between."""
        blocks = len(planes)
        shares = self._shares(blocks, 1)
        kinds = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
        function = ctypes.CFUNCTYPE(None, *kinds)(self.logic.direct())

        def share(number: int) -> None:
            begin, end = blocks * number // shares, blocks * (number + 1) // shares
            function(planes.ctypes.data, out.ctypes.data, begin, end)

        if shares == 1:
            share(0)
        else:
            list(_pool().map(share, range(shares)))

    def _shares(self, vectors: int, per_tile: int) -> int:
        """Over how many cores so many vectors are worth being split."""
        if self.threads == 1 or vectors * LANES * (self.program.size + 100) <= _THREAD_LANES * 100:
            return 1
        return min(self.threads, -(-vectors // per_tile))

    def _tile(self, call: Call) -> Words:
        """This thread's tile, a row a net."""
        shape = (call.rows, call.pitch // 8)
        tile: Words | None = getattr(self._local, "tile", None)
        if tile is None or tile.shape != shape:
            tile = _aligned(shape[0] * shape[1]).reshape(shape)
            self._local.tile = tile
        return tile


def _power(bits: int) -> int:
    """The least power of two that is not less."""
    return 1 << (bits - 1).bit_length()


def _descriptors(ports: list[Port]) -> npt.NDArray[np.int64]:
    rows = [
        (port.array.ctypes.data + port.offset, port.stride, _kernel(port.kernel), port.row, port.bits, port.limit)
        for port in ports
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 6)


def _sources(columns: list[Column], width: int) -> tuple[list[Port], list[Column]]:
    """What the data kernels read, and the columns that are the same in all lanes."""
    ports: list[Port] = []
    constants: list[Column] = []
    for column in columns:
        if column.array is None:
            constants.append(column)
            continue
        array = np.ascontiguousarray(column.array)
        size = 8 * array.dtype.itemsize
        bits = min(column.bits, size)
        kernel = f"integers_in_{size}_{width}_{_power(bits)}"
        ports.append(Port(array, array.dtype.itemsize, kernel, column.first, bits, column.limit))
        if bits < column.bits:
            constants.append(Column(column.bus, column.first + bits, column.bits - bits, None))
    return ports, constants


def _value_ports(array: Array, kind: str, row: int, width: int, one: int) -> list[Port]:
    """64 columns a port."""
    columns, size = array.shape[1], array.dtype.itemsize
    stride = array.strides[0] if len(array) > 1 else columns * size
    ports = []
    for at in range(0, columns, values_ir.COLUMNS):
        count = min(values_ir.COLUMNS, columns - at)
        ports.append(Port(array, stride, f"{kind}_{8 * size}_{count}_{width}", row + at, count, one, at * size))
    return ports


class NativeBackend:
    """Needs llvmlite."""

    name = "native"

    def why_not(self) -> str:
        return ""

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> NativeRunner:
        refuse_device(self.name, device)
        return NativeRunner(program, interface, make_logic(program))


BACKEND = NativeBackend()
