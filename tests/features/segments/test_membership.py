"""Assigning customers to segments and customer tiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from core.config.customers import Segment
from core.config.sources import TableSource
from core.config.training import PredictedEvent
from core.errors import DataError, RuleError, SourceUnavailable
from core.segmentation import Segmentation
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from features.segments.rule_variables import check_rule_names, features_for_rules
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop

CUSTOMERS = ("ada", "bo", "cyd", "dan")
PURCHASES = [
    "old 2020-01-01",
    *["ada 2024-03-01 20"] * 5,
    "bo 2024-03-05 10",
    "cyd 2023-05-01 500",
    "dan 2024-03-07 -5",
]
RISK = np.array([0.1, 0.5, np.nan, 0.9])


def segment_customers(segments: dict[str, Segment], risk: np.ndarray = RISK, **settings: Any) -> Segmentation:
    lines = [f"{line} order_id={place}" for place, line in enumerate(PURCHASES)]
    data_set = config(segments=segments, **settings)
    return compute_segmentation(
        data_set, features_at(shop(*lines, settings=data_set), *CUSTOMERS), churn_probability=risk
    )


def members(segment: Segment) -> list[str]:
    segmentation = segment_customers({"it": segment})
    return segmentation.customer_ids[segmentation.in_segment[:, 0]].tolist()


RULES = [
    ("recency_days < 30 and frequency >= 5", ["ada"]),
    ("recency_days < 30", ["ada", "bo"]),
    ("orders_total == 1", ["bo", "cyd"]),
    ("revenue_365d > 99 or churn_probability > 0.8", ["ada", "cyd", "dan"]),
    ("health >= 50", ["ada", "bo"]),
    ("not churn_probability > 0.4", ["ada"]),
    ("recency_days is missing", ["dan"]),
]


@pytest.mark.parametrize(("rule", "expected"), RULES)
def test_a_rule_selects_by_features_key_figures_and_churn_probability(rule: str, expected: list[str]):
    assert members(Segment(rule=rule)) == expected


def test_the_features_for_rules_are_enough_to_assign_customers():
    rules = {f"rule {place}": Segment(rule=rule) for place, (rule, _) in enumerate(RULES)}
    tops = {by: Segment(top=0.5, by=by) for by in ("value", "orders_30d", "health")}
    settings = config(segments=rules | tops, customer_tiers={"named": Segment(customers=("bo",))})
    tables = shop(*(f"{line} order_id={place}" for place, line in enumerate(PURCHASES)), settings=settings)

    few = compute_features(tables, cohort(*CUSTOMERS), names=features_for_rules(settings))
    by_few, by_all = (
        compute_segmentation(settings, features, churn_probability=RISK)
        for features in (few, features_at(tables, *CUSTOMERS))
    )

    assert 0 < len(few.names) < 12
    assert by_few.in_segment.tolist() == by_all.in_segment.tolist()
    assert by_few.customer_tier.tolist() == by_all.customer_tier.tolist() == [-1, 0, -1, -1]


def test_a_rule_compares_listed_attributes_by_their_words():
    rows = [
        {"customer_id": customer, "town": town, "valid_from": "2020-01-01"}
        for customer, town in zip(CUSTOMERS, "ABAB", strict=True)
    ]
    settings = config(segments={"a": Segment(rule="town == 'A'")}, attributes={"customers": ("town",)})
    tables = shop(*PURCHASES, settings=settings, customers=frame(*rows))

    segmentation = compute_segmentation(settings, features_at(tables, *CUSTOMERS), churn_probability=RISK)

    assert segmentation.in_segment[:, 0].tolist() == [True, False, True, False]


def test_a_list_counts_the_ids_that_are_no_customer(tmp_path: Path):
    listed = tmp_path / "accounts.csv"
    listed.write_text("note,customer_id\nfirst,bo\n,zed\nagain,bo\n,\n")
    segmentation = segment_customers(
        {"file": Segment(customers_file=str(listed)), "line": Segment(customers=("ada", "cyd"))}
    )

    assert segmentation.in_segment.T.tolist() == [[False, True, False, False], [True, False, True, False]]
    assert [(segment.definition, segment.not_found) for segment in segmentation.segments] == [
        ("2 named", 1),
        ("2 named", 0),
    ]


def test_a_top_share_is_of_all_customers_and_breaks_ties_by_id():
    assert members(Segment(top=0.25)) == ["cyd"]
    assert members(Segment(top=0.5, by="revenue_365d")) == ["ada", "cyd"]
    assert members(Segment(top=0.5, by="churn_probability")) == ["bo", "dan"]
    assert members(Segment(top=1.0, by="churn_probability")) == ["ada", "bo", "dan"]
    assert members(Segment(top=0.25, by="orders_30d"))[0] == "ada"


def test_a_customer_belongs_to_the_first_tier_that_fits():
    customer_tiers = {"gold": Segment(rule="revenue_365d >= 100"), "active": Segment(rule="recency_days < 30")}

    segmentation = segment_customers({}, customer_tiers=customer_tiers)

    assert segmentation.customer_tier.tolist() == [0, 1, 0, -1]
    sizes = [(figures.name, figures.customers) for figures in segmentation.tier_figures()]
    assert sizes == [
        ("gold", 2),
        ("active", 1),
    ]


def test_each_segment_has_its_size_value_risk_and_health():
    segmentation = segment_customers(
        {"all": Segment(customers=CUSTOMERS, action="call"), "one": Segment(customers=("bo",))}
    )

    whole, one = segmentation.segment_figures()

    assert (whole.customers, whole.share, whole.action) == (4, 1.0, "call")
    assert (whole.value, one.value) == (605.0, 10.0)
    assert whole.risk.value == pytest.approx(0.5)
    assert whole.risk.low < 0.5 < whole.risk.high
    assert whole.expected_loss.value == pytest.approx(0.1 * 100 + 0.5 * 10 + 0.9 * -5)
    assert one.health.value == pytest.approx(50)


def test_risk_and_health_are_missing_without_scores():
    figures = segment_customers({"it": Segment(customers=CUSTOMERS)}, risk=np.full(4, np.nan)).segment_figures()[0]

    assert np.isnan([figures.risk.value, figures.expected_loss.value, figures.health.value]).all()


UNKNOWN = [
    (
        Segment(rule="recensy_days < 3"),
        r"\[segments.it\]: unknown name 'recensy_days'; did you mean one of recency_days,",
    ),
    (Segment(rule="mrr > 3"), "unknown name 'mrr'"),
    (Segment(rule="order_share_via_web > 0.5 and main_channel == 'web'"), None),
    (Segment(rule="order_share_of_web > 0.5"), "unknown name 'order_share_of_web'"),
    (Segment(rule="tickets_open > 3"), "unknown name 'tickets_open'"),
    (Segment(top=0.2, by="spendings"), "unknown name 'spendings'"),
    (Segment(rule="town == 'A' and days_since_joined_at > 3"), None),
    (Segment(rule="account_town == 'A'"), "did you mean"),
]


@pytest.mark.parametrize(("segment", "message"), UNKNOWN)
def test_an_unknown_name_is_refused_when_the_configuration_is_read(segment: Segment, message: str | None):
    settings = config(
        segments={"it": segment},
        tables={"purchases": TableSource(path="nowhere.parquet")},
        attributes={"customers": ("town", "joined_at")},
    )

    if message is None:
        check_rule_names(settings)
    else:
        with pytest.raises(RuleError, match=message):
            check_rule_names(settings)


def test_a_rule_over_a_feature_that_the_data_does_not_have_is_refused():
    with pytest.raises(RuleError, match="this data set has no 'order_share_via_web'"):
        members(Segment(rule="order_share_via_web > 0.5"))


def test_a_missing_or_empty_file_of_customers_is_reported(tmp_path: Path):
    with pytest.raises(SourceUnavailable, match=r"\[segments.it\]: no file of customers at"):
        members(Segment(customers_file=str(tmp_path / "gone.csv")))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="is empty"):
        members(Segment(customers_file=str(tmp_path / "empty.csv")))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "exactly one"),
        ({"top": 0.1, "rule": "mrr > 1"}, "exactly one"),
        ({"rule": "mrr > 1", "by": "mrr"}, "by needs top"),
        ({"top": 1.5}, "<= 1.0"),
    ],
)
def test_a_segment_needs_exactly_one_selection(fields: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        msgspec.convert(fields, Segment)


def test_a_rule_selects_by_the_probability_of_an_event():
    event = PredictedEvent(table="purchases", horizon_days=30)
    settings = config(segments={"it": Segment(rule="buys_again_probability > 0.5")}, predict={"buys_again": event})
    check_rule_names(settings)

    def members_with(probabilities: dict[str, np.ndarray]) -> list[str]:
        features = features_at(shop("ada 2024-03-01", "bo 2024-03-05", settings=settings), "ada", "bo")
        segmentation = compute_segmentation(
            settings, features, churn_probability=np.full(2, np.nan), event_probabilities=probabilities
        )
        return segmentation.customer_ids[segmentation.in_segment[:, 0]].tolist()

    assert members_with({"buys_again": np.array([0.2, 0.8])}) == ["bo"]
    assert members_with({"buys_again": np.array([np.nan, np.nan])}) == []
