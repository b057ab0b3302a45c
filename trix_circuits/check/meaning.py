"""The meaning: equations between integers, in Python's own notation and sense. docs/meaning.md is its reference.

`sum = a + b + cin` becomes a *goal*: a linear form over nets that must be 0 for every input. Left of the equation stand
output bits with the weights 1, 2, 4, ... (either sign): they write an integer in one way only, so the equation
determines each of them. The right-hand side is made of reference nodes in the plainest way. Its values are of two
kinds:

  word    a list of nets in two's complement, lowest bit first, sign last, wide enough: ripple adders, one bit after the
          other, and bitwise operations
  linear  a form over nets: sums, products and choices are taken apart and never become bits; a comparison of two sums
          is one reference gate, for a threshold gate is a comparison of sums
"""

import ast
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn

from .file import Bus
from .limits import MAX_NETS, MAX_WIDTH, Refused, TooLarge, decoding, require
from .nets import ONE, Linear, accumulate
from .reference import Nets, Word, bitwise, less, select, shift, word_of
from .rules import Claim


class Meaning:
    """Reads equations. A name is an input bus or an earlier definition."""

    def __init__(self, inputs: list[Bus], outputs: Iterable[tuple[str, list[int]]], nets: Nets) -> None:
        self.nets, self.outputs = nets, dict(outputs)
        bits = itertools.count()
        self.names: dict[str, Word | Linear] = {n: [*itertools.islice(bits, w), nets.zero] for n, w in inputs}
        self.sized = set(self.names)  # names of a width of their own: input buses and slices

    @decoding("meaning")
    def goals(self, lines: Sequence[str]) -> list[Claim]:
        """A goal for each equation about outputs; together they must determine each output once."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # meanings of wide circuits nest deeply
        goals: list[Claim] = []
        drivers = (net for nets in self.outputs.values() for net in nets)
        missing = {ONE - 1 - i: net for i, net in enumerate(drivers)}  # on left sides, output bits are nets -2, -3, ...
        at = iter([*missing])
        slots: dict[str, Word | Linear] = {}
        for name, nets in self.outputs.items():
            slots[name] = [*itertools.islice(at, len(nets)), self.nets.zero]
        for line in lines:
            self.nets.work.spend(10 * len(line), 300 * len(line))
            try:
                left, right = (ast.parse(side.strip(), mode="eval").body for side in line.split(" = "))
            except (SyntaxError, ValueError):
                raise Refused(f"meaning: {line[:60]!r} must be an equation") from None
            if isinstance(left, ast.Name) and left.id not in self.outputs:
                value = self.word(right) if left.id not in self.names else self._no(left)
                self.names[left.id] = value
                if self._is_sized(right):
                    self.sized.add(left.id)
                continue
            names, self.names = self.names, slots
            form, self.names = self.linear(left), names
            weights = sorted(map(abs, form.values()))
            good = form and form.keys() <= missing.keys() and weights == [1 << i for i in range(len(form))]
            require(
                good, f"meaning: the left of {line[:60]!r} must weigh new output bits 1, 2, 4, ... or minus", Refused
            )
            goals.append(Claim({}))
            for slot, weight in form.items():
                accumulate(goals[-1].terms, {missing.pop(slot): weight}, 1)
            if isinstance(left, ast.Name) and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mod):
                if self._constant(right.right, 1 << MAX_WIDTH) == 1 << len(form):
                    goals[-1].bits, right = len(form), right.left
            accumulate(goals[-1].terms, self.linear(right), -1)
        require(not missing, "meaning: nothing is said of some output bits", Refused)
        return goals

    def _no(self, node: ast.expr) -> NoReturn:
        raise Refused(f"meaning: {ast.unparse(node)[:60]!r} is not in the notation, not known, or not allowed here")

    def linear(self, node: ast.expr) -> Linear:
        """The value as a linear form: sums, products and choices are taken apart, anything else goes by its bits."""
        return self._weighed(self._value(node, as_word=False))

    def _weighed(self, value: Word | Linear) -> Linear:
        if isinstance(value, list):
            weights = [*(1 << i for i in range(len(value) - 1)), -1 << len(value) - 1]
            value = self._sum(zip(value, weights, strict=True))
        bits = sum(weight.bit_length() for weight in value.values())
        self.nets.work.spend(len(value) + (bits >> 6), bits >> 2)
        return value

    def word(self, node: ast.expr) -> Word:
        """The value as a word of reference nodes."""
        return self._written(self._value(node, as_word=True))

    def _written(self, value: Word | Linear) -> Word:
        self.nets.work.spend(4 + len(value))
        return value if isinstance(value, list) else word_of(self.nets, value)

    def _sum(self, bits: Iterable[tuple[int, int]]) -> Linear:
        """The sum of bits times weights, known ones as a constant."""
        total: Linear = {}
        for net, weight in bits:
            value = self.nets.constant(net)
            accumulate(total, {net: weight} if value is None else {ONE: weight * value}, 1)
        return total

    def _product(self, x: Linear, y: Linear) -> Linear:
        small = not any(abs(factor) >> MAX_WIDTH for factor in (*x.values(), *y.values()))
        require(small and len(x) * len(y) <= MAX_NETS, "meaning: a product is too large", TooLarge)
        total: Linear = {}
        for (a, p), (b, q) in itertools.product(x.items(), y.items()):
            self.nets.work.spend(4 + (p.bit_length() + q.bit_length() >> 6), p.bit_length() + q.bit_length() >> 2)
            term = {b if a == ONE else a: 1} if ONE in (a, b) else self._sum([(self.nets.all_of(a, b), 1)])
            accumulate(total, term, p * q)
        return total

    def _constant(self, node: ast.expr, limit: int) -> int:
        linear = self.linear(node)
        value = linear.get(ONE, 0)
        return value if not linear.keys() - {ONE} and 0 <= value <= limit else self._no(node)

    def _is_sized(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Subscript) or (isinstance(node, ast.Name) and node.id in self.sized)

    def _bits(self, node: ast.expr, sized: bool = False) -> Word:
        """The bits of an integer that is never negative; if `sized`, of a width that is said: bus, slice, or 1 bit."""
        word = self.word(node)
        if word[-1] != self.nets.zero or (sized and len(word) > 2 and not self._is_sized(node)):
            self._no(node)
        return word[:-1] or [self.nets.zero]

    def _slice(self, node: ast.expr, low: int, high: int) -> Word:
        word = self.word(node)
        self.nets.work.spend(high >> 2)
        return [*(word + word[-1:] * high)[low:high], self.nets.zero] if low < high else self._no(node)

    def _table(self, node: ast.Call) -> Word:
        """table(t, x, ...): the bit of the constant t at the row that the arguments' bits write, the first lowest."""
        rows, *address, last = node.args
        bits = [bit for x in address for bit in self._bits(x, sized=True)] + self._bits(last)
        known = self._constant(rows, (1 << (1 << len(bits))) - 1 if len(bits) <= 16 else self._no(node))
        column = [self.nets.one if known >> row & 1 else self.nets.zero for row in range(1 << len(bits))]
        for bit in bits:
            column = [self.nets.choose(bit, column[k + 1], column[k]) for k in range(0, len(column), 2)]
        return [column[0], self.nets.zero]

    def _below(self, x: Word | Linear, y: Word | Linear, strict: bool) -> int:
        """1 iff x < y, or x <= y: of words, bit by bit; where a sum is compared, one gate, for so a gate compares."""
        if all(isinstance(side, list) or side.keys() <= {ONE} for side in (x, y)):
            x, y = self._written(x), self._written(y)
            return less(self.nets, x, y) if strict else self.nets.inverse(less(self.nets, y, x))
        form = accumulate(accumulate({ONE: -1} if strict else {}, self._weighed(y), 1), self._weighed(x), -1)
        bias = form.pop(ONE, 0)
        return self.nets.gate([*form], [*form.values()], bias)

    def _compare(self, x: Word | Linear, operator: ast.cmpop, y: Word | Linear) -> Word:
        if isinstance(operator, ast.Eq | ast.NotEq):
            net = self.nets.any_of(self._below(x, y, True), self._below(y, x, True))
            return [net if isinstance(operator, ast.NotEq) else self.nets.inverse(net), self.nets.zero]
        x, y = (y, x) if isinstance(operator, ast.Gt | ast.GtE) else (x, y)
        return [self._below(x, y, isinstance(operator, ast.Lt | ast.Gt)), self.nets.zero]

    def _choice(self, node: ast.IfExp, as_word: bool) -> Word | Linear:
        chosen, x, y = self.nets.any_of(*self.word(node.test)), node.body, node.orelse
        sums = any(isinstance(getattr(part, "op", None), ast.Add | ast.Sub | ast.Mult) for part in (x, y))
        if as_word or not sums:
            return select(self.nets, chosen, self.word(x), self.word(y))
        other = self.linear(y)  # chosen * (x - y) + y
        difference = accumulate(self.linear(x), other, -1)
        return accumulate(self._product(self._sum([(chosen, 1)]), difference), other, 1)

    def _value(self, node: ast.expr, as_word: bool) -> Word | Linear:
        """The value as a word or as a linear form, whichever its kind has. This is all of the notation."""
        nets, linear, word = self.nets, self.linear, self.word
        match node:
            case ast.Name(name) if name in self.names:
                return self.names[name]
            case ast.Constant(int(n)) if type(n) is int and n.bit_length() <= MAX_WIDTH:
                return {ONE: n} if n else {}
            case ast.UnaryOp(ast.USub(), x):
                return accumulate({}, linear(x), -1)
            case ast.BinOp(x, ast.Add() | ast.Sub() as operator, y):
                return accumulate(linear(x), linear(y), 1 if isinstance(operator, ast.Add) else -1)
            case ast.BinOp(x, ast.Mult(), y):
                return self._product(linear(x), linear(y))
            case ast.BinOp(ast.Constant(int(2)), ast.Pow(), y):
                return {ONE: 1 << self._constant(y, MAX_WIDTH)}
            case ast.BinOp(x, ast.Mod(), y):
                modulus = self._constant(y, 1 << MAX_WIDTH)
                return self._slice(x, 0, modulus.bit_length() - 1 if modulus.bit_count() == 1 else 0)
            case ast.BinOp(x, ast.LShift() | ast.RShift() as operator, y):
                return shift(nets, word(x), word(y), isinstance(operator, ast.LShift))
            case ast.BinOp(x, ast.BitAnd() | ast.BitOr() | ast.BitXor() as operator, y):
                gates: dict[type, Callable[..., int]] = {ast.BitAnd: nets.all_of, ast.BitOr: nets.any_of}
                return bitwise(gates.get(type(operator), nets.exclusive_or), word(x), word(y))
            case ast.Compare(
                x, [ast.Lt() | ast.Gt() | ast.LtE() | ast.GtE() | ast.Eq() | ast.NotEq() as operator], [y]
            ):
                return self._compare(self._value(x, as_word=False), operator, self._value(y, as_word=False))
            case ast.IfExp():
                return self._choice(node, as_word)
            case ast.Subscript(x, ast.Slice(ast.expr() as low, ast.expr() as high, None)):
                return self._slice(x, self._constant(low, MAX_WIDTH), self._constant(high, MAX_WIDTH))
            case ast.Subscript(x, index):
                return self._slice(x, i := self._constant(index, MAX_WIDTH), i + 1)
            case ast.Call(ast.Name("popcount"), [x], []):
                return self._sum((net, 1) for net in self._bits(x))
            case ast.Call(ast.Name("signed"), [x], []):
                return self._bits(x, sized=True)  # the last bit is now the sign
            case ast.Call(ast.Name("table"), [_, _, *_], []):
                return self._table(node)
        self._no(node)
