"""The EPFL circuits, mapped, certified and checked: `python trix_circuits/bench/suites/epfl.py FOLDER [CIRCUIT ...]`.

FOLDER has the suite's .aig files (Amaru, Gaillardon, De Micheli, "The EPFL Combinational Benchmark Suite", IWLS 2015;
github.com/lsils/benchmarks). Each circuit is compiled by the command a user would type, in a process of its own, and
its certificate is checked by the stand-alone checker in another one. The reference columns are the best public threshold
mapper's gates after mapping and after collapse (its weights are unbounded).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REFERENCE = {
    "adder": (757, 563), "max": (1229, 1134), "multiplier": (17799, 12634), "square": (11150, 8263),
    "sin": (3118, 2265), "bar": (1779, 1460), "voter": (7825, 6150), "dec": (None, 256), "ctrl": (50, 45),
    "cavlc": (241, 206), "int2float": (78, 71), "router": (57, 35), "priority": (264, 200),
}  # fmt: skip
CHECKER = Path(__file__).resolve().parents[2] / "check" / "__init__.py"


def compiled(source: Path, form: str, *options: str) -> tuple[dict[str, object], float, float]:
    """The report of a compilation, its seconds as a whole command, and those of the checker alone."""
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/out.trix"
        start = time.perf_counter()
        command = [sys.executable, "-m", "trix_circuits.cli", "compile", str(source), "-o", output, "--format", form]
        done = subprocess.run([*command, *options, "--json"], capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode:
            raise SystemExit(f"{source}: {done.stderr.strip()}")
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-I", "-S", str(CHECKER), output, str(source)], check=True, stdout=subprocess.DEVNULL
        )
        return json.loads(done.stdout), seconds, time.perf_counter() - start


def main(arguments: list[str]) -> None:
    """Print the table."""
    if not arguments:
        raise SystemExit("usage: python trix_circuits/bench/suites/epfl.py FOLDER [CIRCUIT ...]")
    folder, names = Path(arguments[0]), arguments[1:] or list(REFERENCE)
    print("| circuit | ANDs | e2m1 gates/depth | seconds | certificate | check s | ternary gates/depth | seconds "
          "| mapped -> collapsed, unbounded weights |")  # fmt: skip
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in names:
        source = folder / f"{name}.aig"
        report, seconds, check_s = compiled(source, "e2m1")
        other, other_s, _ = compiled(source, "ternary")
        size = report["certificate"]["bytes"]  # type: ignore[index]
        before, after = REFERENCE[name]
        print(
            f"| {name} | {report['source']['ands']} | {report['size']}/{report['depth']} | {seconds:.1f} | {size} "  # type: ignore[index]
            f"| {check_s:.2f} | {other['size']}/{other['depth']} | {other_s:.1f} | {before or ''} -> {after} |",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"\nlargest process: {peak:.2f} GB")


if __name__ == "__main__":
    main(sys.argv[1:])
