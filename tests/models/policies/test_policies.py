"""Laws that hold for every policy."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.money import OfferAssumptions
from core.offers import Offer, OfferBook, OfferContacts
from models.protocols import Situation
from serving.release.offer_part import POLICIES

NOW = datetime(2026, 4, 1, 12)
DATES = st.none() | st.integers(-2, 2).map(lambda days: NOW + timedelta(days=days))
PROBABILITIES = st.none() | st.floats(0, 1)

OFFERS = st.lists(
    st.builds(
        Offer,
        offer_id=st.sampled_from("abcdef"),
        kind=st.sampled_from(["item", "discount", "thank_you"]),
        cost=st.floats(0, 5),
        margin=st.floats(-5, 100),
        starts_at=DATES,
        ends_at=DATES,
        capacity=st.none() | st.integers(0, 3),
        rule=st.sampled_from([None, "churn_probability > 0.4", "spend > 10 or channel == 'mail'"]),
    ),
    max_size=6,
    unique_by=lambda offer: offer.offer_id,
)
SITUATIONS = st.lists(
    st.builds(
        Situation,
        customer_id=st.sampled_from("xyz"),
        now=st.just(NOW),
        churn_probability=PROBABILITIES,
        variables=st.fixed_dictionaries({}, optional={"spend": st.none() | st.floats(0, 20)}),
        channel=st.sampled_from([None, "mail", "web"]),
    ),
    max_size=8,
)
CONTACTS = st.dictionaries(
    st.sampled_from("abc"), st.integers(0, 3).map(lambda n: OfferContacts(made=n, matured=n, accepted=n // 2))
)
every_policy = pytest.mark.parametrize("name", list(POLICIES))


def decide(name: str, situations, offers, contacts=None):
    book = OfferBook(tuple(offers), contacts or {})
    policy = POLICIES[name](OfferAssumptions(save_rate=0.1, customer_value=100), book)
    return policy.decide(situations, offers)


def is_eligible(situation: Situation, offer: Offer) -> bool:
    """Eligibility in plain Python, independent of the code under test."""
    spend, churn = float(situation.variables.get("spend") or 0), situation.churn_probability
    rules = {
        None: True,
        "churn_probability > 0.4": churn is not None and churn > 0.4,
        "spend > 10 or channel == 'mail'": spend > 10 or situation.channel == "mail",
    }
    has_started = offer.starts_at is None or offer.starts_at <= situation.now
    return has_started and (offer.ends_at is None or situation.now < offer.ends_at) and rules[offer.rule]


@every_policy
@given(situations=SITUATIONS, offers=OFFERS)
def test_each_customer_gets_one_decision_with_eligible_offers_only(name, situations, offers):
    decisions = decide(name, situations, offers)

    assert [decision.customer_id for decision in decisions] == [situation.customer_id for situation in situations]
    for situation, decision in zip(situations, decisions, strict=True):
        assert all(is_eligible(situation, ranked.offer) for ranked in decision.alternatives)
        assert decision.chosen is None or decision.chosen in decision.alternatives


@every_policy
@given(situations=SITUATIONS, offers=OFFERS, contacts=CONTACTS)
def test_no_offer_is_made_more_often_than_its_capacity(name, situations, offers, contacts):
    decisions = decide(name, situations, offers, contacts)
    made = Counter(decision.chosen.offer.offer_id for decision in decisions if decision.chosen)

    for offer in offers:
        n_contacts = contacts[offer.offer_id].made if offer.offer_id in contacts else 0
        assert offer.capacity is None or made[offer.offer_id] <= max(0, offer.capacity - n_contacts)


@every_policy
@given(situations=SITUATIONS, offers=OFFERS)
def test_the_order_of_the_offers_does_not_matter(name, situations, offers):
    assert decide(name, situations, offers) == decide(name, situations, offers[::-1])


@every_policy
def test_no_situations_give_no_decisions(name):
    assert decide(name, [], [Offer(offer_id="a", kind="item", rule="spend > 3")]) == []
