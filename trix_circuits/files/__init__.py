"""Readers of foreign circuits: `read_circuit` in source.py is the door; one module a format stands behind it."""

from __future__ import annotations

from trix_circuits.files.source import KINDS, Foreign, read_bytes_as, read_circuit

__all__ = ["KINDS", "Foreign", "read_bytes_as", "read_circuit"]
