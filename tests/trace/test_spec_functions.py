"""Signatures, widths, errors at the user's line, and circuits from files."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import pytest

from tests.trace.test_agreement import agree
from trix_circuits.errors import InputError, LimitError
from trix_circuits.trace import Bits, Circuit, Signed, Width, circuit, concat, load_function, lookup, mux, split_target

n = Width("n")


class Sum(NamedTuple):
    sum: Bits[4]
    carry: Bits[1]


class Parts(TypedDict):
    low: Bits[2]
    high: Signed[2]


@dataclasses.dataclass
class Pair:
    x: Bits[n]
    y: Bits[n + 1]


@circuit
def add(a: Bits[4], b: Bits[4], cin: bool = False) -> Sum:
    """Adds."""
    total = a + b + cin
    return Sum(total[:4], total[4])


@circuit
def split(a: Bits[4]) -> Parts:
    return {"low": a[0:2], "high": a[2:4].signed()}


@circuit
def pair(a: Bits[n]) -> Pair:
    return Pair(a ^ 1 if len(a) > 1 else a, a + 1)


@circuit
def both(a: Bits[3], b: Bits[3]) -> tuple[Bits[3], Bits[1]]:
    return b, a < b


def test_names_are_those_of_the_annotation() -> None:
    assert add.aig().input_names == ("a[0]", "a[1]", "a[2]", "a[3]", "b[0]", "b[1]", "b[2]", "b[3]", "cin")
    assert add.aig().output_names == ("sum[0]", "sum[1]", "sum[2]", "sum[3]", "carry")
    assert both.aig().output_names == ("out0[0]", "out0[1]", "out0[2]", "out1")
    assert list(pair.at(n=2).outputs) == ["x", "y"]
    assert (add.name, add.__doc__, add.aig().name) == ("add", "Adds.", "add")
    assert repr(pair.at(n=2)) == "<circuit pair(a: Bits[n]) -> (x: Bits[n], y: Bits[n + 1]), n = 2>"


def test_calls_give_what_is_annotated() -> None:
    assert add(9, 8) == Sum(1, 1)
    assert add(9, b=7, cin=True) == Sum(1, 1)
    assert split(0b1101) == {"low": 1, "high": -1}
    assert pair.at(n=3)(5) == Pair(4, 6)
    assert both(1, 2) == (2, 1)
    assert type(add(1, 1).sum) is int
    for f in (both, split_as_tuple, add_as_tuple):
        agree(f)


@circuit
def split_as_tuple(a: Bits[4]) -> tuple[Bits[2], Signed[2]]:
    found = split(a)
    return found["low"], found["high"]


@circuit
def add_as_tuple(a: Bits[4], b: Bits[4]) -> tuple[Bits[4], Bits[1]]:
    total: Sum = add(a, b, 1)
    return total


def test_values_are_as_wide_as_their_range_needs() -> None:
    widths: dict[str, tuple[int, int]] = {}

    @circuit
    def f(a: Bits[8], b: Bits[8], s: Signed[8]) -> Bits[1]:
        bits = sum(a)
        shown = {
            "a + b": a + b, "a - b": a - b, "a * b": a * b, "a + 1": a + 1, "s * s": s * s, "-s": -s, "~a": ~a, "~s": ~s,
            "a & 12": a & 12, "s & 15": s & 15, "a | s": a | s, "a ^ 256": a ^ 256, "a << 2": a << 2, "a << b[:2]": a << b[:2],
            "a >> 3": a >> 3, "s >> b": s >> b, "a < b": a < b, "a % 10": a % 10, "a // 10": a // 10, "s % 8": s % 8,
            "bits": bits, "abs(s)": abs(s), "a[2:5]": a[2:5], "a.wrap(3)": a.wrap(3), "mux": mux(a, b, s), "a < 256": a < 256,
            "concat": concat(a, 1, s), "Bits": Bits[12](a), "extend": s.extend(12), "a**2": a**2, "2**a": 2 ** a[:3],
        }  # fmt: skip
        widths.update({name: tuple(value.range) for name, value in shown.items()})
        assert all(len(value) == value.range.width for value in shown.values())
        return 0

    f(1, 2, 3)
    called = dict(widths)
    f.aig()

    assert widths == called
    assert widths == {
        "a + b": (0, 510), "a - b": (-255, 255), "a * b": (0, 65025), "a + 1": (1, 256), "s * s": (-16256, 16384),
        "-s": (-127, 128), "~a": (0, 255), "~s": (-128, 127), "a & 12": (0, 12), "s & 15": (0, 15), "a | s": (-256, 255),
        "a ^ 256": (0, 511), "a << 2": (0, 1020), "a << b[:2]": (0, 2040), "a >> 3": (0, 31), "s >> b": (-128, 127),
        "a < b": (0, 1), "a % 10": (0, 9), "a // 10": (0, 25), "s % 8": (0, 7), "bits": (0, 8), "abs(s)": (0, 128),
        "a[2:5]": (0, 7), "a.wrap(3)": (0, 7), "mux": (-128, 255), "a < 256": (1, 1), "concat": (0, 2**17 - 1),
        "Bits": (0, 4095), "extend": (-2048, 2047), "a**2": (0, 65025), "2**a": (1, 128),
    }  # fmt: skip


@circuit
def parametric(a: Bits[n], b: Bits[n], k: int = 1) -> Bits[n + 1]:
    for i in range(n):
        assert a[i] == a[i]
    return a + b if k and n > 1 else concat(a, Bits[1](0))


def test_widths_are_given_by_at() -> None:
    for width in (1, 2, 5):
        assert parametric.at(n=width).outputs["out"].bits == width + 1
        agree(parametric.at(n=width))
    assert parametric.at(n=3, k=0)(5, 7) == 5
    assert parametric.at(n=3)(5, 7) == 12
    assert parametric.at(n=16).aig().evaluate(0xFFFF_FFFF) == 0x1FFFE

    @circuit
    def words(a: Bits["n"], i: Bits["clog2(n)"]) -> Bits["max(1, 2*n - n) % 64"]:  # noqa: F821, UP037
        return a >> i

    assert words.at(n=8)(0x80, 7) == 1
    assert words.open_names == ("n",)


def line_of(function: Callable[..., Any], text: str) -> int:
    """The line of this file that has a text, within a function."""
    lines, start = inspect.getsourcelines(function)
    return start + next(k for k, line in enumerate(lines) if text in line)


BODIES: list[tuple[Callable[..., Any], str]] = [
    (lambda a, b, s: a + b, "the result must be at most 8 bits wide, not 9; use .wrap(8), or Bits[9] instead of Bits[8]"),
    (lambda a, b, s: a - b, "the result must not be negative, but can be -255; use .wrap(8), or Signed[9] instead of Bits[8]"),
    (lambda a, b, s: 300, "the result must be 0 to 255, as Bits[8] is, not 300"),
    (lambda a, b, s: None, "the result must be a value or an integer, not None"),
    (lambda a, b, s: (a, b), "the result must be a value or an integer, not a tuple of 2"),
    (lambda a, b, s: a[8], "an index must be -8 to 7 for a value of 8 bits, not 8"),
    (lambda a, b, s: a[0:9], "an index must be -8 to 8 for a value of 8 bits, not 9"),
    (lambda a, b, s: a[4:4], "a slice must have at least one bit, not [4:4] of 8 bits"),
    (lambda a, b, s: a[0:b], "the ends of a slice must be constants, not {value}; (x >> low)[0:n] starts anywhere"),
    (lambda a, b, s: a[b], "an index must be 0 to 7 for a value of 8 bits, but can be 0 to 255"),
    (lambda a, b, s: a[1.5], "the ends of a slice must be constants, not 1.5; (x >> low)[0:n] starts anywhere"),
    (lambda a, b, s: a << s, "the amount of a shift must not be negative, but can be -128"),
    (lambda a, b, s: a >> -1, "the amount of a shift must not be negative, but can be -1"),
    (lambda a, b, s: a // b, "the right side of // must be a constant, not {value}"),
    (lambda a, b, s: 7 % b, "the right side of % must be a constant, not {value}"),
    (lambda a, b, s: a % 0, "the right side of % must be at least 1, not 0"),
    (lambda a, b, s: a**b, "the exponent of ** must be a constant that is not negative; 2 ** x is 1 << x"),
    (lambda a, b, s: 3**b, "the base of ** with a value as its exponent must be 2"),
    (lambda a, b, s: a.wrap(0), "a width must be 1 to 65536, not 0"),
    (lambda a, b, s: a.wrap(b), "a width must be a constant, not {value}"),
    (lambda a, b, s: a.extend(7), "the value to extend must be at most 7 bits wide, not 8; use .wrap(7), or Bits[8] instead of Bits[7]"),
    (lambda a, b, s: Signed[8](a), "the value for Signed[8] must be -128 to 127, but can be 0 to 255; use .wrap_signed(8), or Signed[9] instead of Signed[8]"),
    (lambda a, b, s: Bits[0](a), "a width must be an integer from 1 to 65536, a name or a Width, not 0"),
    (lambda a, b, s: Bits(a), "Bits takes a width: Bits[8](x)"),
    (lambda a, b, s: s.bit_count(), "bit_count takes a value that is never negative, but this can be -128; use .unsigned()"),
    (lambda a, b, s: concat(a, 3), "a constant must have a width in concat: write Bits[n](3), not 3"),
    (lambda a, b, s: concat(), "concat takes at least one part"),
    (lambda a, b, s: mux(a, "b", 1), "a value must be an integer, not 'b' of type str"),
    (lambda a, b, s: lookup([1, 2, 3], a[:2]), "the index must be 0 to 2 for a table of 3, but can be 0 to 3"),
    (lambda a, b, s: lookup([], a), "a table must have an entry"),
    (lambda a, b, s: {a: 1}[b], "a value must not be a key of a dict or set; use lookup(table, value), or int(value) to split into cases"),
    (lambda a, b, s: a.__setitem__(0, 1), "the bits of a value must not be assigned to; make a list of bits and join them by concat(*bits)"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "message"), BODIES, ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_errors_are_one_line_at_the_users_line(body: Callable[..., Any], message: str) -> None:
    @circuit
    def f(a: Bits[8], b: Bits[8], s: Signed[8]) -> Bits[8]:
        return body(a, b, s)  # here

    there = {body.__code__.co_firstlineno, line_of(f, "# here")}
    for attempt, value in ((lambda: f(1, 2, 3), "2"), (f.aig, "<value of 8 bits>")):
        with pytest.raises(InputError) as caught:
            attempt()
        file, line, said = str(caught.value).split(":", 2)
        assert said == " " + message.replace("{value}", value)
        assert file == __file__
        assert int(line) in there


def test_the_line_is_that_of_the_return_statement_or_of_a_helper() -> None:
    def helper(x: Any) -> Any:
        return x[9]  # helper

    @circuit
    def f(a: Bits[4], c: Bits[1]) -> Bits[4]:
        if c:
            return a
        if a == 3:
            return helper(a) if a == 3 and c else a + 1  # wide
        return a

    with pytest.raises(InputError, match=rf"{__file__}:{line_of(f, '# wide')}: the result must be at most 4 bits wide"):
        f.aig()
    with pytest.raises(InputError, match=rf":{line_of(f, '# wide')}: the result"):
        f(3, 0)

    @circuit
    def g(a: Bits[4]) -> Bits[4]:
        return helper(a)

    with pytest.raises(InputError, match=rf":{line_of(helper, '# helper')}: an index must be"):
        g.aig()


def test_what_the_body_raises_is_one_line() -> None:
    def endless(x: Any) -> Any:
        return endless(x)

    def typed(x: Any) -> Any:
        return x + 1.5  # float

    for body, message in (
        (endless, "the function must end; it calls itself too deeply"),
        (typed, "TypeError: unsupported operand"),
        (lambda x: x.nothing, "AttributeError: .* has no attribute 'nothing'"),
        (lambda x: [][x], "IndexError"),
    ):

        @circuit
        def f(a: Bits[2]) -> Bits[2]:
            return body(a)  # noqa: B023  it is run before the next turn

        raise_at(f, message)


def raise_at(f: Circuit, message: str) -> None:
    with pytest.raises(InputError, match=rf"^{__file__}:\d+: {message}") as caught:
        f.aig()
    assert "\n" not in str(caught.value)


def test_arguments_are_checked() -> None:
    for call, message in (
        (lambda: add(16, 0), "add: a must be 0 to 15, as Bits[4] is, not 16"),
        (lambda: add(-1, 0), "add: a must be 0 to 15, as Bits[4] is, not -1"),
        (lambda: add(1), "add takes a, b, cin: missing a required argument: 'b'"),
        (lambda: add(1, 2, 3, 4), "add takes a, b, cin: too many positional arguments"),
        (lambda: add(1, "x"), "a value must be an integer, not 'x' of type str"),
        (lambda: parametric.at(m=3), "m must be a width or a constant of parametric; it has k, n"),
        (lambda: parametric.at(n=0).inputs, "the width n must be 1 to 65536, not 0, for k = 1, n = 0"),
    ):
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value).split(": ", 1)[1] == message
    with pytest.raises(InputError, match=r": parametric needs n: write parametric\.at\(n=\.\.\.\)$"):
        parametric.aig()


def annotated(annotations: dict[str, Any]) -> Callable[[], Any]:
    def f(a: Any, b: Any) -> Any:
        return a

    f.__annotations__ = annotations
    return lambda: circuit(f)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (annotated({"a": Bits[1], "return": Bits[1]}), r"parameter b must be annotated Bits\[n\] or Signed\[n\]"),
        (annotated({"a": Bits[1], "b": str, "return": Bits[1]}), r"parameter b must be .*, not str"),
        (annotated({"a": Bits[1], "b": Bits[1]}), r"f must have a result that is annotated: -> Bits\[n\]"),
        (annotated({"a": Bits[1], "b": Bits[1], "return": None}), "the result must be annotated"),
        (
            annotated({"a": Bits[1], "b": Bits[1], "return": {"a": Bits[1]}}),
            "output a must not have the name of an input",
        ),
        (
            annotated({"a": Bits[1], "b": Bits[1], "return": tuple[Bits[1], str]}),
            "out1 of the result must be annotated",
        ),
        (annotated({"a": Bits[1], "b": Bits[1], "return": {}}), "the result must have at least one word"),
        (annotated({"a": Bits[1], "b": Bits[1], "return": {"x y": Bits[1]}}), "a bus name must be letters"),
        (annotated({"a": "Nope[1]", "b": Bits[1], "return": Bits[1]}), "the annotations of f must be types: NameError"),
        (lambda: circuit(3), "@circuit must stand before a function, not '3'"),  # type: ignore[call-overload]
        (lambda: Bits["n +"], 'a width must be an expression such as "n"'),
        (lambda: Bits["f(n)"], 'a width must be an expression such as "n"'),
        (lambda: Bits["n" * 300], 'a width must be an expression such as "n"'),
        (lambda: Bits[1.5], "a width must be an integer from 1 to 65536"),
        (lambda: int(Width("n")), "the width n is not known here"),
    ],
)
def test_signatures_that_cannot_be_are_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(InputError, match=rf"^{__file__}:\d+: {message}"):
        make()


def test_widths_over_the_limits_are_refused() -> None:
    @circuit
    def f(a: Bits[64]) -> Bits[1]:
        return (1 << a)[0]

    with pytest.raises(LimitError, match=rf"^{__file__}:\d+: a shift to the left must be by at most 65536"):
        f.aig()

    @circuit
    def g(a: Bits[64]) -> Bits[1]:
        for _ in range(20):
            a = a * a
        return a[0]

    with pytest.raises(LimitError, match=rf"^{__file__}:\d+: a value must be at most 65536 bits wide, not 131072"):
        g(5)

    with pytest.raises(InputError, match="the width 2 \\*\\* n must be 1 to 65536"):
        circuit(annotated_power).at(n=60)
    with pytest.raises(InputError, match="the width 2 \\*\\* n must be an integer for n = 1000"):
        circuit(annotated_power).at(n=1000)


def annotated_power(a: Bits[2**n]) -> Bits[1]:
    return a[0]


SPEC = """\
from __future__ import annotations
from trix_circuits.trace import Bits, circuit
import neighbour

@circuit
def add(a: Bits[4], b: Bits[4]) -> Bits[5]:
    return neighbour.plus(a, b)

@circuit
def bad(a: Bits[4]) -> Bits[4]:
    return neighbour.plus(a, a)

plain = 3
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "spec.py").write_text(SPEC)
    (tmp_path / "neighbour.py").write_text("def plus(x, y):\n    return x + y\n")
    monkeypatch.chdir(tmp_path)
    return "spec.py"


def test_a_circuit_is_loaded_from_a_file(spec: str) -> None:
    f = load_function(spec, "add")

    assert f(9, 9) == 18
    agree(f)
    Path(spec).write_text(SPEC.replace("(a, b)", "(b, b)"))
    assert load_function(spec, "add")(1, 9) == 18  # read anew each time
    assert not list(Path().glob("__pycache__/spec*"))


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (None, "addd", r"spec\.py: there is no addd; did you mean add\?"),
        (None, "zzzzzz", r"spec\.py: there is no zzzzzz; it has add, bad"),
        (None, "plain", r"spec\.py: plain must be decorated with @circuit"),
        (None, None, r"spec\.py: name one of its circuits: spec\.py:add, spec\.py:bad"),
        ("x = 1\n", None, r"spec\.py: has no function with @circuit"),
        ("x = 1\ndef (:\n", "f", r"spec\.py:2: not Python: invalid syntax"),
        ("x = 1\ny = 1 / 0\n", "f", r"spec\.py:2: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "f", r"spec\.py:1: SystemExit: 3"),
        (
            "import nothing_of_that_name\n",
            "f",
            r"spec\.py:1: ModuleNotFoundError: No module named 'nothing_of_that_name'",
        ),
        ("x\0y", "f", r"spec\.py: not Python: source code string cannot contain null bytes"),
        ("x = " + "-" * 100000 + "1", "f", r"spec\.py: not Python: "),
        (
            "from trix_circuits.trace import *\n@circuit\ndef f(a) -> Bits[1]: ...\n",
            "f",
            r"spec\.py:2: parameter a must be",
        ),
        ("int('x')\n", "f", r"spec\.py:1: ValueError: invalid literal"),
    ],
)
def test_files_that_have_no_such_circuit_are_one_line(
    spec: str, text: str | None, name: str | None, message: str
) -> None:
    if text is not None:
        Path(spec).write_text(text)
    with pytest.raises(InputError, match=f"^{message}") as caught:
        load_function(spec, name)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(spec: str) -> None:
    with pytest.raises(InputError, match=r"^none\.py: No such file or directory; expected a Python file$"):
        load_function("none.py", "f")
    with pytest.raises(InputError, match=r"^\.: Is a directory; expected a Python file$"):
        load_function(".", "f")
    with pytest.raises(InputError, match=r"^spec\.py:11: the result must be at most 4 bits wide, not 5"):
        load_function(spec, "bad").aig()


def test_a_target_is_a_path_and_a_name() -> None:
    assert split_target("dir/spec.py:add") == ("dir/spec.py", "add")
    assert split_target("spec.py") == ("spec.py", None)
    assert split_target("C:/spec.py") == ("C:/spec.py", None)
