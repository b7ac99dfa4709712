"""What surveys tell: the last word on NPS and CSAT, how it changed, and who does not answer any more."""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Difference, Feature, Grain, Measure, Ratio

SURVEY = Grain("survey", "surveys")
SENT = Measure(SURVEY, "count")
ANSWERED = Measure(SURVEY, "count", condition="answered == 1")

FAMILY = "sentiment"
KINDS = {"nps": "NPS", "csat": "CSAT"}


def _last_words(kind: str, called: str) -> Iterator[Feature]:
    last, before = (
        Measure(SURVEY, "largest", "score", condition=f"kind == '{kind}' and newness == {place}") for place in (0, 1)
    )
    yield Feature(
        f"last_{kind}", FAMILY, last, "score", f"last {called} score", f"直近の{called}", f"{called} never answered"
    )
    yield Feature(
        f"{kind}_change", FAMILY, Difference(last, before), "score",
        f"change of the {called} score from the one before to the last", f"{called}の前回からの変化",
        f"{called} answered fewer than two times",
    )  # fmt: skip


SURVEY_FEATURES = (
    *(feature for kind, called in KINDS.items() for feature in _last_words(kind, called)),
    Feature("surveys_sent", FAMILY, SENT, "surveys", "surveys sent", "送付したアンケート数", "never missing"),
    Feature(
        "survey_response_share", FAMILY, Ratio(ANSWERED, SENT), "share",
        "share of the surveys that were answered", "アンケートの回答率", "no survey was sent",
    ),
    Feature(
        "days_since_survey_answer", FAMILY, Measure(SURVEY, "least", "age_days", condition="answered == 1"), "days",
        "days since a survey was last answered", "最後のアンケート回答からの日数", "no survey was answered",
    ),
    Feature(
        "surveys_unanswered_180d", FAMILY, Measure(SURVEY, "count", window_days=180, condition="answered == 0"),
        "surveys", "surveys left unanswered in the last 180 days", "直近180日間の未回答アンケート数",
    ),
)  # fmt: skip
