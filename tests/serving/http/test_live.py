"""A worker stays on its release whatever is wrong with the next one, and switches as soon as one is good."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from core.errors import BadInput, BrokenArtifact, NotFound
from serving.http import live as watching
from serving.http.app import all_endpoints
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.trial import example_requests, verify_answers
from serving.release import integrity
from serving.release.release import DESCRIPTION, Release
from serving.release.releases import Activation, Releases
from serving.release.verification import explain_other_mean, verify_release
from tests.serving.sample_release import NOW, publish, sample_release

FIRST, SECOND = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"


class Worker:
    """A worker on the first release of a folder."""

    def __init__(self, folder, verify=verify_release):
        publish(folder, sample_release(FIRST))
        self.folder, self.n_failures = folder, 0
        self.live = LiveRelease(Releases(folder), LiveReleaseHooks(lambda *_: None, self.count, verify))
        self.live.check()
        assert self.serves == FIRST

    def count(self):
        self.n_failures += 1

    @property
    def serves(self):
        """The id of the release that responses come from."""
        assert self.live.current is not None
        return self.live.current.description.release_id

    def activate(self, release_id, **options):
        """Activate a release without a look at it, and let the worker check."""
        activation = Activation(release_id=release_id, who="ada", why="a test", at=NOW, **options)
        (self.folder / "current.new").write_bytes(msgspec.json.encode(activation))
        (self.folder / "current.new").replace(self.folder / "current")
        self.live.check()


def write(folder, release):
    """Write a release whose content was not verified."""
    release.write(folder / release.description.release_id)


@pytest.mark.parametrize("pointer", [b"[]", b"null", b'"x"', b"\xff\xfe", b"", b'{"release_id": "../other"}'])
def test_a_damaged_pointer_ends_nothing(tmp_path, pointer):
    worker = Worker(tmp_path)
    (tmp_path / "current").write_bytes(pointer)
    worker.live.check()
    assert (worker.serves, worker.n_failures) == (FIRST, 1)

    publish(tmp_path / "made elsewhere", sample_release(SECOND))
    shutil.copytree(tmp_path / "made elsewhere" / SECOND, tmp_path / SECOND)
    worker.activate(SECOND)
    assert worker.serves == SECOND


def test_a_pointer_that_is_a_folder_ends_nothing(tmp_path):
    worker = Worker(tmp_path)
    (tmp_path / "current").unlink()
    (tmp_path / "current").mkdir()
    worker.live.check()
    assert (worker.serves, worker.n_failures) == (FIRST, 1)


@pytest.mark.parametrize("content", [b"[]", b"null", b'"x"', b"{}", b"\xff", b'{"format_version": 6, "files": 3}'])
@pytest.mark.parametrize("name", [DESCRIPTION, "churn/artifact.json"])
def test_a_release_of_other_json_is_not_served(tmp_path, monkeypatch, name, content):
    monkeypatch.setattr("serving.release.release.refuse_damage_once", lambda folder, files: None)
    worker = Worker(tmp_path)
    write(tmp_path, sample_release(SECOND))
    (tmp_path / SECOND / name).write_bytes(content)
    worker.activate(SECOND)

    assert (worker.serves, worker.n_failures) == (FIRST, 1)


def test_a_release_that_is_still_copied_is_served_once_it_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "CHECK_SECONDS", 0.0)
    worker = Worker(tmp_path)
    write(tmp_path, sample_release(SECOND))
    (tmp_path / SECOND / "churn/probability.npy").rename(tmp_path / "on its way")
    worker.activate(SECOND)
    assert worker.serves == FIRST

    (tmp_path / "on its way").rename(tmp_path / SECOND / "churn/probability.npy")
    worker.live.check()
    assert worker.serves == SECOND


def test_any_exception_is_logged_once_and_tried_again_at_growing_intervals(tmp_path, monkeypatch, caplog):
    def run_out_of_files(release):
        raise OSError(24, "Too many open files")

    now = [1000.0]
    monkeypatch.setattr(watching.time, "monotonic", lambda: now[0])
    worker = Worker(tmp_path)
    worker.live._hooks = replace(worker.live._hooks, verify=run_out_of_files)
    write(tmp_path, sample_release(SECOND))
    with caplog.at_level(logging.ERROR):
        worker.activate(SECOND)
        for _ in range(20):
            now[0] += 0.5
            worker.live.check()

    assert worker.n_failures == 5  # after 0, .5, 1.5, 3.5 and 7.5 seconds
    assert [record.getMessage() for record in caplog.records] == [
        "a release could not be activated, the running one stays: OSError"
    ]
    assert worker.live.seconds_since_check == 10


def test_readyz_names_the_release_and_the_age_of_the_last_look(send):
    answer = send("GET", "/readyz").json()
    assert answer["release_id"] == FIRST
    assert 0 <= answer["seconds_since_check"] < 60


SHORTER = {
    "churn": ("probability", "low", "risk_level", "reasons", "short_history"),
    "segments": ("yearly_value", "owners", "facts", "in_segment"),
    "value": ("p_alive", "next_order_days"),
    "offers": ("languages", "limit_places"),
    "retention": ("values",),
}


@pytest.mark.parametrize(("part", "field"), [(part, field) for part, fields in SHORTER.items() for field in fields])
def test_arrays_of_unequal_length_are_refused_with_their_name(part, field):
    release = sample_release()
    whole = getattr(release, part)
    column = getattr(whole, field)
    if isinstance(column, np.ndarray):
        shorter = column[:-1]
    elif hasattr(column, "codes"):
        shorter = replace(column, codes=column.codes[:-1])
    else:
        shorter = type(column).of([{}])
    broken = replace(release, **{part: replace(whole, **{field: shorter})})

    with pytest.raises(BrokenArtifact, match=rf"{part}\.{field} has \d rows for \d ids"):
        verify_release(broken)


def test_ids_out_of_order_and_offsets_beyond_the_content_are_refused():
    release = sample_release()
    churn = release.churn
    assert churn is not None
    reversed_ids = replace(churn.index, ids=churn.index.ids[::-1])
    with pytest.raises(BrokenArtifact, match=r"churn\.index: ids are not sorted"):
        verify_release(replace(release, churn=replace(churn, index=reversed_ids)))
    beyond = replace(churn.reasons, offsets=churn.reasons.offsets + 1)
    with pytest.raises(BrokenArtifact, match=r"churn.reasons: offsets do not divide"):
        verify_release(replace(release, churn=replace(churn, reasons=beyond)))


def test_a_whole_release_answers_an_example_of_every_route_that_needs_no_database(tmp_path):
    release = sample_release()
    verify_answers(release, all_endpoints(), folder=tmp_path)

    tried = {one.template for one in all_endpoints() if any(example_requests(one.request, release))}
    waiting = {one.template for one in all_endpoints() if one.waits}
    assert {one.template for one in all_endpoints()} - waiting <= tried


def test_a_release_that_cannot_answer_is_neither_published_nor_served(tmp_path):
    release = sample_release(SECOND)
    churn = release.churn
    assert churn is not None
    words = replace(churn, probability=np.array(["high"] * len(churn.index)))
    release = replace(release, churn=words, retention=None)

    def verify(one):
        verify_answers(one, all_endpoints(), folder=tmp_path)

    worker = Worker(tmp_path, verify)
    activation = Activation(release_id=SECOND, who="ada", why="a test", at=NOW, accepts_change=True)
    with pytest.raises(BrokenArtifact, match=r"cannot answer POST /v1/churn/score \(ValueError\)"):
        Releases(tmp_path).publish(release, activation, verify=verify)
    assert Releases(tmp_path).active().release_id == FIRST
    write(tmp_path, release)
    worker.activate(SECOND, accepts_change=True)
    assert worker.serves == FIRST


def with_mean(release_id, mean):
    """The sample release with this churn probability for every customer."""
    release = sample_release(release_id)
    assert release.churn is not None
    return replace(release, churn=replace(release.churn, probability=np.full(len(release.churn.index), mean)))


@pytest.mark.parametrize(("before", "after", "is_alike"), [(0.3, 0.5, True), (0.01, 0.04, True), (0.1, 0.3, False)])
def test_a_mean_score_is_unlike_the_last_by_more_than_five_points_and_twice(before, after, is_alike):
    explained = explain_other_mean(with_mean(SECOND, after), with_mean(FIRST, before))
    assert (explained == "") == is_alike


def test_a_release_with_another_mean_score_is_published_and_served_only_if_that_is_accepted(tmp_path):
    worker = Worker(tmp_path)
    other = with_mean(SECOND, 0.01)
    with pytest.raises(BadInput, match=r"mean churn probability is 0.010, and 0.500 in release .*--accept-change"):
        publish(tmp_path, other)
    write(tmp_path, other)
    worker.activate(SECOND)
    assert worker.serves == FIRST
    worker.activate(SECOND, accepts_change=True)
    assert worker.serves == SECOND


@pytest.fixture
def read(monkeypatch) -> list[Path]:
    """The folders whose files were all read."""
    folders: list[Path] = []
    compute = integrity.checksums
    monkeypatch.setattr(integrity, "checksums", lambda one: folders.append(one) or compute(one))
    return folders


def test_the_files_of_a_release_are_read_once_per_host_and_again_after_a_change(tmp_path, read):
    write(tmp_path, sample_release(FIRST))
    folder = tmp_path / FIRST
    for _ in range(3):
        Release.open(folder, once_per_host=True)
    assert read == [folder]

    (folder / "cards.json").write_bytes(b"{}")
    with pytest.raises(BrokenArtifact, match=r"cards\.json has changed"):
        Release.open(folder, once_per_host=True)


def test_workers_do_not_read_the_files_of_a_release_that_their_host_has_published_until_one_changes(tmp_path, read):
    folder = publish(tmp_path, sample_release())
    read.clear()
    Release.open(folder, once_per_host=True)
    assert not read

    (folder / "cards.json").write_bytes(b"{}")
    with pytest.raises(BrokenArtifact, match=r"cards\.json has changed"):
        Release.open(folder, once_per_host=True)


def test_a_folder_that_can_only_be_read_costs_each_worker_its_own_reading(tmp_path, monkeypatch):
    write(tmp_path, sample_release(FIRST))
    folder = tmp_path / FIRST

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    assert Release.open(folder, once_per_host=True).churn is not None


def test_a_rollback_goes_to_the_release_before_the_active_one(tmp_path):
    publish(tmp_path, sample_release(FIRST))
    with pytest.raises(NotFound, match="older than the active one"):
        Releases(tmp_path).previous_id()
    publish(tmp_path, sample_release(SECOND))
    assert Releases(tmp_path).previous_id() == FIRST
