"""Miters: proof obligations as AIGER, CNF or SMT-LIB, so that anyone can repeat a proof with tools of their own.

A miter (Brand, "Verification of Large Synthesized Designs", ICCAD 1993) has one output, which is 1 iff two circuits
differ, or a circuit does not meet its meaning: unsatisfiable iff all is well. The two sides of a miter of two circuits
are put side by side as they are. Nothing is hashed or folded across them, so that nothing of the question is answered here.

CNF by Tseitin (1968): variable k is AIG variable k, three clauses an AND, and one that asks for the output. SMT-LIB 2:
one Bool for each variable, in QF_UF.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trix_circuits import check
from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.files import read_bytes_as
from trix_circuits.files.aiger import aiger
from trix_circuits.files.names import check_matching, ports_of
from trix_circuits.logic.aig import FALSE, Aig, AigBuilder
from trix_circuits.logic.expand import bit_names, gate_literal
from trix_circuits.logic.netlist import Netlist
from trix_circuits.prove.equivalence import certify_written
from trix_circuits.store import write

KINDS = {"aig": ".aig", "aag": ".aag", "cnf": ".cnf", "smt2": ".smt2"}
_OUTPUT = "differ"


def write_miter(first: Aig, second: Aig, kind: str, path: str | Path) -> None:
    """Write "first and second differ" as `kind` (aig, aag, cnf or smt2), read back and compared before it is there."""
    write_obligation(miter_of(first, second), kind, path)


def miter_of(first: Aig, second: Aig) -> Aig:
    """One output, 1 iff the circuits differ. Inputs and outputs go by name (`a` and `a[0]` are one name for one bit).

    Raises InputError if the names are not the same.
    """
    check_matching(first, second, (first.name, second.name))
    ours, theirs = ports_of(first), ports_of(second)
    places = []
    for what, mine, other in (
        ("inputs", ours.input_bits(), theirs.input_bits()),
        ("outputs", ours.output_bits(), theirs.output_bits()),
    ):
        if set(mine) != set(other):
            odd = sorted(set(mine) ^ set(other))[0]
            raise InputError(f"two circuits must have the same {what} to be compared: only one has {odd}")
        where = {name: k for k, name in enumerate(mine)}
        places.append([where[name] for name in other])
    inputs = len(first.input_names)
    map_second = np.concatenate(
        [[0], 1 + np.array(places[0], dtype=np.int64), np.arange(second.size) + 1 + inputs + first.size]
    )
    moved = [2 * map_second[part >> 1] + (part & 1) for part in (second.left, second.right, second.outputs)]
    left, right = [*first.left.tolist(), *moved[0].tolist()], [*first.right.tolist(), *moved[1].tolist()]

    def conjunction(a: int, b: int) -> int:
        left.append(max(a, b))
        right.append(min(a, b))
        return 2 * (inputs + len(left))

    outputs = first.outputs.tolist()
    row = []
    for place, b in zip(places[1], moved[2].tolist(), strict=True):
        a = outputs[place]
        row.append(conjunction(conjunction(a, b) ^ 1, conjunction(a ^ 1, b ^ 1) ^ 1))
    while len(row) > 1:
        pairs = [row[i : i + 2] for i in range(0, len(row), 2)]
        row = [conjunction(pair[0] ^ 1, pair[1] ^ 1) ^ 1 if len(pair) == 2 else pair[0] for pair in pairs]
    arrays = [np.array(part, dtype=np.int64) for part in (left, right, row or [FALSE])]
    return Aig(f"miter of {first.name} and {second.name}", first.input_names, (_OUTPUT,), *arrays)


def masked(aig: Aig, care: Aig) -> Aig:
    """The AIG with each output 0 where `care` has 0 in the output of that name."""
    ours, theirs = ports_of(aig), ports_of(care)
    builder = AigBuilder(aig.input_names)
    inputs = {name: builder.input(k) for k, name in enumerate(ours.input_bits())}
    values = builder.append(aig, [builder.input(k) for k in range(len(aig.input_names))])
    try:
        cares = builder.append(care, [inputs[name] for name in theirs.input_bits()])
        matters = dict(zip(theirs.output_bits(), cares, strict=True))
        kept = [builder.and_(value, matters[bit]) for bit, value in zip(ours.output_bits(), values, strict=True)]
    except KeyError as error:
        raise InputError(f"two circuits must have the same names to be compared: only one has {error}") from None
    return builder.finish(aig.name, list(zip(aig.output_names, kept, strict=True)))


def obligation_of(circuit: Circuit) -> Aig:
    """One output, 1 iff the circuit does not meet its meaning or differs from a source that its file carries."""
    nets, found = check.Nets(circuit.netlist.input_bits, circuit.netlist.gates()), check.read(circuit.data)
    pairs: list[tuple[int | None, int]] = []  # literals (2 * net + inverted; None is 0) that must be equal
    try:
        if found.meaning:
            pairs += _meaning_pairs(circuit.netlist, found.meaning, nets)
        for data in found.sources:
            driven = check.attach(nets, found, check.read_source(data))
            pairs += [(2 * net, driven[name][i]) for name, bits in found.outputs for i, net in enumerate(bits)]
    except check.TooLarge as error:
        raise LimitError(f"{circuit.name}: {error}") from None
    except (check.Refused, check.Damaged) as error:
        raise InputError(f"{circuit.name}: {error}") from None
    if not pairs:
        raise InputError(f"{circuit.name}: the circuit must have a meaning or a source to be compared with")
    names = bit_names(circuit.netlist.inputs.items())
    sides = []
    for side, count in enumerate((circuit.netlist.net_count, len(nets))):  # the circuit; what it is held against
        builder = AigBuilder(names)
        literals: list[int] = []
        for net, gate in enumerate(nets[:count]):
            if net < circuit.netlist.input_bits:
                literals.append(builder.input(net))
            elif gate is None:
                literals.append(FALSE)  # a stand-in of _meaning_pairs, which no gate and no pair reads
            else:
                literals.append(gate_literal(builder, [literals[source] for source in gate[0]], gate[1], gate[2]))
        bits = [pair[side] for pair in pairs]
        known = [FALSE if bit is None else literals[bit >> 1] ^ bit & 1 for bit in bits]
        sides.append(
            builder.finish(("reference", circuit.name)[not side], [(f"bit{k}", bit) for k, bit in enumerate(known)])
        )
    return miter_of(*sides)


def _meaning_pairs(netlist: Netlist, meaning: Sequence[str], nets: check.Nets) -> list[tuple[int | None, int]]:
    """The literal of each output bit with that of the right-hand side, and of the bits beyond the output, whose sign
    (None: 0) they must have.
    """
    stand_ins: dict[int, int] = {}
    outputs: list[tuple[str, list[int]]] = []
    for name, drivers in netlist.outputs.items():
        outputs.append((name, list(range(len(nets), len(nets) + len(drivers)))))
        stand_ins |= zip(outputs[-1][1], drivers, strict=True)
        for _ in drivers:
            nets.define(None)
    pairs: list[tuple[int | None, int]] = []
    for goal in check.Meaning(list(netlist.inputs.items()), outputs, nets).goals(meaning):
        left = sorted((net for net in goal.terms if net in stand_ins), key=lambda net: abs(goal.terms[net]))
        bits: list[int | None] = [2 * stand_ins[net] for net in left]
        negative = [goal.terms[net] < 0 for net in left]
        if any(negative[:-1]):  # not a word as it stands: the whole form must be 0
            terms: check.Linear = {}
            for net, weight in goal.terms.items():
                check.accumulate(terms, {stand_ins.get(net, net): weight}, 1)
            word, bits = check.word_of(nets, terms), [None]
        else:
            word = check.word_of(nets, {net: -weight for net, weight in goal.terms.items() if net not in stand_ins})
            bits += [] if any(negative) else [None]
        width = max(len(word), len(bits)) if goal.bits is None else goal.bits
        extended = [*bits, *bits[-1:] * width][:width]
        pairs += zip(extended, [2 * net for net in [*word, *word[-1:] * width][:width]], strict=True)
    return pairs


def write_obligation(miter: Aig, kind: str, path: str | Path) -> None:
    """Write an AIG of one output as AIGER, CNF or SMT-LIB; raises RefutedError if what is read back is another one."""
    if kind not in KINDS:
        raise InputError(f"a miter must be one of {', '.join(KINDS)}, not {kind!r}")
    if kind in ("aig", "aag"):
        note = f"{miter.name}\nThe output is 1 where they differ: unsatisfiable iff equal."
        data = aiger(miter, binary=kind == "aig", remark=note)
        again = read_bytes_as("aiger", data, Path(path).name).aig
    else:
        data = (_cnf(miter) if kind == "cnf" else _smt2(miter)).encode()
        again = (_read_cnf if kind == "cnf" else _read_smt2)(data.decode(), miter)
    if kind in ("aig", "aag"):
        certify_written(miter, again, range(len(miter.input_names)), [0], data=data)
    elif not all(np.array_equal(getattr(again, p), getattr(miter, p)) for p in ("left", "right", "outputs")):
        raise RefutedError(f"{path}: read back, it is another miter")
    write(Path(path), data)


def _cnf(miter: Aig) -> str:
    """Variable 0 of the AIG, false, is the variable after the last."""
    false = miter.variables
    clauses = []

    def of(literal: int) -> int:
        return (literal >> 1 or false) * (-1 if literal & 1 else 1)

    for at, (a, b) in enumerate(
        zip(miter.left.tolist(), miter.right.tolist(), strict=True), 1 + len(miter.input_names)
    ):
        x, y = of(a), of(b)
        clauses.append(f"-{at} {x} 0\n-{at} {y} 0\n{at} {-x} {-y} 0\n")
    lines = [f"c {_plain(miter.name)}\nc unsatisfiable iff equal\n"]
    lines += [f"c input {_plain(name)} = {k}\n" for k, name in enumerate(miter.input_names, 1)]
    lines.append(f"p cnf {false} {3 * miter.size + 2}\n")
    return "".join([*lines, *clauses, f"-{false} 0\n{of(int(miter.outputs[0]))} 0\n"])


def _read_cnf(text: str, miter: Aig) -> Aig:
    """The AIG that the clauses spell, in the order in which they are written."""
    rows = [[int(word) for word in line.split()[:-1]] for line in text.splitlines() if line[0] not in "cp"]
    false = -rows[-2][0]

    def of(number: int) -> int:
        return (0 if abs(number) == false else 2 * abs(number)) + (number < 0)

    left, right = [], []
    for k, (one, two, both) in enumerate(zip(*[iter(rows[:-2])] * 3, strict=True), 1 + len(miter.input_names)):
        if one[0] != -k or two[0] != -k or both != [k, -one[1], -two[1]]:
            raise RefutedError(f"clauses {one}, {two}, {both} are not those of an AND")
        left.append(of(one[1]))
        right.append(of(two[1]))
    arrays = [np.array(part, dtype=np.int64) for part in (left, right, [of(rows[-1][0])])]
    return Aig(miter.name, miter.input_names, miter.output_names, *arrays)


def _symbol(name: str) -> str:
    return f"|{_plain(name)}|"  # ports_of leaves no character that would end it


def _smt2(miter: Aig) -> str:
    inputs = len(miter.input_names)
    names = [
        "false",
        *map(_symbol, ports_of(miter).input_bits()),
        *(f"n{k}" for k in range(1 + inputs, miter.variables)),
    ]

    def of(literal: int) -> str:
        return f"(not {names[literal >> 1]})" if literal & 1 else names[literal >> 1]

    lines = [f"; {_plain(miter.name)}", "; unsat iff equal", "(set-logic QF_UF)"]
    lines += [f"(declare-const {name} Bool)" for name in names[1:]]
    for at, (a, b) in enumerate(zip(miter.left.tolist(), miter.right.tolist(), strict=True), 1 + inputs):
        lines.append(f"(assert (= {names[at]} (and {of(a)} {of(b)})))")
    return "\n".join([*lines, f"(assert {of(int(miter.outputs[0]))})", "(check-sat)"]) + "\n"


def _read_smt2(text: str, miter: Aig) -> Aig:
    """The AIG that the assertions spell, in the order in which they are written."""
    place = {"false": 0}
    left: list[int] = []
    right: list[int] = []
    outputs: list[int] = []
    term = r"(\(not (?:\|[^|]*\||\w+)\)|\|[^|]*\||\w+)"

    def of(found: str) -> int:
        inverted = found.startswith("(not ")
        return 2 * place[found[5:-1] if inverted else found] + inverted

    for line in text.splitlines():
        if match := re.fullmatch(r"\(declare-const (\|[^|]*\||\w+) Bool\)", line):
            place[match[1]] = len(place)
        elif match := re.fullmatch(rf"\(assert \(= (\w+) \(and {term} {term}\)\)\)", line):
            if place[match[1]] != 1 + len(miter.input_names) + len(left):
                raise RefutedError(f"{match[1]} is defined out of order")
            left.append(of(match[2]))
            right.append(of(match[3]))
        elif match := re.fullmatch(rf"\(assert {term}\)", line):
            outputs.append(of(match[1]))
    arrays = [np.array(part, dtype=np.int64) for part in (left, right, outputs)]
    return Aig(miter.name, miter.input_names, miter.output_names, *arrays)


def _plain(text: str) -> str:
    return "".join(character if character.isascii() and character.isprintable() else "_" for character in text)
