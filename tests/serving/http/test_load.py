"""Requests in progress are bounded, and one key leaves room for others."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from core.access import Scope
from serving.http import load as loads
from serving.http.load import FREE_THREADS, MAX_SCORING_OF_KEY, N_THREADS, Load
from serving.http.problems import Problem, ProblemType
from tests.serving.http.company import ADA, SCORE, Company


def test_a_worker_and_each_key_have_a_bound_that_answers_free_again():
    load = Load(max_in_progress=3, max_of_key=2)
    load.begin("a")
    load.begin("a")
    with pytest.raises(Problem) as of_key:
        load.begin("a")
    load.begin("b")
    with pytest.raises(Problem) as of_worker:
        load.begin("c")
    with pytest.raises(Problem):
        load.begin(None)
    assert (of_key.value.kind, of_worker.value.kind) == (ProblemType.TOO_MANY_REQUESTS, ProblemType.OVERLOADED)
    assert of_key.value.headers == of_worker.value.headers == {"retry-after": "1"}
    load.end("a")
    load.begin("c")


def test_one_key_leaves_threads_to_others():
    running = [0]
    most = [0]
    lock, others_may_go = threading.Lock(), threading.Event()

    def block():
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        others_may_go.wait(10)
        with lock:
            running[0] -= 1

    async def flood():
        load = Load()
        flooding = [asyncio.create_task(load.run_waiting("flood", block)) for _ in range(3 * N_THREADS)]
        while running[0] < N_THREADS - FREE_THREADS:
            await asyncio.sleep(0.001)
        answer = await load.run_waiting("other", lambda: "answered")
        others_may_go.set()
        await asyncio.gather(*flooding)
        return answer

    assert asyncio.run(flood()) == "answered"
    assert most[0] == N_THREADS - FREE_THREADS


def test_of_many_requests_to_score_one_runs_at_a_time_and_another_key_waits_for_few():
    running, most, order = [0], [0], []

    def score(key_id):
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.001)
        running[0] -= 1
        order.append(key_id)

    async def flood():
        load = Load()
        flooding = [asyncio.create_task(load.run_scoring("flood", score, "flood")) for _ in range(20)]
        await asyncio.sleep(0)
        await load.run_scoring("other", score, "other")
        await asyncio.gather(*flooding)

    asyncio.run(flood())
    assert most[0] == 1
    assert order.index("other") <= MAX_SCORING_OF_KEY
    assert len(order) == 21


def test_slow_bodies_of_one_key_do_not_hold_up_another(home, monkeypatch):
    monkeypatch.setattr(loads, "REFUSAL_SECONDS", 0.0)
    company = Company(home)
    company.api._load = Load(max_in_progress=4, max_of_key=2)
    _, slow = company.add(Scope.SCORE)
    _, other = company.add(Scope.SCORE)
    released = asyncio.Event()

    async def body():
        yield b'{"customer_ids": ["ada"'
        await released.wait()
        yield b"]}"

    async def send_all():
        waiting = [asyncio.create_task(company.send("POST", SCORE, key=slow, content=body())) for _ in range(2)]
        while company.api._load._n_requests < 2:
            await asyncio.sleep(0.001)
        refused = await company.send("POST", SCORE, key=slow, json=ADA)
        answered = await company.send("POST", SCORE, key=other, json=ADA)
        ready = await company.send("GET", "/readyz")
        released.set()
        return [await one for one in waiting], refused, answered, ready

    finished, refused, answered, ready = asyncio.run(send_all())
    assert [one.status_code for one in (*finished, refused, answered, ready)] == [200, 200, 429, 200, 200]
    assert refused.headers["retry-after"] == "1"
    assert company.ask(key=slow) == 200


def test_a_refused_client_gets_its_answer_a_little_later_but_not_without_bound(monkeypatch):
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)

    monkeypatch.setattr(loads.asyncio, "sleep", sleep)

    async def refuse(load, kind, times):
        await asyncio.gather(*(load.slow_down(Problem(kind, "")) for _ in range(times)))

    asyncio.run(refuse(Load(max_in_progress=3), ProblemType.TOO_MANY_REQUESTS, 10))
    assert pauses == [loads.REFUSAL_SECONDS] * 3
    asyncio.run(refuse(Load(), ProblemType.INVALID_REQUEST, 1))
    assert len(pauses) == 3


def test_a_key_without_requests_left_today_waits_until_midnight(home):
    company = Company(home)
    _, text = company.add(Scope.SCORE, requests_per_day=2)
    assert [company.ask(key=text) for _ in range(3)] == [200, 200, 429]
    assert "2 requests a day" in company.response.json()["detail"]
    assert 0 < int(company.response.headers["retry-after"]) <= 86_400
