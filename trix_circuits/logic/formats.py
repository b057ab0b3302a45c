"""Formats: the finite sets of values that weights and biases may take, as integers in units.

A format is two tables, code -> value, in multiples of its unit, so that every computation that matters is integer
arithmetic. Nothing is ever rounded: a value that a format does not have is refused.

Sources: E2M1, E2M3, E3M2 and E4M3 are the OCP Microscaling (MX) v1.0 and OFP8 v1.0 element formats; NF4 is the
NormalFloat data type of Dettmers et al., "QLoRA", NeurIPS 2023, its 16 float32 values taken as exact rationals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from trix_circuits.errors import InputError

Table = tuple[int | None, ...]


@dataclass(frozen=True)
class WeightFormat:
    """Weights and biases by code, in integer multiples of `unit`; None marks a code without a value.

    `weight_codes[c]` is the weight of code c, `bias_codes[c]` the bias of code c.
    """

    name: str
    unit: Fraction
    weight_codes: Table
    bias_codes: Table
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight_codes", tuple(self.weight_codes))  # a list could be changed later
        object.__setattr__(self, "bias_codes", tuple(self.bias_codes))
        for what, table in (("weights", self.weight_codes), ("biases", self.bias_codes)):
            if not 2 <= len(table) <= 256:
                raise InputError(f"format {self.name}: {what} must have 2 to 256 codes, not {len(table)}")
            if all(value is None for value in table):
                raise InputError(f"format {self.name}: {what} must have a value")
        if self.unit <= 0:
            raise InputError(f"format {self.name}: the unit must be positive, not {self.unit}")

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """All weights, ascending, in units."""
        return tuple(sorted({value for value in self.weight_codes if value is not None}))

    @cached_property
    def biases(self) -> tuple[int, ...]:
        """All biases, ascending, in units."""
        return tuple(sorted({value for value in self.bias_codes if value is not None}))

    @cached_property
    def weight_set(self) -> frozenset[int]:
        return frozenset(self.weights)

    @cached_property
    def bias_set(self) -> frozenset[int]:
        return frozenset(self.biases)

    @property
    def weight_bits(self) -> int:
        """Bits that one stored weight takes."""
        return (len(self.weight_codes) - 1).bit_length()

    @property
    def bias_bits(self) -> int:
        """Bits that one stored bias takes."""
        return (len(self.bias_codes) - 1).bit_length()

    def value(self, units: int) -> Fraction:
        """The number that so many units are."""
        return units * self.unit


def _small_float(exponent_bits: int, mantissa_bits: int, without: Sequence[int] = ()) -> Table:
    """All codes of a sign-exponent-mantissa format with subnormals, in units of the smallest subnormal."""
    magnitudes: list[int | None] = []
    for code in range(1 << exponent_bits + mantissa_bits):
        exponent, mantissa = code >> mantissa_bits, code & (1 << mantissa_bits) - 1
        value = mantissa if exponent == 0 else (mantissa | 1 << mantissa_bits) << exponent - 1
        magnitudes.append(None if code in without else value)
    return (*magnitudes, *(None if value is None else -value for value in magnitudes))


def _two_complement(bits: int) -> Table:
    return (*range(1 << bits - 1), *range(-(1 << bits - 1), 0))


def _in_units(values: Sequence[Fraction], *more: Sequence[Fraction]) -> tuple[Fraction, list[tuple[int, ...]]]:
    """The largest unit of which all values are multiples, and each list in that unit."""
    everything = [value for part in (values, *more) for value in part if value]
    if not everything:
        raise InputError("a format must have a value other than 0")
    scale = lcm(*(value.denominator for value in everything))
    step = gcd(*(int(value * scale) for value in everything))
    unit = Fraction(step, scale)
    return unit, [tuple(int(value / unit) for value in part) for part in (values, *more)]


_NF4 = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
_TRITS: Table = (0, 1, None, -1)


def _built_in() -> dict[str, WeightFormat]:
    nf4_unit, (nf4,) = _in_units([Fraction(value) for value in _NF4])
    e2m1 = _small_float(2, 1)
    found = [
        WeightFormat("e2m1", Fraction(1, 2), e2m1, e2m1, "OCP FP4; the bias is FP4 too; also called fp4"),
        WeightFormat("ternary", Fraction(1), _TRITS, _two_complement(8), "2-bit weights, int8 bias"),
        WeightFormat("ternary-strict", Fraction(1), _TRITS, _TRITS, "weights and bias in 2 bits"),
        WeightFormat("nf4", nf4_unit, nf4, nf4, "QLoRA's NormalFloat values as exact float32 rationals"),
        WeightFormat(
            "trix-fp4", Fraction(1, 2), (-2, 0, 2), (-5, -3, -1, 1, 3), "the look-up tables of TriX .fp4 files"
        ),
    ]
    for bits in range(2, 9):
        codes = _two_complement(bits)
        found.append(WeightFormat(f"int{bits}", Fraction(1), codes, codes, f"{bits}-bit two's complement"))
    for name, exponent, mantissa, without in (("e2m3", 2, 3, ()), ("e3m2", 3, 2, ()), ("e4m3", 4, 3, (127,))):
        codes = _small_float(exponent, mantissa, without)
        unit = Fraction(1, 1 << (1 << exponent - 1) - 2 + mantissa)
        found.append(WeightFormat(name, unit, codes, codes, "OCP small float, finite values"))
    return {entry.name: entry for entry in found}


_FORMATS = _built_in()
_ALIASES = {"fp4": "e2m1"}


def format_names() -> tuple[str, ...]:
    """Names of all known formats, without aliases."""
    return tuple(_FORMATS)


def get_format(name: str | WeightFormat) -> WeightFormat:
    """The format of this name or alias (case does not matter); raises InputError if there is none."""
    if isinstance(name, WeightFormat):
        return name
    key = name.lower()
    found = _FORMATS.get(_ALIASES.get(key, key))
    if found is None:
        raise InputError(f"format must be one of {', '.join((*_FORMATS, *_ALIASES))}, not {name!r}")
    return found


def make_format(
    name: str, weights: Iterable[Fraction | int | str], biases: Iterable[Fraction | int | str] | None = None
) -> WeightFormat:
    """A format from two value lists (biases = weights if not given), 0 being added to the weights if it is missing.

    Values are exact: integers, fractions, or decimal strings such as "0.5".
    """
    try:
        weight_values = [Fraction(value) for value in weights]
        bias_values = weight_values if biases is None else [Fraction(value) for value in biases]
    except (ValueError, ZeroDivisionError, TypeError) as error:
        raise InputError(f"format {name}: a value must be an exact number, not so: {error}") from None
    if 0 not in weight_values:
        weight_values = [*weight_values, Fraction(0)]
    unit, (weight_units, bias_units) = _in_units(weight_values, bias_values)
    if len(bias_units) == 1:
        bias_units = bias_units * 2  # a table needs two codes
    return WeightFormat(name, unit, weight_units, bias_units, "registered by the user")


def register_format(
    name: str, weights: Iterable[Fraction | int | str], biases: Iterable[Fraction | int | str] | None = None
) -> WeightFormat:
    """Make a format known under a name for this process; a built-in name cannot be taken."""
    key = name.lower()
    if key in _ALIASES or (key in _FORMATS and not _FORMATS[key].note.startswith("registered")):
        raise InputError(f"format name {name!r} is taken")
    _FORMATS[key] = make_format(key, weights, biases)
    return _FORMATS[key]
