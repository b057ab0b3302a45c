"""Lane programs in two-input operations compute the same, and share what is equal."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from tests.strategies import netlists
from trix_circuits.compose.families import draft
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower import LaneProgram, lower
from trix_circuits.lower.binary import NOT, BinaryProgram, binary_program
from trix_circuits.lower.lut import AND, OR, apply
from trix_circuits.run.interface import interface_of
from trix_circuits.run.numpy_backend import NumpyRunner

ONES = (1 << 64) - 1


def run(program: BinaryProgram, planes: list[int]) -> list[int]:
    values = [0, *planes]
    for op, left, right in program.steps:
        x, y = values[left], values[right]
        values.append(ONES ^ x if op == NOT else x & y if op == AND else x | y if op == OR else x ^ y)
    return [values[value] for value in program.outputs]


def test_every_table_of_three_inputs() -> None:
    for table in range(2, 256, 2):
        if table in (0xAA, 0xCC, 0xF0):
            continue
        program = LaneProgram(3, np.array([table], np.uint8), np.array([[1, 2, 3]], np.int32), np.zeros(1, np.int32), 1,
                              np.array([8, 9], np.int32), np.zeros(0, np.int32))  # fmt: skip
        wanted = apply(table, 0xAA, 0xCC, 0xF0, ONES)

        assert run(binary_program(program), [0xAA, 0xCC, 0xF0]) == [wanted, ONES ^ wanted]


@given(netlists())
def test_the_same_function_without_a_step_too_many(netlist: Netlist) -> None:
    program = lower(netlist)
    found = binary_program(program)
    rng = np.random.default_rng(0)
    planes = rng.integers(0, 1 << 64, (netlist.input_bits, 1), dtype=np.uint64)
    wanted = NumpyRunner(program, interface_of(netlist)[1]).planes(planes)[:, 0].tolist()

    assert run(found, planes[:, 0].tolist()) == wanted
    assert len(set(found.steps)) == len(found.steps)
    read = {part for step in found.steps for part in step[1:]} | set(found.outputs)
    assert set(range(1 + found.input_bits, 1 + found.input_bits + len(found.steps))) <= read


def test_a_full_adder_takes_five_operations() -> None:
    netlist = draft("adder", get_format("e2m1"), 8).netlist

    assert len(binary_program(lower(netlist)).steps) == 8 * 5
