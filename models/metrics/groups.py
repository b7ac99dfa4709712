"""Calibration and error of a churn model by group of customers, such as those of one country."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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


def measure_groups(
    scores: Scores,
    outcomes: Labels,
    *,
    groups: Mapping[str, NDArray[np.str_]],
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[GroupMetrics, ...]:
    """The metrics of each group with at least `MIN_ROWS` rows, largest first within an attribute.

    `groups` has the value of each row, (n,), by attribute; '' is unknown and left out.
    """
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


def _members(groups: Mapping[str, NDArray[np.str_]]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Attribute, value and rows of each group that is large enough."""
    for attribute, values in groups.items():
        names, counts = np.unique(values, return_counts=True)
        for place in np.argsort(-counts, kind="stable").tolist():
            if names[place] and counts[place] >= MIN_ROWS:
                yield attribute, str(names[place]), values == names[place]


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
