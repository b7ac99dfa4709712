"""The report as one HTML page that needs no script, font or network, or as JSON: a flat list of figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.i18n.translation import Language, describe_exclusion
from core.intervals import CONFIDENCE
from insights.render.campaign_pages import campaign_json, render_campaign_pages
from insights.render.formatting import Formatter
from insights.render.headlines import build_headlines, comparison_table
from insights.render.report_renderer import ReportRenderer
from insights.render.sections import render_section
from insights.report.building import Report
from insights.report.definitions import definition_of, section_names
from insights.report.figure import Figure
from insights.report.thresholds import Breach

TEMPLATES = Path(__file__).parent / "templates"


def render_report(report: Report, language: Language) -> str:
    """The page in one language."""
    formatter = Formatter(language, report.money.currency, report.money.n_decimals)
    renderer = ReportRenderer(report, formatter)
    sections = [section for name in section_names() if (section := render_section(renderer, name))]
    sections += render_campaign_pages(renderer)
    return (
        load_templates()
        .get_template("report.html.j2")
        .render(
            report=report,
            last_day=formatter.day(report.calendar.cutoff - timedelta(days=1)),
            text=renderer.text,
            name=renderer.name,
            format=renderer.format,
            formatter=formatter,
            excluded=[(describe_exclusion(problem, language), n_rows) for problem, n_rows in report.left_out.items()],
            headlines=build_headlines(renderer),
            comparison=comparison_table(renderer),
            sections=sections,
        )
    )


def load_templates() -> Environment:
    """The templates of the pages; everything that fills them is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_json(report: Report) -> str:
    """The report as JSON text; unknown and infinite values are null."""
    content = {
        "data_set": report.config.name,
        "as_of": report.calendar.cutoff,
        "first_month": str(report.calendar.months[0]),
        "last_month": str(report.calendar.months[-1]),
        "year": report.calendar.year.label,
        "currency": report.money.currency,
        "decimals": report.money.n_decimals,
        "tax_rate": report.config.money.tax_rate,
        "fiscal_year_starts": report.config.money.fiscal_year_starts,
        "confidence": CONFIDENCE,
        "earlier": {step: _finite_values(values) for step, values in report.earlier.items()},
        "targets": [
            {"figure": one.name, "target": one.limit, "value": _finite_or_none(one.value), "met": one.is_met}
            for one in report.targets
        ],
        "comparison": _comparison_json(report),
        "warnings": [_breach_json(breach) for breach in report.breaches],
        "campaigns": [campaign_json(one) for one in report.campaigns],
        "contact_frequency": msgspec.to_builtins(report.contact_frequency),
        "missing": list(report.missing),
        "left_out": dict(report.left_out),
        "figures": [_figure_json(figure) for figure in report.figures],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n"


def _figure_json(figure: Figure) -> dict[str, Any]:
    place, estimate = figure.place, figure.estimate
    return {
        "name": figure.name,
        "by": place.by,
        "group": place.group,
        "period": place.period,
        "age_months": place.age,
        "among_by": place.among_by,
        "among": place.among,
        "value": _finite_or_none(estimate.value),
        "low": _finite_or_none(estimate.low),
        "high": _finite_or_none(estimate.high),
        "unit": definition_of(figure.name).unit,
        "n": figure.n,
    }


def _breach_json(breach: Breach) -> dict[str, Any]:
    return {
        "code": breach.threshold.code,
        "level": breach.threshold.level,
        "figure": breach.figure.name,
        "threshold": breach.threshold.limit,
        "value": _finite_or_none(breach.figure.value),
        "sure": breach.is_sure,
    }


def _comparison_json(report: Report) -> dict[str, Any] | None:
    comparison = report.comparison
    if comparison is None:
        return None
    return {
        "period": comparison.period,
        "other_period": comparison.other_period,
        "values": _finite_values(comparison.values),
        "other_values": _finite_values(comparison.other_values),
    }


def _finite_values(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _finite_or_none(value) for name, value in values.items()}


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
