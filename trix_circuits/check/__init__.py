"""The checker: reads one circuit file and says yes or no. It trusts nothing but these pages, and Python.

Run it as `python check FILE [SOURCE]...`, anywhere, with nothing but Python's standard library. Exit status: 0
accepted, 1 refused, 2 not a circuit file (or damaged, or unreadable), 3 over a limit of this program.

A circuit is a list of threshold gates: a gate fires iff sum(weight * input) + bias >= 0, all in integers. It is
*exact* if it meets its *meaning*, equations between integers such as `sum = a + b + cin`, and equals its *sources*,
files that came from elsewhere, for every input. A *certificate* proposes the steps of a proof; each is decided here
by a rule.

The pages, in the order in which they are read:

  limits   how a check ends, and the counter of work      \
  file     bytes to gates, equations, certificate          |
  nets     all gates of a proof, and which are equal       |  the kernel
  rules    window, form, sum                               |
  steps    the lemmas of a certificate                     |
  verdict  from bytes to yes or no                        /
  formats                       values of well-known formats
  reference, meaning            equations to goals
  source, aiger, blif, bristol, reader  foreign files to gates
  program  what is printed

docs/trust.md argues why each rule is right and says what is trusted; docs/certificate.md is the reference of the file.
"""

from .file import MAX_FILE, VERSION, Bus, Circuit, Gate, read
from .formats import known_formats
from .limits import MAX_LEAVES, MAX_NETS, MAX_WIDTH, MAX_WORK, Damaged, Refused, TooLarge, Work
from .meaning import Meaning
from .nets import ONE, Gates, Linear, accumulate
from .program import main, report, run
from .reader import read_source
from .reference import Nets, word_of
from .rules import Claim, Windows, canonical, column_sum, evaluate
from .source import Source, attach, buses, conjunction
from .steps import Steps
from .verdict import Verdict, check

__all__ = [
    "MAX_FILE", "MAX_LEAVES", "MAX_NETS", "MAX_WIDTH", "MAX_WORK", "ONE", "VERSION", "Bus", "Circuit", "Claim",
    "Damaged",
    "Gate", "Gates", "Linear", "Meaning", "Nets", "Refused", "Source", "Steps", "TooLarge", "Verdict", "Windows",
    "Work",
    "accumulate", "attach", "buses", "canonical", "check", "column_sum", "conjunction", "evaluate", "known_formats",
    "main",
    "read", "read_source", "report", "run", "word_of",
]  # fmt: skip
