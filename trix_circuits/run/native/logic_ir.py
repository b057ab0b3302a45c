"""The lane program as straight-line code over a tile.

A tile is rows of vectors, one row a net: the input bits, then the output bits, then the nets that pass from one chunk
of code to the next. Within a chunk values live in registers (LLVM spills what does not fit). One lookup table is one
`vpternlog` where the processor has it, else the operations of its binary form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trix_circuits.lower.lut import AND, AND2, ANDN, OR, OR2, XOR2, binary_form
from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.native import assembly
from trix_circuits.run.native.ir import ONES, VECTOR, VECTOR_BYTES, Function

_SIMPLE = {AND2: "and", OR2: "or", XOR2: "xor", 0xC0: "and", 0xFC: "or", 0x3C: "xor", 0xA0: "and", 0xFA: "or"}
LOGIC_HEAD = "(ptr %tile, i64 %pitch, i64 %count, ptr %context)"
_READ_AHEAD, _WRITE_AHEAD = 1 << 12, 1 << 11  # bytes; between 1 and 16 KB it makes little difference
PREFETCH = "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)\n"
DECLARATION = f"declare {VECTOR} @llvm.x86.avx512.pternlog.q.512({VECTOR}, {VECTOR}, {VECTOR}, i32 immarg)\n"


@dataclass(frozen=True)
class Chunk:
    """Operations begin .. end - 1; `loads` and `stores` are (value, row), `outputs` (literal, row)."""

    begin: int
    end: int
    loads: tuple[tuple[int, int], ...]
    stores: tuple[tuple[int, int], ...]
    outputs: tuple[tuple[int, int], ...]


def emit_table(f: Function, table: int, parts: list[str], ternary: bool, known: dict[tuple[int, str, str], str]) -> str:
    """Code for a table in normal form over named vectors; `known` holds the binary operations that exist already."""
    if table in (AND2, OR2, XOR2):
        return f.wide(_SIMPLE[table], parts[0], parts[1])
    if ternary:
        a, b, c = parts[0], parts[1], parts[2] or parts[1]
        if not parts[2]:
            table = (table & 0x03) | (table & 0x0C) << 4 | (table & 0x03) << 4 | table & 0x0C
        return f.add(
            f"call {VECTOR} @llvm.x86.avx512.pternlog.q.512({VECTOR} {c}, {VECTOR} {b}, {VECTOR} {a}, i32 {table})"
        )
    names = list(parts)
    for op, left, right in binary_form(table):
        x, y = names[left], names[right]
        if op != ANDN and y < x:
            x, y = y, x
        key = (op, x, y)
        if key not in known:
            if op == ANDN:
                known[key] = f.wide("and", x, f.wide("xor", y, ONES))
            else:
                known[key] = f.wide("and" if op == AND else "or" if op == OR else "xor", x, y)
        names.append(known[key])
    return names[-1]


def _whole(
    program: LaneProgram, homes: dict[int, str], places: list[str], on_load: Callable[[int], str] | None = None
) -> tuple[list[str], int]:
    """`assembly.body` of all operations, outputs going to `places`."""
    tables, operands = program.tables.tolist(), program.operands.tolist()
    outputs = list(zip(program.outputs.tolist(), places, strict=True))
    return assembly.body(program.first, tables, operands, homes, {}, outputs, on_load)


def straight_assembly(program: LaneProgram, name: str, pitch: int) -> str:
    """`straight` for x86-64 with AVX-512, its registers given out by `assembly`."""
    homes = {value: f"{pitch * (value - 1)}(%rdi)" for value in range(1, program.first)}
    places = [f"{pitch * (program.input_bits + k)}(%rdi)" for k in range(program.output_bits)]
    lines, stack = _whole(program, homes, places)
    return assembly.function(name, lines, stack, assembly.TILE_START, assembly.TILE_STEP)


def chunk_assembly(program: LaneProgram, chunk: Chunk, name: str, pitch: int) -> str:
    """`chunk_code` for x86-64 with AVX-512."""
    homes = {value: f"{pitch * row}(%rdi)" for value, row in chunk.loads}
    homes |= {
        literal >> 1: f"{pitch * ((literal >> 1) - 1)}(%rdi)"  # an output that is an input
        for literal, _ in chunk.outputs
        if 0 < literal >> 1 < program.first
    }
    lines, stack = assembly.body(
        program.first + chunk.begin,
        program.tables[chunk.begin : chunk.end].tolist(),
        program.operands[chunk.begin : chunk.end].tolist(),
        homes,
        {value: f"{pitch * row}(%rdi)" for value, row in chunk.stores},
        [(literal, f"{pitch * row}(%rdi)") for literal, row in chunk.outputs],
    )
    return assembly.function(name, lines, stack, assembly.TILE_START, assembly.TILE_STEP)


def direct_assembly(program: LaneProgram, name: str) -> str:
    """`direct` for x86-64 with AVX-512."""
    in_bytes, out_bytes = program.input_bits * VECTOR_BYTES, program.output_bits * VECTOR_BYTES
    ahead = _ahead(in_bytes, _READ_AHEAD)
    homes = {value: f"{VECTOR_BYTES * (value - 1)}(%rdi)" for value in range(1, program.first)}
    asked: set[int] = set()

    def ask(value: int) -> str:
        if value >= program.first or value in asked:
            return ""
        asked.add(value)
        return f"prefetcht0 {ahead + VECTOR_BYTES * (value - 1)}(%rdi)"

    places = [f"{VECTOR_BYTES * k}(%rsi)" for k in range(program.output_bits)]
    lines, stack = _whole(program, homes, places, ask)
    later = {
        place: f"prefetchw {_ahead(out_bytes, _WRITE_AHEAD) + VECTOR_BYTES * k}(%rsi)" for k, place in enumerate(places)
    }
    lines = [part for line in lines for part in (line, later.get(line.rpartition(" ")[2], "")) if part]
    start = [f"imulq ${out_bytes}, %rdx, %rax", "addq %rax, %rsi", f"imulq ${in_bytes}, %rdx, %rax"]
    start += [f"imulq ${in_bytes}, %rcx, %rdx", "addq %rdi, %rdx", "addq %rax, %rdi"]
    step = [f"addq ${in_bytes}, %rdi", f"addq ${out_bytes}, %rsi"]
    return assembly.function(name, lines, stack, start, step)


def _ahead(block_bytes: int, ahead: int) -> int:
    """How many bytes ahead blocks are asked for: `ahead` in whole blocks."""
    return max(1, ahead // max(1, block_bytes)) * block_bytes


def straight(program: LaneProgram, name: str, ternary: bool, pitch: int) -> str:
    """A function that computes all outputs of a tile from its inputs, all nets in registers or on the stack.

    `pitch` is the distance of rows in bytes; as a constant, it is part of the addresses.
    """
    f = Function(f"define void @{name}{LOGIC_HEAD}")
    first = program.first
    with f.loop(0, "%count") as vector:
        base = f.at("%tile", vector, VECTOR)
        names = ["zeroinitializer"] + [""] * (first - 1 + program.size)

        def value(number: int) -> str:
            if number and not names[number]:
                row = f.at(base, pitch * (number - 1))
                names[number] = f.load(row, align=64)
            return names[number] if number else ""

        known: dict[tuple[int, str, str], str] = {}
        rows = zip(program.tables.tolist(), program.operands.tolist(), strict=True)
        for own, (table, operands) in enumerate(rows, first):
            names[own] = emit_table(f, table, [value(part) for part in operands], ternary, known)
        for k, literal in enumerate(program.outputs.tolist()):
            plain = value(literal >> 1) or "zeroinitializer"
            if literal & 1:
                plain = f.wide("xor", plain, ONES)
            f.store(plain, f.at(base, pitch * (program.input_bits + k)), align=64)
    return f.finish()


def direct(program: LaneProgram, name: str, ternary: bool) -> str:
    """A data kernel and the logic in one: planes in blocks of eight words in, the same out, nothing in between.

    Blocks are read in the order in which they lie; those some KB ahead are asked for early, and so is the memory that
    is written. (Stores past the caches took longer.)
    """
    f = Function(f"define void @{name}(ptr %in, ptr %out, i64 %begin, i64 %end)")
    first = program.first
    in_bytes, out_bytes = program.input_bits * VECTOR_BYTES, program.output_bits * VECTOR_BYTES
    ahead, written_ahead = _ahead(in_bytes, _READ_AHEAD), _ahead(out_bytes, _WRITE_AHEAD)
    waiting: dict[int, list[tuple[int, int]]] = {}
    for k, literal in enumerate(program.outputs.tolist()):
        waiting.setdefault(literal >> 1, []).append((k, literal & 1))
    with f.loop("%begin", "%end") as block:
        source = f.at("%in", f.word("mul", block, in_bytes))
        target = f.at("%out", f.word("mul", block, out_bytes))
        names = ["zeroinitializer"] + [""] * (first - 1 + program.size)

        def value(number: int) -> str:
            if number and not names[number]:
                place = f.at(source, VECTOR_BYTES * (number - 1))
                names[number] = f.load(place)
                f.do(f"call void @llvm.prefetch.p0(ptr {f.at(place, ahead)}, i32 0, i32 3, i32 1)")
            return names[number] if number else ""

        def put(number: int) -> None:
            for k, flip in waiting.pop(number, []):
                plain = value(number) or "zeroinitializer"
                place = f.at(target, VECTOR_BYTES * k)
                f.store(f.wide("xor", plain, ONES) if flip else plain, place)
                f.do(f"call void @llvm.prefetch.p0(ptr {f.at(place, written_ahead)}, i32 1, i32 3, i32 1)")

        known: dict[tuple[int, str, str], str] = {}
        rows = zip(program.tables.tolist(), program.operands.tolist(), strict=True)
        for own, (table, operands) in enumerate(rows, first):
            names[own] = emit_table(f, table, [value(part) for part in operands], ternary, known)
            put(own)
        for number in list(waiting):
            put(number)
    return f.finish()


def chunked(program: LaneProgram, size: int) -> tuple[list[Chunk], int]:
    """Chunks of so many operations, and the rows that tiles need: inputs, outputs, and nets that cross."""
    pieces = max(1, -(-program.size // size))
    return chunked_at(program, [program.size * k // pieces for k in range(pieces + 1)])


def chunked_at(program: LaneProgram, bounds: list[int]) -> tuple[list[Chunk], int]:
    """`chunked`, each chunk ending where the next begins. No row is written in a chunk that reads it."""
    first, count, pieces = program.first, program.size, len(bounds) - 1
    home = np.zeros(first + count, dtype=np.int64)
    for k in range(pieces):
        home[first + bounds[k] : first + bounds[k + 1]] = k
    home[:first] = -1
    last = np.full(first + count, -1, dtype=np.int64)  # the last chunk that reads a value
    owner = home[first:]
    for k in range(3):
        np.maximum.at(last, program.operands[:, k], owner)
    row_of = {value: value - 1 for value in range(1, first)}
    free: list[int] = []
    used = program.input_bits + program.output_bits
    ends: list[list[int]] = [[] for _ in range(pieces)]
    wanted: dict[int, list[int]] = {}
    for k, literal in enumerate(program.outputs.tolist()):
        wanted.setdefault(literal >> 1, []).append(k)
    chunks = []
    for k in range(pieces):
        begin, end = bounds[k], bounds[k + 1]
        reads = np.unique(program.operands[begin:end])
        loads = [(value, row_of[value]) for value in reads[(reads > 0) & (home[reads] < k)].tolist()]
        stores = []
        for value in (first + begin + np.flatnonzero(last[first + begin : first + end] > k)).tolist():
            if free:
                row = free.pop()
            else:
                row, used = used, used + 1
            row_of[value] = row
            ends[int(last[value])].append(row)
            stores.append((value, row))
        free.extend(ends[k])
        outputs = []
        for value in [*range(first)] * (k == 0) + [*range(first + begin, first + end)]:
            for place in wanted.get(value, ()):
                outputs.append((int(program.outputs[place]), program.input_bits + place))
        chunks.append(Chunk(begin, end, tuple(loads), tuple(stores), tuple(outputs)))
    return chunks, used


def chunk_code(program: LaneProgram, chunk: Chunk, name: str, ternary: bool, pitch: int) -> str:
    """A chunk as a function over a tile."""
    f = Function(f"define void @{name}{LOGIC_HEAD}")
    first = program.first
    with f.loop(0, "%count") as vector:
        base = f.at("%tile", vector, VECTOR)
        rows = dict(chunk.loads)
        kept = dict(chunk.stores)
        names: dict[int, str] = {}

        def value(number: int) -> str:
            if number and number not in names:
                row = rows[number] if number in rows else number - 1  # an output that is an input
                names[number] = f.load(f.at(base, pitch * row), align=64)
            return names[number] if number else ""

        known: dict[tuple[int, str, str], str] = {}
        tables = program.tables[chunk.begin : chunk.end].tolist()
        operands = program.operands[chunk.begin : chunk.end].tolist()
        for own, (table, parts) in enumerate(zip(tables, operands, strict=True), first + chunk.begin):
            names[own] = emit_table(f, table, [value(part) for part in parts], ternary, known)
            if own in kept:
                f.store(names[own], f.at(base, pitch * kept[own]), align=64)
        for literal, row in chunk.outputs:
            plain = value(literal >> 1) or "zeroinitializer"
            f.store(f.wide("xor", plain, ONES) if literal & 1 else plain, f.at(base, pitch * row), align=64)
    return f.finish()
