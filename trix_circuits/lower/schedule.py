"""The order of the operations and the slots of their values, so that what is alive at a time stays small.

Two orders are tried: the given one, and depth first from the outputs (Sethi and Ullman 1970: the operand that takes
more slots first, here by the size of its cone). The one with fewer values alive at once is taken. Slots are handed out
along the order; the slot freed last is used first, for it is the one in the nearest cache.
"""

from __future__ import annotations

import numpy as np

from trix_circuits.lower.graph import Graph, Values


def ordered(graph: Graph) -> tuple[Graph, Values]:
    """The graph in the better order, and the new value of each old one."""
    same = np.arange(graph.first + graph.size, dtype=np.int32)
    if not graph.size:
        return graph, same
    other, place = _depth_first(graph)
    if max_alive(other) < max_alive(graph):
        return other, place
    return graph, same


def last_uses(graph: Graph) -> Values:
    """Of each value: the operation that reads it last; `size` if it is an output, -1 if nothing reads it."""
    last = np.full(graph.first + graph.size, -1, dtype=np.int32)
    for k in range(3):
        np.maximum.at(last, graph.operands[:, k], np.arange(graph.size, dtype=np.int32))
    last[graph.outputs >> 1] = graph.size
    return last


def max_alive(graph: Graph) -> int:
    """The greatest number of operation results that are alive at once."""
    last = last_uses(graph)[graph.first :]
    change = np.ones(graph.size + 2, dtype=np.int64)
    change[graph.size :] = 0
    np.subtract.at(change, np.maximum(last, np.arange(graph.size)) + 1, 1)
    return int(np.cumsum(change).max(initial=0))


def _depth_first(graph: Graph) -> tuple[Graph, Values]:
    first = graph.first
    operands = graph.operands.tolist()
    weight = [0] * first
    for a, b, c in operands:  # the size of the cone as a tree, capped
        weight.append(min(1 + weight[a] + weight[b] + weight[c], 1 << 40))
    place = [0] * (first + graph.size)
    done = bytearray(first + graph.size)
    for value in range(first):
        place[value] = value
        done[value] = 1
    order: list[int] = []
    for literal in graph.outputs.tolist():
        stack = [literal >> 1]
        while stack:
            value = stack[-1]
            if done[value]:
                stack.pop()
                continue
            missing = [part for part in operands[value - first] if not done[part]]
            if missing:
                missing.sort(key=weight.__getitem__)  # the heaviest is on top, so it comes first
                stack.extend(missing)
                continue
            stack.pop()
            done[value] = 1
            place[value] = first + len(order)
            order.append(value - first)
    index = np.array(order, dtype=np.int64)
    moved = np.array(place, dtype=np.int32)
    outputs = (2 * moved[graph.outputs >> 1] | graph.outputs & 1).astype(np.int32)
    return Graph(graph.inputs, graph.tables[index], moved[graph.operands[index]], outputs), moved


def slots_of(graph: Graph) -> tuple[Values, int]:
    """The slot of each operation's result, and how many slots there are; an output keeps its slot to the end."""
    first = graph.first
    last = last_uses(graph).tolist()
    slot = [0] * graph.size
    free: list[int] = []
    count = 0
    for k, parts in enumerate(graph.operands.tolist()):
        for part in set(parts):
            if part >= first and last[part] == k:
                free.append(slot[part - first])
        if free:
            slot[k] = free.pop()
        else:
            slot[k] = count
            count += 1
        if last[first + k] < 0:
            free.append(slot[k])
    return np.array(slot, dtype=np.int32), count
