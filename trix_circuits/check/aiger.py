"""AIGER, binary or ASCII, version 1.9, without latches and properties (Biere, Heljanko, Wieringa, "AIGER 1.9", 2011).

A literal is 2 * variable + (1 if inverted); variable 0 is the constant 0. The binary form numbers inputs first, then
ANDs in order, and writes each AND as two differences.
"""

import itertools
import re
from collections.abc import Iterable

from .file import Gate
from .limits import MAX_NETS, Damaged, TooLarge, Work, require
from .source import Source, conjunction, in_order, numbers

SHAPES = [((1 - 2 * p, 1 - 2 * q), p + q - 2) for p in (0, 1) for q in (0, 1)]  # of an AND, by the signs that it reads


def read_aiger(data: bytes, work: Work) -> Source:
    """Decode AIGER."""
    head, _, rest = data.partition(b"\n")
    good = re.fullmatch(rb"(aag|aig)((?: \d{1,18}){5,9})\s*", head)
    if not good:
        raise Damaged(f"AIGER: the header must be 'aig M I L O A' or 'aag M I L O A', not {head!r:.50}")
    top, inputs, latches, outs, ands, *more = map(int, good[2].split())
    require(
        not latches and not any(more),
        f"AIGER: a circuit must have no latches and no properties, not {latches} and {sum(more)}",
    )
    require(top >= inputs + ands, f"AIGER: {inputs} inputs and {ands} ANDs must fit into {top} variables")
    require(inputs <= MAX_NETS, f"AIGER: {inputs} inputs are too many", TooLarge)
    require(outs <= len(rest) and ands <= len(rest), "AIGER: the file is cut short")
    work.spend(
        (len(data) >> 4) + 4 * inputs + 8 * outs + 6 * ands,
        150 * (inputs + outs) + (190 if good[1] == b"aig" else 900) * ands,
    )
    gates: list[Gate] = [((), (), -1)]  # the constant is the first gate
    if good[1] == b"aig":
        require(top == inputs + ands, "AIGER: a binary file must use all its variables")
        lines = rest.split(b"\n", outs)
        require(len(lines) > outs and 2 * ands <= len(lines[-1]), "AIGER: the file is cut short")
        raw, at = lines.pop(), 0
        for number in range(2 * inputs + 2, 2 * top + 2, 2):
            for _ in (0, 1):  # two differences, seven bits a byte, lowest first
                delta = shift = 0
                while (byte := raw[at]) > 127 and shift < 63:
                    delta, shift, at = delta | (byte & 127) << shift, shift + 7, at + 1
                number, last, at = number - (delta | byte << shift), number, at + 1
            if number < 0 or last >= 2 * len(gates) + 2 * inputs:
                raise Damaged(f"AIGER: AND {len(gates) - 1} must read variables before it")
            a, b = last >> 1, number >> 1
            a, b = (a if a > inputs else a - 1 if a else inputs), (b if b > inputs else b - 1 if b else inputs)
            gates.append(((a, b), *SHAPES[2 * (last & 1) + (number & 1)]))
        symbols: Iterable[bytes] = raw[at:].split(b"\n") if at < len(raw) else []
        place = {0: inputs} | {1 + k: k for k in range(inputs)}
    else:
        lines = rest.split(b"\n")
        require(len(lines) >= inputs + outs + ands, "AIGER: the file is cut short")
        rows = [numbers(line, "AIGER") for line in lines[: inputs + outs + ands]]
        require(
            all(len(row) == 1 for row in rows[: inputs + outs]), "AIGER: an input and an output must be one literal"
        )
        own = [number for (number,) in rows[:inputs]]
        place = {0: inputs} | {number >> 1: k for k, number in enumerate(own)}
        good_inputs = len(place) == inputs + 1 and all(2 <= number <= 2 * top and number % 2 == 0 for number in own)
        require(good_inputs, "AIGER: each input must be a variable of its own")
        sides = {left >> 1: (a, b) for left, a, b in rows[inputs + outs :] if left % 2 == 0 and left <= 2 * top}
        require(
            len(sides) == ands and not sides.keys() & place.keys(), "AIGER: each AND must define a variable of its own"
        )
        for variable in in_order({left: (a >> 1, b >> 1) for left, (a, b) in sides.items()}, "AIGER: variable"):
            gates.append(conjunction([2 * place[side >> 1] + (side & 1) for side in sides[variable]]))
            place[variable] = inputs + len(gates) - 1
        lines, symbols = lines[inputs : inputs + outs], lines[inputs + outs + ands :]
    names = {"i": [f"i[{k}]" for k in range(inputs)], "o": [f"o[{k}]" for k in range(outs)]}
    named: set[str] = set()
    for line in itertools.takewhile(lambda line: line not in (b"", b"c", b"c\r"), symbols):
        symbol = re.fullmatch(r"(([io])(\d{1,9})) ([ -~]+)", line.decode("ascii", "backslashreplace").rstrip("\r"))
        if not symbol or int(symbol[3]) >= len(names[symbol[2]]) or symbol[1] in named:
            raise Damaged(f"AIGER: a symbol must name an input or output, once, not {line!r:.40}")
        named.add(symbol[1])
        names[symbol[2]][int(symbol[3])] = symbol[4]
    require(all(len(set(side)) == len(side) for side in names.values()), "AIGER: two symbols have the same name")
    outputs: list[tuple[str, int]] = []
    for name, line in zip(names["o"], lines, strict=True):
        (literal,) = numbers(line, "AIGER")
        net = literal >> 1 if good[1] == b"aig" and literal >> 1 > inputs else place.get(literal >> 1, -1)
        require(net >= 0 and literal <= 2 * top + 1, f"AIGER: an output must be a literal of the file, not {literal}")
        outputs.append((name, 2 * net + (literal & 1)))
    return Source(names["i"], outputs, gates)
