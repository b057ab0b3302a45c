"""What is kept on disk: files are written whole or not at all, and code is used if it is the user's own and of now."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits import store
from trix_circuits.errors import InputError
from trix_circuits.store import Cache, keep, read_bytes, stored, write

OLD, NEW = b"the old bytes", b"new bytes " * 1000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all caches, and nothing said of it yet."""
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", str(tmp_path / "cache"))
    store._warn.cache_clear()
    return tmp_path / "cache"


def full_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """os.write takes so many bytes in all, then says that the device is full."""
    real, left = os.write, after

    def take(handle: int, data: bytes) -> int:
        nonlocal left
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = real(handle, bytes(data[: min(left, 7)]))
        left -= done
        return done

    monkeypatch.setattr(os, "write", take)


# ---- whole files ----


def test_a_new_file_has_the_mode_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(tmp_path / "a", NEW)
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == NEW == read_bytes(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o444, 0o4711])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    path.chmod(mode)
    write(path, NEW)

    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o7777 == mode


def test_an_existing_file_keeps_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    own, given_to = os.stat, []

    class Other:
        """The file as it is, but of somebody else."""

        def __init__(self, about: os.stat_result) -> None:
            self.st_mode, self.st_nlink, self.st_uid, self.st_gid = about.st_mode, 1, 4321, 1234

    monkeypatch.setattr(Path, "stat", lambda self, **more: Other(own(self, **more)))
    monkeypatch.setattr(os, "fchown", lambda handle, uid, gid: given_to.append((uid, gid)))
    write(path, NEW)
    assert given_to == [(4321, 1234)]

    def refuse(handle: int, uid: int, gid: int) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    before = own(path).st_ino
    monkeypatch.setattr(os, "fchown", refuse)
    write(path, OLD)
    assert path.read_bytes() == OLD
    assert own(path).st_ino == before  # written over: still the file of its owner
    assert os.listdir(tmp_path) == ["a"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "a"
    target.write_bytes(OLD)
    for name, to in (("one", "far/a"), ("two", "one"), ("new", "far/b")):
        (tmp_path / name).symlink_to(to)
    for name in ("one", "two", "new"):
        write(tmp_path / name, name.encode() + NEW)
        assert (tmp_path / name).is_symlink()
    assert target.read_bytes() == b"two" + NEW
    assert not target.is_symlink()
    assert (tmp_path / "far" / "b").read_bytes() == b"new" + NEW
    assert sorted(os.listdir(tmp_path / "far")) == ["a", "b"]
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=r"loop: cannot be written: Too many levels of symbolic links$"):
        write(tmp_path / "loop", NEW)


def test_all_names_of_a_file_stay_its_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(OLD)
    os.link(tmp_path / "a", tmp_path / "b")
    write(tmp_path / "a", b"short")

    assert (tmp_path / "b").read_bytes() == b"short"


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    path, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write(path, NEW)
    reader.join()

    assert got == [NEW]
    assert path.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_terminal_is_written_into() -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        write(name, b"seen")
        assert os.read(master, 100) == b"seen"
        assert Path(name).is_char_device()
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_open_descriptors_are_written_where_they_stand(tmp_path: Path) -> None:
    handle = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, b"before ")
    write(f"/dev/fd/{handle}", b"into ")
    os.write(handle, b"after")
    os.close(handle)
    assert (tmp_path / "log").read_bytes() == b"before into after"
    with pytest.raises(InputError, match=r"^/dev/fd/99999: cannot be written: Bad file descriptor$"):
        write("/dev/fd/99999", b"x")

    code = "from trix_circuits.store import write; print('1'); write('/dev/fd/1', b'2'); write('/proc/self/fd/2', b'3')"
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        subprocess.run([sys.executable, "-c", code], stdout=out, stderr=err, check=True)
    assert (tmp_path / "out").read_bytes() == b"1\n2"
    assert (tmp_path / "err").read_bytes() == b"3"


def test_standard_output_and_error_are_the_descriptors_1_and_2(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[tuple[int, bytes]] = []
    monkeypatch.setattr(store, "_all", lambda handle, data: got.append((handle, data)))
    write("/dev/stdout", b"one")
    write(Path("/dev/stderr"), b"two")
    assert got == [(1, b"one"), (2, b"two")]


def test_a_reader_that_has_gone_is_no_fault_of_the_file() -> None:
    source, target = os.pipe()
    os.close(source)
    with pytest.raises(BrokenPipeError):
        write(f"/dev/fd/{target}", NEW)
    os.close(target)


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        with pytest.raises(InputError, match=r"s: cannot be written: it is no file, pipe or terminal$"):
            write(tmp_path / "s", NEW)
    for name, why in (
        ("folder", "Is a directory"),
        ("none/a", "No such file or directory"),
        ("a\0b", "embedded null byte"),
        ("a" * 300, "File name too long"),
    ):
        with pytest.raises(InputError, match=f": cannot be written: {why}$") as caught:
            write(tmp_path / name, NEW)
        assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["folder", "s"]
    with pytest.raises(InputError, match=r"none: cannot be read: No such file or directory$"):
        read_bytes(tmp_path / "none")
    with pytest.raises(InputError, match=r"cannot be read: embedded null byte$"):
        read_bytes("a\0b")


@pytest.mark.parametrize("names", [1, 2])
@pytest.mark.parametrize("after", [0, 1, 20, 9999])
def test_a_full_device_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: int, after: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    if names == 2:
        os.link(path, tmp_path / "b")
    with monkeypatch.context() as full:
        if names == 1:
            full_disk(full, after)
        else:  # the old bytes have room: they had it before
            real_write, left = os.write, after

            def take(handle: int, data: bytes) -> int:
                nonlocal left
                if bytes(data[:4]) == OLD[:4] or OLD.endswith(bytes(data)):
                    return real_write(handle, data)
                if left <= 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                left -= (done := real_write(handle, bytes(data[: min(left, 4096)])))
                return done

            full.setattr(os, "write", take)
        with pytest.raises(InputError) as caught:
            write(path, NEW)
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == OLD
    assert sorted(os.listdir(tmp_path)) == ["a", "b"][:names]


def test_an_interruption_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(OLD)

    def stop(handle: int, data: bytes) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a", NEW)
    assert (tmp_path / "a").read_bytes() == OLD
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EBUSY])
def test_a_folder_that_takes_no_new_file_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    path = tmp_path / "a"
    path.write_bytes(OLD)
    before = path.stat().st_ino

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(code, os.strerror(code))

    if code == errno.EACCES:
        real = os.open

        def opened(name: Path, flags: int, *more: int) -> int:
            if flags & os.O_CREAT:
                raise OSError(code, os.strerror(code))
            return real(name, flags, *more)

        monkeypatch.setattr(os, "open", opened)
        with pytest.raises(InputError, match="b: cannot be written: Permission denied"):
            write(tmp_path / "b", NEW)
    else:
        monkeypatch.setattr(Path, "replace", refuse)  # as of a file that is mounted by itself
    write(path, NEW)
    assert path.read_bytes() == NEW
    assert path.stat().st_ino == before


# ---- machine code ----


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_kept_comes_back_for_its_key_and_kind_only(data: bytes, key: str) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as scratch:
        patch.setenv("TRIX_CIRCUITS_CACHE", scratch)
        keep("code", key, data)
        assert stored("code", key) == data
        assert stored("code", key + "'") is None
        assert stored("other", key) is None


def entry(folder: Path) -> Path:
    """The one file that is kept."""
    (found,) = (folder / "code").iterdir()
    return found


def test_folders_and_files_are_the_users_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        keep("code", "k", b"data")
    finally:
        os.umask(before)
    for path, mode in ((folder, 0o700), (folder / "code", 0o700), (entry(folder), 0o600)):
        assert path.stat().st_mode & 0o777 == mode, path


def test_damage_and_entries_of_other_keys_are_seen(folder: Path) -> None:
    keep("code", "k", b"data")
    path = entry(folder)
    whole = path.read_bytes()
    for k in range(len(whole)):
        path.write_bytes(whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :])
        assert stored("code", "k") is None
        path.write_bytes(whole[:k])
        assert stored("code", "k") is None
    keep("code", "l", b"other")
    (other,) = set((folder / "code").iterdir()) - {path}
    path.write_bytes(other.read_bytes())
    assert stored("code", "k") is None


FORBIDDEN: dict[str, Callable[[Path], object]] = {
    "group may read the folder": lambda path: path.parent.chmod(0o750),
    "others may enter the folder": lambda path: path.parent.chmod(0o701),
    "others may write above": lambda path: path.parent.parent.chmod(0o777),
    "the group may write above": lambda path: path.parent.parent.chmod(0o770),
    "others may write further up": lambda path: path.parent.parent.parent.chmod(0o707),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_a_folder_that_others_could_have_written_to_is_not_used_and_said_once(
    folder: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    keep("code", "k", b"data")
    FORBIDDEN[what](entry(folder))
    for _ in range(3):
        assert stored("code", "k") is None
        keep("code", "l", b"more")
    entry(folder)  # nothing was added
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("trix-circuits: a cache is not used: ")
    assert "\n" not in record.getMessage()
    assert Cache().path is None or what.split()[-1] == "folder"
    folder.parent.chmod(0o700)


def test_a_sticky_folder_above_is_no_danger(folder: Path) -> None:
    keep("code", "k", b"data")
    folder.chmod(0o1777)
    assert stored("code", "k") == b"data"


def test_a_folder_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keep("code", "k", b"data")
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    assert stored("code", "k") is None
    assert f"{folder / 'code'} must belong to the user" in caplog.text


def test_a_folder_below_one_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keep("code", "k", b"data")
    real = Path.stat

    def of_another(self: Path, **more: bool) -> os.stat_result:
        about = real(self, **more)
        return os.stat_result((*about[:4], 4321, *about[5:])) if self == folder else about

    monkeypatch.setattr(Path, "stat", of_another)
    assert stored("code", "k") is None
    assert f"others must not be able to write to {folder}" in caplog.text


def test_a_link_in_place_of_the_folder_or_of_an_entry_is_not_followed(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep("code", "k", b"data")
    path = entry(folder)
    path.rename(folder / "moved")
    path.symlink_to(folder / "moved")
    assert stored("code", "k") is None
    path.unlink()
    (folder / "moved").rename(path)
    assert stored("code", "k") == b"data"
    (folder / "code").rename(folder / "elsewhere")
    (folder / "code").symlink_to(folder / "elsewhere")
    assert stored("code", "k") is None
    assert f"{folder / 'code'} must be a folder, not a symbolic link" in caplog.text


def test_a_link_to_the_folder_of_all_caches_is_looked_through(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "real")
    keep("code", "k", b"data")
    assert stored("code", "k") == b"data"
    (tmp_path / "real").chmod(0o777)
    assert stored("code", "k") is None


def test_an_entry_that_is_no_plain_file_of_the_user_is_not_read(folder: Path) -> None:
    keep("code", "k", b"data")
    path = entry(folder)
    for mode in (0o620, 0o602):
        path.chmod(mode)
        assert stored("code", "k") is None
    path.unlink()
    os.mkfifo(path)
    assert stored("code", "k") is None  # at once, though nobody writes
    path.unlink()
    path.mkdir()
    assert stored("code", "k") is None


def test_what_is_opened_is_what_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is changed for another between the look at it and the reading: the first one is read."""
    keep("code", "k", b"data")
    lie = folder.parent / "lie"
    shutil.copytree(folder / "code", lie)
    name = entry(folder).name
    full = store._full("k")
    assert full is not None
    (lie / name).write_bytes(store._seal(full, b"lie") + b"lie")
    real = store._not_private

    def swapped(path: Path, handle: int) -> str:
        found = real(path, handle)
        (folder / "code").rename(folder.parent / "gone")
        lie.rename(folder / "code")
        return found

    monkeypatch.setattr(store, "_not_private", swapped)
    assert stored("code", "k") == b"data"


def test_a_cache_that_cannot_be_is_none_and_never_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for where in ("", str(tmp_path / "file"), str(tmp_path / "file" / "below"), str(tmp_path / "loop"), "a\0b"):
        monkeypatch.setattr(os, "environ", {"TRIX_CIRCUITS_CACHE": where})
        keep("code", "k", b"data")
        assert stored("code", "k") is None
        Cache().put({"q": 1}, {"a": 1})
        assert Cache().get({"q": 1}) is None
    assert not caplog.records


def test_a_full_device_is_no_error_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("code", "k", b"data")
    with monkeypatch.context() as full:
        full_disk(full, 20)
        keep("code", "l", b"more")
    assert stored("code", "l") is None
    entry(folder)


def test_the_oldest_entries_go_when_they_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST", 10)
    for k in range(30):
        keep("code", str(k), b"data")
        for path in (folder / "code").iterdir():
            os.utime(path, (0, path.stat().st_mtime - 10))
    assert len(list((folder / "code").iterdir())) <= 10
    assert stored("code", "29") == b"data"
    assert stored("code", "0") is None


def test_solved_functions_are_kept_in_the_folder_that_the_user_names(folder: Path) -> None:
    Cache().put({"q": 1}, {"a": 1})
    assert Cache().path == folder / "solved" / "solved.sqlite3"
    assert Cache().get({"q": 1}) == {"a": 1}
    (folder / "solved").chmod(0o755)
    assert Cache().get({"q": 1}) is None


# ---- which code ----

COPY = """
import sys
from trix_circuits import store
print(store.sources())
if sys.argv[1:] == ["keep"]: store.keep("code", "k", b"data")
print(store.stored("code", "k"))
"""


def package(tmp_path: Path) -> Path:
    """A copy of the package's code and content, for itself."""
    root = Path(store.__file__).resolve().parent.parent
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "trix_circuits", tmp_path / "copy" / "trix_circuits", ignore=ignored)
    shutil.copytree(root / "kernels", tmp_path / "copy" / "kernels", ignore=ignored)
    return tmp_path / "copy"


def ask(root: Path, *arguments: str) -> list[str]:
    """What a fresh process with that package says: the digest of its sources, and what is kept."""
    time.sleep(0.02)  # a change is older than the process that is to see it
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", COPY, *arguments], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_code_is_of_all_sources_wherever_they_are_changed(tmp_path: Path, folder: Path) -> None:
    root = package(tmp_path)
    first = ask(root, "keep")
    assert first[1] == "b'data'"
    assert ask(root) == first
    for name in ("trix_circuits/lower/recipes.py", "trix_circuits/logic/netlist.py", "kernels/lanes.cuh"):
        path = root / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        code, found = ask(root)
        assert (code != first[0], found) == (True, "None"), name
        path.write_bytes(before)
        assert ask(root) == first
    (root / "trix_circuits" / "run" / "new.py").write_text("")
    assert ask(root)[1] == "None"


def test_code_changed_under_a_running_process_is_neither_used_nor_kept(folder: Path, tmp_path: Path) -> None:
    """What is loaded may be older than what the digest is taken of."""
    root = package(tmp_path)
    ask(root, "keep")
    path = root / "trix_circuits" / "lower" / "recipes.py"
    code = (
        "import os, pathlib, trix_circuits.lower.recipes as loaded; from trix_circuits import store\n"
        "path = pathlib.Path(loaded.__file__); path.write_bytes(path.read_bytes() + b'\\n')\n"
        "print(store.sources()); store.keep('code', 'l', b'stale'); print(store.stored('code', 'l'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True, check=True
    )
    assert path.read_bytes().endswith(b"\n\n")
    assert done.stdout.split() == ["None", "None"]
    entry(folder)


def test_native_and_cuda_code_are_kept_by_the_one_mechanism(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trix_circuits.run.native.jit import object_code

    text = "define i64 @f() {\n  ret i64 7\n}\n"
    assert object_code("k", lambda: text, 1)[1] is False
    assert object_code("k", lambda: text, 1)[1] is True
    monkeypatch.setattr(store, "sources", lambda: "other sources")
    assert object_code("k", lambda: text, 1)[1] is False
    monkeypatch.setenv("TRIX_CIRCUITS_CACHE", "")
    assert object_code("k", lambda: text, 1)[1] is False
    assert [path.name for path in folder.iterdir()] == ["native"]


def test_a_command_says_in_one_line_why_it_keeps_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "native").mkdir(parents=True)
    folder.chmod(0o700)
    (folder / "native").chmod(0o755)
    code = (
        "from trix_circuits.run.native.jit import object_code\n"
        "for k in range(3): object_code(str(k), lambda: 'define i64 @f() {\\n  ret i64 7\\n}\\n', 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr == (f"trix-circuits: a cache is not used: {folder / 'native'} must have mode 0700, not 0755\n")
