"""What runs holds what was proven, and says so when it no longer does."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trix_circuits.api import build
from trix_circuits.circuit import Circuit, Claim, accept
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder
from trix_circuits.lower import lower
from trix_circuits.run import compile_netlist
from trix_circuits.run.interface import interface_of

torch = pytest.importorskip("torch")


def and_gate() -> Circuit:
    """a & b in one gate whose weights have room to be doubled."""
    builder = Builder(get_format("e2m1"), {"a": 1, "b": 1})
    net = builder.finish({"y": [builder.gate([0, 1], [1, 1], -2)]})
    return accept(Claim("both", net, ("y = a & b",), {"ghosts": [], "lemmas": [], "goals": ["rows"]}))


def dense(circuit: Circuit, **options: Any) -> Any:
    return circuit.compile("dense").module(**options)  # type: ignore[attr-defined]


def load(module: Any, weights: list[int], bias: int) -> None:
    """Load other weights of the one gate, in units."""
    form = get_format("e2m1")
    codes = [form.weight_codes.index(weight) for weight in weights]
    state = {
        "layers.0.weight_codes": torch.tensor([codes[0] | codes[1] << 4], dtype=torch.uint8),
        "layers.0.bias_codes": torch.tensor([form.bias_codes.index(bias)], dtype=torch.uint8),
    }
    module.load_state_dict(state)


def test_a_module_of_a_circuit_is_proven_and_one_of_a_netlist_is_not() -> None:
    circuit = and_gate()
    for name in ("dense", "torch"):
        module: Any = circuit.compile(name).module()  # type: ignore[attr-defined]
        assert module.proven
        assert ", proven" in repr(module)
        other: Any = compile_netlist(circuit.netlist, name).module()  # type: ignore[attr-defined]
        assert not other.proven
        assert ", unproven" in repr(other)
        with pytest.raises(InputError, match="must be made of a proven circuit to be verified"):
            other.verify()


def test_loaded_weights_are_unproven_until_the_checker_has_accepted_them() -> None:
    circuit = and_gate()
    module = dense(circuit)
    load(module, [2, 2], -4)
    assert not module.proven
    module.verify()
    assert module.proven
    assert module.circuit is not circuit
    assert module.circuit.netlist.weights.tolist() == [2, 2]

    load(module, [1, 1], -1)  # a | b
    assert not module.proven
    with pytest.raises(RefutedError, match=r"^both: refused: the meaning is not met where a="):
        module.verify()
    assert not module.proven
    load(module, [1, 1], -2)
    module.verify()
    assert module.proven


@pytest.mark.parametrize("cached", [False, True])
def test_changes_in_place_are_seen(cached: bool) -> None:
    module = dense(build("adder", bits=4), cached=cached)
    rows = torch.randint(0, 2, (50, 9), dtype=torch.float32)
    wanted = module(rows)
    first = module.layers[0]
    before = first.weight_codes.clone()
    first.weight_codes[0] ^= 0x88
    assert not module.proven
    assert not torch.equal(module(rows), wanted)  # what is said not to be proven is what runs
    with pytest.raises(RefutedError, match=r"^adder4: refused"):
        module.verify()
    first.weight_codes.copy_(before)
    module.verify()
    assert module.proven
    assert torch.equal(module(rows), wanted)


def test_what_was_kept_of_other_weights_does_not_outlive_the_look() -> None:
    module = dense(and_gate(), cached=True)
    rows = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    good = {name: value.clone() for name, value in module.state_dict().items()}
    load(module, [1, 1], -1)
    assert module(rows)[:, 0].tolist() == [0, 1, 1, 1]  # and keeps these weights
    for name, value in good.items():
        module.state_dict()[name].copy_(value)

    assert module.proven
    assert module(rows)[:, 0].tolist() == [0, 0, 0, 1]


WIRING: list[tuple[str, Callable[[Any], object]]] = [
    ("reads", lambda module: module.get_buffer("reads0").flip(0)),
    ("outputs", lambda module: module.outputs.roll(1)),
    ("table", lambda module: -module.layers[0].weight_table),
]


@pytest.mark.parametrize(("what", "changed"), WIRING, ids=[what for what, _ in WIRING])
def test_changed_wiring_and_tables_are_seen(what: str, changed: Callable[[Any], Any]) -> None:
    module = dense(build("adder", bits=4))
    buffer = {"reads": module.get_buffer("reads0"), "outputs": module.outputs, "table": module.layers[0].weight_table}
    buffer[what].copy_(changed(module))
    assert not module.proven
    with pytest.raises(InputError, match="adder4: the wiring must be that of the circuit"):
        module.verify()


def test_a_changed_scale_is_seen() -> None:
    module = dense(and_gate())
    module.layers[0].scale = -1.0
    assert not module.proven
    with pytest.raises(InputError, match="the wiring must be that of the circuit"):
        module.verify()


def test_weights_that_no_circuit_can_have_are_refused_by_name() -> None:
    module = dense(build("adder", bits=2, format="ternary"))
    layer = module.layers[0]
    layer.weight_codes[0] = layer.weight_codes[0] & 0xFC | 2  # a code without a value
    assert not module.proven
    with pytest.raises(
        InputError, match=r"adder2: the weights of the layer of gate \d+ must be ternary codes: a code has no"
    ):
        module.verify()

    module = dense(build("adder", bits=8))
    layer = next(layer for layer in module.layers if (layer.values()[0] == 0).any())
    layer.weight_codes.fill_(0x22)
    with pytest.raises(InputError, match=r"adder8: gate \d+ must have no weight for net \d+, which it does not read"):
        module.verify()

    module.layers = module.layers[:1]
    with pytest.raises(InputError, match="the layers must have the shapes of the circuit's"):
        module.verify()


def test_a_circuit_must_be_that_of_the_netlist() -> None:
    from trix_circuits.run.torch.dense_module import DenseModule

    with pytest.raises(InputError, match="the circuit must be that of the netlist"):
        DenseModule(build("adder", bits=4).netlist, circuit=build("adder", bits=5))


def test_a_module_of_operations_is_proven_for_its_own_program_only() -> None:
    from trix_circuits.run.torch.torch_module import CircuitModule, encode

    circuit, other = build("adder", bits=4), build("subtractor", bits=4)
    _, face = interface_of(circuit)
    made = CircuitModule(lower(other.netlist), face)
    assert not made.proven
    with pytest.raises(RefutedError):
        made.verify()

    made = CircuitModule(lower(circuit.netlist), face)
    assert made.proven
    made.lane_program.copy_(encode(lower(other.netlist), face)[: len(made.lane_program)])
    assert not made.proven
    with pytest.raises(RefutedError, match="adder4: the buffer lane_program was changed"):
        made.verify()

    made = CircuitModule(lower(circuit.netlist), face)
    made.logic = CircuitModule(lower(other.netlist), face).logic
    assert not made.proven
    with pytest.raises(RefutedError, match="adder4: the graph of operations was changed"):
        made.verify()


@pytest.mark.parametrize("name", ["dense", "torch"])
def test_copies_and_saved_modules_are_as_proven_as_what_they_were_made_of(name: str, tmp_path: Path) -> None:
    module: Any = and_gate().compile(name).module()  # type: ignore[attr-defined]
    again = copy.deepcopy(module)
    assert again.proven
    assert not copy.deepcopy(module).to("meta").proven
    if name == "dense":
        torch.save(module, tmp_path / "m.pt")
        read = torch.load(tmp_path / "m.pt", weights_only=False)
        assert read.proven
        load(again, [1, 1], -1)
        assert (module.proven, again.proven, copy.deepcopy(again).proven) == (True, False, False)


@pytest.mark.parametrize("name", ["dense", "torch"])
def test_modules_of_circuits_compile_and_are_exported(name: str) -> None:
    torch.compiler.reset()
    module: Any = build("adder", bits=4).compile(name).module()  # type: ignore[attr-defined]
    rows = torch.randint(0, 2, (70, 9)).float()
    wanted = module(rows)

    assert torch.equal(torch.compile(module, fullgraph=True, backend="aot_eager")(rows), wanted)
    assert torch.equal(torch.export.export(module, (rows,)).module()(rows), wanted)


def test_programs_and_interfaces_cannot_be_changed() -> None:
    circuit = and_gate()
    program, (_, face) = lower(circuit.netlist), interface_of(circuit)
    digest = program.digest
    for array in (program.tables, program.operands, program.slots, program.outputs, program.image):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    setattr(program.tables, "dtype", np.int8)  # noqa: B010  # of this look at it only
    assert program.tables.dtype == np.uint8
    assert replace(program).digest == digest
    for values in (face.inputs, face.outputs, face.defaults):
        with pytest.raises(TypeError, match="cannot be changed"):
            values["a"] = 3  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        face.circuit = None  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(face)) == face
    assert face.circuit is circuit
    assert interface_of(circuit.netlist)[1].circuit is None


def test_what_only_looks_like_a_circuit_is_not_run() -> None:
    circuit = and_gate()
    net = circuit.netlist

    class Lie:
        netlist = replace(net, biases=np.array([-1]))
        name, defaults = "both", dict[str, int]()

        @property
        def __class__(self) -> Any:
            return Circuit

        @__class__.setter
        def __class__(self, value: type) -> None: ...

    assert isinstance(Lie(), Circuit)
    with pytest.raises(InputError, match="must be a Netlist or a Circuit"):
        compile_netlist(Lie())  # type: ignore[arg-type]
