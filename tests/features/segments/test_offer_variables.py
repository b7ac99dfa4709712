"""Segments and customer tiers in rules, of other segments and of offers."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from core.config.campaigns import Campaign
from core.config.customers import Segment
from core.config.sources import TableSource
from core.errors import RuleError
from core.offers import Offer
from core.rules.rule import parse_rule
from features.segments.membership import compute_segmentation
from features.segments.offer_variables import collect_offer_variables, names_in_offers
from features.segments.rule_variables import check_rule_names, facts_for_rules, features_for_rules
from tests.featured import features_at
from tests.worlds import config, frame, shop

LINES = ("ada 2024-03-01 200", "bo 2024-03-05 10", "cyd 2023-05-01 500")
IDS = ("ada", "bo", "cyd")
TIERS = {"gold": Segment(rule="revenue_365d >= 200"), "silver": Segment(rule="recency_days < 30")}
SEGMENTS = {
    "recent-buyers": Segment(rule="recency_days < 30"),
    "vip": Segment(rule="segment_recent_buyers == 1 and customer_tier == 'gold'"),
}
RISK = np.array([0.1, 0.5, np.nan])


def settings_of(**changes: Any):
    tables = {name: TableSource(path="nowhere.parquet") for name in ("purchases", "customers")}
    return config(**{"segments": SEGMENTS, "customer_tiers": TIERS, "tables": tables, **changes})


def test_a_segment_may_use_customer_tiers_and_the_segments_before_it():
    settings = settings_of()
    check_rule_names(settings)

    segmentation = compute_segmentation(
        settings, features_at(shop(*LINES, settings=settings), *IDS), churn_probability=RISK
    )

    assert segmentation.in_segment.T.tolist() == [[True, True, False], [True, False, False]]
    assert {name: column.tolist() for name, column in segmentation.memberships().items()} == {
        "segment_recent_buyers": [1, 1, 0], "segment_vip": [1, 0, 0], "customer_tier": ["gold", "silver", "gold"],
    }  # fmt: skip
    assert features_for_rules(settings).isdisjoint({"customer_tier", "segment_recent_buyers"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segments": dict(reversed(SEGMENTS.items()))}, r"\[segments.vip\]: 'segment_recent_buyers' is not assigned"),
        (
            {"customer_tiers": {"top": Segment(rule="segment_vip == 1")}},
            r"\[customer_tiers.top\]: 'segment_vip' is not",
        ),
        ({"segments": {"me": Segment(rule="segment_me == 1")}}, "'segment_me' is not assigned yet; customer tiers"),
        ({"segments": {"it": Segment(rule="segment_gone == 1")}}, "unknown name 'segment_gone'"),
        ({"segments": {"it": Segment(rule="language == 'ja' and customer_tier == 'gold'")}}, None),
        (
            {"segments": {"it": Segment(rule="customer_tier == 'gold'")}, "customer_tiers": {}},
            "unknown name 'customer_",
        ),
    ],
)
def test_a_segment_that_is_assigned_later_is_refused_when_the_configuration_is_read(
    changes: dict[str, Any], message: str | None
):
    if message is None:
        check_rule_names(settings_of(**changes))
    else:
        with pytest.raises(RuleError, match=message):
            check_rule_names(settings_of(**changes))


def test_a_campaign_may_use_every_segment_and_tier():
    campaign = Campaign(
        goal="reorders",
        starts_on=date(2024, 4, 1),
        offers=("a",),
        rule="segment_vip == 1 and customer_tier == 'gold' and days_to_birthday < 9",
    )
    settings = settings_of(campaigns={"spring": campaign})
    check_rule_names(settings)

    assert facts_for_rules(settings) == {"days_to_birthday"}


def test_rules_of_offers_may_use_features_facts_segments_tiers_and_predictions():
    settings = settings_of()
    people = frame({"customer_id": "ada", "language": "ja"}, {"customer_id": "bo", "language": "en"})
    tables = shop(*LINES, settings=settings, customers=people)
    rule = "recency_days < 99 and language == 'ja' and segment_vip == 1 and customer_tier == 'gold'"
    offers = [Offer(offer_id="a", kind="item", rule=rule), Offer(offer_id="b", kind="item")]
    offers.append(Offer(offer_id="c", kind="item", rule="churn_probability > 0.3 and channel == 'mail'"))

    names = names_in_offers(settings, offers)
    columns = collect_offer_variables(tables, features_at(tables, *IDS), names=names, churn_probability=RISK)

    assert sorted(columns) == ["churn_probability", "customer_tier", "language", "recency_days", "segment_vip"]
    assert parse_rule(rule).evaluate(columns).tolist() == [True, False, False]
    assert parse_rule("churn_probability > 0.3").evaluate(columns).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("recensy_days > 3", r"\[offer a\]: unknown name 'recensy_days'; did you mean one of recency_days"),
        ("recency_days = 3", r"\[offer a\]: the rule 'recency_days = 3' cannot be read from '= 3' on; write =="),
    ],
)
def test_a_mistake_in_a_rule_of_an_offer_names_the_offer(rule: str, message: str):
    with pytest.raises(RuleError, match=message):
        names_in_offers(settings_of(), [Offer(offer_id="a", kind="item", rule=rule)])
