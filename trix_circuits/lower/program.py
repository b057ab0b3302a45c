"""The lane program: bitwise operations over planes, in order, with slots. What every backend runs.

A plane is one net for many lanes, one bit a lane, 64 to a word. Values are 0 (constant false), 1..I (the input planes)
and then the operations, in order, each one lookup table over three values (`lut`). Operation k leaves its result in
slot `slots[k]`; slots are reused, and a value lies in its slot for as long as anything reads it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from trix_circuits.errors import InputError
from trix_circuits.logic.frozen import frozen_arrays
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower.clusters import clusters
from trix_circuits.lower.graph import Graph, GraphBuilder, Tables, Values, fused, without_dead
from trix_circuits.lower.recipes import recipe
from trix_circuits.lower.schedule import ordered, slots_of


@dataclass(frozen=True)
class Draft:
    """A graph, and the value of the program that each of its values became, or -1."""

    graph: Graph
    place: Values


@frozen_arrays(tables=np.uint8, operands=np.int32, slots=np.int32, outputs=np.int32, image=np.int32)
@dataclass(frozen=True)
class LaneProgram:
    """`tables` [n] uint8, `operands` [n, 3] values, `slots` [n], `outputs` literals 2 * value + complement.

    `image` is a hint for the proof (`proof.prove_lowering`): of each value of the unfused graph, the value of the draft
    that equals it, or -1. The draft is the program with operations that turned out not to be needed, on which the steps
    from the one to the other can be followed; without one, `image` names values of the program. Neither takes part in
    what the program computes nor in its digest. The arrays are copied into values that cannot be changed: code is kept
    on disk under the digest of the program that it runs.
    """

    input_bits: int
    tables: Tables
    operands: Values
    slots: Values
    slot_count: int
    outputs: Values
    image: Values = field(repr=False)
    draft: Draft | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be: operands that do not stand before their operation."""
        first = 1 + self.input_bits
        size = len(self.tables)
        if self.operands.shape != (size, 3) or len(self.slots) != size:
            raise InputError("the arrays of a lane program must fit each other")
        if (self.tables & 1).any() or np.isin(self.tables, (0, 0xAA, 0xCC, 0xF0)).any():
            raise InputError("an operation's table must be 0 where its operands are, and not a constant or an operand")
        own = first + np.arange(size)[:, None]
        if ((self.operands < 0) | (self.operands >= own)).any():
            raise InputError("an operation must read earlier values")
        if len(self.outputs) and not (self.outputs.min() >= 0 and self.outputs.max() < 2 * (first + size)):
            raise InputError("an output must be a literal that exists")
        if size and not (self.slots.min() >= 0 and self.slots.max() < self.slot_count):
            raise InputError("an operation must have a slot that exists")

    @cached_property
    def size(self) -> int:
        """Number of operations."""
        return len(self.tables)

    @property
    def first(self) -> int:
        """The value of the first operation."""
        return 1 + self.input_bits

    @property
    def output_bits(self) -> int:
        return len(self.outputs)

    @property
    def graph(self) -> Graph:
        return Graph(self.input_bits, self.tables, self.operands, self.outputs)

    @cached_property
    def digest(self) -> str:
        """A hash of all that the program computes, and how."""
        found = hashlib.blake2b(digest_size=20)
        found.update(f"{self.input_bits} {self.size} {self.slot_count} {self.output_bits} ".encode())
        for part, kind in ((self.tables, "u1"), (self.operands, "<i4"), (self.slots, "<i4"), (self.outputs, "<i4")):
            found.update(np.ascontiguousarray(part, dtype=kind).tobytes())
        return found.hexdigest()

    def text(self) -> str:
        """One line an operation: value = table(operands) -> slot; then the outputs, ~ being the complement."""
        lines = [f"lanes {self.input_bits} inputs {self.size} operations {self.slot_count} slots"]
        rows = zip(self.tables.tolist(), self.operands.tolist(), self.slots.tolist(), strict=True)
        for value, (table, parts, slot) in enumerate(rows, self.first):
            lines.append(f"{value} = 0x{table:02x}({', '.join(map(str, parts))}) -> {slot}")
        lines.append("outputs " + " ".join(("~" if o & 1 else "") + str(o >> 1) for o in self.outputs.tolist()))
        return "\n".join(lines) + "\n"


def read_text(text: str) -> LaneProgram:
    """The program that `LaneProgram.text` wrote; raises InputError naming the line."""
    lines = text.splitlines()
    head = lines[0].split() if lines else []
    if len(head) != 7 or head[0] != "lanes":
        raise InputError("line 1: must be 'lanes I inputs N operations S slots'")
    try:
        inputs, size, slots = int(head[1]), int(head[3]), int(head[5])
    except ValueError:
        raise InputError("line 1: must hold three integers") from None
    if len(lines) != size + 2 or min(inputs, slots) < 0:
        raise InputError(f"line 1: {size} operations must have as many lines, and one for the outputs")
    tables, operands, places = np.zeros(size, np.uint8), np.zeros((size, 3), np.int32), np.zeros(size, np.int32)
    for k, line in enumerate(lines[1:-1]):
        words = line.replace("(", " ").replace(")", " ").replace(",", " ").split()
        try:
            value, _, table, a, b, c, _, place = words
            if int(value) != 1 + inputs + k:
                raise ValueError(value)
            tables[k] = int(table, 16)
            operands[k] = int(a), int(b), int(c)
            places[k] = int(place)
        except (ValueError, OverflowError):
            raise InputError(f"line {k + 2}: must be 'value = table(a, b, c) -> slot', not {line[:60]!r}") from None
    words = lines[-1].split()
    try:
        literals = [2 * int(word.lstrip("~")) + word.startswith("~") for word in words[1:]]
        outputs = np.array(literals, dtype=np.int32)
    except (ValueError, OverflowError):
        raise InputError(f"line {len(lines)}: must be 'outputs' and values") from None
    if words[:1] != ["outputs"]:
        raise InputError(f"line {len(lines)}: must be 'outputs' and values")
    return LaneProgram(inputs, tables, operands, places, slots, outputs, np.zeros(0, np.int32))


def graph_of(netlist: Netlist) -> tuple[Graph, Values]:
    """The netlist as lookup tables, recipe by recipe, and the literal of each net."""
    builder = GraphBuilder(netlist.input_bits)
    literals = [2 * (1 + k) for k in range(netlist.input_bits)] + [0] * netlist.size
    lut = builder.lut
    for cluster in clusters(netlist):
        found = recipe(cluster.weights, tuple(cluster.members.values()))
        local = [0]
        local += [literals[leaf] ^ flip for leaf, flip in zip(cluster.leaves, cluster.flipped, strict=True)]
        for table, a, b, c in found.rows:
            local.append(lut(table, local[a], local[b], local[c]))
        for net, literal in zip(cluster.members, found.outputs, strict=True):
            literals[net] = local[literal >> 1] ^ literal & 1
    nets = [net for bus in netlist.outputs.values() for net in bus]
    return builder.finish([literals[net] for net in nets]), np.array(literals, dtype=np.int32)


def lower(netlist: Netlist) -> LaneProgram:
    """The lane program of a netlist; its outputs are the output buses one after the other, lowest bit first."""
    graph, _ = graph_of(netlist)
    draft, image = fused(graph)
    small, place = without_dead(draft)
    final, moved = ordered(small)
    slots, count = slots_of(final)
    place = np.where(place >= 0, moved[np.maximum(place, 0)], -1).astype(np.int32)
    parts = final.tables, final.operands, slots, count, final.outputs, image
    return LaneProgram(final.inputs, *parts, Draft(draft, place))
