"""Whom a retention contact pays for, by tables computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.money import OfferAssumptions, RetentionSettings
from core.retention import RetentionTerms, median_of_positive, net_value_at_capacity, rank_by_net_value

TERMS = RetentionTerms(
    save_rate=0.25, save_rate_customers=20, offer_cost=20, contact_cost=5, median_value=100, sources={}
)


def test_the_net_value_of_a_contact_is_that_of_the_table_worked_by_hand():
    """0.5 x 0.25 x (180 - 20) - 0.5 x 20 - 5 = 5; a certain stayer costs 25, a certain churner gains 0.25 x 160 - 5."""
    net = TERMS.net_values(np.array([0.5, 0.0, 1.0, 0.5]), np.array([180.0, 180.0, 180.0, np.nan]))

    assert net[:3] == pytest.approx([5, -25, 35])
    assert np.isnan(net[3])


def test_the_threshold_is_where_the_net_value_is_zero():
    """25 / (0.25 x 160 + 20) = 0.4167."""
    threshold = TERMS.thresholds(np.array([180.0]))

    assert threshold == pytest.approx([25 / 60])
    assert TERMS.net_values(threshold, np.array([180.0])) == pytest.approx([0], abs=1e-12)
    assert TERMS.threshold_for(180.0) == threshold[0]


def test_a_contact_that_keeps_nothing_never_pays():
    """Of a customer worth less than the incentive, and with a save rate of 0."""
    useless = RetentionTerms(
        save_rate=0, save_rate_customers=20, offer_cost=0, contact_cost=1, median_value=1, sources={}
    )

    assert TERMS.thresholds(np.array([25.0]))[0] > 1
    assert TERMS.threshold_for(25.0) is None
    assert useless.thresholds(np.array([1e6]))[0] == np.inf
    assert np.isnan(TERMS.thresholds(np.array([np.nan]))[0])


@given(
    probability=st.floats(0, 1), value=st.floats(0, 1e6), save_rate=st.floats(0.01, 1),
    offer_cost=st.floats(0, 100), contact_cost=st.floats(0.01, 100),
)  # fmt: skip
def test_a_contact_pays_exactly_above_the_threshold(probability, value, save_rate, offer_cost, contact_cost):
    terms = RetentionTerms(
        save_rate=save_rate,
        save_rate_customers=20,
        offer_cost=offer_cost,
        contact_cost=contact_cost,
        median_value=1,
        sources={},
    )
    threshold = terms.thresholds(np.array([value]))[0]

    pays = terms.net_values(np.array([probability]), np.array([value]))[0] > 0

    assert pays == (probability > threshold) or probability == pytest.approx(threshold)


def test_what_the_toml_states_goes_before_offers_and_assumptions():
    offers = OfferAssumptions(save_rate=0.2)

    explicit = RetentionTerms.of(
        RetentionSettings(save_rate=0.4, offer_cost=7, contact_cost=0), offers, median_value=1000
    )
    from_offers = RetentionTerms.of(RetentionSettings(), offers, median_value=1000)
    assumed = RetentionTerms.of(RetentionSettings(), OfferAssumptions(), median_value=1000)

    assert (explicit.save_rate, explicit.offer_cost, explicit.contact_cost) == (0.4, 7, 0)
    assert set(explicit.sources.values()) == {
        "[retention] save_rate",
        "[retention] offer_cost",
        "[retention] contact_cost",
    }
    assert (from_offers.save_rate, from_offers.sources["save_rate"]) == (0.2, "[offers] save_rate")
    assert (assumed.save_rate, assumed.offer_cost, assumed.contact_cost) == (0.3, 50, 5)
    assert all(source.startswith("assumed") for source in assumed.sources.values())


def test_the_capacity_goes_to_the_highest_net_values_and_to_none_whom_it_does_not_pay_to_contact():
    net = np.array([3.0, -1.0, 8.0, np.nan, 3.0])

    assert rank_by_net_value(net).tolist() == [1, 3, 0, 4, 2]
    assert [net_value_at_capacity(net, capacity) for capacity in (1, 2, 3, 9, None)] == [8, 3, 3, 0, 0]
    assert net_value_at_capacity(np.array([-1.0]), 1) == 0


def test_customers_who_bring_in_nothing_do_not_move_the_median():
    assert median_of_positive(np.array([0.0, 0.0, np.nan, 10.0, 30.0])) == 20
    assert np.isnan(median_of_positive(np.zeros(3)))
