"""The HTTP face: what it answers, and what it says no to."""

from __future__ import annotations

import logging
from dataclasses import replace

import msgspec
import pytest

from models.recommenders.item_knn import ItemKnn
from serving.endpoints import churn_score
from serving.http.problems import PROBLEMS
from serving.http.strict_json import BODY_LIMIT
from serving.routes import all_endpoints
from tests.serving.conftest import asker, face_on
from tests.serving.hand_made import CUTOFF, bought, hand_made, put_in_force

SCORE, RECOMMEND, OFFER = "/v1/churn/score", "/v1/recommendations", "/v1/next-best-offer"
TAKES_A_BODY = [SCORE, RECOMMEND, OFFER]

BAD_BODIES = [
    (b"", 400, "malformed-json"),
    (b"{", 400, "malformed-json"),
    (b"\xff\xfe", 400, "malformed-json"),
    (b'{"customer_id": "\xff"}', 400, "malformed-json"),
    (b'{"k": NaN}', 400, "malformed-json"),
    (b'{"k": Infinity}', 400, "malformed-json"),
    (b'{"k": -Infinity}', 400, "malformed-json"),
    (b"[" * 200_000, 400, "malformed-json"),
    (b'{"k": ' + b"[" * 200_000, 400, "malformed-json"),
    (b"null", 422, "invalid-request"),
    (b"[]", 422, "invalid-request"),
    (b'{"surprise": 1}', 422, "invalid-request"),
    (b'{"customer_id": 17850, "customer_ids": 17850}', 422, "invalid-request"),
    (b'{"customer_ids": [], "k": 0}', 422, "invalid-request"),
    (b'{"customer_ids": [""], "customer_id": ""}', 422, "invalid-request"),
    (b'{"customer_id": "a", "k": 99999999999999999999999999, "customer_ids": [1]}', 422, "invalid-request"),
]


@pytest.mark.parametrize("path", TAKES_A_BODY)
@pytest.mark.parametrize(("body", "status", "kind"), BAD_BODIES, ids=lambda value: str(value)[:40])
def test_a_bad_body_is_a_stated_problem(ask, path, body, status, kind):
    answer = ask("POST", path, content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:kizuna:problem:{kind}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SCORE, b'{"customer_ids": ["ada"], "customer_ids": ["bo"]}'),
        (RECOMMEND, b'{"k": 1, "k": 1}'),
        (RECOMMEND, b'{"k": 1, "\\u006b": 2}'),
        (OFFER, b'{"customer_id": "a:b", "k": 3, "customer_id": "bo"}'),
    ],
)
def test_a_field_that_is_named_twice_is_refused(ask, path, body):
    answer = ask("POST", path, content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:kizuna:problem:malformed-json")
    assert answer.json()["detail"] == "the body names a field twice"


@pytest.mark.parametrize("customer_id", ["jan:4901234567894", '{"k": 1, "k": 2}', '\\":"'])
def test_an_id_may_hold_colons_and_whole_bodies(ask, customer_id):
    assert ask("POST", OFFER, json={"customer_id": customer_id, "k": 2}).json()["customer_id"] == customer_id


@pytest.mark.parametrize("path", TAKES_A_BODY)
def test_a_large_body_is_refused_plain_and_chunked(ask, path):
    body = b" " * (BODY_LIMIT + 1)

    async def pieces():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    plain = ask("POST", path, content=body, headers={"content-type": "application/json"})
    chunked = ask("POST", path, content=pieces(), headers={"content-type": "application/json"})

    assert (plain.status_code, chunked.status_code) == (413, 413)


def test_a_body_that_is_not_called_json_is_refused(ask):
    assert ask("POST", SCORE, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


def test_a_thousand_ids_are_answered_and_one_more_is_refused(ask):
    ids = ["ada"] * 1000

    assert len(ask("POST", SCORE, json={"customer_ids": ids}).json()["scores"]) == 1000
    assert ask("POST", SCORE, json={"customer_ids": [*ids, "bo"]}).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (SCORE, {"customer_ids": ["ada", 1]}, "$.customer_ids[1]"),
        (SCORE, {"customer_ids": ["a" * 129]}, "$.customer_ids[0]"),
        (RECOMMEND, {"k": 101}, "$.k"),
        (RECOMMEND, {"k": 2.5}, "$.k"),
        (RECOMMEND, {"k": True}, "$.k"),
        (OFFER, {"customer_id": None}, "$.customer_id"),
    ],
)
def test_the_field_at_fault_is_named(ask, path, body, field):
    answer = ask("POST", path, json=body)

    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("query", ["k=0", "k=101", "k=many", "k=1.5", "surprise=1"])
def test_a_query_is_as_strict_as_a_body(ask, query):
    assert ask("GET", f"/v1/items/tea/similar?{query}").status_code == 422


def test_unknown_routes_and_methods_are_problems(ask):
    wrong = ask("DELETE", SCORE)

    assert ask("GET", "/v1/nothing").status_code == 404
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("nobody", ["nobody", "絆", "a\0", "\U0001f98a" * 32, "ada" * 42])
def test_an_unknown_customer_is_an_answer(ask, nobody):
    scored = ask("POST", SCORE, json={"customer_ids": [nobody]}).json()
    liked = ask("POST", RECOMMEND, json={"customer_id": nobody, "k": 2}).json()
    offered = ask("POST", OFFER, json={"customer_id": nobody}).json()

    assert scored["scores"] == [{"status": "not_found", "customer_id": nobody}]
    assert (liked["known_customer"], liked["items"][0]["stage"]) == (False, "popularity")
    assert offered["known_customer"] is False


def test_a_score_comes_with_everything_that_is_said_of_it(ask):
    answer = ask("POST", SCORE, json={"customer_ids": ["ada", "cyd"]}).json()

    ada, cyd = answer["scores"]
    assert (ada["churn_probability"], ada["low"], ada["high"], ada["risk_level"]) == (0.5, 0.4, 0.6, "medium")
    assert ada["short_history"] is True
    assert cyd["reasons"][0]["ja"] == "最終購入から74日(通常21日)"


def test_every_answer_names_its_release_model_and_cutoff(ask):
    answers = [
        ask("POST", SCORE, json={"customer_ids": ["ada"]}),
        ask("POST", RECOMMEND, json={}),
        ask("GET", "/v1/items/tea/similar"),
        ask("POST", OFFER, json={"customer_id": "ada"}),
    ]

    for answer in answers:
        assert answer.json()["release_id"] == "20260401T030000Z-aaaaaa"
        assert answer.json()["model"]["version"] == 3
        assert answer.json()["cutoff"] == "2026-04-01"


def test_what_was_worked_out_beforehand_is_what_the_model_says(ask):
    beforehand = ask("POST", RECOMMEND, json={"customer_id": "ada", "k": 2}).json()["items"]
    asked = ask("POST", RECOMMEND, json={"customer_id": "ada", "k": 2, "exclude": ["nothing-known"]}).json()["items"]

    assert beforehand == asked


def test_hidden_and_excluded_items_never_come_back(ask):
    answer = ask("POST", RECOMMEND, json={"history": ["cup", "hidden"], "k": 100, "exclude": ["tea"]}).json()

    assert [item["item_id"] for item in answer["items"]] == ["cup", "pot"]
    assert answer["shortfall"] == "only 2 items are left after exclusions"


def test_the_offer_that_pays_is_chosen_and_its_parts_add_up(ask):
    answer = ask("POST", OFFER, json={"customer_id": "cyd", "channel": "mail"}).json()

    parts = answer["offers"][0]["expected_value"]
    gained = parts["acceptance_probability"] * parts["margin"] + parts["churn_probability"] * parts["saved_by_offer"]
    assert (answer["choice"], answer["offer_id"]) == ("offer", "voucher")
    assert parts["value"] == pytest.approx(gained - parts["cost"])


def test_where_nothing_pays_nothing_is_chosen(ask):
    answer = ask("POST", OFFER, json={"customer_id": "bo"}).json()

    assert (answer["choice"], answer["offer_id"]) == ("nothing", None)
    assert answer["offers"][0]["expected_value"]["value"] < 0


def test_an_unknown_fact_makes_no_one_eligible(ask):
    offers = ask("POST", OFFER, json={"customer_id": "ada"}).json()["offers"]

    assert [offer["offer_id"] for offer in offers] == ["sample"]


def test_a_route_whose_model_was_not_released_says_why(tmp_path):
    put_in_force(tmp_path, hand_made(without=("churn",)))
    ask = asker(face_on(tmp_path))

    scored = ask("POST", SCORE, json={"customer_ids": ["ada"]})
    offered = ask("POST", OFFER, json={"customer_id": "cyd"}).json()

    assert (scored.status_code, scored.json()["type"]) == (503, "urn:kizuna:problem:model-not-released")
    assert "coin toss" in scored.json()["detail"]
    assert ask("POST", RECOMMEND, json={}).status_code == 200
    assert offered["offers"][0]["expected_value"]["churn_probability"] is None


def test_before_the_first_release_every_route_says_so(tmp_path):
    ask = asker(face_on(tmp_path))

    assert ask("GET", "/v1/models").json()["type"] == "urn:kizuna:problem:no-release"


def test_a_fault_of_ours_is_answered_and_tells_nobody_whom_it_was_about(tmp_path, caplog):
    put_in_force(tmp_path, hand_made())
    faulty = replace(churn_score.ENDPOINT, respond=lambda question, shop: {}[question.customer_ids[0]])

    with caplog.at_level(logging.ERROR):
        answer = asker(face_on(tmp_path, [faulty]))("POST", SCORE, json={"customer_ids": ["ada-secret"]})

    assert answer.status_code == 500
    assert "KeyError" in caplog.text
    assert "ada-secret" not in caplog.text + answer.text


def test_no_problem_repeats_what_was_sent(ask):
    secret = "ada@example.com"
    bodies = [{secret: 1}, {"customer_ids": {secret: 1}}, {"customer_ids": [[secret]]}, {"customer_ids": secret}]

    assert all(secret not in ask("POST", path, json=body).text for path in TAKES_A_BODY for body in bodies)


def test_metrics_count_routes_and_never_paths(ask):
    ask("GET", "/v1/items/ada@example.com/similar")
    ask("BREW", "/v1/ada@example.com")

    counted = ask("GET", "/metrics").text

    assert 'kizuna_requests_total{method="GET",route="/v1/items/{item_id}/similar",status="200"}' in counted
    assert 'method="other",route="unknown"' in counted
    assert "ada@example.com" not in counted


def test_the_pages_load_nothing_from_elsewhere(ask):
    page = ask("GET", "/docs")

    assert "http" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert ask("GET", "/docs/swagger-ui-bundle.js").status_code == 200
    assert ask("GET", "/docs/../secret").status_code == 404


def test_every_route_is_in_the_document(ask):
    document = ask("GET", "/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert {each.template for each in all_endpoints()} <= set(document["paths"])
    assert {str(kind.status) for kind in PROBLEMS.values()} >= {
        status for path in document["paths"].values() for call in path.values() for status in call["responses"]
    } - {"200"}


def test_a_recommender_that_knows_no_likeness_says_so(ask):
    answer = ask("GET", "/v1/items/tea/similar").json()

    assert answer["answered_by"] == "popularity"
    assert answer["shortfall"] == "the released model, popularity, knows 0 items like it that may be shown"


def test_a_model_beside_the_champion_says_what_is_similar_and_hidden_items_are_not(tmp_path):
    release = hand_made()
    assert release.recommender is not None
    knowing = release.recommender.model.with_beside(ItemKnn().fit(bought(), CUTOFF))
    put_in_force(tmp_path, replace(release, recommender=replace(release.recommender, model=knowing)))

    answer = asker(face_on(tmp_path))("GET", "/v1/items/tea/similar?k=3").json()

    assert [item["item_id"] for item in answer["items"]] == ["cup", "pot"]
    assert (answer["answered_by"], answer["model"]["version"]) == ("item_knn", 3)
    assert answer["shortfall"] == "the released model, item_knn, knows 2 items like it that may be shown"


@pytest.mark.parametrize(("written", "item_id"), [("a%2Fb", "a/b"), ("a%0Ab", "a\nb"), ("%E7%B5%86", "絆")])
def test_an_id_may_hold_any_character(ask, written, item_id):
    assert ask("GET", f"/v1/items/{written}/similar").json()["item_id"] == item_id


def test_the_cards_now_live_are_shown(ask):
    answer = msgspec.json.decode(ask("GET", "/v1/models").content)

    assert answer["models"]["churn"]["version"] == 3
    assert answer["cards"]["churn"] == {"model": "by_hand"}
