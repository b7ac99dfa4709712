"""The variables of offers' rules: those of segments, `channel`, and the segments and customer tiers themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import RuleError
from core.feature_names import CustomerFact
from core.feature_table import FeatureTable
from core.offers import CHANNEL, Offer
from core.rules.rule import Column, parse_rule
from core.segmentation import PredictedValue
from features.segments.customer_facts import load_customer_facts
from features.segments.membership import assign_customers, build_variables
from features.segments.rule_variables import (
    check_name,
    facts_for_rules,
    membership_names,
    variable_names,
)
from tables.tables import Tables


def situation_names(config: Config) -> frozenset[str]:
    """The variables that differ by request or by option: the channel, and those of `[decisions] context`."""
    return frozenset({CHANNEL, *config.decisions.context})


def names_in_offers(config: Config, offers: Iterable[Offer]) -> frozenset[str]:
    """The variables in the offers' rules, without those of the situation.

    Raises RuleError, with the offer, for a rule that cannot be parsed and for a name that this data set cannot have.
    """
    names = {*variable_names(config), *membership_names(config), *situation_names(config)}
    used = set[str]()
    for offer in offers:
        place = f"offer {offer.offer_id}"
        for name in sorted(_names_in(offer, place)):
            check_name(name, names, config=config, place=place)
            used.add(name)
    return frozenset(used - situation_names(config))


def _names_in(offer: Offer, place: str) -> frozenset[str]:
    try:
        return parse_rule(offer.rule).names() if offer.rule else frozenset()
    except RuleError as error:
        raise RuleError(f"[{place}]: {error}") from error


def collect_offer_variables(
    tables: Tables,
    features: FeatureTable,
    *,
    names: Collection[str],
    churn_probability: NDArray[np.float64],
    event_probabilities: Mapping[str, NDArray[np.float64]] | None = None,
    predicted_value: PredictedValue | None = None,
) -> dict[str, Column]:
    """The named variables of the customers of one cutoff, (n,) each; arguments as of `build_variables`.

    Raises RuleError for a variable that the data set does not have.
    """
    needed = facts_for_rules(tables.config).union(name for name in names if name in set(CustomerFact))
    facts = load_customer_facts(tables, features, names=needed)
    variables = build_variables(
        tables.config,
        features,
        churn_probability=churn_probability,
        event_probabilities=event_probabilities,
        predicted_value=predicted_value,
        facts=facts,
    )
    if not set(names).isdisjoint(membership_names(tables.config)):
        segmentation = assign_customers(tables.config, variables, predicted_value=predicted_value)
        variables = replace(variables, memberships=segmentation.memberships())
    return {name: variables[name] for name in sorted(names)}
