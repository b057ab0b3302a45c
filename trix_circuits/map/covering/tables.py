"""Truth tables of up to 6 inputs in one 64-bit word, and which of them are gates of a format.

A table of fewer inputs is repeated, so that it does not depend on the inputs that it does not have. `match` answers
"how many gates does this function cost, and which of its inputs or its output must be inverted", from a hash table that
is filled by `separate` as functions turn up: a circuit of a million ANDs has some thousands of different ones.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import ZERO, compiled, constant
from trix_circuits.map.covering.separate import separate

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
VARIABLE = np.array(
    [
        0xAAAAAAAAAAAAAAAA,
        0xCCCCCCCCCCCCCCCC,
        0xF0F0F0F0F0F0F0F0,
        0xFF00FF00FF00FF00,
        0xFFFF0000FFFF0000,
        0xFFFFFFFF00000000,
    ],
    dtype=np.uint64,
)
NO_MATCH = 255
_NODES = constant(4000)


@compiled
def swapped(table: np.uint64, i: int, j: int) -> np.uint64:
    """The table with inputs i < j exchanged."""
    shift = np.uint64((1 << j) - (1 << i))
    part = ((table >> shift) ^ table) & VARIABLE[i] & ~VARIABLE[j]
    return np.uint64(table ^ part ^ (part << shift))


@compiled
def depends(table: np.uint64, i: int) -> bool:
    """Whether the function depends on input i."""
    shift = np.uint64(1 << i)
    return bool(((table >> shift) ^ table) & ~VARIABLE[i] != np.uint64(0))


@compiled
def gate_of(
    table: np.uint64,
    size: int,
    flips: int,
    positive: Integers,
    negative: Integers,
    biases: Integers,
    weights: Integers,
) -> int:
    """Weights for the table with inputs (bits 0.. of `flips`) and output (bit 6) inverted; as `separate`."""
    rows = 1 << size
    on, off = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
    a, b = ZERO, ZERO
    for row in range(rows):
        value = int((table >> np.uint64(row)) & np.uint64(1)) ^ (flips >> 6 & 1)
        if value:
            on[a] = np.uint64(row ^ (flips & 63))
            a += 1
        else:
            off[b] = np.uint64(row ^ (flips & 63))
            b += 1
    return separate(on[:a], off[:b], size, positive, negative, biases, _NODES, weights)


@compiled
def find_match(table: np.uint64, size: int, positive: Integers, negative: Integers, biases: Integers) -> int:
    """The flips that make the function a gate, fewest first, at most two; -1 if it is no threshold function."""
    for i in range(size):
        low = table & ~VARIABLE[i]
        high = (table & VARIABLE[i]) >> np.uint64(1 << i)
        if low & ~high and high & ~low:
            return -1
    weights = np.zeros(8, np.int64)
    plain = gate_of(table, size, ZERO, positive, negative, biases, weights)
    if plain >= 0 or (plain == -1 and size > 2):
        return 0 if plain >= 0 else -1
    places = size + 1
    for i in range(places):
        one = 1 << (i if i < size else 6)
        if gate_of(table, size, one, positive, negative, biases, weights) >= 0:
            return one
    if size > 4:
        return -1
    for i in range(places):
        for j in range(i):
            two = 1 << (i if i < size else 6) | 1 << j
            if gate_of(table, size, two, positive, negative, biases, weights) >= 0:
                return two
    return -1


@compiled
def match(
    table: np.uint64,
    size: int,
    positive: Integers,
    negative: Integers,
    biases: Integers,
    keys: Words,
    values: Integers,
) -> int:
    """The number of gates (1, and 1 for each inversion) for this function, or NO_MATCH; memoised in `keys`, `values`."""
    mask = len(keys) - 1
    at = int((table * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask
    probes = 0
    while keys[at] != np.uint64(0) and probes < 64:
        if keys[at] == table:
            return int(values[at])
        at = (at + 1) & mask
        probes += 1
    flips = find_match(table, size, positive, negative, biases)
    cost = NO_MATCH
    if flips >= 0:
        cost = 1
        for i in range(7):
            cost += flips >> i & 1
    if probes < 64:
        keys[at] = table
        values[at] = cost
    return cost
