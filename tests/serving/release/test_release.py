"""Releases: written once, opened whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from core.errors import BrokenArtifact, NotFound, SourceUnavailable
from serving.release.release import Release
from serving.release.releases import Releases
from tests.serving.hand_made import hand_made, put_in_force


def test_what_was_released_is_what_is_opened(tmp_path):
    folder = put_in_force(tmp_path, hand_made())

    opened = Release.open(folder)

    assert opened.churn is not None
    assert opened.recommender is not None
    assert opened.offers is not None
    assert opened.churn.probability_of("ada") == 0.5
    assert opened.recommender.customers.index.find("bo") == 1
    assert opened.offers.facts_of("cyd") == {"returns_365d": 0.0}


def test_arrays_stay_on_disk(tmp_path):
    opened = Release.open(put_in_force(tmp_path, hand_made()))

    assert opened.churn is not None
    assert isinstance(opened.churn.probability.base, np.memmap)


def test_a_release_may_lack_a_model_and_says_why(tmp_path):
    opened = Release.open(put_in_force(tmp_path, hand_made(without=("churn",))))

    assert opened.churn is None
    assert opened.description.missing == {"churn": "its churn is a coin toss"}


@pytest.mark.parametrize("damage", [b"", b"x"])
@pytest.mark.parametrize(
    "name", ["churn/probability.npy", "cards.json", "recommender_model/artifact.json", "release.json"]
)
def test_a_damaged_file_is_never_served(tmp_path, name, damage):
    folder = put_in_force(tmp_path, hand_made())
    (folder / name).write_bytes(damage)

    with pytest.raises(BrokenArtifact):
        Release.open(folder)


def test_a_missing_file_is_named(tmp_path):
    folder = put_in_force(tmp_path, hand_made())
    (folder / "offers/artifact.json").unlink()

    with pytest.raises(BrokenArtifact, match=r"offers/artifact\.json is missing"):
        Release.open(folder)


def test_another_format_version_is_refused(tmp_path):
    folder = put_in_force(tmp_path, hand_made())
    description = folder / "release.json"
    description.write_bytes(description.read_bytes().replace(b'"format_version": 2', b'"format_version": 1'))

    with pytest.raises(BrokenArtifact, match="has release format 1, this version reads 2"):
        Release.open(folder)


def test_nothing_released_is_said_in_one_line(tmp_path):
    with pytest.raises(NotFound, match="run `kizuna release`"):
        Releases(tmp_path).current()


def test_only_the_newest_releases_are_kept_and_always_the_one_in_force(tmp_path):
    for letter in "abcd":
        put_in_force(tmp_path, hand_made(f"20260401T03000{letter}Z"), keep=2)

    assert Releases(tmp_path).names() == ["20260401T03000cZ", "20260401T03000dZ"]


def test_the_pointer_never_names_what_is_not_there(tmp_path):
    put_in_force(tmp_path, hand_made())
    pointer = Releases(tmp_path).pointer()

    with pytest.raises(NotFound, match="no release 'elsewhere'"):
        Releases(tmp_path).point(type(pointer)("elsewhere", "ada", "", pointer.at))


def test_a_release_that_fails_half_way_leaves_the_running_one(tmp_path, monkeypatch):
    put_in_force(tmp_path, hand_made())
    broken = hand_made("20260402T030000Z-bbbbbb")
    monkeypatch.setattr(Release, "write", lambda self, folder: (folder.mkdir(), 1 / 0))

    with pytest.raises(ZeroDivisionError):
        put_in_force(tmp_path, broken)

    assert Releases(tmp_path).current().description.release_id == "20260401T030000Z-aaaaaa"
    assert not list(tmp_path.glob(".building-*"))


def test_two_releases_are_not_built_at_once(tmp_path):
    with Releases(tmp_path)._building(), pytest.raises(SourceUnavailable, match="another release is being built"):
        put_in_force(tmp_path, hand_made())


KILLED_WHILE_WRITING = """
import sys, time
from pathlib import Path
from serving.release.release import Release
from tests.serving.hand_made import hand_made, put_in_force

written = Release.write
def write_and_wait(self, folder):
    written(self, folder)
    print("written", flush=True)
    time.sleep(60)
Release.write = write_and_wait
put_in_force(Path(sys.argv[1]), hand_made("20260402T030000Z-bbbbbb"))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_release_interrupted_or_killed_is_as_if_it_had_not_been(tmp_path, ending):
    put_in_force(tmp_path, hand_made())
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ) as building:
        assert building.stdout is not None
        assert building.stdout.readline() == b"written\n"
        building.send_signal(ending)
        building.wait(10)

    assert Releases(tmp_path).names() == ["20260401T030000Z-aaaaaa"]
    assert Releases(tmp_path).current().churn is not None
    put_in_force(tmp_path, hand_made("20260403T030000Z-cccccc"))
    assert not list(tmp_path.glob(".building-*"))
