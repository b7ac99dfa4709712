"""What a release stores of the report and of campaigns is what the report and `kizuna campaign show` write."""

from __future__ import annotations

import json

import msgspec

from core.business_summary import SummarySection
from core.i18n.translation import ENGLISH, JAPANESE
from insights.campaigns.rollout import choose_next
from insights.render.campaign import describe_campaign
from insights.render.report import render_json, render_report
from insights.render.summary import summarise_campaign, summarise_report
from insights.report.building import build_report
from tests.insights.campaigns.test_measuring import CAMPAIGN, NOW, running
from tests.software_firm import firm_report, firm_tables
from tests.worlds import config


def test_every_figure_of_the_summary_is_that_of_the_whole_report_to_the_digit():
    """The summary is computed without groups of customers; groups must not change the samples of the others."""
    sections = summarise_report(build_report(firm_tables(), firm_report().calendar.cutoff, segments={}))
    whole = json.loads(render_json(firm_report()))["figures"]
    pages = {language: render_report(firm_report(), language) for language in (ENGLISH, JAPANESE)}

    figures = [figure for section in sections for figure in section.figures]
    assert len(figures) > 20
    for figure in figures:
        same = [
            one for one in whole
            if (one["name"], one["by"], one["among_by"], one["age_months"]) == (figure.name, "all", "all", None)
            and (one["value"], one["low"], one["high"], one["n"]) == (figure.value, figure.low, figure.high, figure.n)
        ]  # fmt: skip
        assert same, figure.name
        for language, page in pages.items():
            assert figure.label[language] in page
            assert figure.text[language] in page


def test_a_summary_is_read_as_it_was_stored():
    sections = summarise_report(firm_report())

    assert msgspec.json.decode(msgspec.json.encode(sections), type=tuple[SummarySection, ...]) == sections


def test_a_campaign_has_the_lines_of_the_command_and_its_effects():
    shown = running(CAMPAIGN, *(f"t{row} 2024-03-05 30" for row in range(80)), day=3)
    summary = summarise_campaign("spring", shown, now=NOW, config=config())
    following = choose_next(shown, now=NOW, zone=config().zone)[1]

    for language in (ENGLISH, JAPANESE):
        lines = describe_campaign("spring", shown, following=following, currency=config().currency, language=language)
        assert ("spring: more orders", *summary.lines[language]) == tuple(lines)
    (effect, *_) = summary.effects
    assert effect.value == shown.measures.effects[0].per_customer.value
    assert effect.low < effect.value < effect.high
