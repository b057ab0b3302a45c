"""The corpus of fates, forgeries, and mutants of the checker: what must be refused is, and the tests of that bite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check import forge, mutants
from tests.fates import make
from trix_circuits import check

LISTED = json.loads((make.FOLDER / "fates.json").read_text())
WORK = (3_000_000, 300_000_000)


def test_the_corpus_is_what_its_generator_makes(tmp_path: Path) -> None:
    make.write(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(make.FOLDER): path.read_bytes()
        for path in make.FOLDER.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc", ".md")
    }

    assert made == kept


@pytest.mark.parametrize("fate", make.FATES)
def test_each_file_meets_its_fate(fate: str) -> None:
    errors = {"refuse": check.Refused, "damaged": check.Damaged, "too-large": check.TooLarge}
    for place, entry in LISTED.items():
        if place.partition("/")[0] != fate:
            continue
        data = (make.FOLDER / f"{place}.trix").read_bytes()
        given = [(make.FOLDER / name).read_bytes() for name in entry.get("given", ())]
        if fate == "accept":
            verdict = check.check(data, given=given, work=check.Work(*WORK))
            assert [list(verdict.kinds), verdict.lemmas, verdict.rows] == [
                entry["kinds"],
                entry["lemmas"],
                entry["rows"],
            ]
        else:
            with pytest.raises(errors[fate]) as caught:
                check.check(data, given=given, work=check.Work(*WORK))
            assert getattr(caught.value, "status", None) == make.STATUS[fate], place


def test_the_program_says_the_same_by_its_exit_status() -> None:
    program = str(Path(check.__file__).parent)
    for fate in make.FATES:
        places = [place for place in LISTED if place.startswith(f"{fate}/") and "squares" not in place]
        for place in places[:: max(1, len(places) // 6)]:
            given = [str(make.FOLDER / name) for name in LISTED[place].get("given", ())]
            command = [sys.executable, "-I", "-S", program, str(make.FOLDER / f"{place}.trix"), *given]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == make.STATUS[fate], place
            shown = done.stdout + done.stderr
            assert shown.isascii()
            assert shown.startswith(
                "ACCEPTED" if not done.returncode else "REFUSED" if fate == "refuse" else "NOT CHECKED"
            )
            assert shown.count("ACCEPTED") == (fate == "accept")


@pytest.mark.parametrize("seed", range(4))
def test_no_forgery_is_accepted_that_is_not_exact(seed: int) -> None:
    found = forge.run(seed, 2500)

    assert not [reason for reason in found if reason.startswith("WRONG")], found
    assert found["accepted"] > 100
    assert found["Refused"] > 500


# The four unsound changes that once survived all tests.
ONCE_SURVIVED = (
    ("steps", "follows = (out in true and high < 0)", "high < 0 -> high <= 0"),
    ("steps", "accumulate(form, {a: weight * (1 - 2 * odd)}, 1)", "1 - 2 * odd -> 1 + 2 * odd"),
    ("blif", "once = net not in covers and words[-1] not in own", "net not in covers and words[-1] not in own -> net not in covers"),
    ("source", "same = found[0] == dict(circuit.inputs) and found[1] == found[2]",
     "found[0] == dict(circuit.inputs) and found[1] == found[2] -> found[0] == dict(circuit.inputs)"),
)  # fmt: skip


@pytest.mark.parametrize(("page", "line", "change"), ONCE_SURVIVED)
def test_what_once_survived_is_killed(page: str, line: str, change: str) -> None:
    (mutant,) = [m for m in mutants.mutants_of(page) if m.line.startswith(line) and m.change == change]

    assert mutants.killer_of(mutant) is not None


def test_the_plain_checker_is_no_mutant() -> None:
    checker = mutants.checker_with("", None)
    for question in mutants.questions()[:400]:
        assert mutants._judged(checker, question.data, question.given) == (question.verdict, question.rests_on)


def test_what_may_survive_is_there() -> None:
    keys = {mutant.key for page in mutants.MUTATED for mutant in mutants.mutants_of(page)}

    assert set(mutants.listed()) <= keys
    assert all(why for why in mutants.listed().values())
