"""The rules of the house: who may import whom, what is loaded when, how long the checker is, and where content lies."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "trix_circuits"
ROOT = PACKAGE.parent
ORDER = ["errors", "share", "store", "check", "logic", "solve", "circuit", "trace", "files", "evidence", "lower", "run",
         "synth", "compose", "map", "prove", "emit", "compile", "export", "api", "bench", "cli"]  # fmt: skip
KERNEL = ("limits", "file", "nets", "rules", "steps", "verdict")
KERNEL_STATEMENTS, CHECKER_STATEMENTS, CHECKER_COLUMNS = 500, 1056, 120
# A value may be made of a constant.
CIRCLES = {frozenset(f"trix_circuits.trace.{name}" for name in ("number", "value", "width"))}


def module_of(path: Path) -> str:
    """The dotted name of a file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(module: str) -> Iterator[str]:
    """What a module imports, in any form and place: functions, conditions, relative, importlib by a known name.

    What only type checkers read is not loaded and does not count.
    """
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                yield f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("importlib.import_module", "import_module"):
            text = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            if isinstance(text, ast.Constant):
                yield str(text.value).rstrip(".")
            else:  # only below itself
                assert ast.unparse(text) == "{__name__}", f"{module} imports by a name that cannot be read off"


GRAPH = {
    module: {name for name in imports(module) if name.startswith("trix_circuits")} - {module} for module in MODULES
}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_module_has_its_place_in_the_order() -> None:
    assert {room(module) for module in MODULES} - {""} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_what_stands_before_it(name: str) -> None:
    for module in MODULES:
        if room(module) == name:
            rooms = {room(other) for other in GRAPH[module]} - {""}
            later = {other for other in rooms if ORDER.index(other) > ORDER.index(name)}
            assert not later, f"{module} imports {later}"


def circles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """The sets of modules that import each other, directly or by way of others."""

    def reach(start: str) -> set[str]:
        found: set[str] = set()
        stack = [start]
        while stack:
            for other in graph.get(stack.pop(), ()):
                if other not in found:
                    found.add(other)
                    stack.append(other)
        return found

    reached = {module: reach(module) for module in graph}
    return {
        frozenset(other for other in reached[module] if module in reached.get(other, ()))
        for module in graph
        if module in reached[module]
    }


def test_modules_go_in_no_circles() -> None:
    # A package's first page may offer what stands in it; that is no circle of ideas.
    packages = {module for module, path in MODULES.items() if path.name == "__init__.py"}
    plain = {module: others - packages for module, others in GRAPH.items() if module not in packages}
    assert circles(plain) <= CIRCLES


def test_the_import_test_sees_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "import trix_circuits.cli\nfrom trix_circuits import check\nfrom ..check import nets\n"
        "def f():\n    if x:\n        import trix_circuits.api as a\n"
        "    import importlib; importlib.import_module('trix_circuits.bench'); importlib.import_module(f'trix_circuits.run.{x}')\n"
        "if TYPE_CHECKING:\n    import trix_circuits.map\n"
    )
    path = tmp_path / "extra.py"
    path.write_text(text)
    monkeypatch.setitem(MODULES, "trix_circuits.logic.extra", path)
    found = set(imports("trix_circuits.logic.extra"))

    wanted = {"cli", "check", "check.nets", "api", "bench", "run"}
    assert {name for name in found if name.startswith("trix_circuits")} == {f"trix_circuits.{name}" for name in wanted}


def test_the_trusted_part_imports_the_standard_library_only() -> None:
    for path in (PACKAGE / "check").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)
            assert not isinstance(node, ast.ImportFrom) or node.level < 2
            assert not isinstance(node, ast.Assert)


def statements(path: Path) -> int:
    """Statements that do something: docstrings and imports do not count."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.stmt)]
    return sum(
        not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in nodes
    )


def test_the_checker_is_short_enough_to_read() -> None:
    counts = {path.stem: statements(path) for path in (PACKAGE / "check").glob("*.py")}

    assert sum(counts[page] for page in KERNEL) <= KERNEL_STATEMENTS
    assert sum(counts.values()) <= CHECKER_STATEMENTS
    for path in (PACKAGE / "check").glob("*.py"):
        assert max(map(len, path.read_text().splitlines())) <= CHECKER_COLUMNS, path.name


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


def test_the_wheel_holds_all_of_the_package_and_its_content(tmp_path: Path) -> None:
    pytest.importorskip("build")
    tree = tmp_path / "tree"  # a build leaves files in its tree, which the next one would take in
    for part in ("trix_circuits", "solvers", "atoms", "specs", "kernels"):
        shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    command = [sys.executable, "-m", "build", "-q", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    content = {
        f"trix_circuits/_share/{path.relative_to(ROOT)}"
        for folder in ("solvers", "atoms", "specs", "kernels")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {str(path.relative_to(ROOT)) for path in MODULES.values()} | {"trix_circuits/py.typed"}
    assert held == own | content
