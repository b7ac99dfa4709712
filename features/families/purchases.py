"""Recency, tenure, frequency and rhythm of purchases.

An order is one purchase occasion: the lines of one order id, or of one moment where there is no order id. Returns
(negative amounts) are no purchases; `features.families.spending` counts them.
"""

from __future__ import annotations

from core.feature_names import DAYS_SINCE_FIRST_PURCHASE, DAYS_SINCE_LAST_PURCHASE, MEAN_GAP_DAYS, FeatureFamily
from features.compiler.declaration import Carried, Deviation, Difference, Feature, Grain, Measure, Ratio
from features.compiler.windows import WINDOWS, over_windows, trends, within
from features.families.feature_set import FeatureSet

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
SINCE_LAST = Measure(ORDER, "least", column="age_days")
SINCE_FIRST = Measure(ORDER, "largest", column="age_days")

GAPS = Measure(PURCHASE_DAY, "count", column="gap_days")
GAP_TOTAL = Measure(PURCHASE_DAY, "sum", column="gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(PURCHASE_DAY, "squares", column="gap_days"))

NEVER = "no purchase on record"
NONE_IN_WINDOW = "no purchase in the window, or the recorded history is shorter than it"
NO_GAP = "fewer than two purchase days"
NO_SPREAD = "fewer than three purchase days"

RECENCY = (
    Feature(
        name=DAYS_SINCE_LAST_PURCHASE,
        family=FeatureFamily.RECENCY,
        expression=SINCE_LAST,
        unit="days",
        en="days since the last purchase",
        ja="最終購入からの日数",
        missing=NEVER,
        says_en="last purchase {value} days ago (usually {usual})",
        says_ja="最終購入から{value}日(通常{usual}日)",
        usual_of=MEAN_GAP_DAYS,
    ),
    Feature(
        name="recency_vs_usual_gap",
        family=FeatureFamily.RECENCY,
        expression=Ratio(SINCE_LAST, USUAL_GAP),
        unit="times",
        en="time since the last purchase in multiples of the customer's own usual gap",
        ja="最終購入からの日数(本人の通常の購入間隔の何倍か)",
        missing=NO_GAP,
    ),
)

TENURE = (
    Feature(
        name=DAYS_SINCE_FIRST_PURCHASE,
        family=FeatureFamily.TENURE,
        expression=SINCE_FIRST,
        unit="days",
        en="days since the first purchase on record",
        ja="記録上の初回購入からの日数",
        missing=NEVER,
    ),
    Feature(
        name="buying_span_days",
        family=FeatureFamily.TENURE,
        expression=Difference(SINCE_FIRST, SINCE_LAST),
        unit="days",
        en="days from the first to the last purchase",
        ja="初回購入から最終購入までの日数",
        missing=NEVER,
    ),
)

FREQUENCY = (
    *over_windows(
        Feature(
            name="orders_{window}",
            family=FeatureFamily.FREQUENCY,
            expression=ORDERS,
            unit="orders",
            en="orders {window}",
            ja="{window}の購入回数",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="purchase_days_{window}",
            family=FeatureFamily.FREQUENCY,
            expression=Measure(PURCHASE_DAY, "count"),
            unit="days",
            en="days with a purchase {window}",
            ja="{window}の購入日数",
        ),
        (*WINDOWS, None),
    ),
    *trends(
        Feature(
            name="orders_trend_{days}d",
            family=FeatureFamily.FREQUENCY,
            expression=ORDERS,
            unit="share",
            en="share of the newer half in the orders of twice {days} days (0.5 is steady)",
            ja="直近{days}日間とその前の{days}日間の購入回数に占める直近の割合(0.5は横ばい)",
            missing=NONE_IN_WINDOW,
        )
    ),
)

RHYTHM = (
    *over_windows(
        Feature(
            name="mean_gap_days_{window}",
            family=FeatureFamily.RHYTHM,
            expression=USUAL_GAP,
            unit="days",
            en="mean days between purchases {window}",
            ja="{window}の平均購入間隔(日)",
            missing=NO_GAP + " (their gap ending in the window), or the recorded history is shorter than it",
        ),
        (180, 365),
    ),
    Feature(
        name=MEAN_GAP_DAYS,
        family=FeatureFamily.RHYTHM,
        expression=USUAL_GAP,
        unit="days",
        en="usual days between purchases",
        ja="通常の購入間隔(日)",
        missing=NO_GAP,
    ),
    Feature(
        name="gap_spread_days",
        family=FeatureFamily.RHYTHM,
        expression=GAP_SPREAD,
        unit="days",
        en="standard deviation of the days between purchases",
        ja="購入間隔の標準偏差(日)",
        missing=NO_SPREAD,
    ),
    Feature(
        name="gap_irregularity",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(GAP_SPREAD, USUAL_GAP),
        unit="times",
        en="spread of the gaps in multiples of the usual gap (0 is clockwork)",
        ja="購入間隔のばらつき(通常間隔の何倍か、0は規則的)",
        missing=NO_SPREAD,
    ),
    Feature(
        name="longest_gap_days",
        family=FeatureFamily.RHYTHM,
        expression=Measure(PURCHASE_DAY, "largest", column="gap_days"),
        unit="days",
        en="longest gap between purchases",
        ja="最長の購入間隔(日)",
        missing=NO_GAP,
    ),
    Feature(
        name="shortest_gap_days",
        family=FeatureFamily.RHYTHM,
        expression=Measure(PURCHASE_DAY, "least", column="gap_days"),
        unit="days",
        en="shortest gap between purchases",
        ja="最短の購入間隔(日)",
        missing=NO_GAP,
    ),
    Feature(
        name="recency_vs_longest_gap",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(SINCE_LAST, Measure(PURCHASE_DAY, "largest", column="gap_days")),
        unit="times",
        en="time since the last purchase in multiples of the longest gap so far",
        ja="最終購入からの日数(これまでの最長間隔の何倍か)",
        missing=NO_GAP,
    ),
    Feature(
        name="gap_180d_vs_usual",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(within(USUAL_GAP, 180), USUAL_GAP),
        unit="times",
        en="mean gap of the last 180 days in multiples of the usual gap (above 1 is slowing down)",
        ja="直近180日間の平均購入間隔(通常の何倍か、1超は間隔が延びている)",
        missing="no gap ended in the window, or the recorded history is shorter than it",
    ),
)

FEATURES = FeatureSet(static=(*RECENCY, *TENURE, *FREQUENCY, *RHYTHM))
