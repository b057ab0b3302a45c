"""The cuda backend: generated CUDA C on an NVIDIA GPU, compiled when first used.

NumPy arrays are copied to the GPU and back. Torch tensors on the GPU are read where they are, and the results are
tensors there, computed on torch's current stream. A kernel is compiled for each form that data come in, once.

Lanes that do not fill a kernel's group (1,024 for integers, 32 for rows of bits) run in a padded copy. What does not
fit its bus is found by the kernel, which sets a flag; reading that flag waits for the GPU, and is left out where all
values of a type fit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError
from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.cuda import cuda_source as source
from trix_circuits.run.cuda.cuda_device import Device, driver_device, why_not
from trix_circuits.run.cuda.cuda_source import Bus, Kernel, Planes, Port
from trix_circuits.run.interface import (
    Column,
    Interface,
    checked_bits,
    checked_out,
    checked_planes,
    input_columns,
    output_columns,
    refuse_misfits,
    refuse_other_than_bits,
)
from trix_circuits.run.native.logic_ir import Chunk

Words = npt.NDArray[np.uint64]
BLOCK = 256  # threads
TILE_BYTES = 1 << 30  # of rows in global memory, for programs in chunks
_BLOCKS_PER_MULTIPROCESSOR = 16  # two rounds of as many as fit; not tuned on a GPU
_GROUP = 32  # units of work whose lanes lie together: what 32 threads read at a time
_MAX_UNITS = 1 << 31


class CudaRunner:
    """Runs a lane program on a GPU; see `backends.Runner`. May be called from several threads at once."""

    def __init__(self, program: LaneProgram, interface: Interface, device: Device, number: int = 0) -> None:
        if program.size > source.MAX_OPERATIONS:
            raise LimitError(
                f"a circuit on the GPU must have at most {source.MAX_OPERATIONS} operations, not {program.size}"
            )
        self.program = program
        self.interface = interface
        self.device = device
        self.number = number
        self._straight = source.is_straight(program)
        self._words = source.words_per_thread(program)
        self._loaded: dict[Any, Any] = {}
        self._lock = Lock()

    # Planes

    def planes(self, planes: Any, out: Any = None) -> Any:
        """See `backends.Runner`. A tensor on the GPU is of int64 (or uint64), and the result is one."""
        if _is_tensor(planes):
            from trix_circuits.run.cuda import cuda_tensors

            return cuda_tensors.planes(self, planes, out)
        planes = np.ascontiguousarray(checked_planes(self.interface, planes))
        words = planes.shape[-1]
        out = checked_out(self.interface, out, (*planes.shape[:-2], self.program.output_bits, words))
        with self._memory(0) as memory:
            into, back = memory(planes.nbytes), memory(out.nbytes)
            self.device.copy_in(into, planes, 0)
            blocks = len(planes) if planes.ndim == 3 else 1
            self.run_planes(
                Planes(into, 8 * words, 8 * words * self.program.input_bits),
                Planes(back, 8 * words, 8 * words * self.program.output_bits),
                words, blocks, 0,
            )  # fmt: skip
            self.device.copy_out(out, back, 0)
        return out

    def run_planes(self, x: Planes, y: Planes, words: int, blocks: int, stream: int) -> None:
        """Planes of so many 64-bit words in each of so many blocks."""
        if not words * blocks:
            return
        steps = [x.address, x.stride, y.address, y.stride] + ([x.block, y.block] if blocks > 1 else [])
        size = self._words if self._straight else 1
        while size > 2 and (any(step % (4 * size) for step in steps) or 2 * words % size):
            size //= 2
        units = 2 * words * blocks // size
        if units >= _MAX_UNITS:
            raise LimitError(
                f"planes on the GPU must have at most {_MAX_UNITS * size // 2} words, not {words * blocks}"
            )
        per_block = 2 * words // size if blocks > 1 else 0
        if self._straight:
            kernel = self._kernel(("planes", size), source.planes_kernel, self.program, size)
            self._launch(kernel, units, 0, _plane_ports(x, y, per_block, 4 * size), stream)
            return
        with self._memory(stream) as memory:
            tile, rows = self._tile(units, 0)
            scratch = memory(4 * rows * tile)
            for first in range(0, units, tile):
                self._chunks(x, y, per_block, first, min(tile, units - first), scratch, stream)

    def _chunks(self, x: Planes, y: Planes, per_block: int, first: int, count: int, scratch: int, stream: int) -> None:
        ports = [*_plane_ports(x, y, per_block, 4)[:-2], scratch, self._pieces[1] * source.ROW]
        for loaded in self._chunk_kernels:
            self._launch(loaded, count, first, ports, stream)

    @cached_property
    def _chunk_kernels(self) -> list[Any]:
        """The kernels of all chunks, compiled side by side: a chunk takes NVRTC one to two seconds."""
        made = [source.chunk_kernel(self.program, chunk, k) for k, chunk in enumerate(self._pieces[0])]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return list(pool.map(self.device.load, made))

    @cached_property
    def _pieces(self) -> tuple[list[Chunk], int]:
        return source.chunks_of(self.program)

    def _tile(self, units: int, ends: int) -> tuple[int, int]:
        """(units, rows) of a tile that has `ends` rows beside those between chunks."""
        rows = max(1, ends + (0 if self._straight else self._pieces[1]))
        most = TILE_BYTES // (4 * rows) // source.ROW * source.ROW
        if not most:
            raise LimitError(f"values between kernels must be at most {TILE_BYTES // 4 // source.ROW}, not {rows}")
        resident = self.device.multiprocessors * _BLOCKS_PER_MULTIPROCESSOR * BLOCK
        return min(-(-units // source.ROW) * source.ROW, most, resident), rows

    # Integers

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `backends.Runner`. If a bus is given as a tensor on the GPU, all are, or scalars; so are the results:
        uint8, int16, int32 or int64, the least that holds the values; int64 holds the bits of wider ones."""
        if any(_is_tensor(value) for value in inputs.values()):
            from trix_circuits.run.cuda import cuda_tensors

            return cuda_tensors.integers(self, inputs)
        lanes, columns = input_columns(self.interface, inputs)
        arrays, results = output_columns(self.interface, lanes)
        with self._memory(0) as memory:
            ports = [self._sent(memory, column) for column in columns]
            backs = [Port(Bus(8 * _array(c).itemsize, c.bits, 0), memory(_array(c).nbytes)) for c in results]
            if self.run_integers(ports, backs, lanes, 0):
                refuse_misfits(self.interface, columns)
                raise AssertionError("a kernel found an entry that does not fit, but there is none")
            for column, back in zip(results, backs, strict=True):
                array = _array(column)
                if array.flags.c_contiguous:
                    self.device.copy_out(array, back.value, 0)
                else:
                    copy = np.empty(lanes, dtype=array.dtype)
                    self.device.copy_out(copy, back.value, 0)
                    array[:] = copy
        return arrays

    def _sent(self, memory: Any, column: Column) -> Port:
        if column.array is None:
            return Port(Bus(0, column.bits, 0), column.constant)
        array = np.ascontiguousarray(column.array)
        address = memory(array.nbytes)
        self.device.copy_in(address, array, 0)
        return Port(Bus(8 * array.itemsize, column.bits, column.limit), address)

    def run_integers(self, ins: Sequence[Port], outs: Sequence[Port], lanes: int, stream: int) -> bool:
        """Columns to columns, at addresses divisible by 16; whether an entry does not fit (waits only if one might not)."""
        group = 32 * _GROUP
        full = lanes // group * group
        doubtful = any(port.bus.limit < port.bus.element for port in ins)
        with self._memory(stream) as memory:
            flag = self._flag(memory, stream)
            if full:
                self._integers(ins, outs, full // 32, flag, stream)
            if lanes > full:
                rest = lanes - full
                near = [self._padded(memory, port, full, rest, stream) for port in ins]
                far = [Port(port.bus, memory(group * port.bus.element // 8)) for port in outs]
                self._integers(near, far, _GROUP, flag, stream)
                for port, copy in zip(outs, far, strict=True):
                    self.device.copy(port.at(full), copy.value, rest * port.bus.element // 8, stream)
            return bool(doubtful and lanes and self._read(flag, stream))

    def _padded(self, memory: Any, port: Port, first: int, count: int, stream: int) -> Port:
        if not port.bus.element:
            return port
        size = 32 * _GROUP * port.bus.element // 8
        address = memory(size)
        self.device.zero(address, size, stream)
        self.device.copy(address, port.at(first), count * port.bus.element // 8, stream)
        return Port(port.bus, address)

    def _integers(self, ins: Sequence[Port], outs: Sequence[Port], units: int, flag: int, stream: int) -> None:
        kinds = tuple(port.bus for port in ins), tuple(port.bus for port in outs)
        if units >= _MAX_UNITS:
            raise LimitError(f"lanes on the GPU must be at most {32 * _MAX_UNITS}, not {32 * units}")
        if self._straight and len(ins) + len(outs) <= source.MAX_COLUMNS:
            kernel = self._kernel(("integers", *kinds), source.integers_kernel, self.program, *kinds)
            self._launch(kernel, units, 0, [port.value for port in (*ins, *outs)] + [flag], stream)
            return
        with self._memory(stream) as memory:
            tile, rows, count = self._rows(memory, units)
            for first in range(0, units, tile):
                size = min(tile, units - first)
                at = rows
                for part in _parts(ins):
                    buses = tuple(port.bus for port in part)
                    kernel = self._kernel(("columns in", buses), source.columns_in_kernel, buses)
                    self._launch(kernel, size, first, [*(port.value for port in part), flag, at, tile], stream)
                    at += 4 * tile * sum(bus.bits for bus in buses)
                self._on_rows(rows, count, tile, size, stream)
                for part in _parts(outs):
                    buses = tuple(port.bus for port in part)
                    kernel = self._kernel(("columns out", buses), source.columns_out_kernel, buses)
                    self._launch(kernel, size, first, [*(port.value for port in part), at, tile], stream)
                    at += 4 * tile * sum(bus.bits for bus in buses)

    def _rows(self, memory: Any, units: int) -> tuple[int, int, int]:
        """(units of a tile, address, rows): rows for the inputs, the outputs, and what lies between chunks."""
        ends = self.program.input_bits + self.program.output_bits
        tile, count = self._tile(units, ends)
        return tile, memory(4 * count * tile), ends

    def _on_rows(self, rows: int, ends: int, tile: int, count: int, stream: int) -> None:
        """The logic on rows of a tile: inputs first, then outputs, then room."""
        x, y = Planes(rows, 4 * tile), Planes(rows + 4 * tile * self.program.input_bits, 4 * tile)
        if self._straight:
            kernel = self._kernel(("planes", 1), source.planes_kernel, self.program, 1)
            self._launch(kernel, count, 0, _plane_ports(x, y, 0, 4), stream)
        else:
            self._chunks(x, y, 0, 0, count, rows + 4 * tile * ends, stream)

    # Rows of 0/1 elements

    def bits(self, bits: Any) -> Any:
        """See `backends.Runner`. float32 is taken too; a tensor on the GPU is of bool, uint8 or float32."""
        if _is_tensor(bits):
            from trix_circuits.run.cuda import cuda_tensors

            return cuda_tensors.bits(self, bits)
        if isinstance(bits, np.ndarray) and bits.dtype == np.float32:
            checked_bits(self.interface, np.empty((0, *bits.shape[1:]), dtype=np.uint8))
            found: npt.NDArray[Any] = np.ascontiguousarray(bits)
        else:
            found = np.ascontiguousarray(checked_bits(self.interface, bits))
        result = np.empty((len(found), self.program.output_bits), dtype=found.dtype)
        element = "u8" if found.itemsize == 1 else "float"
        with self._memory(0) as memory:
            into, back = memory(found.nbytes), memory(result.nbytes)
            self.device.copy_in(into, found, 0)
            if self.run_bits(element, into, back, len(found), 0):
                refuse_other_than_bits(self.interface, found)
                raise AssertionError("a kernel found an element that is neither 0 nor 1, but there is none")
            self.device.copy_out(result, back, 0)
        return result.view(bits.dtype)

    def run_bits(self, element: str, into: int, back: int, lanes: int, stream: int, sure: bool = False) -> bool:
        """Rows to rows, at addresses divisible by 16; whether an element is neither 0 nor 1 (not asked for if `sure`)."""
        size = 1 if element == "u8" else 4
        wide, narrow = size * self.program.input_bits, size * self.program.output_bits
        full = lanes // 32 * 32
        with self._memory(stream) as memory:
            flag = self._flag(memory, stream)
            if full:
                self._bits(element, into, back, full // 32, flag, stream)
            if lanes > full:
                rest = lanes - full
                near, far = memory(32 * wide), memory(32 * narrow)
                self.device.zero(near, 32 * wide, stream)
                self.device.copy(near, into + full * wide, rest * wide, stream)
                self._bits(element, near, far, 1, flag, stream)
                self.device.copy(back + full * narrow, far, rest * narrow, stream)
            return bool(lanes and not sure and self._read(flag, stream))

    def _bits(self, element: str, into: int, back: int, units: int, flag: int, stream: int) -> None:
        ins, outs = self.program.input_bits, self.program.output_bits
        if units >= _MAX_UNITS:
            raise LimitError(f"lanes on the GPU must be at most {32 * _MAX_UNITS}, not {32 * units}")
        if self._straight and max(ins, outs) <= source.MAX_ROW_NETS:
            kernel = self._kernel(("bits", element), source.bits_kernel, self.program, element)
            self._launch(kernel, units, 0, [into, back, flag], stream)
            return
        with self._memory(stream) as memory:
            tile, rows, count = self._rows(memory, units)
            reader = self._kernel(("rows in", element), source.rows_in_kernel, ins, element)
            writer = self._kernel(("rows out", element), source.rows_out_kernel, outs, element)
            for first in range(0, units, tile):
                size = min(tile, units - first)
                self._launch(reader, size, first, [into, flag, rows, tile], stream)
                self._on_rows(rows, count, tile, size, stream)
                self._launch(writer, size, first, [back, rows + 4 * tile * ins, tile], stream)

    # What all of them use

    def _kernel(self, key: Any, make: Callable[..., Kernel], *what: Any) -> Any:
        """The kernel that `make` makes of `what`, made and loaded once for each key."""
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self.device.load(make(*what))
            return self._loaded[key]

    def _launch(self, loaded: Any, units: int, first: int, ports: Sequence[int], stream: int) -> None:
        launch(self.device, loaded, units, first, ports, stream)

    @contextmanager
    def _memory(self, stream: int) -> Iterator[Any]:
        """A function that gives memory, all of which is given back in the end."""
        addresses: list[int] = []

        def memory(size: int) -> int:
            addresses.append(self.device.allocate(size, stream))
            return addresses[-1]

        try:
            yield memory
        finally:
            for address in addresses:
                self.device.free(address, stream)

    def _flag(self, memory: Any, stream: int) -> int:
        address: int = memory(4)
        self.device.zero(address, 4, stream)
        return address

    def _read(self, flag: int, stream: int) -> int:
        found = np.zeros(1, dtype=np.uint32)
        self.device.copy_out(found, flag, stream)
        return int(found[0])


def launch(device: Device, loaded: Any, units: int, first: int, ports: Sequence[int], stream: int) -> None:
    """Run a kernel over so many units of work, of which `first` is the number of the first one."""
    if not units:
        return
    job = np.array([units, first, *(port & 0xFFFFFFFFFFFFFFFF for port in ports)], dtype=np.uint64)
    grid = min(-(-units // BLOCK), device.multiprocessors * _BLOCKS_PER_MULTIPROCESSOR)
    device.launch(loaded, grid, BLOCK, job, stream)


def _plane_ports(x: Planes, y: Planes, per_block: int, unit: int) -> list[int]:
    """Ports of kernels on planes, strides in units of so many bytes."""
    ends = [x.address, x.stride // unit, x.block // unit, y.address, y.stride // unit, y.block // unit]
    return [*ends, per_block, 0, 0]


def _parts(ports: Sequence[Port]) -> list[Sequence[Port]]:
    return [ports[at : at + source.MAX_COLUMNS] for at in range(0, len(ports), source.MAX_COLUMNS)]


def _array(column: Column) -> npt.NDArray[Any]:
    assert column.array is not None
    return column.array


def _is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor on a GPU; loads no torch."""
    return type(value).__module__.partition(".")[0] == "torch" and bool(getattr(value, "is_cuda", False))


def device_number(device: str | None) -> int:
    """The GPU that `cuda` or `cuda:1` names; raises InputError for anything else."""
    name, colon, number = (device or "cuda").partition(":")
    if name != "cuda" or (colon and not number.isdecimal()):
        raise InputError(f"backend cuda runs on cuda or cuda:0, cuda:1, ..., not on {device}")
    return int(number or 0)


class CudaBackend:
    """Needs an NVIDIA GPU, its driver, NVRTC and the package cuda-bindings."""

    name = "cuda"

    def why_not(self) -> str:
        return why_not()

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> CudaRunner:
        number = device_number(device)
        return CudaRunner(program, interface, driver_device(number), number)


BACKEND = CudaBackend()
