"""What purchases tell of money and goods: how much was spent, on how many pieces, and what came back."""

from __future__ import annotations

from features.compiler.declaration import Deviation, Difference, Feature, Grain, Measure, Ratio
from features.families.purchases import NEVER, NONE_IN_WINDOW, ORDER, ORDERS
from features.families.windowed import WINDOWS, over_windows, trends, within

RETURN_LINE = Grain("return line", "purchases", where="amount < 0")

SPEND = Measure(ORDER, "sum", "spend")
QUANTITY = Measure(ORDER, "sum", "quantity")
RETURNS = Measure(RETURN_LINE, "count")
RETURNED = Measure(RETURN_LINE, "magnitude", "amount")

ORDER_VALUE = Ratio(SPEND, ORDERS)
ORDER_VALUE_SPREAD = Deviation(ORDERS, SPEND, Measure(ORDER, "squares", "spend"))

SPENDING = (
    *over_windows(
        Feature(
            "spend_{window}",
            "spend",
            SPEND,
            "base currency",
            "spend {window}, before returns",
            "{window}の購入金額(返品前)",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            "net_spend_{window}",
            "spend",
            Difference(SPEND, RETURNED),
            "base currency",
            "spend {window}, less returns",
            "{window}の購入金額(返品差引後)",
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            "mean_order_value_{window}",
            "spend",
            ORDER_VALUE,
            "base currency",
            "mean order value {window}",
            "{window}の平均注文額",
            NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
    Feature(
        "order_value_spread",
        "spend",
        ORDER_VALUE_SPREAD,
        "base currency",
        "standard deviation of the order values",
        "注文額の標準偏差",
        "fewer than two orders",
    ),
    Feature(
        "largest_order_value",
        "spend",
        Measure(ORDER, "largest", "spend"),
        "base currency",
        "value of the largest order",
        "最大の注文額",
        NEVER,
    ),
    Feature(
        "order_value_90d_vs_usual",
        "spend",
        Ratio(within(ORDER_VALUE, 90), ORDER_VALUE),
        "times",
        "mean order value in the last 90 days in multiples of the customer's own",
        "直近90日間の平均注文額(本人の平均の何倍か)",
        NONE_IN_WINDOW,
    ),
    *trends(
        Feature(
            "spend_trend_{days}d",
            "spend",
            SPEND,
            "share",
            "share of the newer half in the spend of twice {days} days (0.5 is steady)",
            "直近{days}日間とその前の{days}日間の購入金額に占める直近の割合(0.5は横ばい)",
            NONE_IN_WINDOW,
        )
    ),
)

QUANTITIES = (
    *over_windows(
        Feature("quantity_{window}", "quantity", QUANTITY, "pieces", "pieces bought {window}", "{window}の購入点数"),
        (*WINDOWS, None),
    ),
    Feature(
        "mean_quantity_per_order",
        "quantity",
        Ratio(QUANTITY, ORDERS),
        "pieces",
        "mean pieces an order",
        "1回あたりの平均購入点数",
        NEVER,
    ),
    Feature(
        "mean_item_lines_per_order",
        "quantity",
        Ratio(Measure(ORDER, "sum", "item_lines"), ORDERS),
        "lines",
        "mean item lines an order",
        "1回あたりの平均明細数",
        NEVER,
    ),
)

RETURNING = (
    *over_windows(
        Feature("returns_{window}", "returns", RETURNS, "lines", "returned lines {window}", "{window}の返品明細数"),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            "returned_amount_{window}",
            "returns",
            RETURNED,
            "base currency",
            "amount returned {window}",
            "{window}の返品金額",
        ),
        (90, 365),
    ),
    *over_windows(
        Feature(
            "returned_share_{window}",
            "returns",
            Ratio(RETURNED, SPEND),
            "share",
            "amount returned over amount bought {window}",
            "{window}の購入金額に対する返品金額の割合",
            NONE_IN_WINDOW,
        ),
        (365, None),
    ),
    Feature(
        "days_since_last_return",
        "returns",
        Measure(RETURN_LINE, "least", "age_days"),
        "days",
        "days since the last return",
        "最後の返品からの日数",
        "no return on record",
    ),
)

SPENDING_FEATURES = (*SPENDING, *QUANTITIES, *RETURNING)
