"""Tests that may be read every day, and stages that advance or stop by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from insights.campaigns.sequential import (
    Conversions,
    estimate_rate_ratio,
    has_effect,
    has_fewer,
    has_more,
    log_evidence,
)
from insights.campaigns.staging import StageEvidence, decide_stage


def events(n_treated: int = 0, n_control: int = 0, share: float = 0.5) -> Conversions:
    return Conversions(n_treated, n_control, share)


def evidence(percent: int = 5, **changes) -> StageEvidence:
    usual = {
        "stage_percent": percent, "days_at_stage": 5, "n_contacted": 500, "conversions": events(40, 38),
        "unsubscriptions": events(2, 1),
    }  # fmt: skip
    return StageEvidence(**usual | changes)


def test_the_e_value_has_a_mean_of_one_where_there_is_no_effect():
    # Over the possible splits of ten conversions, each weighted by its probability.
    n = 10
    treated = np.arange(n + 1)
    binomial = np.array([float(np.prod([(n - i) / (i + 1) for i in range(k)])) for k in treated])
    chances = binomial * 0.8**treated * 0.2 ** (n - treated)

    for side in ("both", "more"):
        values = np.exp([log_evidence(events(int(k), int(n - k), 0.8), side=side) for k in treated])
        assert chances @ values == pytest.approx(1.0)


def test_read_after_every_conversion_it_is_hardly_ever_wrong():
    random = np.random.default_rng(5)
    stopped = 0
    for _ in range(200):
        treated = np.cumsum(random.random(400) < 0.8)
        stopped += any(
            has_effect(events(int(treated[n - 1]), n - int(treated[n - 1]), 0.8)) for n in range(10, 401, 10)
        )

    assert stopped <= 10


def test_a_large_effect_is_seen():
    assert has_effect(events(90, 30))
    assert has_more(events(90, 30))
    assert not has_fewer(events(90, 30))
    assert has_fewer(events(30, 90))


def test_without_events_nothing_is_known():
    assert log_evidence(events()) == 0
    assert np.isnan(estimate_rate_ratio(events()).value)


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.05, 0.5, 0.9]))
def test_the_interval_of_the_ratio_holds_the_observed_one_and_agrees_with_the_test(n_treated, n_control, share):
    ratio = estimate_rate_ratio(events(n_treated, n_control, share))

    assert ratio.low <= n_treated / n_control / (share / (1 - share)) <= ratio.high
    assert (ratio.low > 1 or ratio.high < 1) == has_effect(events(n_treated, n_control, share), alpha=0.1)


def test_an_event_without_a_control_group_is_no_evidence():
    with pytest.raises(DataError, match="a test needs a control group"):
        events(5, 0, 1.0)


def test_a_stage_is_left_after_some_days_and_contacts():
    assert decide_stage(evidence(1)).stage_percent == 5
    assert decide_stage(evidence(20)).stage_percent == 100
    assert decide_stage(evidence(5, days_at_stage=2)).action == "hold"
    assert decide_stage(evidence(5, n_contacted=50)).action == "hold"
    assert decide_stage(evidence(100)).action == "complete"


def test_a_small_audience_does_not_hold_its_campaign_for_ever():
    assert decide_stage(evidence(5, n_contacted=50, days_at_stage=6)).action == "hold"
    assert decide_stage(evidence(5, n_contacted=50, days_at_stage=7)).stage_percent == 20


def test_stages_may_be_those_of_the_campaign():
    assert decide_stage(evidence(10, stages=(10, 50, 100))).stage_percent == 50
    assert decide_stage(evidence(100, stages=(100,))).action == "complete"


def test_what_is_not_recorded_is_no_sign_of_harm():
    assert decide_stage(evidence(5, conversions=None, unsubscriptions=None)).action == "advance"


def test_more_churn_is_harm_where_the_event_is_a_loss():
    more, fewer = events(90, 20), events(20, 90)

    assert "more customers churn" in decide_stage(evidence(5, conversions=more, is_conversion_bad=True)).reason
    assert decide_stage(evidence(5, conversions=fewer, is_conversion_bad=True)).action == "advance"


def test_harm_stops_a_campaign_at_any_stage_and_says_which():
    fewer = decide_stage(evidence(1, days_at_stage=0, conversions=events(20, 90)))
    more = decide_stage(evidence(100, unsubscriptions=events(60, 10)))

    assert (fewer.action, fewer.stage_percent) == ("stop", 0)
    assert "fewer customers convert than in the control group (20 of 110" in fewer.reason
    assert "more customers unsubscribe" in more.reason
