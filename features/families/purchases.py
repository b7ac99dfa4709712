"""Recency, tenure, frequency and rhythm of purchases.

Orders and returns are those of `tables.orders`. `features.families.spending` counts returns.
"""

from __future__ import annotations

from core.feature_names import (
    DAYS_SINCE_FIRST_PURCHASE,
    DAYS_SINCE_LAST_PURCHASE,
    MEAN_GAP_DAYS,
    RECENCY_VS_USUAL_GAP,
    FeatureFamily,
)
from features.compiler.declaration import Carried, Deviation, Difference, Feature, Grain, Measure, Ratio
from features.families.feature_set import WINDOWS, FeatureSet, over_windows, trends, within
from tables.orders import BOUGHT

ORDER = Grain(
    name="order",
    table="purchases",
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
PURCHASE_DAY = Grain(name="purchase day", table="purchases", keys=("age_days",), where=BOUGHT, follows=True)

ORDERS = Measure(ORDER, "count")
SINCE_LAST = Measure(ORDER, "least", column="age_days")
SINCE_FIRST = Measure(ORDER, "largest", column="age_days")

GAPS = Measure(PURCHASE_DAY, "count", column="gap_days")
GAP_TOTAL = Measure(PURCHASE_DAY, "sum", column="gap_days")
USUAL_GAP = Ratio(GAP_TOTAL, GAPS)
GAP_SPREAD = Deviation(GAPS, GAP_TOTAL, Measure(PURCHASE_DAY, "squares", column="gap_days"))

NEVER = "there is no purchase on record"
NONE_IN_WINDOW = "there was no purchase {window}"
NONE_IN_TREND = "there was no purchase in the last {twice} days"
NO_GAP = "there are fewer than two purchase days"
NO_SPREAD = "there are fewer than three purchase days"

RECENCY = (
    Feature(
        name=DAYS_SINCE_LAST_PURCHASE,
        family=FeatureFamily.RECENCY,
        expression=SINCE_LAST,
        unit="days",
        title="days since the last purchase",
        says="Last purchase {value_days} ago (this customer usually buys {every_mean_gap_days})",
        says_missing="Has never bought anything",
        missing=NEVER,
        usual_of=MEAN_GAP_DAYS,
    ),
    Feature(
        name=RECENCY_VS_USUAL_GAP,
        family=FeatureFamily.RECENCY,
        expression=Ratio(SINCE_LAST, USUAL_GAP),
        unit="times",
        title="time since the last purchase, in multiples of the customer's usual gap",
        says="Last purchase {days_since_last_purchase} ago (this customer usually buys {every_mean_gap_days})",
        says_above="No purchase for {days_since_last_purchase} (this customer usually buys {every_mean_gap_days})",
        missing=NO_GAP,
    ),
)

TENURE = (
    Feature(
        name=DAYS_SINCE_FIRST_PURCHASE,
        family=FeatureFamily.TENURE,
        expression=SINCE_FIRST,
        unit="days",
        title="days since the first recorded purchase",
        says="First recorded purchase {value_days} ago",
        says_missing="Has never bought anything",
        missing=NEVER,
    ),
    Feature(
        name="buying_span_days",
        family=FeatureFamily.TENURE,
        expression=Difference(SINCE_FIRST, SINCE_LAST),
        unit="days",
        title="days from the first to the last purchase",
        says="{value_days} between the first and the last purchase",
        says_zero="Has bought on one day only",
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
            title="orders {window}",
            says_zero="No orders {window} (this customer usually buys {every_mean_gap_days})",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="purchase_days_{window}",
            family=FeatureFamily.FREQUENCY,
            expression=Measure(PURCHASE_DAY, "count"),
            unit="days",
            title="days with a purchase {window}",
            says_zero="No orders {window} (this customer usually buys {every_mean_gap_days})",
        ),
        (*WINDOWS, None),
    ),
    *trends(
        Feature(
            name="orders_trend_{days}d",
            family=FeatureFamily.FREQUENCY,
            expression=ORDERS,
            unit="share",
            title="orders in the last {days} days as a share of those in the last {twice} days (0.5 is steady)",
            says="Orders in the last {days} days compared with the {days} before: {change}",
            says_missing="No orders in the last {twice} days (this customer usually buys {every_mean_gap_days})",
            missing=NONE_IN_TREND,
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
            title="mean days between purchases {window}",
            says="Bought {value_every} {window}",
            missing=NO_GAP,
        ),
        (180, 365),
    ),
    Feature(
        name=MEAN_GAP_DAYS,
        family=FeatureFamily.RHYTHM,
        expression=USUAL_GAP,
        unit="days",
        title="usual gap between purchases, in days",
        says="Usually buys {value_every}",
        missing=NO_GAP,
    ),
    Feature(
        name="gap_spread_days",
        family=FeatureFamily.RHYTHM,
        expression=GAP_SPREAD,
        unit="days",
        title="standard deviation of the gaps between purchases, in days",
        says="The time between purchases varies by about {value_days}",
        missing=NO_SPREAD,
    ),
    Feature(
        name="gap_irregularity",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(GAP_SPREAD, USUAL_GAP),
        unit="times",
        title="variation of the gaps between purchases, in multiples of the usual gap (0 is perfectly regular)",
        says="The time between purchases varies by {value_percent} of the usual gap",
        missing=NO_SPREAD,
    ),
    Feature(
        name="longest_gap_days",
        family=FeatureFamily.RHYTHM,
        expression=Measure(PURCHASE_DAY, "largest", column="gap_days"),
        unit="days",
        title="longest gap between purchases, in days",
        says="Longest time between purchases: {value_days}",
        missing=NO_GAP,
    ),
    Feature(
        name="shortest_gap_days",
        family=FeatureFamily.RHYTHM,
        expression=Measure(PURCHASE_DAY, "least", column="gap_days"),
        unit="days",
        title="shortest gap between purchases, in days",
        says="Shortest time between purchases: {value_days}",
        missing=NO_GAP,
    ),
    Feature(
        name="recency_vs_longest_gap",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(SINCE_LAST, Measure(PURCHASE_DAY, "largest", column="gap_days")),
        unit="times",
        title="time since the last purchase, in multiples of the longest gap so far",
        says="Last purchase {days_since_last_purchase} ago, {value} times this customer's longest gap so far",
        missing=NO_GAP,
    ),
    Feature(
        name="gap_180d_vs_usual",
        family=FeatureFamily.RHYTHM,
        expression=Ratio(within(USUAL_GAP, 180), USUAL_GAP),
        unit="times",
        title="mean gap between purchases in the last 180 days, in multiples of the usual gap "
        "(above 1 is slowing down)",
        says="Gaps between purchases in the last 180 days: {value} times this customer's usual gap",
        missing="there was no second purchase {window}",
        text_days=180,
    ),
)

FEATURES = FeatureSet(static=(*RECENCY, *TENURE, *FREQUENCY, *RHYTHM))
