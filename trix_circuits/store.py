"""Files and caches: reading and writing whole files, compiled code on disk, and the cache of solved functions.

The last is a small SQLite file in the user's cache folder, shared by all processes.

An entry is JSON with a digest. Nothing read from it is believed: a damaged entry counts as missing, and what an entry
says is proven again by whoever asks. A cache that cannot be opened or written is no cache, never an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trix_circuits.errors import InputError

_DIGEST = 32


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it; raises InputError if it cannot be written."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            umask = os.umask(0)
            os.umask(umask)
            Path(name).chmod(0o666 & ~umask)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file; raises InputError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{os.fspath(path)}: cannot be read: {error.strerror or error}") from None


def cache_folder(kind: str) -> Path | None:
    """Where code of a kind is kept; None if nowhere."""
    given = os.environ.get("TRIX_CIRCUITS_CACHE")
    if given is not None:
        return Path(given) / kind if given else None
    from platformdirs import user_cache_path

    return user_cache_path("trix-circuits") / kind


def file_name(key: str) -> str:
    """A name for the file of a key, without its ending."""
    return hashlib.blake2b(key.encode(), digest_size=20).hexdigest()


def _seal(key: str, data: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + b"\0" + data, digest_size=_DIGEST).digest()


def stored(path: Path, key: str) -> bytes | None:
    """What was kept there for this key, if it is there and whole."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    return raw[_DIGEST:] if raw[:_DIGEST] == _seal(key, raw[_DIGEST:]) else None


def keep(path: Path, key: str, data: bytes) -> None:
    """Write all or nothing."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_seal(key, data) + data)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def solver_version(engine: str) -> str:
    """The version of the library behind an engine; part of every key."""
    package = {"cpsat": "ortools", "z3": "z3-solver"}.get(engine, engine)
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


class Cache:
    """Maps questions (JSON objects) to answers (JSON objects)."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            from platformdirs import user_cache_path

            path = user_cache_path("trix-circuits") / "solved.sqlite3"
        self.path = path

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=10)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS solved (key TEXT PRIMARY KEY, answer TEXT, digest TEXT)")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def get(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        """The stored answer, or None if there is none or it is damaged."""
        key = _digest(json.dumps(question, sort_keys=True))
        try:
            with closing(self._open()) as connection:
                row = connection.execute("SELECT answer, digest FROM solved WHERE key = ?", (key,)).fetchone()
            if row is None or _digest(key + row[0]) != row[1]:
                return None
            answer = json.loads(row[0])
        except (sqlite3.Error, OSError, ValueError, TypeError):
            return None
        return answer if isinstance(answer, dict) else None

    def put(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Store an answer, all or nothing; a file that is no database is replaced."""
        key = _digest(json.dumps(question, sort_keys=True))
        text = json.dumps(answer, sort_keys=True)
        for attempt in range(2):
            try:
                with closing(self._open()) as connection, connection:
                    row = (key, text, _digest(key + text))
                    connection.execute("INSERT OR REPLACE INTO solved VALUES (?, ?, ?)", row)
                return
            except sqlite3.DatabaseError as error:
                if attempt or isinstance(error, sqlite3.OperationalError):
                    return
                try:
                    self.path.unlink(missing_ok=True)
                except OSError:
                    return
            except OSError:
                return
