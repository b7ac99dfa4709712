"""What a campaign has changed so far, against its control group.

    entered                        entered + response days            today
    |--------------------------------------)                            |
    an order, an amount, a churn in here counts, in both groups alike

An effect is estimated on the customers whose days to respond are over. The test that may be read every day counts all
events so far: both groups entered on the same days, so an event that is yet to come is missing in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Campaign, Kpi
from core.errors import BadInput
from core.intervals import Estimate
from core.window import Cohort
from features.contact_outcomes import find_conversions, find_orders, find_stayed, sum_amounts
from insights.campaigns.customers import ComparedCustomers
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from insights.campaigns.sequential import Conversions, estimate_rate_ratio, has_effect
from tables.consents import customers_refusing
from tables.tables import Tables

DAYS_BEFORE = 365
"What customers bought in the year before they entered explains a part of what they buy afterwards."


class KpiEffect(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The effect on one KPI, of the customers whose days to respond are over."""

    kpi: Kpi
    n_treated: int
    n_control: int
    treated_mean: float | None = None
    "Share of customers, or base currency for a customer; of all who were treated."
    control_mean: float | None = None
    per_customer: Estimate = Estimate()
    "With the campaign minus without it; a share, or base currency."
    total: Estimate = Estimate()
    "Of all treated customers together: incremental conversions, or incremental revenue."
    unknown: str = ""
    "Why there is no effect to show."


class DailyTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The test that may be read every day: how often the event happens with the campaign, over without it."""

    event: str
    n_treated: int
    "Customers with the event so far."
    n_control: int
    rate_ratio: Estimate = Estimate()
    "With a 90 % interval that holds at all times."
    is_shown: bool = False
    "Whether there is an effect: wrong for at most 5 % of campaigns without one, however often it is read."


class CampaignMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one campaign."""

    n_customers: int
    "In the campaign and in its control group."
    n_treated: int
    n_control: int
    n_contacts: int
    cost: float
    "Of all contacts, base currency."
    effects: tuple[KpiEffect, ...]
    "The campaign's own KPI first."
    return_on_cost: Estimate
    "(incremental revenue - cost) / cost of the customers whose days to respond are over."
    conversions: DailyTest | None
    "The campaign's own KPI; None without a control group."
    unsubscriptions: DailyTest | None
    "None where the control group's are not recorded."
    warnings: tuple[str, ...]


def measure_campaign(
    campaign: Campaign, customers: ComparedCustomers, *, tables: Tables | None, today: date
) -> CampaignMeasures:
    """The figures of a campaign up to midnight of `today`; without tables, from reported outcomes alone."""
    effects = tuple(_measure_effects(campaign, customers, tables=tables, today=today))
    treated = customers.treated
    return CampaignMeasures(
        n_customers=len(customers),
        n_treated=int(treated.sum()),
        n_control=int((~treated).sum()),
        n_contacts=int(customers.n_contacts.sum()),
        cost=float(customers.costs.sum()),
        effects=effects,
        return_on_cost=_estimate_return(campaign, customers, effects=effects, today=today, tables=tables),
        conversions=_test_kpi(campaign, customers, tables=tables),
        unsubscriptions=_test_unsubscriptions(customers, tables=tables, today=today),
        warnings=tuple(_find_warnings(campaign, customers)),
    )


def _measure_effects(
    campaign: Campaign, customers: ComparedCustomers, *, tables: Tables | None, today: date
) -> Iterator[KpiEffect]:
    others: list[Kpi] = ["purchased", "amount", "stayed"] if tables is not None else []
    kpis: dict[Kpi, None] = dict.fromkeys([campaign.kpi, *others])
    for kpi in kpis:
        values, reason = measure_kpi(kpi, customers, n_days=campaign.n_response_days, tables=tables)
        is_known = ~np.isnan(values) & _is_mature(kpi, customers, campaign=campaign, tables=tables, today=today)
        if reason:
            if kpi == campaign.kpi:
                yield KpiEffect(kpi=kpi, n_treated=0, n_control=0, unknown=reason)
            continue
        yield _estimate_kpi(kpi, customers, values=values, is_known=is_known, tables=tables)


def measure_kpi(
    kpi: Kpi, customers: ComparedCustomers, *, n_days: int, tables: Tables | None
) -> tuple[NDArray[np.float64], str]:
    """The KPI of each customer, (n,), NaN where it is not known yet; or why it cannot be known."""
    nothing, log = np.full(len(customers), np.nan), customers.contact_log
    if kpi == "converted":
        values = find_conversions(log, n_days=n_days)
        if values[customers.treated].any() and not values[~customers.treated].any():
            return (
                nothing,
                "no conversion of the control group is reported; set kpi = 'purchased', 'amount' or 'stayed'",
            )
        return values, ""
    if tables is None:
        return nothing, "it is measured on the tables, which cannot be read"
    if kpi == "stayed":
        return _measure_stayed(tables, customers)
    if "purchases" not in tables:
        return nothing, "there is no table of purchases; map it under [tables.purchases], or choose another kpi"
    if kpi == "amount" and not tables.has_amounts:
        return nothing, "purchases have no amount; map it, or set kpi = 'purchased'"
    return (sum_amounts if kpi == "amount" else find_orders)(tables, log, n_days=n_days), ""


def _measure_stayed(tables: Tables, customers: ComparedCustomers) -> tuple[NDArray[np.float64], str]:
    """By the definition of churn: its horizon counts, from the day on which each customer entered."""
    days = customers.entered_at.astype("datetime64[D]")
    order = np.lexsort((customers.customer_ids, days))
    values = np.full(len(customers), np.nan)
    try:
        values[order] = find_stayed(tables, Cohort(customers.customer_ids[order], days[order]))
    except BadInput as error:
        return values, str(error)
    return values, ""


def _is_mature(
    kpi: Kpi, customers: ComparedCustomers, *, campaign: Campaign, tables: Tables | None, today: date
) -> NDArray[np.bool_]:
    if kpi == "stayed":  # its labels say themselves where they are not known yet
        return np.ones(len(customers), dtype=np.bool_)
    if kpi != "converted" and tables is not None and "purchases" in tables:
        today = min(today, tables.watermark("purchases"))
    return customers.is_mature(campaign.n_response_days, until=today)


def _estimate_kpi(
    kpi: Kpi,
    customers: ComparedCustomers,
    *,
    values: NDArray[np.float64],
    is_known: NDArray[np.bool_],
    tables: Tables | None,
) -> KpiEffect:
    treated = customers.treated[is_known]
    effect = KpiEffect(kpi=kpi, n_treated=int(treated.sum()), n_control=int((~treated).sum()))
    if min(effect.n_treated, effect.n_control) < 2:
        return msgspec.structs.replace(effect, unknown=_explain_too_few(effect))
    outcomes = values[is_known]
    before = _measure_before(customers, tables)
    per_customer = estimate_effect(
        CampaignOutcomes(
            treated,
            outcomes,
            None if before is None else before[is_known],
            propensities=customers.propensities[is_known],
        )
    )
    return msgspec.structs.replace(
        effect,
        treated_mean=float(outcomes[treated].mean()),
        control_mean=float(outcomes[~treated].mean()),
        per_customer=per_customer,
        total=_scale(per_customer, effect.n_treated),
    )


def _measure_before(customers: ComparedCustomers, tables: Tables | None) -> NDArray[np.float64] | None:
    """(n, 2) what each customer bought in the year before, and whether anything; None where that is not known."""
    if tables is None or "purchases" not in tables or not tables.has_amounts:
        return None
    start = customers.entered_at.astype("datetime64[D]") - np.timedelta64(DAYS_BEFORE, "D")
    log = replace(customers.contact_log, sent_at=start.astype("datetime64[s]"))
    return np.column_stack([sum_amounts(tables, log, n_days=DAYS_BEFORE), find_orders(tables, log, n_days=DAYS_BEFORE)])


def _estimate_return(
    campaign: Campaign,
    customers: ComparedCustomers,
    *,
    effects: tuple[KpiEffect, ...],
    tables: Tables | None,
    today: date,
) -> Estimate:
    revenue = next((effect.total for effect in effects if effect.kpi == "amount"), Estimate())
    is_over = _is_mature("amount", customers, campaign=campaign, tables=tables, today=today)
    cost = float(customers.costs[is_over].sum())
    if not cost:
        return Estimate()
    return Estimate(*(bound / cost - 1 for bound in (revenue.value, revenue.low, revenue.high)))


def _test_kpi(campaign: Campaign, customers: ComparedCustomers, *, tables: Tables | None) -> DailyTest | None:
    """Tests how many customers have the KPI; for money, how many bought; for staying, how many have churned."""
    kpi: Kpi = "purchased" if campaign.kpi == "amount" else campaign.kpi
    values, reason = measure_kpi(kpi, customers, n_days=campaign.n_response_days, tables=tables)
    if reason:
        return None
    happened = values == (0 if kpi == "stayed" else 1)
    return _test("churned" if kpi == "stayed" else kpi, customers, happened=happened)


def _test_unsubscriptions(customers: ComparedCustomers, *, tables: Tables | None, today: date) -> DailyTest | None:
    """Only where consents are recorded: customers of a control group cannot unsubscribe from what they do not get."""
    if tables is None or "consents" not in tables:
        return None
    refusing = np.isin(customers.customer_ids, customers_refusing(tables, "contact", cutoff=today))
    return _test("unsubscribed", customers, happened=refusing | ~np.isnat(customers.unsubscribed_at))


def _test(event: str, customers: ComparedCustomers, *, happened: NDArray[np.bool_]) -> DailyTest | None:
    if not 0 < customers.mean_propensity < 1:
        return None
    events = events_of(customers, happened)
    return DailyTest(
        event=event,
        n_treated=events.n_treated,
        n_control=events.n_control,
        rate_ratio=estimate_rate_ratio(events),
        is_shown=bool(has_effect(events)),
    )


def events_of(customers: ComparedCustomers, happened: NDArray[np.bool_]) -> Conversions:
    """How many customers of each group have an event."""
    n_treated = int((happened & customers.treated).sum())
    return Conversions(n_treated, int(happened.sum()) - n_treated, customers.mean_propensity)


def _find_warnings(campaign: Campaign, customers: ComparedCustomers) -> Iterator[str]:
    n_control, n_anyway = int((~customers.treated).sum()), int(customers.contacted_anyway.sum())
    if n_anyway:
        yield (
            f"{n_anyway:,} of {n_control:,} customers of the control group were contacted anyway; they still count "
            "as control, so the effect is rather larger than shown"
        )
    if len(customers) and not n_control:
        yield "the control group is empty, so no effect can be shown; set control_share = 0.1"
    if len(customers) and n_control == len(customers):
        yield "no customer was contacted: all who entered are in the control group"
    shares = np.unique(customers.propensities)
    if len(shares) > 1:
        yield (
            f"P(treated) varies from {shares[0]:.2f} to {shares[-1]:.2f}; customers are weighted by its inverse, and "
            "the test that may be read every day uses the mean"
        )


def _explain_too_few(effect: KpiEffect) -> str:
    return (
        f"the days to respond are over for {effect.n_treated:,} contacted customers and {effect.n_control:,} of the "
        "control group; an effect needs at least 2 of each, better 100"
    )


def _scale(effect: Estimate, n: int) -> Estimate:
    return Estimate(effect.value * n, effect.low * n, effect.high * n)
