"""Shares the fits of churn models on the same rows between the recipes of one training; see `models/shared_fits.py`."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from models.churn.customer_folds import TrainingRows
from models.shared_fits import Fitted, fit_once, share_fits

__all__ = ["fit_shared", "share_fits"]


def fit_shared(rows: TrainingRows, settings: Hashable, *, fit: Callable[[], Fitted]) -> Fitted:
    """The result of `fit`, or that of an earlier one with the same rows and settings in the same `share_fits`."""
    return fit_once(settings, (rows.values, rows.churned, rows.customer_ids, rows.row_weights), fit=fit)
