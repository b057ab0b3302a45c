"""The families of circuits that can be built by name and width."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from trix_circuits.compose import adder, arithmetic, comparator, multiplier, popcount, words
from trix_circuits.errors import InputError, LimitError
from trix_circuits.evidence.prover import Draft
from trix_circuits.logic.formats import WeightFormat

OBJECTIVES = ("size", "depth")
Generator = Callable[..., Draft]


@dataclass(frozen=True)
class Family:
    """A generator of drafts from (format, bits, max_fan_in) and options of its own; `shallow` is the low-depth one."""

    about: str
    make: Generator
    max_bits: int
    options: tuple[str, ...] = ()
    shallow: Generator | None = None


FAMILIES: dict[str, Family] = {
    "adder": Family("sum = a + b + cin", arithmetic.adder, 1 << 14, shallow=adder.adder),
    "subtractor": Family("diff = a - b - bin, with a borrow", arithmetic.subtractor, 1 << 14, shallow=adder.subtractor),
    "addsub": Family("a + b, or a - b where sub is 1", arithmetic.addsub, 1 << 13, shallow=adder.addsub),
    "incrementer": Family("y = a + 1", arithmetic.incrementer, 1 << 14, shallow=adder.incrementer),
    "comparator": Family("a < b, a <= b, a == b", words.comparator, 1 << 13, ("relation",), comparator.comparator),
    "mux": Family("one of several words", words.mux, 1 << 12, ("ways",)),
    "decoder": Family("y = 1 << a", words.decoder, 12),
    "encoder": Family("the position of the one among x", words.encoder, 1 << 9),
    "priority": Family("the position of the highest one in x", words.priority, 1 << 9),
    "shifter": Family("y = a << amount, or >>", words.shifter, 1 << 9, ("direction",)),
    "popcount": Family("the number of ones in x", arithmetic.popcount, 1 << 14, shallow=popcount.popcount),
    "parity": Family("the number of ones in x, modulo 2", arithmetic.parity, 1 << 14, shallow=popcount.parity),
    "multiplier": Family("product = a * b", arithmetic.multiplier, 128, shallow=multiplier.multiplier),
    "abs": Family("the magnitude of a two's complement number", arithmetic.absolute, 1 << 13),
    "min": Family("the lesser of a and b", words.minimum, 1 << 12),
    "max": Family("the greater of a and b", words.maximum, 1 << 12),
    "alu": Family("add, subtract, compare, pass, and, or, xor, nor", words.alu, 1 << 10),
}


def draft(
    family: str,
    form: WeightFormat,
    bits: int,
    *,
    objective: str = "size",
    max_fan_in: int | None = None,
    **options: Any,
) -> Draft:
    """The draft of a family member. Raises InputError for what cannot be, LimitError for what is too wide."""
    found = FAMILIES.get(family)
    if found is None:
        import difflib

        close = difflib.get_close_matches(family, FAMILIES, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise InputError(f"family must be one of {', '.join(FAMILIES)}, not {family!r}{hint}")
    if objective not in OBJECTIVES:
        raise InputError(f"objective must be one of {', '.join(OBJECTIVES)}, not {objective!r}")
    if bits < 1:
        raise InputError(f"bits must be at least 1, not {bits}")
    if bits > found.max_bits:
        raise LimitError(f"family {family} takes at most {found.max_bits} bits, not {bits}")
    given = {name: value for name, value in options.items() if value is not None}
    strange = [name for name in given if name not in found.options]
    if strange:
        raise InputError(f"family {family} has no option {strange[0]}")
    best = found.make(form, bits, max_fan_in, **given)
    if objective == "depth" and found.shallow is not None:
        flat = found.shallow(form, bits, max_fan_in, **given)
        if flat.netlist.depth < best.netlist.depth:
            best = flat
    origin = {"family": family, "bits": bits, "objective": objective, "max_fan_in": max_fan_in, "options": given}
    return replace(best, origin=origin)


def draft_from_origin(origin: Mapping[str, Any], form: WeightFormat) -> Draft | None:
    """The draft that a file says it comes from, if it names a family."""
    family, bits, options = origin.get("family"), origin.get("bits"), origin.get("options", {})
    if not isinstance(family, str) or type(bits) is not int or not isinstance(options, dict):
        return None
    objective, fan_in = origin.get("objective", "size"), origin.get("max_fan_in")
    if fan_in is not None and type(fan_in) is not int:
        return None
    return draft(family, form, bits, objective=str(objective), max_fan_in=fan_in, **options)
