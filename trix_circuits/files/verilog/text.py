"""Verilog text to tokens: names, numbers and signs, one at a time, each knowing its line.

IEEE 1364-2005. Comments, attributes and directives without meaning here are skipped; nothing is kept but the place in
the text, so that a long netlist costs no list of tokens.
"""

from __future__ import annotations

import re

from trix_circuits.errors import InputError, quoted
from trix_circuits.files.reading import BeyondError

_SKIP = re.compile(
    r"(?:\s++|//[^\n]*+|/\*.*?\*/|\(\*(?!\s*\)).*?\*\)"
    r"|`(?:timescale|default_nettype)\b[^\n]*+|`(?:celldefine|endcelldefine|resetall)\b)*+",
    re.DOTALL | re.ASCII,
)
_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_][\w$]*+)|\\(?P<escaped>[!-~]++)|(?P<number>\d[\d_]*+(?:\s*+'[sS]?[bodhBODH]\s*+[\w?]++)?)"
    r"|(?P<sign>~&|~\||~\^|\^~|&&|\|\||===|!==|==|!=|<<<|>>>|<=|>=|<<|>>|\*\*|\+:|-:|->|(?![\w\\])[!-~])",
    re.ASCII,
)
_WORDS = (
    "always always_comb always_ff always_latch and assign begin buf bufif0 bufif1 case casex casez cmos deassign default"
    " defparam disable edge else end endcase endfunction endgenerate endmodule endprimitive endspecify endtable endtask"
    " event for force forever fork function generate genvar if initial inout input integer join localparam macromodule"
    " module nand negedge nmos nor not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown"
    " pullup rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1 signed specify specparam strong0"
    " strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned vectored"
    " wait wand weak0 weak1 while wire wor xnor xor logic"
)
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")  # a form feed is a blank in Verilog
_KEYWORDS = frozenset(_WORDS.split())
_NAME = r"([A-Za-z_][\w$]*+|\\[!-~]++)"
_PAIR = re.compile(rf"\s++{_NAME}\s*+=\s*+(~?)\s*+{_NAME}\s*+([&|^])\s*+(~?)\s*+{_NAME}\s*+;", re.ASCII)
_RADIX = {"b": 2, "o": 8, "d": 10, "h": 16}


class NotStructuralError(BeyondError):
    """Verilog beyond structural netlists: Yosys may be able to read it."""


def source_text(data: bytes) -> str:
    """Verilog text, a character for each byte: what is beyond ASCII may stand in comments only, and is no part of a name."""
    if match := _NO_TEXT.search(data):
        line, byte = data.count(b"\n", 0, match.start()) + 1, match[0].hex()
        raise InputError(f"line {line}: must be a text file, not binary data: the byte 0x{byte} stands there")
    return data.decode("latin-1")


class Tokens:
    """A cursor over the text. `kind` is name, keyword, number, sign or end; `word` is the token."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.kind, self.word = text, 0, "", ""
        self._next = self._pair_end = 0
        self._counted = (0, 1)  # a place and its line: lines are counted on from there, for the cursor only advances
        self.step()

    @property
    def line(self) -> int:
        """The line of the token."""
        place, line = self._counted
        self._counted = self.at, line + self.text.count("\n", place, self.at)
        return self._counted[1]

    def step(self) -> None:
        """Go on to the next token."""
        skipped = _SKIP.match(self.text, self._next)
        assert skipped is not None  # it can match nothing
        self.at = skipped.end()
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            if self.at < len(self.text):
                raise InputError(f"line {self.line}: {quoted(self.text[self.at])} is no part of Verilog")
            self.kind, self.word, self._next = "end", "the end of the file", self.at
            return
        self.kind, self.word, self._next = str(match.lastgroup), match[match.lastgroup or 0], match.end()
        if self.kind == "name" and self.word in _KEYWORDS:
            self.kind = "keyword"
        elif self.kind == "escaped":
            self.kind = "name"
        elif self.word == "`":
            self.word = self.text[self.at : self.at + 20].split()[0]
            raise self.beyond(f"the directive {quoted(self.word)}")

    def pair(self) -> tuple[str, str, str, str, str, str] | None:
        """After `assign`, the most common form by one match: (y, ~ or nothing, a, & | or ^, ~ or nothing, b). The cursor
        stays; `skip_pair` goes on."""
        match = _PAIR.match(self.text, self._next)
        if match is None:
            return None
        y, first, a, sign, second, b = match.groups()
        if not _KEYWORDS.isdisjoint((y, a, b)):
            return None
        self._pair_end = match.end()
        return y.removeprefix("\\"), first, a.removeprefix("\\"), sign, second, b.removeprefix("\\")

    def skip_pair(self) -> None:
        """Go on behind the assignment that `pair` found."""
        self._next = self._pair_end
        self.step()

    def error(self, message: str) -> InputError:
        """An error at this token."""
        return InputError(f"line {self.line}: {message}")

    def expected(self, what: str) -> InputError:
        return self.error(f"expected {what}, not {quoted(self.word)}")

    def beyond(self, what: str) -> NotStructuralError:
        """An error that Yosys may help over."""
        return NotStructuralError(f"line {self.line}: {what} is not structural Verilog; RTL goes by way of Yosys")

    def is_sign(self, sign: str) -> bool:
        return self.kind == "sign" and self.word == sign

    def take(self, sign: str) -> None:
        """Step over a sign that must stand here."""
        if self.kind != "sign" or self.word != sign:
            raise self.expected(f"'{sign}'")
        self.step()

    def name(self, what: str) -> str:
        """Step over a name."""
        if self.kind != "name":
            raise self.expected(what)
        word = self.word
        self.step()
        return word

    def integer(self, what: str) -> int:
        """Step over a plain number; anything else (a parameter, an expression) is not structural."""
        if self.kind != "number" or not self.word.isdigit() or len(self.word) > 18:
            raise self.beyond(f"{what} {quoted(self.word)}")
        value = int(self.word)
        self.step()
        return value


def constant_bits(tokens: Tokens, most: int) -> list[int]:
    """The bits of a number such as 4'b1010 or 1, lowest first; steps over it."""
    size, tick, rest = tokens.word.replace("_", "").partition("'")
    if len(size) > 18 or (tick and not 1 <= int(size) <= most):
        raise tokens.error(f"a number must be 1 to {most} bits wide, not {quoted(size)}")
    width = int(size) if tick else 32
    if not tick:
        digits, radix = size, 10
    else:
        rest = rest.lstrip("sS")
        digits, radix = rest[1:].strip().lower(), _RADIX[rest[0].lower()]
    if set(digits) & set("xz?"):
        raise tokens.beyond(f"the number {quoted(tokens.word)}, with x or z,")
    if (radix == 10 and len(digits) > 1000) or len(digits) > most:
        raise tokens.error("a number must have fewer digits")
    try:
        value = int(digits, radix)
    except ValueError:
        raise tokens.error(f"{quoted(tokens.word)} is no number") from None
    tokens.step()
    return [value >> k & 1 for k in range(width)]
