"""What NVIDIA's compiler makes of the cuda backend's kernels; and where there is a GPU, how fast they run.

    python trix_circuits/bench/suites/gpu.py [--arch sm_90 ...] [--circuit adder:64 ...] [--lanes 26]

The table needs nvcc or NVRTC, but no GPU: instructions are counted in the machine code itself (backends/cubin.py).
LOP3 per gate is per 32 lanes: 1.45 means that 32 lanes of a gate take 1.45 instructions of a thread. `local` counts
loads and stores of values that the registers do not hold. On a GPU, planes go in and out; GB/s are the bytes of all
planes over the time of a launch (median of rounds), beside a copy of as many bytes within the GPU in the same rounds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError, TrixCircuitsError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower import LaneProgram, lower
from trix_circuits.run.cuda import cuda_source
from trix_circuits.run.cuda.cubin import read
from trix_circuits.run.cuda.cuda_backend import CudaRunner
from trix_circuits.run.cuda.cuda_device import compile_cubin, driver_device, why_not
from trix_circuits.run.cuda.cuda_source import Bus, Kernel, Planes
from trix_circuits.run.interface import element_bits, interface_of

CIRCUITS = ("adder:8", "adder:16", "adder:32", "adder:64", "multiplier:8", "multiplier:16")
COPIES = 20  # launches of a round


def made(name: str) -> tuple[Netlist, LaneProgram]:
    family, _, bits = name.partition(":")
    if not bits.isdecimal():
        raise InputError(f"a circuit must be family:bits as in adder:64, not {name}")
    netlist = draft(family, get_format("e2m1"), int(bits)).netlist
    return netlist, lower(netlist)


def compiled(kernel: Kernel, arch: str) -> tuple[bytes, float]:
    """Machine code, by nvcc if it is installed, else by NVRTC; and the seconds that it took."""
    start = time.perf_counter()
    if shutil.which("nvcc") is None:
        data = compile_cubin(kernel.text, arch)
    else:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "kernel.cu").write_text(kernel.text)
            command = ["nvcc", "-std=c++17", f"-arch={arch}", "-diag-suppress=177", "-cubin", "-o", "out", "kernel.cu"]
            subprocess.run(command, cwd=folder, check=True)
            data = (Path(folder) / "out").read_bytes()
    return data, time.perf_counter() - start


def forms(netlist: Netlist, program: LaneProgram) -> dict[str, tuple[Kernel, int]]:
    """Kernels of a circuit with the words of 32 lanes that a thread has: planes, integers of the least kind, bool rows."""
    words = cuda_source.words_per_thread(program)
    ins = [Bus(element_bits(width), width, width) for width in netlist.inputs.values()]
    outs = [Bus(element_bits(len(nets)), len(nets), 0) for nets in netlist.outputs.values()]
    found = {
        "planes": (cuda_source.planes_kernel(program, words), words),
        "integers": (cuda_source.integers_kernel(program, ins, outs), 1),
    }
    if max(netlist.input_bits, program.output_bits) <= cuda_source.MAX_ROW_NETS:
        found["rows of bool"] = cuda_source.bits_kernel(program, "u8"), 1
    return found


def table(circuits: Sequence[str], archs: Sequence[str]) -> None:
    print("compiled by", "nvcc" if shutil.which("nvcc") else "NVRTC")
    print(f"{'circuit':<15}{'form':<14}{'arch':<8}{'gates':>6}{'ops':>6}{'words':>6}{'LOP3':>6}{'LOP3/gate':>10}{'all':>7}"
          f"{'registers':>10}{'local':>6}{'compile s':>10}")  # fmt: skip
    for name in circuits:
        netlist, program = made(name)
        for form, (kernel, words) in forms(netlist, program).items():
            for arch in archs:
                data, seconds = compiled(kernel, arch)
                (code,) = read(data)
                print(
                    f"{name:<15}{form:<14}{arch:<8}{netlist.size:>6}{program.size:>6}{words:>6}{code.lop3:>6}"
                    f"{code.lop3 / words / netlist.size:>10.2f}{code.instructions:>7}{code.registers:>10}{code.local:>6}"
                    f"{seconds:>10.1f}",
                    flush=True,
                )


def on_gpu(circuits: Sequence[str], lanes: int, rounds: int) -> None:
    device = driver_device(0)
    print(f"\n{device.name}, {device.arch}, 2^{lanes.bit_length() - 1} lanes, planes in and out")
    print(f"{'circuit':<15}{'layout':<10}{'G lanes/s':>10}{'GB/s':>8}{'copy GB/s':>10}{'fraction':>9}")
    token = np.zeros(1, dtype=np.uint32)
    for name in circuits:
        netlist, program = made(name)
        runner = CudaRunner(program, interface_of(netlist)[1], device)
        ins, outs = netlist.input_bits, program.output_bits
        size, words = (ins + outs) * lanes // 8, lanes // 64
        source, target, half = device.allocate(size, 0), device.allocate(size, 0), size // 2
        device.zero(source, size, 0)
        layouts: dict[str, Callable[[], None]] = {
            "flat": lambda r=runner, s=source, t=target, n=words: r.run_planes(
                Planes(s, 8 * n), Planes(t, 8 * n), n, 1, 0
            ),  # type: ignore[misc]
            "blocks": lambda r=runner, s=source, t=target, n=words, i=ins, o=outs: r.run_planes(  # type: ignore[misc]
                Planes(s, 64, 64 * i), Planes(t, 64, 64 * o), 8, n // 8, 0
            ),
            "copy": lambda s=source, t=target, h=half: device.copy(t, s, h, 0),  # type: ignore[misc]
        }
        found: dict[str, list[float]] = {layout: [] for layout in layouts}
        for number in range(rounds + 1):
            for layout, call in layouts.items():
                device.copy_out(token, source, 0)
                start = time.perf_counter()
                for _ in range(COPIES):
                    call()
                device.copy_out(token, source, 0)
                if number:  # the first round compiles and warms up
                    found[layout].append((time.perf_counter() - start) / COPIES)
        copy = statistics.median(found["copy"])
        for layout in ("flat", "blocks"):
            took = statistics.median(found[layout])
            fraction = statistics.median(c / t for c, t in zip(found["copy"], found[layout], strict=True))
            print(f"{name:<15}{layout:<10}{lanes / took / 1e9:>10.1f}{size / took / 1e9:>8.0f}{2 * half / copy / 1e9:>10.0f}"
                  f"{fraction:>9.2f}", flush=True)  # fmt: skip
        device.free(source, 0)
        device.free(target, 0)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Count what the cuda backend's kernels compile to, and time them.")
    parser.add_argument("--arch", nargs="+", default=["sm_90"], help="architectures (default sm_90)")
    parser.add_argument("--circuit", nargs="+", default=CIRCUITS, help="family:bits")
    parser.add_argument("--lanes", type=int, default=26, help="log2 of the lanes on a GPU (default 26)")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args(arguments)
    try:
        table(given.circuit, given.arch)
    except TrixCircuitsError as error:
        parser.error(str(error))
    missing = why_not()
    if missing:
        print(f"\nnot timed: {missing}")
    else:
        on_gpu(given.circuit, 1 << given.lanes, given.rounds)


if __name__ == "__main__":
    main()
