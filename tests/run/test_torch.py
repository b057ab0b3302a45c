"""Tensors through the backends torch and dense: kinds, shapes, graphs, and what is refused."""

from __future__ import annotations

import copy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.run.test_contract import BATCHES, by_gates, netlist, words_of  # noqa: E402
from trix_circuits.errors import InputError  # noqa: E402
from trix_circuits.logic.netlist import Netlist  # noqa: E402
from trix_circuits.lower import lower  # noqa: E402
from trix_circuits.run import compile_netlist  # noqa: E402
from trix_circuits.run.interface import interface_of  # noqa: E402
from trix_circuits.run.torch import torch_module, torch_tensors  # noqa: E402
from trix_circuits.run.torch.dense_backend import DenseRunner  # noqa: E402
from trix_circuits.run.torch.torch_backend import TorchRunner  # noqa: E402
from trix_circuits.run.torch.torch_module import CircuitModule, decode, encode  # noqa: E402

CPU = torch.device("cpu")
WAYS = ("native", "bitwise", "dense")
KINDS = list(torch_tensors.ONE)
CIRCUITS = (("adder", 8), ("multiplier", 5), ("adder", 70))
Way = TorchRunner | DenseRunner


def runner_of(net: Netlist, way: str) -> Way:
    _, face = interface_of(net)
    if way == "dense":
        return DenseRunner(net, face, CPU)
    return TorchRunner(lower(net), face, CPU, way == "native")


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def adder(way: str) -> Way:
    return runner_of(netlist("adder", 8), way)


def rows_of(net: Netlist, lanes: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 2, (lanes, net.input_bits), dtype=np.uint8)


@pytest.mark.parametrize(("family", "bits"), CIRCUITS)
def test_every_batch_in_every_form(way: str, family: str, bits: int) -> None:
    net = netlist(family, bits)
    runner = runner_of(net, way)
    for lanes in BATCHES:
        rows = rows_of(net, lanes)
        wanted = by_gates(net, rows)
        given, at = {}, 0
        for name, width in net.inputs.items():
            words = words_of(rows[:, at : at + width], np.int64)
            given[name] = torch.from_numpy(words.view(np.int64))
            at += width
        found = runner.integers(given)

        assert np.array_equal(runner.bits(torch.from_numpy(rows)).numpy(), wanted)
        at = 0
        for name, nets in net.outputs.items():
            expected = words_of(wanted[:, at : at + len(nets)], np.uint64).view(np.int64)
            assert np.array_equal(found[name].to(torch.int64).numpy(), expected), name
            assert found[name].dtype == torch_tensors.result_kind(len(nets))
            at += len(nets)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_bits_of_any_kind_come_back_as_that_kind(adder: Way, kind: Any) -> None:
    net = netlist("adder", 8)
    for lanes in (1, 1000):
        rows = rows_of(net, lanes)
        found = adder.bits(torch.from_numpy(rows).to(kind))

        assert found.dtype == kind
        assert np.array_equal(found.to(torch.uint8).numpy(), by_gates(net, rows))


def test_minus_zero_is_zero(adder: Way) -> None:
    for kind in (torch.float16, torch.float32):
        assert not adder.bits(-torch.zeros(600, 17, dtype=kind)).any()


@pytest.mark.parametrize(
    "kind", ["uint8", "uint16", "uint32", "uint64", "int16", "int32", "int64"]
)  # int8 does not hold 200
def test_integers_of_any_kind_and_any_mixture(adder: Way, kind: str) -> None:
    a = torch.arange(700) % 256
    b = (a * 7) % 256

    found = adder.integers({"a": a.to(getattr(torch, kind)), "b": b.to(torch.uint8), "cin": torch.tensor(True)})["sum"]

    assert found.dtype == torch.int16
    assert torch.equal(found.long(), a + b + 1)
    assert adder.integers({"a": torch.tensor(200), "b": 55, "cin": 1})["sum"].tolist() == [256]


def test_tensors_need_not_be_contiguous(adder: Way) -> None:
    net = netlist("adder", 8)
    rows = torch.from_numpy(rows_of(net, 1400)).float()
    wide = torch.zeros(1400, 40)
    wide[:, 3:37:2] = rows
    planes = torch.randint(-(1 << 63), (1 << 63) - 1, (30, net.input_bits)).t()
    numbers = torch.arange(2100).reshape(700, 3) % 256

    wanted = adder.bits(rows)
    assert torch.equal(adder.bits(wide[:, 3:37:2]), wanted)
    assert torch.equal(adder.bits(rows.t().contiguous().t()), wanted)
    assert torch.equal(adder.bits(rows[::3]), wanted[::3])
    assert torch.equal(adder.bits(rows[:1].expand(600, -1)), wanted[:1].expand(600, -1))
    assert torch.equal(adder.planes(planes), adder.planes(planes.contiguous()))
    assert torch.equal(adder.planes(planes[:, ::3]), adder.planes(planes.contiguous())[:, ::3])
    assert torch.equal(adder.planes(planes[:, 1:2]), adder.planes(planes.contiguous())[:, 1:2])
    found = adder.integers({"a": numbers[:, 1], "b": numbers[:, 2], "cin": numbers[:, :1] & 1})["sum"]
    assert torch.equal(found.long(), numbers[:, 1] + numbers[:, 2] + (numbers[:, 0] & 1))


@pytest.mark.parametrize("words", [0, 1, 3, 8])
def test_planes_in_blocks_and_into_a_given_tensor(adder: Way, words: int) -> None:
    planes = torch.randint(-(1 << 63), (1 << 63) - 1, (3, 17, words))
    wanted = torch.stack([adder.planes(block) for block in planes])
    out = torch.zeros(3, 9, words, dtype=torch.int64)

    assert torch.equal(adder.planes(planes), wanted)
    assert adder.planes(planes, out) is out
    assert torch.equal(out, wanted)
    assert np.array_equal(adder.planes(planes[0].numpy().view(np.uint64)).view(np.int64), wanted[0].numpy())
    with pytest.raises(InputError, match=r"out must be a tensor of int64 of shape \[9, "):
        adder.planes(planes[0], out)


def test_a_bus_of_64_bits_is_int64_with_its_bits(way: str) -> None:
    runner = runner_of(netlist("adder", 64), way)
    a = torch.tensor([-1, 5, -(1 << 63)])

    found = runner.integers({"a": a, "b": a.view(torch.uint64), "cin": 0})["sum"]

    assert found.tolist() == [[-2, 1], [10, 0], [0, 1]]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"a": torch.zeros(3)}, "input a must hold integers, not float32"),
    ({"a": torch.tensor([1, 256])}, "input a must be 0 to 2**8 - 1, not 256 at lane 1"),
    ({"a": torch.tensor([1, 2, -1], dtype=torch.int8)}, "input a must be 0 to 2**8 - 1, not -1 at lane 2"),
    ({"a": torch.tensor([9, 300], dtype=torch.uint16)}, "input a must be 0 to 2**8 - 1, not 300 at lane 1"),
    ({"cin": torch.tensor([0, 2])}, "input cin must be 0 to 2**1 - 1, not 2 at lane 1"),
    ({"a": torch.zeros(2, 2, dtype=torch.int64)}, "input a must have the shape [lanes], not [2, 2]"),
    ({"a": torch.zeros(2, dtype=torch.int64), "b": torch.zeros(3, dtype=torch.int64)},
     "must have the same number of lanes, not a 2, b 3"),
    ({"a": torch.zeros(2, dtype=torch.int64), "b": 256}, "input b must be 0 to 2**8 - 1, not 256"),
    ({"a": torch.zeros(2, dtype=torch.int64), "b": [1, 2]}, "input b must be a tensor or an integer, not list"),
    ({"a": torch.zeros(2, dtype=torch.int64), "b": 1.5}, "input b must hold integers, not float"),
    ({"a": torch.zeros(2, dtype=torch.int64), "b": None}, "input b must be given"),
    ({"a": torch.zeros(2, dtype=torch.int64), "c": 3}, "input 'c' must be one of a, b, cin"),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "message"), WRONG)
def test_integers_that_do_not_fit_are_named(adder: Way, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        adder.integers({"a": 1, "b": 2, "cin": 0} | inputs)
    assert message in str(caught.value)


def test_wide_words_that_do_not_fit_are_named(way: str) -> None:
    runner = runner_of(netlist("adder", 70), way)
    a = torch.zeros(3, 2, dtype=torch.int64)
    a[1, 1] = 64
    with pytest.raises(InputError, match=r"input a must be 0 to 2\*\*70 - 1, not .* at lane 1"):
        runner.integers({"a": a, "b": 0, "cin": 0})
    with pytest.raises(InputError, match=r"input a must have the shape \[lanes\] or \[lanes, 2\], not \[3, 3\]"):
        runner.integers({"a": torch.zeros(3, 3, dtype=torch.int64), "b": 0, "cin": 0})
    assert runner.integers({"a": torch.tensor([7], dtype=torch.int16), "b": 1, "cin": 0})["sum"].tolist() == [[8, 0]]


@pytest.mark.parametrize("value", [2, 0.5, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("lane", [0, 511, 512, 700])
def test_bits_other_than_0_and_1_are_named(adder: Way, value: float, lane: int) -> None:
    rows = torch.ones(701, 17)
    rows[lane, 9] = value
    with pytest.raises(InputError, match=rf"bits must be 0 or 1, not {value}.* at lane {lane}, input b\[1\]"):
        adder.bits(rows)
    if value == 2:
        with pytest.raises(InputError, match=rf"bits must be 0 or 1, not 2 at lane {lane}, input b\[1\]"):
            adder.bits(rows.to(torch.uint8))


WRONG_TENSORS: list[tuple[str, Any, str]] = [
    ("planes", torch.zeros(17, 2), "planes must be a tensor of int64, not float32"),
    ("planes", torch.zeros(16, 2, dtype=torch.int64), "planes must have the shape [17, words], not [16, 2]"),
    (
        "bits",
        torch.zeros(2, 17, dtype=torch.complex64),
        "bits must be a tensor of bool, integers or floats, not complex64",
    ),
    ("bits", torch.zeros(2, 18), "bits must have the shape [lanes, 17], not [2, 18]"),
    ("bits", torch.zeros(17), "bits must have the shape [lanes, 17], not [17]"),
]


@pytest.mark.parametrize(("form", "tensor", "message"), WRONG_TENSORS)
def test_wrong_kinds_and_shapes_are_refused(adder: Way, form: str, tensor: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        getattr(adder, form)(tensor)
    assert message in str(caught.value)


def test_devices_that_are_not_here_are_refused() -> None:
    for name in ("torch", "dense"):
        with pytest.raises(InputError, match=f"backend {name} must run on a device that is here, not on nowhere"):
            compile_netlist(netlist("adder", 4), name, "nowhere")


def modules() -> list[Any]:
    net = netlist("adder", 8)
    return [runner_of(net, way).module() for way in WAYS]


@pytest.mark.parametrize(("compiler", "dynamic"), [("eager", None), ("aot_eager", True)])
def test_modules_compile_as_one_graph(way: str, compiler: str, dynamic: bool | None) -> None:
    net = netlist("adder", 3)
    torch.compiler.reset()
    made = torch.compile(runner_of(net, way).module(), fullgraph=True, backend=compiler, dynamic=dynamic)
    for lanes in (1000, 65, 7):
        rows = rows_of(net, lanes)
        assert np.array_equal(made(torch.from_numpy(rows).float()).numpy(), by_gates(net, rows))


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # what the compiler itself imports
@pytest.mark.parametrize("way", ["native", "bitwise"])
def test_modules_compile_to_code(way: str) -> None:
    net = netlist("adder", 2)
    torch.compiler.reset()
    made = torch.compile(runner_of(net, way).module(), fullgraph=True)
    rows = rows_of(net, 1000)

    assert np.array_equal(made(torch.from_numpy(rows).float()).numpy(), by_gates(net, rows))


@pytest.mark.parametrize("native", [True, False])
def test_integers_and_planes_in_a_graph(native: bool) -> None:
    net = netlist("adder", 2)
    runner = TorchRunner(lower(net), interface_of(net)[1], CPU, native)
    a = torch.randint(0, 4, (100,))
    given = {"a": a, "b": a.flip(0), "cin": a & 1}
    torch.compiler.reset()
    made = torch.compile(runner.module("integers"), fullgraph=True, backend="eager", dynamic=True)

    assert torch.equal(runner.module("integers")(given)["sum"], runner.integers(given)["sum"])
    assert torch.equal(made(given)["sum"], runner.integers(given)["sum"])
    assert torch.equal(made({"a": a, "b": 3, "cin": 1})["sum"], runner.integers({"a": a, "b": 3, "cin": 1})["sum"])
    planes = torch.randint(-(1 << 63), (1 << 63) - 1, (net.input_bits, 5))
    made = torch.compile(runner.module("planes"), fullgraph=True, backend="eager")
    assert torch.equal(made(planes), runner.planes(planes))


@pytest.mark.parametrize("bits", [8, 31, 32, 63, 64, 65, 130])
def test_integers_in_columns_are_those_in_planes(bits: int) -> None:
    """The way through a graph, operation by operation."""
    net = netlist("adder", bits)
    face = interface_of(net)[1]
    runner = TorchRunner(lower(net), face, CPU, False)
    words = -(-bits // 64)
    a = torch.randint(-(1 << 63), (1 << 63) - 1, (100, words))
    a[:, -1] &= (1 << min(bits - 64 * (words - 1), 63)) - 1
    a = a if words > 1 else a[:, 0]
    given = {"a": a, "b": a.flip(0), "cin": torch.ones(100, dtype=torch.bool)}
    for inputs in (given, given | {"b": 77, "cin": 0}, given | {"b": torch.arange(100, dtype=torch.uint8)}):
        lanes, device, buses = torch_tensors.given_integers(face, inputs, check=True)
        columns = CircuitModule(lower(net), face).logic(torch_tensors.columns_of_integers(lanes, device, buses))
        found = torch_tensors.integers_of_columns(face, columns)["sum"]

        assert torch.equal(found, runner.integers(inputs)["sum"])


def test_modules_are_exported_for_any_batch(way: str) -> None:
    net = netlist("adder", 8)
    module = runner_of(net, way).module()
    shapes = ({0: torch.export.Dim("lanes")},)
    made = torch.export.export(module, (torch.zeros(100, 17),), dynamic_shapes=shapes).module()
    for lanes in (1000, 64, 3):
        rows = rows_of(net, lanes)
        assert np.array_equal(made(torch.from_numpy(rows).float()).numpy(), by_gates(net, rows))


def test_integers_are_exported() -> None:
    net = netlist("adder", 8)
    module = CircuitModule(lower(net), interface_of(net)[1], "integers", native=False)
    example = {name: torch.zeros(100, dtype=torch.int64) for name in net.inputs}
    lanes = torch.export.Dim("lanes")
    made = torch.export.export(module, (example,), dynamic_shapes=({name: {0: lanes} for name in example},)).module()
    a = torch.arange(256)

    assert torch.equal(made({"a": a, "b": a.flip(0), "cin": a & 1})["sum"].long(), 255 + (a & 1))


LOADED = """
import sys, torch
if sys.argv[2] == "native":
    import trix_circuits.run.torch.torch_module
made = torch.export.load(sys.argv[1]).module()
x = torch.zeros(70, 17); x[:, 0] = 1; x[:, 8] = 1
print(made(x)[69].tolist(), [m for m in sys.modules if m.startswith("trix_circuits")] == [])
"""


@pytest.mark.parametrize("way", ["native", "bitwise"])
def test_exported_graphs_run_in_another_process(tmp_path: Path, way: str) -> None:
    module = runner_of(netlist("adder", 8), way).module()
    shapes = ({0: torch.export.Dim("lanes")},)
    torch.export.save(torch.export.export(module, (torch.zeros(100, 17),), dynamic_shapes=shapes), tmp_path / "a.pt2")
    done = subprocess.run([sys.executable, "-c", LOADED, str(tmp_path / "a.pt2"), way], capture_output=True, text=True)

    assert done.stdout.strip() == f"[0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0] {way == 'bitwise'}", done.stderr


def test_the_operators_keep_their_promises_to_the_compiler() -> None:
    net = netlist("adder", 8)
    code = encode(lower(net), interface_of(net)[1])
    for kind in (torch.float32, torch.bool):
        torch.library.opcheck(torch_module.lanes_operator, (torch.ones(70, 17, dtype=kind), code, 9))
    torch.library.opcheck(torch_module.planes_operator, (torch.ones(17, 3, dtype=torch.int64), code, 9))


def test_errors_name_the_lane_also_in_a_graph() -> None:
    torch.compiler.reset()
    made = torch.compile(runner_of(netlist("adder", 8), "native").module(), fullgraph=True, backend="aot_eager")
    rows = torch.ones(70, 17)
    rows[66, 1] = 3
    with pytest.raises(InputError, match=r"bits must be 0 or 1, not 3.0 at lane 66, input a\[1\]"):
        made(rows)


def test_modules_are_copied_and_saved_as_they_are(tmp_path: Path) -> None:
    for made in modules():
        rows = torch.from_numpy(rows_of(netlist("adder", 8), 70)).float()
        again = copy.deepcopy(made)
        assert torch.equal(again(rows), made(rows))
        assert made.to(torch.float16)(rows.half()).dtype == torch.float16


def test_circuits_of_constants_and_of_inputs() -> None:
    from trix_circuits.logic.formats import get_format
    from trix_circuits.logic.netlist import Builder

    builder = Builder(get_format("e2m1"), {"x": 2})
    never, ever = builder.gate((), (), -2), builder.gate((), (), 2)
    net = builder.finish({"y": [never, ever, 1, 0, builder.gate((0,), (-2,), 0)]})
    rows = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype=np.uint8)
    for way in WAYS:
        assert np.array_equal(runner_of(net, way).bits(torch.from_numpy(rows)).numpy(), by_gates(net, rows)), way


def test_code_that_is_not_what_was_written_is_refused() -> None:
    net = netlist("adder", 4)
    program, face = lower(net), interface_of(net)[1]
    raw = bytearray(encode(program, face).numpy().tobytes())
    again, same = decode(bytes(raw))

    assert (again.digest, same.inputs, same.outputs) == (program.digest, face.inputs, face.outputs)
    raw[-1] ^= 1
    with pytest.raises(InputError, match="its digest does not match"):
        decode(bytes(raw))
    with pytest.raises(InputError, match="layout must be one of bits, planes, integers, not 'rows'"):
        CircuitModule(program, face, "rows")  # type: ignore[arg-type]
