"""How a check ends other than with yes, and the one counter of work.

Whoever sends a file may want it to be read for days. So everything that takes time or memory is paid from one counter
before it is done, and the check ends with `TooLarge` when the counter is used up. A unit is about a microsecond of
Python, or twenty bytes that stay: the whole is at most about a minute, and at most about a gigabyte.
"""

import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MAX_WORK = 60_000_000
MAX_WIDTH = 1 << 16  # bits of one word of a meaning
MAX_NETS = 1 << 20  # reference nodes of a meaning, and inputs of a source
MAX_LEAVES = 24  # of a window: 2^24 rows


class Damaged(Exception):
    """Not a circuit file of this version, or changed after it was written; or a source that is malformed."""

    status = 2


class TooLarge(Exception):
    """A question is over a limit of this program."""

    status = 3


class Refused(Exception):
    """Well-formed, but the evidence does not prove what is claimed; with the inputs that show it, where they are known."""

    status = 1

    def __init__(self, message: str, counterexample: dict[str, int] | None = None) -> None:
        super().__init__(message)
        self.counterexample = counterexample


class Work:
    """The counter of work: what is left of it."""

    def __init__(self, limit: int = MAX_WORK) -> None:
        self.left = limit

    def spend(self, units: int) -> None:
        """Pay for what is about to be done."""
        self.left -= units
        require(self.left >= 0, "the file asks for too much work", TooLarge)


def require(condition: object, message: str, error: type[Exception] = Damaged) -> None:
    """Raise an error unless something holds."""
    if not condition:
        raise error(message)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Where a part is not what it must be, decoding trips over it in one of these ways."""
    limit = sys.getrecursionlimit()
    try:
        yield
    except (MemoryError, RecursionError):
        raise TooLarge(f"{what}: it nests too deeply, or memory ran out") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise Damaged(f"{what} ({type(error).__name__}: {error!s:.60})") from None
    finally:
        sys.setrecursionlimit(limit)
