"""Elimination: a gate goes when each of its readers can be expressed without it.

Collapsing asks whether a reader can take the gate in over the joint inputs. Here each reader may also read other nets
near by, those that stand later in the order included as long as no loop arises: the low sum bit of an adder can be
told from the next sum bit and carry, and so frees the carry between. Candidates, witnesses and proofs are those of `resub`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import compiled
from trix_circuits.map.resynth.resub import express
from trix_circuits.map.resynth.rows import distinct_rows

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
MAX_READERS = 6
_BASE = 9


@compiled
def reaches(
    start: int,
    goal: int,
    low: int,
    inputs: int,
    sources: Places,
    fan_in: Integers,
    heights: Integers,
    clean: Integers,
    stamp: int,
    stack: Integers,
) -> bool:
    """Whether net `start` depends on net `goal`; nets found not to are marked in `clean`, for the same goal later.

    Nets of height `low` or less do not depend on it.
    """
    if start == goal:
        return True
    if heights[start] <= low or clean[start] == stamp:
        return False
    # a queue, so that all that was marked is at hand when the marks turn out to be wrong
    seen, at = 1, 0
    stack[0] = start
    clean[start] = stamp
    while at < seen:
        g = stack[at] - inputs
        at += 1
        for x in range(fan_in[g]):
            s = sources[g, x]
            if s == goal:
                for k in range(seen):
                    clean[stack[k]] = 0
                return True
            if heights[s] > low and clean[s] != stamp:
                clean[s] = stamp
                stack[seen] = s
                seen += 1
    return False


@compiled
def heights_of(inputs: int, sources: Places, fan_in: Integers, refs: Integers) -> Integers:
    """Of each net in use: the number of gates on the longest way to it, the gates being in any order."""
    heights = np.zeros(inputs + len(fan_in), np.int64)
    at = np.zeros(len(fan_in), np.int64)
    stack = np.zeros(len(fan_in) + 1, np.int64)
    for root in range(len(fan_in)):
        if heights[inputs + root] or refs[inputs + root] == 0:
            continue
        top = 1
        stack[0] = root
        while top:
            g = stack[top - 1]
            if at[g] < fan_in[g]:
                s = sources[g, at[g]]
                at[g] += 1
                if s >= inputs and heights[s] == 0:
                    stack[top] = s - inputs
                    top += 1
            else:
                top -= 1
                high = 0
                for x in range(fan_in[g]):
                    high = max(high, heights[sources[g, x]])
                heights[inputs + g] = high + 1
    return heights


@compiled
def next_elimination(
    begin: int,
    inputs: int,
    sources: Places,
    weights: Integers,
    fan_in: Integers,
    refs: Integers,
    is_output: Integers,
    starts: Integers,
    readers: Integers,
    levels: Integers,
    heights: Integers,
    keep_depth: bool,
    values: Words,
    care: Words,
    positive: Integers,
    negative: Integers,
    all_biases: Integers,
    limit: int,
    most: int,
    max_extra: int,
    max_tries: int,
    node_limit: int,
    max_readers: int,
    prints: Words,
    failed: Words,
    marks: Integers,
    clean: Integers,
    answer: Integers,
) -> int:
    """The first gate from `begin` on that can go, -1 if there is none.

    Row i of `answer` receives reader, number of sources, bias, then at 4 the sources and at 24 the weights;
    answer[MAX_READERS, 0] their number. The network is left as it was.
    """
    gates = len(fan_in)
    room = 64 * values.shape[1] + 1
    size = 1
    while size < 2 * room:
        size *= 2
    table, slots, rows = np.zeros(size, np.uint64), np.zeros(room, np.int64), np.zeros(room, np.uint64)
    columns = np.zeros(64, np.int64)
    chosen, out = np.zeros(32, np.int64), np.zeros(32, np.int64)
    stack = np.zeros(gates + 8, np.int64)
    mine = np.zeros(MAX_READERS + 1, np.int64)
    kept_fan = np.zeros(MAX_READERS + 1, np.int64)
    kept_sources = np.zeros((MAX_READERS + 1, sources.shape[1]), np.int32)
    for g in range(begin, gates):
        net = inputs + g
        if refs[net] == 0 or is_output[net] or refs[net] > max_readers:
            continue
        found = 0
        for at in range(starts[net], starts[net + 1]):
            r = readers[at]
            if refs[inputs + r]:
                for x in range(fan_in[r]):
                    if sources[r, x] == net and found < max_readers:
                        mine[found] = r
                        found += 1
        if found != refs[net]:
            continue  # a reader came anew: next pass
        # a question that was asked before in the same surroundings
        question = prints[net] * np.uint64(0x9E3779B97F4A7C15) + np.uint64(max_extra + 16)
        for x in range(fan_in[g]):
            question += prints[sources[g, x]] * np.uint64(0xC2B2AE3D27D4EB4F)
        for i in range(found):
            question += prints[inputs + mine[i]] * np.uint64(0x27D4EB2F165667C5)
            for x in range(fan_in[mine[i]]):
                question += prints[sources[mine[i], x]] * np.uint64(0x165667B19E3779F9)
        question = (question ^ (question >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        slot = int(question >> np.uint64(20)) & (len(failed) - 1)
        if failed[slot] == question:
            continue
        done = 0
        lowest = 1 << 40
        for i in range(found):
            r = mine[i]
            goal = inputs + r
            # a net that depends on this reader stands above it, or is or stands above a reader that was changed before
            low = min(heights[goal], lowest - 1)
            lowest = min(lowest, heights[goal])
            good = False
            for wide in range(2):
                marks[0] += 2
                stamp = marks[0]
                clean_stamp = marks[0] + 1
                marks[1 + net] = stamp
                marks[1 + goal] = stamp
                count = 0
                for x in range(fan_in[r]):
                    s = sources[r, x]
                    if marks[1 + s] != stamp:
                        marks[1 + s] = stamp
                        columns[count] = s
                        count += 1
                own = count
                for x in range(fan_in[g]):
                    s = sources[g, x]
                    if marks[1 + s] != stamp and count < most:
                        marks[1 + s] = stamp
                        columns[count] = s
                        count += 1
                if wide:
                    for j in range(found):
                        if j != i:
                            q = mine[j]
                            for x in range(fan_in[q]):
                                s = sources[q, x]
                                if marks[1 + s] != stamp and count < most:
                                    late = keep_depth and levels[s] >= levels[goal]
                                    if not late and not reaches(
                                        s, goal, low, inputs, sources, fan_in, heights, clean, clean_stamp, stack
                                    ):
                                        marks[1 + s] = stamp
                                        columns[count] = s
                                        count += 1
                base = count if count <= _BASE else own
                near = count
                if base > _BASE:
                    break
                for j in range(found):
                    m = inputs + mine[j]
                    if j != i and marks[1 + m] != stamp and count < most:
                        marks[1 + m] = stamp
                        if not (keep_depth and levels[m] >= levels[goal]) and not reaches(
                            m, goal, low, inputs, sources, fan_in, heights, clean, clean_stamp, stack
                        ):
                            columns[count] = m
                            count += 1
                for least in range(3, 1, -1):
                    for k in range(near):
                        s = columns[k]
                        for at in range(starts[s], min(starts[s + 1], starts[s] + 60)):
                            q = readers[at]
                            m = inputs + q
                            if marks[1 + m] == stamp or refs[m] == 0 or count >= most:
                                continue
                            if keep_depth and levels[m] >= levels[goal]:
                                continue
                            shared = 0
                            for x in range(fan_in[q]):
                                for y in range(near):
                                    if sources[q, x] == columns[y]:
                                        shared += 1
                            if shared < min(least, fan_in[q]):
                                continue
                            marks[1 + m] = stamp
                            if not reaches(m, goal, low, inputs, sources, fan_in, heights, clean, clean_stamp, stack):
                                columns[count] = m
                                count += 1
                number = distinct_rows(values, columns, count, goal, care, rows, table, slots)
                code = express(
                    rows, number, base, count, max_extra, max_tries, limit, positive, negative, all_biases, node_limit,
                    chosen, out,
                )  # fmt: skip
                if code >= 0:
                    n = code >> 8
                    answer[i, 0], answer[i, 1], answer[i, 2] = r, n, all_biases[code & 255]
                    for y in range(n):
                        answer[i, 4 + y], answer[i, 24 + y] = columns[chosen[y]], out[y]
                    good = True
                    break
                if found == 1:
                    break
            if not good:
                break
            # from now on the reader counts as changed, so that later ones see its new sources
            kept_fan[i] = fan_in[r]
            for x in range(fan_in[r]):
                kept_sources[i, x] = sources[r, x]
            fan_in[r] = answer[i, 1]
            for x in range(answer[i, 1]):
                sources[r, x] = answer[i, 4 + x]
            done += 1
        for i in range(done):
            r = mine[i]
            fan_in[r] = kept_fan[i]
            for x in range(kept_fan[i]):
                sources[r, x] = kept_sources[i, x]
        if done == found:
            answer[MAX_READERS, 0] = found
            return g
        failed[slot] = question
    return -1
