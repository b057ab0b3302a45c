"""Recognition of comparators, however they are built, and their ripple form, which maps to 4 bits a gate.

A comparator shows as a node whose cone ends in an even number of digits: inputs, or outputs of multiplexers.
Simulation of the cone tells the rest. With all digits 0 it shows what a tie gives; with one digit 1, which word the digit
belongs to; with one digit of each word 1, which of the two decides, hence the order and the pairs. SAT then proves that
the node equals the chain of majorities in that order, for all values of the digits; only then is the chain used.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pysat.solvers import Glucose4

from trix_circuits.logic.aig import Aig, AigBuilder, cleaned

_LEAST_PAIRS = 8
_MOST_ANDS = 4096
_CONFLICTS = 20_000
_MANY_READERS = 8
_STEPS = 300_000  # ANDs of cones that are looked at in one circuit
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
Pair = tuple[int, int]
Words = npt.NDArray[np.uint64]


def rippled(aig: Aig) -> Aig | None:
    """The AIG with its wide comparators as chains of majorities, or None if it has none."""
    found = _comparators(aig)
    if not found:
        return None
    builder = AigBuilder(aig.input_names)
    first = 1 + len(aig.input_names)
    literals = [2 * v for v in range(first)]
    for node, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True), first):
        if node in found:
            pairs, tie = found[node]
            carry = tie
            for x, y in reversed(pairs):
                carry = builder.majority(literals[x], literals[y] ^ 1, carry)
            literals.append(carry)
        else:
            literals.append(builder.and_(literals[a >> 1] ^ a & 1, literals[b >> 1] ^ b & 1))
    outputs = [(name, literals[o >> 1] ^ o & 1) for name, o in zip(aig.output_names, aig.outputs.tolist(), strict=True)]
    return cleaned(builder.finish(aig.name, outputs))


def _comparators(aig: Aig) -> dict[int, tuple[list[Pair], int]]:
    """Nodes that are comparators: their pairs (larger word first, most significant pair first), and the tie's value."""
    first = 1 + len(aig.input_names)
    left, right = aig.left.tolist(), aig.right.tolist()
    digit = bytearray([0] + [1] * (first - 1))
    digit += bytes(_chooses(a, b, first, left, right) for a, b in zip(left, right, strict=True))
    found: dict[int, tuple[list[Pair], int]] = {}
    # the arms of a multiplexer are no comparators
    covered = {v >> 1 for k in range(aig.size) if digit[first + k] for v in (left[k], right[k])}
    steps = _STEPS
    # what selects a word has many readers: first those, then the others, from the outputs on
    readers = np.bincount(np.concatenate([aig.left >> 1, aig.right >> 1]), minlength=aig.variables).tolist()
    for node in sorted(range(first, aig.variables), key=lambda v: (readers[v] < _MANY_READERS, -v)):
        if node in covered or digit[node]:
            continue
        cone, leaves = _cone(node, first, left, right, digit)
        steps -= len(cone)
        if steps < 0:
            break
        if len(leaves) >= 2 * _LEAST_PAIRS and len(leaves) % 2 == 0 and 2 * len(cone) >= 3 * len(leaves):
            answer = _read_off(node, cone, leaves, first, left, right)
            if answer is not None and _proven(node, cone, *answer, first, left, right):
                found[node] = answer
                covered.update(cone)
    return found


def _chooses(a: int, b: int, first: int, left: list[int], right: list[int]) -> bool:
    """Whether an AND of these literals is a multiplexer, and no XOR: what the digits of a computed word may be."""
    x, y = (a >> 1) - first, (b >> 1) - first
    if not a & b & 1 or x < 0 or y < 0:
        return False
    return sum(p == q ^ 1 for p in (left[x], right[x]) for q in (left[y], right[y])) == 1


def _cone(node: int, first: int, left: list[int], right: list[int], digit: bytearray) -> tuple[list[int], list[int]]:
    """The ANDs of a node's cone down to digits, in order, and the digits; the cone is cut short beyond a size."""
    inside: set[int] = set()
    leaves: set[int] = set()
    stack = [node]
    while stack and len(inside) < _MOST_ANDS:
        v = stack.pop()
        if digit[v] and v != node:
            leaves.add(v)
        elif v not in inside and v:
            inside.add(v)
            stack += (left[v - first] >> 1, right[v - first] >> 1)
    return sorted(inside), [] if stack else sorted(leaves)


def _simulate(
    node: int, cone: list[int], planes: dict[int, Words], first: int, left: list[int], right: list[int]
) -> Words:
    values = dict(planes)
    flip = (np.uint64(0), _ALL)
    for v in cone:
        a, b = left[v - first], right[v - first]
        values[v] = (values[a >> 1] ^ flip[a & 1]) & (values[b >> 1] ^ flip[b & 1])
    return values[node]


def _read_off(
    node: int, cone: list[int], leaves: list[int], first: int, left: list[int], right: list[int]
) -> tuple[list[Pair], int] | None:
    """What comparator the node must be if it is one."""
    count = len(leaves)
    alone = np.concatenate([np.zeros((count, 1), dtype=np.uint8), np.eye(count, dtype=np.uint8)], axis=1)
    values = _on_rows(node, cone, leaves, alone, first, left, right)
    tie, high = int(values[0]), values[1:] > 0
    width = count // 2
    if high.sum() != width:
        return None
    # each digit of one word against each of the other: a digit's place is the number of those that it beats
    ours, theirs = np.flatnonzero(high), np.flatnonzero(~high)
    rows = np.zeros((count, width * width), dtype=np.uint8)
    rows[np.repeat(ours, width), np.arange(width * width)] = 1
    rows[np.tile(theirs, width), np.arange(width * width)] = 1
    wins = _on_rows(node, cone, leaves, rows, first, left, right).reshape(width, width)
    ours = ours[np.argsort(-wins.sum(axis=1, dtype=np.int64), kind="stable")]
    theirs = theirs[np.argsort(wins.sum(axis=0, dtype=np.int64), kind="stable")]
    if sorted(wins.sum(axis=1).tolist()) != list(range(tie, width + tie)):
        return None
    return [(leaves[x], leaves[y]) for x, y in zip(ours.tolist(), theirs.tolist(), strict=True)], tie


def _on_rows(
    node: int,
    cone: list[int],
    leaves: list[int],
    rows: npt.NDArray[np.uint8],
    first: int,
    left: list[int],
    right: list[int],
) -> npt.NDArray[np.uint8]:
    """The node's values on rows, [leaves, rows] of bits."""
    count = rows.shape[1]
    packed = np.packbits(np.pad(rows, ((0, 0), (0, -count % 64))), axis=1, bitorder="little").view(np.uint64)
    plane = _simulate(node, cone, dict(zip(leaves, packed, strict=True)), first, left, right)
    return np.unpackbits(plane.view(np.uint8), bitorder="little")[:count]


def _proven(
    node: int,
    cone: list[int],
    pairs: list[Pair],
    tie: int,
    first: int,
    left: list[int],
    right: list[int],
) -> bool:
    """Whether the node equals the chain, for all values of the pairs."""
    builder = AigBuilder([f"v{k}" for k in range(2 * len(pairs))])
    literals: dict[int, int] = {}
    for k, (x, y) in enumerate(pairs):
        literals[x], literals[y] = builder.input(2 * k), builder.input(2 * k + 1)
    carry = tie
    for x, y in reversed(pairs):
        carry = builder.majority(literals[x], literals[y] ^ 1, carry)
    for v in cone:
        a, b = left[v - first], right[v - first]
        literals[v] = builder.and_(literals[a >> 1] ^ a & 1, literals[b >> 1] ^ b & 1)
    miter = cleaned(builder.finish("miter", [("differ", builder.xor(literals[node], carry))]))
    if miter.outputs[0] <= 1:
        return bool(miter.outputs[0] == 0)

    def name(literal: int) -> int:
        return (literal >> 1) * (-1 if literal & 1 else 1)

    with Glucose4() as solver:
        base = 1 + len(miter.input_names)
        for v, (a, b) in enumerate(zip(miter.left.tolist(), miter.right.tolist(), strict=True), base):
            solver.add_clause([-v, name(a)])
            solver.add_clause([-v, name(b)])
            solver.add_clause([v, -name(a), -name(b)])
        solver.add_clause([name(int(miter.outputs[0]))])
        solver.conf_budget(_CONFLICTS)
        return solver.solve_limited() is False
