"""What recommendations led to: clicks and purchases that name the recommendation which showed the item.

    exposure    r1 tea, place 1    r1 jam, place 2    r2 tea, place 1
    clicked     r1 tea                                r2 tea
    purchase                                          r2 tea, 5.00

An item shown is a `recommendation_id` with an item. It was clicked if its exposure has a `clicked_at` (events of the
service: a view, a cart, a like or a rating with the same two ids), and bought if there is a purchase with them. This
says what came of recommendations, not what they changed: customers would have bought some of the items anyway. Effects
need a control group, see campaigns.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import DataError
from core.intervals import Estimate, estimate_intervals
from tables.engines.arrays import midnight, numbers, texts
from tables.tables import Tables

CREDIT = "recommendation_id"
SHOWN = (CREDIT, "item_id")
MAX_PLACE = 10
"Further places are one group."
NO_EXPOSURES = (
    "no exposure with a recommendation_id was reported {period}; report the items shown as `exposure` events of "
    "POST /v1/events, or name their table in [tables.exposures]"
)


class AttributionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The items shown at one place, in one channel, or all."""

    by: str
    "all, position or channel."
    name: str
    shown: int
    customers: int
    click_rate: Estimate
    "Of the items shown; the interval is over customers."
    purchase_rate: Estimate
    revenue: float
    "Of the purchases, base currency."
    revenue_per_1000: Estimate
    "Per 1,000 items shown."


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the items shown in a period."""

    data_set: str
    start: date
    "First day of the exposures."
    end: date
    "The day after the last; clicks and purchases count until then, too."
    currency: str
    recommendations: int
    unseen_purchases: int
    "Items bought that name a recommendation which was not reported to have shown them; not among the purchases."
    groups: tuple[AttributionGroup, ...]


def attribute(tables: Tables, start: date, *, end: date) -> Attribution:
    """Credit the recommendations of the days from `start` until before `end`. Raises DataError without exposures."""
    now = tables.at(end)
    period = f"from {start} until {end}"
    if "exposures" not in now or CREDIT not in now["exposures"].columns:
        raise DataError(NO_EXPOSURES.format(period=period))
    shown, purchases = find_shown(now["exposures"], start), find_purchases(now, start)
    n_recommendations = int(shown[CREDIT].nunique().to_pyarrow().as_py())
    if not n_recommendations:
        raise DataError(NO_EXPOSURES.format(period=period))
    return Attribution(
        data_set=tables.config.name,
        start=start,
        end=end,
        currency=tables.config.currency or "",
        recommendations=n_recommendations,
        unseen_purchases=_count_unseen(purchases, now["exposures"]),
        groups=tuple(_measure_groups(sum_by_customer(shown, purchases))),
    )


def find_shown(exposures: ir.Table, start: date) -> ir.Table:
    """One row for each recommendation and item, with the customer, the best place and a channel."""
    rows = exposures.filter(exposures.event_time >= midnight(start), exposures[CREDIT].notnull())
    position = rows.position if "position" in rows.columns else ibis.null("int64")
    channel = rows.channel if "channel" in rows.columns else ibis.null("string")
    clicked_at = rows.clicked_at if "clicked_at" in rows.columns else ibis.null("timestamp")
    rows = rows.mutate(place=position, medium=channel, clicked=ibis.ifelse(clicked_at.notnull(), 1, 0))
    return rows.group_by(*SHOWN).aggregate(
        customer_id=rows.customer_id.min(),
        place=rows.place.min(),
        medium=rows.medium.min(),
        clicked=rows.clicked.max(),
    )


def find_purchases(tables: Tables, start: date) -> ir.Table | None:
    """One row for each recommendation and item that a purchase since the start names; None where none can."""
    if "purchases" not in tables or not set(SHOWN) <= set(tables["purchases"].columns):
        return None
    rows = tables["purchases"]
    rows = rows.filter(rows.event_time >= midnight(start), rows[CREDIT].notnull(), rows.item_id.notnull())
    rows = rows.mutate(paid=rows.amount if "amount" in rows.columns else ibis.literal(0.0))
    return rows.group_by(*SHOWN).aggregate(revenue=rows.paid.sum())


def _count_unseen(purchases: ir.Table | None, exposures: ir.Table) -> int:
    if purchases is None:
        return 0
    return int(purchases.anti_join(exposures, list(SHOWN)).count().to_pyarrow().as_py())


def sum_by_customer(shown: ir.Table, purchases: ir.Table | None) -> pa.Table:
    """By customer, place and channel: items shown, clicked and bought, and their revenue."""
    if purchases is None:
        rows = shown.mutate(bought=ibis.literal(0), paid=ibis.literal(0.0))
    else:
        joined = shown.left_join(purchases, list(SHOWN))
        bought = ibis.ifelse(joined.revenue.notnull(), 1, 0)
        rows = joined.select(*shown.columns, bought=bought, paid=joined.revenue.coalesce(0.0))
    return (
        rows.group_by("customer_id", "place", "medium")
        .aggregate(
            shown=rows.count(),
            clicked=rows.clicked.sum(),
            bought=rows.bought.sum(),
            revenue=rows.paid.sum().cast("float64"),
        )
        .order_by("customer_id", "place", "medium")
        .to_pyarrow()
    )


def _measure_groups(sums: pa.Table) -> Iterator[AttributionGroup]:
    """All items, then each place, then each channel."""
    places = numbers(sums["place"])
    channels = texts(sums["medium"].fill_null(""))
    everything = np.ones(len(sums), dtype=bool)
    yield _measure(sums, everything, by="all", name="all")
    for place in np.unique(places[places <= MAX_PLACE]).astype(int).tolist():
        yield _measure(sums, places == place, by="position", name=str(place))
    if (places > MAX_PLACE).any():
        yield _measure(sums, places > MAX_PLACE, by="position", name=f"after {MAX_PLACE}")
    for channel in np.unique(channels[channels != ""]).tolist():
        yield _measure(sums, channels == channel, by="channel", name=channel)


def _measure(sums: pa.Table, rows: NDArray[np.bool_], *, by: str, name: str) -> AttributionGroup:
    customer_ids, owners = np.unique(texts(sums["customer_id"])[rows], return_inverse=True)
    shown, clicked, bought, revenue = (
        np.bincount(owners, numbers(sums[column])[rows], minlength=len(customer_ids))
        for column in ("shown", "clicked", "bought", "revenue")
    )
    totals = np.stack([clicked, bought, 1000 * revenue], axis=1)
    rates = estimate_intervals(lambda weights: (weights @ totals) / (weights @ shown)[:, None], customer_ids)
    return AttributionGroup(
        by=by,
        name=name,
        shown=int(shown.sum()),
        customers=len(customer_ids),
        click_rate=rates[0],
        purchase_rate=rates[1],
        revenue=float(revenue.sum()),
        revenue_per_1000=rates[2],
    )
