"""Recipes: how the gates of a cluster are computed from its leaves, made and proven once for each shape of a cluster.

Four ways are tried and the one with the fewest operations is taken:

- tables: each gate on its own as a small function of up to six leaves (`tables`);
- digits: the sum in binary by full adders (carry-save, Wallace 1964), oldest bits first, each gate then a function of
  the digits: a digit itself, or comparisons with constants, two digits an operation;
- tree: AND, OR and their complements, three inputs an operation;
- offset: for one gate that is a step, a constant is added so that the sum's top digit is the gate; the sums that only
  lower digits would need are never formed.

The steps of the additions are kept, so that a sum of any width can be proven step by step (`proof`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

from trix_circuits.lower.graph import Graph, GraphBuilder, live_values
from trix_circuits.lower.tables import MAX_INPUTS, place_table, table_of_sum

MAX_TREE = 12  # leaves that the proof goes through row by row; beyond, it needs the steps of a sum
Step = tuple[int, int, int, int, int, int]  # column i and literals: 2^i (x + y + z) = 2^i (sum + 2 * carry)


@dataclass(frozen=True)
class Recipe:
    """A graph over the leaves (complemented already where the cluster says so), whose outputs are the members.

    `digits` are the literals of the binary digits of S + `offset`, and `steps` the additions that made them; both are
    empty where the recipe was not made by adding.
    """

    graph: Graph
    offset: int = 0
    digits: tuple[int, ...] = ()
    steps: tuple[Step, ...] = ()

    @cached_property
    def rows(self) -> list[tuple[int, int, int, int]]:
        """(table, a, b, c) of each operation, over values."""
        parts = zip(self.graph.tables.tolist(), self.graph.operands.tolist(), strict=True)
        return [(table, a, b, c) for table, (a, b, c) in parts]

    @cached_property
    def outputs(self) -> list[int]:
        """The members' literals."""
        literals: list[int] = self.graph.outputs.tolist()
        return literals

    @property
    def cost(self) -> int:
        """Operations that the members need."""
        return int(live_values(self.graph)[self.graph.first :].sum())


@cache
def recipe(weights: tuple[int, ...], masks: tuple[int, ...]) -> Recipe:
    """The best recipe for members with these masks of the sum of leaves with these positive weights."""
    ways: list[Callable[[], Recipe]] = []
    top = sum(weights)
    if 3 < len(weights) <= MAX_TREE and len(masks) == 1 and masks[0] in _ends(top):
        ways.append(lambda: _by_tree(weights, masks[0]))  # first: where costs are equal, trees share more
    if len(weights) <= MAX_INPUTS:
        ways.append(lambda: _by_tables(weights, masks))
    if len(weights) > 3 or len(masks) > 1:
        ways.append(lambda: _by_digits(weights, masks))
    if len(weights) > 3 and len(masks) == 1 and len(_changes(masks[0], top)) == 1:
        ways.append(lambda: _by_offset(weights, masks[0]))
    return min((way() for way in ways), key=lambda made: made.cost)


def _ends(top: int) -> tuple[int, int, int, int]:
    """The masks of AND, OR, NAND and NOR of all leaves."""
    ones = (1 << top + 1) - 1
    return 1 << top, ones - 1, ones - (1 << top), 1


def _by_tree(weights: tuple[int, ...], mask: int) -> Recipe:
    builder = GraphBuilder(len(weights))
    leaves = [2 * (1 + k) for k in range(len(weights))]
    end = _ends(sum(weights)).index(mask)
    literal = builder.any_of(leaves) if end % 2 else builder.all_of(leaves)
    return Recipe(builder.finish([literal ^ (end > 1)]))


def _by_tables(weights: tuple[int, ...], masks: tuple[int, ...]) -> Recipe:
    builder = GraphBuilder(len(weights))
    leaves = tuple(2 * (1 + k) for k in range(len(weights)))
    return Recipe(builder.finish([place_table(builder, table_of_sum(weights, mask), leaves) for mask in masks]))


def _added(builder: GraphBuilder, weights: tuple[int, ...], offset: int) -> tuple[tuple[int, ...], list[Step]]:
    """The digits of the weighted sum plus a constant, and the additions on the way."""
    top = sum(weights) + offset
    columns: list[deque[int]] = [deque() for _ in range(max(1, top.bit_length()))]
    for k, weight in enumerate(weights):
        for i in range(weight.bit_length()):
            if weight >> i & 1:
                columns[i].append(2 * (1 + k))
    for i in range(offset.bit_length()):
        if offset >> i & 1:
            columns[i].append(1)
    steps: list[Step] = []
    digits = []
    for i, column in enumerate(columns):
        while len(column) > 1:
            x, y = column.popleft(), column.popleft()
            z = column.popleft() if column else 0
            odd, carry = builder.full_adder(x, y, z)
            steps.append((i, x, y, z, odd, carry))
            column.append(odd)
            if i + 1 < len(columns):
                columns[i + 1].append(carry)
        digits.append(column[0] if column else 0)
    return tuple(digits), steps


def _changes(mask: int, top: int) -> list[int]:
    """Where a mask changes: the sums S in 1 .. top at which it differs from S - 1."""
    change = (mask ^ mask >> 1) & (1 << top) - 1
    found = []
    while change:
        low = change & -change
        found.append(low.bit_length())
        change ^= low
    return found


def _at_least(builder: GraphBuilder, digits: tuple[int, ...], bound: int) -> int:
    """The literal of digits >= bound, lowest digits first, two at a time."""
    result, i = 1, 0
    while i < len(digits):
        pair = digits[i : i + 2]
        part = bound >> i & (1 << len(pair)) - 1
        table = 0
        for row in range(8):  # row: low digit, high digit, result so far
            value = row & (1 << len(pair)) - 1
            table |= (value > part or (value == part and row >> 2 == 1)) << row
        result = builder.lut(table, pair[0], pair[1] if len(pair) > 1 else 0, result)
        i += len(pair)
    return result


def _by_digits(weights: tuple[int, ...], masks: tuple[int, ...]) -> Recipe:
    builder = GraphBuilder(len(weights))
    digits, steps = _added(builder, weights, 0)
    top = sum(weights)
    outputs = []
    for mask in masks:
        outputs.append(_of_digits(builder, digits, mask, top))
    return Recipe(builder.finish(outputs), 0, digits, tuple(steps))


def _of_digits(builder: GraphBuilder, digits: tuple[int, ...], mask: int, top: int) -> int:
    """The literal of bit S of the mask, S being what the digits say; S up to `top` occurs."""
    ones = (1 << top + 1) - 1
    changes = _changes(mask, top)
    start = mask & 1
    for i, digit in enumerate(digits):
        if len(changes) == (top >> i) and all(change == k + 1 << i for k, change in enumerate(changes)):
            return digit ^ start
    if len(digits) <= 4:
        wide = mask & ones
        if not wide >> top & 1:
            wide &= ones
        else:  # sums beyond the top do not occur: as at the top
            wide |= ((1 << (1 << len(digits))) - 1) ^ ones
        return place_table(builder, wide, digits)
    return builder.xor_of([start, *(_at_least(builder, digits, change) for change in changes)])


def _by_offset(weights: tuple[int, ...], mask: int) -> Recipe:
    builder = GraphBuilder(len(weights))
    top = sum(weights)
    (bound,) = _changes(mask, top)
    power = 1 << (max(bound, top - bound + 1) - 1).bit_length()  # S >= bound iff S + power - bound >= power
    while top + power - bound >= 2 * power:
        power *= 2
    digits, steps = _added(builder, weights, power - bound)
    place = power.bit_length() - 1
    return Recipe(builder.finish([digits[place] ^ (mask & 1)]), power - bound, digits, tuple(steps))
