"""Loads campaigns for their review: each customer of a campaign once, with what they did after the first contact.

    365 days before          first contact          + response days of the campaign, or answer_days of [offers]
    [-------- spent before --------)[------ acted, revenue ------)

Customers of the control group have a row like those contacted, with `treated` false.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from insights.campaigns.customers import NEVER, ComparedCustomers
from insights.report.contact_data import DAY_SECONDS, KEY_SPAN
from tables.currencies import convert_to_base_currency
from tables.engines.arrays import numbers, seconds, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables

BEFORE_DAYS, RECENT_DAYS = 365, 30
WITHOUT_CAMPAIGN = "(without a campaign)"
"""\
Decisions that no campaign has made, in place of its name: the permanent control group shows what all of them change."""


@dataclass(frozen=True, kw_only=True)
class CampaignCustomers:
    """One row for each campaign and customer, in that order; every array is (n,)."""

    campaigns: NDArray[np.str_]
    "The campaign, or the purpose where none is named."
    customer_ids: NDArray[np.str_]
    first_at: NDArray[np.datetime64]
    "datetime64[s], of the first contact, or of the day on which a control customer was left out."
    last_at: NDArray[np.datetime64]
    treated: NDArray[np.bool_]
    "As chance decided at first, whatever was sent later."
    in_both: NDArray[np.bool_]
    "Customers of the control group who were contacted anyway."
    n_contacts: NDArray[np.int64]
    recent_contacts: NDArray[np.int64]
    "Contacts of any campaign in the 30 days before the first one."
    propensities: NDArray[np.float64]
    "P(treated); NaN where it was not recorded."
    costs: NDArray[np.float64]
    "Base currency."
    converted_at: NDArray[np.datetime64]
    "datetime64[s]; the first conversion, NaT without one."
    unsubscribed_at: NDArray[np.datetime64] | None
    "datetime64[s], NaT without one; None where the table does not record it."
    acted: NDArray[np.bool_] | None
    "Ordered, or converted where no purchases are on record; None where control customers cannot have done it."
    revenue: NDArray[np.float64] | None
    "Base currency, less returns; None without amounts."
    spent_before: NDArray[np.float64] | None
    response_days: NDArray[np.int64]
    "Days to respond: those of the campaign in the TOML, otherwise answer_days of [offers]."
    is_mature: NDArray[np.bool_]
    "Whether the days to respond are over."
    offers: dict[str, tuple[str, ...]]
    "Offer ids by campaign."
    channels: dict[str, tuple[str, ...]]
    stages: dict[str, tuple[int, ...]]
    "Per cent of the audience that the roll-out has reached, ascending; empty without stages."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def unsubscriptions(self) -> NDArray[np.bool_] | None:
        """(n,) whether each has unsubscribed; None where the table does not record it."""
        return None if self.unsubscribed_at is None else ~np.isnat(self.unsubscribed_at)

    def compare(self) -> ComparedCustomers:
        """The customers of one campaign as they are measured; P(treated) that is not recorded is the share treated."""
        n = len(self)
        share = float(self.treated.mean()) if n else float("nan")
        is_chance = (self.propensities > 0) & (self.propensities < 1)
        is_recorded = bool(is_chance.any()) and not np.isnan(self.propensities).any()
        return ComparedCustomers(
            customer_ids=self.customer_ids,
            entered_at=self.first_at,
            treated=self.treated,
            propensities=self.propensities if is_recorded else np.full(n, share),
            n_contacts=self.n_contacts,
            costs=self.costs,
            converted_at=self.converted_at,
            unsubscribed_at=np.full(n, NEVER) if self.unsubscribed_at is None else self.unsubscribed_at,
            contacted_anyway=self.in_both,
        )

    def of_campaign(self, name: str) -> CampaignCustomers:
        """The customers of one campaign; none where it has not contacted any."""
        return self.take(self.campaigns == name)

    def take(self, rows: NDArray[Any]) -> CampaignCustomers:
        """The rows that an index array or mask selects."""
        arrays = {name: one[rows] for name, one in vars(self).items() if isinstance(one, np.ndarray)}
        return replace(self, **arrays)


def load_campaign_customers(tables: Tables, cutoff: date) -> CampaignCustomers | None:
    """The campaigns before the cutoff, with what was known then; None without contacts of a campaign.

    At a cutoff of today, all that is known now: contacts that are planned for later days count.
    """
    if "contacts" not in tables:
        return None
    is_now = tables.today is not None and cutoff >= tables.today
    tables_then = tables.latest() if is_now else tables.at(cutoff)
    rows = _select(tables_then["contacts"])
    if not len(rows):
        return None
    customers = _merge_contacts(rows)
    n_days = _read_response_days(tables, customers.campaigns)
    has_orders = "purchases" in tables_then and not tables_then.is_undated("purchases")
    until = min(cutoff, tables.watermark("purchases")) if has_orders else cutoff
    is_mature = customers.first_at.astype("datetime64[D]") + n_days <= np.datetime64(until, "D")
    customers = replace(customers, response_days=n_days, is_mature=is_mature)
    if has_orders:
        return _add_purchases(tables_then, customers)
    acted = customers.converted_at < customers.first_at + n_days.astype("timedelta64[D]")
    return replace(customers, acted=acted if acted[~customers.treated].any() else None)


def compare_campaign(customers: CampaignCustomers | None, name: str) -> ComparedCustomers:
    """The customers of one campaign as they are measured; none where it has not contacted any."""
    return ComparedCustomers.empty() if customers is None else customers.of_campaign(name).compare()


def _read_response_days(tables: Tables, campaigns: NDArray[np.str_]) -> NDArray[np.int64]:
    """The days to respond of the campaign of each row, (n,)."""
    by_name, usual = tables.config.campaigns, tables.config.offers.answer_days
    names, codes = np.unique(campaigns, return_inverse=True)
    days = [by_name[name].n_response_days if name in by_name else usual for name in names.tolist()]
    return np.array(days, dtype=np.int64)[codes]


def _select(contacts: ir.Table) -> pa.Table:
    names = [contacts[name] for name in ("campaign_id", "purpose") if name in contacts.columns]
    if "decision_id" in contacts.columns:
        names.append(ibis.ifelse(contacts.decision_id.notnull(), WITHOUT_CAMPAIGN, ""))

    def column(name: str, *, kind: str) -> ir.Value:
        return contacts[name].cast(kind) if name in contacts.columns else ibis.null(kind)

    rows = contacts.select(
        "customer_id",
        "event_time",
        campaign=ibis.coalesce(*names, ""),
        treated=contacts.treated.cast("int8"),
        offer_id=column("offer_id", kind="string"),
        channel=column("channel", kind="string"),
        propensity=column("propensity", kind="float64"),
        stage=column("stage_percent", kind="string"),
        cost=column("cost", kind="float64"),
        converted_at=column("converted_at", kind="timestamp"),
        unsubscribed_at=column("unsubscribed_at", kind="timestamp"),
    )
    rows = rows.mutate(
        records_unsubscriptions=ibis.literal("unsubscribed_at" in contacts.columns),
    )
    complete = rows.filter(rows.customer_id.notnull(), rows.event_time.notnull(), rows.campaign != "")
    return complete.order_by(["campaign", "customer_id", "event_time", "treated"]).to_pyarrow()


def _merge_contacts(rows: pa.Table) -> CampaignCustomers:
    """One row for each campaign and customer; rows are sorted by both and by time."""
    campaigns, ids, times = texts(rows["campaign"]), texts(rows["customer_id"]), seconds(rows["event_time"])
    is_first = np.ones(len(rows), bool)
    is_first[1:] = (campaigns[1:] != campaigns[:-1]) | (ids[1:] != ids[:-1])
    starts = np.flatnonzero(is_first)
    treated = numbers(rows["treated"]) == 1
    converted_at, unsubscribed_at = (
        _first_times(seconds(rows[name]), starts) for name in ("converted_at", "unsubscribed_at")
    )
    n_rows = np.diff(np.append(starts, len(rows)))
    n_treated = np.add.reduceat(treated.astype(np.int64), starts)
    stages = _names_by_campaign(campaigns, texts(rows["stage"]))
    return CampaignCustomers(
        campaigns=campaigns[starts],
        customer_ids=ids[starts],
        first_at=times[starts],
        last_at=times[starts + n_rows - 1],
        treated=treated[starts],
        in_both=(n_treated > 0) & ~treated[starts],
        n_contacts=n_treated,
        recent_contacts=_count_recent(ids, times, treated=treated)[starts],
        propensities=numbers(rows["propensity"])[starts],
        costs=np.add.reduceat(np.nan_to_num(numbers(rows["cost"])) * treated, starts),
        converted_at=converted_at,
        unsubscribed_at=unsubscribed_at if rows["records_unsubscriptions"][0].as_py() else None,
        acted=None,
        revenue=None,
        spent_before=None,
        response_days=np.zeros(len(starts), np.int64),
        is_mature=np.ones(len(starts), bool),
        offers=_names_by_campaign(campaigns, texts(rows["offer_id"])),
        channels=_names_by_campaign(campaigns, texts(rows["channel"])),
        stages={name: tuple(sorted(int(stage) for stage in reached)) for name, reached in stages.items()},
    )


def _first_times(times: NDArray[np.datetime64], starts: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """The first time of each customer whose rows begin at a start; NaT without one."""
    return np.fmin.reduceat(times, starts)


def _count_recent(
    ids: NDArray[np.str_], times: NDArray[np.datetime64], *, treated: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The contacts that the customer of each row had in the 30 days before it, (n,)."""
    keys = np.unique(ids, return_inverse=True)[1] * KEY_SPAN + times.astype(np.int64)
    made = np.sort(keys[treated])
    return np.searchsorted(made, keys) - np.searchsorted(made, keys - RECENT_DAYS * DAY_SECONDS)


def _names_by_campaign(campaigns: NDArray[np.str_], names: NDArray[np.str_]) -> dict[str, tuple[str, ...]]:
    pairs = sorted(set(zip(campaigns.tolist(), names.tolist(), strict=True)))
    return {one: tuple(name for campaign, name in pairs if campaign == one and name) for one, _ in pairs}


def _add_purchases(tables: Tables, customers: CampaignCustomers) -> CampaignCustomers:
    """The customers with their orders and amounts around the first contact."""
    lines = convert_to_base_currency(tables["purchases"], "amount", tables=tables)
    columns = lines.mutate(bought=IS_PURCHASE.cast("int8")).select("customer_id", "event_time", "amount", "bought")
    rows = columns.filter(columns.customer_id.notnull(), columns.event_time.notnull()).to_pyarrow()
    owners, times = texts(rows["customer_id"]), seconds(rows["event_time"])
    _, codes = np.unique(np.concatenate([customers.customer_ids, owners]), return_inverse=True)
    starts = codes[: len(customers)] * KEY_SPAN + customers.first_at.astype(np.int64)
    keys = codes[len(customers) :] * KEY_SPAN + times.astype(np.int64)
    order = np.argsort(keys, kind="stable")
    keys, bought = keys[order], numbers(rows["bought"])[order]
    amounts = np.nan_to_num(numbers(rows["amount"]))[order]

    def total(values: NDArray[np.float64], *, since: int, until: NDArray[np.int64] | int) -> NDArray[np.float64]:
        sums = np.concatenate([[0.0], np.cumsum(values)])
        first, last = (np.searchsorted(keys, starts + day * DAY_SECONDS) for day in (since, until))
        return sums[last] - sums[first]

    return replace(
        customers,
        acted=total(bought, since=0, until=customers.response_days) > 0.5,
        revenue=total(amounts, since=0, until=customers.response_days) if tables.has_amounts else None,
        spent_before=total(amounts, since=-BEFORE_DAYS, until=0) if tables.has_amounts else None,
    )
