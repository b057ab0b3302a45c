"""How a check ends other than with yes, and the one counter of work.

Whoever sends a file may want it to be read for days. So everything that takes time or memory is paid from one counter
before it is done, and the check ends with `TooLarge` when that is used up: after about a minute, or a gigabyte.
"""

import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MAX_WORK = 120_000_000  # about a minute
MAX_MEMORY = 950_000_000
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
    """Well-formed, but the evidence does not prove what is claimed; with the inputs that show it, if they are known."""

    status = 1

    def __init__(self, message: str, counterexample: dict[str, int] | None = None) -> None:
        super().__init__(message)
        self.counterexample = counterexample


class Work:
    """What is left to spend: of work, a unit being some third of a microsecond, and of memory, in bytes that stay."""

    def __init__(self, work: int = MAX_WORK, memory: int = MAX_MEMORY) -> None:
        self.work, self.memory = work, memory

    def spend(self, work: int, memory: int = 0) -> None:
        """Pay for what is about to be done."""
        self.work, self.memory = self.work - work, self.memory - memory
        if self.work < 0 or self.memory < 0:
            raise TooLarge("the file asks for too much work or memory")


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
