"""Mutation of the checker: `python -m tests.check.mutants [--page rules] [--jobs 2] [--sample N] [--list]`.

Each comparison, operator, constant, condition and call of a page of trix_circuits/check is changed in turn, and the
changed checker judges the corpus of fates and a fixed lot of forgeries. A mutant is killed if any verdict is another
than it must be (with its kinds, lemmas and rows where a file is accepted), or anything but a verdict comes out, or it
takes too long. Whoever survives must be listed in survivors.toml with the reason why it may; the exit status is 1 if
one is not listed, or listed and killed.

Not changed: messages, annotations, what `spend` is told (the units of work are measured, not proven), the sizes of
limits, and the program's printing, which tests of their own hold.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import signal
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from tests.check import forge
from tests.fates.make import FOLDER
from trix_circuits import check

PAGES = ("limits", "formats", "file", "nets", "rules", "steps", "reference", "meaning", "source", "aiger", "blif", "bristol",
         "reader", "verdict", "program", "__init__")  # fmt: skip
MUTATED = PAGES[:-2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
SECONDS = 20.0
FORGERIES = 1500
WORK = (3_000_000, 300_000_000)
FATE = {"accept": "accepted", "refuse": "Refused", "damaged": "Damaged", "too-large": "TooLarge"}

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}


@dataclass(frozen=True)
class Mutant:
    """A change of one node: the page, the line's text, and what it becomes."""

    page: str
    number: int
    line: str
    change: str

    @property
    def key(self) -> tuple[str, str, str]:
        return self.page, self.line, self.change


def source_of(page: str) -> str:
    return (Path(check.__file__).parent / f"{page}.py").read_text()


def _skipped(node: ast.AST) -> bool:
    """Calls whose arguments are not changed."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
        "spend",
        "Damaged",
        "Refused",
        "TooLarge",
        "_must",
    )


def variants(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """Each change of one node, in words, with what stands in its place (None: nothing)."""
    match node:
        case ast.Compare():
            for k, operator in enumerate(node.ops):
                for other in COMPARISONS[type(operator)]:
                    new = deepcopy(node)
                    new.ops[k] = other()
                    yield f"{ast.unparse(node)} -> {ast.unparse(new)}", new
        case ast.BinOp() if type(node.op) in OPERATORS:
            binary = deepcopy(node)
            binary.op = OPERATORS[type(node.op)]()
            yield f"{ast.unparse(node)} -> {ast.unparse(binary)}", binary
        case ast.BoolOp():
            boolean = deepcopy(node)
            boolean.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield f"{ast.unparse(node)} -> {ast.unparse(boolean)}", boolean
            for k in range(len(node.values)):
                less = deepcopy(node)
                del less.values[k]
                yield f"{ast.unparse(node)} -> {ast.unparse(less)}", less if len(less.values) > 1 else less.values[0]
        case ast.UnaryOp(ast.Not() | ast.USub()):
            yield f"{ast.unparse(node)} -> {ast.unparse(node.operand)}", node.operand
        case ast.Constant(bool(value)):
            yield f"{value} -> {not value}", ast.Constant(not value)
        case ast.Constant(int(value)):
            for other_value in {value + 1, value - 1, 0} - {value}:
                yield f"{value} -> {other_value}", ast.Constant(other_value)
        case ast.If() | ast.IfExp():
            for value in (True, False):
                choice = deepcopy(node)
                choice.test = ast.Constant(value)
                yield f"if {ast.unparse(node.test)} -> if {value}", choice
        case ast.comprehension():
            for k in range(len(node.ifs)):
                unfiltered = deepcopy(node)
                del unfiltered.ifs[k]
                yield f"if {ast.unparse(node.ifs[k])} -> gone", unfiltered
        case ast.Expr(ast.Call() as call) if ast.unparse(call.func).split(".")[-1] != "spend":
            yield f"{ast.unparse(call.func)}(...) -> gone", ast.Pass()
        case ast.AugAssign():
            yield f"{ast.unparse(node)} -> gone", ast.Pass()
        case ast.Raise() | ast.Continue() | ast.Break():
            yield f"{type(node).__name__.lower()} -> gone", ast.Pass()


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Nodes that may be changed: parent, field, index, node."""
    stack: list[ast.AST] = [tree]
    while stack:
        parent = stack.pop()
        for field, value in ast.iter_fields(parent):
            if field in ("annotation", "returns", "decorator_list", "type_comment") or isinstance(
                parent, ast.JoinedStr
            ):
                continue
            if isinstance(parent, ast.Call) and _skipped(parent) and field in ("args", "keywords"):
                if ast.unparse(parent.func).split(".")[-1] == "_must":
                    yield parent, "args", 0, parent.args[0]
                    stack.append(parent.args[0])
                continue
            if (
                isinstance(parent, ast.Subscript)
                and isinstance(parent.value, ast.Name)
                and parent.value.id in ("dict", "list", "set", "tuple")
            ):
                continue
            for k, child in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(child, ast.AST) and not (isinstance(child, ast.Assign) and _is_limit(child)):
                    yield parent, field, k if isinstance(value, list) else None, child
                    stack.append(child)


def _is_limit(node: ast.Assign) -> bool:
    """Sizes of limits, and aliases of types."""
    name = ast.unparse(node.targets[0])
    return name.startswith("MAX_") or name in (
        "CHUNK",
        "LONGEST",
        "Gate",
        "Bus",
        "Linear",
        "Leaf",
        "Part",
        "Pair",
        "Word",
        "Table",
        "Net",
        "Model",
    )


def mutants_of(page: str) -> list[Mutant]:
    """All of a page, in a fixed order."""
    text = source_of(page)
    lines = text.splitlines()
    found: list[Mutant] = []
    for parent, field, _, node in places(ast.parse(text)):
        if (isinstance(node, ast.Constant) and isinstance(node.value, str)) or (
            field == "args" and _message(parent, node)
        ):
            continue
        for change, _ in variants(node):
            at = getattr(node, "lineno", getattr(parent, "lineno", 1))
            found.append(Mutant(page, len(found), lines[at - 1].strip(), change))
    return found


def _message(parent: ast.AST, node: ast.AST) -> bool:
    """Whether a node is the message of `require`."""
    return (
        isinstance(parent, ast.Call)
        and ast.unparse(parent.func) == "require"
        and len(parent.args) > 1
        and node is parent.args[1]
    )


def mutated(mutant: Mutant) -> CodeType:
    """The page with that change."""
    tree = ast.parse(source_of(mutant.page))
    number = 0
    for parent, field, index, node in list(places(tree)):
        if (isinstance(node, ast.Constant) and isinstance(node.value, str)) or (
            field == "args" and _message(parent, node)
        ):
            continue
        for _, new in variants(node):
            if number == mutant.number:
                if index is None:
                    setattr(parent, field, new)
                else:
                    getattr(parent, field)[index] = new
                return compile(ast.fix_missing_locations(tree), f"<{mutant.page}>", "exec")
            number += 1
    raise ValueError(f"{mutant.page} has no mutant {mutant.number}")


@cache
def _plain(page: str) -> CodeType:
    return compile(source_of(page), f"<{page}>", "exec")


def checker_with(page: str, code: CodeType | None) -> ModuleType:
    """The checker as a package of its own, one page being another."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "mutant"]:
        del sys.modules[name]
    package = ModuleType("mutant")
    package.__path__ = []
    package.__package__ = "mutant"
    sys.modules["mutant"] = package
    for name in PAGES[:-1]:
        module = ModuleType(f"mutant.{name}")
        module.__package__ = "mutant"
        sys.modules[f"mutant.{name}"] = module
    # Pages are run when their turn comes, which is the order of their imports.
    for name in PAGES[:-1]:
        exec(code if name == page and code is not None else _plain(name), sys.modules[f"mutant.{name}"].__dict__)
    exec(_plain("__init__"), package.__dict__)
    return package


@dataclass(frozen=True)
class Question:
    """A file, and the verdict that it must get."""

    name: str
    data: bytes
    given: tuple[bytes, ...]
    verdict: str
    rests_on: tuple[Any, ...] = ()


@cache
def questions() -> tuple[Question, ...]:
    """The corpus, then forgeries with the verdicts of the checker as it is (which are true: see forge.py)."""
    found = []
    listed = json.loads((FOLDER / "fates.json").read_text())
    for place, entry in listed.items():
        given = tuple((FOLDER / name).read_bytes() for name in entry.get("given", ()))
        rests = (tuple(entry["kinds"]), entry["lemmas"], entry["rows"]) if "kinds" in entry else ()
        data = (FOLDER / f"{place}.trix").read_bytes()
        judged = _judged(check, data, given)
        if judged[0] != FATE[place.partition("/")[0]] or (rests and judged[1] != rests):
            raise ValueError(f"{place} is judged {judged}")
        found.append(Question(place, data, given, *judged))
    found.sort(key=lambda question: len(question.data))
    rng = random.Random(7)
    for k in range(FORGERIES):
        name, forged = forge.forge(rng)
        try:
            data = forged.data()
        except (ValueError, OverflowError):
            continue
        found.append(Question(f"forged {k} of {name}", data, (), *_judged(check, data, ())))
    return tuple(found)


def _judged(checker: Any, data: bytes, given: tuple[bytes, ...]) -> tuple[str, tuple[Any, ...]]:
    """The verdict in a word, and what an accepted file rests on."""
    try:
        verdict = checker.check(data, given=given, work=checker.Work(*WORK))
    except (checker.Refused, checker.Damaged, checker.TooLarge) as error:
        shown = getattr(error, "counterexample", None)
        return type(error).__name__, (error.status, *(shown or {}).items())
    return "accepted", (verdict.kinds, verdict.lemmas, verdict.rows)


class TooSlow(BaseException):
    """A mutant that takes too long."""


def _alarm(_: int, __: FrameType | None) -> None:
    raise TooSlow


def killer_of(mutant: Mutant, first: Sequence[str] = ()) -> str | None:
    """The file that tells a mutant from the checker; None if none does."""
    asked = questions()
    try:
        code = mutated(mutant)
    except (SyntaxError, ValueError) as error:
        return f"{type(error).__name__}"
    signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    name = "import"
    try:
        checker = checker_with(mutant.page, code)
        early = [question for question in asked if question.name in first]
        for question in (*early, *asked):
            name = question.name
            verdict, rests_on = _judged(checker, question.data, question.given)
            if (verdict, rests_on) != (question.verdict, question.rests_on):
                return name
    except TooSlow:
        return f"time, at {name}"
    except Exception as error:
        return f"{type(error).__name__}, at {name}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def judge(mutants: Sequence[Mutant]) -> list[tuple[Mutant, str | None]]:
    """Killers of some mutants; files that killed often are tried first."""
    killers: Counter[str] = Counter()
    found = []
    for mutant in mutants:
        killer = killer_of(mutant, [name for name, _ in killers.most_common(12)])
        killers[killer or ""] += 1
        found.append((mutant, killer))
    return found


def listed() -> dict[tuple[str, str, str], str]:
    """Survivors that may live, with the reason."""
    if not SURVIVORS.exists():
        return {}
    entries = tomllib.loads(SURVIVORS.read_text())["survivor"]
    return {(entry["page"], entry["line"], entry["change"]): entry["why"] for entry in entries}


def main(arguments: Sequence[str]) -> int:
    """Mutate; exit status 1 if a survivor is not listed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", choices=MUTATED, action="append")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, default=0, help="so many of them, drawn by --seed")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    mutants = [mutant for page in options.page or MUTATED for mutant in mutants_of(page)]
    if options.sample:
        mutants = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    parts = [mutants[k :: 40 * options.jobs] for k in range(40 * options.jobs)]
    may = listed()
    unexplained = explained = 0
    wrongly = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for part in pool.map(judge, parts):
            for mutant, killer in part:
                if killer is None and mutant.key in may:
                    explained += 1
                elif killer is None:
                    unexplained += 1
                    print(f"SURVIVED {mutant.page}: {mutant.line}\n    {mutant.change}", flush=True)
                elif mutant.key in may:
                    wrongly.append(mutant)
    killed = len(mutants) - explained - unexplained
    print(f"{len(mutants)} mutants: {killed} killed, {explained} explained, {unexplained} unexplained")
    for mutant in wrongly:
        print(f"LISTED, BUT KILLED {mutant.page}: {mutant.line}\n    {mutant.change}")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
