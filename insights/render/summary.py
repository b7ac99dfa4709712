"""The report and the campaigns in the form that a release stores: values with their texts in every language."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from core.business_summary import CampaignEffect, CampaignSummary, MonthlyValue, SummaryFigure, SummarySection, Texts
from core.campaigns import CampaignState, state_of
from core.config.data_set import Config
from core.i18n.translation import Language, has_translation, languages, translate
from insights.campaigns.measuring import KpiEffect
from insights.campaigns.rollout import RunningCampaign, choose_next
from insights.render.campaign import describe_campaign
from insights.render.formatting import Formatter
from insights.report.building import Report
from insights.report.definitions import definition_of, figures_in, section_names
from insights.report.figure import Figure


def summarise_report(report: Report) -> tuple[SummarySection, ...]:
    """Every figure of all customers that has a row of its own in the report, by section."""
    sections = (_summarise_section(report, name) for name in section_names())
    return tuple(section for section in sections if section.figures)


def summarise_campaign(name: str, running: RunningCampaign, *, now: datetime, config: Config) -> CampaignSummary:
    """A campaign as `kizuna campaign show` describes it."""
    state = state_of(running.events)
    following = choose_next(running, now=now, zone=config.zone)[1] if state == CampaignState.RUNNING else None
    effects = [effect for effect in running.measures.effects if not effect.unknown and effect.per_customer.has_interval]

    def describe(code: str) -> tuple[str, ...]:
        lines = describe_campaign(name, running, following=following, currency=config.currency, language=Language(code))
        return tuple(lines)[1:]  # the first one is the name and the goal

    return CampaignSummary(
        name=name,
        goal=running.campaign.goal,
        state=state,
        lines={code: describe(code) for code in languages()},
        effects=tuple(_summarise_effect(effect) for effect in effects),
    )


def _summarise_effect(effect: KpiEffect) -> CampaignEffect:
    each = effect.per_customer
    return CampaignEffect(
        label=_in_every_language(lambda language: translate(f"kpi.{effect.kpi}", language)),
        value=each.value,
        low=each.low,
        high=each.high,
    )


def _summarise_section(report: Report, section: str) -> SummarySection:
    figures = (report.figures.one(name) for name in figures_in(section, "row"))
    return SummarySection(
        title=_in_every_language(lambda language: translate(f"section.{section}", language)),
        figures=tuple(_summarise_figure(report, figure) for figure in figures if figure is not None),
    )


def _summarise_figure(report: Report, figure: Figure) -> SummaryFigure:
    definition, estimate = definition_of(figure.name), figure.estimate
    formatters = _formatters(report)
    months = report.figures.monthly(definition.months_of or figure.name) if "month_chart" in definition.views else ()
    return SummaryFigure(
        name=figure.name,
        label=_in_every_language(lambda language: translate(f"figure.{figure.name}", language)),
        meaning=_in_every_language(lambda language: _find_meaning(figure.name, language)),
        value=_finite(estimate.value),
        low=_finite(estimate.low),
        high=_finite(estimate.high),
        n=figure.n,
        text={code: one.format(estimate.value, definition.unit) for code, one in formatters.items()},
        interval={code: one.interval(estimate, definition.unit) for code, one in formatters.items()},
        months=tuple(MonthlyValue(one.place.period, one.value) for one in months if math.isfinite(one.value)),
    )


def _formatters(report: Report) -> dict[str, Formatter]:
    money = report.money
    return {code: Formatter(Language(code), money.currency, money.n_decimals) for code in languages()}


def _in_every_language(write: Callable[[Language], str]) -> Texts:
    return {code: write(Language(code)) for code in languages()}


def _find_meaning(name: str, language: Language) -> str:
    key = f"figure.{name}.meaning"
    return translate(key, language) if has_translation(key, language) else ""


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
