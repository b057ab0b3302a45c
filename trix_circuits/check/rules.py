"""The rules: how one claim about nets follows from gates and from claims proven before.

window  A claim holds for every input if it holds in each row over chosen *leaves*, all gates between the leaves and
        the claim being evaluated, save the rows that contradict claims proven before. For: whatever the input, the
        leaves have some values; that is one of the rows, and the gates then have the values that were evaluated.
        Leaves may be counted: if every gate and claim reads a group of n leaves with one and the same weight, it sees
        only how many of them are 1, and the numbers 0 to n stand for all 2^n rows: sum(w * x_i) = w * sum(x_i).
form    A gate fires iff its form F >= 0. If E = 0 for every input, F + kE has the same value; if d divides every
        coefficient, then dG + c >= 0 iff G >= -c/d iff G + floor(c/d) >= 0, for G is an integer; and not F >= 0 iff
        -F - 1 >= 0. Two nets whose forms come to the same in this way are equal, without a row.
sum     Equations with integer multipliers add up to an equation.
bounds  A clause over literals follows from one gate if, all its literals being false, the gate's sum is surely < 0
        where the gate should fire, or surely >= 0 where it should not (in steps.py).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .limits import MAX_LEAVES, Refused, TooLarge, Work, require
from .nets import ONE, Gates, Linear

CHUNK = 15  # rows are evaluated 2^CHUNK at a time, so that planes stay in cache

Leaf = int | list[int]  # a net, or nets that are counted
Part = tuple[tuple[tuple[int, int], ...], bool, int | None]  # a claim over places


@dataclass
class Claim:
    """`terms` is 0 (modulo 2^bits if given) for every input; or >= 0, where it is no equation."""

    terms: Linear
    equation: bool = True
    bits: int | None = None


def canonical(form: Mapping[int, int]) -> tuple[tuple[tuple[int, int], ...], int]:
    """The one way to write that a form is >= 0: coefficients without common divisor, the constant rounded down."""
    terms = {net: weight for net, weight in form.items() if weight and net != ONE}
    bias = form.get(ONE, 0)
    low, high = (bias + sum(bound(0, weight) for weight in terms.values()) for bound in (min, max))
    if low >= 0 or high < 0:
        return (), 0 if low >= 0 else -1
    step = math.gcd(*terms.values())
    return tuple(sorted((net, weight // step) for net, weight in terms.items())), bias // step


def column_sum(
    terms: Iterable[tuple[int, int]], full_adder: Callable[[int, int, int], tuple[int, int]], zero: int, width: int
) -> list[int]:
    """The low `width` bits of sum(bit * weight), weights positive: bits of equal weight are added three at a time."""
    columns: list[list[int]] = [[] for _ in range(width + 1)]
    for bit, weight in terms:
        for i in range(min(width, weight.bit_length())):
            if weight >> i & 1:
                columns[i].append(bit)
    for i, column in enumerate(columns[:width]):
        column.reverse()
        while len(column) > 1:
            total, carry = full_adder(column.pop(), column.pop(), column.pop() if column else zero)
            column.append(total)
            columns[i + 1].append(carry)
    return [column[0] if column else zero for column in columns[:width]]


def _plane_adder(a: int, b: int, c: int) -> tuple[int, int]:
    odd = a ^ b
    return odd ^ c, a & b | odd & c


def evaluate(terms: Sequence[tuple[int, int]], constant: int, ones: int, bits: int | None) -> tuple[int, int]:
    """The rows where sum(plane * weight) + constant is >= 0, and those where it is 0 (modulo 2^bits if given).

    A plane is an integer with a bit for each row; `ones` has all of them set.
    """
    target = -constant - sum(min(weight, 0) for _, weight in terms)  # -w * x = w * (1 - x) - w
    positive = [(plane, weight) if weight > 0 else (plane ^ ones, -weight) for plane, weight in terms]
    width = max(sum(weight for _, weight in positive), abs(target)).bit_length() if bits is None else bits
    at_least = same = ones
    for i, plane in enumerate(column_sum(positive, _plane_adder, 0, width)):
        at_least = at_least & plane if target >> i & 1 else at_least | plane
        same &= plane if target >> i & 1 else plane ^ ones
    return (at_least, same) if target >= 0 or bits is not None else (ones, 0)


class Window:
    """The leaves of one window and their places among its planes: 0 is the constant 1, then leaves and counts."""

    def __init__(self, nets: Gates, leaves: Sequence[Leaf]) -> None:
        self.place, self.free = {ONE: 0}, 0
        # Of a counted net, the place of the lowest bit of the count; of such a place, how many nets are counted there.
        self.group, self.sizes = dict[int, int](), dict[int, int]()
        for leaf in leaves:
            if isinstance(leaf, int):
                self.free += self.place.setdefault(nets.find(2 * leaf) >> 1, self.free + 1) > self.free
            else:
                self.sizes[self.free + 1] = len(leaf)
                self.group |= {nets.find(2 * net) >> 1: self.free + 1 for net in leaf}
                self.free += len(leaf).bit_length()
        once = len(self.group) == sum(self.sizes.values()) and self.group.keys().isdisjoint(self.place)
        require(once, "a counted leaf must be a leaf once", Refused)
        require(self.free <= MAX_LEAVES, f"a window has {self.free} leaves; the limit is {MAX_LEAVES}", TooLarge)

    def placed(self, form: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
        """A form over places, counted leaves by the bits of their count."""
        counted: dict[int, list[int]] = {}
        for net in self.group.keys() & form.keys():
            counted.setdefault(self.group[net], []).append(form[net])
        terms = [(self.place[net], weight) for net, weight in form.items() if net not in self.group]
        for low, weights in counted.items():
            alike = len(weights) == self.sizes[low] and len(set(weights)) == 1
            require(alike, "counted leaves must be read together, with one weight", Refused)
            terms += [(low + i, weights[0] << i) for i in range(len(weights).bit_length())]
        return tuple(terms)

    def counts(self) -> list[Part]:
        """No count is beyond its number of nets."""
        return [
            (((0, size), *((low + i, -1 << i) for i in range(size.bit_length()))), False, None)
            for low, size in self.sizes.items()
            if size & (size + 1)
        ]


class Windows:
    """Decides claims over windows. Windows of the same shape are evaluated once."""

    def __init__(self, nets: Gates, work: Work | None = None, memo: dict[Any, int | None] | None = None) -> None:
        self.nets, self.work, self.rows = nets, work or nets.work, 0
        self.memo = {} if memo is None else memo  # shape -> least failing row, or None

    def failure(self, leaves: Sequence[Leaf], claims: Sequence[Claim]) -> int | None:
        """The least row in which the first claim is false and all others are true; None if there is none.

        Equal nets count as one; but the nets of the claims, if they are no leaves, go by the gates of their own.
        """
        window, own = Window(self.nets, leaves), self.nets
        place, group = window.place, window.group
        chosen = {net for leaf in leaves for net in ([leaf] if isinstance(leaf, int) else leaf)}
        terms = sum(len(claim.terms) for claim in claims)
        self.work.spend(8 + 3 * len(chosen) + 4 * terms, 120 * terms)
        forms = [own.reduced(claim.terms, chosen) for claim in claims]
        stack, cost = [net for form in forms for net in form], 0
        found: dict[int, Linear] = {}
        while stack:  # the gates between the leaves and the claims
            net = stack.pop()
            if net not in place and net not in group and net not in found:
                found[net] = form = own.form(net)
                if net in form:
                    raise Refused(f"a lemma's window is open at net {net}")
                cost += 8 + 2 * len(form)
                stack += form
        self.work.spend(cost)
        gates: list[tuple[tuple[tuple[int, int], ...], int]] = []
        for net in sorted(found, key=own.rank):  # in order, since gates read nets of lower rank
            bias = found[net].pop(ONE, 0)
            gates.append((window.placed(found[net]), bias))
            place[net] = window.free + len(gates)
        parts = [(window.placed(form), c.equation, c.bits) for form, c in zip(forms, claims, strict=True)]
        parts += window.counts()
        shape = (window.free, tuple(gates), tuple(parts))
        if shape not in self.memo:
            every = [terms for terms, _ in gates] + [terms for terms, *_ in parts]
            bits = sum(2 + w.bit_length() for terms in every for _, w in terms) + sum(c.bits or 0 for c in claims)
            self.work.spend(bits * (2 + (1 << window.free >> 12)), 200 * len(gates) + 100 * sum(map(len, every)))
            self.memo[shape] = _decide(*shape)
        self.rows += 1 << window.free
        return self.memo[shape]


def _decide(
    leaves: int, gates: Sequence[tuple[tuple[tuple[int, int], ...], int]], claims: Sequence[Part]
) -> int | None:
    ones = (1 << (1 << (low := min(leaves, CHUNK)))) - 1
    patterns = [ones // ((1 << (1 << i)) + 1) << (1 << i) for i in range(low)]  # the rows with bit i set
    for chunk in range(1 << leaves - low):
        planes = [ones, *patterns, *(ones if chunk >> i & 1 else 0 for i in range(leaves - low))]
        for terms, bias in gates:
            planes.append(evaluate([(planes[place], weight) for place, weight in terms], bias, ones, None)[0])
        bad = ones
        for k, (terms, equation, bits) in enumerate(claims):
            holds = evaluate([(planes[place], weight) for place, weight in terms], 0, ones, bits)[equation]
            bad &= holds if k else holds ^ ones
        if bad:
            return chunk << low | (bad & -bad).bit_length() - 1
    return None
