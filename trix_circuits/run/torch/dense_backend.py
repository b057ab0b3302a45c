"""The dense backend: the literal threshold layers on float tensors, in any form that runners take.

It computes what the definition of a gate says, so it is the reference on tensors; it is the one backend that has
gradients (`runner.module()`), and the slowest.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from trix_circuits.errors import InputError
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower.program import LaneProgram, lower
from trix_circuits.run.interface import WORD, Interface
from trix_circuits.run.torch import torch_tensors as tensors
from trix_circuits.run.torch.dense_module import EXACT, DenseModule, Surrogate
from trix_circuits.run.torch.torch_runner import TensorRunner, checked_device

_WORDS = 1 << 12  # of planes, at a time


class DenseRunner(TensorRunner):
    """See `TensorRunner`. Bits of float kinds run in their own kind, everything else in `kind`."""

    def __init__(
        self, netlist: Netlist, interface: Interface, device: torch.device, kind: torch.dtype = torch.float32
    ) -> None:
        super().__init__(interface, device)
        self.netlist = netlist
        self.kind = kind
        self._module = DenseModule(netlist, interface.name, cached=True).to(device)

    @cached_property
    def program(self) -> LaneProgram:
        """The lane program of the same netlist; nothing here runs it."""
        return lower(self.netlist)

    def module(self, surrogate: Surrogate = "window", width: float = 1.0, cached: bool = False) -> DenseModule:
        """The layers as a module of their own, on this runner's device."""
        name, circuit = self.interface.name, self.interface.circuit
        made = DenseModule(self.netlist, name, surrogate=surrogate, width=width, cached=cached, circuit=circuit)
        return made.to(self.device)

    def _layers(self, device: torch.device) -> DenseModule:
        if self._module.outputs.device != device:
            self._module = self._module.to(device)
        return self._module

    def tensor_bits(self, bits: Tensor) -> Tensor:
        tensors.refuse_other_than_bits(self.interface, bits)
        kind = bits.dtype if bits.dtype in EXACT else self.kind
        found: Tensor = self._layers(bits.device)(bits.detach().to(kind))
        return found.to(bits.dtype)

    def tensor_planes(self, planes: Tensor) -> Tensor:
        if planes.ndim == 3:
            blocks, _, words = planes.shape
            flat = planes.movedim(1, 0).reshape(planes.shape[1], blocks * words)
            return (
                self.tensor_planes(flat).reshape(self.interface.output_bits, blocks, words).movedim(0, 1).contiguous()
            )
        words = planes.shape[1]
        found = planes.new_empty(self.interface.output_bits, words)
        layers = self._layers(planes.device)
        for at in range(0, words, _WORDS):
            part = planes[:, at : at + _WORDS]
            bits = tensors.bits_of_planes(part, WORD * part.shape[1], self.kind)
            found[:, at : at + _WORDS] = tensors.planes_of_bits(layers(bits))
        return found


class DenseBackend:
    """Needs PyTorch."""

    name = "dense"

    def why_not(self) -> str:
        return ""

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> DenseRunner:
        raise InputError("backend dense must be given a netlist, not a lane program: that has no gates any more")

    def compile_gates(self, netlist: Netlist, interface: Interface, device: str | None) -> DenseRunner:
        return DenseRunner(netlist, interface, checked_device(self.name, device))


BACKEND = DenseBackend()
