"""What the cuda backend asks of a GPU, in one small protocol, and the CUDA driver behind it.

Kernels are compiled by NVRTC for the very architecture of the GPU; the machine code is kept on disk, by source text,
architecture, NVRTC and driver. The driver and NVRTC are called through the package cuda-bindings, which does nothing
but pass the calls on.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError
from trix_circuits.run.cuda.cuda_source import Kernel
from trix_circuits.store import keep, stored

Array = npt.NDArray[Any]
Job = npt.NDArray[np.uint64]


class Device(Protocol):
    """Memory by address and kernels on one GPU. All work of a `stream` (0: the default one) is done in order."""

    multiprocessors: int

    def allocate(self, size: int, stream: int) -> int:
        """Address of so many bytes, divisible by 256; raises LimitError if there is no room."""

    def free(self, address: int, stream: int) -> None: ...

    def zero(self, address: int, size: int, stream: int) -> None: ...

    def copy(self, to: int, source: int, size: int, stream: int) -> None: ...

    def copy_in(self, to: int, source: Array, stream: int) -> None:
        """Bytes of a contiguous array to the device; it may be changed once this is over."""

    def copy_out(self, to: Array, source: int, stream: int) -> None:
        """Bytes of the device to a contiguous array; returns when they are there and all work before it is done."""

    def load(self, kernel: Kernel) -> Any:
        """The kernel, ready to be launched."""

    def launch(self, loaded: Any, grid: int, block: int, job: Job, stream: int) -> None: ...


def compile_cubin(text: str, arch: str) -> bytes:
    """Machine code for an architecture such as sm_90, by NVRTC; needs no GPU. Raises InputError with NVRTC's first line."""
    from cuda.bindings import nvrtc

    def done(answer: Any) -> Any:
        code, *values = answer
        if code != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise InputError(f"NVRTC must compile a kernel, not answer {code.name}{_log()}")
        return values[0] if values else None

    def _log() -> str:
        size = nvrtc.nvrtcGetProgramLogSize(program)[1]
        log: bytes = b" " * size
        nvrtc.nvrtcGetProgramLog(program, log)
        return ": " + log.decode(errors="replace").strip("\0 \n").split("\n")[0]

    program = nvrtc.nvrtcCreateProgram(text.encode(), b"lanes.cu", 0, [], [])[1]
    try:
        options = [f"--gpu-architecture={arch}".encode(), b"--std=c++17", b"--diag-suppress=177"]
        done(nvrtc.nvrtcCompileProgram(program, len(options), options))
        data = b" " * int(done(nvrtc.nvrtcGetCUBINSize(program)))
        done(nvrtc.nvrtcGetCUBIN(program, data))
    finally:
        nvrtc.nvrtcDestroyProgram(program)
    return data


def cubin(text: str, arch: str, driver: str) -> bytes:
    """`compile_cubin`, kept on disk."""
    from cuda.bindings import nvrtc

    key = f"{text}|{arch}|nvrtc {nvrtc.nvrtcVersion()[1:]}|driver {driver}"
    found = stored("cuda", key)
    if found is None:
        found = compile_cubin(text, arch)
        keep("cuda", key, found)
    return found


@cache
def why_not() -> str:
    """What is missing for a GPU to be used; empty if nothing is."""
    try:
        from cuda.bindings import driver, nvrtc
    except ImportError:
        return "the package cuda-bindings is not installed (pip install 'trix-circuits[cuda]')"
    try:
        code = driver.cuInit(0)[0]
        count = driver.cuDeviceGetCount()[1] if code == driver.CUresult.CUDA_SUCCESS else 0
    except Exception:  # the package says so by an exception of its own where the driver's library is missing
        return "there is no NVIDIA driver"
    if code != driver.CUresult.CUDA_SUCCESS or not count:
        return f"there is no CUDA device ({code.name})"
    try:
        nvrtc.nvrtcVersion()
    except Exception:
        return "NVRTC is not installed (pip install nvidia-cuda-nvrtc)"
    return ""


class Driver:
    """A GPU through the CUDA driver, in the context that torch and others use too."""

    def __init__(self, number: int) -> None:
        from cuda.bindings import driver

        self._cuda = driver
        self._done(driver.cuInit(0))
        count = self._done(driver.cuDeviceGetCount())
        if number >= count:
            raise InputError(f"device must be one of cuda:0 to cuda:{count - 1}, not cuda:{number}")
        device = self._done(driver.cuDeviceGet(number))
        self._context = self._done(driver.cuDevicePrimaryCtxRetain(device))
        which = driver.CUdevice_attribute

        def attribute(name: str) -> int:
            return int(self._done(driver.cuDeviceGetAttribute(getattr(which, f"CU_DEVICE_ATTRIBUTE_{name}"), device)))

        self.multiprocessors = attribute("MULTIPROCESSOR_COUNT")
        self.arch = f"sm_{attribute('COMPUTE_CAPABILITY_MAJOR')}{attribute('COMPUTE_CAPABILITY_MINOR')}"
        self.name = self._done(driver.cuDeviceGetName(128, device)).decode().strip("\0")
        self._version = str(self._done(driver.cuDriverGetVersion()))
        self._modules: list[Any] = []

    def _done(self, answer: Any) -> Any:
        code, *values = answer
        if code == self._cuda.CUresult.CUDA_ERROR_OUT_OF_MEMORY:
            raise LimitError("the GPU has no room left for this batch")
        if code != self._cuda.CUresult.CUDA_SUCCESS:
            raise InputError(f"the CUDA driver must do what it is asked, not answer {code.name}")
        return values[0] if values else None

    def _enter(self) -> Any:
        self._done(self._cuda.cuCtxSetCurrent(self._context))
        return self._cuda

    def allocate(self, size: int, stream: int) -> int:
        return int(self._done(self._enter().cuMemAllocAsync(max(size, 1), stream)))

    def free(self, address: int, stream: int) -> None:
        self._done(self._enter().cuMemFreeAsync(address, stream))

    def zero(self, address: int, size: int, stream: int) -> None:
        self._done(self._enter().cuMemsetD8Async(address, 0, size, stream))

    def copy(self, to: int, source: int, size: int, stream: int) -> None:
        self._done(self._enter().cuMemcpyDtoDAsync(to, source, size, stream))

    def copy_in(self, to: int, source: Array, stream: int) -> None:
        if source.nbytes:
            self._done(self._enter().cuMemcpyHtoDAsync(to, source.ctypes.data, source.nbytes, stream))
            self._done(self._cuda.cuStreamSynchronize(stream))

    def copy_out(self, to: Array, source: int, stream: int) -> None:
        if to.nbytes:
            self._done(self._enter().cuMemcpyDtoHAsync(to.ctypes.data, source, to.nbytes, stream))
        self._done(self._enter().cuStreamSynchronize(stream))

    def load(self, kernel: Kernel) -> Any:
        cuda = self._enter()
        image = np.frombuffer(cubin(kernel.text, self.arch, self._version), dtype=np.uint8)
        module = self._done(cuda.cuModuleLoadData(image.ctypes.data))
        self._modules.append(module)
        return self._done(cuda.cuModuleGetFunction(module, kernel.name.encode()))

    def launch(self, loaded: Any, grid: int, block: int, job: Job, stream: int) -> None:
        pointers = np.array([job.ctypes.data], dtype=np.uint64)  # the driver copies the arguments before it returns
        self._done(self._enter().cuLaunchKernel(loaded, grid, 1, 1, block, 1, 1, 0, stream, pointers.ctypes.data, 0))


@cache
def driver_device(number: int) -> Driver:
    """The GPU of that number, once."""
    return Driver(number)
