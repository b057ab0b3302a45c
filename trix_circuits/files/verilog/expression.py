"""Expressions of structural Verilog to nets: ~ & | ^ and their reductions, ! && ||, ?:, parentheses, concatenations.

Operator precedence by two stacks (Dijkstra's shunting yard, 1961), so that nesting is bounded by the file alone. A value
is a tuple of nets, lowest bit first. Widths must agree: where Verilog would extend or cut, Yosys is asked instead,
save for constants whose cut bits are 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trix_circuits.errors import quoted
from trix_circuits.files.network import Network
from trix_circuits.files.reading import Budget
from trix_circuits.files.verilog.text import Tokens, constant_bits

Nets = tuple[int, ...]
_BINARY = {"&": 6, "^": 5, "~^": 5, "^~": 5, "|": 4, "&&": 3, "||": 2}
_GATES = {"&": "and", "^": "xor", "~^": "xnor", "^~": "xnor", "|": "or", "&&": "and", "||": "or"}
_REDUCTIONS = {"&": "and", "|": "or", "^": "xor", "~&": "nand", "~|": "nor", "~^": "xnor", "^~": "xnor", "!": "nor"}
_OPEN = ("(", "{", "?")


@dataclass(frozen=True, slots=True)
class Signal:
    """A declared name. `low` is the index of the lowest bit; `step` is -1 where indices fall as bits rise; None: a scalar."""

    nets: Nets
    low: int | None = None
    step: int = 1

    def bit_names(self, name: str) -> list[str]:
        """What the bits are called, lowest first."""
        return [name] if self.low is None else bit_names(name, self.low, self.step, len(self.nets))


def bit_names(name: str, low: int, step: int, width: int) -> list[str]:
    """`a[0]`, `a[1]`, ... from the index of the lowest bit on."""
    return [f"{name}[{low + k * step}]" for k in range(width)]


@dataclass
class Scope:
    """The names and nets of one module."""

    room: int  # bits that one number or vector may have
    budget: Budget
    names: list[str] = field(default_factory=list)  # of each net; "" for the inside of an expression
    signals: dict[str, Signal] = field(default_factory=dict)
    implicit: set[str] = field(default_factory=set)
    network: Network = field(init=False)
    _constants: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network = Network(lambda net: self.names[net] or "an expression")

    def net(self, name: str = "") -> int:
        self.budget.spend(3 if name else 1)
        self.names.append(name)
        return self.network.net()

    def gate(self, operation: str, operands: Nets) -> int:
        self.budget.spend(len(operands))
        net = self.net()
        self.network.drivers[net] = (operation, *operands)
        return net

    def constant(self, bit: int) -> int:
        if bit not in self._constants:
            self._constants[bit] = self.gate(str(bit), ())
        return self._constants[bit]

    def signal(self, name: str) -> Signal:
        """The signal of a name; one that is not declared (yet) is one bit wide."""
        if name not in self.signals:
            self.signals[name] = Signal((self.net(name),))
            self.implicit.add(name)
        return self.signals[name]

    def fitted(self, nets: Nets, width: int) -> Nets | None:
        """The value at this width, if that is certain: constants are extended by 0, and cut where only 0 is lost."""
        if len(nets) == width:
            return nets
        if not set(nets) <= set(self._constants.values()):
            return None
        self.budget.spend(width)
        zero = self.constant(0)
        if any(net != zero for net in nets[width:]):
            return None
        return nets[:width] + (zero,) * (width - len(nets))

    def assign(self, left: Nets, right: Nets) -> None:
        """Drive nets by a value of the same width; the last gate made drives its target itself."""
        for target, net in zip(left, right, strict=True):
            if len(left) == 1 and net == len(self.names) - 1 and not self.names[net] and target != net:
                driver = self.network.drivers[net]
                if driver is not None and driver[0] not in ("0", "1"):
                    self.names.pop()
                    self.network.drivers.pop()
                    self.network.drive(target, driver[0], driver[1:])
                    continue
            self.network.drive(target, "buf", (net,))


def reference(tokens: Tokens, scope: Scope) -> Nets:
    """A name with an optional select of one bit or of some: a, a[3], a[3:0]."""
    name = tokens.name("a name")
    signal = scope.signal(name)
    if not tokens.is_sign("["):
        return signal.nets
    tokens.step()
    first = last = tokens.integer("the index")
    if tokens.is_sign(":"):
        tokens.step()
        last = tokens.integer("the index")
    if not tokens.is_sign("]"):
        raise tokens.beyond(f"{quoted(tokens.word)} in an index")
    if signal.low is None:
        raise tokens.error(f"{quoted(name)} must be a vector to be indexed")
    high, low = ((index - signal.low) * signal.step for index in (first, last))
    if not 0 <= low <= high < len(signal.nets):
        raise tokens.error(f"[{first}:{last}] must lie within the {len(signal.nets)} bits of {quoted(name)}")
    tokens.step()
    return signal.nets[low : high + 1]


def expression(tokens: Tokens, scope: Scope) -> Nets:
    """The value of the expression that begins here; stops at the first token that can't go on with it."""
    values: list[Nets] = []
    signs: list[tuple[str, int]] = []  # operators and open brackets; with "{", how many values stood before
    while True:
        if _operand(tokens, scope, values, signs):
            continue
        while True:  # after a value
            word = tokens.word if tokens.kind == "sign" else ""
            if word in _BINARY:
                _reduce(tokens, scope, values, signs, _BINARY[word])
                signs.append((word, 0))
                tokens.step()
                break
            if word == "?":
                _reduce(tokens, scope, values, signs, 2)
                signs.append(("?", 0))
                tokens.step()
                break
            if word in ("", ":", ")", "}", ",", ";", "="):
                _reduce(tokens, scope, values, signs, 0)
                top = signs[-1][0] if signs else ""
                if word == ":" and top == "?":
                    signs[-1] = (":", 0)
                    tokens.step()
                    break
                if word == "," and top == "{":
                    tokens.step()
                    break
                if word == ")" and top == "(":
                    signs.pop()
                    tokens.step()
                    continue
                if word == "}" and top == "{":
                    _, height = signs.pop()
                    scope.budget.spend(sum(map(len, values[height:])))
                    values[height:] = [tuple(net for value in reversed(values[height:]) for net in value)]
                    tokens.step()
                    continue
                if top:
                    raise tokens.expected({"(": "')'", "{": "'}'", "?": "':'"}[top])
                return values.pop()
            if word in ("]", "."):
                raise tokens.expected("an operator")
            raise tokens.beyond(f"the operator {quoted(word)}")


def _operand(tokens: Tokens, scope: Scope, values: list[Nets], signs: list[tuple[str, int]]) -> bool:
    """Take what may stand where a value is due; False if a value was taken."""
    if tokens.kind == "name":
        values.append(reference(tokens, scope))
        if tokens.is_sign("(") or tokens.is_sign("."):
            raise tokens.beyond("a call or a name with a path")
        return False
    if tokens.kind == "number":
        bits = constant_bits(tokens, scope.room)
        scope.budget.spend(len(bits))
        values.append(tuple(scope.constant(bit) for bit in bits))
        if tokens.is_sign("{"):
            raise tokens.beyond("a replication")
        return False
    if tokens.kind == "sign" and (tokens.word in _REDUCTIONS or tokens.word == "~"):
        signs.append(("unary" + tokens.word, 0))
    elif tokens.is_sign("(") or tokens.is_sign("{"):
        signs.append((tokens.word, len(values)))
    elif (
        tokens.is_sign("+") or tokens.is_sign("-") or tokens.is_sign('"') or tokens.is_sign("$") or tokens.is_sign("'")
    ):
        raise tokens.beyond(quoted(tokens.word))
    else:
        raise tokens.expected("a value")
    tokens.step()
    return True


def _reduce(tokens: Tokens, scope: Scope, values: list[Nets], signs: list[tuple[str, int]], least: int) -> None:
    """Apply the operators on top that bind at least as strongly as `least` (conditionals: 1, from right to left)."""
    while signs and signs[-1][0] not in _OPEN:
        sign = signs[-1][0]
        if sign.startswith("unary"):
            values.append(_unary(scope, sign[5:], values.pop()))
        elif sign == ":":
            if least > 1:
                return
            zero, one, test = values.pop(), values.pop(), _truth(scope, values.pop())
            one, zero = _matched(tokens, scope, one, zero)
            values.append(tuple(scope.gate("mux", (test, a, b)) for a, b in zip(one, zero, strict=True)))
        else:
            if _BINARY[sign] < least:
                return
            right, left = values.pop(), values.pop()
            if sign in ("&&", "||"):
                left, right = (_truth(scope, left),), (_truth(scope, right),)
            left, right = _matched(tokens, scope, left, right)
            values.append(tuple(scope.gate(_GATES[sign], pair) for pair in zip(left, right, strict=True)))
        signs.pop()


def _unary(scope: Scope, sign: str, value: Nets) -> Nets:
    if sign == "~":
        return tuple(scope.gate("not", (net,)) for net in value)
    return (scope.gate(_REDUCTIONS[sign], value),)


def _truth(scope: Scope, value: Nets) -> int:
    """One net that says whether a value is not 0."""
    return value[0] if len(value) == 1 else scope.gate("or", value)


def _matched(tokens: Tokens, scope: Scope, left: Nets, right: Nets) -> tuple[Nets, Nets]:
    """Both at one width."""
    first, second = scope.fitted(left, len(right)), scope.fitted(right, len(left))
    if second is not None:
        return left, second
    if first is not None:
        return first, right
    raise tokens.beyond(f"an operator between {len(left)} and {len(right)} bits")
