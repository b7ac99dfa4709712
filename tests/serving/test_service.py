"""The running service: real processes, real connections, releases swapped under load."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import Counter

import httpx
import psutil

from core.ledger import Ledger
from serving.http.schema import BODY_LIMIT
from serving.release.releases import Activation, Releases
from tests.serving.conftest import RunningService, wait_until
from tests.serving.sample_release import NOW, publish, sample_release

SCORE = "/v1/churn/score"
HEAVY = {"mlflow", "pandas", "sklearn", "lightgbm", "implicit", "ibis", "duckdb"}
"Libraries of training. A worker without them starts fast and stays small."
BODIES = {
    SCORE: {"customer_ids": ["ada"]},
    "/v1/recommendations": {
        "customer_id": "ada", "history": ["cup"], "diversity": 0.5, "at_most_per_category": 1, "repeat_policy": "due",
        "where": {"category": ["drinks", "vessels"]}, "preferences": {"colour": "red"}, "contributions": 5,
    },
    "/v1/next-best-offer": {"customer_id": "ada"},
}  # fmt: skip


def workers() -> list[psutil.Process]:
    """The worker processes of the service that these tests have started."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    return [process for process in children if "_bentoml_impl.worker.service" in process.cmdline()]


def test_a_worker_imports_no_training_libraries(service):
    for path, body in BODIES.items():
        assert httpx.post(f"{service.address}{path}", json=body).is_success

    for worker in workers():
        wait_until(lambda worker=worker: "serving.http.app" in modules_of(worker, service), "the worker does not serve")
        assert not {name.partition(".")[0] for name in modules_of(worker, service)} & HEAVY


def modules_of(worker: psutil.Process, service: RunningService) -> set[str]:
    """The `sys.modules` of a worker, which it writes to a file on a signal (see conftest)."""
    path = service.releases.parent / f"modules-{worker.pid}"
    path.unlink(missing_ok=True)
    worker.send_signal(signal.SIGUSR1)
    wait_until(path.exists, "the worker did not react to the signal")
    return set(path.read_text().split())


def test_readyz_and_livez_respond(service):
    assert httpx.get(f"{service.address}/livez").status_code == 200
    assert httpx.get(f"{service.address}/readyz").status_code == 200

    refused = httpx.post(f"{service.address}/livez")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")


def test_a_chunked_body_over_the_limit_is_refused_and_the_service_goes_on(service):
    def chunks():
        for _ in range(BODY_LIMIT // 65_536 + 2):
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    response = httpx.post(f"{service.address}{SCORE}", content=chunks(), headers=headers)

    assert response.status_code == 413
    assert httpx.post(f"{service.address}{SCORE}", json={"customer_ids": ["ada"]}).status_code == 200


def test_the_service_goes_on_after_a_client_disconnects(service):
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"POST /v1/churn/score HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")

    assert httpx.post(f"{service.address}{SCORE}", json={"customer_ids": ["ada"]}).status_code == 200


def test_metrics_are_those_of_all_workers(service):
    before = count_requests(service.address)
    for _ in range(20):
        httpx.get(f"{service.address}/v1/models")

    wait_until(lambda: count_requests(service.address) - before == 20, "the workers do not share their numbers")
    assert not any(".db" in one.path and "prometheus" in one.path for one in workers()[0].memory_maps())


def count_requests(address: str) -> float:
    """The service's own count of requests for /v1/models."""
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    prefix = 'kizuna_requests_total{method="GET",route="/v1/models",status="200"} '
    return sum(float(line.removeprefix(prefix)) for line in lines if line.startswith(prefix))


def test_no_log_line_contains_a_customer_id(service):
    httpx.post(f"{service.address}{SCORE}", json={"customer_ids": ["ada-secret"]})
    httpx.post(f"{service.address}{SCORE}", json={"customer_ids": {"ada-secret": 1}})
    httpx.get(f"{service.address}/v1/items/ada-secret/similar?k=ada-secret")

    assert "ada-secret" not in service.log.read_text()


async def send_until(stop: asyncio.Event, *, address: str, responses: Counter[tuple[int, str]]) -> None:
    """One client with one connection; counts responses by status and release."""
    async with httpx.AsyncClient(base_url=address, timeout=10) as client:
        while not stop.is_set():
            response = await client.post(SCORE, json={"customer_ids": ["ada", "bo"]})
            responses[response.status_code, response.json().get("release_id", "")] += 1


async def swap_under_load(service: RunningService, release_ids: list[str]) -> Counter[tuple[int, str]]:
    """Publish releases one by one while eight clients send requests."""
    stop, responses = asyncio.Event(), Counter[tuple[int, str]]()
    clients = [asyncio.create_task(send_until(stop, address=service.address, responses=responses)) for _ in range(8)]
    for release_id in release_ids:
        await asyncio.to_thread(publish, service.releases, sample_release(release_id), keep=2)
        await asyncio.sleep(1.5)
    stop.set()
    await asyncio.gather(*clients)
    return responses


def test_two_releases_are_swapped_under_load_without_a_lost_request(service):
    newer = ["20260402T030000Z-bbbbbb", "20260403T030000Z-cccccc"]

    responses = asyncio.run(swap_under_load(service, newer))

    assert {status for status, _ in responses} == {200}
    assert set(newer) <= {release_id for _, release_id in responses}


def test_two_workers_write_one_ledger_entry_and_one_log_line_per_activation(service):
    release_id = "20260404T030000Z-dddddd"
    publish(service.releases, sample_release(release_id))
    ledger = Ledger(service.releases.parent / "ledger.jsonl")
    wait_until(lambda: release_id in list_activations(ledger), "the activation did not reach the ledger")

    asyncio.run(asyncio.sleep(1.2))

    assert Counter(list_activations(ledger)).most_common(1)[0][1] == 1
    assert ledger.entries()[-1].details["models"]["churn"]["version"] == 3
    (line,) = [line for line in service.log.read_text().splitlines() if f"activated release {release_id}" in line]
    assert "[INFO]" in line
    assert "churn version 3" in line


def list_activations(ledger: Ledger) -> list[str]:
    """The releases whose activation is in the ledger."""
    return [entry.details["release"] for entry in ledger.entries()]


def test_a_damaged_release_is_not_activated_and_the_running_one_stays(service):
    before = httpx.get(f"{service.address}/v1/models").json()["release_id"]
    damaged = sample_release("20260405T030000Z-eeeeee")
    release_id = damaged.description.release_id
    damaged.write(service.releases / release_id)
    (service.releases / release_id / "churn/probability.npy").write_bytes(b"")

    Releases(service.releases).activate(Activation(release_id=release_id, who="ada", why="a test", at=NOW))
    wait_until(lambda: "the running one stays" in service.log.read_text(), "nothing was logged")

    assert httpx.get(f"{service.address}/v1/models").json()["release_id"] == before


def test_a_good_release_after_a_damaged_one_is_activated(service):
    publish(service.releases, sample_release("20260406T030000Z-ffffff"))

    wait_until(
        lambda: httpx.get(f"{service.address}/v1/models").json()["release_id"] == "20260406T030000Z-ffffff",
        "it was not activated",
    )
