"""`trix-circuits run`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from trix_circuits.circuit import Circuit, load
from trix_circuits.cli.common import emit, json_option, say
from trix_circuits.errors import InputError, quoted, shown
from trix_circuits.run.run import run_batch, run_once
from trix_circuits.store import write


@click.command()
@click.argument("file", type=click.Path())
@click.argument("assignments", nargs=-1, metavar="[BUS=INTEGER]...")
@click.option("--input", "source", type=click.Path(), help="A batch: .csv with bus names in its first line, or .npy.")
@click.option("--output", "target", type=click.Path(), help="Where the batch's outputs go: .csv or .npy.")
@click.option("--backend", metavar="NAME", help="What runs the batch: auto (the default), native, numpy, ...")
@json_option
def command(
    file: str, assignments: tuple[str, ...], source: str | None, target: str | None, backend: str | None, as_json: bool
) -> None:
    """Run a circuit on integers, after checking it.

    Integers may be written as 5, 0x1f or 0b101. A .npy batch has one column an input bus, in order, or named fields.

    \b
    Example: trix-circuits run adder8.trix a=3 b=5
             trix-circuits run adder8.trix --input data.csv --output sums.csv
    """
    circuit = load(file)
    if source is None:
        if target is not None or backend is not None:
            raise InputError(f"--{'output' if target else 'backend'} must come with --input")
        outputs = run_once(circuit, _assignments(assignments))
        if as_json:
            emit({"outputs": outputs})
        else:
            for name, value in outputs.items():
                say(f"{shown(name)} = {value}")
        return
    if target is None:
        raise InputError("--input must come with --output")
    batch = _read(source, circuit)
    batch.update(_assignments(assignments))
    results = run_batch(circuit, batch, backend or "auto")
    _write(target, results)
    lanes = len(next(iter(results.values())))
    if as_json:
        emit({"lanes": lanes, "output": target, "columns": list(results)})
    else:
        say(f"{lanes} lanes written to {shown(target)}: {', '.join(results)}")


def _assignments(texts: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"an assignment must be BUS=INTEGER, not {quoted(text)}")
        if name in found:
            raise InputError(f"input {name} must be given once")
        found[name] = _integer(value, f"input {name}")
    return found


def _integer(text: str, what: str) -> int:
    try:
        return int(text.strip(), 0)
    except ValueError:
        try:
            return int(text.strip(), 10)
        except ValueError:
            raise InputError(f"{what} must be an integer, not {quoted(text)}") from None


def _read(path: str, circuit: Circuit) -> dict[str, Any]:
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        return _read_csv(path)
    if kind != ".npy":
        raise InputError(f"{path}: a batch must be a .csv or .npy file")
    try:
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as .npy: {error}") from None
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    names = list(circuit.netlist.inputs)
    if array.ndim == 1:
        array = array[:, None]
    required = [name for name in names if name not in circuit.defaults]
    if array.ndim != 2 or array.shape[1] not in (len(names), len(required)):
        raise InputError(f"{path}: must have a column for each of {', '.join(names)}, not shape {array.shape}")
    return {name: array[:, i] for i, name in enumerate(names if array.shape[1] == len(names) else required)}


def _read_csv(path: str) -> dict[str, Any]:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            header = [name.strip() for name in next(rows, [])]
            if not header or len(set(header)) != len(header):
                raise InputError(f"{path}: line 1 must name each input bus once")
            columns: list[list[int]] = [[] for _ in header]
            for row in rows:
                if not row:
                    continue
                if len(row) != len(header):
                    raise InputError(f"{path}: line {rows.line_num} must have {len(header)} integers, not {len(row)}")
                for name, column, text in zip(header, columns, row, strict=True):
                    column.append(_integer(text, f"{path}: line {rows.line_num}: {name}"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV text file: {error}") from None
    return {name: np.array(column, dtype=object) for name, column in zip(header, columns, strict=True)}


def _write(path: str, results: dict[str, npt.NDArray[Any]]) -> None:
    kind = Path(path).suffix.lower()
    if kind == ".csv":
        lines = [",".join(results)]
        lines += [
            ",".join(map(str, row)) for row in zip(*(column.tolist() for column in results.values()), strict=True)
        ]
        write(Path(path), ("\n".join(lines) + "\n").encode())
    elif kind == ".npy":
        if any(column.dtype == object for column in results.values()):
            raise InputError(f"{path}: outputs wider than 64 bits must go to a .csv file")
        import io

        buffer = io.BytesIO()
        np.save(buffer, np.stack(list(results.values()), axis=1), allow_pickle=False)
        write(Path(path), buffer.getvalue())
    else:
        raise InputError(f"{path}: outputs must go to a .csv or .npy file")
