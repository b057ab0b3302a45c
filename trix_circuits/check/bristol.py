"""Bristol circuits: the format of 2012 (Tillich and Smart) and Bristol Fashion (Archer and others, 2020).

Both begin with the numbers of gates and of wires. Bristol Fashion goes on with the number of input values and their
widths and the number of output values and theirs, a line each; the older header is one line, the widths of two inputs
and of the output. A gate is `inputs outputs in... out... OP`. The first wires are inputs, the last ones outputs, each
value lowest bit first; the values are called x0, x1, ... and y0, y1, ...
"""

from typing import Any

from .file import Gate
from .limits import MAX_NETS, TooLarge, Work, require
from .source import Source, numbers, text_of

KINDS = ("XOR", "AND", "MAND", "INV", "NOT", "EQ", "EQW")


def read_bristol(data: bytes, work: Work) -> Source:
    """Decode Bristol; a gate reads wires that are driven above it."""
    lines = [line for line in text_of(data, work).split("\n") if line.strip()]
    require(len(lines) > 2, "Bristol: the file is cut short")
    count, wires = numbers(lines[0], "Bristol")
    ins, outs = numbers(lines[1], "Bristol"), [0]
    fashion = lines[2].split()[-1].isdigit()
    if fashion:
        outs = numbers(lines[2], "Bristol")
        require(
            ins[0] == len(ins) - 1 and outs[0] == len(outs) - 1, "Bristol: a header must say how many values there are"
        )
        ins, outs = ins[1:], outs[1:]
    else:
        require(len(ins) == 3, "Bristol: the second line must be n1 n2 n3, or a number of values and their widths")
        ins, outs = [width for width in ins[:2] if width], ins[2:]
    most = max(sum(ins), sum(outs))
    require(most <= MAX_NETS, f"Bristol: {most} input or output bits are too many", TooLarge)
    good = 0 not in ins + outs and most <= wires
    require(
        good, f"Bristol: {sum(ins)} input and {sum(outs)} output bits must fit into {wires} wires, none of them empty"
    )
    work.spend(8 * most, 300 * most)
    body = [line.split() for line in lines[3 if fashion else 2 :]]
    require(len(body) == count, f"Bristol: there must be {count} gates, not {len(body)}")
    net_of = {wire: wire for wire in range(sum(ins))}
    gates: list[Gate] = []

    def add(*gate: Any) -> int:
        work.spend(20, 250)
        gates.append(gate)
        return sum(ins) + len(gates) - 1

    for *words, name in body:
        work.spend(10 + 3 * len(words), 100)
        inner, outer, *rest = numbers(" ".join(words), "Bristol")
        reads, drives, kind = rest[:inner], rest[inner:], name.upper()
        shape = {"XOR": (2, 1), "AND": (2, 1), "MAND": (2 * outer, outer)}.get(kind, (1, 1))
        good = kind in KINDS and (inner, outer) == (len(reads), len(drives)) == shape and (kind != "EQ" or reads[0] < 2)
        require(good, f"Bristol: a gate must be of a known kind with its wires, not {' '.join(words)[:30]} {name[:10]}")
        for k, wire in enumerate(drives):
            require(
                wire < wires and wire not in net_of, f"Bristol: wire {wire} must be less than {wires} and driven once"
            )
            a, b = reads[k], reads[(k + outer) % inner]
            if kind == "EQ":
                net_of[wire] = add((), (), a - 1)
                continue
            require(a in net_of and b in net_of, f"Bristol: wires {a} and {b} must be driven before they are read")
            a, b = net_of[a], net_of[b]
            if kind in ("INV", "NOT", "EQW"):
                net_of[wire] = a if kind == "EQW" else add((a,), (-1,), 0)
                continue
            net_of[wire] = add((a, b), (1, 1), -2)
            if kind == "XOR":  # a + b - 2ab
                net_of[wire] = add((a, b, net_of[wire]), (1, 1, -2), -1)
    first = wires - sum(outs)
    require(all(first + k in net_of for k in range(sum(outs))), "Bristol: each output wire must be driven")
    names = [f"y{value}[{k}]" for value, width in enumerate(outs) for k in range(width)]
    inputs = [f"x{value}[{k}]" for value, width in enumerate(ins) for k in range(width)]
    return Source(inputs, [(name, 2 * net_of[first + k]) for k, name in enumerate(names)], gates)
