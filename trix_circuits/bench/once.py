"""What happens once: imports, first calls, the weights in a file, proofs by all rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import numpy as np

from trix_circuits.bench.rows import Row, Scale
from trix_circuits.compose.families import draft
from trix_circuits.errors import InputError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.packing import pack_values
from trix_circuits.prove.exhaustive import prove_exhaustively

_FIRST = """
import time
import numpy as np
import trix_circuits.run.native.native
from trix_circuits.run import compile_netlist
from trix_circuits.compose.families import draft
from trix_circuits.logic.formats import get_format
netlist = draft("adder", get_format("e2m1"), 64).netlist
a = np.arange(1000, dtype=np.uint64)
start = time.perf_counter()
compile_netlist(netlist, "native").integers({"a": a, "b": a, "cin": 0})
print(time.perf_counter() - start)
"""
_IMPORT = "import time; s = time.perf_counter(); import trix_circuits; print(time.perf_counter() - s)"


def _fresh(code: str, cache: str) -> float:
    """What a fresh Python prints: seconds."""
    environment = dict(os.environ, TRIX_CIRCUITS_CACHE=cache)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f"the native backend cannot run here: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout)


def start(scale: Scale) -> Iterator[Row]:
    """In fresh processes with a cache of their own."""
    count = 1 if scale.quick else 5
    with tempfile.TemporaryDirectory() as folder:
        first = [_fresh(_FIRST, f"{folder}/{k}") for k in range(count)]
        cached = [_fresh(_FIRST, f"{folder}/0") for _ in range(count)]
        imports = [_fresh(_IMPORT, folder) for _ in range(count)]
    name = "first call of a 64-bit adder after import"
    yield Row(f"{name}, compiled", statistics.median(first), "s", 0.3, True)
    yield Row(f"{name}, from the cache on disk", statistics.median(cached), "s", 0.05, True)
    yield Row("import trix_circuits", statistics.median(imports), "s", 0.3, True)


def memory(scale: Scale) -> Iterator[Row]:
    """Weights as the file holds them against float32, and the file around them."""
    from trix_circuits.evidence.prover import certify

    bits = 8 if scale.quick else 32
    for name, goal in (("e2m1", 7.5), ("ternary-strict", 15.0)):
        circuit = certify(draft("multiplier", get_format(name), bits))
        net = circuit.netlist
        codes = net.format.weight_codes
        packed = len(pack_values(net.weights, codes)) + len(pack_values(net.biases, net.format.bias_codes))
        count = len(net.weights) + len(net.biases)
        what = f"multiplier{bits}, {name}: {count} weights and biases in {packed} bytes"
        yield Row(what, count * np.dtype(np.float32).itemsize / packed, "x smaller", goal)
        rest = len(circuit.data) - packed
        yield Row("  the file's other bytes: wiring, certificate, header", rest / packed, "bytes a byte")


def exhaustive(scale: Scale) -> Iterator[Row]:
    """Proof by all rows, on all cores."""
    wanted: list[tuple[str, int, float]] = [("multiplier", 8, 1.0)]
    if not scale.quick:
        wanted += [("adder", 16, 10.0), ("multiplier", 16, 30.0)]
    for family, bits, goal in wanted:
        made = draft(family, get_format("e2m1"), bits)
        begin = time.perf_counter()
        prove_exhaustively(made.netlist, made.meaning)
        what = f"{family}{bits}, all 2^{made.netlist.input_bits} rows"
        yield Row(what, time.perf_counter() - begin, "s", goal, True)
