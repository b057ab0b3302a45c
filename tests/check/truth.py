"""What circuits and sources compute, row by row, by evaluators that share no line with the checker."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.check.forging import Forged
from trix_circuits import check
from trix_circuits.errors import TrixCircuitsError
from trix_circuits.logic.meaning import evaluate

Bits = dict[str, int]


def outputs_of(forged: Forged, values: Mapping[str, int]) -> dict[str, int]:
    """The outputs of a circuit for the values of its inputs."""
    nets = [values[name] >> k & 1 for name, width in forged.inputs for k in range(width)]
    for sources, weights, bias in forged.gates:
        nets.append(int(sum(w for s, w in zip(sources, weights, strict=True) if nets[s]) + bias >= 0))
    bits = iter(forged.drivers)
    return {name: sum(nets[next(bits)] << k for k in range(width)) for name, width in forged.outputs}


def is_exact(forged: Forged, given: tuple[bytes, ...] = ()) -> bool:
    """Whether a circuit meets its meaning and equals its sources in every row. At most some 10 input bits."""
    widths: dict[str, int] = dict(forged.inputs)
    total = sum(widths.values())
    sources = [*given, *forged.copies[len(given) :]]
    for row in range(1 << total):
        values, rest = {}, row
        for name, width in widths.items():
            values[name], rest = rest & (1 << width) - 1, rest >> width
        found = outputs_of(forged, values)
        if forged.meaning or not sources:
            try:
                wanted = evaluate(forged.meaning, values, widths, dict(forged.outputs))
            except TrixCircuitsError:
                return False
            if wanted != found:
                return False
        bits = {bit_name(name, k, width): values[name] >> k & 1 for name, width in widths.items() for k in range(width)}
        expected = {
            bit_name(name, k, width): found[name] >> k & 1 for name, width in forged.outputs for k in range(width)
        }
        for data in sources:
            if source_outputs(data, bits) != expected:
                return False
    return True


def bit_name(bus: str, k: int, width: int) -> str:
    """How the sources of these tests call a bit: x for a bus of one bit, else x[k]."""
    return bus if width == 1 else f"{bus}[{k}]"


def source_outputs(data: bytes, inputs: Bits) -> Bits | None:
    """The outputs of a source by name; None if it cannot be read. Names are as in `bit_name`."""
    try:
        if data.startswith(b"aag "):
            return _aag(data.decode(), inputs)
        if data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data):
            from tests.check.forging import opened

            forged = opened(data)
            values = {
                name: sum(inputs[bit_name(name, k, width)] << k for k in range(width)) for name, width in forged.inputs
            }
            found = outputs_of(forged, values)
            return {bit_name(n, k, w): found[n] >> k & 1 for n, w in forged.outputs for k in range(w)}
        if re.match(rb"\d+ \d+\n", data):
            return _bristol(data.decode(), inputs)
        return _blif(data.decode(), inputs)
    except (KeyError, ValueError, IndexError, RecursionError, NameError, AttributeError, check.Damaged):
        return None


def _aag(text: str, inputs: Bits) -> Bits:
    head, *lines = text.split("\n")
    _, ins, _, outs, ands = map(int, head.split()[1:6])
    names = {"i": [f"i[{k}]" for k in range(ins)], "o": [f"o[{k}]" for k in range(outs)]}
    for line in lines[ins + outs + ands :]:
        if match := re.fullmatch(r"([io])(\d+) (.+)", line):
            names[match[1]][int(match[2])] = match[3]
    rows = {int(line.split()[0]): [*map(int, line.split()[1:])] for line in lines[ins + outs : ins + outs + ands]}
    values = {int(line): inputs[name] for line, name in zip(lines[:ins], names["i"], strict=True)}

    def value(literal: int) -> int:
        if literal & 1:
            return 1 - value(literal - 1)
        if literal not in values:
            values[literal] = 0 if literal == 0 else value(rows[literal][0]) & value(rows[literal][1])
        return values[literal]

    return {name: value(int(line)) for name, line in zip(names["o"], lines[ins : ins + outs], strict=True)}


def _bristol(text: str, inputs: Bits) -> Bits:
    lines = [line.split() for line in text.split("\n") if line.strip()]
    wires = int(lines[0][1])
    fashion = lines[2][-1].isdigit()
    ins = [int(w) for w in (lines[1][1:] if fashion else lines[1][:2]) if w != "0"]
    outs = [int(w) for w in (lines[2][1:] if fashion else lines[1][2:])]
    names = [bit_name(f"x{v}", k, width) for v, width in enumerate(ins) for k in range(width)]
    nets = {wire: inputs[name] for wire, name in enumerate(names)}
    for *numbers, kind in lines[3 if fashion else 2 :]:
        count, _, *rest = map(int, numbers)
        reads, drives = rest[:count], rest[count:]
        for k, wire in enumerate(drives):
            a = nets[reads[k]] if kind != "EQ" else reads[k]
            b = nets[reads[(k + len(drives)) % count]] if kind != "EQ" else 0
            results = {"XOR": a ^ b, "AND": a & b, "MAND": a & b, "INV": 1 - a, "NOT": 1 - a, "EQ": a, "EQW": a}
            nets[wire] = results[kind]
    found = [bit_name(f"y{v}", k, width) for v, width in enumerate(outs) for k in range(width)]
    return {name: nets[wires - len(found) + k] for k, name in enumerate(found)}


def _blif(text: str, inputs: Bits) -> Bits:
    models: dict[str, list[list[str]]] = {}
    for line in text.split("\n"):
        words = line.split()
        if words and words[0] == ".model":
            body = models[words[1]] = []
        elif words:
            body.append(words)
    return _model(models, next(iter(models)), inputs)


def _model(models: dict[str, list[list[str]]], name: str, inputs: Bits) -> Bits:
    """The outputs of one model, its instances evaluated as functions of their own."""
    values = dict(inputs)
    lines = models[name]
    covers: list[tuple[list[str], list[list[str]]]] = []
    for words in lines:
        if words[0] == ".names":
            covers.append((words[1:], []))
        elif words[0][0] in "01-":
            covers[-1][1].append(words)
    instances = [words[1:] for words in lines if words[0] == ".subckt"]
    for _ in range(2 + len(covers) + len(instances)):  # until nothing new is known
        for (*reads, net), rows in covers:
            if net not in values and all(read in values for read in reads):
                hits = [
                    all(bit in ("-", str(values[read])) for read, bit in zip(reads, row[0], strict=True))
                    if reads
                    else True
                    for row in rows
                ]
                on = rows[0][-1] == "1" if rows else True
                values[net] = int(any(hits) == on)
        for other, *pairs in instances:
            bound = dict(pair.split("=") for pair in pairs)
            ports = [word for words in models[other] if words[0] == ".inputs" for word in words[1:]]
            if all(bound[port] in values for port in ports):
                found = _model(models, other, {port: values[bound[port]] for port in ports})
                values |= {bound[port]: value for port, value in found.items() if port in bound}
    outputs = [word for words in lines if words[0] == ".outputs" for word in words[1:]]
    return {output: values[output] for output in outputs}
