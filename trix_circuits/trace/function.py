"""`@circuit`: a typed Python function that is a reference model when called with integers, and logic when traced.

`f(3, 5)` runs the body on integers that know their ranges; `f.aig()` runs it on words of literals, once for each path
through its branches. Both go through the same operators, and both refuse a result that might not fit.
"""

from __future__ import annotations

import difflib
import functools
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, overload

from trix_circuits.errors import InputError, LimitError
from trix_circuits.logic.aig import Aig
from trix_circuits.trace.number import Number
from trix_circuits.trace.paths import MAX_ANDS, MAX_PATHS, Graph, Paths
from trix_circuits.trace.place import PlacedLimitError, fail, place_of, users_frame
from trix_circuits.trace.signature import Signature, signature_of
from trix_circuits.trace.value import Value, as_values, integer_of, misfit
from trix_circuits.trace.width import WordType, bound
from trix_circuits.trace.word import Word


class Circuit:
    """A function of words. Its widths are fixed, or `at` fixes them."""

    def __init__(
        self, function: types.FunctionType, signature: Signature, fixed: Mapping[str, int], max_paths: int
    ) -> None:
        self._function, self._signature, self._fixed, self._max_paths = function, signature, dict(fixed), max_paths
        self._aig: Aig | None = None
        functools.update_wrapper(self, function)
        if not self.open_names:
            self.inputs, self.outputs  # noqa: B018  widths that cannot be are refused now

    @property
    def name(self) -> str:
        """The function's name."""
        return self._function.__name__

    @property
    def place(self) -> str:
        """`file:line` of the function."""
        return f"{self._function.__code__.co_filename}:{self._function.__code__.co_firstlineno}"

    @property
    def open_names(self) -> tuple[str, ...]:
        """The widths and constants that `at` must still give."""
        return tuple(name for name in self._signature.names if name not in self._fixed)

    @property
    def inputs(self) -> dict[str, WordType]:
        """The words that go in, in order, at the widths that `at` gave."""
        self._check_closed()
        return {name: word.at(self._fixed) for name, word in self._signature.inputs.items()}

    @property
    def outputs(self) -> dict[str, WordType]:
        """The words that come out: `out`, or `out0`, `out1`, ... of a tuple, or the names of the fields."""
        self._check_closed()
        return {name: word.at(self._fixed) for name, word in self._signature.results.words.items()}

    def _check_closed(self) -> None:
        if self.open_names:
            wanted = ", ".join(f"{name}=..." for name in self.open_names)
            raise InputError(
                f"{self.place}: {self.name} needs {' and '.join(self.open_names)}: write {self.name}.at({wanted})"
            )

    def at(self, **values: int) -> Circuit:
        """The circuit with these widths and constants. Raises InputError for a name that it does not have."""
        for name, value in values.items():
            if name not in self._signature.names:
                close = difflib.get_close_matches(name, self._signature.names, 1)
                known = f"did you mean {close[0]}?" if close else f"it has {', '.join(self._signature.names) or 'none'}"
                fail(f"{name} must be a width or a constant of {self.name}; {known}")
            integer_of(value)
        fixed = {**self._fixed, **{name: integer_of(value) for name, value in values.items()}}
        return Circuit(self._function, self._signature, fixed, self._max_paths)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The body on integers: integers come out. In the body of another circuit, on its values: values come out."""
        if set(self._signature.constants) & set(named):
            given = {name: named.pop(name) for name in self._signature.constants if name in named}
            return self.at(**given)(*arguments, **named)
        types = self.inputs
        bound_arguments = self._bound(arguments, named)
        inside = any(isinstance(value, Value) for value in bound_arguments.values())
        values: dict[str, Value] = {}
        for name, word in types.items():
            given = bound_arguments[name]
            value = as_values(given)[0]
            if not word.range.holds(value.range):
                fail(f"{self.name}: {misfit(value, word, name)}")
            values[name] = value.ranged(word.range)
        outputs = list(self.outputs.values())
        if inside:
            found = self._results(self._run(values))
            return self._signature.results.give(
                [value.ranged(word.range) for value, word in zip(found, outputs, strict=True)]
            )
        with self._users_errors():
            found = self._results(self._run(values))
        return self._signature.results.give([int(value) for value in found])

    def aig(self) -> Aig:
        """The logic: inputs and outputs are named `a[0]`, lowest bit first, or `a` where there is one bit.

        Raises InputError at the user's line where the body is no circuit, LimitError where it is too large.
        """
        if self._aig is None:
            self._aig = self._traced()
        return self._aig

    def _traced(self) -> Aig:
        inputs = self.inputs
        names = [bit for name, word in inputs.items() for bit in bit_names(name, word.bits)]
        paths = Paths(Graph(names, max_ands=MAX_ANDS), self._max_paths)
        values: dict[str, Value] = {}
        at = 0
        for name, word in inputs.items():
            values[name] = Word(paths, (paths.graph.input(at + k) for k in range(word.bits)), word.range)
            at += word.bits
        seed = Word(paths, (0,), Number.of(0).range)

        def run() -> list[int]:
            with self._users_errors(paths):
                found = self._results(self._run(values))
            types = self.outputs.values()
            return [
                bit for value, word in zip(found, types, strict=True) for bit in seed.lift(value).extended(word.bits)
            ]

        try:
            literals = paths.explore(run)
        finally:
            paths.close()
        outputs = [bit for name, word in self.outputs.items() for bit in bit_names(name, word.bits)]
        return paths.graph.finish(self.name, list(zip(outputs, literals, strict=True)))

    def _bound(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
        """Which argument is which input."""
        parameters = self._signature.python.parameters.values()
        python = self._signature.python.replace(parameters=[p for p in parameters if p.name in self._signature.inputs])
        try:
            found = python.bind(*arguments, **named)
        except TypeError as error:
            fail(f"{self.name} takes {', '.join(self._signature.inputs) or 'nothing'}: {error}")
        found.apply_defaults()
        return found.arguments

    def _run(self, values: Mapping[str, Value]) -> Any:
        """What the body returns."""
        everything: dict[str, Any] = {**values, **{name: self._fixed[name] for name in self._signature.constants}}
        positional = [
            everything.pop(p.name) for p in self._signature.python.parameters.values() if p.kind is p.POSITIONAL_ONLY
        ]
        with bound(self._fixed):
            result = self._function(*positional, **everything)
            wrong = self._wrong(result)
            if wrong is None:
                return result
            # The line of the return statement is known while the function returns: it is run once more, watched.
            raise InputError(self._return_line(positional, everything) + wrong)

    def _wrong(self, result: Any) -> str | None:
        """Why what was returned is not what the annotation says."""
        results = self._signature.results
        taken = results.take(result)
        if len(taken) != len(results.words):
            return f"{self.name} must return {results.shape}, as it is annotated, not {_named(result)}"
        for (name, word), value in zip(self.outputs.items(), taken, strict=True):
            what = "the result" if len(taken) == 1 else f"{name} of the result"
            if not isinstance(value, Value) and not hasattr(value, "__index__"):
                return f"{what} must be a value or an integer, not {_named(value)}"
            value = as_values(value)[0]
            if not word.range.holds(value.range):
                return misfit(value, word, what)
        return None

    def _return_line(self, positional: Sequence[Any], named: Mapping[str, Any]) -> str:
        lines: list[int] = []

        def watch(frame: types.FrameType, event: str, _: object) -> None:
            if event == "return" and frame.f_code is self._function.__code__:
                lines.append(frame.f_lineno)

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            self._function(*positional, **named)
        finally:
            sys.setprofile(before)
        return f"{self._function.__code__.co_filename}:{lines[-1]}: "

    def _results(self, result: Any) -> list[Value]:
        return as_values(*self._signature.results.take(result))

    @contextmanager
    def _users_errors(self, paths: Paths | None = None) -> Iterator[None]:
        """Turn what the body raises into one line of ours, with the inputs that lead there."""
        file = self._function.__code__.co_filename
        try:
            yield
        except (InputError, PlacedLimitError):
            raise
        except LimitError as error:
            raise PlacedLimitError(f"{place_of(error.__traceback__, file)}{error}") from None
        except RecursionError as error:
            place = place_of(error.__traceback__, file)
            raise InputError(f"{place}the function must end; it calls itself too deeply") from None
        except (Exception, SystemExit) as error:
            place = place_of(error.__traceback__, file)
            said = " ".join(str(error).split())[:200]
            if paths is None:
                raise InputError(f"{place}{type(error).__name__}{': ' if said else ''}{said}") from error
            example = paths.example()
            at = "" if not example else f"; for example at {self._assignment(example)}"
            raise InputError(f"{place}{type(error).__name__}{': ' if said else ''}{said}{at}") from error

    def _assignment(self, bits: Sequence[int]) -> str:
        shown, at = [], 0
        for name, word in self.inputs.items():
            value = sum(bit << k for k, bit in enumerate(bits[at : at + word.bits]))
            shown.append(f"{name} = {value if value <= word.range.high else value - (1 << word.bits)}")
            at += word.bits
        return ", ".join(shown)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{name}: {word}" for name, word in self._signature.inputs.items())
        outputs = ", ".join(f"{name}: {word}" for name, word in self._signature.results.words.items())
        given = "".join(f", {name} = {value}" for name, value in self._fixed.items())
        return f"<circuit {self.name}({inputs}) -> ({outputs}){given}>"


def _named(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return "a value" if isinstance(value, Value) else f"{str(value)[:40]}"


def bit_names(name: str, width: int) -> list[str]:
    """The names of a word's bits, lowest first."""
    return [name] if width == 1 else [f"{name}[{k}]" for k in range(width)]


@overload
def circuit(function: Callable[..., Any]) -> Circuit: ...
@overload
def circuit(*, max_paths: int = ...) -> Callable[[Callable[..., Any]], Circuit]: ...
def circuit(
    function: Callable[..., Any] | None = None, *, max_paths: int = MAX_PATHS
) -> Circuit | Callable[[Callable[..., Any]], Circuit]:
    """Make a circuit of a typed function; `max_paths` bounds the ways through its branches.

    Raises InputError at the function's line if its annotations are no words.
    """
    frame = users_frame()
    scope = dict(frame.f_locals) if frame is not None else {}

    def made(of: Callable[..., Any]) -> Circuit:
        if not isinstance(of, types.FunctionType):
            fail(f"@circuit must stand before a function, not {str(of)[:60]!r}")
        signature = signature_of(of, scope)
        return Circuit(of, signature, signature.defaults, max_paths)

    return made if function is None else made(function)
