"""What is in the machine code of a kernel: instructions by kind, registers, spills; read from the ELF file itself.

From Volta (sm_70) on an instruction is 128 bits, little-endian, and its lowest 9 bits say what it does whatever form its
operands have (register, immediate, constant bank, uniform register: the three bits above). The numbers were found by
comparing with nvdisasm 13.5 over all kernels of this package, which a test repeats where nvdisasm is installed. The
registers of a kernel are in the section `.nv.info`, as attribute 0x2f: 0x04, 0x2f, length, then (symbol, registers).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from trix_circuits.errors import InputError

LOP3, STORE_LOCAL, LOAD_LOCAL = 0x012, 0x187, 0x183
NOP, BRANCH = 0x118, 0x147
_REGISTERS = 0x2F
_TEXT = ".text."


@dataclass(frozen=True, slots=True)
class Code:
    """Of one kernel: `instructions` without the padding behind its end, `local` loads and stores of local memory."""

    name: str
    instructions: int
    lop3: int
    local: int
    registers: int


def _sections(data: bytes) -> list[tuple[str, int, int, int, bytes]]:
    """(name, type, link, info, content) of each section of a 64-bit ELF file."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise InputError("a cubin must be a little-endian ELF file of 64 bits")
    (offset,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    heads = [struct.unpack_from("<IIQQQQIIQQ", data, offset + size * k) for k in range(count)]
    texts = heads[names]
    found = []
    for name, kind, _, _, start, length, link, info, _, _ in heads:
        begin = texts[4] + name
        end = data.index(b"\0", begin)
        content = b"" if kind == 8 else data[start : start + length]  # 8: occupies no space
        found.append((data[begin:end].decode(), kind, link, info, content))
    return found


def _registers(sections: list[tuple[str, int, int, int, bytes]]) -> dict[str, int]:
    """Registers by kernel."""
    names: dict[int, str] = {}
    for _, kind, link, _, content in sections:
        if kind == 2:  # symbols
            strings = sections[link][4]
            for k in range(len(content) // 24):
                (name,) = struct.unpack_from("<I", content, 24 * k)
                names[k] = strings[name : strings.index(b"\0", name)].decode()
    found: dict[str, int] = {}
    for section, _, _, _, content in sections:
        at = 0
        while section == ".nv.info" and at + 4 <= len(content):
            form, attribute, value = struct.unpack_from("<BBH", content, at)
            at += 4
            if form == 4:  # `value` bytes follow
                if attribute == _REGISTERS:
                    symbol, registers = struct.unpack_from("<II", content, at)
                    found[names[symbol]] = registers
                at += value
    return found


def read(data: bytes) -> list[Code]:
    """What is in each kernel of a cubin; raises InputError if it is none."""
    try:
        sections = _sections(data)
        registers = _registers(sections)
    except (struct.error, IndexError, ValueError, KeyError, OverflowError):
        raise InputError("a cubin must be a whole ELF file") from None
    found = []
    for name, _, _, _, content in sections:
        if name.startswith(_TEXT):
            kinds = [word & 0x1FF for (word,) in struct.iter_unpack("<Q8x", content)]
            while kinds and kinds[-1] == NOP:
                kinds.pop()
            if kinds and kinds[-1] == BRANCH:  # to itself: the end
                kinds.pop()
            local = kinds.count(STORE_LOCAL) + kinds.count(LOAD_LOCAL)
            kernel = name.removeprefix(_TEXT)
            found.append(Code(kernel, len(kinds), kinds.count(LOP3), local, registers.get(kernel, 0)))
    return found
