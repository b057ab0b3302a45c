"""The threshold layers themselves, as a torch module: weights packed in their format, gradients straight through.

Gates of one level are one linear layer over the nets that they read, then the step `>= 0`. Nets stand in rows, lanes in
columns: a layer gathers the rows it reads and its matrix product has the batch as its long side. What a level needs from
earlier ones is kept beside its results. Outside of graphs and gradients the CPU works in slices of lanes that stay in
cache; the results are the same.

Sums are exact: a gate's partial sums, in any order, are whole multiples of the format's unit below a bound, and where
a float kind holds all whole numbers up to that bound nothing is ever rounded. Where it does not, InputError names the
gate and the bound. This holds for inputs of 0 and 1; other values are taken as they are, as any layer takes them.

The step has no useful derivative. Backward, one of these stands for it (`surrogate`), `z` being the sum in the format's
values, `w` the `width`: "window", 1 where |z| <= w, else 0 (Hubara et al., Binarized neural networks, NeurIPS 2016);
"identity", 1 (Bengio, Leonard, Courville, arXiv 1308.3432, 2013), through which a sum bit passes nothing: it is half of
a + b + c less a carry that is half of a + b + c as well; "sigmoid", the derivative of sigmoid(z / w).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from trix_circuits.circuit import Circuit, accept
from trix_circuits.errors import InputError, LimitError
from trix_circuits.logic.formats import Table, WeightFormat
from trix_circuits.logic.netlist import Netlist
from trix_circuits.logic.packing import Integers, decode, encode, pack_codes, unpack_codes

Surrogate = Literal["window", "identity", "sigmoid"]
SURROGATES: tuple[Surrogate, ...] = ("window", "identity", "sigmoid")
EXACT = {torch.bfloat16: 1 << 8, torch.float16: 1 << 11, torch.float32: 1 << 24, torch.float64: 1 << 53}
MAX_WEIGHTS = 1 << 28
_SLICE_BYTES = 1 << 21
_LEAST_LANES = 2048


def _code_bits(table: Table) -> int:
    return (len(table) - 1).bit_length()


def _packed(values: Any, table: Table) -> Tensor:
    raw = pack_codes(encode(values, table), _code_bits(table))
    return torch.frombuffer(bytearray(raw), dtype=torch.uint8) if raw else torch.zeros(0, dtype=torch.uint8)


def unpacked(codes: Tensor, bits: int, count: int) -> Tensor:
    """The codes of `packing.pack_codes`, as int32."""
    if 8 % bits == 0:
        shifts = torch.arange(0, 8, bits, device=codes.device, dtype=torch.int32)
        return (codes.to(torch.int32)[:, None] >> shifts & (1 << bits) - 1).reshape(-1)[:count]
    stream = codes.to(torch.int32)[:, None] >> torch.arange(8, device=codes.device, dtype=torch.int32) & 1
    rows = stream.reshape(-1)[: count * bits].reshape(count, bits)
    return (rows << torch.arange(bits, device=codes.device, dtype=torch.int32)).sum(1, dtype=torch.int32)


class ThresholdLayer(nn.Module):
    """Gates that read the same nets: rows [in, lanes] to sums [out, lanes].

    Buffers `weight_codes` and `bias_codes` are the packed codes, row after row (two E2M1 codes or four ternary ones a
    byte): they are all that a state_dict holds. With `cached`, the decoded weights are kept until a state_dict is loaded,
    the module moves, or `refresh` is called, which is due after the buffers were changed in place.
    """

    weight_codes: Tensor
    bias_codes: Tensor
    weight_table: Tensor
    bias_table: Tensor

    def __init__(self, format: WeightFormat, weights: Any, biases: Any, gates: Any, name: str, cached: bool) -> None:
        super().__init__()
        self.format = format
        self.gates = tuple(int(gate) for gate in gates)
        self.name = name
        self.cached = cached
        self.out_nets, self.in_nets = weights.shape
        # A power of two changes no rounding, so sums can be in the format's values; else they are in units.
        power = format.unit.numerator == 1 and format.unit.denominator & format.unit.denominator - 1 == 0
        self.scale = float(format.unit) if power else 1.0
        self.register_buffer("weight_codes", _packed(weights.ravel(), format.weight_codes))
        self.register_buffer("bias_codes", _packed(biases, format.bias_codes))
        for kind, table in (("weight_table", format.weight_codes), ("bias_table", format.bias_codes)):
            self.register_buffer(kind, torch.tensor([value or 0 for value in table]), persistent=False)
        self._kept: dict[tuple[torch.dtype, torch.device], tuple[Tensor, Tensor]] = {}
        self.bound, self.worst_gate = 0, 0
        self.refresh()

    def values(self) -> tuple[Integers, Integers]:
        """Weights [out, in] and biases [out], in units; raises InputError for codes that the format does not have."""
        parts = []
        for what, buffer, table, count in (
            ("weight", self.weight_codes, self.format.weight_codes, self.out_nets * self.in_nets),
            ("bias", self.bias_codes, self.format.bias_codes, self.out_nets),
        ):
            try:
                parts.append(decode(unpack_codes(buffer.cpu().numpy().tobytes(), _code_bits(table), count), table))
            except InputError as error:
                first = self.gates[0] if self.gates else 0
                raise InputError(
                    f"{self.name}: the {what}s of the layer of gate {first} must be {self.format.name} codes: {error}"
                ) from None
        return parts[0].reshape(self.out_nets, self.in_nets), parts[1]

    def refresh(self) -> None:
        """Take note of changed buffers; raises InputError for codes that the format does not have."""
        self._kept.clear()
        weights, biases = self.values()
        rise = np.maximum(weights, 0).sum(1) + np.maximum(biases, 0)
        fall = np.maximum(-weights, 0).sum(1) + np.maximum(-biases, 0)
        bounds = np.maximum(rise, fall)  # as in gate.bound_of
        worst = int(bounds.argmax()) if len(bounds) else 0
        self.bound, self.worst_gate = int(bounds.max(initial=0)), self.gates[worst]

    def _load_from_state_dict(self, *arguments: Any, **named: Any) -> None:
        super()._load_from_state_dict(*arguments, **named)
        self.refresh()

    def _apply(self, *arguments: Any, **named: Any) -> ThresholdLayer:
        self._kept.clear()
        super()._apply(*arguments, **named)  # type: ignore[no-untyped-call]
        return self

    def check(self, kind: torch.dtype) -> None:
        """Raise InputError unless sums in this kind of float are exact."""
        if kind not in EXACT:
            shown = ", ".join(str(known).removeprefix("torch.") for known in EXACT)
            raise InputError(f"{self.name}: the dtype of dense layers must be one of {shown}, not {kind}")
        if self.bound > EXACT[kind]:
            raise InputError(
                f"{self.name}: partial sums must be at most {EXACT[kind]} units to be exact in"
                f" {str(kind).removeprefix('torch.')}, not {self.bound} as in gate {self.worst_gate}"
            )

    def weights(self, kind: torch.dtype) -> tuple[Tensor, Tensor]:
        """(weights [out, in], biases [out, 1]) in the format's values, or in units if its unit is no power of two."""
        graph = torch.compiler.is_compiling()
        key = (kind, self.weight_codes.device)
        if self.cached and not graph and key in self._kept:
            return self._kept[key]
        parts = []
        for codes, table, shape in (
            (self.weight_codes, self.weight_table, (self.out_nets, self.in_nets)),
            (self.bias_codes, self.bias_table, (self.out_nets, 1)),
        ):
            bits = (len(table) - 1).bit_length()
            units = table[unpacked(codes, bits, shape[0] * shape[1])].reshape(shape)
            parts.append(units.to(kind) * self.scale)
        found = parts[0], parts[1]
        if self.cached and not graph:
            self._kept[key] = found
        return found

    def forward(self, rows: Tensor) -> Tensor:
        """[in, lanes] to sums [out, lanes]."""
        weights, biases = self.weights(rows.dtype)
        return torch.addmm(biases, weights, rows)

    def extra_repr(self) -> str:
        return f"in_nets={self.in_nets}, out_nets={self.out_nets}, format={self.format.name}"


class DenseModule(nn.Module):
    """A netlist as threshold layers: [lanes, input bits] of a float kind to [lanes, output bits] of the same kind.

    Exact, or InputError, for inputs of 0 and 1 in bfloat16, float16, float32 and float64, also under autocast. Layers run
    in the kind of their input. The inputs are not looked at; gradients reach them through `surrogate`.

    `circuit` is what the checker accepted of this netlist. While the module holds its weights and its wiring, it is
    `proven`; after `load_state_dict`, or changes in place, it is not, until `verify` has asked the checker again.
    """

    outputs: Tensor

    def __init__(
        self,
        netlist: Netlist,
        name: str = "netlist",
        *,
        surrogate: Surrogate = "window",
        width: float = 1.0,
        cached: bool = False,
        circuit: Circuit | None = None,
    ) -> None:
        super().__init__()
        if circuit is not None and circuit.netlist != netlist:
            raise InputError(f"{name}: the circuit must be that of the netlist")
        if surrogate not in SURROGATES:
            raise InputError(f"surrogate must be one of {', '.join(SURROGATES)}, not {surrogate!r}")
        if not width > 0:
            raise InputError(f"width must be positive, not {width}")
        self.name = name
        self.inputs, self.output_nets = dict(netlist.inputs), dict(netlist.outputs)
        self.surrogate, self.width = surrogate, width
        self.input_bits = netlist.input_bits
        # Rows: the inputs, then the gates, level after level.
        gates = np.argsort(netlist.levels[netlist.input_bits :], kind="stable")
        row = np.empty(netlist.net_count, dtype=np.int64)
        row[: netlist.input_bits] = np.arange(netlist.input_bits)
        row[netlist.input_bits + gates] = netlist.input_bits + np.arange(netlist.size)
        self.rows = netlist.net_count
        levels = _levels(netlist, gates)
        total = sum(len(members) * len(read) for members, read in levels)
        if total > MAX_WEIGHTS:
            raise LimitError(f"{name}: dense layers must have at most {MAX_WEIGHTS} weights, not {total}")
        self.layers = nn.ModuleList()
        offsets, sources, values, biases = netlist.offsets, netlist.sources, netlist.weights, netlist.biases
        for k, (members, read) in enumerate(levels):
            place = {int(net): at for at, net in enumerate(read)}
            weights = np.zeros((len(members), len(read)), dtype=np.int64)
            for at, gate in enumerate(members):
                low, high = offsets[gate], offsets[gate + 1]
                columns = [place[source] for source in sources[low:high].tolist()]
                np.add.at(weights[at], columns, values[low:high])
            self.layers.append(ThresholdLayer(netlist.format, weights, biases[members], members, name, cached))
            self.register_buffer(f"reads{k}", torch.from_numpy(row[read]), persistent=False)
        drivers = [net for nets in netlist.outputs.values() for net in nets]
        self.register_buffer("outputs", torch.from_numpy(row[drivers]), persistent=False)
        self.circuit = circuit
        self._shown = self._held() if circuit is not None else ""

    def _held(self) -> str:
        """A digest of all that is computed with: values of weights and biases, tables, scales, wiring."""
        found = hashlib.blake2b(f"{self.input_bits} {self.rows} {len(self.layers)}".encode(), digest_size=20)
        for layer, reads in self._steps():
            layer.refresh()  # so that nothing is kept of earlier buffers
            found.update(f"{layer.in_nets} {layer.out_nets} {layer.scale} {layer.format.unit}".encode())
            for values in layer.values():
                found.update(values.tobytes())
            for buffer in (layer.weight_table, layer.bias_table, reads):
                found.update(buffer.cpu().numpy().tobytes())
        found.update(self.outputs.cpu().numpy().tobytes())
        return found.hexdigest()

    @property
    def proven(self) -> bool:
        """Whether weights and wiring are those of `circuit`, that is, of what the checker accepted."""
        if not self._shown or any(buffer.is_meta for buffer in self.buffers()):
            return False
        try:
            return self._held() == self._shown
        except InputError:
            return False

    def verify(self) -> None:
        """Put the weights that the module holds to the checker, with the certificate and meaning of its circuit.

        If it accepts them, they are proven, and `circuit` is the circuit that has them. Raises RefutedError if not,
        InputError for weights that are no values of the format, for changed wiring, or if there is no circuit.
        """
        circuit, self._shown = self.circuit, ""
        if circuit is None:
            raise InputError(f"{self.name}: a module must be made of a proven circuit to be verified")
        found = accept(replace(circuit.claim, netlist=self._present(circuit.netlist)), self.name)
        if DenseModule(found.netlist, self.name)._held() != self._held():
            raise InputError(
                f"{self.name}: the wiring must be that of the circuit; a buffer or an attribute was changed"
            )
        self.circuit, self._shown = found, self._held()

    def _present(self, netlist: Netlist) -> Netlist:
        """The netlist with the weights and biases that the layers hold."""
        weights, biases = netlist.weights.copy(), netlist.biases.copy()
        levels = _levels(netlist, np.argsort(netlist.levels[netlist.input_bits :], kind="stable"))
        shapes = [(len(members), len(read)) for members, read in levels]
        if shapes != [(layer.out_nets, layer.in_nets) for layer, _ in self._steps()]:
            raise InputError(f"{self.name}: the layers must have the shapes of the circuit's")
        for (members, read), (layer, _) in zip(levels, self._steps(), strict=True):
            place = {int(net): at for at, net in enumerate(read)}
            matrix, biases[members] = layer.values()
            for at, gate in enumerate(members.tolist()):
                low, high = int(netlist.offsets[gate]), int(netlist.offsets[gate + 1])
                columns = [place[source] for source in netlist.sources[low:high].tolist()]
                other = np.setdiff1d(np.flatnonzero(matrix[at]), columns)
                if other.size:
                    net = int(read[other[0]])
                    raise InputError(
                        f"{self.name}: gate {gate} must have no weight for net {net}, which it does not read"
                    )
                weights[low:high] = matrix[at, columns]
        return replace(netlist, weights=weights, biases=biases)

    def _steps(self) -> list[tuple[ThresholdLayer, Tensor]]:
        found = []
        for k, layer in enumerate(self.layers):
            assert isinstance(layer, ThresholdLayer)
            found.append((layer, self.get_buffer(f"reads{k}")))
        return found

    def _step(self, sums: Tensor) -> Tensor:
        fired = (sums >= 0).to(sums.dtype)
        if not (torch.is_grad_enabled() and sums.requires_grad):
            return fired
        if self.surrogate == "window":
            soft = sums.clamp(-self.width, self.width)
        else:
            soft = sums if self.surrogate == "identity" else torch.sigmoid(sums / self.width)
        return fired + (soft - soft.detach())  # the difference is 0, its gradient is not

    def forward(self, bits: Tensor) -> Tensor:
        """See the class."""
        if not isinstance(bits, Tensor) or bits.ndim != 2 or bits.shape[1] != self.input_bits:
            shown = list(bits.shape) if isinstance(bits, Tensor) else type(bits).__name__
            raise InputError(
                f"{self.name}: bits must have the shape [lanes, {self.input_bits}], not {shown}: one column for each bit"
                f" of {', '.join(self.inputs)}"
            )
        for layer in self.layers:
            assert isinstance(layer, ThresholdLayer)
            layer.check(bits.dtype)
        with torch.autocast(bits.device.type, enabled=False):
            if torch.compiler.is_compiling() or (torch.is_grad_enabled() and bits.requires_grad):
                return self._whole(bits)
            return self._sliced(bits)

    def _whole(self, bits: Tensor) -> Tensor:
        """The whole batch at once, without writing to any tensor."""
        state = bits.t()
        for layer, reads in self._steps():
            state = torch.cat([state, self._step(layer(state.index_select(0, reads)))])
        return state.index_select(0, self.outputs).t().contiguous()

    @torch.no_grad()
    def _sliced(self, bits: Tensor) -> Tensor:
        """Slices of lanes, in rows that are written in place."""
        lanes = len(bits)
        size = max(lanes, 1)
        if bits.device.type == "cpu":
            size = min(size, max(_LEAST_LANES, _SLICE_BYTES // (bits.dtype.itemsize * self.rows)))
        result = bits.new_empty(lanes, len(self.outputs))
        steps = [(reads, *layer.weights(bits.dtype)) for layer, reads in self._steps()]
        state = bits.new_empty(self.rows, size)
        for start in range(0, lanes, size):
            part = bits[start : start + size]
            rows = state[:, : len(part)]
            rows[: self.input_bits] = part.t()
            at = self.input_bits
            for reads, weights, biases in steps:
                sums = torch.addmm(biases, weights, rows.index_select(0, reads))
                torch.ge(sums, 0, out=rows[at : at + len(weights)])
                at += len(weights)
            result[start : start + size] = rows.index_select(0, self.outputs).t()
        return result

    def extra_repr(self) -> str:
        return f"{self.name}, surrogate={self.surrogate}, width={self.width}, {'proven' if self.proven else 'unproven'}"


def _levels(netlist: Netlist, order: Any) -> list[tuple[Any, Any]]:
    """(gates, the nets they read) of each level, gates by number."""
    levels, sources, offsets = netlist.levels[netlist.input_bits :], netlist.sources, netlist.offsets
    found = []
    for level in range(1, int(levels.max(initial=0)) + 1):
        members = order[levels[order] == level]
        spans = [sources[offsets[gate] : offsets[gate + 1]] for gate in members]
        found.append((members, np.unique(np.concatenate(spans))))
    return found
