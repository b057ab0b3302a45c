"""The cuda backend without a GPU: its host part and its kernels' source run on the host, and what NVIDIA's compilers make
of that source. Nothing here has run on a GPU.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.run.host_device import COMPILER, HostDevice
from tests.run.test_contract import as_integers, by_gates, netlist
from tests.run.test_native import random_netlist
from trix_circuits.bench.suites import gpu
from trix_circuits.errors import InputError, LimitError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.lower import LaneProgram, lower
from trix_circuits.run import compile_netlist, get_backend
from trix_circuits.run.cuda import cuda_backend, cuda_device, cuda_source
from trix_circuits.run.cuda.cubin import read
from trix_circuits.run.cuda.cuda_backend import BACKEND, CudaRunner, device_number
from trix_circuits.run.cuda.cuda_device import compile_cubin, cubin, why_not
from trix_circuits.run.cuda.cuda_difference import Difference
from trix_circuits.run.cuda.cuda_source import Bus
from trix_circuits.run.interface import element_bits, interface_of

on_host = pytest.mark.skipif(COMPILER is None, reason="needs a C++ compiler")
with_nvcc = pytest.mark.skipif(shutil.which("nvcc") is None, reason="needs nvcc")
BATCHES = (0, 1, 31, 32, 33, 63, 64, 65, 1000, 1024, 1025)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostDevice]:
    made = HostDevice(tmp_path_factory.mktemp("host"))
    yield made
    assert made.all_is_given_back()


def runner(net: Netlist, device: HostDevice) -> CudaRunner:
    return CudaRunner(lower(net), interface_of(net)[1], device)


def least(value: Any, width: int) -> Any:
    return value if width > 64 else value.astype(f"u{element_bits(width) // 8}")


def agrees_on(net: Netlist, cuda: CudaRunner, lanes: int, seed: int) -> None:
    """Bits, floats, and integers."""
    rows = np.random.default_rng(seed).integers(0, 2, (lanes, net.input_bits), dtype=np.uint8)
    wanted = by_gates(net, rows)
    values = as_integers(net, rows)
    if lanes % 2:  # of the least kind, else of 64 bits
        values = {name: least(value, net.inputs[name]) for name, value in values.items()}

    assert np.array_equal(cuda.bits(rows), wanted)
    assert np.array_equal(cuda.bits(rows.astype(np.float32)), wanted.astype(np.float32))
    expected = compile_netlist(net, "numpy").integers(values)
    for name, found in cuda.integers(values).items():
        assert np.array_equal(found, expected[name]), name
        assert found.dtype == expected[name].dtype


@on_host
@pytest.mark.parametrize(("family", "bits"), [("adder", 8), ("comparator", 16)])
def test_batches_of_every_size_are_what_the_gates_say(device: HostDevice, family: str, bits: int) -> None:
    net = netlist(family, bits)
    cuda = runner(net, device)
    for lanes in BATCHES:
        agrees_on(net, cuda, lanes, lanes)


@on_host
@pytest.mark.parametrize("words", [0, 1, 3, 8, 9, 200])
def test_planes_flat_blocked_and_in_between(device: HostDevice, words: int) -> None:
    net = netlist("adder", 8)
    cuda, reference = runner(net, device), compile_netlist(net, "numpy")
    rng = np.random.default_rng(words)
    flat = rng.integers(0, 1 << 64, (17, words), dtype=np.uint64)
    blocks = rng.integers(0, 1 << 64, (5, 17, words), dtype=np.uint64)
    out = np.zeros((9, words), dtype=np.uint64)

    assert cuda.planes(flat, out) is out
    assert np.array_equal(out, reference.planes(flat))
    assert np.array_equal(cuda.planes(blocks), reference.planes(blocks))
    assert np.array_equal(cuda.planes(blocks[::2, :, ::-1]), reference.planes(blocks[::2, :, ::-1]))


@on_host
@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "u8", "i2", ">u4", "?"])
def test_any_kind_of_integer_contiguous_or_not(device: HostDevice, kind: str) -> None:
    cuda = runner(netlist("adder", 8), device)
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 2 if kind == "?" else 256, (1400, 3)), rng.integers(0, 256, 1400)[::-1]

    found = cuda.integers({"a": a.astype(kind)[::2, 1], "b": b[::2], "cin": 1})["sum"]

    assert np.array_equal(found, a[::2, 1] + b[::2] + 1)
    assert cuda.bits(np.ones((70, 34), dtype=bool)[::-1, ::2]).dtype == np.bool_


@on_host
def test_one_entry_that_does_not_fit_is_found_anywhere(device: HostDevice) -> None:
    cuda = runner(netlist("adder", 8), device)
    for kind in ("u2", "u4", "u8"):
        for lane in (0, 1023, 1024, 1100):
            a = np.full(1101, 255, dtype=kind)
            a[lane] = 256
            with pytest.raises(InputError, match=f"input a .* at lane {lane}"):
                cuda.integers({"a": a, "b": 0, "cin": 0})
    with pytest.raises(InputError, match=r"input a .* at lane 2"):
        cuda.integers({"a": np.array([1, 2, -1], dtype=np.int8), "b": 0, "cin": 0})
    rows = np.zeros((600, 17), dtype=np.uint8)
    rows[599, 9] = 2
    with pytest.raises(InputError, match=r"at lane 599, input b\[1\]"):
        cuda.bits(rows)
    for value in (2.0, 0.5, -1.0, float("nan"), 1.0000001, 1e-45, -1e-45, float("-inf")):
        floats = np.zeros((33, 17), dtype=np.float32)
        floats[32, 16] = value
        with pytest.raises(InputError, match="at lane 32, input cin"):
            cuda.bits(floats)
    assert not cuda.bits(np.full((3, 17), -0.0, dtype=np.float32)).any()


@on_host
@given(st.integers(0, 1 << 32), st.integers(1, 70), st.integers(4, 40), st.sampled_from(BATCHES))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_netlists(device: HostDevice, seed: int, gates: int, window: int, lanes: int) -> None:
    net = random_netlist(gates, window, min(8, gates), seed)
    agrees_on(net, runner(net, device), lanes, seed)


@on_host
def test_a_program_in_chunks_with_rows_in_memory(device: HostDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    net = random_netlist(400, 60)
    reference = compile_netlist(net, "numpy")
    planes = np.random.default_rng(0).integers(0, 1 << 64, (net.input_bits, 90), dtype=np.uint64)
    blocks = planes.reshape(net.input_bits, 9, 10).transpose(1, 0, 2).copy()
    monkeypatch.setattr(cuda_source, "STRAIGHT", 50)
    monkeypatch.setattr(cuda_source, "CHUNK", 100)
    monkeypatch.setattr(cuda_source, "MAX_READS", 30)
    monkeypatch.setattr(cuda_source, "ROW", 32)
    monkeypatch.setattr(cuda_backend, "TILE_BYTES", 1 << 13)  # several tiles
    cuda = runner(net, device)
    device.launches.clear()

    assert np.array_equal(cuda.planes(planes), reference.planes(planes))
    assert np.array_equal(cuda.planes(blocks), reference.planes(blocks))
    assert len(set(device.launches)) >= 2
    assert len(device.launches) > 3 * len(set(device.launches))
    monkeypatch.setattr(cuda_backend, "TILE_BYTES", 1 << 14)
    agrees_on(net, cuda, 2500, 1)
    monkeypatch.setattr(cuda_backend, "TILE_BYTES", 1 << 7)
    with pytest.raises(LimitError, match="values between kernels must be at most 1, not"):
        runner(net, device).planes(planes)


@on_host
def test_many_buses_go_through_rows(device: HostDevice) -> None:
    builder = Builder(get_format("e2m1"), {f"x{k}": 1 for k in range(140)}, share=False)
    nets = [builder.gate((k, k + 1), (2, 2), -4) for k in range(139)]
    net = builder.finish({f"y{k}": [at] for k, at in enumerate(nets)})

    agrees_on(net, runner(net, device), 1101, 5)


@on_host
def test_outputs_may_be_constants_inputs_and_their_complements(device: HostDevice) -> None:
    builder = Builder(get_format("e2m1"), {"x": 3}, share=False)
    never, ever, no = builder.gate((), (), -2), builder.gate((), (), 2), builder.gate((1,), (-2,), 0)
    both = builder.gate((0, 1), (2, 2), -4)
    net = builder.finish({"y": [never, ever, 0, no, both, builder.gate((both,), (-2,), 0)]})

    agrees_on(net, runner(net, device), 33, 1)


@on_host
def test_tensors_are_read_and_written_where_they_are(device: HostDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors of the CPU stand in for those of a GPU: the stand-in's addresses are the host's."""
    torch = pytest.importorskip("torch")
    from trix_circuits.run.cuda import cuda_tensors

    monkeypatch.setattr(cuda_tensors, "_stream", lambda runner, device: 0)
    monkeypatch.setattr(cuda_backend, "_is_tensor", lambda value: isinstance(value, torch.Tensor))
    net = netlist("adder", 8)
    cuda, reference = runner(net, device), compile_netlist(net, "numpy")
    rng = np.random.default_rng(1)
    planes = rng.integers(0, 1 << 63, (17, 41), dtype=np.int64)
    out = torch.zeros(9, 41, dtype=torch.int64)
    wanted = reference.planes(planes.view(np.uint64)).view(np.int64)
    assert cuda.planes(torch.from_numpy(planes), out) is out
    assert np.array_equal(out.numpy(), wanted)
    assert np.array_equal(cuda.planes(torch.from_numpy(planes)[:, 3:]).numpy(), wanted[:, 3:])
    assert np.array_equal(cuda.planes(torch.from_numpy(planes)[None].repeat(2, 1, 1)).numpy()[1], wanted)
    for kind in (torch.bool, torch.uint8, torch.float32):
        rows = torch.from_numpy(rng.integers(0, 2, (77, 18), dtype=np.uint8)).to(kind)[:, 1:]
        found = cuda.bits(rows)
        assert found.dtype == kind
        assert np.array_equal(found.to(torch.uint8).numpy(), reference.bits(rows.to(torch.uint8).numpy()))
    for kind in (torch.uint8, torch.int16, torch.int32, torch.int64, torch.uint16):
        a = torch.from_numpy(rng.integers(0, 128, 2200)).to(kind)[100:]
        found = cuda.integers({"a": a, "b": torch.tensor(100), "cin": True})["sum"]
        assert found.dtype == torch.int16
        assert np.array_equal(found.numpy(), a.to(torch.int64).numpy() + 101)
    for kind, value, shown in ((torch.int16, 256, "256"), (torch.int8, -1, "-1"), (torch.int64, -1, "-1")):
        with pytest.raises(InputError, match=f"input a must be 0 to 2[*][*]8 - 1, not {shown} at lane 3"):
            cuda.integers({"a": torch.tensor([1, 2, 3, value], dtype=kind), "b": 0, "cin": 0})
    with pytest.raises(InputError, match=r"bits must be 0 or 1, not 2 at lane 1, input a\[0\]"):
        cuda.bits(torch.tensor([[1] * 17, [2] * 17], dtype=torch.uint8))
    with pytest.raises(InputError, match="bits must be a tensor of bool, uint8 or float32, not float64"):
        cuda.bits(torch.zeros(2, 17, dtype=torch.float64))
    with pytest.raises(InputError, match="out must be a contiguous tensor of int64 of shape"):
        cuda.planes(torch.from_numpy(planes), out[:, 1:])
    wide = runner(netlist("adder", 66), device)
    words = torch.from_numpy(rng.integers(0, 4, (50, 2), dtype=np.int64))
    total = wide.integers({"a": words, "b": torch.full((50,), -1, dtype=torch.int64), "cin": 1})["sum"]
    assert np.array_equal(total.numpy(), (words + torch.tensor([0, 1])).numpy())


def flipped_at(program: LaneProgram, output: int) -> LaneProgram:
    """The program with one output's complement."""
    outputs = program.outputs.copy()
    outputs[output] ^= 1
    parts = program.tables, program.operands, program.slots, program.slot_count, outputs, program.image
    return LaneProgram(program.input_bits, *parts)


def with_one_row_wrong(bits: int, row: int) -> Netlist:
    """AND of the lowest two inputs, but wrong where the inputs are `row`."""
    builder = Builder(get_format("ternary"), {"x": bits}, share=False)
    both = builder.gate((0, 1), (1, 1), -2)
    wanted = [1 if row >> k & 1 else -1 for k in range(bits)]
    here = builder.gate(tuple(range(bits)), tuple(wanted), -row.bit_count())
    low = builder.gate((both, here), (1, 1), -2)
    return builder.finish({"y": [builder.gate((both, here, low), (1, 1, -1), -1)] if row & 3 != 3 else
                                [builder.gate((both, here), (1, -1), -1)]})  # fmt: skip


@on_host
@pytest.mark.parametrize(("bits", "row"), [(2, 3), (4, 0), (4, 13), (5, 31), (6, 32), (13, 4097), (13, 8191)])
def test_all_rows_are_compared_and_the_least_difference_is_found(device: HostDevice, bits: int, row: int) -> None:
    builder = Builder(get_format("ternary"), {"x": bits}, share=False)
    right = lower(builder.finish({"y": [builder.gate((0, 1), (1, 1), -2)]}))
    wrong = lower(with_one_row_wrong(bits, row))

    assert Difference(right, wrong, device).least() == row
    assert Difference(right, right, device).least() is None
    assert Difference(right, flipped_at(right, 0), device).least() == 0
    assert Difference(right, wrong, device, 32).least() == row
    if row >= 32:
        assert Difference(right, wrong, device).least(0, row // 32 * 32) is None


@on_host
def test_adders_of_two_formats_agree_on_all_rows(device: HostDevice) -> None:
    first, second = lower(netlist("adder", 8)), lower(netlist("comparator", 8))
    other = lower(drafted("adder", "ternary", 8))

    assert Difference(first, other, device).least() is None
    assert Difference(first, flipped_at(other, 8), device).least() == 0
    with pytest.raises(InputError, match="rows must be multiples of 32"):
        Difference(first, other, device).least(3, 64)
    with pytest.raises(InputError, match="circuit and reference must have the same inputs and outputs"):
        Difference(first, second, device)


def drafted(family: str, form: str, bits: int) -> Netlist:
    from trix_circuits.compose.families import draft

    return draft(family, get_format(form), bits).netlist


def test_what_is_too_large_is_refused(device: HostDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    program = lower(netlist("adder", 32))
    with pytest.raises(LimitError, match=r"rows on the GPU must be at most 2\*\*48, not 2\*\*65"):
        Difference(program, program, device)
    with pytest.raises(LimitError, match="no room left"):
        CudaRunner(program, interface_of(netlist("adder", 32))[1], HostDevice(Path(), room=100)).planes(
            np.zeros((65, 100), dtype=np.uint64)
        )
    monkeypatch.setattr(cuda_source, "MAX_OPERATIONS", 10)
    with pytest.raises(LimitError, match="a circuit on the GPU must have at most 10 operations, not 64"):
        CudaRunner(program, interface_of(netlist("adder", 32))[1], device)


def test_devices_are_named() -> None:
    assert [device_number(name) for name in (None, "cuda", "cuda:2")] == [0, 0, 2]
    for name in ("cpu", "cuda:", "cuda:x", "mps"):
        with pytest.raises(InputError, match=f"backend cuda runs on cuda or cuda:0, cuda:1, ..., not on {name}"):
            device_number(name)


def test_without_a_gpu_one_line_says_what_is_missing() -> None:
    if not why_not():
        pytest.skip("there is a GPU")
    assert "\n" not in BACKEND.why_not()
    with pytest.raises(InputError, match="backend cuda cannot run here: "):
        get_backend("cuda")
    assert compile_netlist(netlist("adder", 4)).program.size


# What NVIDIA's compilers make of the source

FORMS: dict[str, Any] = {
    "planes": lambda: cuda_source.planes_kernel(lower(netlist("adder", 8)), 4),
    "integers": lambda: cuda_source.integers_kernel(
        lower(netlist("adder", 8)), [Bus(8, 8, 8), Bus(64, 8, 7), Bus(0, 1, 0)], [Bus(16, 9, 9)]
    ),
    "bits": lambda: cuda_source.bits_kernel(lower(netlist("adder", 4)), "u8"),
    "floats": lambda: cuda_source.bits_kernel(lower(netlist("adder", 2)), "float"),
    "exhaustive": lambda: cuda_source.exhaustive_kernel(
        lower(netlist("multiplier", 4)), lower(drafted("multiplier", "ternary", 4))
    ),
    "columns in": lambda: cuda_source.columns_in_kernel([Bus(32, 20, 20), Bus(0, 3, 0)]),
    "columns out": lambda: cuda_source.columns_out_kernel([Bus(64, 33, 33)]),
    "rows in": lambda: cuda_source.rows_in_kernel(200, "float"),
    "rows out": lambda: cuda_source.rows_out_kernel(200, "u8"),
}


def by_nvcc(text: str, arch: str, work: Path) -> bytes:
    (work / "k.cu").write_text(text)
    command = ["nvcc", "-std=c++17", f"-arch={arch}", "-Werror=all-warnings", "-diag-suppress=177", "-cubin", "-o", "k.cubin", "k.cu"]  # fmt: skip
    done = subprocess.run(command, cwd=work, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return (work / "k.cubin").read_bytes()


@with_nvcc
@pytest.mark.parametrize("form", FORMS)
def test_nvcc_takes_every_form_of_kernel(form: str, tmp_path: Path) -> None:
    for arch in {"planes": ("sm_80", "sm_90", "sm_100"), "integers": ("sm_80", "sm_100")}.get(form, ("sm_90",)):
        (code,) = read(by_nvcc(FORMS[form]().text, arch, tmp_path))
        assert 0 < code.registers <= 80
        assert not code.local


@with_nvcc
@pytest.mark.parametrize(("family", "bits"), [("adder", 8), ("adder", 64), ("multiplier", 16)])
def test_an_operation_is_one_lop3(family: str, bits: int, tmp_path: Path) -> None:
    program = lower(netlist(family, bits))
    words = cuda_source.words_per_thread(program)

    (code,) = read(by_nvcc(cuda_source.planes_kernel(program, words).text, "sm_90", tmp_path))

    assert words * program.size <= code.lop3 <= words * program.size + 4  # four: where the thread's planes lie
    assert not code.local
    assert code.registers <= 128


def test_nvrtc_takes_the_same_source_and_its_code_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvrtc = pytest.importorskip("cuda.bindings.nvrtc")
    try:
        nvrtc.nvrtcVersion()
    except Exception:
        pytest.skip("needs NVRTC")
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", str(tmp_path))
    program = lower(netlist("adder", 8))
    text = cuda_source.planes_kernel(program, 4).text

    data = cubin(text, "sm_90", "none")

    (code,) = read(data)
    assert 4 * program.size <= code.lop3 <= 4 * program.size + 4
    (path,) = (tmp_path / "cuda").iterdir()
    monkeypatch.setattr("trix_circuits.run.cuda.cuda_device.compile_cubin", lambda text, arch: b"anew")
    assert cubin(text, "sm_90", "none") == data
    path.write_bytes(path.read_bytes()[:-1] + b"x")  # damaged
    assert cubin(text, "sm_90", "none") == b"anew"
    with pytest.raises(InputError, match=r"NVRTC must compile a kernel, not answer NVRTC_ERROR_COMPILATION: .*error"):
        compile_cubin("__global__ void broken( {", "sm_90")


def test_the_driver_has_all_functions_that_are_called() -> None:
    driver = pytest.importorskip("cuda.bindings.driver")
    source = Path(cuda_device.__file__).read_text()
    called = set(re.findall(r"cuda\.(cu[A-Z]\w+)|driver\.(cu[A-Z]\w+)|_enter\(\)\.(cu[A-Z]\w+)", source))
    names = {name for found in called for name in found if name}
    assert len(names) > 12
    assert not [name for name in names if not hasattr(driver, name)]


@on_host
@with_nvcc
def test_the_benchmark_counts_and_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device: Any = HostDevice(tmp_path)
    device.name, device.arch = "the host", "none"
    monkeypatch.setattr(gpu, "why_not", lambda: "")
    monkeypatch.setattr(gpu, "driver_device", lambda number: device)
    monkeypatch.setattr(gpu, "COPIES", 1)

    gpu.main(["--circuit", "adder:2", "--lanes", "12", "--rounds", "1"])

    shown = capsys.readouterr().out
    assert re.search(r"adder:2 +planes +sm_90 +3 +4 +4 +1\d +", shown)
    assert re.search(r"adder:2 +blocks +\d", shown)
    assert device.all_is_given_back()
    with pytest.raises(SystemExit):
        gpu.main(["--circuit", "adder"])
    assert "a circuit must be family:bits as in adder:64, not adder" in capsys.readouterr().err


@with_nvcc
def test_counts_agree_with_nvdisasm(tmp_path: Path) -> None:
    found = shutil.which("nvdisasm") or next(
        (str(path) for base in sys.path for path in Path(base).glob("nvidia/*/bin/nvdisasm")), None
    )
    if found is None:
        pytest.skip("needs nvdisasm")
    (code,) = read(by_nvcc(FORMS["integers"]().text, "sm_90", tmp_path))
    listing = subprocess.run([found, "-c", "k.cubin"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert listing.count(" LOP3.LUT ") == code.lop3


def test_damaged_cubins_are_refused() -> None:
    for data in (b"", b"\x7fELF", b"\x7fELF\x02\x01" + b"\xff" * 60, bytes(100)):
        with pytest.raises(InputError, match="a cubin must be"):
            read(data)


def test_the_source_is_the_same_every_time() -> None:
    net = random_netlist(random.Random(5).randrange(50, 90), 20)
    assert cuda_source.planes_kernel(lower(net), 1) == cuda_source.planes_kernel(lower(net), 1)
