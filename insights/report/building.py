"""Builds the report: all figures for which the tables have data, and the data that the others need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.errors import NotEnoughHistory
from features.segments.predicted_variables import find_dependents, of_former_customers
from insights.finance.economics import DEFAULT_WHAT_IFS, WhatIf
from insights.finance.money import Money
from insights.report.breakdowns import SOURCE
from insights.report.calendar import Calendar, Span
from insights.report.campaign_reviews import CampaignReview, ReviewSettings, review_campaigns
from insights.report.comparisons import PeriodComparison, Step, Target, compare_periods, find_targets, summarize_earlier
from insights.report.computing import compute_figures
from insights.report.contact_frequency import GroupFrequency, review_frequency
from insights.report.definitions import all_definitions
from insights.report.figure import Figures
from insights.report.inputs import FigureInputs
from insights.report.report_data import ReportData, load_report_data
from insights.report.thresholds import Breach, find_breaches
from insights.segments import Risks
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class Report:
    """All figures of a company on one day."""

    config: Config
    money: Money
    calendar: Calendar
    figures: Figures
    earlier: Mapping[Step, Mapping[str, float]]
    "The figures of a month and of a year earlier, by name, as far as the months of the report reach back."
    comparison: PeriodComparison | None
    targets: tuple[Target, ...]
    breaches: tuple[Breach, ...]
    campaigns: tuple[CampaignReview, ...]
    "Campaigns with a contact in the last twelve months or since, latest first."
    contact_frequency: tuple[GroupFrequency, ...]
    "How many contacts a month pay, for all customers and each group."
    missing: tuple[str, ...]
    "Data that the tables lack: what figures need, and the columns that attribute spend to customers."
    left_out: Mapping[str, int]
    "The number of rows that are in no figure, by cause."
    groupings: tuple[str, ...]
    "The ways to group customers that have figures, with the plan if there is one."


def build_report(
    tables: Tables,
    cutoff: date | None = None,
    *,
    risks: Risks | None = None,
    segments: Mapping[str, NDArray[np.str_]] | None = None,
    what_ifs: Sequence[WhatIf] = DEFAULT_WHAT_IFS,
    compared_with: Span | None = None,
) -> Report:
    """Compute all figures as known at the cutoff (default: the first day that is not completely recorded).

    `segments` are more groups, name to customer ids; by default the segments and customer tiers of the TOML, whose
    rules may use `risks`, the scores of a release, if it was made by the cutoff. With `compared_with`, the last months
    of the report are compared with those, as many as they are. Raises NotEnoughHistory without a record before the
    cutoff or without any figure, UnknownName for a target of a figure that does not exist.
    """
    risks = risks or Risks.unknown()
    data = load_report_data(tables, cutoff, risks=risks, segments=segments)
    figures = Figures(compute_figures(FigureInputs(data, what_ifs=what_ifs)))
    if not figures.all:
        raise NotEnoughHistory(
            f"no figure can be computed of {', '.join(tables.names)} before {data.calendar.end}; the report needs "
            f"purchases, usage or subscriptions in {data.calendar.months[0]} or later; surveys and tickets add figures"
        )
    targets = find_targets(figures, data.config.report.targets)
    groupings = {figure.place.by for figure in figures}
    return Report(
        config=data.config,
        money=data.money,
        calendar=data.calendar,
        figures=figures,
        earlier=summarize_earlier(data),
        comparison=compare_periods(data, compared_with) if compared_with else None,
        targets=targets,
        breaches=find_breaches(figures),
        campaigns=_review_campaigns(tables, data),
        contact_frequency=review_frequency(
            data.campaigns, config=data.config, margin_rate=_measure_margin(data), groupings=data.groupings
        ),
        missing=(
            *_missing_data(figures),
            *(() if tables.has_amounts else ("amount",)),
            *(("scores",) if segments is None and _lacks_scores(data, risks) else ()),
        ),
        left_out=_count_excluded_rows(tables, data),
        groupings=tuple(by for by in ("plan", *(g.by for g in data.groupings)) if by in groupings),
    )


def _review_campaigns(tables: Tables, data: ReportData) -> tuple[CampaignReview, ...]:
    settings = ReviewSettings(
        cutoff=data.campaign_cutoff,
        margin_rate=_measure_margin(data),
        groupings=data.groupings,
        statements=data.config.campaigns,
        tables=tables,
    )
    return review_campaigns(data.campaigns, settings, since=data.calendar.year.first.astype("datetime64[s]"))


def _measure_margin(data: ReportData) -> float:
    """The gross margin of the year's purchases with a cost; that of the configuration without any."""
    costs, in_year = data.item_costs, data.calendar.year.contains(data.item_costs.months)
    revenue = float(costs.amounts[in_year].sum())
    return 1 - float(costs.costs[in_year].sum()) / revenue if revenue > 0 else data.config.money.margin_rate


def _missing_data(figures: Figures) -> Iterator[str]:
    names = {figure.name for figure in figures if figure.place.by != "what_if"}
    yield from (one.needs for one in all_definitions() if one.needs and one.name not in names)
    if "points_outstanding" in names:
        yield from ("point_value",) if "points_face_value" not in names else ()
        yield from ("points_expiries",) if "points_breakage_rate" not in names else ()
    # Spend has no customer ids. Only the customers' own columns say which group or channel it acquired.
    if "acquisition_spend" in names:
        if "recorded_cac" not in names:
            yield "acquisition_cost"
        if not figures.of("cac", SOURCE):
            yield "acquisition_source"


def _lacks_scores(data: ReportData, risks: Risks) -> bool:
    """Whether a segment or customer tier needs predictions that no release made by the cutoff has."""
    missing = risks.limit_to(data.calendar.cutoff).missing_variables(data.config)
    variables = missing.difference(of_former_customers(data.config))
    return any(not place.startswith("campaigns.") for place in find_dependents(data.config, variables))


def _count_excluded_rows(tables: Tables, data: ReportData) -> dict[str, int]:
    """The rows that could not be read, and the rows that would have corrupted a figure."""
    unreadable = {
        f"{name}: {cause}": rows for name in tables.names for cause, rows in tables.load_report(name).excluded.items()
    }
    return unreadable | data.left_out.counts
