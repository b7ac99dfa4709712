"""The variables of segment rules: features, key figures, attributes, and what models predict.

`check_rule_names` refuses an unknown name when the configuration is read, before any table is. The names of features
per word of the data (order_share_via_web) match a pattern until the data is read.

Key figures have one name for every business:

    recency_days    days since the last purchase, or usage
    frequency       orders of 365 days; days with usage if nothing is bought
    revenue_365d    purchases of 365 days less returns
    mrr             monthly price of the running subscriptions
    tenure_days     days since the first subscription, purchase or usage

Where the TOML has `[loyalty.ranks]`, rules know the `rank`, the `next_rank` and the `distance_to_next_rank` of a
customer (`features.segments.ranks`).

Each is the first of its features that the data set has a value for. If the history is shorter than 365 days, all of it
counts. The value of a customer is the MRR, or revenue_365d if the business has no subscriptions.

`customer_facts` has what models are not trained on, such as the language. A segment may use `customer_tier` and the
segments that are declared before it: `segment_dormant == 1`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from core.config.customers import Segment, segment_variable
from core.config.data_set import Config
from core.errors import RuleError
from core.feature_names import (
    DAYS_SINCE_FIRST_PURCHASE,
    DAYS_SINCE_FIRST_USAGE,
    DAYS_SINCE_LAST_PURCHASE,
    DAYS_SINCE_LAST_USAGE,
    MRR_NOW,
    NET_SPEND_365D,
    NET_SPEND_TOTAL,
    ORDERS_365D,
    ORDERS_TOTAL,
    SUBSCRIPTION_TENURE_DAYS,
    USAGE_DAYS_30D,
    USAGE_DAYS_90D,
    USAGE_DAYS_365D,
    CustomerFact,
    KeyFigure,
    RuleVariable,
)
from core.feature_table import FeatureTable
from core.rules.rule import Column, Rule, parse_rule
from core.segmentation import CUSTOMER_TIER, ValueKind
from features.compiler.declaration import Feature, measures_of
from features.families.catalogue import static_features, word_features
from features.segments.customer_facts import FACT_TABLES
from features.segments.ranks import RANK_VARIABLES, rank_sources, require_rank_table

KEY_FIGURES: dict[str, tuple[str, ...]] = {
    KeyFigure.RECENCY_DAYS: (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE),
    KeyFigure.FREQUENCY: (ORDERS_365D, ORDERS_TOTAL, USAGE_DAYS_365D, USAGE_DAYS_90D, USAGE_DAYS_30D),
    KeyFigure.REVENUE_365D: (NET_SPEND_365D, NET_SPEND_TOTAL),
    KeyFigure.MRR: (MRR_NOW,),
    KeyFigure.TENURE_DAYS: (SUBSCRIPTION_TENURE_DAYS, DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_FIRST_USAGE),
}
"By key figure: the features that may hold it, the preferred one first."

VALUES: tuple[ValueKind, ...] = ("mrr", "revenue_365d")
"Key figures that may be the value of a customer, the preferred one first."


def key_figure(features: FeatureTable, name: str) -> NDArray[np.float64] | None:
    """A key figure of each customer, (n,). None if the data set has no feature for it."""
    for source in KEY_FIGURES[name]:
        if source in features.names and not np.isnan(features.column(source)).all():
            return features.column(source)
    return None


def customer_value(features: FeatureTable) -> tuple[ValueKind, NDArray[np.float64]]:
    """The value of each customer, (n,), and which key figure it is ('' and NaN if there is none)."""
    for name in VALUES:
        value = key_figure(features, name)
        if value is not None:
            return name, value
    return "", np.full(len(features), np.nan)


ANY_WORD = "anyword"


def check_rule_names(config: Config) -> None:
    """Raise RuleError for a segment rule with a name that no customer of this data set can have, or a rule of an event
    that cannot be parsed, and ConfigError for ranks that this data set cannot have."""
    require_rank_table(config)
    for event, predicted in config.predict.items():
        if predicted.where:
            _parse(predicted.where, f"predict.{event}")
    for place, segment in rules_by_place(config):
        names = {*variable_names(config), *_memberships_before(config, place)}
        for name in sorted(names_in(segment, place)):
            if name in membership_names(config) and name not in names:
                raise RuleError(f"[{place}]: '{name}' is not assigned yet; {ORDER}")
            check_name(name, names, config=config, place=place)


ORDER = (
    "customer tiers come first, then segments in the order of the TOML, and each may use those before it; move it up"
)


def check_name(name: str, names: Collection[str], *, config: Config, place: str) -> None:
    """Raise RuleError for a name that is none of these, and no feature per word of the data."""
    if name not in names and not any(re.fullmatch(pattern, name) for pattern in _word_patterns(config)):
        raise RuleError(f"[{place}]: unknown name '{name}'; {_suggestions(name, names)}")


def membership_names(config: Config) -> tuple[str, ...]:
    """`customer_tier` and `segment_<name>`, as far as the TOML declares any, in the order of their assignment."""
    return (*((CUSTOMER_TIER,) if config.customer_tiers else ()), *map(segment_variable, config.segments))


def _memberships_before(config: Config, place: str) -> tuple[str, ...]:
    """The memberships that a rule of this place may use: campaigns all of them."""
    section, _, name = place.partition(".")
    names = () if section == "customer_tiers" else membership_names(config)
    return names[: names.index(segment_variable(name))] if section == "segments" else names


def segments_by_place(config: Config) -> Iterator[tuple[str, Segment]]:
    """Every segment and customer tier with its place in the TOML, e.g. 'segments.dormant'."""
    for section, segments in (("segments", config.segments), ("customer_tiers", config.customer_tiers)):
        for name, segment in segments.items():
            yield f"{section}.{name}", segment


def rules_by_place(config: Config) -> Iterator[tuple[str, Segment]]:
    """The same, and the rules of campaigns and their triggers, as segments."""
    yield from segments_by_place(config)
    for name, campaign in config.campaigns.items():
        if campaign.rule is not None:
            yield f"campaigns.{name}", Segment(rule=campaign.rule)
        if campaign.trigger is not None and campaign.trigger.as_rule:
            yield f"campaigns.{name}.trigger", Segment(rule=campaign.trigger.as_rule)


def features_for_rules(config: Config) -> frozenset[str]:
    """The features that segments, tiers and campaigns need. For a key figure: all features that may hold it."""
    names = set[str]().union(*(names_in(segment, place) for place, segment in rules_by_place(config)))
    return features_for_names(config, names)


def features_for_names(config: Config, variables: Collection[str]) -> frozenset[str]:
    """The features that these variables are computed from."""
    names = set(variables)
    figures = {name for name in names if name in KEY_FIGURES}
    if RuleVariable.VALUE in names:
        figures |= set(VALUES)
    if names.intersection(RANK_VARIABLES):
        names |= set(rank_sources(config.loyalty))
    events = set(map(name_event_probability, config.predict))
    others = (RuleVariable, CustomerFact, events, membership_names(config))
    return frozenset(names.difference(*others).union(*(KEY_FIGURES[name] for name in figures)))


def facts_for_rules(config: Config) -> frozenset[str]:
    """The facts of `customer_facts` that segments, tiers and campaigns need."""
    names = set[str]().union(*(names_in(segment, place) for place, segment in rules_by_place(config)))
    return frozenset(names.intersection(CustomerFact))


def variable_names(config: Config) -> Iterator[str]:
    """The variables of this data set, without the features per word of the data."""
    features = {feature.name for feature in static_features() if _has_tables(feature, config)}
    yield from features
    yield from (name for name, sources in KEY_FIGURES.items() if features.intersection(sources))
    yield from (name for name in RuleVariable if config.loyalty.ranks or name not in RANK_VARIABLES)
    yield from (name for name, tables in FACT_TABLES.items() if tables.intersection(config.tables))
    yield from map(name_event_probability, config.predict)
    for name in attribute_names(config):
        yield from (name, f"days_since_{name}")


def name_event_probability(event: str) -> str:
    """The variable of an event under [predict], e.g. buys_tea_probability."""
    return f"{event}_probability"


def attribute_names(config: Config) -> Iterator[str]:
    """The names of listed attributes as features. Dates get a prefix on top: days_since_<name>."""
    for table in ("accounts",) if config.customer == "account" else ("customers", "accounts"):
        for source in config.attributes.get(table, ()):
            yield source if table == "customers" else f"account_{source}"


@dataclass(frozen=True, kw_only=True)
class RuleVariables:
    """The values of rule variables for the customers of one cutoff."""

    features: FeatureTable
    churn_probability: NDArray[np.float64]
    "(n,), NaN for customers without a score."
    event_probabilities: Mapping[str, NDArray[np.float64]]
    "(n,) by event; NaN for customers without a score."
    health: NDArray[np.float64]
    "(n,), 0 to 100; NaN for customers without a score."
    predicted_value: NDArray[np.float64]
    "(n,) base currency; NaN for customers without a forecast."
    other_names: frozenset[str]
    "Further names to suggest in the message about an unknown name."
    facts: Mapping[str, Column] = field(default_factory=dict[str, Column])
    "(n,) by name, from `customer_facts`."
    memberships: Mapping[str, Column] = field(default_factory=dict[str, Column])
    "(n,) by name: the customer tier, and the segments that are assigned already."

    def __getitem__(self, name: str) -> Column:
        """One variable: (n,) numbers (NaN is missing) or (n,) texts ('' is missing).

        Raises RuleError for a feature that the data set does not have.
        """
        for columns in (self.memberships, self.facts):
            if name in columns:
                return columns[name]
        if name == RuleVariable.CHURN_PROBABILITY:
            return self.churn_probability
        if name == RuleVariable.HEALTH:
            return self.health
        if name == RuleVariable.PREDICTED_VALUE:
            return self.predicted_value
        for event, probability in self.event_probabilities.items():
            if name == name_event_probability(event):
                return probability
        if name == RuleVariable.VALUE:
            return customer_value(self.features)[1]
        figure = key_figure(self.features, name) if name in KEY_FIGURES else None
        if figure is not None:
            return figure
        # The data set may have the feature of a key figure without a value at this cutoff: all are missing.
        sources = KEY_FIGURES.get(name, ())
        return self._feature(next((source for source in sources if source in self.features.names), name))

    def _feature(self, name: str) -> Column:
        if name not in self.features.names:
            names = self.other_names.union(self.features.names)
            raise RuleError(f"this data set has no '{name}'; {_suggestions(name, names)}")
        words = self.features.vocabularies.get(name)
        return self.features.column(name) if words is None else decode_words(self.features.column(name), words)


def decode_words(codes: NDArray[np.float64], words: tuple[str, ...]) -> NDArray[np.str_]:
    """A categorical column as words, (n,); '' where it is missing."""
    return np.array([*words, ""])[np.nan_to_num(codes, nan=len(words)).astype(np.int64)]


def _suggestions(name: str, names: Collection[str]) -> str:
    """There are hundreds of names, so the message lists the three most similar ones."""
    similar = ", ".join(get_close_matches(name, sorted(names), n=3, cutoff=0.0))
    return f"{f'did you mean one of {similar}? ' if similar else ''}docs/reference/features.md lists them all"


def names_in(segment: Segment, place: str) -> frozenset[str]:
    """The variables that a segment uses itself; `place` is where the TOML has it."""
    if segment.rule is None:
        return frozenset() if segment.top is None else frozenset({segment.by})
    return _parse(segment.rule, place).names()


def _parse(text: str, place: str) -> Rule:
    try:
        return parse_rule(text)
    except RuleError as error:
        raise RuleError(f"[{place}]: {error}") from error


def _has_tables(feature: Feature, config: Config) -> bool:
    return all(measure.grain.table in config.tables for measure in measures_of(feature.expression))


def _word_patterns(config: Config) -> Iterator[str]:
    """The names of features per word of the data, as regular expressions."""
    for words in word_features():
        if words.table in config.tables:
            yield from (feature.name.replace(ANY_WORD, r"\w+") for feature in words.declare((ANY_WORD,)))
