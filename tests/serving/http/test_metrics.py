"""What the workers count, and the page that adds it up."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from serving.http.metric_files import SERVICE_STOPPED_SECONDS, MetricFiles
from serving.http.metrics import ServiceMetrics

SCORE = "/v1/churn/score"


def worker(folder: Path, service_id: str = "now", *, n_requests: int = 1) -> tuple[ServiceMetrics, MetricFiles]:
    """A worker that has answered some requests, each within 2 ms, and written that down."""
    metrics, files = ServiceMetrics(), MetricFiles(folder, service_id)
    for _ in range(n_requests):
        metrics.count_request("POST", route=SCORE, status=200, seconds=0.002)
    metrics.start(files)
    metrics.stop()
    return metrics, files


def samples(metrics: ServiceMetrics) -> dict[str, float]:
    """The values on the page, by name and labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        " ".join([sample.name, *(sample.labels[name] for name in sorted(sample.labels, reverse=True))]): sample.value
        for one in families
        for sample in one.samples
    }


def test_the_page_is_the_sum_of_the_workers_of_this_service(tmp_path):
    metrics, _ = worker(tmp_path, n_requests=2)
    worker(tmp_path, n_requests=3)
    worker(tmp_path, "earlier", n_requests=100)

    page = samples(metrics)

    assert page[f"kizuna_requests_total 200 {SCORE} POST"] == 5
    assert page[f"kizuna_request_seconds_count {SCORE}"] == 5
    assert page[f"kizuna_request_seconds_sum {SCORE}"] == pytest.approx(0.01)


def test_a_response_counts_in_every_bucket_that_it_fits(tmp_path):
    metrics = ServiceMetrics()
    for seconds in (0.0005, 0.002, 3.0):
        metrics.count_request("GET", route="/", status=200, seconds=seconds)

    page = samples(metrics)

    buckets = [
        page[f"kizuna_request_seconds_bucket / {bound}"] for bound in ("0.0005", "0.001", "0.0025", "1.0", "+Inf")
    ]
    assert buckets == [1, 1, 2, 2, 3]


def test_an_unknown_method_is_counted_as_another(tmp_path):
    metrics = ServiceMetrics()
    metrics.count_request("BREW", route="unknown", status=404, seconds=0.001)

    assert samples(metrics)["kizuna_requests_total 404 unknown other"] == 1


def test_a_folder_that_cannot_be_written_is_logged_once_and_counted(tmp_path, caplog):
    (tmp_path / "metrics").write_text("a file where the folder should be")
    metrics = ServiceMetrics()

    with caplog.at_level(logging.ERROR, "kizuna.serving"):
        metrics.start(MetricFiles(tmp_path / "metrics", "now"))
        metrics.stop()
        metrics.stop()

    assert len(caplog.records) == 1
    assert samples(metrics)["kizuna_metrics_write_failures_total"] == 2


def test_a_damaged_file_of_another_worker_is_passed_over(tmp_path):
    metrics, _ = worker(tmp_path)
    _, other = worker(tmp_path)
    other.own.write_bytes(b"{")

    assert samples(metrics)[f"kizuna_requests_total 200 {SCORE} POST"] == 1


def test_files_of_a_service_are_deleted_an_hour_after_its_last_worker_has_written(tmp_path):
    stopped, running = (
        [worker(tmp_path, "stopped")[1] for _ in range(2)],
        [worker(tmp_path, "running")[1] for _ in "ab"],
    )
    _, own = worker(tmp_path)
    now = own.own.stat().st_mtime
    for files in (*stopped, running[0], own):
        os.utime(files.own, (now, now - SERVICE_STOPPED_SECONDS - 1))

    own.delete_stopped(now=now)

    assert {path.name for path in tmp_path.iterdir()} == {files.own.name for files in (*running, own)}


def test_only_their_owner_can_read_the_files(tmp_path):
    _, files = worker(tmp_path / "metrics")

    assert files.folder.stat().st_mode & 0o077 == 0
