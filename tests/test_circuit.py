"""Circuit files: the same claim gives the same bytes, and nothing but the checker makes a circuit."""

from __future__ import annotations

import copy
import pickle
import warnings
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import all_formats, netlists
from trix_circuits.circuit import _ACCEPTED, Circuit, Claim, accept, decode, load, seal
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.logic.formats import WeightFormat, get_format, make_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.prove.equivalence import certify_against

NO_EVIDENCE = {"ghosts": [], "lemmas": [], "goals": ["rows"]}


def both(form: WeightFormat, meaning: str = "y = a & b") -> Claim:
    """a and b in one gate, as far as the format has weights for it."""
    builder = Builder(form, {"a": 1, "b": 1})
    weight = min(w for w in form.weights if w > 0)
    bias = next(b for b in form.biases if -2 * weight <= b < -weight)
    return Claim("both", builder.finish({"y": [builder.gate([0, 1], [weight, weight], bias)]}), (meaning,), NO_EVIDENCE)


@settings(max_examples=50, deadline=None)
@given(
    netlists(),
    st.from_regex(r"[A-Za-z0-9_.+=<>()/-]{1,40}", fullmatch=True),
    st.dictionaries(st.sampled_from("xyz"), st.integers(), max_size=3),
)
def test_bytes_to_claim_to_bytes_changes_nothing(netlist: Netlist, name: str, origin: dict[str, int]) -> None:
    claim = Claim(name, netlist, ("y = 0",), NO_EVIDENCE, {"x0": 1}, origin)
    again = decode(claim.to_bytes())

    assert again.to_bytes() == claim.to_bytes()
    assert (again.name, again.meaning, again.certificate) == (claim.name, claim.meaning, claim.certificate)
    assert (again.defaults, again.origin) == (claim.defaults, claim.origin)
    assert (again.netlist.inputs, again.netlist.outputs) == (netlist.inputs, netlist.outputs)
    for part in ("offsets", "sources", "weights", "biases"):
        assert np.array_equal(getattr(again.netlist, part), getattr(netlist, part))


@pytest.mark.parametrize(
    "form", [f for f in all_formats() if f.name not in ("trix-fp4", "ternary-strict")], ids=lambda f: f.name
)
def test_a_circuit_is_accepted_in_every_format_that_has_its_weights(form: WeightFormat) -> None:
    circuit = accept(both(form))

    assert circuit.netlist.format.weights == form.weights
    assert circuit.description["certificate"]["kinds"] == ["exhaustive"]


def test_a_users_format_rides_in_the_file() -> None:
    form = make_format("thirds", ["1/3", "-1/3", "1"], ["-2/3", "0", "1/3"])
    found = accept(both(form)).netlist.format

    assert (found.name, found.unit, found.weights, found.biases) == ("thirds", form.unit, form.weights, form.biases)


def forged(circuit: Circuit) -> Claim:
    """The claim of a circuit with other weights: a lie."""
    net = circuit.netlist
    return replace(circuit.claim, netlist=replace(net, weights=-net.weights))


def test_a_circuit_is_made_by_the_checker_only() -> None:
    circuit = accept(both(get_format("e2m1")))
    lie = forged(circuit)
    with pytest.raises(RefutedError, match="refused"):
        Circuit(lie.to_bytes())
    with pytest.raises(InputError, match="made of the bytes"):
        Circuit(lie)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="made of the bytes"):
        Circuit(bytearray(circuit.data))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        replace(circuit, claim=lie)  # type: ignore[type-var]
    with pytest.raises(TypeError):
        Circuit(circuit.data, claim=lie)  # type: ignore[call-arg]
    makers: list[Any] = [Circuit, accept]
    for make in makers:  # windows that somebody says were decided before
        with pytest.raises(TypeError, match="memo"):
            make(lie.to_bytes(), memo={})
    with pytest.raises(TypeError, match="cannot be extended"):
        type("Mine", (Circuit,), {})
    empty = object.__new__(Circuit)
    for look in (lambda: empty.netlist, lambda: empty.claim, lambda: repr(empty), lambda: hash(empty)):
        with pytest.raises(InputError, match="made by accept"):
            look()
    with pytest.raises(AttributeError):
        object.__setattr__(circuit, "_claim", lie)
    with pytest.raises(AttributeError):
        object.__setattr__(circuit, "claim", lie)
    with pytest.raises(InputError, match="cannot be changed"):
        circuit.__init__(circuit.data)


def test_an_object_that_is_made_to_look_like_a_circuit_is_none() -> None:
    circuit = accept(both(get_format("e2m1")))
    number = hash(circuit)

    class Lie:
        __slots__ = ("__weakref__",)

        def __hash__(self) -> int:
            return number

        def __eq__(self, other: object) -> bool:
            return True

    made = Lie()
    made.__class__ = Circuit  # type: ignore[assignment]
    with pytest.raises(InputError, match="made by accept"):
        made.netlist  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="cannot be changed"):
        circuit.__class__ = Lie  # type: ignore[assignment]
    place = id(circuit)
    assert place in _ACCEPTED
    del circuit
    assert place not in _ACCEPTED


def test_a_circuit_cannot_be_changed() -> None:
    circuit = accept(both(get_format("e2m1")))
    net = circuit.netlist
    for name in ("claim", "_claim", "data", "_data", "netlist", "name", "verdict", "new"):
        with pytest.raises(AttributeError):
            setattr(circuit, name, None)
        with pytest.raises(AttributeError):
            delattr(circuit, name)
    for array in (net.weights, net.biases, net.sources, net.offsets):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = -1
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    frozen: list[Any] = [net.inputs, net.outputs, circuit.defaults, circuit.origin]
    for values in frozen:
        with pytest.raises(TypeError, match="cannot be changed"):
            values.__setitem__("a", 3)
        with pytest.raises(TypeError, match="cannot be changed"):
            values.clear()
    with pytest.raises(FrozenInstanceError):
        net.weights = -net.weights  # type: ignore[misc]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, value in (("dtype", np.uint8), ("shape", (1, -1))):
            setattr(net.weights, name, value)  # of this look at the array only
    assert net.weights.dtype == np.int64
    assert net.weights.shape == (2,)
    net.levels.flags.writeable = False
    with pytest.raises(ValueError, match="WRITEABLE"):
        net.levels.flags.writeable = True
    with pytest.raises(TypeError, match="cannot be changed"):
        net.inputs.__init__({"a": 3})  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot be changed"):
        circuit.defaults.__init__({"a": 1})  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot be changed"):
        net.inputs.__class__ = dict
    circuit.claim.certificate["goals"].clear()
    circuit.description["meaning"].append("y = 1")
    assert circuit.claim.certificate["goals"] == ["rows"]
    assert circuit.description["meaning"] == ["y = a & b"]


def test_what_a_circuit_tells_of_its_making_cannot_be_changed_inside() -> None:
    origin: dict[str, Any] = {"options": {"ways": 3}, "list": [1, 2]}
    claim = replace(both(get_format("e2m1")), origin=origin)
    circuit = accept(claim)
    origin["options"]["ways"] = 4
    for found in (claim.origin, circuit.origin):
        assert found["options"]["ways"] == 3
        assert found["list"] == (1, 2)
        with pytest.raises(TypeError, match="cannot be changed"):
            found["options"]["ways"] = 5


def test_sources_that_were_given_are_those_that_a_circuit_says_it_equals() -> None:
    net = both(get_format("e2m1")).netlist
    right, wrong = (
        f".model m\n.inputs a b\n.outputs y\n.names a b y\n{row} 1\n.end\n".encode() for row in ("11", "10")
    )
    made = certify_against("both", net, [right], ["and.blif"])
    data = replace(made.claim, sources=(wrong,)).to_bytes()
    with pytest.raises(RefutedError):
        accept(data)
    circuit = accept(data, given=[right])

    assert circuit.sources == circuit.claim.sources == (right,)  # not the one in the file, which nobody looked at
    assert circuit.data == data
    assert pickle.loads(pickle.dumps(circuit)).sources == (right,)
    assert accept(circuit.claim).sources == (right,)


def test_netlists_are_equal_by_content_and_refused_when_a_pickle_is_wrong() -> None:
    net = both(get_format("e2m1")).netlist
    again = pickle.loads(pickle.dumps(net))
    assert again == net
    assert hash(again) == hash(net)
    assert copy.deepcopy(net) is copy.copy(net) is net
    assert replace(net, biases=-net.biases) != net
    assert net != "net"
    with pytest.raises(InputError, match="must be a e2m1 weight"):
        replace(net, weights=np.array([7, 7]))


def test_the_arrays_that_a_netlist_was_made_of_are_not_its_own() -> None:
    net = both(get_format("e2m1")).netlist
    weights = np.array(net.weights)
    again = replace(net, weights=weights)
    weights[0] = -1

    assert np.array_equal(again.weights, net.weights)


def test_copies_of_a_circuit_are_itself_and_a_pickled_one_is_checked_again() -> None:
    circuit = accept(both(get_format("e2m1")))
    assert copy.copy(circuit) is circuit
    assert copy.deepcopy([circuit])[0] is circuit
    stored = pickle.dumps(circuit)
    assert pickle.loads(stored) == circuit
    with pytest.raises(InputError, match="changed after it was written"):
        pickle.loads(stored.replace(b"y = a & b", b"y = a | b"))


def test_each_refusal_is_the_error_that_a_user_meets() -> None:
    claim = both(get_format("e2m1"))
    with pytest.raises(RefutedError, match=r"^here: refused: the meaning is not met where a=1 b=0$") as caught:
        accept(replace(claim, meaning=("y = a",)), "here")
    assert caught.value.counterexample == {"a": 1, "b": 0}
    with pytest.raises(LimitError, match=r"^circuit: "):
        accept(replace(claim, meaning=("y = a << 65535 << 65535",)))
    with pytest.raises(InputError, match=r"^here: not a circuit file"):
        accept(b"", "here")
    with pytest.raises(InputError, match=r"^here: not a circuit file"):
        decode(b"\0" * 100, "here")
    with pytest.raises(InputError, match="one slot for its digest"):
        seal(b"")


def test_what_is_saved_is_what_was_accepted(tmp_path: Path) -> None:
    circuit = accept(both(get_format("ternary")))
    path = tmp_path / "both.trix"
    circuit.save(path)

    assert path.read_bytes() == circuit.data == circuit.claim.to_bytes() == load(path).data
    assert [p.name for p in tmp_path.iterdir()] == ["both.trix"]
    with pytest.raises(InputError, match="cannot be written"):
        circuit.save(tmp_path / "missing" / "both.trix")
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.trix")
