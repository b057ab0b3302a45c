"""Optimised variants of an AIG from the rewriting program, in a process of its own.

What comes back is a claim: it is simulated against the original here, which catches damage early, and the proof of the
finished netlist is against the given AIG in any case. Where the program is missing or breaks, there are no variants.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from trix_circuits.errors import InputError
from trix_circuits.logic.aig import Aig
from trix_circuits.share import folder

_TIMEOUT_S = 120.0


def variants(aig: Aig, scripts: Sequence[str]) -> list[Aig]:
    """The AIG after each script (words: balance, rewrite, resub, refactor); fewer or none where that fails."""
    if not scripts:
        return []
    request = {
        "id": 1,
        "inputs": len(aig.input_names),
        "left": aig.left.tolist(),
        "right": aig.right.tolist(),
        "outputs": aig.outputs.tolist(),
        "scripts": list(scripts),
    }
    command = [sys.executable, str(folder("solvers") / "aig_rewrite.py")]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode() + b"\n", capture_output=True, timeout=_TIMEOUT_S, check=False
        )
        results = json.loads(done.stdout)["results"] if done.returncode == 0 else []
        found = [_aig(aig, result) for result in results]
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError, TypeError, InputError):
        return []
    return [variant for variant in found if _agree(aig, variant)]


def _aig(aig: Aig, result: dict[str, list[int]]) -> Aig:
    left, right, outputs = (np.array(result[key], dtype=np.int64) for key in ("left", "right", "outputs"))
    return Aig(aig.name, aig.input_names, aig.output_names, left, right, outputs)


def _agree(a: Aig, b: Aig) -> bool:
    planes = np.random.default_rng(1).integers(0, 1 << 64, size=(len(a.input_names), 4), dtype=np.uint64)
    flip = np.array([0, ~np.uint64(0)], dtype=np.uint64)
    one, two = (x.simulate(planes)[x.outputs >> 1] ^ flip[x.outputs & 1][:, None] for x in (a, b))
    return bool((one == two).all())
