"""The plan as machine code: nested loops over input bits, whose body computes both sides and compares them.

Input patterns are never read from a table of rows: the nine lane inputs are nine constant vectors, and each counter is
spread over a vector when its loop sets it. A level is code of its own; values that a deeper level reads lie in the
*frame*, one vector each, which stays in the nearest cache. Where an output differs in a lane that counts, the kernel
stops and says at which level; the counters and the vector of differences are then read from its state.

Large levels are functions of their own: written as assembly where that is possible (`backends.assembly`), else in parts
that LLVM compiles in fair time.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.planes import lane_planes
from trix_circuits.prove.exhaustive.plan import LANE_INPUTS, Level, Operation, Plan
from trix_circuits.run.interface import aligned
from trix_circuits.run.native import assembly, logic_ir
from trix_circuits.run.native.ir import ONES, VECTOR, VECTOR_BYTES, WORDS, Function
from trix_circuits.run.native.jit import Code, object_code, ternary_logic, x86_assembly

INLINE = 160  # operations of a level that stand in the loops themselves
PART = 800  # operations of a function that LLVM gives registers
PART_ASSEMBLY = 4000
_OPT = 1
_LOW, _HIGH, _NOW = 0, 1, 2  # of each level, in the state: its counter's first and last value, and the present one
Source = Callable[[bool, bool], str]


@dataclass(frozen=True)
class Layout:
    """Rows of the frame: inputs, the lanes that count, the differences, then each value that other code reads."""

    valid: int
    wrong: int
    row_of: dict[int, int]
    rows: int
    parts: tuple[tuple[tuple[int, int], ...], ...]  # by level: its operations first .. stop - 1, in pieces


def layout(plan: Plan, part: int) -> Layout:
    """Where values lie that cross from one piece of code to another."""
    row_of = {1 + i: i for i in range(plan.input_bits)}
    parts: list[tuple[tuple[int, int], ...]] = []
    piece_of: dict[int, tuple[int, int]] = {}
    at = plan.first
    for j, level in enumerate(plan.levels):
        size = len(level.operations)
        pieces = max(1, -(-size // part)) if size > INLINE else 1
        bounds = [size * k // pieces for k in range(pieces + 1)]
        parts.append(tuple(pairwise(bounds)))
        for k, (begin, stop) in enumerate(parts[-1]):
            for own in range(at + begin, at + stop):
                piece_of[own] = (j, k)
        at += size
    rows = plan.input_bits + 2
    at = plan.first
    for j, level in enumerate(plan.levels):
        # The loops read a level's differences: a function must hand them over.
        read = [((j, -1), level.wrong >> 1)] if len(level.operations) > INLINE else []
        for own, (_, *operands) in enumerate(level.operations, at):
            read += [(piece_of[own], operand) for operand in operands]
        for piece, value in read:
            if value >= plan.first and piece_of[value] != piece and value not in row_of:
                row_of[value] = rows
                rows += 1
        at += len(level.operations)
    return Layout(plan.input_bits, plan.input_bits + 1, row_of, rows, tuple(parts))


def source(plan: Plan, place: Layout, ternary: bool, as_assembly: bool) -> str:
    """The module: `search(frame, state)` gives 1 + the level at which outputs differ, or 0."""
    f = Function("define i64 @search(ptr %frame, ptr %state)")
    texts: list[str] = []
    used_ternary = False
    at = plan.first
    for j, level in enumerate(plan.levels):
        names: dict[int, str] = {}
        if j:
            now = f.at("%state", 24 * j + 8 * _NOW)
            f.store(f.load(f.at("%state", 24 * j + 8 * _LOW), "i64"), now, "i64")
            f.do(f"br label %head{j}")
            f.do(f"head{j}:")
            mask = f.word("sub", 0, f.load(now, "i64"))
            one = f.add(f"insertelement {VECTOR} poison, i64 {mask}, i32 0")
            spread = f.add(f"shufflevector {VECTOR} {one}, {VECTOR} poison, <{WORDS} x i32> zeroinitializer")
            assert level.input is not None
            f.store(spread, f.at("%frame", VECTOR_BYTES * level.input), align=64)
            names[1 + level.input] = spread
        if len(level.operations) <= INLINE:
            used_ternary |= ternary
            _straight(f, at, level.operations, place, names, ternary)
        else:
            for k, (begin, stop) in enumerate(place.parts[j]):
                name = f"part_{j}_{k}"
                piece = level.operations[begin:stop]
                if as_assembly:
                    texts.append(_assembled(name, at + begin, piece, place))
                    texts.append(f"declare void @{name}(ptr, i64, i64, ptr)\n")
                    f.do(f"call void @{name}(ptr %frame, i64 0, i64 1, ptr null)")
                else:
                    part = Function(f"define internal void @{name}(ptr %frame)")
                    _straight(part, at + begin, piece, place, {}, ternary)
                    texts.append(part.finish())
                    used_ternary |= ternary
                    f.do(f"call void @{name}(ptr %frame)")
        if level.wrong:
            _compare(f, j, level, place, names)
        at += len(level.operations)
    for j in range(len(plan.levels) - 1, 0, -1):
        now = f.at("%state", 24 * j + 8 * _NOW)
        high = f.load(f.at("%state", 24 * j + 8 * _HIGH), "i64")
        f.do(f"%last{j} = icmp eq i64 {f.load(now, 'i64')}, {high}")
        f.do(f"br i1 %last{j}, label %done{j}, label %again{j}")
        f.do(f"again{j}:")
        f.store(high, now, "i64")
        f.do(f"br label %head{j}")
        f.do(f"done{j}:")
    head = logic_ir.DECLARATION if used_ternary else ""
    return head + "".join(texts) + f.finish("i64 0")


def _straight(
    f: Function, first: int, operations: tuple[Operation, ...], place: Layout, names: dict[int, str], ternary: bool
) -> None:
    """Operations one after the other, the first being value `first`; `names` gives values at hand and is added to."""
    names[0] = "zeroinitializer"
    known: dict[tuple[int, str, str], str] = {}
    for own, (table, *operands) in enumerate(operations, first):
        for operand in operands:
            if operand not in names:
                names[operand] = f.load(f.at("%frame", VECTOR_BYTES * place.row_of[operand]), align=64)
        parts = [names[operand] if operand else "" for operand in operands]
        names[own] = logic_ir.emit_table(f, table, parts, ternary, known)
        if own in place.row_of:
            f.store(names[own], f.at("%frame", VECTOR_BYTES * place.row_of[own]), align=64)


def _assembled(name: str, first: int, operations: tuple[Operation, ...], place: Layout) -> str:
    homes = {
        operand: f"{VECTOR_BYTES * place.row_of[operand]}(%rdi)"
        for _, *operands in operations
        for operand in operands
        if 0 < operand < first
    }
    keeps = {
        own: f"{VECTOR_BYTES * place.row_of[own]}(%rdi)"
        for own in range(first, first + len(operations))
        if own in place.row_of
    }
    lines, stack = assembly.body(
        first, [table for table, *_ in operations], [operands for _, *operands in operations], homes, keeps, ()
    )
    return assembly.function(name, lines, stack, assembly.TILE_START, assembly.TILE_STEP)


def _compare(f: Function, j: int, level: Level, place: Layout, names: dict[int, str]) -> None:
    """Leave with 1 + j if a lane that counts differs."""
    value = level.wrong >> 1
    if value and value not in names:
        names[value] = f.load(f.at("%frame", VECTOR_BYTES * place.row_of[value]), align=64)
    plain = names[value] if value else "zeroinitializer"
    if level.wrong & 1:
        plain = f.wide("xor", plain, ONES)
    counted = f.wide("and", plain, f.load(f.at("%frame", VECTOR_BYTES * place.valid), align=64))
    lanes = f.add(f"icmp ne {VECTOR} {counted}, zeroinitializer")
    bits = f.add(f"bitcast <{WORDS} x i1> {lanes} to i{WORDS}")
    found = f.add(f"icmp ne i{WORDS} {bits}, 0")
    f.do(f"br i1 {found}, label %found{j}, label %right{j}")
    f.do(f"found{j}:")
    f.store(counted, f.at("%frame", VECTOR_BYTES * place.wrong), align=64)
    f.do(f"ret i64 {1 + j}")
    f.do(f"right{j}:")


class Kernel:
    """Searches cubes of rows for one at which the sides differ. Not for several threads at once."""

    def __init__(self, plan: Plan, portable: bool = False) -> None:
        """`portable` code uses neither assembly nor ternary logic, as on processors that have them not."""
        self.plan = plan
        as_assembly, ternary = x86_assembly() and not portable, ternary_logic() and not portable
        self.layout = layout(plan, PART_ASSEMBLY if as_assembly else PART)
        data, _ = object_code(_key(plan, portable), lambda: source(plan, self.layout, ternary, as_assembly), _OPT)
        self._code = Code([data])
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self._search = kind(self._code.address("search"))
        self._frame = aligned(self.layout.rows * WORDS, np.dtype(np.uint64)).reshape(self.layout.rows, WORDS)
        self._frame[:] = 0
        self._patterns = lane_planes(LANE_INPUTS)
        for place, pattern in zip(plan.lanes, self._patterns, strict=False):
            self._frame[place] = pattern
        self._state: npt.NDArray[np.int64] = np.zeros((len(plan.levels), 3), dtype=np.int64)

    def find(self, mask: int, values: int) -> int | None:
        """A row with these values of the input bits in the mask at which the sides differ; None if there is none."""
        valid = np.full(WORDS, (1 << 64) - 1, dtype=np.uint64)
        for i, pattern in enumerate(self._patterns):
            fixed = i >= len(self.plan.lanes) or mask >> self.plan.lanes[i] & 1
            if fixed:
                one = i < len(self.plan.lanes) and values >> self.plan.lanes[i] & 1
                valid &= pattern if one else ~pattern
        self._frame[self.layout.valid] = valid
        for j, level in enumerate(self.plan.levels):
            if level.input is not None:
                free = not mask >> level.input & 1
                value = values >> level.input & 1
                self._state[j] = (0, 1, 0) if free else (value, value, value)
        found: int = self._search(self._frame.ctypes.data, self._state.ctypes.data)
        if not found:
            return None
        wrong: list[int] = self._frame[self.layout.wrong].tolist()
        word = next(k for k in range(WORDS) if wrong[k])
        lane = 64 * word + (wrong[word] & -wrong[word]).bit_length() - 1
        row = values & mask  # also of inputs that have no level
        for i, place in enumerate(self.plan.lanes):
            row |= (lane >> i & 1) << place
        for j, level in enumerate(self.plan.levels):
            if level.input is not None:
                row |= int(self._state[j, _NOW if j < found else _LOW]) << level.input
        return row


def _key(plan: Plan, portable: bool) -> str:
    found = hashlib.blake2b(digest_size=20)
    found.update(repr((plan.input_bits, plan.lanes, plan.levels, portable)).encode())
    return f"exhaustive {found.hexdigest()}"
