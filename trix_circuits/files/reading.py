"""What all readers share: the value that they return, text, limits, and names.

A reader never takes memory beyond a small multiple of its file: counts that a file merely claims are held against
`room`, which grows with the file's size, before anything is made for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from trix_circuits.errors import InputError, LimitError, quoted
from trix_circuits.logic.aig import Aig

_FREE = 1 << 16
# Control characters that no text has, and a carriage return that ends no line: programs differ on which are blanks or
# line ends, so that a file with them could say one thing here and another elsewhere.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?![\r\n]|\Z)")
_SPELLED = re.compile(rb"\\x[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says: its function, sentences for the user, and where the function matters (None: everywhere).

    `checked` says that it was the checker who read it.
    """

    aig: Aig
    notes: tuple[str, ...] = ()
    care: Aig | None = None
    checked: bool = False


class BeyondError(InputError):
    """What the file has is beyond this reader, but the reader of another kind may know it (`Kind.beyond`)."""


class MissingToolError(InputError):
    """What reads this kind is an extra that is not installed."""


def text_of(data: bytes) -> str:
    """The text of a file, bytes beyond ASCII being spelled out (`\\xc3`), as the checker does; raises InputError for
    binary data, and where a name that is so spelled in the file itself could be meant as well.
    """
    if match := _NO_TEXT.search(data):
        line, byte = data.count(b"\n", 0, match.start()) + 1, match[0].hex()
        raise InputError(f"line {line}: must be a text file, not binary data: the byte 0x{byte} stands there")
    if not data.isascii() and (match := _SPELLED.search(data)):
        line, name = data.count(b"\n", 0, match.start()) + 1, match[0].decode()
        raise InputError(
            f"line {line}: {name} is how a byte beyond ASCII is spelled here, and the file has such bytes too:"
            " names must be told apart"
        )
    return data.decode("ascii", "backslashreplace")


def spelled(name: str) -> str:
    """A name of any characters in the letters that all our files have, as `text_of` spells it."""
    return name.encode("utf-8", "surrogatepass").decode("ascii", "backslashreplace")


def lines_of(data: bytes, comment: str = "#") -> list[tuple[int, str]]:
    """Numbered lines without comments and without those that are empty then."""
    lines = [line.partition(comment)[0].strip() for line in text_of(data).split("\n")]
    return [(number, line) for number, line in enumerate(lines, 1) if line]


def room(data: bytes) -> int:
    """How many things a file of this size may claim to have without naming each."""
    return _FREE + len(data)


@dataclass
class Budget:
    """How many nets and connections a file may come to; what expands (vectors, hierarchies) pays before it is made."""

    most: int
    used: int = field(default=0)

    def spend(self, count: int) -> None:
        """Raises LimitError when it is all used up."""
        self.used += count
        if self.used > self.most:
            raise LimitError(f"a file of this size may come to at most {self.most} nets and connections")


def number(text: str, what: str, most: int | None = None) -> int:
    """A plain decimal count; raises InputError if it is none, LimitError if it is more than `most`."""
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"{what} must be a number, not {quoted(text)}")
    digits = text.lstrip("0")
    if len(digits) > 18 or (most is not None and int(digits or "0") > most):
        raise LimitError(f"{what} is {quoted(text)}; a file of this size may have at most {most or 10**18}")
    return int(digits or "0")


def bus_names(bus: str, width: int) -> list[str]:
    """`x[0]`, `x[1]`, ...: the bits of a bus that the file does not name."""
    return [f"{bus}[{i}]" for i in range(width)]
