"""Outputs that ask whether at least so many inputs are 1, said anew by the digits of the count where an AIG has these.

A majority is often made from a word that counts, and rewritten together with it until no adder at its end can be seen.
If an output depends on the number of ones among its inputs alone and rises or falls once, and each binary digit of that
number is a node, then a comparison of the digits with a constant takes its place, and the counting can be seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.aig import Aig, Planes
from trix_circuits.map.sums.arithmetic import Values, patterns

_LEAST = 7  # inputs, below which nothing is gained
_WORDS = 64


def _support(aig: Aig, root: int) -> list[int]:
    """The inputs (numbered from 0) below a variable."""
    first = 1 + len(aig.input_names)
    left, right = aig.left, aig.right
    seen, stack = {root}, [root]
    while stack:
        v = stack.pop()
        if v >= first:
            for f in (int(left[v - first]) >> 1, int(right[v - first]) >> 1):
                if f not in seen:
                    seen.add(f)
                    stack.append(f)
    return sorted(v - 1 for v in seen if 0 < v < first)


def _of_all_densities(inputs: int, seed: int = 2) -> Planes:
    """Planes whose lanes have every share of ones, half of them about a half."""
    rng = np.random.default_rng(seed)
    lanes = 64 * _WORDS
    share = np.where(np.arange(lanes) % 2 == 0, rng.random(lanes), 0.5)
    planes = np.zeros((inputs, _WORDS), dtype=np.uint64)
    for k in range(inputs):
        planes[k] = np.packbits(rng.random(lanes) < share, bitorder="little").view(np.uint64)
    return planes


def _counts(planes: Planes, rows: list[int]) -> npt.NDArray[np.int64]:
    total = np.zeros(planes.shape[1] * 64, dtype=np.int64)
    for k in rows:
        total += np.unpackbits(planes[k].view(np.uint8), bitorder="little")
    return total


def _step(counts: npt.NDArray[np.int64], bits: npt.NDArray[np.uint8]) -> tuple[int, bool] | None:
    """(threshold, rising) if the bits say whether the count reaches a threshold, or whether it does not."""
    ones, zeros = counts[bits > 0], counts[bits == 0]
    if not len(ones) or not len(zeros):
        return None
    if ones.min() > zeros.max():
        return (int(ones.min()), True) if ones.min() == zeros.max() + 1 else None
    return (int(zeros.min()), False) if zeros.min() == ones.max() + 1 else None


def with_counted_outputs(aig: Aig) -> Aig:
    """The same AIG, such outputs being made from the digits of the count; new nodes stand after the others."""
    first = 1 + len(aig.input_names)
    candidates = []
    for place, literal in enumerate(aig.outputs.tolist()):
        if literal >> 1 >= first and aig.outputs.size <= 64:
            support = _support(aig, literal >> 1)
            if len(support) >= _LEAST:
                candidates.append((place, literal, support))
    if not candidates:
        return aig
    probes = _of_all_densities(len(aig.input_names))
    nodes = aig.simulate(probes)
    found = []
    for place, literal, support in candidates:
        bits = np.unpackbits(nodes[literal >> 1].view(np.uint8), bitorder="little") ^ (literal & 1)
        step = _step(_counts(probes, support), bits)
        if step is not None:
            found.append((place, support, *step))
    del nodes
    if not found:
        return aig
    planes = patterns(len(aig.input_names), _WORDS)
    values = Values(aig.simulate(planes))
    left, right, outputs = aig.left.tolist(), aig.right.tolist(), aig.outputs.tolist()

    def both(a: int, b: int) -> int:
        left.append(max(a, b))
        right.append(min(a, b))
        return 2 * (first + len(left) - 1)

    for place, support, threshold, rising in found:
        counts = _counts(planes, support)
        digits = []
        for i in range(len(support).bit_length()):
            packed = np.packbits((counts >> i & 1).astype(np.uint8), bitorder="little")
            digits.append(values.find(int.from_bytes(packed.tobytes(), "little")))
        known = [digit for digit in digits if digit is not None]
        if len(known) == len(digits):
            reached = 1  # of the digits so far, whether they are at least those of the threshold
            for i, digit in enumerate(known):
                if threshold >> i & 1:
                    reached = digit if reached == 1 else both(digit, reached)
                else:
                    reached = 1 if reached == 1 else both(digit ^ 1, reached ^ 1) ^ 1
            outputs[place] = reached ^ (not rising)
    sides = [np.array(side, dtype=np.int64) for side in (left, right, outputs)]
    return Aig(aig.name, aig.input_names, aig.output_names, *sides)
