"""Names of circuits in circuit files: how any text (a path's stem, an expression) becomes one that the checker admits.

A circuit file's names are printed by whoever reads it, so the checker admits short plain ones only (`NAME` and `LONGEST`
in check/file.py: letters, digits, a few signs, single blanks between). What is made here has such names from the start;
buses have stricter ones (`check_bus_name` in netlist.py).
"""

from __future__ import annotations

import re

from trix_circuits.check.file import LONGEST

_OTHER = re.compile(r"[^A-Za-z0-9 _.+=<>()/-]")


def circuit_name(text: str) -> str:
    """The text as the name of a circuit, or of a source: other characters become _; `circuit` if nothing is left."""
    name = " ".join(_OTHER.sub("_", text[:LONGEST]).split())
    return name if re.search("[A-Za-z0-9]", name) else "circuit"
