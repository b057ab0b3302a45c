"""Threshold gates as AND-inverter logic: what a netlist is in the eyes of the rest of the world.

A gate sum(w * x) + b >= 0 is first made positive (-w * x = w * (1 - x) - w), its weights divided by their common
divisor, and inputs that decide alone (w >= threshold) or are always needed (w > slack) split off. For the core that is
left two constructions compete:

  paths   The decision diagram of the gate, largest weight first, in which all thresholds between two sums that the
          remaining weights can reach share a node (Abio, Nieuwenhuis, Oliveras, Rodriguez-Carbonell and Mayer-Eichberger,
          "A New Look at BDDs for Pseudo-Boolean Constraints", JAIR 2012). A gate is monotone, so a node is zero | x & one.
  count   The sum in binary by full adders, three bits of a column at a time (Wallace 1964), then compared with the
          threshold (Een and Sorensson, "Translating Pseudo-Boolean Constraints into SAT", JSAT 2006, section 5.3).

Counts are preferred, for they are shared among the gates of an adder or counter, until they are more than twice the
diagram. Paths can be as many as the weights are large, so that a diagram is given up where it outgrows the count: the
result is never larger than a few ANDs for each bit of each weight.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import gcd

from trix_circuits.logic.aig import FALSE, TRUE, Aig, AigBuilder
from trix_circuits.logic.netlist import Netlist

BONUS = 2
Core = tuple[
    tuple[tuple[int, int], ...], int
]  # ANDs over the literals 2, 4, ... of the inputs, and the output's literal


def bit_names(buses: Iterable[tuple[str, int]]) -> list[str]:
    """The name of each bit of (bus, width) pairs, lowest first: `a[0]`, `a[1]`, ..., or `a` if the bus has one bit."""
    return [name if width == 1 else f"{name}[{i}]" for name, width in buses for i in range(width)]


def aig_of(netlist: Netlist, name: str = "netlist") -> Aig:
    """The netlist as an AIG with the same inputs and outputs, bit by bit, named as `bit_names` does."""
    builder = AigBuilder(bit_names(netlist.inputs.items()))
    drivers = [net for nets in netlist.outputs.values() for net in nets]
    literals = gate_literals(builder, netlist)
    names = bit_names((name, len(nets)) for name, nets in netlist.outputs.items())
    return builder.finish(name, [(name, literals[net]) for name, net in zip(names, drivers, strict=True)])


def gate_literals(builder: AigBuilder, netlist: Netlist) -> list[int]:
    """Make all gates of a netlist over the builder's first inputs; the literal of each net."""
    literals = [builder.input(i) for i in range(netlist.input_bits)]
    for sources, weights, bias in netlist.gates():
        literals.append(gate_literal(builder, [literals[source] for source in sources], weights, bias))
    return literals


def gate_literal(builder: AigBuilder, literals: Sequence[int], weights: Sequence[int], bias: int) -> int:
    """A literal that is 1 iff sum(weights * literals) + bias >= 0. Any fan-in, any integers, literals in any order."""
    terms, threshold = positive(literals, weights, bias)
    late = _fed_back(literals, weights)
    layers: list[tuple[bool, list[int]]] = []  # from the outside in: (needed or enough?, which literals)
    while True:
        divisor = gcd(*(weight for _, weight in terms)) or 1
        terms, threshold = [(literal, weight // divisor) for literal, weight in terms], -(-threshold // divisor)
        slack = sum(weight for _, weight in terms) - threshold
        if threshold <= 0 or slack < 0:
            found = TRUE if threshold <= 0 else FALSE
            break
        if any(weight > slack for _, weight in terms):
            layers.append((True, [literal for literal, weight in terms if weight > slack]))
            threshold -= sum(weight for _, weight in terms if weight > slack)
            terms = [(literal, weight) for literal, weight in terms if weight <= slack]
        elif any(weight >= threshold for _, weight in terms):
            layers.append((False, [literal for literal, weight in terms if weight >= threshold]))
            terms = [(literal, weight) for literal, weight in terms if weight < threshold]
        else:
            ands, output = core(
                tuple(-weight if literal >> 1 in late else weight for literal, weight in terms), threshold
            )
            found = _place(builder, ands, output, [literal for literal, _ in terms])
            break
    for needed, others in reversed(layers):
        found = builder.all_of([*others, found]) if needed else builder.any_of([*others, found])
    return found


def _fed_back(literals: Sequence[int], weights: Sequence[int]) -> set[int]:
    """The variables whose weights have the sign of the one that is larger than all of the other sign, if there is one.

    In counters and adders these are the higher bits of the sum of all others, which the gate reads to take them off.
    """
    highest, lowest = max(weights, default=0), min(weights, default=0)
    if highest <= 0 or lowest >= 0 or highest == -lowest:
        return set()
    sign = 1 if highest > -lowest else -1
    return {literal >> 1 for literal, weight in zip(literals, weights, strict=True) if weight * sign > 0}


def positive(literals: Sequence[int], weights: Sequence[int], bias: int) -> tuple[list[tuple[int, int]], int]:
    """The same gate as sum(positive weight * literal) >= threshold, each variable once, the largest weights first."""
    by_variable: dict[int, int] = {}
    threshold = -bias
    for literal, weight in zip(literals, weights, strict=True):
        if literal & 1:  # w * ~x = w - w * x
            threshold, weight = threshold - weight, -weight
        if literal > TRUE:
            by_variable[literal & ~1] = by_variable.get(literal & ~1, 0) + weight
    threshold -= sum(min(weight, 0) for weight in by_variable.values())
    terms = [(literal + (weight < 0), abs(weight)) for literal, weight in by_variable.items() if weight]
    return sorted(terms, key=lambda term: (-term[1], term[0])), threshold


def _place(builder: AigBuilder, ands: Iterable[tuple[int, int]], output: int, inputs: Sequence[int]) -> int:
    """Copy a core onto these input literals."""
    literals = [FALSE, *inputs]
    for a, b in ands:
        literals.append(builder.and_(literals[a >> 1] ^ a & 1, literals[b >> 1] ^ b & 1))
    return literals[output >> 1] ^ output & 1


@lru_cache(maxsize=1 << 15)
def core(weights: tuple[int, ...], threshold: int) -> Core:
    """The construction of sum(|weights| * inputs) >= threshold, |weights| descending, that is to be taken.

    A negative weight marks an input that is fed back (`_fed_back`), which `_count` heeds. Counting may take up to twice
    the ANDs of the diagram, since the gates of a block share its adders: so a majority takes 5 ANDs, not 4, but a full
    adder of two gates 7, not 10, and a 32-bit adder of E2M1 gates 224, not 690.
    """
    counted = _count(weights, threshold)
    walked = _paths(tuple(abs(weight) for weight in weights), threshold, len(counted[0]) // BONUS)
    return walked if walked is not None and BONUS * len(walked[0]) < len(counted[0]) else counted


def _core_of(builder: AigBuilder, literal: int) -> Core:
    """What a builder holds, without ANDs that the literal does not need."""
    aig = builder.finish("core", [("y", literal)])
    return tuple(zip(aig.left.tolist(), aig.right.tolist(), strict=True)), int(aig.outputs[0])


def _count(weights: tuple[int, ...], threshold: int) -> Core:
    """The sum in binary, compared with the threshold; inputs that are fed back join when the others are added up.

    So the sum of the others is the same logic in all gates of a counter or an adder's block, and what is fed back, being
    a bit of that very sum, cancels.
    """
    builder = AigBuilder(f"x{i}" for i in range(len(weights)))
    width = sum(abs(weight) for weight in weights).bit_length()
    plain: list[deque[int]] = [deque() for _ in range(width + 1)]
    late: list[deque[int]] = [deque() for _ in range(width + 1)]
    for i, weight in enumerate(weights):
        for place in range(abs(weight).bit_length()):
            if abs(weight) >> place & 1:
                (plain if weight > 0 else late)[place].append(builder.input(i))
    for columns in (plain, late):
        for place in range(width):
            column = columns[place]
            if columns is late:
                column.extendleft(reversed(plain[place]))
            while len(column) > 1:
                a, b, c = column.popleft(), column.popleft(), column.popleft() if column else FALSE
                odd = builder.xor(a, b)
                column.append(builder.xor(odd, c))
                columns[place + 1].append(builder.or_(builder.and_(a, b), builder.and_(odd, c)))
    at_least = TRUE
    for place in range(width):
        bit = late[place][0] if late[place] else FALSE
        at_least = builder.and_(bit, at_least) if threshold >> place & 1 else builder.or_(bit, at_least)
    return _core_of(builder, at_least)


def _paths(weights: tuple[int, ...], threshold: int, most: int) -> Core | None:
    """The decision diagram; None if it takes more than so many nodes."""
    count = len(weights)
    builder = AigBuilder(f"x{i}" for i in range(count))
    rest = [0] * (count + 1)  # the sum of the weights from i on
    for i in reversed(range(count)):
        rest[i] = rest[i + 1] + weights[i]
    # Of each level: nodes as (low, high, literal), for all thresholds low < t <= high, sorted.
    lows: list[list[int]] = [[] for _ in range(count + 1)]
    nodes: list[list[tuple[int, int, int]]] = [[] for _ in range(count + 1)]

    far = 2 * rest[0] + 1

    def known(level: int, wanted: int) -> tuple[int, int, int] | None:
        """Interval and literal, if that node is made or a constant."""
        if wanted <= 0:
            return (-far, 0, TRUE)
        if wanted > rest[level]:
            return (rest[level], far, FALSE)
        at = bisect_right(lows[level], wanted - 1) - 1
        return nodes[level][at] if at >= 0 and nodes[level][at][1] >= wanted else None

    made = 0
    stack = [(0, threshold)]
    while stack:
        level, wanted = stack[-1]
        if known(level, wanted) is not None:
            stack.pop()
            continue
        one, zero = known(level + 1, wanted - weights[level]), known(level + 1, wanted)
        if one is None:
            stack.append((level + 1, wanted - weights[level]))
            continue
        if zero is None:
            stack.append((level + 1, wanted))
            continue
        made += 1
        if made > most:
            return None
        low, high = max(one[0] + weights[level], zero[0]), min(one[1] + weights[level], zero[1])
        literal = builder.or_(zero[2], builder.and_(builder.input(level), one[2]))
        at = bisect_right(lows[level], low)
        lows[level].insert(at, low)
        nodes[level].insert(at, (low, high, literal))
        stack.pop()
    found = known(0, threshold)
    return _core_of(builder, FALSE if found is None else found[2])
