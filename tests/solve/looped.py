"""A loop to be compiled."""

from __future__ import annotations

from trix_circuits.solve.loops import compiled


@compiled
def total(count: int) -> int:
    """The sum of the numbers below one."""
    found = 0
    for number in range(count):
        found += number
    return found
