"""Modules and their instances: from a hierarchy of Verilog modules to one flat network.

A module is copied for each of its instances, ports being tied by buffers, which cost nothing in an AIG. How much larger
than its text a hierarchy may become is bounded.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from trix_circuits.errors import InputError, quoted
from trix_circuits.files.network import Driver, Network
from trix_circuits.files.reading import Budget
from trix_circuits.files.verilog.expression import Nets, Scope
from trix_circuits.files.verilog.text import NotStructuralError

FREE = 1 << 21  # nets and connections that any file may come to, however small


@dataclass(frozen=True, slots=True)
class Instance:
    """A module's use: nets by port name, or by position."""

    module: str
    name: str
    line: int
    ports: dict[str, Nets | None] | list[Nets | None]


@dataclass
class Module:
    name: str
    line: int
    scope: Scope
    ports: list[str] = field(default_factory=list)
    directions: dict[str, str] = field(default_factory=dict)
    instances: list[Instance] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    cost: int = 1  # nets and connections that one more instance takes


def top_of(modules: dict[str, Module], top: str | None) -> str:
    """The module of this name, or the only one that no other uses (and that uses others, if there are several)."""
    if top is not None:
        if top not in modules:
            raise InputError(f"top must be a module of the file, not {quoted(top)}")
        return top
    if not modules:
        raise InputError("must have a module")
    used = {instance.module for module in modules.values() for instance in module.instances}
    free = [name for name in modules if name not in used]
    if len(free) > 1:  # cells that nobody uses may stand beside the design
        free = [name for name in free if modules[name].instances] or free
    if len(free) != 1:
        raise InputError(f"top must be given: {', '.join(free or modules)[:200]} may each be it")
    return free[0]


def check_hierarchy(modules: dict[str, Module], top: Module, budget: Budget) -> None:
    """Refuse modules that are missing, modules within themselves, and more copies than the budget has."""
    total: dict[str, int] = {}  # of a module with all that is in it
    way: list[tuple[str, int]] = [(top.name, 0)]
    inside = {top.name}
    while way:
        name, at = way.pop()
        instances = modules[name].instances
        if at == len(instances):
            total[name] = modules[name].cost + sum(total[instance.module] for instance in instances)
            inside.discard(name)
            continue
        way.append((name, at + 1))
        instance = instances[at]
        if instance.module not in modules:
            raise InputError(f"line {instance.line}: module {quoted(instance.module)} is not defined in this file")
        if instance.module in inside:
            raise InputError(f"line {instance.line}: module {quoted(instance.module)} must not contain itself")
        if instance.module not in total:
            inside.add(instance.module)
            way.append((instance.module, 0))
    budget.spend(total[top.name])


def flat(modules: dict[str, Module], top: Module) -> Network:
    """All nets of the hierarchy, those of the top module first."""
    starts, owners = [0], [(top, "")]

    def name_of(net: int) -> str:
        at = bisect_right(starts, net) - 1
        module, path = owners[at]
        return path + (module.scope.names[net - starts[at]] or "an expression")

    network = Network(name_of)
    network.drivers = list(top.scope.network.drivers)
    work = [0]
    while work:
        at = work.pop()
        module, path = owners[at]
        for instance in module.instances:
            child = modules[instance.module]
            base = len(network.drivers)
            network.drivers += [_moved(driver, base) for driver in child.scope.network.drivers]
            starts.append(base)
            owners.append((child, f"{path}{instance.name}."))
            work.append(len(owners) - 1)
            try:
                _connect(network, child, instance, starts[at], base)
            except NotStructuralError:
                raise
            except InputError as error:
                raise InputError(f"line {instance.line}: {error}") from None
    return network


def _moved(driver: Driver | None, base: int) -> Driver | None:
    return None if driver is None else (driver[0], *(net + base for net in driver[1:]))


def _connect(network: Network, child: Module, instance: Instance, outer: int, base: int) -> None:
    """Tie the ports of an instance to the nets around it."""
    ports = instance.ports
    if isinstance(ports, list):
        if len(ports) > len(child.ports):
            raise InputError(
                f"{quoted(instance.name)} must have at most {len(child.ports)} connections, not {len(ports)}"
            )
        ports = dict(zip(child.ports, ports, strict=False))
    for port, nets in ports.items():
        if port not in child.directions:
            raise InputError(f"module {quoted(child.name)} has no port {quoted(port)}")
        if nets is None:
            continue
        own = child.scope.signals[port].nets
        if len(own) != len(nets):
            raise NotStructuralError(
                f"line {instance.line}: a connection of {len(nets)} bits to the {len(own)} of {quoted(port)} is not"
                " structural Verilog; RTL goes by way of Yosys"
            )
        for inside, outside in zip(own, nets, strict=True):
            if child.directions[port] == "input":
                network.drive(base + inside, "buf", (outer + outside,))
            else:
                network.drive(outer + outside, "buf", (base + inside,))
