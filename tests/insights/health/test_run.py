"""The nightly work on a shop whose truth is known: who stops buying falls, once, and nobody else does."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from core.errors import BadInput
from insights.health.day import NOBODY
from insights.health.risk import risk_at
from insights.health.run import HealthRun, days_until
from tests.insights.health.regulars import JUDGED, LEAVERS, champion, regulars


def test_who_stops_buying_falls_once_and_who_stays_does_not():
    run, fell, last = HealthRun(regulars(), champion()), [], NOBODY
    for cutoff in days_until(JUDGED, 15, 7):
        day = run.judge(cutoff, last)
        fell += [(str(one), day.cutoff) for one in day.customer_ids[day.fell]]
        last = day.standings

    assert sorted(customer for customer, _ in fell) == LEAVERS
    assert len({cutoff for _, cutoff in fell}) > 1


def test_the_risk_of_a_day_is_what_the_champion_says_without_who_refused():
    risk = risk_at(regulars(), champion(), JUDGED)

    assert "stays00" not in risk.customer_ids
    assert len(risk) == len(set(risk.customer_ids)) == 39
    assert risk.rows_of(np.array(["stays01", "stays00", "aaa", "zzz"])).tolist()[1:] == [-1, -1, -1]
    assert risk.log_odds[risk.rows_of(np.array(["quiet05"]))] > risk.log_odds[risk.rows_of(np.array(["stays05"]))]


def test_a_champion_of_other_features_is_sent_to_training():
    model = champion()
    changed = type(model).from_artifact(model.to_artifact())
    changed.columns_ = tuple(msgspec.structs.replace(column, digest="old") for column in model.columns_)

    with pytest.raises(BadInput, match="retrain: days_since_last_purchase changed since the champion"):
        risk_at(regulars(), changed, JUDGED)


def test_a_champion_that_does_not_say_what_each_feature_adds_is_refused():
    class Oracle:
        name = "oracle"

    with pytest.raises(BadInput, match="which oracle does not"):
        HealthRun(regulars(), Oracle())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("days", "every", "expected"),
    [(1, 7, [0]), (7, 7, [0]), (8, 7, [7, 0]), (3, 1, [2, 1, 0]), (364, 7, list(range(357, -1, -7)))],
)
def test_the_days_end_with_the_last_and_lie_so_far_apart(days, every, expected):
    last = date(2026, 4, 1)

    assert days_until(last, days, every) == [last - timedelta(days=back) for back in expected]
