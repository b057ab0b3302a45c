"""Torch tensors on the GPU, in and out of the cuda backend: no copy where they are contiguous, on torch's stream.

Copies that are made may be let go before the kernels that read them have run: torch gives their memory out again on the
same stream, behind these kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from trix_circuits.errors import InputError
from trix_circuits.run.cuda.cuda_source import Bus, Planes, Port
from trix_circuits.run.interface import WORD
from trix_circuits.run.torch.torch_tensors import (
    UNSIGNED,
    Given,
    checked_bits,
    checked_planes,
    given_integers,
    kind_of,
    refuse_other_than_bits,
    result_kind,
)

if TYPE_CHECKING:
    from trix_circuits.run.cuda.cuda_backend import CudaRunner

_ELEMENTS = {torch.bool: "u8", torch.uint8: "u8", torch.float32: "float"}


def _stream(runner: CudaRunner, device: torch.device) -> int:
    """Torch's current stream on the runner's GPU; raises InputError if the tensors lie elsewhere."""
    if device.index != runner.number:
        raise InputError(f"{runner.interface.name}: tensors must lie on cuda:{runner.number}, not on {device}")
    return int(torch.cuda.current_stream(device).cuda_stream)


def _placed(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, contiguous, at an address divisible by 16."""
    tensor = tensor.contiguous()
    return tensor.clone() if tensor.data_ptr() % 16 else tensor


def planes(runner: CudaRunner, given: torch.Tensor, out: torch.Tensor | None) -> torch.Tensor:
    """`CudaRunner.planes`."""
    stream = _stream(runner, given.device)
    found = checked_planes(runner.interface, given)
    words = found.shape[-1]
    if found.stride(-1) != 1 or (found.ndim == 3 and not found.is_contiguous()):
        found = found.contiguous()
    shape = (*found.shape[:-2], runner.program.output_bits, words)
    if out is None:
        out = torch.empty(shape, dtype=given.dtype, device=given.device)
    elif tuple(out.shape) != shape or out.dtype != given.dtype or out.device != given.device or not out.is_contiguous():
        raise InputError(
            f"{runner.interface.name}: out must be a contiguous tensor of {kind_of(given)} of shape {list(shape)}"
        )
    blocks = len(found) if found.ndim == 3 else 1
    runner.run_planes(
        Planes(found.data_ptr(), 8 * found.stride(-2), 8 * found.stride(0) if found.ndim == 3 else 0),
        Planes(out.data_ptr(), 8 * words, 8 * words * runner.program.output_bits),
        words, blocks, stream,
    )  # fmt: skip
    return out


def bits(runner: CudaRunner, given: torch.Tensor) -> torch.Tensor:
    """`CudaRunner.bits`."""
    stream = _stream(runner, given.device)
    if given.dtype not in _ELEMENTS:
        raise InputError(
            f"{runner.interface.name}: bits must be a tensor of bool, uint8 or float32, not {kind_of(given)}"
        )
    found = _placed(checked_bits(runner.interface, given))
    out = torch.empty((len(found), runner.program.output_bits), dtype=given.dtype, device=given.device)
    sure = given.dtype == torch.bool
    if runner.run_bits(_ELEMENTS[given.dtype], found.data_ptr(), out.data_ptr(), len(found), stream, sure):
        refuse_other_than_bits(runner.interface, given)
        raise AssertionError("a kernel found an element that is neither 0 nor 1, but there is none")
    return out


def integers(runner: CudaRunner, given: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """`CudaRunner.integers`."""
    face = runner.interface
    lanes, device, buses = given_integers(face, given, False)
    stream = _stream(runner, device)
    kept: list[torch.Tensor] = []
    ins: list[Port] = []
    for name, bus in zip(face.inputs, buses, strict=True):
        value = given.get(name)
        ins += _ports(bus, value.dtype if isinstance(value, torch.Tensor) else torch.int64, kept)
    results: dict[str, torch.Tensor] = {}
    outs: list[Port] = []
    for name, width in face.outputs.items():
        kind, words_of = result_kind(width), -(-width // WORD)
        columns = torch.empty(
            (words_of, lanes + -lanes % 2), dtype=kind, device=device
        )  # each at an address for 16 bytes
        results[name] = columns[:, :lanes].t() if width > WORD else columns[0, :lanes]
        for k in range(words_of):
            outs.append(Port(Bus(8 * kind.itemsize, min(WORD, width - WORD * k), 0), columns[k].data_ptr()))
    if runner.run_integers(ins, outs, lanes, stream):
        given_integers(face, given, True)
        raise AssertionError("a kernel found an entry that does not fit, but there is none")
    return results


def _ports(bus: Given, kind: torch.dtype, kept: list[torch.Tensor]) -> list[Port]:
    """The columns of a bus, given as tensors of a kind; copies go to `kept`, where they live on."""
    ports = []
    for k, at in enumerate(range(0, bus.bits, WORD)):
        bits = min(WORD, bus.bits - at)
        if bus.entries is None or k >= bus.entries.shape[1]:
            ports.append(Port(Bus(0, bits, 0), bus.constant >> at & (1 << WORD) - 1))
            continue
        size = 8 * bus.entries.dtype.itemsize
        signed = kind not in UNSIGNED and not (size == WORD <= bus.bits)
        kept.append(_placed(bus.entries[:, k]))
        ports.append(Port(Bus(size, bits, min(bits, size - signed)), kept[-1].data_ptr()))
    return ports
