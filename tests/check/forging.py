"""Files by hand: any header, any gates, any certificate, and a digest that is right."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trix_circuits import check

E2M1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
INT8 = [*range(128), *range(-128, 0)]
FORMATS: dict[str, tuple[str, list[Any], list[Any]]] = {
    name: (unit, list(weights), list(biases)) for name, (unit, weights, biases) in check.known_formats().items()
}
Gate = tuple[Sequence[int], Sequence[int], int]


def no_proof(*proofs: Any) -> dict[str, Any]:
    """A certificate without lemmas."""
    return {"ghosts": [], "lemmas": [], "goals": list(proofs)}


@dataclass
class Forged:
    """What a circuit file says, decoded: everything can be changed, and `data` seals it anew."""

    inputs: list[Any]
    outputs: list[Any]
    gates: Sequence[Gate]
    drivers: list[int]
    meaning: list[Any]
    certificate: Any
    copies: list[bytes] = field(default_factory=list)
    form: str = "int8"
    about: dict[str, Any] = field(default_factory=dict)
    table: tuple[str, list[Any], list[Any]] | None = None
    header: Callable[[dict[str, Any]], Any] = lambda header: None

    def data(self) -> bytes:
        """The bytes of the file."""
        unit, weights, biases = self.table or FORMATS[self.form]
        packed = {
            "fan_in": words([len(sources) for sources, _, _ in self.gates]),
            "sources": words([s for sources, _, _ in self.gates for s in sources]),
            "outputs": words(self.drivers),
            "weights": codes([w for _, values, _ in self.gates for w in values], weights),
            "biases": codes([bias for _, _, bias in self.gates], biases),
            "certificate": self.certificate
            if isinstance(self.certificate, bytes)
            else json.dumps(self.certificate, separators=(",", ":")).encode(),
        }
        packed |= {f"source{k}": copy for k, copy in enumerate(self.copies)}
        about = {
            "digest": "0" * 64,
            "version": 1,
            "name": "forged",
            "format": {"name": self.form, "unit": unit, "weights": weights, "biases": biases},
            "inputs": self.inputs,
            "outputs": self.outputs,
            "meaning": self.meaning,
            "defaults": {},
            "origin": {},
            "sources": [f"source{k}" for k in range(len(self.copies))],
        } | self.about
        return sealed(packed, about, self.header)


def words(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


def codes(values: Sequence[int], table: list[Any]) -> bytes:
    """Packed codes of values, the first code that has each."""
    bits = (len(table) - 1).bit_length()
    number = sum(table.index(value) << k * bits for k, value in enumerate(values))
    return number.to_bytes((len(values) * bits + 7) // 8, "little")


def sealed(packed: dict[str, bytes], about: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The file of these arrays and this description, with its digest."""
    header: dict[str, Any] = {}
    body = b""
    for name, raw in packed.items():
        item = 4 if name in ("fan_in", "sources", "outputs") else 1
        header[name] = {
            "dtype": f"U{8 * item}",
            "shape": [len(raw) // item],
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    header["__metadata__"] = {"trix_circuits": json.dumps(about, separators=(",", ":"))}
    change(header)
    text = json.dumps(header, separators=(",", ":")).encode()
    data = len(text).to_bytes(8, "little") + text + body
    digest = hashlib.blake2b(data, digest_size=32).hexdigest().encode()
    return data.replace(b"0" * 64, digest)


def opened(data: bytes) -> Forged:
    """A circuit file, to be changed."""
    found = check.read(data)
    form = found.about["format"]
    return Forged(
        inputs=[[name, width] for name, width in found.inputs],
        outputs=[[name, len(nets)] for name, nets in found.outputs],
        gates=list(found.gates),
        drivers=[net for _, nets in found.outputs for net in nets],
        meaning=list(found.meaning),
        certificate=found.certificate,
        copies=list(found.sources),
        form=form["name"],
        about={"name": found.name, "defaults": dict(found.about["defaults"])},
        table=(form["unit"], form["weights"], form["biases"]),
    )
