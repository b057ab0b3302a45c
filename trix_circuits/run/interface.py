"""What goes in and comes out of a runner: the buses of a circuit, and the check of what a user gives for them.

Integers come as one array a bus: unsigned, signed (not negative) or bool, of 8 to 64 bits, in native or foreign byte
order, contiguous or not; a bus wider than 64 bits also as [lanes, words] of uint64, lowest word first, or as Python
integers.
A scalar stands for all lanes. Whatever comes is turned into columns: parts of at most 64 bits each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from trix_circuits.circuit import Circuit
from trix_circuits.errors import InputError
from trix_circuits.logic.frozen import FrozenDict
from trix_circuits.logic.netlist import Netlist

Array = npt.NDArray[Any]
WORD = 64


@dataclass(frozen=True)
class Interface:
    """Bus names and widths in order, the values of input buses that need not be given, and the circuit that has them.

    `circuit` is what was proven of what runs; None if that is a netlist that nobody has proven.
    """

    name: str
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    defaults: Mapping[str, int] = field(default_factory=dict)
    circuit: Circuit | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Hold what does not change with what it was made of."""
        for name in ("inputs", "outputs", "defaults"):
            object.__setattr__(self, name, FrozenDict(getattr(self, name)))

    @property
    def input_bits(self) -> int:
        return sum(self.inputs.values())

    @property
    def output_bits(self) -> int:
        return sum(self.outputs.values())

    def input_name(self, column: int) -> str:
        """Bus and bit of an input bit, as in `a[3]`."""
        at = column
        for name, width in self.inputs.items():
            if at < width:
                return f"{name}[{at}]"
            at -= width
        raise IndexError(column)


def interface_of(source: Netlist | Circuit) -> tuple[Netlist, Interface]:
    """The netlist of a circuit or of itself, and its interface."""
    if type(source) is Circuit:  # what only looks like one was not accepted by the checker
        netlist, circuit, name, defaults = source.netlist, source, source.name, source.defaults
    elif isinstance(source, Netlist):
        netlist, circuit, name, defaults = source, None, "netlist", {}
    else:
        raise InputError(f"what is compiled must be a Netlist or a Circuit, not {type(source).__name__}")
    outputs = {bus: len(nets) for bus, nets in netlist.outputs.items()}
    return netlist, Interface(name, netlist.inputs, outputs, defaults, circuit)


@dataclass(frozen=True, slots=True)
class Column:
    """Up to 64 bits of a bus: bits `first .. first + bits - 1` of all input (or output) bits, an entry a lane.

    `array` is one-dimensional of uint8 to uint64; or `constant` holds for all lanes and there is no array. An entry is
    right if it is below 2**limit; `signed` says that the array given was, for it is seen as unsigned here.
    """

    bus: str
    first: int
    bits: int
    array: Array | None
    constant: int = 0
    limit: int = 0
    signed: bool = False


def refuse_device(backend: str, device: str | None) -> None:
    """Raise InputError unless the device is the processor."""
    if device not in (None, "cpu"):
        raise InputError(f"backend {backend} runs on the cpu, not on {device}")


def element_bits(width: int) -> int:
    """The least of 8, 16, 32, 64 that holds so many bits (64 if none does)."""
    return next((size for size in (8, 16, 32) if width <= size), 64)


def input_columns(face: Interface, given: Mapping[str, Any]) -> tuple[int, list[Column]]:
    """(lanes, columns) of arrays by bus name; raises InputError, naming the bus. Ranges of arrays are not checked yet."""
    for name in given:
        if name not in face.inputs:
            raise InputError(f"{face.name}: input {name!r} must be one of {', '.join(face.inputs)}")
    columns: list[Column] = []
    lengths: dict[str, int] = {}
    first = 0
    for name, width in face.inputs.items():
        value = given.get(name)
        if value is None:
            value = face.defaults.get(name)
        if value is None:
            raise InputError(f"{face.name}: input {name} must be given, an array of integers below 2**{width}")
        array = value if isinstance(value, np.ndarray) else _as_array(face, name, value)
        if array.ndim == 0:
            columns += constant_columns(face, name, first, width, array.item())
        else:
            lengths[name] = len(array)
            columns += _columns(face, name, first, width, array)
        first += width
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputError(f"{face.name}: the inputs must have the same number of lanes, not {shown}")
    return next(iter(lengths.values()), 1), columns


def _as_array(face: Interface, name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
        if array.dtype.kind == "f" and isinstance(
            value, (list, tuple)
        ):  # integers on both sides of 2**63 become floats
            array = np.array(value, dtype=object)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{face.name}: input {name} must be an array of integers: {error}") from None
    if array.size == 0 and array.dtype.kind == "f" and not isinstance(value, np.ndarray):
        array = array.astype(np.uint64)
    return array


def constant_columns(face: Interface, name: str, first: int, width: int, value: Any) -> list[Column]:
    """The columns of a value that holds for all lanes; raises InputError if it is no integer or does not fit."""
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, int):
        raise InputError(f"{face.name}: input {name} must hold integers, not {type(value).__name__}")
    value = int(value)
    if value < 0 or value >> width:
        raise InputError(f"{face.name}: input {name} must be 0 to 2**{width} - 1, not {value}")
    return [
        Column(name, first + at, min(WORD, width - at), None, value >> at & (1 << WORD) - 1)
        for at in range(0, width, WORD)
    ]


def _columns(face: Interface, name: str, first: int, width: int, array: Array) -> list[Column]:
    words = -(-width // WORD)
    if array.dtype == object:
        array = _object_words(face, name, width, array)
    if array.dtype.kind not in "bui":
        raise InputError(f"{face.name}: input {name} must hold integers, not {array.dtype}")
    if words == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 and array.shape[1:] != (words,):
        wanted = f"[lanes] or [lanes, {words}]" if words > 1 else "[lanes]"
        raise InputError(f"{face.name}: input {name} must have the shape {wanted}, not {list(array.shape)}")
    if array.ndim == 2 and array.dtype.itemsize != 8:
        raise InputError(f"{face.name}: input {name} must hold 64-bit words, not {array.dtype}")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    signed = array.dtype.kind == "i" and array.ndim == 1
    size = array.dtype.itemsize * 8
    array = array.view(np.dtype(f"u{size // 8}"))
    if array.ndim == 1:
        low = Column(name, first, min(width, WORD), array, limit=min(width, size - signed), signed=signed)
        return [low, *(Column(name, first + at, min(WORD, width - at), None) for at in range(WORD, width, WORD))]
    return [
        Column(name, first + WORD * k, min(WORD, width - WORD * k), array[:, k], limit=min(WORD, width - WORD * k))
        for k in range(words)
    ]


def _object_words(face: Interface, name: str, width: int, array: Array) -> Array:
    """Python integers as words."""
    if array.ndim != 1:
        raise InputError(f"{face.name}: input {name} must be one-dimensional, not of shape {list(array.shape)}")
    words = -(-width // WORD)
    for value in array.tolist():
        if type(value) is not int:
            raise InputError(f"{face.name}: input {name} must hold integers, not {type(value).__name__}")
        if value < 0 or value >> width:
            raise InputError(f"{face.name}: input {name} must be 0 to 2**{width} - 1, not {value}")
    raw = b"".join(value.to_bytes(8 * words, "little") for value in array.tolist())
    found = np.frombuffer(raw, dtype="<u8").astype(np.uint64).reshape(-1, words)
    return found if words > 1 else found[:, 0]


def refuse_misfits(face: Interface, columns: list[Column]) -> None:
    """Raise InputError for the first entry that does not fit its bus."""
    for column in columns:
        if column.array is None or not column.array.size:
            continue
        wrong = np.flatnonzero(column.array >> np.uint8(column.limit)) if column.limit < 64 else np.zeros(0)
        if column.limit < column.array.dtype.itemsize * 8 and wrong.size:
            lane, width, size = int(wrong[0]), face.inputs[column.bus], column.array.dtype.itemsize
            value = int(column.array[lane])
            if column.signed and value >> 8 * size - 1:
                value -= 1 << 8 * size
            shown = value if width <= WORD or column.signed else f"an integer with the high word {value:#x}"
            raise InputError(f"{face.name}: input {column.bus} must be 0 to 2**{width} - 1, not {shown} at lane {lane}")


def aligned(count: int, kind: np.dtype[Any]) -> Array:
    """A new array whose address is divisible by 64, so that a vector of it is one line of the cache."""
    raw = np.empty(count * kind.itemsize + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + count * kind.itemsize].view(kind)


def output_columns(face: Interface, lanes: int) -> tuple[dict[str, Array], list[Column]]:
    """Empty arrays by output bus, of the least unsigned kind that holds it, and the columns that fill them."""
    arrays: dict[str, Array] = {}
    columns: list[Column] = []
    first = 0
    for name, width in face.outputs.items():
        if width <= WORD:
            arrays[name] = aligned(lanes, np.dtype(f"u{element_bits(width) // 8}"))
            columns.append(Column(name, first, width, arrays[name]))
        else:
            words = -(-width // WORD)
            columns_of = aligned(words * -(-lanes // 8) * 8, np.dtype(np.uint64)).reshape(words, -1)[:, :lanes]
            arrays[name] = columns_of.T  # so that each column is contiguous
            columns += [
                Column(name, first + WORD * k, min(WORD, width - WORD * k), arrays[name][:, k]) for k in range(words)
            ]
        first += width
    return arrays, columns


def checked_planes(face: Interface, planes: Any) -> npt.NDArray[np.uint64]:
    """An array [input bits, words] or [blocks, input bits, words] of uint64; raises InputError for anything else."""
    if not isinstance(planes, np.ndarray) or planes.dtype != np.uint64:
        kind = planes.dtype if isinstance(planes, np.ndarray) else type(planes).__name__
        raise InputError(f"{face.name}: planes must be an array of uint64, not {kind}")
    if planes.ndim not in (2, 3) or planes.shape[-2] != face.input_bits:
        raise InputError(
            f"{face.name}: planes must have the shape [{face.input_bits}, words], not {list(planes.shape)}: one row"
            f" for each bit of {', '.join(face.inputs)}"
        )
    return planes


def checked_out(face: Interface, out: npt.NDArray[np.uint64] | None, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Where planes go: a new array, or the given one; raises InputError if that does not fit."""
    if out is None:
        return np.empty(shape, dtype=np.uint64)
    if out.shape != shape or out.dtype != np.uint64 or not out.flags.c_contiguous or not out.flags.writeable:
        raise InputError(f"{face.name}: out must be a contiguous array of uint64 of shape {list(shape)}")
    return out


def checked_bits(face: Interface, bits: Any) -> npt.NDArray[np.uint8]:
    """An array [lanes, input bits] of bool or uint8 as uint8; raises InputError. That it holds 0 and 1 is not checked."""
    if not isinstance(bits, np.ndarray) or bits.dtype not in (np.uint8, np.bool_):
        kind = bits.dtype if isinstance(bits, np.ndarray) else type(bits).__name__
        raise InputError(f"{face.name}: bits must be an array of bool or uint8, not {kind}")
    if bits.ndim != 2 or bits.shape[1] != face.input_bits:
        raise InputError(
            f"{face.name}: bits must have the shape [lanes, {face.input_bits}], not {list(bits.shape)}: one column"
            f" for each bit of {', '.join(face.inputs)}"
        )
    return bits.view(np.uint8)


def refuse_other_than_bits(face: Interface, bits: npt.NDArray[Any]) -> None:
    """Raise InputError, naming the bus, for the first entry that is neither 0 nor 1."""
    wrong = np.argwhere((bits != 0) & (bits != 1))
    if wrong.size:
        lane, column = wrong[0].tolist()
        raise InputError(
            f"{face.name}: bits must be 0 or 1, not {bits[lane, column]} at lane {lane}, input {face.input_name(column)}"
        )
