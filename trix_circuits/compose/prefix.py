"""Carries of low depth: signed digits of spans of bits, combined some at a time by single gates.

A carry obeys c' = [d + c >= 1] with d in {-1, 0, 1}: d = a + b - 1 in an adder, b - a in a comparison or a subtraction.
A span of bits acts in the same way, with the sign of sum(2^i * d_i) as its digit, and a sign is two nets: (g) the sum
is at least 1, (n) it is at most -1. So one gate says

    g of some digits          [sum(2^i * (g_i - n_i)) >= 1]
    the carry out of them     [sum(2^i * (g_i - n_i)) + c >= 1]

over as many digits as the weights of the format reach: 3 bits, 5 digits, or a carry and 4 digits in E2M1, 2 digits in
ternary. Depth l thus reaches 3, 15, 75, 375, ... bits. (Radix-2 prefixes: Kogge and Stone 1973, Brent and Kung 1982;
signed digits: Avizienis 1961. That the sign of a sum of signs is one threshold gate is what makes the radix larger.)

The weights are the least that decide right: a digit must outweigh what is below it; the lowest digit of a sign needs
one net only, and a digit that is never 1 has no such net. Times are counted in gates; where a carry is early, the bits
below it read each other in place of carries of their own, which saves those.

Proof: the plain ripple carries C_i are ghosts. Of every span it is shown that C_end = [g - n + C_start >= 1], from the
same of its parts; of every carry net, that it is C_i. Then each bit of a sum is an identity of the ledger.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trix_circuits.check import ONE
from trix_circuits.compose.kit import Kit
from trix_circuits.evidence.prover import Block, Prover

ZERO = -1  # in place of a net: always 0
_MOST = 5  # bits or digits that one gate takes: a window of the proof has three leaves a digit


@dataclass(frozen=True)
class Place:
    """One bit position: its digit is sum(weight * net) + constant, which is -1, 0 or 1."""

    low: int
    terms: tuple[tuple[int, int], ...]
    constant: int

    @property
    def high(self) -> int:
        return self.low + 1

    @property
    def peak(self) -> int:
        """Whether the digit can be 1."""
        return min(1, self.constant + sum(weight for _, weight in self.terms if weight > 0))


@dataclass(frozen=True)
class Digit:
    """The sign of the bits from low up to high, made from parts: `above` is 1 iff it is 1, `below` iff it is -1.

    `above` is ZERO if the sign is never 1.
    """

    low: int
    high: int
    above: int
    below: int
    parts: tuple[Digit | Place, ...] = ()

    @property
    def peak(self) -> int:
        """Whether the digit can be 1."""
        return int(self.above != ZERO)


Part = Digit | Place
Gate = tuple[list[int], list[int], int]  # sources, weights, bias


@dataclass(frozen=True)
class Carry:
    """The net of a carry, made from an earlier one and the parts between."""

    net: int
    base: int
    parts: tuple[Part, ...]
    inverse: bool = False


_SOME = -2  # in place of a net: some net or other


def weigh(parts: Sequence[Part], base: int, sign: int) -> Gate:
    """Sources, weights and bias of: the sign of the parts (times `sign`) is 1, or it is 0 and the base is 1."""
    terms: list[tuple[int, int]] = [] if base == ZERO else [(base, 1)]
    most, least, bias = int(base != ZERO), 0, -1  # of the sum so far
    for part in parts:
        up, down = 1 - least, most
        rises, falls = (part.peak, 1) if sign > 0 else (1, part.peak)
        if isinstance(part, Place):
            up = down = max(up * rises, down * falls, 1)
            terms += [(net, sign * up * weight) for net, weight in part.terms]
            bias += sign * up * part.constant
        else:
            pair = (part.above, part.below) if sign > 0 else (part.below, part.above)
            terms += [(pair[0], up), (pair[1], -down)]
        most, least = most + up * rises, least - down * falls
    kept = [(net, weight) for net, weight in terms if weight and net != ZERO]
    return [net for net, _ in kept], [weight for _, weight in kept], bias


class Carries:
    """Makes the carries over places from the net `first` of the carry into the lowest, or ZERO.

    `block` is how many bits, `radix` how many digits one gate takes as a sign, `reach` how many digits beside a carry.
    """

    def __init__(self, kit: Kit, places: Sequence[Place], first: int) -> None:
        self.kit, self.places = kit, places
        self.digits: dict[tuple[int, int], Digit] = {}
        self.carries: dict[int, Carry] = {0: Carry(first, 0, ())}
        self.twins: dict[int, Carry] = {}
        self._levels: dict[int, int] = {}
        place = max(places, key=lambda place: (place.peak, len(place.terms)))
        digit = Digit(0, 1, -3 if place.peak else ZERO, -4)
        signs = [(ZERO, 1), (ZERO, -1)] if place.peak else [(ZERO, -1)]
        ways = [*signs, (ZERO if first == ZERO else _SOME, 1)]
        self.block = self._most(lambda k: all(self._fits([place] * k, base, sign) for base, sign in ways))
        self.radix = max(2, self._most(lambda k: self._fits([digit] * k, ZERO, 1)))
        self.reach = self._most(lambda k: self._fits([digit] * k, _SOME, 1))
        self.anchors = [0, self.block]  # how far the carries of each level go
        while self.anchors[-1] < len(places):
            self.anchors.append(self.anchors[-1] + self.reach * self.span(len(self.anchors) - 1))

    @staticmethod
    def _most(fits: Callable[[int], bool]) -> int:
        return max([k for k in range(1, _MOST + 1) if fits(k)], default=1)

    def _fits(self, parts: Sequence[Part], base: int, sign: int) -> bool:
        _, weights, bias = weigh(parts, base, sign)
        return self.kit.fits(weights, bias)

    def span(self, level: int) -> int:
        """Bits of a full digit of this level."""
        return int(self.block * self.radix ** (level - 1))

    def level(self, net: int) -> int:
        """Gates on the longest way to a net."""
        if net < self.kit.builder.input_bits:
            return 0
        stack = [net]
        while stack:
            sources = self.kit.builder.gate_at(stack[-1])[0]
            open_ones = [s for s in sources if s >= self.kit.builder.input_bits and s not in self._levels]
            if open_ones:
                stack += open_ones
            else:
                self._levels[stack.pop()] = 1 + max((self._levels.get(s, 0) for s in sources), default=0)
        return self._levels[net]

    # ---- digits ------------------------------------------------------------------------------------------------------

    def digit(self, low: int, high: int, level: int) -> Digit:
        """The sign of a span of bits, in so many levels."""
        if (low, high) not in self.digits:
            parts = self._parts(low, high, self.radix, level - 1)
            if len(parts) == 1 and isinstance(parts[0], Digit):
                return parts[0]
            above = self.kit.gate(*weigh(parts, ZERO, 1)) if any(part.peak for part in parts) else ZERO
            below = self.kit.gate(*weigh(parts, ZERO, -1))
            self.digits[low, high] = Digit(low, high, above, below, parts)
        return self.digits[low, high]

    def _parts(self, low: int, high: int, slots: int, level: int) -> tuple[Part, ...]:
        """The span cut into at most so many digits of at most this level, or into its places at level 0."""
        if level == 0:
            return tuple(self.places[low:high])
        cuts = [low]
        for step in range(level, 0, -1):
            cuts += range(cuts[-1] + self.span(step), high + 1, self.span(step))
        cuts += [high] if cuts[-1] < high else []
        excess = len(cuts) - 1 - slots
        if excess > 0:  # some of the lesser digits become one, rather those that are there already
            whole = (high - low) // self.span(level)
            choices = range(whole, len(cuts) - 1 - excess)
            at = next((k for k in choices if (cuts[k], cuts[k + excess + 1]) in self.digits), whole)
            del cuts[at + 1 : at + excess + 1]
        return tuple(self.digit(x, y, level) for x, y in itertools.pairwise(cuts))

    # ---- carries -----------------------------------------------------------------------------------------------------

    def carry(self, position: int, level: int, *, inverse: bool = False) -> int:
        """The net of the carry into a position, in so many levels; or, where it is new, of its inverse."""
        if position not in self.carries:
            start = position - position % self.block
            if start < position and self._reached(start) < level:
                base, parts = start, self._parts(start, position, _MOST, 0)
                self.carry(base, level - 1)
            else:
                reached = self._reached(position)
                base = self.anchors[reached - 1]
                self.carry(base, reached - 1)
                parts = self._parts(base, position, self.reach, reached - 1)
            sources, weights, bias = weigh(parts, self.carries[base].net, 1)
            net = self.kit.gate(sources, [-w for w in weights] if inverse else weights, -1 - bias if inverse else bias)
            self.carries[position] = Carry(net, base, parts, inverse)
        return self.carries[position].net

    def _reached(self, position: int) -> int:
        """The least level of a carry into this position."""
        return next(level for level, end in enumerate(self.anchors) if position <= end)

    def twin(self, position: int) -> int | None:
        """A second net of the carry into a position; None if the format takes more than one gate for it."""
        carry = self.carries[position]
        if position not in self.twins:
            sources, weights, bias = weigh(carry.parts, self.carries[carry.base].net, 1)
            if not carry.parts or not self.kit.fits(weights, bias):
                return None
            self.twins[position] = Carry(self.kit.gate(sources, weights, bias, fresh=True), carry.base, carry.parts)
        return self.twins[position].net


class Evidence:
    """The ripple carries C_i (`plain`), and for each position the lemma that the carry net there equals it."""

    def __init__(self, made: Carries, prover: Prover) -> None:
        self.made, self.prover = made, prover
        self.plain = [prover.nets.zero if made.carries[0].net == ZERO else made.carries[0].net]
        for place in made.places:
            nets, weights = [net for net, _ in place.terms], [weight for _, weight in place.terms]
            self.plain.append(prover.nets.gate([*nets, self.plain[-1]], [*weights, 1], place.constant - 1))
        self._is_plain = set(self.plain)
        self._signs: dict[tuple[int, int], tuple[int, int]] = {}
        self.equal: dict[tuple[int, int], int] = {}  # position and carry net -> the lemma that it is the plain carry
        for digit in made.digits.values():
            self.sign(digit)
        for carries in (made.carries, made.twins):
            for position, carry in carries.items():
                if position:
                    self._carry(position, carry)

    def _window(self, parts: Iterable[Part]) -> tuple[list[int], list[int], list[int]]:
        """Leaves, lemmas that tie them, and of these the ones that say that a digit is only one of -1 and 1."""
        leaves, ties, exclusions = [self.plain[min(part.low for part in parts)]], [], []
        for part in parts:
            if isinstance(part, Place):
                leaves += [net for net, _ in part.terms]
            else:
                exclusive, tie = self.sign(part)
                leaves += [part.above, part.below, self.plain[part.high]]
                ties.append(tie)
                exclusions.append(exclusive)
        return self.free(leaves), [*exclusions, *ties], exclusions

    def free(self, nets: Iterable[int]) -> list[int]:
        """The nets save constants, and save those that are gates over others of them: these follow."""
        all_nets = self.prover.nets
        leaves = {net for net in nets if net != ZERO and all_nets.constant(net) is None}

        def follows(net: int) -> bool:
            gate = all_nets[net]
            return gate is not None and all(
                source in leaves or all_nets.constant(source) is not None for source in gate[0]
            )

        return [net for net in dict.fromkeys(nets) if net in leaves and not follows(net)]

    def sign(self, digit: Digit) -> tuple[int, int]:
        """Lemmas: above and below exclude each other; the carry after them is [above - below + the one before >= 1]."""
        key = digit.low, digit.high
        if key not in self._signs:
            leaves, ties, exclusions = self._window(digit.parts)
            nets = [net for net in leaves if net not in self._is_plain]
            pair = {digit.above: 1, digit.below: -1} if digit.peak else {digit.below: -1}
            limit = {**dict.fromkeys(pair, -1), ONE: 1}
            exclusive = self.prover.require(nets, limit, exclusions, equation=False)
            ghost = self.prover.nets.gate([*pair, self.plain[digit.low]], [*pair.values(), 1], -1)
            tie = self.prover.require(leaves, {self.plain[digit.high]: 1, ghost: -1}, ties)
            self._signs[key] = exclusive, tie
        return self._signs[key]

    def _carry(self, position: int, carry: Carry) -> None:
        base = self.made.carries[carry.base].net
        leaves, ties, _ = self._window(carry.parts)
        given = [self.equal[carry.base, base]] if carry.base else []
        terms = (
            {self.plain[position]: 1, carry.net: 1, ONE: -1}
            if carry.inverse
            else {self.plain[position]: 1, carry.net: -1}
        )
        self.equal[position, carry.net] = self.prover.require(self.free([base, *leaves]), terms, [*given, *ties])


class Sums:
    """The bits of sum(2^i * (d_i + 1)) + carry, or with sign -1 of sum(2^i * -d_i) - borrow, in so many levels
    after `ready`, that of the places."""

    def __init__(self, made: Carries, sign: int, depth: int, ready: int = 0) -> None:
        self.made, self.sign, self.depth, self.end = made, sign, depth, ready + depth
        self.bits: list[int] = []
        for low in range(0, len(made.places), made.block):
            self.bits += self._block(low, min(low + made.block, len(made.places)))
        self.carry = made.carries[len(made.places)].net

    def _terms(self, low: int, high: int) -> tuple[list[tuple[int, int]], int]:
        """The sum over some places and the carry into them, as terms and a constant."""
        terms, constant = [(self.made.carries[low].net, self.sign)], 0
        for place in self.made.places[low:high]:
            scale = self.sign << place.low - low
            terms += [(net, scale * weight) for net, weight in place.terms]
            constant += scale * place.constant + (scale if self.sign > 0 else 0)
        return terms, constant

    def _block(self, low: int, high: int) -> list[int]:
        """From the top down: a bit reads a higher carry and the bits between, if time allows, else its own carries."""
        made, level = self.made, self.made.level
        bits: list[int] = []
        start, end = made.carry(low, self.depth - 1), made.carry(high, self.depth - 1)
        above, top, ready = [(end, -self.sign << high - low)], high, max(level(start), level(end))
        for i in reversed(range(low, high)):
            gate = self._gate(low, top, i, above)
            if ready >= self.end or not made.kit.fits(gate[1], gate[2]):
                after, top = made.carry(i + 1, self.depth - 1), i + 1
                ready = max(level(start), level(after))
                base = i if i > low and ready + 2 > self.end else low
                made.carry(base, self.depth - 1)
                above = [(after, -self.sign << top - base)]
                gate = self._with_twin(self._gate(base, top, i, above), i + 1)
            net = made.kit.gate(*gate)
            ready = max(ready, level(net))
            above = [*above, (net, -1 << i - low)]
            bits.append(net)
        return bits[::-1]

    def _gate(self, low: int, top: int, i: int, above: Sequence[tuple[int, int]]) -> Gate:
        """The gate of bit i over the places low .. top - 1, given the carry out of them and the bits above i."""
        terms, constant = self._terms(low, top)
        terms += above
        return [net for net, _ in terms], [weight for _, weight in terms], constant - (1 << i - low)

    def _with_twin(self, gate: Gate, position: int) -> Gate:
        """The same gate; or, if the format has no such weight, with two nets of the carry in place of one."""
        nets, weights, bias = gate
        if self.made.kit.fits(weights, bias):
            return gate
        twin = self.made.twin(position)
        half = weights[-1] // 2
        if twin is None or not self.made.kit.fits([*weights[:-1], half, half], bias):
            return gate
        return [*nets, twin], [*weights[:-1], half, half], bias

    def blocks(self, prover: Prover) -> list[Block]:
        """An identity a block, over the plain carries."""
        evidence = Evidence(self.made, prover)
        found: list[Block] = []
        count = len(self.made.places)
        for low in range(0, count, self.made.block):
            high = min(low + self.made.block, count)
            terms, constant = self._terms(low, high)
            tables = (self.made.carries, self.made.twins)
            known = [(p, table[p].net) for table in tables for p in range(low, high + 1) if p in table]
            leaves = evidence.free([evidence.plain[low], *(net for net, _ in terms), *(net for _, net in known)])
            form: dict[int, int] = {}
            for net, weight in [
                (evidence.plain[low], self.sign),
                *terms[1:],
                (evidence.plain[high], -self.sign << high - low),
                *((self.bits[i], -1 << i - low) for i in range(low, high)),
            ]:
                form[net] = form.get(net, 0) + weight
            form = {net: weight for net, weight in form.items() if weight}
            given = tuple(evidence.equal[each] for each in known if each[0])
            outputs = (*self.bits[low:high], evidence.plain[high])
            found.append(Block(tuple(leaves), form, outputs, constant, given))
        last, plain = self.carry, evidence.plain[count]
        if last != plain:
            found.append(Block((last, plain), {plain: 1, last: -1}, (last,), 0, (evidence.equal[count, last],)))
        return found
