"""Sources: circuits that nobody here wrote, as threshold gates, and how their bits are matched with a circuit's buses.

Names decide which bit is which; what two things could be meant by is refused: `a[0]`, ..., `a[n-1]` are the n bits of
the bus a.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .file import LONGEST, Circuit, Gate
from .limits import Refused, TooLarge, Work, require
from .nets import Gates


@dataclass
class Source:
    """A foreign circuit as gates. Nets are numbered: inputs, then gates; an output is 2 * net + (1 if inverted)."""

    inputs: list[str]
    outputs: list[tuple[str, int]]
    gates: list[Gate]


def buses(
    inputs: Sequence[str], outputs: Sequence[str], work: Work | None = None
) -> tuple[list[tuple[str, list[int]]], ...]:
    """Names of bits as buses with the places of their bits: a[0], ..., a[n-1], in any order, are the n bits of a.

    All other bits are buses by themselves; characters that a bus name can't have become _, a second name gets a _.
    """
    work, taken = work or Work(), set[str]()
    found: list[list[tuple[str, list[int]]]] = []
    for names in (inputs, outputs):
        words: dict[tuple[str, bool], dict[int, int]] = {}
        for place, name in enumerate(names):
            match = re.fullmatch(r"([^\[\]]+)\[(0|[1-9]\d{0,8})\]", name)
            words.setdefault((match[1], True) if match else (name, False), {})[int(match[2]) if match else 0] = place
        found.append([])
        for (base, _), word in words.items():
            whole = [(base, [word[i] for i in range(len(word))])] if max(word) + 1 == len(word) else None
            for name, places in whole or [(names[place], [place]) for place in word.values()]:
                name = re.sub("[^A-Za-z0-9_]", "_", name if re.match("[A-Za-z_]", name) else f"_{name}")
                while name in taken:
                    name += "_"
                require(len(name) <= LONGEST, f"the name of a bus is longer than {LONGEST} characters", TooLarge)
                taken.add(name)
                found[-1].append((name, places))
                work.spend(10 + 2 * len(places) + len(name), 300 + 120 * len(places) + 2 * len(name))
    return tuple(found)


def conjunction(literals: Sequence[int]) -> Gate:
    """The gate that fires iff all literals are 1."""
    bias = -sum(1 - (a & 1) for a in literals)
    return tuple([a >> 1 for a in literals]), tuple([1 - 2 * (a & 1) for a in literals]), bias


def in_order(needs: Mapping[Any, Sequence[Any]], what: str, shown: Callable[[Any], object] = str) -> list[Any]:
    """The keys so that each stands after those that it needs; needs that are no keys don't count."""
    order: list[Any] = []
    done: dict[Any, bool] = {}
    for root in needs:
        stack = [root]
        while stack:
            key = stack[-1]
            if key in done:
                if not done[stack.pop()]:
                    order.append(key)
                done[key] = True
                continue
            done[key] = False
            for other in needs[key]:
                require(done.get(other) is not False, f"{what} {shown(key)!s:.60} must not depend on itself")
                if other in needs and other not in done:
                    stack.append(other)
    return order


def numbers(text: str | bytes, what: str) -> list[int]:
    """Plain decimal numbers, separated by spaces."""
    text = text if isinstance(text, str) else text.decode("ascii", "backslashreplace")
    require(re.fullmatch(r"[0-9 \t]*\r?", text), f"{what}: a line must be of numbers, not {text[:40]!r}")
    return [int(word) for word in text.split()]


def text_of(data: bytes, work: Work) -> str:
    """The text of a file; bytes beyond ASCII are spelled out, control characters refused."""
    work.spend(len(data) >> 2, 6 * len(data))
    text = data.decode("ascii", "backslashreplace").replace("\r\n", "\n")
    plain = data.isascii() or not re.search(rb"\\x[0-9a-f]{2}", data)
    require(
        plain and not re.search(r"[^\t\n -~]", text), "a text must not hold control characters, nor spell out bytes"
    )
    return text


def attach(nets: Gates, circuit: Circuit, source: Source, known: dict[Any, Any] | None = None) -> dict[str, list[int]]:
    """Add a source's gates to the nets; the literals of its outputs, by the buses of the circuit.

    `known` gathers which bit of the circuit each name of a source is: in all sources it must be the same.
    """
    known = {} if known is None else known
    ins, outs = (dict(side) for side in buses(source.inputs, [name for name, _ in source.outputs], nets.work))
    found = [{name: len(bits) for name, bits in side.items()} for side in (ins, outs, dict(circuit.outputs))]
    same = found[0] == dict(circuit.inputs) and found[1] == found[2]
    for side, names in ((ins, source.inputs), (outs, [name for name, _ in source.outputs])):
        for bus, bits in side.items():
            for k, bit in enumerate(bits):
                crossed = known.setdefault((side is ins, names[bit]), (bus, k)) != (bus, k)
                require(not crossed, f"{names[bit]:.60} must be the same bit in all sources", Refused)
    require(same, "the circuit's inputs and outputs must be those of its source", Refused)
    place = [0] * len(source.inputs)
    for net, bit in enumerate(bit for name, _ in circuit.inputs for bit in ins[name]):
        place[bit] = net
    place += range(len(nets), len(nets) + len(source.gates))
    for sources, weights, bias in source.gates:
        nets.define((tuple([place[s] for s in sources]), weights, bias), early=True)
    return {
        name: [2 * place[source.outputs[bit][1] >> 1] + (source.outputs[bit][1] & 1) for bit in bits]
        for name, bits in outs.items()
    }
