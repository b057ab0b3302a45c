"""The errors that a user can meet, each with the exit status that the command line gives it."""

from __future__ import annotations


class TrixCircuitsError(Exception):
    """Root of all errors that this package raises on purpose."""

    exit_status = 2


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
