"""What a user may give for a function: a name, a truth table, a file that holds one, or an expression."""

from __future__ import annotations

import re
from pathlib import Path

from trix_circuits.errors import InputError
from trix_circuits.logic.expression import parse_expression
from trix_circuits.logic.truth_table import MAX_INPUTS, NamedFunction, TruthTable, letters, named_function
from trix_circuits.store import read_bytes

_MAX_FILE = 1 << 20


def parse_function(text: str, inputs: int | None = None) -> NamedFunction:
    """The function of `SUM`, `XOR5`, `0x96` (with the number of inputs), a file's path, or `a ^ (b & ~c)`.

    Raises InputError with one line that says what is wrong.
    """
    if inputs is not None and not 1 <= inputs <= MAX_INPUTS:
        raise InputError(f"the number of inputs must be 1 to {MAX_INPUTS}, not {inputs}")
    text = text.strip()
    if re.fullmatch(r"0[xXbB][0-9a-fA-F_]+", text):
        return _table(text, inputs, "truth table")
    if re.fullmatch(r"[A-Za-z]+[0-9]*", text) and not (len(text) == 1 and text.islower()):
        function = named_function(text)
    elif re.search(r"[\\/.]", text) or Path(text).is_file():
        function = _file(text, inputs)
    else:
        function = parse_expression(text)
    if inputs is not None and inputs != function.table.arity:
        raise InputError(f"{function.name} has {function.table.arity} inputs, not {inputs}")
    return function


def _table(text: str, inputs: int | None, what: str) -> NamedFunction:
    try:
        bits = int(text, 0)
    except ValueError:
        raise InputError(f"{what} {text[:40]!r} must be a number such as 0x96 or 0b0110") from None
    if inputs is None:
        digits = len(text.replace("_", "")) - 2
        rows = digits * (4 if text[1] in "xX" else 1)
        if rows & rows - 1:
            raise InputError(f"{what} {text[:40]} must come with --inputs, for it has {rows} bits")
        inputs = max(rows.bit_length() - 1, 1)
    if bits >> (1 << inputs):
        raise InputError(f"{what} {text[:40]} must fit {1 << inputs} rows, but has {bits.bit_length()} bits")
    table = TruthTable(inputs, bits)
    return NamedFunction(table.hex(), table, letters(inputs))


def _file(path: str, inputs: int | None) -> NamedFunction:
    """A file with one truth table: 0x96 or 0b..., or one 0 or 1 a row (row 0 first), `#` starting a comment."""
    raw = read_bytes(path)
    if len(raw) > _MAX_FILE:
        raise InputError(f"{path}: a truth table file must have at most {_MAX_FILE} bytes, not {len(raw)}")
    try:
        lines = [line.partition("#")[0].strip() for line in raw.decode("ascii").splitlines()]
    except UnicodeDecodeError:
        raise InputError(f"{path}: must be a text file with a truth table, not binary data") from None
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line]
    if len(numbered) == 1 and numbered[0][1][:2].lower() in ("0x", "0b"):
        return _table(numbered[0][1], inputs, f"{path}: line {numbered[0][0]}: truth table")
    for number, line in numbered:
        if line not in ("0", "1"):
            raise InputError(f"{path}: line {number}: must be 0x..., 0b..., or a row's value 0 or 1, not {line[:30]!r}")
    rows = len(numbered)
    if rows < 2 or rows & rows - 1 or rows > 1 << MAX_INPUTS:
        raise InputError(f"{path}: must have a power of two of rows, not {rows}")
    bits = sum(int(line) << row for row, (_, line) in enumerate(numbered))
    table = TruthTable(rows.bit_length() - 1, bits)
    return NamedFunction(Path(path).stem, table, letters(table.arity))
