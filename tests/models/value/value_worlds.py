"""Customers whose rates of ordering and of leaving are known, as windows of past cutoffs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueHistory, ValueOutcomes
from core.feature_table import FeatureColumn, FeatureTable
from models.value.purchase_process import OrderRecords
from models.value.value_model import ValueTraining, ValueWindow

R, ALPHA, S, BETA = 0.8, 6.0, 0.7, 15.0
"Orders a week ~ Gamma(R, rate=ALPHA), leaving a week ~ Gamma(S, rate=BETA)."
LAST_WEEK = 156
TODAY = 104
COLUMNS = tuple(
    FeatureColumn(name=name, family="spend", unit="", en=name, ja=name, missing="never", digest=f"d{place}")
    for place, name in enumerate(("is_member", "orders_total", "weeks_since_last"))
)


class OrderWorld:
    """Orders of n customers who first order in the first year; members order three times as often as others."""

    def __init__(self, n: int, *, seed: int, member_effect: float = 1.0) -> None:
        random = np.random.default_rng(seed)
        self.customer_ids = np.array([f"c{place:05d}" for place in range(n)])
        self.member = random.random(n) < 0.5
        rates = random.gamma(R, 1 / ALPHA, n) * np.where(self.member, member_effect, 1.0)
        self.first = random.uniform(0, 52, n)
        ends = np.minimum(self.first + random.exponential(1 / random.gamma(S, 1 / BETA, n)), LAST_WEEK)
        counts = random.poisson(rates * (ends - self.first))
        owners = np.repeat(np.arange(n), counts)
        times = self.first[owners] + random.random(len(owners)) * (ends - self.first)[owners]
        self.owners = np.concatenate([np.arange(n), owners])
        self.times = np.concatenate([self.first, times])
        mean_amount = random.gamma(4.0, 10.0, n)
        self.amounts = random.gamma(5.0, mean_amount[self.owners] / 5.0)

    def _sum(self, rows: NDArray[np.bool_], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        weights = None if weights is None else weights[rows]
        return np.bincount(self.owners[rows], weights, minlength=len(self.first)).astype(np.float64)

    def customers(self, week: float) -> NDArray[np.int64]:
        return np.flatnonzero(self.first < week)

    def history(self, week: float) -> ValueHistory:
        before, customers = self.times < week, self.customers(week)
        last = np.zeros(len(self.first))
        np.maximum.at(last, self.owners[before], self.times[before])
        orders, amount, year = self._sum(before), self._sum(before, self.amounts), before & (self.times >= week - 52)
        n = len(customers)
        revenue_year = self._sum(year, self.amounts)[customers]
        return ValueHistory(
            customer_ids=self.customer_ids[customers],
            frequency=orders[customers] - 1,
            recency_weeks=(last - self.first)[customers],
            age_weeks=week - self.first[customers],
            order_value=(amount[customers] / orders[customers]),
            margin_share=np.full(n, 0.4),
            monthly_revenue=np.zeros(n),
            subscription_margin=np.ones(n),
            orders_year=self._sum(year)[customers],
            revenue_year=revenue_year,
            margin_year=0.4 * revenue_year,
            year_days=365.0,
        )

    def features(self, week: float) -> FeatureTable:
        history, customers = self.history(week), self.customers(week)
        silent = history.age_weeks - history.recency_weeks
        values = np.column_stack([self.member[customers], history.frequency + 1, silent]).astype(np.float64)
        day = np.datetime64("2024-01-01") + np.timedelta64(round(7 * week), "D")
        return FeatureTable(history.customer_ids, np.full(len(customers), day), values, COLUMNS)

    def outcomes(self, week: float, horizon_weeks: int) -> ValueOutcomes:
        rows, customers = (self.times >= week) & (self.times < week + horizon_weeks), self.customers(week)
        revenue = self._sum(rows, self.amounts)[customers]
        return ValueOutcomes(
            customer_ids=self.customer_ids[customers],
            orders=self._sum(rows)[customers],
            purchase_revenue=revenue,
            subscription_revenue=np.zeros(len(customers)),
            margin=0.4 * revenue,
            horizon_days=7 * horizon_weeks,
        )

    def window(self, week: float, horizon_weeks: int) -> ValueWindow:
        return ValueWindow(self.features(week), self.history(week), self.outcomes(week, horizon_weeks))

    def training(self, week: float = TODAY, horizon_weeks: int = 26) -> ValueTraining:
        weeks = (week - horizon_weeks - 8, week - horizon_weeks - 4, week - horizon_weeks)
        return ValueTraining(
            windows=tuple(self.window(one, horizon_weeks) for one in weeks),
            now=self.history(week),
            has_purchases=True,
        )


def records(world: OrderWorld, week: float) -> OrderRecords:
    history = world.history(week)
    return OrderRecords(history.frequency, history.recency_weeks, history.age_weeks)
