"""The data of a report, loaded once. Rows that would corrupt a figure are excluded and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from insights.finance.buying import DailyOrders
from insights.finance.feedback import SurveyResponses, Waits
from insights.finance.loading import (
    ExcludedRows,
    load_orders,
    load_spans,
    load_survey_responses,
    load_ticket_ratings,
    load_waits,
)
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, SubscriptionSpans
from insights.report.acquisition_data import AcquisitionData, Opportunities, load_acquisition_data, load_opportunities
from insights.report.attribute_groups import Grouping, load_groupings
from insights.report.calendar import Calendar
from insights.report.campaign_data import CampaignCustomers, load_campaign_customers
from insights.report.community_data import Participation, Referrals, load_participation, load_referrals
from insights.report.contact_data import Contacts, load_contacts
from insights.report.cost_data import ItemCosts, load_item_costs
from insights.report.loyalty_data import LoyaltyData, load_loyalty
from insights.report.outlet_data import OutletSales, load_outlets
from insights.report.usage_data import RecentChurn, UsageMonths, load_recent_churn, load_usage_months
from insights.segments import Risks, members_at
from tables.episodes import SubscriptionEpisodes
from tables.known_at import CONTACT_TABLES
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything that is known at the cutoff, as arrays."""

    config: Config
    calendar: Calendar
    first_day: date
    "The first record of purchases, usage or subscriptions."
    money: Money
    spans: SubscriptionSpans
    episodes: SubscriptionEpisodes
    "Of paying customers."
    book: MrrTable
    "MRR on the day before each month of the calendar, and on its last day."
    orders: DailyOrders
    nps: SurveyResponses
    csat: SurveyResponses
    tickets: SurveyResponses
    "Customers' ratings of their tickets."
    first_answers: Waits
    "From opening a ticket to the first answer."
    closings: Waits
    "From opening a ticket to closing it."
    acquisition: AcquisitionData
    opportunities: Opportunities
    contacts: Contacts
    campaigns: CampaignCustomers | None
    "The customers of campaigns, for their reviews; None without contacts."
    campaign_cutoff: date
    "Of the reviews: today where no cutoff was asked for, because decisions and what came of them are known at once."
    outlets: Mapping[str, OutletSales]
    "Sales by channel and by store, where the purchases have these columns."
    item_costs: ItemCosts
    "Of purchases."
    loyalty: LoyaltyData
    referrals: Referrals
    participation: Participation
    usage: UsageMonths
    recent_churn: RecentChurn
    groupings: tuple[Grouping, ...]
    account_groupings: tuple[Grouping, ...]
    "The same for account ids, which opportunities have."
    left_out: ExcludedRows

    def over(self, calendar: Calendar) -> ReportData:
        """The same records for other months, which must be among those recorded; without groups of customers."""
        months = np.append(calendar.months, calendar.months[-1] + 1)
        return replace(
            self,
            calendar=calendar,
            book=MrrTable.of(self.spans.shift_by_one_day(), months, money=self.money),
            loyalty=self.loyalty.of_other_months(),
            recent_churn=RecentChurn.none(),
            groupings=(),
            account_groupings=(),
        )

    @property
    def has_subscriptions(self) -> bool:
        """Whether any customer ever subscribed."""
        return len(self.spans.customer_ids) > 0

    @property
    def has_orders(self) -> bool:
        """Whether any customer ever bought."""
        return len(self.orders.customer_ids) > 0


NEEDS_AMOUNTS = (
    "the report needs amounts; name the column of purchases that has them: [tables.purchases.columns] amount"
)
NEEDS_TIMES = "purchases has no event_time; the report needs it: name its column under [tables.purchases.columns]"


def load_report_data(
    tables: Tables,
    cutoff: date | None = None,
    *,
    risks: Risks | None = None,
    segments: Mapping[str, NDArray[np.str_]] | None = None,
) -> ReportData:
    """Load what is known at the cutoff (default: the first day that is not completely recorded).

    `segments` are more groups, name to customer ids; by default the segments and customer tiers of the TOML, whose
    rules may use `risks` of a release made by the cutoff. Purchases without amounts or times are not used: most
    figures are money. Raises NotEnoughHistory without a record before the cutoff.
    """
    day = cutoff or tables.default_cutoff()
    recent_churn = load_recent_churn(tables, day)
    members = (
        members_at(tables, day, risks=risks or Risks.unknown())
        if segments is None
        else {"segment": segments}
        if segments
        else {}
    )
    if not tables.has_amounts or tables.is_undated("purchases"):
        if set(tables.names) <= {"purchases", "items", "customers", "accounts"}:
            raise NotEnoughHistory(NEEDS_TIMES if tables.is_undated("purchases") else NEEDS_AMOUNTS)
        tables = tables.without("purchases")
    left_out, money, config = ExcludedRows(), Money.of(tables.config), tables.config
    first_day, campaign_cutoff = _first_recorded_day(tables, day), cutoff or tables.today or day
    calendar = Calendar.until(
        day,
        first=first_day,
        n_months=config.report.months,
        fiscal_year_starts=config.money.fiscal_year_starts,
    )
    spans = load_spans(tables, left_out, cutoff=day)
    defined = [Grouping(by, {name: np.sort(ids) for name, ids in groups.items()}) for by, groups in members.items()]
    groupings = load_groupings(tables, day)
    return ReportData(
        config=config,
        calendar=calendar,
        first_day=first_day,
        money=money,
        spans=spans,
        episodes=SubscriptionEpisodes.of_paying_customers(tables, day),
        book=MrrTable.of(spans.shift_by_one_day(), np.append(calendar.months, calendar.months[-1] + 1), money=money),
        orders=load_orders(tables, money, excluded=left_out, cutoff=day, until=calendar.end.astype(date)),
        nps=load_survey_responses(tables, "nps", excluded=left_out, cutoff=day),
        csat=load_survey_responses(tables, "csat", excluded=left_out, cutoff=day),
        tickets=load_ticket_ratings(tables, day),
        first_answers=load_waits(tables, "first_answered_at", excluded=left_out, cutoff=day),
        closings=load_waits(tables, "closed_at", excluded=left_out, cutoff=day),
        acquisition=load_acquisition_data(tables, day),
        opportunities=load_opportunities(tables, left_out, cutoff=day),
        contacts=load_contacts(tables, day),
        campaigns=load_campaign_customers(tables, campaign_cutoff),
        campaign_cutoff=campaign_cutoff,
        outlets=load_outlets(tables, money, cutoff=day, until=calendar.end.astype(date)),
        item_costs=load_item_costs(tables, money, cutoff=day, until=calendar.end.astype(date)),
        loyalty=load_loyalty(tables, calendar.end.astype(date)),
        referrals=load_referrals(tables, day),
        participation=load_participation(tables, day),
        usage=load_usage_months(tables, cutoff=day, until=calendar.end.astype(date)),
        recent_churn=recent_churn,
        groupings=(*groupings, *defined),
        account_groupings=(
            *load_groupings(tables, day, of_accounts=True),
            *(defined if config.customer == "account" else ()),
        ),
        left_out=left_out,
    )


def _first_recorded_day(tables: Tables, cutoff: date) -> date:
    """The first record of purchases, usage or subscriptions before the cutoff; without them, of any contact."""
    active = [name for name in ("purchases", "usage", "subscriptions") if name in tables]
    names = active or [name for name in CONTACT_TABLES if name in tables]
    firsts = [tables.load_report(name).first for name in names]
    earlier = [first.date() for first in firsts if first is not None and first.date() < cutoff]
    if not earlier:
        raise NotEnoughHistory(f"nothing was recorded before {cutoff}; name a later day with --cutoff")
    return min(earlier)
