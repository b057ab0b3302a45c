"""Threshold gates and what can be said of a function that should be one.

A gate fires (outputs 1) iff sum(weights * inputs) + bias >= 0, in integer units of its format.

`why_not_threshold` gives the classical short refutation: on-rows and off-rows, equally many, whose inputs add up to
the same vector, so that no weights can tell them apart (Elgot 1961, Chow 1961: a function is a threshold function iff
it is asummable; up to eight inputs two rows on each side suffice, Muroga, Threshold Logic and Its Applications, 1971).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from trix_circuits.errors import InputError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.truth_table import TruthTable


@dataclass(frozen=True, slots=True)
class ThresholdGate:
    """Fires if and only if sum(weights[k] * input k) + bias >= 0, all in units of `format`."""

    format: WeightFormat
    weights: tuple[int, ...]
    bias: int

    def __post_init__(self) -> None:
        """Refuse what the format cannot hold: a gate that exists can be stored."""
        object.__setattr__(self, "weights", tuple(self.weights))  # a list could be changed later
        for position, weight in enumerate(self.weights):
            if weight not in self.format.weight_set:
                raise InputError(f"weight {position} must be a {self.format.name} weight, not {weight} units")
        if self.bias not in self.format.bias_set:
            raise InputError(f"the bias must be a {self.format.name} bias, not {self.bias} units")

    def table(self) -> TruthTable:
        """The function of the gate; at most 16 inputs."""
        sums = row_sums(self.weights, self.bias)
        return TruthTable(len(self.weights), sum((value >= 0) << row for row, value in enumerate(sums)))


def row_sums(weights: Sequence[int], bias: int) -> list[int]:
    """sum(weights * inputs) + bias for each row."""
    sums = [bias]
    for weight in weights:
        sums += [value + weight for value in sums]
    return sums


def distance(total: int) -> int:
    """How far a sum is from the decision point 0, in units. At distance 0, `>= 0` and `> 0` would disagree."""
    return abs(total)


def margin_of(weights: Sequence[int], bias: int) -> int:
    """The least distance from the decision point over all 2^k rows, in units. Subset sums, so any fan-in is quick."""
    sums = {bias}
    for weight in weights:
        sums |= {value + weight for value in sums}
    return min(distance(value) for value in sums)


def bound_of(weights: Sequence[int], bias: int) -> int:
    """The largest magnitude that any partial sum, in any order of addition, can have; in units."""
    return max(sum(w for w in weights if w > 0) + max(bias, 0), -sum(w for w in weights if w < 0) - min(bias, 0))


@dataclass(frozen=True, slots=True)
class Summability:
    """Why no weights exist: these rows give 1, those give 0, and the inputs of both add up to the same vector."""

    on_rows: tuple[int, ...]
    off_rows: tuple[int, ...]

    def holds_for(self, table: TruthTable) -> bool:
        """Re-do the argument."""
        totals = [
            [sum(row >> i & 1 for row in rows) for i in range(table.arity)] for rows in (self.on_rows, self.off_rows)
        ]
        values = all(table(row) for row in self.on_rows) and not any(table(row) for row in self.off_rows)
        return values and totals[0] == totals[1] and len(self.on_rows) == len(self.off_rows) > 0


def why_not_threshold(table: TruthTable) -> Summability | None:
    """Two on-rows and two off-rows that add up to the same vector; None if there are none (up to 8 inputs: a proof
    that the function is a threshold function).
    """
    for i in range(table.arity):
        if table.unateness(i) == 0:
            low, high = table.cofactor(i, 0), table.cofactor(i, 1)
            rise, fall = high & ~low, low & ~high
            r, f = (rise & -rise).bit_length() - 1, (fall & -fall).bit_length() - 1
            return Summability((r | 1 << i, f), (r, f | 1 << i))
    if table.arity > 10:
        return None
    spread = [sum((row >> i & 1) << 2 * i for i in range(table.arity)) for row in range(table.rows)]
    on = [row for row in range(table.rows) if table(row)]
    off = [row for row in range(table.rows) if not table(row)]
    pairs = {spread[p] + spread[q]: (p, q) for p, q in itertools.combinations_with_replacement(on, 2)}
    for p, q in itertools.combinations_with_replacement(off, 2):
        if spread[p] + spread[q] in pairs:
            return Summability(pairs[spread[p] + spread[q]], (p, q))
    return None
