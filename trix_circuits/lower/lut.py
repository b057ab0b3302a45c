"""Three-input lookup tables, the one kind of operation that a lane program has.

A table is 8 bits: bit r is the value at row r = a + 2b + 4c. It is one instruction where the machine has ternary logic
(AVX-512 `vpternlog`, CUDA `LOP3`), and a few of AND, AND-NOT, OR, XOR elsewhere (`binary_form`). Literals are as in
AIGER: 2 * value + complement; value 0 is constant false.

Normal form: operands are values, distinct, ascending, the unused ones last and 0; the table does not depend on the
unused ones; and the table is 0 at row 0. Every value is therefore 0 where all inputs are 0, so that two values which
are equal up to complement are equal, and AND, AND-NOT, OR and XOR, which keep 0 at row 0, express all of them.
"""

from __future__ import annotations

from functools import cache

FALSE, TRUE = 0, 1
XOR3, MAJ3, AND3, MUX3 = 0x96, 0xE8, 0x80, 0xCA  # MUX3: c ? b : a is 0xCA with a at bit 0
AND2, OR2, XOR2 = 0x88, 0xEE, 0x66
_SPREAD = (0x55, 0x33, 0x0F)  # the rows where operand k is 0


def _negated(table: int, flags: int) -> int:
    return sum((table >> (row ^ flags) & 1) << row for row in range(8))


def _permuted(table: int, order: tuple[int, int, int]) -> int:
    """The table whose operand k stands where operand order[k] stood."""
    bits = 0
    for row in range(8):
        source = sum((row >> k & 1) << order[k] for k in range(3))
        bits |= (table >> source & 1) << row
    return bits


NEGATED = tuple(tuple(_negated(table, flags) for table in range(256)) for flags in range(8))
SWAP_AB = tuple(_permuted(table, (1, 0, 2)) for table in range(256))
SWAP_BC = tuple(_permuted(table, (0, 2, 1)) for table in range(256))


def canonical(table: int, a: int, b: int, c: int) -> tuple[int, int, int, int, int]:
    """The normal form (table, value a, value b, value c, complement) of a table over three literals."""
    table = NEGATED[a & 1 | (b & 1) << 1 | (c & 1) << 2][table]
    a, b, c = a >> 1, b >> 1, c >> 1
    if not a:
        table = (table & 0x55) * 3
    if not b:
        table = (table & 0x33) * 5
    if not c:
        table = (table & 0x0F) * 17
    if a == b and a:  # b follows a: rows 0, 3, 4, 7 stay
        table = (table & 0x11) * 5 | (table & 0x88) // 4 * 5
        b = 0
    if c and a == c:  # rows a = c = 0 and a = c = 1
        table = (table & 0x05) * 17 | (table & 0xA0) // 16 * 17
        c = 0
    if c and b == c:
        table = (table & 0x03) * 17 | (table & 0xC0) // 16 * 17
        c = 0
    if a and not (table ^ table >> 1) & 0x55:
        a = 0
    if b and not (table ^ table >> 2) & 0x33:
        b = 0
    if c and not (table ^ table >> 4) & 0x0F:
        c = 0
    if b and (not a or b < a):
        table, a, b = SWAP_AB[table], b, a
    if c and (not b or c < b):
        table, b, c = SWAP_BC[table], c, b
        if not a or b < a:
            table, a, b = SWAP_AB[table], b, a
    if table & 1:
        return table ^ 0xFF, a, b, c, 1
    return table, a, b, c, 0


def apply(table: int, a: int, b: int, c: int, ones: int) -> int:
    """The table over three planes held as integers; `ones` is the plane of all ones."""
    result = 0
    for row in range(8):
        if table >> row & 1:
            result |= (a if row & 1 else ones ^ a) & (b if row & 2 else ones ^ b) & (c if row & 4 else ones ^ c)
    return result


AND, ANDN, OR, XOR = 0, 1, 2, 3  # ANDN is a & ~b
Form = tuple[tuple[int, int, int], ...]


@cache
def _formulas() -> dict[int, tuple[int, int, int, int]]:
    """Of each table that is 0 at row 0: (operations, operation, left table, right table) of a smallest formula."""
    best: dict[int, tuple[int, int, int, int]] = dict.fromkeys((0, 170, 204, 240), (0, -1, 0, 0))
    levels = [[0xAA, 0xCC, 0xF0]]
    while len(best) < 128:
        cost = len(levels)
        found: list[int] = []
        for low in range((cost + 1) // 2):
            high = cost - 1 - low
            for x in levels[low]:
                for y in levels[high]:
                    # XOR first: a full adder's sum and carry then share it
                    for table, op, left, right in (
                        (x ^ y, XOR, x, y), (x & y, AND, x, y), (x | y, OR, x, y),
                        (x & ~y, ANDN, x, y), (y & ~x, ANDN, y, x),
                    ):  # fmt: skip
                        if table not in best:
                            best[table] = (cost, op, left, right)
                            found.append(table)
        levels.append(found)
    return best


@cache
def binary_form(table: int) -> Form:
    """Two-input operations (op, left, right) for a table in normal form; operands 0, 1, 2 are a, b, c, then results.

    As few operations as a formula takes; the majority is written so that a full adder shares a ^ b: five in all.
    """
    if table == MAJ3:
        return ((XOR, 0, 1), (AND, 3, 2), (AND, 0, 1), (OR, 4, 5))
    if table == XOR3:
        return ((XOR, 0, 1), (XOR, 3, 2))
    formulas = _formulas()
    steps: list[tuple[int, int, int]] = []
    place = {0xAA: 0, 0xCC: 1, 0xF0: 2}
    stack = [table]
    while stack:
        want = stack[-1]
        if want in place:
            stack.pop()
            continue
        _, op, left, right = formulas[want]
        missing = [part for part in (left, right) if part not in place]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        place[want] = 3 + len(steps)
        steps.append((op, place[left], place[right]))
    return tuple(steps)
