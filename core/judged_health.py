"""What a night's judgement of health says of one customer, and where it lies: <day>.parquet, a row a customer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec

from core.health import Band


class JudgedHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer did on the day that was judged last."""

    judged_on: date
    health: float
    "0 (about to leave) to 100 (safe)."
    band: Band
    band_since: date
    change_7d: float | None
    "Against 7 days before; null where they were no customer then."
    change_28d: float | None
    dimensions: dict[str, float | None]
    "0 to 100 of each side: that of a customer who is average in everything else; null where no feature speaks of it."
    fell_most: str
    "The dimension in which the risk rose by most."
    fell_on: date | None
    "When they last fell so far that a task was made."
    reasons_en: str
    "Why it changed, strongest first; '' where nothing did."
    reasons_ja: str
    model_version: int | None
    "Of the churn champion that judged."


def newest_file(folder: Path, until: date) -> Path | None:
    """The file of the newest day that was judged, `until` included; None where there is none."""
    days = (path for path in folder.glob("????-??-??.parquet") if path.stem <= until.isoformat())
    return max(days, default=None)


def file_before(folder: Path, day: date) -> Path | None:
    """The file of the newest day that was judged before a day; None where there is none."""
    return newest_file(folder, day - timedelta(days=1))
