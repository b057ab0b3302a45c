"""Damaged files of every kind: always a circuit or one clear line, never a crash, never memory for a mere claim."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.writers import WRITERS, Logic
from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import READABLE, read_bytes_as
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.verilog.reader import read_verilog

LOGIC = Logic(3, (("xor", 0, 1), ("nand", 3, 2), ("or", 4, 0), ("nor", 5, 1), ("and", 5, 5)), (3, 6, 7))
TOKENS = [
    b"0", b"1", b"-", b"~", b"(", b")", b"{", b"}", b"[", b"]", b";", b",", b"=", b"\\", b"'", b"\n", b" ", b"\0", b"\xff",
    b"1000000000", b"99999999999999999999", b"-1", b"1'b0", b"assign ", b"module ", b"endmodule", b"wire [7:0] ", b"a[0]",
    b"y[0]", b"/*", b"//", b"(*", b"`x", b"?", b":", b"0x", b".i 99999999", b".subckt ", b".names ", b".end", b"INPUT(",
    b"\xe2\x80\xa8", b"\x85", b"\x1c", b"\r", b"#", b"|", b"aig 9 9 0 9 9", b"i0 ", b"o0 ", b"c\n", b"DFF", b"LUT 0x",
]  # fmt: skip


def read(kind: str, data: bytes) -> None:
    """Read as the door does, but never start Yosys."""
    try:
        if kind == "verilog":
            read_verilog(data, "x", None)
        else:
            assert read_bytes_as(kind, data, "x").kind == kind
    except (InputError, LimitError) as error:
        message = str(error)
        assert message and message.isprintable() and len(message) < 600, message


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    data = original
    for _ in range(draw(st.integers(1, 4))):
        low = draw(st.integers(0, len(data)))
        high = min(len(data), low + draw(st.integers(0, 12)))
        way = draw(st.integers(0, 4))
        if way == 0:
            data = data[:low] + draw(st.sampled_from(TOKENS)) + data[high:]
        elif way == 1:
            data = data[:low] + data[high:]
        elif way == 2:
            data = data[:high] + data[low:]
        elif way == 3:
            data = data[:low]
        else:
            lines = data.split(b"\n")
            k = draw(st.integers(0, len(lines) - 1))
            lines.insert(draw(st.integers(0, len(lines))), lines[k])
            data = b"\n".join(lines)
    return data


ORIGINALS = [(kind, writer.__name__, writer(LOGIC).encode()) for kind, writer in WRITERS]
ORIGINALS.append(
    ("aiger", "binary", aiger_bytes(read_bytes_as("blif", {n: d for _, n, d in ORIGINALS}["blif"], "x").aig))
)


@pytest.mark.parametrize(("kind", "name", "original"), ORIGINALS, ids=[name for _, name, _ in ORIGINALS])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_a_circuit_or_one_line(kind: str, name: str, original: bytes, data: st.DataObject) -> None:
    read(kind, data.draw(damaged(original)))


@pytest.mark.parametrize("kind", [kind.name for kind in READABLE if kind.name not in ("trix", "rtl")])
@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=60) | st.lists(st.sampled_from(TOKENS), max_size=30).map(b"".join))
def test_junk_is_one_line(kind: str, data: bytes) -> None:
    read(kind, data)


CLAIMS = [
    ("aiger", b"aig 1000000000 500000000 0 1 500000000\n0\n"),
    ("aiger", b"aag 1000000000 1000000000 0 0 0\n"),
    ("aiger", b"aig 999999999999999999 0 0 999999999999999999 999999999999999999\n"),
    ("blif", b".model m\n.inputs a\n.outputs y\n.subckt m a=a y=y\n.end\n"),
    ("bench", b"INPUT(a)\nOUTPUT(y)\ny = LUT 0x1 (" + b"a," * 30 + b"a)\n"),
    ("pla", b".i 900000000\n.o 900000000\n.e\n"),
    ("bristol", b"900000000 900000000\n1 900000000\n1 1\n1 1 0 1 INV\n"),
    ("table", b"y: 0x1 (900000000)\n"),
    ("verilog", b"module m(input [900000000:0] a, output y); assign y = a[0]; endmodule"),
    ("verilog", b"module m(output y); assign y = 900000000'b0; endmodule"),
]


@pytest.mark.parametrize(("kind", "data"), CLAIMS)
def test_a_claim_of_gigabytes_costs_little(kind: str, data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises((InputError, LimitError)):
            if kind == "verilog":
                read_verilog(data, "x", None)
            else:
                read_bytes_as(kind, data, "x")
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()
