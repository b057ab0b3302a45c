"""Files that the checker itself reads, to AIGs: what is mapped and what is proven are read by the same page."""

from __future__ import annotations

from trix_circuits import check
from trix_circuits.errors import InputError, LimitError
from trix_circuits.files.reading import Reading
from trix_circuits.logic.aig import FALSE, TRUE, Aig, AigBuilder, check_names
from trix_circuits.logic.expand import gate_literal


def read_checked(data: bytes, name: str) -> Reading:
    """The circuit of a file of a kind that the checker reads, which it tells by the content."""
    try:
        source = check.read_source(data)
    except check.Damaged as error:
        raise InputError(str(error)[:300]) from None
    except check.TooLarge as error:
        raise LimitError(str(error)[:300]) from None
    return Reading(aig_of_source(source, name), checked=True)


def names_in(data: bytes) -> tuple[list[str], list[str]]:
    """The names of inputs and outputs in a file that the checker has read already, as they stand there."""
    source = check.read_source(data)
    return list(source.inputs), [name for name, _ in source.outputs]


def is_read(data: bytes, aig: Aig) -> bool:
    """Whether the checker reads such a file too, with these inputs and outputs (what they compute, the proof decides)."""
    try:
        return names_in(data) == (list(aig.input_names), list(aig.output_names))
    except (check.Damaged, check.TooLarge):
        return False


def aig_of_source(source: check.Source, name: str) -> Aig:
    """The AIG of threshold gates over nets, as `check.read_source` gives them."""
    check_names(source.inputs, "input")
    check_names([output for output, _ in source.outputs], "output")
    builder = AigBuilder(source.inputs)
    literals = [builder.input(index) for index in range(len(source.inputs))]
    for sources, weights, bias in source.gates:
        if len(sources) == 2 and abs(weights[0]) == abs(weights[1]) == 1:
            a, b = literals[sources[0]] ^ (weights[0] < 0), literals[sources[1]] ^ (weights[1] < 0)
            need = (weights[0] < 0) + (weights[1] < 0) - bias
            literals.append(
                builder.and_(a, b) if need == 2 else builder.or_(a, b) if need == 1 else TRUE if need < 1 else FALSE
            )
        else:
            literals.append(gate_literal(builder, [literals[net] for net in sources], weights, bias))
    return builder.finish(name, [(output, literals[at >> 1] ^ at & 1) for output, at in source.outputs])
