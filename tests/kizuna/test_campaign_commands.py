"""`kizuna campaign list|show|start|stop`: states with who and why, and one line for what cannot be."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from core.campaigns import CampaignEvent, CampaignState
from core.config.loading import read_config
from core.decisions import DecisionRow, NoContact
from insights.segments import Risks
from kizuna.campaigns import CampaignDesk
from kizuna.main import run
from kizuna.today import open_todays_tables

SHOP = """
name = "shop"
time_zone = "Europe/Berlin"
currency = "EUR"
active_days = 180

[tables.purchases]
path = "purchases.csv"

[tables.offers]
path = "offers.csv"

[segments.regulars]
rule = "frequency >= 2"

[campaigns.win_back]
goal = "customers come back"
starts_on = 2026-04-01
rule = "recency_days > 10"
offers = ["tea10"]
owner = "mori"
hypothesis = "2 % more order"
stages = [50, 100]

[campaigns.welcome]
goal = "a good start"
starts_on = 2026-04-01
trigger = {kind = "first_purchase", days = 30}
steps = [{offer = "tea10"}, {offer = "guide", after_days = 7}]
"""
FIRST = date(2026, 3, 1)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A shop with forty customers; the first ten have ordered twice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KIZUNA_DATABASE_URL", raising=False)
    orders = [f"c{row:02d},{FIRST + timedelta(days=row)},20" for row in range(40)]
    orders += [f"c{row:02d},2026-04-20,30" for row in range(10)]
    (tmp_path / "purchases.csv").write_text("\n".join(["customer_id,event_time,amount", *orders]))
    (tmp_path / "offers.csv").write_text("offer_id,kind,cost,margin\ntea10,discount,1,5\nguide,content,0,0\n")
    (tmp_path / "kizuna.toml").write_text(SHOP)
    return tmp_path


def output_of(capsys, *arguments: str) -> str:
    assert run(["campaign", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def error_of(capsys, *arguments: str) -> str:
    assert run(["campaign", *arguments]) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1, error
    return error


def states(capsys) -> dict[str, tuple[str, int | None]]:
    rows = json.loads(output_of(capsys, "list", "--format", "json"))["campaigns"]
    return {row["campaign"]: (row["state"], row["stage_percent"]) for row in rows}


def test_a_campaign_starts_and_stops_once(home, capsys):
    assert states(capsys) == {"win_back": ("planned", None), "welcome": ("planned", None)}
    assert "was never started" in error_of(capsys, "stop", "win_back")

    started = output_of(capsys, "start", "win_back", "--why", "agreed")
    assert "win_back is running at 50 %: " in started
    assert "of 40 customers are its audience" in started
    assert "is running at 50 % since" in error_of(capsys, "start", "win_back")

    output_of(capsys, "stop", "win_back", "--why", "complaints")
    assert ": complaints; nothing was changed" in error_of(capsys, "stop", "win_back")
    assert states(capsys)["win_back"] == ("stopped", 0)

    assert output_of(capsys, "start", "win_back").startswith("win_back is running at 50 %")


def test_a_campaign_that_left_the_toml_is_still_listed(home, capsys):
    CampaignDesk.open(read_config(home / "kizuna.toml", {})).log.record(start_event("welcome", 1))
    (home / "kizuna.toml").write_text(SHOP[: SHOP.index("[campaigns.win_back]")])

    assert states(capsys) == {"welcome": ("running", 1)}
    assert "no longer in the TOML" in output_of(capsys, "list")
    assert "define it under [campaigns.<name>]" in error_of(capsys, "show", "welcome")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('offers = ["tea10"]', 'offers = ["tea20"]', "no offer 'tea20' in the table offers; did you mean 'tea10'?"),
        ("recency_days > 10", "predicted_value > 9", "[campaigns.win_back] needs predicted_value, which the active"),
        ("recency_days > 10", "recency_days > 900", "has an empty audience: none of 40 customers fits its rule"),
        (
            'rule = "recency_days > 10"',
            'segment = "regulars"\nends_on = 2026-04-30',
            "ended on 2026-04-30; set a later",
        ),
        ('[tables.offers]\npath = "offers.csv"', "", "needs the table offers, which is missing or empty"),
        ("recency_days > 10", "recency > 10", "[campaigns.win_back]: unknown name 'recency'"),
        (
            'rule = "recency_days > 10"',
            'trigger = {kind = "abandoned_cart", event = "cart"}',
            "the trigger abandoned_cart needs the table usage",
        ),
    ],
)
def test_a_campaign_that_cannot_run_does_not_start(home, capsys, old, new, message):
    (home / "kizuna.toml").write_text(SHOP.replace(old, new))

    assert message in error_of(capsys, "start", "win_back")
    (home / "kizuna.toml").write_text(SHOP)
    assert states(capsys)["win_back"] == ("planned", None)


def test_an_unknown_campaign_is_named_with_a_similar_one(home, capsys):
    assert "no campaign 'winback'; did you mean 'win_back'?" in error_of(capsys, "start", "winback")
    assert "no campaign 'winback'" in error_of(capsys, "show", "winback")


def start_event(name: str, percent: int) -> CampaignEvent:
    return CampaignEvent(
        campaign_id=name, state=CampaignState.RUNNING, stage_percent=percent, at=datetime.now(UTC), who="ann", why=""
    )


def contact(row: int, *, treated: bool) -> DecisionRow:
    return DecisionRow(
        decision_id=f"d{row}", customer_id=f"c{row:02d}", decided_at=datetime(2026, 4, 1, 9), offer_id="tea10",
        campaign_id="win_back", treated=treated, propensity=0.5, cost=1.0 if treated else 0.0, stage_percent=50,
        no_contact=None if treated else NoContact.CONTROL_GROUP,
    )  # fmt: skip


def test_show_prints_plan_state_effect_and_next_step(home, capsys):
    desk = CampaignDesk.open(read_config(home / "kizuna.toml", {}))
    desk.log.record(start_event("win_back", 50))
    desk.store.add([contact(row, treated=row % 2 == 0) for row in range(40)])

    text = output_of(capsys, "show", "win_back")
    document = json.loads(output_of(capsys, "show", "win_back", "--format", "json"))

    assert "so far: 20 customers contacted, 20 in the control group, 20 contacts, cost €20" in text
    assert "hypothesis: 2 % more order" in text
    assert "next: stays at 50 %: day 0 of 3 at 50 %" in text
    assert (document["state"], document["measures"]["n_control"], document["next"]["action"]) == ("running", 20, "hold")


def test_a_running_campaign_goes_on_by_itself_and_is_stored(home, capsys):
    config = read_config(home / "kizuna.toml", {})
    desk, tables = CampaignDesk.open(config), open_todays_tables(config)
    desk.log.record(start_event("win_back", 50))

    assert desk.advance(tables, now=datetime.now(UTC) + timedelta(days=1)) == []
    (change,) = desk.advance(tables, now=datetime.now(UTC) + timedelta(days=8))

    assert (change.stage_percent, change.who) == (100, "kizuna")
    assert states(capsys)["win_back"] == ("running", 100)


def test_a_running_campaign_contacts_its_share_of_the_audience_and_a_planned_one_no_customer(home):
    config = read_config(home / "kizuna.toml", {})
    desk, tables, now = CampaignDesk.open(config), open_todays_tables(config), datetime.now(UTC)
    desk.log.record(start_event("win_back", 100))

    due = desk.find_due(tables, risks=Risks.unknown(), load_earlier_risks=lambda _: Risks.unknown(), now=now)

    assert list(due) == ["win_back"]
    assert 0 < (~due["win_back"].treated).sum() < len(due["win_back"]) / 2
    assert set(due["win_back"].offer_ids.tolist()) == {"tea10"}
