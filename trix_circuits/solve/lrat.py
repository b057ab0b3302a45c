"""LRAT: proofs of unsatisfiability in which each step names the clauses that it follows from.

A step is a clause with hints. Falsify the clause's literals; then each hint in turn is a clause whose literals are all
false but one, which becomes true, and the last hint is a clause whose literals are all false (Cruz-Filipe, Heule, Hunt,
Kaufmann, Schneider-Kamp, "Efficient Certified RAT Verification", CADE 2017; the RUP part, without deletions). Checking
takes time linear in the hints and no search, so it can be done in plain Python.

Solvers write DRUP instead (the clauses without hints, and deletions): `lrat_of` finds the needed steps and the hints,
by backward checking as in DRAT-trim and lrat-trim (Pollitt, Fleury, Biere, "Faster LRAT Checking Than Solving with
CaDiCaL", SAT 2023); trim.py has the loops. A wrong proof cannot become a right one on the way: what is not implied
by unit propagation is refused here, and a checker goes over the steps again.

Literals are as in DIMACS: variables 1, 2, ..., a negative number is a negation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError, LimitError, RefutedError

Clause = Sequence[int]
Ints = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.int8]
MAX_LITERALS = 1 << 30


@dataclass(frozen=True, slots=True)
class Lrat:
    """The needed input clauses `axioms` (indices, ascending) and the steps (literals, hints).

    A hint below `len(axioms)` is that axiom, others are steps, counted on. `goals` are the numbers (in the hints' count)
    of the clauses that were to be shown, in the order asked; the empty clause, where there is one, is the last step, and
    stands for every goal after it.
    """

    axioms: tuple[int, ...]
    steps: list[tuple[tuple[int, ...], tuple[int, ...]]]
    goals: tuple[int, ...] = ()

    @property
    def refutes(self) -> bool:
        """Whether it ends in the empty clause."""
        return bool(self.steps) and not self.steps[-1][0]


@dataclass(frozen=True, slots=True)
class Drup:
    """A DRUP proof as flat arrays: line k has the literals `literals[starts[k]:starts[k + 1]]` (DIMACS)."""

    literals: Ints
    starts: Offsets
    deletes: Flags

    def __len__(self) -> int:
        return len(self.deletes)


def flat(clauses: Iterable[Clause]) -> tuple[Ints, Offsets]:
    """Clauses one after the other, and where each starts (and the last one ends)."""
    rows = clauses if isinstance(clauses, list | tuple) else list(clauses)
    starts = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)), out=starts[1:])
    return np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(starts[-1])), starts


def read_drup_text(text: str) -> Drup:
    """DRUP as text: a clause a line, ended by 0, deletions begin with d; raises InputError."""
    rows: list[list[int]] = []
    deletes: list[bool] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] == "c":
            continue
        deletes.append(words[0] == "d")
        try:
            row = [int(word) for word in words[words[0] == "d" :]]
        except ValueError:
            row = []
        if not row or row.pop() != 0 or 0 in row or any(abs(literal) >= MAX_LITERALS for literal in row):
            raise InputError(f"proof:{number}: a line must be literals and a 0, not {line[:40]!r}")
        rows.append(row)
    literals, starts = flat(rows)
    return Drup(literals, starts, np.array(deletes, dtype=np.int8))


def read_drup_binary(data: bytes) -> Drup:
    """Binary DRAT, as CaDiCaL writes it; raises InputError."""
    from trix_circuits.solve import trim

    raw = np.frombuffer(data, dtype=np.uint8)
    codes, starts = np.empty(len(raw), dtype=np.int32), np.empty(len(raw) + 1, dtype=np.int64)
    deletes = np.empty(len(raw), dtype=np.int8)
    lines, count = trim.decode_binary(raw, codes, starts, deletes)
    if lines < 0:
        raise InputError(f"proof: byte {count} must be part of a binary DRAT line")
    codes = codes[:count]
    literals = np.where(codes & 1, -(codes >> 1), codes >> 1).astype(np.int32)
    return Drup(literals, starts[: lines + 1].copy(), deletes[:lines].copy())


def lrat_of(
    clauses: Iterable[Clause],
    proof: Drup,
    goals: Iterable[tuple[int, Clause]] | None = None,
    asked: Iterable[int] | None = None,
) -> Lrat:
    """The needed part of a proof, with hints: that the clauses are contradictory or, if goals are given, these.

    A goal (line, clause) follows from the input clauses and the proof's lines before that line, and is a lemma for what
    comes after it; lines ascend. With `asked`, only the goals with these indices must be shown (others have the number
    -1 unless they were needed). Raises RefutedError if unit propagation does not confirm a needed step, LimitError if
    there are more literals than 2^30.
    """
    given, goal_list = list(clauses), list(goals or ())
    wanted = list(range(len(goal_list)) if asked is None else asked)
    if goals is not None and not wanted:
        return Lrat((), [], (-1,) * len(goal_list))
    try:
        return _lrat_of(given, proof, goal_list, wanted, keep=False)
    except RefutedError:
        # A solver that works incrementally may take up again what it deleted (it restores eliminated clauses).
        return _lrat_of(given, proof, goal_list, wanted, keep=True)


def _lrat_of(
    clauses: list[Clause], proof: Drup, goals: list[tuple[int, Clause]], asked: list[int], *, keep: bool
) -> Lrat:
    """`keep`: deletions are ignored."""
    from trix_circuits.solve import trim

    axioms = len(clauses)
    literals, starts = flat(clauses)
    goal_literals, goal_starts = flat([goal for _, goal in goals])
    at = np.array([line for line, _ in goals], dtype=np.int64)
    if len(at) and (at[0] < 0 or at[-1] > len(proof) or (np.diff(at) < 0).any()):
        raise InputError("the lines of the goals must ascend and be lines of the proof")
    # One list of lines: the input clauses, then the proof's lines with the goals between them.
    goal_sizes = np.diff(goal_starts)
    middle = np.insert(proof.literals, np.repeat(proof.starts[at], goal_sizes), goal_literals)
    literals = np.concatenate([literals, middle])
    full = np.concatenate([np.diff(starts), np.insert(np.diff(proof.starts), at, goal_sizes)])
    deletes = np.concatenate([np.zeros(axioms, dtype=np.int8), np.insert(proof.deletes, at, 0)])
    lines_of_goals = axioms + at + np.arange(len(at))
    if max(len(literals), 8 * len(full)) > MAX_LITERALS:  # trim.py keeps 8 numbers a line
        raise LimitError(f"a proof must have fewer than {MAX_LITERALS} literals and {MAX_LITERALS // 8} lines")
    if (literals == 0).any() or (np.abs(literals) > MAX_LITERALS // 2).any():
        raise InputError(f"a literal must be a variable below {MAX_LITERALS // 2} or its negation")
    offsets = np.cumsum(full) - full
    sizes = np.where(deletes > 0, 0, full) if keep else full  # a deletion of the empty clause finds none
    codes = (2 * np.abs(literals) + (literals < 0)).astype(np.int32)
    count = int(codes.max(initial=1)) // 2 * 2 + 2
    flags = np.zeros(len(sizes), dtype=np.int8)
    flags[lines_of_goals[asked]] = 1
    small = sizes.astype(np.int32)
    gone = trim.deleted_lines(codes, offsets, small, deletes, count)
    outcome, last, needed, names, ends, hints, root = trim.trim(
        codes, offsets, small, deletes, gone, flags, axioms, count
    )
    if outcome == trim.NOT_CLOSED:
        raise RefutedError("the proof does not end in the empty clause")
    if outcome != trim.PROVEN:
        raise RefutedError(f"line {outcome - axioms} of the proof does not follow by unit propagation")

    clause_literals = np.where(codes & 1, -(codes >> 1), codes >> 1)
    units = np.where(root & 1, -(root >> 1), root >> 1)
    built, number = _built(clause_literals, offsets, small, needed[:axioms], names, ends, hints, units)
    shown = tuple(int(number[line]) if line <= last else int(number[-1]) for line in lines_of_goals)
    return Lrat(built.axioms, built.steps, shown)


def read_lrat_binary(clauses: Iterable[Clause], data: bytes) -> Lrat:
    """The needed part of CaDiCaL's binary LRAT for these clauses, which have the first names that no step has.

    Raises InputError for what is not LRAT, RefutedError where the hints do not confirm a needed step.
    """
    from trix_circuits.solve import trim

    given = list(clauses)
    for k, clause in enumerate(given):
        if not clause:
            return Lrat((k,), [((), (0,))])
    axioms = len(given)
    literals, first = flat(given)
    raw = np.frombuffer(data, dtype=np.uint8)
    codes = np.empty(len(raw), dtype=np.int32)
    starts, hints, hint_starts, names = (np.empty(len(raw) + 1, dtype=np.int64) for _ in range(4))
    lines, place = trim.decode_lrat(raw, codes, starts, hints, hint_starts, names)
    if lines < 0:
        raise InputError(f"proof: byte {place} must be part of a binary LRAT line")
    names, hint_starts, hints = names[:lines], hint_starts[: lines + 1], hints[: hint_starts[lines]]
    highest = int(names.max(initial=0))
    if (np.diff(names) <= 0).any() or highest > axioms + MAX_LITERALS:
        raise InputError("proof: names must ascend")
    line_of = np.full(highest + axioms + 2, -1, dtype=np.int64)
    line_of[names] = axioms + np.arange(lines)
    line_of[np.flatnonzero(line_of[1:] < 0)[:axioms] + 1] = np.arange(axioms)
    line_of[0] = -1
    hints = np.where((hints > 0) & (hints < len(line_of)), line_of[np.clip(hints, 0, len(line_of) - 1)], -1)
    codes = np.concatenate([2 * np.abs(literals) + (literals < 0), codes[: starts[lines]]]).astype(np.int32)
    offsets = np.concatenate([first[:-1], first[-1] + starts[:lines]])
    sizes = np.concatenate([np.diff(first), np.diff(starts[: lines + 1])]).astype(np.int32)
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        raise RefutedError("the proof does not end in the empty clause")
    count = int(codes.max(initial=1)) // 2 * 2 + 2
    outcome, needed, steps, ends, kept = trim.follow(
        codes, offsets, sizes, hints, hint_starts, axioms, int(empty[0]), count
    )
    if outcome != trim.PROVEN:
        raise RefutedError(f"step {outcome - axioms} of the proof does not follow from its hints")
    signed = np.where(codes & 1, -(codes >> 1), codes >> 1)
    return _built(signed, offsets, sizes, needed[:axioms], steps, ends, kept, np.empty(0, dtype=np.int32))[0]


def _built(
    literals: Ints,
    offsets: Offsets,
    sizes: Ints,
    needed: Flags,
    names: Offsets,
    ends: Offsets,
    hints: Offsets,
    root: Ints,
) -> tuple[Lrat, Offsets]:
    """Steps as trim.py finds them, last one first, in order; and the number of each name."""
    lines = len(sizes)
    # Numbers: axioms ascending, then the steps.
    used = np.flatnonzero(needed)
    number = np.full(lines + len(root) + 1, -1, dtype=np.int64)  # the empty clause, -1, is the last item
    number[used] = np.arange(len(used))
    number[names] = len(used) + len(names) - 1 - np.arange(len(names))
    # A step of one hint and as many literals is that clause again.
    lengths = np.concatenate([sizes, np.ones(len(root), dtype=np.int32), [0]])
    begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    only = hints[begins]
    again = (ends - begins == 1) & (lengths[names] == lengths[only]) & (lengths[names] > 0)
    final = np.cumsum(np.concatenate([np.ones(len(used), dtype=bool), ~again[::-1]])) - 1
    for k in np.flatnonzero(again)[::-1].tolist():
        final[number[names[k]]] = final[number[only[k]]]
    number = np.where(number >= 0, final[number], -1)
    numbered = number[hints].tolist()
    steps: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for k in np.flatnonzero(~again)[::-1].tolist():
        name = int(names[k])
        if name < 0:
            clause: tuple[int, ...] = ()
        elif name >= lines:
            clause = (int(root[name - lines]),)
        else:
            clause = tuple(literals[offsets[name] : offsets[name] + sizes[name]].tolist())
        steps.append((clause, tuple(numbered[begins[k] : ends[k]])))
    return Lrat(tuple(used.tolist()), steps), number


def check_lrat(clauses: Sequence[Clause], lrat: Lrat) -> None:
    """Raise RefutedError unless every step follows from its hints. Plain and slow: what other checkers are held against."""
    known: list[Clause] = [clauses[index] for index in lrat.axioms]
    for number, (clause, hints) in enumerate(lrat.steps):
        false = set(clause)
        open_ = True
        for hint in hints:
            if not open_ or not 0 <= hint < len(known):
                raise RefutedError(f"step {number}: hint {hint} must be an earlier clause, and needed")
            left = {literal for literal in known[hint] if literal not in false}
            if len(left) > 1 or any(-literal in false for literal in left):
                raise RefutedError(f"step {number}: clause {hint} must be unit or false")
            open_ = bool(left)
            false |= {-literal for literal in left}
        if open_:
            raise RefutedError(f"step {number}: the hints do not end in a conflict")
        known.append(clause)
