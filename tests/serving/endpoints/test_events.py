"""POST /v1/events: what was acknowledged is part of the next answer, on every worker."""

from __future__ import annotations

from itertools import count

import httpx
import pytest

from tests.serving.conftest import client_for, open_api

EVENTS, RECOMMEND, OFFER, SCORE = "/v1/events", "/v1/recommendations", "/v1/next-best-offer", "/v1/churn/score"
NUMBERS = count()


@pytest.fixture
def send(home):
    return client_for(open_api(home / "releases"))


def event(kind: str, **fields):
    who = {} if {"customer_id", "anonymous_id"} & fields.keys() else {"customer_id": "ada"}
    return {"type": kind, "event_id": f"e{next(NUMBERS)}"} | who | fields


def report(send, *events):
    response = send("POST", EVENTS, json={"events": events})
    assert response.status_code == 200, response.text
    body = response.json()
    return body["stored"], body["already_stored"], [one["position"] for one in body["refused"]]


def recommend(send, customer_id="ada", **options) -> list[str]:
    body = send("POST", RECOMMEND, json={"customer_id": customer_id, "k": 4} | options).json()
    return [one["item_id"] for one in body["items"]]


def test_every_type_of_event_is_stored(send):
    events = [
        event("purchase", item_id="tea", amount=3.5, order_id="o1"),
        *(event(kind, item_id="tea") for kind in ("view", "cart", "like")),
        event("rate", item_id="tea", rating=5),
        event("exposure", item_id="tea", position=1, recommendation_id="r1"),
        event("preference", key="category", values=["drinks"]),
        event("consent", purpose="contact:mail", granted=False),
        event("identify", anonymous_id="v1", customer_id="ada"),
    ]

    assert report(send, *events) == (9, 0, [])


def test_an_event_that_is_sent_again_counts_once(send):
    one = event("view", item_id="tea")

    assert report(send, one) == (1, 0, [])
    assert report(send, one, event("view", item_id="pot")) == (1, 1, [])


@pytest.mark.parametrize(
    "broken",
    [
        {"event_time": "2999-01-01T00:00:00Z"}, {"event_time": "1960-01-01T00:00:00Z"}, {"customer_id": "\0"},
        {"anonymous_id": "v1"}, {"customer_id": "  "}, {"channel": "we\0b"}, {"customer_id": "1.78E+15"},
        {"customer_id": "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 128}, {"item_id": "\N{ZERO WIDTH SPACE}"},
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_is_named_and_the_others_are_stored(send, broken):
    wrong = event("view", item_id="tea") | broken

    assert report(send, event("view", item_id="tea"), wrong) == (1, 0, [1])


@pytest.mark.parametrize(
    "broken",
    [
        {"type": "dance - at `x`"}, {"item_id": None}, {"event_id": ""}, {"event_time": "yesterday"}, {"colour": "red"},
        {"item_id": "x" * 129}, {"event_time": "2026-04-02T10:00:00"},
    ],
)  # fmt: skip
def test_a_batch_that_does_not_match_the_schema_is_refused_as_a_whole(send, broken):
    response = send(
        "POST", EVENTS, json={"events": [event("view", item_id="tea"), event("view", item_id="a") | broken]}
    )

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"].startswith("$.events[1]")
    assert not any(repr(value)[1:-1] in response.text for value in broken.values() if isinstance(value, str) and value)
    assert report(send, event("view", item_id="tea"))[0] == 1


def test_a_purchase_is_a_repeat_in_the_next_answer(send):
    assert "pot" in recommend(send, repeat_policy="never")

    report(send, event("purchase", item_id="pot", amount=9))

    assert "pot" not in recommend(send, repeat_policy="never")
    assert "pot" in recommend(send, "cyd", repeat_policy="never")


def test_what_was_only_looked_at_is_no_repeat(send):
    report(send, event("view", item_id="pot"))

    assert "pot" in recommend(send, repeat_policy="never")


def test_a_badly_rated_item_is_recommended_no_more(send):
    report(send, event("rate", item_id="pot", rating=1))

    assert "pot" not in recommend(send)


def test_a_visitor_gets_the_purchases_of_the_customer_and_the_customer_those_of_the_visitor(send):
    report(send, event("purchase", item_id="pot", amount=9, anonymous_id="v1"))
    assert "pot" in recommend(send, repeat_policy="never")

    report(send, event("identify", anonymous_id="v1", customer_id="ada"))

    assert "pot" not in recommend(send, repeat_policy="never")
    assert recommend(send, "v1", repeat_policy="never") == recommend(send, repeat_policy="never")


def test_a_refusal_of_recommendations_counts_at_once_and_can_be_taken_back(send):
    def reason():
        return send("POST", RECOMMEND, json={"customer_id": "ada", "k": 1}).json()["not_personalised_because"]

    assert reason() == ""
    report(send, event("consent", purpose="recommend", granted=False))
    assert "opted out" in reason()
    report(send, event("consent", purpose="recommend", granted=True))
    assert reason() == ""


def test_a_customer_who_has_just_refused_contact_gets_no_offer(send):
    def answer():
        return send("POST", OFFER, json={"customer_id": "bo", "record": False}).json()

    before = answer()["nothing_because"]
    report(send, event("consent", purpose="contact", granted=False, customer_id="bo"))
    assert before != "no_consent"
    assert answer()["nothing_because"] == "no_consent"


def test_a_score_says_how_many_events_it_lacks(send):
    def score(*customer_ids):
        return send("POST", SCORE, json={"customer_ids": customer_ids}).json()["scores"]

    before = score("ada", "bo")
    assert [one["events_since"] for one in before] == [0, 0]

    report(send, event("view", item_id="tea"), event("view", item_id="pot"))

    assert score("ada", "bo") == [before[0] | {"events_since": 2}, before[1]]


def test_a_refusal_of_scores_counts_at_once(send):
    report(send, event("consent", purpose="score", granted=False))

    (score,) = send("POST", SCORE, json={"customer_ids": ["ada"]}).json()["scores"]
    assert score == {"status": "no_consent", "customer_id": "ada"}
    assert send("GET", "/v1/customers/ada").json()["churn"]["status"] == "no_consent"


def test_a_whole_number_may_be_written_with_a_fraction(send):
    assert report(send, event("exposure", item_id="tea", position=2.0)) == (1, 0, [])
    assert send("POST", RECOMMEND, json={"customer_id": "ada", "k": 1.5}).status_code == 422
    deep = '{"k": 2.0, "exclude": ' + "[" * 900 + "]" * 900 + "}"
    assert send("POST", RECOMMEND, content=deep, headers={"content-type": "application/json"}).status_code in (400, 422)


def test_a_visitor_whom_the_release_links_gets_the_answers_of_the_customer(send):
    def score(customer_id):
        (one,) = send("POST", SCORE, json={"customer_ids": [customer_id]}).json()["scores"]
        return one | {"customer_id": customer_id}

    assert score("app-7") == score("ada") | {"customer_id": "app-7"}
    assert recommend(send, "app-7") == recommend(send)

    report(send, event("purchase", item_id="pot", amount=9, anonymous_id="app-7"))

    assert "pot" not in recommend(send, repeat_policy="never")
    assert recommend(send, "app-7", repeat_policy="never") == recommend(send, repeat_policy="never")


def test_a_refusal_of_a_visitor_whom_the_release_links_is_the_customers(send):
    report(send, event("consent", purpose="score", granted=False, anonymous_id="app-7"))

    assert send("POST", SCORE, json={"customer_ids": ["ada"]}).json()["scores"][0]["status"] == "no_consent"


def test_a_preference_of_a_visitor_decides_what_fills_the_list(send):
    before = send("POST", RECOMMEND, json={"customer_id": "v9", "k": 1}).json()
    assert not before["personalised"]

    report(send, event("preference", key="category", values=["vessels"], anonymous_id="v9"))

    after = send("POST", RECOMMEND, json={"customer_id": "v9", "k": 1}).json()
    assert after["personalised"]
    assert after["items"][0]["stage"] == "preferences"


def test_events_outlive_the_process(home):
    report(client_for(open_api(home / "releases")), event("purchase", item_id="pot", amount=9))

    assert "pot" not in recommend(client_for(open_api(home / "releases")), repeat_policy="never")


def test_where_the_journal_cannot_be_written_nothing_is_acknowledged_and_answers_go_on(home):
    (home / "events.db").mkdir()
    send = client_for(open_api(home / "releases"))

    response = send("POST", EVENTS, json={"events": [event("view", item_id="tea")]})

    assert response.status_code == 503
    assert response.json()["type"] == "urn:kizuna:problem:events-unavailable"
    assert response.headers["retry-after"] == "1"
    assert recommend(send)
    assert send("POST", SCORE, json={"customer_ids": ["ada"]}).status_code == 200


def test_every_worker_answers_with_the_event_that_any_of_them_has_acknowledged(service):
    for number in range(10):
        visitor = f"visitor-{number}"
        bought = event("purchase", item_id="pot", amount=9, anonymous_id=visitor)
        assert httpx.post(f"{service.address}{EVENTS}", json={"events": [bought]}).json()["stored"] == 1

        for _ in range(4):  # each on a connection of its own, which either worker accepts
            body = {"customer_id": visitor, "k": 4, "repeat_policy": "never"}
            items = httpx.post(f"{service.address}{RECOMMEND}", json=body).json()["items"]
            assert "pot" not in [one["item_id"] for one in items]
