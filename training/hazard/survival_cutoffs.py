"""The cutoffs at which hazard models are fitted and tested, and how far ahead they predict.

    train     train     train            test                            watermark
    |========= observed ===============)  |======== observed =============)
                                       ^ what was known by then

A customer who is still observed already carries information, unlike a label of one fixed horizon. So rows are not
purged; they are used as they were known at the test cutoff. The horizon is the longest of 12, 6, 3 and 1 months that
the history allows both to fit and to test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.config.data_set import Config
from core.config.training import HazardSettings
from core.errors import NotEnoughHistory
from core.window import DAYS_PER_HORIZON_MONTH
from features.labels.labelling import confirmation_delay, label_watermark, record_start
from models.metrics.survival import EVALUATED_MONTHS
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class SurvivalCutoffs:
    """The cutoffs of one training."""

    train: tuple[date, ...]
    test: date
    "Used once."
    later: tuple[date, ...]
    "After the test, for the final fit."
    horizon_days: int
    "How far ahead is predicted and measured."
    known_by_test: date
    "Ends before this day were certain for a training at the test cutoff."

    @property
    def refit(self) -> tuple[date, ...]:
        """Every cutoff: the registered model is fitted on all of them."""
        return (*self.train, self.test, *self.later)


def survival_cutoffs(tables: Tables, settings: HazardSettings) -> SurvivalCutoffs:
    """The cutoffs that the recorded history allows. Raises NotEnoughHistory with what would be needed."""
    return choose_cutoffs(
        tables.config,
        settings,
        first=record_start(tables),
        until=label_watermark(tables),
        certain_after=confirmation_delay(tables),
    )


def choose_cutoffs(
    config: Config, settings: HazardSettings, *, first: date, until: date, certain_after: timedelta
) -> SurvivalCutoffs:
    """Choose the cutoffs of a history that begins on `first` and is certain before `until`.

    An end is certain `certain_after` it happened. Raises NotEnoughHistory with what would be needed.
    """
    gap, earliest = timedelta(days=config.churn.gap_days), first + timedelta(days=config.active_days)
    for months in sorted({*EVALUATED_MONTHS, settings.horizon_months}, reverse=True):
        ahead = timedelta(days=months * DAYS_PER_HORIZON_MONTH // settings.period_days * settings.period_days)
        test = until - ahead - gap
        known_by_test = test - certain_after
        if months > settings.horizon_months or not ahead or earliest > known_by_test - ahead - gap:
            continue
        period = timedelta(days=settings.period_days) + gap
        return SurvivalCutoffs(
            train=_evenly_spaced(
                settings, earliest=earliest, last=min(known_by_test - period, test - timedelta(days=1))
            ),
            test=test,
            later=_evenly_spaced(settings, earliest=test + timedelta(days=settings.step_days), last=until - period),
            horizon_days=ahead.days,
            known_by_test=known_by_test,
        )
    raise NotEnoughHistory(
        f"the history from {first} to {until} is too short for a hazard model: it needs active_days "
        f"({config.active_days}) and two months of observation, one to fit and one to test"
    )


def _evenly_spaced(settings: HazardSettings, *, earliest: date, last: date) -> tuple[date, ...]:
    """Days `step_days` apart that end on `last`; where there are too many, an even choice that keeps both ends."""
    n_steps = (last - earliest).days // settings.step_days
    days: Sequence[date] = [last - timedelta(days=step * settings.step_days) for step in range(n_steps, -1, -1)]
    if len(days) > settings.max_cutoffs:
        places = np.linspace(len(days) - 1, 0, settings.max_cutoffs).round().astype(int)[::-1]
        days = [days[place] for place in places]
    return tuple(days)
