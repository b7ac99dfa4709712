"""The TypeScript client in Node: against the service on the sample release, and against one that fails."""

from __future__ import annotations

import json
import socket
import time
from http.server import ThreadingHTTPServer

import pytest

from tests.clients.conftest import serve
from tests.clients.test_retries import BUSY, MISSING, STORED, LosesFirstAnswer

REFUSED_TOKEN = (401, {}, b'{"type": "urn:kizuna:problem:invalid-customer-token", "detail": "the token has expired"}')
PAGE = (502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>")
REDIRECT = (302, {"location": "https://elsewhere.example/"}, b"")


def test_each_method_answers(run, address):
    answers = run(
        """
        const client = new Client(given.address, { retries: SOON });
        const ids = [...Array.from({ length: 1000 }, (_, place) => `x${place}`), "ada", "cyd"];
        const scores = [];
        for await (const score of client.scoreAll(ids)) scores.push(score);
        return {
          scores: [scores.length, scores[0].status, scores.at(-1).churn_probability],
          items: (await client.recommend({ customer_id: "ada", where: { category: ["vessels"] }, price_max: 9 })).items,
          events: await client.reportEvents([0, 1].map(() => ({ type: "view", customer_id: "ada", item_id: "pot" }))),
          offer: (await client.nextBestOffer({ customer_id: "cyd", record: false })).recorded,
          customer: (await client.getCustomer("ada", { k: 1 })).segments,
          outcomes: await client.reportOutcomes([
            { decision_id: "d", kind: "opened", event_time: "2026-04-02T10:00:00+09:00" },
          ]),
          tasks: (await client.send("tasks", { query: { state: "open", owner: undefined } })).tasks,
          segment: (await client.send("segment_customers", { path: { name: "often" } })).total,
          unknown: await failure(client.getCustomer("../../v1/models?x=#1")),
          wrong: await failure(client.send("tasks", { query: { limit: 0 } })),
        };
        """,
        address=address,
    )

    assert answers["scores"] == [1_002, "not_found", 0.9]
    assert [one["item_id"] for one in answers["items"]] == ["cup"]
    assert (answers["events"]["stored"], answers["events"]["already_stored"]) == (2, 0)
    assert (answers["offer"], answers["customer"], answers["segment"]) == (False, ["often", "key"], 2)
    assert (len(answers["outcomes"]["refused"]), answers["tasks"]) == (1, [])
    assert answers["unknown"]["name"] == "NotFound"
    assert answers["unknown"]["message"].startswith("GET /v1/customers/{customer_id}: 404 ")
    assert (answers["wrong"]["name"], answers["wrong"]["field"]) == ("Refused", "$.limit")


def test_a_busy_service_is_asked_again_with_the_same_ids(run, run_script):
    script = run_script(BUSY, BUSY, STORED)

    answer = run(
        """
        const client = new Client(given.address, { key: "kz_own", retries: SOON });
        return client.reportEvents([{ type: "view", customer_id: "ada", item_id: "pot" }]);
        """,
        address=script.address,
    )

    assert answer["stored"] == 1
    assert len(script.bodies) == 3
    assert len(set(script.bodies)) == 1
    assert len(json.loads(script.bodies[0])["events"][0]["event_id"]) == 32
    assert script.headers[0]["authorization"] == "Bearer kz_own"
    assert script.headers[0]["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("call", "answer", "n_requests", "name"),
    [
        ("client.getCustomer('ada')", BUSY, 3, "Unavailable"),
        ("client.scoreChurn({customer_ids: ['ada']})", BUSY, 3, "Unavailable"),
        ("client.recommend({})", BUSY, 3, "Unavailable"),
        ("client.reportOutcomes([])", BUSY, 3, "Unavailable"),
        ("client.nextBestOffer({customer_id: 'ada', record: false})", BUSY, 3, "Unavailable"),
        ("client.nextBestOffer({customer_id: 'ada'})", BUSY, 1, "Unavailable"),
        ("client.send('items_change', {body: {items: []}})", BUSY, 1, "Unavailable"),
        ("client.send('stock_change', {body: {}})", BUSY, 1, "Unavailable"),
        ("client.scoreChurn({customer_ids: ['ada']})", MISSING, 1, "Unavailable"),
        ("client.scoreChurn({customer_ids: ['ada']})", (429, {"retry-after": "86400"}, b"{}"), 1, "TooManyRequests"),
        ("client.getCustomer('ada-secret')", PAGE, 1, "ServiceFailure"),
        ("client.getCustomer('ada-secret')", REDIRECT, 1, "ServiceFailure"),
        ("client.getCustomer('ada-secret')", (200, {}, b"<html>"), 1, "ServiceFailure"),
        ("client.getCustomer('ada-secret')", (500, {}, b"[" * 10_000), 1, "ServiceFailure"),
        ("client.getCustomer('ada-secret')", (403, {}, b'{"type": 3, "detail": null, "field": []}'), 1, "NotPermitted"),
    ],
)
def test_what_may_change_something_twice_is_sent_once(run, run_script, call, answer, n_requests, name):
    script = run_script(answer)

    error = run(
        f"const client = new Client(given.address, {{retries: {{...SOON, tries: 3}}}}); return failure({call});",
        address=script.address,
    )

    assert (error["name"], len(script.bodies)) == (name, n_requests)
    assert error["status"] == answer[0]
    assert "secret" not in error["message"]


def test_an_event_whose_answer_was_lost_is_stored_once(run, address):
    handler = type("Handler", (LosesFirstAnswer,), {"target": address, "n_requests": 0})
    with serve(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as proxy:
        answer = run(
            """
            const client = new Client(given.proxy, { retries: SOON });
            return client.reportEvents([{ type: "view", customer_id: "ada", item_id: "pot" }]);
            """,
            proxy=proxy,
        )

    assert handler.n_requests == 2
    assert (answer["stored"], answer["already_stored"]) == (0, 1)


def test_a_service_that_is_not_there_is_an_error_after_the_last_try(run):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        error = run(
            "return failure(new Client(given.address, { retries: SOON }).recommend({}));",
            address=f"http://127.0.0.1:{reserved.getsockname()[1]}",
        )

    assert error["name"] == "Unreachable"
    assert error["message"] == "POST /v1/recommendations: there was no answer (ECONNREFUSED)"


def test_a_service_that_does_not_answer_ends_with_the_time_limit_or_the_callers_signal(run):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        late, stopped, before = run(
            """
            const client = new Client(given.address, { timeout: 50, retries: { tries: 1 } });
            const patient = new Client(given.address);
            const stop = new AbortController();
            setTimeout(() => stop.abort(), 50);
            return [
              await failure(client.recommend({})),
              await failure(patient.recommend({}, { signal: stop.signal })),
              await failure(patient.recommend({}, { signal: stop.signal })),
            ];
            """,
            address=f"http://127.0.0.1:{silent.getsockname()[1]}",
        )

    assert late["message"] == "POST /v1/recommendations: there was no answer in time"
    assert stopped["name"] == before["name"] == "AbortError"


def test_a_signal_ends_the_wait_before_another_try(run, run_script):
    script = run_script((503, {"retry-after": "30"}, b"{}"))
    started = time.monotonic()

    error = run(
        """
        const stop = new AbortController();
        const client = new Client(given.address);
        const answer = failure(client.recommend({}, { signal: stop.signal }));
        setTimeout(() => stop.abort(), 500);
        return answer;
        """,
        address=script.address,
    )

    assert (error["name"], len(script.bodies)) == ("AbortError", 1)
    assert time.monotonic() - started < 30


def test_a_customer_token_is_got_once_and_again_where_it_has_expired(run, run_script):
    script = run_script((200, {}, b"{}"), REFUSED_TOKEN, (200, {}, b"{}"), REFUSED_TOKEN)

    made, error = run(
        """
        let made = 0;
        const client = new Client(given.address, { key: "kz_page", customerToken: async () => `token-${made += 1}` });
        await client.recommend({});
        await client.recommend({});
        return [made, await failure(client.recommend({}))];
        """,
        address=script.address,
    )

    tokens = [one["kizuna-customer-token"] for one in script.headers]
    assert tokens == ["token-1", "token-1", "token-2", "token-2", "token-3"]
    assert (made, error["name"], error["problem"]) == (
        2, "NotPermitted", "urn:kizuna:problem:invalid-customer-token",
    )  # fmt: skip


def test_a_token_that_could_not_be_got_is_asked_for_anew(run, run_script):
    script = run_script((200, {}, b"{}"))

    first, second = run(
        """
        let n = 0;
        const customerToken = () => { if ((n += 1) === 1) throw new Error("no session"); return "token"; };
        const client = new Client(given.address, { customerToken });
        return [await failure(client.recommend({})), await failure(client.recommend({}))];
        """,
        address=script.address,
    )

    assert first["message"] == "no session"
    assert second == {"answered": {}}


def test_a_token_that_does_not_come_ends_in_time_and_is_asked_for_anew(run, run_script):
    script = run_script((200, {}, b"{}"))

    first, second = run(
        """
        let n = 0;
        const late = () => new Promise((resolve) => setTimeout(resolve, 2_000, "late"));
        const customerToken = () => ((n += 1) === 1 ? late() : "token");
        const client = new Client(given.address, { customerToken, timeout: 200, retries: { tries: 1 } });
        return [await failure(client.recommend({})), await failure(client.recommend({}))];
        """,
        address=script.address,
    )

    assert (first["name"], "no token in time" in first["message"]) == ("Unreachable", True)
    assert second == {"answered": {}}


def test_settings_that_cannot_be_are_refused_before_anything_is_sent(run):
    messages = run(
        """
        const refused = (make) => { try { make(); return "accepted"; } catch (error) { return error.message; } };
        const address = "http://127.0.0.1:1";
        const addresses = ["kizuna.example.com", "ftp://kizuna", "", "http://a/?x=1", "http://u:p@a"];
        return [
          ...addresses.map((url) => refused(() => new Client(url))),
          ...["a b", "鍵", "kz\\n"].map((key) => refused(() => new Client(address, { key }))),
          refused(() => new Client(address, { timeout: 0 })),
          refused(() => new Client(address, { retries: { tries: 0 } })),
          refused(() => new Client(address, { retries: { firstWait: NaN } })),
          (await failure(new Client(address).recommend({ price_max: NaN }))).message,
          (await failure(new Client(address).getCustomer(".."))).message,
        ];
        """
    )

    assert all("such as https://kizuna.example.com" in message for message in messages[:5])
    assert all(message.startswith("the key contains") for message in messages[5:8])
    assert [message.split(" ")[0] for message in messages[8:]] == ["timeout", "tries", "the", "a", "no"]
