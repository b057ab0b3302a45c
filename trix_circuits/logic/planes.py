"""Planes: one net for many lanes, one bit a lane, packed 64 to a word; the reference way to evaluate a gate on them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Plane = Words | int  # an int, 0 or 1, is the same in all lanes


def gate_plane(planes: list[Plane], sources: tuple[int, ...], weights: tuple[int, ...], bias: int) -> Plane:
    """The gate over planes: constants go into the bias, then a bit-sliced sum is compared with the threshold."""
    columns: list[list[Words]] = []
    total = 0
    for source, weight in zip(sources, weights, strict=True):
        plane = planes[source]
        if isinstance(plane, int):
            bias += weight * plane
            continue
        if weight < 0:
            plane, bias, weight = ~plane, bias + weight, -weight
        total += weight
        for i in range(weight.bit_length()):
            if i == len(columns):
                columns.append([])
            if weight >> i & 1:
                columns[i].append(plane)
    target = -bias
    if target <= 0 or target > total:
        return int(target <= 0)
    result: Words | None = None  # sum >= target, from the lowest bit up; None for plainly yes
    never = False
    i = 0
    while i < max(len(columns), target.bit_length()):
        column = columns[i] if i < len(columns) else []
        if len(column) > 1 and i + 1 == len(columns):
            columns.append([])
        while len(column) > 2:
            a, b, c = column.pop(), column.pop(), column.pop()
            odd = a ^ b
            columns[i + 1].append(a & b | odd & c)
            column.append(odd ^ c)
        if len(column) == 2:
            a, b = column
            columns[i + 1].append(a & b)
            column = [a ^ b]
        if target >> i & 1:
            if not column:
                result, never = None, True
            elif not never:
                result = column[0] if result is None else result & column[0]
        elif column:
            if never:
                result, never = column[0], False
            elif result is not None:
                result = result | column[0]
        i += 1
    return int(not never) if result is None else result


def lane_planes(count: int) -> list[Words]:
    """The patterns of the lane inputs: plane i has the lanes whose number has bit i set."""
    words = max(1, (1 << count) // 64)
    index = np.arange(words, dtype=np.uint64)
    inside = (0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0, 0xFF00FF00FF00FF00,
              0xFFFF0000FFFF0000, 0xFFFFFFFF00000000)  # fmt: skip
    planes = [np.full(words, inside[i], dtype=np.uint64) for i in range(min(count, 6))]
    for i in range(6, count):
        planes.append((index >> np.uint64(i - 6) & np.uint64(1)) * np.uint64(0xFFFFFFFFFFFFFFFF))
    return planes


def directed_rows(widths: Sequence[int], count: int, *, densities: bool) -> Iterator[int]:
    """Repeatable assignments of buses of these widths, side by side in an integer: uniform, sparse and dense words, and
    words that are nearly equal to the one before; with `densities` ones of density 1/16 to 15/16 too."""
    rng = random.Random(1)
    for row in range(count):
        value, at, last = 0, 0, 0
        for width in widths:
            word, few = rng.getrandbits(width), 1 << rng.randrange(width)
            for digit in range(3 if densities and row % 3 else 0):
                word = word & rng.getrandbits(width) if row >> 3 + digit & 1 else word | rng.getrandbits(width)
            for _ in range(row // 8 % 3):
                few |= 1 << rng.randrange(width)
            full = (1 << width) - 1
            word = (word, word, last ^ few, last, few, full ^ few, last ^ full ^ few, word & -few)[row % 8] & full
            value |= word << at
            at, last = at + width, word
        yield value
