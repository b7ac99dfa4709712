"""Finds the declared features of `features/families/`, and those that a data set can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.catalogue import Catalogue
from features.compiler.declaration import Feature, columns_of, measures_of
from features.compiler.facts import FEATURE_TABLES, derive_columns
from features.families.feature_set import FeatureSet, Vocabularies, WordFeatures
from tables.orders import IS_RETURNED
from tables.tables import Tables

FEATURE_SETS: Catalogue[FeatureSet] = Catalogue.of_folder(
    "features.families",
    attribute="FEATURES",
    # The order of features is the order of columns, on which models of equal features still depend: add to it, never
    # change it. Files that are not named come after these.
    first=(
        "purchases", "spending", "baskets", "usage", "seats", "subscriptions", "tickets", "surveys", "contacts",
        "stated_preferences",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class MissingTable:
    """A table that the data set does not have, and what is skipped for that."""

    table: str
    families: tuple[str, ...]
    n_features: int
    "Static features that need it. Features per word would come on top."

    def __str__(self) -> str:
        features = "1 feature" if self.n_features == 1 else f"{self.n_features} features"
        verb = "is" if self.n_features == 1 else "are"
        return f"no {self.table} table, so {features} ({', '.join(self.families)}) {verb} skipped"


@cache
def static_features() -> tuple[Feature, ...]:
    """Every feature that does not depend on words of the data, in the order of columns."""
    return tuple(feature for family in FEATURE_SETS.values() for feature in family.static)


@cache
def word_features() -> tuple[WordFeatures, ...]:
    """The features that depend on words of the data, in the order of columns; they come after the static ones."""
    return tuple(declared for family in FEATURE_SETS.values() for declared in family.per_word)


@cache
def all_features() -> tuple[Feature, ...]:
    """Every feature that a data set can have, with placeholders for words from the data."""
    per_word = (feature for words in word_features() for feature in words.declare((words.placeholder,)))
    return (*static_features(), *per_word)


def missing_tables(tables: Tables) -> tuple[MissingTable, ...]:
    """The tables whose absence costs features. A feature of two tables counts under the first that is missing."""
    skipped: dict[str, list[Feature]] = {}
    for feature in static_features():
        needed = [measure.grain.table for measure in measures_of(feature.expression)]
        missing = [table for table in needed if table not in tables]
        if missing:
            skipped.setdefault(missing[0], []).append(feature)
    return tuple(
        MissingTable(table, tuple(dict.fromkeys(feature.family for feature in features)), len(features))
        for table, features in skipped.items()
    )


def available_features(tables: Tables, vocabularies: Vocabularies | None = None) -> tuple[Feature, ...]:
    """The features whose tables and columns the data set has, with the words given or else learned from the tables.

    Other features are left out, because their columns would always be missing.
    """
    columns = {name: set(derive_columns(tables, name).columns) for name in FEATURE_TABLES if name in tables}
    features = [*static_features()]
    for declared in word_features():
        features += declared.declare(declared.words(tables, vocabularies))
    available = (feature for feature in features if _is_available(feature, columns))
    return tuple(feature for feature in available if tables.has_amounts or not _needs_amounts(feature))


def _needs_amounts(feature: Feature) -> bool:
    """Whether a feature reads what was paid or paid back, which not every record of purchases has."""
    grains = [(one.grain, one.column) for one in measures_of(feature.expression) if one.grain.table == "purchases"]
    return any("amount" in grain.sources(column) or grain.where == IS_RETURNED for grain, column in grains)


def _is_available(feature: Feature, columns: Mapping[str, set[str]]) -> bool:
    return all(
        measure.grain.table in columns and columns_of(measure) <= columns[measure.grain.table]
        for measure in measures_of(feature.expression)
    )
