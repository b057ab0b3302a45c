"""A circuit as a torch module: bitwise operations on the device of its input, native code on the CPU.

The bitwise form is a graph of its own (`torch.fx`): straight-line Python over tensors of planes, which gives back each
plane after its last use, and which `torch.compile` and `torch.export` take in as it is. Run as it is, lanes are packed 64
to a word first; in a graph each lane stays an element of a bool tensor: packing needs shapes that a graph of any batch
size does not know, and a compiler that fuses all operations into one pass has nothing to gain by it. On the CPU the operators
`trix_circuits::lanes` and `trix_circuits::planes` call the native backend instead, on the tensors' own memory; to the
compiler they are opaque, with fake implementations that tell shapes. What they run travels as a buffer, `lane_program`,
with a digest over it. So an exported graph is whole, and runs wherever this module has been imported.
"""

from __future__ import annotations

import hashlib
import json
import operator
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from trix_circuits.errors import InputError, RefutedError
from trix_circuits.lower.binary import NOT, binary_program
from trix_circuits.lower.lut import AND, OR
from trix_circuits.lower.program import LaneProgram
from trix_circuits.lower.proof import prove_lowering
from trix_circuits.run.interface import Interface
from trix_circuits.run.torch import torch_tensors as tensors

if TYPE_CHECKING:
    from trix_circuits.run.native.native import NativeRunner

Layout = Literal["bits", "planes", "integers"]
LAYOUTS: tuple[Layout, ...] = ("bits", "planes", "integers")
_DIGEST = 20
_KEPT = 256  # compiled programs that the operators remember
_ARRAYS = (("tables", "u1"), ("operands", "<i4"), ("slots", "<i4"), ("outputs", "<i4"))


def logic_graph(program: LaneProgram) -> torch.fx.GraphModule:
    """A module from planes [.., input bits, words] of int64 to planes [.., output bits, words]."""
    found = binary_program(program)
    graph = torch.fx.Graph()
    given = graph.placeholder("planes")
    parts = graph.call_method("unbind", (given, -2))
    rows = [graph.call_function(operator.getitem, (parts, k)) for k in range(found.input_bits)]
    read = {part for step in found.steps for part in step[1:]} | set(found.outputs)
    nodes: list[torch.fx.Node | None] = [None, *rows]
    if 0 in read:
        nodes[0] = graph.call_function(torch.zeros_like, (rows[0] if rows else graph.call_method("sum", (given, -2)),))
    for op, left, right in found.steps:
        if op == NOT:
            nodes.append(graph.call_function(torch.bitwise_not, (nodes[left],)))
        else:
            call = torch.bitwise_and if op == AND else torch.bitwise_or if op == OR else torch.bitwise_xor
            nodes.append(graph.call_function(call, (nodes[left], nodes[right])))
    graph.output(graph.call_function(torch.stack, ([nodes[value] for value in found.outputs],), {"dim": -2}))
    for node in graph.nodes:
        if not node.users and node.op not in ("output", "placeholder"):
            graph.erase_node(node)
    return torch.fx.GraphModule(nn.Module(), graph, "LaneProgram")


def encode(program: LaneProgram, interface: Interface) -> Tensor:
    """A program as bytes: a digest over the rest, then one line of JSON, then the arrays."""
    about = {
        "name": interface.name,
        "inputs": list(interface.inputs.items()),
        "outputs": list(interface.outputs.items()),
        "size": program.size,
        "slots": program.slot_count,
    }
    body = json.dumps(about, separators=(",", ":")).encode() + b"\n"
    body += b"".join(np.ascontiguousarray(getattr(program, name), dtype=kind).tobytes() for name, kind in _ARRAYS)
    digest = hashlib.blake2b(body, digest_size=_DIGEST).digest()
    return torch.frombuffer(bytearray(digest + body), dtype=torch.uint8)


def decode(raw: bytes) -> tuple[LaneProgram, Interface]:
    """What `encode` wrote; raises InputError for anything else."""
    body = raw[_DIGEST:]
    if hashlib.blake2b(body, digest_size=_DIGEST).digest() != raw[:_DIGEST]:
        raise InputError("the code of a circuit must be what was written: its digest does not match")
    head, _, rest = body.partition(b"\n")
    about = json.loads(head)
    interface = Interface(about["name"], dict(about["inputs"]), dict(about["outputs"]))
    size = about["size"]
    shapes = {"tables": (size,), "operands": (size, 3), "slots": (size,), "outputs": (interface.output_bits,)}
    parts: dict[str, Any] = {}
    for name, kind in _ARRAYS:
        count = int(np.prod(shapes[name]))
        array = np.frombuffer(rest, dtype=kind, count=count).reshape(shapes[name])
        parts[name] = array.astype(np.uint8 if name == "tables" else np.int32)
        rest = rest[array.nbytes :]
    program = LaneProgram(
        interface.input_bits, parts["tables"], parts["operands"], parts["slots"], about["slots"], parts["outputs"],
        np.zeros(0, np.int32),
    )  # fmt: skip
    return program, interface


_runners: OrderedDict[bytes, NativeRunner] = OrderedDict()
_lock = threading.Lock()


def _runner(code: Tensor) -> NativeRunner:
    """The native runner of a program, compiled when it is first asked for."""
    raw = code.cpu().numpy()
    digest = raw[:_DIGEST].tobytes()
    with _lock:
        found = _runners.get(digest)
        if found is not None:
            _runners.move_to_end(digest)
            return found
    from trix_circuits.run.native.native import BACKEND

    found = BACKEND.compile(*decode(raw.tobytes()), None)
    with _lock:
        _runners[digest] = found
        while len(_runners) > _KEPT:
            _runners.popitem(last=False)
    return found


@torch.library.custom_op("trix_circuits::lanes", mutates_args=(), device_types="cpu")
def lanes_operator(bits: Tensor, code: Tensor, outputs: int) -> Tensor:
    """[lanes, input bits] of 0/1 elements to [lanes, outputs] of the same kind, by native code."""
    return native_bits(_runner(code), bits)


@lanes_operator.register_fake
def _(bits: Tensor, code: Tensor, outputs: int) -> Tensor:
    return bits.new_empty((bits.shape[0], outputs))


@torch.library.custom_op("trix_circuits::planes", mutates_args=(), device_types="cpu")
def planes_operator(planes: Tensor, code: Tensor, outputs: int) -> Tensor:
    """[.., input bits, words] to [.., outputs, words], by native code."""
    return native_planes(_runner(code), planes)


@planes_operator.register_fake
def _(planes: Tensor, code: Tensor, outputs: int) -> Tensor:
    return planes.new_empty((*planes.shape[:-2], outputs, planes.shape[-1]))


def native_bits(runner: NativeRunner, bits: Tensor) -> Tensor:
    """Rows of 0/1 elements by the native backend, on the tensor's own memory."""
    tensors.checked_bits(runner.interface, bits)
    array = bits.detach().view(tensors.SAME_SIZE[bits.dtype.itemsize]).numpy()
    found, strange = runner.values(array, tensors.ONE[bits.dtype])
    if strange:
        tensors.refuse_other_than_bits(runner.interface, bits)
    return torch.from_numpy(found).view(bits.dtype)


def native_planes(runner: NativeRunner, planes: Tensor) -> Tensor:
    """Planes of int64 by the native backend; blocks that are no multiple of 8 words go one by one."""
    array = tensors.checked_planes(runner.interface, planes).numpy().view(np.uint64)
    if array.ndim == 3 and array.shape[2] % 8:
        blocks = [runner.planes(block) for block in array]
        shape = (0, runner.program.output_bits, array.shape[2])
        found = np.stack(blocks) if blocks else np.zeros(shape, dtype=np.uint64)
    else:
        found = runner.planes(array)
    return torch.from_numpy(found.view(np.int64))


def has_native() -> bool:
    """Whether the native backend can be used here."""
    try:
        from trix_circuits.run.native.native import BACKEND
    except ImportError:
        return False
    return not BACKEND.why_not()


class CircuitModule(nn.Module):
    """A circuit as a module without parameters.

    `layout` says what goes in and comes out: "bits", [lanes, nets] of 0/1 elements of any kind in `torch_tensors.ONE`;
    "planes", [nets, words] of int64; "integers", a dict of integer tensors by bus name. With `native` (the default
    where it can be had) tensors on the CPU go through native code; without, and on any other device, through bitwise
    operations, which need nothing of this package once exported.

    Called as it is, or where native code runs, elements other than 0 and 1 raise InputError naming bus and lane, and so
    do integers that do not fit; in a compiled graph of bitwise operations elements other than 0 count as 1, and the
    bits of an integer beyond its bus's width are dropped. No gradient passes: the backend `dense` has one.

    `proven` says whether all that it runs was shown to compute `interface.circuit`: where it has one, that is done when it
    is made. What has been changed since is not proven any more, until `verify` shows it again.
    """

    lane_program: Tensor

    def __init__(
        self, program: LaneProgram, interface: Interface, layout: Layout = "bits", native: bool | None = None
    ) -> None:
        super().__init__()
        if layout not in LAYOUTS:
            raise InputError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout!r}")
        self.program = program
        self.interface = interface
        self.layout = layout
        self.native = has_native() if native is None else native
        self.logic: nn.Module = logic_graph(program)
        self.register_buffer("lane_program", encode(program, interface), persistent=False)
        self._shown = ""
        if interface.circuit is not None:
            with suppress(RefutedError):
                self.verify()

    def _held(self) -> str:
        """A digest of all that is run."""
        found = hashlib.blake2b(self.lane_program.cpu().numpy().tobytes(), digest_size=_DIGEST)
        found.update(f"{type(self.logic)} {getattr(self.logic, 'code', '')}".encode())
        return found.hexdigest()

    @property
    def proven(self) -> bool:
        """Whether what it holds is what was last shown to compute the circuit."""
        return bool(self._shown) and not self.lane_program.is_meta and self._held() == self._shown

    def verify(self) -> None:
        """Show that it computes its circuit: operation by operation, for all inputs (`lower.prove_lowering`).

        Raises RefutedError, or InputError if it was not made of a circuit.
        """
        circuit, self._shown = self.interface.circuit, ""
        if circuit is None:
            raise InputError(f"{self.interface.name}: a module must be made of a proven circuit to be verified")
        if not torch.equal(encode(self.program, self.interface), self.lane_program.cpu()):
            raise RefutedError(f"{self.interface.name}: the buffer lane_program was changed")
        if getattr(self.logic, "code", "") != logic_graph(self.program).code:
            raise RefutedError(f"{self.interface.name}: the graph of operations was changed")
        prove_lowering(circuit.netlist, self.program)
        self._shown = self._held()

    def _planes(self, planes: Tensor) -> Tensor:
        if self.native and planes.device.type == "cpu":
            found: Tensor = planes_operator(planes, self.lane_program, self.interface.output_bits)
        else:
            found = self.logic(planes)
        return found

    def _bits(self, bits: Tensor) -> Tensor:
        tensors.checked_bits(self.interface, bits)
        if self.native and bits.device.type == "cpu":
            found: Tensor = lanes_operator(bits, self.lane_program, self.interface.output_bits)
            return found
        if torch.compiler.is_compiling():
            columns: Tensor = self.logic((bits != 0).t()).t()
            return columns.to(bits.dtype, memory_format=torch.contiguous_format)
        tensors.refuse_other_than_bits(self.interface, bits)
        return tensors.bits_of_planes(self.logic(tensors.planes_of_bits(bits)), bits.shape[0], bits.dtype)

    def _integers(self, inputs: Mapping[str, Any]) -> dict[str, Tensor]:
        graph = torch.compiler.is_compiling()
        lanes, device, buses = tensors.given_integers(self.interface, inputs, not graph)
        if graph:
            columns = self.logic(tensors.columns_of_integers(lanes, device, buses))
            return tensors.integers_of_columns(self.interface, columns)
        planes = self._planes(tensors.planes_of_integers(lanes, device, buses))
        return tensors.integers_of_planes(self.interface, planes, lanes)

    def forward(self, inputs: Any) -> Any:
        """See the class."""
        if self.layout == "bits":
            return self._bits(inputs)
        if self.layout == "integers":
            return self._integers(inputs)
        return self._planes(tensors.checked_planes(self.interface, inputs))

    def extra_repr(self) -> str:
        buses = ", ".join(f"{name}[{width}]" for name, width in self.interface.inputs.items())
        how = "proven" if self.proven else "unproven"
        return f"{self.interface.name}: {buses} -> {', '.join(self.interface.outputs)}; layout={self.layout}, {how}"
