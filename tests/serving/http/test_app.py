"""The HTTP application: responses, and error responses."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from core.config.decisions import DecisionSettings
from core.control_group import hash_share
from core.offers import Offer, OfferBook
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from models.recommenders.item_knn import ItemKnn
from serving.endpoints import churn_score
from serving.http.app import all_endpoints
from serving.http.problems import ProblemType
from serving.http.schema import BODY_LIMIT
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import CUTOFF, interactions, offer_part, publish, sample_release

SCORE, RECOMMEND, OFFER = "/v1/churn/score", "/v1/recommendations", "/v1/next-best-offer"
ROUTES_WITH_BODY = [SCORE, RECOMMEND, OFFER]

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


@pytest.mark.parametrize("path", ROUTES_WITH_BODY)
@pytest.mark.parametrize(("body", "status", "kind"), BAD_BODIES, ids=lambda value: str(value)[:40])
def test_an_invalid_body_gets_its_problem_type(send, path, body, status, kind):
    response = send("POST", path, content=body, headers={"content-type": "application/json"})

    assert (response.status_code, response.json()["type"]) == (status, f"urn:kizuna:problem:{kind}")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SCORE, b'{"customer_ids": ["ada"], "customer_ids": ["bo"]}'),
        (RECOMMEND, b'{"k": 1, "k": 1}'),
        (RECOMMEND, b'{"k": 1, "\\u006b": 2}'),
        (OFFER, b'{"customer_id": "a:b", "k": 3, "customer_id": "bo"}'),
    ],
)
def test_a_repeated_field_is_refused(send, path, body):
    response = send("POST", path, content=body, headers={"content-type": "application/json"})

    assert (response.status_code, response.json()["type"]) == (400, "urn:kizuna:problem:malformed-json")
    assert response.json()["detail"] == "the body contains a field twice"


@pytest.mark.parametrize("customer_id", ["jan:4901234567894", '{"k": 1, "k": 2}', '\\":"'])
def test_an_id_may_contain_colons_and_json(send, customer_id):
    assert send("POST", OFFER, json={"customer_id": customer_id, "k": 2}).json()["customer_id"] == customer_id


@pytest.mark.parametrize("path", ROUTES_WITH_BODY)
def test_a_body_over_the_limit_is_refused_plain_and_chunked(send, path):
    body = b" " * (BODY_LIMIT + 1)

    async def chunks():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    plain = send("POST", path, content=body, headers={"content-type": "application/json"})
    chunked = send("POST", path, content=chunks(), headers={"content-type": "application/json"})

    assert (plain.status_code, chunked.status_code) == (413, 413)


def test_a_body_of_another_media_type_is_refused(send):
    assert send("POST", SCORE, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


def test_a_request_may_contain_a_thousand_ids(send):
    ids = ["ada"] * 1000

    assert len(send("POST", SCORE, json={"customer_ids": ids}).json()["scores"]) == 1000
    assert send("POST", SCORE, json={"customer_ids": [*ids, "bo"]}).status_code == 422


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
def test_the_error_names_the_invalid_field(send, path, body, field):
    response = send("POST", path, json=body)

    assert (response.status_code, response.json()["field"]) == (422, field)


@pytest.mark.parametrize("query", ["k=0", "k=101", "k=many", "k=1.5", "surprise=1"])
def test_query_parameters_are_checked_like_a_body(send, query):
    assert send("GET", f"/v1/items/tea/similar?{query}").status_code == 422


def test_unknown_routes_and_methods_have_their_status(send):
    wrong_method = send("DELETE", SCORE)

    assert send("GET", "/v1/nothing").status_code == 404
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("customer_id", ["unknown", "絆", "a\0", "\U0001f98a" * 32, "ada" * 42])
def test_an_unknown_customer_is_not_an_error(send, customer_id):
    scores = send("POST", SCORE, json={"customer_ids": [customer_id]}).json()["scores"]
    recommendations = send("POST", RECOMMEND, json={"customer_id": customer_id, "k": 2}).json()
    offer = send("POST", OFFER, json={"customer_id": customer_id}).json()

    assert scores == [{"status": "not_found", "customer_id": customer_id}]
    assert (recommendations["known_customer"], recommendations["items"][0]["stage"]) == (False, "popularity")
    assert offer["known_customer"] is False


def test_a_score_has_an_interval_a_risk_level_and_reasons(send):
    response = send("POST", SCORE, json={"customer_ids": ["ada", "cyd"]}).json()

    ada, cyd = response["scores"]
    assert (ada["churn_probability"], ada["low"], ada["high"], ada["risk_level"]) == (0.5, 0.4, 0.6, "medium")
    assert ada["short_history"] is True
    assert cyd["reasons"][0]["ja"] == "最終購入から74日(この顧客はふだん約21日ごとに購入)"


def test_every_response_names_its_release_model_and_cutoff(send):
    responses = [
        send("POST", SCORE, json={"customer_ids": ["ada"]}),
        send("POST", RECOMMEND, json={}),
        send("GET", "/v1/items/tea/similar"),
        send("POST", OFFER, json={"customer_id": "ada"}),
    ]

    for response in responses:
        assert response.json()["release_id"] == "20260401T030000Z-aaaaaa"
        assert response.json()["model"]["version"] == 3
        assert response.json()["cutoff"] == "2026-04-01"


def test_precomputed_items_equal_those_of_the_model(send):
    look_up_top = send("POST", RECOMMEND, json={"customer_id": "ada", "k": 2}).json()["items"]
    computed = send("POST", RECOMMEND, json={"customer_id": "ada", "k": 2, "exclude": ["nothing-known"]}).json()[
        "items"
    ]

    assert look_up_top == computed


def test_unavailable_and_excluded_items_are_not_recommended(send):
    response = send("POST", RECOMMEND, json={"history": ["cup", "hidden"], "k": 100, "exclude": ["tea"]}).json()

    assert [item["item_id"] for item in response["items"]] == ["cup", "pot"]
    assert response["shortfall"] == "only 2 items are left after exclusions"


def test_the_offer_with_a_positive_value_is_chosen_and_its_value_adds_up(send):
    response = send("POST", OFFER, json={"customer_id": "cyd", "channel": "mail"}).json()

    parts = response["offers"][0]["expected_value"]
    gain = parts["acceptance"] * parts["margin"] + parts["retained"]
    assert (response["choice"], response["offer_id"], response["propensity"]) == ("offer", "voucher", 1.0)
    assert response["nothing_because"] is None
    assert response["offers"][0]["rule"] == "churn_probability > 0.4 and returns_365d == 0"
    assert parts["value"] == pytest.approx(gain - parts["cost"] - parts["fatigue"])
    assert parts["sources"]["acceptance"].startswith("measured against a control group: the effect of voucher")
    assert parts["acceptance"] == pytest.approx(0.2)


def test_offers_that_the_customer_may_not_get_are_listed_on_request_with_the_rule_that_excludes_them(send):
    response = send("POST", OFFER, json={"customer_id": "bo", "excluded": True}).json()

    assert response["excluded"] == [
        {
            "offer_id": "voucher",
            "channel": None,
            "because": "not_eligible",
            "rule": "churn_probability > 0.4 and returns_365d == 0",
        }
    ]
    assert "excluded" not in send("POST", OFFER, json={"customer_id": "bo"}).json()


def test_a_customer_of_the_control_group_gets_no_promotion(tmp_path):
    publish(tmp_path / "releases", replace(sample_release(), offers=offer_part(control_share=0.6)))
    send = client_for(open_api(tmp_path / "releases"))

    responses = {one: send("POST", OFFER, json={"customer_id": one}).json() for one in ("ada", "bo", "cyd", "x1", "x2")}

    members = {one for one in responses if hash_share("shop", one) < 0.6}
    assert members == {one for one, response in responses.items() if not response["offers"]}
    assert (responses["cyd"]["nothing_because"] == "control_group") == ("cyd" in members)


def test_a_rule_may_use_declared_variables_of_the_situation(tmp_path):
    rule = "cart_value > 50 and page == 'checkout'"
    part = offer_part(settings=DecisionSettings(context={"cart_value": "number", "page": "text"}))
    offers = (Offer(offer_id="shipping", kind="discount", cost=1, margin=50, rule=rule),)
    rates = estimate_acceptance(OfferBook(offers), part.terms.assumptions)
    part = replace(
        part,
        terms=msgspec.structs.replace(part.terms, book=OfferBook(offers)),
        acceptance=AcceptanceEstimates.of_rates(rates, n_customers=3),
    )
    publish(tmp_path / "releases", replace(sample_release(), offers=part))
    send = client_for(open_api(tmp_path / "releases"))

    def ask(**context):
        return send("POST", OFFER, json={"customer_id": "ada", "context": context, "record": False})

    assert ask(cart_value=60, page="checkout").json()["offer_id"] == "shipping"
    assert ask(cart_value=40, page="checkout").json()["nothing_because"] == "not_eligible"
    assert ask(cart_value=60).json()["nothing_because"] == "not_eligible"
    assert ask(basket=1, cart_value="much").json()["ignored_context"] == {
        "basket": "[decisions] context does not declare it",
        "cart_value": "it is no number",
    }


def test_an_offer_is_stored_so_that_its_outcome_can_be_reported_once(tmp_path):
    publish(tmp_path / "releases", sample_release())
    send = client_for(open_api(tmp_path / "releases"))
    offer = send("POST", OFFER, json={"customer_id": "cyd", "channel": "mail"}).json()
    outcome = {"decision_id": offer["decision_id"], "kind": "converted", "outcome_id": "order-1", "amount": 12.5}
    outcome["event_time"] = datetime.now(UTC).isoformat()

    first, again = (send("POST", "/v1/outcomes", json={"outcomes": [outcome]}).json() for _ in range(2))
    unrecorded = send("POST", OFFER, json={"customer_id": "cyd", "channel": "mail", "record": False}).json()

    assert offer["recorded"] is True
    assert (first["stored"], again["stored"], again["already_stored"]) == (1, 0, 1)
    assert unrecorded["recorded"] is False


def test_without_an_offer_of_positive_value_none_is_chosen(send):
    response = send("POST", OFFER, json={"customer_id": "bo"}).json()

    assert (response["choice"], response["offer_id"]) == ("nothing", None)
    assert response["nothing_because"] == "does_not_pay"
    assert response["offers"][0]["expected_value"]["value"] < 0


def test_a_customer_who_refuses_contact_gets_no_offer(tmp_path):
    publish(tmp_path / "releases", replace(sample_release(), offers=offer_part(declined_contact=("cyd", "stranger"))))
    send = client_for(open_api(tmp_path / "releases"))

    for customer_id in ("cyd", " cyd ", "stranger"):
        response = send("POST", OFFER, json={"customer_id": customer_id, "channel": "mail"}).json()
        assert (response["choice"], response["nothing_because"], response["offers"]) == ("nothing", "no_consent", [])
    assert send("POST", OFFER, json={"customer_id": "bo"}).json()["nothing_because"] == "does_not_pay"


def test_a_rule_with_an_unknown_fact_makes_a_customer_ineligible(send):
    offers = send("POST", OFFER, json={"customer_id": "ada"}).json()["offers"]

    assert [offer["offer_id"] for offer in offers] == ["sample"]


def test_a_route_without_its_model_says_why(tmp_path):
    publish(tmp_path / "releases", sample_release(without=("churn",)))
    send = client_for(open_api(tmp_path / "releases"))

    scores = send("POST", SCORE, json={"customer_ids": ["ada"]})
    offer = send("POST", OFFER, json={"customer_id": "cyd"}).json()

    assert (scores.status_code, scores.json()["type"]) == (409, "urn:kizuna:problem:model-not-released")
    assert "its churn is random" in scores.json()["detail"]
    assert send("POST", RECOMMEND, json={}).status_code == 200
    assert offer["offers"][0]["expected_value"]["retained"] == 0


def test_before_the_first_release_a_route_says_so(tmp_path):
    send = client_for(open_api(tmp_path / "releases"))

    assert send("GET", "/v1/models").json()["type"] == "urn:kizuna:problem:no-release"


@pytest.mark.parametrize("path", ["/v1/models", "/ui"])
def test_a_worker_without_a_release_looks_for_one_when_it_is_asked(tmp_path, path):
    api = open_api(tmp_path / "releases")
    publish(tmp_path / "releases", sample_release())

    # No check of the watching thread is waited for: another worker may have said already that the service is ready.
    response = client_for(api)("GET", path)

    assert response.status_code == 200
    assert sample_release().description.release_id in response.text


def test_an_internal_error_is_logged_without_the_customer(tmp_path, caplog):
    publish(tmp_path / "releases", sample_release())
    faulty = replace(churn_score.ENDPOINT, handle=lambda request, context: {}[request.customer_ids[0]])

    with caplog.at_level(logging.ERROR):
        response = client_for(open_api(tmp_path / "releases", [faulty]))(
            "POST", SCORE, json={"customer_ids": ["ada-secret"]}
        )

    assert response.status_code == 500
    assert "KeyError" in caplog.text
    assert "ada-secret" not in caplog.text + response.text


def test_no_error_response_repeats_the_request(send):
    secret = "ada@example.com"
    bodies = [{secret: 1}, {"customer_ids": {secret: 1}}, {"customer_ids": [[secret]]}, {"customer_ids": secret}]

    assert all(secret not in send("POST", path, json=body).text for path in ROUTES_WITH_BODY for body in bodies)


def test_metrics_contain_routes_and_never_paths(send):
    send("GET", "/v1/items/ada@example.com/similar")
    send("BREW", "/v1/ada@example.com")

    metrics = send("GET", "/metrics").text

    assert 'kizuna_requests_total{method="GET",route="/v1/items/{item_id}/similar",status="200"}' in metrics
    assert 'method="other",route="unknown"' in metrics
    assert "ada@example.com" not in metrics


def test_the_docs_load_nothing_from_other_hosts(send):
    page = send("GET", "/docs")

    assert "http" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert send("GET", "/docs/swagger-ui-bundle.js").status_code == 200
    assert send("GET", "/docs/../secret").status_code == 404


def test_every_route_is_in_the_openapi_document(send):
    document = send("GET", "/openapi.json").json()

    assert document["openapi"] == "3.1.0"
    assert {each.template for each in all_endpoints()} <= set(document["paths"])
    assert {str(problem.status) for problem in ProblemType} >= {
        status for path in document["paths"].values() for call in path.values() for status in call["responses"]
    } - {"200"}


def test_a_recommender_without_item_similarity_says_so(send):
    response = send("GET", "/v1/items/tea/similar").json()

    assert response["answered_by"] == "popularity"
    assert response["shortfall"] == "the released model, popularity, has 0 similar items that are in stock"


def test_the_similarity_model_beside_the_champion_finds_similar_items_that_are_available(tmp_path):
    release = sample_release()
    assert release.recommender is not None
    model = release.recommender.model.with_similarity_model(ItemKnn().fit(interactions(), CUTOFF))
    publish(tmp_path / "releases", replace(release, recommender=replace(release.recommender, model=model)))

    response = client_for(open_api(tmp_path / "releases"))("GET", "/v1/items/tea/similar?k=3").json()

    assert [item["item_id"] for item in response["items"]] == ["cup", "pot"]
    assert (response["answered_by"], response["model"]["version"]) == ("item_knn", 3)
    assert response["shortfall"] == "the released model, item_knn, has 2 similar items that are in stock"


@pytest.mark.parametrize(("encoded", "item_id"), [("a%2Fb", "a/b"), ("a%0Ab", "a\nb"), ("%E7%B5%86", "絆")])
def test_an_id_in_a_path_may_contain_any_character(send, encoded, item_id):
    assert send("GET", f"/v1/items/{encoded}/similar").json()["item_id"] == item_id


def test_models_contain_their_cards(send):
    response = msgspec.json.decode(send("GET", "/v1/models").content)

    assert response["models"]["churn"]["version"] == 3
    assert response["cards"]["churn"] == {"model": "by_hand"}


def test_only_requests_that_score_all_items_leave_the_event_loop(tmp_path):
    threads: list[int] = []
    endpoint = next(one for one in all_endpoints() if one.path == RECOMMEND)

    def handle(request, context):
        threads.append(threading.get_ident())
        return endpoint.handle(request, context)

    publish(tmp_path / "releases", sample_release())
    send = client_for(open_api(tmp_path / "releases", [replace(endpoint, handle=handle)]))
    for body in ({"customer_id": "ada"}, {"customer_id": "ada", "history": ["tea"]}, {"customer_id": "zoe"}, {}):
        assert send("POST", RECOMMEND, json=body).status_code == 200

    assert [one == threading.get_ident() for one in threads] == [True, False, False, False]
