"""Talking to a solver program: a process of its own, JSON lines in and out, never believed.

A process can be stopped at its deadline, may crash without harm, and keeps heavy imports out of this one.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from trix_circuits.errors import InputError, TrixCircuitsError
from trix_circuits.share import folder

ENGINES = {"cpsat": "cpsat.py", "z3": "z3_smt.py", "smt": "smt.py", "cadical": "cadical.py"}
_GRACE_S = 20.0  # a solver may overrun its own limit by the start of the process and one presolve


class SolverError(TrixCircuitsError):
    """A solver program broke or spoke nonsense: a fault of the installation, not of the input."""

    exit_status = 3


class SolverProcess:
    """One running solver program; use it in a `with` block. It is started at the first question."""

    def __init__(self, engine: str) -> None:
        if engine not in ENGINES:
            raise InputError(f"engine must be one of cpsat, z3, not {engine!r}")
        self.engine = engine
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._count = 0

    def __enter__(self) -> SolverProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """The answer to one request; status "gave-up" if the deadline passes, after which the process is stopped."""
        if self._process is None:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
            command = [sys.executable, str(folder("solvers") / ENGINES[self.engine])]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
            )
            self._buffer = b""
        self._count += 1
        line = json.dumps({"id": self._count, "timeout_s": timeout_s, **request}).encode() + b"\n"
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._broken() from None
        raw = self._read_line(time.monotonic() + timeout_s + _GRACE_S)
        if raw is None:
            self.close()
            return {"status": "gave-up", "gates": [], "optimal": False}
        try:
            answer = json.loads(raw)
        except ValueError:
            raise SolverError(f"solver {self.engine}: answered no JSON") from None
        if not isinstance(answer, dict) or answer.get("id") != self._count:
            raise SolverError(f"solver {self.engine}: answered another question")
        if answer.get("status") == "error":
            raise SolverError(f"solver {self.engine}: {answer.get('message')}")
        return answer

    def _read_line(self, deadline: float) -> bytes | None:
        assert self._process is not None and self._process.stdout is not None
        stream = self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                part = os.read(stream.fileno(), 1 << 16)
                if not part:
                    raise self._broken()
                self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _broken(self) -> SolverError:
        assert self._process is not None
        self._process.kill()
        _, errors = self._process.communicate()
        self._process = None
        last = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        return SolverError(f"solver {self.engine}: the process ended: {last[0][:200]}")
