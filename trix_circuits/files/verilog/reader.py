"""Structural Verilog, as the ISCAS and EPFL suites and synthesis tools write it, to an AIG.

Modules with old or ANSI ports; input, output, wire, supply0, supply1, vectors; gates and, or, nand, nor, xor, xnor,
not, buf of any number of terminals, with or without names; assign with the operators of verilog_expression.py;
instances of modules of the same file, connected by name or by position; escaped identifiers, comments, attributes.
Bits of a vector `[7:0] a` are named a[0], ..., a[7]. All else raises NotStructuralError, whose line names it.

Source: IEEE Std 1364-2005.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import and_, or_, xor

from trix_circuits.errors import InputError, LimitError, quoted
from trix_circuits.files.reading import Budget, Reading, room
from trix_circuits.files.verilog.expression import Nets, Scope, Signal, bit_names, expression
from trix_circuits.files.verilog.hierarchy import FREE, Instance, Module, check_hierarchy, flat, top_of
from trix_circuits.files.verilog.text import NotStructuralError, Tokens, source_text

_GATES = ("and", "or", "nand", "nor", "xor", "xnor", "not", "buf")
_NETS = ("wire", "tri", "logic", "supply0", "supply1")
_OPERATORS = {"&": and_, "|": or_, "^": xor}
_PAIRS = {  # (operator, ~ or nothing, ~ or nothing) -> truth table over both
    (sign, first, second): sum(
        operator(row & 1 ^ (first == "~"), row >> 1 ^ (second == "~")) << row for row in range(4)
    )
    for sign, operator in _OPERATORS.items()
    for first in ("", "~")
    for second in ("", "~")
}
__all__ = ["NotStructuralError", "read_verilog"]


def read_verilog(data: bytes, name: str, top: str | None = None) -> Reading:
    """The circuit of the top module; raises InputError with the line, NotStructuralError for what Yosys may read."""
    tokens = Tokens(source_text(data))
    modules: dict[str, Module] = {}
    budget = Budget(FREE + 16 * len(data))
    while tokens.kind != "end":
        if tokens.word not in ("module", "macromodule") or tokens.kind != "keyword":
            known = modules or tokens.kind == "keyword"
            raise tokens.beyond(quoted(tokens.word)) if known else tokens.expected("module")
        tokens.step()
        line = tokens.line
        module = Module(tokens.name("the name of a module"), line, Scope(room(data), budget))
        if module.name in modules:
            raise tokens.error(f"two modules are named {quoted(module.name)}")
        modules[module.name] = module
        before = budget.used
        _ModuleReader(tokens, module).read()
        module.cost = 1 + budget.used - before
    chosen = modules[top_of(modules, top)]
    check_hierarchy(modules, chosen, budget)
    network, notes = flat(modules, chosen), []
    bits: dict[str, list[tuple[str, int]]] = {"input": [], "output": []}
    owners: dict[tuple[str, str], str] = {}
    for port in chosen.ports:
        signal, direction = chosen.scope.signals[port], chosen.directions[port]
        for bit in signal.bit_names(port):
            if (other := owners.setdefault((direction, bit), port)) != port:
                vector, scalar = sorted((port, other), key=len)
                raise InputError(
                    f"{direction} {quoted(bit)} would be both a bit of {quoted(vector)} and the port named"
                    f" {quoted(scalar)}: rename one"
                )
        bits[direction] += zip(signal.bit_names(port), signal.nets, strict=True)
        if signal.step < 0:
            notes.append(
                f"{port} has rising indices: its bit of least index is the highest in Verilog, the lowest here"
            )
    return Reading(network.aig(name, bits["input"], bits["output"]), tuple(notes))


class _ModuleReader:
    """Reads one module, from behind its name to endmodule."""

    def __init__(self, tokens: Tokens, module: Module) -> None:
        self.tokens, self.module, self.scope = tokens, module, module.scope

    def read(self) -> None:
        tokens = self.tokens
        if tokens.is_sign("#"):
            raise tokens.beyond("a parameter")
        if tokens.is_sign("("):
            tokens.step()
            self._header()
        tokens.take(";")
        while not (tokens.kind == "keyword" and tokens.word == "endmodule"):
            self._item()
        tokens.step()
        for port in self.module.ports:
            if port not in self.module.directions:
                raise InputError(f"line {self.module.line}: port {quoted(port)} must be an input or an output")

    def _header(self) -> None:
        """Ports, as names or with their declarations."""
        tokens = self.tokens
        direction = ""
        shape: tuple[int | None, int, int] = (None, 1, 1)
        while not tokens.is_sign(")"):
            if tokens.kind == "keyword":
                direction = self._direction()
                shape = self._range()
            port = tokens.name("the name of a port")
            if port in self.module.ports:
                raise tokens.error(f"port {quoted(port)} stands twice")
            self.module.ports.append(port)
            if direction:
                self._declare(port, shape, direction)
            if not tokens.is_sign(")"):
                tokens.take(",")
        tokens.step()

    def _direction(self) -> str:
        tokens = self.tokens
        word = tokens.word
        if word == "inout":
            raise tokens.error("a port must be an input or an output, not inout")
        if word not in ("input", "output"):
            raise tokens.beyond(quoted(word))
        tokens.step()
        if tokens.kind == "keyword" and tokens.word in ("wire", "tri", "logic"):
            tokens.step()
        if tokens.kind == "keyword":
            raise tokens.beyond(quoted(tokens.word))
        return word

    def _range(self) -> tuple[int | None, int, int]:
        """Index of the lowest bit, step, width."""
        tokens = self.tokens
        if not tokens.is_sign("["):
            return None, 1, 1
        tokens.step()
        first = tokens.integer("the bound")
        tokens.take(":") if tokens.is_sign(":") else self._no_range()
        last = tokens.integer("the bound")
        tokens.take("]") if tokens.is_sign("]") else self._no_range()
        width = abs(first - last) + 1
        if width > self.scope.room:
            raise LimitError(
                f"line {tokens.line}: a file of this size may have at most {self.scope.room} nets, not {width}"
            )
        return last, 1 if first >= last else -1, width

    def _no_range(self) -> None:
        raise self.tokens.beyond(f"{quoted(self.tokens.word)} in a range")

    def _declare(self, name: str, shape: tuple[int | None, int, int], direction: str = "") -> Signal:
        """Make a signal, or agree with what was said of it before."""
        low, step, width = shape
        scope, module, tokens = self.scope, self.module, self.tokens
        known = scope.signals.get(name)
        if known is None:
            bits = [name] if low is None else bit_names(name, low, step, width)
            known = scope.signals[name] = Signal(tuple(scope.net(bit) for bit in bits), low, step)
        elif (known.low, known.step, len(known.nets)) != (low, step, width):
            if name in scope.implicit or low is not None:
                raise tokens.error(f"{quoted(name)} must have the same range wherever it stands, and be declared first")
        elif name in module.declared and not direction and name not in module.directions:
            raise tokens.error(f"{quoted(name)} is declared twice")
        scope.implicit.discard(name)
        if direction:
            if name in module.directions or name not in module.ports:
                raise tokens.error(f"{quoted(name)} must be a port, and be given a direction once")
            module.directions[name] = direction
        elif name in module.declared and name not in module.directions:
            raise tokens.error(f"{quoted(name)} is declared twice")
        if not direction:
            module.declared.add(name)
        return known

    def _item(self) -> None:
        tokens = self.tokens
        if tokens.kind == "name":
            self._instances()
        elif tokens.kind != "keyword":
            if tokens.is_sign(";"):
                tokens.step()
                return
            raise tokens.expected("a declaration, a gate or endmodule")
        elif tokens.word in ("input", "output", "inout"):
            direction = self._direction()
            shape = self._range()
            self._list(lambda: self._declare(tokens.name("the name of a port"), shape, direction))
        elif tokens.word in _NETS:
            self._wires()
        elif tokens.word == "assign":
            if self._pair():
                return
            tokens.step()
            self._delay()
            self._list(self._assignment)
        elif tokens.word in _GATES:
            self._gates()
        else:
            raise tokens.beyond(quoted(tokens.word))

    def _list(self, one: Callable[[], object]) -> None:
        """What stands between commas, up to the semicolon."""
        one()
        while self.tokens.is_sign(","):
            self.tokens.step()
            one()
        self.tokens.take(";")

    def _wires(self) -> None:
        tokens = self.tokens
        kind = tokens.word
        tokens.step()
        if tokens.kind == "keyword":
            raise tokens.beyond(quoted(tokens.word))
        shape = self._range()
        self._delay()

        def one() -> None:
            signal = self._declare(tokens.name("the name of a wire"), shape)
            if tokens.is_sign("["):
                raise tokens.beyond("an array")
            if kind in ("supply0", "supply1"):
                self.scope.assign(signal.nets, (self.scope.constant(int(kind[-1])),) * len(signal.nets))
            if tokens.is_sign("="):
                self._driven_by(signal.nets)

        self._list(one)

    def _pair(self) -> bool:
        """Take `assign y = [~]a OP [~]b;` over single bits, which is most of a large file, in one step."""
        found = self.tokens.pair()
        if found is None:
            return False
        y, first, a, sign, second, b = found
        nets = [self.scope.signal(name).nets for name in (y, a, b)]
        if max(map(len, nets)) > 1:
            return False
        table = _PAIRS[sign, first, second]
        self._drive(lambda: self.scope.network.drive(nets[0][0], table, (nets[1][0], nets[2][0])))
        self.tokens.skip_pair()
        return True

    def _assignment(self) -> None:
        """One `left = right`."""
        self._driven_by(self._target())

    def _target(self) -> Nets:
        """Nets that may be driven."""
        if self.tokens.kind != "name" and not self.tokens.is_sign("{"):
            raise self.tokens.expected("a net to assign to")
        return expression(self.tokens, self.scope)

    def _driven_by(self, left: Nets) -> None:
        tokens = self.tokens
        tokens.take("=")
        right = self.scope.fitted(value := expression(tokens, self.scope), len(left))
        if right is None:
            raise tokens.beyond(f"an assignment of {len(value)} bits to {len(left)}")
        self._drive(lambda: self.scope.assign(left, right))

    def _drive(self, drive: Callable[[], None]) -> None:
        try:
            drive()
        except InputError as error:
            raise self.tokens.error(str(error)) from None

    def _delay(self) -> None:
        """Step over a delay, which says nothing about the function: #1 or #(1, 2)."""
        tokens = self.tokens
        if not tokens.is_sign("#"):
            return
        tokens.step()
        if tokens.is_sign("("):
            while not tokens.is_sign(")"):
                if tokens.kind == "end":
                    raise tokens.expected("')'")
                tokens.step()
        elif tokens.kind != "number":
            raise tokens.expected("a delay")
        tokens.step()
        if tokens.is_sign("."):  # 1.5
            tokens.step()
            tokens.step()

    def _gates(self) -> None:
        tokens = self.tokens
        operation = tokens.word
        tokens.step()
        self._delay()

        def one() -> None:
            if tokens.kind == "name":
                tokens.step()
            if tokens.is_sign("["):
                raise tokens.beyond("an array of gates")
            tokens.take("(")
            terminals = [expression(tokens, self.scope)]
            while tokens.is_sign(","):
                tokens.step()
                terminals.append(expression(tokens, self.scope))
            tokens.take(")")
            wide = [len(nets) for nets in terminals if len(nets) != 1]
            if wide or len(terminals) < 2:
                raise tokens.error(f"{operation} must have two or more terminals, of 1 bit each")
            nets = [nets[0] for nets in terminals]
            outputs, inputs = (nets[:-1], nets[-1:]) if operation in ("not", "buf") else (nets[:1], nets[1:])
            for net in outputs:
                self._drive(lambda net=net: self.scope.network.drive(net, operation, inputs))  # type: ignore[misc]

        self._list(one)

    def _instances(self) -> None:
        tokens = self.tokens
        module = tokens.name("the name of a module")
        if tokens.is_sign("#"):
            raise tokens.beyond("a parameter")
        if tokens.kind != "name":
            raise tokens.beyond(f"{quoted(module)} before {quoted(tokens.word)}")

        def one() -> None:
            line = tokens.line
            name = tokens.name("the name of an instance")
            if tokens.is_sign("["):
                raise tokens.beyond("an array of instances")
            if not tokens.is_sign("("):
                raise tokens.beyond(f"{quoted(module)} {quoted(name)} without connections")
            self.module.instances.append(Instance(module, name, line, self._connections()))

        self._list(one)

    def _connections(self) -> dict[str, Nets | None] | list[Nets | None]:
        tokens = self.tokens
        tokens.take("(")
        named: dict[str, Nets | None] = {}
        row: list[Nets | None] = []
        while not tokens.is_sign(")"):
            if tokens.is_sign("."):
                tokens.step()
                port = tokens.name("the name of a port")
                if port in named:
                    raise tokens.error(f"port {quoted(port)} is connected twice")
                tokens.take("(")
                named[port] = None if tokens.is_sign(")") else expression(tokens, self.scope)
                tokens.take(")")
            else:
                row.append(None if tokens.is_sign(",") else expression(tokens, self.scope))
            if not tokens.is_sign(")"):
                tokens.take(",")
        tokens.step()
        if named and row:
            raise tokens.error("connections must be all by name or all by position")
        return named or row
