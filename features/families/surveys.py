"""Surveys: the latest NPS and CSAT, how they changed, and whether the customer still answers."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import FeatureFamily
from features.compiler.declaration import Difference, Feature, Grain, Measure, Ratio
from features.families.feature_set import FeatureSet

SURVEY = Grain("survey", "surveys")
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
        en=f"last {label} score",
        ja=f"直近の{label}",
        missing=f"{label} never answered",
    )
    yield Feature(
        name=f"{kind}_change",
        family=FAMILY,
        expression=Difference(last, before),
        unit="score",
        en=f"change of the {label} score from the one before to the last",
        ja=f"{label}の前回からの変化",
        missing=f"{label} answered fewer than two times",
    )


STATIC = (
    *(feature for kind, label in KINDS.items() for feature in _score_features(kind, label)),
    Feature(
        name="surveys_sent",
        family=FAMILY,
        expression=SENT,
        unit="surveys",
        en="surveys sent",
        ja="送付したアンケート数",
        missing="never missing",
    ),
    Feature(
        name="survey_response_share",
        family=FAMILY,
        expression=Ratio(ANSWERED, SENT),
        unit="share",
        en="share of the surveys that were answered",
        ja="アンケートの回答率",
        missing="no survey was sent",
    ),
    Feature(
        name="days_since_survey_answer",
        family=FAMILY,
        expression=Measure(SURVEY, "least", column="age_days", condition="answered == 1"),
        unit="days",
        en="days since a survey was last answered",
        ja="最後のアンケート回答からの日数",
        missing="no survey was answered",
    ),
    Feature(
        name="surveys_unanswered_180d",
        family=FAMILY,
        expression=Measure(SURVEY, "count", window_days=180, condition="answered == 0"),
        unit="surveys",
        en="surveys left unanswered in the last 180 days",
        ja="直近180日間の未回答アンケート数",
    ),
)

FEATURES = FeatureSet(static=STATIC)
