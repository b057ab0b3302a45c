"""Ideal threshold gates, realised in a format.

A generator thinks in ideal gates, [sum(weights * inputs) + bias >= 0] with any integers. `Kit.gate` makes one, as
  - one gate of the format, if one computes the same function: equal weights stay equal, so that the search is over the
    few distinct weights, and the bias may be anything between the largest sum that must not fire and the least that must;
  - one gate and constant nets that stand in for a bias which the format does not have;
  - else a binary decision diagram whose nodes are majorities: with f0 <= f1 the two cofactors of a rising input x,
    f = MAJ(f0, x, f1). A node needs one gate with weights 1, and falling inputs are inverted first.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import ImpossibleError, InputError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Builder, Integers

_MAX_WORK = 500_000  # rows times trials in the search for one gate


@cache
def fit_gate(form: WeightFormat, weights: tuple[int, ...], bias: int) -> tuple[tuple[int, ...], int] | None:
    """Weights and bias of the format with the same function, those of equal ideal weight being equal; None if none.

    Prefers, among the scalings of the ideal weights, the least one; then, among all others, the first in ascending order
    of magnitude. The bias is the one nearest to the middle of the allowed interval (the largest margin).
    """
    classes = sorted(set(weights), key=lambda w: (abs(w), w))
    counts = [weights.count(w) for w in classes]
    rows = math.prod(count + 1 for count in counts)
    if rows > 1 << 16:
        return None
    chosen = np.array(list(itertools.product(*(range(count + 1) for count in counts))), dtype=np.int64)
    chosen = chosen.reshape(rows, len(classes))
    fires = chosen @ np.array(classes, dtype=np.int64) + bias >= 0
    smallest = min((abs(w) for w in classes), default=1)
    scalings = [
        tuple(w * v // smallest for w in classes)
        for v in sorted({abs(v) for v in form.weights if v})
        if all(w * v % smallest == 0 and w * v // smallest in form.weight_set for w in classes)
    ]
    found = _first_fit(form, chosen, fires, scalings)
    if found is None:
        options = [sorted((value for value in form.weights if value * w > 0), key=abs) for w in classes]
        others = list(itertools.islice(itertools.product(*options), _MAX_WORK // rows))
        found = _first_fit(form, chosen, fires, others)
    if found is None:
        return None
    image = dict(zip(classes, found[0], strict=True))
    return tuple(image[w] for w in weights), found[1]


def _first_fit(
    form: WeightFormat, chosen: Integers, fires: npt.NDArray[np.bool_], candidates: Sequence[tuple[int, ...]]
) -> tuple[tuple[int, ...], int] | None:
    """The first candidate weights for which a bias of the format parts the rows that fire from those that do not."""
    if not candidates:
        return None
    images = np.array(candidates, dtype=np.int64).reshape(len(candidates), chosen.shape[1])
    sums = chosen @ images.T
    biases = np.array(form.biases, dtype=np.int64)
    edge = int(np.abs(biases).max()) + 1
    least = sums[fires].min(axis=0) if fires.any() else np.full(len(candidates), edge)
    most = sums[~fires].max(axis=0) if not fires.all() else np.full(len(candidates), -edge)
    first = np.searchsorted(biases, -least)
    fits = (first < len(biases)) & (biases[np.minimum(first, len(biases) - 1)] <= -most - 1)
    if not fits.any():
        return None
    at = int(np.flatnonzero(fits)[0])
    low, high = -int(least[at]), -int(most[at]) - 1
    inside = [b for b in form.biases if low <= b <= high]
    return tuple(images[at].tolist()), min(inside, key=lambda b: (abs(2 * b - low - high), abs(b)))


@cache
def _shifted(form: WeightFormat, step: int) -> WeightFormat:
    """The format that gates with a constant input of this total weight amount to."""
    biases = tuple(bias + step for bias in form.biases)
    return WeightFormat(form.name, form.unit, form.weight_codes, biases if len(biases) > 1 else biases * 2)


def relevant(weights: Sequence[int], bias: int) -> list[bool]:
    """For each input, whether the value of [sum(weights * inputs) + bias >= 0] ever depends on it."""
    found = []
    for i, weight in enumerate(weights):
        sums = {bias}
        for other in (*weights[:i], *weights[i + 1 :]):
            sums |= {total + other for total in sums}
        found.append(any((total >= 0) != (total + weight >= 0) for total in sums))
    return found


class Kit:
    """Builds a netlist from ideal gates; nets are those of `builder`. `max_fan_in` bounds every gate made.

    With `single`, an ideal gate that takes more than one gate is refused with ImpossibleError.
    """

    def __init__(
        self, form: WeightFormat, inputs: Mapping[str, int], max_fan_in: int | None = None, *, single: bool = False
    ) -> None:
        if max_fan_in is not None and max_fan_in < 2:
            raise InputError(f"the fan-in bound must be at least 2, not {max_fan_in}")
        self.format, self.max_fan_in, self._only_single = form, max_fan_in, single
        self.builder = Builder(form, inputs)

    def __getitem__(self, bus: str) -> tuple[int, ...]:
        """The nets of an input bus, lowest bit first."""
        return self.builder[bus]

    def fits(self, weights: Sequence[int], bias: int) -> bool:
        """Whether one gate of the format, within the fan-in bound, has the function of this ideal gate."""
        return self._single(tuple(weights), bias) is not None

    def _single(self, weights: tuple[int, ...], bias: int) -> tuple[tuple[int, ...], int] | None:
        if self.max_fan_in is not None and len(weights) > self.max_fan_in:
            return None
        return fit_gate(self.format, weights, bias)

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int, *, fresh: bool = False) -> int:
        """A net that is 1 iff sum(weights * sources) + bias >= 0; weights and bias are ideal integers.

        With `fresh`, a second gate is made even if there is an equal one (if one gate of the format serves).
        """
        merged: dict[int, int] = {}
        for source, weight in zip(sources, weights, strict=True):
            merged[source] = merged.get(source, 0) + weight
        pairs = [(source, weight) for source, weight in merged.items() if weight]
        single = self._single(tuple(w for _, w in pairs), bias)
        if single is not None:
            return self.builder.gate([s for s, _ in pairs], *single, fresh=fresh)
        if self._only_single:
            raise ImpossibleError("one gate of the format does not serve")
        matters = relevant([w for _, w in pairs], bias)
        pairs = [pair for pair, matter in zip(pairs, matters, strict=True) if matter]
        return self._realise(tuple(s for s, _ in pairs), tuple(w for _, w in pairs), bias)

    def _realise(self, sources: tuple[int, ...], weights: tuple[int, ...], bias: int) -> int:
        low, high = (sum(bound(w, 0) for w in weights) for bound in (min, max))
        if bias + low >= 0 or bias + high < 0:
            return self.constant(int(bias + low >= 0))
        single = self._single(weights, bias)
        if single is not None:
            return self.builder.gate(sources, *single)
        with_constants = self._with_constants(sources, weights, bias)
        return self._majorities(sources, weights, bias) if with_constants is None else with_constants

    def constant(self, value: int) -> int:
        """A net that is always 0 or always 1."""
        fitting = [b for b in self.format.biases if (b >= 0) == bool(value)]
        if fitting:
            return self.builder.gate((), (), min(fitting, key=abs))
        if not value or not self.builder.input_bits:
            raise ImpossibleError(f"no gate of format {self.format.name} is always {value}")
        return self.gate([0, self.gate([0], [-1], 0)], [1, 1], -1)

    def _with_constants(self, sources: tuple[int, ...], weights: tuple[int, ...], bias: int) -> int | None:
        """One gate that also reads constant nets with weight -1; None if that does not serve."""
        ones = [b for b in self.format.biases if b >= 0][:2]
        for count in range(1, len(ones) + 1):
            if self.max_fan_in is not None and len(weights) + count > self.max_fan_in:
                break
            for step in sorted((w for w in self.format.weights if w), key=abs)[:4]:
                found = fit_gate(_shifted(self.format, step * count), weights, bias)
                if found is not None:
                    nets = [self.builder.gate((), (), b) for b in ones[:count]]
                    return self.builder.gate([*sources, *nets], [*found[0], *[step] * count], found[1] - step * count)
        return None

    def _majorities(self, sources: tuple[int, ...], weights: tuple[int, ...], bias: int) -> int:
        if len(sources) <= 2:
            return self._inverted(sources, weights, bias)
        rising = [s if w > 0 else self.gate([s], [-1], 0) for s, w in zip(sources, weights, strict=True)]
        bias += sum(min(w, 0) for w in weights)
        order = sorted(zip(map(abs, weights), rising, strict=True))
        reach = list(itertools.accumulate((w for w, _ in order), initial=0))
        known: dict[tuple[int, int], int] = {}

        def node(count: int, threshold: int) -> int | bool:
            """The net that says whether the `count` lightest inputs reach the threshold; a bool where that is plain."""
            if threshold <= 0 or reach[count] < threshold:
                return threshold <= 0
            if (count, threshold) not in known:
                weight, net = order[count - 1]
                known[count, threshold] = self._join(
                    net, node(count - 1, threshold), node(count - 1, threshold - weight)
                )
            return known[count, threshold]

        return node(len(order), -bias)

    def _join(self, net: int, low: int | bool, high: int | bool) -> int:
        """The net of `low` or (`net` and `high`), where low implies high."""
        if high is True and low is False:
            return net
        if high is True:
            return self.gate([net, low], [1, 1], -1)
        if low is False:
            return self.gate([net, high], [1, 1], -2)
        if low == high:
            return low
        single = self._single((1, 1, 1), -2)
        if single is not None:
            return self.builder.gate([net, low, high], *single)
        found = self._with_constants((net, low, high), (1, 1, 1), -2)
        return self.gate([self.gate([net, high], [1, 1], -2), low], [1, 1], -1) if found is None else found

    def _inverted(self, sources: tuple[int, ...], weights: tuple[int, ...], bias: int) -> int:
        """A gate of one or two inputs that fits once some of them are inverted first."""
        inverter = self._single((-1,), 0)
        for flips in itertools.product((1, -1), repeat=len(sources)):
            turned = bias + sum(w for w, flip in zip(weights, flips, strict=True) if flip < 0)
            single = self._single(tuple(w * flip for w, flip in zip(weights, flips, strict=True)), turned)
            if single is not None and inverter is not None:
                nets = [
                    s if flip > 0 else self.builder.gate([s], *inverter) for s, flip in zip(sources, flips, strict=True)
                ]
                return self.builder.gate(nets, *single)
        raise ImpossibleError(f"no gate of format {self.format.name} computes weights {weights} with bias {bias}")
