"""Cuts of at most three leaves whose function is the sum modulo 2 or a majority of them, up to polarities.

Cuts are enumerated bottom up with their truth tables, a few a node (Pan and Lin, FPGA 1998; Cong, Wu and Ding, FPGA
1999), over class representatives: a node's cuts are those of the earliest node that agrees with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from trix_circuits.logic.aig import Aig

_CUTS = 8
_SUMS = (0x96, 0x69)
_MAJORITIES = frozenset(
    table ^ flip
    for turns in range(8)
    for table in [sum(((row ^ turns).bit_count() >= 2) << row for row in range(8))]
    for flip in (0, 255)
)
Triple = tuple[int, int, int]


@cache
def _moved(table: int, places: tuple[int, ...]) -> int:
    """A table of eight rows over leaves that now stand at these places."""
    rows = 0
    for row in range(8):
        source = 0
        for i, place in enumerate(places):
            source |= (row >> place & 1) << i
        rows |= (table >> source & 1) << row
    return rows


def triples(aig: Aig, root: Sequence[int]) -> tuple[dict[Triple, int], dict[Triple, int]]:
    """Triples of representatives -> the node that is their sum modulo 2; and -> one that is a majority of them."""
    first = 1 + len(aig.input_names)
    cuts: list[list[tuple[tuple[int, ...], int]]] = [[((v,), 0xAA)] for v in range(first)]
    cuts[0] = [((), 0)]
    sums: dict[Triple, int] = {}
    majorities: dict[Triple, int] = {}
    # the polarity of a representative does not matter here: all polarities of sums and majorities are looked for
    for v, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True), first):
        if root[v] != v:
            cuts.append(cuts[root[v]])
            continue
        turn_a, turn_b = 255 * (a & 1), 255 * (b & 1)
        made: dict[tuple[int, ...], int] = {}
        for one, table in cuts[a >> 1]:
            for two, other in cuts[b >> 1]:
                if len(one) + len(two) > 3:
                    both = {*one, *two}
                    if len(both) > 3:
                        continue
                else:
                    both = {*one, *two}
                leaves = tuple(sorted(both))
                if leaves not in made:
                    p = _moved(table ^ turn_a, tuple(map(leaves.index, one)))
                    made[leaves] = p & _moved(other ^ turn_b, tuple(map(leaves.index, two)))
        kept: list[tuple[tuple[int, ...], int]] = []
        for leaves in sorted(made, key=len):
            if not any(set(other) < set(leaves) for other, _ in kept):
                kept.append((leaves, made[leaves]))
                if len(leaves) == 3:
                    a1, b1, c1 = leaves
                    if made[leaves] in _SUMS:
                        sums.setdefault((a1, b1, c1), v)
                    elif made[leaves] in _MAJORITIES:
                        majorities.setdefault((a1, b1, c1), v)
        cuts.append([*kept[:_CUTS], ((v,), 0xAA)])
    return sums, majorities
