"""Proof by all rows, for circuits of up to 40 input bits: against a meaning, or against another circuit.

Two engines decide cubes of rows: `native`, one kernel of machine code (`plan`, `kernel`), and `numpy`, the reference
(`by_planes`), which is there when llvmlite is not. The rows are split into shards by their highest bits. Shards are
worked on here, by own processes (`workers`) or by any `concurrent.futures` executor, on bytes that each worker reads
again; a journal keeps what is done. The result is the set of rows that were covered, and it is checked to be all of them.

This is a second opinion: it shares no evaluation code with the checker, and leaves no trace in a certificate above 24
inputs, for the checker could not go through so many rows itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

from trix_circuits.circuit import Claim
from trix_circuits.errors import LimitError, TrixCircuitsError
from trix_circuits.logic.frozen import frozen, only_here
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.exhaustive.engines import ENGINES, MAX_INPUTS, Task, engine_name, refuted, run_shard, version
from trix_circuits.prove.exhaustive.journal import Journal, open_journal
from trix_circuits.prove.exhaustive.question import Question
from trix_circuits.prove.exhaustive.rows import RowSet, Shards
from trix_circuits.prove.exhaustive.workers import Workers

Progress = Callable[[int, int], None]
T = TypeVar("T")
SPLIT_S = 3.0  # work from which other processes pay, which take half a second to start
WINDOW, SENT_BYTES = 256, 1 << 26  # of shards that an executor has at a time: at most so many, and so many bytes


@only_here
@dataclass(frozen=True)
class Evidence:
    """The exact set of rows at which both sides were evaluated and found equal; it is all rows, or there is no Evidence.

    `shards` says into which prefixes the rows were split. This is a statement of who ran the engine: unlike a
    certificate, it can be confirmed only by doing the work again. `journal_rows` of the rows were not evaluated in this
    run: a journal says that they were, by this engine, in an earlier one.
    """

    question: str
    engine: str
    code: str
    inputs: Mapping[str, int]
    shards: Shards
    covered: RowSet
    journal_rows: int = 0

    def __post_init__(self) -> None:
        if not self.covered.is_all(self.shards.input_bits):
            raise LimitError(f"only {self.covered.size} of {1 << self.shards.input_bits} rows were covered")

    @property
    def rows(self) -> int:
        """How many rows these are, 2^input_bits."""
        return self.covered.size

    def as_json(self) -> dict[str, Any]:
        statement = "at each of these rows both sides were evaluated and found equal; no checker vouches for it"
        if self.journal_rows:
            statement += f"; for {self.journal_rows} of them, a journal of earlier runs says so"
        return {
            "statement": statement,
            "artefact": self.question,
            "engine": {"name": self.engine, "code": self.code},
            "row": {"bits": self.shards.input_bits, "inputs": [[name, width] for name, width in self.inputs.items()]},
            "intervals": [list(interval) for interval in self.covered.intervals],
            "rows": self.rows,
            "journal_rows": self.journal_rows,
            "shards": {"prefix_bits": self.shards.prefix_bits, "count": self.shards.count},
        }


def prove_exhaustively(
    netlist: Netlist,
    meaning: Sequence[str],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    engine: str = "auto",
    journal_path: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    prefix_bits: int | None = None,
) -> Evidence:
    """Evaluate a netlist and its meaning at every row; `decide` says what the options do.

    Raises RefutedError with the least row at which the meaning is not met, LimitError above 40 input bits.
    """
    if netlist.input_bits > MAX_INPUTS:
        raise LimitError(f"an exhaustive proof takes at most {MAX_INPUTS} input bits, not {netlist.input_bits}")
    question = Question((Claim("circuit", netlist, tuple(meaning), {}).to_bytes(),))
    options: dict[str, Any] = {"jobs": jobs, "progress": progress, "engine": engine, "journal_path": journal_path}
    return decide(question, executor=executor, prefix_bits=prefix_bits, **options)


def decide(
    question: Question,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    engine: str = "auto",
    journal_path: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    prefix_bits: int | None = None,
) -> Evidence:
    """All rows of a question.

    `jobs` own processes work on it (default: one for each core), if it takes long enough that they pay; with
    `executor`, that does the work: shards are sent to it a window at a time, may be run more than once, and their
    answers come back in any order. `journal_path` names a journal that is begun or continued. `prefix_bits` sets
    the number of shards, 2^prefix_bits. `progress` is called with the shards done and all shards.

    Raises RefutedError with the least row that differs, LimitError if workers are lost, InputError if a journal is of
    something else or damaged.
    """
    task = Task(question, engine_name(engine), prefix_bits)
    if engine == "auto" and not task.fits:
        task = Task(question, "numpy", prefix_bits)
    problem, shards = question.problem, task.shards
    jobs = min(jobs or os.cpu_count() or 1, shards.count)
    with ExitStack() as stack:
        book = stack.enter_context(open_journal(journal_path, task)) if journal_path is not None else None
        done = _Done(task, book, progress)
        if executor is not None:
            sent = (question.artefacts, task.engine, shards.prefix_bits)
            size = sum(map(len, question.artefacts))
            window = min(WINDOW, max(16, SENT_BYTES // size))
            _all(done, lambda shard: executor.submit(run_shard, *sent, shard), window)
        elif jobs > 1 and task.seconds > SPLIT_S:
            workers = Workers(task, jobs)
            stack.callback(workers.close)
            _all(done, workers.submit, 2 * jobs)
        else:
            while (shard := done.next()) is not None:
                done.take(shard, task.answer(shard))
    if done.least is not None:
        row = done.answers[done.least]
        assert row is not None
        raise refuted(question, row)
    covered = RowSet.union(shards.rows(shard) for shard in done.answers)
    return Evidence(
        question.digest, task.engine, version(task.engine), frozen(problem.inputs), shards, covered, done.from_journal
    )


class _Done:
    """What is known: answers by shard. The first shard that differs ends the search above it, and only there."""

    def __init__(self, task: Task, book: Journal | None, progress: Progress | None) -> None:
        self.task, self.book, self.progress = task, book, progress
        self.answers: dict[int, int | None] = dict(book.done) if book else {}
        self.from_journal = sum(stop - first for first, stop in map(task.shards.rows, self.answers))
        self.least: int | None = min((shard for shard, row in self.answers.items() if row is not None), default=None)
        self._next = 0
        if self.answers:
            self._report()

    def next(self) -> int | None:
        """The next shard to work on, lowest first; None if no other can matter."""
        while self._next in self.answers:
            self._next += 1
        stop = self.task.shards.count if self.least is None else self.least
        if self._next >= stop:
            return None
        self._next += 1
        return self._next - 1

    def take(self, shard: int, answer: dict[str, Any]) -> None:
        """Note a shard's answer. A worker that understood another task is not believed."""
        row, rows = answer.get("differs"), self.task.shards.rows(shard)
        if answer.get("key") != self.task.key or answer.get("shard") != shard or answer.get("rows") != list(rows):
            raise LimitError("a worker answered another question: it must run the same version of trix-circuits")
        if row is not None and not (rows[0] <= row < rows[1] and self.task.question.problem.differs(row)):
            raise LimitError(f"a worker says that row {row} differs, which it does not")
        if shard in self.answers:
            return
        if self.book is not None:
            self.book.add(answer)
        self.answers[shard] = row
        if row is not None:
            self.least = shard if self.least is None else min(shard, self.least)
        self._report()

    def _report(self) -> None:
        if self.progress is not None:
            self.progress(len(self.answers), self.task.shards.count)


def _all(done: _Done, submit: Callable[[int], Future[dict[str, Any]]], window: int) -> None:
    """Work on all shards that matter, a window of them at a time; a future is let go of as soon as it has answered."""
    running: dict[Future[dict[str, Any]], int] = {}
    try:
        while True:
            while len(running) < window and (shard := done.next()) is not None:
                running[_guarded(lambda shard=shard: submit(shard), done)] = shard  # type: ignore[misc]
            if not any(done.least is None or shard < done.least for shard in running.values()):
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                shard = running.pop(future)
                done.take(shard, _guarded(future.result, done))
    finally:
        for future in running:
            future.cancel()


def _guarded(call: Callable[[], T], done: _Done) -> T:
    """What a call to an executor gives; its failures as LimitError."""
    try:
        return call()
    except TrixCircuitsError:
        raise
    except (Exception, CancelledError) as error:
        kept = f"; the journal has {len(done.answers)} shards: run it again to go on" if done.book else ""
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        raise LimitError(f"the executor failed after {len(done.answers)} shards: {what:.200}{kept}") from None


__all__ = ["ENGINES", "MAX_INPUTS", "Evidence", "Question", "RowSet", "Shards", "decide", "prove_exhaustively"]
