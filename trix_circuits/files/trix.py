"""Compiled circuits of the TriX compiler: `NAME.trix.json` beside `weights/*.fp4`.

The JSON lists tiles: what each reads and drives (wires), and its weight file. A weight file is, in bytes: `TFP4`,
version 1, the number of layers, the length of the name, the numbers of inputs and outputs, the name; then per layer
three 16-bit little-endian counts (outputs, inputs, biases), the weights row after row and the biases, as 4-bit codes,
two a byte, high half first, each of the two beginning on a byte. Weight codes 0 1 2 stand for -1 0 1, bias codes 0 to 4
for -2.5 -1.5 -0.5 0.5 1.5: look-up tables, not FP4 (E2M1 has no 2.5). A neuron is 1 iff `w.x + b > 0`.

What a tile computes is what its weights compute, in integers of 1/2, never what its name says; a name that says
something else gets a note. The layout was found from the files; there is no public description.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trix_circuits.errors import InputError, LimitError, escaped, quoted, shown
from trix_circuits.files.network import Network
from trix_circuits.files.reading import Reading, spelled
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.truth_table import named_function
from trix_circuits.store import read_bytes

_MAX_TABLE_INPUTS = 10
_MAX_WEIGHTS = 1 << 20
_TABLES = get_format("trix-fp4")


@dataclass(frozen=True, slots=True)
class Tile:
    """A weight file: layers of neurons, each its weights over the layer before and its bias, in units of 1/2."""

    name: str
    inputs: int
    outputs: int
    layers: tuple[tuple[tuple[tuple[int, ...], int], ...], ...]


def read_trix(data: bytes, name: str, folder: Path | None) -> Reading:
    """The circuit of a TriX JSON file whose weight files lie in or below `folder`; raises InputError."""
    if folder is None:
        raise InputError("a TriX circuit must be read from its folder, for its weights lie in files beside it")
    try:
        about = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError("must be JSON of a TriX compiled circuit") from None
    return _circuit(_object(about, "the file"), name, lambda file: _weights(folder, file))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, which must not say two things under one key."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"the key {quoted(key)} must stand once in an object, not twice")
        found[key] = value
    return found


def _weights(folder: Path, file: str) -> bytes:
    """The bytes of a weight file, which must lie within the folder, links followed."""
    inside = folder.resolve()
    try:
        path = (inside / file).resolve()
        contained = path.is_relative_to(inside) and not Path(file).is_absolute()
    except (OSError, ValueError, RuntimeError):
        contained = False
    if not contained:
        raise InputError(f"weight_file must lie below the folder of the circuit, not {quoted(file)}")
    return read_bytes(path)


def parse_tile(data: bytes) -> Tile:
    """The neurons of a .fp4 weight file; raises InputError."""
    if data[:4] != b"TFP4":
        raise InputError(f"must begin with TFP4, not {data[:4]!r}")
    if len(data) < 9:
        raise InputError("is cut short")
    version, count, length, inputs, outputs = data[4:9]
    if version != 1:
        raise InputError(f"must be of version 1, not {version}")
    name, at, width = data[9 : 9 + length].decode("ascii", "backslashreplace"), 9 + length, inputs
    layers = []
    for _ in range(count):
        head = data[at : at + 6]
        rows, columns, biases = (int.from_bytes(head[k : k + 2], "little") for k in (0, 2, 4))
        weight_bytes, bias_bytes = (rows * columns + 1) // 2, (biases + 1) // 2
        if len(head) < 6 or at + 6 + weight_bytes + bias_bytes > len(data):
            raise InputError("is cut short")
        if columns != width or biases != rows or not rows:
            raise InputError(
                f"a layer must read {width} values and have as many biases as neurons, not {columns}, {biases}"
            )
        weights = _values(data[at + 6 :][:weight_bytes], rows * columns, _TABLES.weight_codes, "weight")
        at += 6 + weight_bytes
        bias = _values(data[at : at + bias_bytes], biases, _TABLES.bias_codes, "bias")
        at += bias_bytes
        layers.append(tuple((tuple(weights[r * columns : (r + 1) * columns]), bias[r]) for r in range(rows)))
        width = rows
    if at != len(data):
        raise InputError(f"must end after {at} bytes, not {len(data)}")
    if width != outputs or not layers:
        raise InputError(f"the last layer must have {outputs} neurons, not {width}")
    return Tile(name, inputs, outputs, tuple(layers))


def _values(data: bytes, count: int, codes: Sequence[int | None], what: str) -> list[int]:
    found = []
    for code in [half for byte in data for half in (byte >> 4, byte & 15)][:count]:
        value = codes[code] if code < len(codes) else None
        if value is None:
            raise InputError(f"a {what} code must be less than {len(codes)}, not {code}")
        found.append(value)
    return found


def tile_tables(tile: Tile) -> list[int]:
    """The truth table of each output, by the step at > 0, over at most 10 inputs."""
    values = [[row >> k & 1 for k in range(tile.inputs)] for row in range(1 << tile.inputs)]
    for layer in tile.layers:
        values = [[int(sum(w * x for w, x in zip(ws, row, strict=True)) + b > 0) for ws, b in layer] for row in values]
    return [sum(row[k] << r for r, row in enumerate(values)) for k in range(tile.outputs)]


def _circuit(about: Mapping[str, Any], name: str, load: Callable[[str], bytes]) -> Reading:
    """The circuit of the tiles and their wires."""
    names: list[str] = []
    places: dict[str, int] = {}
    network = Network(names.__getitem__)

    def net(wire: str) -> int:
        if wire not in places:
            places[wire] = network.net()
            names.append(wire)
        return places[wire]

    ports = {
        side: [
            (spelled(_text(entry, "name", place)), net(_text(entry, "wire", place)))
            for place, entry in _objects(about, side)
        ]
        for side in ("inputs", "outputs")
    }  # fmt: skip
    files: dict[str, Tile] = {}
    wires: dict[str, list[str]] = {}
    notes = dict.fromkeys(["gates of TriX step at > 0; they are re-expressed as gates that fire at >= 0"])
    size = 0
    for place, entry in _objects(about, "tile_configs"):
        file, kind = _text(entry, "weight_file", place), _text(entry, "atom_type", place)
        if entry.get("weight_format") != "fp4":
            raise InputError(f"{place}: weight_format must be fp4, not {escaped(repr(entry.get('weight_format')), 40)}")
        if file not in files:
            files[file] = _tile(file, load)
            notes |= dict.fromkeys(_remarks(kind, file, files[file]))
        tile = files[file]
        size += sum(len(weights) + 1 for layer in tile.layers for weights, _ in layer)
        if size > _MAX_WEIGHTS:
            raise LimitError(f"the tiles must have at most {_MAX_WEIGHTS} weights together")
        reads, drives = _texts(entry, "input_wires", place), _texts(entry, "output_wires", place)
        if (len(reads), len(drives)) != (tile.inputs, tile.outputs):
            raise InputError(
                f"{place}: must have {tile.inputs} input and {tile.outputs} output wires, not {len(reads)} and {len(drives)}"
            )
        tile_id = _text(entry, "tile_id", place)
        if tile_id in wires:
            raise InputError(f"{place}: two tiles have the id {quoted(tile_id)}")
        wires[tile_id] = reads
        values = [net(wire) for wire in reads]
        for depth, layer in enumerate(tile.layers):
            last = depth == len(tile.layers) - 1
            driven = []
            for k, (weights, bias) in enumerate(layer):
                names += [] if last else [f"{file} layer {depth} neuron {k}"]
                driven.append(net(drives[k]) if last else network.net())
                network.drive(driven[-1], (weights, bias - 1), values)  # > 0 in integers is >= 1
            values = driven
    _check_routes(about, wires)
    return Reading(network.aig(name, ports["inputs"], ports["outputs"]), tuple(notes))


def _tile(file: str, load: Callable[[str], bytes]) -> Tile:
    data = load(file)
    try:
        return parse_tile(data)
    except InputError as error:
        raise InputError(f"{quoted(file)}: {error}") from None


def _remarks(kind: str, file: str, tile: Tile) -> list[str]:
    """What the user should know of a weight file."""
    found = []
    strange = {bias for layer in tile.layers for _, bias in layer} - get_format("e2m1").bias_set
    for bias in sorted(strange):
        found.append(f"{shown(file)}: the bias {bias / 2} is not FP4 (E2M1); the function is re-expressed without it")
    try:
        function = named_function(kind)
    except InputError:
        return found
    same = tile.outputs == 1 and tile.inputs == function.table.arity
    if tile.inputs <= _MAX_TABLE_INPUTS and not (same and tile_tables(tile) == [function.table.bits]):
        found.append(
            f"{shown(file)}: is called {shown(kind)}, but its weights compute another function; the weights decide"
        )
    return found


def _check_routes(about: Mapping[str, Any], wires: Mapping[str, list[str]]) -> None:
    """Routes say again what the tiles say; refuse a file that contradicts itself."""
    if "routes" not in about:
        return
    for place, entry in _objects(about, "routes"):
        tile, port = entry.get("dest_tile"), entry.get("dest_port")
        if isinstance(tile, str) and tile in wires:
            reads = wires[tile]
            if type(port) is not int or not 0 <= port < len(reads) or reads[port] != entry.get("wire"):
                raise InputError(f"{place}: contradicts the input_wires of {quoted(tile)}")


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{place} must be an object")
    return value


def _objects(about: Mapping[str, Any], key: str) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a list, each with its place for messages."""
    found = about.get(key)
    if not isinstance(found, list):
        raise InputError(f"{key} must be a list of objects, as in a TriX compiled circuit")
    return [(f"{key}[{k}]", _object(entry, f"{key}[{k}]")) for k, entry in enumerate(found)]


def _text(entry: Mapping[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise InputError(f"{place}.{key} must be a text, not {escaped(repr(value), 40)}")
    return value


def _texts(entry: Mapping[str, Any], key: str, place: str) -> list[str]:
    values = entry.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise InputError(f"{place}.{key} must be a list of names of wires")
    return values
