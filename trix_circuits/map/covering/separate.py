"""Identification of threshold functions: weights and a bias of a format that tell on-rows from off-rows.

Rows are bit patterns over some columns; patterns that occur in neither list are don't-cares. `separate` decides the
columns one by one, the most correlated first, by depth-first search over the values of the format. The rows are sorted
so that, after d columns are decided, rows which agree in all undecided columns stand together: among these every
on-row must have a larger partial sum than every off-row, whatever the rest will be. This necessary condition covers
all comparisons of cofactors (unateness, 2-monotonicity and so on: Muroga, Threshold Logic and Its Applications, 1971),
so that functions without weights fail early; at the last column it is the definition itself, so what is found is right.

For a function without don't-cares the order of the Chow parameters is the order of the weights (Chow 1961), and equal
parameters mean interchangeable inputs: the search tries equal weights there first, then non-increasing ones, then any.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trix_circuits.logic.formats import WeightFormat
from trix_circuits.map.compiled import MINUS_ONE, ZERO, compiled, constant

Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
MAX_COLUMNS = 24
MAX_MAGNITUDES = 16
_BIG = constant(1 << 60)
_ROW_LIMIT = 400_000  # nodes times rows of one search


def magnitudes_of(form: WeightFormat) -> tuple[Integers, Integers, Integers]:
    """The sizes of positive and of negative weights (at most 16 each, smallest first) and all biases, ascending."""
    positive = sorted(w for w in form.weights if w > 0)[:MAX_MAGNITUDES]
    negative = sorted(-w for w in form.weights if w < 0)[:MAX_MAGNITUDES]
    parts = (positive, negative, sorted(form.biases))
    a, b, c = (np.array(part, dtype=np.int64) for part in parts)
    return a, b, c


@compiled
def sort_ascending(values: Integers) -> None:
    """Heap sort, in place: numpy's sorts take seconds to compile."""
    n = len(values)
    start, end = n // 2, n
    while end > 1:
        if start > 0:
            start -= 1
        else:
            end -= 1
            values[0], values[end] = values[end], values[0]
        root = start
        while 2 * root + 1 < end:
            child = 2 * root + 1
            if child + 1 < end and values[child] < values[child + 1]:
                child += 1
            if values[root] >= values[child]:
                break
            values[root], values[child] = values[child], values[root]
            root = child


@compiled
def place_of(values: Integers, value: int) -> int:
    """The index of a value among ascending ones, or -1."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low if low < len(values) and values[low] == value else -1


@compiled
def bias_between(biases: Integers, low: int, high: int) -> int:
    """The index of the bias nearest the middle of [low, high], or -1 if there is none in it."""
    best, distance = -1, _BIG
    for k in range(len(biases)):
        b = biases[k]
        if low <= b <= high:
            d = abs(2 * b - low - high) if low > -_BIG and high < _BIG else abs(b)
            if d < distance:
                best, distance = k, d
    return best


@compiled
def separate(
    on: Words,
    off: Words,
    columns: int,
    positive: Integers,
    negative: Integers,
    biases: Integers,
    node_limit: int,
    weights: Integers,
) -> int:
    """Find weights (written to `weights[:columns]`) for the distinct patterns `on` and `off`; the index of the bias, or -1.

    -1 means that `node_limit` nodes of the search found no gate of the format, -2 that only a bias is wanting.
    """
    count_on, count_off = len(on), len(off)
    rows = count_on + count_off
    for c in range(columns):
        weights[c] = 0
    if count_on == 0:
        return bias_between(biases, -_BIG, MINUS_ONE)
    if count_off == 0:
        return bias_between(biases, ZERO, _BIG)
    # Chow parameters (up to a common shift and scale), and the order that they give
    chow = np.zeros(columns, np.int64)
    one = np.uint64(1)
    for c in range(columns):
        shift = np.uint64(c)
        ones_on, ones_off = 0, 0
        for r in range(count_on):
            ones_on += int((on[r] >> shift) & one)
        for r in range(count_off):
            ones_off += int((off[r] >> shift) & one)
        chow[c] = ones_on * count_off - ones_off * count_on
    order = np.arange(columns)
    for c in range(1, columns):
        at = c
        while at > 0 and abs(chow[order[at]]) > abs(chow[order[at - 1]]):
            order[at], order[at - 1] = order[at - 1], order[at]
            at -= 1
    # rows by pattern, with bit d of a pattern being the column decided d-th
    pattern = np.zeros(rows, np.int64)
    for r in range(rows):
        word = on[r] if r < count_on else off[r - count_on]
        value = 0
        for d in range(columns):
            value |= int((word >> np.uint64(order[d])) & one) << d
        pattern[r] = 2 * value + (1 if r < count_on else 0)
    sort_ascending(pattern)
    is_on = np.zeros(rows, np.bool_)
    for r in range(rows):
        is_on[r] = pattern[r] & 1
        pattern[r] >>= 1
        if r and pattern[r] == pattern[r - 1]:
            return -1  # the same row is on and off
    complete = rows == 1 << columns  # and pattern[r] == r
    # a column whose change alone turns a row on or off has that sign
    rises, falls = np.zeros(columns, np.bool_), np.zeros(columns, np.bool_)
    for d in range(columns):
        bit = 1 << d
        for r in range(rows):
            if not pattern[r] & bit:
                at = r | bit if complete else place_of(pattern, pattern[r] | bit)
                if at >= 0 and is_on[at] != is_on[r]:
                    if is_on[at]:
                        rises[d] = True
                    else:
                        falls[d] = True
        if rises[d] and falls[d]:
            return -1
    # how many times the weights must still fall after each column
    falls_left = np.zeros(columns + 1, np.int64)
    if complete:
        for d in range(columns):
            for e in range(d + 1, columns):
                if not (rises[d] or falls[d]) or not (rises[e] or falls[e]):
                    continue
                both = 1 << d | 1 << e
                # with both inputs oriented to rise, the later one alone must not do more than the earlier one alone
                later = (1 << d if falls[d] else 0) | (1 << e if rises[e] else 0)
                for r in range(rows):
                    if r & both == later and is_on[r] and not is_on[r ^ both]:
                        return -1
        for d in range(columns - 2, -1, -1):
            falls_left[d] = falls_left[d + 1] + (abs(chow[order[d]]) != abs(chow[order[d + 1]]))
    node_limit = min(node_limit, 1 + _ROW_LIMIT // rows)
    sums = np.zeros((columns + 1, rows), np.int64)
    choice = np.zeros(columns + 1, np.int64)
    value_of = np.zeros(columns, np.int64)
    answer = -1
    for attempt in range(3):
        if attempt == 2 and complete:
            break  # non-increasing weights lose nothing there
        nodes = 0
        depth = 0
        choice[0] = 0
        while depth >= 0:
            if nodes > node_limit:
                break
            # the next value for column `depth`: 0 (where it is free), then the likely sign, then the other
            d = depth
            k = choice[d]
            choice[d] += 1
            likely = rises[d] or (not falls[d] and chow[order[d]] >= 0)
            first = positive if likely else negative
            second = negative if likely else positive
            free = not rises[d] and not falls[d]
            if free:
                k -= 1
            if k == -1:
                size, w = 0, 0
            elif k < len(first):
                size = first[k]
                w = size if likely else -size
            elif free and k < len(first) + len(second) and not complete:
                size = second[k - len(first)]
                w = -size if likely else size
            else:
                depth -= 1
                continue
            if d > 0 and attempt < 2:
                before = abs(value_of[d - 1])
                if attempt == 0 and abs(chow[order[d]]) == abs(chow[order[d - 1]]):
                    if size != before and not (size == 0 or before == 0):
                        continue
                if size > before:
                    continue
            if complete and k < falls_left[d] - (0 if rises[columns - 1] or falls[columns - 1] else 1):
                continue
            nodes += 1
            value_of[d] = w
            r = 0
            fits = True
            low_on, high_off = _BIG, -_BIG
            while r < rows:
                group = pattern[r] >> (d + 1)
                low_on, high_off = _BIG, -_BIG
                while r < rows and pattern[r] >> (d + 1) == group:
                    total = sums[d, r] + (w if pattern[r] >> d & 1 else 0)
                    sums[d + 1, r] = total
                    if is_on[r]:
                        if total < low_on:
                            low_on = total
                    elif total > high_off:
                        high_off = total
                    r += 1
                if low_on <= high_off:
                    fits = False
                    break
            if not fits:
                continue
            if d + 1 < columns:
                depth += 1
                choice[depth] = 0
                continue
            bias = bias_between(biases, -low_on, -high_off - 1)
            if bias >= 0:
                for c in range(columns):
                    weights[order[c]] = value_of[c]
                return bias
            answer = -2
    return answer
