"""Events for customers whose risk level changes with a release: one each, none lost, none twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.config.training import RiskLevels
from core.scores import Scores
from core.webhooks import EventType
from serving.release.churn_part import ChurnPart
from serving.release.releases import Activation, Releases
from serving.tasks.store import TaskStore
from serving.webhooks import risk_changes
from serving.webhooks.delivery import Delivery
from serving.webhooks.outbox import Outbox
from serving.webhooks.risk_changes import ReleasedRisk, find_changed_rows, record_risk_changes
from tests.serving.databases import database_url
from tests.serving.sample_release import CUTOFF, NOW, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task
from tests.serving.webhooks.test_delivery import receiver, webhook

FIRST, SECOND, THIRD = (f"2026040{day}T030000Z-aaaaaa" for day in (1, 2, 3))
LEVELS = RiskLevels(medium=0.3, high=0.6)


def scores_of(**probability: float) -> ChurnPart:
    """Churn scores by customer."""
    scores = Scores(
        customer_ids=np.array([*probability]),
        cutoffs=np.full(len(probability), np.datetime64(CUTOFF)),
        value=np.array([*probability.values()]),
        horizon_days=90,
    )
    none = np.zeros(len(probability), dtype=np.bool_)
    return ChurnPart.of(scores, [()] * len(probability), short_history=none, risk_levels=LEVELS)


def activate(releases: Releases, release_id: str, *, keep: int = 5, **probability: float) -> None:
    """Publish a release with these scores alone."""
    without = ("hazard", "recommender", "predict", "value", "uplift", "offers", "segments", "retention", "accounts")
    release = sample_release(release_id, without=without if probability else ("churn", *without))
    churn = scores_of(**probability) if probability else None
    activation = Activation(release_id=release_id, who="ada", why="a test", at=NOW, accepts_change=True)
    releases.publish(replace(release, churn=churn), activation, keep=keep)


@pytest.fixture(params=["sqlite", "postgresql"])
def outbox(request, tmp_path):
    """An empty outbox on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield Outbox.at(url, tmp_path / "unused.db", data_set="shop")


@pytest.fixture
def releases(tmp_path) -> Releases:
    """A first release: Ada at high, Bo at medium, Cyd at low risk."""
    releases = Releases(tmp_path / "releases")
    activate(releases, FIRST, ada=0.9, bo=0.4, cyd=0.1)
    return releases


def record(outbox: Outbox, releases: Releases, before: ReleasedRisk | None = None) -> int:
    return record_risk_changes(outbox, releases, before=before, now=NOW)


def changes_in(outbox: Outbox) -> list[tuple[str, str, str]]:
    """Customer, level before, level."""
    rows = [json.loads(one.data or "") for one in outbox.find(EventType.RISK_CHANGED, 100)]
    return [(row["customer_id"], row["risk_level_before"], row["risk_level"]) for row in rows]


def test_a_first_release_changes_no_level(outbox, releases):
    assert (record(outbox, releases), changes_in(outbox)) == (0, [])


def test_one_event_for_each_customer_with_another_level(outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND, ada=0.2, bo=0.59, cyd=0.3, dee=0.9)

    assert record(outbox, releases) == 2
    assert changes_in(outbox) == [("ada", "high", "low"), ("cyd", "low", "medium")]


def test_an_event_has_both_releases_and_probabilities(outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND, ada=0.25)
    record(outbox, releases)

    (event,) = outbox.find(EventType.RISK_CHANGED, 2)
    assert json.loads(event.data or "") == {
        "customer_id": "ada", "risk_level_before": "high", "risk_level": "low", "churn_probability_before": 0.9,
        "churn_probability": 0.25, "release_id_before": FIRST, "release_id": SECOND, "cutoff_before": f"{CUTOFF}",
        "cutoff": f"{CUTOFF}",
    }  # fmt: skip


def test_the_release_that_was_active_before_counts_when_none_was_compared_yet(outbox, releases):
    before = ReleasedRisk.read_active(releases)
    activate(releases, SECOND, keep=1, ada=0.1)

    assert not (releases.folder / FIRST).exists()
    assert record(outbox, releases, before) == 1


def test_a_comparison_that_was_interrupted_loses_no_event_and_repeats_none(outbox, releases, monkeypatch):
    monkeypatch.setattr(risk_changes, "ROWS", 1)
    record(outbox, releases)
    activate(releases, SECOND, ada=0.1, bo=0.9, cyd=0.9)
    add, calls = Outbox.add, []

    def add_once(*arguments, **keywords):
        if calls:
            raise KeyboardInterrupt
        calls.append(add(*arguments, **keywords))

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "add", add_once)
        with pytest.raises(KeyboardInterrupt):
            record(outbox, releases)

    assert [name for name, *_ in changes_in(outbox)] == ["ada"]
    assert record(outbox, releases) == 3
    assert [name for name, *_ in changes_in(outbox)] == ["ada", "bo", "cyd"]
    assert record(outbox, releases) == 0


def test_a_release_that_was_never_compared_is_made_up_for_by_the_next_one(outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND, ada=0.1, bo=0.9)
    activate(releases, THIRD, ada=0.1, bo=0.4)

    record(outbox, releases, ReleasedRisk.read(releases.folder / SECOND))
    assert changes_in(outbox) == [("ada", "high", "low")]


def test_a_release_without_scores_is_skipped(outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND)
    assert record(outbox, releases) == 0
    activate(releases, THIRD, ada=0.1)

    assert record(outbox, releases, ReleasedRisk.read(releases.folder / SECOND)) == 1


def test_a_rollback_changes_the_levels_back(outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND, ada=0.1)
    record(outbox, releases)
    releases.activate(Activation(release_id=FIRST, who="ada", why="a test", at=NOW))
    record(outbox, releases)

    assert changes_in(outbox) == [("ada", "high", "low"), ("ada", "low", "high")]


@pytest.mark.parametrize(
    ("before", "after"),
    [({"ada": 0.9}, {"a-much-longer-name": 0.1}), ({"ada": 0.9}, {"adam": 0.1}), ({"adam": 0.9}, {"ada": 0.1})],
)
def test_ids_of_other_lengths_are_other_customers(before, after):
    assert not len(find_changed_rows(scores_of(**before), scores_of(**after)))


def test_tasks_go_before_changes_and_both_are_signed_and_become_dead_letters_alike(tmp_path, outbox, releases):
    record(outbox, releases)
    activate(releases, SECOND, ada=0.1, bo=0.9)
    record(outbox, releases)
    tasks = TaskStore.at(outbox.database.url.replace("+psycopg", ""), Path(), data_set="shop")
    tasks.add([task("zoe")], cooldown_days=COOLDOWN_DAYS)
    with receiver(204, 400) as crm:
        report = Delivery(
            outbox=outbox, tasks=tasks, webhook=webhook(crm.address), events=tuple(EventType), max_runs=5
        ).run()

    bodies = [json.loads(body) for _, body in crm.requests]
    assert [(body["type"], body["data"]["customer_id"]) for body in bodies] == [
        ("task.created", "zoe"),
        ("customer.risk_changed", "ada"),
        ("customer.risk_changed", "bo"),
    ]
    assert (report.delivered, report.dead, report.waiting) == (2, 1, 0)
    assert [one.type for one in outbox.find_dead(10)] == ["customer.risk_changed"]
