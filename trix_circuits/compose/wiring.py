"""Circuits from instances and wires: atoms, families, tables and proven circuits, joined by nets.

The meaning may be stated; otherwise it is that of the wiring: each instance's outputs are defined, in the notation of
docs/meaning.md, by what feeds it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trix_circuits.circuit import Circuit
from trix_circuits.compose import families
from trix_circuits.errors import ImpossibleError, InputError, LimitError
from trix_circuits.evidence.prover import Block, Draft
from trix_circuits.logic.formats import WeightFormat
from trix_circuits.logic.netlist import Builder, Netlist, check_bus_name
from trix_circuits.logic.truth_table import NamedFunction, TruthTable, named_function
from trix_circuits.store import Cache
from trix_circuits.synth import atoms
from trix_circuits.synth.synth import Found, Impossible, Network, synthesise

MAX_WIDTH = 1 << 14


@dataclass(frozen=True)
class Wire:
    """Some bits of the wiring: nets of the builder, and for each an expression that says its value."""

    nets: tuple[int, ...]
    texts: tuple[str, ...]

    def __getitem__(self, index: int | slice) -> Wire:
        if isinstance(index, int):
            if not 0 <= index < len(self.nets):
                raise InputError(f"bit {index} must be one of 0 to {len(self.nets) - 1}")
            return Wire(self.nets[index : index + 1], self.texts[index : index + 1])
        return Wire(self.nets[index], self.texts[index])

    def __add__(self, other: Wire) -> Wire:
        return Wire(self.nets + other.nets, self.texts + other.texts)

    def text(self) -> str:
        """The word's value as an expression."""
        return " + ".join(t if i == 0 else f"{1 << i} * {t}" for i, t in enumerate(self.texts))


@dataclass
class _Part:
    """What an instance is made of, before it is wired: a netlist with its meaning and blocks."""

    name: str
    netlist: Netlist
    meaning: Sequence[str]
    blocks: Sequence[Block] = ()
    defaults: Mapping[str, int] = field(default_factory=dict)


def solved(form: WeightFormat, table: TruthTable, what: str, timeout_s: float = 60.0) -> Network:
    """A network for a function: from the atom library, the cache, or the solver."""
    found = atoms.network(form, table)
    if found is not None:
        return found
    outcome = synthesise(table, form, cache=Cache(), timeout_s=timeout_s, max_gates=10, polish=False)
    if isinstance(outcome, Found):
        return outcome.network
    if isinstance(outcome, Impossible):
        raise ImpossibleError(
            f"{what}: no network of up to {outcome.max_gates} gates in {form.name}: proven impossible"
        )
    raise LimitError(f"{what}: no network found in {timeout_s:g} s")


def _function_part(form: WeightFormat, function: NamedFunction) -> _Part:
    network = solved(form, function.table, function.name)
    builder = Builder(form, dict.fromkeys(function.input_names, 1), share=False)
    nets = list(range(network.arity))
    for sources, weights, bias in network.gates:
        nets.append(builder.gate([nets[s] for s in sources], weights, bias))
    meaning = f"y = table({function.table.hex()}, {', '.join(function.input_names)})"
    return _Part(function.name, builder.finish({"y": [nets[-1]]}), [meaning])


def part(
    form: WeightFormat, of: str | TruthTable | Circuit, options: Mapping[str, Any], max_fan_in: int | None
) -> _Part:
    """The part of an atom's or family's name, of a truth table, or of a proven circuit of the same format."""
    if isinstance(of, Circuit):
        if of.netlist.format != form:
            raise InputError(f"circuit {of.name} must be in format {form.name}, not {of.netlist.format.name}")
        return _Part(of.name, of.netlist, of.meaning, (), of.defaults)
    if isinstance(of, TruthTable):
        names = tuple("abcdefghijklmnop"[: of.arity])
        return _function_part(form, NamedFunction(of.hex(), of, names))
    if of.lower() in families.FAMILIES and "bits" in options:
        made = families.draft(of.lower(), form, max_fan_in=max_fan_in, **options)
        return _Part(of, made.netlist, made.meaning, made.blocks, made.defaults)
    if options:
        raise InputError(f"{of} is no family and takes no {sorted(options)[0]}")
    if of.lower() in families.FAMILIES and of.upper() not in ("MUX",):
        raise InputError(f"family {of} needs bits = N")
    return _function_part(form, named_function(of))


class Wiring:
    """Inputs, instances and outputs; `draft` gives the circuit. Nets exist before they are read, so there are no loops."""

    def __init__(self, name: str, form: WeightFormat, inputs: Mapping[str, int], max_fan_in: int | None = None) -> None:
        for bus, width in inputs.items():
            if width > MAX_WIDTH:
                raise LimitError(f"input {bus} must be at most {MAX_WIDTH} bits wide, not {width}")
        self.name, self.form, self.max_fan_in = name, form, max_fan_in
        self.builder = Builder(form, inputs, share=False)
        self.blocks: list[Block] = []
        self.locals: list[str] = []
        self.outputs: dict[str, Wire] = {}
        self._constants: dict[int, int] = {}

    def input(self, bus: str) -> Wire:
        """All bits of an input bus."""
        if bus not in self.builder.inputs:
            raise InputError(f"input {bus!r} must be one of {', '.join(self.builder.inputs)}")
        nets = self.builder[bus]
        return Wire(nets, tuple(f"{bus}[{i}]" for i in range(len(nets))) if len(nets) > 1 else (bus,))

    def constant(self, value: int) -> Wire:
        """A bit that is always 0 or always 1."""
        if value not in (0, 1):
            raise InputError(f"a constant must be 0 or 1, not {value}")
        if value not in self._constants:
            fitting = [b for b in self.form.biases if (b >= 0) == bool(value)]
            if not fitting:
                raise ImpossibleError(f"no gate of format {self.form.name} is always {value}")
            net = self.builder.gate((), (), min(fitting, key=abs))
            self._constants[value] = net
            self.blocks.insert(0, Block((), {net: 1}, (net,), -value))
        return Wire((self._constants[value],), (f"(0 == {1 - value})",))

    def instance(
        self, name: str, of: str | TruthTable | Circuit, *, options: Mapping[str, Any] | None = None, **ports: Wire
    ) -> dict[str, Wire]:
        """Add an instance, its input ports wired; returns its outputs by name. A port with a default may be left open."""
        check_bus_name(name)
        made = part(self.form, of, options or {}, self.max_fan_in)
        return self.place(name, made, ports)

    def place(self, name: str, made: _Part, ports: Mapping[str, Wire]) -> dict[str, Wire]:
        """Add a part, its input ports wired."""
        net = made.netlist
        for port in ports:
            if port in net.outputs:
                raise InputError(f"{name}.{port} is an output of {made.name} and must not have a second driver")
            if port not in net.inputs:
                raise InputError(f"{name}: {made.name} has no port {port!r}; its inputs are {', '.join(net.inputs)}")
        wired: dict[str, Wire] = {}
        for port, width in net.inputs.items():
            wire = ports.get(port)
            if wire is None and port in made.defaults:
                bits = [self.constant(made.defaults[port] >> i & 1) for i in range(width)]
                wire = bits[0]
                for bit in bits[1:]:
                    wire = wire + bit
            if wire is None:
                raise InputError(f"{name}.{port} must be driven")
            if len(wire.nets) != width:
                raise InputError(f"{name}.{port} must be {width} bits wide, not {len(wire.nets)}")
            wired[port] = wire
        mapping = [n for wire in wired.values() for n in wire.nets]
        for sources, weights, bias in net.gates():
            merged: dict[int, int] = {}
            for source, weight in zip(sources, weights, strict=True):
                merged[mapping[source]] = merged.get(mapping[source], 0) + weight
            if len(merged) < len(sources) and not set(merged.values()) <= self.form.weight_set:
                raise InputError(
                    f"{name}: one net must not drive several ports here: {self.form.name} has no weight for the sum"
                )
            mapping.append(self.builder.gate(list(merged), list(merged.values()), bias))
        for block in made.blocks:
            terms: dict[int, int] = {}
            for n, weight in block.terms.items():
                terms[mapping[n]] = terms.get(mapping[n], 0) + weight
            leaves = tuple(dict.fromkeys(mapping[n] for n in block.leaves))
            self.blocks.append(Block(leaves, terms, tuple(mapping[n] for n in block.outputs), block.constant))
        self._define(name, made, wired)
        outputs = {}
        for port, drivers in net.outputs.items():
            texts = tuple(f"{name}_{port}[{i}]" if len(drivers) > 1 else f"{name}_{port}" for i in range(len(drivers)))
            outputs[port] = Wire(tuple(mapping[d] for d in drivers), texts)
        return outputs

    def _define(self, name: str, made: _Part, wired: Mapping[str, Wire]) -> None:
        """Local definitions of the instance's outputs in terms of what feeds it."""
        words = {port: ast.parse(wire.text(), mode="eval").body for port, wire in wired.items()}
        rename = _Rename(words, f"{name}_")
        for equation in made.meaning:
            left, _, right = equation.partition(" = ")
            text = ast.unparse(rename.visit(ast.parse(right, mode="eval").body))
            if left in made.netlist.outputs:
                width = len(made.netlist.outputs[left])
                self.locals.append(f"{name}_{left} = {text}" if width == 1 else f"{name}_{left} = ({text})[0:{width}]")
            elif left.isidentifier():
                self.locals.append(f"{name}_{left} = {text}")
            else:
                self.locals.append(f"{name}_all = {text}")
                at = 0
                for port, drivers in made.netlist.outputs.items():  # bits of the value in two's complement, in order
                    self.locals.append(f"{name}_{port} = {name}_all[{at}:{at + len(drivers)}]")
                    at += len(drivers)

    def output(self, name: str, wire: Wire) -> None:
        """Drive an output bus."""
        check_bus_name(name)
        if name in self.outputs:
            raise InputError(f"output {name} must have one driver, not two")
        self.outputs[name] = wire

    def draft(self, meaning: Sequence[str] | None = None) -> Draft:
        """The circuit, with a stated meaning or that of the wiring."""
        netlist = self.builder.finish({name: wire.nets for name, wire in self.outputs.items()})
        if meaning is None:
            meaning = [*self.locals, *(f"{name} = {wire.text()}" for name, wire in self.outputs.items())]
        return Draft(self.name, netlist, tuple(meaning), self.blocks)


class _Rename(ast.NodeTransformer):
    """Replace port names by what feeds them, and other names (local definitions) by prefixed ones."""

    def __init__(self, words: Mapping[str, ast.expr], prefix: str) -> None:
        self.words, self.prefix = words, prefix

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.words[node.id] if node.id in self.words else ast.Name(self.prefix + node.id)
