"""Truth tables as integers: bit r is the value at row r, and input i of row r is bit i of r.

Everything here is exact and small (16 inputs at most). NPN classes are those of logic synthesis: functions that turn
into each other by permuting inputs, negating inputs and negating the output; the representative is the smallest table.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from trix_circuits.errors import InputError

MAX_INPUTS = 16


@dataclass(frozen=True, slots=True)
class TruthTable:
    """A Boolean function of `arity` inputs (0 to 16); `bits` has one bit a row."""

    arity: int
    bits: int

    def __post_init__(self) -> None:
        if not 0 <= self.arity <= MAX_INPUTS:
            raise InputError(f"a truth table must have 0 to {MAX_INPUTS} inputs, not {self.arity}")
        if self.bits < 0 or self.bits >> (1 << self.arity):
            raise InputError(f"a truth table of {self.arity} inputs must have {1 << self.arity} bits, not more")

    @property
    def rows(self) -> int:
        return 1 << self.arity

    def __call__(self, row: int) -> int:
        """The value at a row."""
        return self.bits >> row & 1

    def hex(self) -> str:
        """0x and one digit for each four rows."""
        return f"0x{self.bits:0{max(1, self.rows // 4)}x}"

    def complement(self) -> TruthTable:
        return TruthTable(self.arity, self.bits ^ (1 << self.rows) - 1)

    def cofactor(self, index: int, value: int) -> int:
        """The rows where input `index` is 0, with the values at which that input is `value`, as bits."""
        pattern = variable(self.arity, index)
        ones = (1 << self.rows) - 1
        return self.bits >> (1 << index) & ~pattern & ones if value else self.bits & ~pattern

    def depends_on(self, index: int) -> bool:
        return self.cofactor(index, 0) != self.cofactor(index, 1)

    def support(self) -> tuple[int, ...]:
        """The inputs that matter."""
        return tuple(i for i in range(self.arity) if self.depends_on(i))

    def unateness(self, index: int) -> int:
        """+1 if the function never falls as the input rises, -1 if it never rises, 0 if both happen; +1 if unused."""
        low, high = self.cofactor(index, 0), self.cofactor(index, 1)
        return 1 if low & ~high == 0 else -1 if high & ~low == 0 else 0

    def transform(self, permutation: Sequence[int], flips: int = 0, output_flip: int = 0) -> TruthTable:
        """The function g with g(y) = f(x) ^ output_flip, where x[i] = y[permutation[i]] ^ bit i of flips."""
        bits = 0
        for row in range(self.rows):
            source = 0
            for i in range(self.arity):
                source |= (row >> permutation[i] & 1 ^ flips >> i & 1) << i
            bits |= (self(source) ^ output_flip) << row
        return TruthTable(self.arity, bits)

    def shrink(self) -> tuple[TruthTable, tuple[int, ...]]:
        """The same function of the inputs that matter, and which these are."""
        support = self.support()
        bits = 0
        for row in range(1 << len(support)):
            source = sum(1 << index for i, index in enumerate(support) if row >> i & 1)
            bits |= self(source) << row
        return TruthTable(len(support), bits), support


@cache
def variable(arity: int, index: int) -> int:
    """The truth table of input `index` among `arity` inputs, as bits."""
    block = 1 << index
    return ((1 << (1 << arity)) - 1) // ((1 << block) + 1) << block


def from_function(function: Callable[..., int | bool], arity: int) -> TruthTable:
    """The table of a Python function of `arity` bits."""
    rows = range(1 << arity)
    return TruthTable(arity, sum(bool(function(*(row >> i & 1 for i in range(arity)))) << row for row in rows))


def letters(arity: int) -> tuple[str, ...]:
    """Default input names: a, b, c, ...; x0, x1, ... where the alphabet ends."""
    return tuple("abcdefghijklmnop"[:arity]) if arity <= 16 else tuple(f"x{i}" for i in range(arity))


@dataclass(frozen=True, slots=True)
class NamedFunction:
    """A function with a name and names for its inputs."""

    name: str
    table: TruthTable
    input_names: tuple[str, ...]


ATOM_NAMES = ("AND", "OR", "XOR", "NOT", "NAND", "NOR", "XNOR", "SUM", "CARRY", "MUX")
_SYMMETRIC: dict[str, Callable[[int, int], bool]] = {
    "AND": lambda ones, n: ones == n,
    "OR": lambda ones, n: ones > 0,
    "NAND": lambda ones, n: ones < n,
    "NOR": lambda ones, n: ones == 0,
    "XOR": lambda ones, n: ones % 2 == 1,
    "XNOR": lambda ones, n: ones % 2 == 0,
    "MAJ": lambda ones, n: 2 * ones > n,
}


def named_function(name: str) -> NamedFunction:
    """AND, OR, ..., MUX, and the n-ary AND3, XOR5, MAJ7, ...; case does not matter. Raises InputError."""
    upper = name.upper()
    fixed = {"NOT": (1, 0x1), "BUF": (1, 0x2), "SUM": (3, 0x96), "CARRY": (3, 0xE8), "MUX": (3, 0xE4)}
    if upper in fixed:
        arity, bits = fixed[upper]
        return NamedFunction(upper, TruthTable(arity, bits), ("s", "a", "b") if upper == "MUX" else letters(arity))
    match = re.fullmatch(r"([A-Z]+?)([0-9]{0,3})", upper)
    if not match or match[1] not in _SYMMETRIC or (match[1] == "MAJ" and not match[2]):
        raise InputError(
            f"function must be one of {', '.join(ATOM_NAMES)}, or n-ary such as AND3 or MAJ5, not {name!r}"
        )
    arity = int(match[2] or 2)
    if not 1 <= arity <= MAX_INPUTS:
        raise InputError(f"{upper} must have 1 to {MAX_INPUTS} inputs, not {arity}")
    if match[1] == "MAJ" and arity % 2 == 0:
        raise InputError(f"{upper}: a majority must have an odd number of inputs, not {arity}")
    rule = _SYMMETRIC[match[1]]
    bits = sum(rule(row.bit_count(), arity) << row for row in range(1 << arity))
    return NamedFunction(upper, TruthTable(arity, bits), letters(arity))


def npn_transforms(arity: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """All (permutation, input flips, output flip) of so many inputs."""
    for permutation in itertools.permutations(range(arity)):
        for flips in range(1 << arity):
            yield permutation, flips, 0
            yield permutation, flips, 1


@cache
def npn_classes(arity: int) -> dict[int, tuple[int, ...]]:
    """For up to 4 inputs: the smallest table of each NPN class -> all tables of the class, ascending."""
    if not 0 <= arity <= 4:
        raise InputError(f"NPN classes are enumerated for 0 to 4 inputs, not {arity}")
    rows = 1 << arity
    moves = []
    for permutation, flips, output_flip in npn_transforms(arity):
        sources = [sum((row >> permutation[i] & 1 ^ flips >> i & 1) << i for i in range(arity)) for row in range(rows)]
        moves.append((sources, output_flip * ((1 << rows) - 1)))
    seen: set[int] = set()
    classes: dict[int, tuple[int, ...]] = {}
    for bits in range(1 << rows):
        if bits not in seen:
            values = [bits >> row & 1 for row in range(rows)]
            members = {sum(values[s] << row for row, s in enumerate(sources)) ^ flip for sources, flip in moves}
            seen |= members
            classes[bits] = tuple(sorted(members))
    return classes
