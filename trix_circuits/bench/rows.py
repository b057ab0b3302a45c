"""What a benchmark yields, and how it takes time.

Times are medians over rounds in which every call of a comparison runs once, in one process, so that what else the
machine does falls on all of them alike; a ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Calls = Mapping[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure with its unit; `goal` is what it should reach at least, or at most if `at_most`."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    at_most: bool = False

    @property
    def margin(self) -> float | None:
        """By which factor the goal is met: 1 is just met, below it is missed. None without a goal."""
        if self.goal is None:
            return None
        if self.at_most:
            return self.goal / self.value if self.value else float("inf")
        return self.value / self.goal

    def as_json(self) -> dict[str, Any]:
        margin = None if self.margin is None else round(self.margin, 3)
        found = {"what": self.what, "value": float(f"{self.value:.4g}"), "unit": self.unit}
        return found if self.goal is None else {**found, "goal": self.goal, "at_most": self.at_most, "margin": margin}

    def text(self) -> str:
        line = f"{self.what:<66}{self.value:>9.3g} {self.unit:<16}"
        if self.goal is None or self.margin is None:
            return line.rstrip()
        sign = "<=" if self.at_most else ">="
        return f"{line} {sign} {self.goal:g}: {'met' if self.margin >= 1 else 'missed'}, x {self.margin:.2f}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large: log2 of the lanes of word-wide circuits, rounds, gates of the generated netlist; `quick` for a look."""

    lanes_log2: int = 26
    rounds: int = 5
    gates: int = 200_000
    quick: bool = False


QUICK = Scale(20, 3, 20_000, True)
IN_MEMORY_LOG2 = 24  # from so many lanes on, figures are about memory, as their goals are


def rounds(calls: Calls, count: int, clock: Callable[[], float] = time.perf_counter) -> dict[str, list[float]]:
    """Seconds of each call in each round; a first round warms up and is left out.

    `time.process_time` as the clock suits calls that run on one core: a busy machine stretches it less.
    """
    found: dict[str, list[float]] = {name: [] for name in calls}
    for k in range(count + 1):
        for name, call in calls.items():
            start = clock()
            call()
            if k:
                found[name].append(clock() - start)
    return found


def ratio(found: Mapping[str, list[float]], base: str, name: str) -> float:
    """How many times faster `name` is than `base`."""
    return statistics.median(b / t for b, t in zip(found[base], found[name], strict=True))


def processor_seconds(call: Callable[[], object], count: int) -> float:
    """Median processor time of a call that runs on one core."""
    return statistics.median(rounds({"it": call}, count, time.process_time)["it"])
