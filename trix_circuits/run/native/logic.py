"""How a program's logic is run on a tile: straight-line code, chunks of it, or the interpreter.

Up to `STRAIGHT` operations one function does it all, its nets in registers. A larger program would take LLVM too long
as one function: it is run by the interpreter at once, and cut into chunks that pass nets through rows of the tile.
When to compile them is the question of whether to rent or to buy (Karlin et al., Competitive snoopy caching, 1988):
chunks are compiled, in the background, once the interpreter has run for a fair part of the time that compiling would
take; so never more than about twice the best possible time is spent. Chunks that
are in the cache on disk are used from the start.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.native import interpreter_ir, logic_ir
from trix_circuits.run.native.ir import VECTOR_BYTES
from trix_circuits.run.native.jit import Code, object_code, stored_code, ternary_logic, x86_assembly

STRAIGHT = 4000
STRAIGHT_LLVM = 1500  # where LLVM gives out the registers, which takes it longer the more there are
CHUNK = 3000
_SECONDS_PER_OPERATION = 0.0001  # of compiling: measured 0.00005 with `assembly`, 0.0002 to 0.003 without
_FAIR_PART = 0.25
_TILE_BYTES = 1 << 17
_LARGE_TILE_BYTES = 3 << 18
_CHUNK_TILE_BYTES = 1 << 18
_OPT = 1


@dataclass(frozen=True)
class Call:
    """Addresses of code and of its context, for tiles of `rows` rows of `per_tile` vectors, `pitch` bytes apart."""

    entry: int
    context: int
    rows: int
    per_tile: int
    pitch: int


class Logic(Protocol):
    """A program that can be called on tiles."""

    def call(self) -> Call:
        """What to call now."""

    def direct(self) -> int:
        """Address of a function from blocks of eight words to such blocks; 0 if there is none."""

    def spent(self, seconds: float) -> None:
        """Take note that the code has run for so long."""


def tile_shape(rows: int, per_tile: int | None, budget: int, least: int) -> tuple[int, int]:
    """(vectors a tile, bytes a row): up to 32 vectors; a row is one vector longer, so that rows do not collide in cache."""
    per = per_tile or max(least, min(32, budget // (VECTOR_BYTES * max(1, rows)) // least * least))
    return per, (per + 1) * VECTOR_BYTES


@dataclass
class Straight:
    """All in one function."""

    program: LaneProgram
    _code: Code
    _call: Call
    _direct: tuple[Code, int] | None = None

    def call(self) -> Call:
        return self._call

    def direct(self) -> int:
        if self._direct is None:
            data, _ = object_code(f"direct {self.program.digest}", lambda: _direct_source(self.program), _OPT)
            code = Code([data])
            self._direct = code, code.address("direct")
        return self._direct[1]

    def spent(self, seconds: float) -> None:
        pass


@dataclass
class Large:
    """The interpreter, and chunks once they are there."""

    program: LaneProgram
    chunks: list[logic_ir.Chunk]
    _interpret: Call
    _chunked: Call  # without its addresses, until they are known
    _kept: list[Any]  # what the addresses point into
    interpreted_only: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _compiled: Call | None = None
    _interpreted: float = 0.0
    _thread: threading.Thread | None = None
    compile_seconds: float = 0.0

    def call(self) -> Call:
        return self._compiled or self._interpret

    def direct(self) -> int:
        return 0

    @property
    def is_compiled(self) -> bool:
        return self._compiled is not None

    def spent(self, seconds: float) -> None:
        """Start compiling in the background when that begins to pay."""
        if self._compiled is not None or self._thread is not None or self.interpreted_only:
            return
        with self._lock:
            self._interpreted += seconds
            if self._interpreted > _FAIR_PART * _SECONDS_PER_OPERATION * self.program.size and self._thread is None:
                self._thread = threading.Thread(target=self.compile_now, name="compile-chunks", daemon=True)
                self._thread.start()

    def _key(self, k: int) -> str:
        return f"chunk {self.program.digest} {self._chunked.pitch} {CHUNK} {k}"

    def _source(self, k: int) -> str:
        if x86_assembly():
            return logic_ir.chunk_assembly(self.program, self.chunks[k], f"chunk{k}", self._chunked.pitch)
        ternary = ternary_logic()
        head = logic_ir.DECLARATION if ternary else ""
        return head + logic_ir.chunk_code(self.program, self.chunks[k], f"chunk{k}", ternary, self._chunked.pitch)

    def compile_now(self) -> None:
        """Compile the chunks; runs use them from then on."""
        start = time.perf_counter()
        objects = [object_code(self._key(k), lambda k=k: self._source(k), _OPT)[0] for k in range(len(self.chunks))]  # type: ignore[misc]
        self.compile_seconds = time.perf_counter() - start
        self._load(objects)

    def load_stored(self) -> bool:
        """Use chunks that are all in the cache on disk; whether they are."""
        objects = []
        for k in range(len(self.chunks)):
            data = stored_code(self._key(k), _OPT)
            if data is None:
                return False
            objects.append(data)
        self._load(objects)
        return True

    def _load(self, objects: list[bytes]) -> None:
        runner, _ = object_code("run chunks", interpreter_ir.chunk_runner, _OPT)
        code = Code([*objects, runner])
        addresses = [code.address(f"chunk{k}") for k in range(len(self.chunks))]
        context = np.array([len(addresses), *addresses], dtype=np.int64)
        self._kept += [code, context]
        self._compiled = replace(self._chunked, entry=code.address("run_chunks"), context=context.ctypes.data)


def make_logic(program: LaneProgram, per_tile: int | None = None) -> Logic:
    """The way that suits a program's size."""
    if program.size <= (STRAIGHT if x86_assembly() else STRAIGHT_LLVM):
        return _straight(program, per_tile)
    return large(program, per_tile)


def _straight(program: LaneProgram, per_tile: int | None) -> Straight:
    rows = max(1, program.input_bits + program.output_bits)
    per, pitch = tile_shape(rows, per_tile, _TILE_BYTES, 8)
    data, _ = object_code(f"straight {program.digest} {pitch}", lambda: _straight_source(program, pitch), _OPT)
    code = Code([data])
    return Straight(program, code, Call(code.address("logic"), 0, rows, per, pitch))


def _straight_source(program: LaneProgram, pitch: int) -> str:
    if x86_assembly():
        return logic_ir.straight_assembly(program, "logic", pitch)
    ternary = ternary_logic()
    return (logic_ir.DECLARATION if ternary else "") + logic_ir.straight(program, "logic", ternary, pitch)


def _direct_source(program: LaneProgram) -> str:
    if x86_assembly():
        return logic_ir.direct_assembly(program, "direct")
    ternary = ternary_logic()
    head = logic_ir.PREFETCH + (logic_ir.DECLARATION if ternary else "")
    return head + logic_ir.direct(program, "direct", ternary)


def large(program: LaneProgram, per_tile: int | None = None, interpreted_only: bool = False) -> Large:
    """A program of any size, interpreted at first, and for good if that is asked for."""
    chunks, crossing = logic_ir.chunked(program, CHUNK)
    slots = program.input_bits + program.output_bits + program.slot_count
    chunk_per, chunk_pitch = tile_shape(crossing, per_tile, _CHUNK_TILE_BYTES, 2)
    per, pitch = tile_shape(slots, per_tile, _LARGE_TILE_BYTES, 8)
    data, _ = object_code("interpreter", lambda: interpreter_ir.interpreter(ternary_logic()), _OPT)
    code = Code([data])
    records = _records(program, pitch, code)
    interpret = Call(code.address("interpret"), records.ctypes.data, slots, per, pitch)
    chunked = Call(0, 0, crossing, chunk_per, chunk_pitch)
    made = Large(program, chunks, interpret, chunked, [code, records], interpreted_only)
    if not interpreted_only:
        made.load_stored()
    return made


def _records(program: LaneProgram, pitch: int, code: Code) -> npt.NDArray[Any]:
    """The program as the interpreter reads it."""
    names = interpreter_ir.handlers()
    table = code.table("handler_table", len(names))
    handler = np.zeros(256, dtype=np.int64)
    for number, address in zip(interpreter_ir.tables(), table, strict=False):
        handler[number] = address
    special = dict(zip(names[-5:], table[-5:], strict=True))
    first, size, outputs = program.first, program.size, program.output_bits
    row = np.zeros(first + size, dtype=np.int64)
    row[1:first] = np.arange(first - 1)
    row[first:] = program.input_bits + outputs + program.slots
    kind = np.dtype([("handler", "<i8"), ("rows", "<u4", (4,))])
    records = np.zeros(size + outputs + 1, dtype=kind)
    records["handler"][:size] = handler[program.tables]
    records["rows"][:size, 0] = row[first:] * pitch
    records["rows"][:size, 1:] = row[program.operands] * pitch
    for k, literal in enumerate(program.outputs.tolist()):
        record = records[size + k]
        plain, flipped = (interpreter_ir.COPY, interpreter_ir.INVERT)
        if not literal >> 1:
            plain, flipped = (interpreter_ir.CLEAR, interpreter_ir.FILL)
        record["handler"] = special[flipped if literal & 1 else plain]
        record["rows"][:2] = (program.input_bits + k) * pitch, row[literal >> 1] * pitch
    records["handler"][-1] = special[interpreter_ir.HALT]
    return records
