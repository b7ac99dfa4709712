"""P(accept) by customer: learned where contacts show it, the rate of the offer where they do not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from core.config.money import OfferAssumptions
from core.contact_answers import AcceptanceRows
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.offers import Offer, OfferBook, OfferContacts
from models.policies.acceptance.learning import LearnedAcceptance, learn_acceptance
from models.policies.acceptance.levels import find_shift, fit_levels
from models.policies.acceptance.rates import PRIOR_CONTACTS, estimate_acceptance

ASSUMED = OfferAssumptions(acceptance_probability=0.05)
OFFERS = (
    Offer(offer_id="tea", kind="item", margin=10),
    Offer(offer_id="coffee", kind="item", margin=10),
    Offer(offer_id="ten_off", kind="discount", margin=5),
    Offer(offer_id="new", kind="discount", margin=5),
)
RATES = {"tea": 0.15, "coffee": 0.05, "ten_off": 0.25}
N = 6_000


def features_of(values: np.ndarray) -> FeatureTable:
    names = ("orders", "noise", "more_noise")
    columns = tuple(
        FeatureColumn(name=name, family=FeatureFamily.FREQUENCY, unit="", en=name, ja=name, missing="-", digest=name)
        for name in names
    )
    ids = np.array([f"c{place:05d}" for place in range(len(values))])
    return FeatureTable(ids, np.full(len(ids), np.datetime64("2026-01-01")), values, columns)


@cache
def contacts(world: str, n: int = N, seed: int = 0) -> tuple[AcceptanceRows, np.ndarray]:
    """Contacts of a year and their true P(accept), newest first; customers differ by what the world says."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(n, 3))
    tastes = random.normal(size=n)
    offer_ids = random.choice(list(RATES), n)
    steep = np.where(values[:, 0] > 0.5, 1.2, -0.8)
    differs = {"alike": np.zeros(n), "linear": values[:, 0], "steps": steep, "taste": tastes}[world]
    chances = expit(logit(np.array([RATES[one] for one in offer_ids])) + differs)
    days = np.datetime64("2026-01-01") - np.sort(random.integers(0, 360, n)).astype("timedelta64[D]")
    rows = AcceptanceRows(
        features=features_of(values),
        offer_ids=offer_ids,
        tastes=tastes,
        accepted=random.random(n) < chances,
        days=days,
        answer_days=14,
    )
    return rows, chances


def book_of(rows: AcceptanceRows) -> OfferBook:
    counts = {
        offer_id: OfferContacts(made=int(own.sum()), matured=int(own.sum()), accepted=int(rows.accepted[own].sum()))
        for offer_id in np.unique(rows.offer_ids).tolist()
        for own in [rows.offer_ids == offer_id]
    }
    return OfferBook(OFFERS, counts)


@cache
def learn(world: str, n: int = N, seed: int = 0) -> LearnedAcceptance:
    rows, _ = contacts(world, n, seed)
    return learn_acceptance(rows, book_of(rows), assumptions=ASSUMED, seed=0)


def own_offer(learned: LearnedAcceptance, rows: AcceptanceRows) -> np.ndarray:
    """The estimates of the offers that the contacts made."""
    tastes = np.repeat(rows.tastes[:, None], len(OFFERS), axis=1)
    estimates = learned.estimate(rows.features, tastes=tastes)
    return estimates.probability[np.arange(len(rows)), estimates.columns_of(rows.offer_ids.tolist())]


def error_of(probability: np.ndarray, chances: np.ndarray) -> float:
    return float(np.sqrt(np.mean((probability - chances) ** 2)))


@pytest.mark.parametrize("world", ["linear", "steps", "taste"])
def test_customers_who_differ_get_their_own_probability(world: str):
    learned, (later, chances) = learn(world), contacts(world, seed=1)

    rates = np.array([learned.by_offer[one].probability for one in later.offer_ids.tolist()])
    assert learned.personal is not None
    assert error_of(own_offer(learned, later), chances) < 0.5 * error_of(rates, chances)
    assert learned.sentence.startswith(f"by customer and offer ({learned.personal.name})")


@pytest.mark.parametrize("world", ["linear", "steps"])
def test_probabilities_are_calibrated_on_customers_of_later(world: str):
    later, chances = contacts(world, seed=1)

    estimated = own_offer(learn(world), later)

    for part in np.array_split(np.argsort(estimated), 5):
        assert estimated[part].mean() == pytest.approx(chances[part].mean(), abs=0.025)


def test_where_customers_do_not_differ_the_rate_of_the_offer_is_usually_chosen():
    chosen = [learn("alike", n=2_500, seed=seed).personal is None for seed in range(5)]

    assert sum(chosen) >= 4


def test_few_contacts_are_not_enough_to_tell_customers_apart():
    learned = learn("linear", n=300)

    assert learned.personal is None
    assert "at least 40 accepted" in learned.sentence
    estimates = learned.estimate(contacts("linear", 300)[0].features)
    assert np.ptp(estimates.probability, axis=0).tolist() == [0, 0, 0, 0]


def test_without_contacts_the_configuration_is_assumed():
    learned = learn_acceptance(None, OfferBook(OFFERS), assumptions=ASSUMED, seed=0)

    estimates = learned.estimate(contacts("linear", 300)[0].features)
    assert estimates.sources == ("assumed in the configuration",) * 4
    assert np.unique(estimates.probability).tolist() == [0.05]


def test_without_rows_the_sentence_says_how_many_contacts_there_are():
    few = OfferBook(OFFERS, {"tea": OfferContacts(made=300, matured=290, accepted=12)})

    assert learn_acceptance(None, OfferBook(OFFERS), assumptions=ASSUMED, seed=0).sentence == (
        "by offer: contacts do not show who accepted which offer"
    )
    assert learn_acceptance(None, few, assumptions=ASSUMED, seed=0).sentence == (
        "by offer: 12 of 290 contacts were accepted, and at least 80 accepted and as many others are needed to tell "
        "customers apart"
    )


def test_an_offer_without_contacts_has_the_level_of_its_kind():
    learned = learn("linear")
    estimates = learned.estimate(contacts("linear", seed=1)[0].features)

    means = dict(zip(estimates.offer_ids, estimates.probability.mean(axis=0), strict=True))
    assert means["new"] == pytest.approx(means["ten_off"], abs=0.03)
    assert estimates.sources[3].startswith("contacts with other offers of kind discount: ")
    assert estimates.sources[3].endswith("accepted, by customer")


def test_the_same_contacts_give_the_same_model():
    rows, _ = contacts("steps")
    again = learn_acceptance(rows, book_of(rows), assumptions=ASSUMED, seed=0)

    assert own_offer(again, rows).tolist() == own_offer(learn("steps"), rows).tolist()


def test_answers_that_were_not_due_when_the_newest_contacts_began_are_not_learned_from():
    rows, _ = contacts("linear")
    first_newest = np.sort(rows.days)[int(0.7 * (N - 1))]
    undecided = (rows.days < first_newest) & (rows.days + np.timedelta64(14, "D") > first_newest)
    flipped = AcceptanceRows(**{**vars(rows), "accepted": rows.accepted ^ undecided})

    losses = [learn_acceptance(one, book_of(rows), assumptions=ASSUMED, seed=0).log_losses for one in (rows, flipped)]

    assert undecided.sum() > 100
    assert losses[0] == losses[1]


counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=4, max_size=4)


@given(counts=counts, assumed=st.floats(0.01, 0.9))
@settings(max_examples=40, deadline=None)
def test_levels_without_deviations_are_the_shrunk_rates(counts: list[tuple[int, int]], assumed: float):
    sizes = [accepted + others for accepted, others in counts]
    offer_ids = np.repeat([offer.offer_id for offer in OFFERS], sizes)
    accepted = np.concatenate([np.arange(a + b) < a for a, b in counts])
    book = OfferBook(
        OFFERS,
        {
            offer.offer_id: OfferContacts(made=a + b, matured=a + b, accepted=a)
            for offer, (a, b) in zip(OFFERS, counts, strict=True)
        },
    )

    levels = fit_levels(np.zeros(len(accepted)), accepted, offer_ids=offer_ids, offers=OFFERS, assumed=assumed)

    rates = estimate_acceptance(book, OfferAssumptions(acceptance_probability=assumed))
    assert expit(list(levels.values())) == pytest.approx([one.probability for one in rates.values()], abs=1e-6)


def test_a_shift_makes_expected_answers_those_that_came():
    log_odds = np.random.default_rng(0).normal(-2, 1, 500)
    accepted = np.arange(500) < 150

    shift = find_shift(log_odds, accepted)

    prior = PRIOR_CONTACTS * (expit(log_odds.mean() + shift) - expit(log_odds.mean()))
    assert expit(log_odds + shift).sum() + prior == pytest.approx(150)
    assert find_shift(np.empty(0), np.empty(0, dtype=bool)) == 0
