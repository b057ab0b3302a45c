"""Nets: all gates that a proof speaks of, and which of them were proven equal.

A net is a number. It stands for one bit: of an input, or the value of one threshold gate over earlier nets. First come
the input bits and the circuit's own gates; then *reference nodes*, which the meaning makes; then the gates of sources;
then *ghosts*, gates that only the proof reads. A ghost is a definition, and a definition cannot make a false claim
true.

A *literal* is 2 * net + (1 if inverted). Nets that were proven equal are *merged*: what is asked later sees the
earliest of them by `rank`, where inputs, constants, sources and early ghosts come before the gates of the circuit,
reference nodes and other ghosts. Why that is right: if x = y for every input, then any function of x is the same
function of y. A gate reads nets of lower rank only, and the earliest of a class is of no higher rank than its
members: so there are no loops.

A *linear form* is sum(coefficient * net) + constant; the constant stands at the key ONE. What is known to be 0 or 1
goes into the constant.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from .file import Gate
from .limits import Work

Linear = dict[int, int]
ONE = -1


def accumulate(total: Linear, terms: Mapping[int, int], factor: int) -> Linear:
    """Add factor * terms to total, in place; coefficients of 0 go."""
    for net, coefficient in terms.items():
        total[net] = total.get(net, 0) + factor * coefficient
        if not total[net]:
            del total[net]
    return total


class Gates:
    """The gate of each net (None for an input), read as a sequence; and which nets were proven equal."""

    def __init__(self, inputs: int, gates: Iterable[Gate], work: Work | None = None) -> None:
        self.work = work or Work()
        self._gates: list[Gate | None] = [*([None] * inputs), *gates]
        self._late = bytearray(inputs) + bytearray(b"\1") * (len(self._gates) - inputs)
        self._equal: dict[int, int] = {}  # net -> literal of an earlier one, proven equal
        self.zero, self.one = (self.define(((), (), bias), early=True) for bias in (-1, 0))
        self.merge(2 * self.one, 2 * self.zero + 1)

    def __len__(self) -> int:
        return len(self._gates)

    def __getitem__(self, net: Any) -> Any:
        return self._gates[net]

    def __iter__(self) -> Iterator[Gate | None]:
        return iter(self._gates)

    def define(self, gate: Gate | None, early: bool = False) -> int:
        """A new net: by its gate, as it stands, or an input if there is none."""
        self._gates.append(gate)
        self._late.append(gate is not None and not early)
        return len(self._gates) - 1

    def late(self, net: int) -> int:
        """0 for an input, a constant, a gate of a source or an early ghost, else 1."""
        return self._late[net]

    def rank(self, net: int) -> int:
        """Where a net stands in the order in which nets are seen and evaluated."""
        return self._late[net] << 48 | net

    # ---- equality ----------------------------------------------------------------------------------------------------

    def merged(self, net: int) -> bool:
        """Whether an earlier net was proven equal."""
        return net in self._equal

    def find(self, literal: int) -> int:
        """The earliest literal known to be equal."""
        equal, root = self._equal, literal
        while (earlier := equal.get(root >> 1)) is not None:
            root = earlier ^ (root & 1)
        while literal >> 1 != root >> 1:  # the next one to ask has a short way
            net, flip = literal >> 1, literal & 1
            literal, equal[net] = equal[net] ^ flip, root ^ flip
        return root

    def merge(self, a: int, b: int) -> None:
        """Note that two literals were proven equal."""
        a, b = sorted((self.find(a), self.find(b)), key=lambda literal: self.rank(literal >> 1))
        if a >> 1 != b >> 1:
            self._equal[b >> 1] = a ^ (b & 1)

    def reduced(self, terms: Mapping[int, int], only: Container[int] | None = None) -> Linear:
        """A linear form over the earliest equal nets, for those nets that are in `only`."""
        total: Linear = {}
        for net, weight in terms.items():
            literal = self.find(2 * net) if net != ONE and (only is None or net in only) else 2 * net
            if literal & 1:  # w * (1 - x) = w - w * x
                accumulate(total, {ONE: weight}, 1)
            if literal >> 1 != self.zero:
                accumulate(total, {literal >> 1: weight}, 1 - 2 * (literal & 1))
        return total

    def form(self, net: int) -> Linear:
        """What a net compares with 0: its gate fires iff this is >= 0; for an input x - 1. Over earliest equal nets."""
        sources, weights, bias = self._gates[net] or ((net,), (1,), -1)
        total = dict(zip(sources, weights, strict=True))
        if len(total) == len(sources) and 0 not in weights and self._equal.keys().isdisjoint(sources):
            return total | {ONE: bias}
        total = {ONE: bias}
        for source, weight in zip(sources, weights, strict=True):
            if source in self._equal:
                literal = self.find(2 * source)
                source = literal >> 1
                if literal & 1:
                    total[ONE] += weight
                    weight = -weight
            total[source] = total.get(source, 0) + weight if source != self.zero else 0
        return {source: weight for source, weight in total.items() if weight} if 0 in total.values() else total
