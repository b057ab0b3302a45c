"""Widths, fixed or symbolic, and the types of words that a spec's signature is written in.

`Bits[8]` is the integers 0 to 255, `Signed[8]` is -128 to 127 in two's complement. A width may be an expression over
names, `Bits["n + 1"]`, or over `n = Width("n")`, `Bits[n + 1]`. Its text is parsed and walked, never executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from trix_circuits.errors import InputError
from trix_circuits.trace.place import fail
from trix_circuits.trace.ranges import MAX_WIDTH, Range

_MAX_TEXT = 200
_BOUND: ContextVar[Mapping[str, int] | None] = ContextVar("widths", default=None)
_BINARY: dict[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
_CALLS: dict[str, Callable[..., int]] = {"max": max, "min": min, "clog2": lambda x: (x - 1).bit_length()}


@contextmanager
def bound(widths: Mapping[str, int]) -> Iterator[None]:
    """While a function runs with these widths, a `Width` in its body is an integer."""
    token = _BOUND.set(widths)
    try:
        yield
    finally:
        _BOUND.reset(token)


class Width:
    """A width that `f.at(n=16)` gives: a name, or an expression over names with + - * // % ** max min clog2.

    In the body of a function that runs, it is that integer: `range(n)`.
    """

    __slots__ = ("_tree", "names", "text")

    def __init__(self, text: str) -> None:
        """Raises InputError if the text is not such an expression."""
        self.text = text
        try:
            if len(text) > _MAX_TEXT:
                raise ValueError
            self._tree = ast.parse(text.strip(), mode="eval").body
            self.names = tuple(dict.fromkeys(_names(self._tree)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            fail(f'a width must be an expression such as "n" or "2*n + 1", not {text[:60]!r}')

    def value(self, widths: Mapping[str, int]) -> int:
        """The width for these names. Raises InputError if one is missing or the result is not an integer."""
        try:
            return _value(self._tree, widths)
        except (ArithmeticError, ValueError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            fail(f"the width {self.text} must be an integer for {_shown(widths)}")

    def _now(self) -> int | None:
        widths = _BOUND.get()
        return self.value(widths) if widths is not None and set(self.names) <= set(widths) else None

    def __index__(self) -> int:
        value = self._now()
        if value is None:
            fail(f"the width {self.text} is not known here; it is where f.at({self.names[0]}=...) runs f")
        return value

    __int__ = __index__

    def _combined(self, sign: str, other: object, *, swapped: bool = False) -> Any:
        if not isinstance(other, int | Width):
            return NotImplemented
        left, right = (other, self) if swapped else (self, other)
        mine, theirs = self._now(), other._now() if isinstance(other, Width) else other
        if mine is not None and theirs is not None:
            function = next(function for shown, function in _BINARY.values() if shown == sign)
            return function(theirs, mine) if swapped else function(mine, theirs)
        return Width(f"{_part(left)} {sign} {_part(right)}")

    def __add__(self, other: object) -> Any:
        return self._combined("+", other)

    def __radd__(self, other: object) -> Any:
        return self._combined("+", other, swapped=True)

    def __sub__(self, other: object) -> Any:
        return self._combined("-", other)

    def __rsub__(self, other: object) -> Any:
        return self._combined("-", other, swapped=True)

    def __mul__(self, other: object) -> Any:
        return self._combined("*", other)

    def __rmul__(self, other: object) -> Any:
        return self._combined("*", other, swapped=True)

    def __floordiv__(self, other: object) -> Any:
        return self._combined("//", other)

    def __mod__(self, other: object) -> Any:
        return self._combined("%", other)

    def __rpow__(self, other: object) -> Any:
        return self._combined("**", other, swapped=True)

    def __rlshift__(self, other: int) -> int:
        return other << int(self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Width) and other.text == self.text:
            return True
        theirs = other._now() if isinstance(other, Width) else other
        return theirs is not None and self._now() == theirs

    def __hash__(self) -> int:
        return hash(self.text)

    def __lt__(self, other: Any) -> bool:
        return int(self) < int(other)

    def __le__(self, other: Any) -> bool:
        return int(self) <= int(other)

    def __gt__(self, other: Any) -> bool:
        return int(self) > int(other)

    def __ge__(self, other: Any) -> bool:
        return int(self) >= int(other)

    def __repr__(self) -> str:
        return f"Width({self.text!r})"


def _part(value: int | Width) -> str:
    if isinstance(value, int):
        return str(value) if value >= 0 else f"({value})"
    return value.text if value.text.isidentifier() else f"({value.text})"


def _shown(widths: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in widths.items()) or "no names"


def _names(node: ast.expr) -> Iterator[str]:
    """The names of an expression; ValueError if it is none that `_value` reads."""
    match node:
        case ast.Name(name):
            yield name
        case ast.Constant(value) if type(value) is int:
            pass
        case ast.UnaryOp(ast.USub(), x):
            yield from _names(x)
        case ast.BinOp(x, kind, y) if type(kind) in _BINARY:
            yield from _names(x)
            yield from _names(y)
        case ast.Call(ast.Name(name), [_, *_], []) if name in _CALLS and (name != "clog2" or len(node.args) == 1):
            for argument in node.args:
                yield from _names(argument)
        case _:
            raise ValueError


def _value(node: ast.expr, widths: Mapping[str, int]) -> int:
    match node:
        case ast.Name(name):
            if name not in widths:
                fail(f"the width {name} must be given: f.at({name}=...)")
            return widths[name]
        case ast.Constant(int(value)):
            return value
        case ast.UnaryOp(ast.USub(), x):
            return -_value(x, widths)
        case ast.BinOp(x, kind, y):
            a, b = _value(x, widths), _value(y, widths)
            if isinstance(kind, ast.Pow) and not (0 <= b <= 64 and abs(a) <= MAX_WIDTH):
                raise ValueError
            return _BINARY[type(kind)][1](a, b)
        case ast.Call(ast.Name(name), arguments, []):
            values = [_value(argument, widths) for argument in arguments]
            if name == "clog2" and values[0] < 1:
                raise ValueError
            return _CALLS[name](*values) if len(values) > 1 or name == "clog2" else values[0]
    raise AssertionError(node)


@dataclass(frozen=True, slots=True)
class WordType:
    """The type of a word: `Bits[width]` or `Signed[width]`."""

    width: int | Width
    signed: bool

    def at(self, widths: Mapping[str, int]) -> WordType:
        """The type for these widths. Raises InputError unless that is 1 to MAX_WIDTH bits wide."""
        if isinstance(self.width, int):
            return self
        width = self.width.value(widths)
        if not 1 <= width <= MAX_WIDTH:
            fail(f"the width {self.width.text} must be 1 to {MAX_WIDTH}, not {width}, for {_shown(widths)}")
        return WordType(width, self.signed)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the width needs."""
        return () if isinstance(self.width, int) else self.width.names

    @property
    def bits(self) -> int:
        """The width as an integer."""
        return int(self.width)

    @property
    def range(self) -> Range:
        """The integers of this type."""
        half = 1 << self.bits - 1
        return Range(-half, half - 1) if self.signed else Range(0, 2 * half - 1)

    def __call__(self, value: Any) -> Any:
        """The value as one of this type, and just as wide. Raises InputError where it might not fit."""
        from trix_circuits.trace.value import as_values, fit

        return fit(as_values(value)[0], WordType(self.bits, self.signed), f"the value for {self}")

    def __str__(self) -> str:
        text = self.width.text if isinstance(self.width, Width) else self.width
        return f"{'Signed' if self.signed else 'Bits'}[{text}]"

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class WordFamily:
    """What `Bits` and `Signed` are: subscribing them with a width gives the type."""

    signed: bool

    def __getitem__(self, width: object) -> WordType:
        if isinstance(width, str):
            width = Width(width)
        if isinstance(width, Width):
            now = width._now()
            width = width if now is None else now
        if isinstance(width, Width):
            return WordType(width, self.signed)
        if not isinstance(width, int) or isinstance(width, bool) or not 1 <= width <= MAX_WIDTH:
            fail(f"a width must be an integer from 1 to {MAX_WIDTH}, a name or a Width, not {width!r}")
        return WordType(width, self.signed)

    def __call__(self, *_: object) -> Any:
        fail(f"{self!r} takes a width: {self!r}[8](x)")

    def __repr__(self) -> str:
        return "Signed" if self.signed else "Bits"
