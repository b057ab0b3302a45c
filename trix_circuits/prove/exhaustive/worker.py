"""A worker process: `python -m trix_circuits.prove.exhaustive.worker`.

It reads one line, what to work on ({"artefacts": [base64, ...], "engine", "prefix_bits"}), then a shard's number a
line, and answers each in a line of JSON, until its input ends.
"""

from __future__ import annotations

import base64
import json
import signal
import sys

from trix_circuits.errors import TrixCircuitsError
from trix_circuits.prove.exhaustive.engines import run_shard


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process ends it
    head = json.loads(sys.stdin.readline())
    artefacts = tuple(base64.b64decode(text) for text in head["artefacts"])
    for line in sys.stdin:
        try:
            answer = run_shard(artefacts, head["engine"], head["prefix_bits"], int(line))
        except (TrixCircuitsError, MemoryError) as error:
            answer = {"error": str(error) or "memory ran out"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
