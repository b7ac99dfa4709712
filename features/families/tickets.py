"""Support tickets: how many, how severe, how quickly they were answered, and how satisfied the customer was."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import LAST_TICKET_SATISFACTION, MAIN_TICKET_SEVERITY, MAIN_TICKET_TOPIC, FeatureFamily
from features.compiler.declaration import Feature, Grain, Leader, Measure, Ratio
from features.compiler.windows import over_windows, within
from features.families.feature_set import FeatureSet, WordFeatures
from tables.vocabulary import names_of, quoted

TICKET = Grain("ticket", "tickets")
TICKETS = Measure(TICKET, "count")
ANSWER_HOURS = Ratio(
    Measure(TICKET, "sum", column="hours_to_answer"), Measure(TICKET, "count", column="hours_to_answer")
)
CLOSE_HOURS = Ratio(Measure(TICKET, "sum", column="hours_to_close"), Measure(TICKET, "count", column="hours_to_close"))
SATISFACTION = Ratio(Measure(TICKET, "sum", column="satisfaction"), Measure(TICKET, "count", column="satisfaction"))

FAMILY = FeatureFamily.SUPPORT
NONE_ANSWERED = "no ticket of the window was answered, or the recorded history is shorter than it"
NONE_CLOSED = "no ticket of the window was closed, or the recorded history is shorter than it"
NONE_RATED = "no ticket of the window was rated, or the recorded history is shorter than it"

STATIC = (
    *over_windows(
        Feature(
            name="tickets_{window}",
            family=FAMILY,
            expression=TICKETS,
            unit="tickets",
            en="support tickets {window}",
            ja="{window}の問い合わせ件数",
        ),
        (7, 30, 90, 365, None),
    ),
    Feature(
        name="tickets_open",
        family=FAMILY,
        expression=Measure(TICKET, "count", condition="open == 1"),
        unit="tickets",
        en="tickets not yet closed",
        ja="未解決の問い合わせ件数",
        missing="never missing",
    ),
    Feature(
        name="oldest_open_ticket_days",
        family=FAMILY,
        expression=Measure(TICKET, "largest", column="age_days", condition="open == 1"),
        unit="days",
        en="days that the oldest open ticket has waited",
        ja="最も古い未解決の問い合わせの経過日数",
        missing="no ticket is open",
    ),
    Feature(
        name="days_since_last_ticket",
        family=FAMILY,
        expression=Measure(TICKET, "least", column="age_days"),
        unit="days",
        en="days since the last ticket",
        ja="最後の問い合わせからの日数",
        missing="no ticket on record",
    ),
    *over_windows(
        Feature(
            name="hours_to_answer_{window}",
            family=FAMILY,
            expression=ANSWER_HOURS,
            unit="hours",
            en="mean hours to the first answer {window}",
            ja="{window}の初回回答までの平均時間",
            missing=NONE_ANSWERED,
        ),
        (90, None),
    ),
    Feature(
        name="hours_to_answer_vs_usual",
        family=FAMILY,
        expression=Ratio(within(ANSWER_HOURS, 90), ANSWER_HOURS),
        unit="times",
        en="mean time to answer in the last 90 days in multiples of the customer's own",
        ja="直近90日間の初回回答時間(本人の平均の何倍か)",
        missing=NONE_ANSWERED,
    ),
    *over_windows(
        Feature(
            name="hours_to_close_{window}",
            family=FAMILY,
            expression=CLOSE_HOURS,
            unit="hours",
            en="mean hours to close {window}",
            ja="{window}の解決までの平均時間",
            missing=NONE_CLOSED,
        ),
        (90, None),
    ),
    Feature(
        name="hours_to_close_vs_usual",
        family=FAMILY,
        expression=Ratio(within(CLOSE_HOURS, 90), CLOSE_HOURS),
        unit="times",
        en="mean time to close in the last 90 days in multiples of the customer's own",
        ja="直近90日間の解決時間(本人の平均の何倍か)",
        missing=NONE_CLOSED,
    ),
    *over_windows(
        Feature(
            name="ticket_satisfaction_{window}",
            family=FAMILY,
            expression=SATISFACTION,
            unit="as recorded",
            en="mean satisfaction with support {window}",
            ja="{window}のサポート満足度の平均",
            missing=NONE_RATED,
        ),
        (90, None),
    ),
    Feature(
        name=LAST_TICKET_SATISFACTION,
        family=FAMILY,
        expression=Measure(TICKET, "largest", column="satisfaction", condition="newness == 0"),
        unit="as recorded",
        en="satisfaction with the newest rated ticket",
        ja="直近の問い合わせの満足度",
        missing="no ticket was rated",
    ),
)


def severity_features(severities: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these severities."""
    yield from _count_by_word("severity", severities, en="severity", ja="重要度")


def topic_features(topics: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these topics."""
    yield from _count_by_word("topic", topics, en="topic", ja="内容")


def _count_by_word(column: str, words: tuple[str, ...], *, en: str, ja: str) -> Iterator[Feature]:
    if not words:
        return
    counts = tuple(Measure(TICKET, "count", condition=f"{column} == {quoted(word)}") for word in words)
    yield Feature(
        name=f"main_ticket_{column}",
        family=FAMILY,
        expression=Leader(words, counts, "largest"),
        unit=column,
        en=f"most frequent {en} of tickets",
        ja=f"最も多い問い合わせの{ja}",
        missing="no ticket on record",
    )
    for word, name, count in zip(words, names_of(words), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"tickets_{column}_{name}_{{window}}",
                family=FAMILY,
                expression=count,
                unit="tickets",
                en=f"tickets of {en} '{word}' {{window}}",
                ja=f"{{window}}の{ja}「{word}」の問い合わせ件数",
            ),
            (90, 365),
        )


FEATURES = FeatureSet(
    static=STATIC,
    per_word=(
        WordFeatures(
            table="tickets",
            column="severity",
            keeper=MAIN_TICKET_SEVERITY,
            declare=severity_features,
            placeholder="<severity>",
        ),
        WordFeatures(
            table="tickets",
            column="topic",
            keeper=MAIN_TICKET_TOPIC,
            declare=topic_features,
            placeholder="<topic>",
        ),
    ),
)
