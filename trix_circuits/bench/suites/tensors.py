"""Adders on [batch, nets] tensors of 0 and 1, in one process: layers, columns, ours, and a copy of the same tensors.

    python trix_circuits/bench/suites/tensors.py [--lanes 20] [--rounds 5] [--threads 1] [--kind float32|bool] [--memory FILE.trix]

Four ways beside ours. `dense` is the backend of that name: threshold layers on rows of nets, slice by slice in cache.
`linear` is what one writes in a model: for each level `step(linear(x[:, nets that it reads]))`, put beside the nets so far.
`columns` takes each bit of a bus as a bool tensor and does the program's operations on them. `copy` clones the inputs and
makes an output of the right size: what PyTorch needs to move as much. Ratios are medians over rounds in which each way
runs once. Then what the weights take, packed and as float32, in memory and as files.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from trix_circuits.bench.rows import rounds
from trix_circuits.bench.tensors import columns
from trix_circuits.circuit import load
from trix_circuits.compose.families import draft
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.run import compile_netlist
from trix_circuits.run.torch.dense_module import DenseModule, ThresholdLayer
from trix_circuits.run.torch.torch_backend import TorchRunner

GOALS = {8: 40, 16: 100, 32: 200}


def linear_layers(netlist: Netlist, kind: torch.dtype) -> Callable[[Tensor], Tensor]:
    """The layers as one writes them in a model: batch first, each level's results put beside what is there."""
    module = DenseModule(netlist)
    reads = [module.get_buffer(f"reads{k}") for k in range(len(module.layers))]
    layers = [layer.weights(torch.float32) for layer in module.layers if isinstance(layer, ThresholdLayer)]

    @torch.no_grad()
    def run(bits: Tensor) -> Tensor:
        state = bits.to(torch.float32)
        for nets, (weights, biases) in zip(reads, layers, strict=True):
            sums = functional.linear(state[:, nets], weights, biases[:, 0])
            state = torch.cat([state, (sums >= 0).to(torch.float32)], 1)
        return state[:, module.outputs].to(kind)

    return run


def line(what: str, rate: str, ratio: str = "", goal: str = "") -> None:
    print(f"{what:<46}{rate:>14}{ratio:>12}   {goal}", flush=True)


def adder(bits: int, exponent: int, count: int, kind: torch.dtype, threads: int) -> None:
    lanes = 1 << exponent
    netlist = draft("adder", get_format("e2m1"), bits).netlist
    ours, layers = compile_netlist(netlist, "torch"), DenseModule(netlist, cached=True)
    if isinstance(ours, TorchRunner) and ours.native is not None:
        ours.native.threads = threads
    given = torch.randint(0, 2, (lanes, netlist.input_bits), dtype=torch.uint8).to(kind)
    outputs = sum(map(len, netlist.outputs.values()))
    by_linear, by_columns = linear_layers(netlist, kind), columns(netlist)

    def copy() -> None:
        given.clone()
        torch.empty(lanes, outputs, dtype=kind).fill_(1)

    calls: dict[str, Callable[[], Any]] = {
        "ours": lambda: ours.bits(given),  # type: ignore[arg-type]
        "dense": lambda: layers(given.to(torch.float32)).to(kind),  # not even asked whether inputs are 0 or 1
        "linear": lambda: by_linear(given),
        "columns": lambda: by_columns(given),
        "copy": copy,
    }
    wanted = calls["ours"]()
    for name in ("dense", "linear", "columns"):
        if not torch.equal(calls[name](), wanted):
            raise SystemExit(f"{name} and ours must agree")
    found = rounds(calls, count)
    line(f"{bits}-bit adder, {str(kind).removeprefix('torch.')}, 2^{exponent} lanes", "M adds/s", "ours is")
    goals = {"dense": f">= {GOALS[bits]} x", "linear": "", "columns": ">= 5 x", "copy": "as fast"}
    line("  ours", f"{lanes / statistics.median(found['ours']) / 1e6:.2f}")
    for name, goal in goals.items():
        ratio = statistics.median(t / own for t, own in zip(found[name], found["ours"], strict=True))
        line(f"  {name}", f"{lanes / statistics.median(found[name]) / 1e6:.2f}", f"{ratio:.1f} x", goal)


def weights(netlist: Netlist, name: str) -> None:
    """Bytes of the weights, packed and as float32: of the layers' matrices, and of the netlist's own lists."""
    module = DenseModule(netlist)
    layers = [layer for layer in module.layers if isinstance(layer, ThresholdLayer)]
    packed = sum(layer.weight_codes.nbytes for layer in layers)
    plain = sum(layer.weights(torch.float32)[0].nbytes for layer in layers)
    bits = netlist.format.weight_bits
    goal = {4: ">= 7.5 x", 2: ">= 15 x"}.get(bits, "")
    line(f"{name}: weights of the layers", f"{packed} bytes", f"{plain / packed:.2f} x", goal)
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder) / "packed.safetensors", Path(folder) / "plain.safetensors"
        save_file(module.state_dict(), paths[0])
        floats = {}
        for k, layer in enumerate(layers):
            floats[f"layers.{k}.weight"], floats[f"layers.{k}.bias"] = (
                part.contiguous() for part in layer.weights(torch.float32)
            )
        save_file(floats, paths[1])
        small, large = (path.stat().st_size for path in paths)
    data = sum(tensor.nbytes for tensor in module.state_dict().values())
    line("  state_dict as a file, biases with it", f"{small} bytes", f"{large / small:.2f} x")
    line("  of it names, shapes and filling", f"{small - data} bytes", f"{(small - data) / small:.1%}")
    stored = -(-len(netlist.weights) * bits // 8)
    line(
        "  weights of the netlist, those that are not 0",
        f"{stored} bytes",
        f"{4 * len(netlist.weights) / stored:.2f} x",
        goal,
    )


def circuit_file(path: str) -> None:
    """What a circuit file holds beside the weights."""
    circuit = load(path)
    total = len(circuit.data)
    stored = -(-circuit.netlist.weight_storage_bits // 8)
    certificate = circuit.description["certificate"]["bytes"]
    line(f"{circuit.name}: the circuit file", f"{total} bytes")
    line("  weights and biases in it", f"{stored} bytes", f"{stored / total:.1%}")
    line("  certificate", f"{certificate} bytes", f"{certificate / total:.1%}")
    rest = total - stored - certificate
    line("  wiring, names, shapes, digest", f"{rest} bytes", f"{rest / total:.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time circuits on tensors of 0 and 1, and measure their weights.")
    parser.add_argument("--lanes", type=int, default=20, help="log2 of the batch (default 20)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kind", choices=("float32", "bool"), action="append")
    parser.add_argument("--only", choices=("speed", "memory"))
    parser.add_argument("--memory", metavar="FILE", help="a circuit file whose parts are to be measured as well")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    if given.only in (None, "speed"):
        for kind in given.kind or ("float32", "bool"):
            for bits in GOALS:
                adder(bits, given.lanes, given.rounds, getattr(torch, kind), given.threads)
    if given.only in (None, "memory"):
        for format_name in ("e2m1", "ternary"):
            for family, bits in (("adder", 64), ("multiplier", 16)):
                weights(draft(family, get_format(format_name), bits).netlist, f"{format_name} {bits}-bit {family}")
        if given.memory:
            circuit_file(given.memory)


if __name__ == "__main__":
    main()
