"""The checker accepts what is right and refuses what is not: damage, lies, and every change that matters."""

from __future__ import annotations

import json
import random
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
from trix_circuits.certificate import certify
from trix_circuits.circuit import Circuit, Claim, accept, decode
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.formats import get_format
from trix_circuits.mutate import mutate
from trix_circuits.netlist import Netlist

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
    for circuit in (adder(4), comparator(6), certify(draft("multiplier", get_format("ternary"), 3))):
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


def test_a_circuit_cannot_be_forged() -> None:
    circuit = adder(4)
    with pytest.raises(InputError, match="made by accept"):
        Circuit(circuit.claim, circuit.data, circuit.verdict)


def test_a_file_is_read_back_as_it_was_written() -> None:
    circuit = adder(8)
    again = decode(circuit.data)

    assert again.to_bytes() == circuit.data
    assert np.array_equal(again.netlist.weights, circuit.netlist.weights)
    assert again.meaning == ("sum = a + b + cin",)


def test_the_checker_runs_alone_with_the_standard_library_only(tmp_path: Path) -> None:
    program = shutil.copy(check.__file__, tmp_path / "check.py")
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


def test_the_checker_is_short_enough_to_read() -> None:
    assert len(Path(check.__file__).read_text().splitlines()) < 500
