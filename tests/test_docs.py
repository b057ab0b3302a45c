"""Docs are run: every command of README and docs/, every Python snippet, and what README says one sees."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from trix_circuits import run as backends
from trix_circuits.cli import run

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the pages' relative paths exist."""
    for name in ("specs", "trix_circuits"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_works(page: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] == "trix-circuits":
                assert run(words[1:]) == 0, line
            elif words[:1] == ["mkdir"]:
                done = subprocess.run(["bash", "-c", line], cwd=place, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
            elif words:
                assert line in README_COMMANDS, line


README_COMMANDS = (
    "python3 -m venv .venv && . .venv/bin/activate && pip install -q -c constraints.txt -e '.[dev]' "
    "&& trix-circuits synth SUM --format fp4",  # .ci/run does this
    "python -m pytest",
    "python trix_circuits/bench/suites/table.py",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_snippet_of_a_page_works(page: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_BACKENDS", dict(backends._BACKENDS))  # what a snippet registers, others don't see
    for block in blocks(page, "python"):
        if "import torch" in block and find_spec("torch") is None:
            continue  # an extra; CI installs it
        exec(compile(block, str(page), "exec"), {})


def test_readme_shows_what_one_sees(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (session,) = blocks(ROOT / "README.md", "console")
    output: list[str] = []
    for line in session.splitlines():
        if line.startswith("$ "):
            words = shlex.split(line[2:])
            if words[0] == "python":
                done = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=True)
                output = done.stdout.splitlines()
            else:
                capsys.readouterr()
                assert run(words[1:]) == 0
                output = capsys.readouterr().out.splitlines()
        elif line != "...":
            assert line in output, line
