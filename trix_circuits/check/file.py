"""The file: its bytes become gates, equations and a certificate, all well-formed, none believed.

A circuit file has the layout of safetensors: eight bytes of header length, a JSON header, plain arrays. Every part is
read in one way only: tensors lie end to end, keys are the known ones, numbers are integers, texts are plain ASCII
without escapes, a format with a well-known name has the values of that format. A digest over the whole file tells
damage from a wrong circuit; it is no signature.
"""

import hashlib
import itertools
import json
import re
import struct
from dataclasses import dataclass
from typing import Any, cast

from .formats import Table, known_formats
from .limits import Damaged, Work, decoding, require

VERSION = 1
MAX_FILE = 1 << 28  # bytes
Gate = tuple[
    tuple[int, ...], tuple[int, ...], int
]  # sources, weights, bias: fires iff sum(weight * source) + bias >= 0
Bus = tuple[str, int]  # name and width

WORDS = ("fan_in", "outputs", "sources")  # tensors of 32-bit numbers
TENSORS = (*WORDS, "biases", "certificate", "weights")
LISTS = ("inputs", "outputs", "meaning", "sources")
KEYS = {"digest", "version", "name", "format", "defaults", "origin", *LISTS}
NAME = r"[A-Za-z0-9_.+=<>()/-]+( [A-Za-z0-9_.+=<>()/-]+)*"  # of circuits and of files
BUS_NAME = "[A-Za-z_][A-Za-z0-9_]*"
LONGEST = 255  # characters of a name


@dataclass
class Circuit:
    """What a file says, decoded and well-formed, but not yet believed. Nets are numbered: input bits, then gates."""

    name: str
    format_name: str
    inputs: list[Bus]
    outputs: list[tuple[str, list[int]]]  # names, and the nets that drive the bits, lowest first
    gates: list[Gate]
    meaning: list[str]
    certificate: dict[str, Any]
    about: dict[str, Any]
    sources: list[bytes]  # files that it is said to equal


def _json(raw: bytes, work: Work) -> Any:
    """JSON in which every number is an integer and no key stands twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        require(len(dict(pairs)) == len(pairs), "a key stands twice")
        return dict(pairs)

    def refuse(text: str) -> None:
        raise Damaged(f"a number must be an integer, not {text[:20]}")

    lists, objects, commas = (raw.count(sign) for sign in (b"[", b"{", b","))
    work.spend((len(raw) >> 4) + lists + 2 * objects + commas, 2 * len(raw) + 72 * lists + 240 * objects + 24 * commas)
    return json.loads(raw.decode("ascii"), object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)


def _unpack(raw: bytes, table: Table, count: int) -> list[int]:
    """`count` codes, lowest bits first, each as wide as the table of values needs, looked up there."""
    bits = (len(table) - 1).bit_length()
    digits = f"{int.from_bytes(raw, 'little'):0{len(raw) * 8}b}"[::-1] if raw else ""
    require(len(raw) == (count * bits + 7) // 8 and "1" not in digits[count * bits :], "packed values: wrong length")
    values = [table[int(digits[i : i + bits][::-1], 2)] for i in range(0, count * bits, bits)]
    require(None not in values, "packed values: a code has no value in this format")
    return cast(list[int], values)


def _described(data: bytes, header: dict[str, Any], work: Work) -> dict[str, Any]:
    """What the header says of the circuit, if the digest is right and every text plain."""
    text = header["__metadata__"]["trix_circuits"]
    require(re.fullmatch(r"[ -\[\]-~]*", text) and len(header["__metadata__"]) == 1, "a text must be plain ASCII")
    about: dict[str, Any] = _json(text.encode(), work)
    require(repr(about["version"]) == str(VERSION), f"the version must be {VERSION}, not {about['version']!r:.20}")
    digest, names = about["digest"].encode(), about.setdefault("sources", [])
    require(about.keys() == KEYS, f"the header must have the keys {', '.join(sorted(KEYS))}")
    require(re.fullmatch(b"[0-9a-f]{64}", digest) and data.count(digest) == 1, "the digest must stand there once")
    blank = data.replace(digest, b"0" * 64)  # the digest is taken over the whole file with itself blanked out
    require(hashlib.blake2b(blank, digest_size=32).hexdigest().encode() == digest, "changed after it was written")
    require(all(type(about[key]) is list for key in LISTS), f"{', '.join(LISTS)} must be lists")
    plain = all(re.fullmatch(NAME, name) and len(name) <= LONGEST for name in (about["name"], *names))
    require(plain, f"a name must be plain and of at most {LONGEST} characters")
    return about


def _tensors(header: dict[str, Any], body: bytes, names: set[str]) -> dict[str, bytes]:
    """The arrays by name; they lie end to end and fill the body."""
    require(header.keys() == names | {"__metadata__"}, "the file must have the known tensors")
    found, end = dict[str, bytes](), 0
    for name in sorted(names, key=lambda name: [*header[name]["data_offsets"]]):
        (low, high), item = header[name]["data_offsets"], 4 if name in WORDS else 1
        wanted = {"dtype": f"U{8 * item}", "shape": [(high - low) // item], "data_offsets": [end, high]}
        good = type(low) is type(high) is int and end <= high <= len(body) and (high - end) % item == 0
        require(good and header[name] == wanted, f"tensor {name} is misplaced")
        found[name], end = body[low:high], high
    require(end == len(body), "the tensors must fill the file")
    return found


@decoding("not a circuit file, or cut short")
def read(data: bytes, work: Work | None = None) -> Circuit:
    """Decode a circuit file; raise Damaged unless every part of it is what it must be, TooLarge if it is too large."""
    work = work or Work()
    work.spend(len(data) >> 3, 3 * len(data))
    size = int.from_bytes(data[:8], "little")
    require(8 < 8 + size <= len(data), "not a circuit file, or cut short")
    header = _json(data[8 : 8 + size], work)
    about = _described(data, header, work)
    copies = [f"source{k}" for k in range(len(about["sources"]))]
    tensors = _tensors(header, data[8 + size :], {*TENSORS, *copies})
    fan_in, drivers, sources = (struct.unpack(f"<{len(tensors[name]) // 4}I", tensors[name]) for name in WORDS)
    work.spend(8 * len(fan_in) + 2 * len(sources), 200 * len(fan_in) + 60 * len(sources))
    form = about["format"]
    name, values = form.pop("name"), (form.pop("unit"), form.pop("weights"), form.pop("biases"))
    plain = (
        not form
        and re.fullmatch("[a-z0-9-]{1,32}", name)
        and re.fullmatch("[1-9][0-9]{0,17}(/[1-9][0-9]{0,17})?", values[0])
    )
    require(
        plain and all(type(table) is list for table in values[1:]), "a format must be a name, a unit and two tables"
    )
    require(all(2 <= len(table) <= 256 for table in values[1:]), "a table must have 2 to 256 values")
    numbers = [value for table in values[1:] for value in table if value is not None]
    require(all(type(value) is int and abs(value) < 1 << 40 for value in numbers), "a value must be a small integer")
    require(known_formats().get(name, values) == values, f"{name} must have its own values")
    about["format"] = dict(zip(("name", "unit", "weights", "biases"), (name, *values), strict=True))
    weights = _unpack(tensors["weights"], values[1], len(sources))
    biases = _unpack(tensors["biases"], values[2], len(fan_in))
    inputs, outputs = ([(name, width) for name, width in about[key]] for key in ("inputs", "outputs"))
    for bus, width in inputs + outputs:
        good = re.fullmatch(BUS_NAME, bus) and len(bus) <= LONGEST and type(width) is int and width > 0
        require(good, f"a bus must have a name and a width, not {bus!r:.40} and {width!r:.20}")
    require(len(dict(inputs + outputs)) == len(inputs + outputs), "two buses share a name")
    wide, defaults = dict(inputs), about["defaults"]
    fit = all(type(value) is int and value >> wide[bus] == 0 for bus, value in defaults.items())
    require(fit and type(about["origin"]) is dict, "a default must be a value of its input, and the origin an object")
    require(sum(fan_in) == len(sources), "the fan-ins must add up to the number of sources")
    gates, at, net = list[Gate](), 0, sum(width for _, width in inputs)
    for count, bias in zip(fan_in, biases, strict=True):
        reads = sources[at : at + count]
        gates.append((reads, tuple(weights[at : at + count]), bias))
        once = max(reads, default=-1) < net and len(set(reads)) == count
        require(once, f"gate {len(gates) - 1} must read nets before it, each once")
        at, net = at + count, net + 1
    require(0 < len(drivers) == sum(w for _, w in outputs) and max(drivers) < net, "each output bit must be driven")
    bits = iter(drivers)
    driven = [(name, list(itertools.islice(bits, width))) for name, width in outputs]
    # What is printed must be what was proven: no comments.
    for line in about["meaning"]:
        require(type(line) is str and line and "#" not in line, "a meaning must be equations without comments")
    certificate, found = _json(tensors["certificate"], work), [tensors[name] for name in copies]
    return Circuit(about["name"], name, inputs, driven, gates, about["meaning"], certificate, about, found)
