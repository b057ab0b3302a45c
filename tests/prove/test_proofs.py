"""Second opinions: all rows by another engine, proofs from scratch, all widths, the library, mutation, running."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.strategies import assignments
from trix_circuits import share
from trix_circuits.api import build, prove, prove_all_widths, run_batch, run_once
from trix_circuits.check import known_formats
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder
from trix_circuits.prove.mutate import mutate
from trix_circuits.synth import atoms


@pytest.mark.parametrize("family", ["adder", "multiplier", "comparator", "shifter", "alu", "popcount"])
def test_a_wide_circuit_is_proven_from_scratch_without_its_certificate(family: str) -> None:
    circuit = build(family, bits=26)
    claim = replace(circuit.claim, certificate={"ghosts": [], "lemmas": [], "goals": []})

    assert prove(claim).circuit is not None


def test_an_adder_is_proven_from_scratch_even_if_nothing_says_what_made_it() -> None:
    claim = replace(build("adder", bits=64).claim, origin={})

    assert prove(claim).kinds == ("ledger",)


@pytest.mark.parametrize("family", ["adder", "subtractor", "addsub", "incrementer", "comparator", "mux", "abs"])
@pytest.mark.parametrize("format_name", ["e2m1", "ternary", "int4"])
def test_families_are_proven_for_all_widths(family: str, format_name: str) -> None:
    theorem = prove_all_widths(family, get_format(format_name))

    assert theorem.steps
    assert 2 * theorem.last_new <= theorem.widths


def test_the_library_holds_what_it_says_in_four_formats() -> None:
    names = dict(atoms.wanted())
    for format_name in atoms.LIBRARY_FORMATS:
        form, found = get_format(format_name), atoms.library(format_name)
        assert set(found) == set(names)
        for atom in found.values():
            assert atom.network.table() == atom.table == names[atom.name]
            assert atom.network.fits(form)
            assert atom.minimal
            assert atom.lower_bound == atom.network.size
            assert atom.evidence


@pytest.mark.parametrize(
    ("format_name", "sizes"),
    [("e2m1", [15, 174, 33]), ("ternary", [7, 8, 88, 116, 3]), ("nf4", [15, 174, 33])],
)
def test_the_npn_classes_of_4_inputs_have_these_sizes(format_name: str, sizes: list[int]) -> None:
    found = [atom.network.size for name, atom in atoms.library(format_name).items() if name.startswith("npn4")]

    assert [found.count(size) for size in range(1, max(found) + 1)] == sizes


def test_a_library_that_is_not_what_it_says_is_refuted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.loads((share.folder("atoms") / "e2m1.json").read_text())
    content["atoms"][0]["gates"][0][2] += 1
    (tmp_path / "e2m1.json").write_text(json.dumps(content))
    monkeypatch.setattr(atoms, "folder", lambda name: tmp_path)
    atoms.library.cache_clear()
    try:
        with pytest.raises(RefutedError, match="does not compute its function"):
            atoms.verify("e2m1")
        assert atoms.network(get_format("e2m1"), content and atoms.wanted()[0][1]) is None
        (tmp_path / "e2m1.json").write_text("{")
        atoms.library.cache_clear()
        with pytest.raises(InputError, match="the atom library is damaged"):
            atoms.library("e2m1")
    finally:
        atoms.library.cache_clear()


def test_mutation_counts_add_up_and_nothing_escapes() -> None:
    count = mutate(build("comparator", bits=24, relation=["lt"]), jobs=2)

    assert count.escaped == 0
    assert not count.all_rows
    assert 0 < count.altering <= count.refused
    assert count.refused + count.accepted == count.changes


@pytest.mark.parametrize("family", ["adder", "alu", "popcount"])
@pytest.mark.parametrize("lanes", [0, 1, 63, 64, 65, 1000])
def test_a_batch_equals_single_runs(family: str, lanes: int) -> None:
    circuit = build(family, bits=9)
    rows = assignments(circuit.netlist, 1000)[:lanes] if lanes else []
    batch = {name: np.array([row[name] for row in rows], dtype=np.int64) for name in circuit.netlist.inputs}
    found = run_batch(circuit, batch)

    for name, column in found.items():
        assert column.tolist() == [run_once(circuit, row)[name] for row in rows]


def test_words_wider_than_64_bits_run_as_python_integers() -> None:
    circuit = build("adder", bits=100)
    big = (1 << 100) - 1

    assert run_once(circuit, {"a": big, "b": 1}) == {"sum": 1 << 100}
    for backend in ("auto", "numpy"):
        for a in (np.array([big, 5], dtype=object), [big, 5]):
            assert run_batch(circuit, {"a": a, "b": 1}, backend)["sum"].tolist() == [1 << 100, 6]
        assert run_batch(circuit, {"a": [7, 5], "b": big}, backend)["sum"].tolist() == [big + 7, big + 5]
        assert run_batch(circuit, {"a": [], "b": 1}, backend)["sum"].tolist() == []
        with pytest.raises(InputError, match=r"input a must be 0 to 2\*\*100 - 1, not -7 at lane 1"):
            run_batch(circuit, {"a": [1, -7], "b": big}, backend)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": [1.5], "b": [1]}, "input a must hold integers, not float"),
        ({"a": [[1, 2]], "b": [1]}, r"input a must have the shape \[lanes\], not \[1, 2\]"),
        ({"a": [1, 2], "b": [1, 2, 3]}, "the same number of lanes, not a 2, b 3"),
        ({"a": [-1], "b": [1]}, r"input a must be 0 to 2\*\*8 - 1, not -1"),
    ],
)
def test_a_bad_batch_names_the_bus(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_batch(build("adder", bits=8), values)  # type: ignore[arg-type]  # on purpose


def test_a_netlist_of_a_million_gates_is_arrays() -> None:
    builder = Builder(get_format("ternary"), {"x": 2}, share=False)
    for net in range(1_000_000):
        builder.gate((net, net + 1), (1, 1), -1)
    netlist = builder.finish({"y": [builder.net_count - 1]})

    assert netlist.size == 1_000_000
    assert sum(part.nbytes for part in (netlist.offsets, netlist.sources, netlist.weights, netlist.biases)) < 64 << 20
    assert netlist.depth == 1_000_000


def test_a_netlist_refuses_what_cannot_be() -> None:
    form = get_format("ternary")
    with pytest.raises(InputError, match="must be at least 1 bit wide, not 0"):
        Builder(form, {"x": 0})
    with pytest.raises(InputError, match="a bus name must be letters"):
        Builder(form, {"x y": 1})
    builder = Builder(form, {"x": 2})
    with pytest.raises(InputError, match="must read each net once"):
        builder.gate((0, 0), (1, 1), 0)
    with pytest.raises(InputError, match="must read nets that exist, not 9"):
        builder.gate((9,), (1,), 0)
    with pytest.raises(InputError, match="must have ternary weights and bias"):
        builder.gate((0,), (2,), 0)
    with pytest.raises(InputError, match="output x must not have the name of an input"):
        builder.finish({"x": [0]})
    assert list(form.weight_codes) == known_formats()["ternary"][1]
