"""Every defined figure is computed, translated, and shown on the page and in the JSON."""

from __future__ import annotations

import html
import json
import math
import sys
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from core import catalogue
from core.config.money import ReportSettings
from core.errors import UnknownName
from core.i18n.translation import Language, has_translation, languages, translate
from insights.render.formatting import Formatter
from insights.render.report import render_json, render_report
from insights.render.report_renderer import ReportRenderer, Table
from insights.render.sections import render_section
from insights.report import definitions, figures
from insights.report.building import Report, build_report
from insights.report.definitions import SECTIONS, all_definitions, definition_of, figures_in, section_names
from tests.insights.report.test_crm_sections import campaign_report, crm_report
from tests.insights.report.test_loyalty import loyalty_report
from tests.insights.report.test_unit_economics import acquisition_report
from tests.worlds import config, frame, shop

N_CUSTOMERS = 24


@cache
def shop_report() -> Report:
    """A shop with enough customers and months for survival curves and the value of the first year."""
    lines = [f"c{n:02d} 2025-0{month}-03 {100 + n}" for n in range(N_CUSTOMERS) for month in (1, 3, 8)]
    spans = [
        {
            "customer_id": f"c{n:02d}", "subscription_id": f"s{n}", "plan": "basic", "mrr": 100.0,
            "started_at": "2025-02-10", "ended_at": "2025-09-10" if n % 3 == 0 else None,
        }
        for n in range(N_CUSTOMERS)
    ]  # fmt: skip
    settings = config(report=ReportSettings(months=24))
    return build_report(shop(*lines, settings=settings, subscriptions=frame(*spans)), date(2026, 4, 1))


REPORTS = (acquisition_report, shop_report, crm_report, campaign_report, loyalty_report)
OF_ONE = {
    "csat",
    "csat_response_rate",
    "gross_margin",
    "hours_to_answer",
    "hours_to_close",
    "ticket_satisfaction",
}
"Figures that rest on one customer in every report of the tests."


def test_no_two_figures_have_the_same_name():
    names = Counter(one.name for section in SECTIONS.values() for one in section.figures)

    assert [name for name, n in names.items() if n > 1] == []


def test_every_defined_figure_is_computed_and_every_computed_one_is_defined():
    computed = {figure.name for report in REPORTS for figure in report().figures}

    assert computed == {one.name for one in all_definitions()}


@pytest.mark.parametrize("code", languages())
def test_every_section_has_a_title_in_every_language(code):
    assert [name for name in section_names() if not has_translation(f"section.{name}", Language(code))] == []


@pytest.mark.parametrize("code", languages())
def test_every_defined_figure_has_a_name_in_every_language(code):
    assert [one.name for one in all_definitions() if not has_translation(f"figure.{one.name}", Language(code))] == []


def test_a_meaning_is_translated_into_all_languages_or_none():
    keys = [f"figure.{one.name}.meaning" for one in all_definitions()]
    by_language = {code: [key for key in keys if has_translation(key, Language(code))] for code in languages()}

    assert all(meanings == by_language["en"] for meanings in by_language.values())


@pytest.mark.parametrize("report", REPORTS)
def test_the_json_has_each_figure_once_with_its_unit(report):
    rows = json.loads(render_json(report()))["figures"]
    places = Counter(
        tuple(row[key] for key in ("name", "by", "group", "period", "age_months", "among_by", "among")) for row in rows
    )

    assert [place for place, n in places.items() if n > 1] == []
    assert all(row["unit"] == definition_of(row["name"]).unit for row in rows)


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("report", REPORTS)
def test_the_page_names_every_figure_of_the_report(report, code):
    language = Language(code)
    page = html.unescape(render_report(report(), language))

    names = dict.fromkeys(figure.name for figure in report().figures)
    assert [name for name in names if translate(f"figure.{name}", language) not in page] == []


@pytest.mark.parametrize("report", REPORTS)
def test_the_table_of_a_section_has_each_of_its_rows_once_in_the_order_of_the_definitions(report):
    money = report().money
    renderer = ReportRenderer(report(), Formatter(Language("en"), money.currency, money.n_decimals))
    for section in section_names():
        names = [name for name in figures_in(section, "row") if report().figures.one(name)]
        if names:
            page_section = render_section(renderer, section)
            assert page_section is not None
            table = next(block for block in page_section.blocks if isinstance(block, Table))
            expected = [renderer.name(name) for name in names]
            assert [row[0].text for row in table.rows if row[0].text in expected] == expected


def test_exact_figures_have_no_interval_and_all_others_have_one_where_they_rest_on_several_customers():
    finite = [figure for report in REPORTS for figure in report().figures if math.isfinite(figure.value)]
    with_interval = {figure.name for figure in finite if not math.isnan(figure.estimate.low)}

    assert with_interval == {figure.name for figure in finite if not definition_of(figure.name).is_exact} - OF_ONE


def test_a_number_of_customers_is_counted_and_has_no_interval():
    assert [one.name for one in all_definitions() if one.unit == "customers" and not one.is_exact] == []


def test_an_undefined_figure_is_refused_with_the_closest_name():
    with pytest.raises(UnknownName, match=r"no figure 'nrrr' .*did you mean 'nrr'\?"):
        definition_of("nrrr")


NEW_SECTION = """
from insights.report.buyer_rows import all_buyers
from insights.report.definitions import FigureDefinition, FigureSection, Sums

SECTION = FigureSection(
    position=55,
    figures=(
        FigureDefinition(
            "orders_squared", "count",
            sums=Sums(all_buyers, ("year", "month"), lambda buyers: (buyers.n_orders,), lambda _, n: n**2),
            views=("row", "month_chart"), is_headline=True,
        ),
    ),
)
"""


def test_a_figure_added_in_one_file_is_in_the_json_and_on_the_page(tmp_path: Path):
    (tmp_path / "squares.py").write_text(NEW_SECTION, encoding="utf-8")
    figures.__path__.append(str(tmp_path))
    forget_definitions()
    try:
        report = build_report(shop("ada 2026-01-03 100", "ada 2026-02-04 50", "bo 2026-02-20 50"), date(2026, 3, 1))
        rows = [row for row in json.loads(render_json(report))["figures"] if row["name"] == "orders_squared"]
        page = render_report(report, Language("en"))
    finally:
        figures.__path__.remove(str(tmp_path))
        sys.modules.pop("insights.report.figures.squares", None)
        forget_definitions()

    assert [(row["period"], row["value"]) for row in rows] == [
        ("2026-01/2026-02", 9.0), ("2026-01", 1.0), ("2026-02", 4.0),
    ]  # fmt: skip
    assert "<h2>section.squares</h2>" in page
    assert '<span class="name">figure.orders_squared</span><span class="figure">9</span>' in page


def forget_definitions() -> None:
    for cached in (catalogue._modules_defining, definitions._by_name, definitions.figures_in_scenarios):
        cached.cache_clear()
