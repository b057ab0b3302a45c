"""Values that cannot be changed: dictionaries, arrays over bytes, and facts that only their own module states.

What was proven is held in such values, so that nothing changes it by mistake. Python stops nobody who means to
(`object.__setattr__`, private names); what is stopped here is everything that reads like ordinary use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError

Key = TypeVar("Key")
Value = TypeVar("Value")
Type = TypeVar("Type", bound=type)


class FrozenDict(dict[Key, Value]):
    """A dictionary that refuses to be changed."""

    __slots__ = ("_made",)

    def __init__(self, values: Mapping[Key, Value]) -> None:
        if hasattr(self, "_made"):
            self._refuse()
        super().__init__(values)
        object.__setattr__(self, "_made", True)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this dictionary belongs to what was proven, and cannot be changed; make a dict() of it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
    __setattr__ = __delattr__ = _refuse

    def __copy__(self) -> FrozenDict[Key, Value]:
        return self

    def __reduce__(self) -> tuple[type, tuple[dict[Key, Value]]]:
        return type(self), (dict(self),)


def frozen_dict(values: Mapping[Key, Value]) -> FrozenDict[Key, Value]:
    """A copy that cannot be changed."""
    return FrozenDict(values)


def frozen(value: Any) -> Any:
    """A copy of a JSON value that cannot be changed: lists become tuples."""
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(each) for key, each in value.items()})
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


class FrozenArray:
    """A field of a class that holds an array over immutable bytes: nobody can make it writable.

    Each look at the field gives a new array object over the same bytes, so that a shape or a type that somebody gives to
    one is not seen by others.
    """

    def __init__(self, name: str, kind: npt.DTypeLike) -> None:
        self._slot, self._kind = f"_{name}", np.dtype(kind)

    def __get__(self, owner: object, _: type) -> npt.NDArray[Any]:
        data, shape = getattr(owner, self._slot)
        return np.ndarray(shape, self._kind, data)

    def __set__(self, owner: object, values: npt.NDArray[Any]) -> None:
        array = np.asarray(values, dtype=self._kind)
        object.__setattr__(owner, self._slot, (array.tobytes(), array.shape))


def frozen_arrays(**kinds: npt.DTypeLike) -> Callable[[Type], Type]:
    """For a frozen dataclass: these fields are `FrozenArray`s, copies of what they are given, of such kinds of numbers."""

    def freeze(cls: Type) -> Type:
        for name, kind in kinds.items():
            setattr(cls, name, FrozenArray(name, kind))
        return cls

    return freeze


def only_here(cls: Type) -> Type:
    """A frozen dataclass whose instances are made by its own module only: there, what they say is established.

    Whoever else calls it, also by `dataclasses.replace`, is refused; so are derived classes, and pickles, which would be
    believed when they are read. A copy of an instance is itself.
    """
    initialise, home = getattr(cls, "__init__"), cls.__module__  # noqa: B009  # mypy takes the plain form for unsound

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:
        if type(self) is not cls or sys._getframe(1).f_globals.get("__name__") != home:
            raise InputError(f"{cls.__name__} says what {home} has shown: it is made there only, and not changed")
        initialise(self, *arguments, **named)

    def __init_subclass__(_: type) -> NoReturn:
        raise TypeError(f"{cls.__name__} cannot be extended: it says what {home} has shown, and no more")

    def __reduce__(_: Any) -> NoReturn:
        raise TypeError(f"{cls.__name__} cannot be pickled: what is read back would be believed unseen")

    made: dict[str, Any] = {
        "__init__": __init__,
        "__init_subclass__": classmethod(__init_subclass__),
        "__reduce__": __reduce__,
        "__copy__": lambda self: self,
        "__deepcopy__": lambda self, memo: self,
    }
    for name, value in made.items():
        setattr(cls, name, value)
    return cls
