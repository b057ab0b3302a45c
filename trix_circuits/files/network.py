"""Nets that gates drive in any order, to an AIG: what BENCH, Verilog and Bristol files come to.

A net is an integer; its driver is `(operation, operand nets...)`. The operation is a gate's name, an integer (the truth
table over the operands), or weights and a bias (a threshold gate). Order is found by depth-first search with a stack of its own, so that the depth of a
circuit is no limit; a loop, a net that nobody drives and a second driver are refused by the names in the file.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

from trix_circuits.errors import InputError, quoted
from trix_circuits.files.isop import exactly
from trix_circuits.logic.aig import FALSE, TRUE, Aig, AigBuilder, check_names
from trix_circuits.logic.expand import gate_literal

Operation = str | int | tuple[tuple[int, ...], int]
Driver = tuple[Operation, *tuple[int, ...]]
Bits = Sequence[tuple[str, int]]  # name and net


_ROWS = ((0, 0), (1, 0), (0, 1), (1, 1))
_TWO = {  # truth table of two inputs -> (and or xor, flips of both inputs, flip of the output)
    sum((((a ^ p) & (b ^ q)) if kind == "and" else a ^ b) << r for r, (a, b) in enumerate(_ROWS)) ^ 15 * flip: (kind, p, q, flip)
    for flip in (0, 1)
    for kind, p, q in (("and", 0, 0), ("and", 0, 1), ("and", 1, 0), ("and", 1, 1), ("xor", 0, 0))
}  # fmt: skip


_FREE_ANDS = 1 << 22  # for threshold gates, which can take more than their connections


def _ands(driver: Driver | None) -> int:
    """More ANDs than a gate takes, threshold gates apart."""
    if driver is None:
        return 0
    return 4 * len(driver) + (4 * driver[0].bit_length() if isinstance(driver[0], int) else 0)


class Network:
    """Nets 0, 1, ... with at most one driver each. `name_of` is asked only when something is wrong."""

    def __init__(self, name_of: Callable[[int], str]) -> None:
        self.drivers: list[Driver | None] = []
        self.name_of = name_of

    def net(self) -> int:
        """A new net."""
        self.drivers.append(None)
        return len(self.drivers) - 1

    def drive(self, net: int, operation: Operation, operands: Sequence[int]) -> None:
        """Let a gate drive a net; raises InputError if there is a driver already."""
        if self.drivers[net] is not None:
            raise InputError(f"net {quoted(self.name_of(net))} must have one driver, not two")
        self.drivers[net] = (operation, *operands)

    def aig(self, name: str, inputs: Bits, outputs: Bits) -> Aig:
        """The AIG of all this; raises InputError for loops and for nets that are read but not driven."""
        check_names([bit for bit, _ in inputs], "input")
        check_names([bit for bit, _ in outputs], "output")
        builder = AigBuilder((bit for bit, _ in inputs), max_ands=_FREE_ANDS + sum(map(_ands, self.drivers)))
        literals = array("q", [-1]) * len(self.drivers)
        for index, (_, net) in enumerate(inputs):
            if self.drivers[net] is not None:
                raise InputError(f"input {quoted(self.name_of(net))} must not be driven by a gate")
            if literals[net] >= 0:
                raise InputError(f"two inputs are the net {quoted(self.name_of(net))}")
            literals[net] = builder.input(index)
        for net, driver in enumerate(self.drivers):
            if driver is not None and literals[net] < 0:
                self._settle(net, literals, builder)
        for bit, net in outputs:
            if literals[net] < 0:
                raise InputError(f"output {quoted(bit)} is not driven")
        return builder.finish(name, [(bit, literals[net]) for bit, net in outputs])

    def _settle(self, root: int, literals: array[int], builder: AigBuilder) -> None:
        """Find the literal of a net and of all that it needs."""
        stack, drivers = [root], self.drivers
        open_nets: dict[int, None] = {}  # the way from the root to here
        while stack:
            net = stack[-1]
            if literals[net] >= 0:
                stack.pop()
                continue
            driver = drivers[net]
            if driver is None:
                reader = next(reversed(open_nets))
                raise InputError(f"net {quoted(self.name_of(net))} is not driven, but {self._named(reader)} reads it")
            missing = [operand for operand in driver[1:] if literals[operand] < 0]
            if not missing:
                literals[net] = gate(builder, driver[0], [literals[operand] for operand in driver[1:]])
                stack.pop()
                open_nets.pop(net, None)
                continue
            open_nets[net] = None
            for operand in missing:
                if operand in open_nets:
                    raise InputError(f"a loop: {self._loop(list(open_nets), operand)}")
            stack += missing

    def _named(self, net: int) -> str:
        return quoted(self.name_of(net))

    def _loop(self, way: list[int], again: int) -> str:
        nets = [*way[way.index(again) :], again]
        if len(nets) > 9:
            nets = [*nets[:7], -1, nets[-1]]
        return " <- ".join("..." if net < 0 else self.name_of(net) for net in nets)[:300]


def gate(builder: AigBuilder, operation: Operation, operands: Sequence[int]) -> int:
    """The literal of a gate over literals. `mux` reads select, one, zero."""
    if isinstance(operation, int):
        if len(operands) == 2 and operation in _TWO:
            kind, flip_a, flip_b, flip = _TWO[operation]
            a, b = operands[0] ^ flip_a, operands[1] ^ flip_b
            return (builder.xor(a, b) if kind == "xor" else builder.and_(a, b)) ^ flip
        return exactly(builder, operation, operands)
    if isinstance(operation, tuple):
        return gate_literal(builder, operands, *operation)
    if operation in ("and", "nand"):
        return builder.all_of(operands) ^ (operation == "nand")
    if operation in ("or", "nor"):
        return builder.any_of(operands) ^ (operation == "nor")
    if operation in ("xor", "xnor"):
        literal = FALSE
        for operand in operands:
            literal = builder.xor(literal, operand)
        return literal ^ (operation == "xnor")
    if operation == "mux":
        return builder.mux(*operands)
    if operation in ("0", "1"):
        return TRUE if operation == "1" else FALSE
    return operands[0] ^ (operation == "not")
