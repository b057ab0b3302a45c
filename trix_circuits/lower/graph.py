"""The graph of lookup tables: what a netlist becomes before its operations are ordered.

Values are 0 (constant false), the inputs 1..I, then the operations in topological order, each in the normal form of
`lut`. The builder hash-conses: an operation that exists is not made again, and what folds is folded.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trix_circuits.lower.lut import AND2, MAJ3, OR2, XOR2, XOR3, canonical

Values = npt.NDArray[np.int32]
Tables = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Graph:
    """Operation k is value 1 + inputs + k: `tables[k]` over the values `operands[k]`; `outputs` are literals."""

    inputs: int
    tables: Tables
    operands: Values
    outputs: Values

    @property
    def size(self) -> int:
        """Number of operations."""
        return len(self.tables)

    @property
    def first(self) -> int:
        """The value of the first operation."""
        return 1 + self.inputs


class GraphBuilder:
    """Makes a graph operation by operation, over literals."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.tables, self.a, self.b, self.c = array("B"), array("i"), array("i"), array("i")
        self._known: dict[tuple[int, int, int, int], int] = {}

    @property
    def size(self) -> int:
        return len(self.tables)

    def lut(self, table: int, a: int, b: int = 0, c: int = 0) -> int:
        """The literal of a table over literals."""
        table, a, b, c, flip = canonical(table, a, b, c)
        if not b:  # a constant or a literal: in normal form the only tables are 0 and a
            return flip if not table else 2 * a ^ flip
        key = (table, a, b, c)
        value = self._known.get(key)
        if value is None:
            value = 1 + self.inputs + len(self.tables)
            self._known[key] = value
            self.tables.append(table)
            self.a.append(a)
            self.b.append(b)
            self.c.append(c)
        return 2 * value ^ flip

    def full_adder(self, x: int, y: int, z: int) -> tuple[int, int]:
        """(sum, carry) of three literals: x + y + z = sum + 2 carry."""
        return self.lut(XOR3, x, y, z), self.lut(MAJ3, x, y, z)

    def all_of(self, literals: Sequence[int]) -> int:
        return self._tree(AND2, literals, 1)

    def any_of(self, literals: Sequence[int]) -> int:
        return self._tree(OR2, literals, 0)

    def xor_of(self, literals: Sequence[int]) -> int:
        return self._tree(XOR2, literals, 0)

    def _tree(self, table: int, literals: Sequence[int], empty: int) -> int:
        """Three literals at a time, oldest first, with a table that is the nibble of an associative operation."""
        three = {AND2: 0x80, OR2: 0xFE, XOR2: 0x96}[table]
        row = list(literals) or [empty]
        at = 0
        while len(row) - at > 1:
            if len(row) - at == 2:
                row.append(self.lut(table, row[at], row[at + 1]))
                at += 2
            else:
                row.append(self.lut(three, row[at], row[at + 1], row[at + 2]))
                at += 3
        return row[at]

    def finish(self, outputs: Sequence[int]) -> Graph:
        operands = np.stack([np.array(part, dtype=np.int32) for part in (self.a, self.b, self.c)], axis=1)
        return Graph(
            self.inputs,
            np.array(self.tables, dtype=np.uint8),
            operands.reshape(-1, 3),
            np.array(outputs, dtype=np.int32),
        )


def live_values(graph: Graph) -> npt.NDArray[np.bool_]:
    """Of each value: whether an output needs it."""
    needed = bytearray(graph.first + graph.size)
    for literal in graph.outputs.tolist():
        needed[literal >> 1] = 1
    first = graph.first
    for k, (a, b, c) in zip(range(graph.size - 1, -1, -1), graph.operands[::-1].tolist(), strict=True):
        if needed[first + k]:
            needed[a] = needed[b] = needed[c] = 1
    return np.frombuffer(needed, dtype=np.uint8) > 0


def fused(graph: Graph) -> tuple[Graph, Values]:
    """The graph with operations taken into their only reader where its operands stay three or fewer.

    What was taken into others, or is needed no more once others folded, still stands in it (see `without_dead`). Also
    gives, of each value of the given graph that is needed, the value of the new one that equals it; -1 for the others.
    """
    first = graph.first
    alive = live_values(graph)
    readers = np.zeros(first + graph.size, dtype=np.int64)
    kept = alive[first:]
    np.add.at(readers, graph.operands[kept].ravel(), 1)
    np.add.at(readers, graph.outputs >> 1, 2)  # an output must stay a value
    single = (readers == 1).tolist()
    builder = GraphBuilder(graph.inputs)
    image = list(range(first))
    rows = zip(graph.tables.tolist(), graph.operands.tolist(), kept.tolist(), strict=True)
    for table, (a, b, c), needed in rows:
        if not needed:
            image.append(-1)
            continue
        operands = [image[a], image[b], image[c]]
        absorbable = [k for k, old in enumerate((a, b, c)) if old >= first and single[old] and operands[k] >= first]
        for k in absorbable:
            table, operands = _absorbed(builder, table, operands, k, first)
        image.append(builder.lut(table, 2 * operands[0], 2 * operands[1], 2 * operands[2]) >> 1)
    outputs = [2 * image[literal >> 1] | literal & 1 for literal in graph.outputs.tolist()]
    return builder.finish(outputs), np.array(image, dtype=np.int32)


def without_dead(graph: Graph) -> tuple[Graph, Values]:
    """The operations that outputs need, in their order, and the new value of each old one, or -1."""
    alive = live_values(graph)
    alive[: graph.first] = True
    place = np.where(alive, np.cumsum(alive) - 1, -1).astype(np.int32)
    keep = alive[graph.first :]
    outputs = (2 * place[graph.outputs >> 1] | graph.outputs & 1).astype(np.int32)
    return Graph(graph.inputs, graph.tables[keep], place[graph.operands[keep]], outputs), place


def _absorbed(builder: GraphBuilder, table: int, operands: list[int], k: int, first: int) -> tuple[int, list[int]]:
    """Table and operands with operand k replaced by what it is made of; as they are if that takes over three."""
    value = operands[k]
    if value < first:
        return table, operands
    inner = value - first
    parts = (builder.a[inner], builder.b[inner], builder.c[inner])
    leaves = [operand for j, operand in enumerate(operands) if operand and j != k]
    for part in parts:
        if part and part not in leaves:
            leaves.append(part)
    if len(leaves) > 3:
        return table, operands
    leaves += [0] * (3 - len(leaves))
    place = {leaf: j for j, leaf in reversed(list(enumerate(leaves)))}
    inner_table, bits = builder.tables[inner], 0
    for row in range(8):
        at = 0
        for j, part in enumerate(parts):
            if part:
                at |= (row >> place[part] & 1) << j
        outer = 0
        for j, operand in enumerate(operands):
            if j == k:
                outer |= (inner_table >> at & 1) << j
            elif operand:
                outer |= (row >> place[operand] & 1) << j
        bits |= (table >> outer & 1) << row
    return bits, leaves
