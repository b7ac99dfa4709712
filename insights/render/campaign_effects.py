"""What campaigns changed, KPI by KPI, in the check page of the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from core.config.campaigns import Kpi
from core.i18n.message import translate_written
from core.intervals import Estimate
from insights.campaigns.measuring import SENTENCES, KpiEffect
from insights.render.report_renderer import Cell, ReportRenderer
from insights.report.campaign_data import WITHOUT_CAMPAIGN
from insights.report.campaign_reviews import CampaignReview


def name_campaign(renderer: ReportRenderer, review: CampaignReview) -> str:
    """The name of a campaign; decisions that no campaign has made have one in words."""
    return renderer.text("contacts without a campaign") if review.name == WITHOUT_CAMPAIGN else review.name


def name_kpi(renderer: ReportRenderer, kpi: Kpi) -> str:
    """What a KPI counts."""
    return renderer.text(f"kpi.{kpi}")


def write_difference(renderer: ReportRenderer, value: float, *, kpi: Kpi) -> str:
    """A difference of a KPI: money, or points of a share."""
    if math.isnan(value):
        return "–"
    if kpi == "amount":
        return renderer.formatter.money(value)
    return renderer.formatter.change(value, 0.0, unit="share")


def write_total(renderer: ReportRenderer, value: float, *, kpi: Kpi) -> str:
    """What all contacted customers gained together: money, or a number of customers."""
    return renderer.formatter.money(value) if kpi == "amount" else renderer.formatter.count(value, is_whole=True)


def effect_rows(renderer: ReportRenderer, reviews: Sequence[CampaignReview]) -> Iterator[list[Cell]]:
    """The cells of each campaign and KPI: the campaign's own KPI first, and its name there alone."""
    for review in reviews:
        for place, effect in enumerate(review.checked.measures.effects):
            yield [_name_cell(renderer, review, is_first=not place), *_write_effect(renderer, effect)]


def _name_cell(renderer: ReportRenderer, review: CampaignReview, *, is_first: bool) -> Cell:
    n_waiting = review.checked.n_waiting
    waiting = renderer.text("{n} customers can still respond", n=n_waiting) if n_waiting else ""
    return Cell(name_campaign(renderer, review), waiting, kind="words") if is_first else Cell("", kind="words")


def _write_effect(renderer: ReportRenderer, effect: KpiEffect) -> list[Cell]:
    kpi, formatter = effect.kpi, renderer.formatter
    unit = "money" if kpi == "amount" else "share"
    means = [
        Cell("–" if mean is None else formatter.format(mean, unit))
        for mean in (effect.treated_mean, effect.control_mean)
    ]
    reason = translate_written(effect.unknown, formatter.language, templates=SENTENCES)
    each, total = effect.per_customer, effect.total
    kind = colour(each)
    return [
        Cell(name_kpi(renderer, kpi), reason, kind="words"),
        *means,
        Cell(write_difference(renderer, each.value, kpi=kpi), _bounds(renderer, each, kpi=kpi), kind=kind),
        _write_total(renderer, total, kpi=kpi, kind=kind),
    ]


def _bounds(renderer: ReportRenderer, estimate: Estimate, *, kpi: Kpi) -> str:
    if not estimate.has_interval:
        return ""
    low, high = (write_difference(renderer, bound, kpi=kpi) for bound in (estimate.low, estimate.high))
    return renderer.text("{low} to {high}", low=low, high=high)


def _write_total(renderer: ReportRenderer, total: Estimate, *, kpi: Kpi, kind: str) -> Cell:
    if not total.has_interval:
        return Cell("–")
    value, low, high = (write_total(renderer, one, kpi=kpi) for one in (total.value, total.low, total.high))
    return Cell(value, renderer.text("{low} to {high}", low=low, high=high), kind=kind)


def colour(estimate: Estimate) -> str:
    """Good or bad where the interval excludes 0."""
    return "" if not estimate.excludes(0) else "good" if estimate.value > 0 else "bad"
