"""Subscription episodes: the only place that knows what a renewal is and when a subscriber has left.

An episode is a customer's uninterrupted time as a subscriber. A row of the contract is a span: one unchanged piece of
one subscription. A span goes on with the episode before it if it begins within `grace_days` of the latest end so far:

    spans      |-- 100 --|-- 150 --|    |-- 150 --        the lapse is no longer than the grace period
    episode    |-----------------------------------       one episode, running
    spans      |-- 100 --|                  |-- 80 --|
    episodes   |---------| reason           |--------|    two episodes, each with the reason of its end
    spans      |-------- 100 --------|
                   |-- 50 --|                             one that ends while another runs
    episode    |---------------------|                    is no end, unless each subscription counts

Everything is in local days, so that the hour of a contract decides nothing:

    end on day E     the episode has ended on E, its first day without a subscription
    E + grace_days   a span that begins on this day is a renewal, at whatever hour; one that begins a day later is not
    certain          from the end of that day on: known until midnight of E + grace_days + 1
    cutoff           a subscription that ends on the cutoff's midnight runs at the cutoff, and ends in the horizon
                     that begins there; one that begins on the cutoff does not run at it
    reason           of the spans that end on E, what the one that began last states; spans that state none are passed
                     over, and of equals the first in the alphabet counts

With `churn.each_subscription` episodes are those of each subscription, otherwise those of each customer. Only spans
that cost something make an episode: a customer who moves to a free plan has left, for labels, hazard models and churn
causes as for the report, whose money ends there. Discounts make none either. A company that charges for no subscription
counts all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import ibis
import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.config.training import ChurnDefinition
from tables.engines.arrays import midnight, numbers, texts
from tables.tables import Tables

TABLE = "subscriptions"
DAY_SECONDS = 86_400
RUNS_ON = np.datetime64("9999-01-01", "D")
"Stands for the end of a span that has none."
NEVER = np.datetime64("NaT", "D")
_RUNS_ON_DAY = int(RUNS_ON.astype(np.int64))


def paid_spans(subscriptions: ir.Table) -> ir.Table:
    """The spans that make episodes: those that cost something or, where none in the table does, all."""
    spans = _mark_paid(subscriptions)
    return spans.filter(spans.is_paid).drop("is_paid")


def _mark_paid(subscriptions: ir.Table) -> ir.Table:
    """The spans with `is_paid`: whether they make episodes."""
    # A column of its own: the maximum is that of the whole table, whatever is filtered later.
    largest = subscriptions.mrr.max().over(ibis.window())
    return subscriptions.mutate(is_paid=(subscriptions.mrr > 0) | ((subscriptions.mrr == 0) & (largest <= 0)))


def running_at(subscriptions: ir.Table, cutoff: date) -> ir.BooleanValue:
    """Whether a span has begun before the cutoff and has not ended before it."""
    begun = subscriptions.started_at < midnight(cutoff)
    if "ended_at" not in subscriptions.columns:
        return begun
    return begun & (subscriptions.ended_at.isnull() | (subscriptions.ended_at >= midnight(cutoff)))


def end_reason(subscriptions: ir.Table) -> ir.StringValue:
    """Why a span ended, as stated: its `end_reason`, otherwise its `end_kind`, otherwise ''."""
    columns = [subscriptions[name] for name in ("end_reason", "end_kind") if name in subscriptions.columns]
    return ibis.coalesce(*columns, ibis.literal(""))


def mark_episodes(subscriptions: ir.Table, *, grace_days: int, owner: Sequence[str] = ("customer_id",)) -> ir.Table:
    """The spans with the episode of their owner that each belongs to. Works on any engine.

    Adds `start_day` and `end_day` (local days since 1970, int64; the end of a running span is `RUNS_ON`), `lapsed_day`
    (the latest end of the owner's earlier paid spans, missing for the first one) and `begins_episode` (bool; never of
    a span that is not paid).
    """
    spans = _mark_paid(subscriptions)
    ended_at = spans.ended_at if "ended_at" in spans.columns else ibis.null("timestamp")
    spans = spans.mutate(start_day=_day(spans.started_at), end_day=_day(ended_at).coalesce(_RUNS_ON_DAY))
    # Spans of one start never lie apart, for none ends before it begins: their order decides nothing but the row that
    # begins the episode.
    order = [name for name in ("start_day", "subscription_id", "mrr") if name in spans.columns]
    before = ibis.window(group_by=list(owner), order_by=order, preceding=(None, 1))
    paid_until = ibis.ifelse(spans.is_paid, spans.end_day, ibis.null("int64"))
    spans = spans.mutate(lapsed_day=paid_until.max().over(before))
    renewed = spans.start_day <= spans.lapsed_day + grace_days
    begins = spans.is_paid & (spans.lapsed_day.isnull() | ~renewed)
    return spans.mutate(begins_episode=begins).drop("is_paid")


def ends_between(subscriptions: ir.Table, churn: ChurnDefinition, *, start: date, end: date) -> ir.Table:
    """The episodes that end on a day from `start` on and before `end`: `customer_id`, `end_day` and `reason`."""
    spans = paid_spans(subscriptions)
    if "ended_at" in spans.columns:
        # What had ended before renews nothing that ends later; this spares the engine most of the history.
        spans = spans.filter(spans.ended_at.isnull() | (spans.ended_at >= midnight(start)))
    episodes = _one_row_each(_spans_of_episodes(spans, churn))
    first, after = (int(np.datetime64(day, "D").astype(np.int64)) for day in (start, end))
    ended = episodes.filter((episodes.end_day >= first) & (episodes.end_day < after))
    return ended.select("customer_id", "end_day", "reason")


@dataclass(frozen=True)
class Lapses:
    """Times within an episode without any subscription, each followed by a renewal; every array is (m,)."""

    episodes: NDArray[np.int64]
    "Place of the episode."
    began_on: NDArray[np.datetime64]
    "datetime64[D], the first day without a subscription."
    renewed_on: NDArray[np.datetime64]
    "datetime64[D]"

    @classmethod
    def none(cls) -> Lapses:
        """No lapse."""
        return cls(np.empty(0, np.int64), np.empty(0, "M8[D]"), np.empty(0, "M8[D]"))

    def at(self, day: np.datetime64) -> NDArray[np.int64]:
        """The episodes that have lapsed before midnight of a day and are not renewed before it."""
        return self.episodes[(self.began_on < day) & (self.renewed_on >= day)]


@dataclass(frozen=True, kw_only=True)
class SubscriptionEpisodes:
    """One row an episode, by customer and then time; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    began_on: NDArray[np.datetime64]
    "datetime64[D]"
    recorded_end: NDArray[np.datetime64]
    "datetime64[D], the first day without a subscription; NaT runs on. A renewal may still come after `observed_until`."
    recorded_reasons: NDArray[np.str_]
    "As the end states it; '' where it states nothing."
    known_until: np.datetime64
    "datetime64[D]: everything before midnight of this day is recorded."
    grace_days: int
    lapses: Lapses = field(default_factory=Lapses.none)

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def observed_until(self) -> np.datetime64:
        """The first day on which an end is not certain yet."""
        return self.known_until - np.timedelta64(self.grace_days, "D")

    @property
    def ended_on(self) -> NDArray[np.datetime64]:
        """The first day without a subscription; NaT where the episode runs on or a renewal may still come."""
        return np.where(self.recorded_end < self.observed_until, self.recorded_end, NEVER)

    @property
    def reasons(self) -> NDArray[np.str_]:
        """Why each episode ended, as stated; '' where it states nothing or has not ended."""
        return np.where(np.isnat(self.ended_on), "", self.recorded_reasons)

    def running_at(self, day: np.datetime64) -> NDArray[np.bool_]:
        """(n,) whether a subscription of the episode runs at the cutoff `day`, as `running_at` of the module says."""
        running = (self.began_on < day) & (np.isnat(self.ended_on) | (self.ended_on >= day))
        running[self.lapses.at(day)] = False
        return running

    def has_ended_between(self, start: np.datetime64, end: np.datetime64) -> NDArray[np.bool_]:
        """(n,) whether the episode ended on a day from `start` on and before `end`."""
        return (self.ended_on >= start) & (self.ended_on < end)

    def as_of(self, day: np.datetime64) -> SubscriptionEpisodes:
        """Those begun before midnight of a day, and what was certain then of their ends."""
        return replace(self, known_until=day).take(self.began_on < day)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> SubscriptionEpisodes:
        """The episodes that an index array (each once) or a boolean mask picks."""
        names = ("customer_ids", "began_on", "recorded_end", "recorded_reasons")
        place = np.full(len(self), -1)
        chosen = np.arange(len(self))[rows]
        place[chosen] = np.arange(len(chosen))
        lapsed = place[self.lapses.episodes]
        lapses = Lapses(lapsed[lapsed >= 0], self.lapses.began_on[lapsed >= 0], self.lapses.renewed_on[lapsed >= 0])
        return replace(self, lapses=lapses, **{name: getattr(self, name)[rows] for name in names})

    @classmethod
    def of(cls, tables: Tables) -> SubscriptionEpisodes:
        """Every episode on record under the data set's definition of churn.

        Raises DataError without a table of subscriptions.
        """
        return cls._of(tables.latest()[TABLE], tables.config.churn, known_until=tables.watermark(TABLE))

    @classmethod
    def of_paying_customers(cls, tables: Tables, cutoff: date) -> SubscriptionEpisodes:
        """The episodes of customers who pay, as recorded before midnight of a cutoff; none without the table.

        A customer who keeps one of several subscriptions has not left, whatever `each_subscription` says: the money of
        a customer ends with the last subscription that earns any.
        """
        churn = msgspec.structs.replace(tables.config.churn, each_subscription=False)
        if TABLE not in tables:
            nothing = np.empty(0, "U1"), np.empty(0, "M8[D]")
            return cls(
                customer_ids=nothing[0], began_on=nothing[1], recorded_end=nothing[1], recorded_reasons=nothing[0],
                known_until=np.datetime64(cutoff, "D"), grace_days=churn.grace_days,
            )  # fmt: skip
        return cls._of(tables.at(cutoff)[TABLE], churn, known_until=cutoff)

    @classmethod
    def _of(cls, subscriptions: ir.Table, churn: ChurnDefinition, *, known_until: date) -> SubscriptionEpisodes:
        paid = paid_spans(subscriptions)
        spans = _spans_of_episodes(paid.filter(paid.customer_id.notnull()), churn)
        key = ["customer_id", "owner", "episode"]
        episodes = _one_row_each(spans).order_by(["customer_id", "start_day", "owner"]).to_pyarrow()
        return cls(
            customer_ids=texts(episodes["customer_id"]),
            began_on=_dates(episodes["start_day"]),
            recorded_end=np.where(_dates(episodes["end_day"]) == RUNS_ON, NEVER, _dates(episodes["end_day"])),
            recorded_reasons=texts(episodes["reason"]),
            known_until=np.datetime64(known_until, "D"),
            grace_days=churn.grace_days,
            lapses=_lapses(spans.filter(spans.start_day > spans.lapsed_day, ~spans.begins_episode), episodes, key=key),
        )


def _lapses(renewals: ir.Table, episodes: pa.Table, *, key: list[str]) -> Lapses:
    """The lapses that spans ended by renewing their episode; `key` names an episode in both tables."""
    rows = renewals.select(*key, "lapsed_day", "start_day").to_pyarrow()
    if not len(rows):
        return Lapses.none()
    places = {tuple(row.values()): place for place, row in enumerate(episodes.select(key).to_pylist())}
    of_episode = [places[tuple(row.values())] for row in rows.select(key).to_pylist()]
    return Lapses(np.array(of_episode, np.int64), _dates(rows["lapsed_day"]), _dates(rows["start_day"]))


def _spans_of_episodes(subscriptions: ir.Table, churn: ChurnDefinition) -> ir.Table:
    """The spans as `mark_episodes` gives them, with `owner` and the number of its `episode`, and the `reason`."""
    owner = "subscription_id" if churn.each_subscription else "customer_id"
    spans = subscriptions.mutate(reason=end_reason(subscriptions), owner=subscriptions[owner])
    spans = mark_episodes(spans, grace_days=churn.grace_days, owner=("customer_id", "owner"))
    # Of spans that begin on one day, the one that begins the episode comes first.
    so_far = ibis.cumulative_window(
        group_by=["customer_id", "owner"], order_by=["start_day", ibis.desc(_flag(spans.begins_episode))]
    )
    return spans.mutate(episode=_flag(spans.begins_episode).sum().over(so_far))


def _one_row_each(spans: ir.Table) -> ir.Table:
    """One row an episode: `customer_id`, `owner`, `episode`, `start_day`, `end_day` and `reason`."""
    key = ["customer_id", "owner", "episode"]
    together = ibis.window(group_by=key)
    spans = spans.mutate(first_day=spans.start_day.min().over(together), last_day=spans.end_day.max().over(together))
    order = [
        ibis.desc(_flag(spans.end_day == spans.last_day)),
        ibis.desc(_flag(spans.reason != "")),
        ibis.desc(spans.start_day),
        spans.reason,
    ]
    ending = spans.mutate(place=ibis.row_number().over(ibis.window(group_by=key, order_by=order)))
    ending = ending.filter(ending.place == 0)
    return ending.select(*key, "reason", start_day=ending.first_day, end_day=ending.last_day)


def _flag(truth: ir.BooleanValue) -> ir.IntegerValue:
    """1 or 0: PostgreSQL neither adds truth values up nor casts them to large integers."""
    return ibis.ifelse(truth, 1, 0)


def _day(time: ir.TimestampValue) -> ir.IntegerValue:
    """The local day of a time, counted from 1970, int64."""
    return (time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int64")


def _dates(day_numbers: pa.ChunkedArray) -> NDArray[np.datetime64]:
    return numbers(day_numbers).astype(np.int64).astype("datetime64[D]")
