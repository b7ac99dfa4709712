"""What a simulated shop learns about contacts from its own tables, and which contacts each policy then chooses."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.config.loading import read_config
from core.effects import Effects
from core.feature_table import FeatureTable
from core.interactions import codes_of
from core.offers import OfferBook
from core.window import Cohort
from features.cohort import select_cohort
from features.customer_value import ValueSources, value_record_start
from features.pipeline import compute_features
from features.unsubscribe_rows import load_unsubscribe_rows
from models.churn.additive import CHURN_MODELS
from models.churn.aligned_values import align_values
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from models.policies.allocation.allocate import allocate
from models.policies.allocation.problem import NOTHING, AllocationProblem, Resource
from models.policies.candidates import ALLOWED, CustomerState, Option
from models.policies.fatigue import estimate_fatigue
from models.policies.measured_effects import MeasuredEffects
from models.policies.option_values import ValueInputs, value_options
from models.uplift.learner import LEARNERS
from models.uplift.uplift_model import UpliftModel, treatment_rows
from models.value.value_model import VALUE_MODELS
from simulation.contact_values import ContactValues
from simulation.shop.simulate import ShopWorld, SimulatedShop, simulate_shop
from tables.sources.opening import open_tables
from tables.tables import Tables
from training.churn.rows import load_churn_rows
from training.run.recipe import default_recipe
from training.run.session import NoProgress
from training.uplift.pipeline import learner_of
from training.uplift.rows import UpliftRows, load_uplift_rows
from training.uplift.study import TreatmentStudy, study_treatments
from training.value.rows import ValueCutoffs, ValueRows

BUDGET_PER_CUSTOMER = 15.0
"Yen: a letter for half of them, or a small gift for one in ten."
CAPACITY_SHARE = 0.1
"Of the customers, for each offer whose capacity is limited."
HORIZON_DAYS = 180
LEARNED, RANDOM = "learned", "at random"
LISTS = ("by risk", "by response", "by value", RANDOM)


@dataclass(frozen=True)
class Learned:
    """What the shop learns from its tables about the customers of a cohort; arrays are (n,) or (n, offers)."""

    studies: Mapping[str, TreatmentStudy]
    effects: Effects
    common: Effects | None
    "Of offers whose own effect was not measured."
    responses: Mapping[str, NDArray[np.float64]]
    "By kind of offer, P(purchase | contacted)."
    risk: NDArray[np.float64]
    remaining: NDArray[np.float64]


def open_shop(world: ShopWorld, folder: Path) -> tuple[SimulatedShop, Tables]:
    """A shop and its tables, as the shop's own TOML describes them."""
    shop = simulate_shop(world)
    return shop, open_tables(policy_config(read_config(shop.write(folder), os.environ)))


def policy_config(config: Config) -> Config:
    """The TOML of the shop with the kinds of offers as treatments, and without an assumption of what offers save."""
    uplift = msgspec.structs.replace(
        config.uplift, treatment="kind", outcome="purchased", horizon_days=10, models=("response_linear", "s_linear")
    )
    offers = msgspec.structs.replace(config.offers, save_rate=0.0)
    return msgspec.structs.replace(config, uplift=uplift, offers=offers)


def true_values(shop: SimulatedShop, tables: Tables, today: date) -> ContactValues:
    """The true values of the active customers who may be contacted."""
    values = shop.truth.contact_values(today, horizon_days=HORIZON_DAYS)
    active = select_cohort(tables, [today]).customer_ids
    return values.take(np.flatnonzero(values.may_contact & np.isin(values.customer_ids, active)))


def mark_limited(book: OfferBook) -> NDArray[np.bool_]:
    """(m,) whether each offer has a capacity."""
    return np.array([offer.capacity is not None for offer in book.offers])


def build_problem(
    values: NDArray[np.float64], costs: NDArray[np.float64], *, limited: NDArray[np.bool_]
) -> AllocationProblem:
    """The values, (n, m), within the budget and the capacities of limited offers."""
    n, offers = len(values), np.arange(values.shape[1])
    capacities = (
        Resource(f"capacity of offer {offer}", np.ceil(CAPACITY_SHARE * n), (offers == offer).astype(np.float64))
        for offer in np.flatnonzero(limited)
    )
    return AllocationProblem(values, (Resource("budget", BUDGET_PER_CUSTOMER * n, costs), *capacities))


def allocator_shares(values: ContactValues) -> dict[str, float]:
    """The share of the bound that the allocator proves to reach with the true values."""
    m = len(values.offer_ids)
    problems = {
        "one budget": build_problem(values.value, values.cost, limited=np.zeros(m, np.bool_)),
        "budget and capacities": build_problem(values.value, values.cost, limited=np.ones(m, np.bool_)),
    }
    return {name: allocate(problem).value / allocate(problem).bound for name, problem in problems.items()}


def learn(tables: Tables, ids: NDArray[np.str_], today: date) -> Learned:
    """Effects, responses, risk and value of these customers, as training would estimate them today."""
    rows = load_uplift_rows(tables)
    studies = study_treatments(rows, learner=None, config=tables.config, progress=NoProgress())
    learners = {name: learner_of(study, None, seed=tables.config.seed) for name, study in studies.items()}
    model = UpliftModel.fit(learners, rows.data)
    words = {column.name: column.vocabulary for column in model.columns if column.vocabulary is not None}
    features = compute_features(tables, Cohort(ids, np.full(len(ids), today, "datetime64[D]")), vocabularies=words)
    remaining, p_alive = predict_value(tables, ids, today)
    common = model.common_effects(ids, kinds={})
    return Learned(
        studies=studies,
        effects=model.effects(features).share_by_activity(p_alive, treatments=model.alike),
        common=None if common is None else common.share_by_activity(p_alive, treatments=common.treatments),
        responses={name: predict_response(rows, name, features=features) for name in rows.data},
        risk=predict_churn(tables, features),
        remaining=remaining,
    )


def predict_response(rows: UpliftRows, treatment: str, *, features: FeatureTable) -> NDArray[np.float64]:
    """(n,) P(purchase | contacted), learned from the customers who were."""
    data = rows.data[treatment]
    learner = LEARNERS["response_linear"]().fit(treatment_rows(data, data.features.columns))
    return np.sum(learner.predict(align_values(features, data.features.columns)), axis=0)


def predict_churn(tables: Tables, features: FeatureTable) -> NDArray[np.float64]:
    """(n,) the churn probability by a logistic regression on all matured cutoffs."""
    rows = load_churn_rows(tables)
    recipe = default_recipe(CHURN_MODELS, "logistic").with_settings({"n_resamples": 0})
    model = rows.fit(recipe, rows.all_fit_rows)
    return model.score(features, rows.outcomes.horizon_days).value


def predict_value(
    tables: Tables, ids: NDArray[np.str_], today: date
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) the margin expected within the horizon, and (n,) P(alive), by a purchase process."""
    sources = ValueSources.of(tables)
    first = value_record_start(tables, sources)
    cutoffs = ValueCutoffs(first=first, validation=(), test=today, until=today, horizon_days=HORIZON_DAYS)
    rows = ValueRows(tables, sources, cutoffs, tables.config.value)
    forecast = rows.fit_and_forecast(default_recipe(VALUE_MODELS, "mbg_nbd"), today)
    places = codes_of(ids, rows.at(today).history.customer_ids)
    return forecast.margin[places, 0], forecast.p_alive[places]


def choose_contacts_of(
    learned: Learned, tables: Tables, *, today: date, book: OfferBook, problem: AllocationProblem
) -> dict[str, NDArray[np.int64]]:
    """The choice of each policy, (n,): an offer or NOTHING for each customer."""
    kinds = [offer.kind for offer in book.offers]
    margins, costs = (np.array([getattr(offer, name) for offer in book.offers]) for name in ("margin", "cost"))
    rates = estimate_acceptance(book, tables.config.offers)
    accepted = np.array([rates[offer.offer_id].probability for offer in book.offers])
    responses = np.stack([learned.responses[kind] for kind in kinds], axis=1)
    alike = np.tile(accepted * margins - costs, (len(learned.risk), 1))
    chance = np.random.default_rng(tables.config.seed).random(len(learned.risk))
    return {
        LEARNED: choose_learned(learned, tables, today=today, book=book, problem=problem),
        "by risk": choose_in_order(learned.risk, alike, problem=problem),
        "by response": choose_in_order(responses.max(axis=1), responses * margins - costs, problem=problem),
        "by value": choose_in_order(learned.remaining, alike, problem=problem),
        RANDOM: choose_in_order(chance, alike, problem=problem),
    }


def choose_learned(
    learned: Learned, tables: Tables, *, today: date, book: OfferBook, problem: AllocationProblem
) -> NDArray[np.int64]:
    """The contacts that `kizuna decide` would make: the highest total of learned values within the limits."""
    config, n = tables.config, len(learned.risk)
    inputs = ValueInputs(
        acceptance=AcceptanceEstimates.of_rates(estimate_acceptance(book, config.offers), n_customers=n),
        assumptions=config.offers,
        fatigue=estimate_fatigue(load_unsubscribe_rows(tables, today), assumed=config.decisions.fatigue),
        channels={},
        measured=MeasuredEffects(effects=learned.effects, common=learned.common, treatment="kind", outcome="purchased"),
    )
    state = CustomerState(
        customer_ids=learned.effects.customer_ids,
        churn_probabilities=learned.risk,
        remaining_values=learned.remaining,
    )
    valued = value_options(state, [Option(offer=offer) for offer in book.offers], inputs=inputs)
    values = np.where(valued.codes == ALLOWED, valued.values.value, np.nan)
    return allocate(AllocationProblem(values, problem.resources)).choice


def choose_in_order(
    scores: NDArray[np.float64], merits: NDArray[np.float64], *, problem: AllocationProblem
) -> NDArray[np.int64]:
    """Contacts from the highest score, (n,), down: each customer gets the offer of most merit, (n, m), that is left."""
    left, choice = problem.limits(), np.full(len(scores), NOTHING)
    usage = np.array([resource.usage for resource in problem.resources])
    for row in np.argsort(-scores, kind="stable"):
        for offer in np.argsort(-merits[row], kind="stable"):
            if (usage[:, offer] <= left).all():
                choice[row] = offer
                left -= usage[:, offer]
                break
    return choice
