"""Names in foreign files: of bits, of gates, of modules; and exact decimals for weights.

Names of bits in a foreign file may be of any characters; the buses of a circuit have names of letters, digits and _, and
share one namespace. So two names of a file may have to part: `check.buses` settles how, always the same way, and here it
is said (`renamings`), and refused where it would match the wrong bits of two files (`check_matching`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from trix_circuits import check
from trix_circuits.errors import InputError, LimitError, escaped, quoted
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


def buses(inputs: Sequence[str], outputs: Sequence[str]) -> tuple[list[tuple[str, list[int]]], ...]:
    """Names of bits as buses, as the checker has them; raises LimitError for names that it does not take."""
    try:
        return check.buses(inputs, outputs)
    except check.TooLarge as error:
        raise LimitError(str(error)) from None


def ports_of(aig: Aig) -> Ports:
    """The bits of an AIG as buses, with names that are letters, digits and _."""
    inputs, outputs = buses(aig.input_names, aig.output_names)
    return Ports(
        tuple((name, tuple(places)) for name, places in inputs),
        tuple((name, tuple(places)) for name, places in outputs),
    )


def ports_of_netlist(netlist: Netlist) -> Ports:
    """The buses of a netlist with the places of their bits."""
    inputs = tuple((name, tuple(nets)) for name, nets in netlist.input_nets().items())
    outputs, at = [], 0
    for name, nets in netlist.outputs.items():
        outputs.append((name, tuple(range(at, at + len(nets)))))
        at += len(nets)
    return Ports(inputs, tuple(outputs))


# ---- names that change -----------------------------------------------------------------------------------------------

_SAID = 6  # of many names that change, so many are said


@dataclass(frozen=True, slots=True)
class Renamed:
    """A bus (or a single bit) of a file, and the name that a circuit has for it."""

    side: str  # input or output
    given: str
    word: bool  # given as name[0], name[1], ...
    called: str

    @property
    def plain(self) -> str:
        """The name that it would have if no other had it."""
        return re.sub("[^A-Za-z0-9_]", "_", self.given if re.match("[A-Za-z_]", self.given) else f"_{self.given}")

    def __str__(self) -> str:
        return f"{self.side}{' word' if self.word else ''} {quoted(self.given, 80)}"


def called(inputs: Sequence[str], outputs: Sequence[str]) -> list[Renamed]:
    """What each bus of a file with these names of bits is called, as `check.buses` has it, inputs first."""
    found = []
    sides = zip(("input", "output"), (inputs, outputs), buses(inputs, outputs), strict=True)
    for side, names, words in sides:
        bits = [re.fullmatch(r"([^\[\]]+)\[(?:0|[1-9]\d{0,8})\]", name) for name in names]
        of_base: dict[str, int] = {}
        for bit in bits:
            if bit:
                of_base[bit[1]] = of_base.get(bit[1], 0) + 1
        for name, places in words:
            first = bits[places[0]]
            whole = first is not None and of_base[first[1]] == len(places) and first[0].endswith("[0]")
            found.append(Renamed(side, first[1] if first is not None and whole else names[places[0]], whole, name))
    return found


def renamings(aig: Aig) -> tuple[str, ...]:
    """Sentences that say which names of a file a circuit cannot have, and what it calls them: all those that part two
    names that would be one, and how many others.
    """
    found = called(aig.input_names, aig.output_names)
    owners = {bus.called: bus for bus in found}
    taken = [bus for bus in found if bus.called != bus.plain]
    changed = [bus for bus in found if bus.called == bus.plain != bus.given]
    notes = [f"{bus} is called {bus.called}, for {owners[bus.plain]} is called {bus.plain}" for bus in taken[:_SAID]]
    if len(taken) > _SAID:
        notes.append(f"{len(taken) - _SAID} more names part in this way")
    if changed:
        more = f", and so on: {len(changed)} in all" if len(changed) > 1 else ""
        notes.append(f"names become letters, digits and _: {changed[0]} is called {changed[0].called}{more}")
    return tuple(notes)


def check_matching(first: Aig, second: Aig, names: tuple[str, str] = ("one", "the other")) -> None:
    """Refuse two circuits that are to be matched by the names of their buses if a name that both files have would not
    be matched with itself, for it had to part from another name in one of them.
    """
    ours = {(bus.side, bus.given, bus.word): bus for bus in called(first.input_names, first.output_names)}
    for bus in called(second.input_names, second.output_names):
        mine = ours.get((bus.side, bus.given, bus.word), bus)
        if mine.called != bus.called:
            raise InputError(
                f"{bus} is called {mine.called} in {names[0]} but {bus.called} in {names[1]}, where other names come"
                " before it: rename what differs in other characters than letters, digits and _ only"
            )


# ---- names that are made up ------------------------------------------------------------------------------------------


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
    plain = re.sub("[^A-Za-z0-9_]+", "_", name[:200]).strip("_") or "circuit"
    return plain if not plain[0].isdigit() else f"_{plain}"


def comment(text: str) -> str:
    """Text for a comment of a file, on one line and without what could end a comment or begin a directive."""
    return re.sub(r"[`\\]|\*/|/\*", "_", escaped(text, 400))


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
    return f"{text} >= 0 [{comment(form.name)}]"


def wrapped(words: Iterable[str], first: str, continued: str, end_of_line: str, width: int = 118) -> Iterator[str]:
    """Words in lines: the first begins with `first`, others with `continued`; all but the last end in `end_of_line`."""
    line = first
    for word in words:
        if len(line) + 1 + len(word) > width and line not in (first, continued):
            yield line + end_of_line
            line = continued
        line += f" {word}" if line else word
    yield line
