"""Surveys: the latest NPS and CSAT, how they changed, and whether the customer still answers."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import FeatureFamily
from features.compiler.declaration import NEVER_MISSING, Difference, Feature, Grain, Measure, Ratio
from features.families.feature_set import FeatureSet

SURVEY = Grain(name="survey", table="surveys")
SENT = Measure(SURVEY, "count")
ANSWERED = Measure(SURVEY, "count", condition="answered == 1")

FAMILY = FeatureFamily.SENTIMENT
KINDS = {"nps": "NPS", "csat": "CSAT"}


def _score_features(kind: str, label: str) -> Iterator[Feature]:
    last, before = (
        Measure(SURVEY, "largest", column="score", condition=f"kind == '{kind}' and newness == {place}")
        for place in (0, 1)
    )
    yield Feature(
        name=f"last_{kind}",
        family=FAMILY,
        expression=last,
        unit="score",
        title="last {word} score",
        says_missing="Has never answered an {word} survey",
        word=label,
        missing="the survey was never answered",
    )
    yield Feature(
        name=f"{kind}_change",
        family=FAMILY,
        expression=Difference(last, before),
        unit="score",
        title="change in {word} since the previous answer",
        word=label,
        missing="there are fewer than two answers",
    )


STATIC = (
    *(feature for kind, label in KINDS.items() for feature in _score_features(kind, label)),
    Feature(
        name="surveys_sent",
        family=FAMILY,
        expression=SENT,
        unit="surveys",
        title="surveys sent",
        says_zero="No survey was sent",
        missing=NEVER_MISSING,
    ),
    Feature(
        name="survey_response_share",
        family=FAMILY,
        expression=Ratio(ANSWERED, SENT),
        unit="share",
        title="survey response rate",
        missing="no survey was sent",
    ),
    Feature(
        name="days_since_survey_answer",
        family=FAMILY,
        expression=Measure(SURVEY, "least", column="age_days", condition="answered == 1"),
        unit="days",
        title="days since the last survey answer",
        says="Last answered a survey {value_days} ago",
        says_missing="Has never answered a survey",
        missing="no survey was answered",
    ),
    Feature(
        name="surveys_unanswered_180d",
        family=FAMILY,
        expression=Measure(SURVEY, "count", window_days=180, condition="answered == 0"),
        unit="surveys",
        title="unanswered surveys in the last 180 days",
        says_zero="No unanswered surveys {window}",
        text_days=180,
    ),
)

FEATURES = FeatureSet(static=STATIC)
