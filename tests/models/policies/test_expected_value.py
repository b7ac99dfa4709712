"""What an offer is worth, worked out by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.config.money import OfferAssumptions
from core.errors import RuleError
from core.offers import Offer, OfferBook, OfferContacts
from models.policies.expected_value import ExpectedValuePolicy
from models.protocols import Situation

ASSUMED = OfferAssumptions(acceptance_probability=0.1, save_rate=0.2, customer_value=50)
ITEM = Offer(offer_id="tea", kind="item", cost=1, margin=30)
DISCOUNT = Offer(offer_id="ten_off", kind="discount", cost=2, margin=5)


def situation(customer_id: str = "ada", churn: float | None = 0.5, **facts: float) -> Situation:
    return Situation(
        customer_id=customer_id,
        now=datetime(2026, 4, 1),
        churn_probability=churn,
        variables=facts,
        channel="mail",
    )


def decide(*offers: Offer, situations=None, contacts=None):
    return ExpectedValuePolicy(ASSUMED, OfferBook(offers, contacts or {})).decide(situations or [situation()], offers)


def test_the_value_is_the_sum_of_its_parts():
    worth = decide(DISCOUNT)[0].alternatives[0].expected_value

    assert worth.value == pytest.approx(0.1 * 5 + 0.5 * (0.2 * 50) - 2)
    assert (worth.margin, worth.churn_probability, worth.saved_by_offer, worth.cost) == (5, 0.5, 10, 2)
    assert worth.acceptance_source == "assumed in the configuration"


def test_the_offer_worth_most_comes_first_and_is_chosen():
    decision = decide(ITEM, DISCOUNT)[0]

    assert [ranked.offer.offer_id for ranked in decision.alternatives] == ["ten_off", "tea"]
    assert decision.chosen == decision.alternatives[0]


def test_an_unknown_churn_saves_nothing_and_says_so():
    worth = decide(DISCOUNT, situations=[situation(churn=None)])[0].alternatives[0].expected_value

    assert worth.value == pytest.approx(0.1 * 5 - 2)
    assert worth.churn_probability is None


def test_nothing_is_offered_where_nothing_pays():
    decision = decide(DISCOUNT, situations=[situation(churn=0.01)])[0]

    assert decision.chosen is None
    assert [ranked.offer for ranked in decision.alternatives] == [DISCOUNT]


def test_an_item_offer_saves_nobody():
    assert decide(ITEM)[0].alternatives[0].expected_value.saved_by_offer == 0


def test_contacts_speak_louder_the_more_there_are():
    few, many = (
        decide(ITEM, contacts={"tea": OfferContacts(made=n, matured=n, accepted=n // 2)})[0]
        .alternatives[0]
        .expected_value
        for n in (4, 4_000)
    )

    assert 0.1 < few.acceptance_probability < 0.3
    assert many.acceptance_probability == pytest.approx(0.5, abs=0.01)
    assert many.acceptance_source == "contacts: 2,000 of 4,000 accepted"


def test_a_new_offer_is_judged_by_its_kind_first():
    other, far = Offer(offer_id="coffee", kind="item"), Offer(offer_id="far", kind="discount")
    contacts = {
        "coffee": OfferContacts(made=900, matured=900, accepted=450),
        "far": OfferContacts(made=900, matured=900, accepted=0),
    }
    worth = {r.offer.offer_id: r.expected_value for r in decide(ITEM, other, far, contacts=contacts)[0].alternatives}

    assert worth["tea"].acceptance_probability == pytest.approx(0.5, abs=0.02)
    assert worth["tea"].acceptance_source == "contacts with other offers of kind item: 450 of 900 accepted"


def test_the_last_place_goes_to_whom_it_is_worth_most_for():
    scarce = Offer(offer_id="call", kind="thank_you", cost=1, margin=1, capacity=1)
    decisions = decide(scarce, situations=[situation("ada", churn=0.5), situation("bo", churn=0.9)])

    assert [decision.chosen is not None for decision in decisions] == [False, True]


def test_an_offer_given_out_already_is_not_allowed_again():
    scarce = Offer(offer_id="call", kind="thank_you", margin=100, capacity=2)

    assert decide(scarce, contacts={"call": OfferContacts(made=2, matured=0, accepted=0)})[0].alternatives == ()


def test_a_missing_variable_makes_a_customer_ineligible():
    ruled = Offer(offer_id="sorry", kind="thank_you", margin=100, rule="returns_365d == 0")
    situations = [situation(), situation(returns_365d=0), situation(returns_365d=1)]

    assert [bool(decision.alternatives) for decision in decide(ruled, situations=situations)] == [False, True, False]


def test_equal_situations_get_the_same_decision_id():
    situations = [situation(), situation(), situation("bo")]
    first, again, other = (decision.decision_id for decision in decide(ITEM, situations=situations))

    assert first == again != other


def test_a_rule_that_cannot_be_read_is_said():
    with pytest.raises(RuleError, match="where 'and', 'or' or the end"):
        decide(Offer(offer_id="bad", kind="item", rule="churn_probability > 1 > 2"))
