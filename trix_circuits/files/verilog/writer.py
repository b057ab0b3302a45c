"""Structural Verilog (IEEE 1364-1995 on): one module, vector ports, wires and assigns of & | ^ ~ and nothing else.

A threshold netlist is written gate by gate: the inequality as a comment, the gate's logic (trix_circuits/logic/expand.py)
below it. An AND that is read once, by the same gate, is folded into the expression of its reader; expressions stay
short, so that no reader's recursion is tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trix_circuits.files.cells import cells_of
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import (
    Ports,
    comment,
    free_prefix,
    gate_names,
    inequality,
    module_name,
    ports_of,
    wrapped,
)
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.expand import bit_names, gate_literal
from trix_circuits.logic.netlist import Netlist

MAX_LEAVES = 8  # names in one expression
_KEYWORDS = """
    always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam
    design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable
    endtask event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout
    input instance integer join large liblist library localparam macromodule medium module nand negedge nmos nor
    noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
    pulsestyle_onevent pulsestyle_ondetect rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1
    scalared showcancelled signed small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0
    tranif1 tri tri0 tri1 triand trior trireg unsigned use vectored wait wand weak0 weak1 while wire wor xnor xor
    bit byte logic int shortint longint do return break continue enum struct union string var void final assert assume
    checker class const cover expect export extends extern import interface local modport new null package priority
    program property protected pure rand ref sequence static super this type typedef unique virtual with within
    """  # of SystemVerilog too
KEYWORDS = frozenset(re.findall("[a-z0-9_]+", _KEYWORDS))


def identifier(name: str) -> str:
    """A name as Verilog writes it: escaped where it is a keyword or not made of letters, digits and _."""
    return name if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and name not in KEYWORDS else f"\\{name} "


def write(writing: Writing) -> bytes:
    """The circuit as a module."""
    if isinstance(writing.subject, Netlist):
        return verilog_of_netlist(writing.subject, writing.name, plain=writing.plain).encode()
    return verilog_of_aig(writing.aig, writing.ports, plain=writing.plain).encode()


def module_identifier(name: str, ending: str = "") -> str:
    """The name of the module of a circuit, as Verilog writes it."""
    return identifier(module_name(name) + ending)


def verilog_of_netlist(netlist: Netlist, name: str, *, plain: bool = False) -> str:
    """A module of the netlist, gate by gate with its weights in comments; if `plain`, without XORs."""
    names = gate_names(netlist)
    builder = AigBuilder(bit_names(netlist.inputs.items()))
    literals = [builder.input(i) for i in range(netlist.input_bits)]
    body = _Body([_bit(bus, width, i) for bus, width in netlist.inputs.items() for i in range(width)])
    comments: list[str] = []
    ends: list[int] = []
    for net, (sources, weights, bias) in enumerate(netlist.gates(), netlist.input_bits):
        literals.append(gate_literal(builder, [literals[source] for source in sources], weights, bias))
        text = inequality([names[source] for source in sources], weights, bias, netlist.format)
        comments.append(f"gate {names[net]}: {text}")
        ends.append(builder.size)
    gates = [(names[net], literals[net]) for net in range(netlist.input_bits, netlist.net_count)]
    aig = builder.finish(name, gates, clean=False)
    body.fill(aig, gates, comments, ends, xors=not plain)
    for bus, nets in netlist.outputs.items():
        for i, net in enumerate(nets):
            body.assign(_bit(bus, len(nets), i), names[net] if net >= netlist.input_bits else body.inputs[net])
    form = comment(netlist.format.name)
    head = [f"// {comment(name)}: {netlist.size} threshold gates in {form}; a gate is 1 iff its sum is >= 0."]
    outputs = [(bus, len(nets)) for bus, nets in netlist.outputs.items()]
    return _module(name, head, list(netlist.inputs.items()), outputs, body)


def verilog_of_aig(aig: Aig, ports: Ports | None = None, *, plain: bool = False) -> str:
    """A module of an AIG; if `plain`, without XORs."""
    ports = ports or ports_of(aig)
    inputs, outputs = ([(bus, len(places)) for bus, places in part] for part in (ports.inputs, ports.outputs))
    bits = {place: _bit(bus, len(places), i) for bus, places in ports.inputs for i, place in enumerate(places)}
    body = _Body([bits[place] for place in range(len(bits))], free_prefix(dict([*inputs, *outputs]), "n"))
    body.fill(aig, [], [], [], xors=not plain)
    for bus, places in ports.outputs:
        for i, place in enumerate(places):
            body.assign(_bit(bus, len(places), i), body.text(int(aig.outputs[place])))
    return _module(aig.name, [f"// {comment(aig.name)}: {aig.size} ANDs"], inputs, outputs, body)


def _bit(bus: str, width: int, index: int) -> str:
    return identifier(bus) if width == 1 else f"{identifier(bus)}[{index}]"


def _module(
    name: str, head: list[str], inputs: Sequence[tuple[str, int]], outputs: Sequence[tuple[str, int]], body: _Body
) -> str:
    lines = [*head]
    ports = [identifier(bus) for bus, _ in (*inputs, *outputs)]
    lines += wrapped([f"{port}," for port in ports[:-1]] + ports[-1:], f"module {module_identifier(name)}(", "   ", "")
    lines[-1] += ");"
    for what, buses in (("input", inputs), ("output", outputs)):
        for bus, width in buses:
            lines.append(
                f"  {what} {identifier(bus)};" if width == 1 else f"  {what} [{width - 1}:0] {identifier(bus)};"
            )
    if body.wires:
        lines += wrapped([f"{wire}," for wire in body.wires[:-1]] + body.wires[-1:], "  wire", "      ", "")
        lines[-1] += ";"
    return "\n".join([*lines, *body.lines, "endmodule"]) + "\n"


class _Body:
    """The wires and assigns of a module; each variable has an expression that grows until it gets a wire."""

    def __init__(self, inputs: list[str], prefix: str = "") -> None:
        self.inputs, self.prefix = inputs, prefix
        self.wires: list[str] = []
        self.lines: list[str] = []
        self._named: dict[int, str] = {0: "1'b0", 1: "1'b1"}  # literal -> name
        for k, name in enumerate(inputs, 1):
            self._named[2 * k] = name
        self._loose: dict[int, tuple[str, str, int]] = {}  # variable -> its expression, the complement's, names in it

    def assign(self, target: str, text: str) -> None:
        self.lines.append(f"  assign {target} = {text};")

    def text(self, literal: int) -> str:
        """The expression of a literal, without parentheses around it."""
        if literal in self._named:
            return self._named[literal]
        if literal ^ 1 in self._named:
            return f"~{self._named[literal ^ 1]}"
        positive, negative, _ = self._loose.pop(literal >> 1)
        return negative if literal & 1 else positive

    def _part(self, literal: int) -> str:
        text = self.text(literal)
        return f"({text})" if " " in text.rstrip() else text

    def _names_in(self, literal: int) -> int:
        return self._loose[literal >> 1][2] if literal >> 1 in self._loose else 1

    def _wire(self, name: str, literal: int) -> None:
        self.wires.append(name)
        self.assign(name, self.text(literal))
        if literal not in self._named and literal ^ 1 not in self._named:
            self._named[literal] = name

    def fill(self, aig: Aig, gates: list[tuple[str, int]], comments: list[str], ends: list[int], *, xors: bool) -> None:
        """Make what the gates (names with literals) need, or the outputs of the AIG if there are no gates.

        Gate k owns the ANDs up to number ends[k].
        """
        first = 1 + len(aig.input_names)
        found = cells_of(aig.left.tolist(), aig.right.tolist(), first - 1, aig.outputs.tolist(), xors=xors)
        cells, at = found.cells, 0
        for gate, name, counter in self._sections(gates, comments):
            end = first + ends[gate] if gates else aig.variables
            while at < len(cells) and cells[at].variable < end:
                cell, at = cells[at], at + 1
                size = self._names_in(cell.left) + self._names_in(cell.right)
                if size > MAX_LEAVES:
                    for literal in (cell.left, cell.right):
                        if literal >> 1 in self._loose:
                            self._wire(next(counter), literal & ~1)
                    size = 2
                self._loose[cell.variable] = (*self._forms(cell.is_xor, cell.left, cell.right), size)
                if found.reads[cell.variable] > 1 and not (gates and gates[gate][1] >> 1 == cell.variable):
                    self._wire(next(counter), 2 * cell.variable)
            if gates:
                self._wire(name, gates[gate][1])

    def _sections(self, gates: list[tuple[str, int]], comments: list[str]) -> Iterator[tuple[int, str, Iterator[str]]]:
        """Number, name, and names for wires inside, of each gate; one section of all if there are no gates."""
        if not gates:
            yield 0, "", (f"{self.prefix}{k}" for k in range(1 << 62))
        for gate, (name, _) in enumerate(gates):
            self.lines.append(f"  // {comments[gate]}")
            yield gate, name, _numbered(name)

    def _forms(self, is_xor: bool, left: int, right: int) -> tuple[str, str]:
        """The expression of a cell and of its complement."""
        if is_xor:  # complements stay where they are, so that a reader makes the same ANDs again
            x, y = self._part(left), self._part(right)
            text = f"{x[1:]} ^ {y[1:]}" if x[0] == y[0] == "~" else f"{x} ^ {y}"
            return text, f"~({text})"
        saved = dict.fromkeys(v >> 1 for v in (left, right) if v >> 1 in self._loose)
        kept = {variable: self._loose[variable] for variable in saved}
        both = f"{self._part(left)} & {self._part(right)}"
        self._loose.update(kept)
        either = f"{self._part(left ^ 1)} | {self._part(right ^ 1)}"
        return both, either


def _numbered(name: str) -> Iterator[str]:
    return (f"{name}_{k}" for k in range(1 << 62))
