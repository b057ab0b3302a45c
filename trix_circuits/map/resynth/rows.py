"""What simulation shows of a net and of candidate fan-ins, as rows: one word a row, one bit a column.

`distinct_rows` turns planes (bit r of a net's plane is its value in pattern r) by 64 x 64 transposition (Warren,
Hacker's Delight, 2003) into rows and keeps each combination once, so that what follows works on what really differs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import compiled

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
TARGET = 63  # the bit of a row that holds the target's value


@compiled
def transpose(block: Words) -> None:
    """Exchange rows and columns of 64 words of 64 bits, in place: bit j of word i goes to bit i of word j."""
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        shift = np.uint64(width)
        k = 0
        while k < 64:
            swap = ((block[k] >> shift) ^ block[k + width]) & mask
            block[k] ^= swap << shift
            block[k + width] ^= swap
            k = (k + width + 1) & ~width
        width >>= 1
        mask ^= mask << np.uint64(width)


@compiled
def distinct_rows(
    values: Words, columns: Integers, count: int, target: int, care: Words, rows: Words, table: Words, slots: Integers
) -> int:
    """Write the distinct rows to `rows`, their number returned; `care` has a 1 where a pattern counts.

    Bit c of a row is column c (at most 63), bit 63 the target. `table` is a power of two of words, more than there are
    patterns; `slots` is as long as `rows`.
    """
    block = np.zeros(64, np.uint64)
    mask = len(table) - 1
    found = 0
    for w in range(values.shape[1]):
        if care[w] == 0:
            continue
        for c in range(count):
            block[c] = values[columns[c], w]
        for c in range(count, 63):
            block[c] = 0
        block[63] = values[target, w]
        transpose(block)
        for r in range(64):
            if care[w] >> np.uint64(r) & np.uint64(1):
                row = block[r]
                at = int((row * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(24)) & mask
                while table[at] != 0 and table[at] != row + np.uint64(1):
                    at = (at + 1) & mask
                if table[at] == 0 and row != np.uint64(0xFFFFFFFFFFFFFFFF):
                    table[at] = row + np.uint64(1)
                    slots[found] = at
                    rows[found] = row
                    found += 1
    for k in range(found):
        table[slots[k]] = 0
    return found
