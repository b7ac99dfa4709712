"""Customers month by month, and their groups at the start of each month, from what was known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.customers import Segment
from core.config.data_set import Config
from core.config.training import ChurnDefinition
from core.errors import NotEnoughHistory, RuleError
from core.feature_table import FeatureColumn, FeatureTable
from core.window import Cohort
from insights.causes.person_months import (
    SEGMENT,
    TIER,
    Membership,
    PersonMonths,
    attribute_memberships,
    load_memberships,
    load_person_months,
    newest_months,
    segment_memberships,
)
from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables
from tests.insights.causes.worlds import subscriptions
from tests.worlds import config, shop


def tables(*lines: str, each_subscription: bool = False) -> Tables:
    churn = ChurnDefinition(definition="subscription_ended", grace_days=30, each_subscription=each_subscription)
    return shop(settings=config(watermark=date(2024, 9, 1), churn=churn), subscriptions=subscriptions(*lines))


def newest_two(read: Tables) -> PersonMonths:
    episodes = SubscriptionEpisodes.of(read)
    months = newest_months(episodes, 2)
    mrr = MrrTable.of(load_spans(read, ExcludedRows()), months_between(months[0], months[-1]), money=Money("JPY"))
    return load_person_months(episodes, mrr, months=months)


def rows_of(rows: PersonMonths) -> list[tuple[str, str, bool]]:
    return list(zip(rows.customer_ids.tolist(), rows.months.astype(str).tolist(), rows.churned.tolist(), strict=True))


def test_rows_are_customers_running_at_the_first_midnight_and_churn_is_of_the_month():
    rows = newest_two(tables("ada 2024-05-10 2024-07-15 price", "bo 2024-07-02 -"))

    assert rows_of(rows) == [("ada", "2024-06", False), ("ada", "2024-07", True)]
    assert rows.tenure_days.tolist() == [22, 52]
    assert rows.mrr_units.tolist() == [100, 100]


def test_a_customer_in_a_lapse_has_no_row():
    rows = newest_two(tables("ada 2024-01-10 2024-06-20", "ada 2024-07-10 -", "bo 2024-01-10 -"))

    assert rows_of(rows) == [("ada", "2024-06", False), ("bo", "2024-06", False), ("bo", "2024-07", False)]


def test_with_each_subscription_a_customer_has_one_row_and_churns_with_the_first_end():
    both = pa.concat_tables(
        [
            subscriptions("ada 2024-01-10 -", subscription_id="a"),
            subscriptions("ada 2024-02-10 2024-07-15", subscription_id="b"),
        ],
        promote_options="permissive",
    )
    settings = tables("ada 2024-01-10 -", each_subscription=True).config

    rows = newest_two(shop(settings=settings, subscriptions=both))

    assert rows_of(rows) == [("ada", "2024-06", False), ("ada", "2024-07", True)]


def test_without_a_whole_month_there_is_not_enough_history():
    with pytest.raises(NotEnoughHistory, match="churn is not known for any whole month"):
        newest_months(SubscriptionEpisodes.of(tables("ada 2024-07-20 -")), 12)


MONTHS = ("2024-03", "2024-05")
BOUGHT = ["old 2020-01-01", "ada 2024-02-20 20 order_id=a", "bo 2024-04-25 10 order_id=b"]


def without_features(ids: list[str], cutoffs: list[str]) -> FeatureTable:
    """Customers without any feature."""
    return FeatureTable(np.array(ids, dtype=str), np.array(cutoffs, "M8[D]"), np.empty((len(ids), 0)), ())


def groups_of(
    settings: Config, risk: tuple[float, ...] = (0.1, 0.9, 0.8, 0.2), bought: list[str] = BOUGHT
) -> dict[tuple[str, str], list[bool]]:
    """Ada and bo in March, then in May."""
    cohort = Cohort(np.array(["ada", "bo"] * 2), np.repeat(np.array(MONTHS, "M8[D]"), 2))
    return by_name(load_memberships(shop(*bought, settings=settings), cohort, risk=np.array(risk)))


def by_name(groups: tuple[Membership, ...]) -> dict[tuple[str, str], list[bool]]:
    return {(group.by, group.value): group.rows.tolist() for group in groups}


def test_a_rule_uses_what_was_known_at_the_start_of_the_month():
    lately = config(segments={"lately": Segment(rule="recency_days < 30"), "once": Segment(rule="orders_total >= 1")})

    groups = groups_of(lately)

    assert groups[SEGMENT, "lately"] == [True, False, False, True]
    assert groups[SEGMENT, "once"] == [True, False, True, True]


def test_a_figure_that_no_customer_had_in_a_month_matches_no_customer_then():
    lately = config(segments={"lately": Segment(rule="recency_days < 90")})

    assert groups_of(lately, bought=["old 2020-01-01", "ada 2024-04-01"])[SEGMENT, "lately"] == [
        False,
        False,
        True,
        False,
    ]


def test_risk_and_health_are_the_model_s_for_the_month():
    settings = config(
        segments={"shaky": Segment(rule="churn_probability > 0.5"), "well": Segment(rule="health >= 75")},
    )

    groups = groups_of(settings)

    assert groups[SEGMENT, "shaky"] == [False, True, True, False]
    assert groups[SEGMENT, "well"] == [True, False, False, True]


def test_a_customer_is_in_several_segments_and_in_the_first_tier_that_fits():
    settings = config(
        segments={"us": Segment(customers=("ada", "bo")), "me": Segment(customers=("ada",))},
        customer_tiers={"gold": Segment(customers=("ada",)), "silver": Segment(rule="churn_probability > 0.5")},
    )

    groups = groups_of(settings)

    assert groups[SEGMENT, "us"] == [True] * 4
    assert groups[SEGMENT, "me"] == groups[TIER, "gold"] == [True, False, True, False]
    assert groups[TIER, "silver"] == [False, True, False, False]
    assert groups[TIER, ""] == [False, False, False, True]
    assert list(groups) == [(SEGMENT, "us"), (SEGMENT, "me"), (TIER, "gold"), (TIER, "silver"), (TIER, "")]


def test_a_rule_that_the_data_cannot_answer_is_an_error():
    with pytest.raises(RuleError, match=r"this data set has no 'order_share_via_fax'; did you mean one of "):
        groups_of(config(segments={"fax": Segment(rule="order_share_via_fax > 0.5")}))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0.01, 0.99)), min_size=1, max_size=40), st.floats(0.05, 1))
def test_a_top_share_is_taken_of_each_month_s_customers_and_tiers_partition_them(rows, share: float):
    month, risk = (np.array(part) for part in zip(*sorted(rows), strict=True))
    days = [str(date(2024, 1 + one, 1)) for one in month]
    features = without_features([f"c{place:02d}" for place in range(len(rows))], days)
    top = Segment(top=share, by="churn_probability")

    groups = segment_memberships(config(segments={"top": top}, customer_tiers={"first": top}), features, risk=risk)

    for one in np.unique(month):
        then = month == one
        assert groups[0].rows[then].sum() == round(share * then.sum())
        assert risk[then & groups[0].rows].min(initial=1) >= risk[then & ~groups[0].rows].max(initial=0)
    tiers = [group.rows for group in groups if group.by == TIER]
    np.testing.assert_array_equal(np.sum(tiers, axis=0), 1)


def test_an_attribute_named_segment_is_not_a_segment():
    column = FeatureColumn(
        name="segment",
        family="attributes",
        unit="word",
        en="segment",
        ja="segment",
        missing="none",
        digest="d",
        vocabulary=("a",),
    )
    features = replace(without_features(["ada"], ["2024-03-01"]), values=np.zeros((1, 1)), columns=(column,))

    assert by_name(tuple(attribute_memberships(features))) == {("attributes.segment", "a"): [True]}


def test_without_segments_and_tiers_none_are_computed():
    assert groups_of(config()) == {}


def test_a_text_counts_in_the_group_of_its_writer_at_the_start_of_the_month():
    zeros = np.zeros(3, int)
    rows = PersonMonths(
        customer_ids=np.array(["ada", "bo", "ada"]),
        months=np.array(["2024-03", "2024-03", "2024-04"], "M8[M]"),
        episodes=zeros,
        churned=zeros.astype(bool),
        tenure_days=zeros,
        mrr_units=zeros,
    )
    writers, months = ["ada", "ada", "bo", "cyd", "bo"], ["2024-04", "2024-03", "2024-03", "2024-03", "2024-04"]

    places = rows.places_of(np.array(writers), np.array(months, "M8[M]"))

    assert places.tolist() == [2, 0, 1, -1, -1]
    group = Membership(SEGMENT, "lively", np.array([False, True, True]))
    assert group.of_places(places).rows.tolist() == [True, False, True, False, False]
