"""IR text to machine code in this process, through LLVM; the code is kept on disk and used again.

A stored object (`store.stored`, which sees to the versions of this package) is keyed by what it was made from, the
processor with its features and the version of LLVM: what does not match is compiled anew.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from trix_circuits.store import keep, stored


@cache
def _features() -> dict[str, bool]:
    return dict(llvm.get_host_cpu_features())


@cache
def x86_assembly() -> bool:
    """Whether code may be written as assembly: AVX-512 on x86-64 with the System V calling convention and ELF."""
    return ternary_logic() and sys.platform == "linux" and llvm.get_process_triple().startswith("x86_64")


@cache
def ternary_logic() -> bool:
    """Whether the processor has AVX-512 ternary logic, and the byte and word instructions beside it."""
    found = _features()
    return all(found.get(name, False) for name in ("avx512f", "avx512bw", "avx512dq", "avx512vl"))


def machine(opt: int) -> Any:
    """LLVM's target machine for this processor, at its full vector width; a new one, for an engine takes it over."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    features = llvm.get_host_cpu_features().flatten()
    if ternary_logic():
        features += ",-prefer-256-bit"
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=opt, reloc="pic", codemodel="default", jit=True
    )


@cache
def _processor() -> str:
    """What a stored object depends on, beside what it was made from and the code that made it: processor and LLVM."""
    parts = (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return "|".join((*parts, llvmlite.__version__, str(llvm.llvm_version_info)))


def stored_code(key: str, opt: int) -> bytes | None:
    """The object file for a key if it is stored and whole."""
    return stored("native", f"{key}|{opt}|{_processor()}")


def object_code(key: str, text: Callable[[], str], opt: int) -> tuple[bytes, bool]:
    """The object file for a key, whose IR `text` gives if it is not stored; and whether it was stored."""
    found = stored_code(key, opt)
    if found is not None:
        return found, True
    tuned = machine(opt)
    module = llvm.parse_assembly(text())
    module.triple = llvm.get_process_triple()
    module.data_layout = str(tuned.target_data)
    data: bytes = tuned.emit_object(module)
    keep("native", f"{key}|{opt}|{_processor()}", data)
    return data, False


class Code:
    """Loaded object code; addresses of its functions live as long as this."""

    def __init__(self, objects: Sequence[bytes]) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        empty = llvm.parse_assembly("")
        self._engine = llvm.create_mcjit_compiler(empty, machine(1))
        for data in objects:
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        found: int = self._engine.get_function_address(name)
        return found

    def table(self, function: str, length: int) -> list[int]:
        """So many words at the address that a function gives."""
        start = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.address(function))()
        return list((ctypes.c_int64 * length).from_address(start))
