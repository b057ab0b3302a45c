"""The one table of kinds of files: what each is called, how its files are known, and what reads and writes it.

A format is one module here, or a folder, with its reader and its writer. To add one: the module, and a record in KINDS;
`read_circuit`, `export_circuit`, the command line's help and the tests go through the table. Functions are named, not
imported, so that a command loads the formats that it meets.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.netlist import Netlist

if TYPE_CHECKING:
    from trix_circuits.files.names import Ports
    from trix_circuits.files.reading import Reading


@dataclass(frozen=True)
class Writing:
    """What a writer is given: a circuit, the name that it shall have, and its buses; `plain` as in `Kind.plain`."""

    subject: Netlist | Aig
    name: str
    ports: Ports
    plain: bool = False

    @cached_property
    def aig(self) -> Aig:
        """The circuit as an AIG, a netlist's bits being named as `bit_names` does."""
        subject = self.subject
        return aig_of(subject, self.name) if isinstance(subject, Netlist) else replace(subject, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of file, and its title in a sentence. Functions are `module:name`, the module being one of this package; "" where there is none.

    read     (data, name, **options) -> Reading; the options are those of `takes`: top (a module), folder (of the file)
    beyond   the kind that is asked where `read` raises BeyondError
    vouched  the checker reads such a file itself, so that a proof is against what the user gave (if our reader is more
             lenient, as about the order of lines, such a file is translated)
    looks    what the first bytes of such a file match, blanks and comments before them aside; nothing if they do not tell
    write    (Writing) -> bytes
    confirm  (Writing, data) -> None: RefutedError if the file says something else beside the function (weights, labels)
    reads_as the kind whose reader reads what is written, if it is not this one
    named    bits have names in the file, by which they are found again; else they go by order
    any_name a name may be of any printable characters; else buses have their names of letters, digits and _
    gates    shows threshold gates, which an AIG has not
    plain    can also be written AND by AND, which reads back as the very same AIG
    """

    name: str
    title: str
    suffixes: tuple[str, ...] = ()
    read: str = ""
    takes: tuple[str, ...] = ()
    beyond: str = ""
    vouched: bool = False
    looks: bytes = b""
    write: str = ""
    confirm: str = ""
    reads_as: str = ""
    named: bool = True
    any_name: bool = False
    gates: bool = False
    plain: bool = False

    def reader(self) -> Callable[..., Reading]:
        return _function(self.read)

    def writer(self) -> Callable[[Writing], bytes]:
        return _function(self.write)

    def confirmer(self) -> Callable[[Writing, bytes], None]:
        """What compares the rest of a file; does nothing where a file says nothing but a function."""
        return _function(self.confirm) if self.confirm else lambda writing, data: None


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(f"trix_circuits.{module}"), name)
    return found


KINDS: tuple[Kind, ...] = (
    Kind(
        name="aiger",
        title="AIGER",
        suffixes=(".aig", ".aag"),
        read="files.aiger:read_aiger",
        vouched=True,
        looks=rb"a[ai]g ",
        write="files.aiger:write_binary",
        any_name=True,
    ),
    Kind(
        name="aag",
        title="AIGER in ASCII",
        suffixes=(".aag",),
        write="files.aiger:write_ascii",
        reads_as="aiger",
        any_name=True,
    ),
    Kind(
        name="blif",
        title="BLIF",
        suffixes=(".blif",),
        read="files.blif:read_blif",
        vouched=True,
        looks=rb"\.(model(?![^\n]*\n\s*\.input\s)|inputs|outputs)\s",
        write="files.blif:write",
        plain=True,
    ),
    Kind(
        name="blif-weights",
        title="BLIF with the weights in comments",
        suffixes=(".blif",),
        write="files.blif:write_with_weights",
        confirm="files.blif:confirm_weights",
        reads_as="blif",
        gates=True,
        plain=True,
    ),
    Kind(
        name="bench",
        title="BENCH",
        suffixes=(".bench",),
        read="files.bench:read_bench",
        looks=rb"(INPUT|OUTPUT)\s*\(",
    ),
    Kind(
        name="pla",
        title="PLA",
        suffixes=(".pla",),
        read="files.pla:read_pla",
        looks=rb"\.(i|o|ilb|ob|type)\s",
    ),
    Kind(
        name="verilog",
        title="Verilog",
        suffixes=(".v", ".sv"),
        read="files.verilog.reader:read_verilog",
        takes=("top",),
        beyond="rtl",
        looks=rb"(module\s|`timescale\s)",
        write="files.verilog.writer:write",
        plain=True,
    ),
    Kind(
        name="bristol",
        title="Bristol Fashion",
        suffixes=(".bristol", ".txt"),
        read="files.bristol:read_bristol",
        vouched=True,
        looks=rb"\d+ +\d+\s*\n\s*\d+( +\d+)+\s*\n",
        write="files.bristol:write",
        named=False,
    ),
    Kind(name="table", title="a truth table", suffixes=(".tt", ".table", ".csv"), read="files.table:read_table"),
    Kind(
        name="thresh",
        title="threshold gates as text of threABC",
        suffixes=(".th",),
        read="files.thresh:read_thresh",
        looks=rb"([^\n]*\n)?\s*\.model[^\n]*\n\s*\.input\s",
        write="files.thresh:write",
        confirm="files.thresh:confirm_text",
        gates=True,
    ),
    Kind(
        name="trix",
        title="a TriX compiled circuit",
        suffixes=(".trix.json",),
        read="files.trix:read_trix",
        takes=("folder",),
    ),
    Kind(
        name="rtl",
        title="RTL by way of Yosys",
        read="files.verilog.rtl:read_rtl",
        takes=("top", "folder"),
    ),
)


def checker_reads() -> str:
    """The formats that the checker reads, for a sentence."""
    return ", ".join(kind.title for kind in KINDS if kind.vouched)


def named(name: str, kinds: Iterable[Kind] = KINDS) -> Kind | None:
    """The record of this name, if there is one."""
    return next((kind for kind in kinds if kind.name == name), None)
