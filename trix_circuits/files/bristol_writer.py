"""Bristol Fashion, the format of circuits for secure computation, with XOR, AND, INV and (where needed) EQW and EQ.

Header: gates and wires; the number of input values and their widths; the number of output values and theirs (Archer,
Abril, Lu, Maene, Mertens, Sijacic and Smart, "Bristol Fashion MPC Circuits", https://nigelsmart.github.io/MPC-Circuits).
Wires 0, 1, ... are the inputs, bus after bus, lowest bit first; the last wires are the outputs. XOR and INV are free in
these protocols, so XORs are made out of the AIG. A format without names: buses go by their order.
"""

from __future__ import annotations

from trix_circuits.files.cells import cells_of
from trix_circuits.files.names import Ports
from trix_circuits.logic.aig import Aig


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
