"""What was bought, where and at what time: variety, concentration, channels and timing of purchases."""

from __future__ import annotations

from collections.abc import Iterator

from features.compiler.declaration import Carried, Feature, Grain, Leader, Measure, Ratio
from features.families.purchases import BOUGHT, NEVER, NONE_IN_WINDOW, ORDER, ORDERS
from features.families.windowed import WINDOWS, over_windows, within
from tables.vocabulary import names_of, quoted

ITEM = Grain("item", "purchases", keys=("item_id",), where=BOUGHT, carries=(Carried("lines", "count", "item_id"),))
CATEGORY = Grain(
    "category", "purchases", keys=("category",), where=BOUGHT, carries=(Carried("spend", "sum", "amount"),)
)

ITEMS = Measure(ITEM, "count")
ITEM_LINES = Measure(ITEM, "sum", "lines")
CATEGORIES = Measure(CATEGORY, "count")
CATEGORY_SPEND = Measure(CATEGORY, "sum", "spend")

WEEKEND_ORDERS = Measure(ORDER, "count", condition="weekday >= 5")
EVENING_ORDERS = Measure(ORDER, "count", condition="hour >= 18")

NO_ITEM = "no item on record"
NO_CATEGORY = "no spend in a known category"

VARIETY = (
    *over_windows(
        Feature("items_{window}", "variety", ITEMS, "items", "distinct items {window}", "{window}の購入商品種類数"),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            "categories_{window}",
            "variety",
            CATEGORIES,
            "categories",
            "distinct categories {window}",
            "{window}の購入カテゴリ数",
        ),
        (90, 365, None),
    ),
    Feature(
        "item_repetition",
        "variety",
        Ratio(ITEM_LINES, ITEMS),
        "times",
        "how often each item was bought, on average",
        "同じ商品の平均購入回数",
        NO_ITEM,
    ),
)

CONCENTRATION = (
    Feature(
        "top_item_share",
        "concentration",
        Ratio(Measure(ITEM, "largest", "lines"), ITEM_LINES),
        "share",
        "share of the most bought item in all lines",
        "最も多く買う商品の割合",
        NO_ITEM,
    ),
    Feature(
        "top_category_share",
        "concentration",
        Ratio(Measure(CATEGORY, "largest", "spend"), CATEGORY_SPEND),
        "share",
        "share of the largest category in the spend",
        "最大カテゴリの購入金額に占める割合",
        NO_CATEGORY,
    ),
    Feature(
        "category_concentration",
        "concentration",
        Ratio(Ratio(Measure(CATEGORY, "squares", "spend"), CATEGORY_SPEND), CATEGORY_SPEND),
        "index",
        "concentration of the spend over categories (Herfindahl index, 1 is a single one)",
        "購入カテゴリの集中度(ハーフィンダール指数、1は単一カテゴリ)",
        NO_CATEGORY,
    ),
)

TIMING = (
    *over_windows(
        Feature(
            "weekend_order_share_{window}",
            "timing",
            Ratio(WEEKEND_ORDERS, ORDERS),
            "share",
            "share of the orders {window} that fell on a weekend",
            "{window}の購入のうち週末の割合",
            NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            "evening_order_share_{window}",
            "timing",
            Ratio(EVENING_ORDERS, ORDERS),
            "share",
            "share of the orders {window} placed at 18:00 or later",
            "{window}の購入のうち18時以降の割合",
            NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
)

BASKET_FEATURES = (*VARIETY, *CONCENTRATION, *TIMING)


def channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """What each of these channels means to a customer; the channels are learnt from the data."""
    if not channels:
        return
    orders = tuple(Measure(ORDER, "count", condition=f"channel == {quoted(channel)}") for channel in channels)
    latest = tuple(
        Measure(ORDER, "least", "age_days", condition=f"channel == {quoted(channel)}") for channel in channels
    )
    yield Feature(
        "main_channel",
        "channels",
        Leader(channels, orders, "largest"),
        "channel",
        "channel of most orders",
        "最も多く使うチャネル",
        NEVER,
    )
    yield Feature(
        "last_channel",
        "channels",
        Leader(channels, latest, "least"),
        "channel",
        "channel of the last order",
        "直近に使ったチャネル",
        NEVER,
    )
    for channel, name, count, since in zip(channels, names_of(channels), orders, latest, strict=True):
        yield Feature(
            f"order_share_via_{name}",
            "channels",
            Ratio(count, ORDERS),
            "share",
            f"share of all orders via {channel}",
            f"{channel}での購入の割合",
            NEVER,
        )
        yield Feature(
            f"order_share_365d_via_{name}",
            "channels",
            Ratio(within(count, 365), within(ORDERS, 365)),
            "share",
            f"share of the orders in the last 365 days via {channel}",
            f"直近365日間の購入のうち{channel}の割合",
            NONE_IN_WINDOW,
        )
        yield Feature(
            f"days_since_last_order_via_{name}",
            "channels",
            since,
            "days",
            f"days since the last order via {channel}",
            f"{channel}での最終購入からの日数",
            f"no order via {channel} on record",
        )
