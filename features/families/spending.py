"""Spend, quantities and returns of purchases."""

from __future__ import annotations

from core.feature_names import FeatureFamily
from features.compiler.declaration import Deviation, Difference, Feature, Grain, Measure, Ratio
from features.families.feature_set import WINDOWS, FeatureSet, over_windows, trends, within
from features.families.purchases import NEVER, NONE_IN_TREND, NONE_IN_WINDOW, ORDER, ORDERS
from tables.orders import IS_RETURNED

RETURN_LINE = Grain(name="return line", table="purchases", where=IS_RETURNED)

SPEND = Measure(ORDER, "sum", column="spend")
QUANTITY = Measure(ORDER, "sum", column="quantity")
RETURNS = Measure(RETURN_LINE, "count")
RETURNED = Measure(RETURN_LINE, "magnitude", column="amount")

ORDER_VALUE = Ratio(SPEND, ORDERS)
ORDER_VALUE_SPREAD = Deviation(ORDERS, SPEND, Measure(ORDER, "squares", column="spend"))

SPENDING = (
    *over_windows(
        Feature(
            name="spend_{window}",
            family=FeatureFamily.SPEND,
            expression=SPEND,
            unit="base currency",
            title="spend {window}, before returns",
            says_zero="No spend {window} (this customer usually buys {every_mean_gap_days})",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="net_spend_{window}",
            family=FeatureFamily.SPEND,
            expression=Difference(SPEND, RETURNED),
            unit="base currency",
            title="spend {window}, net of returns",
            says_zero="No spend {window} (this customer usually buys {every_mean_gap_days})",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="mean_order_value_{window}",
            family=FeatureFamily.SPEND,
            expression=ORDER_VALUE,
            unit="base currency",
            title="average order value {window}",
            missing=NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
    Feature(
        name="order_value_spread",
        family=FeatureFamily.SPEND,
        expression=ORDER_VALUE_SPREAD,
        unit="base currency",
        title="standard deviation of order values",
        says="Order values vary by about {value}",
        missing="there are fewer than two orders",
    ),
    Feature(
        name="largest_order_value",
        family=FeatureFamily.SPEND,
        expression=Measure(ORDER, "largest", column="spend"),
        unit="base currency",
        title="value of the largest order",
        missing=NEVER,
    ),
    Feature(
        name="order_value_90d_vs_usual",
        family=FeatureFamily.SPEND,
        expression=Ratio(within(ORDER_VALUE, 90), ORDER_VALUE),
        unit="times",
        title="average order value in the last 90 days, in multiples of the customer's usual one",
        says="Average order value in the last 90 days: {value} times this customer's usual one",
        says_missing="No orders {window} (this customer usually buys {every_mean_gap_days})",
        missing=NONE_IN_WINDOW,
        text_days=90,
    ),
    *trends(
        Feature(
            name="spend_trend_{days}d",
            family=FeatureFamily.SPEND,
            expression=SPEND,
            unit="share",
            title="spend in the last {days} days as a share of that in the last {twice} days (0.5 is steady)",
            says="Spend in the last {days} days compared with the {days} before: {change}",
            says_missing="No orders in the last {twice} days (this customer usually buys {every_mean_gap_days})",
            missing=NONE_IN_TREND,
        )
    ),
)

QUANTITIES = (
    *over_windows(
        Feature(
            name="quantity_{window}",
            family=FeatureFamily.QUANTITY,
            expression=QUANTITY,
            unit="pieces",
            title="units bought {window}",
            says_zero="No units bought {window}",
        ),
        (*WINDOWS, None),
    ),
    Feature(
        name="mean_quantity_per_order",
        family=FeatureFamily.QUANTITY,
        expression=Ratio(QUANTITY, ORDERS),
        unit="pieces",
        title="average units per order",
        missing=NEVER,
    ),
    Feature(
        name="mean_item_lines_per_order",
        family=FeatureFamily.QUANTITY,
        expression=Ratio(Measure(ORDER, "sum", column="item_lines"), ORDERS),
        unit="lines",
        title="average lines per order",
        missing=NEVER,
    ),
)

RETURNING = (
    *over_windows(
        Feature(
            name="returns_{window}",
            family=FeatureFamily.RETURNS,
            expression=RETURNS,
            unit="lines",
            title="returned lines {window}",
            says_zero="No returns {window}",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="returned_amount_{window}",
            family=FeatureFamily.RETURNS,
            expression=RETURNED,
            unit="base currency",
            title="amount returned {window}",
            says_zero="No returns {window}",
        ),
        (90, 365),
    ),
    *over_windows(
        Feature(
            name="returned_share_{window}",
            family=FeatureFamily.RETURNS,
            expression=Ratio(RETURNED, SPEND),
            unit="share",
            title="amount returned as a share of the amount bought {window}",
            says_zero="No returns {window}",
            missing=NONE_IN_WINDOW,
        ),
        (365, None),
    ),
    Feature(
        name="days_since_last_return",
        family=FeatureFamily.RETURNS,
        expression=Measure(RETURN_LINE, "least", column="age_days"),
        unit="days",
        title="days since the last return",
        says="Last return {value_days} ago",
        says_missing="Has never returned anything",
        missing="there is no return on record",
    ),
)

FEATURES = FeatureSet(static=(*SPENDING, *QUANTITIES, *RETURNING))
