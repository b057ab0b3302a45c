"""From a solver's DRUP proof to the part of it that is needed, with hints: the loops, on flat arrays.

Lines are the input clauses, then the proof's additions and deletions; a clause is known by its line. The forward pass
adds and deletes clauses and keeps the *root trail*, the literals that the clauses imply by unit propagation, up to the
first conflict or to the end. The backward pass takes the lines away again in reverse; a line that something later
needed is confirmed by reverse unit propagation (falsify its literals, propagate, meet a conflict), and what the
conflict needed is needed in turn. Clauses already needed are propagated first, so that few others become so (core
first; Wetzler, Heule, Hunt, "DRAT-trim", SAT 2014; backward RUP: Goldberg and Novikov, DATE 2003; hints: Cruz-Filipe et
al., "Efficient Certified RAT Verification", CADE 2017). A deletion of a clause that is the reason of a root literal is
ignored, as DRAT-trim does: solvers delete satisfied clauses that they still build upon.

Each needed root literal becomes a unit step of its own, so that later hints name that step and not a chain of reasons.

Watches are two nodes a clause in doubly linked lists, one list for each literal and each of needed or not: a clause can
then be taken out, put back, or change its list in constant time. The `book` has 8 numbers a clause, in one cache line:
two nodes (the next in the list; the one before, or -1 - the head; the literal), the start and the size. Literals here are
2 * variable + negated.

`follow` does the same for a proof that has hints already (LRAT): no search, only the needed lines and hints.

"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.solve.loops import compiled

Ints = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]
Flags = npt.NDArray[np.int8]
OUTSIDE = 1 << 30  # ranks above any trail position
PROVEN, NOT_CLOSED = -1, -2  # results of `trim`; any other is the line that could not be confirmed


@compiled
def decode_binary(data: npt.NDArray[np.uint8], lits: Ints, starts: Offsets, deletes: Flags) -> tuple[int, int]:
    """Binary DRAT (Heule's format): `a` or `d`, literals 2v+negated as base-128 numbers, 0. Gives lines and literals,
    or -1 and the place of what is not such a line. The arrays hold an item for each byte.
    """
    at, line, count = 0, 0, 0
    while at < len(data):
        kind = data[at]
        if kind != 0x61 and kind != 0x64:
            return -1, at
        at += 1
        starts[line] = count
        deletes[line] = kind == 0x64
        while True:
            value, shift = 0, 0
            while at < len(data) and data[at] >= 128 and shift < 28:
                value |= (data[at] & 127) << shift
                shift += 7
                at += 1
            if at >= len(data) or (shift == 28 and data[at] > 7):
                return -1, at
            value |= data[at] << shift
            at += 1
            if value == 0:
                break
            if value == 1:
                return -1, at
            lits[count] = value
            count += 1
        line += 1
    starts[line] = count
    return line, count


@compiled
def deleted_lines(lits: Ints, starts: Offsets, sizes: Ints, deletes: Flags, literals: int) -> Ints:
    """Of each deletion the line of the clause that it deletes, -1 if there is none (and for additions).

    Also leaves out literals that stand twice in a clause, by shortening `sizes`.
    """
    lines = len(sizes)
    stamp = np.zeros(literals, dtype=np.int32)
    mask = 1
    while mask < 2 * lines:
        mask *= 2
    heads = np.full(mask, -1, dtype=np.int32)
    follow = np.full(lines, -1, dtype=np.int32)
    result = np.full(lines, -1, dtype=np.int32)
    mask -= 1
    for line in range(lines):
        first, kept, key = starts[line], 0, 0
        for k in range(first, first + sizes[line]):
            lit = lits[k]
            if stamp[lit] != line + 1:
                stamp[lit] = line + 1
                lits[first + kept] = lit
                kept += 1
                mixed = (lit + 1) * 0x5851F42D4C957F2D  # wraps at 64 bits
                key += mixed ^ (mixed >> 29)
        sizes[line] = kept
        key = (key ^ (key >> 32)) & mask
        if deletes[line] == 0:
            follow[line] = heads[key]
            heads[key] = line
            continue
        before, found = -1, heads[key]
        while found >= 0:
            same = sizes[found] == kept
            for k in range(starts[found], starts[found] + sizes[found]):
                if not same:
                    break
                same = stamp[lits[k]] == line + 1
            if same:
                break
            before, found = found, follow[found]
        if found >= 0:
            result[line] = found
            if before < 0:
                heads[key] = follow[found]
            else:
                follow[before] = follow[found]
    return result


@compiled
def _link(heads: Ints, book: Ints, node: int, at: int) -> None:
    follower = heads[at]
    book[node] = follower
    book[node + 1] = -at - 1
    if follower >= 0:
        book[follower + 1] = node
    heads[at] = node


@compiled
def _unlink(heads: Ints, book: Ints, node: int) -> None:
    follower, previous = book[node], book[node + 1]
    if previous < 0:
        heads[-previous - 1] = follower
    else:
        book[previous] = follower
    if follower >= 0:
        book[follower + 1] = previous


@compiled
def _attach(
    line: int, lits: Ints, values: Flags, place: Ints, heads: Ints, book: Ints, needed: Flags
) -> tuple[int, int]:
    """Watch the two literals that are not false or became so last. Gives the best and the rank of the second."""
    best, second, high, low = -1, -1, -1, -1
    start = book[8 * line + 6]
    for k in range(start, start + book[8 * line + 7]):
        lit = lits[k]
        rank = place[lit >> 1] if values[lit] < 0 else OUTSIDE + values[lit]
        if rank > high:
            best, second, high, low = lit, best, rank, high
        elif rank > low:
            second, low = lit, rank
    if second >= 0:
        book[8 * line + 2], book[8 * line + 5] = best, second
        _link(heads, book, 8 * line, 2 * best + needed[line])
        _link(heads, book, 8 * line + 3, 2 * second + needed[line])
    return best, low


@compiled
def _detach(line: int, heads: Ints, book: Ints) -> None:
    if book[8 * line + 7] > 1:
        _unlink(heads, book, 8 * line)
        _unlink(heads, book, 8 * line + 3)


@compiled
def _need(line: int, heads: Ints, book: Ints, needed: Flags) -> None:
    if needed[line] == 0:
        needed[line] = 1
        if book[8 * line + 7] > 1:
            for node in (8 * line, 8 * line + 3):
                _unlink(heads, book, node)
                _link(heads, book, node, 2 * book[node + 2] + 1)


@compiled
def _propagate(
    at: int, end: int, lits: Ints, values: Flags, place: Ints, trail: Ints, reasons: Ints, heads: Ints, book: Ints
) -> tuple[int, int]:
    """Unit propagation of the trail from `at` on, needed clauses first. Gives the line in conflict or -1, and the end."""
    first, last, resume = at, at, -1
    while True:
        if first < end:
            false = trail[first] ^ 1
            first += 1
            node, pending = heads[2 * false + 1], False
        elif resume >= 0:
            false = trail[last - 1] ^ 1
            node, pending = resume, True
            resume = -1
        elif last < end:
            false = trail[last] ^ 1
            last += 1
            node, pending = heads[2 * false], True
        else:
            return -1, end
        while node >= 0:
            follower = book[node]
            base = node & -8
            other = book[base + 5 - (node - base)]
            if values[other] <= 0:
                found, start = -1, book[base + 6]
                for k in range(start, start + book[base + 7]):
                    lit = lits[k]
                    if values[lit] >= 0 and lit != other:
                        found = lit
                        break
                if found >= 0:
                    _unlink(heads, book, node)
                    book[node + 2] = found
                    _link(heads, book, node, 2 * found + (0 if pending else 1))
                elif values[other] < 0:
                    return node >> 3, end
                else:
                    values[other], values[other ^ 1] = 1, -1
                    trail[end] = other
                    place[other >> 1] = end
                    reasons[other >> 1] = node >> 3
                    end += 1
                    if pending:  # back to the needed clauses first; they do not touch this list
                        resume = follower
                        break
            node = follower


@compiled
def _more(buffer: Offsets, count: int) -> Offsets:
    if count < len(buffer):
        return buffer
    larger = np.empty(2 * len(buffer), dtype=np.int64)
    larger[:count] = buffer[:count]
    return larger


@compiled
def trim(
    lits: Ints, starts: Offsets, sizes: Ints, deletes: Flags, deleted: Ints, goals: Flags, axioms: int, literals: int,
) -> tuple[int, int, Flags, Offsets, Offsets, Offsets, Ints]:  # fmt: skip
    """Confirm the goals, and the empty clause where the root meets a conflict (without goals it must).

    Gives: the outcome (PROVEN, NOT_CLOSED or the line that is not implied), the last line that was looked at, which
    lines are needed, and the steps in reverse: names, ends in the hints, hints, and the root trail. A name below the
    number of lines is that line, `lines + k` is the root literal at place k of the trail, and -1 is the empty clause.
    """
    lines = len(sizes)
    values = np.zeros(literals, dtype=np.int8)
    place = np.zeros(literals // 2 + 1, dtype=np.int32)
    reasons = np.full(literals // 2 + 1, -1, dtype=np.int32)
    trail = np.zeros(literals // 2 + 1, dtype=np.int32)
    wanted = np.zeros(literals // 2 + 1, dtype=np.int8)  # by place in the root trail
    heads = np.full(2 * literals, -1, dtype=np.int32)
    book = np.full(8 * lines, -1, dtype=np.int32)
    for line in range(lines):
        book[8 * line + 6], book[8 * line + 7] = starts[line], sizes[line]
    needed = np.zeros(lines, dtype=np.int8)
    begins = np.zeros(lines, dtype=np.int32)  # the root trail's length before the line
    nothing = len(trail) - len(wanted)  # 0, of a type that is not that of a constant: each helper is compiled once
    end, conflict, last = nothing, -1, lines - 1

    for line in range(lines):
        begins[line] = end
        if deletes[line]:
            gone = int(deleted[line])
            if gone >= 0:
                for k in range(starts[gone], starts[gone] + sizes[gone]):
                    if values[lits[k]] > 0 and reasons[lits[k] >> 1] == gone:
                        deleted[line] = -1
                        break
                if deleted[line] >= 0:
                    _detach(gone, heads, book)
            continue
        best, low = _attach(line, lits, values, place, heads, book, needed)
        if best < 0 or values[best] < 0:
            conflict, last = line, line
            break
        if values[best] == 0 and low < OUTSIDE:
            values[best], values[best ^ 1] = 1, -1
            trail[end] = best
            place[best >> 1] = end
            reasons[best >> 1] = line
            conflict, end = _propagate(end, end + 1, lits, values, place, trail, reasons, heads, book)
            if conflict >= 0:
                last = line
                break

    root = trail[:end].copy()
    names = np.empty(1024, dtype=np.int64)
    ends = np.empty(1024, dtype=np.int64)
    hints = np.empty(4096, dtype=np.int64)
    chain = np.empty(literals // 2 + 1, dtype=np.int64)
    stamp = np.zeros(literals // 2 + 1, dtype=np.int32)  # variables met in the analysis of the round
    own = np.zeros(literals, dtype=np.int32)  # literals of the line under test in the round
    steps, filled, rounds = nothing, nothing, 0
    if conflict < 0 and not goals.any():
        return NOT_CLOSED, last, needed, names[:0], ends[:0], hints[:0], root

    for line in range(last, -1, -1):
        if deletes[line]:
            gone = int(deleted[line])
            if gone >= 0:
                _attach(gone, lits, values, place, heads, book, needed)
            continue
        closing = line == last and conflict >= 0
        while True:
            # The empty clause first, then the root literals that this line gave, then the line itself.
            testing, true = False, -1
            if closing:
                name, clash = -1, conflict
            elif end > begins[line]:
                end -= 1
                lit = trail[end]
                values[lit] = values[lit ^ 1] = 0
                clash = int(reasons[lit >> 1])
                if wanted[end] == 0:
                    continue
                if sizes[clash] == 1:
                    continue  # it is a unit clause itself
                name = lines + end
            else:
                _detach(line, heads, book)
                if line < axioms or not (needed[line] or goals[line]):
                    break
                name, testing, clash = line, True, -1
            rounds += 1
            top = end
            if testing:
                for k in range(starts[line], starts[line] + sizes[line]):
                    lit = lits[k]
                    own[lit] = rounds
                    if values[lit] > 0:
                        true = lit
                    elif values[lit] == 0:
                        values[lit], values[lit ^ 1] = -1, 1
                        trail[top] = lit ^ 1
                        place[lit >> 1] = top
                        reasons[lit >> 1] = -1
                        top += 1
                if true < 0:
                    clash, top = _propagate(end, top, lits, values, place, trail, reasons, heads, book)
                    if clash < 0:
                        return line, last, needed, names[:0], ends[:0], hints[:0], root
                elif place[true >> 1] >= end:
                    return line, last, needed, names[:0], ends[:0], hints[:0], root  # x and not x: no solver needs it
                else:
                    own[true ^ 1] = 0
            # What the conflict needed: root literals by their unit steps, the others by their reasons in trail order.
            links = 0
            hop, cause = top, clash
            while True:
                if cause >= 0:
                    chain[links] = cause
                    links += 1
                    if cause != line or not testing:
                        _need(cause, heads, book, needed)
                    size = sizes[cause]
                else:
                    size = 1
                for k in range(size):
                    lit = lits[starts[cause] + k] if cause >= 0 else true ^ 1
                    var = lit >> 1
                    if stamp[var] == rounds or values[lit] >= 0:
                        continue
                    stamp[var] = rounds
                    if place[var] < end and own[lit] != rounds:
                        reason = int(reasons[var])
                        wanted[place[var]] = 1
                        hints = _more(hints, filled)
                        if sizes[reason] == 1:
                            hints[filled] = reason
                            _need(reason, heads, book, needed)
                        else:
                            hints[filled] = lines + place[var]
                        filled += 1
                hop -= 1
                while hop >= end and not (stamp[trail[hop] >> 1] == rounds and reasons[trail[hop] >> 1] >= 0):
                    hop -= 1
                if hop < end:
                    break
                cause = int(reasons[trail[hop] >> 1])
            for k in range(links - 1, -1, -1):
                hints = _more(hints, filled)
                hints[filled] = chain[k]
                filled += 1
            while top > end:
                top -= 1
                values[trail[top]] = values[trail[top] ^ 1] = 0
            names, ends = _more(names, steps), _more(ends, steps)
            names[steps], ends[steps] = name, filled
            steps += 1
            closing = False
            if testing:
                break
    return PROVEN, last, needed, names[:steps], ends[:steps], hints[:filled], root


@compiled
def decode_lrat(
    data: npt.NDArray[np.uint8], lits: Ints, starts: Offsets, hints: Offsets, hint_starts: Offsets, names: Offsets
) -> tuple[int, int]:
    """Binary LRAT without deletions: `a`, the name, literals, 0, hints, 0; numbers as in binary DRAT. Gives lines and -1,
    or -1 and the place of what is not such a line. The arrays hold an item for each byte.
    """
    at, line, count, given = 0, 0, 0, 0
    while at < len(data):
        kind = data[at]
        if kind != 0x61 and kind != 0x64:
            return -1, at
        at += 1
        part = 0 if kind == 0x61 else 2  # 0 the name, 1 literals, 2 hints or deleted names
        if part == 0:
            starts[line], hint_starts[line] = count, given
        while True:
            value, shift = 0, 0
            while at < len(data) and data[at] >= 128 and shift < 49:
                value |= (data[at] & 127) << shift
                shift += 7
                at += 1
            if at >= len(data) or data[at] >= 128:
                return -1, at
            value |= (data[at] & 127) << shift
            at += 1
            if part == 0:
                names[line] = value >> 1
                part = 1
            elif part == 1:
                if value == 0:
                    part = 2
                elif value == 1 or value >= OUTSIDE:
                    return -1, at
                else:
                    lits[count] = value
                    count += 1
            elif value == 0:
                break
            elif kind == 0x61:
                hints[given] = -(value >> 1) if value & 1 else value >> 1
                given += 1
        if kind == 0x61:
            line += 1
    starts[line], hint_starts[line] = count, given
    return line, -1


@compiled
def follow(
    lits: Ints,
    starts: Offsets,
    sizes: Ints,
    hints: Offsets,
    hint_starts: Offsets,
    axioms: int,
    last: int,
    literals: int,
) -> tuple[int, Flags, Offsets, Offsets, Offsets]:
    """Line `last` and what it needs, by the hints of each line (lines below `axioms` have none), the last line first.

    Hints that a conflict does not need are left out. Gives what `trim` gives: the outcome, the needed lines, names, ends
    and hints of the steps in reverse.
    """
    values = np.zeros(literals, dtype=np.int8)
    trail = np.zeros(literals, dtype=np.int32)
    causes = np.zeros(literals, dtype=np.int64)
    stamp = np.zeros(literals // 2 + 1, dtype=np.int32)
    needed = np.zeros(len(sizes), dtype=np.int8)
    needed[last] = 1
    names = np.empty(1024, dtype=np.int64)
    ends = np.empty(1024, dtype=np.int64)
    kept = np.empty(4096, dtype=np.int64)
    steps, filled, rounds = 0, 0, 0
    for line in range(last, axioms - 1, -1):
        if needed[line] == 0:
            continue
        rounds += 1
        end, clash = 0, -1
        for k in range(starts[line], starts[line] + sizes[line]):
            lit = lits[k]
            if values[lit] > 0:
                return line, needed, names[:0], ends[:0], kept[:0]
            if values[lit] == 0:
                values[lit], values[lit ^ 1] = -1, 1
                trail[end], causes[end] = lit ^ 1, -1
                end += 1
        for h in range(hint_starts[line - axioms], hint_starts[line - axioms + 1]):
            hint = hints[h]
            if hint < 0 or hint >= line:
                break
            unit, open_ = -1, 0
            for k in range(starts[hint], starts[hint] + sizes[hint]):
                lit = lits[k]
                if values[lit] >= 0 and lit != unit:
                    unit = lit
                    open_ += 1
            if open_ == 0:
                clash = hint
                break
            if open_ == 1 and values[unit] == 0:
                values[unit], values[unit ^ 1] = 1, -1
                trail[end], causes[end] = unit, hint
                end += 1
        if clash < 0:
            return line, needed, names[:0], ends[:0], kept[:0]
        begin, cause = filled, clash
        while True:
            kept = _more(kept, filled)
            kept[filled] = cause
            filled += 1
            needed[cause] = 1
            for k in range(starts[cause], starts[cause] + sizes[cause]):
                stamp[lits[k] >> 1] = rounds
            end -= 1
            while end >= 0 and not (causes[end] >= 0 and stamp[trail[end] >> 1] == rounds):
                values[trail[end]] = values[trail[end] ^ 1] = 0
                end -= 1
            if end < 0:
                break
            values[trail[end]] = values[trail[end] ^ 1] = 0
            cause = causes[end]
        kept[begin:filled] = kept[begin:filled][::-1].copy()
        names, ends = _more(names, steps), _more(ends, steps)
        names[steps], ends[steps] = line, filled
        steps += 1
    return PROVEN, needed, names[:steps], ends[:steps], kept[:filled]
