"""Adders of low depth: a parallel prefix over signed digits, radix 4 in E2M1.

Over a group of bits, D = sum 2^i (a_i + b_i) - (2^m - 1) is positive if the group generates a carry, negative if it
kills one, and 0 if it passes one on. Only the sign matters, and it is kept as two nets, g = [D >= 1] and n = [D <= -1].
The sign of a chain of groups is that of sum 2^i (g_i - n_i): the highest group that is not 0 decides. So a group of
groups is again two gates, with weights +-1, +-2, +-4, +-8 (up to four groups in E2M1), and a carry is one gate over the
groups below it. (Prefix adders: Ladner and Fischer, J. ACM 1980; carry look-ahead with threshold gates: Siu, Roychowdhury
and Kailath, Discrete Neural Computation, 1995.) With radix 4 the depth is ceil(log4 n) + 2.

Proof: with ghosts for the plain ripple carries C_i, each group from s to e satisfies C_e = [g - n + C_s >= 1] and
g + n <= 1: for one bit by its rows, for groups of groups by the same facts about their parts. A carry net equals C_i
that way, and each bit is an identity a_i + b_i + C_i = s_i + 2 C_(i+1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trix_circuits.certificate import Block, Draft, Prover
from trix_circuits.check import ONE
from trix_circuits.compose.kit import Kit
from trix_circuits.formats import WeightFormat


@dataclass(frozen=True)
class _Plan:
    """A group to be made: its bits low .. high - 1 and its parts."""

    low: int
    high: int
    parts: tuple[_Plan, ...]


@dataclass(frozen=True)
class _Group:
    """Bits low .. high - 1 as a signed digit; `parts` are the groups it is made of, none for a single bit."""

    low: int
    high: int
    generates: int
    kills: int
    parts: tuple[_Group, ...] = ()


class _Prefix:
    """The groups and carries of one adder."""

    def __init__(self, kit: Kit, a: Sequence[int], b: Sequence[int], carry: int) -> None:
        self.kit, self.a, self.b, self.cin = kit, a, b, carry
        self.radix = 4
        while self.radix > 2 and not kit.fits([*_alternating(self.radix), 1], -1):
            self.radix -= 1
        self.groups: dict[tuple[int, int], _Group] = {}
        self.carries: dict[int, tuple[int, tuple[_Group, ...]]] = {}  # position -> net, groups below it, highest last

    def cover(self, low: int, high: int, allowed: int, level: int) -> list[_Plan] | None:
        """At most `allowed` groups over the bits low .. high - 1, each a tree of at most so many levels; None if none.

        Large groups start at multiples of their size, so that many carries share them.
        """
        if high - low <= allowed:
            return [_Plan(i, i + 1, ()) for i in range(low, high)]
        size = self.radix**level
        whole, rest = divmod(high - low, size)
        if level == 0 or whole + (rest > 0) > allowed:
            return None
        plans = [self._one(low + i * size, low + (i + 1) * size, level) for i in range(whole)]
        if rest:
            start = low + whole * size
            plans += self.cover(start, high, allowed - whole, level - 1) or [self._one(start, high, level)]
        return plans

    def _one(self, low: int, high: int, level: int) -> _Plan:
        return _Plan(low, high, tuple(self.cover(low, high, self.radix, level - 1) or ()))

    def group(self, plan: _Plan) -> _Group:
        """Make the group of a plan, unless it is there."""
        key = (plan.low, plan.high)
        if key not in self.groups:
            parts = tuple(self.group(part) for part in plan.parts)
            if len(parts) == 1:
                return parts[0]
            if parts:
                sources, weights = _nets(parts), _alternating(len(parts))
                generates, kills = (
                    self.kit.gate(sources, weights, -1),
                    self.kit.gate(sources, [-w for w in weights], -1),
                )
            else:
                bits = [self.a[plan.low], self.b[plan.low]]
                generates, kills = self.kit.gate(bits, [1, 1], -2), self.kit.gate(bits, [-1, -1], 0)
            self.groups[key] = _Group(*key, generates, kills, parts)
        return self.groups[key]

    def carry(self, position: int, level: int) -> int:
        """The carry into a position: [sum 2^i (g_i - n_i) + cin >= 1]; cin decides where all groups pass it on."""
        parts = tuple(self.group(plan) for plan in self.cover(0, position, self.radix, level) or ())
        net = self.kit.gate([*_nets(parts), self.cin], [*_alternating(len(parts)), 1], -1)
        self.carries[position] = (net, parts)
        return net


def _nets(parts: Sequence[_Group]) -> list[int]:
    return [net for part in parts for net in (part.generates, part.kills)]


def _alternating(count: int) -> list[int]:
    return [sign << i for i in range(count) for sign in (1, -1)]


def adder(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """sum = a + b + cin with depth O(log bits): s_i = [a_i + b_i + c_i - 2 c_(i+1) >= 1], all carries being made at once."""
    kit = Kit(form, {"a": bits, "b": bits, "cin": 1}, max_fan_in)
    tree = _Prefix(kit, kit["a"], kit["b"], kit["cin"][0])
    level = 0
    while tree.radix ** (level + 1) < bits:
        level += 1
    carries = [tree.cin, *(tree.carry(position, level) for position in range(1, bits + 1))]
    result = []
    for i, (x, y) in enumerate(zip(tree.a, tree.b, strict=True)):
        result.append(kit.gate([x, y, carries[i], carries[i + 1]], [1, 1, 1, -2], -1))
    netlist = kit.builder.finish({"sum": [*result, carries[-1]]})
    return Draft(f"adder{bits}", netlist, ("sum = a + b + cin",), evidence=_Evidence(tree, result), defaults={"cin": 0})


@dataclass(frozen=True)
class _Evidence:
    """Proposes the lemmas of a prefix adder to a prover; see the head of this file."""

    tree: _Prefix
    result: Sequence[int]

    def __call__(self, prover: Prover) -> list[Block]:
        tree, nets = self.tree, prover.nets
        ripple = [tree.cin]
        for x, y in zip(tree.a, tree.b, strict=True):
            ripple.append(nets.gate((x, y, ripple[-1]), (1, 1, 1), -2))
        facts: dict[tuple[int, int], tuple[int, int]] = {}  # group -> lemmas C_e = [g - n + C_s >= 1] and g + n <= 1

        def passes(group: _Group) -> int:
            return nets.gate((group.generates, group.kills, ripple[group.low]), (1, -1, 1), -1)

        def prove(group: _Group) -> tuple[int, int]:
            key = (group.low, group.high)
            if key not in facts:
                end = ripple[group.high]
                given = [lemma for part in group.parts for lemma in prove(part)]
                if group.parts:
                    leaves = {net for part in group.parts for net in (part.generates, part.kills, ripple[part.high])}
                else:
                    leaves = {tree.a[group.low], tree.b[group.low]}
                window = sorted(leaves | {ripple[group.low]})
                one_of = {group.generates: -1, group.kills: -1, ONE: 1}
                facts[key] = (
                    prover.require(window, {end: 1, passes(group): -1}, given),
                    prover.require(window, one_of, given, equation=False),
                )
            return facts[key]

        equal: dict[int, list[int]] = {0: []}
        for at, (net, parts) in sorted(tree.carries.items()):
            given = [lemma for part in parts for lemma in prove(part)]
            leaves = {net for part in parts for net in (part.generates, part.kills, ripple[part.high])} | {tree.cin}
            equal[at] = [prover.require(sorted(leaves), {net: 1, ripple[at]: -1}, given)] if net != ripple[at] else []
        blocks = []
        nets_of = {0: tree.cin, **{at: net for at, (net, _) in tree.carries.items()}}
        for i, (x, y) in enumerate(zip(tree.a, tree.b, strict=True)):
            window = sorted({x, y, nets_of[i], ripple[i], nets_of[i + 1]})
            terms = {x: 1, y: 1, ripple[i]: 1, self.result[i]: -1, ripple[i + 1]: -2}
            tied = (*equal[i], *equal[i + 1])
            blocks.append(Block(tuple(window), terms, (self.result[i], ripple[i + 1]), 0, tied))
        last, end = nets_of[len(tree.a)], ripple[-1]
        if last != end:
            blocks.append(Block((last, end), {end: 1, last: -1}, (last,), 0, tuple(equal[len(tree.a)])))
        return blocks
