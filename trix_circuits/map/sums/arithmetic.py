"""Adders hidden in an AIG: which nodes are sums and carries of which others.

A full adder is a triple of nodes with a node that is their sum modulo 2 and one that is their majority, up to polarities;
it says a + b + c = s + 2m over literals. Rewriting hides adders from structure (a carry's product is taken from elsewhere,
a bit is replaced by one that agrees with it wherever it matters), so they are looked for by values: two nodes are taken
to be the same, or one the sum of two others, if that is so on some thousand patterns (Kuehlmann and Krohm, DAC 1997, for
equality; the polarity of majorities as in Yu, Ciesielski and Mishchenko, "Fast algebraic rewriting based on and-inverter
graphs", IEEE TCAD 2018). Candidates come from the near cone of a node and from its cuts of three leaves, so the work is
near-linear. What is found is a guess: everything that is built from it is proven later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.aig import Aig, Planes
from trix_circuits.map.sums.arithmetic_cuts import triples

_ALL_WORDS, _LEAST_WORDS, _MOST_WORDS = 3_000_000, 16, 256  # of 64 patterns: of all nodes together, of each node
_NEAR, _LAYERS = 60, 5  # of the cone of a node in which one of two summands is looked for
_MANY_PRODUCTS, _FACTORS = 16, 6  # products of inputs that make a multiplier likely; factors in a sum of three
_NEAR_OF_THREE, _LAYERS_OF_THREE = 20, 3  # the same, for two of three summands


Pairs = dict[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Adder:
    """sum of the literals `leaves` = total + 2 * carry, where `total` or `carry` is None if no node is known for it."""

    leaves: tuple[int, ...]
    total: int | None
    carry: int | None


@dataclass
class Candidates:
    """What was found. Literals are those of class representatives, the earliest nodes of equal value.

    `same[v]` is the literal that variable v agrees with; `xors[v]` two literals whose sum modulo 2 is literal 2v;
    `full` the full adders with both outputs; `majorities[v]` three literals whose majority is 2v, their sum being unknown.
    """

    same: list[int]
    xors: dict[int, tuple[int, int]] = field(default_factory=dict)
    full: list[Adder] = field(default_factory=list)
    majorities: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    values: Values | None = None

    def literal(self, literal: int) -> int:
        """The representative's literal."""
        return self.same[literal >> 1] ^ (literal & 1)


class Values:
    """Values of all nodes on patterns, as integers of one bit a pattern; look-up by value up to polarity."""

    def __init__(self, planes: Planes) -> None:
        self.phase: list[int] = (planes[:, 0] & np.uint64(1)).astype(np.int64).tolist()
        turned = planes ^ (np.uint64(0) - (planes[:, :1] & np.uint64(1)))
        self.values = [int.from_bytes(row.tobytes(), "little") for row in turned]
        self.ones = (1 << 64 * planes.shape[1]) - 1
        self.first: dict[int, int] = {}
        self.root = [self.first.setdefault(value, v) for v, value in enumerate(self.values)]
        folded = [np.bitwise_xor.reduce(turned[:, k::2], axis=1) for k in (0, 1)]
        short = np.stack(folded, axis=1)
        self.short = [int.from_bytes(row.tobytes(), "little") for row in short]  # linear over GF(2)
        self.by_short = {self.short[v]: v for v in self.first.values()}

    def of(self, literal: int) -> int:
        """The values of a literal."""
        v = literal >> 1
        return self.values[v] ^ (self.ones if (literal ^ self.phase[v]) & 1 else 0)

    def find(self, value: int) -> int | None:
        """The representative's literal with this value."""
        turned = value & 1
        v = self.first.get(value ^ self.ones if turned else value)
        return None if v is None else 2 * v ^ turned ^ self.phase[v]

    def low(self, v: int) -> int:
        """The literal of v whose value on the first pattern is 0."""
        return 2 * v ^ self.phase[v]


def patterns(inputs: int, words: int, seed: int = 1) -> Planes:
    """Repeatable input planes: half of the lanes uniform; in each of the others a share of ones that changes at times.

    Sums that are rarely reached, such as those of words full of ones, show only there.
    """
    rng = np.random.default_rng(seed)
    planes = rng.integers(0, 1 << 64, size=(inputs, words), dtype=np.uint64, endpoint=False)
    half = words // 2
    lanes = 64 * half
    changes = np.array([0, 3, 16, 64], dtype=np.int64)[np.arange(lanes) % 4]  # of 256 inputs
    limits = _shares(rng, lanes)
    for k in range(inputs):
        planes[k, :half] = np.packbits(rng.integers(0, 256, size=lanes) < limits, bitorder="little").view(np.uint64)
        limits = np.where(rng.integers(0, 256, size=lanes) < changes, _shares(rng, lanes), limits)
    return planes


def _shares(rng: np.random.Generator, lanes: int) -> npt.NDArray[np.int64]:
    """Shares of ones, of 256: none, all, or any."""
    return np.clip(rng.integers(-256, 513, size=lanes), 0, 256)


def values_of(aig: Aig, more: Planes | None = None) -> Values:
    """The values of all nodes on repeatable patterns, and on more input planes."""
    planes = patterns(len(aig.input_names), min(_MOST_WORDS, max(_LEAST_WORDS, _ALL_WORDS // aig.variables)))
    return Values(aig.simulate(planes if more is None else np.concatenate([planes, more], axis=1)))


class _Copy:
    """A copy of an AIG with more nodes between its own."""

    def __init__(self, aig: Aig) -> None:
        self.aig = aig
        first = 1 + len(aig.input_names)
        self.left: list[int] = []
        self.right: list[int] = []
        self.place = [2 * v for v in range(first)]
        self.old = list(range(first))

    def add(self, a: int, b: int, origin: int = -1) -> int:
        """The literal of a new node over literals of the copy."""
        self.left.append(max(a, b))
        self.right.append(min(a, b))
        self.old.append(origin)
        return 2 * (len(self.old) - 1)

    def xor(self, a: int, b: int) -> int:
        return self.add(self.add(a, b) ^ 1, self.add(a ^ 1, b ^ 1) ^ 1)

    def copy(self, v: int) -> None:
        """Copy the next node of the AIG."""
        k = v - 1 - len(self.aig.input_names)
        a, b = (self.place[literal >> 1] ^ (literal & 1) for literal in (int(self.aig.left[k]), int(self.aig.right[k])))
        self.place.append(self.add(a, b, v))

    def finish(self) -> tuple[Aig, list[int]]:
        """The copy, and for each of its variables the old one or -1."""
        aig = self.aig
        outputs = [self.place[o >> 1] ^ (o & 1) for o in aig.outputs.tolist()]
        sides = [np.array(side, dtype=np.int64) for side in (self.left, self.right, outputs)]
        return Aig(aig.name, aig.input_names, aig.output_names, *sides), self.old


def with_missing_sums(aig: Aig, more: Planes | None = None) -> tuple[Aig, list[int]]:
    """The AIG with the sum modulo 2 of each majority's leaves that has no node, and for each variable the old one or -1.

    Rewriting takes a sum apart that goes into another one, and leaves its carry alone. Products of two inputs are
    added as well, where there are many such and one of them may have been taken apart.
    """
    values = values_of(aig, more)
    first = 1 + len(aig.input_names)
    _, majorities = triples(aig, values.root)
    missing: dict[int, tuple[int, int, int]] = {}
    for triple, v in majorities.items():
        x, y, z = (values.of(values.low(leaf)) for leaf in triple)
        if x & y and x & z and y & z and values.find(x ^ y ^ z) is None:
            missing[v] = triple
    products = _missing_products(aig, values)
    if not missing and not products:
        return aig, list(range(aig.variables))
    made = _Copy(aig)
    for p, q in products:
        made.add(2 * p, 2 * q)
    for v in range(first, aig.variables):
        made.copy(v)
        if v in missing:
            a, b, c = (made.place[leaf] for leaf in missing[v])
            made.xor(made.xor(a, b), c)
    return made.finish()


def _missing_products(aig: Aig, values: Values) -> list[tuple[int, int]]:
    """Pairs of inputs whose product may be a summand, though no node is it: of those in a sum of a few products."""
    first = 1 + len(aig.input_names)
    left, right = (side.tolist() for side in (aig.left, aig.right))
    known = [
        (a >> 1, b >> 1)
        for a, b in zip(left, right, strict=True)
        if a >> 1 < first and b >> 1 < first and not (a | b) & 1
    ]
    if len(known) < _MANY_PRODUCTS:
        return []
    factors = {v for pair in known for v in pair}
    below: list[frozenset[int] | None] = [frozenset()] + [frozenset([v]) for v in range(1, first)]
    wanted: set[tuple[int, int]] = set()
    seen: set[frozenset[int]] = set()
    for a, b in zip(left, right, strict=True):
        one, two = below[a >> 1], below[b >> 1]
        both = one | two if one is not None and two is not None else None
        below.append(both if both is not None and len(both) <= _FACTORS else None)
        if both is not None and 4 <= len(both) <= _FACTORS and both <= factors and both not in seen:
            seen.add(both)
            wanted.update(itertools.combinations(sorted(both), 2))
    return sorted((p, q) for p, q in wanted if values.find(values.of(2 * p) & values.of(2 * q)) is None)


def find_adders(aig: Aig, apart: Iterable[int] = (), more: Planes | None = None) -> Candidates:
    """Equal nodes, sums modulo 2 and full adders of an AIG; guesses that agree on all patterns.

    Variables `apart` stand for themselves although others may agree with them.
    """
    values = values_of(aig, more)
    for v in apart:
        values.root[v] = v
    same = [2 * r ^ (values.phase[r] ^ values.phase[v]) for v, r in enumerate(values.root)]
    found = Candidates(same, values=values)
    pairs = _pairs(aig, values)
    _note_xors(found, values, pairs)
    _note_full_adders(aig, found, values, pairs)
    return found


def _pairs(aig: Aig, values: Values) -> Pairs:
    """For each representative, the pairs of earlier ones whose sum modulo 2 it is; both vary freely of each other."""
    short, by_short, full, ones = values.short, values.by_short, values.values, values.ones
    pairs: Pairs = {}
    for v, near in _near(aig, values, _LAYERS, _NEAR):
        own = short[v]
        for x in near:
            y = by_short.get(own ^ short[x])
            if y is None or not 0 < y < v or not 0 < x < v or full[x] ^ full[y] != full[v]:
                continue
            both = full[x] & full[y]
            if both and both != full[x] and both != full[y] and full[x] | full[y] != ones:
                pair = (x, y) if x < y else (y, x)
                row = pairs.setdefault(v, [])
                if pair not in row:
                    row.append(pair)
    return pairs


def _near(aig: Aig, values: Values, layers: int, most: int) -> Iterator[tuple[int, set[int]]]:
    """Each representative that is an AND, with the nodes a few layers below it."""
    first, root = 1 + len(aig.input_names), values.root
    left = [root[literal >> 1] for literal in aig.left.tolist()]
    right = [root[literal >> 1] for literal in aig.right.tolist()]
    for v in range(first, aig.variables):
        if root[v] != v:
            continue
        near = {v}
        layer = [v]
        for _ in range(layers):
            below = []
            for u in layer:
                if u >= first:
                    for f in (left[u - first], right[u - first]):
                        if f not in near:
                            near.add(f)
                            below.append(f)
            layer = below
            if len(near) > most:
                break
        near -= {0, v}
        yield v, near


def _sums_of_three(aig: Aig, values: Values, pairs: Pairs) -> dict[tuple[int, int, int], int]:
    """Three nodes -> their sum modulo 2, where that is not the sum of two nodes; two of the three are near it."""
    short, by_short, full, ones = values.short, values.by_short, values.values, values.ones
    wanted: dict[tuple[int, int, int], int] = {}

    def free(x: int, y: int) -> bool:
        both = full[x] & full[y]
        return bool(both) and both != full[x] and both != full[y] and full[x] | full[y] != ones

    for v, near in _near(aig, values, _LAYERS_OF_THREE, _NEAR_OF_THREE):
        if v in pairs:
            continue
        own = short[v]
        for x, y in itertools.combinations(sorted(near), 2):
            z = by_short.get(own ^ short[x] ^ short[y])
            if z is not None and 0 < z < v and z not in (x, y) and full[x] ^ full[y] ^ full[z] == full[v]:
                if free(x, y) and free(x, z) and free(y, z):
                    a, b, c = sorted((x, y, z))
                    wanted.setdefault((a, b, c), v)
    return wanted


def _note_xors(found: Candidates, values: Values, pairs: Pairs) -> None:
    for v, row in pairs.items():
        x, y = max(row)  # the latest nodes: the shortest way
        found.xors[v] = (values.low(x), values.low(y) ^ values.phase[v])


def _triples_of(pairs: Pairs) -> dict[tuple[int, int, int], int]:
    """Three nodes -> their sum modulo 2, being the sum of one of them and of a sum of the two others."""
    wanted: dict[tuple[int, int, int], int] = {}
    for v, row in pairs.items():
        for pair in row:
            for half, third in (pair, pair[::-1]):
                for a, b in pairs.get(half, ()):
                    if third not in (a, b):
                        x, y, z = sorted((a, b, third))
                        wanted.setdefault((x, y, z), v)
    return wanted


def _note_full_adders(aig: Aig, found: Candidates, values: Values, pairs: Pairs) -> None:
    summed, by_majority = triples(aig, values.root)
    used: set[int] = set()
    wanted = _triples_of(pairs)
    for triple, v in summed.items():
        wanted.setdefault(triple, v)

    def take(triple: tuple[int, int, int], v: int, read: set[int] | None) -> None:
        leaves, carry = _majority(values, triple, v)
        if carry is None or carry >> 1 in used or v in used or v <= max(triple):
            return
        if read is not None and not (v in read and carry >> 1 in read):
            return
        total = _sum_literal(values, leaves, v)
        if total is not None:
            used.update((carry >> 1, v))
            found.full.append(Adder(leaves, total, carry))
            if read is not None:
                read.update(triple)

    for triple, v in sorted(wanted.items(), key=lambda item: item[1]):
        take(triple, v, None)
    # where a sum of three is not one of two and two, it must be added to something in turn
    read = {leaf >> 1 for adder in found.full for leaf in adder.leaves}
    read |= {leaf >> 1 for pair in found.xors.values() for leaf in pair}
    for triple, v in sorted(_sums_of_three(aig, values, pairs).items(), key=lambda item: -item[1]):
        take(triple, v, read)
    for triple, v in by_majority.items():
        if v in used:
            continue
        leaves, carry = _majority(values, triple)
        if carry is None or carry >> 1 != v:
            continue
        value = 0
        for leaf in leaves:
            value ^= values.of(leaf)
        total = values.find(value)
        if total is not None and total >> 1 == v:
            continue  # it agrees with both, as the top digit of a number that never overflows does: it is the sum
        if total is not None and total >> 1 not in used and total >> 1 not in (0, *triple):
            used |= {total >> 1, v}
            found.full.append(Adder(leaves, total, carry))
        elif carry & 1:
            found.majorities[v] = (leaves[0] ^ 1, leaves[1] ^ 1, leaves[2] ^ 1)
        else:
            found.majorities[v] = leaves


def _majority(
    values: Values, triple: Sequence[int], total: int | None = None
) -> tuple[tuple[int, int, int], int | None]:
    """Polarities of three nodes for which a node (not the total) is the majority, and its literal; None if there is none."""
    a, b, c = (values.low(v) for v in triple)
    x, y, z = values.of(a), values.of(b), values.of(c)
    for turns in range(4):
        p = x ^ values.ones if turns & 1 else x
        q = y ^ values.ones if turns & 2 else y
        value = p & q | z & (p | q)
        carry = values.find(value)
        if carry is not None and carry >> 1 not in (0, total, *triple):
            return (a ^ (turns & 1), b ^ (turns >> 1), c), carry
    return (a, b, c), None


def _sum_literal(values: Values, leaves: Sequence[int], v: int) -> int | None:
    value = 0
    for leaf in leaves:
        value ^= values.of(leaf)
    total = values.find(value)
    return total if total is not None and total >> 1 == v else None
