"""Proving a circuit file against its meaning from scratch: its own certificate is not looked at.

- up to 24 input bits, or on request up to 40: all rows, by an engine that shares no evaluation code with the checker;
  what comes of it is a statement of the rows covered, exactly (above 24 inputs no checker could confirm it soon, so
  that it is no certificate);
- else a new certificate is sought: with the block identities of the generator that the file names, if that
  generator makes this very netlist, otherwise by sweeping; the checker decides it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trix_circuits.circuit import Circuit, Claim
from trix_circuits.errors import RefutedError, TrixCircuitsError
from trix_circuits.evidence.prover import Draft, certify
from trix_circuits.logic.frozen import only_here
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.exhaustive import Evidence, Progress, Question, decide

if TYPE_CHECKING:
    from trix_circuits.prove.equivalence import Side

_ROWS_BY_DEFAULT = 24


@only_here
@dataclass(frozen=True)
class Proof:
    """How a circuit was proven.

    `rows` counts what was evaluated. `circuit` is set where a new certificate was made, `evidence` where all rows were
    gone through: it says which.
    """

    kinds: tuple[str, ...]
    rows: int
    lemmas: int
    seconds: float
    circuit: Circuit | None
    evidence: Evidence | None = None

    def as_json(self) -> dict[str, Any]:
        parts = {"kinds": list(self.kinds), "rows": self.rows, "lemmas": self.lemmas, "seconds": round(self.seconds, 4)}
        covered = {"covered": self.evidence.as_json()} if self.evidence else {}
        return {"exact": True, "proven": True, **parts, **covered}


def prove(
    claim: Claim,
    *,
    exhaustive: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Proof:
    """Prove a claim; `options` are those of `exhaustive.decide`, for a proof by all rows.

    Raises RefutedError with a counterexample, or LimitError if no evidence is found.
    """
    start = time.monotonic()
    if exhaustive or (claim.meaning and claim.netlist.input_bits <= _ROWS_BY_DEFAULT):
        evidence = decide(Question((claim.to_bytes(),)), jobs=jobs, progress=progress, **options)
        return Proof(("exhaustive",), evidence.rows, 0, time.monotonic() - start, None, evidence)
    if claim.sources and not claim.meaning:
        return _against_sources(claim, start)
    draft = _same_from_generator(claim) or Draft(claim.name, claim.netlist, claim.meaning)
    circuit = certify(replace(draft, defaults=claim.defaults, origin=claim.origin))
    verdict = circuit.verdict
    return Proof(verdict.kinds, verdict.rows, verdict.lemmas, time.monotonic() - start, circuit)


def prove_sides_exhaustively(first: Side, second: Side, **options: Any) -> Evidence:
    """Two circuits at every row; inputs and outputs are matched by name. `options` are those of `exhaustive.decide`.

    Raises RefutedError with the least row that differs, and what both sides give there.
    """
    from trix_circuits.files.names import check_matching
    from trix_circuits.prove.equivalence import told_apart

    check_matching(first.aig, second.aig, (first.name, second.name))
    try:
        return decide(Question((first.data, second.data)), **options)
    except RefutedError as error:
        raise told_apart(first, second, error) from None


def _against_sources(claim: Claim, start: float) -> Proof:
    """A new certificate against the files that the circuit carries."""
    from trix_circuits.prove.equivalence import certify_against

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
