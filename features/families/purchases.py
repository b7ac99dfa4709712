"""What purchases tell of time: how recently, since when, how often and in which rhythm.

A purchase is an occasion: the lines of one order, or of one moment where there is no order id. Returns
(negative amounts) are counted apart and make nobody a recent buyer.
"""

from __future__ import annotations

from features.compiler.declaration import Carried, Deviation, Difference, Feature, Grain, Measure, Ratio
from features.families.windowed import WINDOWS, over_windows, trends, within

BOUGHT = "amount >= 0"

ORDER = Grain(
    "order",
    "purchases",
    keys=("occasion",),
    where=BOUGHT,
    carries=(
        Carried("spend", "sum", "amount"),
        Carried("quantity", "sum", "quantity"),
        Carried("item_lines", "count", "item_id"),
        Carried("weekday", "largest", "weekday"),
        Carried("hour", "largest", "hour"),
        Carried("channel", "least", "channel"),
    ),
)
PURCHASE_DAY = Grain("purchase day", "purchases", keys=("age_days",), where=BOUGHT, follows=True)

ORDERS = Measure(ORDER, "count")
SINCE_LAST = Measure(ORDER, "least", "age_days")
SINCE_FIRST = Measure(ORDER, "largest", "age_days")

GAPS = Measure(PURCHASE_DAY, "count", "gap_days")
GAP_TOTAL = Measure(PURCHASE_DAY, "sum", "gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(PURCHASE_DAY, "squares", "gap_days"))

NEVER = "no purchase on record"
NONE_IN_WINDOW = "no purchase in the window, or the recorded history is shorter than it"
NO_GAP = "fewer than two purchase days"
NO_SPREAD = "fewer than three purchase days"

RECENCY = (
    Feature(
        "days_since_last_purchase",
        "recency",
        SINCE_LAST,
        "days",
        "days since the last purchase",
        "最終購入からの日数",
        NEVER,
        says_en="last purchase {value} days ago (usually {usual})",
        says_ja="最終購入から{value}日(通常{usual}日)",
        usual_of="mean_gap_days",
    ),
    Feature(
        "recency_vs_usual_gap",
        "recency",
        Ratio(SINCE_LAST, USUAL_GAP),
        "times",
        "time since the last purchase in multiples of the customer's own usual gap",
        "最終購入からの日数(本人の通常の購入間隔の何倍か)",
        NO_GAP,
    ),
)

TENURE = (
    Feature(
        "days_since_first_purchase",
        "tenure",
        SINCE_FIRST,
        "days",
        "days since the first purchase on record",
        "記録上の初回購入からの日数",
        NEVER,
    ),
    Feature(
        "buying_span_days",
        "tenure",
        Difference(SINCE_FIRST, SINCE_LAST),
        "days",
        "days from the first to the last purchase",
        "初回購入から最終購入までの日数",
        NEVER,
    ),
)

FREQUENCY = (
    *over_windows(
        Feature("orders_{window}", "frequency", ORDERS, "orders", "orders {window}", "{window}の購入回数"),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            "purchase_days_{window}",
            "frequency",
            Measure(PURCHASE_DAY, "count"),
            "days",
            "days with a purchase {window}",
            "{window}の購入日数",
        ),
        (*WINDOWS, None),
    ),
    *trends(
        Feature(
            "orders_trend_{days}d",
            "frequency",
            ORDERS,
            "share",
            "share of the newer half in the orders of twice {days} days (0.5 is steady)",
            "直近{days}日間とその前の{days}日間の購入回数に占める直近の割合(0.5は横ばい)",
            NONE_IN_WINDOW,
        )
    ),
)

RHYTHM = (
    *over_windows(
        Feature(
            "mean_gap_days_{window}",
            "rhythm",
            USUAL_GAP,
            "days",
            "mean days between purchases {window}",
            "{window}の平均購入間隔(日)",
            NO_GAP + " (their gap ending in the window), or the recorded history is shorter than it",
        ),
        (180, 365),
    ),
    Feature(
        "mean_gap_days",
        "rhythm",
        USUAL_GAP,
        "days",
        "usual days between purchases",
        "通常の購入間隔(日)",
        NO_GAP,
    ),
    Feature(
        "gap_spread_days",
        "rhythm",
        GAP_SPREAD,
        "days",
        "standard deviation of the days between purchases",
        "購入間隔の標準偏差(日)",
        NO_SPREAD,
    ),
    Feature(
        "gap_irregularity",
        "rhythm",
        Ratio(GAP_SPREAD, USUAL_GAP),
        "times",
        "spread of the gaps in multiples of the usual gap (0 is clockwork)",
        "購入間隔のばらつき(通常間隔の何倍か、0は規則的)",
        NO_SPREAD,
    ),
    Feature(
        "longest_gap_days",
        "rhythm",
        Measure(PURCHASE_DAY, "largest", "gap_days"),
        "days",
        "longest gap between purchases",
        "最長の購入間隔(日)",
        NO_GAP,
    ),
    Feature(
        "shortest_gap_days",
        "rhythm",
        Measure(PURCHASE_DAY, "least", "gap_days"),
        "days",
        "shortest gap between purchases",
        "最短の購入間隔(日)",
        NO_GAP,
    ),
    Feature(
        "recency_vs_longest_gap",
        "rhythm",
        Ratio(SINCE_LAST, Measure(PURCHASE_DAY, "largest", "gap_days")),
        "times",
        "time since the last purchase in multiples of the longest gap so far",
        "最終購入からの日数(これまでの最長間隔の何倍か)",
        NO_GAP,
    ),
    Feature(
        "gap_180d_vs_usual",
        "rhythm",
        Ratio(within(USUAL_GAP, 180), USUAL_GAP),
        "times",
        "mean gap of the last 180 days in multiples of the usual gap (above 1 is slowing down)",
        "直近180日間の平均購入間隔(通常の何倍か、1超は間隔が延びている)",
        "no gap ended in the window, or the recorded history is shorter than it",
    ),
)


PURCHASE_FEATURES = (*RECENCY, *TENURE, *FREQUENCY, *RHYTHM)
