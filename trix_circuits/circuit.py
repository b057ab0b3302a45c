"""Circuits: a netlist with its meaning and its certificate, and the one file that holds all three.

A `Claim` is what a generator, a file or a solver proposes. A `Circuit` is a claim that the checker has accepted, with
the very bytes that it accepted; only `accept` makes one, so what needs a proven circuit cannot be handed anything else.

The file is safetensors: a JSON header, then plain arrays (docs/certificate.md has the layout). There is no pickle and
no code in it. A digest over the whole file tells damage from a wrong circuit.
"""

from __future__ import annotations

import hashlib
import json
import os
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as save_safetensors

from trix_circuits import check
from trix_circuits.errors import InputError, LimitError, RefutedError
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.frozen import frozen
from trix_circuits.logic.names import circuit_name
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.packing import pack_values
from trix_circuits.store import read_bytes, write

if TYPE_CHECKING:
    from trix_circuits.run import Runner

Certificate = dict[str, list[Any]]
_SLOT = "the digest stands here".center(64, "-")  # while the file is being written


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
        """Names that come from paths and expressions, as a file can hold them; and what does not change with its makers."""
        object.__setattr__(self, "name", circuit_name(self.name))
        object.__setattr__(self, "source_names", tuple(map(circuit_name, self.source_names)))
        for name in ("meaning", "defaults", "origin", "sources"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

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
        certificate = _certificate_bytes(self.certificate)
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


class Verdict(NamedTuple):
    """What an accepted circuit rests on: kinds of evidence, lemmas, and rows that were evaluated."""

    kinds: tuple[str, ...]
    lemmas: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the checker has accepted: bytes, sources that stood in for those of the file, and what was read of both."""

    data: bytes
    given: tuple[bytes, ...]
    claim: Claim  # its certificate is left out, for whoever holds a claim may change that
    certificate: bytes
    verdict: Verdict


# What makes a circuit a circuit: what is known of each that lives, by its identity. Only the checker's yes writes here.
_ACCEPTED: dict[int, tuple[weakref.ref[Circuit], _Facts]] = {}


@final
class Circuit:
    """What the checker has accepted: `Circuit(data)` runs it on the bytes of a file. There is no other way to have one.

    A circuit cannot be changed, copies are itself, and a pickled one is checked again when it is loaded. All that it
    says is read from `data`, the very bytes that were accepted. The object itself holds nothing: what it stands for is
    in a table of this module, in which nothing else has a place.
    """

    __slots__ = ("__weakref__",)

    def __init__(
        self,
        data: bytes,
        where: str = "circuit",
        given: Sequence[bytes] = (),
    ) -> None:
        """Raises InputError if the bytes are no circuit file, RefutedError if the evidence fails, LimitError."""
        if id(self) in _ACCEPTED:
            raise InputError("a Circuit cannot be changed")
        if type(data) is not bytes:
            raise InputError(f"a Circuit is made of the bytes of a circuit file, not of {type(data).__name__}")
        given = tuple(map(bytes, given))
        try:
            found = check.check(data, given=given)
        except check.Damaged as error:
            raise InputError(f"{where}: {error}") from None
        except check.Refused as error:
            raise RefutedError(f"{where}: refused: {error}", error.counterexample) from None
        except check.TooLarge as error:
            raise LimitError(f"{where}: {error}") from None
        claim = _claim_of(found.circuit, where)
        claim = replace(claim, certificate={}, sources=(*given, *claim.sources[len(given) :]))
        verdict = Verdict(tuple(found.kinds), found.lemmas, found.rows)
        facts = _Facts(data, given, claim, _certificate_bytes(found.circuit.certificate), verdict)
        own = id(self)
        _ACCEPTED[own] = weakref.ref(self, lambda _: _ACCEPTED.pop(own, None)), facts

    @property
    def _facts(self) -> _Facts:
        found = _ACCEPTED.get(id(self))
        if found is None or found[0]() is not self:
            raise InputError("a Circuit is made by accept() or load() only: they run the checker")
        return found[1]

    def __init_subclass__(cls) -> None:
        raise TypeError("a Circuit cannot be extended: what is one was accepted by the checker, and says no more")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Circuit cannot be changed; make a Claim of what is wanted, and accept() it")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a Circuit cannot be changed")

    def __copy__(self) -> Circuit:
        return self

    def __deepcopy__(self, memo: object) -> Circuit:
        return self

    def __reduce__(self) -> tuple[type[Circuit], tuple[bytes, str, tuple[bytes, ...]]]:
        return Circuit, (self.data, "circuit", self._facts.given)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Circuit):
            return NotImplemented
        return (self.data, self.sources) == (other.data, other.sources)

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        net, how = self.netlist, " and ".join(self.verdict.kinds)
        return f"<Circuit {self.name}: {net.size} {net.format.name} gates, depth {net.depth}, exact by {how} evidence>"

    @property
    def data(self) -> bytes:
        """The bytes that were accepted."""
        return self._facts.data

    @property
    def verdict(self) -> Verdict:
        """What the checker said."""
        return self._facts.verdict

    @property
    def claim(self) -> Claim:
        """The claim that was accepted, certificate included, to be looked at and changed by its own copy."""
        return replace(self._claim, certificate=json.loads(self._facts.certificate))

    @property
    def _claim(self) -> Claim:
        return self._facts.claim

    @property
    def netlist(self) -> Netlist:
        """The gates."""
        return self._claim.netlist

    @property
    def name(self) -> str:
        """What the circuit calls itself."""
        return self._claim.name

    @property
    def meaning(self) -> tuple[str, ...]:
        """The equations that it meets."""
        return self._claim.meaning

    @property
    def defaults(self) -> Mapping[str, int]:
        """Values of input buses that may be left out."""
        return self._claim.defaults

    @property
    def origin(self) -> Mapping[str, Any]:
        """What made it, for people."""
        return self._claim.origin

    @property
    def sources(self) -> tuple[bytes, ...]:
        """The files that it equals, as the checker was given them."""
        return self._claim.sources

    @property
    def source_names(self) -> tuple[str, ...]:
        """What these files were called."""
        return self._claim.source_names

    @property
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
            "meaning": list(self.meaning),
            "exact": True,
            "certificate": {
                **self.verdict._asdict(),
                "kinds": list(self.verdict.kinds),
                "bytes": len(self._facts.certificate),
            },
        }

    def compile(self, backend: str = "auto", device: str | None = None) -> Runner:
        """What runs this circuit on batches of planes, integers or bits; see `trix_circuits.run`."""
        if not _COMPILERS:
            raise InputError("import trix_circuits.run, which has the backends, to compile a circuit")
        return _COMPILERS[0](self, backend, device)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the accepted bytes, all or nothing."""
        write(path, self.data)


_COMPILERS: list[Callable[[Circuit, str, str | None], Runner]] = []


def register_compiler(compiler: Callable[[Circuit, str, str | None], Runner]) -> None:
    """Hand in what makes runners: rooms that run circuits stand above this page, so they call it, and not it them."""
    _COMPILERS[:] = [compiler]


def _certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    return json.dumps(certificate, separators=(",", ":")).encode()


def decode(data: bytes, where: str = "circuit file") -> Claim:
    """The claim that a file makes, decoded and well-formed but not believed; raises InputError or LimitError."""
    try:
        return _claim_of(check.read(data), where)
    except check.Damaged as error:
        raise InputError(f"{where}: {error}") from None
    except check.TooLarge as error:
        raise LimitError(f"{where}: {error}") from None


def _claim_of(found: check.Circuit, where: str) -> Claim:
    """What the checker's reader has read, as a claim: there is one reader, so that verdicts cannot differ."""
    about, form = found.about, found.about["format"]
    try:
        weight_format = WeightFormat(
            form["name"], Fraction(form["unit"]), tuple(form["weights"]), tuple(form["biases"])
        )
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
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    return Claim(
        found.name,
        netlist,
        tuple(found.meaning),
        found.certificate,
        about["defaults"],
        about["origin"],
        tuple(found.sources),
        tuple(about["sources"]),
    )


def accept(
    source: Claim | bytes,
    where: str = "circuit",
    given: Sequence[bytes] = (),
) -> Circuit:
    """Run the checker on the bytes of a claim; the only way to a Circuit. `given` sources replace those in the file.

    Raises InputError if the bytes are no circuit file, RefutedError if the evidence fails, LimitError if it is too large.
    """
    return Circuit(source if isinstance(source, bytes) else source.to_bytes(), where, given)


def load(path: str | os.PathLike[str]) -> Circuit:
    """Read a circuit file and check it. Raises as `accept` does."""
    return accept(read_bytes(path), os.fspath(path))
