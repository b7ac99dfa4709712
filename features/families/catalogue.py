"""Every declared feature, and which of them a data set can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.feature_names import (
    MAIN_CHANNEL,
    MAIN_CONTACT_CHANNEL,
    MAIN_EVENT,
    MAIN_PLAN,
    MAIN_TICKET_SEVERITY,
    MAIN_TICKET_TOPIC,
)
from features.compiler.declaration import Feature, columns_of, measures_of
from features.compiler.lines import DERIVED, lines_of
from features.families.baskets import BASKET_FEATURES, channel_features
from features.families.contacts import CONTACT_FEATURES, contact_channel_features
from features.families.purchases import PURCHASE_FEATURES
from features.families.spending import SPENDING_FEATURES
from features.families.stated_preferences import ANSWER, PREFERENCE_FEATURES, answer_features
from features.families.subscriptions import SUBSCRIPTION_FEATURES, plan_features
from features.families.surveys import SURVEY_FEATURES
from features.families.tickets import TICKET_FEATURES, severity_features, topic_features
from features.families.usage import SEAT_FEATURES, USAGE_FEATURES, event_features
from tables.engines.expressions import ibis
from tables.tables import Tables
from tables.vocabulary import MAX_KINDS, frequent_words

DECLARED = (
    *PURCHASE_FEATURES,
    *SPENDING_FEATURES,
    *BASKET_FEATURES,
    *USAGE_FEATURES,
    *SEAT_FEATURES,
    *SUBSCRIPTION_FEATURES,
    *TICKET_FEATURES,
    *SURVEY_FEATURES,
    *CONTACT_FEATURES,
    *PREFERENCE_FEATURES,
)
"Those that need no word of the data."

Vocabularies = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Learnt:
    """Features that are made of the words of a column, the most frequent ones."""

    table: str
    column: str
    features: Callable[[tuple[str, ...]], Iterable[Feature]]


LEARNT = {
    MAIN_CHANNEL: Learnt("purchases", "channel", channel_features),
    MAIN_EVENT: Learnt("usage", "event", event_features),
    MAIN_PLAN: Learnt("subscriptions", "plan", plan_features),
    MAIN_TICKET_SEVERITY: Learnt("tickets", "severity", severity_features),
    MAIN_TICKET_TOPIC: Learnt("tickets", "topic", topic_features),
    MAIN_CONTACT_CHANNEL: Learnt("contacts", "channel", contact_channel_features),
}
"By the categorical feature that keeps the words."


@dataclass(frozen=True)
class Absence:
    """The features that a data set does without because one table is absent."""

    table: str
    families: tuple[str, ...]
    n_features: int
    "Those that need no word of the data; the absent table would have brought more."

    def __str__(self) -> str:
        which = f"family {self.families[0]}" if len(self.families) == 1 else f"families {', '.join(self.families)}"
        features = "1 feature" if self.n_features == 1 else f"{self.n_features} features"
        return f"no {self.table} table: {features} of {which} {'is' if self.n_features == 1 else 'are'} left out"


def absences(known: Tables) -> tuple[Absence, ...]:
    """What is left out for want of a table, one absence a table; a feature of two counts under the first absent one."""
    missing: dict[str, list[Feature]] = {}
    for feature in DECLARED:
        needed = [measure.grain.table for measure in measures_of(feature.expression)]
        absent = [table for table in needed if table not in known]
        if absent:
            missing.setdefault(absent[0], []).append(feature)
    return tuple(
        Absence(table, tuple(dict.fromkeys(feature.family for feature in features)), len(features))
        for table, features in missing.items()
    )


def declared_features(known: Tables, vocabularies: Vocabularies | None = None) -> tuple[Feature, ...]:
    """The features whose tables and columns are there; words as given, or learnt from the tables.

    What needs a table or column that the data set lacks is left out, so that no column is always missing.
    """
    present = {name: set(lines_of(known, name).columns) for name in DERIVED if name in known}
    features = list(DECLARED)
    for keeper, learnt in LEARNT.items():
        features += learnt.features(_words(known, keeper, learnt, vocabularies))
    features += answer_features(_sayings(known, vocabularies))
    return tuple(feature for feature in features if _possible(feature, present))


def _words(known: Tables, keeper: str, learnt: Learnt, vocabularies: Vocabularies | None) -> tuple[str, ...]:
    if vocabularies is not None:
        return vocabularies.get(keeper, ())
    if learnt.table not in known or learnt.column not in known[learnt.table].columns:
        return ()
    return frequent_words(known[learnt.table], learnt.column, MAX_KINDS)


def _sayings(known: Tables, vocabularies: Vocabularies | None) -> tuple[str, ...]:
    """The most frequent answers to the most frequent questions, as 'key: value'."""
    if vocabularies is not None:
        return tuple(word for name, words in vocabularies.items() if name.startswith(ANSWER) for word in words)
    if "preferences" not in known:
        return ()
    lines = lines_of(known, "preferences")
    asked = lines.filter(ibis._.key.isin(frequent_words(lines, "key", MAX_KINDS)))
    return frequent_words(asked, "said", MAX_KINDS * MAX_KINDS)


def _possible(feature: Feature, present: Mapping[str, set[str]]) -> bool:
    return all(
        measure.grain.table in present and columns_of(measure) <= present[measure.grain.table]
        for measure in measures_of(feature.expression)
    )
