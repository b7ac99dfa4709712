"""Base class of the TOML's sections, and types with limits.

Every key is a field of a class. Its type and limits are checked when the TOML is read; `tools/config_reference.py`
writes docs/reference/configuration.md from the same fields and the docstrings below them.
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

MOST_DAYS, MOST_MONTHS = 36_500, 1_200
"A hundred years: calendars end, and longer spans would leave them."
PositiveInt = Annotated[int, Meta(ge=1)]
NonNegativeInt = Annotated[int, Meta(ge=0)]
PositiveDays = Annotated[int, Meta(ge=1, le=MOST_DAYS)]
NonNegativeDays = Annotated[int, Meta(ge=0, le=MOST_DAYS)]
PositiveFloat = Annotated[float, Meta(gt=0)]
NonNegativeFloat = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
PositiveShare = Annotated[float, Meta(gt=0, le=1)]


def require_time_zone(name: str) -> None:
    """Raise ValueError for a name that is no IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time_zone '{name}' (e.g. Europe/Berlin)") from error


def require_layout(encoding: str | None, delimiter: str | None) -> None:
    """Raise ValueError for an encoding that Python has not, and for a delimiter that cannot be one."""
    if encoding is not None and not _is_encoding(encoding):
        raise ValueError(f"unknown encoding {encoding!r}; try utf-8 or cp932")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n\0'):
        raise ValueError(f"delimiter is one character, such as ';' or '\\t', found {delimiter!r}")


def _is_encoding(name: str) -> bool:
    """Whether Python reads texts in it: base64, which it knows as well, is no encoding of texts."""
    try:
        "a".encode(name)
    except (LookupError, ValueError):
        return False
    return True


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the TOML. `__post_init__` of a subclass raises ValueError where keys contradict each other."""
