"""Circuits: a netlist with its meaning and its certificate, and the one file that holds all three.

A `Claim` is what a generator, a file or a solver proposes. A `Circuit` is a claim that the checker has accepted, with
the very bytes that it accepted; only `accept` makes one, so what needs a proven circuit cannot be handed anything else.

The file is safetensors: a JSON header, then plain arrays (docs/certificate.md has the layout). There is no pickle and
no code in it. A digest over the whole file tells damage from a wrong circuit.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as save_safetensors

from trix_circuits import check
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.names import circuit_name
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.packing import pack_values
from trix_circuits.store import read_bytes, write_atomically

if TYPE_CHECKING:
    from trix_circuits.run import Runner

Certificate = dict[str, list[Any]]
_SLOT = "the digest stands here".center(64, "-")  # while the file is being written
_TOKEN = object()


@dataclass(frozen=True)
class Claim:
    """A netlist said to have a meaning, with evidence that nobody has looked at yet.

    `meaning` holds equations between integers in the notation of docs/meaning.md; `defaults` gives the value of input
    buses that may be left out when the circuit is run; `origin` says what made it (family and options), for people.
    `sources` are the bytes of AIGER or BLIF files that it is said to equal, input by input and output by output.
    """

    name: str
    netlist: Netlist
    meaning: tuple[str, ...]
    certificate: Certificate
    defaults: Mapping[str, int] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[bytes, ...] = ()
    source_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Names that come from paths and expressions, as a file can hold them."""
        object.__setattr__(self, "name", circuit_name(self.name))
        object.__setattr__(self, "source_names", tuple(map(circuit_name, self.source_names)))

    def to_bytes(self) -> bytes:
        """The file of this claim. The same claim gives the same bytes."""
        net, form = self.netlist, self.netlist.format
        about = {
            "digest": _SLOT,
            "version": check.VERSION,
            "name": self.name,
            "format": {
                "name": form.name,
                "unit": str(form.unit),
                "weights": list(form.weight_codes),
                "biases": list(form.bias_codes),
            },
            "inputs": [[name, width] for name, width in net.inputs.items()],
            "outputs": [[name, len(nets)] for name, nets in net.outputs.items()],
            "meaning": list(self.meaning),
            "defaults": dict(self.defaults),
            "origin": dict(self.origin),
        }
        if self.sources:
            about["sources"] = list(self.source_names)
        drivers = [driver for nets in net.outputs.values() for driver in nets]
        certificate = json.dumps(self.certificate, separators=(",", ":")).encode()
        tensors: dict[str, npt.NDArray[Any]] = {
            "fan_in": np.diff(net.offsets).astype(np.uint32),
            "sources": net.sources.astype(np.uint32),
            "outputs": np.array(drivers, dtype=np.uint32),
            "weights": np.frombuffer(pack_values(net.weights, form.weight_codes), dtype=np.uint8),
            "biases": np.frombuffer(pack_values(net.biases, form.bias_codes), dtype=np.uint8),
            "certificate": np.frombuffer(certificate, dtype=np.uint8),
        }
        for k, source in enumerate(self.sources):
            tensors[f"source{k}"] = np.frombuffer(source, dtype=np.uint8)
        text = json.dumps(about, separators=(",", ":"))
        return seal(save_safetensors(tensors, {"trix_circuits": text}))


def seal(data: bytes) -> bytes:
    """Fill the digest's slot: the digest is taken over the whole file with zeros in that place."""
    slot = _SLOT.encode()
    if data.count(slot) != 1:
        raise InputError("a file to be sealed must have one slot for its digest")
    digest = hashlib.blake2b(data.replace(slot, b"0" * 64), digest_size=32).hexdigest()
    return data.replace(slot, digest.encode())


@dataclass(frozen=True)
class Circuit:
    """A claim that the checker has accepted, as read back from `data`, the bytes that it accepted."""

    claim: Claim
    data: bytes
    verdict: check.Verdict
    _token: object = None

    def __post_init__(self) -> None:
        if self._token is not _TOKEN:
            raise InputError("a Circuit is made by accept() or load() only: they run the checker")

    @property
    def netlist(self) -> Netlist:
        return self.claim.netlist

    @property
    def name(self) -> str:
        return self.claim.name

    @cached_property
    def description(self) -> dict[str, Any]:
        """The figures of the circuit, as `--json` prints them."""
        net = self.netlist
        return {
            "name": self.name,
            "format": net.format.name,
            "inputs": dict(net.inputs),
            "outputs": {name: len(nets) for name, nets in net.outputs.items()},
            "size": net.size,
            "depth": net.depth,
            "max_fan_in": net.max_fan_in,
            "margin": net.margin,
            "bits": net.weight_storage_bits,
            "sum_bound": net.sum_bound,
            "meaning": list(self.claim.meaning),
            "exact": True,
            "certificate": {
                "kinds": list(self.verdict.kinds),
                "lemmas": self.verdict.lemmas,
                "rows": self.verdict.rows,
                "bytes": len(json.dumps(self.claim.certificate, separators=(",", ":"))),
            },
        }

    def compile(self, backend: str = "auto", device: str | None = None) -> Runner:
        """What runs this circuit on batches of planes, integers or bits; see `trix_circuits.run`."""
        # the backends stand after this module, for they take circuits; they are loaded by those who run one
        runner: Runner = importlib.import_module("trix_circuits.run").compile_netlist(self, backend, device)
        return runner

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the accepted bytes, all or nothing."""
        write_atomically(Path(path), self.data)


def decode(data: bytes, where: str = "circuit file") -> Claim:
    """The claim that a file makes, decoded and well-formed but not believed; raises InputError."""
    try:
        found = check.read(data)
        about, form = found.about, found.about["format"]
        weight_format = WeightFormat(
            str(form["name"]), Fraction(form["unit"]), tuple(form["weights"]), tuple(form["biases"])
        )
        defaults = {str(name): int(value) for name, value in dict(about.get("defaults", {})).items()}
        origin = dict(about.get("origin", {}))
        source_names = tuple(str(name) for name in about.get("sources", []))
    except check.Damaged as error:
        raise InputError(f"{where}: {error}") from None
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(f"{where}: the description is malformed: {error}") from None
    fan_in = np.array([len(sources) for sources, _, _ in found.gates], dtype=np.int64)
    netlist = Netlist(
        weight_format,
        dict(found.inputs),
        {name: tuple(nets) for name, nets in found.outputs},
        np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(fan_in)]),
        np.array([s for sources, _, _ in found.gates for s in sources], dtype=np.int64),
        np.array([w for _, weights, _ in found.gates for w in weights], dtype=np.int64),
        np.array([bias for _, _, bias in found.gates], dtype=np.int64),
    )
    return Claim(
        found.name,
        netlist,
        tuple(found.meaning),
        found.certificate,
        defaults,
        origin,
        tuple(found.sources),
        source_names,
    )


def accept(
    source: Claim | bytes,
    where: str = "circuit",
    memo: dict[Any, int | None] | None = None,
    given: Sequence[bytes] = (),
) -> Circuit:
    """Run the checker on the bytes of a claim; the only way to a Circuit. `given` sources replace those in the file.

    Raises InputError if the bytes are no circuit file, RefutedError if the evidence fails, LimitError if it is too large.
    """
    data = source if isinstance(source, bytes) else source.to_bytes()
    try:
        verdict = check.check(data, memo, given)
    except check.Damaged as error:
        raise InputError(f"{where}: {error}") from None
    except check.Refused as error:
        raise RefutedError(f"{where}: refused: {error}", error.counterexample) from None
    except check.TooLarge as error:
        raise LimitError(f"{where}: {error}") from None
    return Circuit(decode(data, where), data, verdict, _TOKEN)


def load(path: str | os.PathLike[str]) -> Circuit:
    """Read a circuit file and check it. Raises as `accept` does."""
    return accept(read_bytes(path), os.fspath(path))
