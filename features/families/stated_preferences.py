"""Stated preferences: how many a customer stated, how long ago, and the latest answer to each question."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import ibis

from core.feature_names import FeatureFamily
from features.compiler.declaration import NEVER_MISSING, Feature, Grain, Leader, Measure
from features.compiler.facts import derive_columns
from features.families.feature_set import FeatureSet, WordFeatures
from tables.attributes import MAX_KINDS, frequent_words, names_of, quote_text
from tables.tables import Tables

PREFERENCE = Grain(name="preference", table="preferences")
FAMILY = FeatureFamily.PREFERENCES
ANSWER = "preference_"
"Prefix of the features of single questions."

STATIC = (
    Feature(
        name="preferences_told",
        family=FAMILY,
        expression=Measure(PREFERENCE, "count", condition="newest == 1"),
        unit="preferences",
        title="stated preferences",
        says_zero="Has stated no preference",
        missing=NEVER_MISSING,
    ),
    Feature(
        name="days_since_last_preference",
        family=FAMILY,
        expression=Measure(PREFERENCE, "least", column="age_days"),
        unit="days",
        title="days since the last stated preference",
        says="Last stated a preference {value_days} ago",
        says_missing="Has never stated a preference",
        missing="no preference was stated",
    ),
)


def answer_features(answers: tuple[str, ...]) -> Iterator[Feature]:
    """For each question (key), the customer's latest answer among these, which are written 'key: value'."""
    by_key = {key: tuple(group) for key, group in groupby(sorted(answers, key=_key_of), key=_key_of)}
    for (key, words), name in zip(by_key.items(), names_of(tuple(by_key)), strict=True):
        counts = tuple(
            Measure(PREFERENCE, "count", condition=f"newest == 1 and said == {quote_text(word)}") for word in words
        )
        yield Feature(
            name=f"{ANSWER}{name}",
            family=FAMILY,
            expression=Leader(words, counts, "largest"),
            unit="answer",
            title="stated answer on '{word}'",
            says="Stated preference: {value}",
            says_missing="Has not answered '{word}'",
            word=key,
            missing="no answer was given",
        )


def _key_of(answer: str) -> str:
    return answer.partition(": ")[0]


class AnswerFeatures(WordFeatures):
    """Features per question; the words are answers, written 'key: value'."""

    def learn_words(self, tables: Tables) -> tuple[str, ...]:
        """The most frequent answers to the most frequent questions."""
        if self.table not in tables:
            return ()
        rows = derive_columns(tables, self.table)
        frequent = rows.filter(ibis._.key.isin(frequent_words(rows, "key", max_words=MAX_KINDS)))
        return frequent_words(frequent, self.column, max_words=MAX_KINDS * MAX_KINDS)


FEATURES = FeatureSet(
    static=STATIC,
    per_word=(
        AnswerFeatures(
            table="preferences",
            column="said",
            keeper=f"{ANSWER}*",
            declare=answer_features,
            placeholder="<question>: <answer>",
        ),
    ),
)
