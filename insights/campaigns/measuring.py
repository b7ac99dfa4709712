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

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.campaigns import Kpi
from core.i18n.message import write
from core.intervals import Estimate
from features.contact_outcomes import find_orders, sum_amounts
from insights.campaigns.customers import ComparedCustomers
from insights.campaigns.kpis import UNRECORDED, Measurement, count_so_far, is_mature_for, measure_kpi
from insights.campaigns.read_out import CampaignOutcomes, estimate_effect
from insights.campaigns.sequential import ALPHA, Conversions, estimate_rate_ratio, log_evidence
from tables.consents import customers_refusing
from tables.tables import Tables

DAYS_BEFORE = 365
"What customers bought in the year before they entered explains a part of what they buy afterwards."


TOO_FEW = (
    "the days to respond are over for {treated} contacted customers and {control} of the control group; an effect "
    "needs at least 2 of each, better 100"
)
CONTACTED_ANYWAY = (
    "{n} of {control} customers of the control group were contacted anyway; they still count as control, so the effect "
    "is rather larger than shown"
)
EMPTY_CONTROL = "the control group is empty, so no effect can be shown; set control_share = 0.1"
WAITING_FOR_CONTROL = (
    "none of the {n} customers so far is of the control group, of {share} by chance, so no effect can be shown yet"
)
EMPTY_CAMPAIGN = "no customer was contacted: all who entered are in the control group"
VARYING_SHARE = (
    "P(treated) varies from {low} to {high}; customers are weighted by its inverse, and the ratio that may be read "
    "every day uses the mean"
)
CERTAIN = (
    "{n} of {of} customers were contacted for certain, as no chance could leave them out; effects are those on the "
    "others"
)
SENTENCES = (
    *UNRECORDED, CERTAIN, TOO_FEW, CONTACTED_ANYWAY, EMPTY_CONTROL, WAITING_FOR_CONTROL,
    EMPTY_CAMPAIGN, VARYING_SHARE,
)  # fmt: skip
MAX_LOG_EVIDENCE = 700.0
"Its exponential is the largest number there is, about."


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
    is_recorded: bool = True
    "Whether both groups can have it, by what is recorded."


class DailyTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The test that may be read every day: how often the event happens with the campaign, over without it."""

    event: str
    n_treated: int
    "Customers with the event so far."
    n_control: int
    rate_ratio: Estimate = Estimate()
    "With a 90 % interval that holds at all times."
    e_value: float = 1.0
    "Evidence of an effect: 20 or more has at most one chance in 20 without one."
    treated_share: float = 0.5
    "Of the customers, by design."
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


def measure_campaign(customers: ComparedCustomers, measurement: Measurement) -> CampaignMeasures:
    """The figures of a campaign: contacts and their cost of all its customers, effects of those chosen by chance."""
    by_chance, treated = customers.by_chance, customers.treated
    effects = tuple(_measure_effects(by_chance, measurement))
    return CampaignMeasures(
        n_customers=len(customers),
        n_treated=int(treated.sum()),
        n_control=int((~treated).sum()),
        n_contacts=int(customers.n_contacts.sum()),
        cost=float(customers.costs.sum()),
        effects=effects,
        return_on_cost=_estimate_return(by_chance, measurement, effects=effects),
        conversions=_test_kpi(by_chance, measurement),
        unsubscriptions=_test_unsubscriptions(by_chance, measurement),
        warnings=tuple(_find_warnings(customers)),
    )


def _measure_effects(customers: ComparedCustomers, measurement: Measurement) -> Iterator[KpiEffect]:
    others: list[Kpi] = ["purchased", "amount", "stayed"] if measurement.tables is not None else []
    kpis: dict[Kpi, None] = dict.fromkeys([measurement.kpi, *others])
    for kpi in kpis:
        values, reason = measure_kpi(kpi, customers, measurement=measurement)
        if not reason:
            yield _estimate_kpi(kpi, customers, values=values, tables=measurement.tables)
        elif kpi == measurement.kpi:
            yield KpiEffect(kpi=kpi, n_treated=0, n_control=0, unknown=reason, is_recorded=False)


def _estimate_kpi(
    kpi: Kpi, customers: ComparedCustomers, *, values: NDArray[np.float64], tables: Tables | None
) -> KpiEffect:
    is_known = ~np.isnan(values)
    treated = customers.treated[is_known]
    effect = KpiEffect(kpi=kpi, n_treated=int(treated.sum()), n_control=int((~treated).sum()))
    if min(effect.n_treated, effect.n_control) < 2:
        return msgspec.structs.replace(
            effect, unknown=write(TOO_FEW, treated=effect.n_treated, control=effect.n_control)
        )
    outcomes = values[is_known]
    before = measure_before(customers, tables)
    per_customer = estimate_effect(
        CampaignOutcomes(
            treated,
            outcomes,
            None if before is None else before[is_known],
            propensities=customers.propensities[is_known],
            is_yes_or_no=kpi != "amount",
        )
    )
    return msgspec.structs.replace(
        effect,
        treated_mean=float(outcomes[treated].mean()),
        control_mean=float(outcomes[~treated].mean()),
        per_customer=per_customer,
        total=_scale(per_customer, effect.n_treated),
    )


def measure_before(customers: ComparedCustomers, tables: Tables | None) -> NDArray[np.float64] | None:
    """(n, 2) what each customer bought in the year before, and whether anything; None where that is not known."""
    if tables is None or "purchases" not in tables or not tables.has_amounts:
        return None
    start = customers.entered_at.astype("datetime64[D]") - np.timedelta64(DAYS_BEFORE, "D")
    log = replace(customers.contact_log, sent_at=start.astype("datetime64[s]"))
    return np.column_stack([sum_amounts(tables, log, n_days=DAYS_BEFORE), find_orders(tables, log, n_days=DAYS_BEFORE)])


def _estimate_return(
    customers: ComparedCustomers, measurement: Measurement, *, effects: tuple[KpiEffect, ...]
) -> Estimate:
    revenue = next((effect.total for effect in effects if effect.kpi == "amount"), Estimate())
    cost = sum_mature_costs(customers, measurement)
    if not cost:
        return Estimate()
    return Estimate(*(bound / cost - 1 for bound in (revenue.value, revenue.low, revenue.high)))


def sum_mature_costs(customers: ComparedCustomers, measurement: Measurement) -> float:
    """What the contacts with customers whose days to respond are over have cost, base currency."""
    return float(customers.costs[is_mature_for("amount", customers, measurement=measurement)].sum())


def _test_kpi(customers: ComparedCustomers, measurement: Measurement) -> DailyTest | None:
    """Tests how many customers have the KPI; for money, how many bought; for staying, how many have churned."""
    kpi: Kpi = "purchased" if measurement.kpi == "amount" else measurement.kpi
    values, reason = (measure_kpi if kpi == "stayed" else count_so_far)(kpi, customers, measurement=measurement)
    if reason:
        return None
    happened = values == (0 if kpi == "stayed" else 1)
    return compare_rates("churned" if kpi == "stayed" else kpi, customers, happened=happened)


def _test_unsubscriptions(customers: ComparedCustomers, measurement: Measurement) -> DailyTest | None:
    """Only where consents are recorded: customers of a control group cannot unsubscribe from what they do not get."""
    tables, today = measurement.tables, measurement.today
    if tables is None or "consents" not in tables:
        return None
    refusing = np.isin(customers.customer_ids, customers_refusing(tables, "contact", cutoff=today))
    return compare_rates("unsubscribed", customers, happened=refusing | ~np.isnat(customers.unsubscribed_at))


def compare_rates(event: str, customers: ComparedCustomers, *, happened: NDArray[np.bool_]) -> DailyTest | None:
    """Test how many customers of each group have an event, (n,); None without customers whom chance could leave out."""
    if not 0 < customers.mean_propensity < 1:
        return None
    events, e_value = events_of(customers, happened), weigh_evidence(customers, happened)
    return DailyTest(
        event=event,
        n_treated=events.n_treated,
        n_control=events.n_control,
        rate_ratio=estimate_rate_ratio(events),
        e_value=e_value,
        treated_share=events.treated_share,
        is_shown=e_value >= 1 / ALPHA,
    )


def weigh_evidence(customers: ComparedCustomers, happened: NDArray[np.bool_]) -> float:
    """The e-value of an effect; where P(treated) varies, the product of those of its levels."""
    logs = 0.0
    for share in np.unique(customers.propensities):
        rows = customers.propensities == share
        if 0 < share < 1:
            n_treated = int((happened & customers.treated & rows).sum())
            logs += log_evidence(Conversions(n_treated, int((happened & rows).sum()) - n_treated, float(share)))
    return float(np.exp(min(logs, MAX_LOG_EVIDENCE)))


def events_of(customers: ComparedCustomers, happened: NDArray[np.bool_]) -> Conversions:
    """How many customers of each group have an event."""
    n_treated = int((happened & customers.treated).sum())
    return Conversions(n_treated, int(happened.sum()) - n_treated, customers.mean_propensity)


def _find_warnings(customers: ComparedCustomers) -> Iterator[str]:
    n_control, n_anyway = int((~customers.treated).sum()), int(customers.contacted_anyway.sum())
    if n_anyway:
        yield write(CONTACTED_ANYWAY, n=n_anyway, control=n_control)
    if len(customers) and not n_control:
        share = 1 - customers.mean_propensity
        yield write(WAITING_FOR_CONTROL, n=len(customers), share=f"{share:.0%}") if share > 0 else EMPTY_CONTROL
    if len(customers) and n_control == len(customers):
        yield EMPTY_CAMPAIGN
    by_chance = customers.by_chance
    if len(by_chance) < len(customers):
        yield write(CERTAIN, n=len(customers) - len(by_chance), of=len(customers))
    shares = np.unique(by_chance.propensities)
    if len(shares) > 1:
        yield write(VARYING_SHARE, low=f"{shares[0]:.2f}", high=f"{shares[-1]:.2f}")


def _scale(effect: Estimate, n: int) -> Estimate:
    return Estimate(effect.value * n, effect.low * n, effect.high * n)
