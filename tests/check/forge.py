"""Forgeries of circuit files with ground truth: `python -m tests.check.forge --cases 1000000 --seed 1 [--jobs 2]`.

A right file is opened, one to three things in it are changed (gates, drivers, lemmas, ghosts, multipliers, equations,
sources), and it is sealed anew. Where the checker accepts, the circuit is evaluated in every row apart from the checker:
it must be exact. Nothing but the checker's own errors may come out of it.
"""

from __future__ import annotations

import argparse
import copy
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.check.forging import Forged, opened
from tests.check.truth import is_exact
from tests.fates.make import FOLDER
from trix_circuits import check

MOST_BITS = 9
LIMIT = (4_000_000, 400_000_000)  # of work and memory: a small file needs far less
Check = Callable[..., Any]


@cache
def bases() -> tuple[tuple[str, Forged], ...]:
    """The accepted files of the corpus that are small enough to be evaluated in every row."""
    found = []
    for path in sorted((FOLDER / "accept").glob("*.trix")):
        forged = opened(path.read_bytes())
        few = sum(width for _, width in forged.inputs) <= MOST_BITS
        # Where names are renamed, the plain evaluators of sources can't follow.
        if few and not path.with_suffix(".given0").exists() and is_exact(forged):
            found.append((path.stem, forged))
    return tuple(found)


def forge(rng: random.Random) -> tuple[str, Forged]:
    """A file with a few changes."""
    name, base = rng.choice(bases())
    forged = replace(base, gates=list(base.gates), drivers=list(base.drivers), meaning=list(base.meaning),
                     copies=list(base.copies), certificate=copy.deepcopy(base.certificate))  # fmt: skip
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(CHANGES)(rng, forged)
    return name, forged


def _gate(rng: random.Random, forged: Forged) -> None:
    if forged.gates and forged.table:
        k = rng.randrange(len(forged.gates))
        sources, weights, bias = forged.gates[k]
        _, table, biases = forged.table
        what = rng.randrange(4)
        if what == 0 or not sources:
            bias = rng.choice([b for b in biases if b is not None and abs(b - bias) <= 4] or [bias])
        elif what == 1:
            at = rng.randrange(len(sources))
            weights = (*weights[:at], rng.choice([w for w in table if w is not None]), *weights[at + 1 :])
        else:
            nets = sum(width for _, width in forged.inputs) + k
            at = rng.randrange(len(sources))
            changed = (*sources[:at], rng.randrange(nets), *sources[at + 1 :])
            sources = changed if len(set(changed)) == len(changed) else sources
        forged.gates = [*forged.gates[:k], (sources, weights, bias), *forged.gates[k + 1 :]]


def _driver(rng: random.Random, forged: Forged) -> None:
    k = rng.randrange(len(forged.drivers))
    forged.drivers[k] = rng.randrange(sum(width for _, width in forged.inputs) + len(forged.gates))


def _number(rng: random.Random, forged: Forged) -> None:
    """A number somewhere in the certificate."""
    places: list[tuple[list[Any], int]] = []
    stack: list[Any] = [forged.certificate]
    while stack:
        here = stack.pop()
        items = here.values() if isinstance(here, dict) else here
        for k, item in enumerate(items):
            if isinstance(item, list | dict):
                stack.append(item)
            elif isinstance(item, int) and isinstance(here, list):
                places.append((here, k))
    if places:
        here, k = rng.choice(places)
        here[k] = rng.choice(
            (here[k] + 1, here[k] - 1, here[k] ^ 1, here[k] + 2, -here[k], 0, 1, 2 * here[k], rng.randrange(40))
        )


def _lemmas(rng: random.Random, forged: Forged) -> None:
    """Lemmas are dropped, doubled, exchanged, or made of others."""
    lemmas = forged.certificate["lemmas"]
    if not lemmas:
        forged.certificate["goals"] = [rng.choice((proof, [])) for proof in forged.certificate["goals"]]
        return
    k, other = rng.randrange(len(lemmas)), rng.randrange(len(lemmas))
    match rng.randrange(5):
        case 0:
            del lemmas[k]
        case 1:
            lemmas.insert(k, copy.deepcopy(lemmas[other]))
        case 2:
            lemmas[k], lemmas[other] = lemmas[other], lemmas[k]
        case 3:
            _shape(rng, lemmas[k])
        case _:
            forged.certificate["ghosts"] = forged.certificate["ghosts"][: -1 or None]


def _shape(rng: random.Random, lemma: list[Any]) -> None:
    """Leaves become counted, or fewer; relations turn; kinds change."""
    if lemma and isinstance(lemma[0], list):
        leaves = lemma[0]
        if len(leaves) > 1:
            at = rng.randrange(len(leaves))
            lemma[0] = [leaves[:at], *leaves[at:]] if rng.random() < 0.6 and at else leaves[:at] + leaves[at + 1 :]
        elif len(lemma) == 6:
            lemma[5] = rng.choice(("=", ">="))
    elif lemma and isinstance(lemma[0], int) and len(lemma) > 3:
        at = rng.randrange(2, len(lemma))
        lemma[2:] = [lemma[2:at], *lemma[at:]] if rng.random() < 0.6 else lemma[2:at] + lemma[at + 1 :]
    elif lemma and isinstance(lemma[0], int):
        lemma[:] = ["form", lemma[0], lemma[1] if len(lemma) > 1 else 0, []]


def _equation(rng: random.Random, forged: Forged) -> None:
    if forged.meaning:
        k = rng.randrange(len(forged.meaning))
        line = str(forged.meaning[k])
        signs = [("+", "-"), ("-", "+"), ("&", "|"), ("|", "^"), ("^", "&"), ("<", "<="), (">", ">="), ("<=", "<"), ("==", "!="),
                 ("1", "2"), ("2", "1"), ("0", "1"), (" a", " b"), ("if", "| 1 if"), ("*", "+"), ("<<", ">>"), ("% 2", "% 4")]  # fmt: skip
        old, new = rng.choice(signs)
        left, sign, right = line.partition(" = ")
        forged.meaning[k] = left + sign + right.replace(old, new, 1)


def _source(rng: random.Random, forged: Forged) -> None:
    if forged.copies:
        k = rng.randrange(len(forged.copies))
        data = bytearray(forged.copies[k])
        places = [i for i, byte in enumerate(data) if chr(byte) in "01234567-" and data[:4] != b"aig "]
        if places and data[8:9] != b"{":
            data[rng.choice(places)] = ord(rng.choice("01234567-"))
            forged.copies[k] = bytes(data)


CHANGES = (_gate, _gate, _driver, _number, _number, _number, _lemmas, _lemmas, _equation, _source)


def fate_of(forged: Forged, checker: Check, error: tuple[type[Exception], ...], work: Any) -> tuple[str, str]:
    """What became of a forgery, and what is wrong with that ("" if nothing)."""
    try:
        data = forged.data()
    except (ValueError, OverflowError):
        return "impossible", ""
    start = time.monotonic()
    try:
        checker(data, work=work(*LIMIT))
    except error as refusal:
        fate, wrong = type(refusal).__name__, ""
    except Exception as failure:
        fate, wrong = "traceback", f"{type(failure).__name__}: {failure}"
    else:
        fate, wrong = "accepted", "" if is_exact(forged) else "accepted, and not exact"
    return fate, wrong or ("took too long" if time.monotonic() - start > 20 else "")


def run(seed: int, cases: int, folder: str = "") -> Counter[str]:
    """So many forgeries; what is wrong is written to the folder and counted under its reason."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    for k in range(cases):
        name, forged = forge(rng)
        fate, wrong = fate_of(forged, check.check, (check.Damaged, check.Refused, check.TooLarge), check.Work)
        found[fate] += 1
        if wrong:
            found[f"WRONG: {name}: {wrong}"] += 1
            if folder:
                Path(folder, f"{name}-{seed}-{k}.trix").write_bytes(forged.data())
    return found


def main(arguments: Sequence[str]) -> int:
    """Run forgeries; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", default="", help="where wrong ones are written")
    options = parser.parse_args(arguments)
    parts = max(options.jobs, -(-options.cases // 2000))
    size = -(-options.cases // parts)
    total: Counter[str] = Counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        for part in pool.map(
            run, range(options.seed * 10**6, options.seed * 10**6 + parts), [size] * parts, [options.folder] * parts
        ):
            total += part
    for reason, count in sorted(total.items()):
        print(f"{count:9} {reason}")
    return int(any(reason.startswith("WRONG") for reason in total))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
