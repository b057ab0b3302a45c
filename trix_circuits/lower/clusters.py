"""Clusters: gates that read one and the same weighted sum, which is then formed once.

A counter's gates read the same inputs and, with the weights -8, -4, -2, the counter's higher bits; the sum bits of an
adder block read its operands and its carry. All of them are functions of one integer S, the weighted sum of the leaves:
a gate that reads further gates of its cluster is one by induction. `masks` says which: bit S of a mask is the gate's
value where the sum is S. A gate that belongs nowhere is a cluster of its own, and its mask a step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import gcd

from trix_circuits.errors import LimitError
from trix_circuits.logic.netlist import Netlist

MAX_SUM = 1 << 22


@dataclass(slots=True)
class Cluster:
    """S = sum of weights[k] * (leaf k, complemented where `flipped`); weights are positive, S is 0 to `top`.

    `members` maps nets to masks. Leaves stand by descending weight, then by net, so that like clusters look alike.
    """

    leaves: tuple[int, ...]
    weights: tuple[int, ...]
    flipped: tuple[bool, ...]
    low: int
    top: int
    members: dict[int, int] = field(default_factory=dict)


def clusters(netlist: Netlist) -> list[Cluster]:
    """The clusters of a netlist, in the order of their first gates. Raises LimitError for sums beyond 2^22."""
    inputs = netlist.input_bits
    found: list[Cluster] = []
    owner: list[int] = []
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    for gate, (sources, weights, bias) in enumerate(netlist.gates()):
        weight_of = _merged(sources, weights)
        net = inputs + gate
        if len(weight_of) > 2 and sources[-1] >= inputs:
            place = _fed_back(weight_of, owner, found, inputs)
            if place is not None:
                cluster = found[place]
                cluster.members[net] = _mask(cluster, weight_of, bias)
                owner.append(place)
                continue
        leaves = tuple(sorted(weight_of))
        sign = -1 if leaves and weight_of[leaves[0]] < 0 else 1
        scale = gcd(*weight_of.values()) if leaves else 1
        key = (leaves, tuple(sign * weight_of[leaf] // scale for leaf in leaves))
        place = known.get(key)
        if place is None:
            place = known[key] = len(found)
            found.append(_cluster(key[0], key[1]))
        cluster = found[place]
        cluster.members[net] = _step(cluster, sign * scale, bias)
        owner.append(place)
    return found


def _merged(sources: tuple[int, ...], weights: tuple[int, ...]) -> dict[int, int]:
    """The weight of each source that matters; a net that stands twice has the sum of its weights."""
    weight_of = dict(zip(sources, weights, strict=True))
    if len(weight_of) < len(sources):
        weight_of = {}
        for source, weight in zip(sources, weights, strict=True):
            weight_of[source] = weight_of.get(source, 0) + weight
    if 0 in weight_of.values():
        weight_of = {source: weight for source, weight in weight_of.items() if weight}
    return weight_of


def _cluster(leaves: tuple[int, ...], weights: tuple[int, ...]) -> Cluster:
    order = sorted(range(len(leaves)), key=lambda k: (-abs(weights[k]), leaves[k]))
    top = sum(abs(weight) for weight in weights)
    if top > MAX_SUM:
        raise LimitError(f"a gate's weights must add up to at most {MAX_SUM} times their common divisor, not {top}")
    return Cluster(
        tuple(leaves[k] for k in order),
        tuple(abs(weights[k]) for k in order),
        tuple(weights[k] < 0 for k in order),
        sum(weight for weight in weights if weight < 0),
        top,
    )


def _step(cluster: Cluster, q: int, bias: int) -> int:
    """The mask of q * (S + low) + bias >= 0."""
    size = cluster.top + 1
    if q > 0:
        start = min(max(-(bias // q) - cluster.low, 0), size)  # the least S that fires
        return (1 << size) - (1 << start)
    stop = min(max(bias // -q - cluster.low + 1, 0), size)
    return (1 << stop) - 1


def _fed_back(weight_of: dict[int, int], owner: list[int], found: list[Cluster], inputs: int) -> int | None:
    """The cluster whose leaves and some of whose members are exactly what a gate reads, its weights in proportion."""
    tried = set()
    for source in weight_of:
        if source < inputs:
            continue
        place = owner[source - inputs]
        if place in tried:
            continue
        tried.add(place)
        cluster = found[place]
        if not cluster.leaves or len(cluster.leaves) >= len(weight_of):
            continue
        if any(leaf not in weight_of for leaf in cluster.leaves):
            continue
        q = _ratio(cluster, weight_of)
        if q and all(s in cluster.members for s in weight_of.keys() - set(cluster.leaves)):
            return place
    return None


def _ratio(cluster: Cluster, weight_of: dict[int, int]) -> int:
    """The integer by which the leaves' weights exceed the cluster's; 0 if there is none."""
    signed = [-w if flip else w for w, flip in zip(cluster.weights, cluster.flipped, strict=True)]
    q, rest = divmod(weight_of[cluster.leaves[0]], signed[0])
    fits = not rest and all(weight_of[leaf] == q * w for leaf, w in zip(cluster.leaves, signed, strict=True))
    return q if fits else 0


def _mask(cluster: Cluster, weight_of: dict[int, int], bias: int) -> int:
    q = _ratio(cluster, weight_of)
    leaves = set(cluster.leaves)
    fed = [(cluster.members[source], weight) for source, weight in weight_of.items() if source not in leaves]
    mask = 0
    for total in range(cluster.top + 1):
        value = q * (total + cluster.low) + bias + sum(weight for member, weight in fed if member >> total & 1)
        mask |= (value >= 0) << total
    return mask
