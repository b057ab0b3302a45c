"""BLIF: .names covers, and .subckt of models in the same file (Berkeley, "Logic Interchange Format", 1992).

Hierarchy is flattened by pairs (instance, name): a net inside an instance is never the same as one of another
instance or of the circuit, whatever they are called. A port that is bound stands for the net outside.
"""

import re
from typing import Any

from .file import Gate
from .limits import MAX_NETS, TooLarge, Work, require
from .source import Source, conjunction, in_order, text_of

Net = tuple[int, str]  # the instance, 0 being the circuit itself, and the name there
Model = dict[str, list[Any]]


def _models(data: bytes, work: Work) -> dict[str, Model]:
    """The models by name: .inputs and .outputs as words, .names as words and rows, .subckt as words."""
    text = re.sub(r"\\[ \t]*\n", " ", re.sub("#[^\n]*", "", text_of(data, work)))
    models: dict[str, Model] = {}
    model: Model = {}  # the open one, if it is not empty
    rows: list[Any] | None = None  # of the open cover
    for line in text.split("\n"):
        if not (words := line.split()):
            continue
        work.spend(2 + 2 * len(words), 100 + 60 * len(words))
        if words[0] == ".model" or not models:
            name = words[-1] if words[0] == ".model" else ""
            require(name not in models and (not name or len(words) == 2), "BLIF: a model must have a name of its own")
            model = models[name] = {key: [] for key in (".model", ".inputs", ".outputs", ".names", ".subckt")}
        head = words[0] if words[0][0] == "." else "a row"
        good = head in model or head == ".end" or (head == "a row" and rows is not None)
        require(model and good, f"BLIF: a line must be of a combinational circuit, not {line!r:.50}")
        if head == "a row" and rows is not None:
            rows.append(words)
            continue
        rows = [] if head == ".names" else None
        if head in (".names", ".subckt"):
            require(len(words) > 1, f"BLIF: {head} must name a net or a model")
            model[head].append((words, rows))
        elif head == ".end":
            model = {}
        else:
            model[head] += words[1:]
    require(models, "neither AIGER, Bristol nor BLIF: nothing in it is a model")
    return models


def _check_size(models: dict[str, Model], most: int) -> None:
    """Refuse hierarchies that come to too many words, or that contain themselves."""
    cost: dict[str, int] = {}  # words that a model comes to with all that it contains
    for name in in_order(
        {name: [words[1] for words, _ in model[".subckt"]] for name, model in models.items()}, "BLIF: model"
    ):
        inside = models[name][".subckt"]
        own = sum(len(words) + len(rows or ()) for words, rows in inside + models[name][".names"])
        cost[name] = own + sum(cost.get(words[1], 0) for words, _ in inside)
        require(cost[name] <= most, "BLIF: the hierarchy is too large", TooLarge)


def _covers(models: dict[str, Model], work: Work) -> dict[Net, tuple[list[Net], list[list[str]]]]:
    """The cover of each net, with the nets that it reads, all instances being taken apart."""
    covers: dict[Net, tuple[list[Net], list[list[str]]]] = {}
    stack: list[tuple[int, Model, dict[str, Net]]] = [(0, next(iter(models.values())), {})]
    instances = 0
    while stack:
        instance, model, bound = stack.pop()
        own = set(model[".inputs"])

        def net_of(name: str, instance: int = instance, bound: dict[str, Net] = bound) -> Net:
            return bound.get(name, (instance, name))

        for words, rows in model[".names"]:
            work.spend(8 + 3 * len(words), 300 + 100 * len(words))
            *reads, net = [net_of(word) for word in words[1:]]
            once = net not in covers and words[-1] not in own
            require(once, f"BLIF: net {words[-1]:.60} must be defined once, and not as an input")
            covers[net] = (reads, rows)
        for words, _ in model[".subckt"]:
            work.spend(8 + 3 * len(words), 300 + 100 * len(words))
            require(words[1] in models, f"BLIF: model {words[1]:.40} must be in the file")
            inner, pairs = models[words[1]], [word.partition("=")[::2] for word in words[2:]]
            ports = {formal: net_of(actual) for formal, actual in pairs if actual}
            good = len(ports) == len(pairs) and ports.keys() <= {*inner[".inputs"], *inner[".outputs"]}
            require(good, f"BLIF: an instance of {words[1]:.40} must bind each of its ports at most once")
            driven = {actual for formal, actual in pairs if formal in inner[".outputs"]}
            require(own.isdisjoint(driven), "BLIF: an instance must not drive an input")
            instances += 1
            stack.append((instances, inner, ports))
    return covers


def read_blif(data: bytes, work: Work) -> Source:
    """Decode BLIF; the first model is the circuit."""
    models = _models(data, work)
    _check_size(models, 16 * len(data) + MAX_NETS)
    top, covers = next(iter(models.values())), _covers(models, work)
    net_of: dict[Net, int] = {(0, name): k for k, name in enumerate(top[".inputs"])}
    require(len(net_of) == len(top[".inputs"]), "BLIF: an input must be named once")
    gates: list[Gate] = []

    def add(gate: Gate) -> int:
        work.spend(10 + 3 * len(gate[0]), 200 + 80 * len(gate[0]))
        gates.append(gate)
        return len(top[".inputs"]) + len(gates) - 1

    for net in in_order({net: reads for net, (reads, _) in covers.items()}, "BLIF: net", lambda net: net[1]):
        reads, table = covers[net]
        require(all(read in net_of for read in reads), f"BLIF: what net {net[1]:.60} reads must be defined")
        table, values = [row if reads else ["", *row] for row in table], {row[-1] for row in table}
        good = all(len(row) == 2 and len(row[0]) == len(reads) and set(row[0]) <= {"0", "1", "-"} for row in table)
        good = good and len(values) < 2 and values <= {"0", "1"}
        require(
            good,
            f"BLIF: the cover of {net[1]:.60} must be rows of {len(reads)} of 0, 1, - and one value, the same in all",
        )
        nets: list[int] = []
        for row in table:
            work.spend(len(reads))
            pairs = zip(reads, row[0], strict=True)
            nets.append(add(conjunction([2 * net_of[read] + (bit == "0") for read, bit in pairs if bit != "-"])))
        sign = -1 if values == {"0"} else 1
        net_of[net] = nets[0] if len(nets) == sign else add((tuple(nets), (sign,) * len(nets), 0 if sign < 0 else -1))
    good = all((0, name) in net_of for name in top[".outputs"]) and len(set(top[".outputs"])) == len(top[".outputs"])
    require(good, "BLIF: each output must be defined, and named once")
    return Source(top[".inputs"], [(name, 2 * net_of[0, name]) for name in top[".outputs"]], gates)
