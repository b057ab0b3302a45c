"""Random logic, and a tiny writer of it for each format: independent of the package, so that readers can be held to it.

`Logic` is a list of two-input gates over nets 0, 1, ...: the inputs first. An output may be inverted or constant.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

OPERATIONS = {"and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
              "nand": lambda a, b: 1 - (a & b), "nor": lambda a, b: 1 - (a | b), "xnor": lambda a, b: 1 - (a ^ b)}  # fmt: skip


@dataclass(frozen=True)
class Logic:
    """Gates are (operation, net, net); outputs are nets."""

    inputs: int
    gates: tuple[tuple[str, int, int], ...]
    outputs: tuple[int, ...]

    def evaluate(self, row: int) -> int:
        """Outputs as an integer for the inputs as one."""
        values = [row >> k & 1 for k in range(self.inputs)]
        for operation, a, b in self.gates:
            values.append(OPERATIONS[operation](values[a], values[b]))
        return sum(values[net] << k for k, net in enumerate(self.outputs))

    def table(self) -> list[int]:
        return [self.evaluate(row) for row in range(1 << self.inputs)]


@st.composite
def logics(draw: st.DrawFn, max_inputs: int = 5, max_gates: int = 12) -> Logic:
    inputs = draw(st.integers(1, max_inputs))
    gates = []
    for k in range(draw(st.integers(1, max_gates))):
        nets = st.integers(0, inputs + k - 1)
        gates.append((draw(st.sampled_from(list(OPERATIONS))), draw(nets), draw(nets)))
    every = st.integers(0, inputs + len(gates) - 1)
    return Logic(inputs, tuple(gates), tuple(draw(st.lists(every, min_size=1, max_size=4))))


def _name(logic: Logic, net: int) -> str:
    return f"a[{net}]" if net < logic.inputs else f"n{net}"


def bench(logic: Logic) -> str:
    lines = [f"INPUT({_name(logic, k)})" for k in range(logic.inputs)]
    lines += [f"OUTPUT(y[{k}])" for k in range(len(logic.outputs))]
    lines += [f"y[{k}] = BUFF({_name(logic, net)})" for k, net in enumerate(logic.outputs)]
    for k, (operation, a, b) in reversed(list(enumerate(logic.gates, logic.inputs))):
        lines.append(f"{_name(logic, k)} = {operation.upper()}({_name(logic, a)}, {_name(logic, b)})")
    return "\n".join(["# random", *lines, ""])


def verilog_gates(logic: Logic) -> str:
    """Primitives and escaped names."""
    ins = [f"\\a[{k}] " for k in range(logic.inputs)]
    outs = [f"\\y[{k}] " for k in range(len(logic.outputs))]
    name = [*ins, *(f"n{k + logic.inputs}" for k in range(len(logic.gates)))]
    lines = [f"module top({', '.join(ins + outs)});", f"input {', '.join(ins)};", f"output {', '.join(outs)};"]
    for k, (operation, a, b) in enumerate(logic.gates, logic.inputs):
        lines.append(f"  {operation} {'g' + str(k) if k % 2 else ''}({name[k]}, {name[a]}, {name[b]});")
    lines += [f"  buf (\\y[{k}] , {name[net]});" for k, net in enumerate(logic.outputs)]
    return "\n".join([*lines, "endmodule // top"])


_INFIX = {
    "and": "{} & {}",
    "or": "{} | {}",
    "xor": "{} ^ {}",
    "nand": "~({} & {})",
    "nor": "~{1} & ~{0}",
    "xnor": "{} ~^ {}",
}


def verilog_assign(logic: Logic) -> str:
    """Vectors and assignments."""
    name = [f"a[{k}]" for k in range(logic.inputs)] + [f"n{k + logic.inputs}" for k in range(len(logic.gates))]
    lines = [f"module top(input [{logic.inputs - 1}:0] a, output [{len(logic.outputs) - 1}:0] y);"]
    for k, (operation, a, b) in enumerate(logic.gates, logic.inputs):
        template = _INFIX[operation].replace("{}", "{0}", 1).replace("{}", "{1}", 1)
        lines.append(f"  wire n{k}; assign n{k} = {template.format(name[a], name[b])};")
    lines.append(f"  assign y = {{{', '.join(name[net] for net in reversed(logic.outputs))}}};")
    return "\n".join([*lines, "endmodule"])


def verilog_hierarchy(logic: Logic) -> str:
    """A module for each gate, with instances by name and by position."""
    text = [
        f"module {operation}_2(y, p, q); input p, q; output y; {operation} g(y, p, q); endmodule"
        for operation in OPERATIONS
    ]
    name = [f"a[{k}]" for k in range(logic.inputs)] + [f"n{k + logic.inputs}" for k in range(len(logic.gates))]
    text.append(f"module top(a, y); input [{logic.inputs - 1}:0] a; output [{len(logic.outputs) - 1}:0] y;")
    for k, (operation, a, b) in enumerate(logic.gates, logic.inputs):
        ports = f".q({name[b]}), .y(n{k}), .p({name[a]})" if k % 2 else f"n{k}, {name[a]}, {name[b]}"
        text.append(f"{operation}_2 u{k} ({ports});")
    text += [f"assign y[{k}] = {name[net]};" for k, net in enumerate(logic.outputs)]
    return "\n".join([*text, "endmodule"])


def _bristol(logic: Logic) -> tuple[int, int, list[str]]:
    """Numbers of gates and wires, and the gates: AND, XOR, INV only, outputs copied to the end."""
    wire = list(range(logic.inputs))
    lines: list[str] = []

    def add(operation: str, *nets: int) -> int:
        lines.append(f"{len(nets)} 1 {' '.join(map(str, nets))} {logic.inputs + len(lines)} {operation}")
        return logic.inputs + len(lines) - 1

    for operation, a, b in logic.gates:
        p, q = wire[a], wire[b]
        if operation in ("or", "nor"):
            p, q = add("INV", p), add("INV", q)
        net = add("XOR" if operation in ("xor", "xnor") else "AND", p, q)
        wire.append(add("INV", net) if operation in ("nand", "xnor", "or") else net)
    for net in logic.outputs:
        add("EQW", wire[net])
    return len(lines), logic.inputs + len(lines), lines


def bristol(logic: Logic) -> str:
    """Bristol Fashion: one input value, one output value."""
    gates, wires, lines = _bristol(logic)
    return "\n".join([f"{gates} {wires}", f"1 {logic.inputs}", f"1 {len(logic.outputs)}", "", *lines])


def bristol_old(logic: Logic) -> str:
    gates, wires, lines = _bristol(logic)
    return "\n".join([f"{gates} {wires}", f"{logic.inputs} 0 {len(logic.outputs)}", "", *lines])


def blif(logic: Logic) -> str:
    rows = {"and": "11 1", "or": "1- 1\n-1 1", "xor": "10 1\n01 1", "nand": "11 0", "nor": "00 1", "xnor": "10 0\n01 0"}
    lines = [".model top", ".inputs " + " \\\n ".join(_name(logic, k) for k in range(logic.inputs))]
    lines.append(".outputs " + " ".join(f"y[{k}]" for k in range(len(logic.outputs))))
    lines += [f".names {_name(logic, net)} y[{k}]\n1 1" for k, net in enumerate(logic.outputs)]
    for k, (operation, a, b) in enumerate(logic.gates, logic.inputs):
        if a == b:  # a cover with one net twice is no BLIF that others would write
            lines.append(
                f".names {_name(logic, a)} n{k}\n"
                + {"xor": "", "xnor": "1 1\n0 1"}.get(operation, "1 0" if operation[0] == "n" else "1 1")
            )
        else:
            lines.append(f".names {_name(logic, a)} {_name(logic, b)} n{k}\n{rows[operation]}")
    return "\n".join([*lines, ".end", ""])


def pla(logic: Logic) -> str:
    lines = [f".i {logic.inputs}", f".o {len(logic.outputs)}"]
    for row, value in enumerate(logic.table()):
        bits = "".join(str(row >> k & 1) for k in range(logic.inputs))
        lines.append(f"{bits} | {''.join('~1'[value >> k & 1] for k in range(len(logic.outputs)))}")
    return "\n".join([*lines, ".e"])


def numbers(logic: Logic) -> str:
    table = logic.table()
    lines = [f"inputs {' '.join(f'a[{k}]' for k in range(logic.inputs))}"]
    for k in range(len(logic.outputs)):
        lines.append(f"y[{k}]: {hex(sum((value >> k & 1) << row for row, value in enumerate(table)))}")
    return "\n".join(lines)


def csv(logic: Logic) -> str:
    lines = [",".join([f"a[{k}]" for k in range(logic.inputs)] + [f"y[{k}]" for k in range(len(logic.outputs))])]
    for row, value in enumerate(logic.table()):
        cells = [row >> k & 1 for k in range(logic.inputs)] + [value >> k & 1 for k in range(len(logic.outputs))]
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines)


def aag(logic: Logic) -> str:
    """ASCII AIGER with symbols and a comment."""
    ands: list[str] = []
    literal = [2 * (k + 1) for k in range(logic.inputs)]

    def add(a: int, b: int) -> int:
        ands.append(f"{2 * (1 + logic.inputs + len(ands))} {a} {b}")
        return 2 * (logic.inputs + len(ands))

    for operation, p, q in logic.gates:
        a, b = literal[p], literal[q]
        if operation in ("and", "nand"):
            net = add(a, b)
        elif operation in ("or", "nor"):
            net = add(a ^ 1, b ^ 1) ^ 1
        else:
            net = add(add(a, b) ^ 1, add(a ^ 1, b ^ 1) ^ 1)
        literal.append(net ^ (operation in ("nand", "nor", "xnor")))
    count = len(logic.outputs)
    lines = [f"aag {logic.inputs + len(ands)} {logic.inputs} 0 {count} {len(ands)}"]
    lines += [str(2 * (k + 1)) for k in range(logic.inputs)] + [str(literal[net]) for net in logic.outputs] + ands
    lines += [f"i{k} a[{k}]" for k in range(logic.inputs)] + [f"o{k} y[{k}]" for k in range(count)]
    return "\n".join([*lines, "c", "random", ""])


WRITERS = [
    ("aiger", aag), ("blif", blif), ("bench", bench), ("pla", pla), ("verilog", verilog_gates), ("verilog", verilog_assign),
    ("verilog", verilog_hierarchy), ("bristol", bristol), ("bristol", bristol_old), ("table", numbers), ("table", csv),
]  # fmt: skip
