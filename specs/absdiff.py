"""A spec in Python: the distance of two numbers. `trix-circuits compile specs/absdiff.py -o absdiff.trix`."""

from trix_circuits.trace import Bits, circuit


@circuit
def absdiff(a: Bits[8], b: Bits[8]) -> Bits[8]:
    """|a - b|"""
    return (a - b if a >= b else b - a).wrap(8)
