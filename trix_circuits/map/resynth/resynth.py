"""Resynthesis of a network by threshold resubstitution, proven step by step.

Up to `EXHAUSTIVE` inputs the simulation has all rows and so is the proof; beyond, random patterns propose, SAT decides,
and each refutation adds the pattern that it found, and neighbours of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.covering.collapse import collapse, fan_outs
from trix_circuits.map.covering.cover import Values
from trix_circuits.map.network import Integers, Network, levels_of, simulate_gates, sorted_and_cleaned
from trix_circuits.map.resynth.eliminate import MAX_READERS, heights_of, next_elimination
from trix_circuits.map.resynth.proofs import Equality
from trix_circuits.map.resynth.resub import next_resubstitution, replace

Words = npt.NDArray[np.uint64]
EXHAUSTIVE = 12
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def all_rows(inputs: int) -> tuple[Words, Words]:
    """The planes of the inputs over all 2^inputs rows, and which bits of the words are rows."""
    rows = np.arange(max(64, 1 << inputs))
    bits = [np.packbits((rows >> i & 1).astype(np.uint8), bitorder="little").view(np.uint64) for i in range(inputs)]
    planes = np.array(bits, dtype=np.uint64).reshape(inputs, len(rows) // 64)
    care = np.full(len(rows) // 64, _ALL)
    if inputs < 6:
        care[0] = (1 << (1 << inputs)) - 1
    return planes, care


def fingerprints(values: Words) -> Words:
    """A word for each net that tells its function from others, by its planes."""
    word = np.zeros(values.shape[0], dtype=np.uint64)
    for column in range(values.shape[1]):
        word = (word ^ values[:, column]) * np.uint64(0x9FB21C651E98DF25)
        word ^= word >> np.uint64(31)
    return word


class Resynthesis:
    """Passes of resubstitution over a network; `network` is always equivalent to the one given."""

    def __init__(
        self,
        network: Network,
        values: Values,
        *,
        limit: int,
        keep_depth: bool = False,
        effort: int = 1,
        words: int = 32,
        seed: int = 1,
    ) -> None:
        self.network = network
        self.values = values
        self.limit = limit
        self.keep_depth = keep_depth
        self.effort = max(1, effort)
        self.exhaustive = network.inputs <= EXHAUSTIVE
        self._random = np.random.default_rng(seed)
        if self.exhaustive:
            self.planes, self.care = all_rows(network.inputs)
        else:
            self.planes = self._patterns(network.inputs, words)
            self.care = np.full(words, _ALL)
        self._at = 0
        self._sample = self.planes if self.exhaustive else self._patterns(network.inputs, 8)
        self._failed = np.zeros(1 << max(12, min(22, (8 * network.size).bit_length())), dtype=np.uint64)
        self.proven = self.refuted = self.unknown = 0

    def _patterns(self, inputs: int, words: int) -> Words:
        """Random patterns: half of them even, the others with few ones or few zeros, for wide ANDs and ORs."""
        planes = self._random.integers(0, 1 << 64, size=(inputs, words), dtype=np.uint64)
        for place, factors in zip(range(words // 2, words), (1, 2, 3, 4) * words, strict=False):
            for _ in range(factors):
                planes[:, place] &= self._random.integers(0, 1 << 64, size=inputs, dtype=np.uint64)
            if place % 2:
                planes[:, place] ^= _ALL
        return planes

    def run(self, *, extra: int, rounds: int) -> None:
        """Rounds of resubstitution with up to `extra` divisors, collapsing and elimination, until one changes nothing."""
        for _ in range(rounds):
            before = self.network.size
            self.resubstitute(max_extra=extra, max_tries=(20 + 10 * self.effort) * extra)
            self.network = collapse(self.network, self.values, limit=self.limit)
            self.eliminate(
                max_extra=extra, max_tries=8 * extra * self.effort, max_readers=extra + extra // 3 + self.effort - 1
            )
            if self.network.size == before:
                break

    def _tables(self, net: Network) -> tuple[Words, Words, Integers, Integers, Integers, Integers, Integers]:
        """What a pass keeps of a network: the planes of its nets and their fingerprints, fan-outs (starts, readers),
        levels, numbers of readers, and room for a stack."""
        starts, readers = fan_outs(net.inputs, net.sources, net.fan_in)
        refs = np.diff(starts)
        np.add.at(refs, net.outputs, 1)
        prints = fingerprints(net.simulate(self._sample))
        levels = levels_of(net.inputs, net.sources, net.fan_in)
        return net.simulate(self.planes), prints, starts, readers, levels, refs, np.zeros(net.size + 8, dtype=np.int64)

    def resubstitute(
        self,
        *,
        most: int = 60,
        reach: int = 20,
        max_extra: int = 2,
        max_tries: int = 40,
        conflicts: int = 300,
    ) -> int:
        """One pass over all gates; how many gates went."""
        before = self.network.size
        net = self.network = sorted_and_cleaned(self.network, by_level=True)
        inputs = net.inputs
        values, prints, starts, readers, levels, refs, stack = self._tables(net)
        marks = np.zeros(2 + inputs + net.size, dtype=np.int64)
        answer = np.zeros(64, dtype=np.int64)
        v = self.values
        equality = None if self.exhaustive else Equality(net, conflicts)
        begin, skip, retries = 0, 0, 0
        while True:
            g = next_resubstitution(
                begin, skip, inputs, net.sources, net.weights, net.fan_in, net.biases, refs, starts, readers, levels,
                self.keep_depth, values, self.care, v.positive, v.negative, v.biases, self.limit, most, reach, max_extra,
                max_tries, 600 * self.effort, self.exhaustive, prints, self._failed, marks, answer,
            )  # fmt: skip
            if g < 0 or equality is None:
                break
            count, bias = int(answer[2]), int(answer[3])
            nets, weights = answer[4 : 4 + count].copy(), answer[24 : 24 + count].copy()
            outcome = equality.refute(inputs + g, nets.tolist(), weights.tolist(), bias)
            begin, skip = g, int(answer[1])
            if outcome is True:
                self.proven += 1
                replace(
                    g, inputs, net.sources, net.weights, net.fan_in, net.biases, refs, stack, nets, weights, count, bias
                )
                skip = retries = 0
            elif outcome is False:
                self.unknown += 1
                retries = 0
            else:
                self.refuted += 1
                self._learn(outcome, values)
                if retries < 4:
                    retries += 1
                    skip -= 1
                else:
                    retries = 0
        if equality is not None:
            equality.close()
        self.network = sorted_and_cleaned(net)
        return before - self.network.size

    def eliminate(
        self,
        *,
        most: int = 48,
        max_extra: int = 2,
        max_tries: int = 25,
        max_readers: int = 4,
        conflicts: int = 300,
    ) -> int:
        """One pass in which gates go whose readers can all be expressed without them; how many went."""
        before = self.network.size
        frozen = self.network = sorted_and_cleaned(self.network, by_level=True)
        net = frozen.copy()  # its order is lost as gates come to read later ones
        inputs = net.inputs
        values, prints, starts, readers, levels, refs, stack = self._tables(net)
        heights = heights_of(inputs, net.sources, net.fan_in, refs)
        is_output = np.zeros(inputs + net.size, dtype=np.int64)
        is_output[net.outputs] = 1
        marks, clean = np.zeros((2, 2 + inputs + net.size), dtype=np.int64)
        answer = np.zeros((MAX_READERS + 1, 64), dtype=np.int64)
        v = self.values
        equality = None if self.exhaustive else Equality(frozen, conflicts)
        begin, retries = 0, 0
        while True:
            g = next_elimination(
                begin, inputs, net.sources, net.weights, net.fan_in, refs, is_output, starts, readers, levels,
                heights, self.keep_depth, values, self.care, v.positive, v.negative, v.biases, self.limit, most,
                max_extra, max_tries, 1500 * self.effort, min(max_readers, MAX_READERS), prints, self._failed, marks, clean, answer,
            )  # fmt: skip
            if g < 0:
                break
            begin = g + 1
            proven = True
            rows = [
                (int(row[0]), row[4 : 4 + row[1]].copy(), row[24 : 24 + row[1]].copy(), int(row[2]))
                for row in answer[: answer[MAX_READERS, 0]]
            ]
            for r, nets, weights, bias in rows:
                if equality is None:
                    break  # the simulation was the proof
                outcome = equality.refute(inputs + r, nets.tolist(), weights.tolist(), bias)
                if outcome is not True:
                    proven = False
                    if outcome is False:
                        self.unknown += 1
                    else:
                        self.refuted += 1
                        self._learn(outcome, values)
                        retries += 1
                        if retries <= 1:
                            begin = g
                        else:
                            retries = 0
                    break
            if proven:
                retries = 0
                self.proven += len(rows)
                for r, nets, weights, bias in rows:
                    replace(
                        r, inputs, net.sources, net.weights, net.fan_in, net.biases, refs, stack, nets, weights,
                        len(nets), bias,
                    )  # fmt: skip
                heights = heights_of(inputs, net.sources, net.fan_in, refs)
        if equality is not None:
            equality.close()
        self.network = sorted_and_cleaned(net)
        return before - self.network.size

    def _learn(self, pattern: list[bool], values: Words) -> None:
        """Replace a word of patterns by this one and 63 neighbours."""
        inputs = self.network.inputs
        bits = np.repeat(np.array(pattern, dtype=np.uint8)[:, None], 64, axis=1)
        flips = self._random.random((inputs, 64)) < self._random.choice([1.0, 2.0, 4.0], size=64) / inputs
        flips[:, 0] = False
        word = np.packbits(bits ^ flips, axis=1, bitorder="little").view(np.uint64)
        self.planes[:, self._at] = word[:, 0]
        fresh = np.zeros((values.shape[0], 1), dtype=np.uint64)
        fresh[:inputs] = word
        net = self.network
        simulate_gates(inputs, net.sources, net.weights, net.fan_in, net.biases, fresh, 0)
        values[:, self._at] = fresh[:, 0]
        self._at = (self._at + 1) % self.planes.shape[1]
