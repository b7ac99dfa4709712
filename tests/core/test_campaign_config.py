"""`[campaigns.<name>]`: what contradicts itself is refused in one line with the setting that mends it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.config.campaigns import Campaign
from core.config.data_set import Config
from core.config.loading import read_config
from core.errors import ConfigError

SHOP = """
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
[tables.purchases]
path = "purchases.csv"
[segments.dormant]
rule = "recency_days > 90"
[campaigns.win_back]
"""
USUAL = """
goal = "customers come back"
starts_on = 2026-04-01
segment = "dormant"
offers = ["tea10"]
"""
JOURNEY = """
goal = "a good start"
starts_on = 2026-04-01
trigger = {kind = "first_purchase"}
steps = [{offer = "hello"}, {offer = "tea10", after_days = 7, only_if = "not_converted"}]
"""


def read(folder: Path, campaign: str) -> Config:
    path = folder / "kizuna.toml"
    path.write_text(SHOP + campaign, encoding="utf-8")
    return read_config(path, {})


def campaign_of(folder: Path, text: str) -> Campaign:
    return read(folder, text).campaigns["win_back"]


def test_by_default_a_tenth_is_the_control_group_and_the_campaign_grows_in_stages(tmp_path):
    campaign = campaign_of(tmp_path, USUAL)

    assert (campaign.control_share, campaign.stages, campaign.kpi) == (0.1, (1, 5, 20, 100), "purchased")
    assert (campaign.n_response_days, campaign.reentry_days, campaign.starts_on) == (14, None, date(2026, 4, 1))


def test_the_time_to_respond_contains_the_journey(tmp_path):
    campaign = campaign_of(tmp_path, JOURNEY)

    assert campaign.n_response_days == 21
    assert campaign.offer_ids == ("hello", "tea10")


def test_birthdays_come_back_every_year(tmp_path):
    birthday = JOURNEY.replace("first_purchase", "birthday")

    assert campaign_of(tmp_path, birthday).reentry_days == 300
    assert campaign_of(tmp_path, birthday + "again_after_days = 700").reentry_days == 700


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (USUAL + "ends_on = 2026-03-01", "it ends on 2026-03-01, before it starts on 2026-04-01; correct one of them"),
        (USUAL.replace('segment = "dormant"', ""), "it has no audience; give rule, segment or a trigger"),
        (USUAL + 'rule = "recency_days > 9"', "give at most one of rule and segment"),
        (USUAL.replace("dormant", "dormnat"), r"no segment 'dormnat'; did you mean 'dormant'\?"),
        (USUAL.replace('offers = ["tea10"]', ""), "give exactly one of offers and steps"),
        (JOURNEY + 'offers = ["tea10"]', "give exactly one of offers and steps"),
        (JOURNEY.replace('"hello"}', '"hello", after_days = 2}'), "the first step is made at once: remove its after_"),
        (JOURNEY.replace("after_days = 7, ", ""), r"step 2 \('tea10'\) needs after_days"),
        (JOURNEY + "response_days = 7", r"response_days \(7\) has to be longer than the journey \(7 days\)"),
        (USUAL + "stages = [5, 1, 100]", r"stages rise and end at 100, such as \[1, 5, 20, 100\], found \[5, 1, 100\]"),
        (USUAL + "stages = [1, 50]", "stages rise and end at 100"),
        (USUAL + "stages = []", "stages rise and end at 100"),
        (USUAL + "control_share = 0.7", "control_share is the smaller part, at most 0.5; found 0.7"),
        (
            USUAL + "control_share = 0\nhypothesis = 'more come back'",
            "control_share = 0 leaves no control group, so its hypothesis cannot be tested; set control_share = 0.1",
        ),
        (USUAL + "control_share = 0\nstop_when_shown = true", ".*so stop_when_shown can never show an effect"),
        (USUAL + "control_share = 0", ".*so stages cannot stop on harm; set control_share = 0.1, or stages = .100.$"),
        (USUAL + "trigger = {kind = 'rule'}", "kind = 'rule' needs rule"),
        (USUAL + "trigger = {kind = 'abandoned_cart'}", "kind = 'abandoned_cart' needs event"),
        (USUAL + "trigger = {kind = 'birthday', event = 'x'}", "kind = 'birthday' takes no event"),
        (USUAL + "budget = 0", "budget has to be a number above 0, found 0"),
        (USUAL + "kpi = 'clicks'", "kpi has to be amount, converted, purchased or stayed, found 'clicks'"),
        (USUAL + "goals = 'x'", "unknown key 'goals'; did you mean 'goal'"),
    ],
)
def test_a_contradiction_names_what_mends_it(tmp_path, text, message):
    with pytest.raises(ConfigError, match=rf"\[campaigns.win_back[^\]]*\] {message}"):
        read(tmp_path, text)


def test_nothing_to_compare_is_allowed_where_nothing_is_to_be_shown(tmp_path):
    assert campaign_of(tmp_path, USUAL + "control_share = 0\nstages = [100]").control_share == 0


def test_a_name_of_a_campaign_is_that_of_a_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"\[campaigns\] a name has 1 to 64 characters"):
        read(tmp_path, USUAL + f'[campaigns."Win Back"]\n{USUAL}')
