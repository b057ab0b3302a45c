"""Bristol circuits, the exchange text of multi-party computation: the older format and Bristol Fashion.

Both begin with the numbers of gates and of wires. Bristol Fashion goes on with `niv` and the widths of so many input
values, then `nov` and the widths of the output values, a line each; the older header has one line, `n1 n2 n3`: the
widths of two inputs and of the output. A gate is `inputs outputs in... out... OP` with OP one of XOR, AND, INV (NOT),
EQ (the input is the constant 0 or 1), EQW (a copy) and MAND (n ANDs at once). The first wires are the inputs, the last
wires the outputs, each value lowest bit first. Inputs are named x0[i], x1[i], ..., outputs y0[i], ...; a value of one
bit also has its [0].

What is written is Bristol Fashion with XOR, AND, INV and (where needed) EQW and EQ. XOR and INV are free in these
protocols, so XORs are made out of the AIG. A format without names: buses go by their order.

Source: Tillich and Smart, "(Bristol Format) Circuits of Basic Functions", 2012; Archer et al., "Bristol Fashion", 2020
(https://nigelsmart.github.io/MPC-Circuits).
"""

from __future__ import annotations

from trix_circuits.errors import InputError, TrixCircuitsError, quoted
from trix_circuits.files.cells import cells_of
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import Ports
from trix_circuits.files.network import Network
from trix_circuits.files.reading import Reading, bus_names, lines_of, number, room
from trix_circuits.logic.aig import Aig

_SHAPES = {"XOR": (2, "xor"), "AND": (2, "and"), "INV": (1, "not"), "NOT": (1, "not"), "EQW": (1, "buf")}


def read_bristol(data: bytes, name: str) -> Reading:
    """The circuit of a Bristol file with either header; raises InputError with the line."""
    lines = lines_of(data)
    at = lines[0][0] if lines else 1
    try:
        if len(lines) < 3:
            raise InputError("must begin with two or three lines of counts, then gates: the file is cut short")
        counts = _counts(lines[0][1], room(data))
        if len(counts) != 2:
            raise InputError(f"must be the numbers of gates and of wires, not {quoted(lines[0][1])}")
        gates, wires = counts
        at, line = lines[1]
        ins = _counts(line, room(data))
        fashion = not lines[2][1].split()[-1].isalpha()
        if fashion:
            ins = _widths(ins, line)
            at, line = lines[2]
            outs = _widths(_counts(line, room(data)), line)
        elif len(ins) != 3:
            raise InputError(f"must be n1 n2 n3, or niv and so many widths, not {quoted(line)}")
        else:
            ins, outs = [width for width in ins[:2] if width], ins[2:]
        if 0 in ins or 0 in outs:
            raise InputError(f"a value must be at least 1 bit wide, not 0: {quoted(line)}")
        if sum(ins) > wires or sum(outs) > wires:
            raise InputError(f"{sum(ins)} input and {sum(outs)} output bits must fit into {wires} wires")
        body = lines[3 if fashion else 2 :]
        if len(body) != gates:
            raise InputError(f"there must be as many gates as the first line says, {gates}, not {len(body)}")
        network = Network(lambda net: f"wire {net}")
        network.drivers = [None] * wires
        for number_of_line, line in body:
            at = number_of_line
            _gate(network, line.split(), wires)
    except TrixCircuitsError as error:
        error.args = (f"line {at}: {error}",)
        raise
    inputs = [bit for k, width in enumerate(ins) for bit in bus_names(f"x{k}", width)]
    outputs = [bit for k, width in enumerate(outs) for bit in bus_names(f"y{k}", width)]
    first = wires - len(outputs)
    return Reading(
        network.aig(
            name, [(bit, k) for k, bit in enumerate(inputs)], [(bit, first + k) for k, bit in enumerate(outputs)]
        )
    )


def _counts(line: str, most: int) -> list[int]:
    return [number(word, "a count", most) for word in line.split()]


def _widths(counts: list[int], line: str) -> list[int]:
    if counts[0] != len(counts) - 1:
        raise InputError(f"must be a number of values and so many widths, not {quoted(line)}")
    return counts[1:]


def _gate(network: Network, words: list[str], wires: int) -> None:
    """Add the gate, or the gates of a MAND, of one line."""
    operation = words[-1].upper()
    numbers = [number(word, "a wire") for word in words[:-1]]
    if len(numbers) < 2 or len(numbers) != 2 + numbers[0] + numbers[1]:
        raise InputError(f"must be 'inputs outputs in... out... OP', not {quoted(' '.join(words))}")
    reads, drives = numbers[2 : 2 + numbers[0]], numbers[2 + numbers[0] :]
    if operation == "EQ" and len(reads) == len(drives) == 1:
        if reads[0] > 1:
            raise InputError(f"EQ must read the constant 0 or 1, not {reads[0]}")
        operands: list[tuple[int, ...]] = [()]
        kind = str(reads[0])
    elif operation == "MAND" and len(reads) == 2 * len(drives):
        operands, kind = list(zip(reads, reads[len(drives) :], strict=False)), "and"
    elif operation in _SHAPES and (len(reads), len(drives)) == (_SHAPES[operation][0], 1):
        operands, kind = [tuple(reads)], _SHAPES[operation][1]
    else:
        known = ", ".join((*_SHAPES, "EQ", "MAND"))
        raise InputError(f"the gate must be one of {known} with its number of wires, not {quoted(' '.join(words))}")
    for net in (*drives, *(net for row in operands for net in row)):
        if net >= wires:
            raise InputError(f"a wire must be less than {wires}, not {net}")
    for net, row in zip(drives, operands, strict=True):
        network.drive(net, kind, row)


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(writing: Writing) -> bytes:
    """The circuit as a Bristol Fashion file."""
    return bristol(writing.aig, writing.ports).encode()


def bristol(aig: Aig, ports: Ports) -> str:
    """The AIG as a Bristol Fashion file; each bus of `ports` is one value."""
    drivers = aig.outputs.tolist()
    wanted = [drivers[place] for _, places in ports.outputs for place in places]
    found = cells_of(aig.left.tolist(), aig.right.tolist(), len(aig.input_names), wanted)
    order = [place for _, places in ports.inputs for place in places]
    wires = {2 * (place + 1): wire for wire, place in enumerate(order)}  # literal -> wire
    made: list[tuple[str, list[int], int]] = []  # operation, sources, and the literal made; output slots come later

    def literal_wire(literal: int) -> int:
        """A stand-in for the wire of a literal: its own number, inverters and constants being made on demand."""
        if literal not in known:
            known.add(literal)
            if literal == 0:
                made.append(("XOR", [2, 2], 0) if order else ("EQ", [0], 0))
            else:
                if literal == 1:
                    literal_wire(0)
                made.append(("INV", [literal ^ 1], literal))
        return literal

    known = set(wires)
    for cell in found.cells:
        sources = [literal_wire(cell.left), literal_wire(cell.right)]
        made.append(("XOR" if cell.is_xor else "AND", sources, 2 * cell.variable))
        known.add(2 * cell.variable)
    for literal in wanted:
        literal_wire(literal)
    slots: dict[int, int] = {}  # the first output that a literal drives
    for slot, literal in enumerate(wanted):
        if literal not in wires:
            slots.setdefault(literal, slot)
    copies = [slot for slot, literal in enumerate(wanted) if slots.get(literal) != slot]
    first_output = len(order) + sum(target not in slots for _, _, target in made)
    at = len(order)
    for _, _, target in made:
        if target in slots:
            wires[target] = first_output + slots[target]
        else:
            wires[target], at = at, at + 1
    lines = [f"{len(made) + len(copies)} {first_output + len(wanted)}"]
    for buses in (ports.inputs, ports.outputs):
        lines.append(" ".join(map(str, [len(buses), *(len(places) for _, places in buses)])))
    lines.append("")
    for operation, sources, target in made:
        read = sources if operation == "EQ" else [wires[source] for source in sources]
        lines.append(f"{len(read)} 1 {' '.join(map(str, read))} {wires[target]} {operation}")
    lines += [f"1 1 {wires[wanted[slot]]} {first_output + slot} EQW" for slot in copies]
    return "\n".join(lines) + "\n"
