"""What a release tells people about the business: the figures of the report and the read-outs of campaigns.

Texts are stored in every language, as reports and commands write them, so that the pages compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from core.campaigns import CampaignState

Texts = Mapping[str, str]
"By the code of a language."


class MonthlyValue(msgspec.Struct, frozen=True):
    """The value of one month."""

    month: str
    "Such as 2026-03."
    value: float


class SummaryFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of all customers, of the last twelve months or of the day of the report."""

    name: str
    "As in `kizuna report --format json`."
    label: Texts
    meaning: Texts
    "'' where the label says enough."
    value: float | None
    "None where it is undefined or has no bound."
    low: float | None
    high: float | None
    n: int
    "The number of customers, survey responses or tickets behind it."
    text: Texts
    "The value as the report writes it."
    interval: Texts
    "Likewise; '' without one."
    months: tuple[MonthlyValue, ...] = ()
    "Single months, oldest first, where the report draws them."


class SummarySection(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the report."""

    title: Texts
    figures: tuple[SummaryFigure, ...]


class CampaignEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign has changed for each customer."""

    label: Texts
    value: float
    low: float
    high: float


class CampaignSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of one campaign and what it has changed."""

    name: str
    goal: str
    state: CampaignState
    lines: Mapping[str, tuple[str, ...]]
    "As `kizuna campaign show` writes them, by language: plan, state, figures, what happens next."
    effects: tuple[CampaignEffect, ...]
    "Those that are known, with their intervals."


class BusinessSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The report and the campaigns of one day."""

    cutoff: date
    "Of the report: it uses data from before this day."
    year: str
    "The first and last month of its last twelve months, e.g. 2025-04/2026-03; '' without a report."
    sections: tuple[SummarySection, ...]
    missing_report: str
    "Why there is no report; '' if there is one."
    campaigns: tuple[CampaignSummary, ...]
    missing_campaigns: str
    "Why campaigns could not be measured; '' if they were, or if there are none."
    measured_at: datetime
    "When the campaigns were measured, UTC: their contacts and outcomes are newer than the cutoff."
