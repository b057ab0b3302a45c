"""Priority cuts of an AIG with their truth tables, and the cover that they give.

Mishchenko, Cho, Chatterjee, Brayton, "Combinational and sequential mapping with priority cuts", ICCAD 2007: each node
keeps its few best cuts, found by merging those of its two fan-ins. Here a cut costs what its function costs in gates of
the format. Cuts whose function is no gate are kept too (at a handicap), for larger cuts grow from them: a majority may
be written with XORs. Area flow first; then exact area (the gates that a choice adds or frees), under required times.
Everything is linear in the number of ANDs. All quantities are integers; ties fall to the cut found first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.map.compiled import MINUS_ONE, ONE, ZERO, compiled
from trix_circuits.map.covering.separate import sort_ascending
from trix_circuits.map.covering.tables import NO_MATCH, depends, match, swapped

Integers = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
LEAVES = 6
FLOW_UNIT = 1 << 10
_HANDICAP = 3  # gates that a cut without a gate is taken to cost, when cuts are compared
_FAR = 1 << 48


@compiled
def enumerate_cuts(
    first: int,
    left: Integers,
    right: Integers,
    refs: Integers,
    by_depth: bool,
    max_leaves: int,
    positive: Integers,
    negative: Integers,
    biases: Integers,
    keys: Words,
    values: Integers,
    leaves: Places,
    sizes: Bytes,
    tables: Words,
    costs: Bytes,
    counts: Bytes,
    flow: Integers,
    arrival: Integers,
) -> None:
    """Fill the cuts of all ANDs (the best one that is a gate at place 0), and flow and arrival of all variables."""
    keep = leaves.shape[1]
    room = (keep + 1) * (keep + 1)
    c_leaves = np.zeros((room, LEAVES), np.int32)
    c_size, c_cost = np.zeros(room, np.int64), np.zeros(room, np.int64)
    c_table = np.zeros(room, np.uint64)
    c_flow, c_arrival = np.zeros(room, np.int64), np.zeros(room, np.int64)
    c_key = np.zeros(room, np.int64)
    order = np.zeros(room, np.int64)
    side_leaves = np.zeros((2, LEAVES), np.int32)
    union = np.zeros(LEAVES + 1, np.int32)
    for k in range(len(left)):
        node = first + k
        a, b = left[k] >> 1, right[k] >> 1
        flip_a = np.uint64(0) - np.uint64(left[k] & 1)
        flip_b = np.uint64(0) - np.uint64(right[k] & 1)
        found = 0
        count_a = int(counts[a - first]) if a >= first else 0
        count_b = int(counts[b - first]) if b >= first else 0
        for i in range(count_a + 1):
            if i < count_a:
                size_a, table_a = int(sizes[a - first, i]), tables[a - first, i]
                for x in range(size_a):
                    side_leaves[0, x] = leaves[a - first, i, x]
            else:
                size_a, table_a = 1, np.uint64(0xAAAAAAAAAAAAAAAA)
                side_leaves[0, 0] = a
                if a == 0:
                    size_a, table_a = 0, np.uint64(0)
            for j in range(count_b + 1):
                if j < count_b:
                    size_b, table_b = int(sizes[b - first, j]), tables[b - first, j]
                    for x in range(size_b):
                        side_leaves[1, x] = leaves[b - first, j, x]
                else:
                    size_b, table_b = 1, np.uint64(0xAAAAAAAAAAAAAAAA)
                    side_leaves[1, 0] = b
                    if b == 0:
                        size_b, table_b = 0, np.uint64(0)
                # the union of the leaves, ascending
                x, y, size = 0, 0, ZERO
                while (x < size_a or y < size_b) and size <= max_leaves:
                    if y >= size_b or (x < size_a and side_leaves[0, x] < side_leaves[1, y]):
                        union[size] = side_leaves[0, x]
                        x += 1
                    elif x >= size_a or side_leaves[1, y] < side_leaves[0, x]:
                        union[size] = side_leaves[1, y]
                        y += 1
                    else:
                        union[size] = side_leaves[0, x]
                        x += 1
                        y += 1
                    size += 1
                if size > max_leaves:
                    continue
                # both tables over the union
                ta, tb = table_a, table_b
                p = size - 1
                for x in range(size_a - 1, -1, -1):
                    while union[p] != side_leaves[0, x]:
                        p -= 1
                    if p != x:
                        ta = swapped(ta, x, p)
                p = size - 1
                for y in range(size_b - 1, -1, -1):
                    while union[p] != side_leaves[1, y]:
                        p -= 1
                    if p != y:
                        tb = swapped(tb, y, p)
                table = (ta ^ flip_a) & (tb ^ flip_b)
                # leaves that do not matter go
                kept = ZERO
                for x in range(size):
                    if depends(table, x):
                        if kept != x:
                            table = swapped(table, kept, x)
                            union[kept] = union[x]
                        kept += 1
                size = kept
                # the same cut, or one within it, is there already
                covered = False
                for c in range(found):
                    if c_size[c] <= size:
                        x = 0
                        for y in range(size):
                            if x < c_size[c] and c_leaves[c, x] == union[y]:
                                x += 1
                        if x == c_size[c] and (x == size or c_cost[c] <= 1):
                            covered = True
                            break
                if covered:
                    continue
                cost = 1 if size == 0 else match(table, size, positive, negative, biases, keys, values)
                total, late = 0, 0
                for x in range(size):
                    total += flow[union[x]]
                    if arrival[union[x]] > late:
                        late = arrival[union[x]]
                total = min(total + FLOW_UNIT * (cost if cost != NO_MATCH else _HANDICAP), _FAR)
                late += 1 if cost <= 1 else 2
                for x in range(size):
                    c_leaves[found, x] = union[x]
                c_size[found], c_cost[found], c_table[found] = size, cost, table
                c_flow[found], c_arrival[found] = total, late
                if by_depth:
                    c_key[found] = (late << 36) + min(total >> 4, (1 << 32) - 1) * 8 + size
                else:
                    c_key[found] = total * 8 + size
                found += 1
        # the best that is a gate first, then the others by key
        best = -1
        for c in range(found):
            if c_cost[c] != NO_MATCH and (best < 0 or c_key[c] < c_key[best]):
                best = c
        for c in range(found):
            order[c] = c_key[c] * 256 + c
        sort_ascending(order[:found])
        kept = 0
        for at in range(-1, found):
            c = best if at < 0 else order[at] & 255
            if at >= 0 and c == best:
                continue
            if kept == keep:
                break
            for x in range(c_size[c]):
                leaves[k, kept, x] = c_leaves[c, x]
            sizes[k, kept], costs[k, kept], tables[k, kept] = c_size[c], c_cost[c], c_table[c]
            kept += 1
        counts[k] = kept
        flow[node] = min(c_flow[best] // max(1, refs[node]), _FAR)
        arrival[node] = c_arrival[best]


@compiled
def use_of(first: int, chosen: Bytes, outputs: Integers, leaves: Places, sizes: Bytes, used: Integers) -> int:
    """Count into `used` how often each variable is read by the cover or an output; the number of covered ANDs."""
    used[:] = 0
    for o in range(len(outputs)):
        used[outputs[o] >> 1] += 1
    ands = 0
    for node in range(len(used) - 1, first - 1, -1):
        if used[node]:
            ands += 1
            k = node - first
            c = chosen[k]
            for x in range(sizes[k, c]):
                used[leaves[k, c, x]] += 1
    return ands


@compiled
def _change(
    first: int,
    node: int,
    step: int,
    chosen: Bytes,
    leaves: Places,
    sizes: Bytes,
    costs: Bytes,
    used: Integers,
    stack: Integers,
) -> int:
    """Add (step 1) or take away (step -1) the gates that this node alone needs; their number."""
    area, top = 0, 1
    stack[0] = node
    while top:
        top -= 1
        k = stack[top] - first
        c = chosen[k]
        area += costs[k, c]
        for x in range(sizes[k, c]):
            leaf = leaves[k, c, x]
            before = used[leaf]
            used[leaf] = before + step
            if leaf >= first and before + (0 if step > 0 else -1) == 0:
                stack[top] = leaf
                top += 1
    return area


@compiled
def recover_area(
    first: int,
    outputs: Integers,
    leaves: Places,
    sizes: Bytes,
    costs: Bytes,
    counts: Bytes,
    chosen: Bytes,
    used: Integers,
    arrival: Integers,
    required: Integers,
    stack: Integers,
) -> None:
    """One round of exact area: every node takes the cut that adds the fewest gates and meets its required time."""
    for k in range(len(counts)):
        node = first + k
        mine = used[node] > 0
        if mine:
            _change(first, node, MINUS_ONE, chosen, leaves, sizes, costs, used, stack)
        best, best_area, best_late = -1, _FAR, _FAR
        old = int(chosen[k])
        for at in range(-1, int(counts[k])):
            c = old if at < 0 else at
            if (at >= 0 and c == old) or costs[k, c] == NO_MATCH:
                continue
            late = 0
            for x in range(sizes[k, c]):
                if arrival[leaves[k, c, x]] > late:
                    late = arrival[leaves[k, c, x]]
            late += 1 if costs[k, c] <= 1 else 2
            if late > required[node] and at >= 0:
                continue
            chosen[k] = c
            area = _change(first, node, ONE, chosen, leaves, sizes, costs, used, stack)
            _change(first, node, MINUS_ONE, chosen, leaves, sizes, costs, used, stack)
            if best < 0 or (area < best_area or (area == best_area and late < best_late)) or best_late > required[node]:
                best, best_area, best_late = c, area, late
        chosen[k] = best
        arrival[node] = best_late
        if mine:
            _change(first, node, ONE, chosen, leaves, sizes, costs, used, stack)


@compiled
def require_times(
    first: int,
    outputs: Integers,
    leaves: Places,
    sizes: Bytes,
    costs: Bytes,
    chosen: Bytes,
    used: Integers,
    arrival: Integers,
    limit: int,
    required: Integers,
) -> None:
    """Required times of all nodes from a limit at the outputs."""
    required[:] = _FAR
    for o in range(len(outputs)):
        required[outputs[o] >> 1] = min(required[outputs[o] >> 1], limit)
    for node in range(len(required) - 1, first - 1, -1):
        if used[node] == 0 or required[node] >= _FAR:
            continue
        k = node - first
        c = chosen[k]
        before = required[node] - (1 if costs[k, c] <= 1 else 2)
        for x in range(sizes[k, c]):
            leaf = leaves[k, c, x]
            if required[leaf] > before:
                required[leaf] = before
