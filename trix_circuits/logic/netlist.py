"""The netlist: a DAG of threshold gates as flat arrays, nets being integers.

Net ids: the bits of the input buses first, bus after bus, lowest bit first; then the gates, in order. A gate reads
nets that stand before it, so the order of the gates is a topological one and a loop cannot be written down. Weights
and biases are integers in units of the netlist's format. Arrays, so that a million gates take some tens of megabytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.frozen import FrozenDict, frozen_arrays
from trix_circuits.logic.gate import bound_of, margin_of

Integers = npt.NDArray[np.int64]
MAX_GATES = 20_000_000


@frozen_arrays(offsets=np.int64, sources=np.int64, weights=np.int64, biases=np.int64)
@dataclass(frozen=True, eq=False)
class Netlist:
    """Gates g = 0 .. size-1 read `sources[offsets[g]:offsets[g+1]]` with the weights there, and have `biases[g]`.

    `inputs` maps bus names to widths, `outputs` bus names to the nets of their bits, lowest first. All parts are copied
    into values that cannot be changed: what was proven of a netlist stays true of it.
    """

    format: WeightFormat
    inputs: Mapping[str, int]
    outputs: Mapping[str, tuple[int, ...]]
    offsets: Integers
    sources: Integers
    weights: Integers
    biases: Integers

    def __post_init__(self) -> None:
        """Refuse what cannot be: bad names, widths, values outside the format, gates that read later nets."""
        object.__setattr__(self, "inputs", FrozenDict(self.inputs))
        object.__setattr__(self, "outputs", FrozenDict({name: tuple(nets) for name, nets in self.outputs.items()}))
        for name, width in self.inputs.items():
            check_bus_name(name)
            if width < 1:
                raise InputError(f"input {name} must be at least 1 bit wide, not {width}")
        for name in self.outputs:
            check_bus_name(name)
            if name in self.inputs:
                raise InputError(f"output {name} must not have the name of an input")
            if not self.outputs[name]:
                raise InputError(f"output {name} must be at least 1 bit wide, not 0")
        if not self.outputs:
            raise InputError("a netlist must have an output")
        size = len(self.biases)
        shapes_fit = len(self.offsets) == size + 1 and len(self.sources) == len(self.weights) == self.offsets[-1]
        if not shapes_fit or self.offsets[0] != 0 or (np.diff(self.offsets) < 0).any():
            raise InputError("the arrays of a netlist must fit each other")
        if len(self.sources):
            owner = np.repeat(np.arange(size), np.diff(self.offsets)) + self.input_bits
            wrong = np.flatnonzero((self.sources >= owner) | (self.sources < 0))
            if wrong.size:
                raise InputError(
                    f"gate {owner[wrong[0]] - self.input_bits} must read earlier nets, not {self.sources[wrong[0]]}"
                )
        for what, values, known in (
            ("weight", self.weights, self.format.weights),
            ("bias", self.biases, self.format.biases),
        ):
            strange = values[~np.isin(values, np.array(known, dtype=np.int64))]
            if strange.size:
                raise InputError(f"a {what} must be a {self.format.name} {what}, not {strange[0]} units")
        for name, nets in self.outputs.items():
            if min(nets) < 0 or max(nets) >= self.input_bits + size:
                raise InputError(f"output {name} must be driven by nets that exist")

    def _content(self) -> tuple[Any, ...]:
        arrays = (part.tobytes() for part in (self.offsets, self.sources, self.weights, self.biases))
        return (self.format, tuple(self.inputs.items()), tuple(self.outputs.items()), *arrays)

    def __eq__(self, other: object) -> bool:
        return self._content() == other._content() if isinstance(other, Netlist) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content())

    def __copy__(self) -> Netlist:
        return self

    def __deepcopy__(self, memo: object) -> Netlist:
        return self

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        arrays = (self.offsets, self.sources, self.weights, self.biases)
        return Netlist, (self.format, dict(self.inputs), dict(self.outputs), *arrays)

    @cached_property
    def size(self) -> int:
        """Number of gates."""
        return len(self.biases)

    @cached_property
    def input_bits(self) -> int:
        return sum(self.inputs.values())

    @property
    def net_count(self) -> int:
        return self.input_bits + self.size

    def input_nets(self) -> dict[str, range]:
        """The nets of each input bus, lowest bit first."""
        nets, at = {}, 0
        for name, width in self.inputs.items():
            nets[name] = range(at, at + width)
            at += width
        return nets

    def gates(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...], int]]:
        """(sources, weights, bias) of each gate, in order."""
        offsets, sources, weights = self.offsets.tolist(), self.sources.tolist(), self.weights.tolist()
        for gate, bias in enumerate(self.biases.tolist()):
            low, high = offsets[gate], offsets[gate + 1]
            yield tuple(sources[low:high]), tuple(weights[low:high]), bias

    @property
    def levels(self) -> Integers:
        """Of each net: the number of gates on the longest way to it."""
        return np.ndarray(self.net_count, np.int64, self._levels)

    @cached_property
    def _levels(self) -> bytes:
        levels = [0] * self.input_bits
        offsets, sources = self.offsets.tolist(), self.sources.tolist()
        for gate in range(self.size):
            low, high = offsets[gate], offsets[gate + 1]
            levels.append(1 + max((levels[s] for s in sources[low:high]), default=0))
        return np.array(levels, dtype=np.int64).tobytes()

    @property
    def depth(self) -> int:
        """The number of gates on the longest way from an input to an output."""
        return int(max(self.levels[net] for nets in self.outputs.values() for net in nets))

    @property
    def max_fan_in(self) -> int:
        return int(np.diff(self.offsets).max(initial=0))

    @cached_property
    def margin(self) -> int:
        """The least margin of any gate over all rows of its own inputs, in units; 0 if there is no gate."""
        return min((margin_of(w, b) for w, b in {(weights, bias) for _, weights, bias in self.gates()}), default=0)

    @cached_property
    def sum_bound(self) -> int:
        """The largest magnitude of any partial sum of any gate, in units."""
        return max((bound_of(weights, bias) for _, weights, bias in self.gates()), default=0)

    @property
    def weight_storage_bits(self) -> int:
        """Bits that the weights and biases take when stored."""
        return len(self.weights) * self.format.weight_bits + self.size * self.format.bias_bits


def check_bus_name(name: str) -> None:
    """Raise InputError unless a name is a letter or _ followed by letters, digits, _."""
    if not (name.isascii() and name.isidentifier()):
        raise InputError(f"a bus name must be letters, digits and _, not {name!r}")


class Builder:
    """Makes a netlist gate by gate. Equal gates over equal nets are made once unless `share` is off."""

    def __init__(self, format: WeightFormat, inputs: Mapping[str, int], *, share: bool = True) -> None:
        self.format = format
        self.inputs: dict[str, int] = {}
        self._nets: dict[str, tuple[int, ...]] = {}
        at = 0
        for name, width in inputs.items():
            check_bus_name(name)
            if width < 1:
                raise InputError(f"input {name} must be at least 1 bit wide, not {width}")
            if at + width > MAX_GATES:
                raise LimitError(f"the inputs must have at most {MAX_GATES} bits")
            self.inputs[name] = width
            self._nets[name] = tuple(range(at, at + width))
            at += width
        self.input_bits = at
        self._offsets, self._sources = array("q", [0]), array("q")
        self._weights, self._biases = array("q"), array("q")
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...], int], int] | None = {} if share else None

    def __getitem__(self, name: str) -> tuple[int, ...]:
        """The nets of an input bus, lowest bit first."""
        return self._nets[name]

    @property
    def size(self) -> int:
        return len(self._biases)

    @property
    def net_count(self) -> int:
        return self.input_bits + len(self._biases)

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int, *, fresh: bool = False) -> int:
        """Add a gate (values in units of the format); returns its net. Sources of weight 0 are left out.

        A `fresh` gate is made even if there is an equal one.
        """
        if len(sources) != len(weights):
            raise InputError(f"a gate must have a weight for each source, not {len(weights)} for {len(sources)}")
        pairs = sorted((source, weight) for source, weight in zip(sources, weights, strict=True) if weight)
        key = (tuple(source for source, _ in pairs), tuple(weight for _, weight in pairs), bias)
        if self._known is not None and key in self._known and not fresh:
            return self._known[key]
        for source in key[0]:
            if not 0 <= source < self.net_count:
                raise InputError(f"a gate must read nets that exist, not {source}")
        if len(set(key[0])) < len(key[0]):
            raise InputError(f"a gate must read each net once, not {key[0]}")
        if not set(key[1]) <= self.format.weight_set or bias not in self.format.bias_set:
            raise InputError(f"a gate must have {self.format.name} weights and bias, not {key[1]} and {bias} units")
        if self.size >= MAX_GATES:
            raise LimitError(f"a netlist must have at most {MAX_GATES} gates")
        self._sources.extend(key[0])
        self._weights.extend(key[1])
        self._biases.append(bias)
        self._offsets.append(len(self._sources))
        if self._known is not None:
            self._known.setdefault(key, self.net_count - 1)
        return self.net_count - 1

    def gate_at(self, net: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Sources, weights and bias of the gate that drives a net."""
        low, high = self._offsets[net - self.input_bits], self._offsets[net - self.input_bits + 1]
        return tuple(self._sources[low:high]), tuple(self._weights[low:high]), self._biases[net - self.input_bits]

    def finish(self, outputs: Mapping[str, Sequence[int]]) -> Netlist:
        """The netlist with these outputs."""
        arrays = (
            np.array(part, dtype=np.int64) for part in (self._offsets, self._sources, self._weights, self._biases)
        )
        offsets, sources, weights, biases = arrays
        driven = {name: tuple(nets) for name, nets in outputs.items()}
        return Netlist(self.format, dict(self.inputs), driven, offsets, sources, weights, biases)
