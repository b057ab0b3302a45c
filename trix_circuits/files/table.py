"""Truth tables as text: a number for each output, a value for each row, or a table with named columns.

`#` starts a comment. A file is one of

- numbers: `sum: 0x96` or `sum = 0b10010110`, one output a line, bit r of the number being the value at row r and input
  k being bit k of the row. The number of inputs follows from the digits, or is written behind, `maj: 0xe8 (3)`, or from
  a line `inputs a b cin`, which names them. A number alone, `0x96`, is the output y.
- values: 0 or 1, a line for each row, row 0 first: the output y.
- columns: a first line of names, then a line for each row, cells parted by blanks, commas or semicolons (CSV). A `|`
  or an empty cell parts inputs from outputs: `a b cin | sum carry`. Without it, the inputs are the first k columns when
  there are 2^k rows. An input cell is 0, 1 or - (both); an output cell is 0, 1, or - (don't-care). A row that is not
  listed is refused; two lines that disagree about a row are refused.

At most 16 inputs. Unnamed inputs are a, b, c, ... as everywhere in this package.
"""

from __future__ import annotations

import re

from trix_circuits.errors import InputError, LimitError, TrixCircuitsError, quoted
from trix_circuits.files.isop import between, cube_table, exactly
from trix_circuits.files.reading import Reading, lines_of
from trix_circuits.logic.aig import Aig, AigBuilder, check_names
from trix_circuits.logic.truth_table import MAX_INPUTS, letters

_NUMBER = re.compile(r"(?:([^\s:=]+)\s*[:=]\s*)?(0[xX][0-9A-Fa-f_]+|0[bB][01_]+)\s*(?:\(\s*([0-9]{1,4})\s*\))?\Z")
_CELLS = re.compile(r"[^\s,;|]+|[,;|]")
_FREEDOM_INPUTS = 12


def read_table(data: bytes, name: str) -> Reading:
    """The circuit of a truth table file; raises InputError with the line."""
    lines = lines_of(data)
    if not lines:
        raise InputError("must hold a truth table, but has no line")
    first = lines[1][1] if lines[0][1].split()[0] == "inputs" and len(lines) > 1 else lines[0][1]
    if _NUMBER.match(first):
        return _numbers(lines, name)
    if all(line in ("0", "1") for _, line in lines):
        rows = len(lines)
        if rows & rows - 1 or rows > 1 << MAX_INPUTS:
            raise InputError(f"must have a power of two of rows, at most {1 << MAX_INPUTS}, not {rows}")
        bits = int("".join(line for _, line in reversed(lines)), 2)
        return Reading(_built(name, letters(rows.bit_length() - 1), {"y": (bits, bits)}))
    return _columns(lines, name)


def _built(name: str, inputs: tuple[str, ...], tables: dict[str, tuple[int, int]]) -> Aig:
    """The AIG of output -> (rows that are 1, rows that may be 1)."""
    builder = AigBuilder(inputs)
    literals = [builder.input(k) for k in range(len(inputs))]
    outputs = []
    for output, (lower, upper) in tables.items():
        if lower != upper and len(inputs) <= _FREEDOM_INPUTS:
            outputs.append((output, between(builder, lower, upper, literals)[0]))
        else:
            outputs.append((output, exactly(builder, lower, literals)))
    return builder.finish(name, outputs)


def _numbers(lines: list[tuple[int, str]], name: str) -> Reading:
    names: tuple[str, ...] | None = None
    tables: dict[str, tuple[int, int]] = {}
    arity: int | None = None  # as the outputs so far have it
    for at, line in lines:
        try:
            if line.split()[0] == "inputs" and names is None and not tables:
                names = tuple(line.replace(",", " ").split()[1:])
                check_names(names, "input")
                arity = len(names)
                continue
            match = _NUMBER.match(line)
            if match is None:
                raise InputError(f"must be a table such as 'y: 0x96 (3)', not {quoted(line)}")
            output = match[1] or "y"
            bits, own = _bits(match[2], int(match[3]) if match[3] else len(names) if names is not None else None)
            if arity is not None and own != arity:
                raise InputError(f"{quoted(output)} must have {arity} inputs as the outputs before, not {own}")
            if output in tables:
                raise InputError(f"two outputs are named {quoted(output)}")
            arity, tables[output] = own, (bits, bits)
        except TrixCircuitsError as error:
            error.args = (f"line {at}: {error}",)
            raise
    check_names(list(tables), "output")
    if not tables:
        raise InputError("must hold a table such as 'y: 0x96 (3)'")
    return Reading(_built(name, names or letters(arity or 0), tables))


def _bits(text: str, arity: int | None) -> tuple[int, int]:
    """The number of a table, and how many inputs it has."""
    try:
        bits = int(text, 0)
    except ValueError:
        raise InputError(f"must be a number such as 0x96, not {quoted(text)}") from None
    rows = (len(text.replace("_", "")) - 2) * (4 if text[1] in "xX" else 1)
    if arity is None:
        if rows & rows - 1:
            raise InputError(f"{quoted(text)} must come with its number of inputs, '(3)', for it has {rows} bits")
        arity = rows.bit_length() - 1
    if arity > MAX_INPUTS:
        raise LimitError(f"a table must have at most {MAX_INPUTS} inputs, not {arity}")
    if bits >> (1 << arity):
        raise InputError(f"{quoted(text)} must fit the {1 << arity} rows of {arity} inputs")
    return bits, arity


def _columns(lines: list[tuple[int, str]], name: str) -> Reading:
    """A table with named columns."""
    head = _cells(lines[0][1])
    rows = [(at, _cells(line)) for at, line in lines[1:]]
    if "|" in head:
        arity = head.index("|")
    else:
        arity = len(rows).bit_length() - 1
        if arity < 1 or len(rows) & len(rows) - 1 or arity >= len(head):
            raise InputError(
                f"line {lines[0][0]}: must part inputs from outputs by |, or 2^inputs rows must follow, not {len(rows)}"
            )
        rows = [(at, [*row[:arity], "|", *row[arity:]]) for at, row in rows]
    inputs, outputs = tuple(head[:arity]), [cell for cell in head[arity:] if cell != "|"]
    if arity > MAX_INPUTS:
        raise LimitError(f"line {lines[0][0]}: a table must have at most {MAX_INPUTS} inputs, not {arity}")
    if not outputs:
        raise InputError(f"line {lines[0][0]}: must name an output")
    check_names(inputs, "input")
    check_names(outputs, "output")
    sets = {output: {"0": 0, "1": 0, "-": 0} for output in outputs}
    for at, row in rows:
        cells = ["-" if cell in ("x", "X", "?") else cell for cell in row]
        left, right = cells[:arity], cells[arity + 1 :]
        if len(right) != len(outputs) or cells[arity] != "|" or not {*left, *right} <= {"0", "1", "-"}:
            raise InputError(
                f"line {at}: must be {arity} | {len(outputs)} cells of 0, 1 or -, not {quoted(' '.join(row))}"
            )
        place = cube_table("".join(left), arity)
        for output, value in zip(outputs, right, strict=True):
            mine = sets[output]
            if any(place & mine[other] for other in "01-" if other != value):
                raise InputError(f"line {at}: contradicts another line about {quoted(output)}")
            mine[value] |= place
    ones = (1 << (1 << arity)) - 1
    for output, mine in sets.items():
        missing = ones & ~(mine["0"] | mine["1"] | mine["-"])
        if missing:
            least = (missing & -missing).bit_length() - 1
            missed = "".join(str(least >> k & 1) for k in range(arity))
            raise InputError(f"output {quoted(output)} is not given for the row {missed}; a don't-care is written -")
    free = {output: mine["-"] for output, mine in sets.items()}
    aig = _built(name, inputs, {output: (mine["1"], mine["1"] | mine["-"]) for output, mine in sets.items()})
    if not any(free.values()):
        return Reading(aig)
    care = _built("care", inputs, {output: (ones & ~table, ones & ~table) for output, table in free.items()})
    return Reading(aig, ("don't-cares of the table are used as freedom",), care)


def _cells(line: str) -> list[str]:
    """The cells of a line, inputs and outputs parted by one `|`; an empty cell of a CSV line is a `|` too."""
    cells: list[str] = []
    blank = False  # after a comma: the next must be a cell
    for cell in _CELLS.findall(line):
        if cell in ",;":
            if blank:
                cells.append("|")
            blank = True
        else:
            cells.append(cell)
            blank = False
    return cells
