"""Packed codes against ml_dtypes: the same bits mean the same values, and bytes that packing cannot write are refused."""

from __future__ import annotations

import itertools

import ml_dtypes
import numpy as np
import pytest

from trix_circuits.errors import InputError
from trix_circuits.logic.formats import get_format
from trix_circuits.logic.packing import (
    decode,
    encode,
    pack_codes,
    pack_trit_planes,
    pack_trits,
    pack_values,
    unpack_codes,
    unpack_trit_planes,
    unpack_trits,
    unpack_values,
)

DTYPES = {
    "e2m1": ml_dtypes.float4_e2m1fn,
    "e2m3": ml_dtypes.float6_e2m3fn,
    "e3m2": ml_dtypes.float6_e3m2fn,
    "e4m3": ml_dtypes.float8_e4m3fn,
    "int2": ml_dtypes.int2,
    "int4": ml_dtypes.int4,
}


@pytest.mark.parametrize("name", DTYPES)
def test_a_value_has_the_code_that_ml_dtypes_gives_it(name: str) -> None:
    form = get_format(name)
    values = np.array([float(form.value(w)) for w in form.weights]).astype(DTYPES[name])
    codes = values.view(np.uint8) & (1 << form.weight_bits) - 1

    assert encode(form.weights, form.weight_codes).tolist() == codes.tolist()
    assert decode(codes.astype(np.int64), form.weight_codes).tolist() == list(form.weights)


def test_all_pairs_of_e2m1_values_are_one_byte_with_the_first_in_the_low_half() -> None:
    form = get_format("e2m1")
    for low, high in itertools.product(range(16), repeat=2):
        pair = [form.weight_codes[low], form.weight_codes[high]]
        (byte,) = pack_values([v for v in pair if v is not None], form.weight_codes)
        canonical = [0 if code == 8 else code for code in (low, high)]  # -0 is written as 0
        assert byte == canonical[0] | canonical[1] << 4
        assert unpack_values(bytes([low | high << 4]), form.weight_codes, 2).tolist() == pair


@pytest.mark.parametrize("bits", range(1, 9))
def test_codes_of_every_width_survive_in_as_few_bytes_as_they_need(bits: int) -> None:
    for count in (0, 1, 7, 8, 9, 100):
        codes = [i * 37 % (1 << bits) for i in range(count)]
        raw = pack_codes(codes, bits)
        assert len(raw) == (count * bits + 7) // 8
        assert int.from_bytes(raw, "little") == sum(code << bits * i for i, code in enumerate(codes))
        assert unpack_codes(raw, bits, count).tolist() == codes


def test_every_byte_of_five_trits_is_read_back_or_refused() -> None:
    for values in itertools.product((-1, 0, 1), repeat=5):
        raw = pack_trits(values)
        assert raw[0] == sum((v + 1) * 3**i for i, v in enumerate(values))
        assert unpack_trits(raw, 5).tolist() == list(values)
    for byte in range(243, 256):
        with pytest.raises(InputError, match="below 243"):
            unpack_trits(bytes([byte]), 5)
    with pytest.raises(InputError, match="after the last one must be 0"):
        unpack_trits(b"\0", 4)


def test_what_is_no_trit_or_no_code_is_refused() -> None:
    for pack in (pack_trits, pack_trit_planes):
        with pytest.raises(InputError, match="must be -1, 0 or 1"):
            pack([0, 2])
    with pytest.raises(InputError, match=r"cannot be both \+1 and -1"):
        unpack_trit_planes(b"\1", b"\1", 1)
    for codes in ([16], [-1]):
        with pytest.raises(InputError, match="a code must be 0 to 15"):
            pack_codes(codes, 4)
