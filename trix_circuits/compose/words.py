"""Comparators, multiplexers, shifters, decoders, encoders, and circuits made of them.

These have no sums to keep a ledger of: the certificate relates their nets, block by block, to the plain reference that
the checker makes of the meaning. So their blocks end where that reference has a net of the same value.
"""

from __future__ import annotations

from collections.abc import Sequence

from trix_circuits.compose.arithmetic import add_or_subtract
from trix_circuits.compose.kit import Kit
from trix_circuits.errors import InputError, LimitError
from trix_circuits.evidence.prover import Draft
from trix_circuits.logic.formats import WeightFormat

_WIDEST = 7  # bits of a comparator's block
_WIDE = 14  # inputs of an or that is one step of a chain
RELATIONS = ("lt", "le", "eq", "gt", "ge")


def less_than(kit: Kit, a: Sequence[int], b: Sequence[int], or_equal: bool = False) -> int:
    """The net of a < b (or a <= b): from the lowest block up, a block that differs decides anew."""

    def weights(m: int) -> list[int]:
        return [1 << i for i in range(m)] + [-1 << i for i in range(m)] + [1]

    width = max([m for m in range(1, _WIDEST + 1) if kit.fits(weights(m), -1)], default=1)
    below: int | None = None
    for low in range(0, len(a), width):
        x, y = a[low : low + width], b[low : low + width]
        sources, values = [*y, *x], weights(len(x))[:-1]
        if below is None:
            below = kit.gate(sources, values, 0 if or_equal else -1)
        else:
            below = kit.gate([*sources, below], [*values, 1], -1)
    if below is None:
        raise InputError("a comparison must have at least 1 bit")
    return below


def comparator(
    form: WeightFormat, bits: int, max_fan_in: int | None = None, relation: Sequence[str] = ("lt", "le", "eq")
) -> Draft:
    """lt = a < b, le = a <= b, eq = a == b (also gt, ge), of unsigned numbers; only the relations asked for."""
    strange = [name for name in relation if name not in RELATIONS]
    if strange or not relation:
        raise InputError(f"a relation must be one of {', '.join(RELATIONS)}, not {', '.join(strange) or 'none'}")
    kit = Kit(form, {"a": bits, "b": bits}, max_fan_in)
    a, b = kit["a"], kit["b"]
    outputs: dict[str, list[int]] = {}
    for name in dict.fromkeys(relation):
        if name in ("lt", "le"):
            outputs[name] = [less_than(kit, a, b, name == "le")]
        elif name in ("gt", "ge"):
            outputs[name] = [less_than(kit, b, a, name == "ge")]
        else:
            outputs[name] = [kit.gate([less_than(kit, a, b, True), less_than(kit, a, b)], [1, -1], -1)]
    signs = {"lt": "<", "le": "<=", "eq": "==", "gt": ">", "ge": ">="}
    meaning = tuple(f"{name} = a {signs[name]} b" for name in outputs)
    return Draft(f"comparator{bits}", kit.builder.finish(outputs), meaning)


def choose(kit: Kit, condition: int, x: int, y: int) -> int:
    """The net of x where the condition is 1, else y: two gates where weights 1 and 2 are to be had."""
    other = kit.gate([y, condition], [1, -1], -1)
    return kit.gate([other, x, condition], [2, 1, 1], -2)


def any_of(kit: Kit, nets: Sequence[int]) -> int:
    """The or of nets, some at a time from the left."""
    width = _WIDE if kit.max_fan_in is None else max(2, min(_WIDE, kit.max_fan_in))
    total = nets[0]
    for low in range(1, len(nets), width - 1):
        part = nets[low : low + width - 1]
        total = kit.gate([total, *part], [1] * (len(part) + 1), -1)
    return total


def mux(form: WeightFormat, bits: int, max_fan_in: int | None = None, ways: int = 2) -> Draft:
    """y is one of the data inputs: b where s is 1, else a; for more ways d0, d1, ... by the number s, 0 beyond the last."""
    if not 2 <= ways <= 256:
        raise InputError(f"a mux must have 2 to 256 ways, not {ways}")
    select = (ways - 1).bit_length()
    data = ["a", "b"] if ways == 2 else [f"d{i}" for i in range(ways)]
    kit = Kit(form, {"s": select, **dict.fromkeys(data, bits)}, max_fan_in)
    words = [kit[name] for name in data]
    y = [_mux_bit(kit, kit["s"], [word[i] for word in words]) for i in range(bits)]
    if ways == 2:
        meaning = "y = b if s else a"
    else:
        meaning = "y = " + "".join(f"{name} if s == {i} else " for i, name in enumerate(data)) + "0"
    return Draft(f"mux{ways}x{bits}", kit.builder.finish({"y": y}), (meaning,))


def _mux_bit(kit: Kit, select: Sequence[int], data: Sequence[int]) -> int:
    """One data net of several: for up to 8, each but the last is masked by a gate, and the last gate masks the last one."""
    if len(data) == 1:
        return kit.gate([*select, data[0]], [-1] * len(select) + [1], -1) if select else data[0]
    if len(select) > 3:
        groups = [data[i : i + 8] for i in range(0, len(data), 8)]
        return _mux_bit(kit, select[3:], [_mux_bit(kit, select[:3], group) for group in groups])
    full = len(data) == 1 << len(select)
    masked = []
    for i, net in enumerate(data[:-1] if full else data):
        signs = [1 if i >> k & 1 else -1 for k in range(len(select))]
        masked.append(kit.gate([net, *select], [1, *signs], -1 - i.bit_count()))
    if not full:
        return kit.gate(masked, [1] * len(masked), -1)
    weight = len(select) + 1
    return kit.gate([*masked, data[-1], *select], [weight] * len(masked) + [1] * weight, -weight)


def decoder(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """y = 1 << a: one gate an output."""
    if bits > 12:
        raise LimitError(f"a decoder must have at most 12 bits (4096 outputs), not {bits}")
    kit = Kit(form, {"a": bits}, max_fan_in)
    y = [kit.gate(kit["a"], [1 if k >> i & 1 else -1 for i in range(bits)], -k.bit_count()) for k in range(1 << bits)]
    return Draft(f"decoder{bits}", kit.builder.finish({"y": y}), ("y = 1 << a",))


def encoder(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """index = the position of the one among x; if there are several, the bitwise or of their positions."""
    kit = Kit(form, {"x": bits}, max_fan_in)
    outputs, texts = [], []
    for k in range(max(1, (bits - 1).bit_length())):
        places = [i for i in range(bits) if i >> k & 1]
        outputs.append(any_of(kit, [kit["x"][i] for i in places]) if places else kit.constant(0))
        texts.append(f"{1 << k} * ({' | '.join(f'x[{i}]' for i in places) or '0'})")
    return Draft(f"encoder{bits}", kit.builder.finish({"index": outputs}), (f"index = {' + '.join(texts)}",))


def priority(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """index = the position of the highest one in x (0 if there is none), valid = whether there is one.

    A bit of the index is a decision list over x, from the highest input down: a threshold function whose weights alternate
    and grow, so that some inputs at a time fit one gate, which passes on what the lower inputs have decided.
    """
    kit = Kit(form, {"x": bits}, max_fan_in)
    width = max([m for m in range(1, 8) if kit.fits(*_decision([i & 1 for i in range(m)]))], default=1)
    x, outputs = kit["x"], []
    for k in range(max(1, (bits - 1).bit_length())):
        below: int | None = None
        for low in range(0, bits, width):
            part = range(low, min(low + width, bits))
            if below is None and not any(i >> k & 1 for i in part):
                continue
            weights, bias = _decision([i >> k & 1 for i in part])
            if below is None:
                nets, weights = [x[i] for i in part], weights[1:]
            else:
                nets = [below, *(x[i] for i in part)]
            below = kit.gate(nets, weights, bias)
        outputs.append(kit.constant(0) if below is None else below)
    valid = any_of(kit, x)
    index = "".join(f"{i} if x[{i}] else " for i in reversed(range(bits))) + "0"
    netlist = kit.builder.finish({"index": outputs, "valid": [valid]})
    return Draft(f"priority{bits}", netlist, (f"index = {index}", "valid = x != 0"))


def _decision(values: Sequence[int]) -> tuple[list[int], int]:
    """Weights of (what is below, inputs in rising order), and a bias: the highest input that is 1 decides the value."""
    weights = [1]
    for value in values:
        high, low = sum(w for w in weights if w > 0) - 1, sum(w for w in weights if w < 0) - 1
        weights.append(-low if value else -high - 1)
    return weights, -1


def shifter(form: WeightFormat, bits: int, max_fan_in: int | None = None, direction: str = "left") -> Draft:
    """y = a << amount (its low `bits` bits), or a >> amount: a barrel of one layer of choices for each bit of amount."""
    if direction not in ("left", "right"):
        raise InputError(f"a shifter's direction must be left or right, not {direction!r}")
    stages = max(1, (bits - 1).bit_length())
    kit = Kit(form, {"a": bits, "amount": stages}, max_fan_in)
    word = list(kit["a"])
    for k, condition in enumerate(kit["amount"]):
        moved = []
        for i in range(bits):
            source = i - (1 << k) if direction == "left" else i + (1 << k)
            if 0 <= source < bits:
                moved.append(choose(kit, condition, word[source], word[i]))
            else:
                moved.append(kit.gate([word[i], condition], [1, -1], -1))
        word = moved
    meaning = f"y = (a << amount) % 2**{bits}" if direction == "left" else "y = a >> amount"
    return Draft(f"shifter{bits}", kit.builder.finish({"y": word}), (meaning,))


def minimum(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """y = the lesser of two unsigned numbers."""
    return _extreme(form, bits, max_fan_in, "min", "y = a if a < b else b")


def maximum(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """y = the greater of two unsigned numbers."""
    return _extreme(form, bits, max_fan_in, "max", "y = b if a < b else a")


def _extreme(form: WeightFormat, bits: int, max_fan_in: int | None, name: str, meaning: str) -> Draft:
    kit = Kit(form, {"a": bits, "b": bits}, max_fan_in)
    a, b = kit["a"], kit["b"]
    below = less_than(kit, a, b)
    pairs = zip(a, b, strict=True) if name == "min" else zip(b, a, strict=True)
    y = [choose(kit, below, x, z) for x, z in pairs]
    return Draft(f"{name}{bits}", kit.builder.finish({"y": y}), (meaning,))


def alu(form: WeightFormat, bits: int, max_fan_in: int | None = None) -> Draft:
    """result = a + b, a - b, a < b, b, a & b, a | b, a ^ b, or ~(a | b), for op = 0 to 7; one chain adds and subtracts."""
    kit = Kit(form, {"a": bits, "b": bits, "op": 3}, max_fan_in)
    a, b, op = kit["a"], kit["b"], kit["op"]
    total, _, _ = add_or_subtract(kit, a, b, op[0])
    chosen = []
    for k in range(8):
        chosen.append(kit.gate(op, [1 if k >> i & 1 else -1 for i in range(3)], -k.bit_count()))
    below = kit.gate([less_than(kit, a, b), chosen[2]], [1, 1], -2)
    result = []
    for i in range(bits):
        x, y = a[i], b[i]
        both = kit.gate([x, y], [1, 1], -2)
        parts = [
            kit.gate([total[i], op[1], op[2]], [1, -1, -1], -1),
            kit.gate([y, chosen[3]], [1, 1], -2),
            kit.gate([both, chosen[4]], [1, 1], -2),
            kit.gate([x, y, chosen[5]], [1, 1, 2], -3),
            kit.gate([x, y, both, chosen[6]], [1, 1, -2, 1], -2),
            kit.gate([x, y, chosen[7]], [-1, -1, 1], -1),
        ]
        parts += [below] if i == 0 else []
        result.append(kit.gate(parts, [1] * len(parts), -1))
    size = f"2**{bits}"
    meaning = (
        f"operand = {size} - 1 - b if op[0] else b",
        "total = a + operand + op[0]",
        f"result = total % {size} if op < 2 else a < b if op == 2 else b if op == 3 else a & b if op == 4 "
        f"else a | b if op == 5 else a ^ b if op == 6 else {size} - 1 - (a | b)",
    )
    return Draft(f"alu{bits}", kit.builder.finish({"result": result}), meaning)
