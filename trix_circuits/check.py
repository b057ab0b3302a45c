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
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NoReturn

VERSION = 1
MAX_LEAVES = 24  # a window of 2^24 rows takes seconds
CHUNK = 15  # rows are evaluated 2^CHUNK at a time, so that planes stay in cache
MAX_WIDTH = 1 << 16  # bits of one reference word
MAX_NETS = 20_000_000  # inputs, gates, reference nodes and ghosts together

Gate = tuple[tuple[int, ...], tuple[int, ...], int]  # sources, weights, bias
Buses = list[tuple[str, int]]  # name and width
Linear = dict[int, int]  # net -> coefficient; the constant stands at ONE
ONE = -1

_E2M1 = [0, 1, 2, 3, 4, 6, 8, 12]
_TRIT, _SIGNED_E2M1 = [0, 1, None, -1], _E2M1 + [-value for value in _E2M1]
# Formats whose names have a fixed sense: unit, weight of each code, bias of each code (in units).
KNOWN_FORMATS: dict[str, tuple[Fraction, list[Any], list[Any]]] = {
    "e2m1": (Fraction(1, 2), _SIGNED_E2M1, _SIGNED_E2M1),
    "ternary": (Fraction(1), _TRIT, [*range(128), *range(-128, 0)]),
    "ternary-strict": (Fraction(1), _TRIT, _TRIT),
}


class Damaged(Exception):
    """The bytes are not a circuit file of this version, or were changed after it was written (exit status 2)."""


class Refused(Exception):
    """The circuit is well-formed, but its evidence does not prove its meaning (exit status 1)."""

    counterexample: dict[str, int] | None = None  # inputs for which the meaning is not met, if known


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


def _object(raw: bytes | str, what: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _require(len(dict(pairs)) == len(pairs), f"{what} names a key twice")
        return dict(pairs)

    try:
        value = json.loads(raw, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise Damaged(f"{what} is not JSON") from None
    _require(isinstance(value, dict), f"{what} must be an object")
    return dict(value)


def _tensors(data: bytes) -> tuple[dict[str, bytes], dict[str, list[int]], dict[str, Any]]:
    """Of a safetensors file: the bytes of each tensor, the numbers of the wider ones, and the description."""
    size = int.from_bytes(data[:8], "little")
    _require(8 <= len(data) >= 8 + size, "the file is not safetensors, or was cut short")
    header = _object(data[8 : 8 + size], "the safetensors header")
    about = header.pop("__metadata__", None)
    _require(isinstance(about, dict) and {"trix_circuits", "digest"} <= set(about), "the file holds no circuit")
    digest = str(about["digest"]).encode()
    _require(
        re.fullmatch(b"[0-9a-f]{64}", digest) and data.count(digest) == 1, "the digest must be 64 hex digits, once"
    )
    blank = data.replace(digest, b"0" * 64)  # the digest is taken over the whole file with itself blanked out
    _require(
        hashlib.blake2b(blank, digest_size=32).hexdigest().encode() == digest, "the file was changed after writing"
    )
    raws: dict[str, bytes] = {}
    numbers: dict[str, list[int]] = {}
    body = data[8 + size :]
    for name, entry in header.items():
        _require(isinstance(entry, dict) and entry.get("dtype") in ("U8", "U32"), f"tensor {name} must be U8 or U32")
        width, place = (1 if entry["dtype"] == "U8" else 4), entry.get("data_offsets")
        _require(isinstance(place, list) and [type(x) for x in place] == [int, int], f"tensor {name} has no place")
        raws[name] = body[place[0] : place[1]] if 0 <= place[0] <= place[1] <= len(body) else b"\0"
        count = len(raws[name]) // width
        _require(entry.get("shape") == [count] and place[1] - place[0] == count * width, f"tensor {name} is misshapen")
        if width == 4:
            numbers[name] = [int.from_bytes(raws[name][i : i + 4], "little") for i in range(0, 4 * count, 4)]
    return raws, numbers, _object(str(about["trix_circuits"]), "the circuit's description")


def _unpack(raw: bytes, table: object, count: int, what: str) -> list[int]:
    """`count` codes, lowest bits first, each as wide as the table of values needs, looked up there."""
    if not (isinstance(table, list) and 2 <= len(table) <= 256 and all(v is None or type(v) is int for v in table)):
        raise Damaged(f"the format's {what} must be a list of 2 to 256 integers")
    bits = (len(table) - 1).bit_length()
    _require(len(raw) == (count * bits + 7) // 8, f"{what}: {len(raw)} bytes do not hold {count} codes of {bits} bits")
    stream, table = int.from_bytes(raw, "little"), table + [None] * ((1 << bits) - len(table))
    text = f"{stream:0{len(raw) * 8}b}"[::-1]
    values = [table[int(text[i : i + bits][::-1], 2)] for i in range(0, count * bits, bits)]
    _require(None not in values and "1" not in text[count * bits :], f"{what}: a code has no value in this format")
    return values


def _buses(value: object, what: str) -> Buses:
    buses = [bus for bus in value if isinstance(bus, list) and len(bus) == 2] if isinstance(value, list) else []
    good = all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", str(name)) and type(n) is int and n > 0 for name, n in buses)
    _require(good and buses == value and len({name for name, _ in buses}) == len(buses), f"{what} must be named buses")
    return [(str(name), width) for name, width in buses]


def read(data: bytes) -> Circuit:
    """Decode a circuit file; raise Damaged unless every part of it is what it must be."""
    raws, numbers, about = _tensors(data)
    _require(about.get("version") == VERSION, f"the version must be {VERSION}, not {about.get('version')}")
    _require({"fan_in", "sources", "outputs"} <= set(numbers), "tensors fan_in, sources and outputs must be U32")
    _require({"weights", "biases", "certificate"} <= set(raws), "a tensor is missing")
    form = about.get("format")
    if not isinstance(form, dict) or not isinstance(about.get("meaning"), list):
        raise Damaged("the description must hold a format and a meaning")
    known = KNOWN_FORMATS.get(name := str(form.get("name")))
    same = known and (str(known[0]), known[1], known[2]) == (form.get("unit"), form.get("weights"), form.get("biases"))
    _require(not known or same, f"the format calls itself {name} but has other values")
    inputs, outputs = _buses(about.get("inputs"), "inputs"), _buses(about.get("outputs"), "outputs")
    _require(not {n for n, _ in inputs} & {n for n, _ in outputs}, "an input and an output share a name")
    fan_in, sources = numbers["fan_in"], numbers["sources"]
    _require(sum(fan_in) == len(sources), "the fan-ins must add up to the number of sources")
    weights = _unpack(raws["weights"], form.get("weights"), len(sources), "weights")
    biases = _unpack(raws["biases"], form.get("biases"), len(fan_in), "biases")
    gates: list[Gate] = []
    at, net = 0, sum(width for _, width in inputs)
    for count, bias in zip(fan_in, biases, strict=True):
        gates.append((tuple(sources[at : at + count]), tuple(weights[at : at + count]), bias))
        _require(all(source < net for source in gates[-1][0]), f"gate {len(gates) - 1} must read earlier nets only")
        at, net = at + count, net + 1
    drivers = iter(numbers["outputs"])
    _require(sum(width for _, width in outputs) == len(numbers["outputs"]), "each output bit must have one driver")
    _require(outputs and all(driver < net for driver in numbers["outputs"]), "an output's driver does not exist")
    driven = [(bus, [next(drivers) for _ in range(width)]) for bus, width in outputs]
    certificate = _object(raws["certificate"], "the certificate")
    return Circuit(
        str(about.get("name")), name, inputs, driven, gates, [str(e) for e in about["meaning"]], certificate, about
    )


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
            if len(self.gates) >= MAX_NETS:
                raise TooLarge(f"more than {MAX_NETS} nets")
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
        length = len(word)
        while length > 1 and word[length - 2] == word[length - 1]:
            length -= 1
        return list(word[:length])

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
        goals, missing = [], set(self.outputs)
        for line in lines:
            try:
                left, right = (ast.parse(side.strip(), mode="eval").body for side in line.split(" = "))
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                raise Refused(f"meaning: {line[:60]!r} must be `name = expression`") from None
            if isinstance(left, ast.Name) and left.id not in self.outputs:
                self.names[left.id] = self.word(right) if left.id not in self.names else self._no(left)
                continue
            weights, terms = self._left(left, 1, missing)
            # Bits that weigh +-1, +-2, +-4, ... write an integer in one way only, so the goal determines each of them.
            if sorted(weights) != [1 << i for i in range(len(weights))]:
                raise Refused(
                    f"meaning: on the left of {line[:60]!r} the output bits must weigh 1, 2, 4, ... (or minus)"
                )
            goals.append(Claim(terms))
            if isinstance(left, ast.Name) and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mod):
                if self._constant(right.right) == 1 << len(weights):
                    goals[-1].bits, right = len(weights), right.left
            accumulate(terms, self.linear(right), -1)
        if missing:
            raise Refused(f"meaning: nothing is said of output {min(missing)}")
        return goals

    def _no(self, node: ast.expr) -> NoReturn:
        raise Refused(f"meaning: {ast.unparse(node)[:60]!r} is not in the notation, not known, or not allowed here")

    def _left(self, node: ast.expr, factor: int, missing: set[str]) -> tuple[list[int], Linear]:
        """The magnitudes of the output bits' weights and the linear form, of a sum of outputs with integer factors."""
        match node:
            case ast.Name(name) if name in missing:
                missing.remove(name)
                terms: Linear = {}
                for i, net in enumerate(self.outputs[name]):
                    accumulate(terms, {net: factor << i}, 1)
                return [abs(factor) << i for i in range(len(self.outputs[name]))], terms
            case ast.BinOp(left, ast.Add() | ast.Sub(), right):
                weights, terms = self._left(left, factor, missing)
                more, others = self._left(right, factor, missing)
                return weights + more, accumulate(terms, others, 1 if isinstance(node.op, ast.Add) else -1)
            case ast.BinOp(left, ast.Mult(), right):
                return self._left(right, factor * self._constant(left), missing)
        self._no(node)

    def _constant(self, node: ast.expr) -> int:
        linear = self.linear(node)
        return linear.get(ONE, 0) if set(linear) <= {ONE} else self._no(node)

    def _term(self, net: int) -> Linear:
        value = self.nets.values.get(net)
        return {net: 1} if value is None else {ONE: 1} if value else {}

    def _product(self, x: Linear, y: Linear) -> Linear:
        total: Linear = {}
        for (a, p), (b, q) in itertools.product(x.items(), y.items()):
            term = {max(a, b): 1} if ONE in (a, b) else self._term(self.nets.all_of(a, b))
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
            case ast.IfExp(test, body, other):  # test * (body - other) + other
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
        self.nets, self.memo, self.rows = nets, memo, 0  # memo: shape -> least failing row, or None

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


def _integers(value: object) -> list[int]:
    if not (isinstance(value, list) and all(type(item) is int for item in value)):
        raise Damaged("the certificate must hold a list of integers where it does not")
    return value


def check(data: bytes, memo: dict[Any, int | None] | None = None) -> Verdict:
    """Check a circuit file: returns the verdict if it is accepted, raises Damaged, Refused or TooLarge otherwise.

    `memo` keeps what windows of a shape have shown, for further calls.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # meanings of wide circuits nest deeply
    try:
        return _check(read(data), {} if memo is None else memo)
    except (RecursionError, MemoryError):
        raise TooLarge("the meaning nests too deeply, or memory ran out") from None


def _check(circuit: Circuit, memo: dict[Any, int | None]) -> Verdict:
    nets = Nets(sum(width for _, width in circuit.inputs), circuit.gates)
    goals = Meaning(circuit.inputs, circuit.outputs, nets).goals(circuit.meaning)
    windows = Windows(nets, memo)
    ghosts, lemmas, proofs = (circuit.certificate.get(part) for part in ("ghosts", "lemmas", "goals"))
    if not (isinstance(ghosts, list) and isinstance(lemmas, list) and isinstance(proofs, list)):
        raise Damaged("the certificate must list ghosts, lemmas and goals")
    for ghost in ghosts:
        _require(isinstance(ghost, list) and len(ghost) == 3, "a ghost must be [sources, weights, bias]")
        sources, weights, bias = _integers(ghost[0]), _integers(ghost[1]), _integers([ghost[2]])[0]
        good = len(sources) == len(weights) and all(0 <= source < len(nets.gates) for source in sources)
        _require(good, "a ghost must read earlier nets, with a weight for each")
        nets.gates.append((tuple(sources), tuple(weights), bias))
    claims: list[Claim] = []
    for lemma in lemmas:
        _require(
            isinstance(lemma, list) and len(lemma) == 6 and lemma[5] in ("=", ">="),
            "a lemma must be [leaves, given, nets, weights, constant, '=' or '>=']",
        )
        leaves, given, members, weights, (constant,) = (_integers(part) for part in (*lemma[:4], lemma[4:5]))
        good = len(members) == len(weights) == len(set(members)) and all(0 <= g < len(claims) for g in given)
        _require(good and len(set(leaves)) == len(leaves), "a lemma must name earlier lemmas, and each net once")
        _require(all(0 <= net < len(nets.gates) for net in leaves + members), "a lemma names a net that does not exist")
        claim = Claim({ONE: constant, **dict(zip(members, weights, strict=True))}, lemma[5] == "=")
        row = windows.failure(leaves, [claim, *(claims[g] for g in given)])
        if row is not None:
            shown = ", ".join(f"net {leaf} = {row >> i & 1}" for i, leaf in enumerate(leaves))
            raise Refused(f"lemma {len(claims)} is false where {shown}")
        claims.append(claim)
    _require(len(proofs) == len(goals), f"the certificate must prove {len(goals)} goals, not {len(proofs)}")
    kinds = {_prove(goal, proof, claims, windows, circuit) for goal, proof in zip(goals, proofs, strict=True)}
    return Verdict(circuit, len(claims), windows.rows, tuple(sorted(kinds)))


def _prove(goal: Claim, proof: object, claims: list[Claim], windows: Windows, circuit: Circuit) -> str:
    """Prove one goal the way that its proof says: "rows", or [[lemma, multiplier], ...]. Returns the kind."""
    if proof == "rows":
        row = windows.failure(range(sum(width for _, width in circuit.inputs)), [goal])
        if row is None:
            return "exhaustive"
        values = {}
        for name, width in circuit.inputs:
            values[name] = row & (1 << width) - 1
            row >>= width
        refused = Refused(f"the meaning is not met where {' '.join(f'{n}={v}' for n, v in values.items())}")
        refused.counterexample = values
        raise refused
    rest, longest = dict(goal.terms), 0
    _require(isinstance(proof, list), "a goal's proof must be 'rows' or a list of [lemma, multiplier]")
    for entry in proof if isinstance(proof, list) else []:
        pair = _integers(entry)
        _require(len(pair) == 2 and 0 <= pair[0] < len(claims), "a goal's proof must name lemmas that exist")
        if not claims[pair[0]].equation:
            raise Refused(f"lemma {pair[0]} is no equation and cannot be added")
        accumulate(rest, claims[pair[0]].terms, -pair[1])
        longest = max(longest, len(claims[pair[0]].terms))
    left = [net for net, weight in rest.items() if goal.bits is None or weight % (1 << goal.bits)]
    if left:
        raise Refused(f"the lemmas do not add up to the meaning: net {min(left)} is left over")
    return "local" if longest <= 3 else "ledger"


def main(arguments: Sequence[str]) -> int:
    """Check one file and print the verdict."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(
            f"usage: python {sys.argv[0]} FILE  (0 accepted, 1 refused, 2 no circuit file, 3 too large)",
            file=sys.stderr,
        )
        return 2
    try:
        with open(arguments[0], "rb") as file:
            verdict = check(file.read())
    except (Damaged, Refused, TooLarge, OSError) as error:
        status = 1 if isinstance(error, Refused) else 3 if isinstance(error, TooLarge) else 2
        print(f"{'REFUSED' if status == 1 else 'NOT CHECKED'}  {arguments[0]}: {error}", file=sys.stderr)
        return status
    circuit = verdict.circuit
    print(
        f"ACCEPTED  {arguments[0]}: {circuit.name}, {len(circuit.gates)} {circuit.format_name} gates, right for all inputs"
    )
    print(f"          by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows")
    print(*(f"          {equation}" for equation in circuit.meaning), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
