"""Backends: what runs a lane program. One small protocol, and a registry that a user can add to.

A backend says whether it can run here and makes runners; a runner takes and gives planes, integers or bits. To add one:
`register(MyBackend())`, then `compile_netlist(netlist, backend="mine")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from trix_circuits.circuit import Circuit, register_compiler
from trix_circuits.errors import InputError
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower.program import LaneProgram, lower
from trix_circuits.run.interface import Interface, interface_of


@runtime_checkable
class Runner(Protocol):
    """A compiled circuit. All methods raise InputError, naming the bus, for what does not fit."""

    @property
    def program(self) -> LaneProgram: ...

    @property
    def interface(self) -> Interface: ...

    def planes(
        self, planes: npt.NDArray[np.uint64], out: npt.NDArray[np.uint64] | None = None
    ) -> npt.NDArray[np.uint64]:
        """[input bits, words] to [output bits, words], 64 lanes a word; the result goes to `out` if that is given.

        [blocks, input bits, words] to [blocks, output bits, words] is the same with the words of a block side by side.
        """

    def integers(self, inputs: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
        """Arrays of integers by input bus to arrays by output bus, one entry a lane.

        An output is of the least unsigned kind that holds it; beyond 64 bits it is [lanes, words] of uint64.
        """

    def bits(self, bits: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """[lanes, input bits] of bool or uint8 to [lanes, output bits] of the same kind."""


class Backend(Protocol):
    """Makes runners. `why_not` is empty if the backend can run here, else it says what is missing."""

    name: str

    def why_not(self) -> str: ...

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> Runner: ...


@runtime_checkable
class GateBackend(Protocol):
    """A backend that runs the gates as they are, not a lane program: `compile_netlist` asks it for this instead."""

    def compile_gates(self, netlist: Netlist, interface: Interface, device: str | None) -> Runner: ...


_BACKENDS: dict[str, Backend] = {}
# In the order in which "auto" tries them on the CPU, and then elsewhere.
_BUILT_IN = {
    "native": "native.native",
    "numpy": "numpy_backend",
    "torch": "torch.torch_backend",
    "dense": "torch.dense_backend",
    "cuda": "cuda.cuda_backend",
}
_ELSEWHERE = ("cuda", "torch")


def register(backend: Backend) -> None:
    """Add a backend under its name; raises InputError if the name is taken."""
    if backend.name in _BACKENDS or backend.name in _BUILT_IN or backend.name == "auto":
        raise InputError(f"a backend named {backend.name} exists already")
    _BACKENDS[backend.name] = backend


def backend_names() -> tuple[str, ...]:
    """The names of all backends, whether they can run here or not."""
    return (*_BUILT_IN, *_BACKENDS)


def get_backend(name: str) -> Backend:
    """A backend by name; raises InputError if there is none or it cannot run here."""
    if name in _BUILT_IN:
        import importlib

        try:
            backend: Backend = importlib.import_module(f"{__name__}.{_BUILT_IN[name]}").BACKEND
        except ImportError as error:
            raise InputError(f"backend {name} cannot run here: {error}") from None
    elif name in _BACKENDS:
        backend = _BACKENDS[name]
    else:
        raise InputError(f"backend must be auto or one of {', '.join(backend_names())}, not {name!r}")
    missing = backend.why_not()
    if missing:
        raise InputError(f"backend {name} cannot run here: {missing}")
    return backend


def _auto(device: str | None) -> Backend:
    """The first backend that can run here."""
    problem = InputError(f"no backend can run on {device}")
    for name in _BUILT_IN if device in (None, "cpu") else _ELSEWHERE:
        try:
            return get_backend(name)
        except InputError as error:
            problem = error
    raise problem


def compile_netlist(source: Netlist | Circuit, backend: str = "auto", device: str | None = None) -> Runner:
    """Lower a netlist and make it runnable. Raises InputError if the backend is unknown or cannot run here."""
    netlist, face = interface_of(source)
    found = _auto(device) if backend == "auto" else get_backend(backend)
    if isinstance(found, GateBackend):
        return found.compile_gates(netlist, face, device)
    return found.compile(lower(netlist), face, device)


register_compiler(compile_netlist)

__all__ = [
    "Backend",
    "GateBackend",
    "Interface",
    "Runner",
    "backend_names",
    "compile_netlist",
    "get_backend",
    "register",
]
