"""What the runners of `torch` and `dense` share: arrays or tensors in, the same kind out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from trix_circuits.errors import InputError
from trix_circuits.run import interface as arrays
from trix_circuits.run.interface import Interface
from trix_circuits.run.torch import torch_tensors as tensors


def checked_device(name: str, device: str | None) -> torch.device:
    """The device of this name; raises InputError if it is not here."""
    try:
        found = torch.device(device or "cpu")
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        lines = str(error).splitlines() or [""]
        raise InputError(f"backend {name} must run on a device that is here, not on {device}: {lines[0]}") from None
    return found


class TensorRunner(ABC):
    """A runner for tensors on the device where they are, and for NumPy arrays, which go to `device` and come back.

    NumPy arrays are taken and given as every backend does (`backends.Runner`). Tensors: planes are int64; integers are
    of bool, 8 to 64 bits, and a result is of uint8, int16, int32 or int64, the least that holds it, or int64 with the
    bits of a 64-bit bus, or [lanes, words] of int64 for wider ones; bits may be bool, integers or floats.
    """

    def __init__(self, interface: Interface, device: torch.device) -> None:
        self.interface = interface
        self.device = device

    @abstractmethod
    def tensor_planes(self, planes: Tensor) -> Tensor:
        """[input bits, words] or blocks of them, of int64, checked."""

    @abstractmethod
    def tensor_bits(self, bits: Tensor) -> Tensor:
        """[lanes, input bits] of 0/1 elements, their values not checked yet."""

    def planes(self, planes: Any, out: Any = None) -> Any:
        """See `backends.Runner`."""
        if isinstance(planes, Tensor):
            return self._into(out, self.tensor_planes(tensors.checked_planes(self.interface, planes)))
        array = arrays.checked_planes(self.interface, planes)
        found = self.tensor_planes(self._tensor(array.view(np.int64))).cpu().numpy().view(np.uint64)
        if out is None:
            return found
        into = arrays.checked_out(self.interface, out, found.shape)
        into[...] = found
        return into

    def _into(self, out: Any, found: Tensor) -> Tensor:
        if out is None:
            return found
        if not isinstance(out, Tensor) or out.shape != found.shape or out.dtype not in (torch.int64, torch.uint64):
            raise InputError(f"{self.interface.name}: out must be a tensor of int64 of shape {list(found.shape)}")
        out.view(torch.int64).copy_(found)
        return out

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `backends.Runner`; tensors if any of the inputs is one."""
        if any(isinstance(value, Tensor) for value in inputs.values()):
            return dict(self.tensor_integers(inputs))
        lanes, columns = arrays.input_columns(self.interface, inputs)
        arrays.refuse_misfits(self.interface, columns)
        buses = []
        for column in columns:
            entries = None
            if column.array is not None:
                array = np.ascontiguousarray(column.array)
                same = array.view(f"i{array.itemsize}") if array.itemsize > 1 else array
                entries = self._tensor(same)[:, None]
            buses.append(tensors.Given(column.bits, entries, column.constant))
        planes = self.tensor_planes(tensors.planes_of_integers(lanes, self.device, buses))
        results, outputs = arrays.output_columns(self.interface, lanes)
        for column in outputs:
            assert column.array is not None
            rows = planes[column.first : column.first + column.bits]
            size = column.array.dtype.itemsize
            rows = torch.nn.functional.pad(rows, (0, 0, 0, 8 * size - column.bits))
            raw = np.ascontiguousarray(tensors.bytes_of_planes(rows, lanes).cpu().numpy())
            column.array[:] = raw.reshape(-1).view(column.array.dtype)
        return results

    def tensor_integers(self, inputs: Mapping[str, Any]) -> dict[str, Tensor]:
        """Tensors and scalars by input bus to tensors by output bus."""
        lanes, device, buses = tensors.given_integers(self.interface, inputs, check=True)
        planes = self.tensor_planes(tensors.planes_of_integers(lanes, device, buses))
        return tensors.integers_of_planes(self.interface, planes, lanes)

    def bits(self, bits: Any) -> Any:
        """See `backends.Runner`."""
        if isinstance(bits, Tensor):
            return self.tensor_bits(tensors.checked_bits(self.interface, bits))
        arrays.checked_bits(self.interface, bits)
        return self.tensor_bits(self._tensor(bits)).cpu().numpy()

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        """An array as a tensor on `device`, of the same memory if that is the CPU and PyTorch can describe it."""
        if any(step < 0 for step in array.strides) or not array.flags.writeable:
            array = array.copy()
        return torch.from_numpy(array).to(self.device)
