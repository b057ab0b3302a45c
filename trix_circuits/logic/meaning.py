"""What a meaning says, in plain Python integers: for given inputs, the value that each output must have.

The checker (check.py) turns the same notation into gates and sums of nets; this is a second reading of it that shares no
code with the first, so that each is the other's oracle in the tests. docs/meaning.md has the notation. The text is
parsed and walked, never executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from trix_circuits.errors import InputError

MAX_BITS = 1 << 17  # of an integer, and of a shift's amount
_BINARY: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
_RELATION: dict[type, Callable[[int, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_Bit = tuple[str, int]  # an output and a bit of it


def evaluate(
    meaning: Sequence[str], inputs: Mapping[str, int], widths: Mapping[str, int], outputs: Mapping[str, int]
) -> dict[str, int]:
    """The outputs that the equations require at these inputs; `widths` are those of the inputs, `outputs` of the outputs.

    Raises InputError if an input does not fit its bus, a line is not in the notation, the lines do not determine every
    output bit exactly once, or no value of the outputs meets them.
    """
    if set(inputs) != set(widths):
        raise InputError(f"the inputs must be {', '.join(widths)}, not {', '.join(inputs)}")
    for name, value in inputs.items():
        if not 0 <= value < 1 << widths[name]:
            raise InputError(f"input {name} must be 0 to {(1 << widths[name]) - 1}, not {value}")
    reader, found = _Reader(inputs, widths), dict[_Bit, int]()
    for line in meaning:
        try:
            left, right = (ast.parse(side.strip(), mode="eval").body for side in line.split(" = "))
            if isinstance(left, ast.Name) and left.id not in outputs:
                reader.define(left.id, right)
                continue
            solved = _solve(_weights(left, outputs), reader.value(right), line)
        except (SyntaxError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"meaning: {line[:60]!r} must be `left = right`") from None
        except (RecursionError, MemoryError):
            raise InputError(f"meaning: {line[:60]!r} nests too deeply") from None
        if not found.keys().isdisjoint(solved):
            raise InputError(f"meaning: {line[:60]!r} must not determine an output bit again")
        found |= solved
    missing = [(name, i) for name, width in outputs.items() for i in range(width) if (name, i) not in found]
    if missing:
        raise InputError(f"meaning: nothing is said of bit {missing[0][1]} of output {missing[0][0]}")
    return {name: sum(found[name, i] << i for i in range(width)) for name, width in outputs.items()}


def _no(node: ast.expr) -> NoReturn:
    raise InputError(f"meaning: {ast.unparse(node)[:60]!r} is not in the notation, not known, or not allowed here")


def _weights(node: ast.expr, outputs: Mapping[str, int]) -> dict[_Bit, int]:
    """The weight of each output bit in a left side: a sum of outputs, or slices of them, with integer factors."""
    constants = _Reader({}, {})
    match node:
        case ast.Name(name) if name in outputs:
            return {(name, i): 1 << i for i in range(outputs[name])}
        case ast.Subscript(ast.Name(name), index) if name in outputs:
            low, high = constants.bounds(index)
            return {(name, i): 1 << i - low for i in range(low, min(high, outputs[name]))}
        case ast.UnaryOp(ast.USub(), operand):
            return {bit: -weight for bit, weight in _weights(operand, outputs).items()}
        case ast.BinOp(factor, ast.Mult(), operand) if not any(isinstance(n, ast.Name) for n in ast.walk(factor)):
            scale = constants.value(factor)
            return {bit: scale * weight for bit, weight in _weights(operand, outputs).items()}
        case ast.BinOp(x, ast.Add() | ast.Sub() as sign, y):
            total = _weights(x, outputs)
            for bit, weight in _weights(y, outputs).items():
                total[bit] = total.get(bit, 0) + (weight if isinstance(sign, ast.Add) else -weight)
            return {bit: weight for bit, weight in total.items() if weight}
    _no(node)


def _solve(weights: Mapping[_Bit, int], value: int, line: str) -> dict[_Bit, int]:
    """Bits that add up to the value. Only the lowest weight is odd, so its bit is the value's parity; and so on."""
    solved, rest = dict[_Bit, int](), value
    for i, (bit, weight) in enumerate(sorted(weights.items(), key=lambda item: abs(item[1]))):
        if abs(weight) != 1 << i:
            raise InputError(f"meaning: the left of {line[:60]!r} must weigh output bits 1, 2, 4, ... or minus")
        solved[bit] = rest >> i & 1
        rest -= weight * solved[bit]
    if rest:
        raise InputError(f"meaning: the left of {line[:60]!r} cannot be {value}: its outputs are too narrow")
    return solved


class _Reader:
    """Evaluates right sides. Names are input buses and earlier definitions."""

    def __init__(self, values: Mapping[str, int], widths: Mapping[str, int]) -> None:
        self.values, self.widths = dict(values), dict(widths)
        self.constants: set[str] = set()

    def define(self, name: str, node: ast.expr) -> None:
        """A new name; it has a width of its own if it stands for a slice, a bus, or such a name."""
        if name in self.values:
            raise InputError(f"meaning: {name!r} must not be defined again")
        width = self.width(node)
        self.values[name] = self.value(node)
        if width is not None:
            self.widths[name] = width
        if self.is_constant(node):
            self.constants.add(name)

    def width(self, node: ast.expr) -> int | None:
        match node:
            case ast.Name(name):
                return self.widths.get(name)
            case ast.Subscript(_, index):
                low, high = self.bounds(index)
                return high - low
        return None

    def is_constant(self, node: ast.expr) -> bool:
        """Whether no input has a part in it."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return names <= self.constants | {"table", "popcount", "signed"}

    def constant(self, node: ast.expr, limit: int) -> int:
        value = self.value(node) if self.is_constant(node) else -1
        return value if 0 <= value <= limit else _no(node)

    def bounds(self, index: ast.expr) -> tuple[int, int]:
        """The lowest bit of a subscript, and the one after the highest."""
        match index:
            case ast.Slice(ast.expr() as lower, ast.expr() as upper, None):
                low, high = self.constant(lower, MAX_BITS), self.constant(upper, MAX_BITS)
                return (low, high) if low < high else _no(index)
            case ast.Slice():
                _no(index)
        low = self.constant(index, MAX_BITS)
        return low, low + 1

    def natural(self, node: ast.expr) -> int:
        value = self.value(node)
        return value if value >= 0 else _no(node)

    def sized(self, node: ast.expr) -> tuple[int, int]:
        """A natural number and its width: that of a bus or slice; else it must be 0 or 1, and is one bit."""
        value, width = self.natural(node), self.width(node)
        if width is None and value > 1:
            _no(node)
        return value, width or 1

    def value(self, node: ast.expr) -> int:
        """The value of a right side."""
        found = self._value(node)
        return found if found.bit_length() <= 2 * MAX_BITS else _no(node)

    def _value(self, node: ast.expr) -> int:
        match node:
            case ast.Name(name) if name in self.values:
                return self.values[name]
            case ast.Constant(int(value)) if type(value) is int:
                return value
            case ast.UnaryOp(ast.USub(), x):
                return -self.value(x)
            case ast.BinOp(ast.Constant(int(2)), ast.Pow(), y):
                return 1 << self.constant(y, MAX_BITS)
            case ast.BinOp(x, ast.Mod(), y):
                modulus = self.constant(y, 1 << MAX_BITS)
                return self.value(x) % modulus if modulus > 1 and modulus.bit_count() == 1 else _no(node)
            case ast.BinOp(x, kind, y) if type(kind) in _BINARY:
                a, b = self.value(x), self.value(y)
                if isinstance(kind, ast.LShift | ast.RShift) and not 0 <= b < MAX_BITS:
                    _no(node)
                return _BINARY[type(kind)](a, b)
            case ast.Compare(x, [kind], [y]) if type(kind) in _RELATION:
                return int(_RELATION[type(kind)](self.value(x), self.value(y)))
            case ast.IfExp(test, x, y):
                condition, a, b = self.value(test), self.value(x), self.value(y)
                return a if condition else b
            case ast.Subscript(x, index):
                low, high = self.bounds(index)
                return self.value(x) >> low & (1 << high - low) - 1
            case ast.Call(ast.Name("popcount"), [x], []):
                return self.natural(x).bit_count()
            case ast.Call(ast.Name("signed"), [x], []):
                number, width = self.sized(x)
                return number - (number >> width - 1 << width)
            case ast.Call(ast.Name("table"), [rows, *address, last], []):
                row = at = 0
                for number, width in map(self.sized, address):
                    row, at = row | number << at, at + width
                row |= self.natural(last) << at
                return self.constant(rows, 1 << MAX_BITS) >> row & 1 if row < MAX_BITS else _no(node)
        _no(node)
