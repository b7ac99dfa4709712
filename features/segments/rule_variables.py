"""What the rules of segments may speak of: features, key figures, listed attributes, and what a model says.

A name that cannot be is refused when the configuration is read, before any table is; features that are named after
words of the data (order_share_via_web) are known by their pattern until then.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from core.config.data_set import Config
from core.config.relations import Segment
from core.errors import RuleError
from core.feature_names import RuleVariable
from core.feature_table import FeatureTable
from core.rules.rule import parse_rule
from features.compiler.declaration import Feature, measures_of
from features.families.catalogue import static_features, word_features
from features.segments.key_figures import KEY_FIGURES, VALUES, key_figure, value_of

PREDICTIONS = (RuleVariable.CHURN_PROBABILITY, RuleVariable.HEALTH)
ANY_WORD = "anyword"


def refuse_unknown_names(config: Config) -> None:
    """Raise RuleError, naming the segment and the nearest name, for what no customer of this data set can have."""
    for place, segment in stated_segments(config):
        known = set(known_names(config))
        for name in sorted(_names_in(segment, place)):
            if name not in known and not any(re.fullmatch(pattern, name) for pattern in _patterns(config)):
                raise RuleError(f"[{place}] speaks of '{name}', which is unknown; {_nearest(name, known)}")


def stated_segments(config: Config) -> Iterator[tuple[str, Segment]]:
    """Every segment and tier with its place in the TOML."""
    for section, stated in (("segments", config.segments), ("customer_tiers", config.customer_tiers)):
        for name, segment in stated.items():
            yield f"{section}.{name}", segment


def features_of_rules(config: Config) -> frozenset[str]:
    """The features that the segments and tiers rest on; of a key figure, all that may hold it."""
    spoken_of = set[str]().union(*(_names_in(segment, place) for place, segment in stated_segments(config)))
    figures = {name for name in spoken_of if name in KEY_FIGURES}
    if RuleVariable.VALUE in spoken_of:
        figures |= set(VALUES)
    return frozenset(spoken_of.difference(RuleVariable).union(*(KEY_FIGURES[name] for name in figures)))


def known_names(config: Config) -> Iterator[str]:
    """The names that need no word of the data."""
    features = {feature.name for feature in static_features() if _of_tables(feature, config)}
    yield from features
    yield from (name for name, sources in KEY_FIGURES.items() if features.intersection(sources))
    yield from (*PREDICTIONS, RuleVariable.VALUE)
    for name in attribute_names(config):
        yield from (name, f"days_since_{name}")


def attribute_names(config: Config) -> Iterator[str]:
    """What the listed attributes are called as features, those that are dates aside."""
    for table in ("accounts",) if config.customer == "account" else ("customers", "accounts"):
        for source in config.attributes.get(table, ()):
            yield source if table == "customers" else f"account_{source}"


@dataclass(frozen=True)
class Facts:
    """What rules may know of the customers of one cutoff."""

    features: FeatureTable
    churn_probability: np.ndarray
    "(n,) float64; NaN for who was not scored."
    health: np.ndarray
    "(n,) float64, 0 to 100; NaN for who was not scored."
    could_be: frozenset[str]
    "What the data set knows beside these features, to be named where a name is wrong."

    def __getitem__(self, name: str) -> np.ndarray:
        """One fact of each customer: (n,) float64 with NaN, or (n,) text with '' where it is missing.

        Raises RuleError for a feature that the data set turns out not to have.
        """
        if name == RuleVariable.CHURN_PROBABILITY:
            return self.churn_probability
        if name == RuleVariable.HEALTH:
            return self.health
        if name == RuleVariable.VALUE:
            return value_of(self.features)[1]
        found = key_figure(self.features, name) if name in KEY_FIGURES else None
        if found is not None:
            return found
        # A figure that the data set has, and nobody at this cutoff, is missing of everybody.
        return self._feature(next((one for one in KEY_FIGURES.get(name, ()) if one in self.features.names), name))

    def _feature(self, name: str) -> np.ndarray:
        if name not in self.features.names:
            raise RuleError(
                f"this data set has no '{name}'; {_nearest(name, self.could_be.union(self.features.names))}"
            )
        words = self.features.vocabularies.get(name)
        return self.features.column(name) if words is None else in_words(self.features.column(name), words)


def in_words(codes: np.ndarray, words: tuple[str, ...]) -> np.ndarray:
    """The words behind a categorical column, (n,) text; '' where it is missing."""
    return np.array([*words, ""])[np.nan_to_num(codes, nan=len(words)).astype(np.int64)]


def _nearest(name: str, known: Collection[str]) -> str:
    """There are hundreds, so only the likeliest are named."""
    likely = ", ".join(get_close_matches(name, sorted(known), n=3, cutoff=0.0))
    return f"{f'did you mean one of {likely}? ' if likely else ''}docs/reference/features.md explains them all"


def _names_in(segment: Segment, place: str) -> frozenset[str]:
    if segment.rule is None:
        return frozenset() if segment.top is None else frozenset({segment.by})
    try:
        return parse_rule(segment.rule).names()
    except RuleError as fault:
        raise RuleError(f"[{place}]: {fault}") from fault


def _of_tables(feature: Feature, config: Config) -> bool:
    return all(measure.grain.table in config.tables for measure in measures_of(feature.expression))


def _patterns(config: Config) -> Iterator[str]:
    """The names of features that are made of words of the data, as regular expressions."""
    for words in word_features():
        if words.table in config.tables:
            yield from (feature.name.replace(ANY_WORD, r"\w+") for feature in words.declare((ANY_WORD,)))
