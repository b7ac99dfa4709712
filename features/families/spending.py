"""Spend, quantities and returns of purchases."""

from __future__ import annotations

from core.feature_names import FeatureFamily
from features.compiler.declaration import Deviation, Difference, Feature, Grain, Measure, Ratio
from features.compiler.windows import WINDOWS, over_windows, trends, within
from features.families.feature_set import FeatureSet
from features.families.purchases import NEVER, NONE_IN_WINDOW, ORDER, ORDERS

RETURN_LINE = Grain("return line", "purchases", where="amount < 0")

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
            en="spend {window}, before returns",
            ja="{window}の購入金額(返品前)",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="net_spend_{window}",
            family=FeatureFamily.SPEND,
            expression=Difference(SPEND, RETURNED),
            unit="base currency",
            en="spend {window}, less returns",
            ja="{window}の購入金額(返品差引後)",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="mean_order_value_{window}",
            family=FeatureFamily.SPEND,
            expression=ORDER_VALUE,
            unit="base currency",
            en="mean order value {window}",
            ja="{window}の平均注文額",
            missing=NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
    Feature(
        name="order_value_spread",
        family=FeatureFamily.SPEND,
        expression=ORDER_VALUE_SPREAD,
        unit="base currency",
        en="standard deviation of the order values",
        ja="注文額の標準偏差",
        missing="fewer than two orders",
    ),
    Feature(
        name="largest_order_value",
        family=FeatureFamily.SPEND,
        expression=Measure(ORDER, "largest", column="spend"),
        unit="base currency",
        en="value of the largest order",
        ja="最大の注文額",
        missing=NEVER,
    ),
    Feature(
        name="order_value_90d_vs_usual",
        family=FeatureFamily.SPEND,
        expression=Ratio(within(ORDER_VALUE, 90), ORDER_VALUE),
        unit="times",
        en="mean order value in the last 90 days in multiples of the customer's own",
        ja="直近90日間の平均注文額(本人の平均の何倍か)",
        missing=NONE_IN_WINDOW,
    ),
    *trends(
        Feature(
            name="spend_trend_{days}d",
            family=FeatureFamily.SPEND,
            expression=SPEND,
            unit="share",
            en="share of the newer half in the spend of twice {days} days (0.5 is steady)",
            ja="直近{days}日間とその前の{days}日間の購入金額に占める直近の割合(0.5は横ばい)",
            missing=NONE_IN_WINDOW,
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
            en="pieces bought {window}",
            ja="{window}の購入点数",
        ),
        (*WINDOWS, None),
    ),
    Feature(
        name="mean_quantity_per_order",
        family=FeatureFamily.QUANTITY,
        expression=Ratio(QUANTITY, ORDERS),
        unit="pieces",
        en="mean pieces an order",
        ja="1回あたりの平均購入点数",
        missing=NEVER,
    ),
    Feature(
        name="mean_item_lines_per_order",
        family=FeatureFamily.QUANTITY,
        expression=Ratio(Measure(ORDER, "sum", column="item_lines"), ORDERS),
        unit="lines",
        en="mean item lines an order",
        ja="1回あたりの平均明細数",
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
            en="returned lines {window}",
            ja="{window}の返品明細数",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="returned_amount_{window}",
            family=FeatureFamily.RETURNS,
            expression=RETURNED,
            unit="base currency",
            en="amount returned {window}",
            ja="{window}の返品金額",
        ),
        (90, 365),
    ),
    *over_windows(
        Feature(
            name="returned_share_{window}",
            family=FeatureFamily.RETURNS,
            expression=Ratio(RETURNED, SPEND),
            unit="share",
            en="amount returned over amount bought {window}",
            ja="{window}の購入金額に対する返品金額の割合",
            missing=NONE_IN_WINDOW,
        ),
        (365, None),
    ),
    Feature(
        name="days_since_last_return",
        family=FeatureFamily.RETURNS,
        expression=Measure(RETURN_LINE, "least", column="age_days"),
        unit="days",
        en="days since the last return",
        ja="最後の返品からの日数",
        missing="no return on record",
    ),
)

FEATURES = FeatureSet(static=(*SPENDING, *QUANTITIES, *RETURNING))
