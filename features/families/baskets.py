"""Variety, concentration, channels and timing of purchases."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import MAIN_CHANNEL, FeatureFamily
from features.compiler.declaration import Carried, Feature, Grain, Leader, Measure, Ratio
from features.compiler.windows import WINDOWS, over_windows, within
from features.families.feature_set import FeatureSet, WordFeatures
from features.families.purchases import BOUGHT, NEVER, NONE_IN_WINDOW, ORDER, ORDERS
from tables.vocabulary import names_of, quoted

ITEM = Grain("item", "purchases", keys=("item_id",), where=BOUGHT, carries=(Carried("lines", "count", "item_id"),))
CATEGORY = Grain(
    "category", "purchases", keys=("category",), where=BOUGHT, carries=(Carried("spend", "sum", "amount"),)
)

ITEMS = Measure(ITEM, "count")
ITEM_LINES = Measure(ITEM, "sum", column="lines")
CATEGORIES = Measure(CATEGORY, "count")
CATEGORY_SPEND = Measure(CATEGORY, "sum", column="spend")

WEEKEND_ORDERS = Measure(ORDER, "count", condition="weekday >= 5")
EVENING_ORDERS = Measure(ORDER, "count", condition="hour >= 18")

NO_ITEM = "no item on record"
NO_CATEGORY = "no spend in a known category"

VARIETY = (
    *over_windows(
        Feature(
            name="items_{window}",
            family=FeatureFamily.VARIETY,
            expression=ITEMS,
            unit="items",
            en="distinct items {window}",
            ja="{window}の購入商品種類数",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="categories_{window}",
            family=FeatureFamily.VARIETY,
            expression=CATEGORIES,
            unit="categories",
            en="distinct categories {window}",
            ja="{window}の購入カテゴリ数",
        ),
        (90, 365, None),
    ),
    Feature(
        name="item_repetition",
        family=FeatureFamily.VARIETY,
        expression=Ratio(ITEM_LINES, ITEMS),
        unit="times",
        en="how often each item was bought, on average",
        ja="同じ商品の平均購入回数",
        missing=NO_ITEM,
    ),
)

CONCENTRATION = (
    Feature(
        name="top_item_share",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Measure(ITEM, "largest", column="lines"), ITEM_LINES),
        unit="share",
        en="share of the most bought item in all lines",
        ja="最も多く買う商品の割合",
        missing=NO_ITEM,
    ),
    Feature(
        name="top_category_share",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Measure(CATEGORY, "largest", column="spend"), CATEGORY_SPEND),
        unit="share",
        en="share of the largest category in the spend",
        ja="最大カテゴリの購入金額に占める割合",
        missing=NO_CATEGORY,
    ),
    Feature(
        name="category_concentration",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Ratio(Measure(CATEGORY, "squares", column="spend"), CATEGORY_SPEND), CATEGORY_SPEND),
        unit="index",
        en="concentration of the spend over categories (Herfindahl index, 1 is a single one)",
        ja="購入カテゴリの集中度(ハーフィンダール指数、1は単一カテゴリ)",
        missing=NO_CATEGORY,
    ),
)

TIMING = (
    *over_windows(
        Feature(
            name="weekend_order_share_{window}",
            family=FeatureFamily.TIMING,
            expression=Ratio(WEEKEND_ORDERS, ORDERS),
            unit="share",
            en="share of the orders {window} that fell on a weekend",
            ja="{window}の購入のうち週末の割合",
            missing=NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
    *over_windows(
        Feature(
            name="evening_order_share_{window}",
            family=FeatureFamily.TIMING,
            expression=Ratio(EVENING_ORDERS, ORDERS),
            unit="share",
            en="share of the orders {window} placed at 18:00 or later",
            ja="{window}の購入のうち18時以降の割合",
            missing=NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
)


def channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these purchase channels."""
    if not channels:
        return
    orders = tuple(Measure(ORDER, "count", condition=f"channel == {quoted(channel)}") for channel in channels)
    latest = tuple(
        Measure(ORDER, "least", column="age_days", condition=f"channel == {quoted(channel)}") for channel in channels
    )
    yield Feature(
        name=MAIN_CHANNEL,
        family=FeatureFamily.CHANNELS,
        expression=Leader(channels, orders, "largest"),
        unit="channel",
        en="channel of most orders",
        ja="最も多く使うチャネル",
        missing=NEVER,
    )
    yield Feature(
        name="last_channel",
        family=FeatureFamily.CHANNELS,
        expression=Leader(channels, latest, "least"),
        unit="channel",
        en="channel of the last order",
        ja="直近に使ったチャネル",
        missing=NEVER,
    )
    for channel, name, count, since in zip(channels, names_of(channels), orders, latest, strict=True):
        yield Feature(
            name=f"order_share_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=Ratio(count, ORDERS),
            unit="share",
            en=f"share of all orders via {channel}",
            ja=f"{channel}での購入の割合",
            missing=NEVER,
        )
        yield Feature(
            name=f"order_share_365d_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=Ratio(within(count, 365), within(ORDERS, 365)),
            unit="share",
            en=f"share of the orders in the last 365 days via {channel}",
            ja=f"直近365日間の購入のうち{channel}の割合",
            missing=NONE_IN_WINDOW,
        )
        yield Feature(
            name=f"days_since_last_order_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=since,
            unit="days",
            en=f"days since the last order via {channel}",
            ja=f"{channel}での最終購入からの日数",
            missing=f"no order via {channel} on record",
        )


FEATURES = FeatureSet(
    static=(*VARIETY, *CONCENTRATION, *TIMING),
    per_word=(
        WordFeatures(
            table="purchases",
            column="channel",
            keeper=MAIN_CHANNEL,
            declare=channel_features,
            placeholder="<channel>",
        ),
    ),
)
