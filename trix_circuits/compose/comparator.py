"""Comparisons in few levels: a < b is the borrow out of a - b, made as in `prefix`; a == b is a tree of wide gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trix_circuits.compose.kit import Kit
from trix_circuits.compose.prefix import ZERO, Carries, Evidence, Place, weigh
from trix_circuits.errors import InputError
from trix_circuits.evidence.prover import Block, Draft, Prover
from trix_circuits.logic.formats import WeightFormat

_WIDE = 11  # inputs of a gate that says that all are the same
_SIGNS = {"lt": "<", "le": "<=", "eq": "==", "gt": ">", "ge": ">="}


def comparator(
    form: WeightFormat, bits: int, max_fan_in: int | None = None, relation: Sequence[str] = ("lt", "le", "eq")
) -> Draft:
    """lt = a < b, le = a <= b, eq = a == b (also gt, ge); only the relations asked for."""
    strange = [name for name in relation if name not in _SIGNS]
    if strange or not relation:
        raise InputError(f"a relation must be one of {', '.join(_SIGNS)}, not {', '.join(strange) or 'none'}")
    kit = Kit(form, {"a": bits, "b": bits}, max_fan_in)
    a, b = kit["a"], kit["b"]
    made: dict[str, Carries] = {}
    outputs: dict[str, list[int]] = {}
    for name in dict.fromkeys(relation):
        if name != "eq":
            x, y = (a, b) if name in ("lt", "ge") else (b, a)
            places = [Place(i, ((y[i], 1), (x[i], -1)), 0) for i in range(bits)]
            made[name] = Carries(kit, places, ZERO)
            outputs[name] = [made[name].carry(bits, len(made[name].anchors) - 1, inverse=name in ("le", "ge"))]
    equal = _Equal(kit, a, b) if "eq" in relation else None
    if equal:
        outputs["eq"] = [equal.root.net]

    def evidence(prover: Prover) -> list[Block]:
        blocks = []
        for name, carries in made.items():
            lemmas, net = Evidence(carries, prover), outputs[name][0]
            plain = lemmas.plain[-1]
            target = prover.nets.inverse(plain) if name in ("le", "ge") else plain
            blocks.append(Block((plain, net), {net: 1, target: -1}, (net,), 0, (lemmas.equal[bits, net],)))
        return [*blocks, *(equal.blocks(prover) if equal else ())]

    meaning = tuple(f"{name} = a {_SIGNS[name]} b" for name in outputs)
    return Draft(f"comparator{bits}", kit.builder.finish(outputs), meaning, evidence=evidence)


@dataclass(frozen=True)
class _Same:
    """A net that is 1 iff a and b are the same in bits low .. high - 1; or, with two nets, iff both of them are 0."""

    low: int
    high: int
    nets: tuple[int, ...]
    parts: tuple[_Same, ...] = ()

    @property
    def net(self) -> int:
        return self.nets[0]


class _Equal:
    """The net of a == b: a block's two signs must both be 0, and a wide gate says so of many blocks."""

    def __init__(self, kit: Kit, a: Sequence[int], b: Sequence[int]) -> None:
        self.kit, self.a, self.b = kit, a, b
        places = [Place(i, ((y, 1), (x, -1)), 0) for i, (x, y) in enumerate(zip(a, b, strict=True))]
        block = Carries(kit, places, ZERO).block
        row = []
        for low in range(0, len(places), block):
            high = min(low + block, len(places))
            row.append(_Same(low, high, tuple(kit.gate(*weigh(places[low:high], ZERO, sign)) for sign in (1, -1))))
        none = max([k for k in range(2, _WIDE + 1) if kit.fits([-1] * k, 0)], default=2)
        every = max([k for k in range(2, _WIDE + 1) if kit.fits([1] * k, -k)], default=2)
        step = none // 2
        while len(row) > 1 or len(row[0].nets) > 1:
            row = [self._join(row[i : i + step]) for i in range(0, len(row), step)]
            step = every
        self.root = row[0]

    def _join(self, parts: Sequence[_Same]) -> _Same:
        nets = [net for part in parts for net in part.nets]
        if len(nets) == 1:
            return parts[0]
        all_zero = len(parts[0].nets) == 2
        gate = self.kit.gate(nets, [-1 if all_zero else 1] * len(nets), 0 if all_zero else -len(nets))
        return _Same(parts[0].low, parts[-1].high, (gate,), tuple(parts))

    def blocks(self, prover: Prover) -> list[Block]:
        """Ghosts say whether all bits below a position are the same, made from the two plain chains of less-than."""
        nets = prover.nets
        less, more = [nets.zero], [nets.zero]
        for x, y in zip(self.a, self.b, strict=True):
            less.append(nets.gate([y, x, less[-1]], [1, -1, 1], -1))
            more.append(nets.gate([x, y, more[-1]], [1, -1, 1], -1))
        same = [nets.inverse(nets.any_of(x, y)) for x, y in zip(less, more, strict=True)]

        def tie(part: _Same) -> int:
            given: list[int] = []
            if part.parts:
                leaves = [same[part.low]]
                for each in part.parts:
                    given.append(tie(each))
                    leaves += [*each.nets, same[each.high]]
            else:
                bits = [net for word in (self.a, self.b) for net in word[part.low : part.high]]
                leaves = [*bits, less[part.low], more[part.low]]
            sign = 1 if len(part.nets) == 1 else -1
            ghost = nets.gate([*part.nets, same[part.low]], [sign] * len(part.nets) + [1], -2 if sign > 0 else -1)
            leaves = [net for net in dict.fromkeys(leaves) if nets.constant(net) is None]
            return prover.require(leaves, {same[part.high]: 1, ghost: -1}, given)

        lemma = tie(self.root)
        last, net = same[-1], self.root.net
        return [Block((last, net), {net: 1, last: -1}, (net,), 0, (lemma,))]
