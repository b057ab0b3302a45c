"""Threshold gates to ANDs."""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.aig import FALSE, TRUE, AigBuilder
from trix_circuits.errors import LimitError

_MAX_NODES = 1 << 18


def threshold(builder: AigBuilder, literals: Sequence[int], weights: Sequence[int], bias: int) -> int:
    """The literal of `sum(weight * literal) + bias >= 0`, for any weights: a decision diagram over the sums.

    Its size is at most inputs times distinct sums, and 2 ANDs a node; ANDs and ORs come out as such.
    """
    terms = sorted(((abs(w), a ^ (w < 0)) for a, w in zip(literals, weights, strict=True) if w), reverse=True)
    need = -bias - sum(w for w in weights if w < 0)
    total = sum(w for w, _ in terms)
    if need <= 0 or need > total:
        return TRUE if need <= 0 else FALSE
    least = terms[-1][0]
    if total - least < need:
        return builder.all_of([a for _, a in terms])
    if least >= need:
        return builder.any_of([a for _, a in terms])
    rest = [0]
    for weight, _ in reversed(terms):
        rest.append(rest[-1] + weight)
    rest.reverse()  # rest[i]: what the terms from i on can add
    layers: list[set[int]] = [{need}]
    nodes = 0
    for index, (weight, _) in enumerate(terms):
        layers.append({
            want for node in layers[-1] for want in (node, node - weight) if 0 < want <= rest[index + 1]
        })  # fmt: skip
        nodes += len(layers[-1])
        if nodes > _MAX_NODES:
            raise LimitError(f"a threshold gate of {len(terms)} inputs takes more than {_MAX_NODES} nodes")
    known: dict[int, int] = {}
    for index in range(len(terms) - 1, -1, -1):
        weight, literal = terms[index]

        def found(want: int, index: int = index, known: dict[int, int] = known) -> int:
            return TRUE if want <= 0 else FALSE if want > rest[index + 1] else known[want]

        # Without the term the need is the higher one, so the lower branch implies the upper: OR of it and an AND.
        known = {w: builder.or_(found(w), builder.and_(literal, found(w - weight))) for w in layers[index]}
    return known[need]
