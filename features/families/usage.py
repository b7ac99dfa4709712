"""Usage: recency, amount, change, timing and breadth of what a customer does with the product."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import (
    DAYS_SINCE_ADMIN_USAGE,
    DAYS_SINCE_FIRST_USAGE,
    DAYS_SINCE_LAST_USAGE,
    MAIN_EVENT,
    USAGE_MEAN_GAP_DAYS,
    FeatureFamily,
)
from features.compiler.declaration import Deviation, Feature, Grain, Leader, Measure, Ratio
from features.families.feature_set import FeatureSet, WordFeatures, over_windows, trends
from tables.attributes import names_of, quote_text

EVENT = Grain(name="event", table="usage")
USAGE_DAY = Grain(name="usage day", table="usage", keys=("age_days",), follows=True)
SESSION = Grain(name="session", table="usage", keys=("session_id",))
SEEN_ITEM = Grain(name="item seen", table="usage", keys=("item_id",))
KIND = Grain(name="kind of usage", table="usage", keys=("event",))
ADMIN = "role in ('admin', 'administrator', 'owner')"

EVENTS = Measure(EVENT, "count")
USAGE_DAYS = Measure(USAGE_DAY, "count")
SESSIONS = Measure(SESSION, "count")
SINCE_LAST = Measure(EVENT, "least", column="age_days")

GAPS = Measure(USAGE_DAY, "count", column="gap_days")
GAP_TOTAL = Measure(USAGE_DAY, "sum", column="gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(USAGE_DAY, "squares", column="gap_days"))

NEVER = "there is no usage on record"
NONE_IN_WINDOW = "there was no usage {window}"
NO_GAP = "there are fewer than two days with usage"

RECENCY = (
    Feature(
        name=DAYS_SINCE_LAST_USAGE,
        family=FeatureFamily.USAGE,
        expression=SINCE_LAST,
        unit="days",
        title="days since the last usage",
        says="Last used {value_days} ago (this customer usually uses it {every_usage_mean_gap_days})",
        says_missing="Has never used the app",
        missing=NEVER,
        usual_of=USAGE_MEAN_GAP_DAYS,
    ),
    Feature(
        name=DAYS_SINCE_FIRST_USAGE,
        family=FeatureFamily.USAGE,
        expression=Measure(EVENT, "largest", column="age_days"),
        unit="days",
        title="days since the first recorded usage",
        says="First recorded usage {value_days} ago",
        says_missing="Has never used the app",
        missing=NEVER,
    ),
    Feature(
        name="usage_recency_vs_usual_gap",
        family=FeatureFamily.USAGE,
        expression=Ratio(SINCE_LAST, USUAL_GAP),
        unit="times",
        title="time since the last usage, in multiples of the customer's usual gap",
        says="Last used {days_since_last_usage} ago (this customer usually uses it {every_usage_mean_gap_days})",
        says_above="No usage for {days_since_last_usage} (this customer usually uses it {every_usage_mean_gap_days})",
        missing=NO_GAP,
    ),
)

AMOUNTS = (
    *over_windows(
        Feature(
            name="usage_events_{window}",
            family=FeatureFamily.USAGE,
            expression=EVENTS,
            unit="events",
            title="usage events {window}",
            says_zero="No usage {window} (this customer usually uses it {every_usage_mean_gap_days})",
        )
    ),
    *over_windows(
        Feature(
            name="usage_days_{window}",
            family=FeatureFamily.USAGE,
            expression=USAGE_DAYS,
            unit="days",
            title="days with usage {window}",
            says_zero="No usage {window} (this customer usually uses it {every_usage_mean_gap_days})",
        )
    ),
    *over_windows(
        Feature(
            name="usage_sessions_{window}",
            family=FeatureFamily.USAGE,
            expression=SESSIONS,
            unit="sessions",
            title="sessions {window}",
            says_zero="No usage {window} (this customer usually uses it {every_usage_mean_gap_days})",
        )
    ),
    *over_windows(
        Feature(
            name="usage_items_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(SEEN_ITEM, "count"),
            unit="items",
            title="different items viewed {window}",
            says_zero="No items viewed {window}",
        ),
        (30, 90),
    ),
    *over_windows(
        Feature(
            name="usage_value_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(EVENT, "sum", column="value"),
            unit="as recorded",
            title="total usage value {window}",
        ),
        (30, 90),
    ),
)

CHANGE = (
    *trends(
        Feature(
            name="usage_trend_{days}d",
            family=FeatureFamily.USAGE,
            expression=EVENTS,
            unit="share",
            title="usage in the last {days} days as a share of that in the last {twice} days (0.5 is steady)",
            says="Usage in the last {days} days compared with the {days} before: {change}",
            says_missing="No usage in the last {twice} days "
            "(this customer usually uses it {every_usage_mean_gap_days})",
            missing="there was no usage in the last {twice} days",
        ),
        (7, 30, 90),
    ),
    Feature(
        name=USAGE_MEAN_GAP_DAYS,
        family=FeatureFamily.USAGE,
        expression=USUAL_GAP,
        unit="days",
        title="usual gap between days with usage, in days",
        says="Usually uses it {value_every}",
        missing=NO_GAP,
    ),
    Feature(
        name="usage_gap_spread_days",
        family=FeatureFamily.USAGE,
        expression=GAP_SPREAD,
        unit="days",
        title="standard deviation of the gaps between days with usage, in days",
        says="The time between uses varies by about {value_days}",
        missing="there are fewer than three days with usage",
    ),
)

TIMING = (
    *over_windows(
        Feature(
            name="usage_weekend_share_{window}",
            family=FeatureFamily.USAGE,
            expression=Ratio(Measure(EVENT, "count", condition="weekday >= 5"), EVENTS),
            unit="share",
            title="share of usage on weekends {window}",
            missing=NONE_IN_WINDOW,
        ),
        (90,),
    ),
    *over_windows(
        Feature(
            name="usage_evening_share_{window}",
            family=FeatureFamily.USAGE,
            expression=Ratio(Measure(EVENT, "count", condition="hour >= 18"), EVENTS),
            unit="share",
            title="share of usage at 18:00 or later {window}",
            missing=NONE_IN_WINDOW,
        ),
        (90,),
    ),
)

BREADTH = (
    *over_windows(
        Feature(
            name="usage_kinds_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(KIND, "count"),
            unit="kinds",
            title="different features used {window}",
            says_zero="No features used {window}",
        ),
        (30, 90, None),
    ),
    *over_windows(
        Feature(
            name="usage_events_per_day_{window}",
            family=FeatureFamily.USAGE,
            expression=Ratio(EVENTS, USAGE_DAYS),
            unit="events",
            title="usage events per day with usage {window}",
            missing=NONE_IN_WINDOW,
        ),
        (30, 90),
    ),
    *over_windows(
        Feature(
            name="usage_admin_events_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(EVENT, "count", condition=ADMIN),
            unit="events",
            title="usage by administrators {window}",
            says_zero="No usage by administrators {window}",
        ),
        (30, 90),
    ),
    Feature(
        name=DAYS_SINCE_ADMIN_USAGE,
        family=FeatureFamily.USAGE,
        expression=Measure(EVENT, "least", column="age_days", condition=ADMIN),
        unit="days",
        title="days since the last usage by an administrator",
        says="An administrator last used it {value_days} ago",
        says_missing="No administrator has ever used it",
        missing="no administrator has used it",
    ),
    *over_windows(
        Feature(
            name="usage_errors_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(EVENT, "sum", column="errors"),
            unit="errors",
            title="errors {window}",
            says_zero="No errors {window}",
        ),
        (7, 30, 90),
    ),
)


def event_features(events: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these kinds of event."""
    if not events:
        return
    counts = tuple(Measure(EVENT, "count", condition=f"event == {quote_text(event)}") for event in events)
    main = Leader(events, counts, "largest")
    yield Feature(
        name=MAIN_EVENT,
        family=FeatureFamily.USAGE,
        expression=main,
        unit="event",
        title="most used feature",
        missing=NEVER,
    )
    for event, name, count in zip(events, names_of(events), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"usage_{name}_{{window}}",
                family=FeatureFamily.USAGE,
                expression=count,
                unit="events",
                title="usage of '{word}' {window}",
                says_zero="'{word}' not used {window}",
                word=event,
            ),
            (30, 90),
        )


FEATURES = FeatureSet(
    static=(*RECENCY, *AMOUNTS, *CHANGE, *TIMING, *BREADTH),
    per_word=(
        WordFeatures(
            table="usage",
            column="event",
            keeper=MAIN_EVENT,
            declare=event_features,
            placeholder="<event>",
        ),
    ),
)
