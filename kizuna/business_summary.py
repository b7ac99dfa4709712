"""What `kizuna release` computes of the business for the pages under /ui: the report, and every campaign."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from core.business_summary import BusinessSummary
from core.errors import KizunaError
from kizuna.campaigns import CampaignDesk

if TYPE_CHECKING:
    from core.config.data_set import Config
    from tables.tables import Tables


def summarise_business(config: Config, tables: Tables, *, cutoff: date, now: datetime) -> BusinessSummary:
    """The figures of `kizuna report` without groups of customers, and the campaigns as `kizuna campaign show` has them.

    A report that cannot be made, or a campaign that cannot be measured, is no reason not to release: the pages show why
    it is missing.
    """
    from insights.campaigns.rollout import RunningCampaign
    from insights.render.summary import summarise_campaign, summarise_report
    from insights.report.building import build_report

    sections, year, missing_report = (), "", ""
    try:
        report = build_report(tables, cutoff, segments={})
        sections, year = summarise_report(report), report.calendar.year.label
    except KizunaError as error:
        missing_report = str(error)
    measured, missing_campaigns = dict[str, RunningCampaign](), ""
    try:
        if config.campaigns:
            measured = CampaignDesk.open(config).measure_all(config.campaigns, tables=tables, now=now)
    except KizunaError as error:
        missing_campaigns = str(error)
    return BusinessSummary(
        cutoff=cutoff,
        year=year,
        sections=sections,
        missing_report=missing_report,
        campaigns=tuple(summarise_campaign(name, one, now=now, config=config) for name, one in measured.items()),
        missing_campaigns=missing_campaigns,
        measured_at=now,
    )
