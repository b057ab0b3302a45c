"""Rewrites and-inverter graphs with mockturtle (by way of aigverse): an AIG in, optimised AIGs out, never believed.

Run it: {"id", "inputs", "left", "right", "outputs", "scripts"} a line in, {"id", "status", "results", "seconds"} a line
out. Literals as in AIGER; a script is words of the table below, one result {"left", "right", "outputs"} for each script,
null where a script failed. Sources: mockturtle (Soeken et al., "The EPFL logic synthesis libraries", 2018).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from aigverse import algorithms
from aigverse.networks import Aig

STEPS: dict[str, Callable[[Any], Any]] = {
    "balance": algorithms.balancing,
    "rewrite": algorithms.aig_cut_rewriting,
    "resub": algorithms.aig_resubstitution,
    "refactor": algorithms.sop_refactoring,
}


def network_of(inputs: int, left: list[int], right: list[int], outputs: list[int]) -> Any:
    """mockturtle's AIG of flat arrays."""
    net = Aig()
    signals = [net.get_constant(False), *(net.create_pi() for _ in range(inputs))]

    def signal(literal: int) -> Any:
        return net.create_not(signals[literal >> 1]) if literal & 1 else signals[literal >> 1]

    for a, b in zip(left, right, strict=True):
        signals.append(net.create_and(signal(a), signal(b)))
    for literal in outputs:
        net.create_po(signal(literal))
    return net


def arrays_of(net: Any) -> dict[str, list[int]]:
    """Flat arrays of mockturtle's AIG: inputs first, then the ANDs in topological order."""
    net = algorithms.cleanup_dangling(net)
    literals = {net.node_to_index(net.get_node(net.get_constant(False))): 0}
    for node in net.pis():
        literals[net.node_to_index(node)] = 2 * len(literals)

    def literal(signal: Any) -> int:
        return literals[net.node_to_index(net.get_node(signal))] ^ int(net.is_complemented(signal))

    left, right = [], []
    for node in net.gates():
        a, b = net.fanins(node)
        left.append(literal(a))
        right.append(literal(b))
        literals[net.node_to_index(node)] = 2 * len(literals)
    return {"left": left, "right": right, "outputs": [literal(signal) for signal in net.pos()]}


def main() -> None:
    for line in sys.stdin:
        start, identity, message = time.perf_counter(), None, ""
        results: list[Any] = []
        try:
            request = json.loads(line)
            identity = request["id"]
            original = network_of(request["inputs"], request["left"], request["right"], request["outputs"])
            for script in request["scripts"]:
                net = Aig(original)
                for word in script.split():
                    changed = STEPS[word](net)
                    net = net if changed is None else changed
                results.append(arrays_of(net))
            status = "done"
        except (ValueError, TypeError, KeyError, IndexError, RuntimeError) as error:
            status, message = "error", " ".join(str(error).split())[:300]
        seconds = time.perf_counter() - start
        answer = {"id": identity, "status": status, "results": results, "message": message, "seconds": seconds}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
