"""What an option is worth to a customer, worked out by hand, and where each part comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from core.config.decisions import ChannelSettings
from core.config.money import OfferAssumptions
from core.decisions import NoContact
from core.effects import Effects, define_outcome, outcome_of
from core.offers import Offer, OfferBook, OfferContacts
from models.policies.acceptance.estimates import NO_ROW, AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from models.policies.candidates import ALLOWED, CustomerState, Option, code_of
from models.policies.fatigue import Fatigue, assume_fatigue
from models.policies.measured_effects import MeasuredEffects
from models.policies.option_values import ValuedOptions, ValueInputs, value_options
from models.policies.save_rate import SaveRate

ASSUMED = OfferAssumptions(acceptance_probability=0.1, save_rate=0.2, customer_value=50)
TEA = Offer(offer_id="tea", kind="item", cost=1, margin=30)
DISCOUNT = Offer(offer_id="ten_off", kind="discount", cost=2, margin=5)
BOOK = OfferBook((TEA, DISCOUNT), {"tea": OfferContacts(made=900, matured=780, accepted=158)})
RATES = estimate_acceptance(BOOK, ASSUMED)
IDS = np.array(["ada", "ben"])


def state(remaining: list[float] | None = None) -> CustomerState:
    return CustomerState(
        customer_ids=IDS,
        churn_probabilities=np.array([0.5, np.nan]),
        remaining_values=np.array(remaining or [100.0, 200.0]),
    )


def effects_of(effect: list[list[float]], *, half: float = 0.01, names: tuple[str, ...] = ("tea",)) -> Effects:
    values = np.array(effect)
    return Effects(
        customer_ids=IDS[: len(values)],
        treatments=names,
        effect=values,
        low=values - half,
        high=values + half,
        without=np.zeros(values.shape),
    )


def value(*options: Option, remaining: list[float] | None = None, **changes: Any) -> ValuedOptions:
    inputs = ValueInputs(
        acceptance=AcceptanceEstimates.of_rates(RATES, n_customers=2),
        assumptions=ASSUMED,
        fatigue=assume_fatigue(0.01),
        channels={"mail": ChannelSettings(cost=0.5)},
    )
    return value_options(
        state(remaining), options or (Option(offer=TEA), Option(offer=DISCOUNT)), inputs=replace(inputs, **changes)
    )


def build_measured(effects: Effects, outcome: Any = "purchased", **changes: Any) -> MeasuredEffects:
    return MeasuredEffects(effects=effects, outcome=outcome, **{"treatment": "offer_id", **changes})


def test_a_value_is_the_sum_of_its_parts():
    valued = value(Option(offer=TEA, channel="mail"), Option(offer=DISCOUNT)).values

    assert valued.value[0] == pytest.approx(
        [RATES["tea"].probability * 30 - 1.5 - 1.0, RATES["ten_off"].probability * 5 + 0.5 * 0.2 * 100 - 2 - 1]
    )
    assert valued.value == pytest.approx(
        valued.acceptance * valued.margin + valued.retained - valued.cost - valued.fatigue
    )


def test_a_customer_without_an_effect_of_their_own_has_the_average_and_not_the_assumption():
    """Otherwise an offer that harms on average pays for customers who refuse scores, by P(accept)."""
    effects = effects_of([[-0.02]])
    valued = value(Option(offer=TEA), measured=build_measured(effects, averages=effects.average())).values

    assert valued.acceptance[:, 0] == pytest.approx([-0.02, -0.02])
    assert valued.sources[0]["acceptance"] == (
        "measured against a control group: the effect of tea on a purchase; its average for 1 of 2 customers, who are "
        "not scored"
    )


def test_a_measured_save_rate_goes_before_the_stated_one_and_none_saves_nothing():
    measured = SaveRate(rate=0.05, source="save rate measured against control groups", stated_rate=0.2)
    shown = value(Option(offer=DISCOUNT), save=measured).values
    unshown = value(Option(offer=DISCOUNT), save=replace_struct(measured, rate=0.0, source="none: not shown")).values

    assert shown.retained[0, 0] == pytest.approx(0.5 * 0.05 * 100)
    assert shown.sources[0]["retained"].startswith("save rate measured against control groups; remaining value")
    assert unshown.retained.tolist() == [[0.0], [0.0]]
    assert unshown.sources[0]["retained"] == "none: not shown"


def test_an_unknown_churn_probability_counts_as_none():
    assert value().values.retained[1].tolist() == [0, 0]


def test_a_customer_without_a_predicted_value_has_the_one_of_the_configuration():
    valued = value(remaining=[np.nan, 200.0]).values

    assert valued.retained[0, 1] == pytest.approx(0.5 * 0.2 * 50)
    assert valued.fatigue[:, 0] == pytest.approx([0.5, 2.0])
    assert valued.sources[1]["retained"] == (
        "save rate of 0.2 assumed in the configuration; remaining value predicted by the value model for 1 of 2 "
        "customers, else assumed in [offers] customer_value"
    )


def test_every_part_says_where_it_comes_from():
    first, second = value(Option(offer=TEA, channel="mail"), Option(offer=DISCOUNT)).values.sources

    assert first == {
        "acceptance": "contacts: 158 of 780 accepted, assumed to be caused by the contact",
        "margin": "the table offers",
        "retained": "none: the offer is not of [offers] saving_kinds",
        "cost": "the table offers and [decisions.channels.mail]",
        "fatigue": "assumed in the configuration; remaining value predicted by the value model",
    }
    assert (
        second["acceptance"] == "contacts with other offers: 158 of 780 accepted, assumed to be caused by the contact"
    )


def test_a_measured_effect_takes_the_place_of_acceptance():
    valued = value(measured=build_measured(effects_of([[0.05], [0.02]]))).values

    assert valued.acceptance[:, 0] == pytest.approx([0.05, 0.02])
    assert valued.margin[:, 0].tolist() == [30, 30]
    assert valued.acceptance[0, 1] == RATES["ten_off"].probability
    assert valued.sources[0]["acceptance"] == "measured against a control group: the effect of tea on a purchase"


def test_an_effect_in_money_earns_the_margin_rate():
    valued = value(measured=build_measured(effects_of([[12.0], [3.0]]), outcome="amount", margin_rate=0.4)).values

    assert (valued.acceptance * valued.margin)[:, 0] == pytest.approx([4.8, 1.2])
    assert valued.sources[0]["margin"] == "margin rate of [money]"


def test_an_effect_on_staying_takes_the_place_of_the_save_rate():
    effects = effects_of([[0.03], [-0.001]], names=("ten_off",))

    valued = value(measured=build_measured(effects, outcome="stayed")).values

    assert valued.retained[:, 1] == pytest.approx([3.0, -0.2])
    assert valued.acceptance[0, 1] == RATES["ten_off"].probability
    assert valued.sources[1]["retained"] == "measured against a control group: the effect of ten_off on no churn"


def test_customers_without_a_measured_effect_keep_what_is_assumed():
    valued = value(measured=build_measured(effects_of([[0.05]]))).values

    assert valued.acceptance[:, 0] == pytest.approx([0.05, RATES["tea"].probability])
    assert valued.sources[0]["acceptance"].endswith(
        "for 1 of 2 customers, else contacts: 158 of 780 accepted, assumed to be caused by the contact"
    )


@pytest.mark.parametrize(
    ("treatment", "name"),
    [("kind", "item"), ("channel", "mail"), ("campaign_id", "spring"), ("contact", "contact")],
)
def test_a_treatment_is_found_by_what_it_was(treatment: str, name: str):
    option = Option(offer=TEA, channel="mail", campaign_id="spring")

    valued = value(
        option, measured=build_measured(effects_of([[0.05], [0.02]], names=(name,)), treatment=treatment)
    ).values

    assert valued.acceptance[:, 0] == pytest.approx([0.05, 0.02])


def test_an_offer_that_was_not_measured_has_the_common_effect():
    measured = build_measured(effects_of([[0.05], [0.02]]), common=effects_of([[0.01], [0.03]], names=("",)))

    valued = value(measured=measured)

    assert valued.values.acceptance.tolist() == [[0.05, 0.01], [0.02, 0.03]]
    assert valued.values.value[:, 1] == pytest.approx(
        [0.01 * 5 + 0.5 * 0.2 * 100 - 2 - 1, 0.03 * 5 - 2 - 0.01 * 200], abs=1e-9
    )
    assert valued.values.sources[1]["acceptance"] == "effect: common to the measured offers, on a purchase"
    assert valued.uncertainty.gain[:, 1].tolist() == [0, 0]
    # Half an interval of .01 is .00608 standard errors, of 5 each.
    assert valued.uncertainty.spread[:, 1] == pytest.approx([0.0304, 0.0304], abs=1e-4)


def test_an_offer_has_the_common_effect_of_its_kind_first():
    common = effects_of([[0.01, 0.2], [0.01, 0.3]], names=("", "discount"))

    valued = value(measured=build_measured(effects_of([[0.05], [0.02]]), common=common)).values

    assert valued.acceptance[:, 1].tolist() == [0.2, 0.3]
    assert valued.sources[1]["acceptance"] == ("effect: common to the measured offers of kind discount, on a purchase")


def test_a_source_says_that_an_effect_is_not_shown():
    effects = replace(effects_of([[0.0], [0.0]]), unshown=("tea",))

    assert value(measured=build_measured(effects)).values.sources[0]["acceptance"] == (
        "measured against a control group: the effect of tea on a purchase, not shown to be above 0 with all that were "
        "tested"
    )


def test_a_common_effect_in_money_earns_the_margin_rate():
    measured = build_measured(
        effects_of([[12.0], [3.0]]), outcome="amount", margin_rate=0.4, common=effects_of([[5.0], [5.0]], names=("",))
    )

    valued = value(measured=measured).values

    assert (valued.acceptance * valued.margin)[:, 1] == pytest.approx([2.0, 2.0])
    assert valued.sources[1]["margin"] == "margin rate of [money]"


def test_the_common_effect_of_promotions_is_none_of_a_service_call():
    call = Offer(offer_id="call", kind="service_call", cost=1, margin=30)
    book = estimate_acceptance(OfferBook((TEA, call), BOOK.contacts), ASSUMED)
    measured = build_measured(effects_of([[0.05], [0.02]]), common=effects_of([[0.0], [0.0]], names=("",)))

    valued = value(
        Option(offer=call), measured=measured, acceptance=AcceptanceEstimates.of_rates(book, n_customers=2)
    ).values

    assert valued.acceptance[0, 0] == book["call"].probability
    assert valued.sources[0]["acceptance"].endswith("assumed to be caused by the contact")


def test_other_offers_are_no_proof_that_an_offer_harms():
    measured = build_measured(effects_of([[0.05], [0.02]]), common=effects_of([[-0.9], [-0.9]], names=("",)))

    assert (
        value(measured=measured, assumptions=OfferAssumptions(save_rate=0.0)).codes[:, 1].tolist()
        == [code_of(NoContact.DOES_NOT_PAY)] * 2
    )


def test_an_option_whose_effect_is_below_zero_with_its_interval_is_harmful():
    harmful = value(measured=build_measured(effects_of([[-0.02], [-0.005]])))

    assert harmful.codes[:, 0].tolist() == [code_of(NoContact.HARMFUL), code_of(NoContact.DOES_NOT_PAY)]
    assert harmful.harms.tolist() == [[True, False], [False, False]]
    assert value().codes[0].tolist() == [ALLOWED, ALLOWED]


def test_fatigue_costs_more_after_many_contacts():
    tired = Fatigue(steps=(0, 4), probabilities=(0.01, 0.05), source="contacts")

    assert value(fatigue=tired, recent_contacts=np.array([4, 3])).values.fatigue[:, 0] == pytest.approx([5.0, 2.0])


def test_a_customer_whom_the_estimates_do_not_have_gets_the_rate_of_the_offer():
    personal = AcceptanceEstimates(
        offer_ids=("tea", "ten_off"),
        by_offer=tuple(RATES.values()),
        probability=np.array([[0.4, 0.3]]),
        is_personal=np.array([True]),
    )

    taken = personal.take(np.array([NO_ROW, 0]))

    assert taken.probability[:, 0] == pytest.approx([RATES["tea"].probability, 0.4])
    assert taken.sources[0] == "contacts: 158 of 780 accepted, by customer for 1 of 2"
    assert personal.sources[0] == "contacts: 158 of 780 accepted, by customer"
    assert taken.take(np.array([0])).sources[0] == "contacts: 158 of 780 accepted"


@pytest.mark.parametrize("is_personal", [True, False])
def test_estimates_are_the_same_after_storing(tmp_path, is_personal: bool):
    from models.artifact import Artifact

    estimates = replace(AcceptanceEstimates.of_rates(RATES, n_customers=2), is_personal=np.full(2, is_personal))
    estimates.to_artifact().write(tmp_path)

    stored = AcceptanceEstimates.from_artifact(Artifact.read(tmp_path))

    assert (stored.offer_ids, stored.by_offer) == (estimates.offer_ids, estimates.by_offer)
    assert stored.probability.tolist() == estimates.probability.tolist()
    assert stored.sources == estimates.sources


@pytest.mark.parametrize("outcome", ["purchased", "converted", "amount", "stayed"])
def test_a_model_card_names_the_outcome_of_its_effects(outcome: Any):
    assert outcome_of(f"what a contact changes in: {define_outcome(outcome, horizon_days=14)}") == outcome


@given(order=st.permutations([0, 1]), effect=st.lists(st.floats(-1, 1), min_size=2, max_size=2))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_measured_customers_does_not_matter(order: list[int], effect: list[float]):
    effects = effects_of([[one] for one in effect])

    shuffled = value(measured=build_measured(effects.take(np.array(order))))

    assert shuffled.values.value == pytest.approx(value(measured=build_measured(effects)).values.value)


def test_no_options_have_no_values():
    empty = value_options(
        state(),
        (),
        inputs=ValueInputs(
            acceptance=AcceptanceEstimates.of_rates(RATES, n_customers=2),
            assumptions=ASSUMED,
            fatigue=assume_fatigue(0.0),
            channels={},
        ),
    )

    assert empty.values.value.shape == empty.codes.shape == (2, 0)
