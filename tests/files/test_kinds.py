"""The one table of kinds: what it says is so, and whoever goes through it sees every format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.files.writers import WRITERS, Logic
from trix_circuits import check
from trix_circuits.cli import run
from trix_circuits.errors import InputError
from trix_circuits.export import WRITABLE, export_circuit
from trix_circuits.files import KINDS, READABLE, Kind, read_bytes_as, read_circuit
from trix_circuits.files.kinds import checker_reads, named
from trix_circuits.files.source import _looks_like
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder

LOGIC = Logic(2, (("xor", 0, 1), ("and", 0, 1)), (2, 3))


def by_name(kind: Kind) -> str:
    return kind.name


@pytest.mark.parametrize("kind", [*KINDS, *WRITABLE], ids=by_name)
def test_a_record_holds_together(kind: Kind) -> None:
    assert kind.read or kind.write
    assert callable(kind.confirmer())
    if kind.read:
        assert callable(kind.reader())
    if kind.write:
        assert callable(kind.writer()) and kind.suffixes
    if kind.write and not kind.read:  # it is read back somehow: as another kind, or by what it says beside a function
        assert kind.confirm or named(kind.reads_as, READABLE)
    assert (named(kind.beyond, READABLE) is not None) == bool(kind.beyond)
    assert not kind.vouched or kind.read
    assert set(kind.takes) <= {"top", "folder"}
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in kind.suffixes)


def test_names_and_endings_tell_kinds_apart() -> None:
    names = [kind.name for kind in (*KINDS, *(kind for kind in WRITABLE if kind not in KINDS))]
    assert len(set(names)) == len(names)
    endings = [suffix for kind in READABLE for suffix in kind.suffixes]
    assert len(set(endings)) == len(endings)
    assert not any(a != b and a.endswith(b) for a in endings for b in endings)
    assert checker_reads() == "AIGER, BLIF, Bristol Fashion"


def test_a_format_is_one_module_of_this_folder() -> None:
    """Reader and writer of one format stand in one module, or in one folder."""
    homes: dict[str, set[str]] = {}
    for kind in KINDS:
        for place in (kind.read, kind.write, kind.confirm):
            if place:
                module = place.partition(":")[0].split(".")
                homes.setdefault(kind.reads_as or kind.name, set()).add(".".join(module[:2]))
    homes["verilog"] |= homes.pop("rtl")
    assert all(len(modules) == 1 for modules in homes.values()), homes


@pytest.mark.parametrize(("name", "writer"), WRITERS, ids=[writer.__name__ for _, writer in WRITERS])
def test_a_file_looks_like_its_kind_or_like_none(name: str, writer: object) -> None:
    data = writer(LOGIC).encode()  # type: ignore[operator]
    for before in (b"", b"\n \n", b"# a comment\n\n", b"// a comment\n"):
        found = _looks_like(before + data)
        assert found is named(name) or (found is None and name in ("table", "trix"))


@pytest.mark.parametrize("kind", WRITABLE, ids=by_name)
def test_what_is_written_looks_like_its_kind_and_the_checker_reads_what_it_vouches_for(
    kind: Kind, tmp_path: Path
) -> None:
    builder = Builder(get_format("e2m1"), {"a": 2})
    netlist = builder.finish({"y": [builder.gate([0, 1], [1, 1], -2)]})
    data = (tmp_path / "it").read_bytes() if export_circuit(netlist, kind.name, tmp_path / "it") else b""
    reader = named(kind.reads_as or kind.name)
    if reader is None:
        return
    assert _looks_like(data) is reader
    found = read_bytes_as(reader.name, data, "it")
    assert [found.aig.evaluate(row) for row in range(4)] == [0, 0, 0, 1]
    assert found.vouched == reader.vouched
    if reader.vouched:
        assert len(check.read_source(data).inputs) == 2
    else:
        assert found.data[:4] == b"aig "


def test_a_file_that_speaks_for_another_kind_says_so(tmp_path: Path) -> None:
    for name, writer in WRITERS:
        text = writer(LOGIC)
        (tmp_path / "x.bench").write_text(text)
        if name in ("bench", "table"):
            continue
        with pytest.raises(InputError, match=f"; it looks like {name}$"):
            read_circuit(tmp_path / "x.bench")


@pytest.mark.parametrize("verb", ["compile", "export"])
def test_help_has_every_kind(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for kind in READABLE if verb == "compile" else WRITABLE:
        wanted = f"{kind.title} ({' '.join(kind.suffixes)})" if verb == "compile" else f"{kind.name} {kind.title}"
        assert wanted in text or not kind.suffixes
    assert re.search("Example: trix-circuits", text)
