"""Releases are written once, and opened whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from core.errors import BrokenArtifact, NotFound, SourceUnavailable
from serving.release.release import Release
from serving.release.releases import Releases
from tests.serving.sample_release import publish, sample_release


def test_an_opened_release_contains_what_was_written(tmp_path):
    folder = publish(tmp_path, sample_release())

    opened = Release.open(folder)

    assert opened.churn is not None
    assert opened.recommender is not None
    assert opened.offers is not None
    assert opened.churn.probability_of("ada") == 0.5
    assert opened.recommender.customers.index.find("bo") == 1
    assert opened.offers.customer("cyd").variables == {"churn_probability": 0.9, "returns_365d": 0.0}


def test_arrays_stay_on_disk(tmp_path):
    opened = Release.open(publish(tmp_path, sample_release()))

    assert opened.churn is not None
    assert isinstance(opened.churn.probability.base, np.memmap)


def test_a_release_without_a_model_says_why(tmp_path):
    opened = Release.open(publish(tmp_path, sample_release(without=("churn",))))

    assert opened.churn is None
    assert opened.description.missing == {"churn": "its churn is random"}


@pytest.mark.parametrize("damage", [b"", b"x"])
@pytest.mark.parametrize(
    "name", ["churn/probability.npy", "cards.json", "recommender_model/artifact.json", "release.json"]
)
def test_a_release_with_a_damaged_file_is_not_opened(tmp_path, name, damage):
    folder = publish(tmp_path, sample_release())
    (folder / name).write_bytes(damage)

    with pytest.raises(BrokenArtifact):
        Release.open(folder)


def test_the_error_names_a_missing_file(tmp_path):
    folder = publish(tmp_path, sample_release())
    (folder / "offers/artifact.json").unlink()

    with pytest.raises(BrokenArtifact, match=r"offers/artifact\.json is missing"):
        Release.open(folder)


def test_a_release_of_another_format_version_is_refused(tmp_path):
    folder = publish(tmp_path, sample_release())
    description = folder / "release.json"
    description.write_bytes(description.read_bytes().replace(b'"format_version": 6', b'"format_version": 1'))

    with pytest.raises(BrokenArtifact, match="has release format 1, this version reads 6"):
        Release.open(folder)


def test_without_a_release_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFound, match="run `kizuna release`"):
        Releases(tmp_path).open_active()


def test_only_the_newest_releases_are_kept(tmp_path):
    for letter in "abcd":
        publish(tmp_path, sample_release(f"20260401T03000{letter}Z"), keep=2)

    assert Releases(tmp_path).release_ids() == ["20260401T03000cZ", "20260401T03000dZ"]


def test_activating_an_older_release_rolls_back_and_protects_it_from_deletion(tmp_path):
    for letter in "ab":
        publish(tmp_path, sample_release(f"20260401T03000{letter}Z"))
    releases = Releases(tmp_path)
    releases.activate(msgspec.structs.replace(releases.active(), release_id="20260401T03000aZ"))

    assert releases.open_active().description.release_id == "20260401T03000aZ"
    releases._delete_oldest(1)
    assert releases.release_ids() == ["20260401T03000aZ", "20260401T03000bZ"]


def test_an_unknown_release_cannot_be_activated(tmp_path):
    publish(tmp_path, sample_release())
    releases = Releases(tmp_path)

    with pytest.raises(NotFound, match="no release 'elsewhere'"):
        releases.activate(msgspec.structs.replace(releases.active(), release_id="elsewhere"))


def test_a_failed_write_leaves_the_active_release(tmp_path, monkeypatch):
    publish(tmp_path, sample_release())
    broken = sample_release("20260402T030000Z-bbbbbb")
    monkeypatch.setattr(Release, "write", lambda self, folder: (folder.mkdir(), 1 / 0))

    with pytest.raises(ZeroDivisionError):
        publish(tmp_path, broken)

    assert Releases(tmp_path).open_active().description.release_id == "20260401T030000Z-aaaaaa"
    assert not list(tmp_path.glob(".building-*"))


def test_two_releases_cannot_be_built_at_the_same_time(tmp_path):
    with Releases(tmp_path).build_folder(), pytest.raises(SourceUnavailable, match="another release is being built"):
        publish(tmp_path, sample_release())


STOPS_BEFORE_ACTIVATION = """
import sys, time
from pathlib import Path
from serving.release.release import Release
from tests.serving.sample_release import publish, sample_release

write = Release.write
def write_and_wait(self, folder):
    write(self, folder)
    print("written", flush=True)
    time.sleep(60)
Release.write = write_and_wait
publish(Path(sys.argv[1]), sample_release("20260402T030000Z-bbbbbb"))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_or_killed_release_leaves_no_trace(tmp_path, ending):
    publish(tmp_path, sample_release())
    command = [sys.executable, "-c", STOPS_BEFORE_ACTIVATION, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ) as building:
        assert building.stdout is not None
        assert building.stdout.readline() == b"written\n"
        building.send_signal(ending)
        building.wait(10)

    assert Releases(tmp_path).release_ids() == ["20260401T030000Z-aaaaaa"]
    assert Releases(tmp_path).open_active().churn is not None
    publish(tmp_path, sample_release("20260403T030000Z-cccccc"))
    assert not list(tmp_path.glob(".building-*"))
