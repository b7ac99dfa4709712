"""A release in shared storage reaches every host whole or not at all, whatever fails on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.errors import BadInput, BrokenArtifact, ConfigError, NotFound, SourceUnavailable
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.release import pull as pulling
from serving.release.integrity import checksums
from serving.release.pull import ReleasePull, pull_active
from serving.release.releases import Activation, Releases
from serving.release.remote import RemoteReleases
from tests.serving.object_storage import SECRET_KEY, ObjectStorage, run_object_storage
from tests.serving.sample_release import NOW, sample_release

FIRST, SECOND, THIRD = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb", "20260403T030000Z-cccccc"
NOT_NEEDED = ("hazard", "recommender", "predict", "value", "uplift", "offers", "segments", "retention", "accounts")
"Parts without which the release has a tenth of the files."


@pytest.fixture(scope="module")
def storage():
    with run_object_storage() as storage:
        yield storage


@dataclass(frozen=True)
class Site:
    """Shared storage, the host that publishes, and one that serves."""

    remote: RemoteReleases
    publisher: Releases
    replica: Releases

    def publish(self, release_id: str, *, keep: int = 5) -> None:
        """As `kizuna release` does."""
        activation = Activation(release_id=release_id, who="ada", why="a test", at=NOW)
        self.publisher.publish(
            sample_release(release_id, NOT_NEEDED), activation, keep=keep,
            share=lambda folder: self.remote.publish(folder, activation),
        )  # fmt: skip
        self.remote.delete_oldest(keep)

    @property
    def is_served(self) -> str:
        """The release that the replica answers from."""
        return self.replica.open_active().description.release_id


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, storage: ObjectStorage) -> ObjectStorage:
    """The S3 server, with its keys in the environment."""
    for name, value in storage.variables.items():
        monkeypatch.setenv(name, value)
    return storage


def new_site(address: str, folder: Path) -> Site:
    remote = RemoteReleases.at(address)
    assert remote is not None
    return Site(remote, Releases(folder / "publisher/releases"), Releases(folder / "replica/releases"))


@pytest.fixture(params=["s3", "file"])
def any_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """A site with storage of either kind."""
    return request.getfixturevalue("in_s3" if request.param == "s3" else "site")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose storage is a folder."""
    return new_site(f"file://{tmp_path}/shared", tmp_path)


@pytest.fixture
def in_s3(aws: ObjectStorage, tmp_path: Path) -> Site:
    """A site whose storage is the S3 server."""
    return new_site(f"s3://releases/{tmp_path.name}", tmp_path)


def test_a_published_release_is_the_same_on_every_host(any_site: Site):
    assert pull_active(any_site.remote, any_site.replica) is None
    any_site.publish(FIRST)
    assert pull_active(any_site.remote, any_site.replica) == any_site.replica.active() == any_site.publisher.active()

    assert any_site.is_served == FIRST
    assert checksums(any_site.replica.folder / FIRST) == checksums(any_site.publisher.folder / FIRST)


def test_an_upload_that_was_interrupted_is_no_release_and_is_deleted_later(any_site: Site, monkeypatch):
    any_site.publish(FIRST)

    put_file = any_site.remote.files.put_file

    def interrupt(source: str, target: str, **options: Any):
        if target.endswith("release.json"):
            raise KeyboardInterrupt
        put_file(source, target, **options)

    with monkeypatch.context() as broken:
        broken.setattr(any_site.remote.files, "put_file", interrupt)
        with pytest.raises(KeyboardInterrupt):
            any_site.publish(SECOND)

    assert any_site.remote.release_ids() == any_site.publisher.release_ids() == [FIRST]
    assert any(name.startswith(SECOND) for name in any_site.remote._objects())
    pull_active(any_site.remote, any_site.replica)
    assert any_site.is_served == any_site.publisher.active().release_id == FIRST

    any_site.publish(THIRD, keep=1)
    assert {name.partition("/")[0] for name in any_site.remote._objects()} == {THIRD, "current"}


def test_the_pointer_moves_only_after_everything_has_arrived(any_site: Site, monkeypatch):
    any_site.publish(FIRST)
    put_file = any_site.remote.files.put_file

    def lose_one(source: str, target: str, **options: Any):
        put_file(source, target, **options)
        if target.endswith("release.json"):
            any_site.remote.files.rm_file(f"{any_site.remote.root}/{SECOND}/cards.json")

    monkeypatch.setattr(any_site.remote.files, "put_file", lose_one)
    with pytest.raises(SourceUnavailable, match=f"not all of {SECOND} has arrived"):
        any_site.publish(SECOND)
    active = any_site.remote.active()
    assert active is not None
    assert active.release_id == FIRST


@pytest.mark.parametrize("damage", ["shorter", "missing", "description"])
def test_a_copy_that_is_not_what_was_written_is_never_served(any_site: Site, damage):
    any_site.publish(FIRST)
    pull_active(any_site.remote, any_site.replica)
    any_site.publish(SECOND)
    path = f"{any_site.remote.root}/{SECOND}/churn/probability.npy"
    whole = any_site.remote.files.cat_file(path)
    if damage == "shorter":
        any_site.remote.files.pipe_file(path, whole[:-1])
    elif damage == "missing":
        any_site.remote.files.rm_file(path)
    else:
        any_site.remote.files.pipe_file(f"{any_site.remote.root}/{SECOND}/release.json", b"[]")

    with pytest.raises((BrokenArtifact, SourceUnavailable)):
        pull_active(any_site.remote, any_site.replica)
    assert any_site.replica.release_ids() == [FIRST]
    assert any_site.is_served == FIRST
    assert list(any_site.replica.folder.glob(".building-*")) == []

    any_site.publish(THIRD)
    pull_active(any_site.remote, any_site.replica)
    assert any_site.is_served == THIRD


def test_a_release_cannot_write_outside_of_its_folder(site: Site):
    site.publish(FIRST)
    description = site.remote.describe(FIRST)
    hostile = msgspec.structs.replace(description, files={**description.files, "../../evil": "0"})
    site.remote.files.pipe_file(f"{site.remote.root}/{FIRST}/release.json", msgspec.json.encode(hostile))
    site.remote.files.pipe_file(f"{site.remote.root}/evil", b"evil")

    with pytest.raises(BrokenArtifact, match="lists a file outside of its folder"):
        pull_active(site.remote, site.replica)
    assert list(site.replica.folder.parent.rglob("evil")) == []


def test_old_releases_are_deleted_in_the_storage_and_then_on_every_host(any_site: Site):
    for release_id in (FIRST, SECOND, THIRD):
        any_site.publish(release_id, keep=2)
        pull_active(any_site.remote, any_site.replica)
    assert any_site.remote.release_ids() == any_site.replica.release_ids() == [SECOND, THIRD]


def test_a_rollback_reaches_every_host_and_copies_nothing_again(any_site: Site, monkeypatch):
    for release_id in (FIRST, SECOND):
        any_site.publish(release_id)
        pull_active(any_site.remote, any_site.replica)
    assert any_site.remote.previous_id() == FIRST
    any_site.remote.activate(Activation(release_id=FIRST, who="ada", why="wrong prices", at=NOW))
    monkeypatch.setattr(RemoteReleases, "download", None)
    pull_active(any_site.remote, any_site.replica)

    assert any_site.is_served == FIRST
    with pytest.raises(NotFound, match="older than the active one"):
        any_site.remote.previous_id()


def test_a_copy_that_was_damaged_here_is_copied_again(site: Site):
    site.publish(FIRST)
    pull_active(site.remote, site.replica)
    (site.replica.folder / FIRST / "cards.json").write_bytes(b"{}")
    pull_active(site.remote, site.replica)
    assert site.is_served == FIRST


def test_a_copied_release_is_read_once_per_host_to_compare_its_checksums(in_s3: Site, monkeypatch):
    in_s3.publish(FIRST)
    read: list[Path] = []

    def count(folder: Path):
        read.append(folder)
        return checksums(folder)

    monkeypatch.setattr("serving.release.integrity.checksums", count)
    pull_active(in_s3.remote, in_s3.replica)
    for _ in range(2):
        in_s3.replica.open_to_serve(FIRST)
    assert len(read) == 1


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///a", "http://host/a", "file://a", "s3://key:secret@b/a", "s3://b?k=1"]
)
def test_an_address_that_is_none_or_holds_a_password_is_refused_without_repeating_it(address):
    with pytest.raises(ConfigError, match="takes s3://bucket/folder or file:///folder") as refused:
        RemoteReleases.at(address)
    assert "key:secret" not in str(refused.value)


def test_storage_of_another_data_set_is_not_written_to(site: Site):
    site.publish(FIRST)
    site.remote.refuse_other("shop")
    with pytest.raises(BadInput, match="has releases of 'shop'; give 'club' a folder of its own"):
        site.remote.refuse_other("club")


class Replica:
    """A host that follows storage, with a clock of its own."""

    def __init__(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site, self.now, self.n_failures = site, 1000.0, 0
        monkeypatch.setattr(pulling.time, "monotonic", lambda: self.now)
        self.pulls: list[ReleasePull] = []
        self.pull = self.new_pull()

    def new_pull(self) -> ReleasePull:
        self.pulls.append(ReleasePull(self.site.remote, self.site.replica, failed=self.count))
        return self.pulls[-1]

    def count(self) -> None:
        self.n_failures += 1

    def look(self, times: int = 1) -> list[float]:
        waits: list[float] = []
        for _ in range(times):
            waits.append(self.pull.look_and_wait())
            self.now += waits[-1]
        return waits


@pytest.fixture
def replica(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replica]:
    """A host that follows the site's storage."""
    replica = Replica(site, monkeypatch)
    yield replica
    for pull in replica.pulls:
        pull.let_others_look()


def test_while_storage_does_not_answer_the_release_stays_and_the_look_is_repeated_less_often(
    in_s3: Site, monkeypatch, caplog, aws
):
    replica = Replica(in_s3, monkeypatch)
    in_s3.publish(FIRST)
    assert replica.look(2) == [5, 5]
    assert replica.pull.seconds_since_look == 5
    in_s3.publish(SECOND)
    with aws.refusing_keys(), caplog.at_level(logging.ERROR):
        assert replica.look(5) == [5, 10, 20, 40, 60]
        assert replica.pull.seconds_since_look == 140
    assert (in_s3.is_served, replica.n_failures) == (FIRST, 5)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "the running one stays: s3://releases/" in line
    assert SECRET_KEY not in line

    replica.look()
    assert (in_s3.is_served, replica.pull.seconds_since_look) == (SECOND, 5)
    replica.pull.let_others_look()


def test_one_process_of_a_host_looks_and_another_takes_over(site: Site, replica: Replica):
    other = replica.new_pull()
    replica.look()
    site.publish(FIRST)
    replica.now += 100
    other.look_and_wait()
    assert site.replica.release_ids() == []
    assert other.seconds_since_look > 100

    replica.pull.let_others_look()
    other.look_and_wait()
    assert site.is_served == FIRST
    assert replica.pull.seconds_since_look == 0


@pytest.mark.parametrize("content", [b"[]", b"null", b"\xff\xfe", b"", b'{"release_id": "../other"}'])
def test_a_damaged_pointer_in_storage_ends_nothing(site: Site, replica: Replica, content):
    site.publish(FIRST)
    replica.look()
    site.remote.files.pipe_file(f"{site.remote.root}/current", content)
    replica.look()
    assert (site.is_served, replica.n_failures) == (FIRST, 1)

    site.publish(SECOND)
    replica.look()
    assert site.is_served == SECOND


def test_a_pull_waits_for_a_release_that_is_being_built_here(site: Site, replica: Replica):
    site.publish(FIRST)
    with site.replica.build_folder():
        assert replica.look() == [5]
    assert (replica.n_failures, site.replica.release_ids()) == (0, [])
    replica.look()
    assert site.is_served == FIRST


def test_a_full_disk_leaves_the_running_release_and_no_half_of_the_next(site: Site, replica: Replica, monkeypatch):
    site.publish(FIRST)
    replica.look()
    site.publish(SECOND)

    def fill(*_: Any):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(site.remote.files, "get", fill)
        replica.look()
    assert (site.replica.release_ids(), replica.n_failures) == ([FIRST], 1)
    replica.look()
    assert site.is_served == SECOND


def test_readyz_shows_the_age_of_the_last_look_at_storage(tmp_path):
    hooks = LiveReleaseHooks(lambda *_: None, lambda: None)
    live = LiveRelease(Releases(tmp_path), replace(hooks, seconds_since_look=lambda: 77.0))
    live.check()
    assert live.seconds_since_check == 77
