"""Compiled code on disk: each file carries a digest over its key and its bytes, so that what is damaged counts as missing.

The folder is the user's own cache folder; `TRIX_CIRCUITS_CACHE` names another one, and an empty value switches the
cache off. A cache that cannot be written is no cache, never an error.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_DIGEST = 32


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
