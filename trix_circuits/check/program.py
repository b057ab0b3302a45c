"""The program: reads files, prints the verdict, tells it by the exit status."""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .file import MAX_FILE
from .limits import Damaged, Refused, TooLarge, require
from .verdict import Verdict, check


def main(arguments: Sequence[str]) -> int:
    """Check one file and print the verdict; the exit status."""
    if not arguments or arguments[0].startswith("-"):
        print(
            "usage: python check FILE [SOURCE]...  (0 accepted, 1 refused, 2 no circuit file, 3 too large)",
            file=sys.stderr,
        )
        return 2
    path = ascii(arguments[0])[1:-1]
    data: list[bytes] = []
    try:
        for argument in arguments:
            with Path(argument).open("rb") as file:
                data.append(file.read(MAX_FILE + 1))
            require(len(data[-1]) <= MAX_FILE, f"a file is larger than {MAX_FILE} bytes", TooLarge)
        verdict = check(data[0], given=data[1:])
    except (Damaged, Refused, TooLarge, OSError, ValueError) as error:
        print(
            f"{'REFUSED' if isinstance(error, Refused) else 'NOT CHECKED'}  {path}: {ascii(str(error))[1:-1]}",
            file=sys.stderr,
        )
        return error.status if isinstance(error, Damaged | Refused | TooLarge) else 2
    print(*report(verdict, path, arguments[1:], data[1:]), sep="\n")
    return 0


def report(verdict: Verdict, path: str, names: Sequence[str], given: Sequence[bytes]) -> list[str]:
    """The lines that say what was proven of what: everything in them was read by `read`, or is a path made plain."""
    circuit = verdict.circuit
    lines = [
        f"ACCEPTED  {path}: {circuit.name}, {len(circuit.gates)} {circuit.format_name} gates, exact on all inputs",
        f"          by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows",
        f"          from {' '.join(f'{name}[{width}]' for name, width in circuit.inputs) or 'nothing'}"
        f" to {' '.join(f'{name}[{len(nets)}]' for name, nets in circuit.outputs)}",
        *(f"          {equation}" for equation in circuit.meaning),
    ]
    own = circuit.about.get("sources", [])[len(given) :]
    told = [*(ascii(name) for name in names), *(f"its copy of '{name}'" for name in own)]
    for source, what in zip([*given, *circuit.sources[len(given) :]], told, strict=True):
        digest = hashlib.blake2b(source, digest_size=16).hexdigest()
        lines.append(f"          equal to {what}: {len(source)} bytes, BLAKE2b {digest}")
    return lines


def run() -> None:
    """Exit with the status of the verdict; 2 where nobody can read what is printed."""
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except OSError:
        status = 2
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
