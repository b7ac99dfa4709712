"""Base class of the TOML's sections, and types with limits.

Every key is a field of a class. Its type and limits are checked when the TOML is read; `tools/config_reference.py`
writes docs/reference/configuration.md from the same fields and the docstrings below them.
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

PositiveInt = Annotated[int, Meta(ge=1)]
NonNegativeInt = Annotated[int, Meta(ge=0)]
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


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the TOML. `__post_init__` of a subclass raises ValueError where keys contradict each other."""
