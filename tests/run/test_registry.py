"""The registry of backends: a user's own one beside ours, and what loads when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from trix_circuits import run as backends
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import get_format
from trix_circuits.lower import LaneProgram
from trix_circuits.run import Interface, Runner, backend_names, compile_netlist, get_backend, register
from trix_circuits.run.numpy_backend import NumpyRunner


class Mine:
    name = "mine"
    missing = ""

    def why_not(self) -> str:
        return self.missing

    def compile(self, program: LaneProgram, interface: Interface, device: str | None) -> Runner:
        return NumpyRunner(program, interface)


def test_a_backend_can_be_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_BACKENDS", {})
    netlist = draft("adder", get_format("e2m1"), 4).netlist
    mine = Mine()
    register(mine)

    assert backend_names()[-1] == "mine"
    assert compile_netlist(netlist, "mine").integers({"a": 3, "b": 4, "cin": 0})["sum"].tolist() == [7]
    with pytest.raises(InputError, match="a backend named mine exists already"):
        register(mine)
    mine.missing = "no such device"
    with pytest.raises(InputError, match="backend mine cannot run here: no such device"):
        get_backend("mine")


def test_unknown_backends_devices_and_things_are_refused() -> None:
    netlist = draft("adder", get_format("e2m1"), 4).netlist
    with pytest.raises(
        InputError, match=r"backend must be auto or one of native, numpy, torch, dense, cuda, not 'nump'"
    ):
        compile_netlist(netlist, "nump")
    for name in ("numpy", "native"):
        with pytest.raises(InputError, match=f"backend {name} runs on the cpu, not on cuda"):
            compile_netlist(netlist, name, "cuda")
    with pytest.raises(InputError, match="what is compiled must be a Netlist or a Circuit, not int"):
        compile_netlist(3)  # type: ignore[arg-type]


def test_runners_keep_the_protocol() -> None:
    netlist = draft("adder", get_format("e2m1"), 4).netlist
    for name in ("numpy", "native", "auto"):
        runner = compile_netlist(netlist, name)
        assert isinstance(runner, Runner)
        assert runner.planes(np.zeros((9, 1), dtype=np.uint64)).shape == (5, 1)


def test_the_registry_loads_no_compiler() -> None:
    code = "import sys, trix_circuits.run; print([m for m in ('llvmlite', 'numba', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("door", ["", "import trix_circuits.run", "import trix_circuits.api"])
def test_a_circuit_is_compiled_by_whoever_runs_circuits(door: str, tmp_path: Path) -> None:
    certify(draft("adder", get_format("e2m1"), 4)).save(tmp_path / "a.trix")
    code = (
        f"{door}\nfrom trix_circuits.circuit import load\nimport sys\n"
        "try: print(load(sys.argv[1]).compile('numpy').integers({'a': 3, 'b': 4, 'cin': 0})['sum'])\n"
        "except ValueError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.trix")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == (
        "[7]\n" if door else "import trix_circuits.run, which has the backends, to compile a circuit\n"
    )


def test_without_a_compiler_library_the_reference_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    for name in [
        name
        for name in sys.modules
        if name.startswith(("trix_circuits.run.native.native", "trix_circuits.run.native.jit"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("logic", "data_ir"):
        monkeypatch.delitem(sys.modules, f"trix_circuits.run.{name}", raising=False)
    netlist = draft("adder", get_format("e2m1"), 4).netlist

    assert isinstance(compile_netlist(netlist), NumpyRunner)
    with pytest.raises(InputError, match=r"backend native cannot run here: .*llvmlite"):
        get_backend("native")


@pytest.mark.parametrize("name", ["torch", "dense"])
def test_without_torch_one_line_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in [module for module in sys.modules if module.startswith("trix_circuits.run.")]:
        if "torch" in module or "dense" in module:
            monkeypatch.delitem(sys.modules, module)
    with pytest.raises(InputError, match=rf"backend {name} cannot run here: .*torch"):
        get_backend(name)
    assert name in backend_names()
