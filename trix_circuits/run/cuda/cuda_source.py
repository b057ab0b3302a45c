"""CUDA C for lane programs: what NVRTC, nvcc and (with kernels/host_shim.h) a C++ compiler for the host all take.

One lookup table is one `LOP3`, written as such: left to find it by itself in AND, OR and XOR, nvcc 13.0 needs 18 % more
instructions for a 16x16 multiplier (and 7 % fewer for an ALU, whose outputs it simplifies). Values are scalar variables,
one of 32 bits for each word of a thread; the compiler gives out the registers.

A program of at most `STRAIGHT` operations is one function, and the way of its data in and out is part of the same
kernel. A larger one is cut into chunks, a kernel each, that pass values through rows in global memory, [row][thread];
integers and bits then have kernels of their own that read and write such rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from trix_circuits.errors import InputError, LimitError
from trix_circuits.lower.program import LaneProgram
from trix_circuits.lower.schedule import last_uses
from trix_circuits.run.native.logic_ir import Chunk, chunked_at
from trix_circuits.share import folder

STRAIGHT = 4000  # operations of one kernel
CHUNK = 2000  # operations of one of several kernels
MAX_READS = 400  # values that one of several kernels reads from earlier ones, or holds at a time of its own
MAX_OPERATIONS = 1 << 20  # of a program
MAX_COLUMNS = 64  # columns of integers that one kernel moves
MAX_ROW_NETS = 96  # nets whose 0/1 elements a thread moves in registers; at 129 they spill
MAX_ALIVE = 400  # values at a time in one function; beyond some 220 the compiler spills
EXHAUSTIVE_INPUTS = 48
ROW = 256  # units whose rows lie together
_REGISTERS = 96  # that values of more than one word a thread may take
_LETTERS = "xyzw"
PLANE_PORTS = 9  # address, stride, block of the inputs and of the outputs; units a block; rows and their stride


@dataclass(frozen=True)
class Kernel:
    """Source text, the name of its entry, and how many lanes one unit of its work is."""

    name: str
    text: str
    lanes: int


@dataclass(frozen=True, slots=True)
class Bus:
    """A column of a bus in memory: entries of `element` bits (0: the same value in all lanes) that fill `bits` bits.

    An entry is right if it is below 2**limit.
    """

    element: int
    bits: int
    limit: int


@dataclass(frozen=True, slots=True)
class Planes:
    """Planes in the GPU's memory: bytes from one to the next, and from one block to the next."""

    address: int
    stride: int
    block: int = 0


@dataclass(frozen=True, slots=True)
class Port:
    """A column of a bus in the GPU's memory, or a constant (`bus.element` is 0)."""

    bus: Bus
    value: int

    def at(self, lane: int) -> int:
        return self.value + lane * self.bus.element // 8


@cache
def _prelude() -> str:
    return (folder("kernels") / "lanes.cuh").read_text()


def _kernel(name: str, ports: int, lanes: int, lines: Iterable[str]) -> Kernel:
    body = "\n".join(lines)
    text = f"#define PORTS {ports}\n{_prelude()}\nKERNEL({name}) {{\n{body}\n}}\nHOST_ENTRY({name})\n"
    return Kernel(name, text, lanes)


def alive(program: LaneProgram) -> int:
    """The most values that are needed at once: inputs from their first use on, outputs not after they are computed."""
    first, size = program.first, program.size
    begin: dict[int, int] = {}
    end: dict[int, int] = {}
    for k, parts in enumerate(program.operands.tolist()):
        for part in parts:
            if part:
                begin.setdefault(part, k)
                end[part] = k
    change = [0] * (size + 2)
    for value, last in end.items():
        change[begin[value] if value < first else value - first] += 1
        change[last + 1] -= 1
    most = now = 0
    for step in change:
        now += step
        most = max(most, now)
    return most


def is_straight(program: LaneProgram) -> bool:
    """Whether one kernel computes all of it."""
    return program.size <= STRAIGHT and alive(program) <= MAX_ALIVE


def words_per_thread(program: LaneProgram) -> int:
    """4, 2 or 1 words of 32 lanes: the widest loads that leave other threads their registers (by count, not by time)."""
    live = max(8, alive(program))
    return next((words for words in (4, 2) if words * live <= _REGISTERS), 1)


def _logic(
    program: LaneProgram,
    words: int,
    fetch: Callable[[int], list[str]],
    give: Callable[[int, str, int], list[str]],
    prefix: str = "v",
    chunk: Chunk | None = None,
    keep: Callable[[int, str], list[str]] | None = None,
) -> list[str]:
    """The operations as lines. `fetch` defines a value from elsewhere, before its first use; `give` is called with the
    number, the name and the complement of each output, as soon as it is known; `keep` with the values that a chunk
    passes on."""
    begin, end = (chunk.begin, chunk.end) if chunk else (0, program.size)
    first, own = program.first, program.first + begin
    uses: dict[int, int] = {}
    for parts in program.operands[begin:end].tolist():
        for part in parts:
            uses[part] = uses.get(part, 0) + 1
    stores = dict(chunk.stores) if chunk else {}
    outputs: dict[int, list[tuple[int, int]]] = {}
    for number, literal in enumerate(program.outputs.tolist()):
        value = literal >> 1
        if own <= value < first + end or (value < first and not begin):
            outputs.setdefault(value, []).append((number, literal & 1))
    lines: list[str] = []
    fetched: set[int] = set()

    def name(value: int) -> str:
        return f"{prefix}{value}" if value >= own or not value else f"v{value}"

    def need(value: int) -> str:
        if value < own and value not in fetched:
            fetched.add(value)
            zero = [f"const u32 {prefix}0{letter} = 0u;" for letter in _LETTERS[:words]]
            lines.extend(fetch(value) if value else zero)
        return name(value)

    for value in sorted(value for value in outputs if value < first):
        for number, flip in outputs[value]:
            lines += give(number, need(value), flip)
    rows = zip(program.tables[begin:end].tolist(), program.operands[begin:end].tolist(), strict=True)
    for value, (table, (a, b, c)) in enumerate(rows, own):
        found = outputs.get(value, [])
        flipped = value not in uses and value not in stores and found and all(flip for _, flip in found)
        if flipped:  # only its complement is wanted: another table
            table ^= 0xFF
        parts = ", ".join(need(part) for part in (a, b, c or b))
        lines.append(f"LUT{words}({name(value)}, {table:#04x}, {parts});")
        if keep and value in stores:
            lines += keep(stores[value], name(value))
        for number, flip in found:
            lines += give(number, name(value), 0 if flipped else flip)
    return lines


def _flip(complement: int) -> str:
    return "~0u" if complement else "0u"


_VECTOR = {1: "u32", 2: "uint2", 4: "uint4"}


def _plane_ends(words: int) -> tuple[list[str], Callable[[int], list[str]], Callable[[int, str, int], list[str]]]:
    kind = _VECTOR[words]
    head = [
        f"const {kind}* x = (const {kind}*)job.port[0] + place(at, job.port[6], job.port[2]);",
        f"{kind}* y = ({kind}*)job.port[3] + place(at, job.port[6], job.port[5]);",
        "const u64 xs = job.port[1], ys = job.port[4];",
    ]

    def fetch(value: int) -> list[str]:
        return [f"LOAD{words}(v{value}, x + {value - 1} * xs);"]

    def give(number: int, name: str, flip: int) -> list[str]:
        return [f"STORE{words}(y + {number} * ys, {name}, {_flip(flip)});"]

    return head, fetch, give


def planes_kernel(program: LaneProgram, words: int) -> Kernel:
    """Planes in and out, so many words of 32 lanes a thread; addresses must be divisible by 4 * words bytes."""
    head, fetch, give = _plane_ends(words)
    lines = ["FOR_EACH_UNIT(v) {", "const u32 at = (u32)job.first + v;", *head]
    return _kernel("planes", PLANE_PORTS, 32 * words, [*lines, *_logic(program, words, fetch, give), "}"])


def chunks_of(program: LaneProgram) -> tuple[list[Chunk], int]:
    """The chunks of a large program, and the rows that values between them take."""
    last = last_uses(program.graph).tolist()
    bounds = [0]
    reads: set[int] = set()
    open_values: set[int] = set()  # results of the chunk that are read further on
    for k, parts in enumerate(program.operands.tolist()):
        own = program.first + bounds[-1]
        new = {part for part in parts if part < own}
        if k - bounds[-1] == CHUNK or len(reads | new) > MAX_READS or len(open_values) > MAX_READS:
            bounds.append(k)
            reads, new, open_values = set(), set(parts), set()
        reads |= new
        open_values.difference_update(part for part in parts if last[part] <= k)
        if last[program.first + k] > k:
            open_values.add(program.first + k)
    chunks, rows = chunked_at(program, [*bounds, program.size])
    return chunks, rows - program.input_bits - program.output_bits


def chunk_kernel(program: LaneProgram, chunk: Chunk, number: int) -> Kernel:
    """Operations of one chunk, one word a thread. What crosses lies in rows: those of `ROW` units are together, each at
    a distance that the instruction itself holds. A chunk writes no row that it reads."""
    head, fetch_input, give = _plane_ends(1)
    row_of = dict(chunk.loads)
    base = program.input_bits + program.output_bits

    def fetch(value: int) -> list[str]:
        if value < program.first:
            return fetch_input(value)
        return [f"LOAD1(v{value}, rows + {ROW * (row_of[value] - base)});"]

    def keep(row: int, name: str) -> list[str]:
        return [f"rows[{ROW * (row - base)}] = {name}x;"]

    lines = ["FOR_EACH_UNIT(v) {", "const u32 at = (u32)job.first + v;", *head]
    lines += [f"u32* rows = (u32*)job.port[7] + v / {ROW} * job.port[8] + v % {ROW};"]
    lines += _logic(program, 1, fetch, give, chunk=chunk, keep=keep)
    return _kernel(f"chunk{number}", PLANE_PORTS, 32, [*lines, "}"])


def integers_kernel(program: LaneProgram, inputs: Sequence[Bus], outputs: Sequence[Bus]) -> Kernel:
    """Columns in and out; ports are their addresses (or values), then that of the word which is set if one misfits.

    Columns lie in whole groups of 1024 lanes, at addresses divisible by 16; a unit is 32 of their lanes, so that the
    number of units must be a multiple of 32.
    """
    lines = ["u32 wrong = 0;", "FOR_EACH_UNIT(v) {", "const u64 lane = first_lane(job.first + v);"]
    names: dict[int, str] = {}
    for k, bus in enumerate(inputs):
        base = len(names) + 1
        if bus.element:
            lines.append(f"u32 in{k}[{bus.element // 8}][8];")
            lines.append(f"wrong |= column_in<{bus.limit}>(in{k}, job.port[{k}], lane);")
            found = [f"in{k}[{bit // 8}][{bit % 8}]" if bit < bus.element else "0u" for bit in range(bus.bits)]
        else:
            found = [f"0u - (u32)(job.port[{k}] >> {bit} & 1)" for bit in range(bus.bits)]
        names |= dict(enumerate(found, base))
    places: list[str] = []
    ends: list[str] = []
    for k, bus in enumerate(outputs):
        lines.append(f"u32 out{k}[{bus.element // 8}][8];")
        places += [f"out{k}[{bit // 8}][{bit % 8}]" for bit in range(bus.bits)]
        ends += [f"out{k}[{bit // 8}][{bit % 8}] = 0u;" for bit in range(bus.bits, bus.element)]
        ends.append(f"column_out(out{k}, job.port[{len(inputs) + k}], lane);")

    def fetch(value: int) -> list[str]:
        return [f"const u32 v{value}x = {names[value]};"]

    def give(number: int, name: str, flip: int) -> list[str]:
        return [f"{places[number]} = {name}x ^ {_flip(flip)};"]

    lines += [
        *_logic(program, 1, fetch, give),
        *ends,
        "}",
        f"if (wrong) *(u32*)job.port[{len(inputs) + len(outputs)}] = 1u;",
    ]
    return _kernel("integers", len(inputs) + len(outputs) + 1, 32, lines)


def bits_kernel(program: LaneProgram, element: str) -> Kernel:
    """Rows of 0/1 elements, `u8` or `float`, in and out; ports are the two addresses (divisible by 16) and that of the
    word which is set if an element is neither. Rows come in groups of 32."""
    size = {"u8": 1, "float": 4}[element]
    ins, outs = program.input_bits, program.output_bits
    lines = ["u32 wrong = 0;", "FOR_EACH_UNIT(v) {", "const u64 row = 32 * (job.first + v);"]
    if ins:
        lines += [f"u32 in[{ins}];"]
        lines += [f"wrong |= rows_in<{ins}>(in, (const {element}*)0, job.port[0] + row * {size * ins});"]
    lines.append(f"u32 out[{outs}];")

    def fetch(value: int) -> list[str]:
        return [f"const u32 v{value}x = in[{value - 1}];"]

    def give(number: int, name: str, flip: int) -> list[str]:
        return [f"out[{number}] = {name}x ^ {_flip(flip)};"]

    lines += _logic(program, 1, fetch, give)
    lines.append(f"rows_out<{outs}>(out, ({element}*)0, job.port[1] + row * {size * outs});")
    return _kernel("bits", 3, 32, [*lines, "}", "if (wrong) *(u32*)job.port[2] = 1u;"])


def columns_in_kernel(buses: Sequence[Bus]) -> Kernel:
    """Columns to rows of a tile; ports are as of `integers_kernel`, then the rows and their stride in words."""
    lines = ["u32 wrong = 0;", "FOR_EACH_UNIT(v) {", "const u64 lane = first_lane(job.first + v);"]
    lines.append(f"u32* row = (u32*)job.port[{len(buses) + 1}] + v;")
    for k, bus in enumerate(buses):
        lines.append("{")
        if bus.element:
            lines.append(f"u32 in[{bus.element // 8}][8];")
            lines.append(f"wrong |= column_in<{bus.limit}>(in, job.port[{k}], lane);")
        for bit in range(bus.bits):
            found = f"0u - (u32)(job.port[{k}] >> {bit} & 1)"
            if bus.element:
                found = f"in[{bit // 8}][{bit % 8}]" if bit < bus.element else "0u"
            lines.append(f"*row = {found}; row += job.port[{len(buses) + 2}];")
        lines.append("}")
    lines += ["}", f"if (wrong) *(u32*)job.port[{len(buses)}] = 1u;"]
    return _kernel("columns_in", len(buses) + 3, 32, lines)


def columns_out_kernel(buses: Sequence[Bus]) -> Kernel:
    """Rows of a tile to columns; ports are the columns' addresses, then the rows and their stride in words."""
    lines = ["FOR_EACH_UNIT(v) {", "const u64 lane = first_lane(job.first + v);"]
    lines.append(f"const u32* row = (const u32*)job.port[{len(buses)}] + v;")
    for k, bus in enumerate(buses):
        lines.append(f"{{ u32 out[{bus.element // 8}][8];")
        for bit in range(bus.element):
            found = f"__ldg(row); row += job.port[{len(buses) + 1}]" if bit < bus.bits else "0u"
            lines.append(f"out[{bit // 8}][{bit % 8}] = {found};")
        lines.append(f"column_out(out, job.port[{k}], lane); }}")
    return _kernel("columns_out", len(buses) + 2, 32, [*lines, "}"])


def rows_in_kernel(nets: int, element: str) -> Kernel:
    """Any number of 0/1 elements a lane to rows of a tile: address, flag, rows, stride."""
    text = f"""u32 wrong = 0;
FOR_EACH_UNIT(v) {{
    const {element}* from = (const {element}*)job.port[0] + (job.first + v) * 32 * {nets};
    for (u32 k = 0; k < {nets}; k++) {{
        u32 plane = 0;
        for (int row = 0; row < 32; row++) {{
            const {element} found = __ldg(from + (u64)row * {nets} + k);
            if (found == 1) plane |= 1u << (8 * (row % 4) + row / 4);
            else if (found != 0) wrong = 1;
        }}
        ((u32*)job.port[2])[k * job.port[3] + v] = plane;
    }}
}}
if (wrong) *(u32*)job.port[1] = 1u;"""
    return _kernel("rows_in", 4, 32, [text])


def rows_out_kernel(nets: int, element: str) -> Kernel:
    """Rows of a tile to 0/1 elements: address, rows, stride."""
    text = f"""FOR_EACH_UNIT(v) {{
    {element}* to = ({element}*)job.port[0] + (job.first + v) * 32 * {nets};
    for (u32 k = 0; k < {nets}; k++) {{
        const u32 plane = __ldg((const u32*)job.port[1] + k * job.port[2] + v);
        for (int row = 0; row < 32; row++)
            to[(u64)row * {nets} + k] = ({element})(plane >> (8 * (row % 4) + row / 4) & 1u);
    }}
}}"""
    return _kernel("rows_out", 3, 32, [text])


def exhaustive_kernel(circuit: LaneProgram, reference: LaneProgram) -> Kernel:
    """Rows 32 * first .. of all assignments, in order: the least row where an output differs goes to the u64 at port 0.

    The planes of the inputs are made in registers: five are constants, the others the bits of the unit's number.
    """
    if circuit.input_bits != reference.input_bits or circuit.output_bits != reference.output_bits:
        raise InputError("circuit and reference must have the same inputs and outputs")
    if circuit.input_bits > EXHAUSTIVE_INPUTS:
        raise LimitError(f"rows on the GPU must be at most 2**{EXHAUSTIVE_INPUTS}, not 2**{circuit.input_bits}")
    if not (is_straight(circuit) and is_straight(reference)):
        size = max(circuit.size, reference.size)
        raise LimitError(f"a circuit proven on the GPU must have at most {STRAIGHT} operations, not {size}")
    lines = ["FOR_EACH_UNIT(v) {", "const u64 word = job.first + v;", "u32 wrong = 0;"]

    def fetch(value: int) -> list[str]:
        if value <= 5:
            return [f"const u32 v{value}x = PATTERN{value - 1};"]
        return [f"const u32 v{value}x = 0u - (u32)(word >> {value - 6} & 1);"]

    lines += [line for value in range(1, circuit.first) for line in fetch(value)]
    for prefix, program in (("c", circuit), ("r", reference)):
        lines += _logic(program, 1, lambda value: [], lambda number, name, flip, p=prefix: [  # type: ignore[misc]
            f"const u32 {p}_{number} = {name}x ^ {_flip(flip)};"], prefix)  # fmt: skip
    lines += [f"wrong |= c_{number} ^ r_{number};" for number in range(circuit.output_bits)]
    if circuit.input_bits < 5:
        lines.append(f"wrong &= {(1 << (1 << circuit.input_bits)) - 1:#x}u;")
    lines += ["if (wrong) {", "atomicMin((u64*)job.port[0], 32 * word + __ffs(wrong) - 1);", "return;", "}", "}"]
    return _kernel("exhaustive", 1, 32, lines)
