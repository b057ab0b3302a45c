"""Files of circuits, in and out: `KINDS` in kinds.py is the one table, and one module a format stands behind it.

`read_circuit` in source.py is the door in; the door out is trix_circuits/export.py, for it has to prove what it wrote.
"""

from __future__ import annotations

from trix_circuits.files.kinds import KINDS, Kind
from trix_circuits.files.source import READABLE, Foreign, read_bytes_as, read_circuit

__all__ = ["KINDS", "READABLE", "Foreign", "Kind", "read_bytes_as", "read_circuit"]
