"""Boolean expressions to truth tables: `a ^ (b & ~c)`, in Python's notation, without running anything.

Operators: ~ & ^ | (or `not`, `and`, `or`, and `!` for `~`), `x if s else y`, parentheses, 0 and 1. Inputs are the names,
in the order of their first appearance, input 0 first.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from trix_circuits.errors import InputError
from trix_circuits.logic.truth_table import MAX_INPUTS, NamedFunction, TruthTable, variable

_MAX_LENGTH = 10_000


def parse_expression(text: str, input_names: Sequence[str] | None = None) -> NamedFunction:
    """The function of an expression; with `input_names`, its inputs are these, in this order. Raises InputError."""
    if len(text) > _MAX_LENGTH:
        raise InputError(f"an expression must have at most {_MAX_LENGTH} characters, not {len(text)}")
    try:
        tree = ast.parse(text.strip().replace("!", "~"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise InputError(f"expression {text[:60]!r}: not understood{place}; expected e.g. a ^ (b & ~c)") from None
    names = list(input_names) if input_names is not None else _names(tree)
    if len(names) > MAX_INPUTS:
        raise InputError(f"expression {text[:60]!r}: must have at most {MAX_INPUTS} inputs, not {len(names)}")
    places = {name: variable(len(names), i) for i, name in enumerate(names)}
    try:
        bits = _evaluate(tree, places, (1 << (1 << len(names))) - 1)
    except RecursionError:
        raise InputError(f"expression {text[:60]!r}: nested too deeply") from None
    return NamedFunction(text.strip(), TruthTable(len(names), bits), tuple(names))


def _names(tree: ast.expr) -> list[str]:
    """Names in the order of their place in the text."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in found))


def _evaluate(node: ast.expr, places: dict[str, int], ones: int) -> int:
    match node:
        case ast.Name(name) if name in places:
            return places[name]
        case ast.Name(name):
            raise InputError(f"expression: {name} must be one of the inputs {', '.join(places)}")
        case ast.Constant(bool() | int() as value) if value in (0, 1):
            return ones if value else 0
        case ast.UnaryOp(ast.Invert() | ast.Not(), operand):
            return _evaluate(operand, places, ones) ^ ones
        case ast.BinOp(left, ast.BitAnd(), right):
            return _evaluate(left, places, ones) & _evaluate(right, places, ones)
        case ast.BinOp(left, ast.BitOr(), right):
            return _evaluate(left, places, ones) | _evaluate(right, places, ones)
        case ast.BinOp(left, ast.BitXor(), right):
            return _evaluate(left, places, ones) ^ _evaluate(right, places, ones)
        case ast.BoolOp(operator, values):
            results = [_evaluate(value, places, ones) for value in values]
            total = results[0]
            for result in results[1:]:
                total = total & result if isinstance(operator, ast.And) else total | result
            return total
        case ast.IfExp(test, body, other):
            condition = _evaluate(test, places, ones)
            return condition & _evaluate(body, places, ones) | (condition ^ ones) & _evaluate(other, places, ones)
    raise InputError(f"expression: {ast.unparse(node)[:40]!r} must be made of names, 0, 1, ~ & ^ | and `x if s else y`")
