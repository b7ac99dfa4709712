"""Which contacts are evidence of an effect, and the rows that come of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from core.config.training import ChurnDefinition, UpliftSettings
from core.errors import BadInput, DataError, NotEnoughHistory
from features.contact_features import choose_cutoffs
from tables.building import tables_from_frames
from tables.tables import Tables
from tests.training.uplift.campaign_worlds import Campaigns, simulate_campaigns
from tests.worlds import config
from training.uplift.evidence import advise_more_outcomes
from training.uplift.rows import UpliftRows, load_uplift_rows

WORLD = Campaigns(n_customers=300, days=(200, 230))
"Two campaigns."


def tables_of(frames: dict[str, pa.Table], **uplift: Any) -> Tables:
    """The tables, with features at a single cutoff unless a test states how many."""
    uplift = {"max_cutoffs": 1} | uplift
    settings = config(active_days=365, churn=ChurnDefinition(horizon_days=30), uplift=UpliftSettings(**uplift))
    return tables_from_frames(settings, frames)


@cache
def load(world: Campaigns = WORLD, **uplift: Any) -> UpliftRows:
    return load_uplift_rows(tables_of(simulate_campaigns(world), **uplift))


def change(frames: dict[str, pa.Table], name: str, values: Any) -> dict[str, pa.Table]:
    """The tables with another column of contacts; None takes the column out."""
    contacts = (
        frames["contacts"].drop_columns([name]) if name in frames["contacts"].column_names else frames["contacts"]
    )
    return {**frames, "contacts": contacts if values is None else contacts.append_column(name, pa.array(values))}


def test_every_contact_of_a_campaign_with_a_control_group_is_a_row():
    rows = load()

    (data,) = rows.data.values()
    assert list(rows.data) == ["voucher"]
    assert len(data.rows) == 600
    assert data.rows.propensities == pytest.approx(0.5)
    assert rows.outcome.definition == "a purchase within 14 days of a contact"
    assert data.rows.average_effect == pytest.approx(0.125, abs=0.08)


def test_features_are_those_known_before_the_contact():
    rows = load(max_cutoffs=12)
    features = rows.data["voucher"].features
    orders = features.column("orders_total")
    first, second = (features.cutoffs == day for day in np.unique(features.cutoffs))

    assert (orders[first] <= 4).all()  # the answer to the first voucher has not happened yet
    assert orders[second].sum() > orders[first].sum()


def test_few_days_at_which_features_are_computed_never_come_after_the_contact():
    rows = load(max_cutoffs=1)

    assert len(rows.cutoffs) == 1
    assert (rows.data["voucher"].features.cutoffs <= rows.days["voucher"]).all()


def test_cutoffs_are_spread_over_the_contacts_and_begin_with_the_first_day():
    days = np.datetime64("2025-01-01", "D") + np.arange(100)

    assert choose_cutoffs(days, 4).astype(str).tolist() == ["2025-01-01", "2025-01-26", "2025-02-20", "2025-03-17"]
    assert len(choose_cutoffs(days[:3], 12)) == 3


def test_contacts_whose_horizon_has_not_ended_are_left_out():
    rows = load(horizon_days=131)  # the second campaign is 130 days before the end of the record

    assert len(rows.data["voucher"].rows) == 300


def test_an_average_effect_on_an_amount_is_money():
    by_outcome = {outcome: load(outcome=outcome).notes[0] for outcome in ("amount", "purchased")}

    assert re.search(r"average effect [+-][\d,]+\.\d\d [A-Z]{3}", by_outcome["amount"])
    assert re.search(r"average effect [+-]0\.\d{4}[.;]", by_outcome["purchased"])


def test_an_amount_is_what_was_bought_within_the_horizon():
    rows = load(outcome="amount").data["voucher"].rows

    assert set(np.unique(rows.outcomes)) == {0.0, 20.0}


def test_customers_who_buy_again_have_stayed():
    bought, stayed = load(), load(outcome="stayed")

    assert stayed.outcome.definition == "no churn within 30 days of a contact"
    assert (stayed.data["voucher"].rows.outcomes >= bought.data["voucher"].rows.outcomes).all()


def test_churn_counts_from_the_contact_however_few_days_have_features():
    few, many = (load(outcome="stayed", max_cutoffs=n).data["voucher"].rows for n in (1, 12))

    assert few.outcomes.tolist() == many.outcomes.tolist()


def test_control_customers_of_another_offer_are_no_control_group():
    rows = load(replace(WORLD, offers=("voucher", "letter")))

    assert set(rows.data) == {"voucher", "letter"}
    assert len(rows.data["voucher"].rows) + len(rows.data["letter"].rows) == 600


def test_control_customers_of_no_offer_are_compared_with_every_offer():
    frames = simulate_campaigns(replace(WORLD, offers=("voucher", "letter")))
    contacts = frames["contacts"]
    offers = pc.if_else(contacts["treated"], contacts["offer_id"], None)
    frames = change(change(frames, "offer_id", offers.to_pylist()), "propensity", None)

    rows = load_uplift_rows(tables_of(frames))

    n_control = 600 - sum(contacts["treated"].to_pylist())
    assert all((~data.rows.treated).sum() == n_control for data in rows.data.values())


def test_offers_can_be_learned_from_together_by_their_kind():
    frames = simulate_campaigns(replace(WORLD, offers=("a", "b")))
    frames["offers"] = pa.table({"offer_id": ["a", "b"], "kind": ["coupon", "coupon"]})

    assert list(load_uplift_rows(tables_of(frames, treatment="kind")).data) == ["coupon"]


def test_contacts_without_a_control_group_are_refused():
    frames = change(simulate_campaigns(WORLD), "treated", [True] * 600)

    with pytest.raises(NotEnoughHistory, match=r"voucher: all 600 contacts were treated .*contacts\.treated = false"):
        load_uplift_rows(tables_of(frames))


def test_contacts_of_several_offers_without_a_control_group_are_refused_in_one_sentence():
    frames = change(simulate_campaigns(replace(WORLD, offers=("voucher", "letter"))), "treated", [True] * 600)

    with pytest.raises(NotEnoughHistory, match=r"^all 2 treatments: all 600 contacts were treated [^;]*; leave some"):
        load_uplift_rows(tables_of(frames))


def test_contacts_that_do_not_say_who_was_treated_are_refused():
    frames = change(simulate_campaigns(WORLD), "treated", None)

    with pytest.raises(NotEnoughHistory, match="contacts has no column treated"):
        load_uplift_rows(tables_of(frames))


def test_contacts_without_propensity_are_refused_where_features_tell_who_was_treated():
    frames = simulate_campaigns(Campaigns(n_customers=600, days=(200,)))
    big = {row["customer_id"] for row in frames["purchases"].to_pylist() if row["amount"] == 50.0}
    random = np.random.default_rng(1)
    chosen = [random.random() < (0.8 if one in big else 0.2) for one in frames["contacts"]["customer_id"].to_pylist()]
    frames = change(change(frames, "treated", chosen), "propensity", None)

    with pytest.raises(NotEnoughHistory, match=r"features tell .* \(AUC 0\.[78]\d, .*contacts\.propensity"):
        load_uplift_rows(tables_of(frames))


def test_customers_who_were_chosen_by_hand_are_found_over_offers_that_are_too_small_to_show_it():
    frames = simulate_campaigns(Campaigns(n_customers=1_200, days=(200,), offers=tuple("abcdef")))
    big = {row["customer_id"] for row in frames["purchases"].to_pylist() if row["amount"] == 50.0}
    random = np.random.default_rng(1)
    chosen = [random.random() < (0.62 if one in big else 0.38) for one in frames["contacts"]["customer_id"].to_pylist()]
    frames = change(change(frames, "treated", chosen), "propensity", None)

    with pytest.raises(NotEnoughHistory, match=r"treatments together: contacts has no propensity and features tell"):
        load_uplift_rows(tables_of(frames))


def test_campaigns_that_treat_other_shares_are_no_selection():
    frames = simulate_campaigns(Campaigns(n_customers=600, days=(200, 290), offers=("a", "b")))
    random = np.random.default_rng(1)
    treated = [
        random.random() < (0.7 if one == "mail-0" else 0.3) for one in frames["contacts"]["campaign_id"].to_pylist()
    ]
    frames = change(change(frames, "treated", treated), "propensity", None)

    assert set(load_uplift_rows(tables_of(frames, max_cutoffs=2)).data) == {"a", "b"}


def test_contacts_without_propensity_are_used_where_chance_decided():
    rows = load_uplift_rows(tables_of(change(simulate_campaigns(WORLD), "propensity", None)))

    assert rows.data["voucher"].rows.propensities == pytest.approx(0.5, abs=0.1)


def test_another_share_treated_than_the_propensities_say_is_refused():
    frames = change(simulate_campaigns(WORLD), "propensity", [0.9] * 600)

    with pytest.raises(NotEnoughHistory, match=r"voucher: [45]\d\.\d% of 600 .*says 90\.0%"):
        load_uplift_rows(tables_of(frames))


@pytest.mark.parametrize("propensity", [0.0, 1.5])
def test_a_propensity_of_zero_or_above_one_is_refused_with_its_customer(propensity: float):
    frames = change(simulate_campaigns(WORLD), "propensity", [propensity] + [0.5] * 599)

    with pytest.raises(DataError, match=r"1 of 600 propensities .* customer 'c\d{5}'"):
        load_uplift_rows(tables_of(frames))


def test_contacts_that_chance_did_not_decide_are_left_out():
    frames = simulate_campaigns(WORLD)
    certain = [1.0 if place < 20 else 0.5 for place in range(600)]

    rows = load_uplift_rows(tables_of(change(frames, "propensity", certain)))

    assert len(rows.data["voucher"].rows) == 580
    assert any("20 contacts with a propensity of 1" in note for note in rows.notes)


def test_conversions_that_only_the_treated_can_have_are_refused():
    frames = simulate_campaigns(WORLD)
    times = frames["contacts"]["event_time"].to_pylist()
    treated = frames["contacts"]["treated"].to_pylist()
    converted = [
        time + timedelta(days=1) if is_treated and place % 3 == 0 else None
        for place, (time, is_treated) in enumerate(zip(times, treated, strict=True))
    ]

    with pytest.raises(DataError, match=r'converted_at is empty for every control customer.*outcome = "purchased"'):
        load_uplift_rows(tables_of(change(frames, "converted_at", converted), outcome="converted"))


def test_too_few_purchases_are_named():
    with pytest.raises(NotEnoughHistory, match=r"voucher: of \d+ treated customers \d+ had the outcome"):
        load(replace(WORLD, rate=0.01, rate_of_big=0.01, effect_on_small=0.0))


def test_a_data_set_without_contacts_is_refused():
    frames = simulate_campaigns(WORLD)

    with pytest.raises(DataError, match=r"\[tables\.contacts\]"):
        load_uplift_rows(tables_of({"purchases": frames["purchases"]}))


def test_an_unknown_feature_of_value_is_refused_with_the_nearest_name():
    with pytest.raises(BadInput, match="did you mean 'mean_order_value_total'"):
        load().values_of("voucher", "mean_order_value_totl")


def test_features_hold_the_customers_of_the_outcomes():
    data = load().data["voucher"]

    assert (data.features.customer_ids == data.rows.customer_ids).all()


@pytest.mark.parametrize(
    ("outcome", "treatment", "advice"),
    [
        (
            "purchased",
            "offer_id",
            "contact more customers, choose a longer [uplift] horizon_days, or learn from offers together with "
            '[uplift] treatment = "kind"',
        ),
        (
            "stayed",
            "kind",
            "contact more customers, choose a longer [churn] horizon_days, or learn from offers together with "
            '[uplift] treatment = "contact"',
        ),
        ("converted", "contact", "contact more customers or choose a longer [uplift] horizon_days"),
    ],
)
def test_too_few_outcomes_name_the_settings_that_give_more(outcome, treatment, advice):
    assert advise_more_outcomes(outcome=outcome, treatment=treatment) == advice
