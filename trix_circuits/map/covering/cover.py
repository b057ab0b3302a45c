"""Covering an AIG with gates of a format: cuts, choice of cuts in rounds, and the network that results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import ImpossibleError
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.map.covering.cuts import LEAVES, enumerate_cuts, recover_area, require_times, use_of
from trix_circuits.map.covering.separate import bias_between, magnitudes_of
from trix_circuits.map.covering.tables import find_match, gate_of
from trix_circuits.map.network import Network, Rows

Integers = npt.NDArray[np.int64]
_FAR = 1 << 50
_MATCHES = 1 << 20


@dataclass(frozen=True, slots=True)
class Values:
    """A format as the compiled loops read it."""

    positive: Integers
    negative: Integers
    biases: Integers
    keys: npt.NDArray[np.uint64]
    costs: Integers

    @staticmethod
    @lru_cache(maxsize=4)
    def of(form: WeightFormat) -> Values:
        """The format's values, and a table of matches that fills as functions are met."""
        return Values(*magnitudes_of(form), np.zeros(_MATCHES, dtype=np.uint64), np.zeros(_MATCHES, dtype=np.int64))


def cover(
    aig: Aig,
    form: WeightFormat,
    *,
    by_depth: bool = False,
    max_leaves: int = LEAVES,
    keep: int = 10,
    rounds: int = 3,
    area_rounds: int = 3,
    slack: int = 0,
) -> Network:
    """A network of gates of the format that computes the AIG's outputs; `keep` cuts a node are considered.

    Its `origins` are literals of this AIG.
    """
    values = Values.of(form)
    first = 1 + len(aig.input_names)
    size = aig.size
    leaves = np.zeros((size, keep, LEAVES), dtype=np.int32)
    sizes = np.zeros((size, keep), dtype=np.uint8)
    tables = np.zeros((size, keep), dtype=np.uint64)
    costs = np.zeros((size, keep), dtype=np.uint8)
    counts = np.zeros(size, dtype=np.uint8)
    chosen = np.zeros(size, dtype=np.uint8)
    flow = np.zeros(aig.variables, dtype=np.int64)
    arrival = np.zeros(aig.variables, dtype=np.int64)
    used = np.zeros(aig.variables, dtype=np.int64)
    refs = np.bincount(np.concatenate([aig.left >> 1, aig.right >> 1, aig.outputs >> 1]), minlength=aig.variables)
    refs = refs.astype(np.int64)
    for _ in range(rounds):
        enumerate_cuts(
            first, aig.left, aig.right, refs, by_depth, min(max_leaves, LEAVES),
            values.positive, values.negative, values.biases, values.keys, values.costs,
            leaves, sizes, tables, costs, counts, flow, arrival,
        )  # fmt: skip
        chosen[:] = 0
        use_of(first, chosen, aig.outputs, leaves, sizes, used)
        refs = (refs + 2 * np.maximum(used, 1)) // 3
        if size and (costs[np.arange(size), chosen] == 255).any():
            raise ImpossibleError(f"format {form.name} must be able to express AND with inversions")
    required = np.full(aig.variables, _FAR, dtype=np.int64)
    stack = np.zeros(aig.variables + 1, dtype=np.int64)
    limit = int(arrival[aig.outputs >> 1].max(initial=0)) + slack
    for _ in range(area_rounds):
        if by_depth:
            require_times(first, aig.outputs, leaves, sizes, costs, chosen, used, arrival, limit, required)
        recover_area(first, aig.outputs, leaves, sizes, costs, counts, chosen, used, arrival, required, stack)
    return _derive(aig, form, values, chosen, leaves, sizes, tables, used)


def _derive(
    aig: Aig,
    form: WeightFormat,
    values: Values,
    chosen: npt.NDArray[np.uint8],
    leaves: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.uint8],
    tables: npt.NDArray[np.uint64],
    used: Integers,
) -> Network:
    first = 1 + len(aig.input_names)
    rows = Rows(first - 1)
    gate = gate_maker(values)
    invert = inverter(form, values)
    nets = [-1, *range(first - 1), *([-1] * aig.size)]
    origins: list[tuple[int, int]] = []
    for k in np.flatnonzero(used[first:] > 0).tolist():
        c = int(chosen[k])
        size = int(sizes[k, c])
        flips, weights, bias = gate(int(tables[k, c]), size)
        reads = [nets[leaf] for leaf in leaves[k, c, :size].tolist()]
        for i in range(size):
            if flips >> i & 1:
                reads[i] = rows.gate([reads[i]], *invert)
        net = rows.gate(reads, weights, bias)
        flip = flips >> 6 & 1
        origins.append((net, 2 * (first + k) + flip))
        nets[first + k] = net
        if flip:
            nets[first + k] = rows.gate([net], *invert)
            origins.append((nets[first + k], 2 * (first + k)))
    outputs = []
    for literal in aig.outputs.tolist():
        if literal <= 1:
            at = bias_between(values.biases, 0, _FAR) if literal else bias_between(values.biases, -_FAR, -1)
            if at < 0:
                raise ImpossibleError(f"format {form.name} must have a bias for the constant {literal}")
            outputs.append(rows.gate([], [], int(values.biases[at])))
        else:
            net = nets[literal >> 1]
            outputs.append(rows.gate([net], *invert) if literal & 1 else net)
        origins.append((outputs[-1], literal))
    return rows.finish(outputs, origins)


def gate_maker(values: Values) -> Callable[[int, int], tuple[int, list[int], int]]:
    """A memoised function from a table and its number of inputs to (flips, weights, bias)."""
    known: dict[tuple[int, int], tuple[int, list[int], int]] = {}
    parts = (values.positive, values.negative, values.biases)

    def gate(table: int, size: int) -> tuple[int, list[int], int]:
        answer = known.get((table, size))
        if answer is None:
            word = np.uint64(table)
            flips = find_match(word, size, *parts)
            weights = np.zeros(8, dtype=np.int64)
            bias = gate_of(word, size, flips, *parts, weights)
            assert flips >= 0 and bias >= 0
            answer = known[table, size] = (flips, weights[:size].tolist(), int(values.biases[bias]))
        return answer

    return gate


def inverter(form: WeightFormat, values: Values) -> tuple[list[int], int]:
    """Weight and bias of an inverter; raises ImpossibleError if the format has none."""
    weights = np.zeros(8, dtype=np.int64)
    bias = gate_of(np.uint64(0x5555555555555555), 1, 0, values.positive, values.negative, values.biases, weights)
    if bias < 0:
        raise ImpossibleError(f"format {form.name} must be able to invert")
    return [int(weights[0])], int(values.biases[bias])
