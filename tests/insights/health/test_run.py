"""A health run on a shop with known truth: customers who stop buying raise one alert, the others none."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from core.errors import BadInput
from core.model_kinds import Capability
from insights.health.day import NO_BANDS, HealthRun, days_until
from insights.health.risk import risk_at
from tests.insights.health.regulars import LEAVERS, TODAY, champion, regulars


def test_customers_who_stop_buying_raise_one_alert_and_the_others_none():
    run, alerts, last = HealthRun(regulars(), champion()), [], NO_BANDS
    for cutoff in days_until(TODAY, 15, step_days=7):
        day = run.compute(cutoff, last)
        alerts += [(str(one), day.cutoff) for one in day.customer_ids[day.has_alert]]
        last = day.bands

    assert sorted(customer for customer, _ in alerts) == LEAVERS
    assert len({cutoff for _, cutoff in alerts}) > 1


def test_the_risk_covers_the_cohort_without_opted_out_customers():
    risk = risk_at(regulars(), champion(), cutoff=TODAY)

    assert "stays00" not in risk.customer_ids
    assert len(risk) == len(set(risk.customer_ids)) == 39
    assert risk.rows_of(np.array(["stays01", "stays00", "aaa", "zzz"])).tolist()[1:] == [-1, -1, -1]
    assert risk.log_odds[risk.rows_of(np.array(["quiet05"]))] > risk.log_odds[risk.rows_of(np.array(["stays05"]))]


def test_a_champion_of_changed_features_has_to_be_retrained():
    model = champion()
    changed = type(model).from_artifact(model.to_artifact())
    changed.columns_ = tuple(msgspec.structs.replace(column, digest="old") for column in model.columns_)

    with pytest.raises(BadInput, match="retrain: days_since_last_purchase changed since the champion"):
        risk_at(regulars(), changed, cutoff=TODAY)


def test_a_champion_without_additive_contributions_is_an_error():
    class Oracle:
        name = "oracle"
        capabilities = frozenset[Capability]()

    with pytest.raises(BadInput, match="which oracle has not"):
        HealthRun(regulars(), Oracle())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("n_days", "step_days", "expected"),
    [(1, 7, [0]), (7, 7, [0]), (8, 7, [7, 0]), (3, 1, [2, 1, 0]), (364, 7, list(range(357, -1, -7)))],
)
def test_days_are_evenly_spaced_and_end_with_the_last(n_days, step_days, expected):
    last = date(2026, 4, 1)

    assert days_until(last, n_days, step_days=step_days) == [last - timedelta(days=back) for back in expected]
