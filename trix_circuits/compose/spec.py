"""TOML specs: circuits from instances and wires, from rows of a table, or from Boolean expressions.

docs/specs.md has the notation; specs/ holds worked examples. Every mistake is one line that names the file and the key.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from trix_circuits.compose.wiring import MAX_WIDTH, Wire, Wiring, part
from trix_circuits.errors import InputError, LimitError, TrixCircuitsError
from trix_circuits.evidence.prover import Draft
from trix_circuits.logic.expression import parse_expression
from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.functions import parse_function
from trix_circuits.logic.truth_table import TruthTable
from trix_circuits.store import read_bytes

_KEYS = ("name", "format", "inputs", "outputs", "instances", "meaning", "rows", "functions")
_FAMILY_OPTIONS = ("bits", "ways", "relation", "direction", "objective")
_MAX_FILE = 1 << 22
_MAX_TABLE_INPUTS = 8
_REFERENCE = re.compile(r"([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?(?:\[(\d+)(?::(\d+))?\])?\Z", re.ASCII)


def read_spec(path: str, form: WeightFormat | None = None, max_fan_in: int | None = None) -> Draft:
    """The draft of a spec file; `form` overrides its format. Raises InputError naming file and key."""
    raw = read_bytes(path)
    if len(raw) > _MAX_FILE:
        raise InputError(f"{path}: a spec must have at most {_MAX_FILE} bytes, not {len(raw)}")
    try:
        return parse_spec(raw.decode(), form, max_fan_in)
    except UnicodeDecodeError:
        raise InputError(f"{path}: must be a TOML text file, not binary data") from None
    except TrixCircuitsError as error:
        error.args = (f"{path}: {error}",)
        raise


def parse_spec(text: str, form: WeightFormat | None = None, max_fan_in: int | None = None) -> Draft:
    """The draft of a spec's text."""
    try:
        spec = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}") from None
    except RecursionError:
        raise InputError("not a spec: it nests too deeply") from None
    _known("", spec, _KEYS)
    name = _typed("name", spec.get("name", "circuit"), str, "a text")
    form = form or get_format(_typed("format", spec.get("format", "e2m1"), str, "a format's name"))
    inputs = _table("inputs", spec.get("inputs"))
    for bus, width in inputs.items():
        _width(f"inputs.{bus}", width)
    outputs = _table("outputs", spec.get("outputs", {}))
    ways = [key for key in ("instances", "rows", "functions") if key in spec]
    if len(ways) > 1:
        raise InputError(f"{ways[1]}: must not stand beside {ways[0]}: a spec is wires, rows or functions")
    meaning = _meaning(spec.get("meaning"))
    wiring = Wiring(name, form, inputs, max_fan_in)
    if "rows" in spec:
        _rows(wiring, inputs, outputs, _table("rows", spec["rows"]))
    elif "functions" in spec:
        _functions(wiring, inputs, outputs, _table("functions", spec["functions"]))
    else:
        _wires(wiring, inputs, outputs, _table("instances", spec.get("instances", {})))
    return wiring.draft(meaning)


def _known(place: str, table: Mapping[str, Any], names: Iterable[str]) -> None:
    names = list(names)
    for key in table:
        if key not in names:
            close = difflib.get_close_matches(key, names, 1)
            hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(names)}"
            raise InputError(f"{place + '.' if place else ''}{key}: unknown key; {hint}")


def _typed(place: str, value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{place}: must be {what}, not {value!r}"[:200])
    return value


def _table(place: str, value: Any) -> dict[str, Any]:
    if value is None:
        raise InputError(f"{place}: is missing")
    found: dict[str, Any] = _typed(place, value, dict, "a table")
    return found


def _width(place: str, value: Any) -> int:
    width: int = _typed(place, value, int, "a width, an integer")
    if width < 1:
        raise InputError(f"{place}: a width must be at least 1, not {width}")
    if width > MAX_WIDTH:
        raise LimitError(f"{place}: a width must be at most {MAX_WIDTH}, not {width}")
    return width


def _meaning(value: Any) -> list[str] | None:
    if value is None:
        return None
    return [
        f"{left} = {_typed(f'meaning.{left}', right, str, 'an expression, a text')}"
        for left, right in _table("meaning", value).items()
    ]


def _wires(wiring: Wiring, inputs: Mapping[str, Any], outputs: Mapping[str, Any], instances: Mapping[str, Any]) -> None:
    """Place instances in an order in which each is fed by what stands before it."""
    parts, ports = {}, {}
    for name, table in instances.items():
        place = f"instances.{name}"
        table = _table(place, table)
        if name in inputs:
            raise InputError(f"{place}: must not have the name of an input")
        options = {key: table[key] for key in _FAMILY_OPTIONS if key in table}
        if ("of" in table) == ("table" in table):
            raise InputError(f"{place}: must have one of the keys of and table")
        of: str | TruthTable = ""
        if "table" in table:
            text = _typed(f"{place}.table", table["table"], str, "a text such as '0x96'")
            of = _within(f"{place}.table", parse_function, text, table.get("inputs")).table
        else:
            of = _typed(f"{place}.of", table["of"], str, "an atom's or family's name")
        for key in ("bits", "ways"):
            if key in options:
                _width(f"{place}.{key}", options[key])
        parts[name] = _within(place, part, wiring.form, of, options, wiring.max_fan_in)
        if "table" in table:
            options["inputs"] = options["table"] = None
        ports[name] = {key: value for key, value in table.items() if key != "of" and key not in options}
        known = parts[name].netlist
        for port in ports[name]:
            if port not in known.inputs and port not in known.outputs:
                _known(place, {port: None}, [*known.inputs, *_FAMILY_OPTIONS, "of", "table", "inputs"])
    needs = {
        name: {r for wire in wires.values() for r in _instances_in(wire) if r in parts} for name, wires in ports.items()
    }
    made: dict[str, dict[str, Wire]] = {}
    while len(made) < len(parts):
        ready = [name for name in parts if name not in made and needs[name] <= set(made)]
        if not ready:
            raise InputError(f"instances: a loop in the wiring: {_loop(needs, set(parts) - set(made))}")
        for name in ready:
            wires = {
                port: _resolve(f"instances.{name}.{port}", wire, wiring, made, parts)
                for port, wire in ports[name].items()
            }
            made[name] = _within(f"instances.{name}", wiring.place, name, parts[name], wires)
    if not outputs:
        raise InputError("outputs: must name an output")
    for name, wire in outputs.items():
        if isinstance(wire, int):
            raise InputError(f"outputs.{name}: is not driven; expected wires such as 'fa0.y' or ['fa0.y', 'fa1.y']")
        if name in inputs:
            raise InputError(f"outputs.{name}: must not have the name of an input")
        _within(f"outputs.{name}", wiring.output, name, _resolve(f"outputs.{name}", wire, wiring, made, parts))


def _within(place: str, call: Any, *arguments: Any) -> Any:
    """Call, and put the place before the message of an error."""
    try:
        return call(*arguments)
    except TrixCircuitsError as error:
        error.args = (f"{place}: {error}",)
        raise


def _instances_in(wire: Any) -> set[str]:
    parts = wire if isinstance(wire, list) else [wire]
    return {match[1] for item in parts if isinstance(item, str) and (match := _REFERENCE.match(item))}


def _loop(needs: Mapping[str, set[str]], stuck: set[str]) -> str:
    path = [min(stuck)]
    while path[-1] not in path[:-1]:
        path.append(min(needs[path[-1]] & stuck))
    return " <- ".join(path[path.index(path[-1]) :])


def _resolve(
    place: str, wire: Any, wiring: Wiring, made: Mapping[str, Mapping[str, Wire]], parts: Mapping[str, Any]
) -> Wire:
    """The wire of a reference: "a", "a[3]", "a[0:4]", "fa0.y", 0, 1, or a list of such, lowest bits first."""
    if isinstance(wire, list):
        if not wire:
            raise InputError(f"{place}: is not driven; expected at least one wire")
        total = _resolve(place, wire[0], wiring, made, parts)
        for item in wire[1:]:
            total = total + _resolve(place, item, wiring, made, parts)
        return total
    if isinstance(wire, int) and not isinstance(wire, bool) and wire in (0, 1):
        return wiring.constant(wire)
    match = _REFERENCE.match(wire) if isinstance(wire, str) else None
    if match is None:
        raise InputError(f"{place}: must be a wire such as 'a', 'a[3]', 'a[0:4]', 'fa0.y', 0 or 1, not {wire!r}"[:200])
    name, port, low, high = match.groups()
    if name in made:
        ports = made[name]
        if port is None and len(ports) > 1:
            raise InputError(f"{place}: {name} has several outputs; expected {name}.{next(iter(ports))} or the like")
        port = port or next(iter(ports))
        if port not in ports:
            raise InputError(f"{place}: {name} has no output {port!r}; it has {', '.join(ports)}")
        found = ports[port]
    elif port is None and name in wiring.builder.inputs:
        found = wiring.input(name)
    else:
        known = [*wiring.builder.inputs, *parts]
        close = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {close[0]}?" if close and close[0] != name else ""
        raise InputError(f"{place}: {wire!r} is not declared{hint}")
    if low is None:
        return found
    first, last = int(low), int(high) if high is not None else int(low) + 1
    if not first < last <= len(found.nets):
        raise InputError(f"{place}: {wire} must lie within the {len(found.nets)} bits of {name}")
    return found[first:last]


def _rows(wiring: Wiring, inputs: Mapping[str, int], outputs: Mapping[str, Any], rows: Mapping[str, Any]) -> None:
    """A table: row number -> the outputs' value; `default` for rows that are not listed."""
    arity = sum(inputs.values())
    if arity > _MAX_TABLE_INPUTS:
        raise LimitError(f"inputs: a table of rows must have at most {_MAX_TABLE_INPUTS} input bits, not {arity}")
    widths = {name: _width(f"outputs.{name}", width) for name, width in outputs.items()}
    if len(widths) != 1:
        raise InputError("outputs: a table of rows must have one output bus, with its width")
    bus, width = next(iter(widths.items()))
    values: dict[int, int] = {}
    for key, value in rows.items():
        if key != "default" and not re.fullmatch(r"[0-9]+|0x[0-9a-fA-F]+|0b[01]+", key):
            raise InputError(f"rows.{key}: a row must be a number from 0 to {(1 << arity) - 1}, or default")
        row = -1 if key == "default" else int(key, 0) if not key.isdigit() else int(key)
        if row >> arity and row >= 0:
            raise InputError(f"rows.{key}: a row must be 0 to {(1 << arity) - 1}")
        number = _typed(f"rows.{key}", value, int, "an integer")
        if not 0 <= number < 1 << width:
            raise InputError(f"rows.{key}: must be 0 to {(1 << width) - 1} for {width} output bits, not {number}")
        if values.get(row, number) != number:
            raise InputError(f"rows.{key}: contradicts another line for row {row}")
        values[row] = number
    missing = [row for row in range(1 << arity) if row not in values]
    if missing and -1 not in values:
        raise InputError(f"rows: row {missing[0]} is missing, and there is no default")
    address = [wiring.input(name) for name in inputs]
    feed = address[0]
    for more in address[1:]:
        feed = feed + more
    total: Wire | None = None
    for bit in range(width):
        bits = sum((values.get(row, values.get(-1, 0)) >> bit & 1) << row for row in range(1 << arity))
        wire = _function(wiring, f"{bus}{bit}", TruthTable(arity, bits), feed)
        total = wire if total is None else total + wire
    assert total is not None
    wiring.output(bus, total)


def _functions(
    wiring: Wiring, inputs: Mapping[str, int], outputs: Mapping[str, Any], functions: Mapping[str, Any]
) -> None:
    """Outputs of one bit by Boolean expressions over inputs of one bit."""
    if outputs:
        raise InputError("outputs: must not stand beside functions, whose names are the outputs")
    wide = [name for name, width in inputs.items() if width != 1]
    if wide:
        raise InputError(f"inputs.{wide[0]}: must be 1 bit wide beside functions")
    for name, text in functions.items():
        text = _typed(f"functions.{name}", text, str, "an expression, a text")
        function = _within(f"functions.{name}", parse_expression, text, list(inputs))
        small, support = function.table.shrink()
        if small.arity > _MAX_TABLE_INPUTS:
            raise LimitError(f"functions.{name}: must depend on at most {_MAX_TABLE_INPUTS} inputs, not {small.arity}")
        names = list(inputs)
        feed = Wire((), ())
        for index in support:
            feed = feed + wiring.input(names[index])
        wiring.output(name, _function(wiring, f"{name}_f", small, feed))


def _function(wiring: Wiring, name: str, table: TruthTable, feed: Wire) -> Wire:
    if table.arity == 0:
        return wiring.constant(table.bits)
    made = _within(name, part, wiring.form, table, {}, None)
    ports = {port: feed[i] for i, port in enumerate(made.netlist.inputs)}
    return wiring.place(name, made, ports)["y"]
