"""A self-checking Verilog testbench: rows of inputs with the outputs that the netlist has there, as plain literals.

All rows where the inputs have at most 12 bits; otherwise directed rows (zeros, ones, walking bits, equal and nearly
equal words, long carries) and random ones, the same every time. The values come from the weights, not from the logic
that the module was written from. It prints PASS, or the rows that fail and then FAIL, and ends with $fatal.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from trix_circuits.check import evaluate
from trix_circuits.files.names import Ports, free_prefix, module_name, wrapped
from trix_circuits.files.verilog.writer import identifier, module_identifier
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.netlist import Netlist

ALL_ROWS_BITS = 12
ROWS = 4000
MAX_DIGITS = 4_000_000  # of the file
_CHUNK = 1024


def rows_for(ports: Ports, rows: int = ROWS, seed: int = 1) -> list[int]:
    """Rows to test, bit k of a row being the k-th input bit bus after bus: all of them, or directed and random ones."""
    widths = [len(places) for _, places in ports.inputs]
    bits = sum(widths)
    if bits <= ALL_ROWS_BITS:
        return list(range(1 << bits))
    digits = (bits + sum(len(places) for _, places in ports.outputs)) // 4 + 20
    rows = max(64, min(rows, MAX_DIGITS // digits))
    full, rng = (1 << bits) - 1, random.Random(seed)
    found = dict.fromkeys([0, full])
    for k in range(0, bits, max(1, 8 * bits // rows)):
        found |= dict.fromkeys((1 << k, full ^ 1 << k, (1 << k) - 1))
    while len(found) < rows:
        row, at, last, kind = 0, 0, 0, rng.randrange(8)
        for width in widths:
            ones, word, few = (1 << width) - 1, rng.getrandbits(width), 1 << rng.randrange(width)
            if rng.random() < 0.5:
                few |= 1 << rng.randrange(width)
            row |= ((word, word, last ^ few, last, few, ones ^ few, ~last ^ few, word & -few)[kind] & ones) << at
            at, last = at + width, word
        found[row] = None
    return list(found)


def expected(subject: Netlist | Aig, ports: Ports, rows: Sequence[int]) -> list[int]:
    """The outputs at each row, bit k being the k-th output bit bus after bus."""
    input_order = [place for _, places in ports.inputs for place in places]
    output_order = [place for _, places in ports.outputs for place in places]
    found: list[int] = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        columns = _transposed(part, len(input_order))
        planes = [plane for _, plane in sorted(zip(input_order, columns, strict=True))]
        outputs = _output_planes(subject, planes, (1 << len(part)) - 1)
        found += _transposed([outputs[place] for place in output_order], len(part))
    return found


def _transposed(rows: Sequence[int], bits: int) -> list[int]:
    """Bit k of the rows as an integer for each k, row r at bit r."""
    if not rows or not bits:
        return [0] * bits
    digits = [f"{row:0{bits}b}"[::-1] for row in reversed(rows)]
    return [int("".join(column), 2) for column in zip(*digits, strict=True)]


def _output_planes(subject: Netlist | Aig, planes: list[int], ones: int) -> list[int]:
    if isinstance(subject, Netlist):
        planes = list(planes)
        for sources, weights, bias in subject.gates():
            terms = [(planes[source], weight) for source, weight in zip(sources, weights, strict=True)]
            planes.append(evaluate(terms, bias, ones, None)[0])
        return [planes[net] for nets in subject.outputs.values() for net in nets]
    values = [0, *planes]
    for a, b in zip(subject.left.tolist(), subject.right.tolist(), strict=True):
        values.append((values[a >> 1] ^ -(a & 1) & ones) & (values[b >> 1] ^ -(b & 1) & ones))
    return [values[o >> 1] ^ -(o & 1) & ones for o in subject.outputs.tolist()]


def testbench(subject: Netlist | Aig, ports: Ports, name: str, *, rows: int = ROWS) -> str:
    """The testbench of the module that was written for this subject, ports and name."""
    inputs = sum(len(places) for _, places in ports.inputs)
    outputs = sum(len(places) for _, places in ports.outputs)
    module = module_name(name)
    tested = rows_for(ports, rows)
    wanted = expected(subject, ports, tested)
    prefix = free_prefix([bus for bus, _ in (*ports.inputs, *ports.outputs)], "t")
    x, y, want = f"{prefix}0_in", f"{prefix}0_out", f"{prefix}0_want"
    lines = [
        f"// Self-checking testbench of {module}: {'all' if inputs <= ALL_ROWS_BITS else 'directed and random'} rows,"
        f" {len(tested)} in all.",
        "`timescale 1ns/1ps",
        f"module {module_identifier(name, '_tb')};",
        f"  reg [{max(0, inputs - 1)}:0] {x};",
        f"  wire [{max(0, outputs - 1)}:0] {y};",
        f"  reg [{max(0, outputs - 1)}:0] {want};",
        "  integer errors;",
    ]
    connections: list[str] = []
    for vector, buses in ((x, ports.inputs), (y, ports.outputs)):
        at = 0
        for bus, places in buses:
            part = f"[{at}]" if len(places) == 1 else f"[{at + len(places) - 1}:{at}]"
            connections.append(f".{identifier(bus)}({vector}{part})")
            at += len(places)
    lines += wrapped(
        [f"{c}," for c in connections[:-1]] + connections[-1:], f"  {module_identifier(name)} dut(", "     ", ""
    )
    lines[-1] += ");"
    lines += [
        f"  task check(input [{max(0, inputs - 1)}:0] given, input [{max(0, outputs - 1)}:0] value);",
        "    begin",
        f"      {x} = given; {want} = value;",
        "      #1;",
        f"      if ({y} !== {want}) begin",
        "        errors = errors + 1;",
        f'        if (errors <= 10) $display("inputs %h: outputs %h, expected %h", {x}, {y}, {want});',
        "      end",
        "    end",
        "  endtask",
        "  initial begin",
        "    errors = 0;",
    ]
    lines += [
        f"    check({max(1, inputs)}'h{row:x}, {max(1, outputs)}'h{value:x});"
        for row, value in zip(tested, wanted, strict=True)
    ]
    lines += [
        "    if (errors != 0) begin",
        f'      $display("FAIL {module}: %0d of {len(tested)} rows", errors);',
        "      $fatal(1);",
        "    end",
        f'    $display("PASS {module}: {len(tested)} rows");',
        "    $finish;",
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"
