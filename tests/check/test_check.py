"""The checker accepts what is right and refuses what is not: damage, lies, and every change that matters."""

from __future__ import annotations

import hashlib
import json
import random
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import evaluate, netlists
from trix_circuits import check
from trix_circuits.check import meaning, reference
from trix_circuits.circuit import Circuit, Claim, accept, decode
from trix_circuits.compose.families import draft
from trix_circuits.errors import RefutedError
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.mutate import mutate

NOT_ACCEPTED = (check.Damaged, check.Refused, check.TooLarge)


def adder(bits: int) -> Circuit:
    return certify(draft("adder", get_format("e2m1"), bits))


def comparator(bits: int) -> Circuit:
    return certify(draft("comparator", get_format("e2m1"), bits, relation=["lt"]))


def verdict_of(claim: Claim) -> str:
    try:
        check.check(claim.to_bytes())
    except NOT_ACCEPTED as error:
        return type(error).__name__
    return "accepted"


def test_every_flipped_bit_of_a_file_is_damage() -> None:
    data = adder(2).data
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            with pytest.raises(check.Damaged):
                check.check(bytes(changed))


def test_flipped_bits_of_a_larger_file_are_damage() -> None:
    data, rng = adder(64).data, random.Random(1)
    for _ in range(300):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        with pytest.raises(check.Damaged):
            check.check(bytes(changed))


def test_every_truncation_of_a_file_is_damage() -> None:
    data = adder(8).data
    for length in range(len(data)):
        with pytest.raises(check.Damaged):
            check.check(data[:length])


@given(st.binary(max_size=300))
def test_random_bytes_are_damage(data: bytes) -> None:
    with pytest.raises(check.Damaged):
        check.check(data)


def test_every_change_of_a_weight_or_bias_that_alters_the_function_is_refused() -> None:
    local = certify(draft("mux", get_format("e2m1"), 7))
    ternary = certify(draft("adder", get_format("ternary-strict"), 2))
    assert [c.verdict.kinds for c in (adder(4), adder(7), local)] == [("exhaustive",), ("ledger",), ("local",)]
    for circuit in (adder(4), adder(7), comparator(6), local, ternary):
        count = mutate(circuit, jobs=1)

        assert count.all_rows
        assert count.altering > 50
        assert count.altering_refused == count.altering
        assert count.refused + count.accepted == count.changes


def lies(base: Circuit) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Changes of a certificate; none may be accepted."""
    lemma = base.claim.certificate["lemmas"][0]

    def swap(index: int, value: Any) -> Callable[[dict[str, Any]], Any]:
        return lambda c: c["lemmas"].__setitem__(0, [*lemma[:index], value, *lemma[index + 1 :]])

    return {
        "no lemmas": lambda c: c.update(lemmas=[]),
        "no goals": lambda c: c.update(goals=[]),
        "goal without proof": lambda c: c.update(goals=[[]]),
        "too many goals": lambda c: c.update(goals=c["goals"] * 2),
        "multiplier off": lambda c: c["goals"][0].__setitem__(0, [c["goals"][0][0][0], c["goals"][0][0][1] + 1]),
        "lemma out of range": lambda c: c["goals"][0].append([99, 1]),
        "negative lemma": lambda c: c["goals"][0].append([-1, 1]),
        "boolean multiplier": lambda c: c["goals"][0].__setitem__(0, [c["goals"][0][0][0], True]),
        "goal is a number": lambda c: c.update(goals=[7]),
        "goal is null": lambda c: c.update(goals=[None]),
        "false claim": swap(3, [w + 1 for w in lemma[3]]),
        "constant off": swap(4, 1),
        "constant is text": swap(4, "0"),
        "constant is boolean": swap(4, False),
        "leaf twice": swap(0, [*lemma[0], lemma[0][0]]),
        "leaf missing": swap(0, lemma[0][1:]),
        "leaf out of range": swap(0, [*lemma[0], 10**6]),
        "negative leaf": swap(0, [*lemma[0], -1]),
        "net twice": swap(2, [lemma[2][0], *lemma[2]]),
        "net out of range": swap(2, [10**6, *lemma[2][1:]]),
        "weights short": swap(3, lemma[3][1:]),
        "rests on itself": swap(1, [0]),
        "rests on a later lemma": swap(1, [1]),
        "strange relation": swap(5, "<="),
        "lemma is an object": lambda c: c["lemmas"].__setitem__(0, {"leaves": []}),
        "ghost reads itself": lambda c: c.update(ghosts=[[[10**6], [1], 0]]),
        "ghost of text": lambda c: c.update(ghosts=[["a", [1], 0]]),
        "ghosts are null": lambda c: c.update(ghosts=None),
        "inequality added up": swap(5, ">="),
    }


@pytest.mark.parametrize("name", lies(adder(16)))
def test_a_lying_certificate_is_not_accepted(name: str) -> None:
    base = adder(16)
    certificate = json.loads(json.dumps(base.claim.certificate))
    lies(base)[name](certificate)

    if name == "boolean multiplier" and base.claim.certificate["goals"][0][0][1] == 1:
        certificate["goals"][0][0][1] = 2
    assert verdict_of(replace(base.claim, certificate=certificate)) in ("Refused", "Damaged")


@pytest.mark.parametrize(
    "meaning",
    [
        "sum = a + b",
        "sum = a + b + cin + 1",
        "sum = a - b + cin",
        "sum = (a + b + cin) % 2**16",
        "sum = a + b + cin if a else b",
        "sum + sum = a + b + cin",
        "2 * sum = 2 * a + 2 * b + 2 * cin",
        "3 * sum = 3 * a + 3 * b + 3 * cin",
        "0 * sum = 0",
        "total = a + b + cin",
        "a = a",
        "sum = sum",
        "sum = unknown",
        "sum",
        "sum = ",
        "sum == a + b + cin",
        "sum = a = b",
        "sum = __import__('os')",
        "sum = (lambda: a)()",
        "sum = a.b",
        "sum = 1.5",
        "sum = True + a",
        "sum = 'text'",
        "sum = a / b",
        "sum = a % 3",
        "sum = a % 0",
        "sum = 2 ** a",
        "sum = 2 ** 10**9",
        "sum = a << 10**9",
        "sum = a << (b - cin)",
        "sum = a >> -1",
        "sum = a[5:2]",
        "sum = a[-1]",
        "sum = a[0:10**9]",
        "sum = a[::2]",
        "sum = table(0xFFFF, cin)",
        "sum = table(-1, cin)",
        "sum = table(1, a, b)",
        "sum = popcount(a - b)",
        "sum = popcount()",
        "sum = signed(a, b)",
        "sum = a < b < cin",
        "sum = a is b",
        "sum = not a",
        "sum = ~a",
        "sum = " + "(" * 3000 + "a" + ")" * 3000,
        "sum = " + " + ".join(["a"] * 30000),
        "sum = " + "-" * 5000 + "a",
        "sum = a * a * a * a * a * a * a * a",
        "sum = 1" + "0" * 5000,
        "\x00",
    ],
)  # fmt: skip
def test_a_lying_or_strange_meaning_is_not_accepted(meaning: str) -> None:
    assert verdict_of(replace(adder(16).claim, meaning=(meaning,))) in ("Refused", "TooLarge", "Damaged")


@pytest.mark.parametrize("meanings", [(), ("sum = a + b + cin", "sum = a + b + cin"), ("x = a", "x = b", "sum = x")])
def test_each_output_is_determined_once_and_each_name_defined_once(meanings: tuple[str, ...]) -> None:
    assert verdict_of(replace(adder(16).claim, meaning=meanings)) in ("Refused", "Damaged")


def test_a_netlist_under_anothers_certificate_is_refused() -> None:
    right = adder(16)
    wrong = draft("adder", get_format("e2m1"), 16, objective="depth")

    assert verdict_of(replace(right.claim, netlist=wrong.netlist)) in ("Refused", "Damaged")


def test_an_output_wired_elsewhere_is_refused() -> None:
    circuit = adder(16)
    nets = circuit.netlist.outputs["sum"]
    swapped = replace(circuit.netlist, outputs={"sum": (nets[1], nets[0], *nets[2:])})

    assert verdict_of(replace(circuit.claim, netlist=swapped)) == "Refused"


def test_a_format_that_takes_a_known_name_with_other_values_is_damage() -> None:
    data = adder(2).data
    with pytest.raises(check.Damaged, match="changed"):
        check.check(data.replace(b"e2m1", b"e2m2"))
    net = adder(2).netlist
    fake = replace(net.format, weight_codes=(*net.format.weight_codes[:-1], 5))
    with pytest.raises(check.Damaged, match="must have its own values"):
        check.check(replace(adder(2).claim, netlist=replace(net, format=fake)).to_bytes())


@settings(max_examples=60, deadline=None)
@given(netlists(), st.data())
def test_rows_accept_the_true_table_and_show_the_least_row_of_a_false_one(
    netlist: Netlist, data: st.DataObject
) -> None:
    names = list(netlist.inputs)
    values = [evaluate(netlist, {n: row >> i & 1 for i, n in enumerate(names)})["y"] for row in range(1 << len(names))]
    table = sum(value << row for row, value in enumerate(values))
    wrong = data.draw(st.integers(1, (1 << len(values)) - 1))
    claims = [
        Claim(
            "t", netlist, (f"y = table({bits}, {', '.join(names)})",), {"ghosts": [], "lemmas": [], "goals": ["rows"]}
        )
        for bits in (table, table ^ wrong)
    ]

    assert accept(claims[0]).verdict.kinds == ("exhaustive",)
    least = (wrong & -wrong).bit_length() - 1
    with pytest.raises(RefutedError) as caught:
        accept(claims[1])
    assert caught.value.counterexample == {name: least >> i & 1 for i, name in enumerate(names)}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(-40, 40), st.booleans()), max_size=9), st.integers(-60, 60))
def test_planes_are_compared_as_integers_are(pairs: list[tuple[int, bool]], constant: int) -> None:
    terms = [(1 if bit else 0, weight) for weight, bit in pairs]
    total = sum(weight for weight, bit in pairs if bit) + constant

    assert check.evaluate(terms, constant, 1, None) == (int(total >= 0), int(total == 0))
    assert check.evaluate(terms, constant, 1, 4)[1] == int(total % 16 == 0)


def test_a_file_is_read_back_as_it_was_written() -> None:
    circuit = adder(8)
    again = decode(circuit.data)

    assert again.to_bytes() == circuit.data
    assert np.array_equal(again.netlist.weights, circuit.netlist.weights)
    assert again.meaning == ("sum = a + b + cin",)


def test_the_checker_runs_alone_with_the_standard_library_only(tmp_path: Path) -> None:
    program = shutil.copytree(Path(check.__file__).parent, tmp_path / "alone")
    circuit = adder(8)
    circuit.save(tmp_path / "good.trix")
    broken = bytearray(circuit.data)
    broken[random.Random(1).randrange(len(broken))] ^= 1
    (tmp_path / "broken.trix").write_bytes(bytes(broken))
    (tmp_path / "wrong.trix").write_bytes(replace(circuit.claim, meaning=("sum = a + b",)).to_bytes())

    def run(*names: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(program), *names]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    good = run("good.trix")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("ACCEPTED  good.trix: adder8, 11 e2m1 gates")
    assert run("wrong.trix").returncode == 1
    for names in (["broken.trix"], ["missing.trix"], ["."], [], ["a", "b"]):
        result = run(*names)
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 1


# ---- files made by hand: any header, any tensors, and a digest that is right -----------------------------------------

Parts = dict[str, Any]
E2M1_CODES = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]


def parts(**changes: Any) -> Parts:
    """y = a and b as one E2M1 gate: weights 1/2 and 1/2, bias -1."""
    found: Parts = {
        "digest": "0" * 64,
        "version": 1,
        "name": "both",
        "format": {"name": "e2m1", "unit": "1/2", "weights": E2M1_CODES, "biases": E2M1_CODES},
        "inputs": [["a", 1], ["b", 1]],
        "outputs": [["y", 1]],
        "meaning": ["y = a & b"],
        "fan_in": [2],
        "sources": [0, 1],
        "driven": [2],
        "weights": b"\x11",
        "biases": b"\x0a",
        "certificate": {"ghosts": [], "lemmas": [], "goals": ["rows"]},
        "defaults": {},
        "origin": {},
    }
    return found | changes


def pack(found: Parts, header_changes: Callable[[dict[str, Any]], Any] = lambda header: None) -> bytes:
    """The file of these parts."""
    tensors = ("fan_in", "sources", "driven", "weights", "biases", "certificate")
    body, header = b"", dict[str, Any]()
    for name in tensors:
        value = found[name]
        if name == "certificate" and not isinstance(value, bytes):
            value = json.dumps(value).encode()
        raw = value if isinstance(value, bytes) else b"".join(n.to_bytes(4, "little") for n in value)
        size = 1 if name in tensors[3:] else 4
        place = {
            "dtype": f"U{8 * size}",
            "shape": [len(raw) // size],
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        header["outputs" if name == "driven" else name] = place
        body += raw
    about = {key: value for key, value in found.items() if key not in tensors}
    header["__metadata__"] = {"trix_circuits": json.dumps(about)}
    header_changes(header)
    text = json.dumps(header).encode()
    data = len(text).to_bytes(8, "little") + text + body
    digest = hashlib.blake2b(data, digest_size=32).hexdigest().encode()
    return data.replace(b"0" * 64, digest)


def outcome(data: bytes) -> str:
    try:
        check.check(data)
    except NOT_ACCEPTED as error:
        assert "\n" not in str(error)
        return type(error).__name__
    return "accepted"


def test_a_file_made_by_hand_is_accepted() -> None:
    verdict = check.check(pack(parts()))

    assert verdict.kinds == ("exhaustive",)
    assert verdict.circuit.gates == [((0, 1), (1, 1), -2)]
    assert (
        outcome(pack(parts(inputs=[], driven=[0], sources=[], fan_in=[0], weights=b"", meaning=["y = 0"])))
        == "accepted"
    )


def _form(**changes: Any) -> dict[str, Any]:
    return dict(parts()["format"]) | changes


DAMAGED: dict[str, Parts] = {
    "another version": {"version": 2},
    "a version of text": {"version": "1"},
    "a digest that is none": {"digest": "0" * 63},
    "a digest of null": {"digest": None},
    "a digest that stands twice": {"name": "0" * 64},
    "a float": {"version": 1.0},
    "not a number": {"inputs": [["a", float("nan")], ["b", 1]]},
    "a unit that is not E2M1's": {"format": _form(unit="1")},
    "values that are not E2M1's": {"format": _form(weights=[*E2M1_CODES[:-1], -10])},
    "biases that are not E2M1's": {"format": _form(biases=E2M1_CODES[::-1])},
    "an alias with other values": {"format": _form(name="fp4", unit="1")},
    "capitals with other values": {"format": _form(name="E2M1", unit="1")},
    "int4 with other values": {"format": _form(name="int4")},
    "a format of text": {"format": "e2m1"},
    "a format without a name": {"format": _form(name=None)},
    "values of text": {"format": _form(name="x", weights=["1"] * 16)},
    "values of booleans": {"format": _form(name="x", weights=[True] * 16)},
    "no values": {"format": _form(name="x", weights=[])},
    "a code without a value": {"format": _form(name="x", weights=[0, None, *E2M1_CODES[2:]])},
    "a code outside the table": {"format": _form(name="x", biases=E2M1_CODES[:9])},
    "a weight too many": {"weights": b"\x11\x11"},
    "no weights": {"weights": b""},
    "padding that is not 0": {"biases": b"\x1a"},
    "a fan-in too large": {"fan_in": [3]},
    "a fan-in too small": {"fan_in": [1]},
    "half a source": {"sources": b"\0\0\0\0\1\0"},
    "a gate that reads itself": {"sources": [0, 2]},
    "a gate that reads a net twice": {"sources": [1, 1]},
    "a driver that does not exist": {"driven": [3]},
    "no driver": {"driven": []},
    "a driver too many": {"driven": [2, 2]},
    "no outputs": {"outputs": [], "driven": []},
    "an input without a name": {"inputs": [["", 1], ["b", 1]]},
    "an input with a strange name": {"inputs": [["a b", 1], ["b", 1]]},
    "a name that is not ASCII": {"inputs": [["\u00e4", 1], ["b", 1]]},
    "a name of a number": {"inputs": [[1, 1], ["b", 1]]},
    "a width of 0": {"inputs": [["a", 0], ["b", 2]]},
    "a negative width": {"inputs": [["a", 3], ["b", -1]]},
    "a boolean width": {"inputs": [["a", True], ["b", 1]]},
    "a width of text": {"inputs": [["a", "1"], ["b", 1]]},
    "inputs of null": {"inputs": None},
    "two inputs of a name": {"inputs": [["a", 1], ["a", 1]]},
    "an output with an input's name": {"outputs": [["a", 1]]},
    "a wide output": {"outputs": [["y", 10**30]]},
    "a meaning of text": {"meaning": "y = a & b"},
    "a meaning of an object": {"meaning": {"y = a & b": 1}},
    "a line that is null": {"meaning": [None]},
    "a line with a comment": {"meaning": ["y = a & b # = a | b"]},
    "a line with a line break": {"meaning": ["y = (a &\nb)"]},
    "a line that is not ASCII": {"meaning": ["y = \uff41 & b"]},
    "a line that moves the cursor": {"meaning": ["y = a & b\x1b[2K"]},
    "a certificate that is no JSON": {"certificate": b"{"},
    "a certificate that is no text": {"certificate": b"\xff\xfe\xfd"},
    "a certificate with a float": {"certificate": b'{"ghosts": [], "lemmas": [], "goals": ["rows"], "x": 1e3}'},
    "a certificate with a key twice": {"certificate": b'{"ghosts": [], "lemmas": [], "goals": [[]], "goals": ["rows"]}'},
    "a certificate with a huge number": {"certificate": b'{"x": ' + b"9" * 10_000 + b"}"},
    "a certificate that is a list": {"certificate": []},
    "a certificate without ghosts": {"certificate": {"lemmas": [], "goals": ["rows"]}},
    "a certificate without lemmas": {"certificate": {"ghosts": [], "goals": ["rows"]}},
    "a certificate without goals": {"certificate": {"ghosts": [], "lemmas": []}},
    "goals of text": {"certificate": {"ghosts": [], "lemmas": [], "goals": "r"}},
    "a goal of text": {"certificate": {"ghosts": [], "lemmas": [], "goals": ["row"]}},
    "a goal of pairs of text": {"certificate": {"ghosts": [], "lemmas": [], "goals": [["ab"]]}},
    "a boolean ghost": {"certificate": {"ghosts": [[[0], [True], 0]], "lemmas": [], "goals": ["rows"]}},
    "a ghost that reads itself": {"certificate": {"ghosts": [[[6], [1], 0]], "lemmas": [], "goals": ["rows"]}},
    "a ghost that reads before the first": {"certificate": {"ghosts": [[[-1], [1], 0]], "lemmas": [], "goals": ["rows"]}},
    "a ghost without a weight": {"certificate": {"ghosts": [[[0], [], 0]], "lemmas": [], "goals": ["rows"]}},
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_not_well_formed_is_damaged_whatever_its_digest_says(name: str) -> None:
    assert outcome(pack(parts(**DAMAGED[name]))) == "Damaged"


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h.pop("__metadata__"),
        lambda h: h.pop("weights"),
        lambda h: h["__metadata__"].update(trix_circuits="[]"),
        lambda h: h["__metadata__"].update(trix_circuits=7),
        lambda h: h["sources"].update(dtype="U8"),
        lambda h: h["sources"].update(data_offsets=[4, 0]),
        lambda h: h["sources"].update(data_offsets=[0, 10**30]),
        lambda h: h["sources"].update(data_offsets=[-8, 8]),
        lambda h: h["sources"].update(data_offsets=[0]),
        lambda h: h["sources"].update(data_offsets=["0", "8"]),
    ],
)
def test_a_header_that_is_not_as_it_must_be_is_damage(change: Callable[[dict[str, Any]], Any]) -> None:
    assert outcome(pack(parts(), change)) == "Damaged"


@pytest.mark.parametrize("text", [b"[]", b"7", b"null", b'"x"', b"", b"\xff", b'{"a": 1, "a": 1}'])
def test_a_header_that_is_no_object_is_damage(text: bytes) -> None:
    for size in (len(text), len(text) + 1, 1 << 63):
        assert outcome(size.to_bytes(8, "little") + text) == "Damaged"


def test_a_file_that_asks_for_too_much_is_too_large_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (10**7, 10**12, 10**30):
        assert outcome(pack(parts(inputs=[["a", 1], ["b", width]]))) == "TooLarge"
    wide = parts(inputs=[["a", 1], ["b", 1], ["c", 23]], driven=[25])
    assert outcome(pack(wide)) == "TooLarge"
    for right in (
        "a << 65535 << 65535",
        "(2**65536 + a) << b",
        "2**65536 * 2**65536 * 2**65536",
        " + ".join(["a"] * 200_000),
        "-" * 20_000 + "a",
        "a" + "[0]" * 50_000,
        "a if a else " * 7000 + "a",
    ):
        assert outcome(pack(parts(meaning=[f"y = {right}"]))) == "TooLarge"
    assert outcome(pack(parts(certificate=b"[" * 100_000))) == "TooLarge"
    assert outcome((50_000).to_bytes(8, "little") + b"[" * 50_000) == "TooLarge"
    for page in (meaning, reference):
        monkeypatch.setattr(page, "MAX_NETS", 100)
    assert (
        outcome(pack(parts(inputs=[["a", 1], ["b", 20]], driven=[0], meaning=["y = (b + a) * (b + a)"]))) == "TooLarge"
    )
    assert outcome(pack(parts(inputs=[["a", 1], ["b", 99]], driven=[0], meaning=["y = b + a < b"]))) == "TooLarge"
    with pytest.raises(check.TooLarge):
        check.check(pack(parts()), work=check.Work(50, 10**9))


def test_memory_that_runs_out_is_a_limit_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(check.Windows, "failure", fail)
    assert outcome(pack(parts())) == "TooLarge"


def test_the_recursion_limit_is_left_as_it_was() -> None:
    before = sys.getrecursionlimit()
    outcome(pack(parts()))
    outcome(pack(parts(meaning=["y = " + "-" * 20_000 + "a"])))

    assert sys.getrecursionlimit() == before


# ---- meanings that are not true, on y = a and b ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ["y = a | b"],
        ["y = a in b"],
        ["y = a is b"],
        ["y = a not in b"],
        ["y = a is not b"],
        ["y = not a"],
        ["y = a and b"],
        ["y = (a & b) % 1"],
        ["y = (a & b) % -2"],
        ["y = a & b if a"],
        ["y = 2.0 ** 0 * (a & b)"],
        ["y = (t := a) & b"],
        ["y = a & b", "y = a & b"],
        ["y = y"],
        ["y = (a & b) + 2"],
        ["y = (a + b) % 2"],
        ["y = a + b"],
        ["y = -(a & b)"],
        ["-y = a & b"],
        ["2 * y = 2 * (a & b)"],
        ["3 * y = 3 * (a & b)"],
        ["y + y = 2 * (a & b)"],
        ["y - y = 0"],
        ["0 * y = 0"],
        ["y + 1 = (a & b) + 1"],
        ["y * a = a & b"],
        ["y & 1 & y | z = a & b"],
        ["0 = 0"],
        ["(y if a else y) = a & b"],
        ["x = a & b"],
        ["popcount = a & b"],
        ["y = signed(a + b)"],
        ["y = signed(a, b)"],
        ["y = popcount(-a)"],
        ["y = popcount(a, b)"],
        ["y = table(8, a + b, b)"],
        ["y = table(8, a, b, c)"],
        ["y = table(16, a, b)"],
        ["y = table(a, a, b)"],
        ["y = table(8)"],
        ["y = table(8, *a)"],
        ["y = table(8, a, b=b)"],
        ["y = table(8, -a, b)"],
        ["y = table(1, a << 17)"],
        ["y = (a & b) << a - b"],
        ["y = (a & b) >> (a << 20)"],
        ["y = (a & b)[0:0]"],
        ["y = (a & b)[0:a]"],
        ["y = (a & b)[0:]"],
        ["y = a[b]"],
        ["y = 'ab'"],
        ["y = f'{a}'"],
        ["y = [a & b]"],
        ["y = lambda: a"],
        ["y = a; b"],
        ["y = "],
        [" = a & b"],
        ["y == a & b"],
        ["y=a & b"],
        ["y = a & b = a"],
        [""],
        [],
    ],
)
def test_a_meaning_that_is_false_or_not_in_the_notation_is_refused(lines: list[str]) -> None:
    assert outcome(pack(parts(meaning=lines))) in ("Refused", "Damaged")


@pytest.mark.parametrize(
    "lines",
    [
        ["y = table(8, a, b)"],
        ["y[0] = a * b"],
        ["y % 2 = b if a else 0"],
        ["-y = -(a & b)"],
        ["x = a + b", "y = x >> 1"],
        ["x = a + b", "y = x == 2"],
        ["y = (a + b) >= 2"],
        ["y = (a * b) % 2"],
        ["y = 3 * (a & b) % 2"],
        ["y = popcount(a + 2 * b) > 1"],
        ["y = -signed(a) & b"],
        ["s = (a + 2 * b)[0:2]", "y = signed(s) == -1"],
        ["s = (a + 2 * b)[0:2]", "t = s", "y = table(8, t, t[1] - b)"],
        ["y = a - (a > b)"],
        ["y = a if b else 0 + 0"],
        ["popcount = a", "y = popcount & b"],
        ["y = (a << 1) + b > 2"],
        ["y = (a << b) >> 1"],
        ["y = (a ^ b ^ 1) & a"],
        ["y = (a | b) - (a != b)"],
        ["y = (b <= a) & (a <= b) & a"],
        ["0 * y + y = a & b"],
        ["y * y = a & b"],
    ],
)
def test_a_true_meaning_is_accepted_in_whatever_words(lines: list[str]) -> None:
    assert outcome(pack(parts(meaning=lines))) == "accepted"


def test_a_modulus_counts_only_where_it_is_the_outputs_own() -> None:
    """y, z = a, b as wires: equations modulo a power of two that is not that of the left side are no equations."""
    wires = {"outputs": [["y", 1], ["z", 1]], "driven": [0, 1]}

    for right, expected in (
        ("a + 2 * b", "accepted"),
        ("(a + 2 * b) % 4", "accepted"),
        ("a + 2 * b + 4", "Refused"),
        ("(a + 2 * b + 4) % 4", "accepted"),
        ("(a + 2 * b) % 2", "Refused"),
        ("(a + 6 * b) % 8", "Refused"),
    ):
        assert outcome(pack(parts(**wires, meaning=[f"y + 2 * z = {right}"]))) == expected
    word = {"outputs": [["y", 2]], "driven": [0, 1]}
    for right, expected in (
        ("(a + 2 * b + 4) % 4", "accepted"),
        ("(a + 2 * b + 4) % 2**2", "accepted"),
        ("(a + 2 * b + 4) % 8", "Refused"),
        ("(a + 2 * b) % 8", "accepted"),
        ("(a + 2 * b) % 2", "Refused"),
        ("(a - 2 * b) % 4", "accepted"),
        ("a - 2 * b", "Refused"),
    ):
        assert outcome(pack(parts(**word, meaning=[f"y = {right}"]))) == expected


# ---- lemmas that are not true, on y = a and b ------------------------------------------------------------------------


def claimed(*lemmas: list[Any], goals: Any = None, ghosts: list[Any] | None = None, **changes: Any) -> str:
    """The outcome of y = a & b under these lemmas; net 2 is y, nets 3 and 4 are the constants 0 and 1, net 5 is a & b."""
    certificate = {"ghosts": ghosts or [], "lemmas": list(lemmas), "goals": [[]] if goals is None else goals}
    return outcome(pack(parts(certificate=certificate, **changes)))


SAME = [[0, 1], [], [2, 5], [1, -1], 0, "="]  # the circuit's gate and the reference node are equal


def test_a_goal_follows_from_the_lemma_that_says_it() -> None:
    assert claimed(SAME, goals=[[[0, 1]]]) == "accepted"
    assert claimed(SAME, goals=[[[0, 3], [0, -2]]]) == "accepted"
    assert claimed(SAME, goals=[[[0, 5]]]) == "accepted"  # 1 modulo 2, and y - (a & b) is -1, 0 or 1
    assert claimed(SAME, goals=[[[0, 1 + 2**100]]]) == "accepted"


@pytest.mark.parametrize(
    "proof", [[], [[0, 0]], [[0, 2]], [[0, -2]], [[0, 1], [0, 1]], [[0, 2**64]], [[1, 1]], [[-1, 1]]]
)
def test_multiples_that_do_not_add_up_to_the_goal_are_refused(proof: list[list[int]]) -> None:
    assert claimed(SAME, goals=[proof]) == "Refused"


@pytest.mark.parametrize(
    "proof", [None, 7, True, [0], [[0]], [[0, 1, 1]], [["0", 1]], [[None, 1]], [[0.5, 1]], {"0": 1}, "row"]
)
def test_a_proof_that_is_no_list_of_pairs_is_damage(proof: Any) -> None:
    assert claimed(SAME, goals=[proof]) == "Damaged"


@pytest.mark.parametrize("factor", [True, None, "1", [1]])
def test_a_multiplier_that_is_no_integer_is_refused(factor: Any) -> None:
    assert claimed(SAME, goals=[[[0, factor]]]) == "Refused"


@pytest.mark.parametrize(
    "lemma",
    [
        [[0, 1], [], [2, 5], [1, 1], 0, "="],
        [[0, 1], [], [2, 5], [1, -1], 1, "="],
        [[0, 1], [], [2, 0], [1, -1], 0, "="],
        [[0, 1], [], [2], [1], -1, ">="],
        [[0, 1], [], [2], [-1], 0, ">="],
        [[0, 1], [], [], [], 1, "="],
        [[], [], [], [], -1, ">="],
        [[2, 5], [], [2, 5], [1, -1], 0, "="],  # without the gates, the two may differ
        [[0, 1, 2], [], [2, 5], [1, -1], 0, "="],
        [[0], [], [2, 5], [1, -1], 0, "="],  # open at input 1
        [[], [], [2, 5], [1, -1], 0, "="],
        [[0, 1], [], [2, 5], [10**50, 1 - 10**50], 0, "="],
    ],
)
def test_a_false_or_open_lemma_is_refused_even_if_nothing_rests_on_it(lemma: list[Any]) -> None:
    assert claimed(lemma, goals=["rows"]) == "Refused"


@pytest.mark.parametrize(
    "lemma",
    [
        [],
        None,
        [[0, 1], [], [2, 5], [1, -1], 0],
        [[0, 1], [], [2, 5], [1, -1], 0, "=", 0],
        [[0, 1], [], [2, 5], [1, -1], 0, "<="],
        [[0, 1], [], [2, 5], [1, -1], 0, None],
        [[0, 1], [], [2, 5], [1, -1], None, "="],
        [[0, 1], [], [2, 5], [1, -1], False, "="],
        [[0, 1], [], [2, 5], [1], 0, "="],
        [[0, 1], [], [2, 5], [1, -1, 1], 0, "="],
        [[0, 1], [], [2, 5], [True, -1], 0, "="],
        [[0, 1], [], [2, 2], [1, -1], 0, "="],
        [[0, 1], [], [2, 99], [1, -1], 0, "="],
        [[0, 1], [], [2, -1], [1, -1], 0, "="],
        [[0, 1, 1], [], [2, 5], [1, -1], 0, "="],
        [[0, 1, 99], [], [2, 5], [1, -1], 0, "="],
        [[0, 1, -1], [], [2, 5], [1, -1], 0, "="],
        [[0, True], [], [2, 5], [1, -1], 0, "="],
        [[0, "1"], [], [2, 5], [1, -1], 0, "="],
        ["01", [], [2, 5], [1, -1], 0, "="],
        [{"0": 1}, [], [2, 5], [1, -1], 0, "="],
        [[0, 1], [0], [2, 5], [1, -1], 0, "="],
        [[0, 1], [-1], [2, 5], [1, -1], 0, "="],
        [[0, 1], [1], [2, 5], [1, -1], 0, "="],
        [[0, 1], None, [2, 5], [1, -1], 0, "="],
        [[[0, 0], 1], [], [2, 5], [1, -1], 0, "="],
        [[[0, [1]]], [], [2, 5], [1, -1], 0, "="],
    ],
)
def test_a_lemma_that_is_not_well_formed_is_damage(lemma: Any) -> None:
    assert claimed(lemma, goals=["rows"]) == "Damaged"


def test_an_inequality_is_no_equation() -> None:
    at_least = [[0, 1], [], [2, 5], [1, -1], 0, ">="]

    assert claimed(at_least, goals=["rows"]) == "accepted"
    assert claimed(at_least, goals=[[[0, 1]]]) == "Refused"


def test_rows_that_an_earlier_lemma_excludes_do_not_count_and_others_do() -> None:
    implied = [[2, 0], [], [2, 0], [-1, 1], 0, ">="]  # y <= a: not so with both as leaves
    assert claimed(implied, goals=["rows"]) == "Refused"
    proven = [[0, 1], [], [2, 0], [-1, 1], 0, ">="]
    assert claimed(proven, [[2, 0], [0], [2, 0], [-1, 1], 0, ">="], goals=["rows"]) == "accepted"
    assert claimed(proven, [[2, 0], [0], [2, 0], [1, -1], 0, "="], goals=["rows"]) == "Refused"


def test_a_ghost_adds_nothing_to_what_is_true() -> None:
    ghost = [[0, 1], [1, 1], -1]  # net 6: a or b
    assert (
        claimed([[0, 1], [], [6, 0, 1, 2], [1, -1, -1, 1], 0, "="], SAME, ghosts=[ghost], goals=[[[1, 1]]])
        == "accepted"
    )
    assert claimed([[0, 1], [], [6, 2], [1, -1], 0, "="], ghosts=[ghost], goals=["rows"]) == "Refused"
    assert claimed(ghosts=[[[0, 0], [1, 1], -2]], goals=["rows"]) == "accepted"  # a ghost may read a net twice
    assert claimed([[0], [], [6, 0], [1, -1], 0, "="], ghosts=[[[0, 0], [1, 1], -2]], goals=["rows"]) == "accepted"


def test_a_window_of_more_leaves_than_the_limit_is_too_large() -> None:
    wide = parts(inputs=[["a", 1], ["b", 1], ["c", 23]], sources=[0, 1], driven=[25])
    lemma = [list(range(25)), [], [25], [1], 0, ">="]
    wide["certificate"] = {"ghosts": [], "lemmas": [lemma], "goals": [[]]}

    assert outcome(pack(wide)) == "TooLarge"


@settings(max_examples=200, deadline=None)
@given(netlists(max_inputs=3, max_gates=4), st.data())
def test_no_evidence_makes_a_false_meaning_accepted(netlist: Netlist, data: st.DataObject) -> None:
    names = list(netlist.inputs)
    rows = 1 << len(names)
    values = [evaluate(netlist, {n: row >> i & 1 for i, n in enumerate(names)})["y"] for row in range(rows)]
    wrong = data.draw(st.integers(1, (1 << rows) - 1))
    table = sum(value << row for row, value in enumerate(values)) ^ wrong
    nets = st.integers(0, netlist.net_count + 2)
    small = st.integers(-2, 2)
    lemmas: list[Any] = []
    for _ in range(data.draw(st.integers(0, 4))):
        members = data.draw(st.lists(nets, unique=True, max_size=3))
        leaves = data.draw(st.one_of(st.just(list(range(len(names)))), st.lists(nets, unique=True, max_size=4)))
        given_ = data.draw(st.lists(st.integers(0, max(0, len(lemmas) - 1)), max_size=2)) if lemmas else []
        relation = data.draw(st.sampled_from(["=", ">="]))
        lemmas.append([leaves, given_, members, [data.draw(small) for _ in members], data.draw(small), relation])
    proof = [[data.draw(st.integers(0, len(lemmas) - 1)), data.draw(small)] for _ in range(3)] if lemmas else []
    read = data.draw(st.lists(nets, max_size=2))
    ghosts = [[read, [data.draw(small) for _ in read], -1]]
    certificate = {"ghosts": ghosts, "lemmas": lemmas, "goals": [data.draw(st.sampled_from([proof, "rows"]))]}

    assert verdict_of(Claim("t", netlist, (f"y = table({table}, {', '.join(names)})",), certificate)) != "accepted"


# ---- the program -----------------------------------------------------------------------------------------------------


def test_each_outcome_has_its_exit_status_and_one_line_of_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.trix"
    cases: list[tuple[Parts, int, str]] = [
        ({}, 0, ""),
        ({"meaning": ["y = a"]}, 1, "REFUSED  "),
        ({"version": 2}, 2, "NOT CHECKED  "),
        ({"inputs": [["a", 1], ["b", 10**9]]}, 3, "NOT CHECKED  "),
    ]
    for changes, status, start in cases:
        path.write_bytes(pack(parts(**changes)))
        assert check.main([str(path)]) == status
        shown = capsys.readouterr()
        assert shown.err.startswith(start + str(path) * bool(start))
        assert len(shown.err.splitlines()) == (status > 0)
        assert shown.out.startswith("ACCEPTED  ") == (status == 0)
    for arguments in ([], ["a", "b"], ["--help"], [str(tmp_path)], [str(tmp_path / "none")]):
        assert check.main(arguments) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("key", ["name", "format", "origin", "meaning", "inputs", "defaults"])
@pytest.mark.parametrize("text", ["x\n", "\x1b[2K", "\ud800", "\u00e4", "\u202e", "a\\b", 'a"b'])
def test_a_text_that_is_not_plain_is_damage_wherever_it_stands(key: str, text: str) -> None:
    values: dict[str, Any] = {
        "name": text,
        "format": _form(name=text),
        "origin": {"by": text},
        "meaning": ["y = a & b", text],
        "inputs": [[text, 1], ["b", 1]],
        "defaults": {text: 0},
    }
    assert outcome(pack(parts(**{key: values[key]}))) == "Damaged"


def test_run_as_a_program_it_exits_with_the_status_of_main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.trix"
    path.write_bytes(pack(parts(meaning=["y = a"])))
    monkeypatch.setattr(sys, "argv", ["check", str(path)])

    for program in (str(Path(check.__file__).parent), str(Path(check.__file__).parent / "__main__.py")):
        with pytest.raises(SystemExit) as caught:
            runpy.run_path(program, run_name="__main__")
        assert caught.value.code == 1
