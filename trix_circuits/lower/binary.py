"""A lane program in AND, OR, XOR and NOT, for machines that have no lookup tables: each operation once.

Tables are written out by `lut.binary_form`; equal operations over equal values are made once, so that a full adder's sum
and carry share their XOR, and a complement is shared by all that want it.
"""

from __future__ import annotations

from dataclasses import dataclass

from trix_circuits.lower.lut import AND, ANDN, OR, XOR, binary_form
from trix_circuits.lower.program import LaneProgram

NOT = 4
NAMES = {AND: "and", OR: "or", XOR: "xor", NOT: "not"}


@dataclass(frozen=True, slots=True)
class BinaryProgram:
    """Steps (op, left, right) over values: 0 is constant false, 1..I the inputs, then the steps; NOT has right = left.

    `outputs` are values. Only steps that an output needs are there.
    """

    input_bits: int
    steps: tuple[tuple[int, int, int], ...]
    outputs: tuple[int, ...]


def binary_program(program: LaneProgram) -> BinaryProgram:
    """The same function in two-input operations."""
    first = program.first
    steps: list[tuple[int, int, int]] = []
    known: dict[tuple[int, int, int], int] = {}

    def step(op: int, left: int, right: int) -> int:
        if op == ANDN:
            op, right = AND, step(NOT, right, right)
        if right < left:
            left, right = right, left
        key = (op, left, right)
        if key not in known:
            known[key] = first + len(steps)
            steps.append(key)
        return known[key]

    place = list(range(first))
    for table, operands in zip(program.tables.tolist(), program.operands.tolist(), strict=True):
        names = [place[part] for part in operands]
        for op, left, right in binary_form(table):
            names.append(step(op, names[left], names[right]))
        place.append(names[-1])
    outputs = []
    for literal in program.outputs.tolist():
        value = place[literal >> 1]
        outputs.append(step(NOT, value, value) if literal & 1 else value)
    return _needed(program.input_bits, steps, outputs)


def _needed(inputs: int, steps: list[tuple[int, int, int]], outputs: list[int]) -> BinaryProgram:
    """Without the steps that nothing reads."""
    first = 1 + inputs
    wanted = set(outputs)
    for k in range(len(steps) - 1, -1, -1):
        if first + k in wanted:
            wanted.update(steps[k][1:])
    place = {value: value for value in range(first)}
    kept: list[tuple[int, int, int]] = []
    for k, (op, left, right) in enumerate(steps):
        if first + k in wanted:
            place[first + k] = first + len(kept)
            kept.append((op, place[left], place[right]))
    return BinaryProgram(inputs, tuple(kept), tuple(place[value] for value in outputs))
