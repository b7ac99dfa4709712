"""The report as JSON: a flat list of figures, each with its interval, unit and n."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from core.intervals import CONFIDENCE
from insights.report.building import Report
from insights.report.figure import Figure
from insights.report.thresholds import Breach


def render_json(report: Report) -> str:
    """The report as JSON text; unknown and infinite values are null."""
    content = {
        "data_set": report.config.name,
        "as_of": report.calendar.as_of,
        "first_month": str(report.calendar.months[0]),
        "last_month": str(report.calendar.months[-1]),
        "year": report.calendar.year.label,
        "currency": report.money.currency,
        "decimals": report.money.n_decimals,
        "tax_included": report.config.money.tax_included,
        "fiscal_year_starts": report.config.money.fiscal_year_starts,
        "confidence": CONFIDENCE,
        "warnings": [_breach_json(breach) for breach in report.breaches],
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
        "unit": figure.unit,
        "n": figure.n,
    }


def _breach_json(breach: Breach) -> dict[str, Any]:
    return {
        "code": breach.line.code,
        "level": breach.line.level,
        "figure": breach.figure.name,
        "threshold": breach.line.threshold,
        "value": _finite_or_none(breach.figure.value),
        "sure": breach.is_sure,
    }


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
