"""Unit economics of subscribers: lifetime value, acquisition cost, and what follows from both.

`ltv` follows from the average churn of the year. `ltv_curve` follows from the survival curve, with later money
discounted. Beyond the months through which enough customers were observed, the curve continues with constant churn.
`cac` and `recorded_cac` have different bases, see `acquired_customers`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from insights.finance.lifetime import MIN_OBSERVED, SubscriberLifetimes, sum_discounted_months, sum_tail_months
from insights.report.acquired_customers import AcquiredCustomers
from insights.report.book_rows import Addends, BookRows, subscribers, subscribers_and_channels
from insights.report.breakdowns import SOURCE, Part
from insights.report.calendar import Span
from insights.report.definitions import FigureDefinition, FigureSection, Outlook, Period, Sums, View
from insights.report.estimation import widen_share
from insights.report.figure import Figure
from insights.report.inputs import FigureInputs
from models.metrics.weighted import ratio


def _lifetime_months(book: BookRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return book.panel.months_until_churn(*sums)


def _ltv(book: BookRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return book.panel.ltv(*sums)


Won = Callable[[BookRows], AcquiredCustomers | None]
"The customers whose cost a figure is about."


def _cac(won: Won) -> Sums[BookRows]:
    return Sums(
        subscribers_and_channels,
        _SPANS,
        lambda book: _cost(won(book)),
        lambda book, *sums: _require(won(book)).cac(*sums),
    )


def _ltv_over_cac(won: Won) -> Sums[BookRows]:
    def formula(book: BookRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
        ltv, cac = book.panel.ltv(*sums[:4]), _require(won(book)).cac(*sums[4:])
        return ratio(np.where(np.isinf(ltv) & np.isinf(cac), np.nan, ltv), cac)

    return Sums(subscribers_and_channels, _SPANS, lambda book: _beside_cost(book.ltv_terms, won(book)), formula)


def _payback_months(won: Won) -> Sums[BookRows]:
    def formula(book: BookRows, *sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return ratio(_require(won(book)).cac(*sums[2:]), ratio(sums[0], sums[1]))

    return Sums(
        subscribers_and_channels,
        _SPANS,
        lambda book: _beside_cost(book.panel.earnings_at(book.span), won(book)),
        formula,
    )


def _cost(won: AcquiredCustomers | None) -> Addends | None:
    return None if won is None else (won.costs, won.is_new)


def _beside_cost(terms: Addends | None, won: AcquiredCustomers | None) -> Addends | None:
    return None if terms is None or won is None else (*terms, won.costs, won.is_new)


def _require(won: AcquiredCustomers | None) -> AcquiredCustomers:
    assert won is not None, "a formula is evaluated only where there is something to add"
    return won


def _if_cost_is_known(outlook: Outlook, value: float) -> float:
    return value if outlook.has_cost else math.nan


def survival_figures(inputs: FigureInputs) -> Iterator[Figure]:
    """The survival curve of each part and the LTV from it; for all customers also the LTV at each month's end.

    None by plan: churned customers have no plan, so the curve of a plan would show survivors only.
    """
    for part in inputs.parts:
        if part.by == "plan":
            continue
        curve = _estimate_curve(inputs, part, year=inputs.data.calendar.year)
        if curve is not None:
            yield Figure("ltv_observed", curve.ltv_observed, curve.n_episodes, part.place())
            yield Figure("ltv_curve", curve.ltv, curve.n_episodes, part.place())
            for age, share in enumerate(curve.survival):
                yield Figure("survival", share, curve.n_episodes, replace(part.place(), age=age))
        for year in () if part.group or inputs.is_summary else inputs.data.calendar.years:
            curve = _estimate_curve(inputs, part, year=year)
            if curve is not None:
                yield Figure("ltv_curve", curve.ltv, curve.n_episodes, part.place(str(year.last)))


@dataclass(frozen=True, kw_only=True)
class _SurvivalLtv:
    """The survival curve at the end of a year, and the LTV from it."""

    n_episodes: int
    ltv_observed: Estimate
    "Within the observed months only."
    ltv: Estimate
    survival: list[Estimate]
    "By months since the start, from 0."


def _estimate_curve(inputs: FigureInputs, part: Part, *, year: Span) -> _SurvivalLtv | None:
    """The curve from the episodes known at the end of the year; None with fewer than `MIN_OBSERVED`.

    Where no customer churned, LTV has no interval: every sample would have the same churn.
    """
    data, panel = inputs.data, inputs.panel(part)
    lifetimes = SubscriberLifetimes.of(data.episodes.as_of(year.end))
    lifetimes = lifetimes.take(np.isin(lifetimes.customer_ids, part.customer_ids))
    if len(lifetimes.months) < MIN_OBSERVED:
        return None
    n_months = int(np.sort(lifetimes.months)[-MIN_OBSERVED])
    rows = np.searchsorted(panel.customer_ids, lifetimes.customer_ids)
    # A customer may have several episodes; the money counts once, with the last.
    money = [np.where(lifetimes.is_last, column[rows], 0.0) for column in panel.earnings_at(year)]
    discount = data.config.money.yearly_discount

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        survival = lifetimes.survival(n_months, weights)
        earned = ratio(weights @ money[0], weights @ money[1])
        churn = ratio(weights @ lifetimes.has_ended, weights @ lifetimes.months)
        observed = sum_discounted_months(survival, discount)
        beyond = sum_tail_months(survival, np.clip(churn, 0, 1), yearly_discount=discount)
        return np.column_stack([earned * observed, earned * (observed + beyond), survival])

    ids = lifetimes.customer_ids
    observed, whole, *survival = estimate_intervals(evaluate, ids, n_resamples=inputs.n_resamples)
    if not lifetimes.has_ended.any():
        observed, whole = Estimate(observed.value), Estimate(whole.value)
    # Each customer pays at the start; later ages count those who were observed until then.
    later = [widen_share(share, ids[lifetimes.months >= age]) for age, share in enumerate(survival) if age]
    return _SurvivalLtv(
        n_episodes=len(lifetimes.months), ltv_observed=observed, ltv=whole, survival=[*survival[:1], *later]
    )


_SPANS: tuple[Period, ...] = ("year", "month")
_COST_VIEWS: tuple[View, ...] = ("row", "month_chart", "group_column", "own_group_column")
_VIEWS: tuple[View, ...] = ("row", "group_column")

SECTION = FigureSection(
    position=30,
    groupings=(SOURCE,),
    note=(
        "Spend of a channel divided by the customers with that acquisition source, in the same months. "
        "Customers without a source, or whose source has no spend, belong to no channel, "
        "so channels do not add up to the total."
    ),
    figures=(
        FigureDefinition(
            "margin",
            "share",
            sums=Sums(
                subscribers_and_channels,
                ("year",),
                lambda book: (book.panel.earnings_at(book.span)[0], book.panel.mrr[:, -1]),
            ),
            in_scenario=lambda outlook: outlook.economics.margin,
        ),
        FigureDefinition(
            "monthly_logo_churn",
            "share",
            better="lower",
            sums=Sums(subscribers, ("year",), lambda book: book.monthly_churn("logo_churn")),
            in_scenario=lambda outlook: outlook.economics.monthly_churn,
            views=_VIEWS,
            is_headline=True,
            months_of="logo_churn",
        ),
        FigureDefinition(
            "monthly_revenue_churn",
            "share",
            better="lower",
            sums=Sums(subscribers, ("year",), lambda book: book.monthly_churn("revenue_churn")),
        ),
        FigureDefinition(
            "expected_months",
            "months",
            sums=Sums(
                subscribers_and_channels, ("year",), lambda book: book.panel.churn_over(book.span), _lifetime_months
            ),
            in_scenario=lambda outlook: outlook.economics.lifetime_months,
        ),
        FigureDefinition(
            "ltv",
            "money",
            sums=Sums(subscribers_and_channels, _SPANS, lambda book: book.ltv_terms, _ltv),
            in_scenario=lambda outlook: outlook.economics.lifetime_value,
            views=_COST_VIEWS,
            is_headline=True,
        ),
        FigureDefinition("ltv_curve", "money", computed_by=survival_figures, views=(*_VIEWS, "wide_month_chart")),
        FigureDefinition("ltv_observed", "money", computed_by=survival_figures),
        FigureDefinition(
            "acquisition_spend",
            "money",
            sums=Sums(
                subscribers_and_channels,
                _SPANS,
                lambda book: _cost(book.customers_by_spend),
                lambda book, *_: np.array([_require(book.customers_by_spend).spend]),
            ),
            is_exact=True,
            better="neither",
            views=("row", "own_group_column"),
        ),
        FigureDefinition(
            "won_customers",
            "customers",
            sums=Sums(
                subscribers_and_channels,
                _SPANS,
                lambda book: _cost(book.customers_by_spend),
                lambda book, _, n_new: n_new,
            ),
            is_exact=True,
            views=("row", "own_group_column"),
        ),
        FigureDefinition(
            "cac",
            "money",
            better="lower",
            sums=_cac(lambda book: book.new_customers),
            in_scenario=lambda outlook: _if_cost_is_known(outlook, outlook.economics.acquisition_cost),
            views=_COST_VIEWS,
            needs="spend",
        ),
        FigureDefinition(
            "ltv_over_cac",
            "times",
            sums=_ltv_over_cac(lambda book: book.new_customers),
            in_scenario=lambda outlook: _if_cost_is_known(outlook, outlook.economics.value_over_cost),
            views=_COST_VIEWS,
            is_headline=True,
        ),
        FigureDefinition(
            "cac_payback_months",
            "months",
            better="lower",
            sums=_payback_months(lambda book: book.new_customers),
            in_scenario=lambda outlook: _if_cost_is_known(outlook, outlook.economics.payback_months),
            views=_COST_VIEWS,
            is_headline=True,
        ),
        FigureDefinition(
            "recorded_cac",
            "money",
            better="lower",
            sums=_cac(lambda book: book.customers_beside_spend),
            views=_VIEWS,
        ),
        FigureDefinition(
            "ltv_over_recorded_cac",
            "times",
            sums=_ltv_over_cac(lambda book: book.customers_beside_spend),
            views=_VIEWS,
        ),
        FigureDefinition(
            "recorded_cac_payback_months",
            "months",
            better="lower",
            sums=_payback_months(lambda book: book.customers_beside_spend),
            views=_VIEWS,
        ),
        FigureDefinition("survival", "share", computed_by=survival_figures, views=("age_chart",)),
    ),
)
