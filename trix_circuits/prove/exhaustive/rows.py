"""Sets of rows, exactly: what a proof by all rows has covered is a set of intervals, never a counter.

A row is an assignment as an integer: its bit i is the value of input bit i, input buses one after the other, the lowest
bit of each first. A *shard* is the set of rows with the same highest bits, its prefix: an interval of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trix_circuits.errors import InputError

Interval = tuple[int, int]  # first row, and the row after the last


@dataclass(frozen=True)
class RowSet:
    """Disjoint intervals of rows, ascending, none touching the next."""

    intervals: tuple[Interval, ...] = ()

    @classmethod
    def union(cls, parts: Iterable[Interval]) -> RowSet:
        """The rows that lie in at least one of the intervals; raises InputError for what is no interval."""
        merged: list[Interval] = []
        for first, stop in sorted(parts):
            if not 0 <= first < stop:
                raise InputError(f"an interval of rows must hold a row, not {first} up to {stop}")
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((first, stop))
        return cls(tuple(merged))

    @property
    def size(self) -> int:
        """The number of rows, which follows from the set."""
        return sum(stop - first for first, stop in self.intervals)

    def is_all(self, input_bits: int) -> bool:
        """Whether these are exactly the rows of so many input bits."""
        return self.intervals == ((0, 1 << input_bits),)


@dataclass(frozen=True)
class Shards:
    """The rows of `input_bits` input bits, split by their `prefix_bits` highest bits."""

    input_bits: int
    prefix_bits: int

    def __post_init__(self) -> None:
        if not 0 <= self.prefix_bits <= self.input_bits:
            raise InputError(f"a prefix must have 0 to {self.input_bits} bits, not {self.prefix_bits}")

    @property
    def count(self) -> int:
        return 1 << self.prefix_bits

    def rows(self, shard: int) -> Interval:
        """The rows of a shard."""
        size = 1 << self.input_bits - self.prefix_bits
        return shard * size, (shard + 1) * size

    def cube(self, shard: int) -> tuple[int, int]:
        """(mask of the input bits that are fixed, their values) of a shard."""
        low = self.input_bits - self.prefix_bits
        return ((1 << self.prefix_bits) - 1) << low, shard << low


def named(inputs: Mapping[str, int], row: int) -> dict[str, int]:
    """A row as integers by input bus, for widths by input bus."""
    values = {}
    for name, width in inputs.items():
        values[name], row = row & (1 << width) - 1, row >> width
    return values
