"""The service as it runs: real processes, real connections, releases swapped under load."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections import Counter

import httpx
import psutil

from core.ledger import Ledger
from serving.http.strict_json import BODY_LIMIT
from serving.release.releases import Activation, Releases
from tests.serving.conftest import Served, wait_until
from tests.serving.sample_release import NOW, publish, sample_release

SCORE = "/v1/churn/score"
HEAVY = {"mlflow", "pandas", "sklearn", "lightgbm", "implicit", "ibis", "duckdb"}
EVERY_QUESTION = {
    SCORE: {"customer_ids": ["ada"]},
    "/v1/recommendations": {
        "customer_id": "ada", "history": ["cup"], "diversity": 0.5, "at_most_per_category": 1, "repeat_policy": "due",
        "where": {"category": ["drinks", "vessels"]}, "preferences": {"colour": "red"}, "contributions": 5,
    },
    "/v1/next-best-offer": {"customer_id": "ada"},
}  # fmt: skip


def workers() -> list[psutil.Process]:
    """The worker processes of the service that these tests have started."""
    mine = psutil.Process(os.getpid()).children(recursive=True)
    return [each for each in mine if "_bentoml_impl.worker.service" in each.cmdline()]


def test_a_live_worker_has_none_of_the_heavy_libraries(served):
    for path, body in EVERY_QUESTION.items():
        assert httpx.post(f"{served.address}{path}", json=body).is_success

    for worker in workers():
        wait_until(lambda worker=worker: "serving.http.app" in modules_of(worker, served), "the worker does not serve")
        assert not {name.partition(".")[0] for name in modules_of(worker, served)} & HEAVY


def modules_of(worker: psutil.Process, served: Served) -> set[str]:
    """The `sys.modules` of a worker, which it writes down when it gets the signal (see conftest)."""
    written = served.releases.parent / f"modules-{worker.pid}"
    written.unlink(missing_ok=True)
    worker.send_signal(signal.SIGUSR1)
    wait_until(written.exists, "the worker did not answer the signal")
    return set(written.read_text().split())


def test_readyz_and_livez_answer(served):
    assert httpx.get(f"{served.address}/livez").status_code == 200
    assert httpx.get(f"{served.address}/readyz").status_code == 200


def test_a_chunked_body_that_is_too_large_is_refused_and_the_service_goes_on(served):
    def pieces():
        for _ in range(BODY_LIMIT // 65_536 + 2):
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    refused = httpx.post(f"{served.address}{SCORE}", content=pieces(), headers=headers)

    assert refused.status_code == 413
    assert httpx.post(f"{served.address}{SCORE}", json={"customer_ids": ["ada"]}).status_code == 200


def test_a_caller_who_hangs_up_harms_nobody(served):
    host, port = served.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(b"POST /v1/churn/score HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")

    assert httpx.post(f"{served.address}{SCORE}", json={"customer_ids": ["ada"]}).status_code == 200


def test_metrics_are_those_of_all_workers(served):
    before = counted(served.address)
    for _ in range(20):
        httpx.get(f"{served.address}/v1/models")

    assert counted(served.address) - before == 20


def counted(address: str) -> float:
    """How often the models were asked for, by the service's own count."""
    lines = httpx.get(f"{address}/metrics").text.splitlines()
    wanted = 'kizuna_requests_total{method="GET",route="/v1/models",status="200"} '
    return sum(float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted))


def test_no_log_line_names_a_customer(served):
    httpx.post(f"{served.address}{SCORE}", json={"customer_ids": ["ada-secret"]})
    httpx.post(f"{served.address}{SCORE}", json={"customer_ids": {"ada-secret": 1}})
    httpx.get(f"{served.address}/v1/items/ada-secret/similar?k=ada-secret")

    assert "ada-secret" not in served.log.read_text()


async def ask_for_ever(address: str, stop: asyncio.Event, seen: Counter[tuple[int, str]]) -> None:
    """One caller with one connection, who asks until told to stop."""
    async with httpx.AsyncClient(base_url=address, timeout=10) as client:
        while not stop.is_set():
            response = await client.post(SCORE, json={"customer_ids": ["ada", "bo"]})
            seen[response.status_code, response.json().get("release_id", "")] += 1


async def swap_under_load(served, releases: list[str]) -> Counter[tuple[int, str]]:
    """Eight callers, and new releases put in force beneath them one by one."""
    stop, seen = asyncio.Event(), Counter[tuple[int, str]]()
    callers = [asyncio.create_task(ask_for_ever(served.address, stop, seen)) for _ in range(8)]
    for release_id in releases:
        await asyncio.to_thread(publish, served.releases, sample_release(release_id), 2)
        await asyncio.sleep(1.5)
    stop.set()
    await asyncio.gather(*callers)
    return seen


def test_two_releases_are_swapped_under_load_and_no_request_is_lost(served):
    newer = ["20260402T030000Z-bbbbbb", "20260403T030000Z-cccccc"]

    seen = asyncio.run(swap_under_load(served, newer))

    assert {status for status, _ in seen} == {200}
    assert set(newer) <= {release_id for _, release_id in seen}


def test_each_activation_is_in_the_ledger_once_although_there_are_two_workers(served):
    release_id = "20260404T030000Z-dddddd"
    publish(served.releases, sample_release(release_id))
    ledger = Ledger(served.releases.parent / "ledger.jsonl")
    wait_until(lambda: release_id in activated(ledger), "the activation did not reach the ledger")

    asyncio.run(asyncio.sleep(1.2))

    assert Counter(activated(ledger)).most_common(1)[0][1] == 1
    assert ledger.entries()[-1].details["models"]["churn"]["version"] == 3


def activated(ledger: Ledger) -> list[str]:
    """The releases that the ledger saw put in force."""
    return [entry.details["release"] for entry in ledger.entries()]


def test_a_broken_release_is_left_alone_and_the_running_one_stays(served):
    before = httpx.get(f"{served.address}/v1/models").json()["release_id"]
    broken = sample_release("20260405T030000Z-eeeeee")
    broken.write(served.releases / broken.description.release_id)
    (served.releases / broken.description.release_id / "churn/probability.npy").write_bytes(b"")

    Releases(served.releases).activate(Activation(broken.description.release_id, "ada", "a test", NOW))
    wait_until(lambda: "the running one stays" in served.log.read_text(), "nothing was logged")

    assert httpx.get(f"{served.address}/v1/models").json()["release_id"] == before


def test_a_good_release_after_a_broken_one_is_picked_up(served):
    publish(served.releases, sample_release("20260406T030000Z-ffffff"))

    wait_until(
        lambda: httpx.get(f"{served.address}/v1/models").json()["release_id"] == "20260406T030000Z-ffffff",
        "it was not picked up",
    )
