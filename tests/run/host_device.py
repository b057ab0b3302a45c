"""A stand-in for a GPU: the kernels' very source, built by a C++ compiler with kernels/host_shim.h, run thread by thread.

Memory is filled with noise when it is given out, and a border around each piece is checked when it comes back.
"""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from trix_circuits.errors import LimitError
from trix_circuits.run.cuda.cuda_device import Array, Job
from trix_circuits.run.cuda.cuda_source import Kernel
from trix_circuits.share import folder

COMPILER = shutil.which("g++") or shutil.which("clang++")
_NOISE = 0xA5
_BORDER = 256


class HostDevice:
    """See `cuda_device.Device`."""

    def __init__(self, work: Path, room: int = 1 << 30, multiprocessors: int = 1) -> None:
        self.multiprocessors = multiprocessors
        self.launches: list[str] = []
        self._work = work
        self._room = room
        self._pieces: dict[int, Array] = {}

    def allocate(self, size: int, stream: int) -> int:
        if size > self._room:
            raise LimitError("the GPU has no room left for this batch")
        raw = np.full(size + 3 * _BORDER, _NOISE, dtype=np.uint8)
        address = raw.ctypes.data + _BORDER
        address += -address % 256
        self._pieces[address] = raw[: address - raw.ctypes.data + size + _BORDER]
        return address

    def free(self, address: int, stream: int) -> None:
        raw = self._pieces.pop(address)
        start = address - raw.ctypes.data
        assert (raw[:start] == _NOISE).all(), "a kernel wrote before its memory"
        assert (raw[-_BORDER:] == _NOISE).all(), "a kernel wrote behind its memory"
        raw[:] = _NOISE

    def all_is_given_back(self) -> bool:
        return not self._pieces

    def zero(self, address: int, size: int, stream: int) -> None:
        ctypes.memset(address, 0, size)

    def copy(self, to: int, source: int, size: int, stream: int) -> None:
        ctypes.memmove(to, source, size)

    def copy_in(self, to: int, source: Array, stream: int) -> None:
        ctypes.memmove(to, source.ctypes.data, source.nbytes)

    def copy_out(self, to: Array, source: int, stream: int) -> None:
        ctypes.memmove(to.ctypes.data, source, to.nbytes)

    def load(self, kernel: Kernel) -> Any:
        return built(kernel, self._work)

    def launch(self, loaded: Any, grid: int, block: int, job: Job, stream: int) -> None:
        self.launches.append(loaded.__name__)
        loaded(grid, block, job.ctypes.data)


def built(kernel: Kernel, work: Path) -> Any:
    """The function (grid, block, address of the job) that a C++ compiler makes of a kernel's source."""
    assert COMPILER
    name = hashlib.blake2b(kernel.text.encode(), digest_size=12).hexdigest()
    library, text = work / f"{name}.so", work / f"{name}.cu"
    if not library.exists():
        text.write_text(kernel.text)
        shim = folder("kernels") / "host_shim.h"
        options = ["-std=c++17", "-O0", "-shared", "-fPIC", "-Wall", "-Wno-unknown-pragmas", "-Wno-parentheses",
                   "-Wno-unused-function", "-Wno-unused-variable"]  # fmt: skip
        command = [COMPILER, *options, "-x", "c++", "-include", str(shim), str(text), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert not done.returncode and not done.stderr, done.stderr[:2000]
    found = getattr(ctypes.CDLL(str(library)), f"{kernel.name}_on_host")
    found.argtypes = [ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p]
    return found
