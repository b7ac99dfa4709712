"""What contacts are worth in a release: values, offers that are open to a customer, and the list within a capacity."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from core.config.customers import Segment
from core.config.decisions import ChannelSettings, DecisionSettings
from core.config.money import OfferAssumptions, RetentionSettings
from core.config.sources import TableSource
from core.effects import Effects
from core.offers import Offer
from serving.build.inputs import BuildInputs, Champions
from serving.build.retention import build_part, collect_values, describe_offer
from serving.release.release import ReleasePart
from serving.release.retention_part import RetentionPart
from serving.release.uplift_part import UpliftPart
from tests.serving.sample_release import CUSTOMERS, churn_part, segment_part, value_part
from tests.worlds import config, frame, shop

CUTOFF = date(2026, 4, 1)
IDS = np.array(["ada", "bo", "cyd"])
ADA, BO, CYD = 0, 1, 2


def build(*offers: dict[str, Any], extra: dict[str, ReleasePart] | None = None, **settings: Any) -> RetentionPart:
    """The part of a shop where Ada bought three times, Bo and Cyd once. Ada is worth 1,000, Cyd 10, Bo is unknown."""
    tables = shop(
        "ada 2026-01-01", "ada 2026-02-01", "ada 2026-03-01", "bo 2026-03-01", "cyd 2026-03-01",
        settings=config(tables={"purchases": TableSource(path="nowhere.parquet")}, **settings),
        **({"offers": frame(*offers)} if offers else {}),
    )  # fmt: skip
    inputs = BuildInputs(tables.config, tables, Champions({}, {}), CUTOFF)
    built = build_part(inputs, {"churn": churn_part(), "segments": segment_part(), **(extra or {})}).part
    assert isinstance(built, RetentionPart)
    return built


def voucher(offer_id: str, **columns: Any) -> dict[str, Any]:
    return {"offer_id": offer_id, "kind": "discount", "cost": 5.0, "margin": 0.0} | columns


def test_the_cheapest_offer_that_is_open_to_a_customer_is_chosen():
    part = build(
        voucher("dear", cost=9.0),
        voucher("loyal", cost=1.0, rule="orders_total >= 3"),
        voucher("risky", cost=2.0, rule="churn_probability > 0.8"),
        voucher("item", cost=0.0, kind="item"),
        voucher("over", cost=0.0, ends_at="2026-04-01"),
        voucher("later", cost=0.0, starts_at="2026-04-02"),
        voucher("sold_out", cost=0.0, capacity=0),
    )

    assert [offer.offer_id for offer in part.offers] == ["dear", "later", "loyal", "over", "risky"]
    assert [part.offers[place].offer_id for place in part.offer.tolist()] == ["loyal", "dear", "risky"]


def test_a_variable_that_only_a_situation_has_makes_no_customer_eligible():
    part = build(
        voucher("now", rule="basket > 100"),
        voucher("always"),
        decisions=DecisionSettings(context={"basket": "number"}),
    )

    assert [part.offers[place].offer_id for place in part.offer.tolist()] == ["always"] * 3


def test_a_rule_may_use_segments():
    part = build(
        voucher("often", cost=1.0, rule="segment_often == 1"),
        voucher("always"),
        segments={"often": Segment(rule="orders_total >= 3")},
    )

    assert [part.offers[place].offer_id for place in part.offer.tolist()] == ["often", "always", "always"]


def test_an_offer_that_is_known_to_harm_a_customer_is_not_made():
    effect = np.array([[0.2], [0.0], [-0.3]])
    effects = Effects(
        customer_ids=CUSTOMERS, treatments=("always",), effect=effect, low=effect - 0.1, high=effect + 0.1,
        without=np.full((3, 1), 0.1),
    )  # fmt: skip
    harm = UpliftPart.of(effects, outcome="stayed", opted_out=np.array([], dtype=np.str_))

    part = build(voucher("always"), extra={"uplift": harm})

    assert part.offer.tolist() == [0, -1, 0]


def test_without_offers_there_is_none_and_nothing_is_assumed_where_no_value_is_known():
    assert build().offer.tolist() == [-1, -1, -1]
    tables = shop("ada 2026-03-01")
    segments = replace(segment_part(), yearly_value=np.full(3, np.nan))
    inputs = BuildInputs(tables.config, tables, Champions({}, {}), CUTOFF)
    part = build_part(inputs, {"churn": churn_part(), "segments": segments}).part
    assert isinstance(part, RetentionPart)
    assert (part.assumptions, part.offer.tolist()) == (None, [-1, -1, -1])


def test_the_list_leaves_out_who_refuses_contact_and_ranks_by_net_value():
    """All are kept at no cost: Ada 0.5 x 0.3 x 1000, Cyd 0.9 x 0.3 x 10."""
    free = RetentionSettings(offer_cost=0, contact_cost=0, capacity=1)

    consenting = build(retention=free)
    refusing = build(retention=free, extra={"segments": segment_part(opted_out={"contact": np.array(["ada"])})})

    assert consenting.assumptions is not None
    assert refusing.assumptions is not None
    assert (consenting.rank.tolist(), consenting.assumptions.min_net_value) == ([0, 2, 1], 150)
    assert (refusing.rank[CYD], refusing.assumptions.min_net_value) == (0, 3)


def test_what_a_customer_is_worth_is_stated_predicted_or_of_the_last_year():
    def values(value=None, **settings: Any) -> tuple[str, list[float]]:
        worth = collect_values(config(**settings), value, segments=segment_part(), customer_ids=IDS)
        return worth.kind, worth.amounts.tolist()

    of_year = values()
    assert (of_year[0], of_year[1][ADA], of_year[1][CYD]) == ("revenue", 1000, 10)
    assert np.isnan(of_year[1][BO])
    # The predicted value of a customer who stays: over P(alive).
    predicted = values(value_part())
    assert (predicted[0], predicted[1]) == ("predicted", [pytest.approx(730), 0, pytest.approx(3650 / 0.9)])
    assert values(value_part(), retention=RetentionSettings(customer_value=7)) == ("stated", [7, 7, 7])
    unknown = replace(segment_part(), yearly_value=np.full(3, np.nan))
    offers = config(offers=OfferAssumptions(customer_value=8))
    assert collect_values(offers, None, segments=unknown, customer_ids=IDS).amounts.tolist() == [8, 8, 8]


def test_the_cost_of_an_offer_includes_that_of_its_channel():
    channels = DecisionSettings(channels={"phone": ChannelSettings(cost=3)})
    offer = Offer(offer_id="call", kind="discount", cost=2, channel="phone")

    assert describe_offer(offer, config(decisions=channels)).cost == 5
    assert describe_offer(offer, config()).cost == 2
