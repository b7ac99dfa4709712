"""Which causes are told apart, and in which shares."""

from __future__ import annotations

import numpy as np
import pytest

from core.feature_table import FeatureColumn
from models.hazard.cause_shares import CauseShares, gathered

COLUMN = FeatureColumn("logins_28d", "usage", "times", "logins", "", "never", "d")


def stated(**n_customers: int) -> np.ndarray:
    return np.repeat(list(n_customers), list(n_customers.values()))


def test_what_few_stated_is_gathered_under_other():
    causes = stated(price=20, fax=6, weather=5)

    assert set(gathered(causes, np.arange(len(causes)).astype(str))) == {"price", "other"}


def test_where_the_others_are_few_together_the_rarest_cause_joins_them():
    causes = stated(price=20, product=12, fax=3)

    found = gathered(causes, np.arange(len(causes)).astype(str))

    assert {cause: int((found == cause).sum()) for cause in set(found)} == {"price": 20, "other": 15}


def test_where_nothing_varies_causes_have_the_shares_that_they_have():
    causes = stated(price=30, product=10)

    shares = CauseShares.learnt(np.ones((40, 1)), (COLUMN,), causes, np.arange(40).astype(str), seed=0)

    assert shares is not None
    assert shares.of(np.ones((1, 1)))[0] == pytest.approx([0.75, 0.25])


def test_one_cause_alone_is_no_competition():
    causes = stated(price=30)

    assert CauseShares.learnt(np.ones((30, 1)), (COLUMN,), causes, np.arange(30).astype(str), seed=0) is None
