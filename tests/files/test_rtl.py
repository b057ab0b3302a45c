"""RTL by way of Yosys, where pyosys is installed; and structural Verilog that falls back to it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import read_bytes_as, read_circuit
from trix_circuits.files.verilog.rtl import read_rtl

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pyosys") is None, reason="pyosys is not installed")


def test_an_adder_in_rtl_adds_and_the_way_is_said() -> None:
    text = b"module m(input [3:0] a, b, input c, output reg [4:0] s);\nalways @* s = a + b + c;\nendmodule\n"
    found = read_bytes_as("verilog", text, "adder.v")

    assert (found.kind, found.vouched) == ("rtl", False)
    assert found.aig.input_names[:5] == ("a[0]", "a[1]", "a[2]", "a[3]", "b[0]")
    for row in range(512):
        assert found.aig.evaluate(row) == (row & 15) + (row >> 4 & 15) + (row >> 8)
    assert (
        found.notes[0]
        == "line 1: 'reg' is not structural Verilog; RTL goes by way of Yosys: read as RTL by way of Yosys"
    )
    assert "not proven here" in found.notes[1]


def test_includes_are_found_beside_the_file_and_top_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "w.vh").write_text("`define W 3\n")
    (tmp_path / "d.v").write_text(
        '`include "w.vh"\nmodule a(input [`W-1:0] x, output y); assign y = x > 2; endmodule\n'
        "module b(input x, output y); assign y = ~x; endmodule\n"
    )
    assert [read_circuit(tmp_path / "d.v", top="b").aig.evaluate(row) for row in (0, 1)] == [1, 0]
    found = read_circuit(tmp_path / "d.v", kind="rtl", top="a")
    assert [found.aig.evaluate(row) for row in range(8)] == [0, 0, 0, 1, 1, 1, 1, 1]


def test_an_undefined_value_is_0_and_that_is_said() -> None:
    text = b"module m(input [1:0] a, output y); assign y = a == 2 ? 1'b1 : a == 1 ? 1'bx : 1'b0; endmodule"
    found = read_bytes_as("verilog", text, "x.v")
    assert [found.aig.evaluate(row) for row in range(4)] == [0, 0, 1, 0]
    assert "x is taken as 0" in found.notes[1]


MISTAKES = [
    ("module m(input c, d, output reg q); always @(posedge c) q <= d; endmodule", "the design is sequential"),
    ("module m(input c, d, output reg q); always @* if (c) q = d; endmodule", "the design is sequential"),
    ("module m(input a, output y); always_comb y = ; endmodule", "Yosys: design.sv:1: "),
    ("module m(input a, output y); nothere #(1) u(a, y); assign z = a + a; endmodule", "Yosys: "),
    ("module m(input a, output [3:0] y); wire [3:0] w; assign y = a + w; endmodule", "Yosys: "),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes_as("verilog", text.encode(), "x.v")
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith("x.v: ")


def test_top_must_be_a_name() -> None:
    with pytest.raises(InputError, match="top must be the name of a module, not"):
        read_bytes_as("rtl", b"module m(output y); assign y = 1; endmodule", "x.v", top="m; shell ls")


def test_a_design_that_takes_too_long_is_a_limit() -> None:
    with pytest.raises(LimitError, match=r"Yosys did not end within 0\.01 s"):
        read_rtl(b"module m(output y); assign y = 1; endmodule", "x", None, None, timeout_s=0.01)
