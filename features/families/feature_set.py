"""What a file in `features/families/` defines as `FEATURES`: static features, and features per word of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from features.compiler.declaration import Feature
from tables.tables import Tables
from tables.vocabulary import MAX_KINDS, frequent_words

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
