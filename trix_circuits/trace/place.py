"""Where in the user's file we are, so that an error names the line that has to change.

The user's line is the innermost frame outside this package: helper functions of the user's count as the user's.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import NoReturn

from trix_circuits.errors import InputError, LimitError

_HERE = str(Path(__file__).parent)


class PlacedLimitError(LimitError):
    """A limit that was met at a line that its message names."""


def _is_users(code: CodeType) -> bool:
    return not code.co_filename.startswith((_HERE, "<frozen"))


def users_frame() -> FrameType | None:
    """The innermost frame outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not _is_users(frame.f_code):
        frame = frame.f_back
    return frame


def here() -> str:
    """`file:line: ` of the user's line that runs now."""
    frame = users_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}: " if frame else ""


def fail(message: str) -> NoReturn:
    """Raise InputError at the user's line."""
    raise InputError(here() + message)


def exceed(message: str) -> NoReturn:
    """Raise LimitError at the user's line."""
    raise PlacedLimitError(here() + message)


def place_of(trail: TracebackType | None, file: str) -> str:
    """`file:line: ` of the innermost line of `file` that an exception came through; of any user's file if none did."""
    found = any_place = ""
    while trail is not None:
        code = trail.tb_frame.f_code
        if _is_users(code):
            any_place = f"{code.co_filename}:{trail.tb_lineno}: "
            if code.co_filename == file:
                found = any_place
        trail = trail.tb_next
    return found or any_place
