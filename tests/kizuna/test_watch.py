"""`kizuna watch` publishes a release when a champion moves, and only then; nothing but a signal ends it."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from core.errors import BadInput, SourceUnavailable
from kizuna import champion_watch
from kizuna.champion_watch import ChampionWatch, WatchSources, describe_moves, lock_watch, read_released_champions
from kizuna.main import run
from serving.release.releases import Activation, Releases
from tests.serving.sample_release import NOW, publish, sample_release

FIRST, SECOND = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"


class World:
    """A registry and a folder of releases, in plain dicts, with a watch that looks every ten seconds of its clock."""

    def __init__(self, monkeypatch, **champions):
        self.champions = dict(champions)
        self.released = dict(champions)
        self.lines, self.reasons = [], []
        self.store_fault: Exception | None = None
        self.release_fault: Exception | None = None
        self.now = 1000.0
        monkeypatch.setattr(champion_watch.time, "monotonic", lambda: self.now)
        sources = WatchSources(self.read, lambda: dict(self.released), self.publish)
        self.watch = ChampionWatch(sources, note=self.lines.append, interval_seconds=10)

    def read(self):
        if self.store_fault:
            raise self.store_fault
        return dict(self.champions)

    def publish(self, reason):
        self.reasons.append((self.now, reason))
        if self.release_fault:
            raise self.release_fault
        self.released = dict(self.champions)
        return "published and activated r2"

    def look(self, times=1):
        """Look this often, and let the time pass that the watch waits for; returns the waits."""
        waits = []
        for _ in range(times):
            waits.append(self.watch.look_and_wait())
            self.now += waits[-1]
        return waits


def test_a_release_is_published_when_a_champion_moves_and_not_otherwise(monkeypatch):
    world = World(monkeypatch, churn=3, recommender=1)
    assert world.look(3) == [10, 10, 10]
    assert world.reasons == world.lines == []

    world.champions["churn"] = 4
    world.look(3)

    assert [reason for _, reason in world.reasons] == ["champion of churn: version 4 instead of 3"]
    assert world.lines == [
        "champion of churn: version 4 instead of 3; publishing a release",
        "published and activated r2",
    ]


def test_a_move_says_what_came_what_went_and_what_changed():
    moves = describe_moves({"churn": 3, "value": 1, "hazard": 2}, {"churn": 4, "uplift": 1, "hazard": 2})
    assert moves == "champion of churn: version 4 instead of 3, uplift: version 1, value: none instead of version 1"


def test_a_move_of_the_challenger_is_named_as_such():
    before = {"recommender": 3, "recommender.challenger": 4}
    moved = {"recommender": 3, "recommender.challenger": 5}

    assert describe_moves(before, moved) == "challenger in the experiment: version 5 instead of 4"
    assert describe_moves({"recommender": 2}, before) == (
        "champion of recommender: version 3 instead of 2; challenger in the experiment: version 4"
    )
    assert describe_moves(before, {"recommender": 3}) == "challenger in the experiment: none instead of version 4"


def test_a_store_that_does_not_answer_is_stated_once_and_asked_at_growing_intervals(monkeypatch):
    world = World(monkeypatch, churn=3)
    world.store_fault = SourceUnavailable("MLflow's store does not answer")
    assert world.look(5) == [10, 20, 40, 60, 60]
    world.store_fault = None
    world.champions["churn"] = 4
    assert world.look(2) == [10, 10]

    assert world.lines[:2] == ["MLflow's store does not answer; the watch goes on", "MLflow's store answers again"]
    assert len(world.reasons) == 1


def test_a_release_that_is_refused_is_stated_and_tried_again_at_growing_intervals(monkeypatch):
    world = World(monkeypatch, churn=3)
    world.champions["churn"] = 4
    world.release_fault = BadInput("the mean churn probability is 0.9")
    world.look(16)

    assert [at for at, _ in world.reasons] == [1000, 1010, 1030, 1070, 1150]
    assert world.lines[1:3] == [
        "not published, the active release stays: the mean churn probability is 0.9; next attempt in 10 s",
        "not published, the active release stays: the mean churn probability is 0.9; next attempt in 20 s",
    ]

    world.champions["churn"] = 5
    world.look()
    assert world.reasons[-1] == (1160, "champion of churn: version 5 instead of 3")


def test_an_error_of_any_kind_ends_no_watch_and_only_its_kind_is_printed(monkeypatch):
    world = World(monkeypatch, churn=3)
    world.champions["churn"] = 4
    world.release_fault = RuntimeError("customer ada")
    world.look()
    world.release_fault, world.store_fault = None, ValueError("customer ada")
    world.look()
    world.store_fault = None
    world.look(2)

    assert world.released == {"churn": 4}
    assert [line for line in world.lines if "ada" in line] == []
    assert world.lines[1].startswith("not published, the active release stays: internal error: RuntimeError;")


def test_a_release_that_lacks_the_champion_all_the_same_is_not_published_again_and_again(monkeypatch):
    world = World(monkeypatch, churn=3)
    world.champions["churn"] = 4
    monkeypatch.setattr(world, "publish", lambda reason: world.reasons.append(reason) or "published")
    world.watch._sources = replace(world.watch._sources, publish=world.publish)
    world.look(3)
    assert len(world.reasons) == 1


def test_the_newest_release_counts_so_that_a_rollback_is_no_move(tmp_path):
    assert read_released_champions(Releases(tmp_path)) == {}
    for release_id, versions in ((FIRST, {"churn": 3}), (SECOND, {"churn": 4, "hazard": 1})):
        release = sample_release(release_id)
        description = msgspec.structs.replace(release.description, champions=versions)
        publish(tmp_path, replace(release, description=description))
    Releases(tmp_path).activate(Activation(release_id=FIRST, who="ada", why="a test", at=NOW))

    assert read_released_champions(Releases(tmp_path)) == {"churn": 4, "hazard": 1}
    (tmp_path / SECOND / "release.json").write_bytes(b"[]")
    assert read_released_champions(Releases(tmp_path)) == {}


def test_of_a_release_that_lists_no_champions_its_models_count(tmp_path):
    release = sample_release()
    publish(tmp_path, release)
    assert read_released_champions(Releases(tmp_path)) == {
        kind: one.version for kind, one in release.description.models.items()
    }


def test_two_watches_never_publish_into_one_folder(home, capfd):
    with lock_watch(home / "var/shop/releases"):
        assert run(["watch", "--once"]) == 2
    assert "another `kizuna watch` (process " in capfd.readouterr().err
    assert run(["watch", "--once"]) == 0


def test_once_says_that_nothing_has_moved(home, capfd):
    assert run(["watch", "--once"]) == 0
    assert capfd.readouterr().out == "no champion has moved since the newest release\n"


def test_once_ends_with_an_error_where_the_store_does_not_answer(home, capfd, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert run(["watch", "--once"]) == 2
    error = capfd.readouterr().err
    assert "MLflow's store http://127.0.0.1:9 does not answer" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_ends_the_watch_with_one_line_and_frees_the_lock(home: Path, number, code, word):
    process = subprocess.Popen(
        [sys.executable, "-m", "kizuna", "watch"], cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "following the champions of shop, every 30 s\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (code, f"kizuna: {word}\n")
    with (home / "var/shop/releases/.watch-lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
