"""The Python interface: the same things as on the command line, by name."""

from __future__ import annotations

from typing import Any

from trix_circuits.circuit import Circuit
from trix_circuits.circuit import load as check_file
from trix_circuits.compose.families import draft
from trix_circuits.compose.spec import parse_spec, read_spec
from trix_circuits.compose.wiring import Wire, Wiring
from trix_circuits.evidence.prover import certify
from trix_circuits.logic.formats import WeightFormat, get_format, make_format, register_format
from trix_circuits.logic.functions import parse_function
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.logic.truth_table import TruthTable, named_function
from trix_circuits.prove.exhaustive import prove_exhaustively
from trix_circuits.prove.induction import prove_all_widths
from trix_circuits.prove.prove import prove
from trix_circuits.run import Runner, backend_names, compile_netlist
from trix_circuits.run import register as register_backend
from trix_circuits.run.run import run_batch, run_once
from trix_circuits.synth.synth import Found, GaveUp, Impossible, circuit_of, synthesise

__all__ = [
    "Builder",
    "Circuit",
    "Found",
    "GaveUp",
    "Impossible",
    "Netlist",
    "Runner",
    "TruthTable",
    "WeightFormat",
    "Wire",
    "Wiring",
    "backend_names",
    "build",
    "certify",
    "check_file",
    "circuit_of",
    "compile_netlist",
    "get_format",
    "make_format",
    "named_function",
    "parse_function",
    "parse_spec",
    "prove",
    "prove_all_widths",
    "prove_exhaustively",
    "read_spec",
    "register_backend",
    "register_format",
    "run_batch",
    "run_once",
    "synthesise",
]


def build(family: str, *, bits: int, format: str | WeightFormat = "e2m1", **options: Any) -> Circuit:
    """A proven circuit of a family; options as on the command line (objective, max_fan_in, ways, relation, direction)."""
    return certify(draft(family, get_format(format), bits, **options))
