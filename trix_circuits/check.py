"""The checker: reads one circuit file and says yes or no. It trusts nothing but this page.

Run it as `python check.py FILE`, anywhere, with nothing but Python's standard library. Exit status: 0 accepted,
1 refused, 2 not a circuit file (or damaged, or unreadable), 3 over a limit of this program.

A circuit is a list of threshold gates: a gate fires iff sum(weight * input) + bias >= 0, all in integers. Its
*meaning* is a list of equations between integers, such as `sum = a + b + cin`. The checker turns each equation into a
*goal*: a linear form over nets that must be 0 for every input. Its nets are the circuit's own, or *reference nodes*,
which the checker itself makes for the right-hand side in the plainest way (ripple adders, one bit after the other).
A goal is proven from *lemmas*, which the certificate proposes, by two rules:

  window  A claim (a linear equation or inequality over nets) holds if it holds in each of the 2^k rows over k chosen
          leaves, all gates between leaves and claim being evaluated, save the rows that contradict claims proven
          before which the lemma names. Right, because every real situation is one of the rows.
  sum     Equations with integer multipliers add up to an equation.

A certificate may also bring *ghosts*: gates that only the proof reads. A definition cannot make a false claim true.
Everything in a certificate is an order of work: a lying one can fail, but cannot make this program believe.
"""

from __future__ import annotations

import ast
import hashlib
import itertools
import json
import re
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

VERSION = 1
MAX_LEAVES = 24  # a window of 2^24 rows takes seconds
CHUNK = 15  # rows are evaluated 2^CHUNK at a time, so that planes stay in cache
MAX_WIDTH = 1 << 16  # bits of one reference word
MAX_NETS = 2_000_000  # reference nodes, and terms of one product
MAX_WORK = 1 << 40  # rows times gates, over all windows

Gate = tuple[tuple[int, ...], tuple[int, ...], int]  # sources, weights, bias
Buses = list[tuple[str, int]]  # name and width
Linear = dict[int, int]  # net -> coefficient; the constant stands at ONE
ONE = -1

_E2M1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
_TRIT, _INT8 = [0, 1, None, -1], [*range(128), *range(-128, 0)]
# Names with a fixed sense: the unit, and the weight and the bias of each code in units. Other formats go by the file.
KNOWN_FORMATS = {"e2m1": ("1/2", _E2M1, _E2M1), "ternary": ("1", _TRIT, _INT8), "ternary-strict": ("1", _TRIT, _TRIT)}


class Damaged(Exception):
    """The bytes are not a circuit file of this version, or were changed after it was written (exit status 2)."""


class Refused(Exception):
    """The circuit is well-formed, but its evidence does not prove its meaning (exit status 1)."""

    counterexample: dict[str, int] | None = None  # inputs for which the meaning is not met, where they are known


class TooLarge(Exception):
    """A question exceeds a limit of this program (exit status 3)."""


# ---- the file --------------------------------------------------------------------------------------------------------


@dataclass
class Circuit:
    """What a file says, decoded and well-formed, but not yet believed. Net ids: input bits first, then the gates."""

    name: str
    format_name: str
    inputs: Buses
    outputs: list[tuple[str, list[int]]]
    gates: list[Gate]
    meaning: list[str]
    certificate: dict[str, Any]
    about: dict[str, Any]


def _require(condition: object, message: str) -> None:
    if not condition:
        raise Damaged(message)


def _json(raw: bytes | str) -> Any:
    """JSON in which every number is an integer and no key stands twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _require(len(dict(pairs)) == len(pairs), "a key stands twice")
        return dict(pairs)

    def refuse(text: str) -> NoReturn:
        raise Damaged(f"a number must be an integer, not {text[:20]}")

    return json.loads(raw, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)


def _unpack(raw: bytes, table: list[Any], count: int) -> list[int]:
    """`count` codes, lowest bits first, each as wide as the table of values needs, looked up there."""
    _require(all(value is None or type(value) is int for value in table), "a format's values must be integers or null")
    bits = max(1, (len(table) - 1).bit_length())
    digits = f"{int.from_bytes(raw, 'little'):0{len(raw) * 8}b}"[::-1] if raw else ""
    _require(len(raw) == (count * bits + 7) // 8 and "1" not in digits[count * bits :], "packed values: wrong length")
    values = [table[int(digits[i : i + bits][::-1], 2)] for i in range(0, count * bits, bits)]
    _require(None not in values, "packed values: a code has no value in this format")
    return values


def _buses(buses: list[Any]) -> Buses:
    good = all(
        re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and type(width) is int and width > 0 for name, width in buses
    )
    _require(good and len(dict(buses)) == len(buses), "a bus must have a name of its own and a width")
    return [(name, width) for name, width in buses]


def read(data: bytes) -> Circuit:
    """Decode a circuit file; raise Damaged unless every part of it is what it must be."""
    try:
        return _read(data)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error) as error:
        raise Damaged(f"not a circuit file, or cut short ({type(error).__name__}: {str(error)[:60]})") from None


def _read(data: bytes) -> Circuit:
    size = int.from_bytes(data[:8], "little")  # safetensors: the header's size, the header, the tensors
    _require(8 < 8 + size <= len(data), "not a circuit file, or cut short")
    header, body = _json(data[8 : 8 + size]), data[8 + size :]
    about = _json(header["__metadata__"]["trix_circuits"])
    digest = about["digest"].encode()
    _require(re.fullmatch(b"[0-9a-f]{64}", digest) and data.count(digest) == 1, "the digest must stand there once")
    blank = data.replace(digest, b"0" * 64)  # the digest is taken over the whole file with itself blanked out
    _require(hashlib.blake2b(blank, digest_size=32).hexdigest().encode() == digest, "changed after it was written")
    _require(about["version"] == VERSION, f"the version must be {VERSION}, not {about['version']}")

    def tensor(name: str, dtype: str) -> bytes:
        low, high = header[name]["data_offsets"]
        _require(
            header[name]["dtype"] == dtype and 0 <= low <= high <= len(body), f"tensor {name} is not as it must be"
        )
        return body[low:high]

    def numbers(name: str) -> tuple[int, ...]:
        raw = tensor(name, "U32")
        return struct.unpack(f"<{len(raw) // 4}I", raw)

    form, fan_in, sources, drivers = about["format"], numbers("fan_in"), numbers("sources"), numbers("outputs")
    known = KNOWN_FORMATS.get(form["name"], (form["unit"], form["weights"], form["biases"]))
    _require(known == (form["unit"], form["weights"], form["biases"]), f"{form['name']} must have its own values")
    weights = _unpack(tensor("weights", "U8"), form["weights"], len(sources))
    biases = _unpack(tensor("biases", "U8"), form["biases"], len(fan_in))
    inputs, outputs = _buses(about["inputs"]), _buses(about["outputs"])
    _require(len(dict(inputs + outputs)) == len(inputs) + len(outputs), "an input and an output share a name")
    _require(sum(fan_in) == len(sources), "the fan-ins must add up to the number of sources")
    gates: list[Gate] = []
    at, net = 0, sum(width for _, width in inputs)
    for count, bias in zip(fan_in, biases, strict=True):
        gates.append((sources[at : at + count], tuple(weights[at : at + count]), bias))
        good = max(gates[-1][0], default=-1) < net and len(set(gates[-1][0])) == count
        _require(good, f"gate {len(gates) - 1} must read nets before it, each once")
        at, net = at + count, net + 1
    _require(0 < len(drivers) == sum(width for _, width in outputs), "each output bit must have one driver")
    _require(max(drivers) < net, "an output's driver does not exist")
    bits = iter(drivers)
    driven = [(name, list(itertools.islice(bits, width))) for name, width in outputs]
    _require(all(type(line) is str for line in about["meaning"]), "a meaning must be a list of equations")
    certificate = _json(tensor("certificate", "U8"))
    return Circuit(str(about["name"]), str(form["name"]), inputs, driven, gates, about["meaning"], certificate, about)


# ---- nets: the circuit's gates, and after them reference nodes and ghosts --------------------------------------------


def column_sum(
    terms: Iterable[tuple[int, int]], full_adder: Callable[[int, int, int], tuple[int, int]], zero: int, width: int
) -> list[int]:
    """The low `width` bits of sum(bit * weight), weights positive: bits of equal weight are added three at a time."""
    columns: list[list[int]] = [[] for _ in range(width + 1)]
    for bit, weight in terms:
        for i in range(min(width, weight.bit_length())):
            if weight >> i & 1:
                columns[i].append(bit)
    for i, column in enumerate(columns[:width]):
        while len(column) > 1:
            total, carry = full_adder(column[0], column[1], column[2] if len(column) > 2 else zero)
            column[:3] = [total]
            columns[i + 1].append(carry)
    return [column[0] if column else zero for column in columns[:width]]


class Nets:
    """All gates by net id (None for an input). New ones are simplified and shared: equal questions get equal ids.

    A word is a list of nets that writes an integer in two's complement, lowest bit first, sign last, never too narrow.
    """

    def __init__(self, inputs: int, gates: Iterable[Gate]) -> None:
        self.gates: list[Gate | None] = [*([None] * inputs), *gates]
        self._ids: dict[Gate, int] = {}
        self.values: dict[int, int] = {}  # constants that this object made
        self.zero, self.one = self.gate((), (), -1), self.gate((), (), 0)

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """A net that is 1 iff sum(weights * sources) + bias >= 0; an existing one where that is plain to see."""
        terms: Linear = {}
        for source, weight in zip(sources, weights, strict=True):
            if source in self.values:
                bias += weight * self.values[source]
            else:
                terms[source] = terms.get(source, 0) + weight
        terms = {source: weight for source, weight in sorted(terms.items()) if weight}
        if bias + sum(min(w, 0) for w in terms.values()) >= 0 or bias + sum(max(w, 0) for w in terms.values()) < 0:
            terms, bias = {}, 0 if bias + sum(min(w, 0) for w in terms.values()) >= 0 else -1
        if len(terms) == 1 and bias < 0:
            return next(iter(terms))  # not constant, and 0 where its one source is 0: it is its source
        key = (tuple(terms), tuple(terms.values()), bias)
        if key not in self._ids:
            if len(self._ids) >= MAX_NETS:
                raise TooLarge(f"the meaning takes more than {MAX_NETS} reference nodes")
            self._ids[key] = len(self.gates)
            if not terms:
                self.values[len(self.gates)] = bias + 1
            self.gates.append(key)
        return self._ids[key]

    def all_of(self, *nets: int) -> int:
        return self.gate(nets, (1,) * len(nets), -len(nets))

    def any_of(self, *nets: int) -> int:
        return self.gate(nets, (1,) * len(nets), -1)

    def inverse(self, net: int) -> int:
        return self.gate((net,), (-1,), 0)

    def full_adder(self, a: int, b: int, c: int) -> tuple[int, int]:
        carry = self.gate((a, b, c), (1, 1, 1), -2)
        return self.gate((a, b, c, carry), (1, 1, 1, -2), -1), carry

    def exclusive_or(self, a: int, b: int) -> int:
        return self.full_adder(a, b, self.zero)[0]

    def choose(self, condition: int, x: int, y: int) -> int:
        return x if x == y else self.any_of(self.all_of(condition, x), self.gate((condition, y), (-1, 1), -1))

    def fit(self, word: Sequence[int]) -> list[int]:
        """The same word without repeated sign bits."""
        if len(word) > MAX_WIDTH:
            raise TooLarge(f"a word of the meaning is wider than {MAX_WIDTH} bits")
        word = list(word)
        while len(word) > 1 and word[-2] == word[-1]:
            word.pop()
        return word

    def word_of(self, linear: Linear) -> list[int]:
        """The value of a linear form as a word: of two words, this is their ripple adder."""
        low, high = (sum(bound(0, weight) for weight in linear.values()) for bound in (min, max))
        width = max(low.bit_length(), high.bit_length()) + 1
        rest = linear.get(ONE, 0) + sum(min(weight, 0) for net, weight in linear.items() if net != ONE)
        terms = [
            (net if weight > 0 else self.inverse(net), abs(weight)) for net, weight in linear.items() if net != ONE
        ]
        return self.fit(column_sum([*terms, (self.one, rest % (1 << width))], self.full_adder, self.zero, width))

    def pairs(self, x: list[int], y: list[int]) -> list[tuple[int, int]]:
        width = max(len(x), len(y))
        return list(zip(x + x[-1:] * (width - len(x)), y + y[-1:] * (width - len(y)), strict=True))

    def less(self, x: list[int], y: list[int]) -> int:
        """1 iff x < y: from the lowest bit up, a differing bit decides anew; the sign bit counts the other way."""
        pairs, below = self.pairs(x, y), self.zero
        for a, b in [*pairs[:-1], pairs[-1][::-1]]:
            below = self.gate((b, a, below), (1, -1, 1), -1)
        return below

    def select(self, condition: int, x: list[int], y: list[int]) -> list[int]:
        return self.fit([self.choose(condition, a, b) for a, b in self.pairs(x, y)])

    def shift(self, x: list[int], amount: Sequence[int], left: bool) -> list[int]:
        if amount[-1] != self.zero or len(amount) - 1 > MAX_WIDTH.bit_length():
            raise Refused("meaning: a shift must be by an amount from 0 to 2**17 - 1")
        for i, bit in enumerate(amount[:-1]):
            x = self.select(bit, [self.zero] * (1 << i) + x if left else x[1 << i :] or x[-1:], x)
        return x


# ---- meaning: equations between integers, in Python's own notation ---------------------------------------------------


@dataclass
class Claim:
    """`terms` is 0 (modulo 2^bits if given) for every input; or >= 0, where it is no equation."""

    terms: Linear
    equation: bool = True
    bits: int | None = None


def accumulate(total: Linear, terms: Linear, factor: int) -> Linear:
    """Add factor * terms to total, in place; coefficients of 0 go."""
    for net, coefficient in terms.items():
        total[net] = total.get(net, 0) + factor * coefficient
        if not total[net]:
            del total[net]
    return total


class Meaning:
    """Parses equations. A name is an input bus or an earlier definition; its value is an integer. See docs/meaning.md."""

    def __init__(self, inputs: Buses, outputs: Iterable[tuple[str, list[int]]], nets: Nets) -> None:
        self.nets, self.outputs, at = nets, dict(outputs), 0
        self.names: dict[str, list[int]] = {}
        for name, width in inputs:
            self.names[name] = [*range(at, at + width), nets.zero]
            at += width

    def goals(self, lines: Sequence[str]) -> list[Claim]:
        """A goal for each equation about outputs; together they must determine each output once."""
        goals: list[Claim] = []
        drivers = [net for nets in self.outputs.values() for net in nets]
        at = itertools.count(ONE - 1, -1)  # on left sides, each output bit has a net of its own: -2, -3, ...
        slots = {name: [*itertools.islice(at, len(nets)), self.nets.zero] for name, nets in self.outputs.items()}
        missing = {slot for word in slots.values() for slot in word[:-1]}
        for line in lines:
            try:
                left, right = (ast.parse(side.strip(), mode="eval").body for side in line.split(" = "))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                raise Refused(f"meaning: {line[:60]!r} must be `name = expression`") from None
            if isinstance(left, ast.Name) and left.id not in self.outputs:
                self.names[left.id] = self.word(right) if left.id not in self.names else self._no(left)
                continue
            names, self.names = self.names, slots
            form, self.names = self.linear(left), names
            # Bits that weigh +-1, +-2, +-4, ... write an integer in one way only, so the goal determines each of them.
            if not set(form) <= missing or sorted(map(abs, form.values())) != [1 << i for i in range(len(form))]:
                raise Refused(
                    f"meaning: the left of {line[:60]!r} must weigh new output bits with 1, 2, 4, ... or minus"
                )
            missing -= set(form)
            goals.append(Claim({}))
            if isinstance(left, ast.Name) and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mod):
                if self._constant(right.right) == 1 << len(form):
                    goals[-1].bits, right = len(form), right.left
            for slot, weight in form.items():
                accumulate(goals[-1].terms, {drivers[ONE - 1 - slot]: weight}, 1)
            accumulate(goals[-1].terms, self.linear(right), -1)
        if missing:
            raise Refused("meaning: nothing is said of some output bits")
        return goals

    def _no(self, node: ast.expr) -> NoReturn:
        raise Refused(f"meaning: {ast.unparse(node)[:60]!r} is not in the notation, not known, or not allowed here")

    def _constant(self, node: ast.expr) -> int:
        linear = self.linear(node)
        return linear.get(ONE, 0) if set(linear) <= {ONE} else self._no(node)

    def _term(self, net: int) -> Linear:
        value = self.nets.values.get(net)
        return {net: 1} if value is None else {ONE: 1} if value else {}

    def _product(self, x: Linear, y: Linear) -> Linear:
        if len(x) * len(y) > MAX_NETS:
            raise TooLarge("meaning: a product has too many terms")
        total: Linear = {}
        for (a, p), (b, q) in itertools.product(x.items(), y.items()):
            term = {b if a == ONE else a: 1} if ONE in (a, b) else self._term(self.nets.all_of(a, b))
            accumulate(total, term, p * q)
        return total

    def linear(self, node: ast.expr) -> Linear:
        """The value as a linear form: sums, products and choices are taken apart, anything else goes by its bits."""
        match node:
            case ast.Constant(int(value)) if not isinstance(value, bool) and value.bit_length() <= MAX_WIDTH:
                return {ONE: value} if value else {}
            case ast.BinOp(left, ast.Add() | ast.Sub() as sign, right):
                return accumulate(self.linear(left), self.linear(right), 1 if isinstance(sign, ast.Add) else -1)
            case ast.UnaryOp(ast.USub(), operand):
                return accumulate({}, self.linear(operand), -1)
            case ast.BinOp(left, ast.Mult(), right):
                return self._product(self.linear(left), self.linear(right))
            case ast.BinOp(ast.Constant(2), ast.Pow(), right):
                exponent = self._constant(right)
                return {ONE: 1 << exponent} if 0 <= exponent <= MAX_WIDTH else self._no(node)
            case ast.IfExp(test, body, other) if any(
                isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub | ast.Mult)
                for part in (body, other)
            ):  # test * (body - other) + other
                y = self.linear(other)
                test_term = self._term(self.nets.any_of(*self.word(test)))
                return accumulate(self._product(test_term, accumulate(self.linear(body), y, -1)), y, 1)
            case ast.Call(ast.Name("popcount"), [argument], []):
                weighted = [(net, 1) for net in self._bits(argument)]
            case _:
                word = self.word(node)
                weighted = [(net, 1 << i) for i, net in enumerate(word[:-1])] + [(word[-1], -1 << len(word) - 1)]
        total: Linear = {}
        for net, weight in weighted:
            accumulate(total, self._term(net), weight)
        return total

    def _bits(self, node: ast.expr) -> list[int]:
        """The bits of an integer that is never negative."""
        word = self.word(node)
        return word[:-1] if word[-1] == self.nets.zero else self._no(node)

    def word(self, node: ast.expr) -> list[int]:
        """The value as a word of reference nodes."""
        nets = self.nets
        match node:
            case ast.Name(name) if name in self.names:
                return self.names[name]
            case ast.IfExp(test, body, other):
                return nets.select(nets.any_of(*self.word(test)), self.word(body), self.word(other))
            case ast.Compare(left, [operator], [right]):
                x, y = self.word(left), self.word(right)
                if isinstance(operator, ast.Gt | ast.LtE):
                    x, y = y, x
                bit = nets.less(x, y)
                if isinstance(operator, ast.Eq | ast.NotEq):
                    bit = nets.any_of(bit, nets.less(y, x))
                return [nets.inverse(bit) if isinstance(operator, ast.GtE | ast.LtE | ast.Eq) else bit, nets.zero]
            case ast.Subscript(value, ast.Slice(ast.expr() as lower, ast.expr() as upper, None)):
                return self._slice(self.word(value), self._constant(lower), self._constant(upper), node)
            case ast.Subscript(value, index):
                return self._slice(self.word(value), self._constant(index), self._constant(index) + 1, node)
            case ast.BinOp(left, ast.Mod(), right):
                modulus = self._constant(right)
                high = modulus.bit_length() - 1 if modulus & modulus - 1 == 0 else 0
                return self._slice(self.word(left), 0, high, node)
            case ast.BinOp(left, ast.LShift() | ast.RShift() as operation, right):
                return nets.shift(self.word(left), self.word(right), isinstance(operation, ast.LShift))
            case ast.BinOp(left, ast.BitAnd() | ast.BitOr() | ast.BitXor() as operation, right):
                kinds: dict[type, Callable[[int, int], int]] = {ast.BitAnd: nets.all_of, ast.BitOr: nets.any_of}
                gate = kinds.get(type(operation), nets.exclusive_or)
                return nets.fit([gate(a, b) for a, b in nets.pairs(self.word(left), self.word(right))])
            case ast.Call(ast.Name("signed"), [argument], []):  # the integer that these bits write in two's complement
                return self._bits(argument)
            case ast.Call(ast.Name("table"), [rows, *address], []):  # the first argument's bits are the row's lowest
                return [self._table(self._constant(rows), [b for x in address for b in self._bits(x)], node), nets.zero]
            case (
                ast.Constant() | ast.UnaryOp(ast.USub()) | ast.BinOp(_, ast.Add() | ast.Sub() | ast.Mult() | ast.Pow())
            ):
                return nets.word_of(
                    self.linear(node) if not isinstance(getattr(node, "value", 0), bool) else self._no(node)
                )
            case ast.Call(ast.Name("popcount"), [_], []):
                return nets.word_of(self.linear(node))
        self._no(node)

    def _slice(self, word: list[int], low: int, high: int, node: ast.expr) -> list[int]:
        return (
            [*(word + word[-1:] * high)[low:high], self.nets.zero] if 0 <= low < high <= MAX_WIDTH else self._no(node)
        )

    def _table(self, rows: int, address: list[int], node: ast.expr) -> int:
        if len(address) > 16 or rows < 0 or rows >> (1 << len(address)):
            self._no(node)
        column = [self.nets.one if rows >> row & 1 else self.nets.zero for row in range(1 << len(address))]
        for bit in address:
            column = [self.nets.choose(bit, column[k + 1], column[k]) for k in range(0, len(column), 2)]
        return column[0]


# ---- the two rules ---------------------------------------------------------------------------------------------------


def _plane_adder(a: int, b: int, c: int) -> tuple[int, int]:
    odd = a ^ b
    return odd ^ c, a & b | odd & c


def evaluate(terms: Sequence[tuple[int, int]], constant: int, ones: int, bits: int | None) -> tuple[int, int]:
    """The rows where sum(plane * weight) + constant is >= 0, and those where it is 0 (modulo 2^bits if given)."""
    target = -constant - sum(min(weight, 0) for _, weight in terms)  # -w * x = w * (1 - x) - w
    terms = [(plane, weight) if weight > 0 else (plane ^ ones, -weight) for plane, weight in terms]
    width = max(sum(weight for _, weight in terms), abs(target)).bit_length() if bits is None else bits
    at_least = same = ones
    for i, plane in enumerate(column_sum(terms, _plane_adder, 0, width)):
        at_least = at_least & plane if target >> i & 1 else at_least | plane
        same &= plane if target >> i & 1 else plane ^ ones
    return (at_least, same) if target >= 0 or bits is not None else (ones, 0)


class Windows:
    """Decides claims over windows. Windows of the same shape are evaluated once."""

    def __init__(self, nets: Nets, memo: dict[Any, int | None]) -> None:
        self.nets, self.memo, self.rows, self.work = nets, memo, 0, 0  # memo: shape -> least failing row, or None

    def failure(self, leaves: Sequence[int], claims: Sequence[Claim]) -> int | None:
        """The least row over the leaves in which the first claim is false and all others are true; None if none is."""
        if len(leaves) > MAX_LEAVES:
            raise TooLarge(f"a window has {len(leaves)} leaves; the limit is {MAX_LEAVES}")
        place = {leaf: i for i, leaf in enumerate(leaves)}
        stack = [net for claim in claims for net in claim.terms if net != ONE]
        found: set[int] = set()
        while stack:  # the gates between the leaves and the claims
            if (net := stack.pop()) not in place and net not in found:
                gate = self.nets.gates[net] if 0 <= net < len(self.nets.gates) else None
                if gate is None:
                    raise Refused(f"a lemma's window is open at net {net}")
                found.add(net)
                stack.extend(gate[0])
        gates = []
        for net in sorted(found):  # in order, since gates read smaller nets only
            sources, weights, bias = self.nets.gates[net] or ((), (), 0)
            gates.append((tuple([place[source] for source in sources]), weights, bias))
            place[net] = len(place)
        parts = [
            (tuple([(place[n], w) for n, w in c.terms.items() if n != ONE]), c.terms.get(ONE, 0), c.equation, c.bits)
            for c in claims
        ]
        shape = (len(leaves), tuple(gates), tuple(parts))
        if shape not in self.memo:
            self.work += len(gates) << len(leaves)
            if self.work > MAX_WORK:
                raise TooLarge("the certificate asks for too much work")
            self.memo[shape] = self._decide(*shape)
        self.rows += 1 << len(leaves)
        return self.memo[shape]

    @staticmethod
    def _decide(leaves: int, gates: Sequence[Gate], claims: Sequence[Any]) -> int | None:
        low = min(leaves, CHUNK)
        ones = (1 << (1 << low)) - 1
        patterns = [ones // ((1 << (1 << i)) + 1) << (1 << i) for i in range(low)]  # the rows with bit i set
        for chunk in range(1 << leaves - low):
            planes = patterns + [ones if chunk >> i & 1 else 0 for i in range(leaves - low)]
            for sources, weights, bias in gates:
                planes.append(
                    evaluate([(planes[s], w) for s, w in zip(sources, weights, strict=True)], bias, ones, None)[0]
                )
            bad = ones
            for k, (terms, constant, equation, bits) in enumerate(claims):
                holds = evaluate([(planes[net], weight) for net, weight in terms], constant, ones, bits)[equation]
                bad &= holds if k else holds ^ ones
            if bad:
                return chunk << low | (bad & -bad).bit_length() - 1
        return None


# ---- the verdict -----------------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What an accepted circuit rests on; kinds are "exhaustive" (all rows), "local" (bit by bit), "ledger" (sums)."""

    circuit: Circuit
    lemmas: int
    rows: int
    kinds: tuple[str, ...]


def check(data: bytes, memo: dict[Any, int | None] | None = None) -> Verdict:
    """Check a circuit file: returns the verdict if it is accepted, raises Damaged, Refused or TooLarge otherwise.

    `memo` keeps what windows of a shape have shown, for further calls.
    """
    circuit = read(data)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # meanings of wide circuits nest deeply
    try:
        return _check(circuit, {} if memo is None else memo)
    except (RecursionError, MemoryError):
        raise TooLarge("the meaning nests too deeply, or memory ran out") from None
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Damaged(f"the certificate is malformed ({type(error).__name__}: {str(error)[:60]})") from None


def _check(circuit: Circuit, memo: dict[Any, int | None]) -> Verdict:
    nets = Nets(sum(width for _, width in circuit.inputs), circuit.gates)
    goals = Meaning(circuit.inputs, circuit.outputs, nets).goals(circuit.meaning)
    windows = Windows(nets, memo)
    for sources, weights, bias in circuit.certificate["ghosts"]:
        good = len(sources) == len(weights) and all(0 <= source < len(nets.gates) for source in sources)
        _require(good and all(type(n) is int for n in (*sources, *weights, bias)), "a ghost must read earlier nets")
        nets.gates.append((tuple(sources), tuple(weights), bias))
    claims: list[Claim] = []
    for leaves, given, members, weights, constant, relation in circuit.certificate["lemmas"]:
        numbers = all(type(n) is int for n in (*leaves, *given, *members, *weights, constant))
        _require(numbers and all(0 <= net < len(nets.gates) for net in (*leaves, *members)), "a lemma's net is missing")
        _require(all(0 <= g < len(claims) for g in given) and relation in ("=", ">="), "a lemma rests on earlier ones")
        _require(len(set(leaves)) == len(leaves) and len(set(members)) == len(members), "a lemma names a net twice")
        claim = Claim({ONE: constant, **dict(zip(members, weights, strict=True))}, relation == "=")
        row = windows.failure(leaves, [claim, *(claims[g] for g in given)])
        if row is not None:
            shown = ", ".join(f"net {leaf} = {row >> i & 1}" for i, leaf in enumerate(leaves))
            raise Refused(f"lemma {len(claims)} is false where {shown}")
        claims.append(claim)
    proofs = circuit.certificate["goals"]
    _require(len(proofs) == len(goals), f"the certificate must prove {len(goals)} goals, not {len(proofs)}")
    kinds = {_prove(goal, proof, claims, windows, circuit) for goal, proof in zip(goals, proofs, strict=True)}
    return Verdict(circuit, len(claims), windows.rows, tuple(sorted(kinds)))


def _prove(goal: Claim, proof: Any, claims: list[Claim], windows: Windows, circuit: Circuit) -> str:
    """Prove one goal the way that its proof says: "rows", or [[lemma, multiplier], ...]. Returns the kind."""
    if proof == "rows":
        row = windows.failure(range(sum(width for _, width in circuit.inputs)), [goal])
        if row is None:
            return "exhaustive"
        values = {}
        for name, width in circuit.inputs:
            values[name], row = row & (1 << width) - 1, row >> width
        refused = Refused(f"the meaning is not met where {' '.join(f'{n}={v}' for n, v in values.items())}")
        refused.counterexample = values
        raise refused
    rest, longest = dict(goal.terms), 0
    for lemma, factor in proof:
        if not (0 <= lemma < len(claims) and type(factor) is int and claims[lemma].equation):
            raise Refused(f"a goal's proof must add up equations, and lemma {lemma} is none")
        accumulate(rest, claims[lemma].terms, -factor)
        longest = max(longest, len(claims[lemma].terms))
    # A form that stays strictly within +-2^bits is 0 already if it is 0 modulo 2^bits.
    reach = [sum(max(side * w, 0) for w in goal.terms.values()) for side in (1, -1)]
    bits = max(reach).bit_length() if goal.bits is None else goal.bits
    left = [net for net, weight in rest.items() if weight % (1 << bits)]
    if left:
        raise Refused(f"the lemmas do not add up to the meaning: net {min(left)} is left over")
    return "local" if longest <= 3 else "ledger"


def main(arguments: Sequence[str]) -> int:
    """Check one file and print the verdict."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python check.py FILE  (0 accepted, 1 refused, 2 no circuit file, 3 too large)", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], "rb") as file:
            verdict = check(file.read())
    except (Damaged, Refused, TooLarge, OSError) as error:
        status = 1 if isinstance(error, Refused) else 3 if isinstance(error, TooLarge) else 2
        print(f"{'REFUSED' if status == 1 else 'NOT CHECKED'}  {arguments[0]}: {error}", file=sys.stderr)
        return status
    circuit, kinds = verdict.circuit, " and ".join(verdict.kinds)
    print(
        f"ACCEPTED  {arguments[0]}: {circuit.name}, {len(circuit.gates)} {circuit.format_name} gates, exact on all inputs"
    )
    print(f"          by {kinds} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows")
    print(*(f"          {equation}" for equation in circuit.meaning), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
