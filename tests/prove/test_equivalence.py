"""Netlists and foreign circuits proven equal, or shown to differ; and lies in such files refused."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trix_circuits import check
from trix_circuits.circuit import accept, decode
from trix_circuits.compile import compile_foreign
from trix_circuits.errors import InputError, RefutedError
from trix_circuits.files import read_bytes_as
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.logic.aig import Aig, AigBuilder
from trix_circuits.logic.formats import get_format
from trix_circuits.prove.equivalence import Side, certify_against, netlist_of, outputs_at, prove_equal, prove_sides


def adder(width: int, *, lookahead: bool = False) -> Aig:
    """a + b, by a ripple of majorities, or with each carry from all digits below it."""
    builder = AigBuilder([f"{bus}[{i}]" for bus in "ab" for i in range(width)])
    a = [builder.input(i) for i in range(width)]
    b = [builder.input(width + i) for i in range(width)]
    carry, outputs = 0, []
    for i in range(width):
        if lookahead and i:
            carry = 0
            for k in range(i):
                passed = builder.all_of([builder.or_(a[j], b[j]) for j in range(k + 1, i)])
                carry = builder.or_(carry, builder.and_(builder.and_(a[k], b[k]), passed))
        outputs.append((f"s[{i}]", builder.xor(builder.xor(a[i], b[i]), carry)))
        if not lookahead:
            carry = builder.majority(a[i], b[i], carry)
    return builder.finish("adder", outputs)


def random_aig(rng: random.Random, inputs: int, ands: int, outputs: int) -> Aig:
    builder = AigBuilder([f"x[{i}]" for i in range(inputs)])
    literals = [builder.input(i) for i in range(inputs)]
    for _ in range(ands):
        literals.append(builder.and_(rng.choice(literals) ^ rng.randrange(2), rng.choice(literals) ^ rng.randrange(2)))
    return builder.finish("random", [(f"y[{i}]", rng.choice(literals) ^ rng.randrange(2)) for i in range(outputs)])


def changed(aig: Aig, rng: random.Random) -> Aig:
    """The same with one literal inverted."""
    left = aig.left.copy()
    left[rng.randrange(len(left))] ^= 1
    return replace(aig, left=left)


def same(a: Aig, b: Aig) -> bool:
    return all(a.evaluate(row) == b.evaluate(row) for row in range(1 << len(a.input_names)))


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_one_inverter_more_or_less_is_told_and_shown(rng: random.Random) -> None:
    first = random_aig(rng, 5, 20, 3)
    if not first.size:
        return
    second = changed(first, rng)
    if same(first, second):
        assert prove_equal(first, second).verdict.kinds
        return
    with pytest.raises(RefutedError) as caught:
        prove_equal(first, second)
    values = caught.value.counterexample
    assert values is not None and outputs_at(first, values) != outputs_at(second, values)


def test_adders_of_different_structure_are_proven_by_clauses_or_windows() -> None:
    circuit = prove_equal(adder(16), adder(16, lookahead=True))

    assert set(circuit.verdict.kinds) <= {"local", "sat"}
    again = accept(circuit.data)
    assert again.verdict.lemmas == circuit.verdict.lemmas


def test_a_proof_by_clauses_survives_no_change() -> None:
    circuit = prove_equal(adder(16), adder(16, lookahead=True))
    lemmas = circuit.claim.certificate["lemmas"]
    (entry,) = [lemma for lemma in lemmas if lemma[0] == "clauses"]
    _, axioms, steps, *pairs = entry
    rng = random.Random(1)
    for _ in range(40):
        spoiled = [list(map(list, axioms)), [[list(c), list(h)] for c, h in steps]]
        if rng.randrange(2):
            clause = rng.choice(spoiled[0])
            clause[rng.randrange(1, len(clause))] ^= 1  # an axiom that no gate implies
        else:
            step = rng.choice([s for s in spoiled[1] if s[0]])
            step[0][rng.randrange(len(step[0]))] ^= 1
            step[1].clear()  # and nothing that it could follow from
        bad = [["clauses", *spoiled, *pairs] if lemma is entry else lemma for lemma in lemmas]
        claim = replace(circuit.claim, certificate={**circuit.claim.certificate, "lemmas": bad})
        with pytest.raises((RefutedError, InputError)):
            accept(claim)


@pytest.mark.parametrize("steps", [[[[], [-1]]], [[[], [0, -1]]], [[[], []]], [[[], [7]]]])
def test_hints_that_are_no_clauses_prove_nothing(steps: list[Any]) -> None:
    first, second = adder(2), adder(2)
    second = replace(second, outputs=second.outputs ^ 1)
    netlist = netlist_of(second)
    wrong = [["clauses", [], steps, 2 * netlist.outputs["s"][k], 2 * 9 + k] for k in range(2)]
    circuit = prove_equal(first, first)
    claim = replace(circuit.claim, netlist=netlist, certificate={"ghosts": [], "lemmas": wrong, "goals": []})

    with pytest.raises((RefutedError, InputError)):
        accept(claim)


def test_a_source_in_the_file_is_part_of_what_is_proven() -> None:
    circuit = prove_equal(adder(4), adder(4))
    other = aiger_bytes(changed(adder(4), random.Random(0)))

    with pytest.raises(RefutedError):
        accept(replace(circuit.claim, sources=(other,)))
    with pytest.raises(RefutedError):
        accept(circuit.data, given=[other])
    assert accept(circuit.data, given=[aiger_bytes(adder(4))])
    assert decode(circuit.data).sources == (aiger_bytes(adder(4)),)


def test_a_file_that_claims_nothing_is_refused() -> None:
    circuit = prove_equal(adder(2), adder(2))

    with pytest.raises(RefutedError, match="nothing is said"):
        accept(replace(circuit.claim, sources=(), source_names=()))


def test_digits_must_come_in_twos() -> None:
    netlist = netlist_of(adder(2))
    nets = check.Nets(4, netlist.gates())
    steps = check.Steps(nets, check.Windows(nets))
    steps.claims.append(check.Claim({0: 1, 1: 1, 2: 2, check.ONE: 0}))  # a0 + a1 + 2 b0 = 0, were it true
    steps.take(["digits", 1, [[0, 1]]])
    assert nets.find(0) == nets.find(2)
    steps.claims.append(check.Claim({0: 1, 2: 1, 3: 1}))
    with pytest.raises(check.Refused, match=r"2\^"):
        steps.take(["digits", 4, [[2, 1]]])


@pytest.mark.parametrize("form", ["e2m1", "ternary"])
@pytest.mark.parametrize("width", [4, 12])
def test_a_compiled_adder_is_small_and_proven(form: str, width: int) -> None:
    foreign = read_bytes_as("aiger", aiger_bytes(adder(width)), "adder.aig")
    compiled = compile_foreign(foreign, get_format(form), effort=0)

    net = compiled.circuit.netlist
    assert net.format.name == form
    assert net.size <= (2 if form == "e2m1" else 4) * width
    assert compiled.circuit.sources == (foreign.data,)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["size", "depth"]))
def test_whatever_is_compiled_computes_the_source(rng: random.Random, objective: str) -> None:
    aig = random_aig(rng, 7, 60, 5)
    foreign = read_bytes_as("aiger", aiger_bytes(aig), "random.aig")
    circuit = compile_foreign(foreign, get_format("e2m1"), objective=objective, effort=0).circuit
    for row in range(0, 128, 5):
        values = {"x": row}
        outputs = outputs_at(aig, values)
        nets = [row >> k & 1 for k in range(7)]
        for sources, weights, bias in circuit.netlist.gates():
            nets.append(int(sum(w * nets[s] for s, w in zip(sources, weights, strict=True)) + bias >= 0))
        drivers = circuit.netlist.outputs["y"]
        assert sum(nets[net] << k for k, net in enumerate(drivers)) == outputs["y"]


def test_sides_with_other_names_are_one_clear_line() -> None:
    first, second = adder(4), adder(5)
    sides = [Side(f"{n}.aig", aiger_bytes(aig), aig) for n, aig in enumerate((first, second))]

    with pytest.raises(
        InputError, match=r"input a must be the same in both, not 4 bits wide in 0\.aig and 5 bits wide in 1\.aig"
    ):
        prove_sides(*sides)


def test_blif_and_aiger_of_one_circuit_are_equal_with_inputs_in_another_order() -> None:
    text = ".model m\n.inputs b a\n.outputs y\n.names a b y\n10 1\n.end\n"
    blif = read_bytes_as("blif", text.encode(), "m.blif")
    builder = AigBuilder(["a", "b"])
    aig = builder.finish("m", [("y", builder.and_(builder.input(0), builder.input(1) ^ 1))])
    circuit = prove_sides(Side("m.blif", blif.data, blif.aig), Side("m.aig", aiger_bytes(aig), aig))

    assert accept(circuit.data, given=[text.encode()]) == circuit


def test_a_netlist_may_be_certified_against_two_sources_at_once() -> None:
    first, second = adder(8), adder(8, lookahead=True)
    sources = [aiger_bytes(first), aiger_bytes(second)]
    circuit = certify_against("both", netlist_of(first), sources, ["ripple", "lookahead"])

    for wrong in range(2):
        given = list(sources)
        given[wrong] = aiger_bytes(changed(first, random.Random(3)))
        with pytest.raises(RefutedError):
            accept(circuit.data, given=given)
