"""At which cutoffs it is learnt and tested when customers leave, and how far ahead.

    train     train     train            test                            watermark
    |========= followed ===============)  |======== followed =============)
                                       ^ what had been seen by then

Unlike a label of one horizon, a customer who is still followed tells something already: rows are not purged, they
are seen as they were known at the test cutoff. The horizon is the longest of 12, 6, 3 and 1 months that the history
can both teach and judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.config.data_set import Config
from core.config.training import HazardSettings
from core.errors import NotEnoughHistory
from features.labels.labelling import confirmation_delay, label_watermark, record_start
from models.metrics.survival import JUDGED_MONTHS, MONTH_DAYS
from tables.tables import Tables


@dataclass(frozen=True)
class FollowedCutoffs:
    """The cutoffs of one training."""

    train: tuple[date, ...]
    test: date
    "Touched once."
    later: tuple[date, ...]
    "After the test, for the model that is shipped."
    horizon_days: int
    "How far ahead is learnt and judged."
    known_by_test: date
    "What a training at the test cutoff knew: ends before this day were certain."

    @property
    def refit(self) -> tuple[date, ...]:
        """Every cutoff: what the shipped model learns from once its recipe was judged."""
        return (*self.train, self.test, *self.later)


def followed_cutoffs(tables: Tables, settings: HazardSettings) -> FollowedCutoffs:
    """The cutoffs that the recorded history offers. Raises NotEnoughHistory with what would be needed."""
    certain = confirmation_delay(tables)
    return choose_cutoffs(tables.config, settings, record_start(tables), label_watermark(tables), certain)


def choose_cutoffs(
    config: Config, settings: HazardSettings, first: date, until: date, certain: timedelta
) -> FollowedCutoffs:
    """The cutoffs of a history that begins on `first` and is certain before `until`."""
    gap, earliest = timedelta(days=config.churn.gap_days), first + timedelta(days=config.active_days)
    for months in sorted({*JUDGED_MONTHS, settings.horizon_months}, reverse=True):
        ahead = timedelta(days=months * MONTH_DAYS // settings.period_days * settings.period_days)
        test = until - ahead - gap
        known_by_test = test - certain
        if months > settings.horizon_months or not ahead or earliest > known_by_test - ahead - gap:
            continue
        period = timedelta(days=settings.period_days) + gap
        return FollowedCutoffs(
            train=_laid_out(settings, earliest, min(known_by_test - period, test - timedelta(days=1))),
            test=test,
            later=_laid_out(settings, test + timedelta(days=settings.step_days), until - period),
            horizon_days=ahead.days,
            known_by_test=known_by_test,
        )
    raise NotEnoughHistory(
        f"the history from {first} to {until} is too short to learn when customers leave: needed are active_days "
        f"({config.active_days}) and twice a month to follow them, once to learn and once to judge"
    )


def _laid_out(settings: HazardSettings, earliest: date, last: date) -> tuple[date, ...]:
    """Days `step_days` apart that end on `last`; where there are too many, evenly chosen ones with both ends."""
    n_steps = (last - earliest).days // settings.step_days
    days: Sequence[date] = [last - timedelta(days=step * settings.step_days) for step in range(n_steps, -1, -1)]
    if len(days) > settings.max_cutoffs:
        chosen = np.linspace(len(days) - 1, 0, settings.max_cutoffs).round().astype(int)[::-1]
        days = [days[place] for place in chosen]
    return tuple(days)
