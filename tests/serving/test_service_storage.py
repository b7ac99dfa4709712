"""The running service on a host without any release: it copies them from S3, and goes on without S3."""

from __future__ import annotations

import os
import re

import httpx

from serving.release.releases import Activation, Releases
from serving.release.remote import RemoteReleases
from tests.serving.conftest import run_service, wait_until
from tests.serving.object_storage import ACCESS_KEY, SECRET_KEY, run_object_storage
from tests.serving.sample_release import NOW, sample_release

FIRST, SECOND = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"
SCORE = ("/v1/churn/score", {"customer_ids": ["ada"]})


def failures_of(address: str) -> float:
    """How many looks for a release have failed."""
    (number,) = re.findall(r"^kizuna_release_failures_total (\S+)", httpx.get(f"{address}/metrics").text, re.MULTILINE)
    return float(number)


def test_a_new_replica_serves_what_is_in_s3_and_goes_on_when_s3_is_gone(tmp_path, monkeypatch):
    with run_object_storage() as storage:
        for name, value in storage.variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("KIZUNA_RELEASE_STORE", "s3://releases/shop")
        remote = RemoteReleases.at(os.environ["KIZUNA_RELEASE_STORE"])
        assert remote is not None

        def publish(release_id: str) -> None:
            activation = Activation(release_id=release_id, who="ada", why="a test", at=NOW)
            share = lambda folder: remote.publish(folder, activation)  # noqa: E731
            Releases(tmp_path / "publisher").publish(sample_release(release_id), activation, share=share)

        def serves(release_id: str) -> bool:
            # Each connection may be that of another worker.
            answers = [httpx.post(f"{service.address}{SCORE[0]}", json=SCORE[1]).json() for _ in range(8)]
            return all(answer["release_id"] == release_id for answer in answers)

        publish(FIRST)
        with run_service(tmp_path, workers=2) as service:
            assert serves(FIRST)
            publish(SECOND)
            wait_until(lambda: serves(SECOND), "the second release was not copied")
            assert failures_of(service.address) == 0

            storage.process.terminate()
            wait_until(lambda: failures_of(service.address) > 0, "the failure was not counted")
            assert serves(SECOND)
            assert httpx.get(f"{service.address}/readyz").json()["seconds_since_check"] > 5
            log = service.log.read_text()

    assert "the running one stays: s3://releases/shop does not answer" in log
    assert log.count("does not answer") == 1
    assert ACCESS_KEY not in log
    assert SECRET_KEY not in log
