"""Variety, concentration, channels and timing of purchases."""

from __future__ import annotations

from collections.abc import Iterator

from core.feature_names import MAIN_CHANNEL, FeatureFamily
from features.compiler.declaration import Carried, Feature, Grain, Leader, Measure, Ratio
from features.families.feature_set import WINDOWS, FeatureSet, WordFeatures, over_windows, within
from features.families.purchases import NEVER, NONE_IN_WINDOW, ORDER, ORDERS
from tables.attributes import names_of, quote_text
from tables.orders import BOUGHT

ITEM = Grain(
    name="item", table="purchases", keys=("item_id",), where=BOUGHT, carries=(Carried("lines", "count", "item_id"),)
)
CATEGORY = Grain(
    name="category", table="purchases", keys=("category",), where=BOUGHT, carries=(Carried("spend", "sum", "amount"),)
)

ITEMS = Measure(ITEM, "count")
ITEM_LINES = Measure(ITEM, "sum", column="lines")
CATEGORIES = Measure(CATEGORY, "count")
CATEGORY_SPEND = Measure(CATEGORY, "sum", column="spend")

WEEKEND_ORDERS = Measure(ORDER, "count", condition="weekday >= 5")
EVENING_ORDERS = Measure(ORDER, "count", condition="hour >= 18")

NO_ITEM = "no item is on record"
NO_CATEGORY = "no spend falls into a known category"

VARIETY = (
    *over_windows(
        Feature(
            name="items_{window}",
            family=FeatureFamily.VARIETY,
            expression=ITEMS,
            unit="items",
            title="different items bought {window}",
            says_zero="No items bought {window}",
        ),
        (*WINDOWS, None),
    ),
    *over_windows(
        Feature(
            name="categories_{window}",
            family=FeatureFamily.VARIETY,
            expression=CATEGORIES,
            unit="categories",
            title="different categories bought {window}",
        ),
        (90, 365, None),
    ),
    Feature(
        name="item_repetition",
        family=FeatureFamily.VARIETY,
        expression=Ratio(ITEM_LINES, ITEMS),
        unit="times",
        title="average number of times an item was bought",
        missing=NO_ITEM,
    ),
)

CONCENTRATION = (
    Feature(
        name="top_item_share",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Measure(ITEM, "largest", column="lines"), ITEM_LINES),
        unit="share",
        title="share of order lines with the most bought item",
        missing=NO_ITEM,
    ),
    Feature(
        name="top_category_share",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Measure(CATEGORY, "largest", column="spend"), CATEGORY_SPEND),
        unit="share",
        title="share of spend in the largest category",
        missing=NO_CATEGORY,
    ),
    Feature(
        name="category_concentration",
        family=FeatureFamily.CONCENTRATION,
        expression=Ratio(Ratio(Measure(CATEGORY, "squares", column="spend"), CATEGORY_SPEND), CATEGORY_SPEND),
        unit="index",
        title="concentration of spend by category (Herfindahl index; 1 is a single category)",
        says="Concentration of spend by category: {value} (1 is a single category)",
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
            title="share of orders on a weekend {window}",
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
            title="share of orders at 18:00 or later {window}",
            missing=NONE_IN_WINDOW,
        ),
        (90, 365, None),
    ),
)


def channel_features(channels: tuple[str, ...]) -> Iterator[Feature]:
    """The features of each of these purchase channels."""
    if not channels:
        return
    orders = tuple(Measure(ORDER, "count", condition=f"channel == {quote_text(channel)}") for channel in channels)
    latest = tuple(
        Measure(ORDER, "least", column="age_days", condition=f"channel == {quote_text(channel)}")
        for channel in channels
    )
    yield Feature(
        name=MAIN_CHANNEL,
        family=FeatureFamily.CHANNELS,
        expression=Leader(channels, orders, "largest"),
        unit="channel",
        title="most used order channel",
        missing=NEVER,
    )
    yield Feature(
        name="last_channel",
        family=FeatureFamily.CHANNELS,
        expression=Leader(channels, latest, "least"),
        unit="channel",
        title="channel of the last order",
        missing=NEVER,
    )
    for channel, name, count, since in zip(channels, names_of(channels), orders, latest, strict=True):
        yield Feature(
            name=f"order_share_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=Ratio(count, ORDERS),
            unit="share",
            title="share of all orders via {word}",
            says_zero="No orders via {word}",
            word=channel,
            missing=NEVER,
        )
        yield Feature(
            name=f"order_share_365d_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=Ratio(within(count, 365), within(ORDERS, 365)),
            unit="share",
            title="share of orders in the last 365 days via {word}",
            says_zero="No orders via {word} {window}",
            word=channel,
            text_days=365,
            missing=NONE_IN_WINDOW,
        )
        yield Feature(
            name=f"days_since_last_order_via_{name}",
            family=FeatureFamily.CHANNELS,
            expression=since,
            unit="days",
            title="days since the last order via {word}",
            says="Last order via {word} {value_days} ago",
            says_missing="Has never ordered via {word}",
            word=channel,
            missing="there is no order via the channel",
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
