"""Reference nodes: gates that the checker makes itself, in the plainest way, for what a meaning says.

New nodes are simplified and shared, so that equal questions get equal nets. A *word* is a list of nets that writes an
integer in two's complement, lowest bit first, sign last, wide enough.
"""

from collections.abc import Callable, Iterable, Sequence

from .file import Gate
from .limits import MAX_NETS, MAX_WIDTH, Refused, TooLarge, Work, require
from .nets import ONE, Gates, Linear
from .rules import column_sum

Word = list[int]


class Nets(Gates):
    """Gates that can be asked for by what they compute."""

    def __init__(self, inputs: int, gates: Iterable[Gate], work: Work | None = None) -> None:
        super().__init__(inputs, gates, work)
        self._ids: dict[Gate, int] = {}
        self._values = {self.zero: 0, self.one: 1}

    def constant(self, net: int) -> int | None:
        """The value of a net that is one of the two constants."""
        return self._values.get(net)

    def gate(self, sources: Sequence[int], weights: Sequence[int], bias: int) -> int:
        """A net that is 1 iff sum(weights * sources) + bias >= 0; an existing one where that is plain to see."""
        terms: Linear = {}
        for source, weight in zip(sources, weights, strict=True):
            if source in self._values:
                bias += weight * self._values[source]
            else:
                terms[source] = terms.get(source, 0) + weight
        terms = {source: weight for source, weight in sorted(terms.items()) if weight}
        low, high = (bias + sum(bound(0, weight) for weight in terms.values()) for bound in (min, max))
        self.work.spend(8 + len(sources))
        if low >= 0 or high < 0:
            return self.one if low >= 0 else self.zero
        if len(terms) == 1 and bias < 0:
            return next(iter(terms))  # not constant, and 0 where its one source is 0
        key = (tuple(terms), tuple(terms.values()), bias)
        if key not in self._ids:
            self.work.spend(4 + len(terms), 400 + 80 * len(terms))
            require(len(self._ids) < MAX_NETS, f"the meaning takes more than {MAX_NETS} reference nodes", TooLarge)
            self._ids[key] = self.define(key)
        return self._ids[key]

    def all_of(self, *nets: int) -> int:
        return self.gate(nets, (1,) * len(nets), -len(nets))

    def any_of(self, *nets: int) -> int:
        return self.gate(nets, (1,) * len(nets), -1)

    def inverse(self, net: int) -> int:
        return self.gate((net,), (-1,), 0)

    def exclusive_or(self, a: int, b: int) -> int:
        return self.full_adder(a, b, self.zero)[0]

    def choose(self, condition: int, x: int, y: int) -> int:
        """x if the condition is 1, else y."""
        return x if x == y else self.any_of(self.all_of(condition, x), self.gate((condition, y), (-1, 1), -1))

    def full_adder(self, a: int, b: int, c: int) -> tuple[int, int]:
        """The two bits of a + b + c."""
        carry = self.gate((a, b, c), (1, 1, 1), -2)
        return self.gate((a, b, c, carry), (1, 1, 1, -2), -1), carry


def fit(word: Sequence[int]) -> Word:
    """The same word without repeated sign bits."""
    require(len(word) <= MAX_WIDTH, f"a word of the meaning is wider than {MAX_WIDTH} bits", TooLarge)
    word = list(word)
    while len(word) > 1 and word[-2] == word[-1]:
        word.pop()
    return word


def word_of(nets: Nets, linear: Linear) -> Word:
    """The value of a linear form as a word: of two words, this is their ripple adder."""
    low, high = (sum(bound(0, weight) for weight in linear.values()) for bound in (min, max))
    width = max(low.bit_length(), high.bit_length()) + 1
    terms = [(net if w > 0 else nets.inverse(net), abs(w)) for net, w in linear.items() if net != ONE]
    rest = sum(w for net, w in linear.items() if net == ONE or w < 0)  # -w * x = w * (1 - x) - w
    return fit(column_sum([*terms, (nets.one, rest % (1 << width))], nets.full_adder, nets.zero, width))


def pairs(x: Word, y: Word) -> list[tuple[int, int]]:
    width = max(len(x), len(y))
    return list(zip(x + x[-1:] * (width - len(x)), y + y[-1:] * (width - len(y)), strict=True))


def bitwise(gate: Callable[[int, int], int], x: Word, y: Word) -> Word:
    return fit([gate(a, b) for a, b in pairs(x, y)])


def select(nets: Nets, condition: int, x: Word, y: Word) -> Word:
    return bitwise(lambda a, b: nets.choose(condition, a, b), x, y)


def less(nets: Nets, x: Word, y: Word) -> int:
    """1 iff x < y: from the lowest bit up, a differing bit decides anew; the sign bit counts the other way."""
    *rest, sign = pairs(x, y)
    below = nets.zero
    for a, b in [*rest, sign[::-1]]:
        below = nets.gate((b, a, below), (1, -1, 1), -1)
    return below


def shift(nets: Nets, x: Word, amount: Word, left: bool) -> Word:
    good = amount[-1] == nets.zero and len(amount) <= MAX_WIDTH.bit_length() + 1
    require(good, "meaning: a shift must be by an amount from 0 to 2**17 - 1", Refused)
    for i, bit in enumerate(amount[:-1]):
        nets.work.spend(1 << i)
        x = select(nets, bit, [nets.zero] * (1 << i) + x if left else x[1 << i :] or x[-1:], x)
    return x
