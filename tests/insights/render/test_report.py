"""The page is self-contained, complete in both languages, and escapes text."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

from core.config.money import ReportSettings
from core.i18n.translation import ENGLISH, JAPANESE, has_translation
from insights.render.report import render_json, render_report
from insights.report.building import build_report
from tables.building import tables_from_frames
from tests.software_firm import firm_report, firm_tables
from tests.worlds import config, frame, shop

JAPANESE_LETTER = re.compile(r"[぀-ヿ一-鿿]")
EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize("language", [ENGLISH, JAPANESE])
def test_the_page_loads_nothing_and_runs_nothing(language):
    page = render_report(firm_report(), language)

    assert not re.search(r"https?:|<script|<link|@import|url\(| src=| on\w+=", page)
    assert page.count("<svg") > 10


def test_the_japanese_page_is_japanese_and_the_english_one_is_not():
    assert not JAPANESE_LETTER.search(render_report(firm_report(), ENGLISH))
    japanese = render_report(firm_report(), JAPANESE)
    assert "売上継続率" in japanese
    assert "2026年1月〜2026年6月" in japanese
    assert not re.search(r">(Month|Figure|Churn|Opening)[^<]*<", japanese)


def test_no_gap_and_no_key_is_left_in_either_language():
    for language in (ENGLISH, JAPANESE):
        body = render_report(firm_report(), language).partition("</style>")[2]

        assert not re.search(r"\{\w+\}|(figure|group|threshold|missing)\.[a-z]", body)


def test_every_figure_of_a_report_has_a_name_in_every_language():
    for language in (ENGLISH, JAPANESE):
        names = {figure.name for figure in firm_report().figures}

        assert [name for name in sorted(names) if not has_translation(f"figure.{name}", language)] == []


def test_the_waterfall_shows_amounts_to_the_last_unit():
    page = render_report(firm_report(), ENGLISH)

    assert '<td class="strong">¥250</td>' in page
    assert "-¥50" in page


def test_group_names_are_escaped():
    since = {"valid_from": "2025-01-01"}
    people = frame({"customer_id": EVIL, "segment": EVIL, **since}, {"customer_id": "bo", "segment": "plain", **since})
    settings = config(
        attributes={"customers": ("segment",)}, report=ReportSettings(attribute_groups=("customers.segment",))
    )
    log = shop(f"{EVIL} 2026-01-03 100", "bo 2026-01-20 50", settings=settings, customers=people)

    page = render_report(build_report(log, date(2026, 3, 1)), ENGLISH)

    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_group_of_the_data_keeps_its_name_though_an_rfm_segment_has_the_same():
    since = {"valid_from": "2025-01-01"}
    people = frame({"customer_id": "ada", "state": "lost", **since}, {"customer_id": "bo", "state": "loyal", **since})
    settings = config(
        attributes={"customers": ("state",)}, report=ReportSettings(attribute_groups=("customers.state",))
    )
    report = build_report(
        shop("ada 2026-01-03 100", "bo 2026-01-20 50", settings=settings, customers=people), date(2026, 3, 1)
    )

    assert '<td class="words">lost</td>' in render_report(report, ENGLISH)
    assert '<td class="words">loyal</td>' in render_report(report, JAPANESE)


def test_the_page_does_not_claim_that_amounts_are_without_tax_where_nothing_says_so():
    report = build_report(shop("ada 2026-01-03 100", "bo 2026-02-20 50"), date(2026, 3, 1))

    assert "no tax taken off" in render_report(report, ENGLISH)
    assert "税額の控除なし" in render_report(report, JAPANESE)


def test_figures_without_their_table_are_omitted_and_the_page_names_the_table():
    report = build_report(shop("ada 2026-01-03 100", "bo 2026-02-20 50"), date(2026, 3, 1))
    page = render_report(report, ENGLISH)

    assert "Recurring revenue" not in page
    assert "need a subscriptions table (customer_id" in page
    assert "NPS needs a surveys table" in page


def test_breached_thresholds_are_shown_with_their_figure():
    assert re.search(r'class="bad"><b>Gross revenue retention 80\.0%</b>', render_report(firm_report(), ENGLISH))


def test_the_json_has_the_same_figures_with_interval_unit_and_n():
    content = json.loads(render_json(firm_report()))
    churn = next(f for f in content["figures"] if f["name"] == "logo_churn" and f["period"] == "2026-01/2026-06")

    assert len(content["figures"]) == len(firm_report().figures.all)
    assert churn["value"] == pytest.approx(1 / 3)
    assert (churn["unit"], churn["n"], churn["by"]) == ("share", 3, "all")
    assert churn["low"] < churn["value"] < churn["high"]
    assert [one["code"] for one in content["warnings"]] == ["grr_below_90", "ltv_below_cac"]
    assert content["left_out"]["surveys: score: no NPS of 0 to 10"] == 1


def test_an_infinite_value_is_null_in_json_and_a_sign_on_the_page():
    report = build_report(firm_tables(subscriptions=_subscriptions_without_churn()), date(2026, 7, 1))
    ltv = next(f for f in json.loads(render_json(report))["figures"] if f["name"] == "ltv")

    assert ltv["value"] is None
    assert "∞" in render_report(report, ENGLISH)


def _subscriptions_without_churn():
    common = {"plan": "p", "mrr": 9.0, "started_at": "2025-01-01", "ended_at": None, "seats": 1, "renews_at": None}
    return frame(*({"customer_id": who, "subscription_id": who, **common} for who in ("acme", "bond")))


def test_a_scenario_of_a_firm_that_nobody_has_left_shows_no_change_of_infinity():
    span = {"customer_id": "ada", "subscription_id": "s", "plan": "basic", "mrr": 9.5, "started_at": "2024-01-01"}
    tables = tables_from_frames(config(currency="KWD"), {"subscriptions": frame({**span, "ended_at": None})})

    page = render_report(build_report(tables, date(2026, 4, 1)), ENGLISH)

    assert "∞" in page
    assert "NaN" not in page
    assert "KWD\N{NO-BREAK SPACE}9.500" in page
