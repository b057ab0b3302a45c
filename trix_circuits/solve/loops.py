"""How hot loops are compiled: by numba, to machine code that is kept among the user's own compiled code.

Numba's own cache does not see that a function changed which a loop calls. Here the folder is named by a digest of all
sources (store.py), so that code of other sources is never found; where no such folder can be had, nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

import numba

from trix_circuits.store import code_folder

Function = TypeVar("Function", bound=Callable[..., object])


@cache
def _folder() -> str | None:
    found = code_folder("loops", f"numba {numba.__version__}")
    return None if found is None else str(found)


def compiled(function: Function, **options: Any) -> Function:
    """The function as machine code, compiled at its first call."""
    config: Any = numba.config  # where numba asks for its folder, while a function is decorated
    before, folder = config.CACHE_DIR, _folder()
    try:
        config.CACHE_DIR = folder or before
        return cast(Function, numba.njit(cache=folder is not None, **options)(function))
    finally:
        config.CACHE_DIR = before
