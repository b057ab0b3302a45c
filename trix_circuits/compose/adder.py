"""Adders and their kin in few levels: words whose carries are made as in `prefix`."""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.compose.counters import digits
from trix_circuits.compose.kit import Kit
from trix_circuits.compose.prefix import Carries, Place, Sums
from trix_circuits.evidence.prover import Block, Draft, Prover
from trix_circuits.logic.formats import WeightFormat


def _sums(kit: Kit, rows: Sequence[Sequence[int]], first: int, sign: int, depth: int | None) -> Sums:
    """a + b + first, or a + first where there is one row; with sign -1, a - b - first."""
    places = []
    for i, nets in enumerate(zip(*rows, strict=True)):
        weights = (-1, 1) if sign < 0 else (1,) * len(nets)
        places.append(Place(i, tuple(zip(nets, weights, strict=True)), 0 if sign < 0 else -1))
    made = Carries(kit, places, first)
    return Sums(made, sign, max(len(made.anchors), depth or 0))


def adder(form: WeightFormat, bits: int, max_fan_in: int | None = None, depth: int | None = None) -> Draft:
    """sum = a + b + cin, with bits + 1 bits; as flat as the format allows, or fewer gates in so many levels."""
    kit = Kit(form, {"a": bits, "b": bits, "cin": 1}, max_fan_in)
    sums = _sums(kit, [kit["a"], kit["b"]], kit["cin"][0], 1, depth)
    netlist = kit.builder.finish({"sum": [*sums.bits, sums.carry]})
    return Draft(f"adder{bits}", netlist, ("sum = a + b + cin",), evidence=sums.blocks, defaults={"cin": 0})


def subtractor(form: WeightFormat, bits: int, max_fan_in: int | None = None, depth: int | None = None) -> Draft:
    """diff - 2^bits * borrow = a - b - bin."""
    kit = Kit(form, {"a": bits, "b": bits, "bin": 1}, max_fan_in)
    sums = _sums(kit, [kit["a"], kit["b"]], kit["bin"][0], -1, depth)
    netlist = kit.builder.finish({"diff": sums.bits, "borrow": [sums.carry]})
    meaning = f"diff - 2**{bits} * borrow = a - b - bin"
    return Draft(f"subtractor{bits}", netlist, (meaning,), evidence=sums.blocks, defaults={"bin": 0})


def addsub(form: WeightFormat, bits: int, max_fan_in: int | None = None, depth: int | None = None) -> Draft:
    """a + b, or a - b where sub is 1: each bit of b is turned by sub first."""
    kit = Kit(form, {"a": bits, "b": bits, "sub": 1}, max_fan_in)
    sub = kit["sub"][0]
    turned = [digits(kit, [bit, sub], [1, 1])[0][0] for bit in kit["b"]]
    sums = _sums(kit, [kit["a"], turned], sub, 1, depth and depth - 2)

    def evidence(prover: Prover) -> list[Block]:
        first = []
        for bit, net in zip(kit["b"], turned, strict=True):
            first.append(Block((bit, sub), {bit: 1, sub: 1, prover.nets.all_of(bit, sub): -2, net: -1}, (net,)))
        return [*first, *sums.blocks(prover)]

    netlist = kit.builder.finish({"result": sums.bits, "carry": [sums.carry]})
    meaning = f"result + 2**{bits} * carry = a + (2**{bits} - b if sub else b)"
    return Draft(f"addsub{bits}", netlist, (meaning,), evidence=evidence)


def incrementer(form: WeightFormat, bits: int, max_fan_in: int | None = None, depth: int | None = None) -> Draft:
    """y = a + 1, with bits + 1 bits: the lowest bit of a is inverted, and is the carry into the others."""
    kit = Kit(form, {"a": bits}, max_fan_in)
    low, *rest = kit["a"]
    inverse = kit.gate([low], [-1], 0)
    sums = _sums(kit, [rest], low, 1, depth) if rest else None

    def evidence(prover: Prover) -> list[Block]:
        first = Block((low,), {low: 1, inverse: 1}, (inverse,), -1)
        return [first, *(sums.blocks(prover) if sums else ())]

    netlist = kit.builder.finish({"y": [inverse, *sums.bits, sums.carry] if sums else [inverse, low]})
    return Draft(f"incrementer{bits}", netlist, ("y = a + 1",), evidence=evidence)
