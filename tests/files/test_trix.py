"""TriX's compiled circuits: weights decide, names do not; bytes are written here as the files have them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits.errors import InputError
from trix_circuits.files import read_bytes_as, read_circuit
from trix_circuits.files.trix import parse_tile, tile_tables

Layer = list[tuple[list[int], int]]  # codes


def weight_file(name: str, inputs: int, layers: list[Layer]) -> bytes:
    def packed(codes: list[int]) -> bytes:
        codes = codes + [0] * (len(codes) % 2)
        return bytes(codes[k] << 4 | codes[k + 1] for k in range(0, len(codes), 2))

    out = b"TFP4" + bytes([1, len(layers), len(name), inputs, len(layers[-1])]) + name.encode()
    for layer in layers:
        for count in (len(layer), len(layer[0][0]), len(layer)):
            out += count.to_bytes(2, "little")
        out += packed([code for codes, _ in layer for code in codes]) + packed([bias for _, bias in layer])
    return out


SUM: list[Layer] = [[([0, 0, 2], 2), ([0, 2, 0], 2), ([2, 0, 0], 2), ([2, 2, 2], 0)], [([2, 2, 2, 2], 2)]]
CARRY: list[Layer] = [[([2, 2, 2], 1)]]


def circuit(folder: Path, tiles: list[tuple[str, list[str], list[str]]], inputs: list[str], outputs: list[str]) -> Path:
    (folder / "weights").mkdir(exist_ok=True)
    (folder / "weights/SUM.fp4").write_bytes(weight_file("SUM", 3, SUM))
    (folder / "weights/CARRY.fp4").write_bytes(weight_file("CARRY", 3, CARRY))
    about: dict[str, Any] = {
        "name": "adder",
        "tile_configs": [
            {"tile_id": f"T{k}", "atom_type": kind, "input_wires": ins, "output_wires": outs,
             "weight_file": f"weights/{kind}.fp4", "weight_format": "fp4"}
            for k, (kind, ins, outs) in enumerate(tiles)
        ],
        "inputs": [{"name": name, "wire": name} for name in inputs],
        "outputs": [{"name": name, "wire": name} for name in outputs],
        "routes": [{"source_tile": "__INPUT__", "dest_tile": "T0", "dest_port": 0, "wire": tiles[0][1][0]}],
    }  # fmt: skip
    path = folder / "adder.trix.json"
    path.write_text(json.dumps(about))
    return path


def two_bit_adder(folder: Path) -> Path:
    tiles = [
        ("SUM", ["a1", "b1", "c1"], ["s1"]),
        ("CARRY", ["a1", "b1", "c1"], ["c2"]),
        ("SUM", ["a0", "b0", "cin"], ["s0"]),
        ("CARRY", ["a0", "b0", "cin"], ["c1"]),
    ]
    return circuit(folder, tiles, ["a0", "a1", "b0", "b1", "cin"], ["s0", "s1", "c2"])


def test_a_ripple_adder_of_tiles_adds_and_says_what_is_not_fp4(tmp_path: Path) -> None:
    found = read_circuit(two_bit_adder(tmp_path))

    assert found.kind == "trix" and not found.vouched
    for row in range(32):
        assert found.aig.evaluate(row) == (row & 3) + (row >> 2 & 3) + (row >> 4)
    assert found.notes == (
        "gates of TriX step at > 0; they are re-expressed as gates that fire at >= 0",
        "weights/SUM.fp4: the bias -2.5 is not FP4 (E2M1); the function is re-expressed without it",
    )


def test_the_step_is_strict_and_a_wrong_name_is_said(tmp_path: Path) -> None:
    path = two_bit_adder(tmp_path)
    (tmp_path / "weights/CARRY.fp4").write_bytes(weight_file("CARRY", 3, [[([2, 2, 2], 2)]]))  # an OR
    found = read_circuit(path)
    assert (
        "weights/CARRY.fp4: is called CARRY, but its weights compute another function; the weights decide"
        in found.notes
    )
    assert found.aig.evaluate(0b00001) == 7  # 1 + 0: both carries are ORs now


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_tiles_of_any_codes_compute_their_weights(data: st.DataObject) -> None:
    inputs, layers, width = data.draw(st.integers(1, 4)), [], 0
    width = inputs
    for _ in range(data.draw(st.integers(1, 3))):
        rows = data.draw(st.integers(1, 3))
        codes = st.lists(st.integers(0, 2), min_size=width, max_size=width)
        layers.append([(data.draw(codes), data.draw(st.integers(0, 4))) for _ in range(rows)])
        width = rows
    tile = parse_tile(weight_file("T", inputs, layers))

    for row in range(1 << inputs):
        bits = [row >> k & 1 for k in range(inputs)]
        for layer in layers:
            bits = [
                int(sum((code - 1) * x for code, x in zip(ws, bits, strict=True)) + bias - 2.5 > 0)
                for ws, bias in layer
            ]
        assert [table >> row & 1 for table in tile_tables(tile)] == bits


def test_weight_files_must_lie_below_the_circuit(tmp_path: Path) -> None:
    path = two_bit_adder(tmp_path)
    text = path.read_text()
    for place in ("../secret.fp4", "/etc/passwd", "weights/../../x", "a\\u0000b"):
        path.write_text(text.replace("weights/SUM.fp4", place))
        with pytest.raises(InputError, match=r"weight_file must lie below the folder of the circuit"):
            read_circuit(path)
    outside = tmp_path.parent / "outside.fp4"
    outside.write_bytes(weight_file("SUM", 3, SUM))
    (tmp_path / "weights/SUM.fp4").unlink()
    os.symlink(outside, tmp_path / "weights/SUM.fp4")
    path.write_text(text)
    with pytest.raises(InputError, match=r"weight_file must lie below the folder of the circuit"):
        read_circuit(path)


CHANGES: list[tuple[str, str, str]] = [
    ('"inputs"', '"inpts"', "inputs must be a list of objects"),
    ('"tile_configs": [', '"tile_configs": [3, ', "tile_configs[0] must be an object"),
    ('"weight_format": "fp4"', '"weight_format": "fp8"', "weight_format must be fp4, not 'fp8'"),
    ('["a1", "b1", "c1"]', '["a1", "b1"]', "tile_configs[0]: must have 3 input and 1 output wires, not 2 and 1"),
    ('["a1", "b1", "c1"]', '["a1", "b1", 1]', "tile_configs[0].input_wires must be a list of names"),
    ('"wire": "a1"', '"wire": "zz"', "routes[0]: contradicts the input_wires of 'T0'"),
    ('["c1"]', '["s1"]', "net 's1' must have one driver, not two"),
    ('["a0", "b0", "cin"]', '["c1", "b0", "cin"]', "a loop: "),
    ("weights/SUM.fp4", "weights/NO.fp4", "cannot be read"),
    ("{", "[", "must be JSON of a TriX compiled circuit"),
    ('"name": "adder"', '"name": ' + "[" * 100_000, "must be JSON of a TriX compiled circuit"),
]


@pytest.mark.parametrize(("old", "new", "message"), CHANGES, ids=[message[:30] for _, _, message in CHANGES])
def test_a_contradiction_is_one_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    path = two_bit_adder(tmp_path)
    text = path.read_text()
    changed = (
        text.replace(old, new)
        if message.startswith("routes") is False
        else text[: text.index('"routes"')] + text[text.index('"routes"') :].replace(old, new)
    )
    path.write_text(changed)
    with pytest.raises(InputError) as caught:
        read_circuit(path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_weight_file_is_refused_or_read_never_a_crash(data: st.DataObject) -> None:
    raw = bytearray(weight_file("SUM", 3, SUM))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_tile(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    except InputError as error:
        assert "\n" not in str(error)


def test_bytes_alone_are_not_enough() -> None:
    with pytest.raises(InputError, match="must be read from its folder"):
        read_bytes_as("trix", b"{}", "x.trix.json")


def test_the_published_full_adder_adds() -> None:
    beside = Path(__file__).resolve().parents[3] / "shared" / "benchmarks"
    path = Path(os.environ.get("TRIX_BENCHMARKS", beside)) / "trix/fp4_full_adder/full_adder.trix.json"
    if not path.is_file():
        pytest.skip("TriX's own file is not here")
    found = read_circuit(path)
    assert [found.aig.evaluate(row) for row in range(8)] == [row.bit_count() for row in range(8)]
    assert any("-2.5 is not FP4" in note for note in found.notes)
