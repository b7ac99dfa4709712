"""Measures how many contacts in 30 days pay, for the segments of a release and for all customers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.model_kinds import VALUE
from features.frequency_rows import FrequencyRows
from models.policies.frequency import FrequencyLimit, FrequencyTerms, limit_frequency
from models.policies.frequency_limits import UNLIMITED, MonthlyLimit, limit_by_segment, place_customers
from serving.build.inputs import BuildInputs
from serving.release.release import ReleasePart
from serving.release.value_part import ValuePart


def measure_monthly_limits(
    frequency: FrequencyRows | None,
    inputs: BuildInputs,
    *,
    parts: Mapping[str, ReleasePart | None],
    segments: Mapping[str, NDArray[np.str_]],
) -> tuple[tuple[MonthlyLimit, ...], NDArray[np.int64]]:
    """The limits that were measured, and the place of each customer's limit among them, (n,)."""
    ids = inputs.features.customer_ids
    if frequency is None:
        return (), np.full(len(ids), UNLIMITED)
    value = parts.get(VALUE.name)
    remaining = float(np.nanmean(value.values_if_alive())) if isinstance(value, ValuePart) else np.nan

    def measure(rows: NDArray[np.bool_]) -> FrequencyLimit:
        return _measure(frequency, rows, inputs=inputs, remaining=remaining)

    limits, by_segment = limit_by_segment(measure, frequency.customer_ids, segments=segments)
    return limits, place_customers(ids, limits, by_segment=by_segment, segments=segments)


def _measure(
    frequency: FrequencyRows, rows: NDArray[np.bool_], *, inputs: BuildInputs, remaining: float
) -> FrequencyLimit:
    config = inputs.config
    acted, treated = rows & frequency.acted, rows & frequency.rows.treated
    terms = FrequencyTerms(
        margin=config.money.margin_rate * _mean(frequency.amounts[acted]),
        cost=_mean(frequency.costs[treated]),
        remaining_value=max(0.0, config.offers.customer_value if np.isnan(remaining) else remaining),
        assumed_fatigue=config.decisions.fatigue,
    )
    return limit_frequency(frequency.rows.take(rows), frequency.acted[rows], terms=terms, policy=config.contact_policy)


def _mean(values: NDArray[np.float64]) -> float:
    """Of the values that are recorded; 0 without any."""
    return 0.0 if np.isnan(values).all() else float(np.nanmean(values))
