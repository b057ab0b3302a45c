"""The signature of a spec: which words go in and come out, read from the function's annotations.

Inputs are `Bits[...]`, `Signed[...]`, `bool` (one bit), or `int` for a constant that `f.at(k=3)` gives. Results are one
word, a tuple of words, or named words: a NamedTuple, a TypedDict, a dataclass, or a dict from names to types.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trix_circuits.errors import InputError
from trix_circuits.logic.netlist import check_bus_name
from trix_circuits.trace.width import WordType

BIT = WordType(1, False)


@dataclass(frozen=True, slots=True)
class Results:
    """The words that a function returns: their names and types, how to take them from what it returned, and back."""

    words: dict[str, WordType]
    take: Callable[[Any], Sequence[Any]]
    give: Callable[[Sequence[Any]], Any]
    shape: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Inputs in order, constants in order, results."""

    inputs: dict[str, WordType]
    constants: tuple[str, ...]
    results: Results
    python: inspect.Signature

    @property
    def defaults(self) -> dict[str, int]:
        """The constants that have a default."""
        given = {name: self.python.parameters[name].default for name in self.constants}
        return {name: value for name, value in given.items() if isinstance(value, int)}

    @property
    def names(self) -> tuple[str, ...]:
        """All names that `at` may give: those in widths, and the constants."""
        types = (*self.inputs.values(), *self.results.words.values())
        return tuple(dict.fromkeys([*self.constants, *(name for word in types for name in word.names)]))


def signature_of(function: types.FunctionType, scope: Mapping[str, Any]) -> Signature:
    """Read a function's annotations; `scope` is where it is defined. Raises InputError at the function's line."""
    place = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}: "
    try:
        annotations = inspect.get_annotations(function, locals=dict(scope), eval_str=True)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{place}the annotations of {function.__name__} must be types: {_said(error)}") from error
    python = inspect.signature(function)
    inputs: dict[str, WordType] = {}
    constants = []
    for name, parameter in python.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise InputError(f"{place}{function.__name__} must have parameters that are counted, not *{name}")
        kind = annotations.get(name)
        if kind is int:
            constants.append(name)
            continue
        word = _word(kind)
        if word is None:
            raise InputError(f"{place}parameter {name} must be annotated Bits[n] or Signed[n]{_not(kind)}")
        _check_name(name, place)
        inputs[name] = word
    if "return" not in annotations:
        raise InputError(f"{place}{function.__name__} must have a result that is annotated: -> Bits[n]")
    results = _results(annotations["return"], scope, place)
    for name in results.words:
        _check_name(name, place)
        if name in inputs:
            raise InputError(f"{place}output {name} must not have the name of an input; rename the input")
    return Signature(inputs, tuple(constants), results, python)


def _check_name(name: str, place: str) -> None:
    try:
        check_bus_name(name)
    except InputError as error:
        raise InputError(f"{place}{error}") from None


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _not(kind: object) -> str:
    return f", not {kind if not isinstance(kind, type) else kind.__name__}"[:80] if kind is not None else ""


def _word(kind: object) -> WordType | None:
    if kind is bool:
        return BIT
    return kind if isinstance(kind, WordType) else None


def _results(kind: Any, scope: Mapping[str, Any], place: str) -> Results:
    one = _word(kind)
    if one is not None:
        return Results({"out": one}, lambda value: [value], lambda values: values[0], str(one))
    if typing.get_origin(kind) is tuple:
        parts = typing.get_args(kind)
        words = {f"out{k}": _word(part) for k, part in enumerate(parts)}
        return Results(_all_words(words, place), _from_sequence, tuple, f"a tuple of {len(parts)}")
    if isinstance(kind, dict):
        words = {str(name): _word(part) for name, part in kind.items()}
        return _named(words, place, _from_mapping, lambda **found: dict(found), "a dict")
    if isinstance(kind, type) and (
        typing.is_typeddict(kind) or dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")
    ):
        words = {name: _word(part) for name, part in _fields(kind, scope, place).items()}
        take = _from_mapping if typing.is_typeddict(kind) else _from_fields
        return _named(words, place, take, kind, f"a {kind.__name__}")
    raise InputError(
        f"{place}the result must be annotated Bits[n], Signed[n], or a tuple or named tuple of them{_not(kind)}"
    )


def _all_words(words: Mapping[str, WordType | None], place: str) -> dict[str, WordType]:
    if not words:
        raise InputError(f"{place}the result must have at least one word")
    for name, word in words.items():
        if word is None:
            raise InputError(f"{place}{name} of the result must be annotated Bits[n] or Signed[n]")
    return {name: word for name, word in words.items() if word is not None}


def _named(
    words: Mapping[str, WordType | None],
    place: str,
    take: Callable[[Any, Sequence[str]], Sequence[Any]],
    make: Callable[..., Any],
    shape: str,
) -> Results:
    found = _all_words(words, place)
    names = tuple(found)
    return Results(
        found,
        lambda value: take(value, names),
        lambda values: make(**dict(zip(names, values, strict=True))),
        f"{shape} with {', '.join(names)}",
    )


def _fields(kind: type, scope: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The annotations of a class, in the scope of its module and else of the function."""
    try:
        try:
            return typing.get_type_hints(kind)
        except NameError:
            return typing.get_type_hints(kind, localns=dict(scope))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{place}the annotations of {kind.__name__} must be types: {_said(error)}") from error


# Each takes the words out of what was returned; None if that has another shape.


def _from_sequence(value: Any) -> Sequence[Any]:
    return list(value) if isinstance(value, tuple | list) else []


def _from_mapping(value: Any, names: Sequence[str]) -> Sequence[Any]:
    return [value[name] for name in names] if isinstance(value, Mapping) and set(value) == set(names) else []


def _from_fields(value: Any, names: Sequence[str]) -> Sequence[Any]:
    return [getattr(value, name) for name in names] if all(hasattr(value, name) for name in names) else []
