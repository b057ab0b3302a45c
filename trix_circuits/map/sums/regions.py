"""Regions: adders of an AIG joined into sums, each of which says what number some nodes write together.

Every adder found (`arithmetic`) is an identity: its leaves add up to total + 2 * carry. Where a node made by one adder
is read by one other and by nothing else, both belong together, and the ratio of their weights is known; the identities
of a connected set, times their weights, add up to

    sum(weight * input) + constant = sum(weight * output)   (mod 2^bits)

without the nodes between. If the outputs have different powers of two as weights, they are the digits of that number,
so that any other way to count gives the same outputs. Outputs of weight 2^bits and above need not be known, and one
that nothing reads (a `ghost`) may stand for a node that the AIG does not have.

Which adders: those that are demanded, found from the outputs down, where a node that an adder makes demands its leaves,
and any other AND what it reads. Regions must not wait for themselves: where an output comes back as an input by way of
other logic, the region is cut in stages. Adders that stand in the way of different weights are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.aig import Aig, Planes
from trix_circuits.map.sums.arithmetic import Adder, Candidates, find_adders, patterns, with_missing_sums
from trix_circuits.map.sums.arithmetic_merges import refuted_merges
from trix_circuits.map.sums.arithmetic_symmetric import with_counted_outputs

_ROUNDS = 60
_ATTEMPTS, _FRESH_WORDS, _REFUTING_WORDS = 8, 128, 8
_MOST_WORK = 20_000_000
Plane = npt.NDArray[np.uint64]
Terms = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One adder of a region: sum(leaves) = total + 2 * carry, times `weight`. Literals; None is a node that is not there.

    A total that is None is the sum modulo 2 of the leaves, a carry that is None their majority (of two: their AND).
    """

    leaves: tuple[int, ...]
    total: int | None
    carry: int | None
    weight: int


@dataclass(frozen=True, slots=True)
class Region:
    """sum(weight * input) + constant = sum(weight * output) mod 2^bits, over literals; outputs are its binary digits.

    Steps stand in topological order.
    """

    inputs: Terms
    constant: int
    outputs: Terms
    bits: int
    steps: tuple[Step, ...]


@dataclass
class Demand:
    """What the outputs of an AIG need if adders are taken as they are; variables are representatives.

    `maker` gives the adder that makes a variable, `readers` the adders that read it, `elsewhere` those variables that
    an AND or an output reads.
    """

    adders: list[Adder]
    maker: dict[int, int] = field(default_factory=dict)
    readers: dict[int, list[int]] = field(default_factory=dict)
    elsewhere: set[int] = field(default_factory=set)
    order: list[int] = field(default_factory=list)  # demanded variables, the latest first
    taken: set[int] = field(default_factory=set)  # demanded adders


@dataclass(frozen=True)
class Extraction:
    """Regions of an AIG; `same` gives the literal that stands for each variable's value.

    `aig` computes the same as the one given, with further nodes that regions speak of; `old` gives for each of its
    variables the one given, or -1. `lone` gives, for variables that adders outside of regions make, whether it is the
    total (else the carry), the leaves, and whether it is inverted.
    """

    aig: Aig
    regions: list[Region]
    same: list[int]
    old: list[int]
    lone: dict[int, tuple[bool, tuple[int, ...], int]]


def extract(aig: Aig, *, least: int = 2) -> Extraction:
    """The regions of at least so many adders, or of a whole one; a guess that agrees on some ten thousand patterns.

    What new patterns refute is sought again with these patterns.
    """
    more: Planes | None = None
    for attempt in range(_ATTEMPTS):
        found = _extract(aig, least, more)
        if not found.regions:
            return found
        wrong = _refutations(found, attempt)
        if wrong is None:
            wrong = refuted_merges(*_with_adders(found))
        if wrong is None:
            return found
        more = wrong if more is None else np.concatenate([more, wrong], axis=1)
    return Extraction(aig, [], [2 * v for v in range(aig.variables)], list(range(aig.variables)), {})


def _refutations(found: Extraction, attempt: int) -> Planes | None:
    """Input planes on which equal nodes differ or an adder is wrong, of fresh ones; None if there are none."""
    aig = found.aig
    planes = patterns(len(aig.input_names), _FRESH_WORDS, seed=100 + attempt)
    nodes = aig.simulate(planes)
    ones = ~np.uint64(0)
    same = np.array(found.same, dtype=np.int64)
    wrong = np.zeros(planes.shape[1], dtype=np.uint64)
    for v in np.flatnonzero(same != 2 * np.arange(len(same))).tolist():
        wrong |= nodes[v] ^ nodes[same[v] >> 1] ^ (ones if same[v] & 1 else np.uint64(0))

    def value(literal: int) -> Plane:
        plane: Plane = nodes[literal >> 1]
        return plane ^ ones if literal & 1 else plane

    for step in (step for region in found.regions for step in region.steps):
        a, b = (value(leaf) for leaf in step.leaves[:2])
        c = value(step.leaves[2]) if len(step.leaves) > 2 else np.zeros_like(a)
        if step.total is not None:
            wrong |= value(step.total) ^ a ^ b ^ c
        if step.carry is not None:
            wrong |= value(step.carry) ^ (a & b | c & (a | b))
    lanes = np.flatnonzero(np.unpackbits(wrong.view(np.uint8), bitorder="little"))[: 64 * _REFUTING_WORDS]
    if not len(lanes):
        return None
    lanes = np.resize(lanes, 64 * -(-len(lanes) // 64))
    bits = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little")[:, lanes]
    return np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little")).view(np.uint64)


def _with_adders(found: Extraction) -> tuple[Aig, list[int]]:
    """The AIG with the adders' totals and carries made of their leaves, each to be the same as the node taken for it."""
    aig = found.aig
    left, right, same = aig.left.tolist(), aig.right.tolist(), list(found.same)

    def add(a: int, b: int) -> int:
        left.append(max(a, b))
        right.append(min(a, b))
        same.append(2 * len(same))
        return 2 * (len(same) - 1)

    def xor(a: int, b: int) -> int:
        return add(add(a, b) ^ 1, add(a ^ 1, b ^ 1) ^ 1)

    def claim(leaves: Sequence[int], total: int | None, carry: int | None) -> None:
        a, b, *more = leaves
        half = xor(a, b)
        whole = xor(half, more[0]) if more else half
        both = add(add(a, b) ^ 1, add(half, more[0]) ^ 1) ^ 1 if more else add(a, b)
        for made, literal in ((whole, total), (both, carry)):
            if literal is not None:
                same[made >> 1] = literal ^ (made & 1)

    for region in found.regions:
        for step in region.steps:
            claim(step.leaves, step.total, step.carry)
    for v, (is_total, leaves, inverted) in found.lone.items():
        literal = 2 * v ^ inverted
        claim(leaves, literal if is_total else None, None if is_total else literal)
    sides = [np.array(side, dtype=np.int64) for side in (left, right)]
    return Aig(aig.name, aig.input_names, aig.output_names, sides[0], sides[1], aig.outputs), same


def _extract(aig: Aig, least: int, more: Planes | None) -> Extraction:
    given = aig.variables
    aig, old = with_missing_sums(with_counted_outputs(aig), more)
    found = find_adders(aig, [v for v, before in enumerate(old) if before >= given], more)
    old = [v if v < given else -1 for v in old]
    adders = _adders(aig, found)
    demand = _demand(aig, found, adders)
    ways = [_Parts(aig, found, demand, by_cone=by_cone).regions(least) for by_cone in (False, True)]
    regions, used = max(ways, key=lambda way: sum(len(region.steps) - 1 for region in way[0]))
    lone: dict[int, tuple[bool, tuple[int, ...], int]] = {}
    for v, number in demand.maker.items():
        if number not in used:
            adder = adders[number]
            is_total = adder.total is not None and adder.total >> 1 == v
            literal = adder.total if is_total else adder.carry
            assert literal is not None
            lone[v] = is_total, adder.leaves, literal & 1
    return Extraction(aig, regions, found.same, old, lone)


def _reads(aig: Aig, found: Candidates, v: int) -> tuple[int, int]:
    k = v - 1 - len(aig.input_names)
    return found.same[int(aig.left[k]) >> 1] >> 1, found.same[int(aig.right[k]) >> 1] >> 1


def _demand(aig: Aig, found: Candidates, adders: list[Adder]) -> Demand:
    """From the outputs down; adders that would have to wait for themselves are not taken."""
    banned: set[int] = set()
    while True:
        demand = Demand(adders)
        for number, adder in enumerate(adders):
            if number not in banned:
                for literal in (adder.total, adder.carry):
                    if literal is not None:
                        demand.maker.setdefault(literal >> 1, number)
        loops = _collect(aig, found, demand)
        if not loops:
            return demand
        banned |= loops


def _collect(aig: Aig, found: Candidates, demand: Demand) -> set[int]:
    """Fill in what is demanded, in depth-first order; or adders on loops, of which there must be none."""
    first = 1 + len(aig.input_names)
    left, right, same = aig.left.tolist(), aig.right.tolist(), found.same
    roots = [same[literal >> 1] >> 1 for literal in aig.outputs.tolist()]
    demand.elsewhere.update(roots)
    state = bytearray(aig.variables)  # 1 where the way down is open, 2 where it is done
    loops: set[int] = set()
    for root in roots:
        stack = [root]
        while stack:
            v = stack[-1]
            if state[v]:
                stack.pop()
                if state[v] == 1:
                    state[v] = 2
                    demand.order.append(v)
                continue
            state[v] = 1
            number = demand.maker.get(v)
            if number is not None:
                reads = [leaf >> 1 for leaf in demand.adders[number].leaves]
                if number not in demand.taken:
                    demand.taken.add(number)
                    for f in reads:
                        demand.readers.setdefault(f, []).append(number)
            elif v >= first:
                reads = [same[literal >> 1] >> 1 for literal in (left[v - first], right[v - first])]
                demand.elsewhere.update(reads)
            else:
                reads = []
            for f in reads:
                if state[f] == 0:
                    stack.append(f)
                elif state[f] == 1:
                    loops |= _backward(demand, stack, f, state)
    demand.elsewhere.discard(0)
    demand.order.reverse()
    if demand.order and 0 in demand.order:
        demand.order.remove(0)
    return loops


def _backward(demand: Demand, stack: list[int], end: int, state: bytearray) -> set[int]:
    """Of the adders on the open way from a variable to the top of the stack, those that make one before a leaf."""
    found = set()
    for v in reversed(stack):
        number = demand.maker.get(v)
        if state[v] == 1 and number is not None and max(leaf >> 1 for leaf in demand.adders[number].leaves) > v:
            found.add(number)
        if v == end:
            break
    return found


def _adders(aig: Aig, found: Candidates) -> list[Adder]:
    """Full adders, carries alone, and sums modulo 2 of two; the latter with a carry where that is needed elsewhere."""
    used = {literal >> 1 for adder in found.full for literal in (adder.total, adder.carry) if literal is not None}
    whole = [*found.full, *(Adder(leaves, None, 2 * v) for v, leaves in found.majorities.items() if v not in used)]
    used |= found.majorities.keys()
    pairs = [Adder(pair, 2 * v, None) for v, pair in found.xors.items() if v not in used]
    demand = _demand(aig, found, [*whole, *pairs])
    values = found.values
    assert values is not None
    halves: list[Adder] = []
    carried: set[int] = set()
    for number in sorted(demand.taken):
        adder = demand.adders[number]
        if len(adder.leaves) == 3 or adder.total is None:
            continue
        x, y = adder.leaves
        choices = []
        for turns in range(4):
            p, q = x ^ (turns & 1), y ^ (turns >> 1)
            carry = values.find(values.of(p) & values.of(q))
            if carry is None or carry >> 1 in (0, x >> 1, y >> 1) or carry >> 1 in carried:
                continue
            v = carry >> 1
            if v in demand.maker or not (v in demand.elsewhere or v in demand.readers):
                continue
            total = adder.total ^ (turns & 1) ^ (turns >> 1)
            choices.append(
                (len(demand.readers.get(v, ())) == 1 and v not in demand.elsewhere, Adder((p, q), total, carry))
            )
        if choices:
            best = max(choices, key=lambda choice: choice[0])[1]
            assert best.carry is not None
            carried.add(best.carry >> 1)
            halves.append(best)
        else:
            halves.append(adder)
    return [*whole, *halves]


class _Parts:
    """The connected sets of adders, and what is left out of them or cut.

    Where an output has a weight that a later one has as well, its adder is left out; or, `by_cone`, all adders that it
    depends on become a set of their own, as suits sums of sums, each of which is complete.
    """

    def __init__(self, aig: Aig, found: Candidates, demand: Demand, *, by_cone: bool) -> None:
        self.aig, self.found, self.demand, self.by_cone = aig, found, demand, by_cone
        self.alone: set[int] = set()  # adders that are joined with no other
        self.cut: set[int] = set()  # variables that must not join adders
        self.group: dict[int, list[int]] = {}
        self.power: dict[int, int] = {}
        self.sign: dict[int, int] = {}
        self.root: dict[int, int] = {}
        self.joined: set[int] = set()
        outputs = (found.literal(literal) for literal in aig.outputs.tolist())
        self.polarity = {literal >> 1: literal & 1 for literal in outputs}  # as outputs of the circuit read variables
        self.places: dict[int, int] = {}
        for place, v in enumerate(reversed(demand.order)):
            if v in demand.maker:
                self.places.setdefault(demand.maker[v], place)

    def regions(self, least: int) -> tuple[list[Region], set[int]]:
        """The regions of at least so many adders, or of one that is whole, and the adders in them."""
        for _ in range(_ROUNDS):
            self._join()
            if not self._leave_out_doubles() and not self._cut_loops():
                break
        else:
            return [], set()
        made: list[Region] = []
        used: set[int] = set()
        for members in self.group.values():
            if len(members) >= least or self._whole(members[0]):
                made.append(min((self._region(members, turn) for turn in (1, -1)), key=self._awkward))
                used.update(members)
        return sorted(made, key=lambda region: max(literal for literal, _ in region.outputs)), used

    def _awkward(self, region: Region) -> tuple[int, int]:
        """Inverted inputs and outputs that an inverter may have to be spent on, and ones in the constant."""
        inverted = sum(literal & 1 for literal, _ in region.inputs)
        inverted += sum(self.polarity.get(literal >> 1, literal & 1) != literal & 1 for literal, _ in region.outputs)
        return inverted, region.constant.bit_count()

    def _whole(self, number: int) -> bool:
        """Whether this is a full adder both of whose outputs are read."""
        adder, demand = self.demand.adders[number], self.demand
        return len(adder.leaves) == 3 and all(
            literal is not None and (literal >> 1 in demand.elsewhere or literal >> 1 in demand.readers)
            for literal in (adder.total, adder.carry)
        )

    # ---- joining -----------------------------------------------------------------------------------------------------

    def _find(self, number: int) -> tuple[int, int, int]:
        """The root of an adder's set, and the adder's power of two and sign relative to it."""
        path = []
        while self.parent[number] != number:
            path.append(number)
            number = self.parent[number]
        power, turn = 0, 0
        for each in reversed(path):
            power += self.offset[each]
            turn ^= self.turn[each]
            self.offset[each], self.turn[each], self.parent[each] = power, turn, number
        return number, power, turn

    def _join(self) -> None:
        """Union of adders along the variables between them, with their powers of two."""
        demand = self.demand
        self.parent = {number: number for number in demand.taken}
        self.offset = dict.fromkeys(demand.taken, 0)
        self.turn = dict.fromkeys(demand.taken, 0)
        self.joined.clear()
        for v in reversed(demand.order):
            maker, readers = demand.maker.get(v), demand.readers.get(v, ())
            if maker is None or len(readers) != 1 or v in demand.elsewhere or v in self.cut:
                continue
            reader = readers[0]
            if maker in self.alone or reader in self.alone:
                continue
            adder = demand.adders[maker]
            up = int(adder.carry is not None and adder.carry >> 1 == v)
            made = adder.carry if up else adder.total
            read = [leaf for leaf in demand.adders[reader].leaves if leaf >> 1 == v]
            (one, p, s), (two, q, t) = self._find(maker), self._find(reader)
            turn = s ^ t ^ int(made != read[0])
            if len(read) > 1 or (one == two and (p + up != q or turn)):
                continue
            if one != two:
                self.parent[two], self.offset[two], self.turn[two] = one, p + up - q, turn
            self.joined.add(v)
        self.group.clear()
        for number in sorted(demand.taken, key=self.places.__getitem__):
            root, power, turn = self._find(number)
            self.group.setdefault(root, []).append(number)
            self.power[number], self.sign[number] = power, -1 if turn else 1
            self.root[number] = root
        for members in self.group.values():
            lowest = min(self.power[number] for number in members)
            for number in members:
                self.power[number] -= lowest

    # ---- outputs must have different weights -------------------------------------------------------------------------

    def _outputs(self, members: Iterable[int]) -> list[tuple[int, int | None, int]]:
        """(power, variable or None for a ghost, adder) of all that a set makes and does not itself take in."""
        made = []
        for number in members:
            adder = self.demand.adders[number]
            for literal, up in ((adder.total, 0), (adder.carry, 1)):
                v = None if literal is None else literal >> 1
                if v is not None and not (v in self.demand.elsewhere or v in self.demand.readers):
                    v = None
                if v is None or v not in self.joined:
                    made.append((self.power[number] + up, v, number))
        return made

    def _leave_out_doubles(self) -> bool:
        """Set adders apart whose outputs have a weight that another output has; whether there were any."""
        before = len(self.alone) + len(self.cut)
        for ghosts in (True, False):
            for members in self.group.values():
                if len(members) > 1:
                    self._leave_out(members, ghosts)
            if len(self.alone) + len(self.cut) > before:
                return True
        return False

    def _leave_out(self, members: list[int], ghosts: bool) -> None:
        """Ghosts go first: a carry that is not there says that its adder is none; then what was made the earliest."""
        outputs = self._outputs(members)
        top = max((power for power, v, _ in outputs if v is not None), default=-1)
        by_power: dict[int, list[tuple[bool, int, int, int]]] = {}
        for power, v, number in outputs:
            if power <= top:
                by_power.setdefault(power, []).append((v is not None, self.places[number], number, v or 0))
                if ghosts and v is None and self.power[number] < power:
                    self.alone.add(number)
        double = [each for row in by_power.values() for each in sorted(row)[:-1]]
        if ghosts:
            self.alone.update(number for real, _, number, _ in double if not real)
        elif self.by_cone and len(double) * len(members) < _MOST_WORK:
            self._cut_cones(members, [number for _, _, number, _ in double])
        else:
            self.alone.update(number for _, _, number, _ in double)

    def _cut_cones(self, members: list[int], tops: list[int]) -> None:
        """Cut a set where the tops that are reached change."""
        demand = self.demand
        reaches = dict.fromkeys(members, 0)
        for k, number in enumerate(tops):
            reaches[number] |= 1 << k
        crossing: list[tuple[int, int, int]] = []
        for number in reversed(members):
            for leaf in demand.adders[number].leaves:
                if leaf >> 1 in self.joined:
                    below = demand.maker[leaf >> 1]
                    reaches[below] |= reaches[number]
                    crossing.append((leaf >> 1, below, number))
        cut = {v for v, below, number in crossing if reaches[below] != reaches[number]}
        if cut <= self.cut:
            self.alone.update(tops)
        self.cut |= cut

    # ---- no loops ----------------------------------------------------------------------------------------------------

    def _cut_loops(self) -> bool:
        """Cut sets that wait for themselves; whether there were any."""
        waiting = self._waiting()
        if not waiting:
            return False
        before = len(self.cut) + len(self.alone)
        for root in waiting:
            self._stage(root)
        if len(self.cut) + len(self.alone) == before:  # sets that wait for each other
            self.alone.update(self.group[min(waiting, key=lambda root: len(self.group[root]))])
        return True

    def _waiting(self) -> list[int]:
        """Roots of sets on or after loops, by removing whatever waits for nothing (Kahn 1962)."""
        demand, first = self.demand, 1 + len(self.aig.input_names)
        after: dict[int, list[int]] = {}  # variable -> what waits for it: variables, or ~root of a set
        count: dict[int, int] = {}
        for v in demand.order:
            maker = demand.maker.get(v)
            if maker is not None:
                continue
            reads = {f for f in _reads(self.aig, self.found, v) if f} if v >= first else set()
            count[v] = len(reads)
            for f in reads:
                after.setdefault(f, []).append(v)
        outputs: dict[int, list[int]] = {}
        for root, members in self.group.items():
            reads = {leaf >> 1 for number in members for leaf in demand.adders[number].leaves} - self.joined - {0}
            count[~root] = len(reads)
            for f in reads:
                after.setdefault(f, []).append(~root)
            outputs[root] = [v for _, v, _ in self._outputs(members) if v is not None]
        ready = [each for each, waits in count.items() if waits == 0]
        done = 0
        while ready:
            each = ready.pop()
            done += 1
            for v in outputs[~each] if each < 0 else (each,):
                for next_one in after.get(v, ()):
                    count[next_one] -= 1
                    if count[next_one] == 0:
                        ready.append(next_one)
        return [~each for each, waits in count.items() if waits > 0 and each < 0 and len(self.group[~each]) > 1]

    def _stage(self, root: int) -> None:
        """Cut a set between adders that other numbers of times come back to it."""
        demand, first = self.demand, 1 + len(self.aig.input_names)
        times: dict[int, int] = {}  # how often the way to a variable has left the set
        stage: dict[int, int] = {}
        for v in reversed(demand.order):
            maker = demand.maker.get(v)
            if maker is None:
                reads: list[tuple[int, bool]] = (
                    [(f, False) for f in _reads(self.aig, self.found, v)] if v >= first else []
                )
            else:
                own = self.root[maker] == root
                reads = [(leaf >> 1, own and leaf >> 1 in self.joined) for leaf in demand.adders[maker].leaves]
            level = 0
            for f, inside in reads:
                made_by = demand.maker.get(f)
                leaves_it = made_by is not None and self.root[made_by] == root and not inside
                level = max(level, times.get(f, 0) + leaves_it)
            times[v] = level
            if maker is not None and self.root[maker] == root:
                stage[maker] = max(stage.get(maker, 0), level)
                times[v] = stage[maker]
        for number in self.group[root]:
            for leaf in demand.adders[number].leaves:
                made_by = demand.maker.get(leaf >> 1)
                if leaf >> 1 in self.joined and made_by is not None and stage[made_by] != stage[number]:
                    self.cut.add(leaf >> 1)

    # ---- the result --------------------------------------------------------------------------------------------------

    def _region(self, members: list[int], turn: int) -> Region:
        """The region's equation, or for a turn of -1 that of the inverses."""
        demand = self.demand
        steps = []
        sums: dict[int, int] = {}  # variable -> coefficient, all on one side
        constant = 0

        def put(literal: int, weight: int) -> None:
            nonlocal constant
            sums[literal >> 1] = sums.get(literal >> 1, 0) + (-weight if literal & 1 else weight)
            constant += weight if literal & 1 else 0

        produced: dict[int, None] = {}
        prefer: dict[int, int] = {}
        for number in members:
            adder, weight = demand.adders[number], turn * self.sign[number] << self.power[number]
            known = [
                literal
                if literal is not None and (literal >> 1 in demand.elsewhere or literal >> 1 in demand.readers)
                else None
                for literal in (adder.total, adder.carry)
            ]
            steps.append(Step(adder.leaves, known[0], known[1], weight))
            for leaf in adder.leaves:
                put(leaf, weight)
                prefer.setdefault(leaf >> 1, leaf)
            for literal, factor in ((known[0], weight), (known[1], 2 * weight)):
                if literal is not None:
                    put(literal, -factor)
                    if literal >> 1 not in self.joined:
                        produced[literal >> 1] = None
                elif factor < 0:  # the digit is the ghost's inverse
                    constant -= factor
        inputs, outputs = [], []
        for v, weight in sums.items():
            if not weight:
                continue
            if v in produced:
                outputs.append((2 * v, -weight) if weight < 0 else (2 * v + 1, weight))
                constant += weight if weight > 0 else 0
            else:
                inputs.append((2 * v, weight) if weight > 0 else (2 * v + 1, -weight))
                constant += weight if weight < 0 else 0
        bits = max(weight for _, weight in outputs).bit_length()
        outputs.sort(key=lambda output: output[1])
        return Region(tuple(inputs), constant % (1 << bits), tuple(outputs), bits, tuple(steps))
