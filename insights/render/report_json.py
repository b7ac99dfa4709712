"""The report for machines: the same figures, one flat list, each with its interval, unit and n."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from core.intervals import CONFIDENCE
from insights.report.building import Report
from insights.report.figure import Figure
from insights.report.thresholds import Breach


def json_of(report: Report) -> str:
    """The figures as JSON; what cannot be told, or has no bound, is null."""
    described = {
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
        "warnings": [_warning(one) for one in report.crossed],
        "missing": list(report.missing),
        "left_out": dict(report.left_out),
        "figures": [_figure(figure) for figure in report.figures],
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=1).decode() + "\n"


def _figure(figure: Figure) -> dict[str, Any]:
    place, estimate = figure.place, figure.estimate
    return {
        "name": figure.name,
        "by": place.by,
        "group": place.group,
        "period": place.period,
        "age_months": place.age,
        "among_by": place.among_by,
        "among": place.among,
        "value": _finite(estimate.value),
        "low": _finite(estimate.low),
        "high": _finite(estimate.high),
        "unit": figure.unit,
        "n": figure.n,
    }


def _warning(one: Breach) -> dict[str, Any]:
    return {
        "code": one.line.code,
        "level": one.line.level,
        "figure": one.figure.name,
        "threshold": one.line.threshold,
        "value": _finite(one.figure.value),
        "sure": one.is_sure,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
