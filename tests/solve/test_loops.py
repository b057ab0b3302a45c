"""Where compiled loops are kept, and that none of other sources is found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
from trix_circuits.solve.loops import compiled
from tests.solve.looped import total
print(total(10))
"""


def run(cache: str) -> str:
    command = [sys.executable, "-c", CODE]
    environment = {**os.environ, "TRIX_CIRCUITS_CACHE": cache}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_loops_are_kept_in_the_users_own_folder_under_a_digest_of_all_sources(tmp_path: Path) -> None:
    assert run(str(tmp_path / "cache")) == "45"
    (folder,) = (tmp_path / "cache" / "loops").iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert list(folder.rglob("*.nbi"))
    stale = (tmp_path / "cache" / "loops").joinpath("of other sources")
    folder.rename(stale)
    assert run(str(tmp_path / "cache")) == "45"
    assert not stale.exists()


def test_without_a_folder_loops_work_and_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = set(Path(__file__).parent.rglob("*.nb?"))
    assert run("") == run(str(tmp_path / "file" / "below")) == "45"
    assert set(Path(__file__).parent.rglob("*.nb?")) == before
