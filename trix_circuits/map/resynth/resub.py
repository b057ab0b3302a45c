"""Threshold resubstitution: a gate is expressed anew over existing nets, so that one of its fan-ins is not needed.

For a gate n and a fan-in g of its own: which other nets (divisors) together with the remaining fan-ins make n a single
gate of the format? Simulation proposes, and its rows are the specification, so that combinations which never occur are
don't-cares. The search is a hitting set that grows by counterexamples: a choice of divisors fails either by two rows
that it cannot tell apart, or by two on-rows and two off-rows that add up to the same vector (not 2-summable, Chow 1961).
Each such witness names the divisors that would undo it; the next choice is the smallest set that undoes all witnesses.

Resubstitution by simulation: Lee, Riener, Mishchenko, Brayton, De Micheli, "A simulation-guided paradigm for logic
synthesis and verification", IEEE TCAD 2022; asummability: Muroga, Threshold Logic and Its Applications, 1971.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import ZERO, compiled
from trix_circuits.map.covering.separate import separate
from trix_circuits.map.resynth.rows import distinct_rows

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
MAX_WITNESSES = 96
_PAIRS = 40  # rows a side that are looked at for summability


@compiled
def ones_of(word: np.uint64) -> int:
    """The number of ones."""
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


@compiled
def low_bit(word: np.uint64) -> int:
    """The place of the lowest one."""
    place = 0
    if word & np.uint64(0xFFFFFFFF) == 0:
        word >>= np.uint64(32)
        place += 32
    while word & np.uint64(1) == 0:
        word >>= np.uint64(1)
        place += 1
    return place


@compiled
def hitting_set(masks: Words, count: int, allowed: np.uint64, size: int) -> np.uint64:
    """A set of `size` (0 to 3) allowed bits that meets every mask, 0 if there is none (or size is 0)."""
    zero = np.uint64(0)
    if size == 0 or count == 0:
        return zero
    if size == 1:
        common = allowed
        for k in range(count):
            common &= masks[k]
        return np.uint64(common & (~common + np.uint64(1)))
    least, at = 100, 0
    for k in range(count):
        n = ones_of(masks[k] & allowed)
        if n < least:
            least, at = n, k
    first = masks[at] & allowed
    while first:
        a = first & (~first + np.uint64(1))
        first ^= a
        if size == 2:
            common = allowed & ~a
            for k in range(count):
                if masks[k] & a == 0:
                    common &= masks[k]
            if common:
                return np.uint64(a | (common & (~common + np.uint64(1))))
        else:
            least2, at2 = 100, -1
            for k in range(count):
                if masks[k] & a == 0:
                    n = ones_of(masks[k] & allowed)
                    if n < least2:
                        least2, at2 = n, k
            second = masks[at2] & allowed if at2 >= 0 else allowed & ~a
            while second:
                b = second & (~second + np.uint64(1))
                second ^= b
                common = allowed & ~a & ~b
                for k in range(count):
                    if masks[k] & (a | b) == 0:
                        common &= masks[k]
                if common:
                    return np.uint64(a | b | (common & (~common + np.uint64(1))))
    return zero


@compiled
def summable_witness(on: Words, on_rows: Words, off: Words, off_rows: Words, allowed: np.uint64) -> np.uint64:
    """Two on- and two off-patterns with equal sums: the allowed columns in which the sums of their rows differ.

    The smallest such set that is found; all ones if no such four rows are found.
    """
    a, b = min(len(on), _PAIRS), min(len(off), _PAIRS)
    size = 4096
    keys = np.zeros(size, np.uint64)
    held = np.zeros(size, np.int64)
    spread_on, spread_off = np.zeros(a, np.uint64), np.zeros(b, np.uint64)
    for i in range(a):
        for c in range(20):
            spread_on[i] |= (on[i] >> np.uint64(c) & np.uint64(1)) << np.uint64(2 * c)
    for i in range(b):
        for c in range(20):
            spread_off[i] |= (off[i] >> np.uint64(c) & np.uint64(1)) << np.uint64(2 * c)
    for i in range(a):
        for j in range(i):
            total = spread_on[i] + spread_on[j] + np.uint64(1)
            at = int((total * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(30)) & (size - 1)
            while keys[at] != 0 and keys[at] != total:
                at = (at + 1) & (size - 1)
            keys[at] = total
            held[at] = i * _PAIRS + j
    best = ~np.uint64(0)
    least = 100
    for i in range(b):
        for j in range(i):
            total = spread_off[i] + spread_off[j] + np.uint64(1)
            at = int((total * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(30)) & (size - 1)
            while keys[at] != 0 and keys[at] != total:
                at = (at + 1) & (size - 1)
            if keys[at] == total:
                x, y = on_rows[held[at] // _PAIRS], on_rows[held[at] % _PAIRS]
                u, v = off_rows[i], off_rows[j]
                differ = (((x ^ y) ^ (u ^ v)) | ((x & y) ^ (u & v))) & allowed
                n = ones_of(differ)
                if n < least:
                    least, best = n, differ
    return best


@compiled
def express(
    rows: Words,
    count: int,
    base: int,
    columns: int,
    max_extra: int,
    max_tries: int,
    limit: int,
    positive: Integers,
    negative: Integers,
    biases: Integers,
    node_limit: int,
    chosen: Integers,
    weights: Integers,
) -> int:
    """A gate for the target over the columns below `base` and up to `max_extra` of the others.

    Its columns and weights are written to `chosen` and `weights`; returns 256 * their number + index of the bias, or -1.
    """
    one = np.uint64(1)
    total = 1 << (base + max_extra)
    state = np.zeros(total, np.int8)
    held = np.zeros(total, np.int64)
    touched = np.zeros(total, np.int64)
    low = (one << np.uint64(base)) - one
    allowed = ((one << np.uint64(columns)) - one) & ~low
    masks = np.zeros(MAX_WITNESSES, np.uint64)
    witnesses, tries = ZERO, 0
    on, off = np.zeros(total, np.uint64), np.zeros(total, np.uint64)
    on_rows, off_rows = np.zeros(total, np.uint64), np.zeros(total, np.uint64)
    extra = np.zeros(4, np.int64)
    out = np.zeros(32, np.int64)
    for size in range(max_extra + 1):
        while tries < max_tries and witnesses < MAX_WITNESSES:
            if size == 0 and witnesses:
                break
            bits = hitting_set(masks, witnesses, allowed, size)
            if size and bits == 0:
                break
            tries += 1
            more = ZERO
            rest = bits
            while rest:
                extra[more] = low_bit(rest)
                rest &= rest - one
                more += 1
            # patterns over the choice
            used = 0
            conflict = ~np.uint64(0)
            least = 100
            for r in range(count):
                row = rows[r]
                index = row & low
                for x in range(more):
                    index |= (row >> np.uint64(extra[x]) & one) << np.uint64(base + x)
                i = int(index)
                value = 1 if row >> np.uint64(63) else 2
                if state[i] == 0:
                    state[i] = value
                    held[i] = r
                    touched[used] = i
                    used += 1
                elif state[i] != value:
                    differ = (rows[held[i]] ^ row) & allowed
                    n = ones_of(differ)
                    if n < least:
                        least, conflict = n, differ
                        if n == 0:
                            break
            a, b = ZERO, ZERO
            for k in range(used):
                i = touched[k]
                if state[i] == 1:
                    on[a], on_rows[a] = np.uint64(i), rows[held[i]]
                    a += 1
                else:
                    off[b], off_rows[b] = np.uint64(i), rows[held[i]]
                    b += 1
                state[i] = 0
            if least < 100:
                if least == 0:
                    return -1
                masks[witnesses] = conflict
                witnesses += 1
                continue
            witness = summable_witness(on[:a], on_rows[:a], off[:b], off_rows[:b], allowed)
            if witness == 0:
                return -1
            if witness != ~np.uint64(0):
                masks[witnesses] = witness
                witnesses += 1
                continue
            bias = separate(on[:a], off[:b], base + more, positive, negative, biases, node_limit, out)
            if bias >= 0:
                n = 0
                for x in range(base + more):
                    if out[x] != 0:
                        chosen[n] = x if x < base else extra[x - base]
                        weights[n] = out[x]
                        n += 1
                if n <= limit:
                    return 256 * n + bias
            masks[witnesses] = allowed & ~bits
            witnesses += 1
    return -1


@compiled
def release(net: int, inputs: int, sources: Places, fan_in: Integers, refs: Integers, stack: Integers) -> int:
    """Take away one reader of a net; how many gates are then needed by nobody."""
    refs[net] -= 1
    if refs[net] or net < inputs:
        return 0
    gone, top = 0, 1
    stack[0] = net
    while top:
        top -= 1
        g = stack[top] - inputs
        gone += 1
        for x in range(fan_in[g]):
            s = sources[g, x]
            refs[s] -= 1
            if refs[s] == 0 and s >= inputs:
                stack[top] = s
                top += 1
    return gone


@compiled
def replace(
    g: int,
    inputs: int,
    sources: Places,
    weights: Integers,
    fan_in: Integers,
    biases: Integers,
    refs: Integers,
    stack: Integers,
    nets: Integers,
    values: Integers,
    count: int,
    bias: int,
) -> int:
    """Give a gate other sources and weights; how many gates the network then needs less. All of `nets` are in use."""
    saved = 0
    for x in range(count):
        refs[nets[x]] += 1  # before the old ones are released, so that what stays is never without a reader
    old = sources[g, : fan_in[g]].copy()
    fan_in[g] = 0
    for x in range(len(old)):
        saved += release(old[x], inputs, sources, fan_in, refs, stack)
    for x in range(count):
        sources[g, x], weights[g, x] = nets[x], values[x]
    fan_in[g], biases[g] = count, bias
    return saved


@compiled
def candidates(
    g: int,
    victim: int,
    inputs: int,
    sources: Places,
    fan_in: Integers,
    refs: Integers,
    starts: Integers,
    readers: Integers,
    levels: Integers,
    max_level: int,
    marks: Integers,
    stamp: int,
    columns: Integers,
    most: int,
    reach: int,
) -> tuple[int, int]:
    """Columns for gate `g` without its fan-in `victim`: the number of remaining fan-ins, and of all columns.

    After the remaining fan-ins: those of the victim, then nets that read two of these, then one; then their fan-ins.
    """
    net = inputs + g
    count = 0
    marks[net] = stamp
    marks[victim] = stamp
    for x in range(fan_in[g]):
        s = sources[g, x]
        if s != victim:
            columns[count] = s
            marks[s] = stamp
            count += 1
    base = count
    v = victim - inputs
    for x in range(fan_in[v]):
        s = sources[v, x]
        if marks[s] != stamp and count < most:
            columns[count] = s
            marks[s] = stamp
            count += 1
    near = count
    for least in range(3, 0, -1):
        for k in range(near):
            s = columns[k]
            stop = min(starts[s + 1], starts[s] + 200)
            for at in range(starts[s], stop):
                r = readers[at]
                m = inputs + r
                if m >= net:
                    break
                if marks[m] == stamp or refs[m] == 0 or levels[m] > max_level:
                    continue
                shared = 0
                for x in range(fan_in[r]):
                    for y in range(near):
                        if sources[r, x] == columns[y]:
                            shared += 1
                if shared >= min(least, fan_in[r]) and count < most:
                    columns[count] = m
                    marks[m] = stamp
                    count += 1
    at = 0
    while at < count and count < most and at < reach:
        s = columns[at] - inputs
        at += 1
        if s >= 0:
            for x in range(fan_in[s]):
                m = sources[s, x]
                if marks[m] != stamp and count < most:
                    columns[count] = m
                    marks[m] = stamp
                    count += 1
    return base, count


@compiled
def next_resubstitution(
    begin: int,
    skip: int,
    inputs: int,
    sources: Places,
    weights: Integers,
    fan_in: Integers,
    biases: Integers,
    refs: Integers,
    starts: Integers,
    readers: Integers,
    levels: Integers,
    keep_depth: bool,
    values: Words,
    care: Words,
    positive: Integers,
    negative: Integers,
    all_biases: Integers,
    limit: int,
    most: int,
    reach: int,
    max_extra: int,
    max_tries: int,
    node_limit: int,
    apply: bool,
    prints: Words,
    failed: Words,
    marks: Integers,
    answer: Integers,
) -> int:
    """Go through the gates from `begin` (there from fan-in `skip`) to the first resubstitution; -1 at the end.

    `answer` receives gate, fan-in, number of sources, bias, then the sources, then the weights. With `apply` all are
    carried out at once (right where the simulation is exhaustive); the number of gates saved is then in answer[0].
    `prints` has a fingerprint of each net's function, and `failed` the questions that were asked in vain: they are not
    asked again.
    """
    gates = len(fan_in)
    words = values.shape[1]
    room = 64 * words + 1
    size = 1
    while size < 2 * room:
        size *= 2
    table = np.zeros(size, np.uint64)
    slots = np.zeros(room, np.int64)
    rows = np.zeros(room, np.uint64)
    columns = np.zeros(64, np.int64)
    chosen, out = np.zeros(32, np.int64), np.zeros(32, np.int64)
    stack = np.zeros(gates + 8, np.int64)
    saved = 0
    for g in range(begin, gates):
        if refs[inputs + g] == 0:
            continue
        x = skip if g == begin else 0
        while x < fan_in[g]:
            victim = sources[g, x]
            x += 1
            if victim < inputs or refs[victim] != 1:
                continue
            marks[0] += 1
            base, count = candidates(
                g, victim, inputs, sources, fan_in, refs, starts, readers, levels,
                levels[inputs + g] - 1 if keep_depth else 1 << 40, marks[1:], marks[0], columns, most, reach,
            )  # fmt: skip
            if base + max_extra > 12:
                continue
            question = prints[inputs + g] * np.uint64(0x9E3779B97F4A7C15) + prints[victim] * np.uint64(
                0xC2B2AE3D27D4EB4F
            )
            for y in range(count):
                question += prints[columns[y]] * np.uint64(0x165667B19E3779F9 if y < base else 0x27D4EB2F165667C5)
            question = (question ^ (question >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) + np.uint64(max_extra)
            at = int(question >> np.uint64(20)) & (len(failed) - 1)
            if failed[at] == question:
                continue
            found = distinct_rows(values, columns, count, inputs + g, care, rows, table, slots)
            code = express(
                rows,
                found,
                base,
                count,
                max_extra,
                max_tries,
                limit,
                positive,
                negative,
                all_biases,
                node_limit,
                chosen,
                out,
            )
            if code < 0:
                failed[at] = question
                continue
            n = code >> 8
            for y in range(n):
                chosen[y] = columns[chosen[y]]
            if apply:
                saved += replace(
                    g, inputs, sources, weights, fan_in, biases, refs, stack, chosen, out, n, all_biases[code & 255]
                )
                x = 0
                continue
            answer[0], answer[1], answer[2], answer[3] = g, x, n, all_biases[code & 255]
            for y in range(n):
                answer[4 + y], answer[24 + y] = chosen[y], out[y]
            return g
    answer[0] = saved
    return -1
