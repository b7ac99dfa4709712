"""`kizuna segments` at the command line."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from kizuna.main import run
from tests.serving.sample_release import publish, sample_release

SEGMENTS = """
[segments.lately]
rule = "recency_days < 30 and frequency >= 1"
action = "early access"
[segments.key]
customers_file = "key.csv"
[customer_tiers.gold]
top = 0.4
[customer_tiers.others]
top = 1.0
"""
PURCHASES = "customer_id,event_time,amount\nada,2026-01-05,10\nbo,2026-02-04,30\ncyd,2026-02-04,20\ndan,2026-02-05,1\n"


@pytest.fixture
def home_with_segments(home: Path) -> Path:
    """The working directory with segments, a list and four purchases."""
    with (home / "kizuna.toml").open("a") as toml:
        toml.write(SEGMENTS)
    (home / "purchases.csv").write_text(PURCHASES)
    (home / "key.csv").write_text("customer_id\nada\nzed\n")
    return home


def test_each_segment_is_printed_with_its_action(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    publish(home_with_segments / "var/shop/releases", sample_release())

    assert run(["segments"]) == 0

    printed = capsys.readouterr().out
    for text in ("lately", "early", "access", "gold", "revenue of 365 days, JPY", "of release 20260401T030000Z-aaaaaa"):
        assert text in printed
    assert "key: 1 listed ids are not customers at the cutoff" in printed
    assert "…" not in printed, "no figure is cut off, however narrow the table"
    (gold,) = (line for line in printed.splitlines() if line.startswith("gold"))
    assert gold.split("  ")[0] == "gold"
    assert "(" in gold, "a value and its share are in one line"


NEEDS = """
[segments.vip]
rule = "predicted_value > 1000"
[segments.vip_lately]
rule = "segment_vip == 1 and recency_days < 30"
[segments.leaving]
rule = "churn_probability > 0.5"
"""


def test_a_rule_on_scores_that_no_release_has_says_what_it_needs(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str]
):
    with (home_with_segments / "kizuna.toml").open("a") as toml:
        toml.write(NEEDS)
    assert run(["segments"]) == 0
    lines = capsys.readouterr().out.splitlines()
    needs = "needs predicted_value, which the active release does not have, so no customer is known to fit; run "
    for name in ("vip", "vip_lately"):
        assert f"[segments.{name}] {needs}`kizuna train value --promote`, then `kizuna release`" in lines
    assert any(line.startswith("[segments.leaving] needs churn_probability, which") for line in lines)

    publish(home_with_segments / "var/shop/releases", sample_release())
    assert run(["segments", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["without_scores"] == {}


COMES_BACK = """
[predict.comes_back]
table = "purchases"
customers = "lapsed"
[segments.may_return]
rule = "comes_back_probability > 0.3"
"""


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "predicts for former customers only, so none of today's customers is known to fit"),
        ("ja", "の予測対象は過去の顧客だけなので、現在の顧客には該当者が分かりません"),
    ],
)
def test_a_rule_on_predictions_of_former_customers_says_that_no_customer_of_today_fits(
    language: str, sentence: str, home_with_segments: Path, capsys: pytest.CaptureFixture[str]
):
    with (home_with_segments / "kizuna.toml").open("a") as toml:
        toml.write(COMES_BACK)
    publish(home_with_segments / "var/shop/releases", sample_release())

    assert run(["segments", "--lang", language]) == 0

    (line,) = (line for line in capsys.readouterr().out.splitlines() if "[segments.may_return]" in line)
    assert sentence in line
    assert "`kizuna score --event comes_back`" in line


def test_a_rule_on_scores_says_how_many_of_todays_customers_have_none(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str]
):
    with (home_with_segments / "kizuna.toml").open("a") as toml:
        toml.write('[segments.leaving]\nrule = "churn_probability > 0.5"\n')
    publish(home_with_segments / "var/shop/releases", sample_release())
    # Eve is new since the release.
    (home_with_segments / "purchases.csv").write_text(f"{PURCHASES}eve,2026-02-04,5\n")

    assert run(["segments"]) == 0

    needs = "[segments.leaving] needs churn_probability, which 1 of 4 customers do not have in the active release"
    assert needs in capsys.readouterr().out


def test_everything_but_names_is_japanese_in_japanese(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["segments", "--lang", "ja"]) == 0
    without_release = capsys.readouterr().out
    publish(home_with_segments / "var/shop/releases", sample_release())
    assert run(["segments", "--lang", "ja"]) == 0
    printed = capsys.readouterr().out

    assert "不明(リリースがまだありません。`kizuna release` を実行してください)" in without_release
    for text in (
        "セグメント",
        "顧客数",
        "価値",
        "解約リスク",
        "予想損失額",
        "アクション",
        "顧客ランク",
        "key:リストのうち1件は",
    ):
        assert text in printed
    names = {"lately", "key", "gold", "others", "early", "access", "JPY", "T", "Z", "aaaaaa"}
    assert set(re.findall(r"[A-Za-z]+", printed)) <= names


def test_the_list_of_members_is_announced_in_japanese(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    publish(home_with_segments / "var/shop/releases", sample_release())

    assert run(["segments", "--members", "gold", "--out", "gold.csv", "--lang", "ja"]) == 0

    assert capsys.readouterr().out.startswith("gold.csv:goldの顧客")


def test_the_list_of_members_needs_no_release(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    with (home_with_segments / "kizuna.toml").open("a") as toml:
        toml.write('[tables.consents]\npath = "consents.csv"\n')
    (home_with_segments / "consents.csv").write_text(
        "customer_id,purpose,granted,event_time\ncyd,contact,false,2026-02-01\n"
    )

    assert run(["segments", "--members", "lately", "--out", "lately.csv"]) == 0

    (bo,) = csv.DictReader((home_with_segments / "lately.csv").read_text().splitlines())
    assert (bo["customer_id"], bo["action"], bo["value"], bo["cutoff"]) == ("bo", "early access", "30", "2026-02-05")
    assert (bo["churn_probability"], bo["risk_level"], bo["release_id"]) == ("", "", "unpublished")
    printed = capsys.readouterr().out
    assert "lately.csv: 1 customers of lately before 2026-02-05; nothing is released yet" in printed
    assert printed.rstrip().endswith("excluded because they refused contact: 1")


def test_the_list_of_a_segment_by_risk_says_before_the_first_release_what_it_needs(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str]
):
    with (home_with_segments / "kizuna.toml").open("a") as toml:
        toml.write(NEEDS)

    assert run(["segments", "--members", "leaving", "--out", "leaving.csv"]) == 0
    _, needs = capsys.readouterr().out.splitlines()
    assert needs.startswith("[segments.leaving] needs churn_probability, which the active release does not have")
    assert run(["segments", "--members", "vip", "--out", "vip.csv", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["without_scores"] == {"segments.vip": ["predicted_value"]}
    assert run(["segments", "--members", "golt", "--out", "golt.csv"]) == 2
    assert capsys.readouterr().err == "kizuna: no segment 'golt'; did you mean 'gold'?\n"


def test_the_source_of_the_risk_is_japanese_in_json(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["segments", "--lang", "ja", "--format", "json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["risk_source"].startswith("不明")


def test_columns_without_a_figure_are_left_out(home_with_segments: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["segments"]) == 0

    printed = capsys.readouterr().out
    assert "customers" in printed
    for heading in ("expected loss", "equity", "health"):
        assert heading not in printed


@pytest.mark.parametrize(("name", "hint"), [("golt", "; did you mean 'gold'?"), ("x", "; there are: gold, key")])
def test_the_letters_of_an_unknown_segment_are_refused_once(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str
):
    assert run(["report", "--segment", name, "--out", "letters"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"kizuna: no segment '{name}'{hint}")
    assert line.count("there are") <= 1


@pytest.mark.usefixtures("home_with_segments")
def test_a_release_without_segments_says_how_to_get_them(capsys: pytest.CaptureFixture[str]):
    publish(Path("var/shop/releases"), replace(sample_release(), segments=None))

    assert run(["segments", "--members", "gold", "--out", "gold.csv"]) == 2
    assert "has no segment 'gold'; define one under [segments]; a new one needs" in capsys.readouterr().err


def test_json_has_the_same_figures_and_no_risk_without_a_release(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(["segments", "--format", "json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert [group["customers"] for group in report["segments"] + report["customer_tiers"]] == [2, 1, 1, 2]
    assert report["customer_tiers"][0]["value"] == 30
    assert (report["segments"][0]["risk"], report["scored"]) == ({}, 0)
    assert "nothing is released yet" in report["risk_source"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("recency_days", "recensy_days", "[segments.lately]: unknown name 'recensy_days'; did you mean"),
        ("recency_days <", "recency_days <<", "[segments.lately]: "),
        ("customers_file", "customer_file", "unknown key 'customer_file'; did you mean 'customers_file'"),
        ("key.csv", "gone.csv", "[segments.key]: no file of customers at"),
        ("top = 0.4", "top = 40", "top has to be a number above 0 and at most 1, found 40"),
    ],
)
def test_an_invalid_segment_prints_one_line_and_exits_with_2(
    home_with_segments: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
):
    toml = home_with_segments / "kizuna.toml"
    toml.write_text(toml.read_text().replace(old, new, 1))

    assert run(["segments"]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_without_segments_the_error_shows_how_to_define_one(home: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["segments"]) == 2
    assert "defines no segment; add [segments.<name>]" in capsys.readouterr().err
