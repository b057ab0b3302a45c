"""Mapping around regions: the sums of an AIG are made anew from counters, all else is mapped gate by gate.

The AIG without its regions, region outputs as inputs and region inputs as outputs, goes to the general mapper; each
region becomes counters (`regions_count`); and the parts are put together in the order in which they need each other.
What comes out is a guess until it is proven: `RegionEvidence` says what the prover needs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trix_circuits import check
from trix_circuits.compose.kit import Kit
from trix_circuits.errors import ImpossibleError
from trix_circuits.evidence.prover import Block
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.map.mapper import map_aig
from trix_circuits.map.sums.regions import Extraction, Region, extract
from trix_circuits.map.sums.regions_count import Placed, Signed, digits_of, top_digit_of

Mapper = Callable[..., Netlist]
Ghost = tuple[tuple[int, ...], tuple[int, ...], int]


@dataclass(frozen=True, slots=True)
class RegionEvidence:
    """Why a region's outputs in the netlist are those of the source: both are the digits of one number.

    Source side: `region.steps`, each sum(leaves) = total + 2 * carry over literals of the source, times its weight; they
    add up to the region's equation. Netlist side: `blocks`, each an identity over nets with the power of two that it is
    to be multiplied by, which add up to the same equation over `inputs` and `outputs`: (literal of the source, net of the
    netlist, 1 or -1 where the net is the literal's inverse, weight), modulo 2^bits. Nets from the netlist's net
    count up are `ghosts` (sources, weights, bias), the same list for all regions. Literals of the source are those of
    the extraction's AIG.
    """

    region: Region
    inputs: tuple[tuple[int, int, int, int], ...]
    outputs: tuple[tuple[int, int, int], ...]
    blocks: tuple[Placed, ...]
    ghosts: tuple[Ghost, ...] = ()


def map_with_regions(
    aig: Aig,
    format: WeightFormat,
    *,
    objective: str = "size",
    effort: int = 1,
    max_fan_in: int | None = None,
    progress: Callable[[str, float], None] | None = None,
    stats: dict[str, Any] | None = None,
    mapper: Mapper = map_aig,
    extraction: Extraction | None = None,
) -> tuple[Netlist, list[RegionEvidence]]:
    """A netlist of the AIG with its sums made by counters, and what proves them; no evidence if it has no sums.

    Arguments as those of `map_aig`, which `mapper` may replace. The evidence speaks of the AIG of the `extraction`.
    """
    if progress is not None:
        progress("regions", 0.0)
    found = extract(aig) if extraction is None else extraction
    options: dict[str, Any] = {"objective": objective, "effort": effort, "max_fan_in": max_fan_in, "progress": progress}
    if not found.regions:
        return mapper(aig, format, stats=stats, **options), []
    rest, wanted, given = _rest(found.aig, found)
    mapped = mapper(rest, format, stats=stats, **options) if rest.outputs.size else None
    if stats is not None:
        stats["regions"] = [len(region.steps) for region in found.regions]
    netlist, evidence = _Assembly(found.aig, format, max_fan_in, found, mapped, wanted, given).finish()
    if objective == "depth":  # counters have few gates; a sum may be deeper than the logic that it takes the place of
        flat = mapper(aig, format, **options)
        if (flat.depth, flat.size) < (netlist.depth, netlist.size):
            return flat, []
    return netlist, evidence


def _rest(aig: Aig, found: Extraction) -> tuple[Aig, dict[int, int], dict[int, tuple[int, int]]]:
    """The AIG without the regions; wanted literals -> its outputs; variables that regions give -> (region, output).

    Its inputs are those of the AIG, then the regions' outputs, in order.
    """
    given = {
        literal >> 1: (k, j) for k, region in enumerate(found.regions) for j, (literal, _) in enumerate(region.outputs)
    }
    count, first = len(aig.input_names), 1 + len(aig.input_names)
    builder = AigBuilder(f"x{i}" for i in range(count + len(given)))
    literal_of = dict.fromkeys([0], 0) | {i + 1: builder.input(i) for i in range(count)}
    for place, v in enumerate(given):
        k, j = given[v]
        literal_of[v] = builder.input(count + place) ^ (found.regions[k].outputs[j][0] & 1)
    left, right, same = aig.left.tolist(), aig.right.tolist(), found.same
    wanted: dict[int, int] = {}  # literals of representatives

    def want(literal: int) -> None:
        wanted.setdefault(same[literal >> 1] ^ (literal & 1), len(wanted))

    for literal in aig.outputs.tolist():
        want(literal)
    for region in found.regions:
        for literal, _ in region.inputs:
            if literal >> 1 >= first and literal >> 1 not in given:
                want(literal)
    roots = [literal >> 1 for literal in wanted]
    stack = roots
    while stack:
        v = stack[-1]
        if v in literal_of:
            stack.pop()
            continue
        alone = found.lone.get(v)
        if alone is None:
            reads = [same[literal >> 1] ^ (literal & 1) for literal in (left[v - first], right[v - first])]
        else:
            reads = list(alone[1])
        waits = [literal >> 1 for literal in reads if literal >> 1 not in literal_of]
        if waits:
            stack += waits
            continue
        made = [literal_of[literal >> 1] ^ (literal & 1) for literal in reads]
        if alone is None:
            literal_of[v] = builder.and_(made[0], made[1])
        elif alone[0]:
            total = builder.xor(made[0], made[1])
            literal_of[v] = (builder.xor(total, made[2]) if len(made) > 2 else total) ^ alone[2]
        else:
            literal_of[v] = (builder.majority(*made) if len(made) > 2 else builder.and_(made[0], made[1])) ^ alone[2]
    outputs = [(f"y{place}", literal_of[literal >> 1] ^ (literal & 1)) for literal, place in wanted.items()]
    return builder.finish(aig.name, outputs), wanted, given


class _Assembly:
    """Puts gates and regions together, each when what it needs is there."""

    def __init__(
        self,
        aig: Aig,
        form: WeightFormat,
        max_fan_in: int | None,
        found: Extraction,
        mapped: Netlist | None,
        wanted: dict[int, int],
        given: dict[int, tuple[int, int]],
    ) -> None:
        self.aig, self.found, self.mapped, self.wanted = aig, found, mapped, wanted
        self.input_buses, self.output_buses = check.buses(aig.input_names, aig.output_names)
        self.kit = Kit(form, {name: len(places) for name, places in self.input_buses}, max_fan_in)
        self.net_of_input: dict[int, int] = {}
        for name, places in self.input_buses:
            self.net_of_input |= dict(zip(places, self.kit[name], strict=True))
        self.given = list(given.values())
        self.place_given = given
        self.evidence: list[RegionEvidence | None] = [None] * len(found.regions)
        self.ghosts: list[Ghost] = []
        self.nets: dict[int, int] = {}  # net of the mapped rest -> net
        self.outputs: dict[tuple[int, int], int] = {}  # (region, output) -> net
        self.gates = list(mapped.gates()) if mapped is not None else []
        self.inner = mapped.input_bits if mapped is not None else 0

    def finish(self) -> tuple[Netlist, list[RegionEvidence]]:
        drivers: dict[str, list[int]] = {}
        for name, places in self.output_buses:
            drivers[name] = []
            for place in places:
                literal = int(self.aig.outputs[place])
                drivers[name].append(self._resolve(self._rest_net(self.found.same[literal >> 1] ^ (literal & 1))))
        netlist = self.kit.builder.finish(drivers)
        return _swept(netlist, [each for each in self.evidence if each is not None], self.ghosts)

    def _rest_net(self, literal: int) -> int:
        assert self.mapped is not None
        return self.mapped.outputs[f"y{self.wanted[literal]}"][0]

    def _resolve(self, net: int) -> int:
        """The net of a net of the rest, made with all that it needs."""
        stack: list[int] = [net]  # nets of the rest, or ~region
        open_regions: set[int] = set()
        count = len(self.aig.input_names)
        while stack:
            each = stack[-1]
            if each < 0:
                if self.evidence[~each] is not None:
                    stack.pop()
                    continue
                needs = [
                    n
                    for n in map(self._source, self.found.regions[~each].inputs)
                    if n is not None and not self._done(n)
                ]
                if not needs:
                    self._make(~each)
                    stack.pop()
                elif ~each in open_regions:
                    raise ImpossibleError("a region waits for itself")
                else:
                    open_regions.add(~each)
                    stack += needs
            elif self._done(each):
                stack.pop()
            elif each < count:
                self.nets[each] = self.net_of_input[each]
            elif each < self.inner:
                key = self.given[each - count]
                if key in self.outputs:
                    self.nets[each] = self.outputs[key]
                else:
                    stack.append(~key[0])
            else:
                sources, weights, bias = self.gates[each - self.inner]
                waits = [s for s in sources if s not in self.nets]
                if waits:
                    stack += waits
                else:
                    self.nets[each] = self.kit.builder.gate([self.nets[s] for s in sources], weights, bias)
        return self.nets[net]

    def _done(self, each: int) -> bool:
        return self.evidence[~each] is not None if each < 0 else each in self.nets

    def _source(self, term: tuple[int, int]) -> int | None:
        """What an input of a region needs: a net of the rest, or ~region; None for an input of the circuit."""
        literal = term[0]
        v = literal >> 1
        if v in self.place_given:
            return ~self.place_given[v][0]
        return None if v <= len(self.aig.input_names) else self._rest_net(literal)

    def _signed(self, literal: int) -> Signed:
        """The net of a literal, and -1 if it is the literal's inverse."""
        v = literal >> 1
        if v in self.place_given:
            k, j = self.place_given[v]
            return self.outputs[k, j], 1 if self.found.regions[k].outputs[j][0] == literal else -1
        if v <= len(self.aig.input_names):
            return self.net_of_input[v - 1], -1 if literal & 1 else 1
        return self.nets[self._rest_net(literal)], 1

    def _make(self, k: int) -> None:
        region = self.found.regions[k]
        columns: list[list[Signed]] = [[] for _ in range(region.bits)]
        inputs = []
        for literal, weight in region.inputs:
            net, sign = self._signed(literal)
            inputs.append((literal, net, sign, weight))
            for i in range(min(weight.bit_length(), region.bits)):
                if weight >> i & 1:
                    columns[i].append((net, sign))
        top = None
        if [weight for _, weight in region.outputs] == [1 << region.bits - 1]:
            top = top_digit_of(self.kit, columns, region.constant, region.bits)
        if top is not None:
            digits, blocks = [top[0]], self._ghost_digits(region, columns, top[1])
        else:
            digits, blocks = digits_of(self.kit, columns, region.constant, region.bits)
        outputs = []
        for j, (literal, weight) in enumerate(region.outputs):
            net = digits[0 if top is not None else weight.bit_length() - 1]
            self.outputs[k, j] = net
            outputs.append((literal, net, weight))
        self.evidence[k] = RegionEvidence(region, tuple(inputs), tuple(outputs), tuple(blocks))

    def _ghost_digits(
        self, region: Region, columns: list[list[Signed]], made: list[tuple[int, int, int]]
    ) -> list[Placed]:
        """The identities of a chain of carries, whose lower digits are ghosts, numbered from -1 down."""
        blocks = []
        before: int | None = None
        for low, high, carry in made:
            terms: dict[int, int] = {} if before is None else {before: 1}
            more = region.constant >> low & (1 << high - low) - 1
            for i in range(low, high):
                for net, sign in columns[i]:
                    terms[net] = terms.get(net, 0) + (sign << i - low)
                    more += (1 << i - low) if sign < 0 else 0
            leaves = tuple(net for net, weight in terms.items() if weight)
            terms = {net: terms[net] for net in leaves}
            terms[carry] = terms.get(carry, 0) - (1 << high - low)
            for i in reversed(range(high - low)):
                self.ghosts.append((tuple(terms), tuple(terms.values()), more - (1 << i)))
                terms[-len(self.ghosts)] = -1 << i
            blocks.append((Block(leaves, terms, (carry,), more), low))
            before = carry
        return blocks


def _swept(
    netlist: Netlist, evidence: list[RegionEvidence], ghosts: list[Ghost]
) -> tuple[Netlist, list[RegionEvidence]]:
    """The same without gates that nothing reads, which become ghosts, and nets numbered anew."""
    first = netlist.input_bits
    offsets, sources = netlist.offsets.tolist(), netlist.sources.tolist()
    keep = np.zeros(netlist.net_count, dtype=bool)
    keep[:first] = True
    for nets in netlist.outputs.values():
        keep[list(nets)] = True
    for g in range(netlist.size - 1, -1, -1):
        if keep[first + g]:
            keep[sources[offsets[g] : offsets[g + 1]]] = True
    kept = int(keep.sum())
    place = np.where(keep, np.cumsum(keep) - 1, kept + np.cumsum(~keep) - 1).tolist()
    builder = Builder(netlist.format, netlist.inputs, share=False)
    dead: list[Ghost] = []
    for g, (reads, weights, bias) in enumerate(netlist.gates()):
        moved = tuple(place[s] for s in reads)
        if keep[first + g]:
            builder.gate(moved, weights, bias)
        else:
            dead.append((moved, weights, bias))

    def at(net: int) -> int:
        return place[net] if net >= 0 else netlist.net_count - 1 - net

    def renumbered(each: RegionEvidence) -> RegionEvidence:
        blocks = [
            (
                Block(
                    tuple(map(at, b.leaves)),
                    {at(n): w for n, w in b.terms.items()},
                    tuple(map(at, b.outputs)),
                    b.constant,
                ),
                i,
            )
            for b, i in each.blocks
        ]
        inputs = tuple((literal, at(net), sign, weight) for literal, net, sign, weight in each.inputs)
        outputs = tuple((literal, at(net), weight) for literal, net, weight in each.outputs)
        return RegionEvidence(each.region, inputs, outputs, tuple(blocks), all_ghosts)

    all_ghosts = (*dead, *((tuple(map(at, reads)), weights, bias) for reads, weights, bias in ghosts))
    outputs = {name: [place[net] for net in nets] for name, nets in netlist.outputs.items()}
    return builder.finish(outputs), [renumbered(each) for each in evidence]
