"""Turns Verilog into AIGER with Yosys. Run it: one JSON request on stdin, {"folder", "top", "memory_bytes"}.

Reads design.sv in the folder (which should be the working directory), writes design.aig there, and logs. Exit status 0
if the file is written; else the log says why, in a line that begins with `refused:` or holds `ERROR:`.
"""

from __future__ import annotations

import json
import re
import resource
import sys

_MEMORY_CELLS = r"\$(.*dff.*|.*latch.*|_.*DFF.*_|_.*LATCH.*_|_SR_.*|sr|ff|_FF_|mem.*|anyinit|fsm)"


def main() -> int:
    request = json.loads(sys.stdin.read())
    resource.setrlimit(resource.RLIMIT_AS, (request["memory_bytes"], request["memory_bytes"]))
    from pyosys import libyosys as yosys  # after the limit, so that it holds for all of it

    top = request["top"]
    if top is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", top):
        print(f"refused: top must be the name of a module, not {top!r:.60}")
        return 1
    design = yosys.Design()

    def run(command: str) -> None:
        yosys.run_pass(command, design)

    run("read_verilog -sv -I include design.sv")
    run(f"hierarchy -check -top {top}" if top else "hierarchy -check -auto-top")
    run("proc")
    run("flatten -noscopeinfo")
    run("check -assert")  # undriven wires, several drivers, loops
    run("setundef -zero")  # a decision, not a guess of the writer: x is 0
    run("opt")
    kinds = {cell.type.str() for module in design.selected_modules() for cell in module.selected_cells()}
    memory = sorted(kind for kind in kinds if re.fullmatch(_MEMORY_CELLS, kind))
    if memory:
        print(f"refused: the design is sequential: it has {', '.join(memory)[:80]}; it must be combinational")
        return 1
    run("techmap")
    run("opt")
    run("aigmap")
    run("clean")
    left = {cell.type.str() for module in design.selected_modules() for cell in module.selected_cells()}
    if left - {"$_AND_", "$_NOT_"}:
        print(f"refused: Yosys left cells that are no gates: {', '.join(sorted(left - {'$_AND_', '$_NOT_'}))[:80]}")
        return 1
    ports = [wire for module in design.selected_modules() for wire in module.wires_.values()]
    bits = sum(wire.width for wire in ports if wire.port_input)
    for side in ([wire for wire in ports if wire.port_input], [wire for wire in ports if wire.port_output]):
        owners: dict[str, str] = {}  # of the names that AIGER will have
        for wire in side:
            name = wire.name.str()[1:]
            for bit in [name] if wire.width == 1 else [f"{name}[{k}]" for k in range(wire.width)]:
                if owners.setdefault(bit, name) != name:
                    vector, scalar = sorted((name, owners[bit]), key=len)
                    print(
                        f"refused: {bit!a:.60} would be both a bit of {vector!a:.60} and the port named {scalar!a:.60}"
                    )
                    return 1
    run("write_aiger -symbols design.aig")
    with open("design.aig", "rb") as file:  # noqa: PTH123
        head = file.readline().split()
    if int(head[2]) != bits:
        print(f"refused: {int(head[2]) - bits} bits of the design are not driven")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
