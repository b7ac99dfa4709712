"""Variables of rules that count the days to a coming one, on a later day than that of their record.

cutoff            day             birthday            birthday of the next year
|-----------------|-------------------|---------------------------|
|<------- days_to_birthday ---------->|
                  |<-- on the day --->|
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.feature_names import DAYS_TO_RENEWAL, CustomerFact
from core.rules.rule import Column


def is_day_count(name: str) -> bool:
    """Whether the variable counts the days to something."""
    return name in (CustomerFact.DAYS_TO_BIRTHDAY, DAYS_TO_RENEWAL)


def count_days_from(day: date, columns: Mapping[str, Column], *, cutoff: date) -> dict[str, Column]:
    """The columns, (n,) each, with the days that are left on a day at or after the cutoff of the columns.

    A birthday that has passed comes again in the next year. Whether a renewal that has passed was made is not known:
    it is missing.
    """
    elapsed = max(0, (day - cutoff).days)
    counted = dict(columns)
    if elapsed and DAYS_TO_RENEWAL in columns:
        left = columns[DAYS_TO_RENEWAL] - elapsed
        counted[DAYS_TO_RENEWAL] = np.where(left < 0, np.nan, left)
    if elapsed and CustomerFact.DAYS_TO_BIRTHDAY in columns:
        counted[CustomerFact.DAYS_TO_BIRTHDAY] = _days_to_birthday(
            columns[CustomerFact.DAYS_TO_BIRTHDAY], cutoff=np.datetime64(cutoff, "D"), elapsed=elapsed
        )
    return counted


def _days_to_birthday(days: NDArray[np.float64], *, cutoff: np.datetime64, elapsed: int) -> NDArray[np.float64]:
    is_recorded = ~np.isnan(days)
    birthdays = cutoff + np.where(is_recorded, days, 0).astype(np.int64)
    today = cutoff + elapsed
    while (has_passed := birthdays < today).any():
        months = birthdays.astype("datetime64[M]")
        in_month = birthdays - months.astype("datetime64[D]")
        birthdays = np.where(has_passed, (months + 12).astype("datetime64[D]") + in_month, birthdays)
    return np.where(is_recorded, (birthdays - today).astype(np.float64), np.nan)
