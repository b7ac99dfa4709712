"""Calibration and error of a churn model by group of customers, such as those of one country or of an age.

Words are groups themselves. Numbers are cut into quarters of as many rows each, named by their range; equal numbers
stay together, so that an attribute with few different numbers has fewer groups:

    age          1st quarter: 18 to 31, 2nd quarter: 32 to 40, 3rd quarter: 41 to 55, 4th quarter: 56 to 89
    children     0, 1 to 4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.labels import Labels
from core.model_card import GroupMetrics
from core.scores import Scores
from models.metrics.churn.data import log_losses
from models.metrics.weighted import ratio

MIN_ROWS = 50
"A smaller group says more about chance than about the model."
ORDINALS = ("1st", "2nd", "3rd", "4th")
QUARTERS = len(ORDINALS)
LARGE = 100
"From here on, numbers are written without decimals."


class AttributeGroups(NamedTuple):
    """The groups of one attribute."""

    values: NDArray[np.str_]
    "(n,) the group of each row; '' is unknown."
    names: tuple[str, ...]
    "In the order of the card."


def group_words(values: NDArray[np.str_]) -> AttributeGroups:
    """Each word, (n,), is a group; the largest one comes first."""
    names, counts = np.unique(values[values != ""], return_counts=True)
    return AttributeGroups(values, tuple(names[np.argsort(-counts, kind="stable")].tolist()))


def group_numbers(values: NDArray[np.float64]) -> AttributeGroups:
    """Quarters of the numbers, (n,), lowest first; NaN is unknown."""
    numbers = values[~np.isnan(values)]
    if not len(numbers):
        return AttributeGroups(np.full(len(values), ""), ())
    # Of the numbers themselves: an interpolated limit between two of them would be as good, and harder to follow.
    limits = np.unique(np.quantile(numbers, (0.25, 0.5, 0.75), method="inverted_cdf"))
    places = np.searchsorted(limits, numbers)
    groups = [numbers[places == place] for place in np.unique(places)]
    names = [_name_range(group, place=place if len(groups) == QUARTERS else None) for place, group in enumerate(groups)]
    named = np.array(["", *names])
    lowest = np.array([group.min() for group in groups])
    return AttributeGroups(
        named[np.where(np.isnan(values), 0, np.searchsorted(lowest, values, side="right"))], tuple(names)
    )


def _name_range(values: NDArray[np.float64], *, place: int | None) -> str:
    low, high = (_write_number(float(value)) for value in (values.min(), values.max()))
    range_in_words = low if low == high else f"{low} to {high}"
    return range_in_words if place is None else f"{ORDINALS[place]} quarter: {range_in_words}"


def _write_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= LARGE or value == round(value) else f"{value:.3g}"


def measure_groups(
    scores: Scores,
    outcomes: Labels,
    *,
    groups: Mapping[str, AttributeGroups],
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[GroupMetrics, ...]:
    """The metrics of each group of an attribute with at least `MIN_ROWS` rows."""
    members = list(_members(groups))
    if not members:
        return ()
    belongs = np.column_stack([rows for _, _, rows in members]).astype(np.float64)
    churned = outcomes.churned.astype(np.float64)
    per_row = np.column_stack([scores.value - churned, log_losses(scores.value, outcomes.churned)])
    parts = np.concatenate([belongs * column[:, None] for column in per_row.T], axis=1)

    def means(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        # A sample may hold no customer of a group: its figures are then missing.
        return ratio(weights @ parts, np.tile(weights @ belongs, per_row.shape[1]))

    estimates = estimate_intervals(means, outcomes.customer_ids, n_resamples=n_resamples, seed=seed)
    return tuple(
        _describe(attribute, name, rows=rows, scores=scores, churned=churned, gap=gap, log_loss=loss)
        for (attribute, name, rows), gap, loss in zip(
            members, estimates[: len(members)], estimates[len(members) :], strict=True
        )
    )


def _members(groups: Mapping[str, AttributeGroups]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Attribute, value and rows of each group that is large enough."""
    for attribute, grouping in groups.items():
        for name in grouping.names:
            rows = grouping.values == name
            if rows.sum() >= MIN_ROWS:
                yield attribute, name, rows


def _describe(
    attribute: str,
    name: str,
    *,
    rows: NDArray[np.bool_],
    scores: Scores,
    churned: NDArray[np.float64],
    gap: Estimate,
    log_loss: Estimate,
) -> GroupMetrics:
    return GroupMetrics(
        attribute=attribute,
        group=name,
        n_rows=int(rows.sum()),
        mean_probability=float(scores.value[rows].mean()),
        observed_rate=float(churned[rows].mean()),
        calibration_gap=gap,
        log_loss=log_loss,
    )
