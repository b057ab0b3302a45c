"""Lane programs: equal to their netlists on all rows, proven by local lemmas, and no lie passes the proof."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import netlists
from trix_circuits.compose.families import FAMILIES, draft
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.logic.truth_table import variable
from trix_circuits.lower import LaneProgram, lower, prove_lowering, read_text
from trix_circuits.lower.lut import apply, binary_form, canonical
from trix_circuits.lower.recipes import recipe


def outputs_of(program: LaneProgram) -> list[int]:
    """The truth tables of the outputs, as bits, through the slots as a backend would."""
    rows = program.input_bits
    ones = (1 << (1 << rows)) - 1
    slots = [0] * program.slot_count
    first = program.first

    def plane(value: int) -> int:
        if not value:
            return 0
        return variable(rows, value - 1) if value < first else slots[int(program.slots[value - first])]

    for k, (table, parts) in enumerate(zip(program.tables.tolist(), program.operands.tolist(), strict=True)):
        a, b, c = map(plane, parts)
        slots[int(program.slots[k])] = apply(table, a, b, c, ones)
    return [plane(literal >> 1) ^ (ones if literal & 1 else 0) for literal in program.outputs.tolist()]


def tables_of(netlist: Netlist) -> list[int]:
    """The truth tables of the outputs by the definition of a gate."""
    rows = np.arange(1 << netlist.input_bits)
    nets = [rows >> k & 1 for k in range(netlist.input_bits)]
    for sources, weights, bias in netlist.gates():
        total = np.full(len(rows), bias)
        for source, weight in zip(sources, weights, strict=True):
            total = total + weight * nets[source]
        nets.append((total >= 0).astype(np.int64))
    driven = [nets[at] for bus in netlist.outputs.values() for at in bus]
    return [int.from_bytes(np.packbits(net.astype(np.uint8), bitorder="little").tobytes(), "little") for net in driven]


@pytest.mark.parametrize("format_name", ["e2m1", "ternary"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_program_equals_its_netlist_on_all_rows(family: str, format_name: str) -> None:
    for bits, objective in itertools.product((1, 2, 3, 4), ("size", "depth")):
        netlist = draft(family, get_format(format_name), bits, objective=objective).netlist
        if netlist.input_bits <= 14:
            program = lower(netlist)
            assert outputs_of(program) == tables_of(netlist)
            assert prove_lowering(netlist, program).gates == netlist.size


@pytest.mark.parametrize(("family", "bits"), [("adder", 200), ("multiplier", 24), ("popcount", 255), ("alu", 32)])
def test_wide_circuits_are_proven(family: str, bits: int) -> None:
    netlist = draft(family, get_format("e2m1"), bits).netlist

    assert prove_lowering(netlist, lower(netlist)).gates == netlist.size


@settings(max_examples=80, deadline=None)
@given(netlist=netlists(max_inputs=6, max_gates=25))
def test_random_netlists_are_lowered_and_proven(netlist: Netlist) -> None:
    program = lower(netlist)

    assert outputs_of(program) == tables_of(netlist)
    prove_lowering(netlist, program)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_wide_gates_are_proven_by_the_ledger(data: st.DataObject) -> None:
    width = data.draw(st.integers(13, 18))
    form = get_format(data.draw(st.sampled_from(["ternary", "e2m1", "int8"])))
    builder = Builder(form, {"x": width})
    for _ in range(data.draw(st.integers(1, 3))):
        weights = data.draw(st.lists(st.sampled_from([w for w in form.weights if w]), min_size=width, max_size=width))
        builder.gate(range(width), weights, data.draw(st.sampled_from(form.biases)))
    netlist = builder.finish({"y": range(width, builder.net_count)})
    program = lower(netlist)

    prove_lowering(netlist, program)
    rows = np.random.default_rng(0).integers(0, 1 << width, 64)
    tables, wanted = outputs_of(program), tables_of(netlist)
    assert all(table >> int(row) & 1 == want >> int(row) & 1 for table, want in zip(tables, wanted, strict=True)
               for row in rows)  # fmt: skip


def test_counters_with_fed_back_bits_and_the_step_of_a_sum_are_exact() -> None:
    form = get_format("int8")
    builder = Builder(form, {"x": 15})
    higher: list[int] = []
    for power in (8, 4, 2, 1):
        weights = [1] * 15 + [-2 * power * 2**k for k in range(len(higher) - 1, -1, -1)]
        higher.append(builder.gate([*range(15), *higher], weights, -power))
    netlist = builder.finish({"y": higher[::-1]})
    program = lower(netlist)

    assert program.size == 22  # eleven full adders: sum and carry are one operation each
    assert outputs_of(program) == tables_of(netlist)
    assert prove_lowering(netlist, program).lemmas == 1


def test_operations_of_an_adder_are_two_a_bit() -> None:
    for bits in (8, 16, 64):
        assert lower(draft("adder", get_format("e2m1"), bits).netlist).size == 2 * bits
    assert lower(draft("mux", get_format("e2m1"), 8).netlist).size == 8
    assert lower(draft("parity", get_format("e2m1"), 9).netlist).size == 4


def test_the_normal_form_keeps_every_function() -> None:
    """All tables over all pairs of literals of four values and the constant, and every third literal."""
    literals = range(8)
    planes = [0, *(variable(3, k) for k in range(3))]
    for a, b, c in itertools.product(literals, repeat=3):
        x0, x1, x2 = (planes[x >> 1] ^ (0xFF if x & 1 else 0) for x in (a, b, c))
        for table in range(256):
            wanted = apply(table, x0, x1, x2, 0xFF)
            small, x, y, z, flip = canonical(table, a, b, c)
            assert apply(small, planes[x], planes[y], planes[z], 0xFF) ^ (0xFF if flip else 0) == wanted
            assert not small & 1
            used = [value for value in (x, y, z) if value]
            assert used == sorted(set(used)) and [x, y, z] == used + [0] * (3 - len(used))


def test_binary_forms_are_the_tables() -> None:
    for table in set(range(0, 256, 2)) - {0, 0xAA, 0xCC, 0xF0}:
        planes = [0xAA, 0xCC, 0xF0]
        for op, left, right in binary_form(table):
            x, y = planes[left], planes[right]
            planes.append((x & y, x & ~y & 0xFF, x | y, x ^ y)[op])
        assert planes[-1] == table
        assert len(planes) <= 3 + 8


@settings(max_examples=100, deadline=None)
@given(netlist=netlists(max_inputs=4, max_gates=12), data=st.data())
def test_a_changed_program_is_refused_unless_it_computes_the_same(netlist: Netlist, data: st.DataObject) -> None:
    program = lower(netlist)
    if not program.size:
        return
    tables = program.tables.copy()
    tables[data.draw(st.integers(0, program.size - 1))] ^= 1 << data.draw(st.integers(1, 7))
    try:
        changed = replace(program, tables=tables)
    except InputError:
        return
    if outputs_of(changed) != tables_of(netlist):
        with pytest.raises(RefutedError):
            prove_lowering(netlist, changed)


@pytest.mark.parametrize("part", ["operands", "slots", "outputs", "image"])
def test_a_change_of_any_array_is_refused(part: str) -> None:
    netlist = draft("multiplier", get_format("e2m1"), 4).netlist
    program = lower(netlist)
    wanted = tables_of(netlist)
    refused = 0
    for k in range(len(getattr(program, part))):
        array = getattr(program, part).copy()
        array[k] = array[k - 1]
        try:
            changed = replace(program, **{part: array})
            prove_lowering(netlist, changed)
        except (InputError, RefutedError):
            refused += 1
        else:
            assert outputs_of(changed) == wanted
    assert refused


def test_another_netlist_is_not_what_the_program_computes() -> None:
    program = lower(draft("adder", get_format("e2m1"), 4).netlist)
    with pytest.raises(RefutedError):
        prove_lowering(draft("subtractor", get_format("e2m1"), 4).netlist, program)


def test_recipes_are_as_short_as_known() -> None:
    assert recipe((1, 1, 1), (0b1100, 0b1010)).cost == 2  # a full adder
    assert recipe((1, 1, 1, 1), (0b10000,)).cost == 2  # four-input AND
    assert recipe((1, 1, 1, 1), (0b11000,)).cost <= 3
    assert recipe((1,) * 7, (0b11110000,)).cost == 6  # majority of seven, two of the sums being needed


def test_the_text_form_is_read_back() -> None:
    program = lower(draft("alu", get_format("e2m1"), 4).netlist)
    again = read_text(program.text())

    assert again.digest == program.digest
    assert again.text() == program.text()


@pytest.mark.parametrize("text", ["", "lanes 1", "lanes 1 inputs 1 operations 1 slots\nx\noutputs 1",
                                  "lanes 1 inputs 0 operations 0 slots\noutputs 9", "lanes a inputs 0 operations 0 slots\n",
                                  "lanes 1 inputs 0 operations 0 slots\noutputs x"])  # fmt: skip
def test_text_that_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_text(text)


def test_the_hint_takes_no_part_in_the_digest() -> None:
    program = lower(draft("adder", get_format("e2m1"), 4).netlist)

    assert replace(program, image=np.zeros(0, dtype=np.int32)).digest == program.digest


@pytest.mark.parametrize("window", [10, 60, 300])
def test_netlists_with_much_that_folds_are_proven(window: int) -> None:
    rng = random.Random(window)
    builder = Builder(get_format("e2m1"), {"x": 12}, share=False)
    for _ in range(3000):
        sources = rng.sample(range(max(0, builder.net_count - window), builder.net_count), 2)
        builder.gate(sources, (2, 2) if rng.random() < 0.5 else (2, -2), rng.choice((-4, -2)))
    netlist = builder.finish({"y": range(builder.net_count - 10, builder.net_count)})

    prove_lowering(netlist, lower(netlist))


@pytest.mark.parametrize("seed", range(12))
def test_netlists_of_wide_gates_that_fold_are_proven(seed: int) -> None:
    """Gates of up to nine inputs over few nets: what is dropped since others folded must not stand in the proof's way."""
    rng = random.Random(seed)
    form = get_format("e2m1")
    weights = [weight for weight in form.weights if weight]
    builder = Builder(form, {"x": (8, 24, 64)[seed % 3]}, share=False)
    window = (20, 100, 1000)[seed // 3 % 3]
    while builder.size < 1500:
        low = max(0, builder.net_count - window)
        sources = rng.sample(range(low, builder.net_count), min(rng.randint(1, 9), builder.net_count - low))
        builder.gate(sources, [rng.choice(weights) for _ in sources], rng.choice(list(form.biases)))
    netlist = builder.finish({"y": [rng.randrange(builder.net_count) for _ in range(40)]})

    prove_lowering(netlist, lower(netlist))


def test_a_program_that_is_not_its_draft_is_refused() -> None:
    netlist = draft("multiplier", get_format("e2m1"), 4).netlist
    program = lower(netlist)
    assert program.draft is not None
    place = program.draft.place.copy()
    kept = np.flatnonzero(place[program.first :] >= 0)[:2] + program.first
    place[kept] = place[kept[::-1]]

    with pytest.raises(RefutedError):
        prove_lowering(netlist, replace(program, draft=replace(program.draft, place=place)))
