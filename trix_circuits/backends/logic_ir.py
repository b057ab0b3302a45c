"""The lane program as straight-line code over a tile.

A tile is rows of vectors, one row a net: the input bits, then the output bits, then the nets that pass from one chunk
of code to the next. Within a chunk values live in registers (LLVM spills what does not fit). One lookup table is one
`vpternlog` where the processor has it, else the operations of its binary form.
"""

from __future__ import annotations

from trix_circuits.backends.ir import ONES, VECTOR, Function
from trix_circuits.lower.lut import AND, AND2, ANDN, OR, OR2, XOR2, binary_form
from trix_circuits.lower.program import LaneProgram

_SIMPLE = {AND2: "and", OR2: "or", XOR2: "xor", 0xC0: "and", 0xFC: "or", 0x3C: "xor", 0xA0: "and", 0xFA: "or"}
LOGIC_HEAD = "(ptr %tile, i64 %pitch, i64 %count, ptr %context)"
DECLARATION = f"declare {VECTOR} @llvm.x86.avx512.pternlog.q.512({VECTOR}, {VECTOR}, {VECTOR}, i32 immarg)\n"


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
