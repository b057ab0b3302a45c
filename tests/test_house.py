"""The rules of the house: who may import whom, what is loaded when, and where content lies."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "trix_circuits"
ROOT = PACKAGE.parent
ORDER = ["errors", "share", "store", "check", "logic", "solve", "circuit", "trace", "files", "evidence", "lower", "run",
         "synth", "compose", "map", "prove", "emit", "compile", "export", "api", "bench", "cli"]  # fmt: skip


def imports(path: Path) -> set[str]:
    """What a module imports; what only type checkers read is not loaded and does not count."""
    found = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("trix_circuits"):
            rest = node.module.split(".")[1:]
            found |= {rest[0]} if rest else {alias.name for alias in node.names}
    return found


def test_every_module_has_its_place_in_the_order() -> None:
    names = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()
    }

    assert names - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_what_stands_before_it(name: str) -> None:
    paths = sorted((PACKAGE / name).rglob("*.py")) if (PACKAGE / name).is_dir() else [PACKAGE / f"{name}.py"]
    for path in paths:
        later = {other for other in imports(path) if ORDER.index(other) > ORDER.index(name)}
        assert not later, f"{path.name} imports {later}"


def test_the_trusted_part_imports_the_standard_library_only() -> None:
    for path in (PACKAGE / "check").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
            assert not isinstance(node, ast.ImportFrom) or node.level < 2
            assert not isinstance(node, ast.Assert)


@pytest.mark.parametrize("folder", ["solvers", "atoms", "specs", "kernels"])
def test_content_folders_are_no_packages(folder: str) -> None:
    assert (ROOT / folder).is_dir()
    assert not (ROOT / folder / "__init__.py").exists()


def test_the_library_loads_no_solver_and_no_torch() -> None:
    code = "import sys, trix_circuits.api; print([m for m in ('torch', 'ortools', 'z3', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_nothing_in_the_repository_is_loaded_by_pickle_or_run_as_code() -> None:
    for path in [*PACKAGE.rglob("*.py"), *(ROOT / "solvers").glob("*.py")]:
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert not names & {"eval", "exec", "pickle", "marshal", "__import__"}, path.name
