"""BLIF ("Berkeley Logic Interchange Format", University of California, 1992), in and out.

It is read by the checker itself (checked.py). Written is one `.names` for each threshold gate. A gate is unate, so its prime implicants are its one irredundant cover: the smallest sets of inputs that reach the
threshold. Where they are more than MAX_CUBES, the gate is split into `.names` of two inputs (trix_circuits/logic/expand.py), and a
comment says so. Rows are those of the on-set only, since readers differ on the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from trix_circuits.errors import InputError, RefutedError
from trix_circuits.files.checked import read_checked
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
from trix_circuits.files.reading import Reading, text_of
from trix_circuits.logic.aig import TRUE, Aig, AigBuilder
from trix_circuits.logic.expand import bit_names, gate_literal, positive
from trix_circuits.logic.netlist import Netlist

MAX_CUBES = 64


def read_blif(data: bytes, name: str) -> Reading:
    """The circuit of a BLIF file."""
    if data[:4] in (b"aig ", b"aag "):
        raise InputError("must be BLIF, not AIGER")
    text_of(data)  # refuses what is no text, or text that could be read in two ways
    return read_checked(data, name)


def write(writing: Writing) -> bytes:
    """The circuit as BLIF."""
    if isinstance(writing.subject, Netlist):
        return blif_of_netlist(writing.subject, writing.name, plain=writing.plain).encode()
    return blif_of_aig(writing.aig, writing.ports).encode()


def write_with_weights(writing: Writing) -> bytes:
    """Threshold gates as BLIF, with their weights in comments."""
    assert isinstance(writing.subject, Netlist)
    return blif_of_netlist(writing.subject, writing.name, weights=True, plain=writing.plain).encode()


def blif_of_netlist(netlist: Netlist, name: str, *, weights: bool = False, plain: bool = False) -> str:
    """One `.names` a gate; with `weights`, a comment before each gives the inequality and the format.

    If `plain`, gates are split into `.names` of two inputs. A gate that drives an output has its name; a net that drives a second one is copied there.
    """
    lines = [
        f"# {comment(name)}: {netlist.size} threshold gates in {comment(netlist.format.name)};"
        " a gate is 1 iff its weighted sum is >= 0"
    ]
    names, copies = net_names(netlist)
    outputs = [bit for bus, nets in netlist.outputs.items() for bit in bit_names([(bus, len(nets))])]
    lines += _head(name, bit_names(netlist.inputs.items()), outputs)
    own = gate_names(netlist)
    builder = AigBuilder(bit_names(netlist.inputs.items()))
    literals = [builder.input(i) for i in range(netlist.input_bits)]
    for net, (sources, values, bias) in enumerate(netlist.gates(), netlist.input_bits):
        read = [names[source] for source in sources]
        seen = [literals[source] for source in sources]
        literals.append(gate_literal(builder, seen, values, bias))
        if weights:
            lines.append(f"# gate {names[net]}: {inequality(read, values, bias, netlist.format)}")
        lines += _gate(names[net], own[net], read, seen, values, bias, 0 if plain else MAX_CUBES)
    lines += [line for target, source in copies for line in (f".names {names[source]} {target}", "1 1")]
    return "\n".join([*lines, ".end"]) + "\n"


def blif_of_aig(aig: Aig, ports: Ports | None = None) -> str:
    """One `.names` of two inputs for each AND, and one for each output."""
    ports = ports or ports_of(aig)
    inputs, outputs = ports.input_bits(), ports.output_bits()
    prefix = free_prefix([*inputs, *outputs], "n")
    names = ["", *inputs, *(f"{prefix}{k}" for k in range(aig.size))]
    lines = [f"# {comment(aig.name)}: {aig.size} ANDs", *_head(aig.name, inputs, outputs)]
    lines += _ands(aig, names, [0] * aig.variables)
    for name, literal in zip(outputs, aig.outputs.tolist(), strict=True):
        if literal < 2:
            lines += [f".names {name}", *(["1"] if literal else [])]
        else:
            lines += [f".names {names[literal >> 1]} {name}", f"{1 - literal % 2} 1"]
    return "\n".join([*lines, ".end"]) + "\n"


def net_names(netlist: Netlist) -> tuple[list[str], list[tuple[str, int]]]:
    """The name of each net, a gate having the name of the first output that it drives; and (output, net) of others."""
    names = gate_names(netlist)
    copies: list[tuple[str, int]] = []
    named: set[int] = set(range(netlist.input_bits))
    for bus, nets in netlist.outputs.items():
        for bit, net in zip(bit_names([(bus, len(nets))]), nets, strict=True):
            if net in named:
                copies.append((bit, net))
            else:
                named.add(net)
                names[net] = bit
    return names, copies


def cubes(weights: Sequence[int], threshold: int, most: int = MAX_CUBES) -> list[tuple[int, ...]] | None:
    """The prime implicants of sum(weights * inputs) >= threshold, as sets of inputs; weights are positive, descending.

    None if they are more than `most`.
    """
    found: list[tuple[int, ...]] = []
    rest = [0] * (len(weights) + 1)
    for i in reversed(range(len(weights))):
        rest[i] = rest[i + 1] + weights[i]
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, threshold, ())]
    while stack:  # a set is prime iff its least weight is needed, and that is the one that came last
        at, wanted, chosen = stack.pop()
        if wanted <= 0:
            found.append(chosen)
            if len(found) > most:
                return None
        elif rest[at] >= wanted:
            stack.append((at + 1, wanted, chosen))
            stack.append((at + 1, wanted - weights[at], (*chosen, at)))
    return found


def _gate(
    name: str, own: str, read: Sequence[str], literals: Sequence[int], weights: Sequence[int], bias: int, most: int
) -> Iterator[str]:
    terms, threshold = positive([2 * (i + 1) for i in range(len(read))], weights, bias)
    if threshold <= 0 or threshold > sum(weight for _, weight in terms):
        yield f".names {name}"
        yield from ["1"] if threshold <= 0 else []
        return
    cover = cubes([weight for _, weight in terms], threshold, most)
    if cover is None:
        yield f"# {name} has more than {most} prime implicants: split into ANDs" if most else f"# {name} in ANDs"
        yield from _split(name, own, read, literals, weights, bias)
        return
    places = sorted({literal >> 1 for literal, _ in terms})
    at = {place: k for k, place in enumerate(places)}
    yield from _names([read[place - 1] for place in places], name)
    for cube in cover:
        row = ["-"] * len(places)
        for i in cube:
            literal = terms[i][0]
            row[at[literal >> 1]] = "0" if literal & 1 else "1"
        yield f"{''.join(row)} 1"


def _split(
    name: str, own: str, read: Sequence[str], literals: Sequence[int], weights: Sequence[int], bias: int
) -> Iterator[str]:
    """The very ANDs that the gate has in `aig_of` the netlist, where its sources are these literals."""
    sources = {literal >> 1: (source, literal & 1) for source, literal in zip(read, literals, strict=True)}
    variables = sorted(variable for variable in sources if variable)
    local = {0: 0, **{variable: k for k, variable in enumerate(variables, 1)}}
    builder = AigBuilder(sources[variable][0] for variable in variables)
    inputs = [2 * local[literal >> 1] + (literal & 1) for literal in literals]
    aig = builder.finish(name, [(name, gate_literal(builder, inputs, weights, bias))])
    root = int(aig.outputs[0])
    inside = ["", *aig.input_names, *(f"{own}_{k}" for k in range(aig.size))]
    flips = [0, *(sources[variable][1] for variable in variables), *([0] * aig.size)]
    if root & 1 == 0 and root >> 1 > len(variables):
        inside[root >> 1] = name
    yield from _ands(aig, inside, flips)
    if inside[root >> 1] != name:
        yield f".names {inside[root >> 1]} {name}" if root > 1 else f".names {name}"
        yield from [f"{1 - (root ^ flips[root >> 1]) % 2} 1"] if root > 1 else ["1"] * root


def _ands(aig: Aig, names: Sequence[str], flips: Sequence[int]) -> Iterator[str]:
    """A `.names` for each AND; a variable of flip 1 is the complement of its name."""
    first = 1 + len(aig.input_names)
    for at, (a, b) in enumerate(zip(aig.left.tolist(), aig.right.tolist(), strict=True), first):
        if min(a, b) <= TRUE:
            raise InputError("an AND of a constant must be folded before it is written")
        yield f".names {names[a >> 1]} {names[b >> 1]} {names[at]}"
        yield f"{1 - (a ^ flips[a >> 1]) % 2}{1 - (b ^ flips[b >> 1]) % 2} 1"


def _names(read: Iterable[str], name: str) -> Iterator[str]:
    return wrapped([*read, name], ".names", "", " \\")


def _head(name: str, inputs: Iterable[str], outputs: Iterable[str]) -> list[str]:
    lines = [f".model {module_name(name)}"]
    lines += wrapped(inputs, ".inputs", "", " \\")
    return [*lines, *wrapped(outputs, ".outputs", "", " \\")]


# ---- weights in comments ---------------------------------------------------------------------------------------------


def confirm_weights(writing: Writing, data: bytes) -> None:
    """Raise RefutedError unless the comments say the weights of the netlist."""
    netlist = writing.subject
    assert isinstance(netlist, Netlist)
    names, form = net_names(netlist)[0], netlist.format
    wanted = [
        (
            names[net],
            [(names[source], form.value(weight)) for source, weight in zip(sources, weights, strict=True)],
            form.value(bias),
            comment(form.name),
        )
        for net, (sources, weights, bias) in enumerate(netlist.gates(), netlist.input_bits)
    ]
    if read_weight_comments(data.decode()) != wanted:
        raise RefutedError("a comment, read back, is not what was to be written")


_COMMENT = re.compile(r"# gate (\S+): (.*) >= 0 \[(.*)\]")


def read_weight_comments(text: str) -> list[tuple[str, list[tuple[str, Fraction]], Fraction, str]]:
    """What the comments of a BLIF file say: (name, [(source, weight)], bias, format) of each gate."""
    found = []
    for line in text.splitlines():
        if match := _COMMENT.fullmatch(line):
            words = match[2].split(" ")
            terms: list[tuple[str, Fraction]] = []
            bias, sign, at = Fraction(0), 1, 0
            while at < len(words):
                if words[at] in "+-":
                    sign, at = -1 if words[at] == "-" else 1, at + 1
                value = sign * Fraction(words[at])
                if at + 1 < len(words) and words[at + 1] not in "+-":
                    terms.append((words[at + 1], value))
                    at += 2
                else:
                    bias, at = value, at + 1
            found.append((match[1], terms, bias, match[3]))
    return found
