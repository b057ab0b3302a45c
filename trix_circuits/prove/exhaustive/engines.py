"""The engines by name, and the search for the least row of a shard, which is the same for all of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from math import ceil, log2
from typing import Any, Protocol

from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.prove.exhaustive.by_planes import Planes
from trix_circuits.prove.exhaustive.question import Question
from trix_circuits.prove.exhaustive.rows import Shards, named
from trix_circuits.store import sources

MAX_INPUTS = 40
ENGINES = ("native", "numpy")  # in the order in which "auto" tries them
_NATIVE_A_SECOND = 5 << 29  # operations on vectors of 512 lanes: a low guess, which only shapes shards
_NUMPY_A_SECOND = 1 << 15  # gates on planes of 2^18 lanes
_SHARD_S = 4.0
_SPLIT_S = 0.5  # what takes less is one shard


class Engine(Protocol):
    """Decides cubes of rows: those with given values of some input bits."""

    def find(self, mask: int, values: int) -> int | None:
        """A row of the cube at which the sides differ; None if there is none."""


def version(engine: str) -> str:
    """A hash of the engine's name and of all the code of this package: another version is another engine.

    "unknown" where the code cannot be told (`store.sources`).
    """
    code = sources()
    return "unknown" if code is None else hashlib.blake2b(f"{engine} {code}".encode(), digest_size=16).hexdigest()


def engine_name(name: str) -> str:
    """The engine for a name or "auto"; raises InputError if there is none or it cannot run here."""
    if name not in ("auto", *ENGINES):
        raise InputError(f"engine must be auto or one of {', '.join(ENGINES)}, not {name!r}")
    has_native = find_spec("llvmlite") is not None
    if name == "native" and not has_native:
        raise InputError("engine native cannot run here: llvmlite must be installed")
    return name if name != "auto" else "native" if has_native else "numpy"


@dataclass(frozen=True)
class Task:
    """A question and the engine that is to answer it; `prefix_bits` of each shard, None for as many as suit the work.

    The same task has the same shards everywhere.
    """

    question: Question
    engine: str
    prefix_wanted: int | None = None

    @cached_property
    def key(self) -> str:
        """What an answer is an answer to: the bytes, the engine with its version, and the shards."""
        text = f"{self.question.digest} {self.engine} {version(self.engine)} {self.shards.prefix_bits}"
        return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()

    @cached_property
    def shards(self) -> Shards:
        bits = self.question.problem.input_bits
        if bits > MAX_INPUTS:
            raise LimitError(f"an exhaustive proof takes at most {MAX_INPUTS} input bits, not {bits}")
        if self.prefix_wanted is not None:
            return Shards(bits, self.prefix_wanted)
        if self.seconds < _SPLIT_S:
            return Shards(bits, 0)
        return Shards(bits, min(max(6, ceil(log2(self.seconds / _SHARD_S))), 14, bits))

    @property
    def fits(self) -> bool:
        """Whether the engine can take this question: gates may have too many weights to be lowered."""
        if self.engine == "native" and self.question.problem.input_bits <= MAX_INPUTS:
            try:
                return bool(self._fused)
            except (InputError, LimitError):
                return False
        return True

    @cached_property
    def seconds(self) -> float:
        """A guess at the time on one core."""
        problem = self.question.problem
        if self.engine == "native":
            from trix_circuits.prove.exhaustive.plan import plan

            return plan(self._fused, 0).work / _NATIVE_A_SECOND
        return Planes(problem).work / _NUMPY_A_SECOND

    @cached_property
    def _fused(self) -> Any:
        from trix_circuits.prove.exhaustive.plan import fuse

        return fuse(self.question.problem)

    @cached_property
    def searcher(self) -> Engine:
        """The engine, made ready."""
        if self.engine == "numpy":
            return Planes(self.question.problem, prefix_bits=self.shards.prefix_bits)
        from trix_circuits.prove.exhaustive.kernel import Kernel
        from trix_circuits.prove.exhaustive.plan import plan

        return Kernel(plan(self._fused, self.shards.prefix_bits))

    def least(self, shard: int) -> int | None:
        """The least row of a shard at which the sides differ, confirmed in plain integers; None if there is none.

        Bit after bit, from the highest: can it be 0? If the row in hand has 0 there it can; else the half with 0 is
        searched. The halves together are no more than the shard.
        """
        mask, values = self.shards.cube(shard)
        row = self.searcher.find(mask, values)
        if row is None:
            return None
        for i in range(self.shards.input_bits - self.shards.prefix_bits - 1, -1, -1):
            mask |= 1 << i
            if row >> i & 1:
                lower = self.searcher.find(mask, values)
                if lower is None:
                    values |= 1 << i
                else:
                    row = lower
        if not self.question.problem.differs(row):
            raise LimitError(f"engine {self.engine} says that row {row} differs, which it does not: please report this")
        return row

    def answer(self, shard: int) -> dict[str, Any]:
        """What is found on a shard: the key of the task, the rows, and the least row that differs or None."""
        return {"key": self.key, "shard": shard, "rows": list(self.shards.rows(shard)), "differs": self.least(shard)}


@lru_cache(maxsize=2)
def _task(artefacts: tuple[bytes, ...], engine: str, prefix_bits: int) -> Task:
    return Task(Question(artefacts), engine, prefix_bits)


def run_shard(artefacts: tuple[bytes, ...], engine: str, prefix_bits: int, shard: int) -> dict[str, Any]:
    """`Task.answer`, anywhere: the bytes are read again here. The same arguments give the same answer."""
    return _task(artefacts, engine, prefix_bits).answer(shard)


def refuted(question: Question, row: int) -> RefutedError:
    """The error that shows a row."""
    values = named(question.problem.inputs, row)
    shown = " ".join(f"{name}={value}" for name, value in values.items())
    if len(question.artefacts) == 1 and question.problem.meaning is not None:
        return RefutedError(f"the meaning is not met where {shown}", values)
    return RefutedError(f"the circuits differ where {shown}", values)
