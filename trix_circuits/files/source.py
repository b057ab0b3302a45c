"""The door of the readers: a file of any readable kind to an AIG and to the bytes that the checker will read.

The checker itself reads AIGER and BLIF; such a file is handed to it as it is, and the proof is then against what the
user gave. Any other kind becomes an AIG here, is written as binary AIGER, and that is what the proof is against.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trix_circuits.errors import InputError, TrixCircuitsError
from trix_circuits.files.aiger import aiger_bytes, read_checked
from trix_circuits.files.bench import read_bench
from trix_circuits.files.bristol import read_bristol
from trix_circuits.files.pla import read_pla
from trix_circuits.files.reading import Reading
from trix_circuits.files.table import read_table
from trix_circuits.files.trix import read_trix
from trix_circuits.files.verilog.reader import NotStructuralError, read_verilog
from trix_circuits.files.verilog.rtl import MissingYosysError, read_rtl
from trix_circuits.logic.aig import Aig
from trix_circuits.store import read_bytes

KINDS = {
    "aiger": (".aig", ".aag"),
    "blif": (".blif",),
    "bench": (".bench",),
    "pla": (".pla",),
    "verilog": (".v", ".sv"),
    "bristol": (".bristol", ".txt"),
    "table": (".tt", ".table", ".csv"),
    "trix": (".trix.json",),
    "rtl": (),
}
"""The kinds that can be read, and the file names by which each is known."""

_PLAIN: dict[str, Callable[[bytes, str], Reading]] = {
    "aiger": read_checked,
    "blif": read_checked,
    "bench": read_bench,
    "pla": read_pla,
    "bristol": read_bristol,
    "table": read_table,
}
_VOUCHED = ("aiger", "blif")


@dataclass(frozen=True)
class Foreign:
    """A circuit that nobody here wrote.

    `data` is what the checker reads: the given file if `vouched`, else binary AIGER of `aig`, with symbols. `notes`
    are sentences that the user should see. `care`, if there is one, is 1 where an output matters (same inputs, outputs).
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
    kind = _known(kind) if kind else kind_of(path)
    return _read(kind, read_bytes(path), path, top, Path(path).parent)


def read_bytes_as(kind: str, data: bytes, name: str, *, top: str | None = None) -> Foreign:
    """The circuit of bytes of a kind; `name` stands for the path in messages. A TriX circuit needs its folder."""
    return _read(_known(kind), data, name, top, None)


def kind_of(path: str) -> str:
    """The kind that a file's name tells; raises InputError if it tells none."""
    lower = path.lower()
    for kind, endings in KINDS.items():
        if lower.endswith(endings):
            return kind
    known = " ".join(ending for endings in KINDS.values() for ending in endings)
    raise InputError(f"{path}: the name must end in one of {known}, or the kind be given: {', '.join(KINDS)}")


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise InputError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    return kind


def _read(kind: str, data: bytes, path: str, top: str | None, folder: Path | None) -> Foreign:
    name = Path(path).name.split(".")[0] or "circuit"
    try:
        if top is not None and kind not in ("verilog", "rtl"):
            raise InputError(f"top must be given with Verilog only, not with {kind}")
        kind, reading = _parsed(kind, data, name, top, folder)
        if not reading.aig.output_names:
            raise InputError("must have an output")
    except TrixCircuitsError as error:
        other = _looks_like(data)
        hint = f"; it looks like {other}" if other and other != kind and {other, kind} != {"rtl", "verilog"} else ""
        error.args = (f"{path}: {_one_line(str(error))}{hint}",)
        raise
    vouched = kind in _VOUCHED
    data = data if vouched else aiger_bytes(reading.aig)
    return Foreign(kind, name, reading.aig, data, vouched, reading.notes, reading.care)


def _parsed(kind: str, data: bytes, name: str, top: str | None, folder: Path | None) -> tuple[str, Reading]:
    if kind == "trix":
        return kind, read_trix(data, name, folder)
    if kind == "rtl":
        return kind, read_rtl(data, name, top, folder)
    if kind == "verilog":
        try:
            return kind, read_verilog(data, name, top)
        except NotStructuralError as error:
            try:
                reading = read_rtl(data, name, top, folder)
            except MissingYosysError as missing:
                raise InputError(f"{error}; {missing}") from None
            note = f"{error}: read by way of Yosys"
            return "rtl", Reading(reading.aig, (note, *reading.notes))
    if kind in _VOUCHED and (data[:4] in (b"aig ", b"aag ")) != (kind == "aiger"):
        raise InputError("must begin with 'aig' or 'aag'" if kind == "aiger" else "must be BLIF, not AIGER")
    return kind, _PLAIN[kind](data, name)


def _one_line(message: str) -> str:
    """The message on one line of printable characters, whatever names from the file are in it."""
    plain = " ".join(message.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in plain)


def _looks_like(data: bytes) -> str | None:
    """The kind that the first bytes speak for."""
    start = data[:4096].lstrip()
    if start[:4] in (b"aig ", b"aag "):
        return "aiger"
    if start.startswith((b".model", b".inputs")):
        return "blif"
    if start.startswith((b".i ", b".o ", b".ilb ", b".type ")):
        return "pla"
    if start.startswith((b"INPUT(", b"OUTPUT(")):
        return "bench"
    if start.startswith((b"module ", b"`timescale")):
        return "verilog"
    return None
