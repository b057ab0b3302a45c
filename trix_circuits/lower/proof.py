"""Proof that a lane program computes its netlist: local lemmas over all rows, in exact integers, for any size.

The argument, from the gates to the program:

1. *Recipes.* A cluster's gates are evaluated by their definition, weights times inputs plus bias, over all rows of the
   cluster's leaves, and so is the recipe: they must agree. A cluster of more than 12 leaves is proven by a ledger
   instead: the weighted sum is what the additions of the recipe turn, one by one, into binary digits (each addition
   checked over its 8 rows), and gates and recipe are compared for every value of the sum. One lemma serves all
   clusters of the same shape.
2. *Instances.* The recipes are put together net by net into one graph, by the builder whose normal form is proven over
   all tables and operands in the tests.
3. *The draft.* Each value of the graph that has an image in the program's draft has there an operation with at most
   three operands, which are images of earlier values; over the 8 rows of these both must agree. By induction along the
   graph all images are right, and the outputs are images.
4. *The program* has the draft's operations, those that outputs need, in another order.
5. *Slots.* Along the program each operand must still lie in its slot.

Nothing is sampled, and no part of the program is believed: a wrong hint makes the proof fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import RefutedError
from trix_circuits.logic.frozen import only_here
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.truth_table import variable
from trix_circuits.lower.clusters import Cluster, clusters
from trix_circuits.lower.graph import Graph, GraphBuilder
from trix_circuits.lower.lut import MAJ3, XOR3, apply
from trix_circuits.lower.program import Draft, LaneProgram
from trix_circuits.lower.recipes import MAX_TREE, Recipe, recipe

MAX_ROWS_LEAVES = MAX_TREE
_ROUNDS = 16
# A cluster without its nets: weights, complements, and of each member (position and weight of each source, bias);
# leaves have the positions 0 .. k - 1, members k, k + 1, ...
Shape = tuple[tuple[int, ...], tuple[bool, ...], tuple[tuple[tuple[tuple[int, int], ...], int], ...]]


@only_here
@dataclass(frozen=True, slots=True)
class LoweringProof:
    """What was shown: so many gates by so many different lemmas, over so many rows in all."""

    gates: int
    lemmas: int
    rows: int
    operations: int


def prove_lowering(netlist: Netlist, program: LaneProgram) -> LoweringProof:
    """Show that the program computes the netlist's outputs; raises RefutedError, naming the place, if that fails."""
    gates = list(netlist.gates())
    literals = [2 * (1 + k) for k in range(netlist.input_bits)] + [-1] * netlist.size
    builder = GraphBuilder(netlist.input_bits)
    known: dict[Shape, Recipe] = {}
    rows = 0
    for cluster in clusters(netlist):
        shape = _shape(cluster, gates, netlist.input_bits)
        if shape not in known:
            known[shape] = recipe(cluster.weights, tuple(cluster.members.values()))
            rows += _prove_recipe(shape, known[shape], cluster)
        found = known[shape]
        local = [0]
        for leaf, flip in zip(cluster.leaves, cluster.flipped, strict=True):
            if literals[leaf] < 0:
                raise RefutedError(f"net {leaf} is read before it is computed")
            local.append(literals[leaf] ^ flip)
        for table, a, b, c in found.rows:
            local.append(builder.lut(table, local[a], local[b], local[c]))
        for net, literal in zip(cluster.members, found.outputs, strict=True):
            literals[net] = local[literal >> 1] ^ literal & 1
    if -1 in literals:
        raise RefutedError(f"gate {literals.index(-1) - netlist.input_bits} is in no cluster")
    graph = builder.finish([literals[net] for nets in netlist.outputs.values() for net in nets])
    draft = program.graph if program.draft is None else program.draft.graph
    _prove_images(graph, program.image.tolist(), draft)
    if program.draft is not None:
        _prove_places(program.draft, program)
    _prove_slots(program)
    return LoweringProof(netlist.size, len(known), rows, program.size)


def _shape(cluster: Cluster, gates: list[tuple[tuple[int, ...], tuple[int, ...], int]], inputs: int) -> Shape:
    position = {net: k for k, net in enumerate((*cluster.leaves, *cluster.members))}
    members = []
    for net in cluster.members:
        sources, weights, bias = gates[net - inputs]
        own = position[net]
        try:
            terms = tuple((position[source], weight) for source, weight in zip(sources, weights, strict=True) if weight)
        except KeyError as error:
            raise RefutedError(f"gate {net - inputs} reads net {error.args[0]}, which its cluster lacks") from None
        if any(place >= own for place, _ in terms):
            raise RefutedError(f"gate {net - inputs} reads what its cluster computes later")
        members.append((terms, bias))
    return cluster.weights, cluster.flipped, tuple(members)


def _prove_recipe(shape: Shape, found: Recipe, cluster: Cluster) -> int:
    """Show that a recipe computes the members of a shape; the number of rows that took."""
    leaves = len(shape[0])
    if found.graph.inputs != leaves or len(found.outputs) != len(shape[2]):
        raise RefutedError("a recipe must have the leaves and the members of its cluster")
    if leaves <= MAX_ROWS_LEAVES:
        wanted, got = _by_rows(shape, found)
        rows = 1 << leaves
    else:
        wanted, got = _by_ledger(shape, found)
        rows = 8 * len(found.steps) + sum(shape[0]) + 1
    for net, should, does in zip(cluster.members, wanted, got, strict=True):
        if not np.array_equal(should, does):
            raise RefutedError(f"net {net}: the recipe of its cluster does not compute the gate")
    return rows


Bits = npt.NDArray[np.bool_]


def _members(shape: Shape, leaves: list[npt.NDArray[np.int64]], size: int) -> list[Bits]:
    """The members by the definition of a gate, for given values of the leaves."""
    nets = list(leaves)
    for terms, bias in shape[2]:
        total = np.full(size, bias, dtype=np.int64)
        for place, weight in terms:
            total += weight * nets[place]
        nets.append((total >= 0).astype(np.int64))
    return [net.astype(bool) for net in nets[len(leaves) :]]


def _lookup(table: int, a: Bits, b: Bits, c: Bits) -> Bits:
    values = np.array([table >> row & 1 for row in range(8)], dtype=bool)
    found: Bits = values[a.astype(np.uint8) | b.astype(np.uint8) << 1 | c.astype(np.uint8) << 2]
    return found


def _by_rows(shape: Shape, found: Recipe) -> tuple[list[Bits], list[Bits]]:
    """The members over all rows of the leaves: by definition, and by the recipe."""
    weights, flipped, _ = shape
    rows = np.arange(1 << len(weights))
    leaves = [rows >> k & 1 for k in range(len(weights))]
    values = [np.zeros(len(rows), dtype=bool)]
    values += [(leaf ^ flip).astype(bool) for leaf, flip in zip(leaves, flipped, strict=True)]
    for table, a, b, c in found.rows:
        values.append(_lookup(table, values[a], values[b], values[c]))
    return _members(shape, leaves, len(rows)), [values[literal >> 1] ^ bool(literal & 1) for literal in found.outputs]


def _by_ledger(shape: Shape, found: Recipe) -> tuple[list[Bits], list[Bits]]:
    """The members over all values of the sum: by definition, and by the recipe from the digits of the sum."""
    weights, flipped, members = shape
    _prove_digits(weights, found)
    top = sum(weights)
    total = np.arange(top + 1, dtype=np.int64)
    wanted: list[Bits] = []
    signed = [-weight if flip else weight for weight, flip in zip(weights, flipped, strict=True)]
    low = sum(weight for weight in signed if weight < 0)  # sum of signed weights times leaves = total + low
    for terms, bias in members:
        merged: dict[int, int] = {}
        for place, weight in terms:
            merged[place] = merged.get(place, 0) + weight
        scale, rest = divmod(merged.get(0, 0), signed[0])
        if rest or any(merged.get(k, 0) != scale * weight for k, weight in enumerate(signed)):
            raise RefutedError("a member's weights must be in proportion to its cluster's")
        value = scale * (total + low) + bias
        for place, weight in merged.items():
            if place >= len(weights):
                value = value + weight * wanted[place - len(weights)]
        wanted.append(value >= 0)
    given: dict[int, Bits] = {0: np.zeros(top + 1, dtype=bool)}
    for i, digit in enumerate(found.digits):
        given[digit >> 1] = (total + found.offset >> i & 1).astype(bool) ^ bool(digit & 1)
    given[0] = np.zeros(top + 1, dtype=bool)
    return wanted, [_cone(found.graph, literal >> 1, given) ^ bool(literal & 1) for literal in found.outputs]


def _cone(graph: Graph, value: int, given: dict[int, Bits]) -> Bits:
    """A value from given ones; raises RefutedError if they do not determine it."""
    known = dict(given)
    stack = [value]
    while stack:
        at = stack[-1]
        if at in known:
            stack.pop()
            continue
        if at < graph.first:
            raise RefutedError("a recipe must compute its members from the digits of the sum")
        parts = graph.operands[at - graph.first].tolist()
        missing = [part for part in parts if part not in known]
        if missing:
            stack.extend(missing)
            continue
        known[stack.pop()] = _lookup(int(graph.tables[at - graph.first]), *(known[part] for part in parts))
    return known[value]


def _prove_digits(weights: tuple[int, ...], found: Recipe) -> None:
    """Show that the digits are those of the weighted sum of the leaves plus the offset, step by step."""
    ledger: dict[int, int] = {}
    constant = found.offset

    def book(literal: int, weight: int) -> None:
        nonlocal constant
        value = literal >> 1
        if literal & 1:
            constant, weight = constant + weight, -weight
        if value:
            ledger[value] = ledger.get(value, 0) + weight

    for k, weight in enumerate(weights):
        book(2 * (1 + k), weight)
    for column, x, y, z, odd, carry in found.steps:
        _prove_addition(found.graph, (x, y, z), odd, carry)
        for literal in (x, y, z):
            book(literal, -(1 << column))
        book(odd, 1 << column)
        book(carry, 2 << column)
        if column + 1 == len(found.digits):  # more than the sum can be, and nothing is negative: it never fires
            book(carry, -(2 << column))
    if sum(weights) + found.offset >= 1 << len(found.digits):
        raise RefutedError("a sum must fit its digits")
    for i, digit in enumerate(found.digits):
        book(digit, -(1 << i))
    if constant or any(ledger.values()):
        raise RefutedError("the digits of a recipe must add up to the sum of its leaves")


def _prove_addition(graph: Graph, parts: tuple[int, int, int], odd: int, carry: int) -> None:
    """Show that sum and carry are those of three literals, over all rows of the values that these name."""
    values = sorted({literal >> 1 for literal in parts} - {0})
    size = 1 << len(values)
    given = {0: np.zeros(size, dtype=bool)}
    given |= {value: (np.arange(size) >> k & 1).astype(bool) for k, value in enumerate(values)}
    planes = [given[literal >> 1] ^ bool(literal & 1) for literal in parts]
    for literal, table in ((odd, XOR3), (carry, MAJ3)):
        found = _cone(graph, literal >> 1, given) ^ bool(literal & 1)
        if not np.array_equal(found, _lookup(table, *planes)):
            raise RefutedError("an addition of a recipe must give the sum and the carry of its three inputs")


def _prove_images(graph: Graph, image: list[int], program: Graph) -> None:
    """Show that each image equals its value, and that the program's outputs are the graph's."""
    first = graph.first
    if program.inputs != graph.inputs or len(image) != first + graph.size or image[:first] != list(range(first)):
        raise RefutedError("a program must have the inputs of its netlist, and an image for each value of its graph")
    if image and not -1 <= min(image) <= max(image) < program.first + program.size:
        raise RefutedError("an image must be a value of the program")
    tables, operands = graph.tables.tolist(), graph.operands.tolist()
    own_tables, own_operands = program.tables.tolist(), program.operands.tolist()
    for value in range(first, first + graph.size):
        target = image[value]
        if target < 0:
            continue
        if target >= first:
            leaves = [part for part in own_operands[target - first] if part]
            table = own_tables[target - first]
        else:  # it folded to an input or a constant
            leaves, table = ([target], 0xAA) if target else ([], 0)
        parts = operands[value - first]
        direct = [image[part] for part in parts]
        if target >= first and direct == own_operands[target - first] and tables[value - first] == table:
            continue
        _prove_image(value, target, leaves, table, tables, operands, image, (own_tables, own_operands))
    wanted = [2 * image[literal >> 1] | literal & 1 for literal in graph.outputs.tolist()]
    if -1 in (w >> 1 for w in wanted) or program.outputs.tolist() != wanted:
        raise RefutedError("the outputs of a program must be the images of its netlist's outputs")


def _prove_image(
    value: int,
    target: int,
    leaves: list[int],
    table: int,
    tables: list[int],
    operands: list[list[int]],
    image: list[int],
    program: tuple[list[int], list[list[int]]],
) -> None:
    """One lemma: the cone of a value equals a table over the leaves, which are values of the program.

    The cone ends at the leaves. Where parts of it folded away it need not reach them; then other values of the program
    are named as well, and those that are operations over named ones are computed, not free. If that does not do, what
    one of them reads is named too: of the one that adds fewest names, the latest if there are several.
    """
    first = len(image) - len(operands)
    near = set(leaves)
    starts = [near] if _reaches(value, near, operands, image, first) else []
    for names in (*starts, _survivors(value, operands, image) | {target} - {0}):
        for _ in range(_ROUNDS):
            known = _planes_of(names, program, first)
            if known is None:
                break
            planes, ones = known
            found = _cone_plane(value, planes, ones, tables, operands, image)
            if target in planes:
                wanted = planes[target]
            else:
                a, b, c = [planes[leaf] for leaf in leaves] + [0] * (3 - len(leaves))
                wanted = apply(table, a, b, c, ones)
            if found == wanted:
                return
            new = {
                name: more
                for name in names
                if name >= first and (more := {part for part in program[1][name - first] if part} - names)
            }
            if not new:
                break
            names = names | new[min(new, key=lambda name: (len(new[name]), -name))]
    raise RefutedError(f"operation {target} does not equal what it stands for")


def _planes_of(
    names: set[int], program: tuple[list[int], list[list[int]]], first: int
) -> tuple[dict[int, int], int] | None:
    """Planes over all rows of the free ones among these values of the program, and the plane of all ones; None if the
    free ones are too many."""
    free = [
        name for name in sorted(names) if name < first or not all(p in names or not p for p in program[1][name - first])
    ]
    if len(free) > MAX_ROWS_LEAVES:
        return None
    ones = (1 << (1 << len(free))) - 1
    planes = {0: 0} | {name: variable(len(free), k) for k, name in enumerate(free)}
    for name in sorted(names - planes.keys()):
        a, b, c = program[1][name - first]
        planes[name] = apply(program[0][name - first], planes[a], planes[b], planes[c], ones)
    return planes, ones


def _cone_plane(
    value: int, planes: dict[int, int], ones: int, tables: list[int], operands: list[list[int]], image: list[int]
) -> int | None:
    """The plane of a value whose cone ends where an image has a plane; None if it goes on to an input that has none."""
    first = len(image) - len(operands)
    known = {0: 0}
    stack = [value]
    while stack:
        at = stack[-1]
        if at in known:
            stack.pop()
            continue
        if at != value and image[at] in planes:
            known[stack.pop()] = planes[image[at]]
            continue
        if at < first:
            return None
        missing = [part for part in operands[at - first] if part not in known]
        if missing:
            stack.extend(missing)
            continue
        a, b, c = operands[at - first]
        known[stack.pop()] = apply(tables[at - first], known[a], known[b], known[c], ones)
    return known[value]


def _reaches(value: int, stop: set[int], operands: list[list[int]], image: list[int], first: int) -> bool:
    """Whether the cone of a value ends at values whose images are in `stop`."""
    seen: set[int] = set()
    stack = list(operands[value - first])
    while stack:
        at = stack.pop()
        if image[at] and at not in seen and image[at] not in stop:
            if at < first:
                return False
            seen.add(at)
            stack.extend(operands[at - first])
    return True


def _survivors(value: int, operands: list[list[int]], image: list[int]) -> set[int]:
    """The images at which the cone of a value ends, if it goes no further than it must."""
    first = len(image) - len(operands)
    found: set[int] = set()
    stack = list(operands[value - first])
    while stack:
        at = stack.pop()
        if image[at] > 0:
            found.add(image[at])
        elif image[at] and at >= first:
            stack.extend(operands[at - first])
    return found


def _prove_places(draft: Draft, program: LaneProgram) -> None:
    """Show that the program is the draft's operations in another order, those that outputs need."""
    graph, place = draft.graph, draft.place
    first = graph.first
    if graph.inputs != program.input_bits or place[:first].tolist() != list(range(first)):
        raise RefutedError("a program must have the inputs of its draft")
    kept = np.flatnonzero(place[first:] >= 0)
    own = place[first:][kept] - first
    if len(place) != first + graph.size or sorted(own.tolist()) != list(range(program.size)):
        raise RefutedError("each operation of a program must have its place in the draft")
    same = np.array_equal(program.tables[own], graph.tables[kept])
    if not same or not np.array_equal(program.operands[own], place[graph.operands[kept]]):
        raise RefutedError("the operations of a program must be those of its draft")
    if not np.array_equal(program.outputs, 2 * place[graph.outputs >> 1] | graph.outputs & 1):
        raise RefutedError("the outputs of a program must be those of its draft")


def _prove_slots(program: LaneProgram) -> None:
    """Show that each operand, and each output at the end, is in its slot when it is read."""
    first = program.first
    holds = [-1] * program.slot_count
    slots = program.slots.tolist()
    for own, (parts, slot) in enumerate(zip(program.operands.tolist(), slots, strict=True), first):
        for part in parts:
            if part >= first and holds[slots[part - first]] != part:
                raise RefutedError(f"operation {own} reads value {part}, which is not in its slot any more")
        holds[slot] = own
    for literal in program.outputs.tolist():
        value = literal >> 1
        if value >= first and holds[slots[value - first]] != value:
            raise RefutedError(f"output value {value} is not in its slot any more")
