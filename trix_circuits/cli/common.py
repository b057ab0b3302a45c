"""What several verbs share: printing, progress, and the options that mean the same everywhere.

All that verbs print goes through `say` or `emit`: a line that is said is one line of printable ASCII, whatever names and
paths are in it, so that no file can make us say what we don't.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypeVar

import click

from trix_circuits.errors import escaped
from trix_circuits.logic.formats import WeightFormat

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout, and nothing else.")
format_option = click.option("--format", "format_name", default="e2m1", show_default=True, metavar="FORMAT",
                             help="Weight format; `trix-circuits formats` lists them.")  # fmt: skip


def say(line: str = "", *, flush: bool = False) -> None:
    """Print one line on stdout."""
    print(escaped(line), flush=flush)


def emit(value: Mapping[str, Any]) -> None:
    """Print one JSON object, in ASCII, on one line."""
    print(json.dumps(value))


def whisper(text: str = "") -> None:
    """Show what is being done, in place of what was shown before, if stderr is a terminal; without text, nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{escaped(text, 70)}", end="", file=sys.stderr, flush=True)


def number(units: int, form: WeightFormat) -> str:
    """A number of units as people write it: 0.5, -1, or a fraction where decimals do not end soon."""
    value = form.value(units)
    if value.denominator == 1:
        return str(value.numerator)
    text = f"{float(value):.6g}"
    return text if Fraction(text) == value else f"{float(value):.9g}"


def json_number(units: int, form: WeightFormat) -> int | float:
    """A number of units as a JSON number; exact, since all formats' values are float64 values."""
    value = form.value(units)
    return value.numerator if value.denominator == 1 else float(value)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, if stderr is a terminal and the work takes more than a second."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=None)
    start, shown = time.monotonic(), False

    def report(done: int, total: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - start > 1:
            bar.start()
            shown = True
        bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if shown:
            bar.stop()
