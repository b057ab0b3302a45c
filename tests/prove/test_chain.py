"""A circuit that is proven equal to a circuit file keeps that file's meaning, in one certificate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from trix_circuits import check
from trix_circuits.circuit import accept
from trix_circuits.compile import compile_foreign, read_any
from trix_circuits.compose.families import draft
from trix_circuits.errors import RefutedError
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import get_format


@pytest.mark.parametrize(
    ("family", "bits", "form"),
    [("adder", 16, "ternary"), ("comparator", 9, "ternary"), ("multiplier", 7, "int4"), ("mux", 7, "ternary"), ("adder", 3, "int8")],
)  # fmt: skip
def test_another_format_keeps_the_meaning(tmp_path: Path, family: str, bits: int, form: str) -> None:
    first = certify(draft(family, get_format("e2m1"), bits))
    path = tmp_path / "first.trix"
    first.save(path)
    second = compile_foreign(read_any(str(path)), get_format(form)).circuit

    assert second.meaning == first.meaning
    assert second.sources == (first.data,)
    assert second.netlist.format.name == form
    assert check.check(second.data, given=[first.data]).lemmas == second.verdict.lemmas


def test_a_meaning_that_is_carried_over_is_proven_not_copied(tmp_path: Path) -> None:
    first = certify(draft("adder", get_format("e2m1"), 16))
    path = tmp_path / "first.trix"
    first.save(path)
    claim = compile_foreign(read_any(str(path)), get_format("ternary")).circuit.claim
    with pytest.raises(RefutedError):
        accept(replace(claim, meaning=("sum = a + b",)))
    certificate = {**claim.certificate, "lemmas": claim.certificate["lemmas"][1:]}
    with pytest.raises(RefutedError):
        accept(replace(claim, certificate=certificate))
