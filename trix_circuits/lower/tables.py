"""Small functions as few lookup tables: a recursive search over decompositions, remembered for good.

Up to three inputs one table does. Beyond, a function of k inputs is taken apart at the top (a table over one or two
inputs and what remains of the function, where its cofactors are constants, one function or its complement; a
multiplexer over one input otherwise) or at the bottom (two or three inputs that act through one signal: column
multiplicity 2, Ashenhurst 1957, Curtis 1962). The best of all these ways, taken apart further in the best way, is what
comes back. That is optimal among read-once-at-the-top trees and is checked like everything else, row by row.
"""

from __future__ import annotations

import itertools
from functools import cache

from trix_circuits.logic.truth_table import TruthTable
from trix_circuits.lower.graph import GraphBuilder
from trix_circuits.lower.lut import MUX3

# What to do: ("leaf",), ("top", inputs, inner function) or ("mux", input) or ("bottom", inputs, their table, the rest)
Way = tuple[int, str, tuple[int, ...], int]
MAX_INPUTS = 6


def place_table(builder: GraphBuilder, table: int, inputs: tuple[int, ...]) -> int:
    """The literal of a truth table over input literals (at most 6 of them)."""
    small, support = TruthTable(len(inputs), table).shrink()
    literals = tuple(inputs[k] for k in support)
    arity, bits = small.arity, small.bits
    if arity <= 3:
        rows = 1 << arity
        while rows < 8:
            bits |= bits << rows
            rows *= 2
        a, b, c = (*literals, 0, 0, 0)[:3]
        return builder.lut(bits, a, b, c)
    _, kind, chosen, detail = _best(arity, bits)
    rest = [k for k in range(arity) if k not in chosen]
    if kind == "bottom":
        inner = place_table(builder, detail, tuple(literals[k] for k in chosen))
        outer = _outer(arity, bits, chosen, detail)
        return place_table(builder, outer, (inner, *(literals[k] for k in rest)))
    remaining = tuple(literals[k] for k in rest)
    if kind == "mux":
        low = place_table(builder, _cofactor(arity, bits, chosen, 0), remaining)
        high = place_table(builder, _cofactor(arity, bits, chosen, 1), remaining)
        return builder.lut(MUX3, low, high, literals[chosen[0]])
    inner = place_table(builder, detail, remaining)
    first, second = (literals[k] for k in chosen)
    return builder.lut(_top_table(arity, bits, chosen, detail), first, second, inner)


def _cofactor(arity: int, bits: int, chosen: tuple[int, ...], values: int) -> int:
    """The function of the other inputs where input chosen[i] has bit i of `values`."""
    free = [k for k in range(arity) if k not in chosen]
    base = sum(1 << k for i, k in enumerate(chosen) if values >> i & 1)
    result = 0
    for row in range(1 << len(free)):
        source = base + sum(1 << k for i, k in enumerate(free) if row >> i & 1)
        result |= (bits >> source & 1) << row
    return result


def _top_table(arity: int, bits: int, chosen: tuple[int, ...], inner: int) -> int:
    """The table over the chosen two inputs and the inner function that makes the function."""
    table = 0
    for values in range(4):
        part = _cofactor(arity, bits, chosen, values)
        if part == inner:
            table |= 1 << (values | 4)
        elif part and part != (1 << (1 << arity - 2)) - 1:
            table |= 1 << values
        elif part:
            table |= 1 << values | 1 << (values | 4)
    return table


def _outer(arity: int, bits: int, chosen: tuple[int, ...], inner: int) -> int:
    """The function of (inner signal, the other inputs) for a bottom decomposition."""
    ones = [v for v in range(1 << len(chosen)) if inner >> v & 1]
    zeros = [v for v in range(1 << len(chosen)) if not inner >> v & 1]
    low, high = _cofactor(arity, bits, chosen, zeros[0]), _cofactor(arity, bits, chosen, ones[0])
    result = 0
    for row in range(1 << arity - len(chosen)):
        result |= (low >> row & 1) << 2 * row | (high >> row & 1) << 2 * row + 1
    return result


@cache
def _cost(arity: int, bits: int) -> int:
    small, _ = TruthTable(arity, bits).shrink()
    if small.arity <= 1:
        return 0
    if small.arity <= 3:
        return 1
    return _best(small.arity, min(small.bits, small.complement().bits))[0]


@cache
def _best(arity: int, bits: int) -> Way:
    """The cheapest way to take a function apart that depends on all of its 4 to 6 inputs."""
    ways: list[Way] = []
    full = (1 << (1 << arity - 2)) - 1
    chosen: tuple[int, ...]
    for chosen in itertools.combinations(range(arity), 2):
        parts = {_cofactor(arity, bits, chosen, values) for values in range(4)} - {0, full}
        inner = min(parts)
        if parts <= {inner, inner ^ full}:
            ways.append((1 + _cost(arity - 2, inner), "top", chosen, inner))
    for size in (3, 2):
        for chosen in itertools.combinations(range(arity), size):
            columns = [_cofactor(arity, bits, chosen, values) for values in range(1 << size)]
            if len(set(columns)) == 2:
                inner = sum(1 << v for v, column in enumerate(columns) if column != columns[0])
                outer = _outer(arity, bits, chosen, inner)
                ways.append((1 + _cost(arity - size + 1, outer), "bottom", chosen, inner))
    if not ways or min(ways)[0] > (arity + 2) // 2:
        for k in range(arity):
            parts2 = [_cofactor(arity, bits, (k,), value) for value in range(2)]
            ways.append((1 + sum(_cost(arity - 1, part) for part in parts2), "mux", (k,), 0))
    return min(ways)


def table_of_sum(weights: tuple[int, ...], mask: int) -> int:
    """The truth table of the function of the inputs that is bit S of the mask where their weighted sum is S."""
    bits = 0
    for row in range(1 << len(weights)):
        total = sum(weight for k, weight in enumerate(weights) if row >> k & 1)
        bits |= (mask >> total & 1) << row
    return bits
