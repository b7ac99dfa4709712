"""The progress of campaigns: events are only added, and only those that can follow."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from core.campaigns import CampaignEvent, CampaignState, state_of
from core.errors import WrongTransition
from serving.decisions.campaign_log import CampaignLog
from tests.serving.databases import database_url

RUNNING, STOPPED, FINISHED = CampaignState.RUNNING, CampaignState.STOPPED, CampaignState.FINISHED


def event(state: CampaignState, stage_percent: int = 1, campaign_id: str = "spring") -> CampaignEvent:
    at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    return CampaignEvent(
        campaign_id=campaign_id, state=state, stage_percent=stage_percent, at=at, who="ann", why="a reason"
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def log(request, tmp_path):
    """An empty log on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield CampaignLog.at(url, tmp_path / "unused.db", data_set="shop")


def test_events_are_read_unchanged_and_in_order(log):
    events = [event(RUNNING), event(RUNNING, 5), event(STOPPED, 0), event(RUNNING, 5), event(FINISHED, 5)]
    for one in events:
        log.record(one)
    log.record(event(RUNNING, campaign_id="may"))

    assert log.events() == {"spring": events, "may": [event(RUNNING, campaign_id="may")]}
    assert CampaignLog(log.database, "club").events() == {}


@pytest.mark.parametrize(
    ("before", "new", "message"),
    [
        ([], event(STOPPED), "was never started"),
        ([event(RUNNING)], event(RUNNING), "is running at 1 % since 2026-04-01 09:00 UTC, by ann: a reason"),
        ([event(RUNNING, 5)], event(RUNNING, 1), "is running at 5 %"),
        ([event(RUNNING), event(STOPPED, 0)], event(STOPPED, 0), "is stopped since"),
        ([event(RUNNING), event(FINISHED)], event(RUNNING), "is finished since .* needs another name"),
        ([event(RUNNING), event(STOPPED)], event(FINISHED), "is stopped since"),
    ],
)
def test_an_event_that_cannot_follow_changes_nothing(log, before, new, message):
    for one in before:
        log.record(one)

    with pytest.raises(WrongTransition, match=f"campaign 'spring' {message}.*nothing was changed"):
        log.record(new)
    assert log.events().get("spring", []) == before


def test_of_two_processes_that_start_a_campaign_one_does(log):
    log.database.create()

    def start(_: int) -> bool:
        try:
            CampaignLog(log.database, "shop").record(event(RUNNING))
        except WrongTransition:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(start, range(4))) == 1


def test_without_an_event_a_campaign_is_planned():
    assert state_of([]) == CampaignState.PLANNED
    assert state_of([event(RUNNING)]) == RUNNING
