"""Certificates one behind the other: what was proven of a source holds for the circuit that equals it.

A circuit that is proven equal to a circuit file keeps that file's meaning: the file's own lemmas come first, with their
nets under the numbers that they have beside the new circuit, then the lemmas that show both equal. The nets of a
certificate are numbered as docs/certificate.md says: inputs, gates, the two constants, reference nodes of the meaning,
gates of sources, ghosts. The meaning makes the same reference nodes in the same order over the same inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trix_circuits import check
from trix_circuits.circuit import Certificate
from trix_circuits.logic.netlist import Netlist

Place = Callable[[int], int]  # the new number of a net


def with_meaning(netlist: Netlist, source: check.Circuit, certificate: Certificate) -> Certificate | None:
    """The certificate of a netlist against a circuit file, made one that also proves the file's meaning.

    None if the file has no meaning, has sources of its own, or orders its inputs otherwise: nothing is lost then.
    """
    inputs = [(name, width) for name, width in netlist.inputs.items()]
    outputs = [(name, len(nets)) for name, nets in netlist.outputs.items()]
    theirs = [(name, len(nets)) for name, nets in source.outputs]
    if not source.meaning or source.sources or inputs != source.inputs or outputs != theirs:
        return None
    bits, own, gates = netlist.input_bits, netlist.size, len(source.gates)
    nets = check.Nets(bits, source.gates)
    check.Meaning(source.inputs, source.outputs, nets).goals(source.meaning)
    made = len(nets) - bits - gates  # the constants and the reference nodes
    first_source = bits + own + made
    ghosts = len(source.certificate["ghosts"])

    def theirs_here(net: int) -> int:
        if net < bits:
            return net
        if net < bits + gates:
            return first_source + net - bits
        if net < bits + gates + made:
            return net - gates + own
        return net - gates + own + gates  # a ghost, behind the source's gates

    def ours_here(net: int) -> int:
        if net < bits + own + 2:
            return net
        if net < bits + own + 2 + gates:
            return net + made - 2
        return net + made - 2 + ghosts

    count = len(source.certificate["lemmas"])
    return {
        "ghosts": [
            *moved_ghosts(source.certificate["ghosts"], theirs_here),
            *moved_ghosts(certificate["ghosts"], ours_here),
        ],
        "lemmas": [
            *(moved(lemma, theirs_here, 0) for lemma in source.certificate["lemmas"]),
            *(moved(lemma, ours_here, count) for lemma in certificate["lemmas"]),
        ],
        "goals": source.certificate["goals"],
    }


def moved_ghosts(ghosts: Sequence[Any], place: Place) -> list[Any]:
    """Ghosts over the same nets under other numbers."""
    return [[[place(net) for net in sources], *rest] for sources, *rest in ghosts]


def moved(lemma: Sequence[Any], place: Place, count: int) -> list[Any]:
    """A lemma over the same nets under other numbers, behind so many other lemmas."""

    def literal(number: int) -> int:
        return 2 * place(number >> 1) + (number & 1)

    def leaf(entry: int | list[int]) -> int | list[int]:
        return place(entry) if isinstance(entry, int) else [place(net) for net in entry]

    def proof(pairs: Sequence[Sequence[int]]) -> list[list[int]]:
        return [[number + count, factor] for number, factor in pairs]

    match lemma:
        case [list() as leaves, given, members, weights, constant, relation]:
            nets = [place(net) for net in members]
            return [[*map(leaf, leaves)], [number + count for number in given], nets, weights, constant, relation]
        case ["form", a, b, pairs]:
            return ["form", literal(a), literal(b), proof(pairs)]
        case ["digits", bits, pairs]:
            return ["digits", bits, proof(pairs)]
        case ["clauses", axioms, steps, *pairs]:
            clauses = [[place(net), *map(literal, literals)] for net, *literals in axioms]
            return ["clauses", clauses, [[[*map(literal, ls)], hints] for ls, hints in steps], *map(literal, pairs)]
        case [a, b, *leaves]:
            return [literal(a), literal(b), *map(leaf, leaves)]
    raise ValueError(f"a lemma must be of a known kind, not {lemma!r:.40}")
