"""Ranks of the loyalty programme: what customers have reached, and how far the next rank is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.config.customers import Segment
from core.config.data_set import Config
from core.config.loyalty import LoyaltySettings
from core.config.sources import TableSource
from core.errors import ConfigError, RuleError
from core.rules.rule import parse_rule
from features.pipeline import compute_features
from features.segments.membership import compute_segmentation
from features.segments.offer_variables import collect_offer_variables
from features.segments.ranks import compute_ranks, with_ranks
from features.segments.rule_variables import check_rule_names, features_for_rules
from serving.build.segments import read_loyalty
from tests.featured import cohort
from tests.worlds import config, frame, shop

CUSTOMERS = ("ada", "bo", "cyd")
LINES = (
    "old 2020-01-01 1",
    "ada 2024-02-01 48000",
    "ada 2022-01-01 90000",
    "bo 2024-02-01 12000",
    "cyd 2024-03-01 50000",
)
ENTRY = {"customer_id": "ada", "event_time": "2024-01-01", "points": 7.0}
RANKS = {"gold": 50_000.0, "silver": 20_000.0}


def settings(rules: dict[str, str] | None = None, **loyalty: Any) -> Config:
    segments = {name: Segment(rule=rule) for name, rule in (rules or {}).items()}
    return config(loyalty=LoyaltySettings(**{"ranks": RANKS, **loyalty}), segments=segments)


def features_with(chosen: Config, *names: str, **frames: Any):
    tables = shop(*LINES, settings=chosen, **frames)
    return compute_features(tables, cohort(*CUSTOMERS), names=names)


def test_a_rank_is_reached_at_its_threshold_and_the_next_one_is_a_distance_away():
    chosen = settings()
    standings = compute_ranks(features_with(chosen, "net_spend_365d"), chosen.loyalty)

    assert standings is not None
    assert standings.ranks == ("silver", "gold")
    assert standings.place.tolist() == [0, -1, 1]
    np.testing.assert_array_equal(standings.distance, [2_000, 8_000, np.nan])


def test_a_window_and_a_basis_change_the_rank():
    total = settings(rank_window="total")
    standings = compute_ranks(features_with(total, "net_spend_total"), total.loyalty)
    assert standings is not None
    assert standings.place.tolist() == [1, -1, 1]

    by_points = settings(rank_by="balance", ranks={"silver": 10.0})
    rows = [{"customer_id": who, "event_time": "2024-01-01", "points": n} for who, n in (("ada", 9.0), ("bo", 30.0))]
    standings = compute_ranks(features_with(by_points, "points_balance", points=frame(*rows)), by_points.loyalty)
    assert standings is not None
    assert (standings.place.tolist(), standings.distance[:1].tolist()) == ([-1, 0, -1], [1])


def test_a_history_shorter_than_the_window_counts_as_a_whole():
    chosen = settings()
    tables = shop("ada 2024-02-01 48000", "bo 2024-02-01 12000", settings=chosen)
    features = compute_features(
        tables, cohort("ada", "bo"), names=features_for_rules(settings({"a": "rank == 'gold'"}))
    )

    standings = compute_ranks(features, chosen.loyalty)

    assert standings is not None
    assert standings.place.tolist() == [0, -1]


def test_a_segment_finds_who_is_2000_yen_away_from_gold():
    chosen = settings(
        {
            "nearly": "next_rank == 'gold' and distance_to_next_rank <= 2000",
            "none": "rank is missing",
            "top": "rank == 'gold'",
        }
    )
    features = features_with(chosen, *features_for_rules(chosen))

    members = compute_segmentation(chosen, features, churn_probability=np.full(3, np.nan)).in_segment

    assert members.T.tolist() == [[True, False, False], [False, True, False], [False, False, True]]


def test_ranks_are_listed_with_their_customers_and_what_they_ask_for():
    chosen = settings()
    segmentation = compute_segmentation(
        chosen, features_with(chosen, "net_spend_365d"), churn_probability=np.full(3, np.nan)
    )

    listed = [(one.name, one.definition, one.customers, one.value) for one in segmentation.rank_figures()]

    assert listed == [
        ("silver", "spend of 365d from 20,000 JPY", 1, 48_000),
        ("gold", "spend of 365d from 50,000 JPY", 1, 50_000),
    ]


def test_an_offer_can_be_limited_to_a_rank():
    chosen = settings()
    features = with_ranks(features_with(chosen, "net_spend_365d"), chosen)
    rule = "rank == 'silver' and distance_to_next_rank < 5000"

    columns = collect_offer_variables(
        shop(*LINES, settings=chosen),
        features,
        names=("rank", "distance_to_next_rank"),
        churn_probability=np.full(3, np.nan),
    )

    assert parse_rule(rule).evaluate(columns).tolist() == [True, False, False]


def test_the_page_of_a_customer_gets_points_and_rank_with_their_unit():
    chosen = settings()
    features = features_with(chosen, "net_spend_365d", "points_balance", points=frame(ENTRY))

    standing = read_loyalty(features, chosen)

    assert {name: column[0] for name, column in standing.items()} == {
        "points_balance": 7, "rank": "silver", "next_rank": "gold", "distance_to_next_rank": 2_000, "rank_unit": "JPY",
    }  # fmt: skip
    assert set(read_loyalty(features, config())) == {"points_balance"}


def test_without_ranks_no_rule_knows_one():
    bought = {"purchases": TableSource(path="purchases.csv")}

    with pytest.raises(RuleError, match="unknown name 'rank'"):
        check_rule_names(config(tables=bought, segments={"gold": Segment(rule="rank == 'gold'")}))


def test_ranks_by_points_need_the_table_and_no_attribute_of_the_same_name():
    bought = {"purchases": TableSource(path="purchases.csv")}

    with pytest.raises(ConfigError, match=r'rank_by = "earned" needs the table .points.; add \[tables.points\]'):
        check_rule_names(config(tables=bought, loyalty=LoyaltySettings(ranks=RANKS, rank_by="earned")))
    with pytest.raises(ConfigError, match="customers lists 'rank'"):
        check_rule_names(
            config(tables=bought, loyalty=LoyaltySettings(ranks=RANKS), attributes={"customers": ("rank",)})
        )


def test_two_ranks_with_one_threshold_are_refused():
    with pytest.raises(ValueError, match="gold and platinum both begin at 50000"):
        LoyaltySettings(ranks={"gold": 50_000.0, "platinum": 50_000.0})
