"""The checker: reads one circuit file and says yes or no. It trusts nothing but this page.

Run it as `python check.py FILE`, anywhere, with nothing but Python's standard library. Exit status: 0 accepted,
1 refused, 2 not a circuit file (or damaged, or unreadable), 3 over a limit of this program.

A circuit is a list of threshold gates: a gate fires iff sum(weight * input) + bias >= 0, all in integers. Its *meaning*
is a list of equations between integers, such as `sum = a + b + cin`. The checker turns each into a *goal*: a linear
form over nets that must be 0 for every input. Its nets are the circuit's own, or *reference nodes*, which the checker
itself makes for the right-hand side in the plainest way (ripple adders, one bit after the other). A goal is proven from
*lemmas*, which the certificate proposes, by two rules:

  window  A claim (a linear equation or inequality over nets) holds if it holds in each of the 2^k rows over k chosen
          leaves, all gates between leaves and claim being evaluated, save the rows that contradict claims proven
          before which the lemma names. Right, because every real situation is one of the rows.
  sum     Equations with integer multipliers add up to an equation.

A certificate may bring *ghosts*, gates that only the proof reads: a definition cannot make a false claim true. All in
a certificate is an order of work: a lying one can fail, but cannot make this program believe.
"""

import ast, hashlib, itertools, json, re, struct, sys
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

VERSION = 1
MAX_LEAVES = 24  # a window of 2^24 rows takes seconds
CHUNK = 15  # rows are evaluated 2^CHUNK at a time, so that planes stay in cache
MAX_WIDTH = 1 << 16  # bits of one reference word
MAX_NETS = 2_000_000  # input bits, reference nodes, and terms of one product
MAX_WORK = 1 << 43  # rows times bits of weights, over all windows, and the like for sums and clauses

Gate = tuple[tuple[int, ...], tuple[int, ...], int]  # sources, weights, bias
Adder = Callable[[int, int, int], tuple[int, int]]  # three bits to their sum's two
Linear = dict[int, int]  # net -> coefficient; the constant stands at ONE
ONE = -1

_E2M1, _TRIT = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], [0, 1, None, -1]
_INT: dict[int, list[Any]] = {bits: [*range(1 << bits - 1), *range(-1 << bits - 1, 0)] for bits in range(2, 9)}
# Names with a fixed sense: the unit, and the weight and the bias of each code in units. Other formats go by the file.
KNOWN_FORMATS = {f"int{bits}": ("1", codes, codes) for bits, codes in _INT.items()}
KNOWN_FORMATS |= {"ternary": ("1", _TRIT, _INT[8]), "ternary-strict": ("1", _TRIT, _TRIT)}
KNOWN_FORMATS |= dict.fromkeys(("e2m1", "fp4"), ("1/2", _E2M1, _E2M1))

class Damaged(Exception): status = 2  # not a circuit file of this version, or changed after it was written
class TooLarge(Exception): status = 3  # a question exceeds a limit of this program
class Refused(Exception):  # well-formed, but the evidence does not prove the meaning
    status = 1
    def __init__(self, message: str, counterexample: dict[str, int] | None = None) -> None:  # inputs, where they are known
        super().__init__(message)
        self.counterexample = counterexample
# ---- the file --------------------------------------------------------------------------------------------------------
@dataclass
class Circuit:
    """What a file says, decoded and well-formed, but not yet believed. Net ids: input bits first, then the gates."""
    name: str
    format_name: str
    inputs: list[tuple[str, int]]  # names and widths
    outputs: list[tuple[str, list[int]]]
    gates: list[Gate]
    meaning: list[str]
    certificate: dict[str, Any]
    about: dict[str, Any]
    sources: list[bytes]  # files that it is said to equal
def _require(condition: object, message: str) -> None:
    if not condition: raise Damaged(message)
@contextmanager
def _decoding(what: str) -> Iterator[None]:
    """Where a part is not what it must be, decoding trips over it in one of these ways."""
    limit = sys.getrecursionlimit()
    try: yield
    except (MemoryError, RecursionError): raise TooLarge(f"{what}: it nests too deeply, or memory ran out") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise Damaged(f"{what} ({type(error).__name__}: {error!s:.60})") from None
    finally: sys.setrecursionlimit(limit)

def _json(raw: bytes | str) -> Any:
    """JSON in which every number is an integer and no key stands twice."""
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        _require(len(dict(pairs)) == len(pairs), "a key stands twice")
        return dict(pairs)
    def refuse(text: str) -> None: _require(False, f"a number must be an integer, not {text[:20]}")
    try: return json.loads(raw, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    except RecursionError: raise Damaged("JSON must not nest so deeply") from None

def _unpack(raw: bytes, table: list[Any], count: int) -> list[int]:
    """`count` codes, lowest bits first, each as wide as the table of values needs, looked up there."""
    _require(all(value is None or type(value) is int for value in table), "a format's values must be integers or null")
    bits = max(1, (len(table) - 1).bit_length())
    digits = f"{int.from_bytes(raw, 'little'):0{len(raw) * 8}b}"[::-1] if raw else ""
    _require(len(raw) == (count * bits + 7) // 8 and "1" not in digits[count * bits :], "packed values: wrong length")
    values = [table[int(digits[i : i + bits][::-1], 2)] for i in range(0, count * bits, bits)]
    _require(None not in values, "packed values: a code has no value in this format")
    return values

@_decoding("not a circuit file, or cut short")
def read(data: bytes) -> Circuit:
    """Decode a circuit file; raise Damaged unless every part of it is what it must be."""
    size = int.from_bytes(data[:8], "little")  # safetensors: the header's size, the header, the tensors
    _require(8 < 8 + size <= len(data), "not a circuit file, or cut short")
    header, body = _json(data[8 : 8 + size]), data[8 + size :]
    about = _json(header["__metadata__"]["trix_circuits"])
    digest = about["digest"].encode()
    _require(re.fullmatch(b"[0-9a-f]{64}", digest) and data.count(digest) == 1, "the digest must stand there once")
    blank = data.replace(digest, b"0" * 64)  # the digest is taken over the whole file with itself blanked out
    _require(hashlib.blake2b(blank, digest_size=32).hexdigest().encode() == digest, "changed after it was written")
    _require(about["version"] == VERSION, f"the version must be {VERSION}, not {about['version']!r:.20}")
    def tensor(name: str, dtype: str) -> bytes:
        low, high = header[name]["data_offsets"]
        _require(header[name]["dtype"] == dtype and 0 <= low <= high <= len(body), f"tensor {name} is misplaced")
        return body[low:high]
    def numbers(name: str) -> list[int]: return [n for (n,) in struct.iter_unpack("<I", tensor(name, "U32"))]
    form, fan_in, sources, drivers = about["format"], numbers("fan_in"), numbers("sources"), numbers("outputs")
    values = (form["unit"], form["weights"], form["biases"])
    _require(KNOWN_FORMATS.get(form["name"].lower(), values) == values, f"{form['name']} must have its own values")
    weights = _unpack(tensor("weights", "U8"), form["weights"], len(sources))
    biases = _unpack(tensor("biases", "U8"), form["biases"], len(fan_in))
    inputs, outputs = ([(name, width) for name, width in about[key]] for key in ("inputs", "outputs"))
    for name, width in inputs + outputs:
        good = re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and type(width) is int and width > 0
        _require(good, f"a bus must have a name and a width, not {name!r:.40} and {width!r:.20}")
    _require(len(dict(inputs + outputs)) == len(inputs + outputs), "two buses share a name")
    _require(sum(fan_in) == len(sources), "the fan-ins must add up to the number of sources")
    gates: list[Gate] = []
    at, net = 0, sum(width for _, width in inputs)
    for count, bias in zip(fan_in, biases, strict=True):
        gates.append((tuple(sources[at : at + count]), tuple(weights[at : at + count]), bias))
        good = max(gates[-1][0], default=-1) < net and len(set(gates[-1][0])) == count
        _require(good, f"gate {len(gates) - 1} must read nets before it, each once")
        at, net = at + count, net + 1
    _require(0 < len(drivers) == sum(w for _, w in outputs) and max(drivers) < net, "each output bit must be driven")
    bits = iter(drivers)
    driven = [(name, list(itertools.islice(bits, width))) for name, width in outputs]
    # What is printed must be what was proven: no control characters, line breaks or comments.
    plain = type(about["meaning"]) is list and all(re.fullmatch('[ !"$-~]+', line) for line in about["meaning"])
    _require(plain, "a meaning must be a list of equations in plain ASCII")
    certificate = _json(tensor("certificate", "U8"))
    sources_read = [tensor(f"source{k}", "U8") for k in range(len(about.get("sources", [])))]
    return Circuit(str(about["name"]), form["name"], inputs, driven, gates, about["meaning"], certificate, about, sources_read)
# ---- sources: foreign circuits in AIGER or BLIF ----------------------------------------------------------------------
@dataclass
class Source:
    """A foreign circuit as gates. Net ids: inputs first, then the gates; an output is 2 * net + (1 if inverted)."""
    inputs: list[str]
    outputs: list[tuple[str, int]]
    gates: list[Gate]

def buses(inputs: Sequence[str], outputs: Sequence[str]) -> tuple[list[tuple[str, list[int]]], ...]:
    """Names of bits as buses with the places of their bits: a[0], ..., a[n-1], in any order, are the n bits of a.
    All other bits are buses by themselves; characters that a bus name can't have become _, a second name gets a _."""
    taken: set[str] = set()
    found: list[list[tuple[str, list[int]]]] = []
    for names in (inputs, outputs):
        words: dict[tuple[str, bool], dict[int, int]] = {}
        for place, name in enumerate(names):
            match = re.fullmatch(r"([^\[\]]+)\[(0|[1-9]\d{0,8})\]", name)
            words.setdefault((match[1], True) if match else (name, False), {})[int(match[2]) if match else 0] = place
        found.append([])
        for (base, _), word in words.items():
            whole = [(base, [word[i] for i in range(len(word))])] if max(word) + 1 == len(word) else None
            for name, places in whole or [(names[place], [place]) for place in word.values()]:
                name = re.sub("[^A-Za-z0-9_]", "_", name if re.match("[A-Za-z_]", name) else f"_{name}")
                while name in taken: name += "_"
                taken.add(name)
                found[-1].append((name, places))
    return tuple(found)
def conjunction(literals: Sequence[int]) -> Gate:
    """The gate that fires iff all literals are 1."""
    return tuple([a >> 1 for a in literals]), tuple([1 - 2 * (a & 1) for a in literals]), -sum(1 - (a & 1) for a in literals)
def _in_order(needs: Mapping[Any, Sequence[Any]], what: str) -> list[Any]:
    """The keys so that each stands after those that it needs; needs that are no keys don't count."""
    order, done = [], dict[Any, bool]()
    for root in needs:
        stack = [root]
        while stack:
            key = stack[-1]
            if key in done:
                if not done[stack.pop()]: order.append(key)
                done[key] = True
                continue
            done[key] = False
            for other in needs[key]:
                if done.get(other) is False: raise Damaged(f"{what} {other!s:.60} must not depend on itself")
                if other in needs and other not in done: stack.append(other)
    return order

def read_aiger(data: bytes) -> Source:
    """Decode AIGER, binary or ASCII, version 1.9, without latches."""
    head, _, rest = data.partition(b"\n")
    good = re.fullmatch(rb"(aag|aig)((?: \d{1,18}){5,9})\s*", head)
    if not good: raise Damaged(f"AIGER: the header must be 'aig M I L O A' or 'aag M I L O A', not {head!r:.50}")
    top, inputs, latches, outs, ands, *more = map(int, good[2].split())
    _require(not latches and not any(more), f"AIGER: a circuit must have no latches and no properties, not {latches} and {sum(more)}")
    _require(top >= inputs + ands, f"AIGER: {inputs} inputs and {ands} ANDs must fit into {top} variables")
    if inputs > MAX_NETS or outs > len(rest): raise TooLarge(f"AIGER: {inputs} inputs and {outs} outputs are too many")
    net: dict[int, int] = {}  # variable -> net; the constant is the first gate
    def literal(number: int) -> int:
        if good[1] == b"aag": return 2 * net[number >> 1] + (number & 1)
        if not 0 <= number <= 2 * top + 1: raise Damaged(f"AIGER: a literal must be at most {2 * top + 1}, not {number}")
        return number if number > 2 * inputs + 1 else number - 2 if number > 1 else 2 * inputs + number
    gates: list[Gate] = [((), (), -1)]
    if good[1] == b"aig":
        _require(top == inputs + ands, "AIGER: a binary file must use all its variables")
        lines = rest.split(b"\n", outs)
        _require(len(lines) > outs and 2 * ands <= len(lines[-1]), "AIGER: the file is cut short")
        raw, at, shapes = lines.pop(), 0, [((1 - 2 * p, 1 - 2 * q), p + q - 2) for p in (0, 1) for q in (0, 1)]
        for number in range(2 * inputs + 2, 2 * top + 2, 2):
            for _ in (0, 1):  # two differences, seven bits a byte, lowest first
                delta = shift = 0
                while (byte := raw[at]) > 127 and shift < 63: delta, shift, at = delta | (byte & 127) << shift, shift + 7, at + 1
                number, last, at = number - (delta | byte << shift), number, at + 1
            if number < 0 or last >= 2 * len(gates) + 2 * inputs: raise Damaged(f"AIGER: AND {len(gates) - 1} must read variables before it")
            a, b = last >> 1, number >> 1
            a, b = (a if a > inputs else a - 1 if a else inputs), (b if b > inputs else b - 1 if b else inputs)
            gates.append(((a, b), *shapes[2 * (last & 1) + (number & 1)]))
        symbols: Iterable[bytes] = raw[at:].split(b"\n") if at < len(raw) else []
    else:
        lines = rest.split(b"\n")
        _require(len(lines) >= inputs + outs + ands, "AIGER: the file is cut short")
        own = [int(line) for line in lines[:inputs]]
        net |= {0: inputs} | {number >> 1: k for k, number in enumerate(own)}
        if len(net) != inputs + 1 or any(number < 2 or number > 2 * top or number % 2 for number in own):
            raise Damaged("AIGER: each input must be a variable of its own")
        rows = [[*map(int, line.split())] for line in lines[inputs + outs : inputs + outs + ands]]
        needs = {left >> 1: (a >> 1, b >> 1) for left, a, b in rows if left % 2 == 0}
        _require(len(needs) == ands and not needs.keys() & net.keys(), "AIGER: each AND must define a variable of its own")
        sides = {left >> 1: (a, b) for left, a, b in rows}
        for variable in _in_order(needs, "AIGER: variable"):
            gates.append(conjunction([literal(side) for side in sides[variable]]))
            net[variable] = inputs + len(gates) - 1
        lines, symbols = lines[inputs : inputs + outs], lines[inputs + outs + ands :]
    names = {"i": [f"i[{k}]" for k in range(inputs)], "o": [f"o[{k}]" for k in range(outs)]}
    for line in itertools.takewhile(lambda line: line not in (b"", b"c", b"c\r"), symbols):
        symbol = re.fullmatch(r"([io])(\d{1,9}) (.+)", line.decode("ascii", "backslashreplace").rstrip("\r"))
        if not symbol or int(symbol[2]) >= len(names[symbol[1]]): raise Damaged(f"AIGER: a symbol must name an input or output, not {line!r:.40}")
        names[symbol[1]][int(symbol[2])] = symbol[3]
    _require(all(len(set(side)) == len(side) for side in names.values()), "AIGER: two symbols have the same name")
    return Source(names["i"], [(name, literal(int(line))) for name, line in zip(names["o"], lines, strict=False)], gates)

def read_blif(data: bytes) -> Source:
    """Decode BLIF: .names covers, and .subckt of models in the same file; the first model is the circuit."""
    text = re.sub(r"\\[ \t]*\r?\n", " ", re.sub("#[^\n]*", "", data.decode("ascii", "backslashreplace")))
    models: dict[str, dict[str, list[Any]]] = {}
    for line in text.splitlines():
        if not (words := line.split()): continue
        if words[0] == ".model" or not models:
            name = words[1] if words[0] == ".model" and len(words) > 1 else ""
            _require(name not in models, f"BLIF: two models are named {name:.40}")
            model = models[name] = {".inputs": [], ".outputs": [], ".names": [], ".subckt": []}
            rows: list[Any] | None = None
        if words[0] in (".inputs", ".outputs"): model[words[0]] += words[1:]
        elif words[0] in (".names", ".subckt"):
            _require(len(words) > 1, f"BLIF: {words[0]} must name a net or a model")
            rows = [] if words[0] == ".names" else None
            model[words[0]].append((words, rows))
        elif words[0] in (".model", ".end"): rows = None
        elif words[0][0] == "." or rows is None: raise Damaged(f"BLIF: a line must be of a combinational circuit, not {line!r:.50}")
        else: rows.append(words)
    if not models: raise Damaged("neither AIGER nor BLIF: nothing in it is a model")
    cost: dict[str, int] = {}  # words that a model comes to with all that it contains
    for name in _in_order({name: [words[1] for words, _ in model[".subckt"]] for name, model in models.items()}, "BLIF: model"):
        inside = models[name][".subckt"]
        cost[name] = sum(len(words) for words, _ in inside + models[name][".names"]) + sum(cost.get(words[1], 0) for words, _ in inside)
        if cost[name] > 16 * len(data) + MAX_NETS: raise TooLarge("BLIF: the hierarchy is too large")
    top, covers, instances = next(iter(models.values())), dict[str, tuple[list[str], list[list[str]]]](), 0
    stack: list[tuple[dict[str, Any], dict[str, str]]] = [(top, {})]
    while stack:
        model, bound = stack.pop()
        prefix, instances, own = f"{instances}/" if instances else "", instances + 1, set(model[".inputs"])
        for words, rows in model[".names"]:
            *reads, net = [bound.get(word, prefix + word) for word in words[1:]]
            if net in covers or words[-1] in own: raise Damaged(f"BLIF: net {net:.60} must be defined once, and not as an input")
            covers[net] = (reads, rows)
        for words, _ in model[".subckt"]:
            pairs = [word.partition("=")[::2] for word in words[2:]]
            _require(words[1] in models, f"BLIF: model {words[1]:.40} must be in the file")
            outside, inner = set(models[words[1]][".outputs"]), {formal: bound.get(actual, prefix + actual) for formal, actual in pairs}
            good = len(inner) == len(pairs) and inner.keys() <= {*models[words[1]][".inputs"], *outside}
            _require(good, f"BLIF: an instance of {words[1]:.40} must bind each of its ports at most once")
            _require(not any(formal in outside and actual in own for formal, actual in pairs), "BLIF: an instance must not drive an input")
            stack.append((models[words[1]], inner))
    net_of = {name: k for k, name in enumerate(top[".inputs"])}
    _require(len(net_of) == len(top[".inputs"]), "BLIF: an input must be named once")
    gates: list[Gate] = []
    def add(gate: Gate) -> int:
        gates.append(gate)
        return len(top[".inputs"]) + len(gates) - 1
    for name in _in_order({net: reads for net, (reads, _) in covers.items()}, "BLIF: net"):
        reads, table = covers[name]
        missing = [net for net in reads if net not in net_of]
        if missing: raise Damaged(f"BLIF: net {missing[0]:.60} must be defined")
        table, values = [row if reads else ["", *row] for row in table], {row[-1] for row in table}
        bad = [row for row in table if len(row) != 2 or len(row[0]) != len(reads) or set(row[0]) - {"0", "1", "-"}]
        if bad or len(values) > 1 or values - {"0", "1"}:
            raise Damaged(f"BLIF: the cover of {name:.60} must be rows of {len(reads)} of 0, 1, - and one value, the same in all")
        cubes = [conjunction([2 * net_of[net] + (bit == "0") for net, bit in zip(reads, row[0], strict=True) if bit != "-"]) for row in table]
        nets, sign = tuple(map(add, cubes)), -1 if values == {"0"} else 1
        net_of[name] = nets[0] if len(nets) == sign else add((nets, (sign,) * len(nets), 0 if sign < 0 else -1))
    missing = [net for net in top[".outputs"] if net not in net_of]
    if missing or len(set(top[".outputs"])) < len(top[".outputs"]): raise Damaged(f"BLIF: an output must be defined and named once: {missing[:1]}")
    return Source(top[".inputs"], [(net, 2 * net_of[net]) for net in top[".outputs"]], gates)

@_decoding("the source is malformed")
def read_source(data: bytes) -> Source:
    """Decode AIGER, BLIF or a circuit file, whose certificate is not looked at."""
    if b'"trix_circuits"' not in data[:4096]: return read_aiger(data) if data[:4] in (b"aig ", b"aag ") else read_blif(data)
    circuit = read(data)
    driven = [(f"{name}[{k}]" if len(nets) > 1 else name, 2 * net) for name, nets in circuit.outputs for k, net in enumerate(nets)]
    return Source([f"{name}[{k}]" if width > 1 else name for name, width in circuit.inputs for k in range(width)], driven, circuit.gates)
# ---- nets: the circuit's gates, and after them reference nodes and ghosts --------------------------------------------
def column_sum(terms: Iterable[tuple[int, int]], full_adder: Adder, zero: int, width: int) -> list[int]:
    """The low `width` bits of sum(bit * weight), weights positive: bits of equal weight are added three at a time."""
    columns: list[list[int]] = [[] for _ in range(width + 1)]
    for bit, weight in terms:
        for i in range(min(width, weight.bit_length())):
            if weight >> i & 1: columns[i].append(bit)
    for i, column in enumerate(columns[:width]):
        while len(column) > 1:
            total, carry = full_adder(column[0], column[1], column[2] if len(column) > 2 else zero)
            column[:3] = [total]
            columns[i + 1].append(carry)
    return [column[0] if column else zero for column in columns[:width]]

class Nets:
    """All gates by net id (None for an input). New ones are simplified and shared: equal questions get equal ids.
    A word is a list of nets that writes an integer in two's complement, lowest bit first, sign last, wide enough."""
    def __init__(self, inputs: int, gates: Iterable[Gate]) -> None:
        self.gates: list[Gate | None] = [*([None] * inputs), *gates]
        self._ids: dict[Gate, int] = {}
        self.values: dict[int, int] = {}  # constants that this object made
        self.equal: dict[int, int] = {}  # net -> literal (2 * net + inverted) of an earlier one, proven equal
        self.zero, self.one, self.early = self.gate((), (), -1), self.gate((), (), 0), range(0)  # early: gates of sources

    def __len__(self) -> int: return len(self.gates)
    def __getitem__(self, net: Any) -> Any: return self.gates[net]
    def __iter__(self) -> Iterator[Gate | None]: return iter(self.gates)
    def define(self, gate: Gate | None) -> int:
        """A new net by its gate, as it stands; or an input if it has none."""
        self.gates.append(gate)
        return len(self.gates) - 1
    def constant(self, net: int) -> int | None: return self.values.get(net)
    def merged(self, net: int) -> bool: return net in self.equal
    def find(self, literal: int) -> int:
        """The earliest literal known to be equal: of inputs, constants and sources before gates of the circuit and ghosts."""
        while (earlier := self.equal.get(literal >> 1)) is not None: literal = earlier ^ (literal & 1)
        return literal
    def merge(self, a: int, b: int) -> None:
        """Note that two literals are equal: from now on windows and sums see the earlier net in place of the later."""
        a, b = sorted((self.find(a), self.find(b)), key=lambda literal: self.rank(literal >> 1))
        if a >> 1 != b >> 1: self.equal[b >> 1] = a ^ (b & 1)
    def rank(self, net: int) -> tuple[bool, int]: return net not in self.early and self.gates[net] is not None and net not in self.values, net
    def reduced(self, terms: Linear, only: Container[int] | None = None) -> Linear:
        """A linear form over the earliest equal nets, for those nets that are in `only`."""
        total: Linear = {}
        for net, weight in terms.items():
            literal = self.find(2 * net) if net != ONE and (only is None or net in only) else 2 * net
            if literal & 1: accumulate(total, {ONE: weight}, 1)
            accumulate(total, {literal >> 1: weight}, 1 - 2 * (literal & 1))
        return total

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """A net that is 1 iff sum(weights * sources) + bias >= 0; an existing one where that is plain to see."""
        terms: Linear = {}
        for source, weight in zip(sources, weights, strict=True):
            if source in self.values: bias += weight * self.values[source]
            else: terms[source] = terms.get(source, 0) + weight
        terms = {source: weight for source, weight in sorted(terms.items()) if weight}
        low, high = (bias + sum(bound(0, weight) for weight in terms.values()) for bound in (min, max))
        if low >= 0 or high < 0: terms, bias = {}, 0 if low >= 0 else -1
        if len(terms) == 1 and bias < 0: return next(iter(terms))  # not constant, and 0 where its one source is 0
        key = (tuple(terms), tuple(terms.values()), bias)
        if key not in self._ids:
            if len(self._ids) >= MAX_NETS: raise TooLarge(f"the meaning takes more than {MAX_NETS} reference nodes")
            self._ids[key] = len(self.gates)
            if not terms: self.values[len(self.gates)] = bias + 1
            self.gates.append(key)
        return self._ids[key]
    def all_of(self, *nets: int) -> int: return self.gate(nets, (1,) * len(nets), -len(nets))
    def any_of(self, *nets: int) -> int: return self.gate(nets, (1,) * len(nets), -1)
    def inverse(self, net: int) -> int: return self.gate((net,), (-1,), 0)
    def exclusive_or(self, a: int, b: int) -> int: return self.full_adder(a, b, self.zero)[0]
    def choose(self, condition: int, x: int, y: int) -> int:
        return x if x == y else self.any_of(self.all_of(condition, x), self.gate((condition, y), (-1, 1), -1))
    def full_adder(self, a: int, b: int, c: int) -> tuple[int, int]:
        carry = self.gate((a, b, c), (1, 1, 1), -2)
        return self.gate((a, b, c, carry), (1, 1, 1, -2), -1), carry
    def fit(self, word: Sequence[int]) -> list[int]:
        """The same word without repeated sign bits."""
        if len(word) > MAX_WIDTH: raise TooLarge(f"a word of the meaning is wider than {MAX_WIDTH} bits")
        word = list(word)
        while len(word) > 1 and word[-2] == word[-1]: word.pop()
        return word
    def word_of(self, linear: Linear) -> list[int]:
        """The value of a linear form as a word: of two words, this is their ripple adder."""
        low, high = (sum(bound(0, weight) for weight in linear.values()) for bound in (min, max))
        width = max(low.bit_length(), high.bit_length()) + 1
        terms = [(net if w > 0 else self.inverse(net), abs(w)) for net, w in linear.items() if net != ONE]
        rest = sum(w for net, w in linear.items() if net == ONE or w < 0)  # -w * x = w * (1 - x) - w
        return self.fit(column_sum([*terms, (self.one, rest % (1 << width))], self.full_adder, self.zero, width))
    def pairs(self, x: list[int], y: list[int]) -> list[tuple[int, int]]:
        width = max(len(x), len(y))
        return list(zip(x + x[-1:] * (width - len(x)), y + y[-1:] * (width - len(y)), strict=True))
    def bitwise(self, gate: Callable[[int, int], int], x: list[int], y: list[int]) -> list[int]:
        return self.fit([gate(a, b) for a, b in self.pairs(x, y)])
    def select(self, condition: int, x: list[int], y: list[int]) -> list[int]:
        return self.bitwise(lambda a, b: self.choose(condition, a, b), x, y)
    def differ(self, x: list[int], y: list[int]) -> int: return self.any_of(self.less(x, y), self.less(y, x))
    def less(self, x: list[int], y: list[int]) -> int:
        """1 iff x < y: from the lowest bit up, a differing bit decides anew; the sign bit counts the other way."""
        pairs, below = self.pairs(x, y), self.zero
        for a, b in [*pairs[:-1], pairs[-1][::-1]]: below = self.gate((b, a, below), (1, -1, 1), -1)
        return below
    def shift(self, x: list[int], amount: Sequence[int], left: bool) -> list[int]:
        if amount[-1] != self.zero or len(amount) - 1 > MAX_WIDTH.bit_length():
            raise Refused("meaning: a shift must be by an amount from 0 to 2**17 - 1")
        for i, bit in enumerate(amount[:-1]):
            x = self.select(bit, [self.zero] * (1 << i) + x if left else x[1 << i :] or x[-1:], x)
        return x
# ---- meaning: equations between integers, in Python's own notation ---------------------------------------------------
@dataclass
class Claim:
    """`terms` is 0 (modulo 2^bits if given) for every input; or >= 0, where it is no equation."""
    terms: Linear
    equation: bool = True
    bits: int | None = None
def accumulate(total: Linear, terms: Linear, factor: int) -> Linear:
    """Add factor * terms to total, in place; coefficients of 0 go."""
    for net, coefficient in terms.items():
        total[net] = total.get(net, 0) + factor * coefficient
        if not total[net]: del total[net]
    return total

class Meaning:
    """Parses equations between integers. A name is an input bus or an earlier definition. See docs/meaning.md."""
    def __init__(self, inputs: list[tuple[str, int]], outputs: Iterable[tuple[str, list[int]]], nets: Nets) -> None:
        self.nets, self.outputs = nets, dict(outputs)
        bits = itertools.count()
        self.names = {name: [*itertools.islice(bits, width), nets.zero] for name, width in inputs}
        self.sized = set(self.names)  # names of a width of their own: input buses and slices

    @_decoding("meaning")
    def goals(self, lines: Sequence[str]) -> list[Claim]:
        """A goal for each equation about outputs; together they must determine each output once."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))  # meanings of wide circuits nest deeply
        goals: list[Claim] = []
        drivers = (net for nets in self.outputs.values() for net in nets)
        missing = {ONE - 1 - i: net for i, net in enumerate(drivers)}  # on left sides, output bits are nets -2, -3, ...
        at = iter([*missing])
        slots = {name: [*itertools.islice(at, len(nets)), self.nets.zero] for name, nets in self.outputs.items()}
        for line in lines:
            try: left, right = (ast.parse(side.strip(), mode="eval").body for side in line.split(" = "))
            except (SyntaxError, ValueError): raise Refused(f"meaning: {line[:60]!r} must be an equation") from None
            if isinstance(left, ast.Name) and left.id not in self.outputs:
                self.names[left.id] = self.word(right) if left.id not in self.names else self._no(left)
                if self._is_sized(right): self.sized.add(left.id)
                continue
            names, self.names = self.names, slots
            form, self.names = self.linear(left), names
            # Bits that weigh +-1, +-2, +-4, ... write an integer in one way only, so the goal determines each of them.
            if form.keys() - missing.keys() or sorted(map(abs, form.values())) != [1 << i for i in range(len(form))]:
                raise Refused(f"meaning: the left of {line[:60]!r} must weigh new output bits 1, 2, 4, ... or minus")
            goals.append(Claim({}))
            for slot, weight in form.items(): accumulate(goals[-1].terms, {missing.pop(slot): weight}, 1)
            if isinstance(left, ast.Name) and isinstance(right, ast.BinOp) and isinstance(right.op, ast.Mod):
                if self._constant(right.right, 1 << MAX_WIDTH) == 1 << len(form):
                    goals[-1].bits, right = len(form), right.left
            accumulate(goals[-1].terms, self.linear(right), -1)
        if missing: raise Refused("meaning: nothing is said of some output bits")
        return goals
    def _no(self, node: ast.expr) -> NoReturn:
        raise Refused(f"meaning: {ast.unparse(node)[:60]!r} is not in the notation, not known, or not allowed here")
    def linear(self, node: ast.expr) -> Linear:
        """The value as a linear form: sums, products and choices are taken apart, anything else goes by its bits."""
        if isinstance(value := self._value(node, as_word=False), dict): return value
        return self._sum([*((net, 1 << i) for i, net in enumerate(value[:-1])), (value[-1], -1 << len(value) - 1)])
    def word(self, node: ast.expr) -> list[int]:
        """The value as a word of reference nodes."""
        return value if isinstance(value := self._value(node, as_word=True), list) else self.nets.word_of(value)
    def _sum(self, bits: Iterable[tuple[int, int]]) -> Linear:
        """The sum of bits times weights, known ones as a constant."""
        total: Linear = {}
        for net, weight in bits:
            value = self.nets.values.get(net)
            accumulate(total, {net: weight} if value is None else {ONE: weight * value}, 1)
        return total
    def _product(self, x: Linear, y: Linear) -> Linear:
        if len(x) * len(y) > MAX_NETS or any(abs(factor) >> MAX_WIDTH for factor in (*x.values(), *y.values())):
            raise TooLarge("meaning: a product is too large")
        total: Linear = {}
        for (a, p), (b, q) in itertools.product(x.items(), y.items()):
            term = {b if a == ONE else a: 1} if ONE in (a, b) else self._sum([(self.nets.all_of(a, b), 1)])
            accumulate(total, term, p * q)
        return total
    def _constant(self, node: ast.expr, limit: int) -> int:
        linear = self.linear(node)
        value = linear.pop(ONE, 0)
        return value if not linear and 0 <= value <= limit else self._no(node)
    def _is_sized(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Subscript) or (isinstance(node, ast.Name) and node.id in self.sized)
    def _bits(self, node: ast.expr, sized: bool = False) -> list[int]:
        """The bits of an integer that is never negative; if `sized`, of a width that is said: bus, slice, or 1 bit."""
        word = self.word(node)
        if word[-1] != self.nets.zero or (sized and len(word) > 2 and not self._is_sized(node)): self._no(node)
        return word[:-1] or [self.nets.zero]
    def _slice(self, node: ast.expr, low: int, high: int) -> list[int]:
        word = self.word(node)
        return [*(word + word[-1:] * high)[low:high], self.nets.zero] if low < high else self._no(node)
    def _value(self, node: ast.expr, as_word: bool) -> list[int] | Linear:
        """The value as a word or as a linear form, whichever its kind has. This is all of the notation."""
        nets, linear, word = self.nets, self.linear, self.word
        match node:
            case ast.Name(name) if name in self.names: return self.names[name]
            case ast.Constant(int(n)) if type(n) is int and n.bit_length() <= MAX_WIDTH: return {ONE: n} if n else {}
            case ast.UnaryOp(ast.USub(), x): return accumulate({}, linear(x), -1)
            case ast.BinOp(x, ast.Add(), y): return accumulate(linear(x), linear(y), 1)
            case ast.BinOp(x, ast.Sub(), y): return accumulate(linear(x), linear(y), -1)
            case ast.BinOp(x, ast.Mult(), y): return self._product(linear(x), linear(y))
            case ast.BinOp(ast.Constant(int(2)), ast.Pow(), y): return {ONE: 1 << self._constant(y, MAX_WIDTH)}
            case ast.BinOp(x, ast.Mod(), y):
                modulus = self._constant(y, 1 << MAX_WIDTH)
                return self._slice(x, 0, modulus.bit_length() - 1 if modulus.bit_count() == 1 else 0)
            case ast.BinOp(x, ast.LShift(), y): return nets.shift(word(x), word(y), left=True)
            case ast.BinOp(x, ast.RShift(), y): return nets.shift(word(x), word(y), left=False)
            case ast.BinOp(x, ast.BitAnd(), y): return nets.bitwise(nets.all_of, word(x), word(y))
            case ast.BinOp(x, ast.BitOr(), y): return nets.bitwise(nets.any_of, word(x), word(y))
            case ast.BinOp(x, ast.BitXor(), y): return nets.bitwise(nets.exclusive_or, word(x), word(y))
            case ast.Compare(x, [ast.Lt()], [y]): return [nets.less(word(x), word(y)), nets.zero]
            case ast.Compare(x, [ast.Gt()], [y]): return [nets.less(word(y), word(x)), nets.zero]
            case ast.Compare(x, [ast.LtE()], [y]): return [nets.inverse(nets.less(word(y), word(x))), nets.zero]
            case ast.Compare(x, [ast.GtE()], [y]): return [nets.inverse(nets.less(word(x), word(y))), nets.zero]
            case ast.Compare(x, [ast.Eq()], [y]): return [nets.inverse(nets.differ(word(x), word(y))), nets.zero]
            case ast.Compare(x, [ast.NotEq()], [y]): return [nets.differ(word(x), word(y)), nets.zero]
            case ast.IfExp(test, x, y):
                chosen = nets.any_of(*word(test))
                sums = [part for part in (x, y) if isinstance(getattr(part, "op", None), ast.Add | ast.Sub | ast.Mult)]
                if as_word or not sums:
                    return nets.select(chosen, word(x), word(y))
                other = linear(y)  # chosen * (x - y) + y
                return accumulate(self._product(self._sum([(chosen, 1)]), accumulate(linear(x), other, -1)), other, 1)
            case ast.Subscript(x, ast.Slice(ast.expr() as low, ast.expr() as high, None)):
                return self._slice(x, self._constant(low, MAX_WIDTH), self._constant(high, MAX_WIDTH))
            case ast.Subscript(x, index): return self._slice(x, i := self._constant(index, MAX_WIDTH), i + 1)
            case ast.Call(ast.Name("popcount"), [x], []): return self._sum((net, 1) for net in self._bits(x))
            case ast.Call(ast.Name("signed"), [x], []): return self._bits(x, sized=True)  # the last bit is now the sign
            case ast.Call(ast.Name("table"), [rows, *address, last], []):  # the first argument's bits are the lowest
                bits = [bit for x in address for bit in self._bits(x, sized=True)] + self._bits(last)
                known = self._constant(rows, (1 << (1 << len(bits))) - 1 if len(bits) <= 16 else self._no(node))
                column = [nets.one if known >> row & 1 else nets.zero for row in range(1 << len(bits))]
                for bit in bits:
                    column = [nets.choose(bit, column[k + 1], column[k]) for k in range(0, len(column), 2)]
                return [column[0], nets.zero]
        self._no(node)
# ---- the two rules ---------------------------------------------------------------------------------------------------
def _plane_adder(a: int, b: int, c: int) -> tuple[int, int]:
    odd = a ^ b
    return odd ^ c, a & b | odd & c
def evaluate(terms: Sequence[tuple[int, int]], constant: int, ones: int, bits: int | None) -> tuple[int, int]:
    """The rows where sum(plane * weight) + constant is >= 0, and those where it is 0 (modulo 2^bits if given)."""
    target = -constant - sum(min(weight, 0) for _, weight in terms)  # -w * x = w * (1 - x) - w
    terms = [(plane, weight) if weight > 0 else (plane ^ ones, -weight) for plane, weight in terms]
    width = max(sum(weight for _, weight in terms), abs(target)).bit_length() if bits is None else bits
    at_least = same = ones
    for i, plane in enumerate(column_sum(terms, _plane_adder, 0, width)):
        at_least = at_least & plane if target >> i & 1 else at_least | plane
        same &= plane if target >> i & 1 else plane ^ ones
    return (at_least, same) if target >= 0 or bits is not None else (ones, 0)

class Windows:
    """Decides claims over windows. Windows of the same shape are evaluated once."""
    def __init__(self, nets: Nets, memo: dict[Any, int | None]) -> None:
        self.nets, self.memo, self.rows, self.work = nets, memo, 0, 0  # memo: shape -> least failing row, or None
    def failure(self, leaves: Sequence[int], claims: Sequence[Claim]) -> int | None:
        """The least row over the leaves in which the first claim is false and all others are true; None if none is.
        Equal nets count as one, but the nets of the claims, if they are no leaves, go by the gates of their own."""
        if len(leaves) > MAX_LEAVES: raise TooLarge(f"a window has {len(leaves)} leaves; the limit is {MAX_LEAVES}")
        find, known, own = self.nets.find, self.nets.equal, self.nets.gates
        place = {ONE: 0}
        for leaf in leaves: place.setdefault(find(2 * leaf) >> 1, len(place))
        free = len(place) - 1
        forms = [self.nets.reduced(claim.terms, leaves) for claim in claims]
        stack = [net for form in forms for net in form]
        found: dict[int, list[int]] = {}
        while stack:  # the gates between the leaves and the claims
            if (net := stack.pop()) not in place and net not in found:
                gate = own[net] if 0 <= net < len(own) else None
                if gate is None: raise Refused(f"a lemma's window is open at net {net}")
                found[net] = reads = [find(2 * s) if s in known else 2 * s for s in gate[0]]
                stack.extend([literal >> 1 for literal in reads])
        gates: list[Any] = []
        for net in sorted(found, key=self.nets.rank):  # in order, since gates read earlier nets only
            _, weights, bias = own[net] or ((), (), 0)
            terms = []
            for literal, weight in zip(found[net], weights, strict=True):
                if literal & 1: bias, weight = bias + weight, -weight  # w * (1 - x) = w - w * x
                terms.append((place[literal >> 1], weight))
            gates.append((tuple(terms), bias))
            place[net] = len(place)
        parts = [(tuple([(place[net], w) for net, w in form.items()]), c.equation, c.bits) for form, c in zip(forms, claims, strict=True)]
        shape = (free, tuple(gates), tuple(parts))
        self.work += len(gates) << 16  # so that going through gates is bounded too
        if shape not in self.memo:
            self.work += sum(1 + w.bit_length() for terms, *_ in (*gates, *parts) for _, w in terms) << free
            if self.work > MAX_WORK: raise TooLarge("the certificate asks for too much work")
            self.memo[shape] = self._decide(*shape)
        self.rows += 1 << free
        return self.memo[shape]
    @staticmethod
    def _decide(leaves: int, gates: Sequence[Any], claims: Sequence[Any]) -> int | None:
        ones = (1 << (1 << (low := min(leaves, CHUNK)))) - 1
        patterns = [ones // ((1 << (1 << i)) + 1) << (1 << i) for i in range(low)]  # the rows with bit i set
        for chunk in range(1 << leaves - low):
            planes = [ones] + patterns + [ones if chunk >> i & 1 else 0 for i in range(leaves - low)]
            for terms, bias in gates:
                planes.append(evaluate([(planes[net], weight) for net, weight in terms], bias, ones, None)[0])
            bad = ones
            for k, (terms, equation, bits) in enumerate(claims):
                holds = evaluate([(planes[net], weight) for net, weight in terms], 0, ones, bits)[equation]
                bad &= holds if k else holds ^ ones
            if bad: return chunk << low | (bad & -bad).bit_length() - 1
        return None
# ---- the steps of a certificate --------------------------------------------------------------------------------------
class Steps:
    """Takes a certificate's lemmas one by one; `claims` has an entry for each, None where it made two nets equal."""
    def __init__(self, nets: Nets, windows: Windows) -> None:
        self.nets, self.windows, self.claims = nets, windows, list[Claim | None]()
        self.kinds: set[str] = set()
    def take(self, entry: list[Any]) -> None:
        """Decide one lemma; raises Refused. Its kind shows in its first element."""
        claim = self._linear(*entry) if type(entry[0]) is list else None
        if type(entry[0]) is int: self._equality(*entry)
        elif claim is None: (self._digits if entry[0] == "digits" else self._clauses)(*entry[1:])
        self.claims.append(claim)
    def _no(self, why: str) -> NoReturn: raise Refused(f"lemma {len(self.claims)} {why}")
    def _visit(self, terms: int) -> None:
        self.windows.work += terms << 12
        if self.windows.work > MAX_WORK: raise TooLarge("the certificate asks for too much work")
    def _nets(self, *nets: int) -> None:
        if any(type(n) is not int or not 0 <= n < len(self.nets.gates) for n in nets): raise Damaged("a lemma must name nets")
    def _window(self, leaves: Sequence[int], claims: Sequence[Claim]) -> None:
        row = self.windows.failure(leaves, claims)
        if row is not None: self._no("is false where " + ", ".join(f"net {leaf} = {row >> i & 1}" for i, leaf in enumerate(leaves)))
    def _linear(self, leaves: list[int], given: list[int], members: list[int], weights: list[int], constant: int, relation: str) -> Claim:
        """A linear claim over a window."""
        self._nets(*leaves, *members)
        good = all(type(n) is int for n in (*given, *weights, constant)) and relation in ("=", ">=")
        assumed = [self.claims[g] for g in given if good and 0 <= g < len(self.claims)]
        _require(good and len(assumed) == len(given), "a lemma must rest on earlier ones")
        _require(len({*leaves}) == len(leaves) and len({*members}) == len(members), "a lemma must name nets, once")
        claim = Claim({ONE: constant, **dict(zip(members, weights, strict=True))}, relation == "=")
        self._window(leaves, [claim, *(c for c in assumed if c is not None)])
        return claim
    def _equality(self, a: int, b: int, *leaves: int) -> None:
        """Two literals that are equal over a window are merged."""
        self._nets(a >> 1, b >> 1, *leaves)
        if self.nets.find(a) != self.nets.find(b):
            claim = Claim(accumulate({a >> 1: 1}, {b >> 1: 1 - 2 * ((a ^ b ^ 1) & 1)}, 1) | {ONE: -((a ^ b) & 1)})
            self._window(leaves, [claim])
            self.nets.merge(a, b)
            self.kinds.add("local")
    def total(self, proof: Iterable[tuple[int, int]]) -> Linear:
        """The sum of proven equations times integers."""
        form: Linear = {}
        for lemma, factor in proof:
            claim = self.claims[lemma] if 0 <= lemma < len(self.claims) else None
            if claim is None or not claim.equation or type(factor) is not int: raise Refused(f"a sum must be of equations, and lemma {lemma!r:.20} is none")
            self._visit(len(claim.terms))
            accumulate(form, claim.terms, factor)
        return self.nets.reduced(form)
    def _digits(self, bits: int, proof: list[tuple[int, int]]) -> None:
        """A sum that is 0 (modulo 2^bits): if all but two terms are even, those two bits are equal or opposite, by the
        constant's parity. They are merged, what is left is halved, and so on."""
        form, one = self.total(proof), ONE
        self.kinds.add("ledger")
        levels: dict[int, set[int]] = {}
        def place(net: int) -> None:
            if weight := form.get(net): levels.setdefault((weight & -weight).bit_length() - 1, set()).add(net)
        for net in form.keys() - {one}: place(net)
        while levels and (level := min(levels)) < bits:
            nets = [net for net in levels.pop(level) if form.get(net, 0) % (2 << level)]
            if not nets: continue
            odd = form.get(one, 0) >> level & 1
            if len(nets) > 2 or form.get(one, 0) % (1 << level): self._no(f"leaves {len(nets)} digits of 2^{level}")
            a, b = min(nets), max(nets) if len(nets) == 2 else self.nets.zero
            self.nets.merge(2 * a, 2 * b + odd)
            weight = form.pop(max(nets))  # x = y, or x = 1 - y; a single one is the constant odd
            if len(nets) == 2: accumulate(form, {a: weight * (1 - 2 * odd)}, 1)
            accumulate(form, {one: weight * odd} if odd else {}, 1)
            place(a)
    def _clauses(self, axioms: list[list[int]], steps: list[tuple[list[int], list[int]]], *pairs: int) -> None:
        """Pairs of literals are equal by clauses: axioms [gate, literals...] follow from one gate each; then each step
        [literals, hints] by unit propagation through the hinted clauses before it (LRAT). Literals are 2 * net + inverted."""
        clauses: list[set[int]] = []
        for net, *literals in axioms:
            self._nets(net, *(literal >> 1 for literal in literals))
            sources, weights, bias = self.nets.gates[net] or self._no(f"names net {net}, which is no gate")
            false = {literal ^ 1 for literal in literals}
            form: Linear = {ONE: bias}
            for source, weight in zip(sources, weights, strict=True): accumulate(form, {source: weight}, 1)
            low = high = 0  # what the gate's sum can be if all literals are false
            for x, weight in self.nets.reduced(form).items():
                low += weight if x == ONE or 2 * x in false or (weight < 0 and 2 * x + 1 not in false) else 0
                high += weight if x == ONE or 2 * x in false or (weight > 0 and 2 * x + 1 not in false) else 0
            out = self.nets.find(2 * net)
            if not (out in false and high < 0) and not (out ^ 1 in false and low >= 0): self._no(f"has a clause that does not follow from gate {net}")
            clauses.append(set(literals))
        for literals, hints in steps:
            true = {literal ^ 1 for literal in literals}
            for hint in hints:
                if not 0 <= hint < len(clauses): self._no(f"has no clause {hint!r:.20} yet")
                self._visit(len(clauses[hint]))
                left = [x for x in clauses[hint] if x ^ 1 not in true]
                if not left: break
                if len(left) > 1: self._no(f"has a hint, clause {hint}, that is no unit clause")
                true.add(left[0])
            else: self._no(f"has a step, {len(clauses) - len(axioms)}, that is not implied")
            clauses.append(set(literals))
        short = {tuple(sorted(clause)) for clause in clauses if len(clause) < 3}
        for a, b in zip(pairs[::2], pairs[1::2], strict=True):
            a, b = self.nets.find(a), self.nets.find(b)
            for x, y in ((a, b ^ 1), (a ^ 1, b)):
                if not short & {(min(x, y), max(x, y)), (x,), (y,), ()}: self._no(f"does not prove {a} and {b} equal")
            self.nets.merge(a, b)
        self.kinds.add("sat")
# ---- the verdict -----------------------------------------------------------------------------------------------------
@dataclass
class Verdict:
    """What an accepted circuit rests on: "exhaustive" (all rows), "local" (net by net), "ledger" (sums), "sat" (clauses)."""
    circuit: Circuit
    lemmas: int
    rows: int
    kinds: tuple[str, ...]
def attach(nets: Nets, circuit: Circuit, source: Source) -> dict[str, list[int]]:
    """Add a source's gates to the nets; the literals of its outputs, by the buses of the circuit."""
    ins, outs = (dict(side) for side in buses(source.inputs, [name for name, _ in source.outputs]))
    found = [{name: len(bits) for name, bits in side.items()} for side in (ins, outs, dict(circuit.outputs))]
    if found[0] != dict(circuit.inputs) or found[1] != found[2]: raise Refused("the circuit's inputs and outputs must be those of its source")
    place = [0] * len(source.inputs)
    for net, bit in enumerate(bit for name, _ in circuit.inputs for bit in ins[name]): place[bit] = net
    place += range(len(nets.gates), len(nets.gates) + len(source.gates))
    nets.gates += [(tuple([place[s] for s in sources]), weights, bias) for sources, weights, bias in source.gates]
    nets.early = range(nets.early.start or len(nets.gates) - len(source.gates), len(nets.gates))
    return {name: [2 * place[source.outputs[bit][1] >> 1] + (source.outputs[bit][1] & 1) for bit in bits] for name, bits in outs.items()}

@_decoding("the certificate is malformed")
def check(data: bytes, memo: dict[Any, int | None] | None = None, given: Sequence[bytes] = ()) -> Verdict:
    """The verdict on a file that is accepted; raises Damaged, Refused or TooLarge. `memo` is kept for further calls;
    `given` sources stand in for those that the file carries."""
    circuit = read(data)
    input_bits = sum(width for _, width in circuit.inputs)
    if input_bits > MAX_NETS: raise TooLarge(f"the inputs have more than {MAX_NETS} bits")
    sources = [*given, *circuit.sources[len(given) :]]
    if len(sources) > len(circuit.sources): raise Refused(f"the circuit is said to equal {len(circuit.sources)} sources, not {len(sources)}")
    nets = Nets(input_bits, circuit.gates)
    goals = Meaning(circuit.inputs, circuit.outputs, nets).goals(circuit.meaning) if circuit.meaning or not sources else []
    wanted = [attach(nets, circuit, read_source(source)) for source in sources]
    for reads, weights, bias in circuit.certificate["ghosts"]:
        good = len(reads) == len(weights) and all(0 <= source < len(nets.gates) for source in reads)
        _require(good and all(type(n) is int for n in (*reads, *weights, bias)), "a ghost must read earlier nets")
        nets.gates.append((tuple(reads), tuple(weights), bias))
    steps = Steps(nets, Windows(nets, {} if memo is None else memo))
    for entry in circuit.certificate["lemmas"]: steps.take(entry)
    proofs = circuit.certificate["goals"]
    _require(len(proofs) == len(goals), f"the certificate must prove {len(goals)} goals, not {len(proofs)}")
    kinds = {_prove(goal, proof, steps, circuit) for goal, proof in zip(goals, proofs, strict=True)}
    for literals, (name, drivers) in itertools.product(wanted, circuit.outputs):
        open_bits = [bit for bit, net in enumerate(drivers) if nets.find(2 * net) != nets.find(literals[name][bit])]
        if open_bits: raise Refused(f"bit {open_bits[0]} of {name} is not shown to equal its source's")
    return Verdict(circuit, len(steps.claims), steps.windows.rows, tuple(sorted(kinds | steps.kinds)))
def _prove(goal: Claim, proof: Any, steps: Steps, circuit: Circuit) -> str:
    """Prove one goal the way that its proof says: "rows", or [[lemma, multiplier], ...]. Returns the kind."""
    if proof == "rows":
        row = steps.windows.failure(range(sum(width for _, width in circuit.inputs)), [goal])
        if row is None: return "exhaustive"
        values: dict[str, int] = {}
        for name, width in circuit.inputs: values[name], row = row & (1 << width) - 1, row >> width
        raise Refused(f"the meaning is not met where {' '.join(f'{n}={v}' for n, v in values.items())}", values)
    rest = accumulate(steps.nets.reduced(goal.terms), steps.total(proof), -1)
    # A form that stays strictly within +-2^bits is 0 already if it is 0 modulo 2^bits.
    reach = [sum(max(side * w, 0) for w in goal.terms.values()) for side in (1, -1)]
    bits = max(reach).bit_length() if goal.bits is None else goal.bits
    for net, weight in rest.items():
        if weight % (1 << bits): raise Refused(f"the lemmas do not add up to the meaning: net {net} is left over")
    return "local" if all(len(claim.terms) <= 3 for lemma, _ in proof if (claim := steps.claims[lemma])) else "ledger"

def main(arguments: Sequence[str]) -> int:
    """Check one file and print the verdict."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python check.py FILE [SOURCE]...  (0 accepted, 1 refused, 2 no circuit file, 3 too large)", file=sys.stderr)
        return 2
    path, data = ascii(arguments[0])[1:-1], list[bytes]()
    try:
        for argument in arguments:
            with open(argument, "rb") as file: data.append(file.read())
        verdict = check(data[0], given=data[1:])
    except (Damaged, Refused, TooLarge, OSError) as error:
        print(f"{'REFUSED' if isinstance(error, Refused) else 'NOT CHECKED'}  {path}: {ascii(str(error))[1:-1]}", file=sys.stderr)
        return error.status if isinstance(error, Damaged | Refused | TooLarge) else 2
    circuit = verdict.circuit
    name, form = (ascii(text)[1:-1] for text in (circuit.name, circuit.format_name))
    print(f"ACCEPTED  {path}: {name}, {len(circuit.gates)} {form} gates, exact on all inputs")
    print(f"          by {' and '.join(verdict.kinds)} evidence: {verdict.lemmas} lemmas, {verdict.rows} rows")
    print(*(f"          {equation}" for equation in circuit.meaning), sep="\n", end="\n" * bool(circuit.meaning))
    for source, what in zip(data[1:] + circuit.sources[len(data) - 1 :], [*map(ascii, arguments[1:]), *(f"its copy of {name!a}" for name in circuit.about.get("sources", [])[len(data) - 1 :])], strict=False):
        print(f"          equal to {what}: {len(source)} bytes, BLAKE2b {hashlib.blake2b(source, digest_size=16).hexdigest()}")
    return 0

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
