"""Formats and packing: exact values, exact round trips, against ml_dtypes where it has the format."""

from __future__ import annotations

from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trix_circuits.errors import InputError
from trix_circuits.logic.formats import WeightFormat, format_names, get_format, make_format, register_format
from trix_circuits.logic.gate import ThresholdGate
from trix_circuits.logic.packing import (
    pack_codes,
    pack_trit_planes,
    pack_trits,
    pack_values,
    unpack_codes,
    unpack_trit_planes,
    unpack_trits,
    unpack_values,
)

FLOATS = {
    "e2m1": ml_dtypes.float4_e2m1fn,
    "e2m3": ml_dtypes.float6_e2m3fn,
    "e3m2": ml_dtypes.float6_e3m2fn,
    "e4m3": ml_dtypes.float8_e4m3fn,
}


@pytest.mark.parametrize("name", FLOATS)
def test_small_floats_have_the_values_of_ml_dtypes_code_by_code(name: str) -> None:
    form = get_format(name)
    codes = np.arange(len(form.weight_codes), dtype=np.uint8)
    expected = codes.view(FLOATS[name]).astype(np.float64)
    for units, value in zip(form.weight_codes, expected, strict=True):
        assert (units is None and np.isnan(value)) or float(form.value(units or 0)) == value


def test_formats_and_gates_hold_no_list_of_somebody_else() -> None:
    values, weights = [0, 1, -1, None], [1, 1]
    form = WeightFormat("mine", Fraction(1), values, values)  # type: ignore[arg-type]
    gate = ThresholdGate(form, weights, -1)  # type: ignore[arg-type]
    values[1] = weights[0] = 5

    assert form.weight_codes == form.bias_codes == (0, 1, -1, None)
    assert gate.weights == (1, 1)
    assert gate.table().bits == 0b1110


def test_e2m1_has_no_two_and_a_half_and_no_five() -> None:
    values = [form.value(w) for form in [get_format("fp4")] for w in form.weights]
    magnitudes = [Fraction(1, 2), 1, Fraction(3, 2), 2, 3, 4, 6]

    assert values == [-m for m in reversed(magnitudes)] + [0, *magnitudes]
    assert get_format("E2M1").biases == get_format("fp4").weights


def test_the_integer_and_ternary_formats_are_what_their_names_say() -> None:
    assert get_format("int4").weights == tuple(range(-8, 8))
    assert get_format("ternary").weights == get_format("ternary-strict").biases == (-1, 0, 1)
    assert get_format("ternary").biases == tuple(range(-128, 128))
    assert get_format("trix-fp4").biases == (-5, -3, -1, 1, 3)
    assert [get_format(name).weight_bits for name in ("e2m1", "ternary", "nf4", "e2m3", "e4m3")] == [4, 2, 4, 6, 8]


def test_nf4_values_are_float32_values_in_whole_units() -> None:
    form = get_format("nf4")
    values = [float(form.value(w)) for w in form.weights]

    assert len(values) == 16
    assert values[0] == -1.0
    assert values[7] == 0.0
    assert all(float(np.float32(value)) == value for value in values)


@pytest.mark.parametrize("name", format_names())
@given(data=st.data())
def test_packing_loses_nothing(name: str, data: st.DataObject) -> None:
    form = get_format(name)
    values = data.draw(st.lists(st.sampled_from(form.weights), max_size=50))
    raw = pack_values(values, form.weight_codes)

    assert len(raw) == (len(values) * form.weight_bits + 7) // 8
    assert unpack_values(raw, form.weight_codes, len(values)).tolist() == values


@given(st.lists(st.integers(0, 15), min_size=1, max_size=40))
def test_e2m1_bytes_are_the_ocp_layout_low_nibble_first(codes: list[int]) -> None:
    even = codes if len(codes) % 2 == 0 else codes[:-1]
    expected = bytes(low | high << 4 for low, high in zip(even[::2], even[1::2], strict=True))

    assert pack_codes(even, 4) == expected


@given(st.lists(st.integers(-1, 1), max_size=40))
def test_ternary_values_survive_five_a_byte_and_planes(values: list[int]) -> None:
    assert unpack_trits(pack_trits(values), len(values)).tolist() == values
    assert len(pack_trits(values)) == (len(values) + 4) // 5
    assert unpack_trit_planes(*pack_trit_planes(values), len(values)).tolist() == values


def test_what_a_format_does_not_have_is_refused_not_rounded() -> None:
    form = get_format("e2m1")
    with pytest.raises(InputError, match="value 1 must be one of the format's, not 5 units"):
        pack_values([1, 5], form.weight_codes)
    with pytest.raises(InputError, match="a code has no value"):
        unpack_values(b"\x02", get_format("ternary").weight_codes, 1)
    with pytest.raises(InputError, match="must be 1 bytes, not 2"):
        unpack_codes(b"\x00\x00", 4, 1)
    with pytest.raises(InputError, match="after the last code must be 0"):
        unpack_codes(b"\x10", 4, 1)
    with pytest.raises(InputError, match="below 243"):
        unpack_trits(b"\xff", 5)


def test_a_user_can_register_a_format_by_value_lists() -> None:
    form = register_format("halves", ["-0.5", "0.5", "1"], [0, Fraction(-1, 2), -1])

    assert (form.unit, form.weights, form.biases) == (Fraction(1, 2), (-1, 0, 1, 2), (-2, -1, 0))
    assert get_format("halves") is form
    with pytest.raises(InputError, match="is taken"):
        register_format("e2m1", [1])
    with pytest.raises(InputError, match="must be an exact number"):
        make_format("bad", ["x"])
    with pytest.raises(InputError, match="a value other than 0"):
        make_format("zero", [0])
    with pytest.raises(InputError, match="must have 2 to 256 codes, not 300"):
        WeightFormat("wide", Fraction(1), tuple(range(300)), (0, 1))


def test_an_unknown_format_is_named_with_all_that_are_known() -> None:
    with pytest.raises(InputError, match=r"^format must be one of e2m1, ternary, .*, not 'fp5'$"):
        get_format("fp5")
