"""Which segments, customer tiers and campaigns depend on predictions, directly or by a segment before them."""

from __future__ import annotations

from collections.abc import Collection

from core.config.customers import segment_variable
from core.config.data_set import Config
from core.feature_names import RuleVariable
from core.segmentation import CUSTOMER_TIER
from features.segments.rule_variables import name_event_probability, names_in, rules_by_place

OF_CHURN = (RuleVariable.CHURN_PROBABILITY, RuleVariable.HEALTH)


def prediction_names(config: Config) -> frozenset[str]:
    """The variables that models predict, and the segments and customer tiers, directly or not, that depend on them."""
    predicted = {*map(str, (*OF_CHURN, RuleVariable.PREDICTED_VALUE)), *map(name_event_probability, config.predict)}
    return frozenset(predicted.union(*map(_memberships_of, find_dependents(config, predicted))))


def find_dependents(config: Config, variables: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By place in the TOML, e.g. 'segments.dormant': those of some variables that its rule needs, directly or not."""
    own = {place: names_in(segment, place) for place, segment in rules_by_place(config)}
    # In the order in which they are assigned: tiers first, and each segment after those that it uses.
    order = sorted(own, key=lambda place: ("customer_tiers", "segments", "campaigns").index(place.split(".")[0]))
    needed = dict[str, set[str]]()
    by_membership = dict[str, set[str]]()
    for place in order:
        of_place = own[place].intersection(variables).union(*(by_membership.get(name, ()) for name in own[place]))
        if of_place:
            needed[place] = set(of_place)
        for name in _memberships_of(place) if of_place else ():
            by_membership.setdefault(name, set()).update(of_place)
    return {place: tuple(sorted(needed[place])) for place in own if place in needed}


def of_former_customers(config: Config) -> dict[str, str]:
    """The variables that no customer of today has, e.g. comes_back_probability, and their event under [predict]."""
    events = (event for event, predicted in config.predict.items() if predicted.customers == "lapsed")
    return {name_event_probability(event): event for event in events}


def _memberships_of(place: str) -> tuple[str, ...]:
    """The variable that says who belongs to a segment or tier; none of a campaign."""
    section, _, name = place.partition(".")
    of_section = {"customer_tiers": (CUSTOMER_TIER,), "segments": (segment_variable(name),)}
    return of_section.get(section, ())
