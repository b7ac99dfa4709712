"""`kizuna attribution` at the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.events import Exposure, Purchase, View
from kizuna.main import run
from serving.journal.sqlite import SqliteJournal

SETTING = ["attribution", "--cutoff", "2026-02-10", "--days", "14"]
PURCHASES = "customer_id,event_time,amount,item_id\nada,2026-01-05,10,tea\nbo,2026-02-04,30,pot\n"
WHEN = datetime(2026, 2, 6, tzinfo=UTC)


@pytest.fixture
def home_with_events(home: Path) -> Path:
    """The working directory with two purchases; Ada was shown tea and jam, and looked at and bought tea."""
    (home / "purchases.csv").write_text(PURCHASES)
    place = home / "var/shop/events.db"
    place.parent.mkdir(parents=True, exist_ok=True)
    journal = SqliteJournal(place, "shop")
    who = {"customer_id": "ada", "event_time": WHEN, "recommendation_id": "r1"}
    shown = [
        Exposure(event_id=f"x{nth}", item_id=item, position=nth, **who) for nth, item in enumerate(("tea", "jam"), 1)
    ]
    acts = [
        View(event_id="v", item_id="tea", **who),
        Purchase(event_id="p", item_id="tea", amount=7, order_id="o7", **who),
        Purchase(event_id="q", item_id="pot", amount=7, order_id="o8", **who),
    ]
    journal.append([[*shown, *acts]], now=WHEN)
    journal.close()
    return home


def test_each_place_is_printed_with_its_rates(home_with_events: Path, capsys: pytest.CaptureFixture[str]):
    assert run(SETTING) == 0

    printed = capsys.readouterr().out
    lines = {line.split("  ")[0]: line.split() for line in printed.splitlines()}
    assert lines["all items shown"][3:7] == ["2", "1", "50.0%", "50.0%"]
    assert lines["place 1"][2:6] == ["1", "1", "100.0%", "100.0%"]
    assert "1 purchases name a recommendation that was not reported" in printed


def test_json_has_the_same_figures_and_japanese_its_words(home_with_events: Path, capsys: pytest.CaptureFixture[str]):
    assert run([*SETTING, "--format", "json"]) == 0
    everything, first, second = json.loads(capsys.readouterr().out)["groups"]
    assert (everything["revenue"], first["revenue"], second["revenue"]) == (7.0, 7.0, 0.0)

    assert run([*SETTING, "--lang", "ja"]) == 0
    assert "クリック率" in capsys.readouterr().out


def test_without_exposures_one_line_says_how_to_report_them(home: Path, capsys: pytest.CaptureFixture[str]):
    (home / "purchases.csv").write_text("customer_id,event_time,amount\nada,2026-01-05,10\n")

    assert run(SETTING) == 2

    assert "`exposure` events" in capsys.readouterr().err
