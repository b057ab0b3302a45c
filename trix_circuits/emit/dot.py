"""DOT (Gansner, Koutsofios and North, "Drawing graphs with dot", 2015): a picture of the netlist, level by level, with
the weights on the edges; and a reader of just what is written here, to compare.

Nodes: a box for each input bit, a circle for each gate with its threshold, a box with double border for each output bit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from trix_circuits.errors import InputError, RefutedError, quoted
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import comment, exact, gate_names
from trix_circuits.logic.expand import bit_names
from trix_circuits.logic.netlist import Netlist


@dataclass(frozen=True, slots=True)
class Picture:
    """What a file says: nodes with their labels, and edges (from, to, label), in the order of the file."""

    inputs: tuple[str, ...]
    gates: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]
    edges: tuple[tuple[str, str, str], ...]


def picture_of(netlist: Netlist) -> Picture:
    """Nodes and edges of a netlist: the label of a gate is its name and threshold, that of an edge its weight."""
    names, form = gate_names(netlist), netlist.format
    gates: list[tuple[str, str]] = []
    edges: list[tuple[str, str, str]] = []
    for net, (sources, weights, bias) in enumerate(netlist.gates(), netlist.input_bits):
        gates.append((names[net], f"{names[net]}\\n>= {exact(form.value(-bias))}"))
        edges += [(names[s], names[net], exact(form.value(w))) for s, w in zip(sources, weights, strict=True)]
    outputs = []
    for bus, nets in netlist.outputs.items():
        for bit, net in zip(bit_names([(bus, len(nets))]), nets, strict=True):
            outputs.append(bit)
            edges.append((names[net], f"out {bit}", ""))
    return Picture(tuple(names[: netlist.input_bits]), tuple(gates), tuple(outputs), tuple(edges))


def write(writing: Writing) -> bytes:
    """The netlist as a DOT file."""
    assert isinstance(writing.subject, Netlist)
    return dot(writing.subject, writing.name).encode()


def confirm_picture(writing: Writing, data: bytes) -> None:
    """Raise RefutedError unless the file shows the netlist's very nodes, edges and labels."""
    assert isinstance(writing.subject, Netlist)
    if read_dot(data.decode()) != picture_of(writing.subject):
        raise RefutedError("the picture, read back, is not what was to be written")


def _text(words: str) -> str:
    """Any text as a label: a name in it can neither end the quotes nor begin an escape."""
    return f'"{re.sub(r"[^ !#-~]", "_", comment(words))}"'


def dot(netlist: Netlist, name: str) -> str:
    """The text of a DOT file. Nodes have the names of bits and gates, which are letters, digits, _ and brackets."""
    picture, names, levels = picture_of(netlist), gate_names(netlist), netlist.levels.tolist()
    title = (
        f"{name}: {netlist.size} gates in {netlist.format.name}; a gate is 1 iff the sum of its weights is >= its label"
    )
    lines = [f"digraph {_text(name)} {{", f"  label={_text(title)}; rankdir=LR;"]
    lines += [f'  "{bit}" [shape=box];' for bit in picture.inputs]
    lines += [f'  "{gate}" [shape=circle, label="{label}"];' for gate, label in picture.gates]
    lines += [f'  "out {bit}" [shape=box, peripheries=2, label="{bit}"];' for bit in picture.outputs]
    ranks: dict[int, list[str]] = {}
    for net, level in enumerate(levels):
        ranks.setdefault(level if net >= netlist.input_bits else 0, []).append(names[net])
    ranks[max(ranks, default=0) + 1] = [f"out {bit}" for bit in picture.outputs]
    for _, members in sorted(ranks.items()):
        lines.append(f"  {{ rank=same; {' '.join(f'{chr(34)}{member}{chr(34)};' for member in members)} }}")
    for source, target, label in picture.edges:
        lines.append(f'  "{source}" -> "{target}"' + (f' [label="{label}"];' if label else ";"))
    return "\n".join([*lines, "}"]) + "\n"


_INPUT = re.compile(r'  "([^"]+)" \[shape=box\];')
_GATE = re.compile(r'  "([^"]+)" \[shape=circle, label="([^"]*)"\];')
_OUTPUT = re.compile(r'  "out ([^"]+)" \[shape=box, peripheries=2, label="([^"]*)"\];')
_EDGE = re.compile(r'  "([^"]+)" -> "([^"]+)"(?: \[label="([^"]*)"\])?;')


def read_dot(text: str) -> Picture:
    """Read back what `dot` writes, and nothing else; raises InputError."""
    inputs: list[str] = []
    gates: list[tuple[str, str]] = []
    outputs: list[str] = []
    edges: list[tuple[str, str, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := _INPUT.fullmatch(line):
            inputs.append(match[1])
        elif match := _GATE.fullmatch(line):
            gates.append((match[1], match[2]))
        elif match := _OUTPUT.fullmatch(line):
            outputs.append(match[1])
        elif match := _EDGE.fullmatch(line):
            edges.append((match[1], match[2], match[3] or ""))
        elif not re.match(r'digraph "[^"]*" \{$|  label=|  \{ rank=same;|\}$', line):
            raise InputError(f"line {number}: a node or an edge was expected, not {quoted(line)}")
    return Picture(tuple(inputs), tuple(gates), tuple(outputs), tuple(edges))
