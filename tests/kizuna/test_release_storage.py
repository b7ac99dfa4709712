"""`kizuna release` with releases in shared storage: one line where it cannot be used, and a rollback for every host."""

from __future__ import annotations

import pytest

from kizuna.main import run
from serving.release.releases import Activation, Releases
from serving.release.remote import RemoteReleases
from tests.serving.object_storage import SECRET_KEY, run_object_storage
from tests.serving.sample_release import NOW, sample_release

FIRST, SECOND = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"


@pytest.fixture(scope="module")
def storage():
    with run_object_storage() as storage:
        yield storage


@pytest.fixture
def aws(monkeypatch, storage):
    """The S3 server, with its keys in the environment."""
    for name, value in storage.variables.items():
        monkeypatch.setenv(name, value)
    return storage


FAULTS = {
    "keys": "refuses these credentials; set AWS_ACCESS_KEY_ID",
    "no keys": "has no credentials; set AWS_ACCESS_KEY_ID",
    "bucket": "make the bucket first",
    "endpoint": "does not answer; check AWS_ENDPOINT_URL",
    "address": "does not answer; check AWS_ENDPOINT_URL",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", [["release"], ["release", "--rollback"]])
def test_storage_that_cannot_be_used_is_one_line_without_secrets(home, capfd, monkeypatch, aws, fault, command):
    monkeypatch.setenv("KIZUNA_RELEASE_STORE", "s3://elsewhere/shop" if fault == "bucket" else "s3://releases/shop")
    if fault == "no keys":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if fault in ("endpoint", "address"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9" if fault == "endpoint" else "nonsense")
    if fault == "keys":
        with aws.refusing_keys():
            code = run(command)
    else:
        code = run(command)

    error = capfd.readouterr().err
    assert (code, error.count("\n")) == (2, 1)
    assert FAULTS[fault] in error
    assert SECRET_KEY not in error


def test_a_rollback_reaches_every_host_from_one_that_has_no_release_yet(home, capfd, monkeypatch, tmp_path):
    remote = RemoteReleases.at(f"file://{tmp_path}/shared")
    assert remote is not None
    for release_id in (FIRST, SECOND):
        activation = Activation(release_id=release_id, who="ada", why="a test", at=NOW)
        Releases(tmp_path / "elsewhere").publish(
            sample_release(release_id), activation, share=lambda folder, one=activation: remote.publish(folder, one)
        )
    monkeypatch.setenv("KIZUNA_RELEASE_STORE", remote.address)

    assert run(["release", "--rollback", "--reason", "wrong prices"]) == 0

    assert f"activated {FIRST} again" in capfd.readouterr().out
    assert remote.active() == Releases(home / "var/shop/releases").active()
    assert Releases(home / "var/shop/releases").active().why == "wrong prices"
    assert run(["release", "--rollback"]) == 2
    assert "older than the active one" in capfd.readouterr().err
