"""What usage tells: visits, logins and features used, and whether they fade."""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Deviation, Feature, Grain, Leader, Measure, Ratio
from features.families.subscriptions import RUNNING, SPAN
from features.families.windowed import over_windows, trends, within
from tables.vocabulary import names_of, quoted

EVENT = Grain("event", "usage")
USAGE_DAY = Grain("usage day", "usage", keys=("age_days",), follows=True)
SESSION = Grain("session", "usage", keys=("session_id",))
SEEN_ITEM = Grain("item seen", "usage", keys=("item_id",))
KIND = Grain("kind of usage", "usage", keys=("event",))
PERSON = Grain("person", "usage", keys=("person_id",))
ADMIN = "role in ('admin', 'administrator', 'owner')"

EVENTS = Measure(EVENT, "count")
USAGE_DAYS = Measure(USAGE_DAY, "count")
SESSIONS = Measure(SESSION, "count")
SINCE_LAST = Measure(EVENT, "least", "age_days")
ACTIVE_PEOPLE = Measure(PERSON, "count")
SEATS = Measure(SPAN, "sum", "seats", condition=RUNNING)

GAPS = Measure(USAGE_DAY, "count", "gap_days")
GAP_TOTAL = Measure(USAGE_DAY, "sum", "gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(USAGE_DAY, "squares", "gap_days"))

NEVER = "no usage on record"
NONE_IN_WINDOW = "no usage in the window, or the recorded history is shorter than it"
NO_GAP = "fewer than two days with usage"

RECENCY = (
    Feature(
        "days_since_last_usage",
        "usage",
        SINCE_LAST,
        "days",
        "days since the last usage",
        "最終利用からの日数",
        NEVER,
        says_en="last used {value} days ago (usually {usual})",
        says_ja="最終利用から{value}日(通常{usual}日)",
        usual_of="usage_mean_gap_days",
    ),
    Feature(
        "days_since_first_usage",
        "usage",
        Measure(EVENT, "largest", "age_days"),
        "days",
        "days since the first usage on record",
        "記録上の初回利用からの日数",
        NEVER,
    ),
    Feature(
        "usage_recency_vs_usual_gap",
        "usage",
        Ratio(SINCE_LAST, USUAL_GAP),
        "times",
        "time since the last usage in multiples of the customer's own usual gap",
        "最終利用からの日数(本人の通常の利用間隔の何倍か)",
        NO_GAP,
    ),
)

AMOUNTS = (
    *over_windows(
        Feature("usage_events_{window}", "usage", EVENTS, "events", "usage events {window}", "{window}の利用回数")
    ),
    *over_windows(
        Feature("usage_days_{window}", "usage", USAGE_DAYS, "days", "days with usage {window}", "{window}の利用日数")
    ),
    *over_windows(
        Feature("usage_sessions_{window}", "usage", SESSIONS, "sessions", "sessions {window}", "{window}の訪問回数")
    ),
    *over_windows(
        Feature(
            "usage_items_{window}",
            "usage",
            Measure(SEEN_ITEM, "count"),
            "items",
            "distinct items looked at {window}",
            "{window}に閲覧した商品種類数",
        ),
        (30, 90),
    ),
    *over_windows(
        Feature(
            "usage_value_{window}",
            "usage",
            Measure(EVENT, "sum", "value"),
            "as recorded",
            "sum of the usage values {window}",
            "{window}の利用量の合計",
        ),
        (30, 90),
    ),
)

CHANGE = (
    *trends(
        Feature(
            "usage_trend_{days}d",
            "usage",
            EVENTS,
            "share",
            "share of the newer half in the usage of twice {days} days (0.5 is steady)",
            "直近{days}日間とその前の{days}日間の利用回数に占める直近の割合(0.5は横ばい)",
            NONE_IN_WINDOW,
        ),
        (7, 30, 90),
    ),
    Feature(
        "usage_mean_gap_days",
        "usage",
        USUAL_GAP,
        "days",
        "usual days between days with usage",
        "通常の利用間隔(日)",
        NO_GAP,
    ),
    Feature(
        "usage_gap_spread_days",
        "usage",
        GAP_SPREAD,
        "days",
        "standard deviation of the days between days with usage",
        "利用間隔の標準偏差(日)",
        "fewer than three days with usage",
    ),
)

TIMING = (
    *over_windows(
        Feature(
            "usage_weekend_share_{window}",
            "usage",
            Ratio(Measure(EVENT, "count", condition="weekday >= 5"), EVENTS),
            "share",
            "share of the usage {window} on weekends",
            "{window}の利用のうち週末の割合",
            NONE_IN_WINDOW,
        ),
        (90,),
    ),
    *over_windows(
        Feature(
            "usage_evening_share_{window}",
            "usage",
            Ratio(Measure(EVENT, "count", condition="hour >= 18"), EVENTS),
            "share",
            "share of the usage {window} at 18:00 or later",
            "{window}の利用のうち18時以降の割合",
            NONE_IN_WINDOW,
        ),
        (90,),
    ),
)

BREADTH = (
    *over_windows(
        Feature(
            "usage_kinds_{window}", "usage", Measure(KIND, "count"), "kinds",
            "different kinds of usage {window}", "{window}に使った機能の種類数",
        ),
        (30, 90, None),
    ),
    *over_windows(
        Feature(
            "usage_events_per_day_{window}", "usage", Ratio(EVENTS, USAGE_DAYS), "events",
            "usage events a day with usage {window}", "{window}の利用日あたりの利用回数", NONE_IN_WINDOW,
        ),
        (30, 90),
    ),
    *over_windows(
        Feature(
            "usage_admin_events_{window}", "usage", Measure(EVENT, "count", condition=ADMIN), "events",
            "usage by administrators {window}", "{window}の管理者による利用回数",
        ),
        (30, 90),
    ),
    Feature(
        "days_since_admin_usage", "usage", Measure(EVENT, "least", "age_days", condition=ADMIN), "days",
        "days since an administrator last used it", "管理者の最終利用からの日数", "no administrator used it",
    ),
    *over_windows(
        Feature(
            "usage_errors_{window}", "usage", Measure(EVENT, "sum", "errors"), "errors",
            "errors met {window}", "{window}に発生したエラー数",
        ),
        (7, 30, 90),
    ),
)  # fmt: skip

USAGE_FEATURES = (*RECENCY, *AMOUNTS, *CHANGE, *TIMING, *BREADTH)

SEAT_FEATURES = (
    *over_windows(
        Feature(
            "active_people_{window}", "seats", ACTIVE_PEOPLE, "people",
            "people of the account who used it {window}", "{window}に利用した人数",
        ),
        (7, 30, 90),
    ),
    Feature(
        "active_people_trend_30d", "seats", Ratio(within(ACTIVE_PEOPLE, 30), within(ACTIVE_PEOPLE, 90)), "share",
        "people who used it in the last 30 days over those of the last 90",
        "直近90日間の利用者に対する直近30日間の利用者の割合",
        NONE_IN_WINDOW,
    ),
    Feature(
        "active_seat_share_30d", "seats", Ratio(within(ACTIVE_PEOPLE, 30), SEATS), "share",
        "share of the seats paid for that was used in the last 30 days",
        "直近30日間に利用された席の割合", "no seat is paid for",
    ),
)  # fmt: skip
"Of accounts: people roll up to them, so that their usage tells who it was."


def event_features(events: tuple[str, ...]) -> Iterator[Feature]:
    """What each of these events means to a customer; the events are learnt from the data."""
    if not events:
        return
    counts = tuple(Measure(EVENT, "count", condition=f"event == {quoted(event)}") for event in events)
    main = Leader(events, counts, "largest")
    yield Feature("main_event", "usage", main, "event", "most frequent kind of usage", "最も多い利用の種類", NEVER)
    for event, name, count in zip(events, names_of(events), counts, strict=True):
        yield from over_windows(
            Feature(
                f"usage_{name}_{{window}}",
                "usage",
                count,
                "events",
                f"'{event}' {{window}}",
                f"{{window}}の「{event}」の回数",
            ),
            (30, 90),
        )
