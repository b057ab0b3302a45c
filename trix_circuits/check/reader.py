"""The door for foreign files: which kind a source is of is told by its first bytes."""

import re

from .aiger import read_aiger
from .blif import read_blif
from .bristol import read_bristol
from .file import read
from .limits import Work, decoding
from .source import Source


@decoding("the source is malformed")
def read_source(data: bytes, work: Work | None = None) -> Source:
    """Decode AIGER, Bristol, BLIF or a circuit file, whose certificate is not looked at."""
    work = work or Work()
    if data[:4] in (b"aig ", b"aag "):
        return read_aiger(data, work)
    if re.match(rb"\s*\d+[ \t]+\d+[ \t]*\r?\n", data):
        return read_bristol(data, work)
    if data[8:9] != b"{" or int.from_bytes(data[:8], "little") > len(data):
        return read_blif(data, work)
    circuit = read(data, work)
    driven = [
        (f"{name}[{k}]" if len(nets) > 1 else name, 2 * net)
        for name, nets in circuit.outputs
        for k, net in enumerate(nets)
    ]
    return Source(
        [f"{name}[{k}]" if width > 1 else name for name, width in circuit.inputs for k in range(width)],
        driven,
        circuit.gates,
    )
