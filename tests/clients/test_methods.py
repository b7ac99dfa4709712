"""Every method of both clients against the service on the sample release."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from kizuna_client import AsyncClient, Client, NotFound, Refused, calls


@pytest.fixture
def client(connect, address):
    return connect(address)


def test_scores_have_the_order_of_the_request(client):
    answer = client.score_churn(["cyd", "unknown", "bo"])

    assert [(one["customer_id"], one["status"]) for one in answer["scores"]] == [
        ("cyd", "scored"), ("unknown", "not_found"), ("bo", "scored"),
    ]  # fmt: skip
    assert answer["scores"][0]["churn_probability"] == pytest.approx(0.9)


def test_another_horizon_comes_with_its_curve(client):
    answer = client.score_churn(["cyd"], horizon_days=30, curve=True)

    assert (answer["horizon_days"], answer["scores"][0]["churn_probability"]) == (30, pytest.approx(0.5))
    assert answer["scores"][0]["curve"]["days"]


def test_scores_of_any_number_of_customers_come_in_order(client):
    ids = [f"x{place}" for place in range(1_000)] + ["ada", "cyd"]

    scores = list(client.score_all(iter(ids)))

    assert [one["customer_id"] for one in scores] == ids
    assert [one["status"] for one in scores[-3:]] == ["not_found", "scored", "scored"]


def test_filters_reach_the_recommendations(client):
    answer = client.recommend("ada", k=3, where={"category": ["vessels"]}, price_max=10)

    assert [one["item_id"] for one in answer["items"]] == ["cup"]


def test_best_sellers_need_neither_customer_nor_history(client):
    assert client.recommend()["customer_id"] is None
    assert client.recommend(history=["tea"], k=1)["personalised"] in (True, False)


def test_an_offer_that_is_not_recorded_can_be_asked_for_again(client):
    first, second = (client.next_best_offer("cyd", record=False, excluded=True) for _ in range(2))

    assert (first["recorded"], first["offer_id"]) == (False, second["offer_id"])
    assert "excluded" in first


def test_the_outcome_of_a_recorded_offer_counts_once_however_often_a_job_runs(connect, tmp_path, open_service):
    client = connect(open_service(tmp_path))
    decision = client.next_best_offer("cyd", context={"weather": "rain"})
    assert decision["recorded"]
    moment = datetime.now(UTC).replace(microsecond=0)
    outcome = {"decision_id": decision["decision_id"], "kind": "opened", "event_time": moment}

    first, second = (
        client.report_outcomes([outcome]),
        client.report_outcomes([outcome | {"event_time": moment.isoformat()}]),
    )

    assert (first["stored"], first["already_stored"]) == (1, 0)
    assert (second["stored"], second["already_stored"]) == (0, 1)
    assert "[decisions] context" in decision["ignored_context"]["weather"]


def test_events_without_ids_are_all_different(client):
    view = {"type": "view", "customer_id": "ada", "item_id": "pot"}

    assert client.report_events([view, view])["stored"] == 2
    assert "event_id" not in view


def test_an_event_keeps_the_id_of_its_sender(client):
    view = {"type": "view", "customer_id": "ada", "item_id": "pot", "event_id": uuid4().hex}

    assert [client.report_events([view])["already_stored"] for _ in range(2)] == [0, 1]


def test_refused_events_are_named_by_their_place_among_all(client):
    views: list[dict[str, object]] = [{"type": "view", "customer_id": "ada", "item_id": "pot"} for _ in range(1_003)]
    views[1_001] |= {"event_time": datetime(2999, 1, 1, tzinfo=UTC)}

    totals = client.report_all(iter(views))

    assert (totals.stored, totals.already_stored, totals.n_events) == (1_002, 0, 1_003)
    assert [refusal["position"] for refusal in totals.refused] == [1_001]


def test_a_failure_in_the_middle_says_how_many_events_were_answered(client):
    views = [{"type": "view", "customer_id": "ada", "item_id": "pot"} for _ in range(1_000)]

    with pytest.raises(Refused) as failure:
        client.report_all([*views, {"type": "no such type"}])

    assert failure.value.__notes__ == ["the first 1,000 events were answered before"]


def test_items_and_stock_change(client):
    assert client.change_items([{"item_id": "cup", "price": 6.5}, {"item_id": "jug", "title": "Jug"}])["new"] == ["jug"]
    refused = client.change_items([{"item_id": "cup", "title": "a\0b"}])["refused"]
    assert [one["position"] for one in refused] == [0]
    assert client.change_stock(unavailable=["pot"])["unavailable"] == ["pot"]
    assert client.change_stock(available=["pot"])["unavailable"] == []


def test_a_customer_is_found_and_another_is_not(client):
    page = client.get_customer("ada", k=1)

    assert (page["segments"], page["attributes"], len(page["recommendations"])) == (
        ["often", "key"],
        {"town": "Osaka"},
        1,
    )
    with pytest.raises(NotFound) as failure:
        client.get_customer("../../v1/models?x=#1")
    assert failure.value.problem == "urn:kizuna:problem:unknown-customer"
    assert str(failure.value).startswith("GET /v1/customers/{customer_id}: 404 ")


def test_tasks_are_listed_by_filters(client):
    assert client.list_tasks(state="open", owner="", customer_id="ada", limit=5)["tasks"] == []
    with pytest.raises(Refused) as failure:
        client.list_tasks(limit=0)
    assert (failure.value.status, failure.value.field) == (422, "$.limit")


def test_both_clients_have_the_same_methods_and_parameters():
    names = [name for name in vars(Client) if not name.startswith("_")]

    assert names == [name for name in vars(AsyncClient) if not name.startswith("_")]
    for name in names:
        one, other = (inspect.signature(getattr(kind, name)).parameters for kind in (Client, AsyncClient))
        assert one == other, name
        assert getattr(Client, name).__doc__, name


def test_help_shows_the_parameters_of_a_method():
    signature = inspect.signature(Client.score_churn)

    assert list(signature.parameters) == ["self", "customer_ids", "horizon_days", "curve"]
    assert signature.return_annotation == "ChurnScoreResponse"
    assert Client.score_churn.__doc__ == calls.score_churn.__doc__
