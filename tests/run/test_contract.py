"""One contract for every backend: circuit by circuit, batch by batch, form by form, against plain integers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.run.host_device import COMPILER, HostDevice
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.run import Runner, backend_names, compile_netlist
from trix_circuits.run.cuda import cuda_backend

BACKENDS = backend_names()
BATCHES = (0, 1, 63, 64, 65, 511, 512, 513, 10_000)
CIRCUITS = (("adder", 1), ("adder", 8), ("adder", 64), ("multiplier", 5), ("multiplier", 8), ("popcount", 31),
            ("comparator", 16), ("alu", 8), ("adder", 100))  # fmt: skip


def netlist(family: str, bits: int) -> Netlist:
    return draft(family, get_format("e2m1"), bits).netlist


def by_gates(net: Netlist, bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[lanes, input bits] to [lanes, output bits] by the definition of a gate, in integers."""
    nets = [column.astype(np.int64) for column in bits.T]
    for sources, weights, bias in net.gates():
        total = np.full(len(bits), bias, dtype=np.int64)
        for source, weight in zip(sources, weights, strict=True):
            total += weight * nets[source]
        nets.append((total >= 0).astype(np.int64))
    return np.stack([nets[at] for bus in net.outputs.values() for at in bus], axis=1).astype(np.uint8)


def words_of(bits: npt.NDArray[np.uint8], kind: Any) -> npt.NDArray[Any]:
    """[lanes, width] of 0/1 as integers, or as words where that is wider than 64."""
    count = -(-bits.shape[1] // 64)
    padded = np.zeros((len(bits), 64 * count), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    words = np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    return words if count > 1 else words[:, 0].astype(kind)


def as_integers(net: Netlist, bits: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[Any]]:
    found, at = {}, 0
    for name, width in net.inputs.items():
        found[name] = words_of(bits[:, at : at + width], np.uint64)
        at += width
    return found


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a backend. Where there is no GPU, cuda's kernels run on the host, from the same source."""
    name = str(request.param)
    if name in ("torch", "dense"):
        pytest.importorskip("torch")
    with pytest.MonkeyPatch.context() as patch:
        if name == "cuda" and cuda_backend.BACKEND.why_not():
            if COMPILER is None:
                pytest.skip("needs a GPU or a C++ compiler")
            device = HostDevice(tmp_path_factory.mktemp("host"))
            patch.setattr(cuda_backend, "why_not", lambda: "")
            patch.setattr(cuda_backend, "driver_device", lambda number: device)
        yield name


@pytest.mark.parametrize(("family", "bits"), CIRCUITS)
def test_planes_integers_and_bits_are_what_the_gates_say(backend: str, family: str, bits: int) -> None:
    net = netlist(family, bits)
    runner = compile_netlist(net, backend)
    rng = np.random.default_rng(bits)
    for lanes in BATCHES:
        rows = rng.integers(0, 2, (lanes, net.input_bits), dtype=np.uint8)
        wanted = by_gates(net, rows)

        assert np.array_equal(runner.bits(rows), wanted)
        results = runner.integers(as_integers(net, rows))
        at = 0
        for name, nets in net.outputs.items():
            assert np.array_equal(results[name], words_of(wanted[:, at : at + len(nets)], results[name].dtype)), name
            at += len(nets)


@pytest.mark.parametrize("words", [0, 1, 7, 8, 9, 200])
def test_planes_have_a_row_for_each_bit(backend: str, words: int) -> None:
    net = netlist("adder", 8)
    runner = compile_netlist(net, backend)
    planes = np.random.default_rng(words).integers(0, 1 << 64, (net.input_bits, words), dtype=np.uint64)

    found = runner.planes(planes)

    lanes = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little").T
    assert np.array_equal(np.unpackbits(np.ascontiguousarray(found).view(np.uint8), axis=1, bitorder="little").T,
                          by_gates(net, lanes))  # fmt: skip
    assert found.shape == (9, words)


@pytest.fixture(scope="module")
def adder(backend: str) -> Runner:
    return compile_netlist(netlist("adder", 8), backend)


KINDS = ["u1", "u2", "u4", "u8", "i2", "i4", "i8", ">u4", ">i2"]


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_integer_and_any_mixture(adder: Runner, kind: str) -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 256, 700), rng.integers(0, 256, 700)
    found = adder.integers({"a": a.astype(kind), "b": b.astype(np.uint8), "cin": np.ones(700, dtype=bool)})

    assert np.array_equal(found["sum"], a + b + 1)
    assert found["sum"].dtype == np.uint16


def test_arrays_need_not_be_contiguous(adder: Runner, backend: str) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 256, (1400, 3)), rng.integers(0, 256, 1400)[::-1]
    net = netlist("adder", 8)
    rows = rng.integers(0, 2, (700, 2 * net.input_bits), dtype=np.uint8)
    planes = rng.integers(0, 1 << 64, (net.input_bits, 60), dtype=np.uint64)

    found = adder.integers({"a": a[::2, 1], "b": b[::2], "cin": 0})["sum"]

    assert np.array_equal(found, a[::2, 1] + b[::2])
    assert np.array_equal(adder.bits(rows[::-1, ::2]), by_gates(net, rows[::-1, ::2]))
    assert np.array_equal(adder.bits(rows[:, : net.input_bits]), by_gates(net, rows[:, : net.input_bits]))
    assert np.array_equal(adder.planes(planes[:, ::3]), adder.planes(np.ascontiguousarray(planes[:, ::3])))
    assert np.array_equal(adder.planes(planes[:, 5:]), adder.planes(planes)[:, 5:])


def test_a_scalar_stands_for_all_lanes_and_alone_is_one_lane(adder: Runner) -> None:
    assert adder.integers({"a": np.arange(200), "b": 55, "cin": True})["sum"].tolist() == list(range(56, 256))
    assert adder.integers({"a": 200, "b": 55, "cin": 0})["sum"].tolist() == [255]


def test_wide_buses_are_words_or_python_integers(backend: str) -> None:
    runner = compile_netlist(netlist("adder", 100), backend)
    a = [3**60, 0, (1 << 100) - 1]
    b = [5**40, 7, (1 << 100) - 1]
    words = np.array([[x & (1 << 64) - 1, x >> 64] for x in b], dtype=np.uint64)

    found = runner.integers({"a": np.array(a, dtype=object), "b": words, "cin": 0})["sum"]

    assert [int(low) | int(high) << 64 for low, high in found] == [x + y for x, y in zip(a, b, strict=True)]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"a": np.zeros(3)}, "input a must hold integers, not float64"),
    ({"a": np.array([1, 256])}, "input a must be 0 to 2**8 - 1, not 256 at lane 1"),
    ({"a": np.array([1, 2, -1], dtype=np.int8)}, "input a must be 0 to 2**8 - 1, not -1 at lane 2"),
    ({"a": np.zeros((2, 2), dtype=int)}, "input a must have the shape [lanes], not [2, 2]"),
    ({"a": np.zeros(2, dtype=int), "b": np.zeros(3, dtype=int)}, "must have the same number of lanes, not a 2, b 3"),
    ({"a": 256}, "input a must be 0 to 2**8 - 1, not 256"),
    ({"a": "x"}, "input a must"),
    ({"a": [1 << 70]}, "input a must be 0 to 2**8 - 1, not 1180591620717411303424"),
    ({"c": 3}, "input 'c' must be one of a, b, cin"),
    ({"b": None}, "input b must be given"),
]


@pytest.mark.parametrize(("inputs", "message"), WRONG)
def test_what_does_not_fit_is_named(adder: Runner, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        adder.integers({"a": 1, "b": 2, "cin": 0} | inputs)
    assert message in str(caught.value)


@pytest.mark.parametrize("lane", [0, 511, 512, 700])
@pytest.mark.parametrize("kind", ["u2", "u4", "u8"])
def test_one_entry_that_does_not_fit_is_found_anywhere(adder: Runner, lane: int, kind: str) -> None:
    a = np.full(701, 255, dtype=kind)
    a[lane] = 256
    with pytest.raises(InputError, match=f"input a .* not 256 at lane {lane}"):
        adder.integers({"a": a, "b": 0, "cin": 0})
    with pytest.raises(InputError, match=f"input cin .* at lane {lane}"):
        adder.integers({"a": 0, "b": 0, "cin": a - np.array(254, dtype=kind)})


def test_wrong_planes_and_bits_are_refused(adder: Runner) -> None:
    rows = np.zeros((600, 17), dtype=np.uint8)
    rows[599, 9] = 2
    for call, message in (
        (lambda: adder.planes(np.zeros((17, 2), dtype=np.int64)), "planes must be an array of uint64, not int64"),
        (
            lambda: adder.planes(np.zeros((16, 2), dtype=np.uint64)),
            "planes must have the shape [17, words], not [16, 2]",
        ),
        (lambda: adder.bits(np.zeros((2, 17))), "bits must be an array of bool or uint8, not float64"),
        (lambda: adder.bits(np.zeros((2, 18), dtype=bool)), "bits must have the shape [lanes, 17], not [2, 18]"),
        (lambda: adder.bits(rows), "bits must be 0 or 1, not 2 at lane 599, input b[1]"),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert message in str(caught.value)


def test_bits_come_back_as_the_kind_they_came(adder: Runner) -> None:
    rows = np.ones((70, 17), dtype=bool)
    assert adder.bits(rows).dtype == np.bool_
    assert adder.bits(rows.astype(np.uint8)).dtype == np.uint8
