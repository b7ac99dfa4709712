"""What support tickets tell: how many and how grave, how quickly they were answered, and how it felt."""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Feature, Grain, Leader, Measure, Ratio
from features.families.windowed import over_windows, within
from tables.vocabulary import names_of, quoted

TICKET = Grain("ticket", "tickets")
TICKETS = Measure(TICKET, "count")
ANSWER_HOURS = Ratio(Measure(TICKET, "sum", "hours_to_answer"), Measure(TICKET, "count", "hours_to_answer"))
CLOSE_HOURS = Ratio(Measure(TICKET, "sum", "hours_to_close"), Measure(TICKET, "count", "hours_to_close"))
SATISFACTION = Ratio(Measure(TICKET, "sum", "satisfaction"), Measure(TICKET, "count", "satisfaction"))

FAMILY = "support"
NONE_ANSWERED = "no ticket of the window was answered, or the recorded history is shorter than it"
NONE_CLOSED = "no ticket of the window was closed, or the recorded history is shorter than it"
NONE_RATED = "no ticket of the window was rated, or the recorded history is shorter than it"

TICKET_FEATURES = (
    *over_windows(
        Feature("tickets_{window}", FAMILY, TICKETS, "tickets", "support tickets {window}", "{window}の問い合わせ件数"),
        (7, 30, 90, 365, None),
    ),
    Feature(
        "tickets_open", FAMILY, Measure(TICKET, "count", condition="open == 1"), "tickets",
        "tickets not yet closed", "未解決の問い合わせ件数", "never missing",
    ),
    Feature(
        "oldest_open_ticket_days", FAMILY, Measure(TICKET, "largest", "age_days", condition="open == 1"), "days",
        "days that the oldest open ticket has waited", "最も古い未解決の問い合わせの経過日数", "no ticket is open",
    ),
    Feature(
        "days_since_last_ticket", FAMILY, Measure(TICKET, "least", "age_days"), "days",
        "days since the last ticket", "最後の問い合わせからの日数", "no ticket on record",
    ),
    *over_windows(
        Feature(
            "hours_to_answer_{window}", FAMILY, ANSWER_HOURS, "hours",
            "mean hours to the first answer {window}", "{window}の初回回答までの平均時間", NONE_ANSWERED,
        ),
        (90, None),
    ),
    Feature(
        "hours_to_answer_vs_usual", FAMILY, Ratio(within(ANSWER_HOURS, 90), ANSWER_HOURS), "times",
        "mean time to answer in the last 90 days in multiples of the customer's own",
        "直近90日間の初回回答時間(本人の平均の何倍か)", NONE_ANSWERED,
    ),
    *over_windows(
        Feature(
            "hours_to_close_{window}", FAMILY, CLOSE_HOURS, "hours",
            "mean hours to close {window}", "{window}の解決までの平均時間", NONE_CLOSED,
        ),
        (90, None),
    ),
    Feature(
        "hours_to_close_vs_usual", FAMILY, Ratio(within(CLOSE_HOURS, 90), CLOSE_HOURS), "times",
        "mean time to close in the last 90 days in multiples of the customer's own",
        "直近90日間の解決時間(本人の平均の何倍か)", NONE_CLOSED,
    ),
    *over_windows(
        Feature(
            "ticket_satisfaction_{window}", FAMILY, SATISFACTION, "as recorded",
            "mean satisfaction with support {window}", "{window}のサポート満足度の平均", NONE_RATED,
        ),
        (90, None),
    ),
    Feature(
        "last_ticket_satisfaction", FAMILY, Measure(TICKET, "largest", "satisfaction", condition="newness == 0"),
        "as recorded", "satisfaction with the newest rated ticket", "直近の問い合わせの満足度", "no ticket was rated",
    ),
)  # fmt: skip


def severity_features(severities: tuple[str, ...]) -> Iterator[Feature]:
    """How many tickets of each of these severities, which are learnt from the data."""
    yield from _told_apart("severity", severities, "severity", "重要度")


def topic_features(topics: tuple[str, ...]) -> Iterator[Feature]:
    """How many tickets about each of these topics, which are learnt from the data."""
    yield from _told_apart("topic", topics, "topic", "内容")


def _told_apart(column: str, words: tuple[str, ...], en: str, ja: str) -> Iterator[Feature]:
    if not words:
        return
    counts = tuple(Measure(TICKET, "count", condition=f"{column} == {quoted(word)}") for word in words)
    yield Feature(
        f"main_ticket_{column}", FAMILY, Leader(words, counts, "largest"), column,
        f"most frequent {en} of tickets", f"最も多い問い合わせの{ja}", "no ticket on record",
    )  # fmt: skip
    for word, name, count in zip(words, names_of(words), counts, strict=True):
        yield from over_windows(
            Feature(
                f"tickets_{column}_{name}_{{window}}", FAMILY, count, "tickets",
                f"tickets of {en} '{word}' {{window}}", f"{{window}}の{ja}「{word}」の問い合わせ件数",
            ),
            (90, 365),
        )  # fmt: skip
