"""Who belongs to which segment and tier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config.relations import Segment
from core.config.sources import TableSource
from core.errors import DataError, RuleError, SourceUnavailable
from core.segmentation import Segmentation
from features.pipeline import compute_features
from features.segments.membership import segmentation_of
from features.segments.rule_variables import features_of_rules, refuse_unknown_names
from tests.featured import cohort, features_at
from tests.worlds import config, frame, shop

WHO = ("ada", "bo", "cyd", "dan")
BOUGHT = ["old 2020-01-01", *["ada 2024-03-01 20"] * 5, "bo 2024-03-05 10", "cyd 2023-05-01 500", "dan 2024-03-07 -5"]
RISK = np.array([0.1, 0.5, np.nan, 0.9])


def segmented(segments: dict[str, Segment], risk: np.ndarray = RISK, **stated: Any) -> Segmentation:
    lines = [f"{line} order_id={place}" for place, line in enumerate(BOUGHT)]
    settings = config(segments=segments, **stated)
    return segmentation_of(settings, features_at(shop(*lines, settings=settings), *WHO), risk)


def members(segment: Segment, **stated: Any) -> list[str]:
    found = segmented({"it": segment}, **stated)
    return found.customer_ids[found.in_segment[:, 0]].tolist()


RULES = [
    ("recency_days < 30 and frequency >= 5", ["ada"]),
    ("recency_days < 30", ["ada", "bo"]),
    ("orders_total == 1", ["bo", "cyd"]),
    ("revenue_365d > 99 or churn_probability > 0.8", ["ada", "cyd", "dan"]),
    ("health >= 50", ["ada", "bo"]),
    ("not churn_probability > 0.4", ["ada"]),
    ("recency_days is missing", ["dan"]),
]


@pytest.mark.parametrize(("rule", "who"), RULES)
def test_a_rule_speaks_of_features_key_figures_and_risk(rule: str, who: list[str]):
    assert members(Segment(rule=rule)) == who


def test_the_features_that_rules_rest_on_are_enough_to_tell_who_belongs_where():
    rules = {f"rule {place}": Segment(rule=rule) for place, (rule, _) in enumerate(RULES)}
    tops = {by: Segment(top=0.5, by=by) for by in ("value", "orders_30d", "health")}
    settings = config(segments=rules | tops, customer_tiers={"named": Segment(customers=("bo",))})
    tables = shop(*(f"{line} order_id={place}" for place, line in enumerate(BOUGHT)), settings=settings)

    few = compute_features(tables, cohort(*WHO), names=features_of_rules(settings))
    by_few, by_all = (segmentation_of(settings, features, RISK) for features in (few, features_at(tables, *WHO)))

    assert 0 < len(few.names) < 12
    assert by_few.in_segment.tolist() == by_all.in_segment.tolist()
    assert by_few.customer_tier.tolist() == by_all.customer_tier.tolist() == [-1, 0, -1, -1]


def test_a_rule_speaks_of_listed_attributes_by_their_words():
    rows = [
        {"customer_id": who, "town": town, "valid_from": "2020-01-01"} for who, town in zip(WHO, "ABAB", strict=True)
    ]
    settings = config(segments={"a": Segment(rule="town == 'A'")}, attributes={"customers": ("town",)})
    tables = shop(*BOUGHT, settings=settings, customers=frame(*rows))

    found = segmentation_of(settings, features_at(tables, *WHO), RISK)

    assert found.in_segment[:, 0].tolist() == [True, False, True, False]


def test_a_named_list_counts_whom_it_cannot_find(tmp_path: Path):
    listed = tmp_path / "accounts.csv"
    listed.write_text("note,customer_id\nfirst,bo\n,zed\nagain,bo\n,\n")
    found = segmented({"file": Segment(customers_file=str(listed)), "line": Segment(customers=("ada", "cyd"))})

    assert found.in_segment.T.tolist() == [[False, True, False, False], [True, False, True, False]]
    assert [(group.says, group.not_found) for group in found.segments] == [("2 named", 1), ("2 named", 0)]


def test_the_top_share_is_of_all_customers_and_equal_ones_go_by_id():
    assert members(Segment(top=0.25)) == ["cyd"]
    assert members(Segment(top=0.5, by="revenue_365d")) == ["ada", "cyd"]
    assert members(Segment(top=0.5, by="churn_probability")) == ["bo", "dan"]
    assert members(Segment(top=1.0, by="churn_probability")) == ["ada", "bo", "dan"]
    assert members(Segment(top=0.25, by="orders_30d"))[0] == "ada"


def test_a_customer_has_the_first_tier_that_fits_and_no_other():
    customer_tiers = {"gold": Segment(rule="revenue_365d >= 100"), "lively": Segment(rule="recency_days < 30")}

    found = segmented({}, customer_tiers=customer_tiers)

    assert found.customer_tier.tolist() == [0, 1, 0, -1]
    assert [(figures.name, figures.customers) for figures in found.tier_figures()] == [("gold", 2), ("lively", 1)]


def test_each_segment_has_its_size_value_risk_and_health():
    found = segmented({"all": Segment(customers=WHO, action="call"), "one": Segment(customers=("bo",))})

    everybody, one = found.segment_figures()

    assert (everybody.customers, everybody.share, everybody.action) == (4, 1.0, "call")
    assert (everybody.value, one.value) == (605.0, 10.0)
    assert everybody.risk.value == pytest.approx(0.5)
    assert everybody.risk.low < 0.5 < everybody.risk.high
    assert everybody.expected_loss.value == pytest.approx(0.1 * 100 + 0.5 * 10 + 0.9 * -5)
    assert one.health.value == pytest.approx(50)


def test_without_scores_nobody_claims_to_know_the_risk():
    figures = segmented({"it": Segment(customers=WHO)}, risk=np.full(4, np.nan)).segment_figures()[0]

    assert np.isnan([figures.risk.value, figures.expected_loss.value, figures.health.value]).all()


UNKNOWN = [
    (
        Segment(rule="recensy_days < 3"),
        r"\[segments.it\] speaks of 'recensy_days', .* did you mean one of recency_days,",
    ),
    (Segment(rule="mrr > 3"), "'mrr', which is unknown"),
    (Segment(rule="order_share_via_web > 0.5 and main_channel == 'web'"), None),
    (Segment(rule="order_share_of_web > 0.5"), "'order_share_of_web', which is unknown"),
    (Segment(rule="tickets_open > 3"), "'tickets_open', which is unknown"),
    (Segment(top=0.2, by="spendings"), "'spendings', which is unknown"),
    (Segment(rule="town == 'A' and days_since_joined_at > 3"), None),
    (Segment(rule="account_town == 'A'"), "did you mean"),
]


@pytest.mark.parametrize(("segment", "saying"), UNKNOWN)
def test_a_name_that_no_customer_has_is_refused_when_the_configuration_is_read(segment: Segment, saying: str | None):
    settings = config(
        segments={"it": segment},
        tables={"purchases": TableSource(path="nowhere.parquet")},
        attributes={"customers": ("town", "joined_at")},
    )

    if saying is None:
        refuse_unknown_names(settings)
    else:
        with pytest.raises(RuleError, match=saying):
            refuse_unknown_names(settings)


def test_a_rule_that_the_data_turn_out_not_to_answer_is_refused():
    with pytest.raises(RuleError, match="this data set has no 'order_share_via_web'"):
        members(Segment(rule="order_share_via_web > 0.5"))


def test_a_list_that_is_not_there_is_said_to_be(tmp_path: Path):
    with pytest.raises(SourceUnavailable, match=r"\[segments.it\]: no file of customers at"):
        members(Segment(customers_file=str(tmp_path / "gone.csv")))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="is empty"):
        members(Segment(customers_file=str(tmp_path / "empty.csv")))


@pytest.mark.parametrize(
    ("stated", "saying"),
    [({}, "exactly one"), ({"top": 0.1, "rule": "mrr > 1"}, "exactly one"), ({"top": 1.5}, "above 0 and at most 1"),
     ({"rule": "mrr > 1", "by": "mrr"}, "by goes with top")],
)  # fmt: skip
def test_a_segment_says_one_thing(stated: dict[str, Any], saying: str):
    with pytest.raises(ValueError, match=saying):
        Segment(**stated)
