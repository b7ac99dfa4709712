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
from features.compiler.windows import over_windows, trends
from features.families.feature_set import FeatureSet, WordFeatures
from tables.vocabulary import names_of, quoted

EVENT = Grain("event", "usage")
USAGE_DAY = Grain("usage day", "usage", keys=("age_days",), follows=True)
SESSION = Grain("session", "usage", keys=("session_id",))
SEEN_ITEM = Grain("item seen", "usage", keys=("item_id",))
KIND = Grain("kind of usage", "usage", keys=("event",))
ADMIN = "role in ('admin', 'administrator', 'owner')"

EVENTS = Measure(EVENT, "count")
USAGE_DAYS = Measure(USAGE_DAY, "count")
SESSIONS = Measure(SESSION, "count")
SINCE_LAST = Measure(EVENT, "least", column="age_days")

GAPS = Measure(USAGE_DAY, "count", column="gap_days")
GAP_TOTAL = Measure(USAGE_DAY, "sum", column="gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(USAGE_DAY, "squares", column="gap_days"))

NEVER = "no usage on record"
NONE_IN_WINDOW = "no usage in the window, or the recorded history is shorter than it"
NO_GAP = "fewer than two days with usage"

RECENCY = (
    Feature(
        name=DAYS_SINCE_LAST_USAGE,
        family=FeatureFamily.USAGE,
        expression=SINCE_LAST,
        unit="days",
        en="days since the last usage",
        ja="最終利用からの日数",
        missing=NEVER,
        says_en="last used {value} days ago (usually {usual})",
        says_ja="最終利用から{value}日(通常{usual}日)",
        usual_of=USAGE_MEAN_GAP_DAYS,
    ),
    Feature(
        name=DAYS_SINCE_FIRST_USAGE,
        family=FeatureFamily.USAGE,
        expression=Measure(EVENT, "largest", column="age_days"),
        unit="days",
        en="days since the first usage on record",
        ja="記録上の初回利用からの日数",
        missing=NEVER,
    ),
    Feature(
        name="usage_recency_vs_usual_gap",
        family=FeatureFamily.USAGE,
        expression=Ratio(SINCE_LAST, USUAL_GAP),
        unit="times",
        en="time since the last usage in multiples of the customer's own usual gap",
        ja="最終利用からの日数(本人の通常の利用間隔の何倍か)",
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
            en="usage events {window}",
            ja="{window}の利用回数",
        )
    ),
    *over_windows(
        Feature(
            name="usage_days_{window}",
            family=FeatureFamily.USAGE,
            expression=USAGE_DAYS,
            unit="days",
            en="days with usage {window}",
            ja="{window}の利用日数",
        )
    ),
    *over_windows(
        Feature(
            name="usage_sessions_{window}",
            family=FeatureFamily.USAGE,
            expression=SESSIONS,
            unit="sessions",
            en="sessions {window}",
            ja="{window}の訪問回数",
        )
    ),
    *over_windows(
        Feature(
            name="usage_items_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(SEEN_ITEM, "count"),
            unit="items",
            en="distinct items looked at {window}",
            ja="{window}に閲覧した商品種類数",
        ),
        (30, 90),
    ),
    *over_windows(
        Feature(
            name="usage_value_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(EVENT, "sum", column="value"),
            unit="as recorded",
            en="sum of the usage values {window}",
            ja="{window}の利用量の合計",
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
            en="share of the newer half in the usage of twice {days} days (0.5 is steady)",
            ja="直近{days}日間とその前の{days}日間の利用回数に占める直近の割合(0.5は横ばい)",
            missing=NONE_IN_WINDOW,
        ),
        (7, 30, 90),
    ),
    Feature(
        name=USAGE_MEAN_GAP_DAYS,
        family=FeatureFamily.USAGE,
        expression=USUAL_GAP,
        unit="days",
        en="usual days between days with usage",
        ja="通常の利用間隔(日)",
        missing=NO_GAP,
    ),
    Feature(
        name="usage_gap_spread_days",
        family=FeatureFamily.USAGE,
        expression=GAP_SPREAD,
        unit="days",
        en="standard deviation of the days between days with usage",
        ja="利用間隔の標準偏差(日)",
        missing="fewer than three days with usage",
    ),
)

TIMING = (
    *over_windows(
        Feature(
            name="usage_weekend_share_{window}",
            family=FeatureFamily.USAGE,
            expression=Ratio(Measure(EVENT, "count", condition="weekday >= 5"), EVENTS),
            unit="share",
            en="share of the usage {window} on weekends",
            ja="{window}の利用のうち週末の割合",
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
            en="share of the usage {window} at 18:00 or later",
            ja="{window}の利用のうち18時以降の割合",
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
            en="different kinds of usage {window}",
            ja="{window}に使った機能の種類数",
        ),
        (30, 90, None),
    ),
    *over_windows(
        Feature(
            name="usage_events_per_day_{window}",
            family=FeatureFamily.USAGE,
            expression=Ratio(EVENTS, USAGE_DAYS),
            unit="events",
            en="usage events a day with usage {window}",
            ja="{window}の利用日あたりの利用回数",
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
            en="usage by administrators {window}",
            ja="{window}の管理者による利用回数",
        ),
        (30, 90),
    ),
    Feature(
        name=DAYS_SINCE_ADMIN_USAGE,
        family=FeatureFamily.USAGE,
        expression=Measure(EVENT, "least", column="age_days", condition=ADMIN),
        unit="days",
        en="days since an administrator last used it",
        ja="管理者の最終利用からの日数",
        missing="no administrator used it",
    ),
    *over_windows(
        Feature(
            name="usage_errors_{window}",
            family=FeatureFamily.USAGE,
            expression=Measure(EVENT, "sum", column="errors"),
            unit="errors",
            en="errors met {window}",
            ja="{window}に発生したエラー数",
        ),
        (7, 30, 90),
    ),
)


def event_features(events: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these kinds of event."""
    if not events:
        return
    counts = tuple(Measure(EVENT, "count", condition=f"event == {quoted(event)}") for event in events)
    main = Leader(events, counts, "largest")
    yield Feature(
        name=MAIN_EVENT,
        family=FeatureFamily.USAGE,
        expression=main,
        unit="event",
        en="most frequent kind of usage",
        ja="最も多い利用の種類",
        missing=NEVER,
    )
    for event, name, count in zip(events, names_of(events), counts, strict=True):
        yield from over_windows(
            Feature(
                name=f"usage_{name}_{{window}}",
                family=FeatureFamily.USAGE,
                expression=count,
                unit="events",
                en=f"'{event}' {{window}}",
                ja=f"{{window}}の「{event}」の回数",
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
