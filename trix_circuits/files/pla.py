"""PLA tables, as espresso reads and writes them, don't-cares included.

`.i N`, `.o M`, `.ilb names`, `.ob names`, `.p terms`, `.type f|fd|fr|fdr`, then a term a line: N characters of 0, 1, -
(also 2) and M of 1 (also 4), 0, - (also 2), ~ (also 3), blanks and `|` between them being of no account; `.e` or `.end`
ends. An output character 1 puts the term into the on-set; 0 into the off-set for fr and fdr; - into the don't-care set
for fd and fdr; all else says nothing. What is in no set is 0 for f and fd, don't-care for fr and fdr; a don't-care wins over 0 and 1, while 1 beside 0 is refused.

Don't-cares are freedom: up to 12 inputs the function is chosen between on-set and on-set plus don't-cares (isop.py)
where that takes fewer ANDs; beyond, a don't-care is 0 unless a term of the on-set covers it. Where they matter is kept
as the care function.

Source: Rudell, "Multiple-valued logic minimization for PLA synthesis", UCB/ERL M86/65, 1986, and espresso(5).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError, TrixCircuitsError, quoted
from trix_circuits.files.isop import between, cube_table
from trix_circuits.files.reading import Reading, bus_names, lines_of, number, room
from trix_circuits.logic.aig import Aig, AigBuilder, check_names

Words = npt.NDArray[np.uint64]
_TABLE_INPUTS = 12
_MAX_PAIRS = 1 << 30
_TYPES = ("f", "fd", "fr", "fdr")
_INPUTS = str.maketrans("2", "-")
_OUTPUTS = str.maketrans("234", "-~1")


@dataclass
class _Pla:
    """What the lines say. `terms` holds input cubes and output parts in the plain characters 01- and 01-~."""

    inputs: int = -1
    outputs: int = -1
    input_names: list[str] = field(default_factory=list)
    output_names: list[str] = field(default_factory=list)
    type: str = "fd"
    promised: int = -1
    ended: bool = False
    terms: list[tuple[str, str]] = field(default_factory=list)


def read_pla(data: bytes, name: str) -> Reading:
    """The circuit of a PLA file; raises InputError with the line."""
    pla = _parse(data)
    notes = []
    if 0 <= pla.promised != len(pla.terms):
        if not pla.ended and pla.promised > len(pla.terms):
            raise InputError(f".p says {pla.promised} terms, but the file ends after {len(pla.terms)}: it is cut short")
        notes.append(f".p says {pla.promised} terms; there are {len(pla.terms)}, and all of them are read")
    sets = {
        value: [[cube for cube, part in pla.terms if part[k] == value] for k in range(pla.outputs)] for value in "10-"
    }
    if "d" not in pla.type:
        sets["-"] = [[] for _ in range(pla.outputs)]
    zero = _by_terms(name, pla, sets["1"])
    if "r" in pla.type:
        _check_apart(pla, sets)
    elif not any(sets["-"]):
        return Reading(zero, tuple(notes))
    care = _care(pla, sets)
    if pla.inputs > _TABLE_INPUTS:
        notes.append(f"don't-cares are 0 where no term has 1, for there are more than {_TABLE_INPUTS} inputs")
        return Reading(zero, tuple(notes), care)
    free = _by_freedom(name, pla, sets)
    notes.append(f"don't-cares are freedom: {free.size} ANDs with it, {zero.size} without; the smaller is taken")
    return Reading(min((free, zero), key=lambda aig: aig.size), tuple(notes), care)


def _parse(data: bytes) -> _Pla:
    pla = _Pla()
    for at, line in lines_of(data):
        try:
            if pla.ended:
                raise InputError(f"nothing may stand after .e, not {quoted(line)}")
            if line[0] == ".":
                _directive(pla, line.split(), room(data))
            else:
                _term(pla, line)
        except TrixCircuitsError as error:
            error.args = (f"line {at}: {error}",)
            raise
    if pla.inputs < 0 or pla.outputs < 0:
        raise InputError("must have .i and .o: the numbers of inputs and outputs")
    pla.input_names = pla.input_names or bus_names("x", pla.inputs)
    pla.output_names = pla.output_names or bus_names("y", pla.outputs)
    check_names(pla.input_names, "input")
    check_names(pla.output_names, "output")
    return pla


def _directive(pla: _Pla, words: list[str], most: int) -> None:
    key, rest = words[0], words[1:]
    if key in (".i", ".o", ".p"):
        if len(rest) != 1:
            raise InputError(f"{key} must have one number, not {len(rest)}")
        count = number(rest[0], key, most)
        if key == ".p":
            pla.promised = count
        elif pla.terms or (pla.inputs if key == ".i" else pla.outputs) >= 0:
            raise InputError(f"{key} must stand once, before the terms")
        elif key == ".i":
            pla.inputs = count
        else:
            pla.outputs = count
    elif key in (".ilb", ".ob"):
        width = pla.inputs if key == ".ilb" else pla.outputs
        if len(rest) != width:
            raise InputError(f"{key} must have {max(width, 0)} names, as .{key[1]} says, not {len(rest)}")
        if key == ".ilb":
            pla.input_names = rest
        else:
            pla.output_names = rest
    elif key == ".type":
        if len(rest) != 1 or rest[0] not in _TYPES or pla.terms:
            raise InputError(
                f".type must be one of {', '.join(_TYPES)}, before the terms, not {quoted(' '.join(rest))}"
            )
        pla.type = rest[0]
    elif key in (".e", ".end"):
        pla.ended = True
    else:
        raise InputError(
            f"{quoted(key)} is not read; expected .i .o .ilb .ob .p .type .e and terms of two-valued logic"
        )


def _term(pla: _Pla, line: str) -> None:
    if pla.inputs < 0 or pla.outputs < 0:
        raise InputError(f".i and .o must stand before the terms, such as {quoted(line)}")
    flat = "".join(line.replace("|", " ").split())
    cube, part = flat[: pla.inputs].translate(_INPUTS), flat[pla.inputs :].translate(_OUTPUTS)
    if len(flat) != pla.inputs + pla.outputs:
        raise InputError(f"a term must have {pla.inputs} + {pla.outputs} characters, not {len(flat)}")
    if not set(cube) <= set("01-") or not set(part) <= set("01-~"):
        raise InputError(f"a term must be made of 0, 1, - (and ~ for outputs), not {quoted(line)}")
    pla.terms.append((cube, part))


def _any_product(builder: AigBuilder, cover: list[str]) -> int:
    """The OR of the products of a cover."""
    return builder.any_of([
        builder.all_of([builder.input(k) ^ (value == "0") for k, value in enumerate(cube) if value != "-"])
        for cube in cover
    ])  # fmt: skip


def _by_terms(name: str, pla: _Pla, covers: list[list[str]]) -> Aig:
    """Each output as the OR of its products."""
    builder = AigBuilder(pla.input_names)
    return builder.finish(
        name,
        [(output, _any_product(builder, cover)) for output, cover in zip(pla.output_names, covers, strict=True)],
    )


def _care(pla: _Pla, sets: dict[str, list[list[str]]]) -> Aig:
    """For each output, the rows where it matters."""
    builder = AigBuilder(pla.input_names)
    outputs = []
    for k, output in enumerate(pla.output_names):
        matters = _any_product(builder, sets["-"][k]) ^ 1
        if "r" in pla.type:
            matters = builder.and_(matters, _any_product(builder, sets["1"][k] + sets["0"][k]))
        outputs.append((output, matters))
    return builder.finish("care", outputs)


def _by_freedom(name: str, pla: _Pla, sets: dict[str, list[list[str]]]) -> Aig:
    """Each output between its on-set and its on-set with the don't-cares."""
    builder = AigBuilder(pla.input_names)
    literals = [builder.input(k) for k in range(pla.inputs)]
    ones = (1 << (1 << pla.inputs)) - 1
    tables = {cube: cube_table(cube, pla.inputs) for cube, _ in pla.terms}
    outputs = []
    for k, output in enumerate(pla.output_names):
        on, off, free = (_union(tables, sets[value][k]) for value in "10-")
        upper = (ones & ~off if "r" in pla.type else on) | free
        outputs.append((output, between(builder, on & ~free, upper, literals)[0]))
    return builder.finish(name, outputs)


def _union(tables: dict[str, int], cover: list[str]) -> int:
    total = 0
    for cube in cover:
        total |= tables[cube]
    return total


def _check_apart(pla: _Pla, sets: dict[str, list[list[str]]]) -> None:
    """Refuse terms that say both 1 and 0 of a row: terms meet unless one has 1 where the other has 0."""
    words = (pla.inputs + 63) // 64
    work = words * sum(len(on) * len(off) for on, off in zip(sets["1"], sets["0"], strict=True))
    if work > _MAX_PAIRS:
        raise LimitError(f"on-set and off-set must have at most {_MAX_PAIRS} pairs of terms to compare, not {work}")
    for k, output in enumerate(pla.output_names):
        off = [_masks(cube, words) for cube in sets["0"][k]]
        if not off:
            continue
        all_ones, all_zeros = np.array([ones for ones, _ in off]), np.array([zeros for _, zeros in off])
        for cube in sets["1"][k]:
            ones, zeros = _masks(cube, words)
            apart = ((all_zeros & ones) | (all_ones & zeros)).any(axis=1)
            if not apart.all():
                other = sets["0"][k][int(np.argmin(apart))]
                raise InputError(
                    f"output {quoted(output)}: {quoted(cube)} gives 1 and {quoted(other)} gives 0 to one row"
                )


def _masks(cube: str, words: int) -> tuple[Words, Words]:
    """Where a product has 1, and where it has 0, as bits."""
    raw = np.frombuffer(cube.ljust(64 * words, "-").encode(), dtype=np.uint8)
    return np.packbits(raw == ord("1")).view(np.uint64), np.packbits(raw == ord("0")).view(np.uint64)
