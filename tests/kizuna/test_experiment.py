"""`kizuna experiment` at the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.events import AnyEvent, Exposure, Purchase, View
from core.recommender_experiment import Arm, are_challenged, ending_of
from kizuna.main import run
from serving.journal.sqlite import SqliteJournal

SECTION = "\n[recommender_experiment]\nname = 'home_page'\nchallenger = 2\nshare = 0.5\n"
SETTING = ["experiment", "--cutoff", "2026-02-10"]
WHEN = datetime(2026, 2, 6, tzinfo=UTC)
CUSTOMERS = [f"c{n}" for n in range(300)]
CHALLENGED = are_challenged(CUSTOMERS, experiment="home_page", share=0.5).tolist()


def events_of(customer: str, *, challenged: bool) -> list[AnyEvent]:
    """Tea is shown to a customer; those of the challenger look at it and buy it."""
    credit = f"r-{customer}{ending_of('home_page', Arm.CHALLENGER if challenged else Arm.CHAMPION)}"
    who = {"customer_id": customer, "event_time": WHEN, "recommendation_id": credit, "item_id": "tea"}
    acts = [View(event_id=f"v-{customer}", **who), Purchase(event_id=f"p-{customer}", amount=20, **who)]
    return [Exposure(event_id=f"x-{customer}", position=1, **who), *(acts if challenged else [])]


@pytest.fixture
def home_with_events(home: Path) -> Path:
    """The working directory with an experiment of 300 customers."""
    with (home / "kizuna.toml").open("a") as toml:
        toml.write(SECTION)
    place = home / "var/shop/events.db"
    place.parent.mkdir(parents=True, exist_ok=True)
    journal = SqliteJournal(place, "shop")
    arms = zip(CUSTOMERS, CHALLENGED, strict=True)
    journal.append([[one for name, arm in arms for one in events_of(name, challenged=arm)]], now=WHEN)
    journal.close()
    return home


def test_both_arms_are_printed_with_a_verdict(home_with_events: Path, capsys: pytest.CaptureFixture[str]):
    assert run(SETTING) == 0

    printed = capsys.readouterr().out
    n = sum(CHALLENGED)
    lines = {" ".join(line.split()[:3]): line for line in map(str.rstrip, printed.splitlines())}
    assert "experiment home_page, 6 February 2026 to 9 February 2026, challenger for 50.0%" in printed
    assert lines[f"customers {300 - n} {n}"]
    assert lines["revenue per customer"].split()[3:6] == ["¥0", "¥20", "+¥20"]
    assert lines["revenue per customer"].endswith("better")
    assert lines["customers with an"].split()[4:8] == ["0.0%", "100.0%", "+100.0", "pt"]
    assert "shows an effect on how many customers buy" in printed
    assert "Do not trust" not in printed


def test_json_has_the_same_figures_and_japanese_its_words(home_with_events: Path, capsys: pytest.CaptureFixture[str]):
    assert run([*SETTING, "--format", "json"]) == 0
    reading = json.loads(capsys.readouterr().out)
    figures = {one["figure"]: one for one in reading["differences"]}
    assert [arm["arm"] for arm in reading["arms"]] == ["champion", "challenger"]
    assert (figures["revenue"]["challenger"], figures["revenue"]["verdict"]) == (20.0, "better")
    assert (reading["start"], reading["end"], reading["is_share_plausible"]) == ("2026-02-06", "2026-02-10", True)

    assert run([*SETTING, "--lang", "ja"]) == 0
    printed = capsys.readouterr().out
    assert "顧客1人あたりの売上" in printed
    assert "優れている" in printed


def test_few_customers_have_no_verdict(home: Path, capsys: pytest.CaptureFixture[str]):
    with (home / "kizuna.toml").open("a") as toml:
        toml.write(SECTION)
    place = home / "var/shop/events.db"
    place.parent.mkdir(parents=True, exist_ok=True)
    journal = SqliteJournal(place, "shop")
    journal.append([events_of(CUSTOMERS[0], challenged=CHALLENGED[0])], now=WHEN)
    journal.close()

    assert run(SETTING) == 0
    printed = capsys.readouterr().out
    assert "unknown: too few customers" in printed
    assert "at least 100 customers of each arm" in printed
    assert run([*SETTING, "--format", "json"]) == 0
    assert {one["verdict"] for one in json.loads(capsys.readouterr().out)["differences"]} == {"too_few"}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("", "there is no [recommender_experiment] in the TOML"),
        (SECTION, "report the items shown as `exposure` events"),
        (
            SECTION.replace("0.5", "1.5"),
            "[recommender_experiment] share has to be a number above 0 and below 1, found 1.5",
        ),
    ],
)
def test_one_line_says_what_is_missing(home: Path, capsys: pytest.CaptureFixture[str], section: str, message: str):
    with (home / "kizuna.toml").open("a") as toml:
        toml.write(section)

    assert run(SETTING) == 2

    (line,) = capsys.readouterr().err.strip().splitlines()
    assert message in line
