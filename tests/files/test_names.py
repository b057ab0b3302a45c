"""Names that people and tools give: what was told apart in a file stays apart, in the reader and in every writer.

The circuits are small, so that all rows are tried; what they compute is known to the test, which goes by names (or by
the order of buses, where a format has no names).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies import assignments, evaluate
from trix_circuits import check
from trix_circuits.emit import testbench as bench
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.export import WRITABLE, export_circuit
from trix_circuits.files import read_bytes_as, read_circuit
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.files.kinds import Writing
from trix_circuits.files.names import called, check_matching, comment, ports_of_netlist, renamings
from trix_circuits.files.verilog.reader import read_verilog
from trix_circuits.files.verilog.text import NotStructuralError
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.expand import aig_of
from trix_circuits.logic.formats import WeightFormat, get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.prove.equivalence import Side, prove_sides

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Names of bits: like each other once they are letters, digits and _; like what writers make up; like the syntax of a format.
BITS = [
    "a", "b", "1/t", "1_t", "_1_t", "1.t", "a[0]", "a[1]", "a_0_", "a[00]", "a[", "a]", "g0", "g1", "g0_1", "n0", "n1", "n1_2", "u.t",
    "t0_in", "CONST1", "reg", "and", "module", "node", "out y", "\\x", "\\xc3", '"', "*/", "/*", "//", "`x", "#", ".names", ".end",
    "c", "i0 x", "y]", "a b", " a", "a ", "|", "=", "y", "y_", "y[0]", "y[1]", "'", "{}", "(*", "-", "0", "1", "$1", "x0[0]",
]  # fmt: skip
MADE_UP = ["n0", "n1", "n2", "g0", "g1", "a[0]", "a[1]", "a[2]", "b[0]", "b[1]", "n", "n_0", "a_"]
bits = (
    st.sampled_from(BITS)
    | st.sampled_from(MADE_UP)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=4)
)

# Names of buses: what writers make up, and words of the formats.
BUSES = [
    "g0", "g1", "g", "g_", "g_0", "g0_1", "g0_1_2", "n0", "n1", "n_0", "t0_in", "t0_out", "CONST1", "reg", "and", "wire", "module", "out",
    "_", "__", "_0", "a", "a_", "a_0_", "node", "edge", "graph", "i0", "o0", "c", "errors", "check", "dut", "given", "value", "x0",
    "y0", "names", "end", "rank", "label", "l0",
]  # fmt: skip


@st.composite
def aigs(draw: st.DrawFn) -> Aig:
    """Some ANDs and XORs over inputs of any names."""
    names = draw(st.lists(draw(st.sampled_from([bits, st.sampled_from(MADE_UP)])), min_size=1, max_size=6, unique=True))
    outputs = draw(st.lists(bits, min_size=1, max_size=5, unique=True))
    builder = AigBuilder(names)
    literals = [builder.input(k) for k in range(len(names))]
    for _ in range(draw(st.integers(0, 20))):
        a, b = (draw(st.sampled_from(literals)) ^ draw(st.integers(0, 1)) for _ in range(2))
        literals.append(draw(st.sampled_from([builder.and_, builder.xor]))(a, b))
    return builder.finish(
        "any", [(name, draw(st.sampled_from(literals)) ^ draw(st.integers(0, 1))) for name in outputs]
    )


def permuted(row: int, places: Sequence[int]) -> int:
    """Bit places[k] of the row as bit k."""
    return sum((row >> place & 1) << k for k, place in enumerate(places))


def bit_names(buses: Sequence[tuple[str, Sequence[int]]]) -> dict[int, str]:
    """The name of each place, as a file with such buses has it."""
    return {
        place: name if len(places) == 1 else f"{name}[{k}]" for name, places in buses for k, place in enumerate(places)
    }


def test_bits_of_words_may_stand_apart_and_in_any_order(tmp_path: Path) -> None:
    builder = AigBuilder(["a[1]", "n0", "a[2]", "n0_[0]", "a[0]"])
    x = builder.and_(2, builder.and_(5, 11))
    aig = builder.finish("any", [("y[1]", x), ("z", builder.and_(x ^ 1, 6)), ("y[0]", builder.xor(x, 8))])
    check_written(tmp_path, aig)


@QUICK
@given(aigs())
def test_every_writer_keeps_the_bits_of_an_aig_apart(tmp_path: Path, aig: Aig) -> None:
    check_written(tmp_path, aig)


def check_written(tmp_path: Path, aig: Aig) -> None:
    """Write it in every kind that an AIG has, and find each bit again by its name or its place."""
    buses = check.buses(aig.input_names, aig.output_names)
    shared = bool(set(aig.input_names) & set(aig.output_names))
    for kind in WRITABLE:
        if kind.gates:
            continue
        done = export_circuit(aig, kind.name, tmp_path / f"it{kind.suffixes[0]}")
        again = read_circuit(tmp_path / f"it{kind.suffixes[0]}").aig
        places: list[list[int]] = []  # of our bits, in the file's order
        for side, ours, theirs in zip(
            buses, (aig.input_names, aig.output_names), (again.input_names, again.output_names), strict=True
        ):
            if not kind.named:
                places.append([place for _, bus in side for place in bus])
                continue
            kept = kind.any_name and not shared
            wanted = dict(enumerate(ours)) if kept else bit_names(side)
            place_of = {name: place for place, name in wanted.items()}
            assert sorted(place_of) == sorted(theirs), kind.name
            places.append([place_of[name] for name in theirs])
        for row in range(1 << len(aig.input_names)):
            assert permuted(aig.evaluate(row), places[1]) == again.evaluate(permuted(row, places[0])), kind.name
        assert done.notes == (() if not kind.named or (kind.any_name and not shared) else renamings(aig))


@QUICK
@given(st.lists(bits, max_size=8, unique=True), st.lists(bits, max_size=8, unique=True))
def test_what_is_called_otherwise_is_told_for_every_name_that_parts(inputs: list[str], outputs: list[str]) -> None:
    buses = called(inputs, outputs)
    sides = check.buses(inputs, outputs)

    assert [bus.called for bus in buses] == [name for side in sides for name, _ in side]
    given_bits: dict[str, list[str]] = {"input": [], "output": []}
    for bus, (_, places) in zip(buses, [entry for side in sides for entry in side], strict=True):
        given_bits[bus.side] += [f"{bus.given}[{k}]" for k in range(len(places))] if bus.word else [bus.given]
    assert sorted(given_bits["input"]) == sorted(inputs) and sorted(given_bits["output"]) == sorted(outputs)
    builder = AigBuilder(inputs)
    notes = renamings(builder.finish("x", [(name, 0) for name in outputs]))
    parted = [bus for bus in buses if bus.called != bus.plain]
    assert len([note for note in notes if ", for " in note]) == min(len(parted), 6)
    for bus in parted[:6]:
        assert any(note.startswith(f"{bus} is called {bus.called}, for ") for note in notes)
    assert all(note.isprintable() and note.isascii() for note in notes)
    assert bool(notes) == any(bus.called != bus.given for bus in buses)


@st.composite
def netlists(draw: st.DrawFn) -> Netlist:
    form = get_format("e2m1")
    form = WeightFormat(
        draw(st.sampled_from(["e2m1", "x]\n.end", "`a\\", "*/ b", "a"])), form.unit, form.weight_codes, form.bias_codes
    )
    names = draw(st.lists(st.sampled_from(BUSES), min_size=2, max_size=6, unique=True))
    ins = draw(st.integers(1, len(names) - 1))
    builder = Builder(form, {name: draw(st.integers(1, 2)) for name in names[:ins]}, share=False)
    for _ in range(draw(st.integers(1, 5))):
        sources = draw(st.lists(st.integers(0, builder.net_count - 1), unique=True, max_size=4))
        weights = [draw(st.sampled_from([-4, -2, -1, 1, 2, 3])) for _ in sources]
        builder.gate(sources, weights, draw(st.sampled_from([-4, -2, -1, 0, 1, 2])))
    nets = st.lists(st.integers(0, builder.net_count - 1), min_size=1, max_size=3)
    return builder.finish({name: draw(nets) for name in names[ins:]})


NAMES = ["it", "and", "a\nb", "x*/y", "`define", 'q"', "", "\x1b[2J", "ö", "node", "9", "module", "a b", "x" * 90]


@QUICK
@given(netlists(), st.sampled_from(NAMES))
def test_every_writer_keeps_the_bits_of_a_netlist_apart(tmp_path: Path, netlist: Netlist, name: str) -> None:
    for kind in WRITABLE:
        path = tmp_path / f"it{kind.suffixes[0]}"
        if kind.name == "thresh" and "CONST1" in aig_of(netlist).input_names + aig_of(netlist).output_names:
            with pytest.raises(
                InputError, match=r"not written: an input or output must not be named CONST1 in a \.th file"
            ):
                export_circuit(netlist, kind.name, path, name=name)
            continue
        done = export_circuit(
            netlist, kind.name, path, name=name, testbench_path=tmp_path / "tb.v" if kind.name == "verilog" else None
        )
        assert done.notes == ()
        if kind.name == "dot":  # which no reader of ours takes for a circuit
            nodes = re.findall(r'^  "([^"]+)" \[', path.read_text(), re.MULTILINE)
            bits_out = sum(len(nets) for nets in netlist.outputs.values())
            assert len(set(nodes)) == len(nodes) == netlist.net_count + bits_out
            ends = re.findall(r'^  "([^"]+)" -> "([^"]+)"', path.read_text(), re.MULTILINE)
            assert {end for edge in ends for end in edge} <= set(nodes)
            assert len({end for _, end in ends} & set(nodes[-bits_out:])) == bits_out
            continue
        again = read_circuit(path).aig
        for values in assignments(netlist, 64):
            inputs = {
                f"{bus}[{k}]" if width > 1 else bus: values[bus] >> k & 1
                for bus, width in netlist.inputs.items()
                for k in range(width)
            }
            wanted = {
                f"{bus}[{k}]" if len(nets) > 1 else bus: evaluate(netlist, values)[bus] >> k & 1
                for bus, nets in netlist.outputs.items()
                for k in range(len(nets))
            }
            if not kind.named:
                row = sum(bit << k for k, bit in enumerate(inputs.values()))
                assert again.evaluate(row) == sum(bit << k for k, bit in enumerate(wanted.values()))
                continue
            assert set(again.input_names) == set(inputs) and set(again.output_names) == set(wanted)
            row = sum(inputs[bit] << k for k, bit in enumerate(again.input_names))
            assert again.evaluate(row) == sum(wanted[bit] << k for k, bit in enumerate(again.output_names)), kind.name


@pytest.mark.parametrize("name", NAMES)
def test_no_name_breaks_out_of_a_comment_or_a_label(name: str) -> None:
    """Each line of each file begins as it does for a plain name."""
    form = get_format("e2m1")
    for evil in ("x]\n.end", "`a\\", "*/ b", '"'):
        builder = Builder(WeightFormat(evil, form.unit, form.weight_codes, form.bias_codes), {"a": 2})
        netlist = builder.finish({"y": [builder.gate([0, 1], [1, 1], -1)]})
        plain_builder = Builder(form, {"a": 2})
        plain = plain_builder.finish({"y": [plain_builder.gate([0, 1], [1, 1], -1)]})
        for kind in WRITABLE:
            if kind.name == "aiger":
                continue  # binary; its comment stands at the end, as in aag
            text, wanted = (
                kind.writer()(Writing(net, as_named, ports_of_netlist(net))).decode()
                for net, as_named in ((netlist, name), (plain, "it"))
            )
            assert text.isascii() and text.replace("\n", "").isprintable()
            assert text.count("\n") == wanted.count("\n")
            starts = [[line[:1] for line in found.partition("\nc\n")[0].split("\n")] for found in (text, wanted)]
            assert starts[0] == starts[1], kind.name
            assert not any(mark in text for mark in ("*/", "/*", "`"))
            assert "\\" not in text or kind.name in ("verilog", "dot")  # an escaped name, and the line break of a label
    made = bench.testbench(plain, ports_of_netlist(plain), name)
    assert made.isascii() and made.replace("\n", "").isprintable()


def test_a_comment_is_one_line_without_marks() -> None:
    assert comment("a*/b/*c`d\\e\nf\x1b") == "a_b_c_d_e_nf_x1b"
    assert len(comment("x" * 1000)) == 403


# ---- two files matched by names --------------------------------------------------------------------------------------


def side(name: str, aig: Aig) -> Side:
    data = aiger_bytes(aig)
    return Side(name, data, read_bytes_as("aiger", data, name).aig)


def reordered(aig: Aig, order: Sequence[int]) -> Aig:
    """The same circuit by names, its inputs in another order."""
    builder = AigBuilder([aig.input_names[k] for k in order])
    place = {k: builder.input(at) for at, k in enumerate(order)}
    outputs = builder.append(aig, [place[k] for k in range(len(order))])
    return builder.finish(aig.name, list(zip(aig.output_names, outputs, strict=True)))


@QUICK
@given(aigs(), st.randoms(use_true_random=False))
def test_two_files_are_equal_by_the_names_that_they_have_or_the_question_is_refused(
    aig: Aig, rng: random.Random
) -> None:
    order = list(range(len(aig.input_names)))
    rng.shuffle(order)
    same = reordered(aig, order)
    swapped = AigBuilder(same.input_names)
    other = swapped.finish(
        aig.name,
        list(zip(aig.output_names, swapped.append(aig, [swapped.input(k) for k in range(len(order))]), strict=True)),
    )
    equal = all(same.evaluate(row) == other.evaluate(row) for row in range(1 << len(order)))
    try:
        prove_sides(side("first", aig), side("second", same))
    except InputError as error:
        assert "where other names come before it" in str(error)
    try:
        prove_sides(side("first", aig), side("second", other))
        assert equal
    except RefutedError:
        assert not equal
    except InputError as error:
        assert "where other names come before it" in str(error)


def test_the_names_that_would_cross_are_said() -> None:
    found = []
    for names in (("1_t", "1/t"), ("1/t", "1_t")):
        builder = AigBuilder(names)
        found.append(builder.finish("x", [("y", builder.and_(2, 5))]))
    with pytest.raises(
        InputError, match=r"^input '1/t' is called _1_t_ in a but _1_t in b, where other names come before it"
    ):
        check_matching(found[0], found[1], ("a", "b"))
    check_matching(found[0], found[0])
    assert renamings(found[0]) == (
        "input '1/t' is called _1_t_, for input '1_t' is called _1_t",
        "names become letters, digits and _: input '1_t' is called _1_t",
    )


# ---- text that could be read in two ways -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bench", b"INPUT(a\\xff)\nOUTPUT(y)\ny = NOT(a\xff)\n"),
        ("blif", b".model m\n.inputs t\\xff\n.outputs y\n.names t\xff y\n1 1\n.end\n"),
        ("pla", b".i 1\n.o 1\n.ilb a\\xff\n.ob a\xff\n1 1\n.e\n"),
        ("thresh", b"\n.model m\n.input a\\xff\n.output y\n.threshold a\xff y\n1 1\n.end\n"),
    ],
)
def test_a_byte_and_its_spelling_are_not_one_name(kind: str, text: bytes) -> None:
    with pytest.raises(
        InputError, match=r"line \d: \\xff is how a byte beyond ASCII is spelled here, and the file has such"
    ):
        read_bytes_as(kind, text, "x")
    fine = read_bytes_as(kind, text.replace(b"\\xff", b"\xff"), "x")
    assert fine.aig.size == 0


@pytest.mark.parametrize("byte", [b"\0", b"\x1b", b"\x1c", b"\x0b", b"\x0c", b"\x7f", b"\r"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bench", b"INPUT(a)\nOUTPUT(y)\ny = NOT(a@)\n"),
        ("blif", b".model m\n.inputs a@b\n.outputs y\n.names a@ y\n1 1\n.end\n"),
        ("table", b"a b@| y\n1 - | 1\n0 - | 0\n"),
    ],
)
def test_a_control_character_is_neither_a_blank_nor_part_of_a_name(kind: str, text: bytes, byte: bytes) -> None:
    with pytest.raises(InputError, match=r"line \d: must be a text file, not binary data: the byte 0x"):
        read_bytes_as(kind, text.replace(b"@", byte), "x")


def test_lines_may_end_as_on_any_machine() -> None:
    for end in (b"\n", b"\r\n", b"\r\r\n"):
        found = read_bytes_as("bench", b"INPUT(a)@OUTPUT(y)@y = NOT(a)@".replace(b"@", end), "x")
        assert [found.aig.evaluate(row) for row in (0, 1)] == [1, 0]


def test_a_vector_and_an_escaped_name_that_come_to_one_name_are_refused_as_ports_only() -> None:
    text = "module m(a, {0}y); input [1:0] a; {1} output y; assign {2} y = a[0] & ~{3}; endmodule"
    port = text.format("\\a[0] , ", "input \\a[0] ;", "", "\\a[0] ")
    with pytest.raises(
        InputError, match=r"^input 'a\[0\]' would be both a bit of 'a' and the port named 'a\[0\]': rename one$"
    ):
        read_verilog(port.encode(), "m")
    inner = text.format("", "wire \\a[0] ;", "\\a[0] = a[1],", "\\a[0] ")
    aig = read_verilog(inner.encode(), "m").aig
    assert [aig.evaluate(row) for row in range(4)] == [0, 1, 0, 0]


def test_bytes_beyond_ascii_are_no_names_of_verilog() -> None:
    fine = "module m(input a, output y); /* ö */ assign y = ~a; // é\nendmodule"
    for encoding in ("utf-8", "latin-1"):
        assert [read_verilog(fine.encode(encoding), "m").aig.evaluate(row) for row in (0, 1)] == [1, 0]
        for text in ("module m(input ö, output y); endmodule", "module m(input \\ö , output y); endmodule"):
            with pytest.raises(InputError, match="is no part of Verilog"):
                read_verilog(text.encode(encoding), "m")


# ---- hierarchies of Verilog ------------------------------------------------------------------------------------------

VERILOG = [
    "a", "b", "t", "u", "u.t", "u.a", "u/t", "1/t", "1_t", "a[0]", "a[1]", "v[0]", "v[1]", "t.u.t", "g0", "n1", "assign", "and", "endmodule",
    "//", "/*", "*/", "(*", "`x", "\\", "\\a", '"', "#", "x[1]", "x", "'", ";", "1'b0", "{", "m0", "m1", "m2", "buf",
]  # fmt: skip


@dataclass
class Module:
    """A module by places, not by names: nets 0, 1, ..., the inputs first. A part is a gate or a module's instance, whose
    name is the third; it drives the next nets. Two nets that are no ports may be the bits of the vector v.
    """

    names: list[str]
    inputs: int
    nets: int
    parts: list[tuple[str | int, list[int], str]]
    outputs: list[int]
    vector: list[int]


TWO: dict[str, Callable[[int, int], int]] = {
    "and": lambda a, b: a & b,
    "xor": lambda a, b: a ^ b,
    "nor": lambda a, b: 1 - (a | b),
}


@st.composite
def hierarchies(draw: st.DrawFn) -> list[Module]:
    modules: list[Module] = []
    for _ in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(VERILOG), min_size=20, max_size=20, unique=True))
        inputs = made = draw(st.integers(1, 3))
        parts: list[tuple[str | int, list[int], str]] = []
        for name in draw(st.lists(st.sampled_from(VERILOG), min_size=2, max_size=7, unique=True)):
            what: str | int = draw(st.sampled_from([*TWO, *range(len(modules))]))
            reads = 2 if isinstance(what, str) else modules[what].inputs
            parts.append((what, [draw(st.integers(0, made - 1)) for _ in range(reads)], name))
            made += 1 if isinstance(what, str) else len(modules[what].outputs)
        outputs = draw(st.lists(st.integers(inputs, made - 1), min_size=1, max_size=2, unique=True))
        inner = [net for net in range(inputs, made) if net not in outputs]
        modules.append(Module(names, inputs, made, parts, outputs, inner[:2] if draw(st.booleans()) else []))
    return modules


def values_of(modules: list[Module], module: Module, inputs: Sequence[int]) -> list[int]:
    values = list(inputs)
    for what, reads, _ in module.parts:
        read = [values[net] for net in reads]
        values += [TWO[what](*read)] if isinstance(what, str) else values_of(modules, modules[what], read)
    return [values[net] for net in module.outputs]


def written(name: str, escape: bool) -> str:
    """A name as Verilog has it; one that needs no backslash may have one."""
    plain = re.fullmatch(r"[A-Za-z_]\w*", name) and name not in ("assign", "and", "endmodule", "buf")
    return name if plain and not escape else f"\\{name} "


def verilog(modules: list[Module], rng: random.Random) -> str:
    text = []
    for at, module in enumerate(modules):

        def name(net: int, module: Module = module) -> str:
            if net in module.vector:
                return f"v[{module.vector.index(net)}]"
            return written(module.names[net], rng.random() < 0.5)

        text.append(f"module m{at}({', '.join(map(name, [*range(module.inputs), *module.outputs]))});")
        text += [f"input {name(net)};" for net in range(module.inputs)] + [
            f"output {name(net)};" for net in module.outputs
        ]
        text += [f"wire [{len(module.vector) - 1}:0] v;"] if module.vector else []
        items, made = [], module.inputs
        for what, reads, called_so in module.parts:
            if isinstance(what, str):
                target, read = name(made), list(map(name, reads))
                sign, flip = {"and": ("&", ""), "xor": ("^", ""), "nor": ("|", "~")}[what]
                items.append(
                    rng.choice(
                        [
                            f"{what} ({target}, {read[0]}, {read[1]});",
                            f"assign {target} = {flip}({read[0]} {sign} {read[1]});",
                        ]
                    )
                )
                made += 1
                continue
            child = modules[what]
            nets = [*reads, *range(made, made + len(child.outputs))]
            pairs = list(zip([*range(child.inputs), *child.outputs], nets, strict=True))
            rng.shuffle(pairs)
            by_name = [f".{written(child.names[port], rng.random() < 0.5)}({name(net)})" for port, net in pairs]
            joined = ", ".join(rng.choice([by_name, list(map(name, nets))]))
            items.append(f"m{what} {written(called_so, rng.random() < 0.5)}({joined});")
            made += len(child.outputs)
        rng.shuffle(items)
        text += [*items, "endmodule"]
    return "\n".join(text)


@settings(max_examples=150, deadline=None)
@given(hierarchies(), st.randoms(use_true_random=False))
def test_a_hierarchy_of_any_names_is_flattened_as_it_is(modules: list[Module], rng: random.Random) -> None:
    top = modules[-1]
    text = verilog(modules, rng)
    aig = read_verilog(text.encode(), "x", f"m{len(modules) - 1}").aig

    assert aig.input_names == tuple(top.names[net] for net in range(top.inputs))
    assert aig.output_names == tuple(top.names[net] for net in top.outputs)
    for row in range(1 << top.inputs):
        wanted = values_of(modules, top, [row >> k & 1 for k in range(top.inputs)])
        assert aig.evaluate(row) == sum(value << k for k, value in enumerate(wanted)), text


def test_a_path_is_never_taken_for_an_escaped_name() -> None:
    text = "module s(input x, output z); wire t; assign t = ~x; assign z = t; endmodule\nmodule m(input a, output y); s u(a, ); wire \\u.t ; assign \\u.t = a; assign y = {}; endmodule"
    assert [read_verilog(text.format("\\u.t ").encode(), "m").aig.evaluate(row) for row in (0, 1)] == [0, 1]
    with pytest.raises(NotStructuralError, match="a call or a name with a path"):
        read_verilog(text.format("u.t").encode(), "m")
    with pytest.raises(
        InputError, match=r"line 2: 'u\.t' could be the path into an instance or the net of that escaped name"
    ):
        read_bytes_as("rtl", text.format("u.t").encode(), "m.v")


def test_a_format_keeps_its_unit(tmp_path: Path) -> None:
    """A strange name of a format changes no number."""
    form = WeightFormat("a b]", Fraction(1, 2), (0, 1, 2, -1), (0, -1, -2, -3))
    builder = Builder(form, {"a": 2})
    netlist = builder.finish({"y": [builder.gate([0, 1], [2, 1], -3)]})
    assert export_circuit(netlist, "blif-weights", tmp_path / "x.blif").equality.lemmas > 0
