"""Proving a circuit file against its meaning from scratch: its own certificate is not looked at.

- up to 24 input bits, or on request up to 40: all rows, by an engine that shares no evaluation code with the checker;
- else a new certificate is sought: with the block identities of the generator that the file names, if that
  generator makes this very netlist, otherwise by sweeping; the checker decides it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trix_circuits.certificate import Draft, certify
from trix_circuits.circuit import Circuit, Claim
from trix_circuits.errors import InputError, TrixCircuitsError
from trix_circuits.exhaustive import prove_exhaustively
from trix_circuits.netlist import Netlist

_ROWS_BY_DEFAULT = 24


@dataclass(frozen=True)
class Proof:
    """How a circuit was proven. `rows` counts what was evaluated; `circuit` is set where a new certificate was made."""

    kinds: tuple[str, ...]
    rows: int
    lemmas: int
    seconds: float
    circuit: Circuit | None

    def as_json(self) -> dict[str, Any]:
        parts = {"kinds": list(self.kinds), "rows": self.rows, "lemmas": self.lemmas, "seconds": round(self.seconds, 4)}
        return {"exact": True, "proven": True, **parts}


def prove(
    claim: Claim,
    *,
    exhaustive: bool = False,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Proof:
    """Prove a claim. Raises RefutedError with a counterexample, or LimitError if no evidence is found."""
    start = time.monotonic()
    if claim.sources and not claim.meaning:
        return _against_sources(claim, exhaustive, start)
    if exhaustive or claim.netlist.input_bits <= _ROWS_BY_DEFAULT:
        rows = prove_exhaustively(claim.netlist, claim.meaning, jobs=jobs, progress=progress)
        return Proof(("exhaustive",), rows, 0, time.monotonic() - start, None)
    draft = _same_from_generator(claim) or Draft(claim.name, claim.netlist, claim.meaning)
    circuit = certify(replace(draft, defaults=claim.defaults, origin=claim.origin))
    verdict = circuit.verdict
    return Proof(verdict.kinds, verdict.rows, verdict.lemmas, time.monotonic() - start, circuit)


def _against_sources(claim: Claim, exhaustive: bool, start: float) -> Proof:
    """A new certificate against the files that the circuit carries."""
    from trix_circuits.equivalence import certify_against

    if exhaustive:
        raise InputError(f"{claim.name}: its meaning is a file that it carries; --exhaustive is for equations")
    names = claim.source_names
    circuit = certify_against(claim.name, claim.netlist, claim.sources, names, origin=claim.origin)
    verdict = circuit.verdict
    return Proof(verdict.kinds, verdict.rows, verdict.lemmas, time.monotonic() - start, circuit)


def _same_from_generator(claim: Claim) -> Draft | None:
    """The draft of the generator that the file names, if it is this netlist with this meaning, gate by gate."""
    from trix_circuits.compose.families import draft_from_origin

    try:
        draft = draft_from_origin(claim.origin, claim.netlist.format)
    except TrixCircuitsError:
        return None
    same = draft is not None and _equal(draft.netlist, claim.netlist) and tuple(draft.meaning) == tuple(claim.meaning)
    return draft if same else None


def _equal(a: Netlist, b: Netlist) -> bool:
    names = ("offsets", "sources", "weights", "biases")
    arrays = all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)
    return arrays and a.inputs == b.inputs and a.outputs == b.outputs
