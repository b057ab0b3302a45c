"""The SAT program: sessions that grow, their one proof, and what happens when the program or a question is broken."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from trix_circuits.errors import LimitError
from trix_circuits.solve.lrat import check_lrat
from trix_circuits.solve.process import SolverError, SolverProcess
from trix_circuits.solve.sat import Never, Sat, SatSolver, Unknown, Unsat, prove_clauses

Clauses = list[tuple[int, ...]]


def random_clauses(source: random.Random, variables: int, count: int) -> Clauses:
    return [tuple(source.choice((-1, 1)) * v for v in source.sample(range(1, variables + 1), 3)) for _ in range(count)]


def satisfiable(clauses: Clauses, assumptions: tuple[int, ...]) -> bool:
    found = prove_clauses([*clauses, *((a,) for a in assumptions)], solver=_oracle)
    assert not isinstance(found, Unknown)
    return isinstance(found, Sat)


_oracle = SatSolver()


@pytest.fixture(scope="module", autouse=True)
def _close_the_oracle() -> object:
    yield
    _oracle.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_session_agrees_with_single_questions_and_its_lemmas_have_one_proof(seed: int) -> None:
    source = random.Random(seed)
    variables = 60 if seed < 3 else 120
    clauses = random_clauses(source, variables, int(3.9 * variables))
    lemmas: dict[int, tuple[int, ...]] = {}
    with SatSolver() as solver:
        session = solver.session(clauses)
        for _ in range(25):
            extra = random_clauses(source, variables, source.randrange(2))
            clauses += extra
            session.add(extra)
            assumptions = tuple(source.choice((-1, 1)) * v for v in source.sample(range(1, variables + 1), 5))
            found = session.assume(assumptions, observe=range(1, variables + 1))
            if isinstance(found, Sat):
                assert all(set(found.model) & set(clause) for clause in clauses)
                assert set(assumptions) <= set(found.model)
            else:
                assert isinstance(found, Never)
                assert set(found.core) <= set(assumptions)
                assert not satisfiable(clauses, found.core)
                lemmas[found.mark] = tuple(-literal for literal in found.core)
        asked = sorted(lemmas) if seed % 2 else [max(lemmas), min(lemmas)]
        lrat = session.close(None if seed % 2 else asked)

    assert lrat is not None
    check_lrat(clauses, lrat)
    shown = [clauses[i] for i in lrat.axioms] + [clause for clause, _ in lrat.steps]
    for mark, number in zip(asked, lrat.goals, strict=True):
        assert set(shown[number]) <= set(lemmas[mark])  # smaller only if all is contradictory


def test_a_session_can_prove_some_of_its_lemmas() -> None:
    with SatSolver() as solver:
        session = solver.session([(-1, 2), (-2, 3), (4, 5), (4, -5)])
        answers = session.assume_each([(1, -3), (-4,), (1,)], observe=[3, 4])
        lrat = session.close([1])

    assert isinstance(answers[0], Never)
    assert (sorted(answers[0].core), answers[1], answers[2]) == ([-3, 1], Never((-4,), 1), Sat((3, 4)))
    assert lrat is not None
    assert lrat.axioms == (2, 3)
    assert [clause for clause, _ in lrat.steps] == [(4,)]


def test_a_session_goes_on_after_a_contradiction() -> None:
    with SatSolver() as solver:
        session = solver.session([(1, 2)])
        session.add([(-1,), (-2,)])
        first, second = session.assume([3]), session.assume([])
        lrat = session.close()

    assert isinstance(first, Never)
    assert isinstance(second, Never)
    assert (first.core, second.core) == ((), ())
    assert lrat is not None
    assert lrat.refutes


def test_each_question_of_a_session_has_its_own_limit() -> None:
    pigeons = [tuple(1 + p * 9 + h for h in range(9)) for p in range(10)]
    apart = [(-1 - p * 9 - h, -1 - q * 9 - h, 99) for p in range(10) for q in range(p) for h in range(9)]
    with SatSolver() as solver:
        session = solver.session([*pigeons, *apart])
        hard, easy = session.assume_each([[-99], [99]], conflicts=20)
        proof = session.close()

    assert hard == Unknown()
    assert isinstance(easy, Sat)
    assert proof is not None
    assert proof.steps == []


def test_one_process_answers_sessions_and_single_questions_side_by_side() -> None:
    with SatSolver() as solver:
        first = solver.session([(1,)])
        assert isinstance(first.assume([-1]), Never)
        assert isinstance(solver.prove([(1,), (-1,)]), Unsat)
        assert isinstance(first.assume([1]), Sat)
        second = solver.session([(2,)], proof=False)
        with pytest.raises(SolverError, match=r"^solver cadical: the session has ended$"):
            first.assume([1])
        assert isinstance(second.assume([-2]), Never)
        assert second.close() is None


def _pid(solver: SatSolver) -> int:
    assert solver._process._process is not None
    return solver._process._process.pid


def test_a_killed_process_is_a_clean_error_and_the_next_question_starts_another() -> None:
    with SatSolver() as solver:
        session = solver.session([(1,)])
        os.kill(_pid(solver), signal.SIGKILL)
        with pytest.raises(SolverError, match=r"^solver cadical: the process ended"):
            session.assume([1])
        assert isinstance(solver.prove([(1,)]), Sat)
        with pytest.raises(SolverError, match=r"^solver cadical: the session has ended$"):
            session.assume([1])


def test_a_session_that_is_stopped_at_its_deadline_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trix_circuits.solve.process._GRACE_S", 0.0)
    with SatSolver() as solver:
        session = solver.session([(1,)])
        os.kill(_pid(solver), signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(LimitError, match=r"^solver cadical: the session had to be stopped after 0.1 s$"):
            session.assume([1], timeout_s=0.1)
        assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "request_",
    [
        {"ask": "dance"},
        {"ask": "assume", "queries": []},
        {"ask": "prove", "clauses": [1, 2]},
        {"ask": "prove", "clauses": "1 0"},
        {"ask": "prove", "clauses": [1 << 40, 0]},
        {"ask": "prove", "clauses": [1.5, 0]},
        {"ask": "prove", "clauses": [True, 0]},
        {"ask": "prove", "clauses": [1, 0], "conflicts": -1},
        {"ask": "prove", "clauses": [1, 0, -1, 0], "proof": "/nowhere/at/all"},
    ],
)
def test_a_question_that_cannot_be_understood_is_answered_in_one_line(request_: dict[str, object]) -> None:
    with SolverProcess("cadical") as process:
        with pytest.raises(SolverError, match=r"^solver cadical: .+$"):
            process.ask(request_, 5.0)
        assert process.ask({"ask": "prove", "clauses": [1, 0]}, 5.0)["model"] == [1]
