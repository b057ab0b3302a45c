"""The torch backend: native code for tensors on the CPU, bitwise integer operations on every other device.

For use inside models, in `torch.compile` and in `torch.export`, take `runner.module()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.interface import Interface
from trix_circuits.run.torch import torch_tensors as tensors
from trix_circuits.run.torch.torch_module import CircuitModule, Layout, has_native, native_bits, native_planes
from trix_circuits.run.torch.torch_runner import TensorRunner, checked_device


class TorchRunner(TensorRunner):
    """See `TensorRunner`. Without `native`, tensors on the CPU go through bitwise operations as well."""

    def __init__(
        self, program: LaneProgram, interface: Interface, device: torch.device, native: bool | None = None
    ) -> None:
        super().__init__(interface, device)
        self.program = program
        self._module = CircuitModule(program, replace(interface, circuit=None), "bits", native)
        self.native = None
        if self._module.native:
            from trix_circuits.run.native.native import BACKEND

            self.native = BACKEND.compile(program, interface, None)

    def module(self, layout: Layout = "bits") -> CircuitModule:
        """The circuit as a module, on this runner's device."""
        return CircuitModule(self.program, self.interface, layout, self._module.native).to(self.device)

    def tensor_planes(self, planes: Tensor) -> Tensor:
        if self.native is not None and planes.device.type == "cpu":
            return native_planes(self.native, planes)
        found: Tensor = self._module.logic(planes)
        return found

    def tensor_bits(self, bits: Tensor) -> Tensor:
        if self.native is not None and bits.device.type == "cpu":
            return native_bits(self.native, bits)
        found: Tensor = self._module(bits)
        return found

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `backends.Runner`."""
        given = [value for value in inputs.values() if isinstance(value, Tensor)]
        if self.native is None or (self.device if not given else given[0].device).type != "cpu":
            return super().integers(inputs)
        if not given:
            return dict(self.native.integers(inputs))
        # Which kinds and shapes may stand for what is said in one place, also where NumPy does the work.
        tensors.given_integers(self.interface, inputs, check=False)
        found = self.native.integers({name: self._array(name, value) for name, value in inputs.items()})
        results = {}
        for name, array in found.items():
            same = torch.from_numpy(array.view(f"i{array.itemsize}") if array.itemsize > 1 else array)
            kind = tensors.result_kind(self.interface.outputs[name])
            wide = kind.itemsize > array.itemsize
            results[name] = torch.from_numpy(array).to(kind) if wide else same.contiguous()
        return results

    def _array(self, name: str, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        array = value.numpy()
        raw = self.interface.inputs[name] >= 64 and array.dtype == np.int64
        return array.view(np.uint64) if raw else array


class TorchBackend:
    """Needs PyTorch."""

    name = "torch"

    def why_not(self) -> str:
        return ""

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> TorchRunner:
        return TorchRunner(program, interface, checked_device(self.name, device), has_native())


BACKEND = TorchBackend()
