"""Values that cannot be changed: dictionaries, and arrays over bytes.

What was proven is held in such values, so that nothing changes it by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

Key = TypeVar("Key")
Value = TypeVar("Value")


class FrozenDict(dict[Key, Value]):
    """A dictionary that refuses to be changed."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this dictionary belongs to a netlist or a circuit, and cannot be changed; make a dict() of it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[Key, Value]]]:
        return type(self), (dict(self),)


def frozen_array(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """A copy as int64 over immutable bytes: it can be made writable by nobody."""
    data = np.ascontiguousarray(values, dtype=np.int64).tobytes()
    return np.frombuffer(data or bytes(8), dtype=np.int64)[: len(data) // 8]


def frozen_dict(values: Mapping[Key, Value]) -> FrozenDict[Key, Value]:
    """A copy that cannot be changed."""
    return FrozenDict(values)
