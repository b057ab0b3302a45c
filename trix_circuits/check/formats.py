"""Formats with well-known names: what each code means. A file that uses such a name must have these values."""

Table = list[int | None]  # the value of each code in units of the format, or None where it has none
NF4: Table = [
    *(-134217728, -93441416, -70474112, -53004928, -38177076, -24799870, -12220529, 0),
    *(10681087, 21599686, 33032634, 45354216, 59151072, 75513176, 97033624, 134217728),
]


def _small_float(mantissa: int, finite: int, others: int = 0) -> Table:
    """The codes of a sign, an exponent and a mantissa in units of the smallest number, so many of each sign finite."""
    low = 1 << mantissa
    half = [code if code < low else (low | code % low) << (code >> mantissa) - 1 for code in range(finite)]
    gap: Table = [None] * others
    return [*half, *gap, *(-value for value in half), *gap]


def known_formats() -> dict[str, tuple[str, Table, Table]]:
    """Names with a fixed sense: the unit, and the weight and the bias of each code in units. Others go by the file."""
    trits: Table = [0, 1, None, -1]
    ints: dict[int, Table] = {bits: [*range(1 << bits - 1), *range(-1 << bits - 1, 0)] for bits in range(2, 9)}
    same = {f"int{bits}": ("1", codes) for bits, codes in ints.items()}
    same |= {"e2m1": ("1/2", _small_float(1, 8)), "e2m3": ("1/8", _small_float(3, 32))}
    same |= {"e3m2": ("1/16", _small_float(2, 32)), "e4m3": ("1/512", _small_float(3, 127, 1))}
    same |= {"ternary-strict": ("1", trits), "nf4": ("1/134217728", NF4)}
    found = {name: (unit, codes, codes) for name, (unit, codes) in same.items()}
    return found | {
        "ternary": ("1", trits, ints[8]),
        "trix-fp4": ("1/2", [-2, 0, 2], [-5, -3, -1, 1, 3]),
        "fp4": found["e2m1"],
    }
