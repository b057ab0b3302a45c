"""Structural Verilog: every form that netlists come in, and one clear line for all else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from trix_circuits.errors import InputError, LimitError
from trix_circuits.files import read_bytes_as
from trix_circuits.files.verilog.reader import NotStructuralError, read_verilog


def values(text: str, top: str | None = None) -> list[int]:
    aig = read_verilog(text.encode(), "x", top).aig
    return [aig.evaluate(row) for row in range(1 << len(aig.input_names))]


def test_operators_bind_as_in_the_standard() -> None:
    expressions: dict[str, Callable[[int, int, int, int], int]] = {
        "a & b | c ^ d": lambda a, b, c, d: a & b | (c ^ d),
        "a | b & c ^ ~d": lambda a, b, c, d: a | (b & c ^ 1 - d),
        "a ~^ b & c": lambda a, b, c, d: 1 - (a ^ b & c),
        "a ^~ b | !c && d || a": lambda a, b, c, d: int(bool((1 - (a ^ b)) | (1 - c)) and d) | a,
        "a ? b : c ? d : ~a": lambda a, b, c, d: b if a else d if c else 1 - a,
        "a ? b ? c : d : b": lambda a, b, c, d: (c if b else d) if a else b,
        "~(a & (b | ~(c ^ d)))": lambda a, b, c, d: 1 - (a & (b | 1 - (c ^ d))),
        "&{a, b, ~c} ^ ^{a, b, c, d}": lambda a, b, c, d: a & b & (1 - c) ^ a ^ b ^ c ^ d,
        "~|{a, b} | ~&{c, d}": lambda a, b, c, d: (1 - (a | b)) | (1 - (c & d)),
        "~^{a, b, c}": lambda a, b, c, d: 1 - (a ^ b ^ c),
        "1'b1 ^ a & 1'b0 | 1'h0": lambda a, b, c, d: 1,
        "{a, b} & {c, d} ? 1'b1 : 1'b0": lambda a, b, c, d: (a & c) | (b & d),
        "~~a & (((b)))": lambda a, b, c, d: a & b,
    }
    for text, function in expressions.items():
        found = values(f"module m(input a, b, c, d, output y); assign y = {text}; endmodule")
        assert found == [function(row & 1, row >> 1 & 1, row >> 2 & 1, row >> 3) for row in range(16)], text


def test_vectors_selects_and_concatenations() -> None:
    text = """
    `timescale 1ns / 1ps
    module m (a, b, y, z);   // old ports
      input [3:0] a; input [0:1] b;
      output [5:0] y; output z;
      wire [3:0] n, m = a ^ {b, 2'b10};
      supply1 vdd; supply0 [1:0] gnd;
      assign n = ~a, y = {n[3:2], m[0], a[1:0], vdd};
      (* keep *) assign /* here */ z = b[0] & ~b[1] | gnd[1];
    endmodule
    """
    reading = read_verilog(text.encode(), "x", None)
    assert reading.aig.input_names == ("a[0]", "a[1]", "a[2]", "a[3]", "b[1]", "b[0]")
    assert reading.notes == ("b has rising indices: its bit of least index is the highest in Verilog, the lowest here",)
    for row, found in enumerate(values(text)):
        a, b1, b0 = row & 15, row >> 4 & 1, row >> 5
        m = a ^ (b0 << 3 | b1 << 2 | 2)
        assert found & 63 == (~a & 12) << 2 | (m & 1) << 3 | (a & 3) << 1 | 1
        assert found >> 6 == b0 & (1 - b1)


def test_primitives_with_and_without_names_delays_and_several_outputs() -> None:
    text = """module c(a, b, c, x, y, z, w); input a, b, c; output x, y, z, w;
    nand g1 (x, a, b, c), (y, a, b); nor #2 (z, a, b, c); not #(1, 2) n (w, v, x2); buf (v2, a); xnor g(x2b, a);
    wire x2, v; assign v = 1'b0; endmodule"""
    with pytest.raises(InputError, match="net 'v' must have one driver, not two"):
        values(text)
    fine = text.replace("(w, v, x2)", "(w, v, c)").replace(" assign v = 1'b0;", "")
    for row, found in enumerate(values(fine)):
        a, b, c = row & 1, row >> 1 & 1, row >> 2
        assert found == (1 - (a & b & c)) | (1 - (a & b)) << 1 | (1 - (a | b | c)) << 2 | (1 - c) << 3


def test_instances_nest_and_outputs_may_feed_inputs_of_the_same_instance() -> None:
    text = """
    module two(input p, q, output np, nq); assign np = ~p; not(nq, q); endmodule
    module pair(input [1:0] d, output [1:0] e); two t(.p(d[0]), .q(d[1]), .np(e[0]), .nq(e[1])); endmodule
    module top(input a, output y); wire m, o; two u(a, m, m, y); pair v(.d({a, m}), .e()); endmodule
    """
    assert values(text) == [0, 1]  # y = ~~a, through one instance twice
    assert values(text, "pair") == [3, 2, 1, 0]


def test_escaped_names_are_the_names_behind_the_backslash() -> None:
    text = "module m(\\a[0] , \\b+c , y); input \\a[0] , \\b+c ; output y; assign y = \\a[0] &~ \\b+c ; endmodule"
    reading = read_verilog(text.encode(), "x", None)
    assert reading.aig.input_names == ("a[0]", "b+c")
    assert values(text) == [0, 1, 0, 0]


BEYOND = [
    ("always @(posedge c) y <= a;", "line 2: 'always'"),
    ("reg r;", "line 2: 'reg'"),
    ("assign y = a + c;", "line 2: the operator '+'"),
    ("assign y = a == c;", "line 2: the operator '=='"),
    ("parameter N = 3;", "line 2: 'parameter'"),
    ("wire [N-1:0] w;", "line 2: the bound 'N'"),
    ("wire [3:0] w; assign w = a;", "line 2: an assignment of 1 bits to 4"),
    ("wire [3:0] w; assign y = w[a];", "line 2: the index 'a'"),
    ("wire [3:0] w; assign w = {4{a}};", "line 2: a replication"),
    ("assign y = 1'bx;", "with x or z,"),
    ("assign y = $signed(a);", "line 2: '$'"),
    ("wire [1:0] w; assign y = w & {a, a, a};", "line 2: an operator between 2 and 3 bits"),
    ("sub #(3) s (a);", "line 2: a parameter"),
    ("bufif0 (y, a, c);", "line 2: 'bufif0'"),
    ("`ifdef X", "line 2: the directive '`ifdef'"),
    ("typedef enum t;", "line 2: 'typedef' 'enum' without connections"),
    ("assign y = f(a);", "line 2: a call or a name with a path"),
]


@pytest.mark.parametrize(("item", "message"), BEYOND)
def test_what_is_beyond_is_named_and_shown_the_way_to_yosys(item: str, message: str) -> None:
    with pytest.raises(NotStructuralError) as caught:
        values(f"module m(input a, c, output y);\n{item}\nendmodule")
    assert message in str(caught.value)
    assert str(caught.value).endswith("is not structural Verilog; RTL goes by way of Yosys")


MISTAKES = [
    ("assign y = a &;", "line 2: expected a value, not ';'"),
    ("assign y = (a;", "line 2: expected ')', not ';'"),
    ("assign y = a ? c;", "line 2: expected ':', not ';'"),
    ("assign y = {a, c;", "line 2: expected '}', not ';'"),
    ("assign y = a) ;", "line 2: expected ';', not ')'"),
    ("assign y = a c;", "line 2: expected"),
    ("assign y = a; assign y = c;", "line 2: net 'y' must have one driver, not two"),
    ("assign a = y;", "input 'a' must not be driven by a gate"),
    ("assign y = q;", "net 'q' is not driven, but 'y' reads it"),
    ("assign y = q; assign q = ~y;", "a loop: "),
    ("wire [3:0] w; assign y = w[4];", "line 2: [4:4] must lie within the 4 bits of 'w'"),
    ("assign y = a[0];", "line 2: 'a' must be a vector to be indexed"),
    ("wire w; wire w;", "line 2: 'w' is declared twice"),
    ("input a;", "line 2: 'a' must be a port, and be given a direction once"),
    ("output n;", "line 2: 'n' must be a port"),
    ("nothere u(a);", "line 2: module 'nothere' is not defined in this file"),
    ("m u(a, c, y);", "top must be given: m may each be it"),
    ("and (y);", "line 2: and must have two or more terminals"),
    ("assign y = 1'b2;", 'line 2: "1\'b2" is no number'),
    ("assign y = 0'b0;", "line 2: a number must be 1 to"),
    ("\x01", "line 2: must be a text file, not binary data: the byte 0x01 stands there"),
    ("&", "line 2: expected a declaration, a gate or endmodule"),
    ("assign y = /* open", "line 2: expected a value, not '/'"),
]


@pytest.mark.parametrize(("item", "message"), MISTAKES)
def test_a_mistake_is_one_line(item: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        values(f"module m(input a, c, output y);\n{item}\nendmodule")
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not isinstance(caught.value, NotStructuralError)


MODULES = [
    ("", "must have a module"),
    ("hello", "line 1: expected module, not 'hello'"),
    ("module m(a); endmodule", "line 1: port 'a' must be an input or an output"),
    ("module m(a, a); endmodule", "line 1: port 'a' stands twice"),
    ("module m(input a", "line 1: expected ',', not 'the end of the file'"),
    ("module m(inout a); endmodule", "line 1: a port must be an input or an output, not inout"),
    ("module m(); endmodule module m(); endmodule", "line 1: two modules are named 'm'"),
    ("module a(); endmodule module b(); endmodule", "top must be given: a, b may each be it"),
    ("module a(); b u(); endmodule module b(); c u(); endmodule module c(); b u(); endmodule", "module 'b' must not contain itself"),
    ("module a(input x); endmodule module b(); a u(.z()); endmodule", "line 1: module 'a' has no port 'z'"),
    ("module a(input x); endmodule module b(); a u(1'b0, 1'b0); endmodule", "'u' must have at most 1 connections, not 2"),
    ("module a(output x); assign x = 1; endmodule module b(); a u(1'b0); endmodule", "'an expression' must have one driver"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MODULES)
def test_a_mistake_about_modules_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        values(text)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_nesting_is_bounded_by_the_file_alone() -> None:
    deep = 5_000
    for text in (
        "(" * deep + "a" + ")" * deep,
        "~" * deep + "a",
        "a ? c : " * deep + "a",
        "c ? " * deep + "a" + " : a" * deep,
    ):
        values(f"module m(input a, c, output y); assign y = {text}; endmodule")


BOMBS = {
    "a wide port": "module m(input [1000000000:0] a, output y); assign y = a[0]; endmodule",
    "many wide ports": "module m(output y);" + "".join(f"wire [60000:0] w{k};" for k in range(500)) + "endmodule",
    "a wide number": "module m(output y); assign y = |99999'b0; endmodule",
    "many numbers": "module m(output y); assign y = |{" + ",".join(["60000'b0"] * 500) + "}; endmodule",
    "a hierarchy": "module m0(input a); endmodule "
    + "".join(f"module m{k + 1}(input a); m{k} x(a); m{k} y(a); endmodule " for k in range(40)),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_what_expands_beyond_measure_is_a_limit(name: str) -> None:
    with pytest.raises((LimitError, InputError), match=r"at most \d+ nets|must be 1 to \d+ bits wide"):
        values(BOMBS[name])


def test_without_yosys_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"x: line 1: 'always' is not structural .*; .*pip install 'trix-circuits\[rtl\]'"
    ):
        read_bytes_as("verilog", b"module m(input a, output y); always @* y = a; endmodule", "x")


def test_a_netlist_of_many_lines_is_read_in_linear_time() -> None:
    rng = random.Random(1)
    lines = ["module m(input [63:0] a, output y);"]
    names = [f"a[{k}]" for k in range(64)] + [f"n{k}" for k in range(6_000)]
    for k in range(6_000):
        p, q = rng.choice(names[max(0, k) : 64 + k]), rng.choice(names[: 64 + k])
        form = f"assign n{k} = ~{p} & {q};" if k % 2 else f"xor g{k} (n{k}, {p}, {q});"
        lines.append(form)
    found = read_verilog("\n".join([*lines, "assign y = n5999; endmodule"]).encode(), "x", None)
    assert found.aig.size > 1000
