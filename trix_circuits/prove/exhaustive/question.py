"""What is to be decided, as bytes, and as what those bytes say once they are read again.

A `Question` is the artefact as it is stored: one circuit file, to be held against its own meaning and against the
sources that it carries; or two files (circuit files, AIGER, BLIF), to be held against each other. It can be sent
anywhere. Whoever works on it reads the bytes again, with the checker's reader, so that no object in memory is trusted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from trix_circuits import check
from trix_circuits.check import ONE
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Netlist

Pair = tuple[int | None, int]  # literals 2 * net + complement: the circuit's (None for constant 0), the reference's
_MARK = b'"trix_circuits"'


@contextmanager
def in_our_words() -> Iterator[None]:
    """What the checker's readers find wrong, as an error with an exit status of its own."""
    try:
        yield
    except check.Damaged as error:
        raise InputError(str(error)) from None
    except check.Refused as error:
        raise RefutedError(str(error)) from None
    except check.TooLarge as error:
        raise LimitError(str(error)) from None


@dataclass(frozen=True)
class Question:
    """One artefact, or two that are said to be equal."""

    artefacts: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if len(self.artefacts) not in (1, 2):
            raise InputError(f"a question must have one artefact or two, not {len(self.artefacts)}")

    @cached_property
    def digest(self) -> str:
        """A hash of the bytes."""
        found = hashlib.blake2b(digest_size=32)
        for data in self.artefacts:
            found.update(len(data).to_bytes(8, "little") + data)
        return found.hexdigest()

    @cached_property
    def problem(self) -> Problem:
        """What the bytes say. Raises InputError, RefutedError or LimitError, as the checker's reader finds."""
        with in_our_words():
            return self._read()

    def _read(self) -> Problem:
        data, others = self.artefacts[0], [check.read_source(other) for other in self.artefacts[1:]]
        meaning: tuple[str, ...] | None = None
        if _MARK in data[:4096]:
            circuit = check.read(data)
            inputs, outputs = dict(circuit.inputs), {name: [2 * net for net in nets] for name, nets in circuit.outputs}
            gates = circuit.gates
            if not others:
                others = [check.read_source(source) for source in circuit.sources]
                meaning = tuple(circuit.meaning) if circuit.meaning or not others else None
        else:
            source = check.read_source(data)
            ins, outs = check.buses(source.inputs, [name for name, _ in source.outputs])
            inputs = {name: len(bits) for name, bits in ins}
            gates, literals = _placed(source, dict(ins), inputs)
            outputs = {name: [literals[bit] for bit in bits] for name, bits in outs}
        if meaning is None and not others:
            raise InputError("there must be an equation or a circuit to compare with")
        problem = Problem(inputs, outputs, gates, meaning, ())
        return Problem(inputs, outputs, gates, meaning, tuple(_side(problem, other) for other in others))


@dataclass(frozen=True)
class Side:
    """Another circuit over the same inputs: its gates, and the literals of its output bits in the problem's order."""

    gates: list[check.Gate]
    outputs: list[int]


@dataclass(frozen=True)
class Problem:
    """A circuit, and what it is to be equal to: a meaning, other circuits, or both. Net ids: input bits, then gates."""

    inputs: dict[str, int]
    outputs: dict[str, list[int]]  # literals
    gates: list[check.Gate]
    meaning: tuple[str, ...] | None
    sides: tuple[Side, ...]

    @cached_property
    def input_bits(self) -> int:
        return sum(self.inputs.values())

    @cached_property
    def literals(self) -> list[int]:
        """The circuit's output bits."""
        return [literal for bits in self.outputs.values() for literal in bits]

    @cached_property
    def goals(self) -> tuple[check.Nets, list[check.Claim]]:
        """All as one DAG, and linear forms over its nets that must be 0 for every row."""
        nets = check.Nets(self.input_bits, self.gates)
        goals = []
        if self.meaning is not None:
            outputs = [(name, [literal >> 1 for literal in bits]) for name, bits in self.outputs.items()]
            with in_our_words():
                goals = check.Meaning(list(self.inputs.items()), outputs, nets).goals(self.meaning)
        for side in self.sides:
            move = len(nets) - self.input_bits
            for sources, weights, bias in side.gates:
                moved = tuple([s if s < self.input_bits else s + move for s in sources])
                nets.define((moved, weights, bias))
            for own, other in zip(self.literals, side.outputs, strict=True):
                net = other >> 1 if other >> 1 < self.input_bits else (other >> 1) + move
                terms: check.Linear = {}
                for literal, sign in ((own, 1), (2 * net + (other & 1), -1)):
                    check.accumulate(
                        terms, {literal >> 1: sign * (1 - 2 * (literal & 1)), ONE: sign * (literal & 1)}, 1
                    )
                goals.append(check.Claim(terms))
        return nets, goals

    def sides_of_kernel(self) -> tuple[Netlist, Netlist, list[Pair]]:
        """The circuit, a reference that shares no gate with it, and the pairs of literals that must be equal."""
        inputs = self.input_bits
        gates, pairs = list[check.Gate](), list[Pair]()
        if self.meaning is not None:
            gates, pairs = self._reference(self.meaning)
        for side in self.sides:
            move = len(gates)
            for sources, weights, bias in side.gates:
                gates.append((tuple([s if s < inputs else s + move for s in sources]), weights, bias))
            moved = [literal if literal >> 1 < inputs else literal + 2 * move for literal in side.outputs]
            pairs += zip(self.literals, moved, strict=True)
        wanted = [(own or 0) >> 1 for own, _ in pairs], [other >> 1 for _, other in pairs]
        return _netlist(inputs, self.gates, wanted[0]), _netlist(inputs, gates, wanted[1]), pairs

    def _reference(self, meaning: Sequence[str]) -> tuple[list[check.Gate], list[Pair]]:
        """Integer arithmetic in binary: for each equation the digits that its right side must have.

        An equation says sum(+-2^i * output bit) = value. With n = the sum of 2^i over the negative ones, value + n is
        the integer whose digits are the bits that weigh +2^i and the complements of those that weigh -2^i; its digits
        beyond them must be 0, unless the equation holds modulo a power of two. Output bits are free nets here, so that
        nothing of the circuit can get into the reference.
        """
        inputs, width = self.input_bits, len(self.literals)
        nets = check.Nets(inputs + width, ())
        free, outputs = iter(range(inputs, inputs + width)), []
        for name, bits in self.outputs.items():
            outputs.append((name, [next(free) for _ in bits]))
        with in_our_words():
            goals = check.Meaning(list(self.inputs.items()), outputs, nets).goals(meaning)

        def literal(net: int) -> int:
            return 2 * (net if net < inputs else net - width)

        pairs = list[Pair]()
        for goal in goals:
            left = {net: weight for net, weight in goal.terms.items() if inputs <= net < inputs + width}
            right = {net: -weight for net, weight in goal.terms.items() if net not in left}
            word = check.word_of(
                nets, check.accumulate(right, {ONE: -sum(min(weight, 0) for weight in left.values())}, 1)
            )
            for net, weight in left.items():
                digit = word[min(abs(weight).bit_length(), len(word)) - 1]
                pairs.append((self.literals[net - inputs] ^ (weight < 0), literal(digit)))
            if goal.bits is None:
                pairs += [(None, literal(digit)) for digit in word[len(left) :] or word[-1:]]
        gates = [gate for gate in nets[inputs + width :] if gate is not None]
        return [(tuple([literal(s) // 2 for s in sources]), weights, bias) for sources, weights, bias in gates], pairs

    def differs(self, row: int) -> bool:
        """Whether the row shows a difference: gate by gate in plain integers, no plane, no lane program."""
        nets, goals = self.goals
        bits = [row >> i & 1 for i in range(self.input_bits)]
        for gate in nets[self.input_bits :]:
            assert gate is not None
            bits.append(int(sum(w for s, w in zip(gate[0], gate[1], strict=True) if bits[s]) + gate[2] >= 0))
        for goal in goals:
            total = sum(weight * (1 if net == ONE else bits[net]) for net, weight in goal.terms.items())
            if total % (1 << goal.bits) if goal.bits is not None else total:
                return True
        return False


def _placed(
    source: check.Source, ins: dict[str, list[int]], inputs: dict[str, int]
) -> tuple[list[check.Gate], list[int]]:
    """A source's gates and the literals of its outputs, its inputs being numbered bus by bus in the order of `inputs`."""
    place = list(range(len(source.inputs) + len(source.gates)))
    for net, bit in enumerate(bit for name in inputs for bit in ins[name]):
        place[bit] = net
    gates = [(tuple([place[s] for s in sources]), weights, bias) for sources, weights, bias in source.gates]
    return gates, [2 * place[literal >> 1] + (literal & 1) for _, literal in source.outputs]


def _side(problem: Problem, source: check.Source) -> Side:
    """A source as another side of a problem; raises InputError if its inputs or outputs are other ones."""
    ins, outs = (dict(part) for part in check.buses(source.inputs, [name for name, _ in source.outputs]))
    widths = {name: len(bits) for name, bits in problem.outputs.items()}
    for what, here, found in (("input", problem.inputs, ins), ("output", widths, outs)):
        there = {name: len(bits) for name, bits in found.items()}
        for name in (*here, *there):
            if here.get(name) != there.get(name):
                sides = [f"{width} bits wide" if width else "missing" for width in (here.get(name), there.get(name))]
                raise InputError(
                    f"{what} {name} must be the same in both, not {sides[0]} in the first and {sides[1]} in the second"
                )
    gates, literals = _placed(source, ins, problem.inputs)
    return Side(gates, [literals[bit] for name in problem.outputs for bit in outs[name]])


def _netlist(inputs: int, gates: Sequence[check.Gate], outputs: Sequence[int]) -> Netlist:
    """Gates as a netlist in a format that has just their weights; raises InputError if those are over 256 values."""
    fan_in = np.fromiter((len(sources) for sources, _, _ in gates), dtype=np.int64, count=len(gates))
    weights = [weight for _, row, _ in gates for weight in row]
    biases = [bias for _, _, bias in gates]
    tables = [(*sorted(set(values) | {0, 1}),) for values in (weights, biases)]
    return Netlist(
        WeightFormat("as needed", Fraction(1), tables[0], tables[1]),
        {"x": inputs} if inputs else {},
        {"y": tuple(outputs)},
        np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(fan_in)]),
        np.array([source for sources, _, _ in gates for source in sources], dtype=np.int64),
        np.array(weights, dtype=np.int64),
        np.array(biases, dtype=np.int64),
    )
