"""Builds the offers of a release."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import DataError
from features.acceptance_rows import load_acceptance_rows
from features.contact_state import load_contact_state
from features.contact_timing import load_channel_contacts, load_customer_moments
from features.frequency_rows import load_frequency_rows
from features.offer_tastes import measure_tastes
from features.unsubscribe_rows import load_unsubscribe_log
from models.policies.acceptance.learning import learn_acceptance
from models.policies.channels import learn_channel_effects
from models.policies.contact_limits import choose_control_group
from models.policies.fatigue import estimate_fatigue
from models.policies.save_rate import judge_save_rate
from models.policies.timing import SendTimes, find_allowed_hours, fit_contact_timing
from serving.build.frequency_limits import measure_monthly_limits
from serving.build.inputs import BuildInputs, BuiltPart
from serving.build.offer_rules import read_offer_variables, read_segments
from serving.release.offer_part import OfferCustomers, OfferPart, OfferTerms
from serving.release.refusals import Refusals
from serving.release.release import ReleasePart
from serving.release.send_slots import SendSlots
from tables.addresses import languages_of, line_ids_of
from tables.assortment import load_offer_book, require_complete_offers
from tables.consents import customers_refusing, refusing_by_channel


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
    logged, features = load_contact_state(tables, ids, cutoff=inputs.cutoff), inputs.features
    control = choose_control_group(logged, config.contact_policy, data_set=config.name)
    contacts = logged.drop_unmade(control.members(ids))
    answers = load_acceptance_rows(tables, inputs.cutoff, offers=book.offers, like=features, memo=inputs.memo)
    acceptance = learn_acceptance(answers, book, assumptions=config.offers, seed=config.seed)
    segments = read_segments(inputs, parts=parts)
    channels = learn_channel_effects(load_channel_contacts(tables, inputs.cutoff), ids, segments=segments)
    log = load_unsubscribe_log(tables, inputs.cutoff)
    frequency = load_frequency_rows(tables, log)
    limits, places = measure_monthly_limits(frequency, inputs, parts=parts, segments=segments)
    terms = OfferTerms(
        data_set=config.name,
        book=book,
        assumptions=config.offers,
        settings=config.decisions,
        policy=config.contact_policy,
        control=control,
        fatigue=estimate_fatigue(None if log is None else log.rows, assumed=config.decisions.fatigue),
        save=judge_save_rate(inputs.save_rows, stated_rate=config.offers.save_rate)
        if config.offers.save_rate
        else None,
        acceptance_choice=acceptance.sentence,
        treatment=config.uplift.treatment,
        margin_rate=config.money.margin_rate,
        channels=channels.terms,
        monthly_limits=limits,
        campaign_offers=tuple(sorted({one for campaign in config.campaigns.values() for one in campaign.offer_ids})),
    )
    variables = read_offer_variables(book.offers, inputs, parts=parts)
    timing = fit_contact_timing(
        load_customer_moments(tables, inputs.cutoff),
        ids,
        allowed=find_allowed_hours(config.contact_policy),
        segments=segments,
    )
    customers = OfferCustomers(
        contacts=contacts,
        acceptance=acceptance.estimate(
            features, tastes=measure_tastes(tables, ids, cutoff=inputs.cutoff, offers=book.offers)
        ),
        variables=variables,
        languages=languages_of(then, ids),
        line_user_ids=line_ids_of(then, ids),
        send_slots={"": _slots(timing.overall)} | {name: _slots(one) for name, one in timing.by_channel.items()},
        channel_effects=channels.effects,
        channel_sources=channels.sources,
        limit_places=places,
    )
    refusals = Refusals.of(
        customers_refusing(tables, "contact", cutoff=inputs.cutoff), refusing_by_channel(tables, cutoff=inputs.cutoff)
    )
    return BuiltPart(OfferPart.of(terms, customers, refusals=refusals))


def _slots(times: SendTimes) -> SendSlots:
    return SendSlots(
        hours=times.hours,
        weekdays=times.weekdays,
        hour_sources=times.hour_sources,
        weekday_sources=times.weekday_sources,
    )
