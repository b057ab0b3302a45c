"""Decides SMT-LIB 2 texts with Z3. Run it: {"id", "text", "timeout_s"} a line in, {"id", "status", "seconds"} a line out.

The status is unsat, sat, unknown or error. Used for the proofs over all widths; any other SMT solver can repeat them.
"""

from __future__ import annotations

import json
import sys
import time

import z3


def main() -> None:
    for line in sys.stdin:
        start, identity, message = time.perf_counter(), None, ""
        try:
            request = json.loads(line)
            identity = request["id"]
            solver = z3.Solver()
            solver.set("timeout", max(1, int(1000 * float(request.get("timeout_s", 60)))))
            solver.from_string(str(request["text"]))
            status = str(solver.check())
        except (ValueError, TypeError, KeyError, z3.Z3Exception) as error:
            status, message = "error", " ".join(str(error).split())[:300]
        answer = {"id": identity, "status": status, "message": message, "seconds": time.perf_counter() - start}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
