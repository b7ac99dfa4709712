"""Everything that a report is worked out from, read once; what would corrupt a figure is left out and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

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
from insights.report.attribute_groups import Grouping, groupings_of
from insights.report.calendar import Calendar
from insights.segments import members_at
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables


@dataclass(frozen=True)
class ReportData:
    """What is known on the day of the report, as arrays."""

    config: Config
    calendar: Calendar
    money: Money
    spans: SubscriptionSpans
    episodes: SubscriptionEpisodes
    "Of customers who pay."
    book: MrrTable
    "What ran on the day before each month of the calendar, and on the last day."
    orders: DailyOrders
    nps: SurveyResponses
    csat: SurveyResponses
    tickets: SurveyResponses
    "What customers thought of their tickets."
    answered: Waits
    closed: Waits
    winning: AcquisitionData
    opportunities: Opportunities
    groupings: tuple[Grouping, ...]
    account_groupings: tuple[Grouping, ...]
    "The same of account ids, for opportunities."
    left_out: ExcludedRows

    @property
    def has_subscriptions(self) -> bool:
        """Whether anybody ever subscribed."""
        return len(self.spans.customer_ids) > 0

    @property
    def has_orders(self) -> bool:
        """Whether anybody ever bought."""
        return len(self.orders.customer_ids) > 0


def load_report_data(
    tables: Tables, as_of: date | None = None, segments: Mapping[str, np.ndarray] | None = None
) -> ReportData:
    """Read what was known before midnight of a day (default: the first that is not completely recorded).

    `segments` are more groups to tell apart, name to customer ids; by default those and the tiers of the TOML. Raises
    NotEnoughHistory without a record before.
    """
    day = as_of or tables.default_cutoff()
    left_out, money, config = ExcludedRows(), Money.of(tables.config), tables.config
    calendar = Calendar.until(day, _first_day(tables, day), config.report.months, config.money.fiscal_year_starts)
    spans = load_spans(tables, left_out, cutoff=day)
    members = members_at(tables, day) if segments is None else {"segment": segments} if segments else {}
    defined = [Grouping(by, {name: np.sort(ids) for name, ids in found.items()}) for by, found in members.items()]
    groupings = groupings_of(tables, day)
    return ReportData(
        config=config,
        calendar=calendar,
        money=money,
        spans=spans,
        episodes=SubscriptionEpisodes.of_paying_customers(tables, day),
        book=MrrTable.of(spans.shift_by_one_day(), np.append(calendar.months, calendar.months[-1] + 1), money=money),
        orders=load_orders(tables, money, excluded=left_out, cutoff=day, until=calendar.end.astype(date)),
        nps=load_survey_responses(tables, "nps", excluded=left_out, cutoff=day),
        csat=load_survey_responses(tables, "csat", excluded=left_out, cutoff=day),
        tickets=load_ticket_ratings(tables, day),
        answered=load_waits(tables, "first_answered_at", excluded=left_out, cutoff=day),
        closed=load_waits(tables, "closed_at", excluded=left_out, cutoff=day),
        winning=load_acquisition_data(tables, day),
        opportunities=load_opportunities(tables, left_out, day),
        groupings=(*groupings, *defined),
        account_groupings=(
            *groupings_of(tables, day, of_accounts=True),
            *(defined if config.customer == "account" else ()),
        ),
        left_out=left_out,
    )


def _first_day(tables: Tables, day: date) -> date:
    """The first record of what a customer is told by, before the day."""
    firsts = [tables.load_report(name).first for name in ("purchases", "usage", "subscriptions") if name in tables]
    known = [first.date() for first in firsts if first is not None and first.date() < day]
    if not known:
        raise NotEnoughHistory(f"nothing was recorded before {day}; name a later day with --cutoff")
    return min(known)
