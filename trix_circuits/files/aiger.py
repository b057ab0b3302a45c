"""AIGs and binary AIGER bytes, and circuits that the checker itself reads (AIGER, BLIF) to AIGs.

The format: Biere, "The AIGER And-Inverter Graph Format", 2007, and Biere, Heljanko, Wieringa, "AIGER 1.9", 2011.
Parsing is the checker's own, so that what is mapped and what is proven are read by the same page.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits import check
from trix_circuits.errors import InputError, LimitError
from trix_circuits.files.reading import Reading, check_names
from trix_circuits.logic.aig import FALSE, TRUE, Aig, AigBuilder
from trix_circuits.logic.expand import gate_literal


def read_checked(data: bytes, name: str) -> Reading:
    """AIGER (binary or ASCII) or BLIF, by its first letters."""
    try:
        source = check.read_source(data)
    except check.Damaged as error:
        raise InputError(str(error)[:300]) from None
    except check.TooLarge as error:
        raise LimitError(str(error)[:300]) from None
    return Reading(aig_of_source(source, name))


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


def aiger_bytes(aig: Aig, named: bool = True) -> bytes:
    """Binary AIGER with a symbol for each input and output, if `named`. The same AIG gives the same bytes."""
    check_names(aig.input_names, "input")
    check_names(aig.output_names, "output")
    inputs, ands = len(aig.input_names), aig.size
    own = 2 * (1 + inputs + np.arange(ands, dtype=np.int64))
    high, low = np.maximum(aig.left, aig.right), np.minimum(aig.left, aig.right)
    deltas = np.empty(2 * ands, dtype=np.int64)
    deltas[0::2], deltas[1::2] = own - high, high - low
    outputs = "".join(f"{literal}\n" for literal in aig.outputs.tolist())
    symbols = "".join(
        f"{kind}{index} {name}\n"
        for kind, names in (("i", aig.input_names), ("o", aig.output_names))
        for index, name in enumerate(names if named else ())
    )
    head = f"aig {inputs + ands} {inputs} 0 {len(aig.outputs)} {ands}\n{outputs}"
    return head.encode() + _seven_bits(deltas) + symbols.encode()


def _seven_bits(values: npt.NDArray[np.int64]) -> bytes:
    """Each value in groups of seven bits, lowest first, the top bit set in all but the last."""
    lengths = np.ones(len(values), dtype=np.int64)
    for count in range(1, 9):
        lengths += values >> 7 * count > 0
    ends = np.cumsum(lengths)
    out = np.zeros(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    for place in range(int(lengths.max(initial=0))):
        has = lengths > place
        more = (lengths[has] > place + 1) << 7
        out[(ends - lengths)[has] + place] = values[has] >> 7 * place & 127 | more
    return out.tobytes()
