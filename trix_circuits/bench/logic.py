"""Logic in cache on one core: straight-line code, the interpreter, chunks; made-up netlists and circuits of others.

A gate-lane is one gate evaluated in one lane. Gates differ in size: those of a compiled circuit do the work of several
two-input gates, so its rate is given in its own gates and in the ANDs of the circuit that it was compiled from; goals
are for two-input gates.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from trix_circuits.bench.adders import random_array
from trix_circuits.bench.rows import Row, Scale, processor_seconds
from trix_circuits.circuit import load
from trix_circuits.errors import InputError
from trix_circuits.files import read_bytes_as, read_circuit
from trix_circuits.files.aiger import aiger_bytes
from trix_circuits.logic.aig import Aig
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.netlist import Builder, Netlist
from trix_circuits.lower import LaneProgram, lower, prove_lowering
from trix_circuits.run.interface import interface_of
from trix_circuits.run.native.logic import large, make_logic
from trix_circuits.run.native.native import NativeRunner

TWO_INPUTS = (((2, 2), -4), ((2, 2), -2), ((2, -2), -2), ((-2, -2), 2), ((-2, -2), 0))
SUITE = ("multiplier", "sin", "voter")
_UNIT = "T gate-lanes/s"


def random_netlist(gates: int, window: int, seed: int = 1) -> Netlist:
    """Two-input gates (AND, OR, AND-NOT, NAND, NOR), each over two of the last `window` nets, folded to 16 outputs."""
    rng = random.Random(seed)
    builder = Builder(get_format("e2m1"), {"x": 64}, share=False)
    while builder.size < gates:
        low = max(0, builder.net_count - window)
        x, y = rng.sample(range(low, builder.net_count), 2)
        builder.gate((x, y), *TWO_INPUTS[rng.randrange(5)])
    row = list(range(builder.net_count - window, builder.net_count))
    while len(row) > 16:
        row = [builder.gate(row[i : i + 2], *TWO_INPUTS[rng.randrange(5)]) for i in range(0, len(row) - 1, 2)]
    return builder.finish({"y": row})


def netlist_of(aig: Aig) -> Netlist:
    """Each AND with its inverters as one gate; an inverter for each output that is a complement."""
    builder = Builder(get_format("e2m1"), {"x": len(aig.input_names)}, share=False)
    nets = [-1, *range(len(aig.input_names))]
    for pair in zip(aig.left.tolist(), aig.right.tolist(), strict=True):
        weights = [-2 if literal & 1 else 2 for literal in pair]
        nets.append(builder.gate([nets[literal >> 1] for literal in pair], weights, -2 - sum(weights) // 2))
    outputs = [
        builder.gate((nets[literal >> 1],), (-2,), 0) if literal & 1 else nets[literal >> 1]
        for literal in aig.outputs.tolist()
    ]
    return builder.finish({"y": outputs})


def lanes_per_second(runner: NativeRunner, words: int, count: int) -> float:
    planes = random_array((runner.program.input_bits, words), np.dtype(np.uint64), 0)
    out = runner.planes(planes)
    return 64 * words / processor_seconds(lambda: runner.planes(planes, out), count)


def straight(scale: Scale) -> Iterator[Row]:
    """Some 5,000 two-input gates in one function."""
    for window in (60, 300):
        netlist = random_netlist(5000, window)
        program = lower(netlist)
        start = time.process_time()
        made = make_logic(program)
        spent = time.process_time() - start
        rate = lanes_per_second(NativeRunner(program, interface_of(netlist)[1], made, 1), 1 << 13, scale.rounds)
        name = f"{netlist.size} two-input gates, {program.slot_count} alive, straight line"
        yield Row(name, netlist.size * rate / 1e12, _UNIT, 0.8)
        yield Row("  compiling", 1e3 * spent / netlist.size, "ms/gate", 0.25, True)


def _ways(name: str, program: LaneProgram, face_of: Netlist, counts: dict[str, float], scale: Scale,
          abc: float | None) -> Iterator[Row]:  # fmt: skip
    """The interpreter and chunks; `counts` is gates by what they are called, the first of them has the goals."""
    made = large(program)
    face = interface_of(face_of)[1]
    words = 1 << 11
    for what, logic, goal in (("interpreted", large(program, interpreted_only=True), 0.1), ("in chunks", made, 0.3)):
        if logic is made and not made.is_compiled:
            start = time.process_time()
            made.compile_now()
            yield Row(f"{name}, compiled", time.process_time() - start, "s")
        rate = lanes_per_second(NativeRunner(program, face, logic, 1), words, scale.rounds)
        for k, (kind, count) in enumerate(counts.items()):
            label = f"{name}, {what}, {count:.0f} {kind}"
            yield Row(label, count * rate / 1e12, _UNIT, goal if k == 0 else None)
            if k == 0 and abc:
                yield Row(f"{name}, {what}", count * rate / abc, "x ABC &sim", 5 if logic is made else None)


def generated(scale: Scale) -> Iterator[Row]:
    """A large random netlist."""
    netlist = random_netlist(scale.gates, 1500)
    start = time.process_time()
    program = lower(netlist)
    yield Row(f"{netlist.size} generated gates, {program.slot_count} alive, lowered", time.process_time() - start, "s")
    start = time.process_time()
    prove_lowering(netlist, program)
    yield Row("  lowering proven", time.process_time() - start, "s")
    yield from _ways("generated", program, netlist, {"two-input gates": netlist.size}, scale, None)


def circuits(scale: Scale, folder: Path) -> Iterator[Row]:
    """EPFL circuits: NAME.aig as it is, each AND a gate, and NAME.trix, what `trix-circuits compile` made of it."""
    found = False
    for name in SUITE:
        given, compiled = folder / f"{name}.aig", folder / f"{name}.trix"
        abc = None
        if given.exists():
            found = True
            aig = read_circuit(given).aig
            abc = abc_rate(aig, scale)
            if abc is not None:
                yield Row(f"{name}.aig, {aig.size} ANDs, ABC &sim", abc / 1e12, _UNIT)
            netlist = netlist_of(aig)
            yield from _ways(f"{name}.aig", lower(netlist), netlist, {"two-input gates": aig.size}, scale, abc)
        if compiled.exists():
            found = True
            circuit = load(compiled)
            counts: dict[str, float] = {"threshold gates": circuit.netlist.size}
            for source in circuit.sources[:1]:
                aig = read_bytes_as("aiger", source, name).aig
                abc = abc or abc_rate(aig, scale)
                counts = {"ANDs of the source": aig.size, **counts}
            program = lower(circuit.netlist)
            yield from _ways(f"{name}.trix", program, circuit.netlist, counts, scale, abc)
    if not found:
        raise InputError(f"{folder}: must hold {', '.join(SUITE)}, as .aig or .trix, of which it has none")


def abc_rate(aig: Aig, scale: Scale) -> float | None:
    """AND-patterns/s of ABC's `&sim` on one core, its best number of words; None if ABC is not installed.

    It simulates sequential circuits only: a latch that is always 0 is put in, which nothing reads.
    """
    program = shutil.which("abc") or shutil.which("berkeley-abc")
    if program is None:
        return None
    more = replace(aig, input_names=(*aig.input_names, "latch"), left=_moved(aig, aig.left),
                   right=_moved(aig, aig.right), outputs=_moved(aig, aig.outputs))  # fmt: skip
    head, _, rest = aiger_bytes(more, named=False).partition(b"\n")
    _, most, inputs, _, outputs, ands = head.decode().split()
    data = f"aig {most} {int(inputs) - 1} 1 {outputs} {ands}\n0\n".encode() + rest
    best = 0.0
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "sequential.aig"
        path.write_bytes(data)
        for words in (32, 512):
            frames = max(2, int((4e9 if scale.quick else 4e10) / (32 * words * max(1, aig.size))))
            commands = f"&r {path}; &sim -F {frames} -W {words} -T 60"
            done = subprocess.run([program, "-c", commands], capture_output=True, text=True, timeout=300)
            seconds = re.search(r"Time = *([0-9.]+) sec", done.stdout)
            if seconds and float(seconds[1]) > 0:
                best = max(best, frames * words * 32 * aig.size / float(seconds[1]))
    return best or None


def _moved(
    aig: Aig, literals: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Literals where there is one input more."""
    return np.where(literals >> 1 > len(aig.input_names), literals + 2, literals)
