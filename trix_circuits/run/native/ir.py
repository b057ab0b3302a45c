"""LLVM IR as text: the little that all kernels share.

Kernels work on vectors of 512 lanes, `<8 x i64>`; LLVM splits them where registers are narrower. Text, for LLVM reads it
faster than an object model can be built.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

VECTOR = "<8 x i64>"
LANES = 512
WORDS = 8
VECTOR_BYTES = 64


def splat(word: int) -> str:
    """A constant vector with this 64-bit word in each element."""
    signed = word - (1 << 64) if word >> 63 else word
    return "<" + ", ".join([f"i64 {signed}"] * WORDS) + ">"


ONES = splat((1 << 64) - 1)


class Function:
    """A function in the making: instructions, fresh names, and loops whose body is what is emitted inside."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._lines: list[str] = []
        self._count = 0
        self._block = "entry"

    def name(self, kind: str = "x") -> str:
        self._count += 1
        return f"%{kind}{self._count}"

    def add(self, instruction: str) -> str:
        """Emit an instruction with a result; its name."""
        name = self.name()
        self._lines.append(f"  {name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        self._lines.append(f"  {instruction}")

    def load(self, pointer: str, kind: str = VECTOR, align: int = 8) -> str:
        return self.add(f"load {kind}, ptr {pointer}, align {align}")

    def store(self, value: str, pointer: str, kind: str = VECTOR, align: int = 8, note: str = "") -> None:
        self.do(f"store {kind} {value}, ptr {pointer}, align {align}{note}")

    def at(self, pointer: str, index: str | int, kind: str = "i8") -> str:
        """The pointer moved by so many elements."""
        return self.add(f"getelementptr {kind}, ptr {pointer}, i64 {index}")

    def word(self, op: str, a: str | int, b: str | int) -> str:
        return self.add(f"{op} i64 {a}, {b}")

    def wide(self, op: str, a: str, b: str) -> str:
        return self.add(f"{op} {VECTOR} {a}, {b}")

    @contextmanager
    def loop(self, start: str | int, stop: str | int, step: str | int = 1) -> Iterator[str]:
        """A loop over start, start + step, ... below stop (signed); gives the name of the counter."""
        self._count += 1
        tag = self._count
        counter = f"%i{tag}"
        before = self._block
        place = len(self._lines)
        self._lines.append("")  # the head; it needs to know the block that jumps back
        self._lines.append(f"  %go{tag} = icmp slt i64 {counter}, {stop}")
        self._lines.append(f"  br i1 %go{tag}, label %body{tag}, label %end{tag}")
        self._lines.append(f"body{tag}:")
        self._block = f"body{tag}"
        yield counter
        self._lines.append(f"  %next{tag} = add i64 {counter}, {step}")
        self._lines.append(f"  br label %head{tag}")
        self._lines[place] = (
            f"  br label %head{tag}\nhead{tag}:\n"
            f"  {counter} = phi i64 [ {start}, %{before} ], [ %next{tag}, %{self._block} ]"
        )
        self._lines.append(f"end{tag}:")
        self._block = f"end{tag}"

    def finish(self, result: str = "void") -> str:
        body = "\n".join(self._lines)
        return f"{self._head} {{\nentry:\n{body}\n  ret {result}\n}}\n"
