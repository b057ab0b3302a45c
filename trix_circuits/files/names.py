"""Names in foreign files: of bits, of gates, of modules; and exact decimals for weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from trix_circuits import check
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.expand import bit_names
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Netlist

Bus = tuple[str, tuple[int, ...]]  # a name, and the places of its bits among all inputs (or outputs), lowest first


@dataclass(frozen=True, slots=True)
class Ports:
    """The input and output buses of a circuit; each bit belongs to one bus, and no two buses share a name."""

    inputs: tuple[Bus, ...]
    outputs: tuple[Bus, ...]

    def input_bits(self) -> list[str]:
        """The name of each input bit, place by place."""
        return _by_place(self.inputs)

    def output_bits(self) -> list[str]:
        """The name of each output bit, place by place."""
        return _by_place(self.outputs)


def _by_place(buses: Sequence[Bus]) -> list[str]:
    places = [place for _, bits in buses for place in bits]
    names = bit_names((name, len(bits)) for name, bits in buses)
    return [name for _, name in sorted(zip(places, names, strict=True))]


def ports_of(aig: Aig) -> Ports:
    """The bits of an AIG as buses, with names that are letters, digits and _."""
    inputs, outputs = check.buses(aig.input_names, aig.output_names)
    return Ports(
        tuple((name, tuple(places)) for name, places in inputs),
        tuple((name, tuple(places)) for name, places in outputs),
    )


def gate_names(netlist: Netlist) -> list[str]:
    """The name of each net: bits of the inputs as they are, gates as g0, g1, ...

    If a bus has a name that begins so, the gates take another letter or more of them.
    """
    prefix = free_prefix([*netlist.inputs, *netlist.outputs], "g")
    return [*bit_names(netlist.inputs.items()), *(f"{prefix}{gate}" for gate in range(netlist.size))]


def free_prefix(taken: Iterable[str], prefix: str) -> str:
    """The prefix, with as many _ as it takes that no name begins with it and a digit."""
    names = set(taken)
    while any(re.match(re.escape(prefix) + "[0-9]", name) for name in names):
        prefix += "_"
    return prefix


def module_name(name: str) -> str:
    """A name of letters, digits and _ that does not begin with a digit."""
    plain = re.sub("[^A-Za-z0-9_]+", "_", name).strip("_") or "circuit"
    return plain if not plain[0].isdigit() else f"_{plain}"


def exact(value: Fraction) -> str:
    """A number as an exact decimal, or as a fraction where no decimal ends."""
    rest = value.denominator
    twos = (rest & -rest).bit_length() - 1
    rest >>= twos
    fives = 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or places == 0:
        return str(value)
    digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def inequality(names: Sequence[str], weights: Sequence[int], bias: int, form: WeightFormat) -> str:
    """A gate as people read it, exact: `0.5 a + 1 b - 1.5 >= 0 [e2m1]`. The constant comes last, even if it is 0."""
    parts = [(form.value(weight), f" {name}") for name, weight in zip(names, weights, strict=True)]
    parts.append((form.value(bias), ""))
    text = f"{exact(parts[0][0])}{parts[0][1]}"
    text += "".join(f" {'-' if value < 0 else '+'} {exact(abs(value))}{name}" for value, name in parts[1:])
    return f"{text} >= 0 [{form.name}]"


def wrapped(words: Iterable[str], first: str, continued: str, end_of_line: str, width: int = 118) -> Iterator[str]:
    """Words in lines: the first begins with `first`, others with `continued`; all but the last end in `end_of_line`."""
    line = first
    for word in words:
        if len(line) + 1 + len(word) > width and line not in (first, continued):
            yield line + end_of_line
            line = continued
        line += f" {word}" if line else word
    yield line
