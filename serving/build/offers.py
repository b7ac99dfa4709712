"""Builds the offers of a release."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.config.data_set import Config
from core.errors import DataError, RuleError
from core.model_kinds import CHURN, PREDICT, VALUE
from core.offers import CHANNEL, Offer, OfferBook
from core.rules.rule import Column, parse_rule
from features.acceptance_rows import load_acceptance_rows
from features.contact_state import load_contact_state
from features.contact_timing import load_customer_moments
from features.offer_tastes import measure_tastes
from features.segments.offer_variables import (
    collect_offer_variables,
    names_in_offers,
    situation_names,
)
from features.segments.ranks import with_ranks
from features.unsubscribe_rows import load_unsubscribe_rows
from models.policies.acceptance.learning import learn_acceptance
from models.policies.contact_limits import choose_control_group
from models.policies.fatigue import estimate_fatigue
from models.policies.timing import find_allowed_hours, fit_contact_timing
from serving.build.inputs import BuildInputs, BuiltPart
from serving.build.segments import churn_probabilities, collect_predicted_value, event_probabilities
from serving.release.churn_part import ChurnPart
from serving.release.offer_part import OfferCustomers, OfferPart, OfferTerms
from serving.release.release import ReleasePart
from tables.addresses import languages_of, line_ids_of
from tables.assortment import load_offer_book, require_complete_offers
from tables.consents import customers_refusing


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Store the offers, P(accept), what their rules use, and what limits contacts.

    Raises RuleError for a rule with a mistake.
    """
    if "offers" not in inputs.tables:
        return BuiltPart(None, "the data set has no offers; add [tables.offers] to its TOML")
    try:
        require_complete_offers(inputs.tables, inputs.cutoff)
    except DataError as error:
        return BuiltPart(None, str(error))
    config, tables, ids = inputs.config, inputs.tables, inputs.features.customer_ids
    book, then = load_offer_book(tables, inputs.cutoff), tables.at(inputs.cutoff)
    contacts, features = load_contact_state(tables, ids, cutoff=inputs.cutoff), inputs.features
    answers = load_acceptance_rows(tables, inputs.cutoff, offers=book.offers, like=features)
    acceptance = learn_acceptance(answers, book, assumptions=config.offers, seed=config.seed)
    terms = OfferTerms(
        data_set=config.name,
        book=book,
        assumptions=config.offers,
        settings=config.decisions,
        policy=config.contact_policy,
        control=choose_control_group(contacts, config.contact_policy, data_set=config.name),
        fatigue=estimate_fatigue(load_unsubscribe_rows(tables, inputs.cutoff), assumed=config.decisions.fatigue),
        acceptance_choice=acceptance.sentence,
        treatment=config.uplift.treatment,
        margin_rate=config.money.margin_rate,
        campaign_offers=tuple(sorted({one for campaign in config.campaigns.values() for one in campaign.offer_ids})),
    )
    variables = _read_variables(book, inputs, parts=parts)
    allowed = find_allowed_hours(config.contact_policy)
    send_times = fit_contact_timing(load_customer_moments(tables, inputs.cutoff), ids, allowed=allowed).overall
    customers = OfferCustomers(
        contacts=contacts,
        acceptance=acceptance.estimate(
            features, tastes=measure_tastes(tables, ids, cutoff=inputs.cutoff, offers=book.offers)
        ),
        variables=variables,
        languages=languages_of(then, ids),
        line_user_ids=line_ids_of(then, ids),
        hours=send_times.hours,
        hour_sources=send_times.hour_sources,
    )
    return BuiltPart(
        OfferPart.of(terms, customers, refusing=customers_refusing(tables, "contact", cutoff=inputs.cutoff))
    )


def _read_variables(
    book: OfferBook, inputs: BuildInputs, *, parts: Mapping[str, ReleasePart | None]
) -> dict[str, Column]:
    """The variables that the offers' rules use, (n,) each. Raises RuleError, with the offer, for a mistake."""
    if len({offer.offer_id for offer in book.offers}) < len(book.offers):
        raise DataError("two offers have the same offer_id; offer ids must be unique")
    config, churn = inputs.config, parts.get(CHURN.name)
    features = with_ranks(inputs.features, config)
    ids = features.customer_ids
    columns = collect_offer_variables(
        inputs.tables,
        features,
        names=names_in_offers(config, book.offers),
        churn_probability=churn_probabilities(churn if isinstance(churn, ChurnPart) else None, ids),
        event_probabilities=event_probabilities(config, parts.get(PREDICT.name), customer_ids=ids),
        predicted_value=collect_predicted_value(parts.get(VALUE.name), customer_ids=ids),
    )
    for offer in book.offers:
        _evaluate_once(offer, columns, config=config)
    return columns


def _evaluate_once(offer: Offer, columns: Mapping[str, Column], *, config: Config) -> None:
    """Evaluate a rule on no rows, so that a mistake stops the release and not a customer's request."""
    if offer.rule is None:
        return
    texts = {CHANNEL, *(name for name, kind in config.decisions.context.items() if kind == "text")}
    no_rows: dict[str, Column] = {
        name: np.empty(0, "U1" if name in texts else np.float64) for name in situation_names(config)
    }
    try:
        parse_rule(offer.rule).evaluate(no_rows | {name: column[:0] for name, column in columns.items()})
    except RuleError as error:
        raise RuleError(f"[offer {offer.offer_id}]: {error}") from error
