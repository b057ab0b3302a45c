"""Makes the corpus of fates: `python -m tests.fates.make [FOLDER]`.

Small files that must be accepted, refused, found damaged, or found too large, each with a line that says why it is there.
Every lie that was ever found is among them. Another checker can replay them: NAME.trix, with NAME.given0, ... for the
sources that are given beside it; fates.json has fate, reason, and what an accepted file rests on.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.check.forging import E2M1, FORMATS, Forged, no_proof, opened
from trix_circuits import check

FOLDER = Path(__file__).resolve().parent
FATES = ("accept", "refuse", "damaged", "too-large")
STATUS = {"accept": 0, "refuse": 1, "damaged": 2, "too-large": 3}


@dataclass(frozen=True)
class Case:
    """A file and what must become of it."""

    fate: str
    name: str
    why: str
    data: bytes
    given: tuple[bytes, ...] = ()


def and_gate(**changes: Any) -> Forged:
    """y = a & b. Nets: 0 a, 1 b, 2 y, 3 the constant 0, 4 the constant 1, 5 the reference node a & b."""
    found = Forged([["a", 1], ["b", 1]], [["y", 1]], [((0, 1), (1, 1), -2)], [2], ["y = a & b"], no_proof("rows"))
    return replace(found, **changes)


def proven(*lemmas: Any, goals: Any = None, ghosts: Any = (), **changes: Any) -> bytes:
    """`and_gate` with these lemmas; the goal rests on the first unless said otherwise."""
    proofs = [[[0, 1]]] if goals is None else goals
    return and_gate(certificate={"ghosts": list(ghosts), "lemmas": list(lemmas), "goals": proofs}, **changes).data()


SAME = [[0, 1], [], [2, 5], [1, -1], 0, "="]
AAG = b"aag 3 2 0 1 1\n2\n4\n6\n6 2 4\ni0 a\ni1 b\no0 y\nc\nanything\n"
AIG = b"aig 3 2 0 1 1\n6\n\x02\x02i0 a\ni1 b\no0 y\n"
BLIF = b".model m\n.inputs a b\n.outputs y\n.names a b y\n11 1\n.end\n"
BRISTOL = b"1 3\n2 1 1\n1 1\n\n2 1 0 1 2 AND\n"
OLD_BRISTOL = b"1 3\n1 1 1\n\n2 1 0 1 2 AND\n"


def sourced(source: bytes, lemmas: list[Any], ghosts: Any = (), **changes: Any) -> Forged:
    """`and_gate` that is said to equal a source; nets from 5 on are the source's gates, then ghosts."""
    certificate = {"ghosts": list(ghosts), "lemmas": lemmas, "goals": []}
    return and_gate(meaning=[], copies=[source], certificate=certificate, **changes)


def wide(count: int, gates: list[Any], drivers: list[int], meaning: list[str], **changes: Any) -> Forged:
    """A circuit over the bus x."""
    outputs = [[f"y{k}" if len(drivers) > 1 else "y", 1] for k in range(len(drivers))]
    found = Forged([["x", count]], outputs, gates, drivers, meaning, no_proof("rows"))
    return replace(found, **changes)


def cases() -> Iterator[Case]:
    """All of them, made anew."""
    for part in (killers(), more_killers(), files(), texts(), formats(), windows(), counted(), forms(), digits(), clauses(), ghosts(), goals(),
                 meanings(), sources(), matching(), made()):  # fmt: skip
        yield from part


def killers() -> Iterator[Case]:
    """What tells the checker from a mutant that nothing else in the corpus did."""
    renamed = and_gate().data().replace(b"forged", b"gorged")
    yield Case("damaged", "file-renamed", "well-formed in every way but the digest", renamed)
    yield Case("damaged", "file-digest-twice", "a name that is the digest", and_gate(about={"name": "0" * 64}).data())
    odd = and_gate(
        form="mine", gates=[((0, 1), (1, 1), -2), ((0,), (7,), -2)], table=("1", [0, 7, 1, -1], FORMATS["int8"][2])
    )
    yield Case(
        "damaged",
        "packing-no-value-unread",
        "a code without value in a gate that nothing reads",
        replace(odd, header=null_7).data(),
    )
    yield Case(
        "accept",
        "format-int9",
        "int9 is no well-known name",
        and_gate(form="int9", table=("1/7", [0, 1], [0, -2])).data(),
    )
    yield Case("accept", "equality-both-inverted", "not y and not (a & b)", proven([5, 11, 0, 1], goals=[[]]))
    yield Case("refuse", "equality-one-inverted", "not y and a & b", proven([5, 10, 0, 1], goals=["rows"]))
    three = [[0, 1], [], [2, 5, 0], [1, -1, 0], 0, "="]
    yield Case("accept", "kind-ledger", "a lemma of three nets is a ledger's", proven(three))
    yield Case("accept", "kind-local", "a lemma of two nets is local", proven(SAME))
    unread = Forged([["a", 1], ["b", 1], ["c", 1]], [["y", 1]], [((0, 1, 2), (1, 1, 0), -2)], [3], ["y = a & b"],
                    {"ghosts": [], "lemmas": [[6, 12, 0, 1]], "goals": [[]]})  # fmt: skip
    # nets: 3 y, 4 zero, 5 one, 6 a & b
    yield Case("accept", "weight-0", "a source of weight 0 is not read", unread.data())
    word = Forged([["x", 3]], [["y", 1]], [((0, 1, 2), (1, 2, 4), -6)], [3], ["y = x > 5"], no_proof())
    # nets: 3 y, 4 zero, 5 one, then the comparison 5 < x of words, bit by bit
    last = len(reference_nets(word)) - 1
    yield Case("accept", "compare-constant", "a word is compared with a constant bit by bit",
               replace(word, certificate={"ghosts": [], "lemmas": [[6, 2 * last, 0, 1, 2]], "goals": [[]]}).data())  # fmt: skip
    for k, (line, fate) in enumerate([
        ("y = popcount(0 - a * b)", "refuse"), ("y = table(4, a + b, 0)", "refuse"), ("y = table(2, a & b, 0)", "accept"),
        ("y = table(0x18, a, b)", "refuse"), ("y = table(8, a, b)", "accept"), ("y = a * b" + " + 0" * 900, "accept"),
        ("y = table(0x8, a, 1 - (1 - b))", "accept"), ("y = signed(0 - a * b)", "refuse"),
    ]):  # fmt: skip
        yield Case(fate, f"meaning-bits-{k}", line[:60], and_gate(meaning=[line]).data())
    nor = b"aag 3 2 0 1 1\n2\n4\n6\n6 3 5\ni0 a\ni1 b\no0 y\n"
    axioms = [[2, 5, 1], [2, 5, 3], [2, 4, 0, 2], [6, 13, 1], [6, 13, 3], [6, 12, 0, 2]]
    steps = [[[4, 13], [3, 4, 2]], [[5, 12], [0, 1, 5]]]
    yield Case("accept", "clauses-nor", "-a - b >= 0 is neither a nor b",
               replace(sourced(nor, [["clauses", axioms, steps, 4, 12]]), gates=[((0, 1), (-1, -1), 0)]).data())  # fmt: skip
    for p in (0, 1):
        for q in (0, 1):
            for r in (0, 1):
                # variables 1 a, 2 b; 3 = (b ^ p) & (a ^ q); y = 3 ^ r
                deltas = bytes([6 - (4 + p), 4 + p - (2 + q)])
                signed = b"aig 3 2 0 1 1\n" + str(6 + r).encode() + b"\n" + deltas + b"i0 a\ni1 b\no0 y\n"
                weights = (1 - 2 * q, 1 - 2 * p)
                gate = ((0, 1), weights, p + q - 2) if not r else ((0, 1), tuple(-w for w in weights), 1 - p - q)
                proof = {"ghosts": [], "lemmas": [[4, 12 + r, 0, 1]], "goals": []}
                base = and_gate(meaning=[], copies=[signed], certificate=proof, gates=[gate])
                yield Case("accept", f"aig-signs-{p}{q}{r}", "binary AIGER with inverters", base.data())
                for k, other in enumerate(
                    (((0, 1), weights, p + q - 1), ((0, 1), (weights[1], weights[0]), p + q - 2))
                ):
                    wrong = replace(base, gates=[other])
                    if fate_of(wrong.data()) != "accept":
                        yield Case("refuse", f"aig-signs-{p}{q}{r}-{k}", "another function", wrong.data())
    chain = b"aig 5 2 0 2 3\n10\n4\n" + bytes([2, 2, 3, 3, 1, 5]) + b"i0 a\ni1 b\no0 y\no1 z\n"
    # 6 = 4 & 2; 8 = 5 & 2; 10 = 9 & 4: nets 6, 7, 8 after the constant 5 (2 gates of the circuit: 7 on)
    two = Forged([["a", 1], ["b", 1]], [["y", 1], ["z", 1]], [((1,), (1,), -1)], [2, 1], [],
                 {"ghosts": [], "lemmas": [[4, 16, 0, 1]], "goals": []}, [chain])  # fmt: skip
    yield Case(fate_of(two.data()), "aig-chain", "three ANDs, and an output that is the last input", two.data())
    far = b"aig 71 70 0 1 1\n142\n\x80\x01\x02o0 y\n"
    # 142 = and(142 - 128 = 14, 12): nets 6 and 5
    wide_and = Forged([["i", 70]], [["y", 1]], [((6, 5), (1, 1), -2)], [70], [],
                      {"ghosts": [], "lemmas": [[140, 148, 6, 5]], "goals": []}, [far])  # fmt: skip
    yield Case("accept", "aig-128", "a difference of exactly 128", wide_and.data())
    inner = HIERARCHY.replace(b".inputs a 1/t", b".inputs a t").replace(b".names 1/t y", b".names t y")
    pair = Forged([["a", 1], ["t", 1]], [["y", 1], ["q", 1]], [], [1, 0], [], no_proof(), [inner])
    yield Case("accept", "blif-inner-name", "a net of an instance that is called like an input of the circuit",
               replace(pair, certificate={"ghosts": [], "lemmas": shadow(), "goals": []}).data())  # fmt: skip
    twice = inner.replace(b".subckt buf x=a z=q", b".subckt buf x=a z=u\n.subckt buf x=t z=q")
    both = Forged([["a", 1], ["t", 1]], [["y", 1], ["q", 1]], [], [1, 1], [], no_proof(), [twice])
    yield Case("accept", "blif-two-instances", "two instances with nets of one name",
               replace(both, certificate={"ghosts": [], "lemmas": shadow(twice), "goals": []}).data())  # fmt: skip
    adder = opened(made_adder())
    source = made_adder()
    copied = replace(adder, meaning=[], copies=[source])
    start = sum(width for _, width in adder.inputs) + len(adder.gates) + 2
    bits = sum(width for _, width in adder.inputs)
    same = [["form", 2 * (bits + k), 2 * (start + k), []] for k in range(len(adder.gates))]
    yield Case("accept", "source-trix-word", "a circuit file with words as the source of its own copy",
               replace(copied, certificate={"ghosts": [], "lemmas": same, "goals": []}).data())  # fmt: skip
    yield Case("refuse", "source-trix-exchanged", "two outputs exchanged",
               replace(copied, drivers=[*adder.drivers[1::-1], *adder.drivers[2:]],
                       certificate={"ghosts": [], "lemmas": same, "goals": []}).data())  # fmt: skip
    crossed = b"aag 3 2 0 1 1\n2\n4\n6\n6 3 4\ni0 1_t\ni1 1/t\no0 y\n"
    other_way = b"aag 3 2 0 1 1\n2\n4\n6\n6 3 4\ni0 1/t\ni1 1_t\no0 y\n"
    ports: Any = {"inputs": [["_1_t", 1], ["_1_t_", 1]], "gates": [((0, 1), (-1, 1), -1)]}
    proof = {"ghosts": [], "lemmas": [[4, 12, 0, 1], [4, 16, 0, 1]], "goals": []}
    yield Case("refuse", "match-crossed", "two sources whose names cross when they become plain: 1_t and 1/t are exchanged",
               and_gate(meaning=[], copies=[crossed, other_way], certificate=proof, **ports).data())  # fmt: skip
    yield Case("accept", "match-not-crossed", "two sources with the same strange names",
               and_gate(meaning=[], copies=[crossed, crossed], certificate=proof, **ports).data())  # fmt: skip
    spelled = ".model m\n.inputs t\\xff b\n.outputs y\n.names t\xff b y\n11 1\n.end\n".encode("latin-1")
    yield Case(
        "damaged", "blif-spelled", "a byte, and what would be its spelling, are two names", sourced(spelled, []).data()
    )
    yield Case(
        "accept",
        "blif-brace",
        "a comment with { where a circuit file has its header",
        sourced(b"#abcdefg"[:7] + b"#{\n" + BLIF, [[4, 10, 0, 1]]).data(),
    )


def more_killers() -> Iterator[Case]:
    """The same, found by a second run."""
    # y = 1 - x, z = x, and w = x is said to be 0: with the wrong sign for opposite bits 4x is left over, and x is 0.
    signs = Forged([["x", 1]], [["y", 1], ["z", 1], ["w", 1]], [((0,), (-1,), 0), ((0,), (1,), -1)], [1, 2, 0],
                   ["y = 1 - x", "z = x", "w = 0"], no_proof())  # fmt: skip
    sum_of = [[0], [], [0, 1, 2], [3, 1, -2], -1, "="]
    zero = b"aag 1 1 0 3 0\n2\n3\n2\n0\ni0 x\no0 y\no1 z\no2 w\n"
    lie = {"ghosts": [], "lemmas": [sum_of, ["digits", 8, [[0, 1]]], [10, 6]], "goals": []}
    yield Case("refuse", "digits-opposite-sign", "3x + y - 2z = 1 says nothing of x",
               replace(signs, meaning=[], copies=[zero], certificate=lie).data())  # fmt: skip
    yield Case("accept", "digits-opposite-sign-right", "and w = x",
               replace(signs, meaning=["y = 1 - x", "z = x", "w = x"],
                       certificate={"ghosts": [], "lemmas": [sum_of, ["digits", 8, [[0, 1]]]], "goals": [[], [], []]}).data())  # fmt: skip
    inverters = [[[0], [-1], 0], [[6], [-1], 0], [[7], [-1], 0]]
    chain = [[16, 15, 7], [14, 13, 6], [12, 1, 0], [16, 1]]
    yield Case(
        "accept",
        "merged-chain",
        "three inverters, merged from the last to the first",
        proven(*chain, [14, 0], ghosts=inverters, goals=["rows"]),
    )
    yield Case(
        "refuse",
        "merged-chain-wrong",
        "and the second of them is no inverter",
        proven(*chain, [14, 1], ghosts=inverters, goals=["rows"]),
    )
    nand = [[[0, 1], [-1, -1], 1]]
    merged, axioms = [12, 5, 0, 1], [[6, 5, 0]]
    yield Case("accept", "clauses-inverted-root", "a clause of a gate that is merged with a complement",
               proven(merged, ["clauses", axioms, [], 4, 4], ghosts=nand, goals=["rows"]))  # fmt: skip
    yield Case("refuse", "clauses-inverted-root-wrong", "and one that does not follow",
               proven(merged, ["clauses", [[6, 4, 0]], [], 4, 4], ghosts=nand, goals=["rows"]))  # fmt: skip
    half = [((0, 1), (1, 1), -2), ((0, 1, 2), (1, 1, -2), -1)]
    three = Forged([["x", 2]], [["s", 1]], half, [3], ["s = x[0]"], no_proof())
    own = [[0, 1], [], [0, 1, 2, 3], [1, 1, -2, -1], 0, "="]
    yield Case("refuse", "digits-three", "three bits of one weight: the first is not the last",
               replace(three, certificate={"ghosts": [], "lemmas": [own, ["digits", 1, [[0, 1]]]], "goals": [[]]}).data())  # fmt: skip
    yield Case("accept", "given-equality", "an equality that is named as given does not count",
               proven([4, 10, 0, 1], [[0, 1], [0], [2, 0], [-1, 1], 0, ">="], goals=[[]]))  # fmt: skip
    for name, deltas, gate, why in (
        ("one", bytes([2, 3]), ((1,), (1,), -1), "an AND with the constant 1 is the other"),
        ("zero", bytes([2, 4]), ((), (), -1), "an AND with the constant 0 is 0"),
        ("ones", bytes([5, 0]), ((), (), 0), "an AND of the constant 1 with itself"),
    ):
        text = b"aig 3 2 0 1 1\n6\n" + deltas + b"i0 a\ni1 b\no0 y\n"
        proof = {"ghosts": [], "lemmas": [[4, 12, 1]], "goals": []}
        yield Case(
            "accept",
            f"aig-constant-{name}",
            why,
            and_gate(gates=[gate], meaning=[], copies=[text], certificate=proof).data(),
        )
    doubled = AAG.replace(b"\n2\n4\n", b"\n2\n2\n").replace(b"6 2 4", b"6 2 2")
    yield Case(
        "damaged",
        "aiger-input-twice-alone",
        "an input twice, and nothing else wrong",
        sourced(doubled, [[4, 12, 0, 1]]).data(),
    )
    for name, why, spoil in (
        ("padding", "unused bits that are not 0", lambda raw: bytes([raw[0] | 0x80])),
        ("more", "a byte too many", lambda raw: raw + b"\0"),
    ):
        yield Case("damaged", f"packing-{name}", why, repacked(spoil))
    control = BLIF.replace(b"11 1", b"11\x0b1")
    yield Case(
        "damaged",
        "blif-vertical-tab",
        "a character that only some take for a space",
        sourced(control, [[4, 10, 0, 1]]).data(),
    )
    for name, text, why in (
        ("spelling", BLIF.replace(b" a", b" a\\xff"), "a spelling alone is a name"),
        ("byte", BLIF.replace(b" a", b" a\xff"), "a byte alone is its spelling"),
    ):
        ports: Any = {"inputs": [["a_xff", 1], ["b", 1]]}
        yield Case("accept", f"blif-{name}", why, sourced(text, [[4, 10, 0, 1]], **ports).data())
    yield Case(
        "accept", "meaning-table-full", "a table of ones", and_gate(meaning=["y = table(0xf, a, b) & a & b"]).data()
    )
    shifts = Forged([["x", 3], ["s", 2]], [["y", 3]], [], [0, 1, 2], [], no_proof("rows"))
    far = "y = x if ((0 - x) >> 6) % 8 == (7 if x else 0) else s"
    yield Case(
        "accept", "meaning-shift-far", "what is shifted out leaves the sign", replace(shifts, meaning=[far]).data()
    )
    yield Case("damaged", "bristol-op-of-none", "an operation that nobody knows, of one wire",
               sourced(BRISTOL.replace(b"2 1 0 1 2 AND", b"1 1 0 2 BUF"), [[4, 10, 0, 1]], inputs=[["x0", 1], ["x1", 1]], outputs=[["y0", 1]],
                       gates=[((0,), (1,), -1)]).data())  # fmt: skip


def repacked(spoil: Any) -> bytes:
    """`and_gate` in ternary, with other bytes of weights."""
    from tests.check.forging import codes, sealed, words

    unit, weights, biases = FORMATS["ternary"]
    packed = {"fan_in": words([2]), "sources": words([0, 1]), "outputs": words([2]), "weights": spoil(codes([1, 1], weights)),
              "biases": codes([-2], biases), "certificate": json.dumps(no_proof("rows")).encode()}  # fmt: skip
    about = {"digest": "0" * 64, "version": 1, "name": "forged",
             "format": {"name": "ternary", "unit": unit, "weights": weights, "biases": biases},
             "inputs": [["a", 1], ["b", 1]], "outputs": [["y", 1]], "meaning": ["y = a & b"], "defaults": {}, "origin": {}}  # fmt: skip
    return sealed(packed, about, lambda header: None)


def null_7(header: dict[str, Any]) -> None:
    """Take the value 7 from a table."""
    text = header["__metadata__"]["trix_circuits"]
    header["__metadata__"]["trix_circuits"] = text.replace("[0,7,1,-1]", "[0,null,1,-1]")


def made_adder() -> bytes:
    """A small adder, made by the package."""
    from trix_circuits.compose.families import draft
    from trix_circuits.evidence.prover import certify
    from trix_circuits.logic.formats import get_format

    return certify(draft("adder", get_format("e2m1"), 3)).data


def reference_nets(forged: Forged) -> check.Nets:
    """All nets after the meaning has made its own."""
    inputs = [(name, width) for name, width in forged.inputs]
    nets = check.Nets(sum(width for _, width in inputs), [(tuple(s), tuple(w), b) for s, w, b in forged.gates])
    drivers = iter(forged.drivers)
    outputs = [(name, [next(drivers) for _ in range(width)]) for name, width in forged.outputs]
    check.Meaning(inputs, outputs, nets).goals(forged.meaning)
    return nets


def files() -> Iterator[Case]:
    """The layout of the file."""
    good = and_gate().data()
    yield Case("accept", "and", "the smallest circuit that computes something", good)
    size = int.from_bytes(good[:8], "little")
    for name, why, data in (
        ("empty", "no byte", b""),
        ("header-cut", "the header is longer than the file", good[: size // 2]),
        ("body-cut", "the last byte is missing", good[:-1]),
        ("byte-more", "a byte behind the last tensor", good + b"x"),
        ("header-length-0", "a header of no length", bytes(8) + good[8:]),
        ("flipped", "a bit that the digest tells", good[:-3] + bytes([good[-3] ^ 1]) + good[-2:]),
    ):
        yield Case("damaged", f"file-{name}", why, data)

    def header(name: str, why: str, change: Any) -> Case:
        return Case("damaged", f"file-{name}", why, and_gate(header=change).data())

    yield header("tensor-missing", "a tensor is missing", lambda h: h.pop("biases"))
    yield header("tensor-more", "a tensor that nobody knows", lambda h: h.update(x=h["weights"]))
    yield header("key-more", "metadata of others", lambda h: h["__metadata__"].update(more="x"))
    yield header("shape", "a shape that is not the tensor's", lambda h: h["weights"].update(shape=[3]))
    yield header("shape-2d", "a tensor of two dimensions", lambda h: h["sources"].update(shape=[1, 2]))
    yield header("dtype", "a tensor of another type", lambda h: h["weights"].update(dtype="I8"))
    yield header(
        "overlap", "two tensors in one place", lambda h: h["biases"].update(data_offsets=h["weights"]["data_offsets"])
    )
    yield header("offset-text", "a place that is no number", lambda h: h["biases"].update(data_offsets=["0", "1"]))
    yield header(
        "offset-far", "a place behind the file", lambda h: h["certificate"]["data_offsets"].__setitem__(1, 10**6)
    )
    yield header("entry-more", "a tensor with a word too many", lambda h: h["biases"].update(more=1))
    gap = and_gate()
    yield Case("damaged", "file-gap", "bytes between two tensors", replace(gap, header=shifted).data())

    def about(fate: str, case: str, why: str, **changes: Any) -> Case:
        return Case(fate, f"about-{case}", why, and_gate(about=changes).data())

    yield about("accept", "default", "a default that fits its input", defaults={"b": 1})
    yield about("accept", "origin", "an origin may say anything plain", origin={"by": ["x", 1, None, {"y": []}]})
    yield about("accept", "name-255", "a name of 255 characters", name="x" * 255)
    yield about("accept", "name-words", "words with single spaces", name="a.b = c+d (e/f) <g-h>")
    for name, why, changes in (
        ("version-2", "another version", {"version": 2}),
        ("version-0", "another version", {"version": 0}),
        ("version-true", "a version that Python takes for 1", {"version": True}),
        ("key-more", "a key that nobody knows", {"more": 1}),
        ("name-256", "a name that is too long", {"name": "x" * 256}),
        ("name-empty", "no name", {"name": ""}),
        ("name-spaces", "two spaces push what follows out of sight", {"name": "a  b"}),
        ("name-comma", "a name that could pass for more of the verdict", {"name": "x, 128 e2m1 gates"}),
        ("name-newline", "a forged line", {"name": "x\nACCEPTED  other.trix: adder64"}),
        ("name-escape", "terminal escapes that hide what was printed", {"name": "\x1b[2K\x1b[1A\x1b[8m"}),
        ("name-unicode", "a letter that looks like another", {"name": "\u0430dder"}),
        ("name-number", "a name that is no text", {"name": 7}),
        ("origin-escape", "terminal escapes in the origin", {"origin": {"by": "\x1b[8m"}}),
        ("origin-list", "an origin that is no object", {"origin": []}),
        ("default-unknown", "a default of no input", {"defaults": {"c": 1}}),
        ("default-output", "a default of an output", {"defaults": {"y": 1}}),
        ("default-2", "a default that its input cannot have", {"defaults": {"b": 2}}),
        ("default-negative", "a default below 0", {"defaults": {"b": -1}}),
        ("default-true", "a default that is no number", {"defaults": {"b": True}}),
        ("sources-dict", "sources as an object: accepted once, then a traceback", {"sources": {}}),
        ("sources-text", "sources as a text", {"sources": ""}),
        ("sources-none", "a source is named and not there", {"sources": ["x"]}),
        ("digest-text", "a digest that is none", {"digest": "x" * 64}),
        ("inputs-object", "inputs as an object", {"inputs": {}}),
        ("float", "a number with a fraction", {"origin": {"x": 1.5}}),
    ):
        yield about("damaged", name, why, **changes)
    yield Case("damaged", "about-key-missing", "no defaults", without("defaults"))
    yield Case("damaged", "about-twice", "a key that stands twice", and_gate(header=twice).data())


def shifted(header: dict[str, Any]) -> None:
    """Leave a byte between the certificate and what stands before it."""
    header["certificate"]["data_offsets"][0] += 1
    header["certificate"]["shape"] = [header["certificate"]["shape"][0] - 1]


def twice(header: dict[str, Any]) -> None:
    text = header["__metadata__"]["trix_circuits"]
    header["__metadata__"]["trix_circuits"] = text.replace('"version":1', '"version":1,"version":1')


def without(key: str) -> bytes:
    def change(header: dict[str, Any]) -> None:
        about = json.loads(header["__metadata__"]["trix_circuits"])
        del about[key]
        header["__metadata__"]["trix_circuits"] = json.dumps(about)

    return and_gate(header=change).data()


def texts() -> Iterator[Case]:
    """Buses, gates, drivers."""
    for name, why, changes in (
        ("bus-empty", "a bus without a name", {"inputs": [["", 1], ["b", 1]]}),
        ("bus-strange", "a bus with a space", {"inputs": [["a b", 1], ["b", 1]]}),
        ("bus-digit", "a bus that begins with a digit", {"inputs": [["1a", 1], ["b", 1]]}),
        ("bus-256", "a bus with a name of 256 characters", {"inputs": [["a" * 256, 1], ["b", 1]]}),
        ("bus-width-0", "a bus of no bit", {"inputs": [["a", 0], ["b", 2]]}),
        ("bus-width-negative", "a bus of -1 bits", {"inputs": [["a", -1], ["b", 3]]}),
        ("bus-width-true", "a width that is no number", {"inputs": [["a", True], ["b", 1]]}),
        ("bus-twice", "two inputs of one name", {"inputs": [["a", 1], ["a", 1]]}),
        ("bus-in-and-out", "an input and an output of one name", {"outputs": [["a", 1]], "meaning": ["a = a & b"]}),
        ("no-outputs", "nothing comes out", {"outputs": [], "drivers": []}),
        ("driver-missing", "an output bit that nothing drives", {"drivers": []}),
        ("driver-more", "more drivers than output bits", {"drivers": [2, 2]}),
        ("driver-far", "a driver that is the constant, which is no net of the file", {"drivers": [3]}),
        ("gate-self", "a gate that reads itself", {"gates": [((0, 2), (1, 1), -2)]}),
        ("gate-later", "a gate that reads a later one", {"gates": [((0, 3), (1, 1), -2), ((0, 1), (1, 1), -2)]}),
        ("gate-twice", "a gate that reads a net twice", {"gates": [((0, 0), (1, 1), -2)]}),
        ("meaning-text", "a meaning that is no list", {"meaning": "y = a & b"}),
        ("meaning-comment", "what is printed must be what is proven", {"meaning": ["y = a & b # or not"]}),
        ("meaning-empty-line", "a line that says nothing", {"meaning": ["y = a & b", ""]}),
        ("meaning-number", "a line that is no text", {"meaning": [1]}),
        ("meaning-nested", "a line that is a list", {"meaning": [["y = a & b"]]}),
        ("certificate-list", "a certificate that is no object", {"certificate": []}),
        ("certificate-text", "a certificate that is no JSON", {"certificate": b"{"}),
        ("certificate-key", "a certificate with a key more", {"certificate": no_proof("rows") | {"more": 1}}),
        ("certificate-twice", "a key that stands twice",
         {"certificate": b'{"ghosts":[],"lemmas":[],"goals":[[]],"goals":["rows"]}'}),
        ("certificate-float", "a number that is no integer", {"certificate": b'{"ghosts":[],"lemmas":[],"goals":["rows",1e0]}'}),
        ("certificate-no-ghosts", "a key is missing", {"certificate": {"lemmas": [], "goals": ["rows"]}}),
        ("certificate-utf16", "JSON in another encoding",
         {"certificate": json.dumps(no_proof("rows")).encode("utf-16")}),
    ):  # fmt: skip
        yield Case("damaged", name, why, and_gate(**changes).data())
    yield Case(
        "too-large", "certificate-deep", "JSON that nests without end", and_gate(certificate=b"[" * 30_000).data()
    )
    yield Case("too-large", "inputs-many", "more input bits than any proof could go through",
               and_gate(inputs=[["a", 1], ["b", 1 << 21]]).data())  # fmt: skip
    yield Case("damaged", "fan-in-more", "fan-ins that do not add up to the sources", refanned(3))
    yield Case("damaged", "fan-in-less", "fan-ins that do not add up to the sources", refanned(1))
    yield Case("accept", "gate-of-nothing", "a gate that reads nothing is a constant",
               and_gate(gates=[((), (), 0)], meaning=["y = 1"]).data())  # fmt: skip
    yield Case("accept", "no-gates", "outputs may be inputs", and_gate(gates=[], drivers=[1], meaning=["y = b"]).data())
    yield Case("accept", "no-inputs", "a circuit of constants",
               and_gate(inputs=[], gates=[((), (), -1)], drivers=[0], meaning=["y = 0"]).data())  # fmt: skip


def refanned(count: int) -> bytes:
    """`and_gate` with another fan-in than it has sources."""
    from tests.check.forging import codes, sealed, words

    unit, weights, biases = FORMATS["int8"]
    packed = {"fan_in": words([count]), "sources": words([0, 1]), "outputs": words([2]), "weights": codes([1, 1], weights),
              "biases": codes([-2], biases), "certificate": json.dumps(no_proof("rows")).encode()}  # fmt: skip
    about = {"digest": "0" * 64, "version": 1, "name": "forged",
             "format": {"name": "int8", "unit": unit, "weights": weights, "biases": biases},
             "inputs": [["a", 1], ["b", 1]], "outputs": [["y", 1]], "meaning": ["y = a & b"], "defaults": {}, "origin": {}}  # fmt: skip
    return sealed(packed, about, lambda header: None)


def formats() -> Iterator[Case]:
    """Formats and packing."""
    wires: Any = {"gates": [], "drivers": [0], "meaning": ["y = a"]}
    for name, (unit, weights, biases) in FORMATS.items():
        step = min(w for w in weights if w and w > 0)
        bias = next((b for b in biases if b is not None and -2 * step <= b < -step), None)
        if bias is not None:
            gate = ((0, 1), (step, step), bias)
            yield Case(
                "accept", f"format-{name}", "the values that this name has", and_gate(form=name, gates=[gate]).data()
            )
        lie = ("1/3", weights, biases)
        yield Case("damaged", f"format-{name}-unit", "a well-known name with another unit",
                   and_gate(form=name, table=lie, **wires).data())  # fmt: skip
        place = max(k for k, value in enumerate(weights) if value is not None)
        changed = [*weights[:place], weights[place] + 1, *weights[place + 1 :]]
        yield Case("damaged", f"format-{name}-weights", "a well-known name with another weight",
                   and_gate(form=name, table=(unit, changed, biases), **wires).data())  # fmt: skip
        changed = [*biases[:-1], 5 if biases[-1] != 5 else 6]
        yield Case("damaged", f"format-{name}-biases", "a well-known name with another bias",
                   and_gate(form=name, table=(unit, weights, changed), **wires).data())  # fmt: skip
    mine = ("7/9", [0, 1, None, 5], [0, -2])
    yield Case("accept", "format-mine", "a format of one's own", and_gate(form="mine", table=mine).data())
    yield Case("accept", "format-largest", "values of magnitude 2^40 - 1",
               and_gate(form="mine", table=("1", [0, 2**40 - 1], [0, 1 - 2**40]), gates=[((0, 1), (2**40 - 1,) * 2, 1 - 2**40)],
                        meaning=["y = a | b"]).data())  # fmt: skip
    for name, why, form, table in (
        ("unit-1e9", "971 bytes that hung a reader of fractions", "mine", ("1e1000000000", E2M1, E2M1)),
        ("unit-0", "a unit of nothing", "mine", ("0", E2M1, E2M1)),
        ("unit-negative", "a unit below 0", "mine", ("-1", E2M1, E2M1)),
        ("unit-nan", "a unit that is no number", "mine", ("nan", E2M1, E2M1)),
        ("unit-over-0", "a fraction over 0", "mine", ("1/0", E2M1, E2M1)),
        ("unit-long", "a unit of too many digits", "mine", ("1" * 19, E2M1, E2M1)),
        ("unit-number", "a unit that is no text", "mine", (1, E2M1, E2M1)),
        ("values-2-40", "a value of 2^40", "mine", ("1", [0, 2**40], [0, -2])),
        ("values-2-71", "a value that no 64 bits hold", "mine", ("1/2", [0, 2**70], [0, -(2**71)])),
        ("values-one", "a table of one value", "mine", ("1", [1], [0, -2])),
        ("values-none", "a table without values", "mine", ("1", [], [0, -2])),
        ("values-257", "a table of 257 values", "mine", ("1", [0, 1, *range(2, 257)], [0, -2])),
        ("values-text", "values of text", "mine", ("1", ["0", "1"], [0, -2])),
        ("values-true", "values that Python takes for numbers", "mine", ("1", [False, True], [0, -2])),
        ("values-object", "a table that is an object", "mine", ("1", {"0": 1, "1": 1}, [0, -2])),
        ("name-upper", "capitals, which could pass for a well-known name", "E2M1", ("1/2", E2M1, E2M1)),
        ("name-escape", "terminal escapes in the name of a format", "x\x1b[31m\nACCEPTED", ("1/2", E2M1, E2M1)),
        ("name-33", "a name of 33 characters", "x" * 33, ("1/2", E2M1, E2M1)),
        ("name-none", "no name", "", ("1/2", E2M1, E2M1)),
        ("nf4-lie", "values of E2M1 under the name of nf4", "nf4", ("1/2", E2M1, E2M1)),
    ):
        gates: Any = [] if not isinstance(table[1], list) or 1 not in table[1] or -2 not in table[2] else None
        changed_gates = {} if gates is None else wires
        yield Case("damaged", f"format-{name}", why, and_gate(form=form, table=table, **changed_gates).data())
    yield Case("damaged", "packing-no-value", "a code that has no value", nulled())


def nulled() -> bytes:
    """A ternary weight by the code that has no value."""
    forged = and_gate(form="mine", table=("1", [0, 7, 1, -1], FORMATS["int8"][2]))

    def change(header: dict[str, Any]) -> None:
        text = header["__metadata__"]["trix_circuits"]
        header["__metadata__"]["trix_circuits"] = text.replace("[0,7,1,-1]", "[0,7,null,-1]")

    return replace(forged, header=change).data()


def windows() -> Iterator[Case]:
    """Linear claims and equalities over windows."""
    yield Case("accept", "window", "a claim over its own leaves", proven(SAME))
    yield Case(
        "accept", "window-twice", "3 times a claim less twice the claim", proven(SAME, goals=[[[0, 3], [0, -2]]])
    )
    above = [[0, 1], [], [2, 5], [1, -1], 0, ">="]
    yield Case("refuse", "window-inequality-as-equation", "an inequality is no equation", proven(above))
    yield Case("accept", "window-inequality", "an inequality that holds, and all rows", proven(above, goals=["rows"]))
    for k, (lemma, why) in enumerate([
        ([[0, 1], [], [2, 5], [1, 1], 0, "="], "two nets that are not opposite"),
        ([[0, 1], [], [2, 5], [1, -1], 1, "="], "a constant that is off by one"),
        ([[0, 1], [], [2, 5], [1, -1], -1, "="], "a constant that is off by one"),
        ([[0, 1], [], [2, 5], [2, -1], 0, "="], "a weight that is off by one"),
        ([[0, 1], [], [2, 0], [1, -1], 0, "="], "a & b is not a"),
        ([[0, 1], [], [2], [1], -1, ">="], "a & b is not always 1"),
        ([[0, 1], [], [2], [-1], 0, ">="], "a & b is not always 0"),
        ([[0, 1], [], [0, 2], [-1, 1], 0, ">="], "a & b >= a is false"),
        ([[0, 1], [], [], [], 1, "="], "1 is not 0"),
        ([[], [], [], [], -1, ">="], "-1 is not >= 0"),
        ([[2, 5], [], [2, 5], [1, -1], 0, "="], "with the nets themselves as leaves nothing is known of them"),
        ([[0], [], [2, 5], [1, -1], 0, "="], "the window is open at b"),
        ([[], [], [2, 5], [1, -1], 0, "="], "the window is open at both"),
        ([[1, 2], [], [2, 5], [1, -1], 0, "="], "a leaf hides the gate, the other side is open"),
        ([[0, 1], [], [2, 5], [10**50, 1 - 10**50], 0, "="], "weights that differ by one in fifty digits"),
        ([[0, 1], [], [2, 5], [2**64, -(2**64) - 1], 0, "="], "weights that differ beyond 64 bits"),
    ]):  # fmt: skip
        yield Case("refuse", f"window-false-{k}", why, proven(lemma, goals=["rows"]))
    malformed: list[tuple[Any, str]] = [
        ([], "an empty lemma"),
        (None, "no lemma"),
        ([[0, 1], [], [2, 5], [1, -1], 0], "a lemma without relation"),
        ([[0, 1], [], [2, 5], [1, -1], 0, "=", 0], "a lemma with an element more"),
        ([[0, 1], [], [2, 5], [1, -1], 0, "<="], "a relation that nobody knows"),
        ([[0, 1], [], [2, 5], [1, -1], None, "="], "no constant"),
        ([[0, 1], [], [2, 5], [1, -1], False, "="], "a constant that is no number"),
        ([[0, 1], [], [2, 5], [1], 0, "="], "a weight is missing"),
        ([[0, 1], [], [2, 5], [1, -1, 1], 0, "="], "a weight more"),
        ([[0, 1], [], [2, 5], [True, -1], 0, "="], "a weight that is no number"),
        ([[0, 1], [], [2, 2], [1, -1], 0, "="], "a net twice: the second would hide the first"),
        ([[0, 1], [], [2, 99], [1, -1], 0, "="], "a net that does not exist"),
        ([[0, 1], [], [2, 6], [1, -1], 0, "="], "the net behind the last"),
        ([[0, 1], [], [2, -1], [1, -1], 0, "="], "a net that would be the constant's place"),
        ([[0, 1, 1], [], [2, 5], [1, -1], 0, "="], "a leaf twice"),
        ([[0, 1, 6], [], [2, 5], [1, -1], 0, "="], "a leaf that does not exist"),
        ([[0, 1, -1], [], [2, 5], [1, -1], 0, "="], "a leaf below 0"),
        ([[0, True], [], [2, 5], [1, -1], 0, "="], "a leaf that is no number"),
        ([[0, "1"], [], [2, 5], [1, -1], 0, "="], "a leaf of text"),
        (["01", [], [2, 5], [1, -1], 0, "="], "leaves of text"),
        (["forms", 4, 10, []], "a kind that nobody knows"),
        ([[0, 1], [0], [2, 5], [1, -1], 0, "="], "a lemma that rests on itself"),
        ([[0, 1], [-1], [2, 5], [1, -1], 0, "="], "a lemma that rests on the last"),
        ([[0, 1], [1], [2, 5], [1, -1], 0, "="], "a lemma that rests on one to come"),
        ([[0, 1], None, [2, 5], [1, -1], 0, "="], "no list of lemmas to rest on"),
        ([4, 10, 0, 1, 6], "an equality with a leaf that does not exist"),
        ([4, 12, 0, 1], "an equality with a net that does not exist"),
        ([-2, 10, 0, 1], "an equality with a net below 0"),
        ([4, 10, 0, 1, 1], "an equality with a leaf twice"),
        ([None, 10, 0, 1], "an equality of what is no number"),
    ]  # fmt: skip
    for k, (lemma, why) in enumerate(malformed):
        yield Case("damaged", f"lemma-{k}", why, proven(lemma, goals=["rows"]))
    # Rows that contradict earlier claims are left out; others are not.
    low = [[0, 1], [], [2, 0], [-1, 1], 0, ">="]  # y <= a
    rest = [[2, 0], [0], [2, 0], [-1, 1], 0, ">="]
    yield Case(
        "accept", "given", "a row that an earlier claim excludes does not count", proven(low, rest, goals=["rows"])
    )
    yield Case(
        "refuse", "given-not", "without naming it, it does", proven(low, [*rest[:1], [], *rest[2:]], goals=["rows"])
    )
    yield Case("refuse", "given-other", "a claim that does not exclude the row",
               proven([[0, 1], [], [2, 1], [-1, 1], 0, ">="], rest, goals=["rows"]))  # fmt: skip
    yield Case(
        "damaged",
        "given-twice",
        "a claim that is named twice",
        proven(low, [*rest[:1], [0, 0], *rest[2:]], goals=["rows"]),
    )
    yield Case("damaged", "given-twice-and-unknown", "a claim twice, and one that is not there",
               proven(low, [*rest[:1], [0, 0, 9], *rest[2:]], goals=["rows"]))  # fmt: skip
    many = [[2, 0], list(range(200)), [2, 0], [-1, 1], 0, ">="]
    yield Case("accept", "given-many", "two hundred claims named once", proven(*[low] * 200, many, goals=["rows"]))
    yield Case("damaged", "given-repeated", "one claim named a thousand times: minutes and a gigabyte, once",
               proven(low, [[2, 0], [0] * 1000, [2, 0], [-1, 1], 0, ">="], goals=["rows"]))  # fmt: skip
    equal = [4, 10, 0, 1]
    yield Case("accept", "equality", "two nets that are equal over a window, then one", proven(equal, goals=[[]]))
    yield Case("refuse", "equality-complement", "a net is not its complement", proven([4, 11, 0, 1], goals=["rows"]))
    yield Case(
        "refuse", "equality-own-complement", "a net is not its own complement", proven([4, 5, 0, 1], goals=["rows"])
    )
    yield Case("accept", "equality-itself", "a net is itself", proven([4, 4], goals=["rows"]))
    yield Case("refuse", "equality-false", "a & b is not a", proven([4, 0, 0, 1], goals=["rows"]))
    yield Case("refuse", "equality-open", "the window is open", proven([4, 10, 0], goals=["rows"]))
    yield Case("refuse", "equality-as-equation", "an equality is no summand", proven(equal, goals=[[[0, 1]]]))
    # Merged nets are seen as one: a gate over y and a gate over the reference node are the same gate.
    twin = and_gate(gates=[((0, 1), (1, 1), -2), ((0, 2), (1, 1), -1)], drivers=[3], meaning=["y = (a & b) | a"])
    # nets: 2 a&b, 3 y, 4 zero, 5 one, 6 a & b, 7 (a & b) | a
    merged = {"ghosts": [], "lemmas": [[4, 12, 0, 1], [6, 14, 0, 2]], "goals": [[]]}
    yield Case(
        "accept", "merged-leaf", "a leaf stands for all that is equal to it", replace(twin, certificate=merged).data()
    )
    unmerged = {"ghosts": [], "lemmas": [[6, 14, 0, 2]], "goals": ["rows"]}
    yield Case(
        "refuse", "merged-not", "a leaf that was not merged does not", replace(twin, certificate=unmerged).data()
    )
    never = {"ghosts": [], "lemmas": [[[0, 1], [], [2, 6], [1, -1], 0, "="], [6, 14, 0, 2]], "goals": ["rows"]}
    yield Case("refuse", "merged-by-equation", "an equation merges nothing", replace(twin, certificate=never).data())
    leaves = [[*range(24)], [], [0], [1], 0, ">="]
    x24 = wide(25, [], [0], ["y = x[0]"], certificate={"ghosts": [], "lemmas": [leaves], "goals": [[]]})
    over = [[*range(25)], [], [0], [1], 0, ">="]
    yield Case("too-large", "window-25", "25 leaves",
               replace(x24, certificate={"ghosts": [], "lemmas": [over], "goals": [[]]}).data())  # fmt: skip
    yield Case("accept", "window-18", "18 leaves: more rows than are evaluated at once",
               wide(18, [(tuple(range(18)), (1,) * 18, -17)], [18], ["y = popcount(x) >= 17"]).data())  # fmt: skip
    yield Case("refuse", "window-18-last-row", "wrong in the last row only",
               wide(18, [(tuple(range(18)), (1,) * 18, -19)], [18], ["y = popcount(x) >= 18"]).data())  # fmt: skip
    yield Case("refuse", "window-18-one-row", "wrong in one row of a later block",
               wide(18, [(tuple(range(18)), (1,) * 18, -18)], [18], [f"y = popcount(x) >= 18 + (x == {2**18 - 1})"]).data())  # fmt: skip


def counted() -> Iterator[Case]:
    """Leaves that occur through their sum only."""
    n = 40
    gates = [(tuple(range(n)), (1,) * n, -11), (tuple(range(n)), (2,) * n, -21)]
    base = wide(n, gates, [n + 1], ["y = popcount(x) >= 11"])
    # nets: 40 and 41 gates, 42 zero, 43 one, 44 reference node popcount(x) - 11 >= 0
    group = [*range(n)]

    def certified(*lemmas: Any, **changes: Any) -> bytes:
        return replace(base, certificate={"ghosts": [], "lemmas": list(lemmas), "goals": [[]]}, **changes).data()

    same = [2 * 41, 2 * 44, group]
    yield Case("accept", "counted", "40 inputs by 41 counts", certified(same))
    yield Case("accept", "counted-linear", "a linear claim over counts",
               replace(base, certificate={"ghosts": [], "lemmas": [[[group], [], [41, 44], [1, -1], 0, "="]], "goals": [[[0, 1]]]}).data())  # fmt: skip
    yield Case("refuse", "counted-complement", "the complement", certified([2 * 41, 2 * 44 + 1, group]))
    yield Case("accept", "counted-part", "39 that are counted, and one that is not",
               certified([2 * 41, 2 * 44, group[:-1], n - 1]))  # fmt: skip
    yield Case("refuse", "counted-open", "an input that is in no leaf", certified([2 * 41, 2 * 44, group[:-1]]))
    yield Case("damaged", "counted-twice", "a net that is counted twice", certified([2 * 41, 2 * 44, [*group, 0]]))
    yield Case("damaged", "counted-and-leaf", "a net that is counted and a leaf", certified([2 * 41, 2 * 44, group, 3]))
    yield Case("damaged", "counted-nested", "a group in a group", certified([2 * 41, 2 * 44, [group]]))
    yield Case("damaged", "counted-far", "a counted net that does not exist", certified([2 * 41, 2 * 44, [*group, 99]]))
    yield Case("accept", "counted-empty", "an empty group counts nothing", certified([2 * 41, 2 * 44, group, []]))
    unequal = [gates[0], (tuple(range(n)), (3,) + (2,) * (n - 1), -21)]
    yield Case("refuse", "counted-unequal", "a gate that weighs one of the group more",
               certified(same, gates=unequal))  # fmt: skip
    partial = [gates[0], (tuple(range(n - 1)), (2,) * (n - 1), -21)]
    yield Case("refuse", "counted-partial", "a gate that reads a part of the group", certified(same, gates=partial))
    off = [gates[0], (tuple(range(n)), (2,) * n, -22 - 1)]
    yield Case("refuse", "counted-off", "a threshold that is off by one", certified(same, gates=off))
    never = [gates[0], (tuple(range(n)), (1,) * n, -n - 1)]
    bound = wide(n, never, [n + 1], ["y = 0"])
    # nets: 42 zero
    proof = {"ghosts": [], "lemmas": [[2 * 41, 2 * 42, group]], "goals": [[]]}
    yield Case(
        "accept",
        "counted-bound",
        "no more than 40 of 40 are 1, though six bits count to 63",
        replace(bound, certificate=proof).data(),
    )
    reached = [gates[0], (tuple(range(n)), (1,) * n, -n)]
    yield Case(
        "refuse", "counted-bound-off", "40 of 40 can be 1", replace(bound, gates=reached, certificate=proof).data()
    )
    two = [((*range(n),), (1,) * 20 + (-1,) * 20, -1), ((*range(n),), (2,) * 20 + (-2,) * 20, -2)]
    halves = wide(n, two, [n + 1], ["y = popcount(x[0:20]) > popcount(x[20:40])"])
    lemma = [2 * 41, 2 * 44, group[:20], group[20:]]
    proof = {"ghosts": [], "lemmas": [lemma], "goals": [[]]}
    yield Case("accept", "counted-two", "two groups", replace(halves, certificate=proof).data())
    one = {"ghosts": [], "lemmas": [[2 * 41, 2 * 44, group]], "goals": [[]]}
    yield Case(
        "refuse", "counted-two-as-one", "two groups of different weight as one", replace(halves, certificate=one).data()
    )
    # Merged nets in a group: x0 and x1 are the same net, so the group would count it once.
    merged = wide(3, [((0,), (1,), -1), ((0,), (2,), -1), ((3, 4, 1), (1, 1, 1), -2)], [5], ["y = x[0]"])
    # nets: 3, 4 are x0, 5 = [2 x0 + x1 >= 2], 6 zero, 7 one
    proof = {"ghosts": [], "lemmas": [[6, 0, 0], [8, 0, 0], [10, 0, [3, 4], 1]], "goals": [[]]}
    yield Case(
        "refuse", "counted-merged", "two nets of a group that are one net", replace(merged, certificate=proof).data()
    )
    clash = {"ghosts": [], "lemmas": [[6, 0, 0], [10, 0, [3, 1], 0]], "goals": ["rows"]}
    yield Case(
        "refuse",
        "counted-merged-leaf",
        "a counted net that is equal to another leaf",
        replace(merged, certificate=clash).data(),
    )
    spread = {"ghosts": [], "lemmas": [[10, 0, [0, 1]]], "goals": ["rows"]}
    yield Case(
        "refuse",
        "counted-uneven",
        "x0 weighs 2 and x1 1 once the gates between are seen",
        replace(merged, certificate=spread).data(),
    )
    claim = [[[0, 1]], [], [0, 1], [1, 2], 0, ">="]
    yield Case("refuse", "counted-claim", "a claim that weighs a group unevenly", proven(claim, goals=["rows"]))
    even = [[[0, 1]], [], [0, 1, 5], [1, 1, -2], 0, ">="]
    yield Case("accept", "counted-claim-even", "a + b >= 2 (a & b)", proven(even, goals=["rows"]))
    mixed = [[[0, 1]], [], [0, 1], [1, 1], -1, ">="]
    yield Case("refuse", "counted-claim-false", "a + b >= 1 is false where none is 1", proven(mixed, goals=["rows"]))
    full = [[[0, 1]], [], [0, 1], [-1, -1], 1, ">="]
    yield Case("refuse", "counted-claim-full", "a + b <= 1 is false where both are 1", proven(full, goals=["rows"]))


def forms() -> Iterator[Case]:
    """Gates whose forms come to the same."""
    n = 30
    wires = tuple(range(n))
    base = wide(n, [(wires, (2,) * n, -21)], [n], ["y = popcount(x) >= 11"])
    # nets: 30 the gate, 31 zero, 32 one, 33 the reference node with weights 1 and bias -11

    def formed(*lemmas: Any, **changes: Any) -> bytes:
        return replace(base, certificate={"ghosts": [], "lemmas": list(lemmas), "goals": [[]]}, **changes).data()

    lemma = ["form", 60, 66, []]
    yield Case("accept", "form", "2F - 21 >= 0 and F - 11 >= 0, F an integer", formed(lemma))
    yield Case("accept", "form-20", "2F - 22 >= 0 too", formed(lemma, gates=[(wires, (2,) * n, -22)]))
    yield Case("refuse", "form-23", "2F - 23 >= 0 is F >= 12", formed(lemma, gates=[(wires, (2,) * n, -23)]))
    yield Case("refuse", "form-19", "2F - 20 >= 0 is F >= 10", formed(lemma, gates=[(wires, (2,) * n, -20)]))
    yield Case(
        "refuse", "form-unequal", "a weight that is off", formed(lemma, gates=[(wires, (3,) + (2,) * (n - 1), -21)])
    )
    yield Case(
        "refuse", "form-negative", "a negative factor turns the sign", formed(lemma, gates=[(wires, (-2,) * n, 21)])
    )
    yield Case("refuse", "form-complement", "the complement of the other", formed(["form", 60, 67, []]))
    yield Case("accept", "form-of-complement", "F < 11 is the complement of F >= 11",
               formed(["form", 60, 67, []], gates=[(wires, (-1,) * n, 10)], meaning=["y = 1 - (popcount(x) >= 11)"]))  # fmt: skip
    yield Case("refuse", "form-of-complement-off", "F <= 11 is not", formed(["form", 60, 67, []], gates=[(wires, (-1,) * n, 11)], meaning=["y = 1 - (popcount(x) >= 11)"]))  # fmt: skip
    const = wide(
        n,
        [(wires, (1,) * n, 0)],
        [n],
        ["y = 1"],
        certificate={"ghosts": [], "lemmas": [["form", 60, 64, []]], "goals": [[]]},
    )
    yield Case("accept", "form-always", "a sum that is never below 0", const.data())
    yield Case(
        "refuse", "form-always-off", "a sum that can be -1", replace(const, gates=[(wires, (1,) * n, -1)]).data()
    )
    zero = wide(
        n,
        [(wires, (1,) * n, -n - 1)],
        [n],
        ["y = 0"],
        certificate={"ghosts": [], "lemmas": [["form", 60, 62, []]], "goals": [[]]},
    )
    yield Case("accept", "form-never", "a sum that is always below 0", zero.data())
    yield Case("refuse", "form-never-off", "a sum that can be 0", replace(zero, gates=[(wires, (1,) * n, -n)]).data())
    wire = wide(
        2,
        [((1,), (5,), -3)],
        [2],
        ["y = x[1]"],
        certificate={"ghosts": [], "lemmas": [["form", 4, 2, []]], "goals": [[]]},
    )
    yield Case("accept", "form-input", "[5x - 3 >= 0] is x", wire.data())
    yield Case("refuse", "form-input-always", "[5x + 0 >= 0] is not", replace(wire, gates=[((1,), (5,), 0)]).data())
    yield Case("refuse", "form-input-never", "[5x - 6 >= 0] is not", replace(wire, gates=[((1,), (5,), -6)]).data())
    yield Case("refuse", "form-other-input", "x0 is not x1", replace(wire, gates=[((0,), (5,), -3)]).data())
    # Rewriting by equations: x0 + x1 + x2 = s + 2c, so [x0 + x1 + x2 >= 2] is [s + 2c >= 2].
    full = [((0, 1, 2), (1, 1, 1), -2), ((0, 1, 2, 3), (1, 1, 1, -2), -1), ((3, 4), (2, 1), -2)]
    adder = wide(3, full, [5], ["y = popcount(x) >= 2"])
    # nets: 3 c, 4 s, 5 y, 6 zero, 7 one, 8 reference
    equation = [[0, 1, 2], [], [0, 1, 2, 3, 4], [1, 1, 1, -2, -1], 0, "="]

    def rewritten(proof: Any, first: Any = equation, **changes: Any) -> bytes:
        lemmas = [first, ["form", 10, 16, proof]]
        return replace(adder, certificate={"ghosts": [], "lemmas": lemmas, "goals": [[]]}, **changes).data()

    yield Case("accept", "rewriting", "a sum in which counters stand for what they count", rewritten([[0, 1]]))
    yield Case("refuse", "rewriting-none", "without the equation", rewritten([]))
    yield Case("refuse", "rewriting-wrong-sign", "with its negative", rewritten([[0, -1]]))
    yield Case("refuse", "rewriting-twice", "with twice the equation", rewritten([[0, 2]]))
    yield Case(
        "refuse", "rewriting-inequality", "an inequality rewrites nothing", rewritten([[0, 1]], [*equation[:-1], ">="])
    )
    yield Case("refuse", "rewriting-off", "a threshold that is off",
               rewritten([[0, 1]], gates=[*full[:2], ((3, 4), (2, 1), -3)]))  # fmt: skip
    yield Case("refuse", "rewriting-itself", "an equality is no equation", rewritten([[1, 1]]))
    for name, entry, why in (
        ("far", ["form", 60, 99, []], "a net that does not exist"),
        ("below", ["form", -2, 66, []], "a net below 0"),
        ("short", ["form", 60], "a lemma without its other side"),
        ("proof-number", ["form", 60, 66, 7], "a proof that is no list"),
    ):
        yield Case("damaged", f"form-{name}", why, formed(entry))
    yield Case("refuse", "form-lemma-far", "an equation that does not exist", formed(["form", 60, 66, [[5, 1]]]))


def digits() -> Iterator[Case]:
    """Bits that an equation determines."""
    # y = x by a sum: s + 2c = x0 + x1 as two ways of writing it.
    half = [((0, 1), (1, 1), -2), ((0, 1, 2), (1, 1, -2), -1)]
    base = Forged([["x", 2]], [["c", 1], ["s", 1]], half, [2, 3], ["c = x[0] & x[1]", "s = x[0] ^ x[1]"], no_proof())
    # nets: 2 c, 3 s, 4 zero, 5 one, 6 reference c, 7 reference s (carry of the xor shares 6)
    own = [[0, 1], [], [0, 1, 2, 3], [1, 1, -2, -1], 0, "="]
    reference = [[0, 1], [], [0, 1, 6, 7], [1, 1, -2, -1], 0, "="]

    def certified(*lemmas: Any, **changes: Any) -> bytes:
        return replace(base, certificate={"ghosts": [], "lemmas": list(lemmas), "goals": [[], []]}, **changes).data()

    yield Case(
        "accept",
        "digits",
        "s + 2c = s' + 2c' makes s = s', then c = c'",
        certified(own, reference, ["digits", 2, [[0, 1], [1, -1]]]),
    )
    yield Case(
        "refuse", "digits-one", "up to 2^1 only s is said", certified(own, reference, ["digits", 1, [[0, 1], [1, -1]]])
    )
    yield Case(
        "refuse",
        "digits-sum",
        "the sum instead of the difference",
        certified(own, reference, ["digits", 2, [[0, 1], [1, 1]]]),
    )
    yield Case("refuse", "digits-none", "nothing is said", certified(own, reference, ["digits", 2, []]))
    yield Case("refuse", "digits-four", "four bits of one weight are not determined",
               certified([[0, 1], [], [0, 1, 2, 3], [1, 1, -2, -1], 0, "="], ["digits", 2, [[0, 1]]]))  # fmt: skip
    yield Case("refuse", "digits-inequality", "an inequality says nothing of bits",
               certified([*own[:-1], ">="], reference, ["digits", 2, [[0, 1], [1, -1]]]))  # fmt: skip
    yield Case(
        "damaged",
        "digits-bits-text",
        "a number of bits that is none",
        certified(own, reference, ["digits", "2", [[0, 1], [1, -1]]]),
    )
    # Opposite bits: x + y = 1 makes y = 1 - x.
    flip = Forged([["x", 1]], [["y", 1]], [((0,), (-1,), 0)], [1], ["y = 1 - x"], no_proof())
    # nets: 1 y, 2 zero, 3 one; the goal is y + x - 1
    odd = [[0], [], [0, 1], [1, 1], -1, "="]
    yield Case("accept", "digits-opposite", "x + y = 1 makes y the complement of x",
               replace(flip, certificate={"ghosts": [], "lemmas": [odd, ["digits", 1, [[0, 1]]]], "goals": [[]]}).data())  # fmt: skip
    # The sign of opposite bits in what is left: with y = 1 - x, 1x + 1y + 2z - 2w - 1 leaves 2z - 2w, and not 2x + ...
    two = Forged([["x", 2]], [["y", 1], ["z", 1]], [((0,), (-1,), 0), ((1,), (1,), -1)], [2, 3],
                 ["y = 1 - x[0]", "z = x[1]"], no_proof())  # fmt: skip
    # nets: 2 y, 3 z, 4 zero, 5 one
    both = [[0, 1], [], [0, 2, 1, 3], [1, 1, 2, -2], -1, "="]
    yield Case("accept", "digits-opposite-then", "opposite bits cancel with the constant",
               replace(two, certificate={"ghosts": [], "lemmas": [both, ["digits", 2, [[0, 1]]]], "goals": [[], []]}).data())  # fmt: skip
    tripled = [[0, 1], [], [0, 2, 1, 3], [3, 1, 2, -2], -1, "="]
    yield Case("refuse", "digits-opposite-left", "3x + y - 1 = 2x where y = 1 - x: false, and what is left counts",
               replace(two, certificate={"ghosts": [], "lemmas": [tripled, ["digits", 2, [[0, 1]]]], "goals": [[], []]}).data())  # fmt: skip
    signs = [[0, 1], [], [0, 2, 1], [3, 3, 2], -3, "="]
    yield Case(
        "refuse",
        "digits-false-equation",
        "an equation that is false",
        replace(two, certificate={"ghosts": [], "lemmas": [signs], "goals": [[], []]}).data(),
    )
    # The wrong sign merges x with its complement's complement: a circuit with y = x would pass.
    wrong = replace(flip, gates=[((0,), (1,), -1)], meaning=["y = 1 - x"])
    yield Case("refuse", "digits-wrong-circuit", "y = x is not y = 1 - x",
               replace(wrong, certificate={"ghosts": [], "lemmas": [odd, ["digits", 1, [[0, 1]]]], "goals": [[]]}).data())  # fmt: skip
    # With opposite bits in the middle of a sum the rest must have the right sign: a ghost makes such a sum.
    # x0 + n + 2 p - 2 q = 1 with n = 1 - x0, where p, q differ from what a wrong sign would make of them.
    middle = Forged(
        [["x", 2]], [["y", 1]], [((0,), (-1,), 0), ((0, 1), (1, 1), -1)], [3], ["y = x[0] | x[1]"], no_proof()
    )
    # nets: 2 n, 3 y, 4 zero, 5 one, 6 reference x0 | x1
    # 3 n + x0 - 2 n' ... : 3n + 1x0 + 2y - 2r - 1 - 2n = 0
    mid = [[0, 1], [], [2, 0, 3, 6], [1, 1, 2, -2], -1, "="]
    yield Case("accept", "digits-middle", "after opposite bits, equal ones",
               replace(middle, certificate={"ghosts": [], "lemmas": [mid, ["digits", 2, [[0, 1]]]], "goals": [[]]}).data())  # fmt: skip
    # 3x + y + 2n... where y = 1 - x: what is left is 2x - 2z = 0 with z = x; a wrong sign would leave 4x or 0.
    third = Forged(
        [["x", 1]],
        [["y", 1], ["z", 1]],
        [((0,), (-1,), 0), ((0,), (1,), -1)],
        [1, 2],
        ["y = 1 - x", "z = x"],
        no_proof(),
    )
    # nets: 1 y, 2 z, 3 zero, 4 one
    left = [[0], [], [0, 1, 2], [3, 1, -2], -1, "="]
    yield Case("accept", "digits-left-over", "3x + y - 2z - 1 = 0: y = 1 - x, then z = x",
               replace(third, certificate={"ghosts": [], "lemmas": [left, ["digits", 2, [[0, 1]]]], "goals": [[], []]}).data())  # fmt: skip
    fixed = Forged(
        [["x", 1]], [["y", 1], ["z", 1]], [((0,), (1,), -2), ((0,), (1,), 0)], [1, 2], ["y = 0", "z = 1"], no_proof()
    )
    # nets: 1 y = 0, 2 z = 1, 3 zero, 4 one
    even, uneven = [[0], [], [1], [1], 0, "="], [[0], [], [2], [1], -1, "="]
    yield Case("accept", "digits-single", "a single bit is the constant",
               replace(fixed, certificate={"ghosts": [], "lemmas": [even, uneven, ["digits", 1, [[0, 1]]], ["digits", 1, [[1, 1]]]], "goals": [[], []]}).data())  # fmt: skip
    mixed = [[0], [], [1, 2], [2, 1], -1, "="]
    yield Case("accept", "digits-single-then", "z = 1, and what is left says y = 0",
               replace(fixed, certificate={"ghosts": [], "lemmas": [mixed, ["digits", 2, [[0, 1]]]], "goals": [[], []]}).data())  # fmt: skip


def clauses() -> Iterator[Case]:
    """Clauses that follow from bounds, and from each other."""
    # nets of and_gate with the AIGER: 2 y, 5 the constant, 6 the AND. Literals: a 0, b 2, y 4, AND 12.
    axioms = [[2, 5, 0], [2, 5, 2], [2, 4, 1, 3], [6, 13, 0], [6, 13, 2], [6, 12, 1, 3]]
    steps = [[[4, 13], [3, 4, 2]], [[5, 12], [0, 1, 5]]]

    def certified(axioms: Any, steps: Any, *pairs: int, **changes: Any) -> bytes:
        return sourced(AAG, [["clauses", axioms, steps, *pairs]], **changes).data()

    yield Case("accept", "clauses", "y = AND by six axioms and two steps", certified(axioms, steps, 4, 12))
    yield Case("refuse", "clauses-one-way", "one direction only", certified(axioms, steps[:1], 4, 12))
    yield Case(
        "refuse", "clauses-other-way", "the other direction only", certified(axioms, [[[5, 12], [0, 1, 5]]], 4, 12)
    )
    yield Case("refuse", "clauses-none", "nothing is shown", certified(axioms, [], 4, 12))
    yield Case("refuse", "clauses-complement", "y is not the complement", certified(axioms, steps, 4, 13))
    yield Case("refuse", "clauses-hint-missing", "a step that does not come to a false clause",
               certified(axioms, [[[4, 13], [3, 4]], steps[1]], 4, 12))  # fmt: skip
    yield Case("refuse", "clauses-hint-order", "a hint that is no unit clause where it stands",
               certified(axioms, [[[4, 13], [2, 3, 4]], steps[1]], 4, 12))  # fmt: skip
    yield Case(
        "damaged",
        "clauses-hint-later",
        "a hint that is not there yet",
        certified(axioms, [[[4, 13], [3, 4, 7]], steps[1]], 4, 12),
    )
    yield Case(
        "damaged",
        "clauses-hint-itself",
        "a step that rests on itself",
        certified(axioms, [[[4, 13], [6]], steps[1]], 4, 12),
    )
    yield Case(
        "damaged", "clauses-hint-below", "a hint below 0", certified(axioms, [[[4, 13], [3, 4, -4]], steps[1]], 4, 12)
    )
    for k, (axiom, why) in enumerate([
        ([2, 4], "y is not always 1"),
        ([2, 5], "y is not always 0: `high <= 0` for `high < 0` would say so, and AND = 0 with it"),
        ([2, 4, 1], "a alone does not make y 1"),
        ([2, 5, 1], "y may be 1 where a is 1"),
        ([2, 4, 0, 2], "y is not 1 where both are 0"),
        ([2], "the empty clause does not follow"),
        ([2, 0, 2], "a or b is not of this gate"),
        ([6, 5, 0], "a clause of y by the other gate, before they are merged"),
        ([6, 12, 0, 1], "true, but not by the bounds of this gate"),
    ]):  # fmt: skip
        yield Case("refuse", f"clauses-axiom-{k}", why, certified([axiom, *axioms], [], 4, 4))
    yield Case(
        "accept",
        "clauses-axiom-weaker",
        "a clause with a literal more",
        certified([[2, 5, 0, 3], *axioms], [[[4, 13], [4, 5, 3]], [[5, 12], [1, 2, 6]]], 4, 12),
    )
    yield Case("refuse", "clauses-axiom-input", "an input has no gate", certified([[0, 0, 1]], [], 4, 4))
    yield Case("damaged", "clauses-axiom-far", "a gate that does not exist", certified([[99, 5, 0]], [], 4, 4))
    yield Case("damaged", "clauses-pair-odd", "a literal without its other", certified(axioms, steps, 4))
    yield Case(
        "damaged", "clauses-pair-far", "a literal that does not exist", certified(axioms, steps, 4, 12, 400, 402)
    )
    never = and_gate(gates=[((0, 1), (1, 1), -2)], meaning=[], copies=[b"aag 2 2 0 1 0\n2\n4\n0\ni0 a\ni1 b\no0 y\n"])
    # nets: 5 the constant of the source; is y = 0? With `high <= 0` the axiom (not y) would pass.
    lie = {"ghosts": [], "lemmas": [["clauses", [[2, 5], [5, 11]], [], 4, 10]], "goals": []}
    yield Case(
        "refuse",
        "clauses-and-is-0",
        "AND equals the constant 0: accepted once by an axiom off by one",
        replace(never, certificate=lie).data(),
    )
    or_lie = {"ghosts": [], "lemmas": [["clauses", [[2, 4], [5, 10]], [], 4, 11]], "goals": []}
    yield Case("refuse", "clauses-or-is-1", "OR equals the constant 1: `low >= -1`",
               replace(never, gates=[((0, 1), (1, 1), -1)], copies=[b"aag 2 2 0 1 0\n2\n4\n1\ni0 a\ni1 b\no0 y\n"], certificate=or_lie).data())  # fmt: skip
    # A lemma with two pairs of which the second fails leaves nothing behind; what follows must not see the first.
    half = {"ghosts": [], "lemmas": [["clauses", axioms, steps, 4, 12, 0, 2]], "goals": []}
    yield Case(
        "refuse",
        "clauses-second-pair",
        "the second pair is not shown",
        replace(sourced(AAG, []), certificate=half).data(),
    )
    yield Case("accept", "clauses-two-pairs", "two pairs, one of them twice", certified(axioms, steps, 4, 12, 12, 4))
    weighted = and_gate(gates=[((0, 1), (3, 2), -4)], meaning=[], copies=[AAG])
    heavy = {"ghosts": [], "lemmas": [["clauses", axioms, steps, 4, 12]], "goals": []}
    yield Case("accept", "clauses-weights", "3a + 2b >= 4 is a and b", replace(weighted, certificate=heavy).data())
    yield Case("refuse", "clauses-weights-off", "3a + 2b >= 3 is not",
               replace(weighted, gates=[((0, 1), (3, 2), -3)], certificate=heavy).data())  # fmt: skip
    inverted = b"aag 3 2 0 1 1\n2\n4\n7\n6 2 4\ni0 a\ni1 b\no0 y\n"
    nand = [[2, 4, 0], [2, 4, 2], [2, 5, 1, 3], *axioms[3:]]
    both = [[[5, 13], [3, 4, 2]], [[4, 12], [0, 1, 5]]]
    yield Case("accept", "clauses-inverted", "-a - b + 1 >= 0 is not (a and b)",
               replace(sourced(inverted, [["clauses", nand, both, 4, 13]]), gates=[((0, 1), (-1, -1), 1)]).data())  # fmt: skip


def ghosts() -> Iterator[Case]:
    """Gates that only the proof reads."""
    yield Case(
        "accept",
        "ghost",
        "a ghost between two nets",
        proven([12, 10, 0, 1], [4, 12, 0, 1], ghosts=[[[0, 1], [2, 2], -3]], goals=[[]]),
    )
    yield Case(
        "refuse",
        "ghost-other",
        "a ghost that is another gate",
        proven([12, 10, 0, 1], ghosts=[[[0, 1], [2, 2], -2]], goals=["rows"]),
    )
    yield Case(
        "accept",
        "ghost-of-ghost",
        "a ghost over a ghost",
        proven(ghosts=[[[0, 1], [1, 1], -1], [[6], [-1], 0]], goals=["rows"]),
    )
    yield Case("accept", "ghost-twice", "a ghost that reads a net twice adds its weights: [2a - 2 >= 0] is a",
               proven([12, 0, 0], ghosts=[[[0, 0], [1, 1], -2]], goals=["rows"]))  # fmt: skip
    yield Case(
        "refuse",
        "ghost-twice-once",
        "and does not forget one",
        proven([12, 0, 0], ghosts=[[[0, 0], [1, 1], 0]], goals=["rows"]),
    )
    yield Case(
        "accept",
        "ghost-early",
        "an early ghost",
        proven([12, 10, 0, 1], [4, 12, 0, 1], ghosts=[[[0, 1], [2, 2], -3, 1]], goals=[[]]),
    )
    yield Case("accept", "ghost-early-of-early", "an early ghost over another and a constant",
               proven(ghosts=[[[0, 1], [1, 1], -1, 1], [[6, 3], [-1, 1], 0, 1]], goals=["rows"]))  # fmt: skip
    for name, ghost, why in (
        ("itself", [[6], [1], 0], "a ghost that reads itself"),
        ("below", [[-1], [1], 0], "a ghost that reads before the first net"),
        ("short", [[0], [], 0], "a ghost without its weight"),
        ("boolean", [[0], [True], 0], "a weight that is no number"),
        ("text", [["0"], [1], 0], "a net that is no number"),
        ("bias-none", [[0], [1], None], "no bias"),
        ("early-gate", [[2], [1], -1, 1], "an early ghost over a gate of the circuit"),
        ("early-reference", [[5], [1], -1, 1], "an early ghost over a reference node"),
        ("early-2", [[0], [1], -1, 2], "a fourth element that is not 1"),
        ("fifth", [[0], [1], -1, 1, 1], "a fifth element"),
    ):
        yield Case("damaged", f"ghost-{name}", why, proven(ghosts=[ghost], goals=["rows"]))
    yield Case("damaged", "ghost-early-late", "an early ghost over a late one",
               proven(ghosts=[[[0], [1], -1], [[6], [1], -1, 1]], goals=["rows"]))  # fmt: skip


def goals() -> Iterator[Case]:
    """How lemmas add up to the meaning."""
    for k, (proof, why) in enumerate([
        ([], "nothing is proven"),
        ([[0, 0]], "0 times the lemma"),
        ([[0, 2]], "twice the lemma"),
        ([[0, -2]], "minus twice"),
        ([[0, 1], [0, 1]], "the lemma twice"),
        ([[0, 2**64]], "2^64 times"),
        ([[1, 1]], "a lemma that is not there"),
        ([[-1, 1]], "the last lemma by a negative number"),
    ]):  # fmt: skip
        yield Case("refuse", f"goal-{k}", why, proven(SAME, goals=[proof]))
    yield Case(
        "accept",
        "goal-modulo",
        "5 times is 1 modulo 2, and the form cannot leave -1 to 1",
        proven(SAME, goals=[[[0, 5]]]),
    )
    yield Case("refuse", "goal-true", "a multiplier that is no number", proven(SAME, goals=[[[0, True]]]))
    odd: tuple[tuple[str, Any, str], ...] = (
        ("null", None, "no proof"),
        ("number", 7, "a proof that is a number"),
        ("pairs", [[0]], "a pair of one"),
        ("triple", [[0, 1, 1]], "a pair of three"),
        ("word", "row", "a word that nobody knows"),
    )
    for name, proof, why in odd:
        yield Case("damaged", f"goal-{name}", why, proven(SAME, goals=[proof]))
    yield Case("damaged", "goals-more", "a proof more than equations", proven(SAME, goals=["rows", "rows"]))
    yield Case("damaged", "goals-less", "a proof less than equations", proven(SAME, goals=[]))
    yield Case("refuse", "rows-false", "the meaning is not met", and_gate(meaning=["y = a | b"]).data())
    wires = {"outputs": [["y", 1], ["z", 1]], "gates": [], "drivers": [0, 1]}
    for k, (right, fate) in enumerate([
        ("a + 2 * b", "accept"), ("(a + 2 * b) % 4", "accept"), ("a + 2 * b + 4", "refuse"), ("(a + 2 * b + 4) % 4", "accept"),
        ("(a + 2 * b) % 2", "refuse"), ("(a + 6 * b) % 8", "refuse"), ("2 * a + b", "refuse"),
    ]):  # fmt: skip
        yield Case(
            fate, f"modulo-sum-{k}", f"y + 2 * z = {right}", and_gate(**wires, meaning=[f"y + 2 * z = {right}"]).data()
        )
    word = {"outputs": [["y", 2]], "gates": [], "drivers": [0, 1]}
    for k, (right, fate) in enumerate([
        ("(a + 2 * b + 4) % 4", "accept"), ("(a + 2 * b + 4) % 2**2", "accept"), ("(a + 2 * b + 4) % 8", "refuse"),
        ("(a + 2 * b) % 8", "accept"), ("(a + 2 * b) % 2", "refuse"), ("(a - 2 * b) % 4", "accept"), ("a - 2 * b", "refuse"),
        ("(a + 2 * b + 2) % 4", "refuse"),
    ]):  # fmt: skip
        yield Case(fate, f"modulo-word-{k}", f"y = {right}", and_gate(**word, meaning=[f"y = {right}"]).data())
    # A goal by a sum of lemmas, modulo 2^2 and not: 4 times something is left over.
    adder = [((0, 1), (1, 1), -2), ((0, 1, 2), (1, 1, -2), -1)]
    low = Forged([["a", 1], ["b", 1]], [["y", 1]], adder, [3], ["y = (a + b) % 2"], no_proof())
    equation = [[0, 1], [], [0, 1, 2, 3], [1, 1, -2, -1], 0, "="]
    yield Case("accept", "goal-own-modulus", "what is left is twice the carry",
               replace(low, certificate={"ghosts": [], "lemmas": [equation], "goals": [[[0, -1]]]}).data())  # fmt: skip
    yield Case("refuse", "goal-no-modulus", "without `% 2` it is not",
               replace(low, meaning=["y = a + b"], certificate={"ghosts": [], "lemmas": [equation], "goals": [[[0, -1]]]}).data())  # fmt: skip
    reach = Forged(
        [["a", 1], ["b", 1]],
        [["y", 2]],
        [((0, 1), (1, 1), -2), ((0, 1, 2), (1, 1, -2), -1)],
        [3, 2],
        ["y = a + b"],
        no_proof(),
    )
    for k, (factor, fate) in enumerate(
        [(-1, "accept"), (1, "refuse"), (3, "accept"), (7, "accept"), (-2, "refuse"), (-3, "refuse")]
    ):
        # y - a - b lies within -2 to 3, so 4 is the modulus: -1, 3 and 7 are the same modulo 4.
        yield Case(fate, f"goal-reach-{k}", f"{factor} times the equation, modulo 4",
                   replace(reach, certificate={"ghosts": [], "lemmas": [equation], "goals": [[[0, factor]]]}).data())  # fmt: skip
    yield Case("accept", "goal-with-source", "a meaning and a source",
               and_gate(copies=[AAG], certificate={"ghosts": [], "lemmas": [[4, 14, 0, 1]], "goals": ["rows"]}).data())  # fmt: skip
    yield Case("refuse", "goal-with-source-only", "the source is shown, the meaning is false",
               and_gate(copies=[AAG], meaning=["y = a"], certificate={"ghosts": [], "lemmas": [[4, 12, 0, 1]], "goals": ["rows"]}).data())  # fmt: skip
    yield Case("refuse", "goal-without-source", "the meaning is shown, the source is not",
               and_gate(copies=[AAG], certificate={"ghosts": [], "lemmas": [], "goals": ["rows"]}).data())  # fmt: skip


def meanings() -> Iterator[Case]:
    """Equations that are true of y = a & b, and such that are not, or say nothing."""
    true = [
        "y = a * b", "y = (a + b) >> 1", "y = (a + b) > 1", "y = a + b >= 2", "y = 2 <= a + b", "y = 1 < a + b", "y = (a + b) == 2",
        "y = b if a else 0", "y = a if b else b", "y = table(0x8, a, b)", "y = popcount(a + b) - (a ^ b)", "y = (a | b) - (a ^ b)",
        "y = ((a << 1) | b) == 3", "y = -((-a) * b)", "y = (a + b)[1]", "y = (a + b)[1:2]", "y = 1 - ((1 - a) | (1 - b))",
        "y = (a + 2 * b) // 3 if a else 0", "y = (signed(a) & signed(b)) % 2", "y = a != (a & (b ^ 1))", "y = (a < 1) < b",
        "y = (a <= b) & (b <= a) & a", "y = (a >= b) & b", "y = (a ^ b ^ 1) & a", "y = 2**3 * a * b >> 3", "y = a + b + 5 > 6",
        "y = (a + b - 2) == 0", "y = (a + b) != 0 if a * b else 0", "y = 0 - (0 - a * b)", "y = (a if b else 0 - a) > 0",
        "y = (a + b if a else 0) == 2", "y = (5 if a else 3) + b == 6", "y = 3 * a + 3 * b > 5", "y = (a << b) >> 1",
        "y = a << 0 & b", "y = (a << 3 >> 3) & b", "y = (4 * a + 2 * b) % 8 > 5", "y = (a - 1 + b) > 0", "y = -1 < a + b - 2",
    ]  # fmt: skip
    for k, line in enumerate(true):
        fate = "refuse" if "//" in line else "accept"
        yield Case(fate, f"meaning-true-{k}", line, and_gate(meaning=[line]).data())
    false = [
        "y = a | b", "y = a ^ b", "y = a", "y = a + b", "y = (a + b) % 2", "y = a + b > 2", "y = a + b >= 1", "y = a + b < 2", "y = a + b <= 2",
        "y = a + b == 1", "y = a + b != 2", "y = b if a else 1", "y = table(0x6, a, b)", "y = table(0xe, a, b)", "y = -(a & b)", "y = (a & b) + 2",
        "y = (a + b)[0]", "y = popcount(a + b)", "y = (a << b) & 1", "y = (a >> b)", "y = signed(a) * signed(b) - 1", "y = a * b * 2", "y = 1",
        "y = 0", "y = a <= b", "y = a == b", "y = a < b", "y = (a - b) % 2", "y = a & b & 0", "y = (a | 2) & b & 2",
    ]  # fmt: skip
    for k, line in enumerate(false):
        yield Case("refuse", f"meaning-false-{k}", line, and_gate(meaning=[line]).data())
    wrong = [
        "y = a in b", "y = a is b", "y = not a", "y = a and b", "y = (a & b) % 1", "y = (a & b) % -2", "y = (a & b) % 3", "y = (a & b) % a", "y = a & b if a",
        "y = (t := a) & b", "y = y", "y = c", "2 * y = 2 * (a & b)", "3 * y = 3 * (a & b)", "y + y = 2 * (a & b)", "y - y = 0", "0 * y = 0",
        "popcount(y) + 1 = a", "y = (a ^ b ^ 1) & a if a else", "y", "y == a & b", "y = a & b = b & a", "0 = 0", "0 = 0 * a", "1 = 1", "a = a", "a & b = y",
        "y = popcount(a - b)", "y = a << (0 - b)", "y = a >> (a - b)", "y = a[b]", "y = a[1:0]", "y = a[0:b]", "y = table(8, a + b, b)",
        "y = table(16, a, b)", "y = table(-1, a, b)", "y = table(a, a, b)", "y = table(8)", "y = signed(a + b)", "y = a.b", "y = a(b)",
        "y = 'a'", "y = 1.0 * a * b", "y = True", "y = a < b < a", "y = 3**2 - 9 + a * b", "y = 2**a", "y = 2**-1", "y = ~a & b", "y = +a & b", "y = a @ b", "y = a[::1]",
        "y = a[0:1:1]", "y = [a]", "y = popcount(a, b)", "y = popcount(x=a)", "y = signed(1, 2)",
    ]  # fmt: skip
    for k, line in enumerate(wrong):
        yield Case("refuse", f"meaning-wrong-{k}", line, and_gate(meaning=[line]).data())
    for k, (lines, fate, why) in enumerate([
        (["y = a & b", "y = a & b"], "refuse", "an output is determined twice"),
        (["y = a & b", "0 = 0 * a"], "refuse", "an equation that pads the verdict and says nothing"),
        (["t = a & b", "y = t"], "accept", "a name"),
        (["t = a", "t = b", "y = t & a"], "refuse", "a name that is defined twice"),
        (["a = b", "y = a & b"], "refuse", "an input is no new name"),
        (["y = t", "t = a & b"], "refuse", "a name before it is defined"),
        (["t = 5", "y = a & b"], "accept", "a name that nobody uses"),
        (["t = a & b"], "refuse", "nothing is said of the output"),
        (["popcount = a", "y = popcount & b"], "accept", "a name that is also a function"),
        (["t = (a + b)[0:2]", "y = table(4, t)"], "accept", "a slice has its own width"),
        (["t = a + b", "y = table(4, t, a)"], "refuse", "a sum has no width of its own"),
        (["t = (a + b)[0:2]", "y = (signed(t) >> 1) % 2"], "accept", "the sign of a slice"),
        (["t = (a + b)[0:2]", "u = t", "y = (signed(u) >> 1) % 2"], "accept", "a name of a slice has its width"),
    ]):  # fmt: skip
        yield Case(fate, f"meaning-lines-{k}", why, and_gate(meaning=lines).data())
    yield Case("accept", "meaning-minus", "-y = -(a & b) weighs minus 1", and_gate(meaning=["-y = 0 - a * b"]).data())
    subtract = compiled_subtract()
    yield Case("accept", "meaning-borrow", "diff - 2**3 * borrow = a - b", subtract.data())
    yield Case("refuse", "meaning-borrow-weight", "the borrow weighs too little",
               replace(subtract, meaning=["diff - 2**2 * borrow = a - b"]).data())  # fmt: skip
    yield Case("refuse", "meaning-borrow-sign", "the borrow has the wrong sign",
               replace(subtract, meaning=["diff + 2**3 * borrow = a - b"]).data())  # fmt: skip
    shifts = Forged([["x", 3], ["s", 2]], [["y", 3]], [], [0, 1, 2], ["y = x"], no_proof("rows"))
    for k, (right, fate) in enumerate([
        ("x << 0", "accept"), ("(x << s) >> s", "accept"), ("(x << 2) >> 2", "accept"), ("(x >> 1) << 1", "refuse"), ("x >> s", "refuse"),
        ("(x << s) % 8", "refuse"), ("x | (x >> s)", "refuse"), ("x & (x << s)", "refuse"), ("x[0:3]", "accept"), ("x[0:2]", "refuse"),
        ("x[0:9]", "accept"), ("x % 8", "accept"), ("x % 4", "refuse"), ("(0 - x) % 8", "refuse"), ("0 - (0 - x)", "accept"), ("x if s else x", "accept"),
        ("x + 1 - 1", "accept"), ("x * 1", "accept"), ("x if x < s else x", "accept"), ("s if x == s else x", "accept"), ("s if x != s else x", "refuse"),
        ("x ^ s ^ s", "accept"), ("(x + s) - s", "accept"), ("(signed(x) + 8) % 8", "accept"), ("signed(x) % 8", "accept"), ("signed(x)", "refuse"),
        ("x if signed(x) < 4 else s", "accept"), ("x if signed(x) < 3 else s", "refuse"), ("x if signed(x) >= -4 else s", "accept"),
        ("x if x * 2 >= x else s", "accept"), ("x if x * 2 > x else s", "refuse"), ("x if 2 * x > x + s else x", "accept"),
        ("s if 2 * x < x else x", "accept"), ("s if x + s < s else x", "accept"), ("s if x + s <= s else x", "refuse"), ("s if 3 * x == 2 * x + x + 1 else x", "accept"),
        ("4 * x[2] + popcount(x[0:2]) + x[1]", "accept"), ("4 * x[2] + popcount(x[0:2])", "refuse"), ("table(0xf0, x) * 4 + table(0xcc, x) * 2 + table(0xaa, x)", "accept"),
        ("table(0xf0, x[0], x[1:3]) * 4 + x[0:2]", "accept"), ("(x << 5) >> 5", "accept"), ("(x << 16) >> 16", "accept"),
    ]):  # fmt: skip
        yield Case(fate, f"meaning-word-{k}", right, replace(shifts, meaning=[f"y = {right}"]).data())
    for name, right, why in (
        ("shift-wide", "a << 65535 << 65535", "words of more than 65536 bits"),
        ("shift-far", "(2**65536 + a) << b", "a word of more than 65536 bits"),
        ("product", "2**65536 * 2**65536 * 2**65536", "factors of more than 65536 bits"),
        ("nests", "-" * 20_000 + "a", "an expression that nests without end"),
        ("indices", "a" + "[0]" * 30_000, "indices without end"),
        ("choices", "a if a else " * 7000 + "a", "choices without end"),
    ):
        yield Case("too-large", f"meaning-{name}", why, and_gate(meaning=[f"y = {right}"]).data())
    squares = ["x0 = x", *(f"x{k + 1} = x{k} * x{k}" for k in range(12)), "y = x12[1]"]
    yield Case("too-large", "meaning-squares", "each name is the square of the one before: minutes from a kilobyte",
               wide(64, [], [0], squares).data())  # fmt: skip


def compiled_subtract() -> Forged:
    """A subtractor, made by the package."""
    from trix_circuits.compose.families import draft
    from trix_circuits.evidence.prover import certify
    from trix_circuits.logic.formats import get_format

    forged = opened(certify(draft("subtractor", get_format("e2m1"), 3)).data)
    return replace(forged, meaning=["diff - 2**3 * borrow = a - b - bin"]) if "bin" in dict(forged.inputs) else forged


def sources() -> Iterator[Case]:
    """Foreign files that the checker reads."""
    equal, plain = [4, 12, 0, 1], [4, 10, 0, 1]
    yield Case("accept", "source-aag", "ASCII AIGER", sourced(AAG, [equal]).data())
    yield Case("accept", "source-aig", "binary AIGER", sourced(AIG, [equal]).data())
    yield Case("accept", "source-blif", "BLIF", sourced(BLIF, [plain]).data())
    bristol: Any = {"inputs": [["x0", 1], ["x1", 1]], "outputs": [["y0", 1]]}
    yield Case("accept", "source-bristol", "Bristol Fashion", sourced(BRISTOL, [plain], **bristol).data())
    yield Case("accept", "source-bristol-old", "the format of 2012", sourced(OLD_BRISTOL, [plain], **bristol).data())
    yield Case(
        "accept",
        "source-trix",
        "another circuit file",
        sourced(and_gate(gates=[((0, 1), (3, 3), -5)]).data(), [plain]).data(),
    )
    yield Case("refuse", "source-nothing-shown", "equality is claimed and not shown", sourced(AAG, []).data())
    yield Case(
        "refuse",
        "source-other",
        "an OR is no AND",
        sourced(BLIF.replace(b"11 1", b"1- 1\n-1 1"), [[4, 14, 0, 1]]).data(),
    )
    given = sourced(AAG, [equal])
    yield Case(
        "accept",
        "source-given",
        "a source that is given beside the file, the same in other words",
        given.data(),
        (AAG.replace(b"anything", b"else"),),
    )
    yield Case(
        "refuse",
        "source-given-other",
        "a source that is given and is another circuit",
        given.data(),
        (AAG.replace(b"6 2 4", b"6 3 4"),),
    )
    yield Case("refuse", "source-given-more", "more sources than the circuit says", and_gate().data(), (AAG,))
    yield Case("accept", "source-two", "two sources", and_gate(meaning=[], copies=[AAG, BLIF],
               certificate={"ghosts": [], "lemmas": [[4, 12, 0, 1], [4, 14, 0, 1]], "goals": []}).data())  # fmt: skip
    yield Case("refuse", "source-second", "the second of two is not shown", and_gate(meaning=[], copies=[AAG, BLIF],
               certificate={"ghosts": [], "lemmas": [[4, 12, 0, 1]], "goals": []}).data())  # fmt: skip
    for name, data, why in (
        ("latch", AAG.replace(b"3 2 0 1 1", b"3 2 1 1 1"), "latches"),
        ("property", AAG.replace(b"3 2 0 1 1", b"3 2 0 1 1 1"), "a property"),
        ("header", AAG.replace(b"aag 3", b"aag x"), "a header that is none"),
        ("top", AAG.replace(b"aag 3", b"aag 2"), "fewer variables than inputs and ANDs"),
        ("input-odd", AAG.replace(b"\n2\n4\n", b"\n3\n4\n"), "an inverted input"),
        ("input-twice", AAG.replace(b"\n2\n4\n", b"\n2\n2\n"), "an input twice"),
        ("input-0", AAG.replace(b"\n2\n4\n", b"\n0\n4\n"), "the constant as an input"),
        ("input-far", AAG.replace(b"\n2\n4\n", b"\n2\n40\n"), "an input beyond the variables"),
        ("and-odd", AAG.replace(b"6 2 4", b"7 2 4"), "an AND that defines an inverted variable"),
        ("and-input", AAG.replace(b"6 2 4", b"4 2 6"), "an AND that defines an input"),
        ("and-itself", AAG.replace(b"6 2 4", b"6 2 6"), "an AND that reads itself"),
        (
            "and-open",
            AAG.replace(b"aag 3", b"aag 9").replace(b"6 2 4", b"6 2 8"),
            "an AND that reads what nobody defines",
        ),
        ("and-constant", AAG.replace(b"6 2 4", b"0 2 4"), "an AND that defines the constant"),
        ("output-far", AAG.replace(b"4\n6\n6", b"4\n16\n6"), "an output beyond the variables"),
        (
            "output-open",
            AAG.replace(b"aag 3", b"aag 9").replace(b"4\n6\n6", b"4\n16\n6"),
            "an output that nobody defines",
        ),
        ("symbol-twice", AAG.replace(b"i1 b", b"i1 a"), "two inputs of one name"),
        ("symbol-again", AAG.replace(b"i1 b", b"i0 b"), "an input with two names"),
        ("symbol-far", AAG.replace(b"i1 b", b"i2 b"), "a symbol of no input"),
        ("symbol-control", AAG.replace(b"i1 b", b"i1 \x1b[2K"), "a symbol with terminal escapes"),
        ("underscore", AAG.replace(b"\n2\n4\n", b"\n2\n0_4\n"), "a number as only Python reads it"),
        ("cut", AAG[:20], "the file is cut short"),
        ("no-ands", AAG.replace(b"6 2 4\n", b""), "an AND is missing"),
        ("and-more", AAG.replace(b"6 2 4\n", b"6 2 4 2\n"), "an AND of three"),
        ("aig-cut", AIG[:17], "binary AIGER, cut short"),
        ("aig-later", AIG.replace(b"\x02\x02", b"\x00\x02"), "binary AIGER, an AND that reads itself"),
        ("aig-negative", AIG.replace(b"\x02\x02", b"\x02\x07"), "binary AIGER, a literal below 0"),
        ("aig-top", AIG.replace(b"aig 3", b"aig 4"), "binary AIGER with variables that nobody defines"),
        ("aig-output", AIG.replace(b"\n6\n", b"\n9\n"), "binary AIGER, an output beyond the variables"),
        ("aig-endless", AIG.replace(b"\x02\x02", b"\xff" * 40), "binary AIGER, a difference without end"),
    ):
        yield Case("damaged", f"aiger-{name}", why, sourced(data, [equal]).data())
    yield Case(
        "too-large",
        "aiger-inputs",
        "more inputs than any proof could go through",
        sourced(b"aag 9999999 9999999 0 1 0\n0\n", []).data(),
    )
    late = b"aag 5 2 0 1 3\n2\n4\n10\n10 9 9\n8 7 7\n6 2 4\ni0 a\ni1 b\no0 y\n"
    # source gates: 5 constant, then in order: 6 = 6, 7 = 8, 8 = 10
    yield Case("accept", "aiger-order", "ANDs in another order, through two inverters",
               sourced(late, [[4, 12, 0, 1], [4, 15, 0, 1], [4, 16, 0, 1]]).data())  # fmt: skip
    constant = b"aag 2 2 0 2 0\n2\n4\n1\n5\ni0 a\ni1 b\no0 y\no1 z\n"
    yield Case("accept", "aiger-constant", "a constant, and an inverted input as outputs",
               Forged([["a", 1], ["b", 1]], [["y", 1], ["z", 1]], [((), (), 0), ((1,), (-1,), 0)], [2, 3], [],
                      {"ghosts": [], "lemmas": [[4, 13], [6, 3, 1]], "goals": []}, [constant]).data())  # fmt: skip
    yield Case("accept", "aiger-unnamed", "AIGER without names", Forged([["i", 2]], [["o", 1]], [((0, 1), (1, 1), -2)], [2], [],
               {"ghosts": [], "lemmas": [equal], "goals": []}, [b"aag 3 2 0 1 1\n2\n4\n6\n6 2 4\n"]).data())  # fmt: skip
    yield Case("accept", "aiger-swapped", "a bus whose bits come in another order",
               Forged([["x", 2]], [["y", 1]], [((0, 1), (1, -1), -1)], [2], [], {"ghosts": [], "lemmas": [equal], "goals": []},
                      [b"aag 3 2 0 1 1\n2\n4\n6\n6 3 4\ni0 x[1]\ni1 x[0]\no0 y\n"]).data())  # fmt: skip
    yield Case("refuse", "aiger-not-swapped", "and the same with the bits exchanged",
               Forged([["x", 2]], [["y", 1]], [((0, 1), (-1, 1), -1)], [2], [], {"ghosts": [], "lemmas": [equal], "goals": []},
                      [b"aag 3 2 0 1 1\n2\n4\n6\n6 3 4\ni0 x[1]\ni1 x[0]\no0 y\n"]).data())  # fmt: skip
    big = b"aig 302 300 0 1 2\n604\n" + bytes([0x82, 0x04, 0x02]) + bytes([0x02, 0xD6, 0x04]) + b"o0 y\n"
    # variables 301, 302: 602 = and(602 - 514 = 88, 86); 604 = and(602, 602 - 598 = 4): nets 43, 42 and 1.
    yield Case("accept", "aig-long", "binary AIGER with differences of two bytes",
               Forged([["i", 300]], [["y", 1]], [((43, 42, 1), (1, 1, 1), -3)], [300], [],
                      {"ghosts": [], "lemmas": [[600, 610, 43, 42, 1]], "goals": []}, [big]).data())  # fmt: skip
    yield from blif_cases()
    yield from bristol_cases()


HIERARCHY = b""".model top
.inputs a 1/t
.outputs y q
.subckt buf x=a z=q
.names 1/t y
1 1
.end
.model buf
.inputs x
.outputs z
.names x t
1 1
.names t z
1 1
.end
"""


def blif_cases() -> Iterator[Case]:
    plain = [4, 10, 0, 1]
    pair = Forged([["a", 1], ["_1_t", 1]], [["y", 1], ["q", 1]], [], [1, 0], [], no_proof(), [HIERARCHY])
    yield Case("accept", "blif-shadow-right", "a net of an instance that is called like an input of the circuit: y is the input",
               replace(pair, certificate={"ghosts": [], "lemmas": shadow(), "goals": []}).data())  # fmt: skip
    wrong = replace(pair, gates=[((), (), -1)], drivers=[2, 0])
    yield Case("refuse", "blif-shadow-wrong", "y = 0 was accepted when instance nets were names in one namespace",
               replace(wrong, certificate={"ghosts": [], "lemmas": [], "goals": []}).data())  # fmt: skip
    also = replace(pair, drivers=[0, 0])
    yield Case("refuse", "blif-shadow-a", "y = a is what the shadow said",
               replace(also, certificate={"ghosts": [], "lemmas": shadow(), "goals": []}).data())  # fmt: skip
    for name, text, why in (
        ("redefines-input", b".model m\n.inputs a b\n.outputs y\n.names b a\n1 1\n.names a b y\n11 1\n.end\n", "a net that redefines an input"),
        ("twice", BLIF.replace(b".end", b".names a y\n1 1\n.end"), "a net that is defined twice"),
        ("open", BLIF.replace(b".names a b y", b".names a c y"), "a net that nobody defines"),
        ("output-open", BLIF.replace(b".outputs y", b".outputs z"), "an output that nobody defines"),
        ("output-twice", BLIF.replace(b".outputs y", b".outputs y y"), "an output twice"),
        ("input-twice", BLIF.replace(b".inputs a b", b".inputs a a b"), "an input twice"),
        ("loop", BLIF.replace(b".names a b y\n11 1", b".names a z y\n11 1\n.names y z\n1 1"), "two nets that define each other"),
        ("latch", BLIF.replace(b".end", b".latch y z 0\n.end"), "a latch"),
        ("exdc", BLIF.replace(b".end", b".exdc\n.names a b y\n00 1\n.end"), "don't-cares"),
        ("row-wide", BLIF.replace(b"11 1", b"111 1"), "a row of three for two"),
        ("row-short", BLIF.replace(b"11 1", b"1 1"), "a row of one for two"),
        ("row-value", BLIF.replace(b"11 1", b"11 2"), "a value that is none"),
        ("row-sign", BLIF.replace(b"11 1", b"1x 1"), "a sign that is none"),
        ("row-mixed", BLIF.replace(b"11 1", b"11 1\n00 0"), "rows of two values"),
        ("row-more", BLIF.replace(b"11 1", b"11 1 1"), "a row of three words"),
        ("row-first", b".model m\n.inputs a b\n11 1\n.outputs y\n.names a b y\n11 1\n.end\n", "a row of no cover"),
        ("after-end", BLIF + b".names a b z\n11 1\n", "a cover behind the end: two readings"),
        ("model-twice", BLIF + BLIF, "two models of one name"),
        ("model-unnamed", BLIF.replace(b".model m", b".model"), "a model without a name"),
        ("nothing", b"\n# nothing\n", "nothing in it"),
        ("binary", b".model m\n\x00\x01\x02", "not a text"),
        ("form-feed", BLIF.replace(b"\n11", b"\x0c11"), "a character that some take for a line's end"),
        ("return", BLIF.replace(b"\n11", b"\r11"), "a return alone, which some take for a line's end"),
        ("unknown-model", HIERARCHY.replace(b".subckt buf", b".subckt bug"), "an instance of a model that is not there"),
        ("unknown-port", HIERARCHY.replace(b"z=q", b"w=q"), "a port that is not there"),
        ("port-twice", HIERARCHY.replace(b"z=q", b"z=q z=y"), "a port that is bound twice"),
        ("port-empty", HIERARCHY.replace(b"x=a", b"x="), "a port that is bound to nothing"),
        ("port-drives-input", HIERARCHY.replace(b"z=q", b"z=a"), "an instance that drives an input"),
        ("port-open", HIERARCHY.replace(b"x=a ", b""), "an instance whose input is bound to nothing"),
        ("inner-input", HIERARCHY.replace(b".names x t\n1 1\n.names t z", b".names z x\n1 1\n.names x z"), "a model that drives its own input"),
        ("instances-clash", HIERARCHY.replace(b".names 1/t y", b".subckt buf x=a z=q\n.names 1/t y"), "two instances that drive one net"),
        ("recursive", HIERARCHY.replace(b".names x t\n1 1", b".subckt buf x=x z=t"), "a model that contains itself"),
    ):  # fmt: skip
        yield Case("damaged", f"blif-{name}", why, sourced(text, [plain]).data())
    doubling = b".model m0\n.inputs a\n.outputs y\n" + b".subckt m1 x=a z=y\n.end\n"
    for k in range(1, 40):
        doubling += (
            f".model m{k}\n.inputs x\n.outputs z\n.subckt m{k + 1} x=x z=t\n.subckt m{k + 1} x=t z=z\n.end\n".encode()
        )
    doubling += b".model m40\n.inputs x\n.outputs z\n.names x z\n1 1\n.end\n"
    yield Case("too-large", "blif-doubling", "a hierarchy of 2^39 instances", sourced(doubling, []).data())
    for name, cover, lemmas, why in (
        ("off-set", b"0- 0\n-0 0", [[4, 14, 0, 1]], "rows with the value 0"),
        ("dont-care", b"11 1\n11 1", [[4, 14, 0, 1]], "a row twice"),
        ("one-row", b"11 1", [[4, 10, 0, 1]], "one row is one gate"),
        ("comment", b"11 1 # more", [[4, 10, 0, 1]], "a comment"),
        ("continued", b"1\\\n1 1", [], "a line that goes on: the space stays"),
    ):
        fate = "accept" if lemmas else "damaged"
        yield Case(fate, f"blif-{name}", why, sourced(BLIF.replace(b"11 1", cover), lemmas).data())
    yield Case(
        "accept",
        "blif-continued-names",
        "a list of nets that goes on",
        sourced(BLIF.replace(b".names a b", b".names a \\\n b"), [plain]).data(),
    )
    yield Case("accept", "blif-windows", "CR LF", sourced(BLIF.replace(b"\n", b"\r\n"), [plain]).data())
    yield Case(
        "accept",
        "blif-no-model-line",
        "a model without its first line",
        sourced(BLIF.replace(b".model m\n", b""), [plain]).data(),
    )
    never = BLIF.replace(b".names a b y\n11 1", b".names y")
    yield Case("accept", "blif-constant-0", "a cover without rows is 0", and_gate(gates=[((), (), -1)], meaning=[], copies=[never],
               certificate={"ghosts": [], "lemmas": [[4, 10]], "goals": []}).data())  # fmt: skip
    always = BLIF.replace(b".names a b y\n11 1", b".names y\n1")
    yield Case("accept", "blif-constant-1", "a row without bits is 1", and_gate(gates=[((), (), 0)], meaning=[], copies=[always],
               certificate={"ghosts": [], "lemmas": [[4, 10]], "goals": []}).data())  # fmt: skip
    yield Case("refuse", "blif-constant-0-is-1", "a cover without rows is not 1", and_gate(gates=[((), (), 0)], meaning=[], copies=[never],
               certificate={"ghosts": [], "lemmas": [[4, 10]], "goals": []}).data())  # fmt: skip
    zero = BLIF.replace(b".names a b y\n11 1", b".names y\n0")
    # gates: 5 the row, 6 none of them
    yield Case("accept", "blif-constant-by-0", "a row without bits and the value 0 is 0", and_gate(gates=[((), (), -1)], meaning=[], copies=[zero],
               certificate={"ghosts": [], "lemmas": [[4, 12]], "goals": []}).data())  # fmt: skip
    wired = b".model m\n.inputs a b\n.outputs y a\n.names b y\n1 1\n.end\n"
    yield Case("accept", "blif-through", "an output that is an input gets a name of its own",
               Forged([["a", 1], ["b", 1]], [["y", 1], ["a_", 1]], [], [1, 0], [], {"ghosts": [], "lemmas": [[8, 2, 1]], "goals": []}, [wired]).data())  # fmt: skip


def shadow(text: bytes = HIERARCHY) -> list[Any]:
    """Equalities of each gate of the hierarchical source with the input that it copies, found by trying."""
    found: list[Any] = []
    nets = check.Nets(2, [])
    start = len(nets)
    source = check.read_source(text)
    for k, (reads, _, _) in enumerate(source.gates):
        root = reads[0]
        while root >= 2:
            root = source.gates[root - 2][0][0]
        found.append([2 * (start + k), 2 * root, root])
    return found


def bristol_cases() -> Iterator[Case]:
    ports: Any = {"inputs": [["x0", 1], ["x1", 1]], "outputs": [["y0", 1]]}
    xor = b"1 3\n2 1 1\n1 1\n2 1 0 1 2 XOR\n"
    yield Case(
        "accept",
        "bristol-xor",
        "XOR takes two gates",
        sourced(
            xor, [[6, 14, 0, 1]], gates=[((0, 1), (1, 1), -2), ((0, 1, 2), (1, 1, -2), -1)], drivers=[3], **ports
        ).data(),
    )
    yield Case(
        "refuse",
        "bristol-xor-or",
        "XOR is no OR",
        sourced(xor, [[4, 12, 0, 1]], gates=[((0, 1), (1, 1), -1)], **ports).data(),
    )
    more = b"3 5\n2 1 1\n1 1\n1 1 0 2 INV\n1 1 1 3 EQW\n2 1 2 3 4 AND\n"
    # source gates: 5 INV, 6 AND
    yield Case(
        "accept",
        "bristol-inv",
        "INV and EQW",
        sourced(more, [[4, 12, 0, 1]], gates=[((0, 1), (-1, 1), -1)], **ports).data(),
    )
    many = b"2 8\n2 2 2\n1 2\n1 1 0 4 EQ\n2 1 0 1 5 AND\n4 2 0 1 2 3 6 7 MAND\n".replace(b"2 8", b"3 8")
    wide_ports: Any = {"inputs": [["x0", 2], ["x1", 2]], "outputs": [["y0", 2]]}
    # nets: 4, 5 the gates, 6 zero, 7 one; source gates: 8 EQ, 9 AND, 10 and 11 the MAND
    yield Case("accept", "bristol-mand", "MAND: x0[k] and x1[k]",
               Forged(wide_ports["inputs"], wide_ports["outputs"], [((0, 2), (1, 1), -2), ((1, 3), (1, 1), -2)], [4, 5], [],
                      {"ghosts": [], "lemmas": [[8, 20, 0, 2], [10, 22, 1, 3]], "goals": []}, [many]).data())  # fmt: skip
    constant = b"2 4\n2 1 1\n1 1\n1 1 1 2 EQ\n1 1 2 3 EQW\n"
    yield Case(
        "accept", "bristol-eq", "EQ is a constant", sourced(constant, [[4, 10]], gates=[((), (), 0)], **ports).data()
    )
    yield Case(
        "refuse", "bristol-eq-0", "EQ 1 is not 0", sourced(constant, [[4, 10]], gates=[((), (), -1)], **ports).data()
    )
    for name, text, why in (
        ("op", BRISTOL.replace(b"AND", b"NAND"), "an operation that nobody knows"),
        ("op-of-one", BRISTOL.replace(b"2 1 0 1 2 AND", b"1 1 0 2 BUF"), "an operation of one wire that nobody knows"),
        ("count", BRISTOL.replace(b"1 3", b"2 3", 1), "fewer gates than the first line says"),
        ("wires", BRISTOL.replace(b"1 3", b"1 2", 1), "a wire beyond the wires"),
        ("ports", BRISTOL.replace(b"2 1 1\n", b"3 1 1\n"), "fewer values than the header says"),
        ("outs", BRISTOL.replace(b"\n1 1\n", b"\n2 1\n"), "fewer outputs than the header says"),
        ("width-0", BRISTOL.replace(b"2 1 1\n", b"2 2 0\n"), "a value of no bit"),
        ("undriven", BRISTOL.replace(b"0 1 2", b"0 2 2"), "a gate that reads itself"),
        ("redriven", BRISTOL.replace(b"0 1 2", b"0 1 1"), "a gate that drives an input"),
        ("open", BRISTOL.replace(b"1 3", b"1 4", 1), "an output that nothing drives"),
        ("arity", BRISTOL.replace(b"2 1 0 1 2", b"1 1 0 2"), "an AND of one"),
        ("numbers", BRISTOL.replace(b"2 1 0 1 2", b"2 1 0 1"), "a number is missing"),
        ("eq-2", constant.replace(b"1 1 1 2 EQ", b"1 1 2 2 EQ"), "EQ of 2"),
        ("cut", BRISTOL[:8], "the file is cut short"),
        ("old-header", OLD_BRISTOL.replace(b"1 1 1\n", b"1 1\n"), "an older header of two numbers"),
        ("text", BRISTOL.replace(b"2 1 1", b"2 x 1"), "a count that is none"),
        ("negative", BRISTOL.replace(b"0 1 2", b"0 -1 2"), "a wire below 0"),
    ):
        yield Case("damaged", f"bristol-{name}", why, sourced(text, [[4, 10, 0, 1]], **ports).data())
    yield Case("too-large", "bristol-inputs", "more inputs than any proof could go through",
               sourced(b"0 99999999\n1 9999999\n1 1\n", []).data())  # fmt: skip


def matching() -> Iterator[Case]:
    """Which bit of a source is which."""
    equal = [4, 12, 0, 1]
    for name, changes, why in (
        ("input-name", {"inputs": [["a", 1], ["c", 1]]}, "an input that the source does not have"),
        ("output-name", {"outputs": [["z", 1]]}, "an output that the source does not have"),
        (
            "output-more",
            {"outputs": [["y", 1], ["z", 1]], "drivers": [2, 0]},
            "an output more than the source: nothing is said of it",
        ),
        ("input-more", {"inputs": [["a", 1], ["b", 1], ["c", 1]]}, "an input more than the source"),
        ("width", {"inputs": [["a", 1], ["b", 2]]}, "a wider input"),
    ):
        yield Case("refuse", f"match-{name}", why, sourced(AAG, [equal], **changes).data())
    less = b"aag 3 2 0 2 1\n2\n4\n6\n2\n6 2 4\ni0 a\ni1 b\no0 y\no1 z\n"
    yield Case("refuse", "match-output-less", "an output less than the source", sourced(less, [equal]).data())
    yield Case("accept", "match-order", "inputs in another order",
               sourced(AAG.replace(b"6 2 4", b"6 3 4"), [equal], inputs=[["b", 1], ["a", 1]], gates=[((0, 1), (1, -1), -1)]).data())  # fmt: skip
    yield Case("refuse", "match-order-wrong", "and the same by position",
               sourced(AAG.replace(b"6 2 4", b"6 3 4"), [equal], inputs=[["b", 1], ["a", 1]], gates=[((0, 1), (-1, 1), -1)]).data())  # fmt: skip
    gap = b"aag 3 2 0 1 1\n2\n4\n6\n6 2 4\ni0 x[0]\ni1 x[2]\no0 y\n"
    yield Case(
        "accept",
        "match-gap",
        "x[0] and x[2] are no bus",
        sourced(gap, [equal], inputs=[["x_0_", 1], ["x_2_", 1]]).data(),
    )
    strange = AAG.replace(b"i0 a", b"i0 1 in.x").replace(b"i1 b", b"i1 _1_in_x")
    yield Case("accept", "match-strange", "names that come to the same: the second gets a _",
               sourced(strange, [equal], inputs=[["_1_in_x", 1], ["_1_in_x_", 1]]).data())  # fmt: skip
    leading = AAG.replace(b"i0 a", b"i0 x[00]").replace(b"i1 b", b"i1 x[0]")
    yield Case(
        "accept",
        "match-leading-0",
        "x[00] is no bit of x",
        sourced(leading, [equal], inputs=[["x_00_", 1], ["x", 1]]).data(),
    )
    same = AAG.replace(b"i0 a", b"i0 x").replace(b"i1 b", b"i1 x[0]")
    yield Case(
        "accept", "match-bit-and-bus", "x and x[0] are two", sourced(same, [equal], inputs=[["x", 1], ["x_", 1]]).data()
    )
    unicode = AAG.replace(b"i0 a", "i0 \u00e4".encode())
    yield Case(
        "accept",
        "match-unicode",
        "bytes beyond ASCII are spelled out",
        sourced(unicode, [equal], inputs=[["__xc3_xa4", 1], ["b", 1]]).data(),
    )
    long = AAG.replace(b"i0 a", b"i0 " + b"a" * 256)
    yield Case("too-large", "match-long", "a name of 256 characters", sourced(long, [equal]).data())
    many = (
        b".model m\n.inputs "
        + b" ".join(f"{a}{b}".encode() for a in "!$%&()*+,-/:;<>?@^`{|}~" for b in "!$%&()*+,-/:;<>?@^`{|}~")
        + b"\n.outputs y\n.names y\n.end\n"
    )
    yield Case("too-large", "match-colliding", "hundreds of names that come to the same", sourced(many, []).data())


def made() -> Iterator[Case]:
    """What the package makes, in all families and by its mapper: circuits, ledgers, local lemmas, clauses."""
    from trix_circuits.compile import compile_foreign
    from trix_circuits.compose.families import FAMILIES, draft
    from trix_circuits.evidence.prover import certify
    from trix_circuits.files import read_bytes_as
    from trix_circuits.logic.formats import get_format

    for family in sorted(FAMILIES):
        for form, bits in (("e2m1", 4), ("ternary", 3)):
            data = certify(draft(family, get_format(form), bits)).data
            yield Case("accept", f"made-{family}-{form}", f"a {family} of {bits} bits", data)
    for family, bits in (("adder", 16), ("comparator", 16), ("multiplier", 7), ("mux", 7)):
        data = certify(draft(family, get_format("e2m1"), bits)).data
        yield Case("accept", f"made-{family}-{bits}", "a ledger, or local lemmas", data)
        yield from spoiled(f"made-{family}-{bits}", data)
    fast = certify(draft("adder", get_format("e2m1"), 16, objective="depth")).data
    yield Case("accept", "made-adder-fast", "carry prefixes, with ghosts", fast)
    text = b".model m\n.inputs a b c d\n.outputs y z\n.names a b t\n10 1\n01 1\n.names t c d y\n11- 1\n--1 1\n.names t d z\n1- 1\n-0 1\n.end\n"
    foreign = read_bytes_as("blif", text, "m.blif")
    mapped = compile_foreign(foreign, get_format("e2m1")).circuit.data
    yield Case("accept", "made-mapped", "a mapped netlist with its source", mapped)
    yield from spoiled("made-mapped", mapped)


def spoiled(name: str, data: bytes) -> Iterator[Case]:
    """A bias, a weight, a driver, a lemma of a right file changed."""
    base = opened(data)
    biases = [value for value in base.table[2] if value is not None] if base.table else []
    for k in (0, len(base.gates) // 2, len(base.gates) - 1):
        sources, weights, bias = base.gates[k]
        other = sorted({b for b in biases if b != bias}, key=lambda b: -abs(b - bias))[0]
        gates = list(base.gates)
        gates[k] = (sources, weights, other)
        yield Case("refuse", f"{name}-bias-{k}", "a bias is another", replace(base, gates=gates).data())
        gates[k] = (sources, tuple([-w for w in weights]), bias)
        yield Case("refuse", f"{name}-weights-{k}", "weights have the other sign", replace(base, gates=gates).data())
    for k in (0, len(base.certificate["lemmas"]) - 1):
        certificate = copy.deepcopy(base.certificate)
        del certificate["lemmas"][k]
        fate = fate_of(replace(base, certificate=certificate).data())
        if fate != "accept":
            yield Case(fate, f"{name}-lemma-{k}", "a lemma is missing", replace(base, certificate=certificate).data())


def fate_of(data: bytes) -> str:
    """What the checker of today says: only to tell a refusal from damage where a lie can be called either."""
    try:
        check.check(data)
    except check.Refused:
        return "refuse"
    except check.Damaged:
        return "damaged"
    return "accept"


def write(folder: Path) -> None:
    """The corpus, in one folder a fate, and fates.json."""
    listed: dict[str, Any] = {}
    for case in cases():
        place = f"{case.fate}/{case.name}"
        if place in listed:
            raise ValueError(f"two cases are called {place}")
        listed[place] = {"why": case.why}
        if case.fate == "accept":
            verdict = check.check(case.data, given=case.given)
            listed[place] |= {"kinds": list(verdict.kinds), "lemmas": verdict.lemmas, "rows": verdict.rows}
        (folder / case.fate).mkdir(parents=True, exist_ok=True)
        (folder / f"{place}.trix").write_bytes(case.data)
        for k, given in enumerate(case.given):
            listed[place].setdefault("given", []).append(f"{place}.given{k}")
            (folder / f"{place}.given{k}").write_bytes(given)
    lines = [f"{json.dumps(place)}: {json.dumps(entry)}" for place, entry in sorted(listed.items())]
    (folder / "fates.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
