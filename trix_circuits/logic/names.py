"""Names of circuits in circuit files: a small alphabet, and how any text (a path's stem, a source's name) gets into it.

A circuit file's names are printed by whoever reads it, so the checker admits short plain ones only. What is made here
has such names from the start; buses have stricter ones (`check_bus_name` in netlist.py).
"""

from __future__ import annotations

import re

LONGEST = 200
_OTHER = re.compile(r"[^A-Za-z0-9 _.+/=<>()-]")


def circuit_name(text: str) -> str:
    """The text as the name of a circuit, or of a source: other characters become _; `circuit` if nothing is left."""
    name = _OTHER.sub("_", text[:LONGEST]).strip(" ")
    return name if re.search("[A-Za-z0-9]", name) else "circuit"
