"""A circuit from a user's file, `spec.py:adder`. Loading runs the file, as `python spec.py` would: it is the user's code."""

from __future__ import annotations

import difflib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import CodeType

from trix_circuits.errors import InputError, LimitError
from trix_circuits.trace.function import Circuit
from trix_circuits.trace.place import place_of

_MAX_BYTES = 10_000_000


class _Fresh(importlib.machinery.SourceFileLoader):
    """Reads the source each time and leaves no cache beside it; its lines are named by the path as the user wrote it."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def split_target(target: str) -> tuple[str, str | None]:
    """`spec.py:adder` as path and name; the name is None if there is none."""
    path, colon, name = target.rpartition(":")
    return (path, name) if colon and path and name.isidentifier() else (target, None)


def load_function(path: str | Path, name: str | None = None) -> Circuit:
    """The circuit of this name in a Python file; without a name, the only one there. The file is run.

    Raises InputError for a file that is missing, is not Python or fails, and for a name that is no circuit in it.
    """
    path = str(path)
    module_name = f"trix_circuits_spec_{Path(path).stem}"
    try:
        if Path(path).stat().st_size > _MAX_BYTES:
            raise LimitError(f"{path}: a spec must have at most {_MAX_BYTES} bytes")
        loader = _Fresh(module_name, path)
        spec = importlib.util.spec_from_loader(module_name, loader)
        assert spec is not None
        module = importlib.util.module_from_spec(spec)
        module.__file__ = path
        loader.get_data(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; expected a Python file") from None
    except ValueError as error:
        raise InputError(f"{path!r}: {error}; expected a Python file") from None
    folder = str(Path(path).resolve().parent)
    before = sys.modules.get(module_name)
    sys.modules[module_name] = module  # where classes look up the names in their annotations
    sys.path.insert(0, folder)
    try:
        loader.exec_module(module)
    except (InputError, LimitError):
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        inside = place_of(error.__traceback__, path)
        line = f"{error.filename}:{error.lineno}: " if isinstance(error, SyntaxError) and error.lineno else inside
        kind = "not Python" if not inside or isinstance(error, SyntaxError) else type(error).__name__
        said = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(f"{line or path + ': '}{kind}: {said}") from None
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{place_of(error.__traceback__, path)}{type(error).__name__}: {said}") from error
    finally:
        sys.path.remove(folder)
        if before is None:
            del sys.modules[module_name]
        else:
            sys.modules[module_name] = before
    return _found(path, vars(module), name)


def _found(path: str, names: dict[str, object], name: str | None) -> Circuit:
    circuits = {key: value for key, value in names.items() if isinstance(value, Circuit)}
    if name is None:
        own = {key: value for key, value in circuits.items() if value.place.startswith(path)}
        if len(own) == 1:
            return next(iter(own.values()))
        known = ", ".join(f"{path}:{key}" for key in own)
        raise InputError(
            f"{path}: name one of its circuits: {known}" if own else f"{path}: has no function with @circuit"
        )
    if name in circuits:
        return circuits[name]
    if name in names:
        raise InputError(f"{path}: {name} must be decorated with @circuit")
    close = difflib.get_close_matches(name, circuits, 1)
    known = f"did you mean {close[0]}?" if close else f"it has {', '.join(circuits) or 'no circuits'}"
    raise InputError(f"{path}: there is no {name}; {known}")
