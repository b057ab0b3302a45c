"""How the hot loops of the mapper are compiled: by numba, to machine code kept on disk between runs.

Numba ships no types, so the decorator gets the one it deserves here, and nothing else of the package imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function as machine code; compiled at its first call and kept beside the module (or in the user's cache).

    A literal passed from one compiled function to another makes numba compile the callee once more for it: constants are
    made by `constant` there.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def constant(value: int) -> int:
    """A constant that compiled functions see as any integer, not as a literal with a type of its own."""
    return cast(int, np.int64(value))


ZERO, ONE, MINUS_ONE = constant(0), constant(1), constant(-1)
