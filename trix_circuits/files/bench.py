"""BENCH netlists, as the ISCAS'85 and '89 suites come and as ABC writes them.

Lines, in any order, `#` starting a comment: `INPUT(a)`, `OUTPUT(y)`, `y = OP(a, b, ...)` with OP one of AND, OR, NAND,
NOR, XOR, XNOR, NOT (INV), BUF (BUFF), MUX; `y = LUT 0x8 (a, b)`, the truth table over the inputs, the first being bit
0 of a row; `y = vdd`, `y = gnd`. Case of OP does not matter. DFF is refused: these circuits have no memory here.

Source: Brglez and Fujiwara, "A neutral netlist of 10 combinational benchmark circuits", ISCAS 1985.
"""

from __future__ import annotations

import re

from trix_circuits.errors import InputError, TrixCircuitsError, quoted
from trix_circuits.files.network import Network
from trix_circuits.files.reading import Reading, lines_of
from trix_circuits.logic.truth_table import MAX_INPUTS

_OPERATIONS = {"AND": "and", "OR": "or", "NAND": "nand", "NOR": "nor", "XOR": "xor", "XNOR": "xnor",
               "NOT": "not", "INV": "not", "BUF": "buf", "BUFF": "buf", "MUX": "mux",
               "VDD": "1", "GND": "0", "CONST1": "1", "CONST0": "0"}  # fmt: skip
_ARITY = {"not": 1, "buf": 1, "mux": 3, "0": 0, "1": 0}
_MEMORY = ("DFF", "DFFR", "DFFS", "DFFSR", "LATCH", "DLATCH", "SDFF", "TSTATE")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*(0[xX][0-9A-Fa-f]+)?\s*(?:\(([^()]*)\))?\Z")
_MUX_NOTE = "MUX(s, a, b) is taken to give a where s is 1 and b where s is 0, as ABC reads it"


def read_bench(data: bytes, name: str) -> Reading:
    """The circuit of a BENCH file; raises InputError with the line."""
    places: dict[str, int] = {}
    names: list[str] = []
    network = Network(names.__getitem__)
    inputs: list[tuple[str, int]] = []
    outputs: list[tuple[str, int]] = []
    notes: tuple[str, ...] = ()

    def net(text: str) -> int:
        if not text or len(text.split()) != 1:
            raise InputError(f"a net must have a name, not {quoted(text)}")
        if text not in places:
            places[text] = network.net()
            names.append(text)
        return places[text]

    for at, line in lines_of(data):
        try:
            left, equals, right = line.partition("=")
            match = _CALL.match((right if equals else line).strip())
            if match is None:
                raise InputError(f"must be INPUT(a), OUTPUT(a) or y = OP(a, b), not {quoted(line)}")
            word, table, inside = match[1].upper(), match[2], match[3]
            if not equals:
                if word not in ("INPUT", "OUTPUT") or inside is None or table:
                    raise InputError(f"must be INPUT(a), OUTPUT(a) or y = OP(a, b), not {quoted(line)}")
                (inputs if word == "INPUT" else outputs).append((inside.strip(), net(inside.strip())))
                continue
            operands = [net(part.strip()) for part in inside.split(",")] if inside and inside.strip() else []
            network.drive(net(left.strip()), _operation(word, table, len(operands)), operands)
            if word == "MUX":
                notes = (_MUX_NOTE,)
        except TrixCircuitsError as error:
            error.args = (f"line {at}: {error}",)
            raise
    return Reading(network.aig(name, inputs, outputs), notes)


def _operation(word: str, table: str | None, operands: int) -> str | int:
    """The operation of a gate, its number of inputs being right."""
    if word in _MEMORY:
        raise InputError(f"{word} is a memory element; the circuit must be combinational")
    if word == "LUT":
        if table is None or operands > MAX_INPUTS or int(table, 16) >> (1 << operands):
            raise InputError(f"LUT must have a table 0x... of 2^inputs bits and at most {MAX_INPUTS} inputs")
        return int(table, 16)
    if word not in _OPERATIONS or table:
        raise InputError(f"the gate must be one of {', '.join(_OPERATIONS)} or LUT 0x..., not {quoted(word)}")
    operation = _OPERATIONS[word]
    if operands != _ARITY.get(operation, operands) or (operands == 0 and operation not in "01"):
        raise InputError(f"{word} must have {_ARITY.get(operation, 'some')} inputs, not {operands}")
    return operation
