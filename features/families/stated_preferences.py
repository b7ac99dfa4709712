"""What customers told us themselves: how much of it, how long ago, and their last word on each question."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from core.feature_names import FeatureFamily
from features.compiler.declaration import Feature, Grain, Leader, Measure
from tables.vocabulary import names_of, quoted

PREFERENCE = Grain("preference", "preferences")
FAMILY = FeatureFamily.PREFERENCES
ANSWER = "preference_"
"How the features of single questions begin."

PREFERENCE_FEATURES = (
    Feature(
        name="preferences_told",
        family=FAMILY,
        expression=Measure(PREFERENCE, "count", condition="newest == 1"),
        unit="preferences",
        en="preferences that the customer told us",
        ja="本人が申告した好みの数",
        missing="never missing",
    ),
    Feature(
        name="days_since_last_preference",
        family=FAMILY,
        expression=Measure(PREFERENCE, "least", column="age_days"),
        unit="days",
        en="days since the customer last told us a preference",
        ja="最後に好みを申告してからの日数",
        missing="none was told",
    ),
)


def answer_features(sayings: tuple[str, ...]) -> Iterator[Feature]:
    """For each question (key), the customer's last answer among these sayings, 'key: value', learnt from the data."""
    by_key = {key: tuple(found) for key, found in groupby(sorted(sayings, key=_key), key=_key)}
    for (key, words), name in zip(by_key.items(), names_of(tuple(by_key)), strict=True):
        told = tuple(
            Measure(PREFERENCE, "count", condition=f"newest == 1 and said == {quoted(word)}") for word in words
        )
        yield Feature(
            name=f"{ANSWER}{name}",
            family=FAMILY,
            expression=Leader(words, told, "largest"),
            unit="answer",
            en=f"what the customer told us of '{key}'",
            ja=f"「{key}」についての本人の申告",
            missing="nothing was told",
        )


def _key(saying: str) -> str:
    return saying.partition(": ")[0]
