"""Where the content folders are: solver programs, the atom library, worked specs, kernels.

They ride in the wheel under trix_circuits/_share; in a checkout they stand beside the package.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder `solvers`, `atoms`, `specs` or `kernels`: the wheel's own copy first, else the one beside the package."""
    for candidate in (_HERE / "_share" / name, _HERE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name} is missing from this installation of trix-circuits")
