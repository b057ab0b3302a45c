"""AIGER in and out: binary and ASCII, with a symbol for each input and output.

The format: Biere, "The AIGER And-Inverter Graph Format", 2007, and Biere, Heljanko, Wieringa, "AIGER 1.9", 2011. In the
binary form an AND is two differences of literals, 7 bits a byte, lowest first, which needs lhs > rhs0 >= rhs1: our
variables are in that order already. Parsing is the checker's own (checked.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, escaped
from trix_circuits.files.checked import read_checked
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import comment
from trix_circuits.files.reading import Reading
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.netlist import Netlist


def read_aiger(data: bytes, name: str) -> Reading:
    """AIGER, binary or ASCII."""
    if data[:4] not in (b"aig ", b"aag "):
        raise InputError("must begin with 'aig' or 'aag'")
    return read_checked(data, name)


def write_binary(writing: Writing) -> bytes:
    """The circuit as binary AIGER."""
    return aiger(writing.aig, remark=_remark(writing))


def write_ascii(writing: Writing) -> bytes:
    """The circuit as ASCII AIGER."""
    return aiger(writing.aig, binary=False, remark=_remark(writing))


def _remark(writing: Writing) -> str:
    subject = writing.subject
    more = ""
    if isinstance(subject, Netlist):
        more = f"\n{subject.size} threshold gates in {comment(subject.format.name)}"
    return comment(writing.name) + more


def aiger_bytes(aig: Aig, named: bool = True) -> bytes:
    """Binary AIGER with a symbol for each input and output, if `named`. The same AIG gives the same bytes."""
    return aiger(aig, named=named)


def aiger(aig: Aig, *, binary: bool = True, named: bool = True, remark: str = "") -> bytes:
    """The AIG as an AIGER file; names go to the symbol table, the remark (of any lines), if there is one, to the end."""
    inputs, ands = len(aig.input_names), aig.size
    own = 2 * (1 + inputs + np.arange(ands, dtype=np.int64))
    high, low = np.maximum(aig.left, aig.right), np.minimum(aig.left, aig.right)
    head = f"{'aig' if binary else 'aag'} {inputs + ands} {inputs} 0 {len(aig.outputs)} {ands}\n"
    if not binary:
        head += "".join(f"{2 * k}\n" for k in range(1, inputs + 1))
    head += "".join(f"{literal}\n" for literal in aig.outputs.tolist())
    if binary:
        deltas = np.empty(2 * ands, dtype=np.int64)
        deltas[0::2], deltas[1::2] = own - high, high - low
        body = _seven_bits(deltas)
    else:
        rows = zip(own.tolist(), high.tolist(), low.tolist(), strict=True)
        body = "".join(f"{left} {a} {b}\n" for left, a, b in rows).encode()
    symbols = "".join(
        f"{kind}{index} {name}\n"
        for kind, names in (("i", aig.input_names), ("o", aig.output_names))
        for index, name in enumerate(names if named else ())
    )
    more = "".join(f"{escaped(line)}\n" for line in ["c", *remark.split("\n")]) if remark else ""
    return head.encode() + body + (symbols + more).encode()


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
