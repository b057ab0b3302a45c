"""Bit-exact packing of weights: codes of b bits each, lowest bits first, and the denser ternary layouts.

With 4 bits this is the OCP layout of two E2M1 codes a byte, element 0 in the low nibble, the one that
`torch.float4_e2m1fn_x2` views. Decoding refuses what encoding could not have written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from trix_circuits.errors import InputError
from trix_circuits.logic.formats import Table

Integers = npt.NDArray[np.int64]


def pack_codes(codes: npt.ArrayLike, bits: int) -> bytes:
    """Codes 0 .. 2^bits - 1, each in `bits` bits (1 to 8), lowest first; the last byte is filled up with zeros."""
    array = np.asarray(codes, dtype=np.int64).ravel()
    if array.size and (array.min() < 0 or array.max() >= 1 << bits):
        raise InputError(f"a code must be 0 to {(1 << bits) - 1}")
    planes = (array[:, None] >> np.arange(bits) & 1).astype(np.uint8)
    return np.packbits(planes.ravel(), bitorder="little").tobytes()


def unpack_codes(raw: bytes, bits: int, count: int) -> Integers:
    """The first `count` codes of pack_codes; raises InputError if the length or the padding is not what it wrote."""
    if len(raw) != (count * bits + 7) // 8:
        raise InputError(f"{count} codes of {bits} bits must be {(count * bits + 7) // 8} bytes, not {len(raw)}")
    stream = np.unpackbits(np.frombuffer(raw, dtype=np.uint8), bitorder="little")
    if stream[count * bits :].any():
        raise InputError("the bits after the last code must be 0")
    return stream[: count * bits].reshape(count, bits).astype(np.int64) @ (1 << np.arange(bits, dtype=np.int64))


def encode(values: Sequence[int] | Integers, table: Table) -> Integers:
    """The code of each value (in units); the lowest one where several codes have it."""
    array = np.asarray(values, dtype=np.int64)
    known = {value: code for code, value in reversed(list(enumerate(table))) if value is not None}
    keys = np.array(sorted(known), dtype=np.int64)
    places = np.clip(np.searchsorted(keys, array), 0, len(keys) - 1)
    wrong = np.flatnonzero(keys[places] != array)
    if wrong.size:
        raise InputError(f"value {wrong[0]} must be one of the format's, not {array[wrong[0]]} units")
    return np.array([known[int(key)] for key in keys], dtype=np.int64)[places]


def decode(codes: Integers, table: Table) -> Integers:
    """The value (in units) of each code; raises InputError for a code that has none."""
    filled = np.array([0 if value is None else value for value in table], dtype=np.int64)
    empty = np.array([value is None for value in table])
    if codes.size and (codes.max() >= len(table) or empty[codes].any()):
        raise InputError("a code has no value in this format")
    return filled[codes]


def pack_values(values: Sequence[int] | Integers, table: Table) -> bytes:
    """Encode and pack in as many bits as the table needs."""
    return pack_codes(encode(values, table), (len(table) - 1).bit_length())


def unpack_values(raw: bytes, table: Table, count: int) -> Integers:
    """Undo pack_values."""
    return decode(unpack_codes(raw, (len(table) - 1).bit_length(), count), table)


def _trits(values: npt.ArrayLike) -> Integers:
    array = np.asarray(values, dtype=np.int64).ravel()
    if array.size and np.abs(array).max() > 1:
        raise InputError("a ternary value must be -1, 0 or 1")
    return array


def pack_trits(values: npt.ArrayLike) -> bytes:
    """Five ternary values a byte: sum of (value + 1) * 3^i, missing ones counting as 0."""
    array = _trits(values)
    padded = np.concatenate([array, np.zeros(-len(array) % 5, dtype=np.int64)])
    return ((padded.reshape(-1, 5) + 1) @ 3 ** np.arange(5)).astype(np.uint8).tobytes()


def unpack_trits(raw: bytes, count: int) -> Integers:
    """Undo pack_trits."""
    bytes_ = np.frombuffer(raw, dtype=np.uint8).astype(np.int64)
    if len(raw) != (count + 4) // 5 or (bytes_.size and bytes_.max() >= 243):
        raise InputError(f"{count} trits must be {(count + 4) // 5} bytes below 243")
    digits = (bytes_[:, None] // 3 ** np.arange(5) % 3 - 1).ravel()
    if digits[count:].any():
        raise InputError("the trits after the last one must be 0")
    return digits[:count]


def pack_trit_planes(values: npt.ArrayLike) -> tuple[bytes, bytes]:
    """Two bit planes, lowest bit first: where the value is +1, and where it is -1."""
    array = _trits(values)
    plus, minus = (np.packbits(array == sign, bitorder="little").tobytes() for sign in (1, -1))
    return plus, minus


def unpack_trit_planes(plus: bytes, minus: bytes, count: int) -> Integers:
    """Undo pack_trit_planes."""
    up, down = unpack_codes(plus, 1, count), unpack_codes(minus, 1, count)
    if (up & down).any():
        raise InputError("a ternary value cannot be both +1 and -1")
    return up - down
