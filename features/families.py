"""Every declared feature, and which of them a data set can have."""

from __future__ import annotations

from collections.abc import Mapping

from features.baskets import BASKET_FEATURES, channel_features
from features.declaration import Feature, columns_of, measures_of
from features.facts import lines_of
from features.purchases import PURCHASE_FEATURES
from features.spending import SPENDING_FEATURES
from features.tables import Tables
from features.usage import USAGE_FEATURES, event_features
from features.words import MAX_KINDS, frequent_words

DECLARED = (*PURCHASE_FEATURES, *SPENDING_FEATURES, *BASKET_FEATURES, *USAGE_FEATURES)
"Those that need no word of the data."

LEARNT = {"main_channel": ("purchases", "channel"), "main_event": ("usage", "event")}
"Columns of words that become features of their own, by the categorical feature that keeps the words."


def declared_features(known: Tables, vocabularies: Mapping[str, tuple[str, ...]] | None = None) -> tuple[Feature, ...]:
    """The features whose tables and columns are there; channels and events as given, or learnt from the tables.

    What needs a column that the data set lacks is left out, so that no column is always missing.
    """
    present = {name: set(lines_of(known, name).columns) for name in ("purchases", "usage") if name in known}
    channels, events = (_words(known, keeper, vocabularies) for keeper in LEARNT)
    features = (*DECLARED, *channel_features(channels), *event_features(events))
    return tuple(feature for feature in features if _possible(feature, present))


def _words(known: Tables, keeper: str, vocabularies: Mapping[str, tuple[str, ...]] | None) -> tuple[str, ...]:
    if vocabularies is not None:
        return vocabularies.get(keeper, ())
    table, column = LEARNT[keeper]
    if table not in known or column not in known[table].columns:
        return ()
    return frequent_words(known[table], column, MAX_KINDS)


def _possible(feature: Feature, present: Mapping[str, set[str]]) -> bool:
    return all(
        measure.grain.table in present and columns_of(measure) <= present[measure.grain.table]
        for measure in measures_of(feature.computed)
    )
