"""The errors that a user can meet, each with the exit status that the command line gives it; and how text that others
wrote (names in files, paths, pieces of a line) is put into what we say.

Such text must not be able to end our line, to move a terminal's cursor, or to look like what we say ourselves. So what
is said is one line of printable ASCII, whatever is in it: `escaped` makes it so, and every error's text goes through
it. A name or a path within a line is `shown` (as it stands if it is plain, else in quotes) or `quoted`.
"""

from __future__ import annotations

import re

MOST = 10_000  # characters of one line
# What stands in a line without quotes: no blanks, and none of the words that our verdicts begin with.
_PLAIN = re.compile(r"(?!ACCEPTED|REFUSED|PROVEN|EQUAL)[A-Za-z0-9_.,/+=@%~:#()\[\]<>^&|!*-]+")


def escaped(text: str, most: int = MOST) -> str:
    """The text as one line of printable ASCII: all else is spelled out, `\\n`, `\\x1b`, `\\u202e`, and what is too long is cut.

    What is escaped stays as it is when it is escaped again.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text[: most + 1])
    return text if len(text) <= most else f"{text[:most]}..."


def quoted(text: str, most: int = 40) -> str:
    """A piece of a file for a message: short, in quotes, on one line whatever is in it."""
    return ascii(text if len(text) <= most else f"{text[: most - 3]}...")


def shown(text: str, most: int = 200) -> str:
    """A name or a path within a line: as it stands if it is short and plain, else quoted."""
    return text if len(text) <= most and _PLAIN.fullmatch(text) else quoted(text, most)


class TrixCircuitsError(Exception):
    """Root of all errors that this package raises on purpose."""

    exit_status = 2

    def __str__(self) -> str:
        """One line of printable ASCII, whatever names are in it."""
        return escaped(super().__str__())


class InputError(TrixCircuitsError, ValueError):
    """What the user gave cannot be understood or is contradictory: one line says what, where and what was expected."""

    exit_status = 2


class RefutedError(TrixCircuitsError):
    """A circuit does not compute its meaning, or its evidence does not show it. Carries a counterexample if one is known."""

    exit_status = 1

    def __init__(self, message: str, counterexample: dict[str, int] | None = None) -> None:
        super().__init__(message)
        self.counterexample = counterexample


class LimitError(TrixCircuitsError):
    """A limit of time, memory or size was met before an answer was found."""

    exit_status = 3


class ImpossibleError(TrixCircuitsError):
    """What was asked for is proven not to exist in this format and size."""

    exit_status = 4
