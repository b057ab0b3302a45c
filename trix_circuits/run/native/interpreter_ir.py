"""The interpreter: threaded code over a tile, compiled once for a processor and then good for every program.

An operation is a record {handler, row of the result, rows of its operands}, rows as byte offsets in the tile. A handler
runs its lookup table over all vectors of the tile, four at a time, and jumps to the next record's handler (threaded
code, Bell 1973): what a dispatch costs is spread over thousands of lanes.
"""

from __future__ import annotations

from trix_circuits.run.native.ir import ONES, VECTOR_BYTES, Function
from trix_circuits.run.native.logic_ir import DECLARATION, LOGIC_HEAD, emit_table

RECORD_BYTES = 24
UNROLL = 4
COPY, INVERT, CLEAR, FILL, HALT = "copy", "invert", "clear", "fill", "halt"
_ARGUMENTS = "(ptr %record, ptr %tile, i64 %bytes)"


def tables() -> list[int]:
    """All tables that a program can have: in normal form, with two or three operands that matter."""
    found = []
    for table in range(2, 256, 2):
        uses_a, uses_b, uses_c = ((table ^ table >> 1) & 0x55, (table ^ table >> 2) & 0x33, (table ^ table >> 4) & 0x0F)
        if uses_a and uses_b and (uses_c or (table & 0x0F) * 17 == table):
            found.append(table)
    return found


def handlers() -> list[str]:
    """Names of the handlers, in the order in which `interpreter` exports them."""
    return [f"t{table}" for table in tables()] + [COPY, INVERT, CLEAR, FILL, HALT]


def _handler(name: str, table: int | None, ternary: bool) -> str:
    f = Function(f"define void @{name}{_ARGUMENTS}")
    rows = []
    for k in range(4):
        offset = f.load(f.at("%record", 8 + 4 * k), "i32", 4)
        rows.append(f.at("%tile", f.add(f"zext i32 {offset} to i64")))
    after = f.at("%record", RECORD_BYTES)
    jump = f.load(after, "ptr")
    if table is None:
        count = 0 if name in (CLEAR, FILL) else 1
    else:
        count = 2 if (table & 0x0F) * 17 == table else 3
    with f.loop(0, "%bytes", UNROLL * VECTOR_BYTES) as at:
        here = [f.at(row, at) for row in rows[: count + 1]]
        for k in range(UNROLL):
            parts = [f.load(f.at(pointer, k * VECTOR_BYTES), align=64) for pointer in here[1:]]
            if table is not None:
                value = emit_table(f, table, [*parts, "", ""][:3], ternary, {})
            elif name in (CLEAR, FILL):
                value = "zeroinitializer" if name == CLEAR else ONES
            else:
                value = f.wide("xor", parts[0], ONES) if name == INVERT else parts[0]
            f.store(value, f.at(here[0], k * VECTOR_BYTES), align=64)
    f.do(f"musttail call void {jump}(ptr {after}, ptr %tile, i64 %bytes)")
    return f.finish()


def interpreter(ternary: bool) -> str:
    """`interpret`, whose context is the first record, and `@handlers`, the addresses of all handlers."""
    parts = [DECLARATION if ternary else ""]
    parts += [_handler(f"t{table}", table, ternary) for table in tables()]
    parts += [_handler(name, None, ternary) for name in (COPY, INVERT, CLEAR, FILL)]
    parts.append(f"define void @{HALT}{_ARGUMENTS} {{\n  ret void\n}}\n")
    names = handlers()
    parts.append(
        f"@handlers = constant [{len(names)} x ptr] [" + ", ".join(f"ptr @{name}" for name in names) + "], align 8\n"
    )
    f = Function(f"define void @interpret{LOGIC_HEAD}")
    vectors = f.word("and", f.word("add", "%count", UNROLL - 1), -UNROLL)
    jump = f.load("%context", "ptr")
    f.do(f"call void {jump}(ptr %context, ptr %tile, i64 {f.word('mul', vectors, VECTOR_BYTES)})")
    parts.append(f.finish())
    g = Function("define ptr @handler_table()")
    parts.append(g.finish("ptr @handlers"))
    return "".join(parts)


def chunk_runner() -> str:
    """`run_chunks`: its context is a count and so many addresses of chunks, which are run in order."""
    f = Function(f"define void @run_chunks{LOGIC_HEAD}")
    count = f.load("%context", "i64")
    with f.loop(1, f.word("add", count, 1)) as k:
        chunk = f.load(f.at("%context", k, "ptr"), "ptr")
        f.do(f"call void {chunk}(ptr %tile, i64 %pitch, i64 %count, ptr %context)")
    return f.finish()
