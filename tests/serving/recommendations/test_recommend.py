"""POST /v1/recommendations and the item lists: filters, stock, consent, diversity, explanations."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.recommenders.item_knn import ItemKnn
from serving.build.exports.files import EXPORTS, ExportOptions
from serving.release.churn_part import ChurnPart
from serving.release.repeat_rules import RepeatRules
from serving.stock import MAX_ITEMS, LiveStock, StockFile
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import (
    CUTOFF,
    PROFILES,
    churn_part,
    interactions,
    publish,
    recommender_part,
    sample_release,
)

RECOMMEND, STOCK = "/v1/recommendations", "/v1/stock"


@pytest.fixture
def folder(tmp_path):
    """A release whose model has item similarity and whose customers have profiles."""
    part = recommender_part(ItemKnn().fit(interactions(), CUTOFF), PROFILES)
    publish(tmp_path, replace(sample_release(), recommender=part))
    return tmp_path


@pytest.fixture
def send(folder):
    """Send a request to an application on that release."""
    return client_for(open_api(folder))


def recommend(send, **request):
    response = send("POST", RECOMMEND, json=request)
    assert response.status_code == 200, response.text
    return response.json()


def item_ids(response):
    return [item["item_id"] for item in response["items"]]


@pytest.mark.parametrize(
    ("request_fields", "expected"),
    [
        ({}, {"tea", "cup", "pot"}),
        ({"where": {"category": ["vessels"]}}, {"cup", "pot"}),
        ({"where": {"category": ["vessels", "drinks"]}}, {"tea", "cup", "pot"}),
        ({"where": {"category": ["vessels"], "colour": ["red"]}}, {"cup"}),
        ({"price_max": 30.1}, {"cup", "pot"}),
        ({"price_max": 30.0}, {"cup"}),
        ({"price_min": 5}, {"cup", "pot"}),
        ({"exclude": ["cup", "never-heard-of"]}, {"tea", "pot"}),
        ({"in_stock": False}, {"tea", "cup", "pot", "hidden"}),
        ({"at_most_per_category": 1}, {"tea", "cup"}),
        ({"repeat_policy": "never"}, {"pot"}),
    ],
)
def test_filters_select_exactly_these_items(send, request_fields, expected):
    assert set(item_ids(recommend(send, customer_id="ada", k=100, **request_fields))) == expected


def test_an_empty_list_says_why(send):
    response = recommend(send, where={"category": ["nothing"]})

    assert (response["items"], response["shortfall"]) == ([], "only 0 items are left after exclusions")


@pytest.mark.parametrize(
    "request_fields",
    [
        {"where": {"category": []}}, {"where": {"category": "tea"}}, {"where": []},
        {"preferences": {"category": []}}, {"preferences": {"category": ""}}, {"price_min": -1},
        {"price_max": "many"}, {"in_stock": 1},
        {"repeat_policy": "often"}, {"at_most_per_category": 0}, {"at_most_per_category": 1.5},
        {"diversity": 1.1}, {"diversity": -0.1}, {"contributions": 6}, {"contributions": -1},
        {"trending": 1}, {"similar_to": ""},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_an_invalid_field_is_refused(send, request_fields):
    assert send("POST", RECOMMEND, json=request_fields).status_code == 422


@pytest.mark.parametrize(
    ("request_fields", "problem"),
    [
        ({"where": {"size": ["x"]}}, "unknown-attribute"), ({"preferences": {"size": "x"}}, "unknown-attribute"),
        ({"price_min": 2, "price_max": 1}, "contradictory-fields"),
        ({"similar_to": "cup", "trending": True}, "contradictory-fields"),
        ({"similar_to": "cup", "bought_with": "cup"}, "contradictory-fields"),
    ],
    ids=json.dumps,
)  # fmt: skip
def test_fields_that_the_schema_allows_and_the_release_does_not_are_a_conflict(send, request_fields, problem):
    response = send("POST", RECOMMEND, json=request_fields)

    assert (response.status_code, response.json()["type"]) == (409, f"urn:kizuna:problem:{problem}")


def test_the_error_for_an_unknown_attribute_lists_the_attributes_and_does_not_repeat_it(send):
    response = send("POST", RECOMMEND, json={"where": {"secret": ["x"]}})

    assert response.json()["detail"] == "there is no such attribute of items; there are: category, colour"
    assert "secret" not in response.text


def test_contributions_add_up_and_do_not_depend_on_whether_they_are_precomputed(send):
    look_up_top = recommend(send, customer_id="ada", k=2)["items"]
    computed = recommend(send, customer_id="ada", k=2, exclude=["never-heard-of"])["items"]
    complete = recommend(send, customer_id="ada", k=2, contributions=5)["items"]

    for items in zip(look_up_top, computed, complete, strict=True):
        largest = [item["contributions"][0] for item in items]
        shares = [contribution["share"] for contribution in items[2]["contributions"]]
        assert len({contribution["item_id"] for contribution in largest}) == 1
        assert [contribution["share"] for contribution in largest] == pytest.approx([largest[0]["share"]] * 3)
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_a_request_for_no_contributions_gets_none_but_an_explanation(send):
    items = recommend(send, customer_id="ada", k=2, contributions=0)["items"]

    assert [item["contributions"] for item in items] == [[], []]
    assert all("you bought" in item["explanation"]["en"] for item in items)


def test_items_are_explained_in_two_languages(send):
    explanations = {
        item["item_id"]: item["explanation"]
        for item in recommend(send, customer_id="ada", k=3)["items"]
        + recommend(send, history=["cup"], repeat_policy="never", k=1)["items"]
    }

    assert explanations["cup"] == {
        "en": "you bought it on 30 March 2026",
        "ja": "2026年3月30日にご購入いただいた商品です",
    }
    assert explanations["pot"]["en"].startswith("because you bought Cup on 30 March 2026 (")
    assert explanations["tea"]["en"] == "because you bought Cup (100%)"


def test_a_new_customer_gets_items_by_preferences_or_else_by_attribute_group(send):
    by_preferences = recommend(send, customer_id="dan", k=1)
    by_group = recommend(send, customer_id="eve", k=1)
    by_request = recommend(send, customer_id="eve", k=1, preferences={"category": ["drinks"]})

    assert by_preferences["items"][0]["explanation"]["en"] == "you told us that you like drinks"
    assert (by_group["items"][0]["stage"], by_group["personalised"]) == ("segment", True)
    assert by_group["items"][0]["explanation"]["en"] == "popular with customers like you (Tokyo)"
    assert (by_request["items"][0]["stage"], by_request["items"][0]["item_id"]) == ("preferences", "tea")


def test_a_customer_who_opted_out_gets_popular_items_or_those_by_the_history_in_the_request(send):
    response = recommend(send, customer_id="bo", k=3)
    with_history = recommend(send, customer_id="bo", k=1, history=["cup"])

    assert (response["known_customer"], response["personalised"]) == (True, False)
    assert "opted out" in response["not_personalised_because"]
    assert {item["stage"] for item in response["items"]} == {"popularity"}
    assert with_history["personalised"] is False
    assert with_history["items"][0]["contributions"][0]["item_id"] == "cup"


def test_the_release_contains_no_record_of_a_customer_who_opted_out():
    customers = recommender_part(profiles=PROFILES).customers
    row = customers.index.find("bo")

    assert (customers.has_record(row), customers.lines(row).stop - customers.lines(row).start) == (False, 0)


def test_a_customer_who_opted_out_of_scoring_has_no_score(tmp_path):
    churn = churn_part(np.array(["cyd", "elsewhere"]))
    release = replace(sample_release(), churn=churn, retention=None)
    publish(tmp_path, release)

    response = client_for(open_api(tmp_path))(
        "POST", "/v1/churn/score", json={"customer_ids": ["cyd", "ada", "elsewhere", "x"]}
    )

    assert [score["status"] for score in response.json()["scores"]] == [
        "no_consent",
        "scored",
        "no_consent",
        "not_found",
    ]
    assert churn.probability_of("cyd") is None
    assert EXPORTS["scores"].n_excluded(release, ExportOptions()) == 1
    assert isinstance(ChurnPart.from_artifacts(churn.to_artifacts()), ChurnPart)


def test_an_item_that_sells_out_is_in_no_response_until_it_is_available_again(send):
    def is_shown():
        return (
            "cup" in item_ids(recommend(send, customer_id="ada", k=1, exclude=["tea"])),
            "cup" in item_ids(recommend(send, customer_id="ada", k=2)),
            "cup" in item_ids(send("GET", "/v1/items/tea/similar").json()),
            "cup" in item_ids(send("GET", "/v1/trending").json()),
        )

    assert is_shown() == (True, True, True, True)
    send("PUT", STOCK, json={"unavailable": ["cup"]})
    assert is_shown() == (False, False, False, False)
    assert {"cup"} < set(item_ids(recommend(send, customer_id="ada", in_stock=False)))
    send("PUT", STOCK, json={"available": ["cup"]})
    assert is_shown() == (True, True, True, True)


def test_another_worker_sees_a_change_of_stock_at_its_next_request(send, folder):
    send_to_other_worker = client_for(open_api(folder))

    stock = send("PUT", STOCK, json={"unavailable": ["tea", "not-yet-known"]}).json()

    seen_by_other = send_to_other_worker("GET", STOCK).json()
    assert stock["unavailable"] == seen_by_other["unavailable"] == ["not-yet-known", "tea"]
    assert stock["unavailable_as_released"] == ["hidden"]


def test_two_changes_within_one_clock_tick_are_both_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 1_000)
    live = LiveStock(StockFile(tmp_path))

    for item_id in ("a", "b"):
        live.file.change([item_id], [])
        assert item_id in live.now.unavailable


def test_with_a_damaged_stock_file_the_last_stock_stays_and_changes_are_refused(send, folder):
    send("PUT", STOCK, json={"unavailable": ["tea"]})
    send("GET", STOCK)
    (folder / "stock.json").write_bytes(b"{")

    response = send("PUT", STOCK, json={"unavailable": ["cup"]})

    assert send("GET", STOCK).json()["unavailable"] == ["tea"]
    assert (response.status_code, response.json()["type"]) == (503, "urn:kizuna:problem:stock-unavailable")


def test_the_number_of_items_out_of_stock_is_limited(send, folder):
    StockFile(folder).change([str(number) for number in range(MAX_ITEMS)], [])

    assert send("PUT", STOCK, json={"unavailable": ["one more"]}).status_code == 422
    assert send("PUT", STOCK, json={"unavailable": ["1"]}).status_code == 200


def part_with_orders(*orders):
    """The recommender part, with the purchases in these orders."""
    part = recommender_part()
    together = type(part.context_models.together).fit(replace(interactions(), orders=np.array(orders)), min_support=1)
    return replace(part, context_models=replace(part.context_models, together=together))


def test_an_item_is_bought_together_with_other_items_of_its_orders(tmp_path):
    publish(tmp_path, replace(sample_release(), recommender=part_with_orders(0, 0, 1, 1, 2, 3, 3)))

    response = client_for(open_api(tmp_path))("GET", "/v1/items/cup/bought-together?k=3").json()

    assert [(item["item_id"], item["support"]) for item in response["items"]] == [("tea", 2)]
    assert response["items"][0]["lift"] > 1
    assert response["shortfall"] == "only 1 items in stock were bought with it in enough orders"


@pytest.mark.parametrize(("category", "expected"), [("drinks", {"tea"}), ("vessels", {"cup", "pot"}), ("no", set())])
def test_trending_items_of_one_category(send, category, expected):
    response = send("GET", f"/v1/trending?k=3&category={category}").json()

    assert set(item_ids(response)) == expected
    assert all(item["purchases"] > item["purchases_before"] for item in response["items"])


@pytest.mark.parametrize(
    ("request_fields", "expected", "stage"),
    [
        ({"similar_to": "cup"}, ["tea", "pot"], "similar_items"),
        ({"similar_to": "cup", "where": {"category": ["vessels"]}}, ["pot"], "similar_items"),
        ({"similar_to": "cup", "customer_id": "ada", "repeat_policy": "never"}, ["pot"], "similar_items"),
        ({"trending": True, "price_min": 1}, ["cup", "pot"], "trending"),
        ({"trending": True, "at_most_per_category": 1}, ["tea", "cup"], "trending"),
        ({"similar_to": "never-heard-of"}, [], None),
    ],
)
def test_filters_apply_to_item_lists_too(send, request_fields, expected, stage):
    response = recommend(send, k=10, **request_fields)

    assert item_ids(response) == expected
    assert {item["stage"] for item in response["items"]} == ({stage} if stage else set())
    assert [item["contributions"] for item in response["items"]] == [[]] * len(expected)


def test_a_list_is_personal_only_if_it_excludes_the_customers_own_purchases(send):
    plain, without_own_purchases = (
        recommend(send, trending=True, customer_id="ada", repeat_policy=policy) for policy in ("allow", "never")
    )

    assert (plain["personalised"], without_own_purchases["personalised"]) == (False, True)
    assert plain["not_personalised_because"] == "the requested list is the same for all customers"


def test_a_list_explains_its_items_and_its_shortfall(send):
    similar, unknown = (recommend(send, similar_to=item, k=3) for item in ("cup", "never-heard-of"))

    assert similar["items"][0]["explanation"] == {"en": "similar to Cup", "ja": "「Cup」に似た商品です"}
    assert similar["shortfall"] == "only 2 items like Cup are left"
    assert unknown["shortfall"] == "only 0 items like 'never-heard-of', which is not on record, are left"


def test_the_explanation_of_items_bought_together_contains_the_number_of_orders(tmp_path):
    publish(tmp_path, replace(sample_release(), recommender=part_with_orders(0, 0, 1, 1, 2, 3, 3)))

    item = recommend(client_for(open_api(tmp_path)), bought_with="cup", k=1)["items"][0]

    assert (item["item_id"], item["stage"]) == ("tea", "bought_together")
    assert item["explanation"]["en"] == "bought together with Cup in 2 orders, 1.2 times as often as by chance"


def test_a_release_has_rules_for_repeats_of_its_own_and_a_request_may_state_others(tmp_path):
    part = recommender_part(ItemKnn().fit(interactions(), CUTOFF), PROFILES, rules=RepeatRules("never"))
    publish(tmp_path, replace(sample_release(), recommender=part))
    send = client_for(open_api(tmp_path))

    assert item_ids(recommend(send, customer_id="ada", k=3)) == ["pot"]
    assert set(item_ids(recommend(send, customer_id="ada", k=3, repeat_policy="allow"))) == {"tea", "cup", "pot"}
    assert set(item_ids(recommend(send, customer_id="ada", k=3, trending=True))) >= {"tea"}


def test_full_discovery_puts_new_items_first(send):
    assert item_ids(recommend(send, customer_id="ada", k=1)) != ["pot"]
    assert item_ids(recommend(send, customer_id="ada", k=1, discovery=1)) == ["pot"]
