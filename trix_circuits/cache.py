"""The cache of solved functions: a small SQLite file in the user's cache folder, shared by all processes.

An entry is JSON with a digest. Nothing read from it is believed: a damaged entry counts as missing, and what an entry
says is proven again by whoever asks. A cache that cannot be opened or written is no cache, never an error.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any


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
