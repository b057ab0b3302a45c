"""An AIG as AND and XOR cells: for targets that have XOR, where it is cheaper or easier to read.

An AND of ~(x & y) and ~(~x & ~y) is the XOR of x and y. The inner ANDs stay if something else reads them (as the carry
of an adder does), and go otherwise. Pattern as in Brummayer and Biere, "Local Two-Level And-Inverter Graph
Minimization without Blowup", MEMICS 2006.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """`variable` is the AND, or the XOR, of two literals."""

    variable: int
    is_xor: bool
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that the roots need, in topological order, and how often each variable is read, roots included."""

    cells: tuple[Cell, ...]
    reads: dict[int, int]


def cells_of(
    left: Sequence[int], right: Sequence[int], inputs: int, roots: Iterable[int], *, xors: bool = True
) -> Cells:
    """Cells for the cones of the root literals; `left` and `right` are as in `Aig`. Without `xors` all are ANDs."""
    first = 1 + inputs
    reads: dict[int, int] = {}
    for root in roots:
        reads[root >> 1] = reads.get(root >> 1, 0) + 1
    found: list[Cell] = []
    for variable in range(first + len(left) - 1, first - 1, -1):
        if variable not in reads:
            continue
        a, b = left[variable - first], right[variable - first]
        is_xor = False
        if xors and a & b & 1 and min(a, b) >> 1 >= first:
            p, q = (a >> 1) - first, (b >> 1) - first
            if {left[p] ^ 1, right[p] ^ 1} == {left[q], right[q]}:
                p = min(p, q, key=lambda k: (left[k] & 1) + (right[k] & 1))
                is_xor, a, b = True, left[p], right[p]
        for literal in (a, b):
            reads[literal >> 1] = reads.get(literal >> 1, 0) + 1
        found.append(Cell(variable, is_xor, a, b))
    return Cells(tuple(reversed(found)), reads)
