"""Own worker processes that may be killed: a shard whose worker ended is done again by a new one.

The standard pool breaks when one of its processes dies, and its work is lost with it. Here each of a few threads keeps
one process, gives it a shard at a time as a line of text, and starts another if it ends before it has answered. A shard
at which three processes ended in a row is given up: then it is the shard.
"""

from __future__ import annotations

import base64
import json
import queue
import subprocess
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from trix_circuits.errors import LimitError
from trix_circuits.prove.exhaustive.engines import Task

TRIES = 3


class Workers:
    """So many processes that work on the shards of one task, in the order in which they are given."""

    def __init__(self, task: Task, jobs: int) -> None:
        artefacts = [base64.b64encode(data).decode() for data in task.question.artefacts]
        head = {"artefacts": artefacts, "engine": task.engine, "prefix_bits": task.shards.prefix_bits}
        self._head = json.dumps(head) + "\n"
        self._waiting: queue.Queue[tuple[int, Future[dict[str, Any]]] | None] = queue.Queue()
        self._closed = False
        self._lock = threading.Lock()
        self._processes: dict[int, subprocess.Popen[str]] = {}
        self._threads = [threading.Thread(target=self._serve, args=(k,), daemon=True) for k in range(jobs)]
        for thread in self._threads:
            thread.start()

    @property
    def process_ids(self) -> list[int]:
        """The processes at work."""
        with self._lock:
            return [process.pid for process in self._processes.values()]

    def submit(self, shard: int) -> Future[dict[str, Any]]:
        future: Future[dict[str, Any]] = Future()
        self._waiting.put((shard, future))
        return future

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        with self._lock:
            self._closed = True
            for process in self._processes.values():
                process.kill()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, number: int) -> None:
        while (found := self._waiting.get()) is not None:
            shard, future = found
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._answer(number, shard))
            except Exception as error:
                future.set_exception(error)
        self._end(number)

    def _answer(self, number: int, shard: int) -> dict[str, Any]:
        for _ in range(TRIES):
            process = self._process(number)
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write(f"{shard}\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = ""
            if line.endswith("\n"):
                answer: dict[str, Any] = json.loads(line)
                if "error" in answer:
                    raise LimitError(f"shard {shard}: {answer['error']}")
                return answer
            self._end(number)
        raise LimitError(f"shard {shard}: {TRIES} worker processes ended without an answer")

    def _process(self, number: int) -> subprocess.Popen[str]:
        with self._lock:
            if self._closed:
                raise LimitError("the workers are closed")
            if number in self._processes:
                return self._processes[number]
            command = [sys.executable, "-m", "trix_circuits.prove.exhaustive.worker"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self._processes[number] = process
        assert process.stdin is not None
        with suppress(OSError):  # if it ended already, the next read shows it
            process.stdin.write(self._head)
            process.stdin.flush()
        return process

    def _end(self, number: int) -> None:
        with self._lock:
            process = self._processes.pop(number, None)
        if process is not None:
            process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            process.wait()
