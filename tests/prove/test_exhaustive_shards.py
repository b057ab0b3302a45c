"""Shards, journal and workers: what is killed is done again, what is kept is sealed, what is forged is refused."""

from __future__ import annotations

import concurrent.futures as cf
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trix_circuits.api import build
from trix_circuits.circuit import Circuit, Claim
from trix_circuits.cli import run
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.prove import exhaustive
from trix_circuits.prove.exhaustive import Question, decide
from trix_circuits.prove.exhaustive.engines import Task, run_shard
from trix_circuits.prove.exhaustive.journal import open_journal
from trix_circuits.prove.exhaustive.rows import named
from trix_circuits.prove.exhaustive.workers import Workers

BITS = 5  # of prefixes: 32 shards


@pytest.fixture(scope="module")
def adder() -> Circuit:
    return build("adder", bits=10)


@pytest.fixture(scope="module")
def slow() -> Circuit:
    """A circuit whose rows take numpy some seconds."""
    return build("adder", bits=13)


def wrong_from(circuit: Circuit) -> tuple[Question, int]:
    """The circuit made wrong in one row of a shard in the middle, and that row."""
    row = (13 << 16) + 12345
    inputs = dict(circuit.netlist.inputs)
    meaning = f"sum = a + b + cin + (a == {row & 1023} if b == {row >> 10 & 1023} else 0) * (1 - cin)"
    assert inputs == {"a": 10, "b": 10, "cin": 1} and row < 1 << 20
    return Question((Claim("wrong", circuit.netlist, (meaning,), {}).to_bytes(),)), row


def test_a_journal_is_continued_and_only_what_it_lacks_is_done(adder: Circuit, tmp_path: Path) -> None:
    question, path = Question((adder.data,)), tmp_path / "journal"
    first: list[tuple[int, int]] = []

    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        first.append((done, total))
        if done == 20:
            raise Enough

    with pytest.raises(Enough):
        decide(question, journal_path=path, prefix_bits=BITS, jobs=1, progress=stop)
    assert first[-1] == (20, 32)
    assert len(path.read_text().splitlines()) == 21
    seen: list[tuple[int, int]] = []
    evidence = decide(question, journal_path=path, prefix_bits=BITS, jobs=1, progress=lambda *now: seen.append(now))
    assert (seen[0], len(seen), seen[-1]) == ((20, 32), 13, (32, 32))
    assert evidence.covered.is_all(21)
    before = path.read_bytes()
    assert decide(question, journal_path=path, prefix_bits=BITS).rows == 1 << 21
    assert path.read_bytes() == before


def test_rows_of_a_journal_are_told_apart_from_those_that_were_evaluated(
    adder: Circuit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adder.save(tmp_path / "a.trix")
    path, question = tmp_path / "journal", Question((adder.data,))
    command = ["prove", str(tmp_path / "a.trix"), "--exhaustive", "--journal", str(path)]
    evidence = decide(question, journal_path=path, prefix_bits=0, jobs=1)
    assert evidence.journal_rows == 0
    assert "journal" not in evidence.as_json()["statement"]
    assert run(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].strip() == (
        f"{1 << 21} of these rows were not evaluated in this run: {path} says that engine native,"
        f" version {evidence.code}, found them equal in an earlier one"
    )
    assert run([*command, "--json"]) == 0
    covered = json.loads(capsys.readouterr().out)["covered"]
    assert covered["journal_rows"] == covered["rows"] == 1 << 21
    assert covered["statement"].endswith(f"for {1 << 21} of them, a journal of earlier runs says so")


def test_a_journal_that_others_can_write_is_not_believed(
    adder: Circuit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, question = tmp_path / "journal", Question((adder.data,))
    before = os.umask(0o002)
    try:
        decide(question, journal_path=path, prefix_bits=2)
    finally:
        os.umask(before)
    assert not path.stat().st_mode & 0o022
    for mode in (0o664, 0o646):
        path.chmod(mode)
        with pytest.raises(
            InputError, match="a journal must belong to you, and nobody else must be able to write to it"
        ):
            decide(question, journal_path=path, prefix_bits=2)
    path.chmod(0o600)
    assert decide(question, journal_path=path, prefix_bits=2).journal_rows == 1 << 21
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(InputError, match="a journal must belong to you"):
        decide(question, journal_path=path, prefix_bits=2)


def test_a_journal_is_a_file_and_knows_its_code(
    adder: Circuit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe: a journal must be a file"):
        decide(Question((adder.data,)), journal_path=tmp_path / "pipe", prefix_bits=2)
    monkeypatch.setattr("trix_circuits.prove.exhaustive.journal.sources", lambda: None)
    with pytest.raises(InputError, match="a journal records the version of the code"):
        decide(Question((adder.data,)), journal_path=tmp_path / "journal", prefix_bits=2)
    assert not (tmp_path / "journal").exists()


def test_a_journal_keeps_a_row_that_differs(adder: Circuit, tmp_path: Path) -> None:
    question, row = wrong_from(adder)
    for _ in range(2):
        with pytest.raises(RefutedError) as caught:
            decide(question, journal_path=tmp_path / "journal", prefix_bits=BITS, jobs=1)
        assert caught.value.counterexample == named(question.problem.inputs, row)
    lines = (tmp_path / "journal").read_text().splitlines()
    assert [json.loads(line)[0]["differs"] for line in lines[1:]] == [None] * (row >> 16) + [row]


def lies(lines: list[str]) -> dict[str, list[str]]:
    """Journals that must be refused."""
    forged = lines[5].replace('"shard": 4', '"shard": 31')
    nulled = lines[5].replace('"differs": null', '"differs": 5')
    return {
        "a line changed": [*lines[:5], forged, *lines[6:]],
        "another result": [*lines[:5], nulled, *lines[6:]],
        "a line left out": [*lines[:5], *lines[6:]],
        "two lines swapped": [*lines[:5], lines[6], lines[5], *lines[7:]],
        "a line twice": [*lines, lines[-1]],
        "no head": lines[1:],
        "no JSON": [*lines[:3], "hello"],
        "not a record": [*lines[:3], "[1, 2, 3]"],
        "an empty line": [*lines[:3], "", *lines[3:]],
        "not text": [*lines[:3], "\u00e9\u0000"],
        "nested": ["[" * 100_000],
    }


@pytest.mark.parametrize("what", list(lies([""] * 10)))
def test_a_damaged_journal_is_refused_in_one_line(
    adder: Circuit, tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path, question = tmp_path / "journal", Question((adder.data,))
    decide(question, journal_path=path, prefix_bits=BITS, jobs=1)
    lines = lies(path.read_text().splitlines())[what]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=r"journal: line \d+ must be a sealed record") as caught:
        decide(question, journal_path=path, prefix_bits=BITS)
    assert "\n" not in str(caught.value)


def test_no_byte_of_a_journal_can_change_unseen(adder: Circuit, tmp_path: Path) -> None:
    path, question = tmp_path / "journal", Question((adder.data,))
    decide(question, journal_path=path, prefix_bits=2, jobs=1)
    data, rng = path.read_bytes(), random.Random(0)
    for _ in range(120):
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
        with pytest.raises(InputError, match=r"journal: "):
            decide(question, journal_path=path, prefix_bits=2)


def test_a_journal_cut_off_inside_a_line_is_refused_and_after_a_line_is_done_again(
    adder: Circuit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adder.save(tmp_path / "a.trix")
    path, question = tmp_path / "journal", Question((adder.data,))
    decide(question, journal_path=path, prefix_bits=2, jobs=1)
    data = path.read_bytes()
    ends = [k + 1 for k in range(len(data) - 1) if data[k : k + 1] == b"\n"]
    for size in sorted({*ends, *(end + 1 for end in ends), *range(1, len(data), 17)}):
        path.write_bytes(data[:size])
        if data[size - 1 : size] == b"\n":
            assert decide(question, journal_path=path, prefix_bits=2, jobs=1).rows == 1 << 21
        else:
            with pytest.raises(InputError, match=r"journal: line \d is cut short; remove it to go on without it"):
                decide(question, journal_path=path, prefix_bits=2)
    path.write_bytes(data[:-3])
    assert run(["prove", str(tmp_path / "a.trix"), "--exhaustive", "--journal", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_journal_belongs_to_one_circuit_engine_and_split(adder: Circuit, tmp_path: Path) -> None:
    path, question = tmp_path / "journal", Question((adder.data,))
    decide(question, journal_path=path, prefix_bits=2)
    with pytest.raises(InputError, match="journal: the journal is of another circuit"):
        decide(Question((build("adder", bits=9).data,)), journal_path=path, prefix_bits=2)
    with pytest.raises(InputError, match="journal: the journal is of another circuit"):
        decide(Question((adder.data, adder.data)), journal_path=path, prefix_bits=2)
    with pytest.raises(InputError, match="journal: the journal is of another engine"):
        decide(question, journal_path=path, prefix_bits=2, engine="numpy")
    with pytest.raises(InputError, match="journal: the journal is of other shards"):
        decide(question, journal_path=path, prefix_bits=3)
    with pytest.raises(InputError, match="cannot be opened: Is a directory"):
        decide(question, journal_path=tmp_path)
    with pytest.raises(InputError, match="cannot be opened: No such file or directory"):
        decide(question, journal_path=tmp_path / "no" / "journal")


def test_a_journal_of_another_version_of_the_engine_is_refused(
    adder: Circuit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    decide(Question((adder.data,)), journal_path=path, prefix_bits=2)
    for module in ("engines", "journal"):
        monkeypatch.setattr(f"trix_circuits.prove.exhaustive.{module}.version", lambda engine: "another")
    with pytest.raises(InputError, match="journal: the journal is of another version of the engine"):
        decide(Question((adder.data,)), journal_path=path, prefix_bits=2)


def test_a_forged_difference_is_not_believed_even_if_it_is_sealed(adder: Circuit, tmp_path: Path) -> None:
    question, path = Question((adder.data,)), tmp_path / "journal"
    task = Task(question, "native", 2)
    with open_journal(path, task) as book:
        book.add({**task.answer(0), "differs": 7})
    with pytest.raises(InputError, match="line 2 says that row 7 differs, which it does not"):
        decide(question, journal_path=path, prefix_bits=2)
    path.unlink()
    with open_journal(path, task) as book:
        book.add({**task.answer(0), "rows": [0, 1 << 21]})
    with pytest.raises(InputError, match="line 2 must be about the rows of shard 0, 0 to 524287"):
        decide(question, journal_path=path, prefix_bits=2)
    path.unlink()
    with open_journal(path, task) as book:
        book.add(task.answer(1))
        book.add(task.answer(1))
    with pytest.raises(InputError, match="line 3 must be about a shard of this proof that no earlier line is about"):
        decide(question, journal_path=path, prefix_bits=2)


def test_two_runs_do_not_write_to_one_journal(adder: Circuit, tmp_path: Path) -> None:
    task = Task(Question((adder.data,)), "native", 2)
    refused = pytest.raises(InputError, match="another run is writing to this journal")
    with open_journal(tmp_path / "journal", task), refused:
        decide(task.question, journal_path=tmp_path / "journal", prefix_bits=2)
    assert decide(task.question, journal_path=tmp_path / "journal", prefix_bits=2).rows == 1 << 21


def test_workers_that_are_killed_lose_nothing(slow: Circuit, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Workers] = []
    real = Workers.__init__

    def note(self: Workers, task: Task, jobs: int) -> None:
        real(self, task, jobs)
        made.append(self)

    monkeypatch.setattr(Workers, "__init__", note)
    monkeypatch.setattr(exhaustive, "SPLIT_S", 0.0)
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if done % 8 == 3:
            victim = made[0].process_ids[0]
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    evidence = decide(Question((slow.data,)), engine="numpy", jobs=2, prefix_bits=BITS, progress=kill)
    assert evidence.covered.is_all(27)
    assert len(killed) == len(set(killed)) == 4
    assert made[0].process_ids == []


def test_a_shard_that_ends_its_workers_is_given_up(adder: Circuit, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(Task(Question((adder.data,)), "native", 2), 1)
    stop = threading.Event()

    def hunt() -> None:
        while not stop.is_set():
            for process in workers.process_ids:
                os.kill(process, signal.SIGKILL)
            time.sleep(0.01)

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        with pytest.raises(LimitError, match="shard 1: 3 worker processes ended without an answer"):
            workers.submit(1).result(timeout=60)
    finally:
        stop.set()
        hunter.join()
        workers.close()


RUN = """
import sys
from trix_circuits.prove import exhaustive
exhaustive.SPLIT_S = 0.0
question = exhaustive.Question((open(sys.argv[1], "rb").read(),))
show = lambda done, total: print(done, total, flush=True)
found = exhaustive.decide(question, engine="numpy", jobs=2, prefix_bits=5, journal_path=sys.argv[2], progress=show)
print(found.covered.intervals, flush=True)
"""


def test_a_run_that_is_killed_goes_on_where_its_journal_ends(slow: Circuit, tmp_path: Path) -> None:
    slow.save(tmp_path / "a.trix")
    command = [sys.executable, "-c", RUN, str(tmp_path / "a.trix"), str(tmp_path / "journal")]
    counts = []
    for stop in (5, 6):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(stop)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        counts.append(int(lines[-1].split()[0]))
    kept = len((tmp_path / "journal").read_text().splitlines()) - 1
    assert counts[0] == 5
    assert kept >= counts[1] >= 10
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    lines = done.stdout.splitlines()
    assert lines[0] == f"{kept} 32"
    assert len(lines) == 32 - kept + 2
    assert lines[-1] == f"((0, {1 << 27}),)"


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_any_executor_works_on_shards(adder: Circuit, kind: str) -> None:
    context = multiprocessing.get_context("spawn")
    executor: cf.Executor = (
        cf.ThreadPoolExecutor(1) if kind == "threads" else cf.ProcessPoolExecutor(2, mp_context=context)
    )
    with executor:
        assert decide(Question((adder.data,)), executor=executor, prefix_bits=BITS).rows == 1 << 21
        question, row = wrong_from(adder)
        with pytest.raises(RefutedError) as caught:
            decide(question, executor=executor, prefix_bits=BITS)
        assert caught.value.counterexample == named(question.problem.inputs, row)


class Odd(cf.Executor):
    """Answers by a function of the real answer, in reversed order."""

    def __init__(self, change: Callable[[dict[str, Any]], Any]) -> None:
        self.change = change
        self.seen: list[int] = []

    def submit(self, call: Any, /, *arguments: Any, **options: Any) -> cf.Future[Any]:
        future: cf.Future[Any] = cf.Future()
        self.seen.append(arguments[-1])
        try:
            future.set_result(self.change(call(*arguments, **options)))
        except Exception as error:
            future.set_exception(error)
        return future


def test_an_executor_that_answers_another_question_is_not_believed(adder: Circuit) -> None:
    question = Question((adder.data,))
    other = Question((build("adder", bits=9).data,))

    def broken(answer: dict[str, Any]) -> Any:
        raise ValueError("no memory")

    def done(**changes: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda answer: {**answer, **changes}

    for change, message in (
        (done(key=Task(other, "native", 2).key), "a worker answered another question"),
        (done(shard=0), "a worker answered another question"),
        (done(rows=[0, 1]), "a worker answered another question"),
        (done(differs=0), "a worker says that row 0 differs, which it does not"),
        (broken, "the executor failed after 0 shards: ValueError: no memory"),
    ):
        with pytest.raises(LimitError, match=message):
            decide(question, executor=Odd(change), prefix_bits=2)


def test_an_executor_whose_process_is_killed_leaves_a_journal_to_go_on_from(slow: Circuit, tmp_path: Path) -> None:
    path, question = tmp_path / "journal", Question((slow.data,))
    context = multiprocessing.get_context("spawn")
    with cf.ProcessPoolExecutor(1, mp_context=context) as executor:
        victim = executor.submit(os.getpid).result()

        def kill(done: int, total: int) -> None:
            if done == 4:
                os.kill(victim, signal.SIGKILL)

        message = "the executor failed after . shards: BrokenProcessPool: .*; the journal has . shards: run it again"
        with pytest.raises(LimitError, match=message):
            decide(question, engine="numpy", executor=executor, prefix_bits=BITS, journal_path=path, progress=kill)
    seen: list[int] = []
    decide(question, engine="numpy", prefix_bits=BITS, jobs=1, journal_path=path,
           progress=lambda done, total: seen.append(done))  # fmt: skip
    assert 4 <= seen[0] < seen[-1] == 32


def test_the_first_shard_that_differs_ends_the_search_above_it_and_only_there(adder: Circuit) -> None:
    question, row = wrong_from(adder)
    executor = Odd(lambda answer: answer)
    with pytest.raises(RefutedError) as caught:
        decide(question, executor=executor, prefix_bits=10)
    assert caught.value.counterexample == named(question.problem.inputs, row)
    assert row >> 11 <= max(executor.seen) <= (row >> 11) + exhaustive.WINDOW < 1 << 10


def test_a_shard_can_be_worked_on_anywhere_from_bytes_alone(adder: Circuit) -> None:
    task = Task(Question((adder.data,)), "native", BITS)
    assert run_shard((adder.data,), "native", BITS, 3) == task.answer(3)
    assert task.answer(3) == {"key": task.key, "shard": 3, "rows": [3 << 16, 4 << 16], "differs": None}
    with pytest.raises(InputError):
        run_shard((adder.data[:-1],), "native", BITS, 3)


def test_a_dask_cluster_does_it_even_if_a_worker_is_killed(
    slow: Circuit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    distributed = pytest.importorskip("distributed")
    from trix_circuits.prove.exhaustive.machines import dask

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**options) as cluster:
        path = tmp_path / "journal"
        with dask(cluster.scheduler_address) as executor:
            victim = executor.submit(os.getpid).result()

            def kill(done: int, total: int) -> None:
                if done == 6:
                    os.kill(victim, signal.SIGKILL)

            evidence = decide(Question((slow.data,)), engine="numpy", executor=executor, prefix_bits=BITS,
                              journal_path=path, progress=kill)  # fmt: skip
        assert evidence.covered.is_all(27)
        assert len(path.read_text().splitlines()) == 33
        slow.save(tmp_path / "a.trix")
        arguments = ["prove", str(tmp_path / "a.trix"), "--exhaustive", "--dask", cluster.scheduler_address]
        assert run(arguments) == 0
        assert "134217728 rows (2^27)" in capsys.readouterr().out


def test_dask_that_is_not_there_is_said_in_one_line(
    adder: Circuit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    adder.save(tmp_path / "a.trix")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["prove", str(tmp_path / "a.trix"), "--exhaustive", "--dask", "tcp://127.0.0.1:9"]) == 2
    assert capsys.readouterr().err.strip().endswith("pip install 'trix-circuits[dask]'")
