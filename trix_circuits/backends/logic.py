"""How a program's logic is run on a tile: straight-line code, chunks of it, or the interpreter.

Up to `STRAIGHT` operations one function does it all, its nets in registers. A larger program would take LLVM too long
as one function: it is run by the interpreter at once, and cut into chunks that pass nets through rows of the tile.
When to compile them is the question of whether to rent or to buy (Karlin et al., Competitive snoopy caching, 1988):
chunks are compiled, in the background, once the interpreter has run for a fair part of the time that compiling would
take, by the rate measured while compiling; so never more than about twice the best possible time is spent. Chunks that
are in the cache on disk are used from the start.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trix_circuits.backends import interpreter_ir, logic_ir
from trix_circuits.backends.ir import VECTOR_BYTES
from trix_circuits.backends.jit import Code, object_code, stored_code, ternary_logic, x86_assembly
from trix_circuits.lower.program import LaneProgram

STRAIGHT = 1500
CHUNK = 1000
_SECONDS_PER_OPERATION = 0.0002  # of compiling; corrected by what is measured
_FAIR_PART = 0.25
_TILE_BYTES = 1 << 17
_LARGE_TILE_BYTES = 3 << 18
_OPT = 1


class Logic(Protocol):
    """Tiles have `rows` rows of `per_tile` vectors, `pitch` bytes apart."""

    rows: int
    per_tile: int
    pitch: int

    def function(self) -> tuple[int, int]:
        """Addresses of the code to call now, and of its context."""

    def direct(self) -> int:
        """Address of a function from blocks of eight words to such blocks; 0 if there is none."""

    def spent(self, seconds: float) -> None:
        """Take note that the code has run for so long."""


def tile_shape(rows: int, per_tile: int | None, budget: int) -> tuple[int, int]:
    """(vectors a tile, bytes a row): 4 to 32 vectors; a row is one vector longer, so that rows do not collide in cache."""
    per = per_tile or max(4, min(32, budget // (VECTOR_BYTES * max(1, rows)) // 4 * 4))
    return per, (per + 1) * VECTOR_BYTES


@dataclass
class Straight:
    """All in one function."""

    program: LaneProgram
    rows: int
    per_tile: int
    pitch: int
    _code: Code
    _direct: tuple[Code, int] | None = None

    def function(self) -> tuple[int, int]:
        return self._code.address("logic"), 0

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
    rows: int
    per_tile: int
    pitch: int
    chunks: list[logic_ir.Chunk]
    _records: npt.NDArray[Any]
    _interpreter: Code
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _compiled: tuple[Code, npt.NDArray[np.int64]] | None = None
    _interpreted: float = 0.0
    _thread: threading.Thread | None = None
    compile_seconds: float = 0.0

    def function(self) -> tuple[int, int]:
        compiled = self._compiled
        if compiled is not None:
            return compiled[0].address("run_chunks"), compiled[1].ctypes.data
        return self._interpreter.address("interpret"), self._records.ctypes.data

    def direct(self) -> int:
        return 0

    @property
    def is_compiled(self) -> bool:
        return self._compiled is not None

    def spent(self, seconds: float) -> None:
        """Start compiling in the background when that begins to pay."""
        if self._compiled is not None or self._thread is not None:
            return
        with self._lock:
            self._interpreted += seconds
            if self._interpreted > _FAIR_PART * _SECONDS_PER_OPERATION * self.program.size and self._thread is None:
                self._thread = threading.Thread(target=self.compile_now, name="compile-chunks", daemon=True)
                self._thread.start()

    def _key(self, k: int) -> str:
        return f"chunk {self.program.digest} {self.pitch} {CHUNK} {k}"

    def _source(self, k: int) -> str:
        if x86_assembly():
            return logic_ir.chunk_assembly(self.program, self.chunks[k], f"chunk{k}", self.pitch)
        ternary = ternary_logic()
        head = logic_ir.DECLARATION if ternary else ""
        return head + logic_ir.chunk_code(self.program, self.chunks[k], f"chunk{k}", ternary, self.pitch)

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
        self._compiled = code, np.array([len(addresses), *addresses], dtype=np.int64)


def make_logic(program: LaneProgram, per_tile: int | None = None) -> Logic:
    """The way that suits a program's size."""
    if program.size <= STRAIGHT:
        return _straight(program, per_tile)
    return large(program, per_tile)


def _straight(program: LaneProgram, per_tile: int | None) -> Straight:
    rows = max(1, program.input_bits + program.output_bits)
    per, pitch = tile_shape(rows, per_tile, _TILE_BYTES)
    data, _ = object_code(f"straight {program.digest} {pitch}", lambda: _straight_source(program, pitch), _OPT)
    return Straight(program, rows, per, pitch, Code([data]))


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


def large(program: LaneProgram, per_tile: int | None = None) -> Large:
    """A program of any size, interpreted at first."""
    chunks, crossing = logic_ir.chunked(program, CHUNK)
    slots = program.input_bits + program.output_bits + program.slot_count
    per, pitch = tile_shape(max(crossing, slots // 2), per_tile, _LARGE_TILE_BYTES)
    data, _ = object_code("interpreter", lambda: interpreter_ir.interpreter(ternary_logic()), _OPT)
    code = Code([data])
    made = Large(program, max(crossing, slots), per, pitch, chunks, _records(program, pitch, code), code)
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
