"""The verdict: from the stored bytes to yes or no.

The circuit is exact if every equation of its meaning is proven and every output is merged with that of every source.
A goal is proven by all rows over all inputs, or by a sum of lemmas that gives it exactly, or gives it modulo 2^k where
that suffices: where the equation holds modulo 2^k only, or where the form stays strictly within +-2^k, so that 0 is the
only multiple of 2^k that it can be.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .file import Circuit, read
from .limits import MAX_NETS, Refused, TooLarge, Work, decoding, require
from .meaning import Meaning
from .nets import accumulate
from .reader import read_source
from .reference import Nets
from .rules import Claim, Windows
from .source import attach
from .steps import Steps


@dataclass(frozen=True)
class Verdict:
    """What an accepted circuit rests on: "exhaustive", "local", "ledger", "form", "sat" (docs/certificate.md)."""

    circuit: Circuit
    lemmas: int
    rows: int
    kinds: tuple[str, ...]


def _add_ghosts(nets: Nets, ghosts: Sequence[Any]) -> None:
    """Gates that only the proof reads: [sources, weights, bias], and 1 if it is early."""
    for sources, weights, bias, *early in ghosts:
        nets.work.spend(10 + 4 * len(sources), 250 + 80 * len(sources))
        ints = len(sources) == len(weights) and all(type(n) is int for n in (*sources, *weights, bias))
        good = (
            ints
            and early in ([], [1])
            and all(0 <= net < len(nets) and not (early and nets.late(net)) for net in sources)
        )
        require(good, "a ghost must read earlier nets, and an early one early nets")
        nets.define((tuple(sources), tuple(weights), bias), early=bool(early))


@decoding("the certificate is malformed")
def check(
    data: bytes, memo: dict[Any, int | None] | None = None, given: Sequence[bytes] = (), work: Work | None = None
) -> Verdict:
    """The verdict on a file that is accepted; raises Damaged, Refused or TooLarge.

    `memo` holds windows decided before, for further calls; `given` sources stand in for those that the file carries.
    """
    work = work or Work()
    circuit = read(data, work)
    sources = [*given, *circuit.sources[len(given) :]]
    require(len(sources) == len(circuit.sources), f"the circuit has {len(circuit.sources)} sources only", Refused)
    input_bits = sum(width for _, width in circuit.inputs)
    require(input_bits <= MAX_NETS, f"the inputs have more than {MAX_NETS} bits", TooLarge)
    work.spend(input_bits, 16 * input_bits)
    nets = Nets(input_bits, circuit.gates, work)
    goals = (
        Meaning(circuit.inputs, circuit.outputs, nets).goals(circuit.meaning) if circuit.meaning or not sources else []
    )
    wanted = [
        attach(nets, circuit, read_source(source, work), names) for names in [dict[Any, Any]()] for source in sources
    ]
    require(
        circuit.certificate.keys() == {"ghosts", "lemmas", "goals"}, "a certificate must be of ghosts, lemmas and goals"
    )
    _add_ghosts(nets, circuit.certificate["ghosts"])
    steps = Steps(nets, Windows(nets, work, memo))
    for entry in circuit.certificate["lemmas"]:
        steps.take(entry)
    require(len(circuit.certificate["goals"]) == len(goals), f"the certificate must prove {len(goals)} goals")
    kinds = {
        _prove(goal, proof, steps, circuit) for goal, proof in zip(goals, circuit.certificate["goals"], strict=True)
    }
    for literals, (name, drivers) in itertools.product(wanted, circuit.outputs):
        for bit, net in enumerate(drivers):
            shown = nets.find(2 * net) == nets.find(literals[name][bit])
            require(shown, f"bit {bit} of {name} is not shown to equal its source's", Refused)
    return Verdict(circuit, len(steps.claims), steps.windows.rows, tuple(sorted(kinds | steps.kinds)))


def _prove(goal: Claim, proof: Any, steps: Steps, circuit: Circuit) -> str:
    """Prove one goal the way that its proof says: "rows", or [[lemma, multiplier], ...]. Returns the kind."""
    if proof == "rows":
        row = steps.windows.failure(range(sum(width for _, width in circuit.inputs)), [goal])
        if row is None:
            return "exhaustive"
        values: dict[str, int] = {}
        for name, width in circuit.inputs:
            values[name], row = row & (1 << width) - 1, row >> width
        raise Refused(f"the meaning is not met where {' '.join(f'{n}={v}' for n, v in values.items())}", values)
    rest = accumulate(steps.nets.reduced(goal.terms), steps.total(proof), -1)
    reach = [sum(max(side * w, 0) for w in goal.terms.values()) for side in (1, -1)]
    bits = max(reach).bit_length() if goal.bits is None else goal.bits
    left = [net for net, weight in rest.items() if weight % (1 << bits)]
    require(not left, f"the lemmas do not add up to the meaning: {len(left)} nets are left over", Refused)
    return "ledger" if any(len(claim.terms) > 3 for lemma, _ in proof if (claim := steps.claims[lemma])) else "local"
