"""And-inverter graphs: what every foreign circuit becomes, as flat arrays.

Literals and variables as in AIGER (Biere, "The AIGER And-Inverter Graph Format", 2007): literal = 2 * variable +
complement, variable 0 is constant false, then come the inputs, then the ANDs, each reading smaller variables only, so
that a loop cannot be written down. `AigBuilder` makes them with structural hashing and constant folding.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError, quoted

Literals = npt.NDArray[np.int64]
Planes = npt.NDArray[np.uint64]
FALSE, TRUE = 0, 1
MAX_ANDS = 100_000_000


@dataclass(frozen=True)
class Aig:
    """AND k is variable 1 + inputs + k and reads the literals `left[k]` and `right[k]`.

    Names are as the source writes them, such as `a[3]`; `check.buses` groups them into words.
    """

    name: str
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]
    left: Literals
    right: Literals
    outputs: Literals

    def __post_init__(self) -> None:
        """Refuse what cannot be: literals out of range or order, names that stand twice or that no file holds."""
        own = 2 * (1 + len(self.input_names) + np.arange(len(self.left), dtype=np.int64))
        if len(self.left) != len(self.right):
            raise InputError(f"an AIG must have two literals for each AND, not {len(self.left)} and {len(self.right)}")
        for literals in (self.left, self.right):
            wrong = np.flatnonzero((literals < 0) | (literals >= own))
            if wrong.size:
                raise InputError(f"AND {wrong[0]} must read earlier variables, not literal {literals[wrong[0]]}")
        if len(self.outputs) != len(self.output_names):
            raise InputError(f"{len(self.outputs)} outputs must have as many names, not {len(self.output_names)}")
        if len(self.outputs) and not (self.outputs.min() >= 0 and self.outputs.max() < 2 * self.variables):
            raise InputError("an output must be a literal that exists")
        check_names(self.input_names, "input")
        check_names(self.output_names, "output")

    @property
    def size(self) -> int:
        """Number of ANDs."""
        return len(self.left)

    @property
    def variables(self) -> int:
        """Number of variables, the constant included."""
        return 1 + len(self.input_names) + len(self.left)

    @cached_property
    def levels(self) -> Literals:
        """Of each variable: the number of ANDs on the longest way to it."""
        levels = [0] * (1 + len(self.input_names))
        for a, b in zip(self.left.tolist(), self.right.tolist(), strict=True):
            x, y = levels[a >> 1], levels[b >> 1]
            levels.append(1 + (x if x > y else y))
        return np.array(levels, dtype=np.int64)

    @property
    def depth(self) -> int:
        return int(self.levels[self.outputs >> 1].max(initial=0))

    def simulate(self, inputs: Planes) -> Planes:
        """The planes of all variables: inputs are [inputs, words] of 64 lanes a word; gives [variables, words]."""
        planes = np.zeros((self.variables, inputs.shape[1]), dtype=np.uint64)
        first = 1 + len(self.input_names)
        planes[1:first] = inputs
        flip = np.array([0, ~np.uint64(0)], dtype=np.uint64)
        for at, (a, b) in enumerate(zip(self.left.tolist(), self.right.tolist(), strict=True), first):
            np.bitwise_and(planes[a >> 1] ^ flip[a & 1], planes[b >> 1] ^ flip[b & 1], out=planes[at])
        return planes

    def evaluate(self, assignment: int) -> int:
        """The outputs as an integer, output k at bit k, for input k at bit k of `assignment`. The plain reference."""
        values = [0, *(assignment >> k & 1 for k in range(len(self.input_names)))]
        for a, b in zip(self.left.tolist(), self.right.tolist(), strict=True):
            values.append((values[a >> 1] ^ a & 1) & (values[b >> 1] ^ b & 1))
        return sum((values[o >> 1] ^ o & 1) << k for k, o in enumerate(self.outputs.tolist()))


def check_names(names: Sequence[str], what: str) -> None:
    """Refuse names of bits that stand twice or that no file could hold: they are printable ASCII."""
    text = "".join(names)
    if len(set(names)) == len(names) and text.isascii() and text.isprintable() and "" not in names:
        return
    seen: set[str] = set()
    for name in names:
        if not (name and name.isascii() and name.isprintable()):
            raise InputError(f"the name of an {what} must be printable ASCII, not {quoted(name)}")
        if name in seen:
            raise InputError(f"two {what}s are named {quoted(name)}")
        seen.add(name)


class AigBuilder:
    """Makes an AIG literal by literal; equal ANDs are made once, and constants and `x & x`, `x & ~x` are folded."""

    def __init__(self, input_names: Iterable[str], *, max_ands: int = MAX_ANDS) -> None:
        self.input_names = tuple(input_names)
        self._left, self._right = array("q"), array("q")
        self._known: dict[tuple[int, int], int] = {}
        self._max_ands = max_ands

    def input(self, index: int) -> int:
        """The literal of an input."""
        return 2 * (index + 1)

    @property
    def size(self) -> int:
        return len(self._left)

    def and_(self, a: int, b: int) -> int:
        if a < b:
            a, b = b, a
        if b == FALSE or a == b ^ 1:
            return FALSE
        if b == TRUE or a == b:
            return a
        literal = self._known.get((a, b))
        if literal is None:
            if len(self._left) >= self._max_ands:
                raise LimitError(f"the circuit takes more than {self._max_ands} ANDs")
            literal = 2 * (1 + len(self.input_names) + len(self._left))
            self._left.append(a)
            self._right.append(b)
            self._known[a, b] = literal
        return literal

    def or_(self, a: int, b: int) -> int:
        return self.and_(a ^ 1, b ^ 1) ^ 1

    def xor(self, a: int, b: int) -> int:
        return self.and_(self.and_(a, b) ^ 1, self.and_(a ^ 1, b ^ 1) ^ 1)

    def mux(self, select: int, one: int, zero: int) -> int:
        """`one` where `select` is 1, else `zero`."""
        return self.and_(self.and_(select, one) ^ 1, self.and_(select ^ 1, zero) ^ 1) ^ 1

    def majority(self, a: int, b: int, c: int) -> int:
        return self.or_(self.and_(a, b), self.and_(c, self.or_(a, b)))

    def all_of(self, literals: Sequence[int]) -> int:
        """The AND of any number, balanced."""
        row = list(literals) or [TRUE]
        while len(row) > 1:
            row = [self.and_(*row[i : i + 2]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
        return row[0]

    def any_of(self, literals: Sequence[int]) -> int:
        return self.all_of([literal ^ 1 for literal in literals]) ^ 1

    def table(self, bits: int, inputs: Sequence[int]) -> int:
        """The function of a truth table (bit r is the value at row r, input k being bit k of r), by Shannon expansion."""
        column = [TRUE if bits >> row & 1 else FALSE for row in range(1 << len(inputs))]
        for literal in inputs:
            column = [self.mux(literal, column[k + 1], column[k]) for k in range(0, len(column), 2)]
        return column[0]

    def append(self, aig: Aig, inputs: Sequence[int]) -> list[int]:
        """Copy another AIG onto these input literals; its outputs' literals."""
        literals = [FALSE, *inputs]
        for a, b in zip(aig.left.tolist(), aig.right.tolist(), strict=True):
            literals.append(self.and_(literals[a >> 1] ^ a & 1, literals[b >> 1] ^ b & 1))
        return [literals[o >> 1] ^ o & 1 for o in aig.outputs.tolist()]

    def finish(self, name: str, outputs: Sequence[tuple[str, int]], *, clean: bool = True) -> Aig:
        """The AIG with these named output literals; `clean` leaves out ANDs that no output needs."""
        left, right = np.array(self._left, dtype=np.int64), np.array(self._right, dtype=np.int64)
        literals = np.array([literal for _, literal in outputs], dtype=np.int64)
        names = tuple(name for name, _ in outputs)
        full = Aig(name, self.input_names, names, left, right, literals)
        return cleaned(full) if clean else full


def needed_ands(aig: Aig) -> npt.NDArray[np.bool_]:
    """For each AND whether an output needs it."""
    first = 1 + len(aig.input_names)
    needed = bytearray(aig.variables)
    for literal in aig.outputs.tolist():
        needed[literal >> 1] = 1
    left, right = aig.left.tolist(), aig.right.tolist()
    for k in range(aig.size - 1, -1, -1):
        if needed[first + k]:
            needed[left[k] >> 1] = needed[right[k] >> 1] = 1
    found: npt.NDArray[np.bool_] = np.frombuffer(needed, dtype=np.uint8)[first:] > 0
    return found


def cleaned(aig: Aig) -> Aig:
    """The same AIG without ANDs that no output needs; the order of the others stays."""
    first, keep = 1 + len(aig.input_names), needed_ands(aig)
    if keep.all():
        return aig
    place = np.concatenate([np.arange(first), first - 1 + np.cumsum(keep)])

    def moved(literals: Literals) -> Literals:
        found: Literals = 2 * place[literals >> 1] + (literals & 1)
        return found

    return Aig(
        aig.name, aig.input_names, aig.output_names, moved(aig.left[keep]), moved(aig.right[keep]), moved(aig.outputs)
    )
