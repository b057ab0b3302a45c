"""Kernels that bring data into planes and out again, and the driver that runs them tile by tile.

Integers. 512 lanes of a bus are loaded as W vectors of 512 / W elements of W bits, W being the widest element of the
call; seen element by element that is a W x W bit matrix whose transpose has a plane in each row. It is transposed in
log2 W steps of exchanges (Warren, Hacker's Delight, 7-3), each working on whole vectors; for a bus of narrower elements
the first steps have nothing to exchange and only put rows together, P planes being all that is wanted. So lanes do not lie in a plane in order, but
element by element; they come back the same way, and only the inside of a tile ever knows.

Rows of elements that hold 0 or 1 are in `values_ir`.

All of them have one signature: (data, stride in bytes, first vector, vectors, rows, row stride in bytes, bits, limit)
-> nonzero if a value has a bit at `limit` or above.
"""

from __future__ import annotations

from collections.abc import Callable

from trix_circuits.run.native.ir import LANES, ONES, VECTOR, VECTOR_BYTES, Function, splat
from trix_circuits.run.native.jit import ternary_logic

_SIGNATURE = "(ptr %data, i64 %stride, i64 %first, i64 %count, ptr %rows, i64 %pitch, i64 %bits, i64 %limit)"
_AHEAD_BYTES = 2048
_SLOTS = f"[64 x {VECTOR}]"


def _head(name: str) -> Function:
    return Function(f"define i64 @{name}{_SIGNATURE}")


def _low_mask(s: int) -> int:
    """The low s bits of each group of 2s bits."""
    return ((1 << 64) - 1) // ((1 << s) + 1)


def _exchange(f: Function, x: str, y: str, s: int) -> tuple[str, str]:
    """Exchange the high s-bit blocks of x with the low ones of y."""
    mask = splat(_low_mask(s))
    if ternary_logic():  # one instruction chooses bit by bit
        below, above = f.wide("shl", y, splat(s)), f.wide("lshr", x, splat(s))
        choose = f"call {VECTOR} @llvm.x86.avx512.pternlog.q.512({VECTOR} {mask}, {VECTOR} "
        return (
            f.add(f"{choose}{x}, {VECTOR} {below}, i32 202)"),
            f.add(f"{choose}{above}, {VECTOR} {y}, i32 202)"),
        )
    t = f.wide("lshr", x, splat(s))
    t = f.wide("and", f.wide("xor", t, y), mask)
    return f.wide("xor", x, f.wide("shl", t, splat(s))), f.wide("xor", y, t)


def _transpose(
    f: Function,
    square: str,
    width: int,
    load: Callable[[str], str] | None = None,
    store: Callable[[str, str], None] | None = None,
) -> None:
    """Transpose the width x width bits of the rows in memory at `square`, three steps (of 16 rows, four) in registers.

    `load` gives a row by its number where it is not in the square yet, `store` takes one that need not go there again.
    """

    def kept(row: str) -> str:
        return f.load(f.at(square, row, VECTOR), align=64)

    def keep(row: str, value: str) -> None:
        f.store(value, f.at(square, row, VECTOR), align=64)

    steps = [1 << k for k in reversed(range(width.bit_length() - 1))]
    at_once = 4 if width == 16 else 3
    groups = [steps[k : k + at_once] for k in range(0, len(steps), at_once)] or [[]]
    for number, group in enumerate(groups):
        read = load if load is not None and number == 0 else kept
        write = store if store is not None and number == len(groups) - 1 else keep
        block, near = (2 * group[0], group[-1]) if group else (1, 1)
        offsets = [0]
        for step in group:
            offsets = [at + more for at in offsets for more in (0, step)]
        with f.loop(0, width, block) as high, f.loop(0, near) as low:
            start = f.word("add", high, low)
            names = [f.word("add", start, at) if at else start for at in offsets]
            values = dict(zip(offsets, [read(name) for name in names], strict=True))
            for step in group:
                for at in offsets:
                    if not at & step:
                        values[at], values[at + step] = _exchange(f, values[at], values[at + step], step)
            for at, name in zip(offsets, names, strict=True):
                write(name, values[at])


def _rows_in(f: Function, square: str, vector: str) -> None:
    """Copy rows 0 .. bits - 1 of the square to the tile."""
    into = f.at("%rows", f.word("mul", vector, VECTOR_BYTES))
    with f.loop(0, "%bits") as row:
        f.store(f.load(f.at(square, row, VECTOR), align=64), f.at(into, f.word("mul", row, "%pitch")), align=64)


def _rows_out(f: Function, square: str, vector: str, planes: int) -> None:
    """Copy rows 0 .. bits - 1 of the tile to the square, and clear the others."""
    source = f.at("%rows", f.word("mul", vector, VECTOR_BYTES))
    with f.loop(0, "%bits") as row:
        f.store(f.load(f.at(source, f.word("mul", row, "%pitch")), align=64), f.at(square, row, VECTOR), align=64)
    with f.loop("%bits", planes) as row:
        f.store(splat(0), f.at(square, row, VECTOR), align=64)


def _scratch(f: Function) -> tuple[str, str]:
    """A square of 64 rows, and a vector that gathers the bits which must be 0."""
    square = f.add(f"alloca {_SLOTS}, align 64")
    over = f.add(f"alloca {VECTOR}, align 64")
    f.store(splat(0), over, align=64)
    return square, over


def _gather(f: Function, over: str, value: str) -> None:
    f.store(f.wide("or", f.load(over, align=64), value), over, align=64)


def _flag(f: Function, over: str, mask: str) -> str:
    """The OR of the words of what was gathered, under a mask."""
    found = f.wide("and", f.load(over, align=64), mask)
    return f.add(f"call i64 @llvm.vector.reduce.or.v8i64({VECTOR} {found})")


def _ask(f: Function, base: str, element: int, write: bool) -> None:
    """While a vector of E-bit elements is transposed, a later one comes from memory."""
    later = f.at(base, max(_AHEAD_BYTES, VECTOR_BYTES * element))
    with f.loop(0, element) as part:
        f.do(f"call void @llvm.prefetch.p0(ptr {f.at(later, part, VECTOR)}, i32 {int(write)}, i32 2, i32 1)")


def integers_in(element: int, width: int, planes: int) -> str:
    """`integers_in_E_W_P`: elements of E bits into P planes or fewer, in the lane order of W-bit elements."""
    f = _head(f"integers_in_{element}_{width}_{planes}")
    per = LANES // width
    square, over = _scratch(f)
    with f.loop(0, "%count") as vector:
        lane = f.word("mul", f.word("add", "%first", vector), LANES)
        base = f.at("%data", lane, f"i{element}")
        _ask(f, base, element, write=False)

        def together(row: str, base: str = base) -> str:
            """Rows row, row + P, row + 2P, ... in one."""
            total = seen = ""
            for k in range(width // planes):
                start = f.word("mul", f.word("add", row, k * planes), per)
                value = f.load(f.at(base, start, f"i{element}"), f"<{per} x i{element}>", element // 8)
                if element < width:
                    value = f.add(f"zext <{per} x i{element}> {value} to <{per} x i{width}>")
                if width < 64:
                    value = f.add(f"bitcast <{per} x i{width}> {value} to {VECTOR}")
                seen = f.wide("or", seen, value) if seen else value
                if k:
                    value = f.wide("shl", value, splat(k * planes))
                total = f.wide("or", total, value) if total else value
            if planes < element:
                _gather(f, over, seen)
            return total

        _transpose(f, square, planes, load=together)
        _rows_in(f, square, vector)
        if planes == element:
            with f.loop("%limit", planes) as row:  # planes that must be 0
                _gather(f, over, f.load(f.at(square, row, VECTOR), align=64))
    if planes == element:
        return f.finish(f"i64 {_flag(f, over, ONES)}")
    # the bits at `limit` and above of each W-bit element; a shift by W or more would be undefined
    one = f.add(f"insertelement <{per} x i{width}> poison, i{width} -1, i32 0")
    ones = f.add(f"shufflevector <{per} x i{width}> {one}, <{per} x i{width}> poison, <{per} x i32> zeroinitializer")
    most = f.add(f"call i64 @llvm.smin.i64(i64 %limit, i64 {width - 1})")
    short = most if width == 64 else f.add(f"trunc i64 {most} to i{width}")
    first = f.add(f"insertelement <{per} x i{width}> poison, i{width} {short}, i32 0")
    shift = f.add(f"shufflevector <{per} x i{width}> {first}, <{per} x i{width}> poison, <{per} x i32> zeroinitializer")
    high = f.add(f"shl <{per} x i{width}> {ones}, {shift}")
    fits = f.add(f"icmp sge i64 %limit, {width}")
    mask = f.add(f"select i1 {fits}, <{per} x i{width}> zeroinitializer, <{per} x i{width}> {high}")
    if width < 64:
        mask = f.add(f"bitcast <{per} x i{width}> {mask} to {VECTOR}")
    return f.finish(f"i64 {_flag(f, over, mask)}")


def integers_out(element: int, width: int, planes: int) -> str:
    """`integers_out_E_W_P`: P planes or fewer into elements of E bits, from the lane order of W-bit elements.

    Memory that is written is asked for early, as that which is read: on the processors measured, this took less time
    than stores that go past the caches.
    """
    f = _head(f"integers_out_{element}_{width}_{planes}")
    per = LANES // width
    square, _ = _scratch(f)
    low = splat(((1 << 64) - 1) // ((1 << width) - 1) * ((1 << planes) - 1))
    with f.loop(0, "%count") as vector:
        lane = f.word("mul", f.word("add", "%first", vector), LANES)
        base = f.at("%data", lane, f"i{element}")
        _ask(f, base, element, write=True)
        _rows_out(f, square, vector, planes)

        def apart(row: str, total: str, base: str = base) -> None:
            """What `together` put in one."""
            for k in range(width // planes):
                value = f.wide("lshr", total, splat(k * planes)) if k else total
                if planes < width:
                    value = f.wide("and", value, low)
                if width < 64:
                    value = f.add(f"bitcast {VECTOR} {value} to <{per} x i{width}>")
                if element < width:
                    value = f.add(f"trunc <{per} x i{width}> {value} to <{per} x i{element}>")
                start = f.word("mul", f.word("add", row, k * planes), per)
                f.store(value, f.at(base, start, f"i{element}"), f"<{per} x i{element}>", element // 8)

        _transpose(f, square, planes, store=apart)
    return f.finish("i64 0")


def _planes_start(f: Function) -> str:
    """Where the tile starts in planes that lie in blocks of `limit` vectors, a block's rows one after the other."""
    block, inside = f.word("sdiv", "%first", "%limit"), f.word("srem", "%first", "%limit")
    skipped = f.word("mul", block, f.word("mul", "%stride", "%bits"))
    return f.at("%data", f.word("add", skipped, f.word("mul", inside, VECTOR_BYTES)))


def planes_in() -> str:
    """`planes_in`: rows of words, `stride` bytes apart, into the tile."""
    return _planes("planes_in", False)


def planes_out() -> str:
    """`planes_out`: from the tile to rows of words."""
    return _planes("planes_out", True)


def _planes(name: str, write: bool) -> str:
    """Rows of words from or to the tile.

    So many rows are more streams than a processor's prefetcher follows, and where the stride is a power of two they
    compete for the same few lines of the cache: while a row is copied, the row after the next one is asked for.
    """
    f = _head(name)
    start = _planes_start(f)
    ahead = f.word("mul", "%stride", 2)
    with f.loop(0, "%bits") as row:
        outside = f.at(start, f.word("mul", row, "%stride"))
        later = f.at(outside, ahead)
        inside = f.at("%rows", f.word("mul", row, "%pitch"))
        with f.loop(0, "%count") as vector:
            f.do(f"call void @llvm.prefetch.p0(ptr {f.at(later, vector, VECTOR)}, i32 {int(write)}, i32 3, i32 1)")
            here, there = f.at(inside, vector, VECTOR), f.at(outside, vector, VECTOR)
            if write:
                f.store(f.load(here, align=64), there)
            else:
                f.store(f.load(there), here, align=64)
    return f.finish("i64 0")


_BUS = "{ ptr, i64, ptr, i64, i64, i64 }"  # data, stride, kernel, first row, bits, limit


def driver() -> str:
    """`drive`: tile by tile, inputs in, logic, outputs out; gives the OR of what the input kernels give."""
    f = Function(
        "define i64 @drive(ptr %ins, i64 %in_count, ptr %outs, i64 %out_count, ptr %logic, ptr %context,"
        " ptr %tile, i64 %pitch, i64 %per_tile, i64 %begin, i64 %end)"
    )
    flag = f.add("alloca i64, align 8")
    f.store("0", flag, "i64")
    with f.loop("%begin", "%end", "%per_tile") as first:
        left = f.word("sub", "%end", first)
        count = f.add(f"call i64 @llvm.smin.i64(i64 {left}, i64 %per_tile)")
        for buses, number in (("%ins", "%in_count"), ("%outs", "%out_count")):
            with f.loop(0, number) as k:
                bus = f.at(buses, k, _BUS)
                fields = [
                    f.load(f.add(f"getelementptr {_BUS}, ptr {bus}, i64 0, i32 {i}"), kind)
                    for i, kind in enumerate(("ptr", "i64", "ptr", "i64", "i64", "i64"))
                ]
                data, stride, kernel, row, bits, limit = fields
                rows = f.at("%tile", f.word("mul", row, "%pitch"))
                found = f.add(
                    f"call i64 {kernel}(ptr {data}, i64 {stride}, i64 {first}, i64 {count}, ptr {rows},"
                    f" i64 %pitch, i64 {bits}, i64 {limit})"
                )
                f.store(f.word("or", f.load(flag, "i64"), found), flag, "i64")
            if buses == "%ins":
                f.do(f"call void %logic(ptr %tile, i64 %pitch, i64 {count}, ptr %context)")
    return f.finish(f"i64 {f.load(flag, 'i64')}")


TERNARY = f"declare {VECTOR} @llvm.x86.avx512.pternlog.q.512({VECTOR}, {VECTOR}, {VECTOR}, i32 immarg)\n"
DECLARATIONS = """declare i64 @llvm.vector.reduce.or.v8i64(<8 x i64>)
declare i64 @llvm.smin.i64(i64, i64)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""
