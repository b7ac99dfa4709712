"""Cause shares: which causes are distinguished, and with which shares."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureColumn
from models.hazard.cause_shares import CauseShares, merge_rare_causes

COLUMN = FeatureColumn(name="logins_28d", family="usage", unit="times", en="logins", ja="", missing="never", digest="d")


def causes_of(**n_customers: int) -> np.ndarray:
    return np.repeat(list(n_customers), list(n_customers.values()))


def fit_shares(causes: np.ndarray) -> CauseShares | None:
    ids = np.arange(len(causes)).astype(str)
    return CauseShares.fit(np.ones((len(causes), 1)), (COLUMN,), stated_causes=causes, customer_ids=ids, seed=0)


def test_rare_causes_are_merged_into_other():
    causes = causes_of(price=20, fax=6, weather=5)

    assert set(merge_rare_causes(causes, np.arange(len(causes)).astype(str))) == {"price", "other"}


def test_where_the_merged_causes_are_still_rare_the_next_cause_is_merged_too():
    causes = causes_of(price=20, product=12, fax=3)

    merged = merge_rare_causes(causes, np.arange(len(causes)).astype(str))

    assert {cause: int((merged == cause).sum()) for cause in set(merged)} == {"price": 20, "other": 15}


def test_without_varying_features_the_shares_are_the_observed_ones():
    causes = causes_of(price=30, product=10)

    shares = fit_shares(causes)

    assert shares is not None
    assert shares.predict(np.ones((1, 1)))[0] == pytest.approx([0.75, 0.25])


def test_a_single_cause_has_no_shares():
    causes = causes_of(price=30)

    assert fit_shares(causes) is None
