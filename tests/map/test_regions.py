"""Sums hidden in AIGs are found, made anew with few gates, and the evidence for them adds up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits import check
from trix_circuits.compose.kit import Kit
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.map.sums.arithmetic_merges import refuted_merges
from trix_circuits.map.sums.regions import extract
from trix_circuits.map.sums.regions_netlist import RegionEvidence, map_with_regions

E2M1 = get_format("e2m1")


def plain(aig: Aig, form: WeightFormat, **_: Any) -> Netlist:
    """A mapper that makes each AND a gate, so that these tests rest on nothing else."""
    inputs, outputs = check.buses(aig.input_names, aig.output_names)
    kit = Kit(form, {name: len(places) for name, places in inputs})
    net_of = {place: net for name, places in inputs for place, net in zip(places, kit[name], strict=True)}
    nets = [kit.constant(0), *(net_of[place] for place in range(len(net_of)))]
    for a, b in zip(aig.left.tolist(), aig.right.tolist(), strict=True):
        signs = [-1 if literal & 1 else 1 for literal in (a, b)]
        nets.append(kit.gate([nets[a >> 1], nets[b >> 1]], signs, -sum(sign > 0 for sign in signs)))
    drivers = [kit.gate([nets[o >> 1]], [-1], 0) if o & 1 else nets[o >> 1] for o in aig.outputs.tolist()]
    return kit.builder.finish({name: [drivers[place] for place in places] for name, places in outputs})


# ---- circuits --------------------------------------------------------------------------------------------------------


class Words:
    """Builds AIGs of words."""

    def __init__(self, **buses: int) -> None:
        names = [f"{bus}[{i}]" for bus, width in buses.items() for i in range(width)]
        self.b = AigBuilder(names)
        self.bus: dict[str, list[int]] = {}
        at = 0
        for bus, width in buses.items():
            self.bus[bus] = [self.b.input(at + i) for i in range(width)]
            at += width

    def full(self, a: int, b: int, c: int) -> tuple[int, int]:
        half = self.b.xor(a, b)
        return self.b.xor(half, c), self.b.or_(self.b.and_(a, b), self.b.and_(half, c))

    def add(self, a: list[int], b: list[int], carry: int = 0) -> list[int]:
        total = []
        for x, y in zip(a, b, strict=True):
            digit, carry = self.full(x, y, carry)
            total.append(digit)
        return [*total, carry]

    def compress(self, columns: list[list[int]]) -> list[int]:
        """Columns by full adders, the earliest nets first; the bits above the columns are dropped."""
        columns = [list(column) for column in columns]
        digits = []
        for i, column in enumerate(columns):
            while len(column) > 1:
                three = [column.pop(0) for _ in range(min(3, len(column)))]
                total, carry = self.full(*three, *[0] * (3 - len(three)))
                column.append(total)
                if i + 1 < len(columns):
                    columns[i + 1].append(carry)
            digits.append(column[0] if column else 0)
        return digits

    def finish(self, outputs: list[int]) -> Aig:
        return self.b.finish("made", [(f"y[{i}]" if len(outputs) > 1 else "y", o) for i, o in enumerate(outputs)])


def adder(n: int, constant: int | None = None, carry: int = 0) -> Aig:
    w = Words(a=n) if constant is not None else Words(a=n, b=n)
    b = w.bus["b"] if constant is None else [constant >> i & 1 for i in range(n)]
    return w.finish(w.add(w.bus["a"], b, carry))


def subtractor(n: int) -> Aig:
    w = Words(a=n, b=n)
    return w.finish(w.add(w.bus["a"], [x ^ 1 for x in w.bus["b"]], 1))


def less(n: int) -> Aig:
    w = Words(a=n, b=n)
    carry = 1
    for x, y in zip(w.bus["a"], w.bus["b"], strict=True):
        carry = w.b.majority(x, y ^ 1, carry)
    return w.finish([carry ^ 1])


def array_multiplier(n: int, more: bool = False) -> Aig:
    w = Words(a=n, b=n, c=n) if more else Words(a=n, b=n)
    a, b = w.bus["a"], w.bus["b"]
    total = [w.b.and_(x, b[0]) for x in a] + [0]
    done = []
    for y in b[1:]:
        done.append(total[0])
        total = w.add(total[1:], [w.b.and_(x, y) for x in a])
    product = done + total
    return w.finish(w.add(product, [*w.bus["c"], *[0] * n]) if more else product)


def wallace(n: int, square: bool = False) -> Aig:
    w = Words(a=n) if square else Words(a=n, b=n)
    columns: list[list[int]] = [[] for _ in range(2 * n)]
    for i, x in enumerate(w.bus["a"]):
        for j, y in enumerate(w.bus["a" if square else "b"]):
            if not square or i == j:
                columns[i + j].append(w.b.and_(x, y))
            elif i < j:
                columns[i + j + 1].append(w.b.and_(x, y))
    return w.finish(w.compress(columns))


def popcount(n: int, at_least: int | None = None) -> Aig:
    w = Words(x=n)
    width = n.bit_length()
    digits = w.compress([w.bus["x"], *[[] for _ in range(width - 1)]])
    if at_least is None:
        return w.finish(digits)
    reached = 1
    for i, digit in enumerate(digits):
        reached = w.b.and_(digit, reached) if at_least >> i & 1 else w.b.or_(digit, reached)
    return w.finish([reached])


def chain() -> Aig:
    """Sums that feed sums, by way of other logic."""
    w = Words(a=8, b=8, c=8, s=1)
    first = w.add(w.bus["a"], w.bus["b"])
    chosen = [w.b.mux(w.bus["s"][0], x, y) for x, y in zip(first[:8], w.bus["c"], strict=True)]
    second = w.add(chosen, w.bus["a"])
    return w.finish([*second, first[8]])


def looped() -> Aig:
    """The high half of a sum adds what the low half chooses: one chain of carries would wait for itself."""
    w = Words(a=8, b=8)
    a, b = w.bus["a"], w.bus["b"]
    low = w.add(a[:4], b[:4])
    high = w.add([w.b.and_(x, low[1]) for x in a[4:]], [w.b.or_(x, low[2]) for x in b[4:]], low[4])
    return w.finish([*low[:4], *high])


# ---- checks ----------------------------------------------------------------------------------------------------------


def planes_of(netlist: Netlist, bits: np.ndarray[Any, np.dtype[np.int64]]) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
    values = list(bits)
    for sources, weights, bias in netlist.gates():
        total = np.full(bits.shape[1], bias, dtype=np.int64)
        for source, weight in zip(sources, weights, strict=True):
            total += weight * values[source]
        values.append((total >= 0).astype(np.int64))
    return values


def map_and_check(aig: Aig, form: WeightFormat, max_fan_in: int | None = None) -> tuple[Netlist, list[RegionEvidence]]:
    """The netlist agrees with the AIG on patterns; each identity holds on them, and they add up to the equation."""
    found = extract(aig)
    netlist, evidence = map_with_regions(aig, form, max_fan_in=max_fan_in, mapper=plain, extraction=found)
    rng = np.random.default_rng(7)
    planes = rng.integers(0, 1 << 64, size=(len(aig.input_names), 8), dtype=np.uint64)
    nodes = aig.simulate(planes)
    source = [row.astype(np.int64) for row in np.unpackbits(nodes.view(np.uint8), axis=1, bitorder="little")]
    inputs, outputs = check.buses(aig.input_names, aig.output_names)
    assert netlist.inputs == {name: len(places) for name, places in inputs}
    nets = planes_of(netlist, np.array([source[1 + place] for _, places in inputs for place in places]))
    for name, places in outputs:
        for place, net in zip(places, netlist.outputs[name], strict=True):
            literal = int(aig.outputs[place])
            assert (nets[net] == source[literal >> 1] ^ (literal & 1)).all()
    if evidence:
        nodes = found.aig.simulate(planes)
        source = [row.astype(np.int64) for row in np.unpackbits(nodes.view(np.uint8), axis=1, bitorder="little")]
        for sources, weights, bias in evidence[0].ghosts:
            total = bias + sum(w * nets[s] for s, w in zip(sources, weights, strict=True))
            nets.append(np.asarray(total >= 0).astype(np.int64) + 0 * nets[0])
    for each in evidence:
        check_adds_up(each, source, nets)
    return netlist, evidence


def check_adds_up(each: RegionEvidence, source: list[Any], nets: list[Any]) -> None:
    region = each.region
    modulus = 1 << region.bits

    def value(literal: int) -> Any:
        return source[literal >> 1] ^ (literal & 1)

    # the source: what is left of the steps is the region's equation, but for digits that nothing reads
    rest: dict[int, int] = {}
    constant = 0

    def put(literal: int, weight: int) -> None:
        nonlocal constant
        rest[literal >> 1] = rest.get(literal >> 1, 0) + (-weight if literal & 1 else weight)
        constant += weight if literal & 1 else 0

    ghosts = []
    for step in region.steps:
        total = sum(value(leaf) for leaf in step.leaves)
        for leaf in step.leaves:
            put(leaf, step.weight)
        for literal, known, weight in ((step.total, total & 1, step.weight), (step.carry, total >> 1, 2 * step.weight)):
            if literal is None:
                ghosts.append(weight)
            else:
                assert (value(literal) == known).all()
                put(literal, -weight)
    for literal, weight in region.inputs:
        put(literal, -weight)
    for literal, weight in region.outputs:
        put(literal, weight)
    assert not any(rest.values())
    constant += sum(-weight for weight in ghosts if weight < 0)
    assert (constant - region.constant) % modulus == 0
    small = [abs(weight) for weight in ghosts if abs(weight) < modulus] + [weight for _, weight in region.outputs]
    assert len(set(small)) == len(small)
    # the netlist: the blocks add up to the same
    sums: dict[int, int] = {}
    shift = 0
    for block, power in each.blocks:
        assert len(block.leaves) <= 16
        assert (sum(w * nets[n] for n, w in block.terms.items()) + block.constant == 0).all()
        shift += block.constant << power
        for net, weight in block.terms.items():
            sums[net] = sums.get(net, 0) + (weight << power)
    for (literal, net, sign, weight), (same, other) in zip(each.inputs, region.inputs, strict=True):
        assert (literal, weight) == (same, other)
        assert (nets[net] == value(literal) ^ (sign < 0)).all()
        sums[net] = sums.get(net, 0) - sign * weight
        shift -= weight if sign < 0 else 0
    for (literal, net, weight), (same, other) in zip(each.outputs, region.outputs, strict=True):
        assert (literal, weight) == (same, other)
        assert (nets[net] == value(literal)).all()
        sums[net] = sums.get(net, 0) + weight
    left = [weight % modulus for weight in sums.values() if weight % modulus]
    assert len(set(left)) == len(left)  # ghosts: digits that nothing reads
    assert all(-weight % modulus & (-weight % modulus) - 1 == 0 for weight in left)
    assert (shift - region.constant) % modulus == 0


CIRCUITS: dict[str, tuple[Callable[[], Aig], int]] = {
    "adder": (lambda: adder(16), 22),
    "adder with carry": (lambda: adder(9, carry=1), 12),
    "adder of a constant": (lambda: adder(16, 0b1011_0010_0111_0101), 44),
    "subtractor": (lambda: subtractor(15), 23),
    "comparison": (lambda: less(32), 9),
    "array multiplier": (lambda: array_multiplier(8), 112),
    "multiply and add": (lambda: array_multiplier(6, more=True), 84),
    "wallace": (lambda: wallace(8), 104),
    "square": (lambda: wallace(8, square=True), 90),
    "popcount": (lambda: popcount(31), 14),
    "majority": (lambda: popcount(31, 16), 16),
    "at least": (lambda: popcount(40, 13), 30),
    "chain": (chain, 56),
    "looped": (looped, 28),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_sums_are_found_and_made_with_few_gates(name: str) -> None:
    make, gates = CIRCUITS[name]
    aig = make()
    netlist, evidence = map_and_check(aig, E2M1)
    assert evidence
    assert netlist.size <= gates


@pytest.mark.parametrize("format_name", ["ternary", "ternary-strict", "int4"])
@pytest.mark.parametrize("name", ["adder", "wallace", "comparison", "chain"])
def test_other_formats_and_fan_ins(name: str, format_name: str) -> None:
    aig = CIRCUITS[name][0]()
    for fan_in in (None, 3):
        netlist, _ = map_and_check(aig, get_format(format_name), fan_in)
        assert fan_in is None or netlist.max_fan_in <= fan_in


def test_depth_is_never_lost_to_sums() -> None:
    aig = adder(16)
    flat = plain(aig, E2M1)
    netlist, _ = map_with_regions(aig, E2M1, objective="depth", mapper=plain)
    assert netlist.depth <= flat.depth


def test_an_aig_without_sums_is_mapped_as_it_is() -> None:
    w = Words(x=4)
    aig = w.finish([w.b.all_of(w.bus["x"])])
    netlist, evidence = map_with_regions(aig, E2M1, mapper=plain)
    assert not evidence
    assert netlist.size == plain(aig, E2M1).size


def test_regions_feed_regions() -> None:
    found = extract(chain())
    assert len(found.regions) == 2
    given = {literal >> 1 for region in found.regions for literal, _ in region.outputs}
    assert sum(len(region.steps) for region in found.regions) == 16
    assert given


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_aig_stays_the_same(data: st.DataObject) -> None:
    """Random logic with adders in it, whose outputs are read anywhere."""
    w = Words(x=data.draw(st.integers(3, 7)))
    literals = [*w.bus["x"]]
    for _ in range(data.draw(st.integers(1, 14))):
        kind = data.draw(st.sampled_from(["and", "xor", "full", "full", "majority"]))
        picks = [data.draw(st.sampled_from(literals)) ^ data.draw(st.integers(0, 1)) for _ in range(3)]
        if kind == "and":
            literals.append(w.b.and_(*picks[:2]))
        elif kind == "xor":
            literals.append(w.b.xor(*picks[:2]))
        elif kind == "full":
            literals += w.full(*picks)
        else:
            literals.append(w.b.majority(*picks))
    aig = w.finish(literals[-data.draw(st.integers(1, 6)) :])
    map_and_check(aig, E2M1)


def test_rare_differences_between_nodes_are_found() -> None:
    """Two nodes that differ on one row of 2^24 are not taken for the same."""
    w = Words(x=24)
    parity = 0
    for literal in w.bus["x"][:12]:
        parity = w.b.xor(parity, literal)
    other = w.b.xor(parity, w.b.all_of([x ^ (k % 3 == 0) for k, x in enumerate(w.bus["x"])]))
    aig = w.finish([parity, other])
    same = [2 * v for v in range(aig.variables)]
    assert refuted_merges(aig, same) is None
    one, two = aig.outputs.tolist()
    same[two >> 1] = one ^ (two & 1)
    found = refuted_merges(aig, same)
    assert found is not None
    nodes = aig.simulate(found)
    assert (nodes[one >> 1] ^ nodes[two >> 1] ^ (~np.uint64(0) if (one ^ two) & 1 else np.uint64(0))).any()
