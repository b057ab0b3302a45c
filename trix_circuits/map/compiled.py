"""How the hot loops of the mapper are compiled: as all loops are (solve/loops.py), with numpy's rules for division."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from trix_circuits.solve.loops import compiled as loop

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """The function as machine code; compiled at its first call and kept among the user's compiled code.

    A literal passed from one compiled function to another makes numba compile the callee once more for it: constants are
    made by `constant` there.
    """
    return loop(function, nogil=True, error_model="numpy")


def constant(value: int) -> int:
    """A constant that compiled functions see as any integer, not as a literal with a type of its own."""
    return cast(int, np.int64(value))


ZERO, ONE, MINUS_ONE = constant(0), constant(1), constant(-1)
