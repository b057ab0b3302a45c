"""The journal of a proof by all rows: which shards are done, so that a killed run goes on where it was.

A file of JSON lines. The first says what the journal is about: the hash of the artefact as stored, the engine and the
hash of its code, the shards, and the key that all of this has (`Task.key`). Each other line is a shard's answer. A line
is written at once, all of it, and is on the disk before it counts. Each line ends in a seal, a hash over the seal of the
line before and its own text: lines that are changed, torn, swapped or taken from another journal are refused, and with
them the journal. What is cut off at the end of a line is merely work that is done again.

The trust that a journal asks for: seals show damage and mistakes, not malice, for they hold no secret. Who can write to
the file and knows this page can forge a record, just as who runs the machine can. So a journal must be a file of the user's
own to which nobody else can write; and rows that are taken from one are told apart from those that were evaluated
(`Evidence.journal_rows`). A row that is said to differ is not believed: it is evaluated again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from trix_circuits.errors import InputError
from trix_circuits.prove.exhaustive.engines import Task, version
from trix_circuits.store import sources

FORMAT = 1
_KIND = "trix-circuits exhaustive proof"


def _seal(before: str, body: str) -> str:
    return hashlib.blake2b(f"{before}\n{body}".encode(), digest_size=16).hexdigest()


class Journal:
    """A journal that is open, and locked against other runs. `done` maps shards to the least row that differs or None."""

    def __init__(self, path: Path, handle: int, task: Task) -> None:
        self.path, self.done = path, dict[int, int | None]()
        self._handle, self._task, self._seal = handle, task, ""

    def _head(self) -> dict[str, Any]:
        question, shards = self._task.question, self._task.shards
        about: dict[str, Any] = {
            "kind": _KIND,
            "format": FORMAT,
            "artefact": question.digest,
            "engine": self._task.engine,
        }
        code = {"code": version(self._task.engine), "key": self._task.key}
        about["meaning"] = list(question.problem.meaning or ())
        return about | code | {"input_bits": shards.input_bits, "prefix_bits": shards.prefix_bits}

    def _read(self, data: bytes) -> None:
        """Take in what is there; raises InputError, naming the line, for what is not sealed or not of this task."""
        if not data:
            self._write(self._head())
            return
        for number, line in enumerate(data.split(b"\n"), 1):
            if not line and number == data.count(b"\n") + 1:
                return
            if number > data.count(b"\n"):
                self._no(f"line {number} is cut short; remove it to go on without it")
            content = self._unsealed(line, number)
            if number == 1:
                self._check_head(content)
            else:
                self._take(content, number)

    def _no(self, what: str) -> NoReturn:
        raise InputError(f"{self.path}: {what}")

    def _unsealed(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            text = line.decode("ascii")
            content, seal = json.loads(text)
            body = text[1 : text.rindex(",")]
        except (ValueError, TypeError, RecursionError):
            content, seal, body = None, None, ""
        if not isinstance(content, dict) or seal != _seal(self._seal, body):
            self._no(f"line {number} must be a sealed record of a journal that follows the line before; it is damaged")
        self._seal = str(seal)
        return content

    def _check_head(self, content: dict[str, Any]) -> None:
        wanted = self._head()
        if content.get("kind") != _KIND or content.get("format") != FORMAT:
            self._no("must be a journal of an exhaustive proof of this format")
        for name, what in (("artefact", "circuit"), ("engine", "engine"), ("code", "version of the engine")):
            if content.get(name) != wanted[name]:
                self._no(f"the journal is of another {what}")
        if content != wanted:
            self._no("the journal is of other shards")

    def _take(self, content: dict[str, Any], number: int) -> None:
        shard, row = content.get("shard"), content.get("differs")
        if type(shard) is not int or not 0 <= shard < self._task.shards.count or shard in self.done:
            self._no(f"line {number} must be about a shard of this proof that no earlier line is about")
        first, stop = self._task.shards.rows(shard)
        known = row is None or (type(row) is int and first <= row < stop)
        if content.get("rows") != [first, stop] or content.get("key") != self._task.key or not known:
            self._no(f"line {number} must be about the rows of shard {shard}, {first} to {stop - 1}")
        if row is not None and not self._task.question.problem.differs(row):
            self._no(f"line {number} says that row {row} differs, which it does not")
        self.done[shard] = row

    def add(self, answer: dict[str, Any]) -> None:
        """Keep a shard's answer for good."""
        self._write(answer)
        self.done[answer["shard"]] = answer["differs"]

    def _write(self, content: dict[str, Any]) -> None:
        body = json.dumps(content)
        self._seal = _seal(self._seal, body)
        line = f'[{body},"{self._seal}"]\n'.encode()
        try:
            if os.write(self._handle, line) != len(line):
                raise OSError("the disk is full")
            os.fsync(self._handle)
        except OSError as error:
            self._no(f"cannot be written: {error.strerror or error}")


@contextmanager
def open_journal(path: str | os.PathLike[str], task: Task) -> Iterator[Journal]:
    """The journal of a task: a new file, or one that exists and is continued. Raises InputError for any other file."""
    place = Path(path)
    if sources() is None:
        raise InputError(
            f"{place}: a journal records the version of the code, whose files must be there, and unchanged since the start"
        )
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o644)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(f"{place}: cannot be opened: {reason or error}") from None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"{place}: a journal must be a file")
        if hasattr(os, "geteuid") and (about.st_uid != os.geteuid() or about.st_mode & 0o022):
            raise InputError(f"{place}: a journal must belong to you, and nobody else must be able to write to it")
        _lock(place, handle)
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read()
        found = Journal(place, handle, task)
        found._read(data)
        yield found
    finally:
        os.close(handle)


def _lock(path: Path, handle: int) -> None:
    """Until the file is closed, even if this process is killed; where the system has no such locks, none."""
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another run is writing to this journal") from None
