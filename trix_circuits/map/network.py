"""The netlist while it is worked on: gates as rows of fixed width in flat arrays, in topological order.

Nets: the inputs 0 .. inputs - 1, then the gates. Gate g reads `sources[g, :fan_in[g]]` with the weights there. Arrays,
so that compiled loops can work on them; `sorted_and_cleaned` restores the order after edits and drops dead gates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.formats import WeightFormat
from trix_circuits.map.compiled import compiled
from trix_circuits.map.covering.separate import sort_ascending

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
WIDTH = 16  # the largest fan-in that the mapper makes


@dataclass
class Network:
    """`outputs` are nets. All values are in units of the format.

    `origins` holds pairs of a net and a literal of the AIG that it computes, as far as is known: a hint to whoever proves
    the result.
    """

    inputs: int
    sources: Places
    weights: Integers
    fan_in: Integers
    biases: Integers
    outputs: Integers
    origins: Integers

    @property
    def size(self) -> int:
        return len(self.biases)

    @property
    def depth(self) -> int:
        """The number of gates on the longest way to an output."""
        levels = levels_of(self.inputs, self.sources, self.fan_in)
        return int(levels[self.outputs].max(initial=0))

    def copy(self) -> Network:
        parts = (self.sources, self.weights, self.fan_in, self.biases, self.outputs, self.origins)
        return Network(self.inputs, *(part.copy() for part in parts))  # type: ignore[arg-type]

    def simulate(self, planes: Words) -> Words:
        """The planes of all nets, [nets, words], for planes of the inputs [inputs, words]."""
        values = np.zeros((self.inputs + self.size, planes.shape[1]), dtype=np.uint64)
        values[: self.inputs] = planes
        simulate_gates(self.inputs, self.sources, self.weights, self.fan_in, self.biases, values, 0)
        return values


class Rows:
    """Collects gates and makes a network of them."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.gates: list[tuple[Sequence[int], Sequence[int], int]] = []
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...], int], int] = {}

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """The net of this gate; sources of weight 0 are left out, equal gates made once."""
        pairs = sorted((s, w) for s, w in zip(sources, weights, strict=True) if w)
        key = (tuple(s for s, _ in pairs), tuple(w for _, w in pairs), bias)
        net = self._known.get(key)
        if net is None:
            net = self._known[key] = self.inputs + len(self.gates)
            self.gates.append(key)
        return net

    def finish(self, outputs: Sequence[int], origins: Sequence[tuple[int, int]] = ()) -> Network:
        """The network; `origins` are pairs of a net and a literal of the AIG."""
        count = len(self.gates)
        sources = np.zeros((count, WIDTH), dtype=np.int32)
        weights = np.zeros((count, WIDTH), dtype=np.int64)
        fan_in, biases = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        for g, (nets, values, bias) in enumerate(self.gates):
            fan_in[g], biases[g] = len(nets), bias
            sources[g, : len(nets)] = nets
            weights[g, : len(nets)] = values
        reads, pairs = np.array(outputs, dtype=np.int64), np.array(origins, dtype=np.int64).reshape(-1, 2)
        return Network(self.inputs, sources, weights, fan_in, biases, reads, pairs)


@compiled
def levels_of(inputs: int, sources: Places, fan_in: Integers) -> Integers:
    """Of each net: the number of gates on the longest way to it."""
    levels = np.zeros(inputs + len(fan_in), np.int64)
    for g in range(len(fan_in)):
        top = 0
        for x in range(fan_in[g]):
            if levels[sources[g, x]] > top:
                top = levels[sources[g, x]]
        levels[inputs + g] = top + 1
    return levels


@compiled
def simulate_gates(
    inputs: int, sources: Places, weights: Integers, fan_in: Integers, biases: Integers, values: Words, start: int
) -> None:
    """Fill `values` for the gates from `start` on; bit-sliced: a gate's sum is kept as planes of two's complement."""
    words = values.shape[1]
    planes = np.zeros(40, np.uint64)
    for g in range(start, len(fan_in)):
        low, high = biases[g], biases[g]
        for x in range(fan_in[g]):
            if weights[g, x] > 0:
                high += weights[g, x]
            else:
                low += weights[g, x]
        span = max(high, -low) + 1
        bits = 1
        while (1 << (bits - 1)) < span:
            bits += 1
        for w in range(words):
            for i in range(bits):
                planes[i] = np.uint64(0) - np.uint64(biases[g] >> i & 1)
            for x in range(fan_in[g]):
                value = values[sources[g, x], w]
                if value == 0:
                    continue
                carry = np.uint64(0)
                weight = weights[g, x]
                for i in range(bits):
                    if weight >> i & 1:
                        total = planes[i] ^ value ^ carry
                        carry = (planes[i] & value) | (carry & (planes[i] | value))
                    else:
                        total = planes[i] ^ carry
                        carry = planes[i] & carry
                    planes[i] = total
            values[inputs + g, w] = ~planes[bits - 1]


@compiled
def _needed_order(inputs: int, sources: Places, fan_in: Integers, outputs: Integers, by_level: bool) -> Integers:
    """The gates that outputs need, in topological order (by level where wanted, then by their old place)."""
    gates = len(fan_in)
    state = np.zeros(gates, np.int8)  # 1 entered, 2 done
    order = np.zeros(gates, np.int64)
    levels = np.zeros(gates, np.int64)
    stack = np.zeros(gates + 1, np.int64)
    at = np.zeros(gates, np.int64)
    count = 0
    for o in range(len(outputs)):
        root = outputs[o] - inputs
        if root < 0 or state[root]:
            continue
        top = 1
        stack[0] = root
        state[root] = 1
        while top:
            g = stack[top - 1]
            if at[g] < fan_in[g]:
                h = sources[g, at[g]] - inputs
                at[g] += 1
                if h >= 0 and state[h] == 0:
                    state[h] = 1
                    stack[top] = h
                    top += 1
            else:
                top -= 1
                level = 0
                for x in range(fan_in[g]):
                    h = sources[g, x] - inputs
                    if h >= 0 and levels[h] >= level:
                        level = levels[h] + 1
                levels[g] = level
                state[g] = 2
                order[count] = g
                count += 1
    if by_level:
        for x in range(count):
            order[x] += levels[order[x]] * gates
        sort_ascending(order[:count])
        for x in range(count):
            order[x] %= gates
    return order[:count]


def sorted_and_cleaned(network: Network, *, by_level: bool = False) -> Network:
    """The same network in topological order, without gates that no output needs."""
    order = _needed_order(network.inputs, network.sources, network.fan_in, network.outputs, by_level)
    place = np.full(network.inputs + network.size, -1, dtype=np.int64)
    place[: network.inputs] = np.arange(network.inputs)
    place[network.inputs + order] = network.inputs + np.arange(len(order))
    sources, fan_in = place[network.sources[order]], network.fan_in[order]
    sources[np.arange(WIDTH)[None, :] >= fan_in[:, None]] = 0
    origins = np.stack([place[network.origins[:, 0]], network.origins[:, 1]], axis=1)
    return Network(
        network.inputs,
        sources.astype(np.int32),
        network.weights[order],
        fan_in,
        network.biases[order],
        place[network.outputs],
        origins[origins[:, 0] >= 0],
    )


def check_values(network: Network, form: WeightFormat) -> None:
    """What must not happen: a value that the format does not have."""
    used = network.weights[np.arange(WIDTH)[None, :] < network.fan_in[:, None]]
    assert np.isin(used, np.array(form.weights)).all() and np.isin(network.biases, np.array(form.biases)).all()
