"""Synthesizable Verilog by way of Yosys: an extra, in a process of its own, never believed beyond what it hands over.

Yosys (Wolf, "Yosys Open SYnthesis Suite", 2013; here as `pyosys`) turns the design into AIGER; that AIG is what is
mapped and proven from here on. An error of Yosys ends its process, so it has one of its own, with limits of time and
memory (solvers/yosys_rtl.py).
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from trix_circuits.errors import InputError, LimitError, quoted
from trix_circuits.files.checked import read_checked
from trix_circuits.files.reading import MissingToolError, Reading
from trix_circuits.files.verilog.text import source_text
from trix_circuits.share import folder as content

TIMEOUT_S = 300.0
MEMORY_BYTES = 6 << 30
_NOTE = "Yosys made the AIG that is mapped and proven; the way from the Verilog text to it is not proven here, and x is taken as 0"


def read_rtl(data: bytes, name: str, top: str | None, folder: Path | None, timeout_s: float = TIMEOUT_S) -> Reading:
    """The circuit of Verilog text; `folder` is where `include finds files. Raises InputError with what Yosys says."""
    _check_paths(source_text(data))
    if importlib.util.find_spec("pyosys") is None:
        raise MissingToolError("RTL is read by Yosys, which is an extra: pip install 'trix-circuits[rtl]'")
    with tempfile.TemporaryDirectory(prefix="trix-circuits-") as place:
        design, result = Path(place, "design.sv"), Path(place, "design.aig")
        design.write_bytes(data)
        if folder is not None:
            Path(place, "include").symlink_to(folder.resolve(), target_is_directory=True)
        request = {"folder": place, "top": top, "memory_bytes": MEMORY_BYTES}
        try:
            done = subprocess.run(
                [sys.executable, str(content("solvers") / "yosys_rtl.py")],
                input=json.dumps(request).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                cwd=place,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise LimitError(f"Yosys did not end within {timeout_s:g} s") from None
        if done.returncode != 0 or not result.is_file():
            raise _failure(done.stdout.decode("ascii", "replace"), done.returncode, place)
        return Reading(read_checked(result.read_bytes(), name).aig, (_NOTE,))


def _check_paths(text: str) -> None:
    """Refuse a path such as u.t beside the escaped name \\u.t: to Yosys both are one wire."""
    escaped_names = {match[1] for match in _WORDS.finditer(text) if match[1] and "." in match[1]}
    if not escaped_names:
        return
    for match in _WORDS.finditer(text):
        path = re.sub(r"\s", "", match[2] or "")
        if path in escaped_names:
            line = text.count("\n", 0, match.start()) + 1
            raise InputError(
                f"line {line}: {quoted(path)} could be the path into an instance or the net of that escaped name:"
                " rename the net"
            )


# Comments and strings, which say nothing; escaped names; names with a path.
_WORDS = re.compile(
    r"//[^\n]*+|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*+\"|\\([!-~]++)"
    r"|([A-Za-z_][\w$]*+(?:\s*+\.\s*+[A-Za-z_][\w$]*+)++)",
    re.ASCII | re.DOTALL,
)


def _failure(log: str, status: int, place: str) -> InputError | LimitError:
    """The one line of a log that says why."""
    lines = [line.replace(f"{place}/", "") for line in log.splitlines() if line.strip()]
    for line in lines:
        if line.startswith("refused: "):
            return InputError(line[len("refused: ") :][:300])
    for line in lines:
        if "bad_alloc" in line or "MemoryError" in line:
            return LimitError(f"Yosys needed more than {MEMORY_BYTES >> 30} GB")
    told = [line for line in lines if "ERROR:" in line] or lines[-1:] or [f"it ended with status {status}"]
    return InputError(f"Yosys: {told[0].replace('ERROR: ', '')}"[:300])
