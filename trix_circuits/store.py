"""What is kept on disk: whole files, machine code, and the cache of solved functions.

**Files.** `write` never leaves a part of a file where a whole one stood, and never replaces what is not a regular file:
links are followed, pipes and terminals are written into.

**Caches** are folders, one a kind, in the folder that `TRIX_CIRCUITS_CACHE` names (nowhere if that is empty), else in the
user's cache folder. A cache that cannot be opened, made or written is no cache, never an error. Each folder must be the
user's own: it belongs to who runs this, with mode 0700, and no folder above it can be written by others (unless it is
sticky, as /tmp is). Else it is not used, and a warning of one line says so.

*Machine code* (`stored`, `keep`) is run as it is found. So what is opened is looked at once it is open, and nothing can
change in between; the seal of an entry shows damage, not malice, for which there is the rule above. And it must be of this
very code: in the key of each entry is a digest over all source files of this package (`sources`), for all of them can
shape what is generated, and the versions of Python and NumPy. Who keeps code adds what else counts: the processor, LLVM,
NVRTC, the driver. There is no list of files to be kept up, so none can be forgotten.

*Solved functions* are in a small SQLite file, shared by all processes. Nothing read from it is believed: a damaged entry
counts as missing, and what an entry says is proven again by whoever asks.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import shutil
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trix_circuits.errors import InputError

MOST = 4000  # entries of a kind
_DIGEST = 32
_PACKAGE = Path(__file__).resolve().parent
_STARTED = time.time()
_BINARY = getattr(os, "O_BINARY", 0)
_DESCRIPTOR = re.compile(r"/dev/fd/(\d{1,9})|/proc/self/fd/(\d{1,9})|/dev/(stdout)|/dev/(stderr)")
_log = logging.getLogger("trix_circuits")


# ---- whole files ----


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file; raises InputError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"{os.fspath(path)}: cannot be read: {_reason(error)}") from None


def write(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, all or nothing; raises InputError if it cannot be written, and then an old file is as it was.

    A symbolic link is followed. An existing file keeps its mode and owner. A pipe, a terminal or another character device
    is written into, and so is what `/dev/stdout` and `/dev/fd/N` stand for.
    """
    try:
        _write(Path(path), data)
    except BrokenPipeError:
        raise  # the reader has gone: no fault of the file
    except (OSError, ValueError) as error:
        raise InputError(f"{os.fspath(path)}: cannot be written: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _write(path: Path, data: bytes) -> None:
    if found := _DESCRIPTOR.fullmatch(os.fspath(path)):
        if sys.stdout is not None:
            sys.stdout.flush()  # what was printed comes first
        number = found[1] or found[2]
        _all(int(number) if number else 1 if found[3] else 2, data)
        return
    try:
        old = path.stat()
    except FileNotFoundError:
        old = None
    if old is None or stat.S_ISREG(old.st_mode):
        _replace(Path(os.path.realpath(path)), data, old)
    elif stat.S_ISFIFO(old.st_mode) or stat.S_ISCHR(old.st_mode):
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
        try:
            _all(handle, data)
        finally:
            os.close(handle)
    else:
        code = errno.EISDIR if stat.S_ISDIR(old.st_mode) else errno.EINVAL
        raise OSError(code, "Is a directory" if code == errno.EISDIR else "it is no file, pipe or terminal")


def _all(handle: int, data: bytes) -> None:
    """Write all of it, however little is taken at a time."""
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]


def _replace(target: Path, data: bytes, old: os.stat_result | None) -> None:
    """Write a new file beside the target and put it in its place, with the mode and the owner of the old one.

    Where that cannot be (a folder that takes no new files, a file of another owner, with several names, or mounted by
    itself), the old file is written over, and its bytes are put back if that fails.
    """
    if old is not None and old.st_nlink > 1:
        return _overwrite(target, data)
    name = target.parent / f".{secrets.token_hex(8)}.part"
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666 if old is None else 0o600)
    except PermissionError:
        if old is None:
            raise
        return _overwrite(target, data)
    try:
        try:
            _all(handle, data)
            if old is not None:
                made = os.fstat(handle)
                if hasattr(os, "fchown") and (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid):
                    os.fchown(handle, old.st_uid, old.st_gid)
                name.chmod(stat.S_IMODE(old.st_mode))  # after the owner, whose change may take mode bits away
        finally:
            os.close(handle)
        name.replace(target)
    except BaseException as error:
        name.unlink(missing_ok=True)
        kept = isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EBUSY)
        if not kept or old is None:
            raise
        _overwrite(target, data)


def _overwrite(target: Path, data: bytes) -> None:
    """Write over a file, which stays the same file; if that fails, its old bytes are put back."""
    handle = os.open(target, os.O_RDWR | _BINARY)
    try:
        with os.fdopen(os.dup(handle), "rb") as file:
            before = file.read()
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            _all(handle, data)
            os.ftruncate(handle, len(data))
        except BaseException:
            os.lseek(handle, 0, os.SEEK_SET)
            _all(handle, before)
            os.ftruncate(handle, len(before))
            raise
    finally:
        os.close(handle)


# ---- machine code ----


def _root() -> Path | None:
    """The folder of all caches; None if there is to be none."""
    given = os.environ.get("TRIX_CIRCUITS_CACHE")
    if given is not None:
        return Path(given).absolute() if given else None
    from platformdirs import user_cache_path

    found = user_cache_path("trix-circuits")
    return found if found.is_absolute() else None  # who has no home has no cache


@cache
def sources() -> str | None:
    """A digest over the source files of this package and its kernels: what any code that it generates may depend on.

    None if that cannot be told: there are no files, or one was changed after this process began, so that what is loaded
    may be older than what is read here.
    """
    from trix_circuits.share import folder

    found = hashlib.blake2b(digest_size=20)
    try:
        places = [(_PACKAGE, path) for path in sorted(_PACKAGE.rglob("*.py"))]
        count = len(places)
        kernels = folder("kernels")
        places += [(kernels, path) for path in sorted(kernels.rglob("*")) if path.is_file()]
        for base, path in places:
            if path.stat().st_ctime > _STARTED:
                return None
            data = path.read_bytes()
            found.update(f"{path.relative_to(base)} {len(data)} ".encode() + data)
    except OSError:
        return None
    return found.hexdigest() if count else None


def _full(key: str) -> str | None:
    """A key with all in it that any generated code depends on; None if that cannot be told."""
    import numpy as np

    code = sources()
    return code and "|".join((key, code, sys.version, platform.machine(), f"numpy {np.__version__}"))


@contextmanager
def _private(kind: str) -> Iterator[tuple[Path, int] | None]:
    """The folder of a kind, made if it is not there, and an open handle of it; None unless it is the user's own."""
    found = None
    try:
        root = _root()
        if root is not None and hasattr(os, "geteuid"):  # elsewhere nothing here can tell whose a folder is
            path = Path(os.path.realpath(root)) / kind
            _make(path)
            if path.is_symlink():
                _warn(f"{path} must be a folder, not a symbolic link")
            else:
                found = path, os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError):
        pass
    try:
        problem = _not_private(*found) if found is not None else ""
        if problem:
            _warn(problem)
        yield None if problem else found
    finally:
        if found is not None:
            os.close(found[1])


def code_folder(kind: str, key: str) -> Path | None:
    """A folder of the user's own for compiled code of these very sources; None if there can be none.

    For compilers that keep their own files. Folders of other sources are removed when a new one is made.
    """
    full = _full(key)
    with _private(kind) as place:
        if place is None or full is None:
            return None
        path = place[0] / _file_name(full)
        try:
            if not path.is_dir():
                for old in place[0].iterdir():
                    shutil.rmtree(old, ignore_errors=True)
                path.mkdir(mode=0o700)
            probe = path / f".{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError:
            return None
        return path


def _make(path: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone."""
    for part in (*reversed(path.parents), path):
        with suppress(FileExistsError):
            if not part.is_dir():
                part.mkdir(mode=0o700)


def _not_private(path: Path, handle: int) -> str:
    """Why others could have put something into a folder; empty if they could not. `path` has no symbolic links."""
    own, about = os.geteuid(), os.fstat(handle)
    if about.st_uid != own:
        return f"{path} must belong to the user"
    if about.st_mode & 0o077:
        return f"{path} must have mode 0700, not {stat.S_IMODE(about.st_mode):04o}"
    for above in path.parents:
        about = above.stat()
        if about.st_uid not in (own, 0) or (about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX):
            return f"others must not be able to write to {above}"
    return ""


@cache
def _warn(problem: str) -> None:
    """Say once why a cache is not used."""
    _log.warning("trix-circuits: a cache is not used: %s", problem)


def _seal(key: str, data: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + b"\0" + data, digest_size=_DIGEST).digest()


def _file_name(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=20).hexdigest()


def stored(kind: str, key: str) -> bytes | None:
    """What was kept for a key by this very version of the package, if it is there, whole, and the user's own."""
    full = _full(key)
    if full is None:
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with _private(kind) as folder:
        if folder is None:
            return None
        try:
            handle = os.open(_file_name(full), flags, dir_fd=folder[1])
        except OSError:
            return None
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or about.st_uid != os.geteuid() or about.st_mode & 0o022:
                return None
            with os.fdopen(os.dup(handle), "rb") as file:
                raw = file.read()
        except OSError:
            return None
        finally:
            os.close(handle)
    return raw[_DIGEST:] if raw[:_DIGEST] == _seal(full, raw[_DIGEST:]) else None


def keep(kind: str, key: str, data: bytes) -> None:
    """Keep bytes for a key, all or nothing; does nothing where that cannot be."""
    full = _full(key)
    if full is None:
        return
    with _private(kind) as folder, suppress(OSError):
        if folder is None:
            return
        name = f".{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(name, flags, 0o600, dir_fd=folder[1])
        try:
            try:
                _all(handle, _seal(full, data) + data)
            finally:
                os.close(handle)
            os.rename(name, _file_name(full), src_dir_fd=folder[1], dst_dir_fd=folder[1])
            _forget(folder[1])
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder[1])
            raise


def _forget(folder: int) -> None:
    """Remove the oldest quarter of the entries if they are too many: those of earlier versions are never asked for."""
    names = os.listdir(folder)
    if len(names) > MOST:
        ages = {}
        for name in names:
            with suppress(OSError):
                ages[name] = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime_ns
        for name in sorted(ages, key=lambda name: ages[name])[: len(names) // 4]:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)


# ---- solved functions ----


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
    """Maps questions (JSON objects) to answers (JSON objects), in a file of its own or in the user's."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is None:
            with _private("solved") as folder:
                self.path = folder[0] / "solved.sqlite3" if folder is not None else None

    def _open(self) -> sqlite3.Connection:
        if self.path is None:
            raise FileNotFoundError("there is no cache")
        _make(self.path.parent)
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
        except (sqlite3.Error, OSError, ValueError, TypeError, RecursionError):
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
                if attempt or isinstance(error, sqlite3.OperationalError) or self.path is None:
                    return
                try:
                    self.path.unlink(missing_ok=True)
                except OSError:
                    return
            except (sqlite3.Error, OSError, ValueError):
                return
