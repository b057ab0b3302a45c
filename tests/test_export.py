"""Every kind of file, of every kind of circuit, is read back and proven; a file that lies never appears."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.files.circuits import mutated, netlists, random_aig, random_netlist
from tests.strategies import assignments, evaluate
from trix_circuits import export
from trix_circuits.circuit import Circuit
from trix_circuits.compose.families import draft
from trix_circuits.emit.dot import picture_of, read_dot
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.export import STRUCTURE, WRITABLE, Equality, export_circuit
from trix_circuits.files import read_circuit
from trix_circuits.files.blif import blif_of_netlist, cubes
from trix_circuits.files.kinds import Kind, Writing
from trix_circuits.files.names import ports_of_netlist
from trix_circuits.files.thresh import aig_of_thresh, parse_thresh, text_of_netlist
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.prove.equivalence import certify_written

READ_BACK = [kind for kind in WRITABLE if kind.read or kind.reads_as]


def written(kind: str, netlist: Netlist, name: str = "it") -> bytes:
    """What the writer of this kind makes."""
    found = next(known for known in WRITABLE if known.name == kind)
    return found.writer()(Writing(netlist, name, ports_of_netlist(netlist)))


def outputs_of(netlist: Netlist, aig: Aig, inputs: dict[str, int]) -> tuple[int, int]:
    """What the netlist and the AIG make of an assignment, as integers."""
    places = itertools.accumulate(netlist.inputs.values(), initial=0)
    row = sum(inputs[name] << at for name, at in zip(netlist.inputs, places, strict=False))
    found = evaluate(netlist, inputs)
    places = itertools.accumulate((len(nets) for nets in netlist.outputs.values()), initial=0)
    return sum(found[name] << at for name, at in zip(netlist.outputs, places, strict=False)), aig.evaluate(row)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(netlists())
def test_every_file_computes_what_the_netlist_does(tmp_path: Path, netlist: Netlist) -> None:
    for kind in READ_BACK:
        path = tmp_path / f"it{kind.suffixes[0]}"
        export_circuit(netlist, kind.name, path)
        again = read_circuit(path).aig
        for inputs in assignments(netlist, 40):
            wanted, found = outputs_of(netlist, again, inputs)
            assert wanted == found, kind.name


@pytest.mark.parametrize("kind", WRITABLE, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("family", "bits"), [("adder", 8), ("popcount", 31), ("multiplier", 5), ("comparator", 16), ("alu", 4)]
)
def test_families_are_written_without_any_prover(tmp_path: Path, family: str, bits: int, kind: Kind) -> None:
    netlist = draft(family, get_format("e2m1"), bits).netlist
    done = export_circuit(netlist, kind.name, tmp_path / "it", name=family)

    assert done.size_bytes == (tmp_path / "it").stat().st_size
    assert done.equality.kind in ("local", "local and sat", "same gates and weights")
    assert done.equality.vouched == (kind.vouched and kind.named)


@pytest.mark.parametrize("kind", [kind for kind in WRITABLE if not kind.gates], ids=lambda kind: kind.name)
@pytest.mark.parametrize("seed", range(3))
def test_an_aig_is_written_too(tmp_path: Path, kind: Kind, seed: int) -> None:
    aig = random_aig(seed)
    export_circuit(aig, kind.name, tmp_path / f"it{kind.suffixes[0]}")
    again = read_circuit(tmp_path / f"it{kind.suffixes[0]}").aig

    assert all(aig.evaluate(row) == again.evaluate(row) for row in range(256))


def test_a_wide_gate_is_split_and_said_to_be(tmp_path: Path) -> None:
    builder = Builder(get_format("ternary"), {"x": 201})
    netlist = builder.finish({"y": [builder.gate(range(201), [1] * 201, -101)]})
    done = export_circuit(netlist, "blif", tmp_path / "voter.blif")

    assert done.equality == Equality(STRUCTURE)
    assert "# y has more than 64 prime implicants: split into ANDs" in (tmp_path / "voter.blif").read_text()
    assert done.size_bytes < 201 * 8 * 30


def test_the_cover_of_a_gate_is_its_prime_implicants() -> None:
    assert cubes([1, 1, 1], 2) == [(0, 1), (0, 2), (1, 2)]
    assert cubes([2, 1, 1], 2) == [(0,), (1, 2)]
    assert cubes([1] * 9, 5) is None  # 126 of them


def test_blif_says_what_it_holds() -> None:
    builder = Builder(get_format("e2m1"), {"a": 1, "b": 2})
    gate = builder.gate([0, 1, 2], [1, 2, -4], -3)
    text = blif_of_netlist(builder.finish({"y": [gate], "z": [gate]}), "demo", weights=True)

    assert text == (
        "# demo: 1 threshold gates in e2m1; a gate is 1 iff its weighted sum is >= 0\n"
        ".model demo\n.inputs a b[0] b[1]\n.outputs y z\n"
        "# gate y: 0.5 a + 1 b[0] - 2 b[1] - 1.5 >= 0 [e2m1]\n"
        ".names a b[0] b[1] y\n110 1\n.names y z\n1 1\n.end\n"
    )


@settings(max_examples=40, deadline=None)
@given(netlists())
def test_text_and_picture_hold_every_number(netlist: Netlist) -> None:
    text = parse_thresh(written("thresh", netlist).decode())
    picture = read_dot(written("dot", netlist).decode())

    assert text == text_of_netlist(netlist)
    assert picture == picture_of(netlist)
    aig = aig_of(netlist)
    assert certify_written(netlist, aig_of_thresh(text), range(len(aig.input_names)), range(len(aig.output_names)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".x\n.input a\n.output y\nnonsense\n", "line 4: .input, .output or .threshold was expected"),
        ("\n.input a\n.output y\n.threshold a y\n1 x\n", "line 5: the weights and the threshold must be integers"),
        ("\n.input a\n.output y\n.threshold a y\n1\n", "line 5: 1 weights were expected, not 0"),
        ("\n.input a\n.output y\n.threshold a y\n", "line 5: the weights and the threshold must be integers"),
        ("\n.input a\n.output y\n.threshold b y\n1 1\n", "gate 'y' must read nets that exist, not 'b'"),
        ("\n.input a\n.output y\n", "output 'y' must be driven by a gate"),
        (
            "\n.input a\n.output y\n.threshold a y\n1 1\n.threshold a y\n1 1\n",
            "line 6: 'y' must have one gate, not two",
        ),
    ],
)
def test_a_damaged_text_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        parse_thresh(text)


def test_a_text_with_a_cycle_is_refused() -> None:
    text = "\n.input a\n.output y\n.threshold a z y\n1 1 1\n.threshold y z\n1 1\n.end\n"
    with pytest.raises(InputError, match="must not read itself"):
        aig_of_thresh(parse_thresh(text))


def test_a_file_that_lies_never_appears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that is handed another netlist stands for any fault in a writer."""
    netlist = draft("adder", get_format("e2m1"), 8).netlist
    truth = aig_of(netlist)
    for seed in range(8):
        other = mutated(netlist, seed)
        lie = aig_of(other)
        differ = any(truth.evaluate(row) != lie.evaluate(row) for row in range(0, 1 << 17, 101))
        for kind in WRITABLE:
            path = tmp_path / f"lie{kind.suffixes[0]}"
            data = written(kind.name, other, "lie")
            if differ or kind.gates:
                with monkeypatch.context() as patch:
                    patch.setattr(Kind, "writer", lambda self, data=data: lambda writing: data)
                    with pytest.raises(RefutedError, match="not written"):
                        export_circuit(netlist, kind.name, path)
                assert not path.exists()


def test_a_refutation_names_inputs_for_which_they_differ() -> None:
    netlist = random_netlist(5)
    aig = aig_of(netlist)
    flipped = replace(aig, outputs=aig.outputs ^ 1)
    places = range(len(aig.input_names)), range(len(aig.output_names))
    with pytest.raises(RefutedError, match="the circuits differ where ") as caught:
        certify_written(netlist, flipped, *places)
    assert set(caught.value.counterexample or ()) == set(netlist.inputs)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("edif", {}, "a circuit can be written as aiger, aag, blif, .*, not 'edif'"),
        ("blif", {"testbench_path": "tb.v"}, "a testbench goes with verilog, not with blif"),
    ],
)
def test_bad_wishes_are_refused(tmp_path: Path, kind: str, options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        export_circuit(random_netlist(1), kind, tmp_path / "it", testbench_path=options.get("testbench_path"))


def test_an_aig_has_no_weights_to_show(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="thresh shows threshold gates, and odd circuit has none: compile it first"):
        export_circuit(random_aig(1), "thresh", tmp_path / "it")


@pytest.mark.parametrize("kind", [kind.name for kind in WRITABLE if kind.plain])
def test_what_cannot_be_proven_in_its_nicer_form_is_written_and_by_and(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That form reads back as the very same AIG, so that no limit stands in the way of an export."""

    def give_up(*_: Any, **__: Any) -> Circuit:
        raise LimitError("given up")

    monkeypatch.setattr(export, "certify_written", give_up)
    done = export_circuit(draft("multiplier", get_format("e2m1"), 8).netlist, kind, tmp_path / "it")
    assert done.plain
    assert done.equality == Equality(STRUCTURE)


def test_an_export_that_is_vouched_for_carries_the_very_file(tmp_path: Path) -> None:
    netlist = draft("adder", get_format("e2m1"), 8).netlist
    for kind, vouched in (("blif", True), ("aiger", True), ("verilog", False)):
        done = export_circuit(netlist, kind, tmp_path / "it", name="adder")
        assert done.equality.vouched == vouched
        assert done.equality.lemmas > 0
