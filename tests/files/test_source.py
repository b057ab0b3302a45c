"""Every kind against random logic written by the test itself, and the door: kinds by name, bytes for the checker."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.writers import WRITERS, Logic, aag, bench, blif, logics
from trix_circuits import check
from trix_circuits.errors import InputError
from trix_circuits.files import KINDS, read_bytes_as, read_circuit
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.checked import aig_of_source, read_checked
from trix_circuits.files.kinds import named
from trix_circuits.logic.aig import Aig


def table(aig: Aig) -> list[int]:
    return [aig.evaluate(row) for row in range(1 << len(aig.input_names))]


@pytest.mark.parametrize(("kind", "writer"), WRITERS, ids=[writer.__name__ for _, writer in WRITERS])
@settings(max_examples=40, deadline=None)
@given(logic=logics())
def test_random_logic_is_read_back_in_every_kind(kind: str, writer: Callable[[Logic], str], logic: Logic) -> None:
    data = writer(logic).encode()
    found = read_bytes_as(kind, data, f"random.{kind}")

    assert table(found.aig) == logic.table()
    about = named(kind)
    assert about is not None and found.vouched == about.vouched
    assert (found.data == data) == found.vouched
    if about.named and kind != "pla":  # whose file here has no names
        assert found.aig.input_names == tuple(f"a[{k}]" for k in range(logic.inputs))
        assert found.aig.output_names == tuple(f"y[{k}]" for k in range(len(logic.outputs)))


@settings(max_examples=40, deadline=None)
@given(logic=logics())
def test_the_bytes_for_the_checker_are_read_by_it_as_the_same_circuit(logic: Logic) -> None:
    found = read_bytes_as("bench", bench(logic).encode(), "random.bench")
    source = check.read_source(found.data)

    assert tuple(source.inputs) == found.aig.input_names
    assert tuple(name for name, _ in source.outputs) == found.aig.output_names
    assert table(aig_of_source(source, "again")) == logic.table()
    assert aiger_bytes(read_checked(found.data, "again").aig) == found.data


def test_a_delta_of_several_bytes_is_written_as_aiger_has_it() -> None:
    names = [f"a[{k}]" for k in range(9000)]
    text = [
        "aag 9002 9000 0 2 2",
        *(str(2 * k + 2) for k in range(9000)),
        "18004",
        "18002",
        "18002 2 3",
        "18004 18000 5",
    ]
    text += [f"i{k} {name}" for k, name in enumerate(names)]
    aig = read_bytes_as("aiger", "\n".join(text).encode(), "wide.aag").aig

    again = read_bytes_as("aiger", aiger_bytes(aig), "wide.aig").aig
    assert again.input_names == tuple(names)
    assert (again.size, again.outputs.tolist()) == (aig.size, aig.outputs.tolist())
    assert again.left.tolist() == aig.left.tolist() and again.right.tolist() == aig.right.tolist()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9), max_size=6), st.integers(-20, 20))
def test_a_threshold_gate_of_any_weights_becomes_its_function(weights: list[int], bias: int) -> None:
    gate = (tuple(range(len(weights))), tuple(weights), bias)
    names = [f"a{k}" for k in range(len(weights))]
    aig = aig_of_source(check.Source(names, [("y", 2 * len(weights))], [gate]), "one")

    for row in range(1 << len(weights)):
        assert aig.evaluate(row) == (sum(w for k, w in enumerate(weights) if row >> k & 1) + bias >= 0)


def test_the_kind_is_told_by_the_name_and_held_against_the_content(tmp_path: Path) -> None:
    logic = Logic(2, (("and", 0, 1),), (2,))
    tried = set()
    for kind in KINDS:
        for name, writer in WRITERS:
            for suffix in kind.suffixes if kind.name == name else ():
                path = tmp_path / f"half.adder{suffix}"
                path.write_text(writer(logic))
                found = read_circuit(path)
                assert (found.kind, found.name, table(found.aig)) == (kind.name, "half", [0, 0, 0, 1])
                tried.add(kind.name)
    assert tried == {kind.name for kind in KINDS if kind.read} - {
        "thresh",
        "trix",
        "rtl",
    }  # which have tests of their own
    (tmp_path / "a.aig").write_text(blif(logic))
    with pytest.raises(InputError, match=r"a\.aig: must begin with 'aig' or 'aag'; it looks like blif"):
        read_circuit(tmp_path / "a.aig")
    (tmp_path / "a.blif").write_text(aag(logic))
    with pytest.raises(InputError, match=r"a\.blif: must be BLIF, not AIGER; it looks like aiger"):
        read_circuit(tmp_path / "a.blif")
    assert read_circuit(tmp_path / "a.blif", kind="aiger").kind == "aiger"


def test_what_is_no_file_of_a_known_kind_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"x\.foo: the name must end in one of \.aig \.aag \.blif .* or the kind be given: aiger, "
    ):
        read_circuit("x.foo")
    with pytest.raises(InputError, match=r"cannot be read: No such file"):
        read_circuit(tmp_path / "no.aig")
    with pytest.raises(InputError, match=r"kind must be one of aiger, .*, not 'edif'"):
        read_circuit("x.aig", kind="edif")
    with pytest.raises(InputError, match=r"top must be given with Verilog only, not with bench"):
        read_bytes_as("bench", b"INPUT(a)\nOUTPUT(a)\n", "x.bench", top="m")
    with pytest.raises(InputError, match=r"x\.bench: must have an output"):
        read_bytes_as("bench", b"INPUT(a)\n", "x.bench")


def _epfl() -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "benchmarks"
    return Path(os.environ.get("TRIX_BENCHMARKS", beside)) / "epfl"


def _all_rows(aig: Aig) -> npt.NDArray[np.uint64]:
    """The planes of the outputs over all rows."""
    rows = np.arange(1 << len(aig.input_names), dtype=np.uint64)
    bits = np.array([rows >> np.uint64(k) & np.uint64(1) for k in range(len(aig.input_names))]).astype(np.uint8)
    variables: npt.NDArray[np.uint64] = aig.simulate(np.packbits(bits, axis=1).view(np.uint64))[aig.outputs >> 1]
    flips: npt.NDArray[np.uint64] = np.where(aig.outputs & 1, ~np.uint64(0), np.uint64(0))
    return np.bitwise_xor(variables, flips[:, None])


@pytest.mark.parametrize("name", ["ctrl", "cavlc", "int2float"])
def test_three_forms_of_one_published_circuit_agree_on_all_rows(name: str) -> None:
    paths = [_epfl() / f"{name}{ending}" for ending in (".aig", ".blif", ".v")]
    if not all(path.is_file() for path in paths):
        pytest.skip("the EPFL circuits are not here")
    found = [read_circuit(path) for path in paths]

    assert [one.kind for one in found] == ["aiger", "blif", "verilog"]
    assert found[0].aig.input_names == found[1].aig.input_names == found[2].aig.input_names
    assert found[0].aig.output_names == found[1].aig.output_names == found[2].aig.output_names
    planes = [_all_rows(one.aig) for one in found]
    assert (planes[0] == planes[1]).all() and (planes[0] == planes[2]).all()
