"""Two lane programs compared on all rows by one kernel on the GPU: rows are made in registers, and nothing is stored.

What the two compute alike from the same operands is computed once, by the compiler's own reckoning. As a proof this
rests on the lowering (`lower.prove_lowering`), on NVIDIA's compiler and on the GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trix_circuits.errors import InputError
from trix_circuits.lower.program import LaneProgram
from trix_circuits.run.cuda.cuda_backend import launch
from trix_circuits.run.cuda.cuda_device import Device
from trix_circuits.run.cuda.cuda_source import Kernel, exhaustive_kernel


@dataclass
class Difference:
    """Two lane programs of the same inputs and outputs, compared on all rows, on the GPU."""

    circuit: LaneProgram
    reference: LaneProgram
    device: Device
    rows_at_a_time: int = 1 << 36
    _kernel: Kernel = field(init=False)

    def __post_init__(self) -> None:
        self._kernel = exhaustive_kernel(self.circuit, self.reference)
        self._loaded = self.device.load(self._kernel)

    @property
    def rows(self) -> int:
        return 1 << self.circuit.input_bits

    def least(self, begin: int = 0, end: int | None = None) -> int | None:
        """The least row begin <= row < end (multiples of 32, or the end of all rows) where an output differs.

        Bit k of a row is input k. None if there is no such row: all of them were compared.
        """
        end = self.rows if end is None else end
        if not 0 <= begin <= end <= self.rows or begin % 32 or (end % 32 and end != self.rows):
            raise InputError(f"rows must be multiples of 32 up to {self.rows}, not {begin} to {end}")
        found = np.array([0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
        address = self.device.allocate(8, 0)
        try:
            for first in range(begin, end, self.rows_at_a_time):
                last = min(end, first + self.rows_at_a_time)
                self.device.copy_in(address, found, 0)
                launch(self.device, self._loaded, -(-(last - first) // 32), first // 32, [address], 0)
                self.device.copy_out(found, address, 0)
                if int(found[0]) < self.rows:
                    return int(found[0])
        finally:
            self.device.free(address, 0)
        return None
