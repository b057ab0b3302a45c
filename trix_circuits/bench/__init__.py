"""Benchmarks: how fast the kernels are on this machine, beside the figures that they are built to reach."""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trix_circuits.bench.rows import QUICK, Row, Scale
from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError

_SECTIONS = {
    "start": "once",
    "memory": "once",
    "adders": "adders",
    "straight": "logic",
    "generated": "logic",
    "circuits": "logic",
    "exhaustive": "once",
    "tensors": "tensors",
}
_CACHE = "TRIX_CIRCUITS_CACHE"
SECTIONS = tuple(_SECTIONS)


def sections_here(folder: Path | None) -> tuple[str, ...]:
    """The sections whose needs are met: a folder of circuits, torch."""
    missing = {"circuits"} if folder is None else set()
    if importlib.util.find_spec("torch") is None:
        missing.add("tensors")
    return tuple(name for name in SECTIONS if name not in missing)


def run_sections(names: Iterable[str], scale: Scale, folder: Path | None = None) -> Iterator[tuple[str, Row]]:
    """(section, figure) as they come; `folder` holds the circuits of others.

    Raises InputError for a section that is not known or cannot run here.
    """
    for name in names:
        if name not in _SECTIONS:
            raise InputError(f"a section must be one of {', '.join(SECTIONS)}, not {name!r}")
        function = getattr(_module(_SECTIONS[name]), name)
        if name == "circuits":
            if folder is None:
                raise InputError("section circuits must have a folder of circuits")
            rows = function(scale, folder)
        else:
            rows = function(scale)
        with _own_cache():
            for row in rows:
                yield name, row


@contextmanager
def _own_cache() -> Iterator[None]:
    """Nothing is found compiled already, and nothing of this stays in the user's cache."""
    before = os.environ.get(_CACHE)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[_CACHE] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ[_CACHE]
            else:
                os.environ[_CACHE] = before


def run_circuit(circuit: Circuit, scale: Scale, backends: tuple[str, ...] = ()) -> Iterator[tuple[str, Row]]:
    """The figures of one circuit on the given backends, or on every one that can run here."""
    for row in _module("one").one_circuit(circuit, scale, backends):
        yield "circuit", row


def _module(name: str) -> Any:
    """A module of this package; what it needs may be missing."""
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ImportError as error:
        raise InputError(f"the benchmarks cannot run here: {error}") from None


__all__ = ["QUICK", "SECTIONS", "Row", "Scale", "run_circuit", "run_sections", "sections_here"]
