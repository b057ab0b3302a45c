"""Adders on tensors [batch, nets] of 0 and 1 on the CPU: ours, the threshold layers, and column by column."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from trix_circuits.bench.rows import Row, Scale, rounds
from trix_circuits.compose.families import draft
from trix_circuits.errors import RefutedError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Netlist
from trix_circuits.lower import lower
from trix_circuits.lower.binary import NOT, binary_program
from trix_circuits.lower.lut import AND, OR
from trix_circuits.run import compile_netlist

GOALS = {8: 40, 16: 100, 32: 200}  # times the backend `dense`
_DENSE_LANES = 1 << 15  # layers are so much slower that they get fewer lanes; rates are compared


def columns(netlist: Netlist) -> Callable[[Tensor], Tensor]:
    """What one writes by hand: each net a bool tensor, two-input operations on whole columns, the outputs stacked."""
    program = binary_program(lower(netlist))

    def run(bits: Tensor) -> Tensor:
        nets: list[Any] = [torch.zeros(len(bits), dtype=torch.bool)]
        nets += [bits[:, k] != 0 for k in range(program.input_bits)]
        for op, left, right in program.steps:
            x, y = nets[left], nets[right]
            nets.append(~x if op == NOT else x & y if op == AND else x | y if op == OR else x ^ y)
        return torch.stack([nets[value] for value in program.outputs], 1).to(bits.dtype)

    return run


def tensors(scale: Scale) -> Iterator[Row]:
    """All ways by the processor time that they take, so by core; they must agree before they are timed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from _tensors(scale)
    finally:
        torch.set_num_threads(threads)


def _tensors(scale: Scale) -> Iterator[Row]:
    lanes = 1 << min(20, scale.lanes_log2)
    for kind in (torch.float32, torch.bool):
        for bits, goal in GOALS.items():
            netlist = draft("adder", get_format("e2m1"), bits).netlist
            ours, dense, by_columns = (
                compile_netlist(netlist, "torch"),
                compile_netlist(netlist, "dense"),
                columns(netlist),
            )
            layers: Any = dense.bits
            given: Any = torch.randint(0, 2, (lanes, netlist.input_bits), dtype=torch.uint8).to(kind)
            few = given[: min(lanes, _DENSE_LANES)]
            wanted: Any = ours.bits(few)
            if not (torch.equal(wanted, layers(few)) and torch.equal(wanted, by_columns(few))):
                raise RefutedError(
                    f"{bits}-bit adder on {kind}: backends torch and dense must agree, which they do not"
                )
            calls: dict[str, tuple[int, Callable[[], object]]] = {
                "ours": (lanes, lambda r=ours, x=given: r.bits(x)),  # type: ignore[misc]
                "columns": (lanes, lambda r=by_columns, x=given: r(x)),  # type: ignore[misc]
                "dense": (len(few), lambda r=layers, x=few: r(x)),  # type: ignore[misc]
            }
            found = rounds({name: call for name, (_, call) in calls.items()}, scale.rounds, time.process_time)
            each = {name: [calls[name][0] / t for t in times] for name, times in found.items()}
            name = f"{bits}-bit adder, {str(kind).removeprefix('torch.')} [batch, nets]"
            yield Row(name, statistics.median(each["ours"]) / 1e6, "M adds/s a core")
            for other, least in (("dense", goal), ("columns", 5)):
                times = statistics.median(own / rate for own, rate in zip(each["ours"], each[other], strict=True))
                yield Row(name, times, f"x {other}", least)
