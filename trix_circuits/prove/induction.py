"""Proofs for every width: the step of a generator is shown right wherever it is applied, by Z3, over all integers.

Families whose proof is a ledger are built step by step: a state is a sum of weighted nets which equals the meaning; a
step takes nets out and puts nets in. The theorem is the loop invariant: for every integer L (the rest of the ledger) and
every position P >= 1, L + P * (what goes in) = L + P * (what comes out), for the very gates that the generator emits.
By induction over the number of steps the sum never changes, so that the word in which the generator ends has the value
of the meaning, at any width. Comparators are chains: if c says whether A < B (or A <= B) for the bits so far, 0 <= A, B
< P, then the next block's gate says it for A + P x and B + P y. Words without carries are proven a bit at a time.

The step's gates are not written down a second time here: they are read off circuits that the generator makes, for every
width up to a bound beyond which it makes no new kind of step (this too is looked at). What remains to be trusted is
that the generator goes on in the same way beyond that bound; any one circuit is checked on its own in any case.
Obligations are SMT-LIB 2 texts, which any solver can repeat.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trix_circuits.compose.families import FAMILIES, draft
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.evidence.prover import Draft
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.frozen import only_here
from trix_circuits.logic.netlist import Netlist
from trix_circuits.solve.process import SolverProcess

LEDGER = ("adder", "subtractor", "addsub", "incrementer", "popcount", "parity", "multiplier", "abs")
CHAINS = ("comparator",)
BITWISE = ("mux",)
_WIDTHS = {"multiplier": 30, "popcount": 200, "parity": 100}
_WIDTH = 40
Gate = tuple[tuple[int, ...], tuple[int, ...], int]


@only_here
@dataclass(frozen=True)
class Theorem:
    """A family proven for all widths: the distinct steps, each with its SMT-LIB text, and where they were read off."""

    family: str
    format_name: str
    statement: str
    steps: tuple[str, ...]
    widths: int
    last_new: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            "family": self.family,
            "format": self.format_name,
            "proven": True,
            "exact": True,
            "kinds": ["induction"],
            "statement": self.statement,
            "steps": len(self.steps),
            "widths_read": self.widths,
            "last_new_step_at_width": self.last_new,
            "seconds": round(self.seconds, 4),
        }

    def text(self) -> str:
        return (
            f"PROVEN  {self.family} in {self.format_name}, for every width, by induction\n"
            f"        {self.statement}\n"
            f"        {len(self.steps)} kinds of step proven by Z3 over all integers; read off widths 1 to {self.widths}, "
            f"no new kind beyond width {self.last_new}; {self.seconds:.2f} s"
        )


def prove_all_widths(family: str, form: WeightFormat) -> Theorem:
    """Prove a family's construction for every width. Raises LimitError for a family that has no such proof here."""
    if family not in FAMILIES:
        raise InputError(f"family must be one of {', '.join(FAMILIES)}, not {family!r}")
    if family not in LEDGER + CHAINS + BITWISE:
        known = ", ".join((*LEDGER, *CHAINS, *BITWISE))
        raise LimitError(f"family {family} has no proof over all widths yet; these have: {known}")
    start = time.monotonic()
    widths = _WIDTHS.get(family, _WIDTH)
    first_seen: dict[str, int] = {}
    for bits in range(1, widths + 1):
        for step in _steps(family, draft(family, form, bits)):
            first_seen.setdefault(step, bits)
    last_new = max(first_seen.values())
    if 2 * last_new > widths:
        raise LimitError(
            f"family {family} in {form.name}: new kinds of step still appear at width {last_new} of {widths}"
        )
    with SolverProcess("smt") as solver:
        for step in first_seen:
            answer = solver.ask({"text": step}, 60.0)
            if answer["status"] == "sat":
                raise RefutedError(f"family {family} in {form.name}: a step of its construction is wrong")
            if answer["status"] != "unsat":
                raise LimitError(f"family {family} in {form.name}: the solver gave up on a step ({answer['status']})")
    seconds = time.monotonic() - start
    return Theorem(family, form.name, _statement(family), tuple(first_seen), widths, last_new, seconds)


def _statement(family: str) -> str:
    if family in LEDGER:
        return "every step keeps the weighted sum of all nets, which starts as the meaning and ends as the output word"
    if family in CHAINS:
        return "if the chain is right for the low bits, it is right with the next block, whatever the width"
    return "every bit is the same circuit and is right for all its inputs, whatever the width"


def _steps(family: str, made: Draft) -> list[str]:
    if family in LEDGER:
        return [_ledger_step(made.netlist, block.leaves, block.terms, block.constant) for block in made.blocks]
    if family in CHAINS:
        return _chain_steps(made.netlist)
    return _bit_steps(made.netlist)


def _cone(netlist: Netlist, gates: Sequence[Gate], leaves: Sequence[int], nets: Sequence[int]) -> list[int]:
    found: set[int] = set()
    stack = [net for net in nets if net not in leaves]
    while stack:
        net = stack.pop()
        if net not in found:
            if net < netlist.input_bits:
                raise LimitError("a step reads an input beyond its own leaves")
            found.add(net)
            stack.extend(s for s in gates[net - netlist.input_bits][0] if s not in leaves)
    return sorted(found)


def _define(netlist: Netlist, leaves: Sequence[int], nets: Sequence[int]) -> tuple[list[str], dict[int, str]]:
    """SMT-LIB lines that declare the leaves and define the gates between them and the nets; names of all."""
    gates = list(netlist.gates())
    names = {leaf: f"x{i}" for i, leaf in enumerate(leaves)}
    lines = [f"(declare-const {name} Bool)" for name in names.values()]
    for net in _cone(netlist, gates, leaves, nets):
        sources, weights, bias = gates[net - netlist.input_bits]
        order = {known: i for i, known in enumerate(names)}
        pairs = sorted(zip(sources, weights, strict=True), key=lambda pair: order[pair[0]])
        terms = " ".join(f"(ite {names[s]} {_int(w)} 0)" for s, w in pairs)
        names[net] = f"g{len(names)}"
        lines.append(f"(define-fun {names[net]} () Bool (>= (+ {_int(bias)} 0 {terms}) 0))")
    return lines, names


def _int(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"


def _weighted(names: dict[int, str], terms: Sequence[tuple[int, int]], unit: str) -> str:
    """sum(weight * unit * net) as SMT-LIB."""
    parts = " ".join(f"(ite {names[net]} (* {_int(weight)} {unit}) 0)" for net, weight in terms)
    return f"(+ 0 {parts})"


def _ledger_step(netlist: Netlist, leaves: Sequence[int], terms: Any, constant: int) -> str:
    # Leaves in the order of their weights, outputs from the top: equal steps give equal texts.
    leaves = sorted(leaves, key=lambda leaf: (terms.get(leaf, 0), leaf))
    members = [(leaf, terms[leaf]) for leaf in leaves if leaf in terms]
    members += sorted(((net, w) for net, w in terms.items() if net not in leaves), key=lambda item: (item[1], item[0]))
    lines, names = _define(netlist, leaves, [net for net, _ in members])
    lines = ["(declare-const L Int)", "(declare-const P Int)", "(assert (>= P 1))", *lines]
    before = [(net, w) for net, w in members if net in leaves]
    after = [(net, -w) for net, w in members if net not in leaves]
    lines.append(
        f"(assert (not (= (+ L (* {_int(constant)} P) {_weighted(names, before, 'P')}) (+ L {_weighted(names, after, 'P')}))))"
    )
    return "\n".join(lines) + "\n"


def _chain_steps(netlist: Netlist) -> list[str]:
    """The steps of all comparison chains in a netlist: gates that read bits of a and of b and at most one gate."""
    steps: list[str] = []
    nets = netlist.input_nets()
    a, b = nets["a"], nets["b"]
    for gate, (sources, _, _) in enumerate(netlist.gates()):
        below = [s for s in sources if s >= netlist.input_bits]
        x, y = [s for s in sources if s in a], [s for s in sources if s in b]
        if len(below) > 1 or not x or not y:
            continue  # eq is made of two chains: a lemma of two bits, in every certificate
        net = netlist.input_bits + gate
        lines, names = _define(netlist, sources, [net])
        lines = [f"(declare-const {n} Int)" for n in ("A", "B", "P")] + [
            "(assert (and (<= 0 A) (< A P) (<= 0 B) (< B P)))",
            *lines,
        ]
        first, second = _weighted(names, [(s, 1 << i) for i, s in enumerate(x)], "P"), _weighted(
            names, [(s, 1 << i) for i, s in enumerate(y)], "P")  # fmt: skip
        for small, large, signs in (("A", "B", (first, second)), ("B", "A", (second, first))):
            for relation in ("<", "<="):
                step = list(lines)
                if below:
                    step.append(f"(assert (= {names[below[0]]} ({relation} {small} {large})))")
                else:
                    step.append("(assert (and (= A 0) (= B 0) (= P 1)))")
                step.append(
                    f"(assert (not (= {names[net]} ({relation} (+ {small} {signs[0]}) (+ {large} {signs[1]})))))"
                )
                if _plausible(netlist, gate, small, relation):
                    steps.append("\n".join(step) + "\n")
    return steps


def _plausible(netlist: Netlist, gate: int, small: str, relation: str) -> bool:
    """Which of the four relations a gate is meant for: the sign of its weights says the side, bias and chain the rest."""
    chain: list[int] = [gate]
    gates = list(netlist.gates())
    while True:
        below = [s - netlist.input_bits for s in gates[chain[-1]][0] if s >= netlist.input_bits]
        if not below:
            break
        chain.append(below[0])
    sources, weights, bias = gates[chain[-1]]
    a = netlist.input_nets()["a"]
    rising_in_b = any(w < 0 for s, w in zip(sources, weights, strict=True) if s in a)
    at_equal = bias + sum(weights) >= 0  # all ones: both words are equal
    return rising_in_b == (small == "A") and at_equal == (relation == "<=")


def _bit_steps(netlist: Netlist) -> list[str]:
    nets = netlist.input_nets()
    steps = []
    for i, out in enumerate(netlist.outputs["y"]):
        leaves = [nets["s"][0], nets["a"][i], nets["b"][i]]
        lines, names = _define(netlist, leaves, [out])
        s, a, b = (names[leaf] for leaf in leaves)
        steps.append("\n".join([*lines, f"(assert (not (= {names[out]} (ite {s} {b} {a}))))"]) + "\n")
    return steps
