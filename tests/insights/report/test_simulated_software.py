"""The report and the letter of the simulated software company: sums reconcile, and both pages render."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.config.loading import read_config
from core.i18n.translation import ENGLISH, JAPANESE
from insights.letter.health_check import build_health_check
from insights.render.letter import render_letter
from insights.render.report import render_json, render_report
from insights.report.building import Report, build_report
from simulation.software.simulate import SoftwareWorld, simulate_software
from tables.sources.opening import open_tables
from tables.tables import Tables

pytestmark = pytest.mark.slow

LINES = ("fx", "new", "reactivation", "expansion", "moved_in", "contraction", "moved_out", "churn")
LOSSES = ("contraction", "moved_out", "churn")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    folder = tmp_path_factory.mktemp("software")
    toml = simulate_software(SoftwareWorld(n_accounts=60)).write(folder)
    split = '[report]\ntier_by = "accounts.size"\nattribute_groups = ["accounts.industry"]\n\n[attributes]'
    toml.write_text(toml.read_text(encoding="utf-8").replace("[attributes]", split), encoding="utf-8")
    return open_tables(read_config(Path(toml), {}))


@pytest.fixture(scope="module")
def report(tables: Tables) -> Report:
    return build_report(tables)


def amount_of(report: Report, line: str, *, by: str, group: str, month: str) -> int:
    figures = report.figures.monthly(f"mrr_{line}", by, group=group)
    return round(next((figure.value for figure in figures if figure.place.period == month), 0))


def test_the_mrr_movements_of_each_month_plan_and_group_reconcile_to_the_yen(report):
    for by in ("all", "plan", "accounts.size", "accounts.industry"):
        for group in report.figures.groups("mrr_opening", by):
            for month in map(str, report.calendar.months):
                cells = {
                    line: amount_of(report, line, by=by, group=group, month=month)
                    for line in ("opening", *LINES, "closing")
                }
                moved = sum(-cells[line] if line in LOSSES else cells[line] for line in LINES)
                assert cells["opening"] + moved == cells["closing"], (by, group, month)


def test_plans_and_groups_add_up_to_all_customers(report):
    for by in ("plan", "accounts.size", "accounts.industry"):
        for month in map(str, report.calendar.months):
            parts = [
                amount_of(report, "closing", by=by, group=group, month=month)
                for group in report.figures.groups("mrr_closing", by)
            ]
            assert sum(parts) == amount_of(report, "closing", by="all", group="", month=month)


def test_the_pages_render_in_both_languages_and_need_no_network(report):
    assert len(render_report(report, JAPANESE)) > 50_000
    assert "∞" not in render_json(report)
    assert {"nrr", "ltv_curve", "cac", "nps", "hours_to_answer", "win_rate"} <= {f.name for f in report.figures}
    assert report.missing == ("purchases",)
    assert not re.search(r"https?:|<script", render_report(report, ENGLISH))


def test_only_nrr_and_revenue_retention_exceed_one(report):
    figures = json.loads(render_json(report))["figures"]
    shares = [f for f in figures if f["unit"] == "share" and f["value"] is not None]

    beyond_one = {f["name"] for f in shares if f["value"] > 1 + 1e-9}
    assert beyond_one <= {"nrr", "revenue_kept"}
    assert min(f["value"] for f in shares) >= 0


def test_the_letter_of_an_active_account_names_the_features_it_uses(tables):
    subscriptions = tables.latest()["subscriptions"].to_pyarrow().to_pylist()
    account = next(row["customer_id"] for row in subscriptions if row["ended_at"] is None)
    check = build_health_check(tables, account, cutoff=date(2026, 4, 1))

    assert np.all([habit.thing not in ("login", "error") for habit in (*check.used, *check.unused)])
    assert account in render_letter(check, JAPANESE)
