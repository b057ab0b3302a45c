"""How a program's logic is run on a tile: straight-line code, chunks of it, or an interpreter; and the tile's shape."""

from __future__ import annotations

from dataclasses import dataclass

from trix_circuits.backends import logic_ir
from trix_circuits.backends.ir import VECTOR_BYTES
from trix_circuits.backends.jit import Code, object_code, ternary_logic
from trix_circuits.lower.program import LaneProgram

_TILE_BYTES = 1 << 18
_OPT = 1


@dataclass
class Logic:
    """Tiles have `rows` rows of `per_tile` vectors, `pitch` bytes apart; `function` gives the code to call now."""

    rows: int
    per_tile: int
    pitch: int
    code: Code
    entry: int

    def function(self) -> tuple[int, int]:
        """Address of the code, and of what it needs."""
        return self.entry, 0


def tile_shape(rows: int, per_tile: int | None = None) -> tuple[int, int]:
    """(vectors a tile, bytes a row): 8 to 32 vectors; a row is one vector longer, so that rows do not collide in cache."""
    per = per_tile or max(8, min(32, _TILE_BYTES // (VECTOR_BYTES * max(1, rows)) // 8 * 8))
    return per, (per + 1) * VECTOR_BYTES


def make_logic(program: LaneProgram, per_tile: int | None = None) -> Logic:
    rows = max(1, program.input_bits + program.output_bits)
    per, pitch = tile_shape(rows, per_tile)
    ternary = ternary_logic()
    data, _ = object_code(
        f"straight {program.digest} {pitch}",
        lambda: (logic_ir.DECLARATION if ternary else "") + logic_ir.straight(program, "logic", ternary, pitch),
        _OPT,
    )
    code = Code([data])
    return Logic(rows, per, pitch, code, code.address("logic"))
