"""Straight-line code for x86-64 with AVX-512, written as assembly: registers are given out here, LLVM only assembles.

LLVM's own allocation of registers takes time that grows faster than the code where hundreds of nets are alive (3 s for
1,000 operations over 700 live nets); the case here is simpler than its general one. All values are alike, all uses are
known, and a lookup table is one `vpternlogq`, whose third operand may lie in memory. So: when a register is needed, the
value whose next use is furthest away leaves it (Belady, A study of replacement algorithms, 1966), and is stored only if
it lies nowhere in memory yet. This takes some 20 microseconds an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from trix_circuits.lower.lut import AND2, OR2, XOR2
from trix_circuits.run.native.ir import VECTOR_BYTES

REGISTERS = 31  # zmm0 .. zmm30; zmm31 is for results on their way out
_NEVER = 1 << 60
_SIMPLE = {AND2: "vpandq", OR2: "vporq", XOR2: "vpxorq"}
_ANDN_AB, _ANDN_BA = 0x22, 0x44  # a & ~b, b & ~a


@cache
def _ternary(table: int, order: tuple[int, int, int]) -> int:
    """The immediate where first, second and third operand are the table's operands order[0], order[1], order[2]."""
    bits = 0
    for row in range(8):
        place = sum((row >> operand & 1) << 2 - k for k, operand in enumerate(order))
        bits |= (table >> row & 1) << place
    return bits


class Allocator:
    """Emits operations one by one; `home` gives the memory operand of a value that lies there, None if it does not."""

    def __init__(self, uses: dict[int, list[int]], home: dict[int, str], on_load: Callable[[int], str] | None) -> None:
        self.lines: list[str] = []
        self._uses = {value: places[::-1] for value, places in uses.items()}  # the next use is last
        self._home = home
        self._on_load = on_load
        self._register: dict[int, int] = {}
        self._free = list(range(REGISTERS - 1, -1, -1))
        self._spills: list[int] = []
        self._spill_of: dict[int, int] = {}
        self.spill_count = 0

    def _next(self, value: int) -> int:
        places = self._uses.get(value)
        return places[-1] if places else _NEVER

    def _take(self, busy: Sequence[int]) -> int:
        """A register: a free one, or that of the value whose next use is furthest."""
        if self._free:
            return self._free.pop()
        victim = max((value for value in self._register if value not in busy), key=self._next)
        register = self._register.pop(victim)
        if victim not in self._home and self._next(victim) < _NEVER:
            if self._spills:
                slot = self._spills.pop()
            else:
                slot, self.spill_count = self.spill_count, self.spill_count + 1
            self._spill_of[victim] = slot
            self._home[victim] = f"{slot * VECTOR_BYTES}(%rsp)"
            self.lines.append(f"vmovdqa64 %zmm{register}, {self._home[victim]}")
        return register

    def _load(self, value: int, register: int) -> None:
        self.lines.append(f"vmovdqu64 {self._home[value]}, %zmm{register}")
        self._asked(value)

    def _asked(self, value: int) -> None:
        if self._on_load is not None:
            line = self._on_load(value)
            if line:
                self.lines.append(line)

    def _done(self, value: int) -> None:
        """Give back what a value holds that is not used again."""
        if self._next(value) == _NEVER:
            register = self._register.pop(value, None)
            if register is not None:
                self._free.append(register)
            if value in self._spill_of:
                self._spills.append(self._spill_of.pop(value))
                del self._home[value]

    def _worth(self, value: int) -> bool:
        """Whether a value in memory should go to a register for its later uses."""
        after = self._next(value)
        return after < _NEVER and (bool(self._free) or after < max(map(self._next, self._register), default=_NEVER))

    def operation(self, own: int, table: int, operands: Sequence[int]) -> None:
        """The table over its operands; the result is in a register afterwards."""
        parts = [part for part in operands if part]
        for part in parts:
            self._uses[part].pop()
        for part in parts:
            if part not in self._register and self._worth(part):
                register = self._take(parts)
                self._load(part, register)
                self._register[part] = register
        if len(parts) == 2:
            self._two(own, table, parts)
        else:
            self._three(own, table, parts)

    def _two(self, own: int, table: int, parts: list[int]) -> None:
        x, y = parts
        if table == _ANDN_AB:  # the first operand is complemented; the second may lie in memory
            name, x, y = "vpandnq", y, x
        elif table == _ANDN_BA:
            name = "vpandnq"
        else:
            name = _SIMPLE[table]
            if x not in self._register:
                x, y = y, x
        scratch = None
        if x in self._register:
            first = self._register[x]
        else:
            scratch = first = self._take(parts)
            self._load(x, first)
        if y in self._register:
            second = f"%zmm{self._register[y]}"
        else:
            second = self._home[y]
            self._asked(y)
        dying = [part for part in parts if part in self._register and self._next(part) == _NEVER]
        if scratch is not None:
            result = scratch
        elif dying:
            result = self._register.pop(dying[0])
        else:
            result = self._take(parts)
        self.lines.append(f"{name} {second}, %zmm{first}, %zmm{result}")
        for part in parts:
            self._done(part)
        self._register[own] = result

    def _three(self, own: int, table: int, parts: list[int]) -> None:
        order = sorted(range(3), key=lambda k: parts[k] not in self._register)  # what lies in memory comes last
        inside = sum(part in self._register for part in parts)
        if inside == 3:
            dying = [k for k in range(3) if self._next(parts[k]) == _NEVER]
            over = dying[0] if dying else 0
            first, second, third = over, *(k for k in range(3) if k != over)
        elif inside == 2:
            first, second, third = order
            if self._next(parts[first]) != _NEVER and self._next(parts[second]) == _NEVER:
                first, second = second, first
        elif inside == 1:
            second, first, third = order  # one from memory becomes the register that is written over
        else:
            first, second, third = order
        a, b, c = parts[first], parts[second], parts[third]
        scratch: list[int] = []
        if a in self._register:
            if self._next(a) == _NEVER:
                result = self._register.pop(a)
            else:
                result = self._take(parts)
                self.lines.append(f"vmovdqa64 %zmm{self._register[a]}, %zmm{result}")
        else:
            result = self._take(parts)
            self._load(a, result)
        if b in self._register:
            middle = self._register[b]
        else:
            middle = self._take(parts)
            scratch.append(middle)
            self._load(b, middle)
        if c in self._register:
            last = f"%zmm{self._register[c]}"
        else:
            last = self._home[c]
            self._asked(c)
        immediate = _ternary(table, (first, second, third))
        self.lines.append(f"vpternlogq ${immediate}, {last}, %zmm{middle}, %zmm{result}")
        self._free.extend(scratch)
        for part in parts:
            self._done(part)
        self._register[own] = result

    def store(self, value: int, place: str, flip: bool = False) -> None:
        """Write a value, or its complement, to memory; value 0 is constant false."""
        if not value:
            self.lines.append(f"vpternlogq ${255 if flip else 0}, %zmm31, %zmm31, %zmm31")
            self.lines.append(f"vmovdqu64 %zmm31, {place}")
            return
        register = self._register.get(value)
        source = f"%zmm{register}" if register is not None else self._home[value]
        if register is None:
            self._asked(value)
        if flip:
            self.lines.append(f"vpternlogq $0x55, {source}, %zmm31, %zmm31")
        elif register is None:
            self.lines.append(f"vmovdqu64 {source}, %zmm31")
        at = "%zmm31" if flip or register is None else source
        self.lines.append(f"vmovdqu64 {at}, {place}")

    def settle(self, value: int, place: str) -> None:
        """A value that was just computed also lies at a place from now on."""
        self.store(value, place)
        self._home[value] = place

    def finished(self, value: int) -> None:
        """Let go of a value that nothing reads."""
        self._done(value)


def body(
    begin: int,
    tables: Sequence[int],
    operands: Sequence[Sequence[int]],
    homes: dict[int, str],
    keeps: dict[int, str],
    outputs: Sequence[tuple[int, str]],
    on_load: Callable[[int], str] | None = None,
) -> tuple[list[str], int]:
    """Assembly of operations, and the bytes of stack that they take.

    The first operation is value `begin`. `homes` are memory operands of values from elsewhere, `keeps` of values that
    must be written; `outputs` are literals and the memory that they go to, written when their value is computed.
    """
    uses: dict[int, list[int]] = {}
    for k, parts in enumerate(operands):
        for part in parts:
            if part:
                uses.setdefault(part, []).append(k)
    wanted: dict[int, list[tuple[bool, str]]] = {}
    for literal, place in outputs:
        wanted.setdefault(literal >> 1, []).append((bool(literal & 1), place))
    code = Allocator(uses, dict(homes), on_load)
    for value in [value for value in wanted if value < begin]:
        for flip, place in wanted.pop(value):
            code.store(value, place, flip)
    for own, (table, parts) in enumerate(zip(tables, operands, strict=True), begin):
        code.operation(own, table, parts)
        if own in keeps:
            code.settle(own, keeps[own])
        for flip, place in wanted.pop(own, ()):
            code.store(own, place, flip)
        code.finished(own)
    return code.lines, code.spill_count * VECTOR_BYTES


def function(name: str, lines: Sequence[str], stack: int, start: Sequence[str], step: Sequence[str]) -> str:
    """A module with one function: `start` sets up registers and leaves the end in %rdx, `step` moves %rdi on to it."""
    text = [
        ".text", f".globl {name}", f".type {name},@function", ".p2align 6", f"{name}:",
        "pushq %rbp", "movq %rsp, %rbp", *start, "cmpq %rdx, %rdi", "jae 2f",
        f"subq ${stack}, %rsp", "andq $-64, %rsp", "1:", *lines, *step, "cmpq %rdx, %rdi", "jb 1b",
        "2:", "movq %rbp, %rsp", "popq %rbp", "vzeroupper", "retq", f".size {name}, .-{name}",
        '.section .note.GNU-stack,\\22\\22,@progbits',
    ]  # fmt: skip
    return 'module asm "' + "\\0A".join(text) + '"\n'


TILE_START = ("shlq $6, %rdx", "addq %rdi, %rdx")  # (tile, pitch, count, context): a vector of each row at a time
TILE_STEP = (f"addq ${VECTOR_BYTES}, %rdi",)
