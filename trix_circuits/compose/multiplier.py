"""A multiplier of low depth: all products of bits at once, flat counters, and an adder of low depth.

That is the scheme of Wallace (IEEE Trans. Electronic Computers, 1964) with counters of up to 15 inputs in place of full
adders.
"""

from __future__ import annotations

from trix_circuits.compose.kit import Kit
from trix_circuits.compose.popcount import Timed, flat_sum
from trix_circuits.errors import LimitError
from trix_circuits.evidence.prover import Block, Draft, Prover
from trix_circuits.logic.formats import WeightFormat

MAX_BITS = 2048


def multiplier(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """product = a * b, with 2 * bits bits."""
    if bits > MAX_BITS:
        raise LimitError(f"a multiplier must have at most {MAX_BITS} bits, not {bits}")
    kit = Kit(form, {"a": bits, "b": bits}, max_fan_in)
    columns: list[Timed] = [[] for _ in range(2 * bits)]
    products: list[tuple[int, int, int]] = []
    for i, a in enumerate(kit["a"]):
        for j, b in enumerate(kit["b"]):
            net = kit.gate([a, b], [1, 1], -2)
            columns[i + j].append((1, net))
            products.append((a, b, net))
    product, sums = flat_sum(kit, columns, 2 * bits)

    def evidence(prover: Prover) -> list[Block]:
        """Each product of bits is the checker's own, the rest is a sum."""
        own = [Block((a, b), {net: 1, prover.nets.all_of(a, b): -1}, (net,)) for a, b, net in products]
        return [*own, *sums(prover)]

    netlist = kit.builder.finish({"product": product})
    return Draft(f"multiplier{bits}", netlist, ("product = a * b",), evidence=evidence)
