"""Support tickets: how many, how severe, how quickly they were answered, and how satisfied the customer was."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import LAST_TICKET_SATISFACTION, MAIN_TICKET_SEVERITY, MAIN_TICKET_TOPIC, FeatureFamily
from features.compiler.declaration import NEVER_MISSING, Feature, Grain, Leader, Measure, Ratio
from features.families.feature_set import FeatureSet, WordFeatures, over_windows, within
from tables.attributes import names_of, quote_text

TICKET = Grain(name="ticket", table="tickets")
TICKETS = Measure(TICKET, "count")
ANSWER_HOURS = Ratio(
    Measure(TICKET, "sum", column="hours_to_answer"), Measure(TICKET, "count", column="hours_to_answer")
)
CLOSE_HOURS = Ratio(Measure(TICKET, "sum", column="hours_to_close"), Measure(TICKET, "count", column="hours_to_close"))
SATISFACTION = Ratio(Measure(TICKET, "sum", column="satisfaction"), Measure(TICKET, "count", column="satisfaction"))

FAMILY = FeatureFamily.SUPPORT
NONE_ANSWERED = "there was no ticket {window}, or none was answered"
NONE_CLOSED = "there was no ticket {window}, or none was closed"
NONE_RATED = "no ticket {window} was rated"

STATIC = (
    *over_windows(
        Feature(
            name="tickets_{window}",
            family=FAMILY,
            expression=TICKETS,
            unit="tickets",
            title="support tickets {window}",
            says_zero="No support tickets {window}",
        ),
        (7, 30, 90, 365, None),
    ),
    Feature(
        name="tickets_open",
        family=FAMILY,
        expression=Measure(TICKET, "count", condition="open == 1"),
        unit="tickets",
        title="open tickets",
        says_zero="No open tickets",
        missing=NEVER_MISSING,
    ),
    Feature(
        name="oldest_open_ticket_days",
        family=FAMILY,
        expression=Measure(TICKET, "largest", column="age_days", condition="open == 1"),
        unit="days",
        title="age of the oldest open ticket, in days",
        says="The oldest open ticket has waited {value_days}",
        says_missing="No open tickets",
        missing="no ticket is open",
    ),
    Feature(
        name="days_since_last_ticket",
        family=FAMILY,
        expression=Measure(TICKET, "least", column="age_days"),
        unit="days",
        title="days since the last ticket",
        says="Last ticket {value_days} ago",
        says_missing="Has never opened a ticket",
        missing="there is no ticket on record",
    ),
    *over_windows(
        Feature(
            name="hours_to_answer_{window}",
            family=FAMILY,
            expression=ANSWER_HOURS,
            unit="hours",
            title="mean hours to first response {window}",
            missing=NONE_ANSWERED,
        ),
        (90, None),
    ),
    Feature(
        name="hours_to_answer_vs_usual",
        family=FAMILY,
        expression=Ratio(within(ANSWER_HOURS, 90), ANSWER_HOURS),
        unit="times",
        title="mean time to first response in the last 90 days, in multiples of the customer's usual one",
        says="Time to first response in the last 90 days: {value} times this customer's usual one",
        missing=NONE_ANSWERED,
        text_days=90,
    ),
    *over_windows(
        Feature(
            name="hours_to_close_{window}",
            family=FAMILY,
            expression=CLOSE_HOURS,
            unit="hours",
            title="mean hours to resolution {window}",
            missing=NONE_CLOSED,
        ),
        (90, None),
    ),
    Feature(
        name="hours_to_close_vs_usual",
        family=FAMILY,
        expression=Ratio(within(CLOSE_HOURS, 90), CLOSE_HOURS),
        unit="times",
        title="mean time to resolution in the last 90 days, in multiples of the customer's usual one",
        says="Time to resolution in the last 90 days: {value} times this customer's usual one",
        missing=NONE_CLOSED,
        text_days=90,
    ),
    *over_windows(
        Feature(
            name="ticket_satisfaction_{window}",
            family=FAMILY,
            expression=SATISFACTION,
            unit="as recorded",
            title="mean satisfaction with support {window}",
            missing=NONE_RATED,
        ),
        (90, None),
    ),
    Feature(
        name=LAST_TICKET_SATISFACTION,
        family=FAMILY,
        expression=Measure(TICKET, "largest", column="satisfaction", condition="newness == 0"),
        unit="as recorded",
        title="satisfaction with the latest rated ticket",
        missing="no ticket was rated",
    ),
)


def severity_features(severities: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these severities."""
    yield from _count_by_word(
        "severity",
        severities,
        main_title="most frequent ticket severity",
        title="tickets of severity '{word}' {window}",
    )


def topic_features(topics: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these topics."""
    yield from _count_by_word(
        "topic", topics, main_title="most frequent ticket topic", title="tickets on '{word}' {window}"
    )


def _count_by_word(column: str, words: tuple[str, ...], *, main_title: str, title: str) -> Iterator[Feature]:
    if not words:
        return
    counts = tuple(Measure(TICKET, "count", condition=f"{column} == {quote_text(word)}") for word in words)
    yield Feature(
        name=f"main_ticket_{column}",
        family=FAMILY,
        expression=Leader(words, counts, "largest"),
        unit=column,
        title=main_title,
        missing="there is no ticket on record",
    )
    for word, name, count in zip(words, names_of(words), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"tickets_{column}_{name}_{{window}}",
                family=FAMILY,
                expression=count,
                unit="tickets",
                title=title,
                word=word,
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
