"""Collapsing gates into their fan-outs where one gate of the format does the work of both.

A gate goes if each of its fan-outs can take it in: the composed function, over the joint inputs (at most `limit`), must
be a gate again, which `separate` decides over all rows. A gate with several fan-outs is thus duplicated, and the
number of gates still falls by one. Chains of majorities become comparators of several bits a gate, trees of ANDs one
gate. Gates are visited in topological order, so that a pass sees what it made, and passes repeat until nothing changes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import ZERO, compiled
from trix_circuits.map.covering.cover import Values
from trix_circuits.map.covering.separate import separate
from trix_circuits.map.network import WIDTH, Network, sorted_and_cleaned

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
_WORDS = 64  # of a truth table of 12 inputs
MAX_JOINT = 12


@compiled
def composed(
    inputs: int,
    f: int,
    net: int,
    limit: int,
    sources: Places,
    weights: Integers,
    fan_in: Integers,
    biases: Integers,
    positive: Integers,
    negative: Integers,
    all_biases: Integers,
    node_limit: int,
    joint: Places,
    out: Integers,
) -> int:
    """One gate for gate `f` with its source `net` (a gate) taken in: sources to `joint`, weights to `out`.

    Returns 256 * number of inputs + index of the bias, or a negative number.
    """
    g = net - inputs
    of_f, of_g = np.zeros(2 * WIDTH, np.int64), np.zeros(2 * WIDTH, np.int64)
    count, through = 0, 0
    for x in range(fan_in[f]):
        if sources[f, x] == net:
            through = weights[f, x]
        else:
            joint[count] = sources[f, x]
            of_f[count] = weights[f, x]
            count += 1
    for x in range(fan_in[g]):
        at = -1
        for y in range(count):
            if joint[y] == sources[g, x]:
                at = y
        if at < 0:
            if count == limit:
                return -1
            at = count
            joint[at] = sources[g, x]
            count += 1
        of_g[at] = weights[g, x]
    rows = 1 << count
    sum_f, sum_g = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    value = np.zeros(rows, np.bool_)
    sum_f[0], sum_g[0] = biases[f], biases[g]
    ones = 0
    for x in range(count):
        half = 1 << x
        for r in range(half):
            sum_f[half + r] = sum_f[r] + of_f[x]
            sum_g[half + r] = sum_g[r] + of_g[x]
    for r in range(rows):
        value[r] = sum_f[r] + (through if sum_g[r] >= 0 else 0) >= 0
        ones += value[r]
    # inputs that matter, and whether the function is unate in each
    kept = ZERO
    matters = np.zeros(count, np.bool_)
    for x in range(count):
        half = 1 << x
        rises, falls = False, False
        for base in range(0, rows, 2 * half):
            for r in range(base, base + half):
                if value[r] != value[r + half]:
                    if value[r]:
                        falls = True
                    else:
                        rises = True
            if rises and falls:
                return -1
        matters[x] = rises or falls
        kept += matters[x]
    on, off = np.zeros(ones, np.uint64), np.zeros(rows - ones, np.uint64)
    a, b = 0, 0
    for r in range(rows):
        pattern, at, skip = 0, 0, False
        for x in range(count):
            if matters[x]:
                pattern |= (r >> x & 1) << at
                at += 1
            elif r >> x & 1:
                skip = True
        if skip:
            continue
        if value[r]:
            on[a] = np.uint64(pattern)
            a += 1
        else:
            off[b] = np.uint64(pattern)
            b += 1
    at = 0
    for x in range(count):
        if matters[x]:
            joint[at] = joint[x]
            at += 1
    bias = separate(on[:a], off[:b], kept, positive, negative, all_biases, node_limit, out)
    return -1 if bias < 0 else 256 * kept + bias


@compiled
def fan_outs(inputs: int, sources: Places, fan_in: Integers) -> tuple[Integers, Integers]:
    """For each net: where its readers stand, and the readers (gates), in topological order."""
    gates = len(fan_in)
    starts = np.zeros(inputs + gates + 1, np.int64)
    for g in range(gates):
        for x in range(fan_in[g]):
            starts[sources[g, x] + 1] += 1
    for n in range(inputs + gates):
        starts[n + 1] += starts[n]
    place = starts.copy()
    readers = np.zeros(starts[-1], np.int64)
    for g in range(gates):
        for x in range(fan_in[g]):
            n = sources[g, x]
            readers[place[n]] = g
            place[n] += 1
    return starts, readers


@compiled
def collapse_pass(
    inputs: int,
    sources: Places,
    weights: Integers,
    fan_in: Integers,
    biases: Integers,
    outputs: Integers,
    positive: Integers,
    negative: Integers,
    all_biases: Integers,
    limit: int,
    max_copies: int,
    node_limit: int,
) -> int:
    """Visit each gate once; how many went."""
    starts, readers = fan_outs(inputs, sources, fan_in)
    is_output = np.zeros(inputs + len(fan_in), np.bool_)
    for o in range(len(outputs)):
        is_output[outputs[o]] = True
    joint = np.zeros((max_copies, 2 * WIDTH), np.int32)
    out = np.zeros((max_copies, 2 * WIDTH), np.int64)
    answer = np.zeros(max_copies, np.int64)
    gone = 0
    for g in range(len(fan_in)):
        net = inputs + g
        copies = starts[net + 1] - starts[net]
        if is_output[net] or copies == 0 or copies > max_copies:
            continue
        fits, alive = True, 0
        for i in range(copies):
            f = readers[starts[net] + i]
            reads = False
            for x in range(fan_in[f]):
                if sources[f, x] == net:
                    reads = True
            answer[i] = -2
            if reads:
                alive += 1
                answer[i] = composed(
                    inputs, f, net, limit, sources, weights, fan_in, biases, positive, negative, all_biases,
                    node_limit, joint[i], out[i],
                )  # fmt: skip
                if answer[i] == -1:
                    fits = False
                    break
        if not fits or alive == 0:
            continue
        for i in range(copies):
            if answer[i] >= 0:
                f = readers[starts[net] + i]
                count, at = answer[i] >> 8, 0
                for x in range(count):
                    if out[i, x] != 0:
                        sources[f, at], weights[f, at] = joint[i, x], out[i, x]
                        at += 1
                fan_in[f], biases[f] = at, all_biases[answer[i] & 255]
        gone += 1
    return gone


def collapse(network: Network, values: Values, *, limit: int = 10, max_copies: int = 40, passes: int = 8) -> Network:
    """The network after collapsing to a fixpoint (or `passes`); gates of at most `limit` (up to 12) inputs result."""
    limit = min(limit, MAX_JOINT)
    for _ in range(passes):
        network = sorted_and_cleaned(network)
        gone = collapse_pass(
            network.inputs, network.sources, network.weights, network.fan_in, network.biases, network.outputs,
            values.positive, values.negative, values.biases, limit, max_copies, 2000,
        )  # fmt: skip
        if not gone:
            break
    return sorted_and_cleaned(network)
