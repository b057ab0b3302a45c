"""Forms for people and other tools: pictures, testbenches. `KINDS` goes on where the table of files/kinds.py ends."""

from __future__ import annotations

from trix_circuits.files.kinds import Kind

KINDS: tuple[Kind, ...] = (
    Kind(
        name="dot",
        title="a picture, weights on the edges",
        suffixes=(".dot",),
        write="emit.dot:write",
        confirm="emit.dot:confirm_picture",
        gates=True,
    ),
)
