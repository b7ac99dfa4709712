"""What a file in `features/families/` defines as `FEATURES`: features per window, and features per word of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from msgspec.structs import replace

from features.compiler.declaration import (
    NEVER_MISSING,
    SHORT_HISTORY,
    Deviation,
    Difference,
    Expression,
    Feature,
    Leader,
    Measure,
    Ratio,
)
from tables.attributes import MAX_KINDS, frequent_words
from tables.tables import Tables

WINDOWS = (7, 30, 90, 180, 365)
"Days before the cutoff."

TREND_WINDOWS = (30, 90, 180)
"Days that a trend compares with as many days before them."


def over_windows(feature: Feature, windows: Iterable[int | None] = WINDOWS) -> Iterator[Feature]:
    """One feature per window (None is the whole record); fills in the window in the name and the texts."""
    for days in windows:
        yield replace(_fill_in_window(feature, days), expression=within(feature.expression, days))


def trends(feature: Feature, windows: Iterable[int] = TREND_WINDOWS) -> Iterator[Feature]:
    """One trend per window: the window's share of twice its days. 0.5 is steady, 1 all recent, 0 nothing recent."""
    for days in windows:
        recent_share = Ratio(within(feature.expression, days), within(feature.expression, 2 * days))
        yield replace(_fill_in_window(feature, days), expression=recent_share)


def within(expression: Expression, days: int | None) -> Expression:
    """The expression with the window of every measure in it set to this many days."""
    match expression:
        case Measure():
            return replace(expression, window_days=days)
        case Ratio(of, over):
            return Ratio(within(of, days), within(over, days))
        case Difference(of, less):
            return Difference(within(of, days), within(less, days))
        case Deviation(count, total, squares):
            return Deviation(within(count, days), within(total, days), within(squares, days))
        case Leader(words, numbers, prefers):
            return Leader(words, tuple(within(number, days) for number in numbers), prefers)


def _fill_in_window(feature: Feature, days: int | None) -> Feature:
    name = "total" if days is None else f"{days}d"
    missing = NEVER_MISSING if days is None and feature.missing == SHORT_HISTORY else feature.missing
    return replace(
        feature,
        name=feature.name.replace("{window}", name).replace("{days}", str(days)),
        missing=missing,
        text_days=days,
    )


Vocabularies = Mapping[str, tuple[str, ...]]
"The categories of each categorical feature that a model was fitted on, by the feature's name."


@dataclass(frozen=True, kw_only=True)
class WordFeatures:
    """Features per word of a column, e.g. per channel. The words are learned from the data: the most frequent ones."""

    table: str
    column: str
    keeper: str
    "Name or pattern of the categorical features whose vocabularies keep the words."
    declare: Callable[[tuple[str, ...]], Iterable[Feature]]
    "Declares the features of these words."
    placeholder: str
    "Used instead of a word in the documentation, e.g. `<channel>`."

    def words(self, tables: Tables, vocabularies: Vocabularies | None = None) -> tuple[str, ...]:
        """Read the words from the vocabularies; without vocabularies, learn them from the tables."""
        if vocabularies is not None:
            return tuple(word for name, kept in vocabularies.items() if fnmatchcase(name, self.keeper) for word in kept)
        return self.learn_words(tables)

    def learn_words(self, tables: Tables) -> tuple[str, ...]:
        """The most frequent words of the column; none where the data set does not have it."""
        if self.table not in tables or self.column not in tables[self.table].columns:
            return ()
        return frequent_words(tables[self.table], self.column, max_words=MAX_KINDS)


@dataclass(frozen=True)
class FeatureSet:
    """The features of one file."""

    static: tuple[Feature, ...]
    "Features that every data set with their tables and columns has."
    per_word: tuple[WordFeatures, ...] = ()
