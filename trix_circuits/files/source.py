"""The door of the readers: a file of any readable kind to an AIG and to the bytes that the checker will read.

A file of a kind that the checker itself reads (`Kind.vouched`) is handed to it as it is, and the proof is then against
what the user gave. Any other becomes an AIG here, is written as binary AIGER, and that is what the proof is against.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trix_circuits.errors import InputError, TrixCircuitsError, quoted, shown
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.checked import is_read
from trix_circuits.files.kinds import KINDS, Kind
from trix_circuits.files.kinds import named as kind_named
from trix_circuits.files.names import renamings
from trix_circuits.files.reading import BeyondError, MissingToolError, Reading
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.names import circuit_name
from trix_circuits.store import read_bytes

READABLE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind.read)


@dataclass(frozen=True)
class Foreign:
    """A circuit that nobody here wrote.

    `data` is what the checker reads: the given file if `vouched`, else binary AIGER of `aig`, with symbols. `notes`
    are sentences that the user should see, the last of them on names that a circuit cannot have. `care`, if there is one, is 1 where an output matters (same inputs, outputs).
    """

    kind: str
    name: str
    aig: Aig
    data: bytes
    vouched: bool
    notes: tuple[str, ...] = ()
    care: Aig | None = None


def read_circuit(path: str | os.PathLike[str], *, kind: str | None = None, top: str | None = None) -> Foreign:
    """The circuit of a file, its kind being told by its name unless given; `top` is the top module of Verilog.

    Raises InputError or LimitError: one line with the path, and the place in the file where it can be told.
    """
    path = os.fspath(path)
    found = _known(kind) if kind else kind_of(path)
    return _read(found, read_bytes(path), path, {"top": top, "folder": Path(path).parent})


def read_bytes_as(kind: str, data: bytes, name: str, *, top: str | None = None) -> Foreign:
    """The circuit of bytes of a kind; `name` stands for the path in messages. A TriX circuit needs its folder."""
    return _read(_known(kind), data, name, {"top": top, "folder": None})


def kind_of(path: str) -> Kind:
    """The kind that a file's name tells; raises InputError if it tells none."""
    lower = path.lower()
    for kind in READABLE:
        if lower.endswith(kind.suffixes):
            return kind
    known = " ".join(suffix for kind in READABLE for suffix in kind.suffixes)
    raise InputError(f"{shown(path)}: the name must end in one of {known}, or the kind be given: {_names()}")


def _names() -> str:
    return ", ".join(kind.name for kind in READABLE)


def _known(name: str) -> Kind:
    kind = kind_named(name, READABLE)
    if kind is None:
        raise InputError(f"kind must be one of {_names()}, not {quoted(name)}")
    return kind


def _read(kind: Kind, data: bytes, path: str, options: dict[str, Any]) -> Foreign:
    name = circuit_name(Path(path).name.split(".")[0])
    try:
        if options["top"] is not None and "top" not in kind.takes:
            raise InputError(f"top must be given with Verilog only, not with {kind.name}")
        kind, reading = _parsed(kind, data, name, options)
        if not reading.aig.output_names:
            raise InputError("must have an output")
        notes = (*reading.notes, *renamings(reading.aig))
    except TrixCircuitsError as error:
        other = _looks_like(data)
        told = other is not None and kind.name not in (other.name, other.beyond)
        error.args = (f"{shown(path)}: {error}{f'; it looks like {other.name}' if told and other else ''}",)
        raise
    vouched = kind.vouched and (reading.checked or is_read(data, reading.aig))
    data = data if vouched else aiger_bytes(reading.aig)
    return Foreign(kind.name, name, reading.aig, data, vouched, notes, reading.care)


def _parsed(kind: Kind, data: bytes, name: str, options: dict[str, Any]) -> tuple[Kind, Reading]:
    """What the kind's reader says, or, where that is beyond it, the reader of the kind that goes on."""
    try:
        return kind, kind.reader()(data, name, **{option: options[option] for option in kind.takes})
    except BeyondError as error:
        other = kind_named(kind.beyond, READABLE)
        if other is None:
            raise
        try:
            _, reading = _parsed(other, data, name, options)
        except MissingToolError as missing:
            raise InputError(f"{error}; {missing}") from None
        return other, replace(reading, notes=(f"{error}: read as {other.title}", *reading.notes))


def _looks_like(data: bytes) -> Kind | None:
    """The kind that the first bytes speak for, blanks and comments before them aside."""
    start = data[:4096]
    start = start[len(_BEFORE.match(start)[0]) :]  # type: ignore[index]  # it can match nothing
    return next((kind for kind in READABLE if kind.looks and re.match(kind.looks, start)), None)


_BEFORE = re.compile(rb"(?:\s++|#[^\n]*+\n|//[^\n]*+\n)*+")
