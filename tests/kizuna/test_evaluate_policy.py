"""`kizuna evaluate policy`, as it is typed, and what it prints."""

from __future__ import annotations

import re
from datetime import date

import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from core.intervals import Estimate
from kizuna.main import run
from kizuna.policy_evaluation import print_policy
from serving.build.decisions.policy_evaluation import ChoiceShare, PolicyReport
from tests.worlds import config

REPORT = PolicyReport(
    kpi="margin",
    days=14,
    first_day=date(2026, 4, 1),
    last_day=date(2026, 4, 30),
    runs=30,
    decisions=9_000,
    customers=1_500,
    effective_size=420.4,
    logged=Estimate(20.0, 19.0, 21.0),
    ips=Estimate(31.0, 27.0, 35.0),
    self_normalised_ips=Estimate(30.5, 27.5, 34.0),
    doubly_robust=Estimate(30.0, 28.0, 32.0),
    gain=Estimate(10.0, 8.0, 12.0),
    choices=(ChoiceShare(choice="tea", logged=0.4, new=0.9), ChoiceShare(choice="nothing", logged=0.6, new=0.1)),
    waiting_runs=2,
    runs_without_release=25,
    in_control_group=450,
    of_campaigns=12,
)


def test_the_report_says_what_the_figures_rest_on(capfd):
    print_policy(REPORT, ENGLISH, config=config())

    printed = capfd.readouterr().out
    assert "9,000 decisions about 1,500 customers, made from 1 April 2026 to 30 April 2026" in printed
    assert re.search(r"changed policy, doubly robust +¥30.0 +¥28.0 to ¥32.0", printed)
    assert re.search(r"tea +40.0% +90.0%", printed)
    assert "The changed policy is better." in printed
    assert "worth 420 decisions of the changed policy itself" in printed
    assert "On 25 of 30 days the release is deleted" in printed


def test_every_sentence_exists_in_japanese(capfd):
    print_policy(REPORT, JAPANESE, config=config())

    words = set(re.findall(r"[A-Za-z]+", capfd.readouterr().out))
    assert words <= {"IPS", "tea", "kizuna", "release", "keep"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no decision is stored; let `kizuna decide` leave some choices to chance"),
        (["--kpi", "clicks"], "no --kpi 'clicks'; there are: margin, purchased, stayed"),
        (["--kpi", "stayed", "--since", "soon"], "takes a day such as 2026-04-01"),
    ],
)
def test_what_cannot_be_evaluated_is_one_line(tmp_path, monkeypatch, capfd, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "purchases.csv").write_text("customer_id,event_time,amount\nada,2026-01-05,10\nbo,2026-02-05,10\n")
    (tmp_path / "kizuna.toml").write_text(
        'name = "shop"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\n'
        '[tables.purchases]\npath = "purchases.csv"\n'
    )

    assert run(["evaluate", "policy", *options]) == 2

    errors = capfd.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
