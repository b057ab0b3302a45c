"""Kernels for rows of elements that each hold 0 or 1: bool, uint8, float16, bfloat16, float32, float64, integers.

In memory all these kinds are alike: elements of 8, 16, 32 or 64 bits in which one pattern stands for 1 and zero bits for
0. A lane's row is compared with that pattern a vector at a time, which gives an integer with a bit for each net (a mask
register, where the processor has them); from there on the lanes are integers, transposed as in `data_ir`. So a lane
costs a few instructions for each 64 bytes of its row, and the batch is read once, in order.

The signature is that of `data_ir`, `limit` being the pattern of 1. What is nonzero in the end is the difference between
the elements and what was understood: also -0.0 is reported, though it counts as 0.
"""

from __future__ import annotations

from trix_circuits.run.native.data_ir import DECLARATIONS, _head, _rows_in, _rows_out, _transpose
from trix_circuits.run.native.ir import LANES, VECTOR, VECTOR_BYTES, Function
from trix_circuits.run.native.jit import ternary_logic

_UNROLLED = 4
_AHEAD_BYTES = 4096
COLUMNS = 64  # at most, in one call


def _parts(columns: int, element: int) -> list[tuple[int, int, int]]:
    """(first column, columns, elements of the vector that holds them): with masks, the last vector may be part empty."""
    most = 8 * VECTOR_BYTES // element
    if ternary_logic():
        return [(at, min(most, columns - at), most) for at in range(0, columns, most)]
    parts, at = [], 0
    while at < columns:
        size = min(most, 1 << (columns - at).bit_length() - 1)
        parts.append((at, size, size))
        at += size
    return parts


def _lanes_of(size: int, used: int) -> str:
    """A constant mask of the first elements."""
    return "<" + ", ".join(f"i1 {int(k < used)}" for k in range(size)) + ">"


def _spread(f: Function, element: int, size: int) -> str:
    """The pattern of 1 in each of so many elements."""
    one = "%limit" if element == 64 else f.add(f"trunc i64 %limit to i{element}")
    kind = f"<{size} x i{element}>"
    first = f.add(f"insertelement {kind} poison, i{element} {one}, i32 0")
    return f.add(f"shufflevector {kind} {first}, {kind} poison, <{size} x i32> zeroinitializer")


def _declarations(parts: list[tuple[int, int, int]], element: int, store: bool) -> str:
    """Masked loads or stores, reductions, as far as these parts need them."""
    lines = []
    for size in sorted({size for _, _, size in parts}):
        kind, name = f"<{size} x i{element}>", f"v{size}i{element}"
        if store:
            lines.append(f"declare void @llvm.masked.store.{name}.p0({kind}, ptr, i32 immarg, <{size} x i1>)")
        else:
            lines.append(f"declare {kind} @llvm.masked.load.{name}.p0(ptr, i32 immarg, <{size} x i1>, {kind})")
            lines.append(f"declare i{element} @llvm.vector.reduce.or.{name}({kind})")
    return "".join(f"{line}\n" for line in lines if f"{line}\n" not in DECLARATIONS)


def values_in(element: int, columns: int, width: int) -> str:
    """`values_in_E_N_W`: rows of N (1 to 64) elements of E bits, `stride` bytes apart, in the lane order of W bits."""
    f = _head(f"values_in_{element}_{columns}_{width}")
    parts = _parts(columns, element)
    ones = {size: _spread(f, element, size) for _, _, size in parts}
    square = f.add(f"alloca [{width} x {VECTOR}], align 64")
    over = {}
    for size in ones:
        over[size] = f.add(f"alloca <{size} x i{element}>, align 64")
        f.store("zeroinitializer", over[size], f"<{size} x i{element}>", 64)
    with f.loop(0, "%count") as vector:
        lane = f.word("mul", f.word("add", "%first", vector), LANES)
        base = f.at("%data", f.word("mul", lane, "%stride"))
        with f.loop(0, LANES, _UNROLLED) as group:
            start = f.at(base, f.word("mul", group, "%stride"))
            seen: dict[int, str] = {}
            for k in range(_UNROLLED):
                row = f.at(start, f.word("mul", "%stride", k)) if k else start
                total = ""
                for at, used, size in parts:
                    kind, name = f"<{size} x i{element}>", f"v{size}i{element}"
                    place = f.at(row, at * element // 8)
                    if used == size:
                        value = f.load(place, kind, 1)
                    else:
                        value = f.add(
                            f"call {kind} @llvm.masked.load.{name}.p0(ptr {place}, i32 1,"
                            f" <{size} x i1> {_lanes_of(size, used)}, {kind} zeroinitializer)"
                        )
                    hit = f.add(f"icmp eq {kind} {value}, {ones[size]}")
                    meant = f.add(f"select <{size} x i1> {hit}, {kind} {ones[size]}, {kind} zeroinitializer")
                    wrong = f.add(f"xor {kind} {value}, {meant}")
                    seen[size] = f.add(f"or {kind} {seen[size]}, {wrong}") if size in seen else wrong
                    bits = (
                        f.add(f"bitcast <{size} x i1> {hit} to i{size}")
                        if size > 1
                        else f.add(f"extractelement <1 x i1> {hit}, i32 0")
                    )
                    if size < width:
                        bits = f.add(f"zext i{size} {bits} to i{width}")
                    elif size > width:
                        bits = f.add(f"trunc i{size} {bits} to i{width}")
                    if at:
                        bits = f.add(f"shl i{width} {bits}, {at}")
                    total = f.add(f"or i{width} {total}, {bits}") if total else bits
                f.store(total, f.at(square, f.word("add", group, k), f"i{width}"), f"i{width}", width // 8)
            for size, wrong in seen.items():
                kind = f"<{size} x i{element}>"
                f.store(f.add(f"or {kind} {f.load(over[size], kind, 64)}, {wrong}"), over[size], kind, 64)
        _transpose(f, square, width)
        _rows_in(f, square, vector)
    flag = "0"
    for size, place in over.items():
        kind = f"<{size} x i{element}>"
        found = f.add(f"call i{element} @llvm.vector.reduce.or.v{size}i{element}({kind} {f.load(place, kind, 64)})")
        if element < 64:
            found = f.add(f"zext i{element} {found} to i64")
        flag = f.word("or", flag, found)
    return f.finish(f"i64 {flag}") + _declarations(parts, element, store=False)


def values_out(element: int, columns: int, width: int) -> str:
    """`values_out_E_N_W`: N (1 to 64) planes into rows of N elements of E bits, `stride` bytes apart."""
    f = _head(f"values_out_{element}_{columns}_{width}")
    parts = _parts(columns, element)
    ones = {size: _spread(f, element, size) for _, _, size in parts}
    square = f.add(f"alloca [{width} x {VECTOR}], align 64")
    with f.loop(0, "%count") as vector:
        lane = f.word("mul", f.word("add", "%first", vector), LANES)
        base = f.at("%data", f.word("mul", lane, "%stride"))
        _rows_out(f, square, vector, width)
        _transpose(f, square, width)
        with f.loop(0, LANES, _UNROLLED) as group:
            start = f.at(base, f.word("mul", group, "%stride"))
            for k in range(_UNROLLED):
                row = f.at(start, f.word("mul", "%stride", k)) if k else start
                total = f.load(f.at(square, f.word("add", group, k), f"i{width}"), f"i{width}", width // 8)
                for at, used, size in parts:
                    kind, name = f"<{size} x i{element}>", f"v{size}i{element}"
                    bits = f.add(f"lshr i{width} {total}, {at}") if at else total
                    if size < width:
                        bits = f.add(f"trunc i{width} {bits} to i{size}")
                    elif size > width:
                        bits = f.add(f"zext i{width} {bits} to i{size}")
                    hit = f.add(f"bitcast i{size} {bits} to <{size} x i1>")
                    value = f.add(f"select <{size} x i1> {hit}, {kind} {ones[size]}, {kind} zeroinitializer")
                    place = f.at(row, at * element // 8)
                    if used == size:
                        f.store(value, place, kind, 1)
                    else:
                        f.do(
                            f"call void @llvm.masked.store.{name}.p0({kind} {value}, ptr {place}, i32 1,"
                            f" <{size} x i1> {_lanes_of(size, used)})"
                        )
    return f.finish("i64 0") + _declarations(parts, element, store=True)
