"""AIGER, binary and ASCII, with a symbol table and a comment.

Biere, "The AIGER And-Inverter Graph (AIG) Format", version 20071012. In the binary form an AND is two differences of
literals, 7 bits a byte, lowest first, which needs lhs > rhs0 >= rhs1: our variables are in that order already.
"""

from __future__ import annotations

from trix_circuits.logic.aig import Aig


def aiger(aig: Aig, *, binary: bool = True, comment: str = "") -> bytes:
    """The AIG as an AIGER file; names go to the symbol table, the comment (of any lines) to the end."""
    inputs, outputs = len(aig.input_names), aig.outputs.tolist()
    head = f"{'aig' if binary else 'aag'} {inputs + aig.size} {inputs} 0 {len(outputs)} {aig.size}\n"
    parts = [head.encode()]
    if not binary:
        parts.append("".join(f"{2 * k}\n" for k in range(1, inputs + 1)).encode())
    parts.append("".join(f"{literal}\n" for literal in outputs).encode())
    own = 2 * (inputs + 1)
    ands = zip(aig.left.tolist(), aig.right.tolist(), strict=True)
    if binary:
        packed = bytearray()
        for at, (a, b) in enumerate(ands):
            high, low = max(a, b), min(a, b)
            for difference in (own + 2 * at - high, high - low):
                while difference > 127:
                    packed.append(difference & 127 | 128)
                    difference >>= 7
                packed.append(difference)
        parts.append(bytes(packed))
    else:
        parts.append("".join(f"{own + 2 * at} {max(a, b)} {min(a, b)}\n" for at, (a, b) in enumerate(ands)).encode())
    symbols = [f"i{k} {_line(name)}\n" for k, name in enumerate(aig.input_names)]
    symbols += [f"o{k} {_line(name)}\n" for k, name in enumerate(aig.output_names)]
    parts.append("".join(symbols).encode())
    parts.append(f"c\n{comment or aig.name}\n".encode())
    return b"".join(parts)


def _line(name: str) -> str:
    """A name that a symbol table can hold: it runs to the end of the line."""
    return "".join(character if character.isprintable() else "_" for character in name)
