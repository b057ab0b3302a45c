"""What strangers write (names in files, names of files) is never able to speak for us.

Whatever a file is called and whatever stands in it: both streams hold lines of printable ASCII only, no line but the
true one begins with a verdict, there is no traceback, and the status is one of those that the manual has.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trix_circuits.cli
from trix_circuits import check
from trix_circuits.check.file import LONGEST, NAME
from trix_circuits.cli import run
from trix_circuits.cli.common import say
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError, escaped, quoted, shown
from trix_circuits.evidence.prover import certify
from trix_circuits.files import READABLE
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.names import circuit_name

HOSTILE = [
    "x\nACCEPTED  other.trix: adder64, 128 e2m1 gates", "ACCEPTED  other.trix: adder64", "\x1b[2K\x1b[1A\x1b[8mx", "x\r\nPROVEN  y",
    "\u202egpj.x", "\u2028ACCEPTED", "b.ö x\n", "\udcff\udc80", "\x85ACCEPTED", "`$(x)`", "[red]x[/red]", "%s{0}{x}", "'\"", "*/ x", "\x7f\x08",
    "x" * 120, "EQUAL", "\x1cACCEPTED", "\x9b2J",
]  # fmt: skip
VERDICTS = ("ACCEPTED", "REFUSED", "PROVEN", "EQUAL")


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def adder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "adder2.trix"
    certify(draft("adder", get_format("e2m1"), 2)).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def named(folder: Path, name: str, suffix: str) -> Path:
    """A path whose last part is that name, as far as a file system can have it."""
    return folder / (name.replace("/", "_").replace("\0", "_") + suffix)


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> int:
    """Run a command line, with and without --json, and see that it says only what it may; the status."""
    statuses = []
    for more in ((), ("--json",)):
        capsys.readouterr()
        statuses.append(run([*map(str, arguments), *more]))
        out, err = capsys.readouterr()
        for stream in (out, err):
            assert stream.isascii() and stream.replace("\n", "").isprintable(), stream
            assert "Traceback" not in stream
        lines = [*out.split("\n"), *err.split("\n")]
        verdicts = [line for line in lines if line.startswith(VERDICTS)]
        assert len(verdicts) == (1 if statuses[-1] == 0 and arguments[0] in ("check", "prove") and not more else 0), (
            verdicts
        )
        assert all(f" {shown(str(arguments[1]))}" in line for line in verdicts)
        assert err == "" or re.fullmatch("trix-circuits: [^\n]+\n", err)
        if more:
            assert isinstance(json.loads(out), dict) and out.count("\n") == 1
    assert statuses[0] == statuses[1] and statuses[0] in (0, 1, 2, 3, 4)
    return statuses[0]


@pytest.mark.parametrize("name", HOSTILE[:8], ids=ascii)
def test_no_path_speaks_for_us(name: str, adder: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here, missing, out = (
        named(folder, name, ".trix"),
        named(folder, name + "-no", ".trix"),
        named(folder, name, ".out.trix"),
    )
    shutil.copy(adder, here)
    blif = named(folder, name, ".blif")
    blif.write_text(".model m\n.inputs a b\n.outputs y\n.names a b y\n11 1\n.end\n")
    rows = named(folder, name, ".csv")
    rows.write_text("a,b\n1,2\n")
    assert said(capsys, "check", here) == 0
    assert said(capsys, "show", here) == 0
    assert said(capsys, "prove", here) == 0
    assert said(capsys, "prove", here, "--exhaustive", "-o", named(folder, name, ".statement")) == 0
    assert said(capsys, "run", here, "a=1", "b=2") == 0
    assert said(capsys, "run", here, "--input", rows, "--output", named(folder, name, ".o.csv")) == 0
    assert (
        said(
            capsys,
            "export",
            here,
            "--to",
            "verilog",
            "-o",
            named(folder, name, ".v"),
            "--testbench",
            named(folder, name, "_tb.v"),
        )
        == 0
    )
    assert said(capsys, "export", here, "--emit-miter", named(folder, name, ".cnf")) == 0
    assert said(capsys, "compile", blif, "-o", out) == 0
    assert said(capsys, "check", out, "--source", blif) == 0
    assert said(capsys, "show", out) == 0
    assert said(capsys, "prove", blif, out, "-o", named(folder, name, ".equal.trix")) == 0
    assert said(capsys, "check", named(folder, name, ".equal.trix")) == 0
    for arguments in (
        ("check", missing), ("show", missing), ("prove", missing), ("prove", missing, here), ("run", missing, "a=1"), ("export", missing, "--emit-miter", "x"),
        ("bench", missing), ("compile", missing, "-o", out), ("compile", name, "-o", out), ("build", name, "--bits", "2"), ("synth", name), ("run", here, name),
        ("run", here, f"{name}=1", "b=1"), ("run", here, f"a={name}"), ("build", missing.with_suffix(".toml")), ("export", here, "--to", name, "-o", "x"),
        ("compile", blif, "-o", out, "--top", name), ("compile", blif, "-o", out, "--format", name), ("compile", blif, "-o", out, "--at", name),
        ("prove", "--all-widths", name), ("prove", here, blif), ("run", here, "--input", missing, "--output", "x.csv"), (name,), ("check", here, "--source", missing),
        ("check", here, "--source", blif), ("check", blif), ("atoms", "--format", name), ("bench", "--only", name), ("run", here, "a=1", "b=1", "--backend", name),
    ):  # fmt: skip
        assert said(capsys, *arguments) in (1, 2), arguments


def resealed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """A circuit file with another description, as anyone can make it."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    about = json.loads(header["__metadata__"]["trix_circuits"])
    change(about)
    about["digest"] = "0" * 64
    header["__metadata__"]["trix_circuits"] = json.dumps(about, ensure_ascii=True)
    text = json.dumps(header, ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    blank = len(text).to_bytes(8, "little") + text + data[8 + size :]
    return blank.replace(b"0" * 64, hashlib.blake2b(blank, digest_size=32).hexdigest().encode())


CHANGES: dict[str, Callable[[str], Callable[[dict[str, Any]], None]]] = {
    "name": lambda text: lambda about: about.update(name=text),
    "format": lambda text: lambda about: about["format"].update(name=text),
    "unit": lambda text: lambda about: about["format"].update(name="mine", unit=text),
    "bus": lambda text: lambda about: about["inputs"][0].__setitem__(0, text),
    "default": lambda text: lambda about: about.update(defaults={text: 0}),
    "origin": lambda text: lambda about: about.update(origin={text: text}),
    "meaning": lambda text: lambda about: about.update(meaning=[text]),
    "sources": lambda text: lambda about: about.update(sources=[text]),
    "a dictionary of sources": lambda text: lambda about: about.update(sources={text: 1}),
    "a list for a name": lambda text: lambda about: about.update(name=[text]),
    "key": lambda text: lambda about: about.update({text: text}),
}


@pytest.mark.parametrize("what", list(CHANGES))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.sampled_from(HOSTILE) | st.text(max_size=30))
def test_no_description_speaks_for_us(
    what: str, adder: Path, folder: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = folder / "described.trix"
    path.write_bytes(resealed(adder.read_bytes(), CHANGES[what](text)))
    for arguments in (["check", path], ["show", path], ["prove", path], ["run", path, "a=1", "b=1"],
                      ["export", path, "--to", "blif-weights", "-o", folder / "x.blif"], ["compile", path, "-o", folder / "x.trix"]):  # fmt: skip
        said(capsys, *arguments)


FOREIGN: dict[str, str] = {
    "blif": ".model {0}\n.inputs {0} b\n.outputs y {1}\n.names {0} b y\n11 1\n.names b {1}\n1 1\n.end\n",
    "bench": "INPUT({0})\nOUTPUT({1})\n{1} = NOT({0})\n",
    "pla": ".i 2\n.o 1\n.ilb {0} b\n.ob {1}\n11 1\n.e\n",
    "table": "inputs {0} b\n{1}: 0x8\n",
    "verilog": "module \\{0} (\\{0} , \\{1} ); input \\{0} ; output \\{1} ; not \\{0} (\\{1} , \\{0} ); endmodule\n",
    "thresh": "{0}\n.model {0}\n.input {0} b\n.output {1}\n.threshold {0} b {1}\n1 1 2\n.end\n",
    "aiger": "aag 2 2 0 1 0\n2\n4\n2\ni0 {0}\no0 {1}\nc\n{0}\n",
    "bristol": "1 3\n2 1 1\n1 1\n2 1 0 1 2 {0}\n",
    "trix": '{{"inputs": [{{"name": "{0}", "wire": "{1}"}}], "outputs": [{{"name": "{1}", "wire": "{1}"}}], "tile_configs": [], "{0}": 1}}',
}


@pytest.mark.parametrize("kind", [kind for kind in READABLE if kind.name != "rtl"], ids=lambda kind: kind.name)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.sampled_from([*HOSTILE, "x" * 300]) | st.text(max_size=12), other=st.sampled_from(["y", "1/t", "a", "é"])
)
def test_no_foreign_file_speaks_for_us(
    kind: Any, folder: Path, capsys: pytest.CaptureFixture[str], text: str, other: str
) -> None:
    path = folder / f"foreign{kind.suffixes[0]}"
    path.write_bytes(
        FOREIGN[kind.name]
        .format(text, other)
        .encode("utf-8", "surrogateescape" if "\udc80" in text else "surrogatepass")
    )
    for arguments in (["compile", path, "-o", folder / "y.trix"], ["export", path, "--to", "verilog", "-o", folder / "y.v"],
                      ["export", path, "--to", "aag", "-o", folder / "y.aag"], ["prove", path, path], ["check", path]):  # fmt: skip
        status = said(capsys, *arguments)
        if arguments[0] == "compile" and status == 0:
            assert said(capsys, "show", folder / "y.trix") == said(capsys, "check", folder / "y.trix") == 0


@settings(deadline=None)
@given(st.text(), st.integers(1, 60))
def test_what_is_escaped_is_one_line_and_stays_so(text: str, most: int) -> None:
    line = escaped(text)
    assert (line.isascii() and line.isprintable()) or text == ""
    assert escaped(line) == line
    assert len(escaped(text, most)) <= most + 3
    assert str(InputError(text)) == line
    assert shown(text).isascii() and shown(text).isprintable() and shown(text)
    assert not shown(text).startswith((" ", *VERDICTS))
    assert quoted(text)[0] in "'\""
    if text.isascii() and text.isprintable():
        assert line == text


def test_what_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nACCEPTED  x \x1b[8m\u202e\udcff")
    assert capsys.readouterr().out == "a\\nACCEPTED  x \\x1b[8m\\u202e\\udcff\n"


@settings(deadline=None)
@given(st.text())
def test_the_name_of_a_circuit_is_short_and_plain(text: str) -> None:
    name = circuit_name(text)
    assert re.fullmatch(NAME, name) and len(name) <= LONGEST and name == circuit_name(name)
    if re.fullmatch(NAME, text) and len(text) <= LONGEST and any(c.isalnum() for c in text):
        assert name == text


def test_verbs_print_through_one_function() -> None:
    """So that no print can be forgotten: each call of `say` is one line."""
    for path in Path(trix_circuits.cli.__file__).parent.glob("*_verb.py"):
        names = [
            node.func.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert "print" not in names, path.name
        echoes = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in ("echo", "secho", "stdout", "stderr")
        ]
        assert not echoes, path.name


def test_a_bug_of_ours_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], adder: Path
) -> None:
    def fail(path: str) -> None:
        raise KeyError("\x1b\nACCEPTED  x")

    monkeypatch.setattr("trix_circuits.cli.show_verb.load", fail)
    assert run(["show", str(adder)]) == 70
    assert capsys.readouterr().err == (
        "trix-circuits: a bug of trix-circuits: KeyError: '\\x1b\\nACCEPTED x' (TRIX_CIRCUITS_TRACEBACK=1 shows where)\n"
    )
    monkeypatch.setenv("TRIX_CIRCUITS_TRACEBACK", "1")
    with pytest.raises(KeyError):
        run(["show", str(adder)])


@pytest.mark.parametrize(("error", "status"), [(check.Damaged, 2), (check.Refused, 1), (check.TooLarge, 3)])
def test_what_the_checker_finds_has_its_status_wherever_it_is_found(
    error: type[Exception],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    adder: Path,
) -> None:
    def fail(path: str) -> None:
        raise error("\x1bno")

    monkeypatch.setattr("trix_circuits.cli.show_verb.load", fail)
    assert said(capsys, "show", adder) == status
