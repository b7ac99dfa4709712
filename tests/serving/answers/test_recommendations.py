"""What a shop asks for at the counter: filters, stock, consent, variety, reasons; on hand-made releases."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.recommenders.item_knn import ItemKnn
from serving.build.exports import RECOMMENDATION_COLUMNS, n_unscored, n_unwilling, recommendation_rows, write_rows
from serving.release.churn_part import ChurnPart
from serving.release.customer_part import Statements
from serving.stock import AT_MOST, LiveStock, StockFile
from tests.serving.conftest import asker, face_on
from tests.serving.hand_made import CUTOFF, bought, churn_part, hand_made, put_in_force, recommender_part

RECOMMEND, STOCK = "/v1/recommendations", "/v1/stock"
SAID = Statements(
    refused_recommending=np.array(["bo"]),
    refused_contact=np.array(["cyd"]),
    preferences={"dan": {"category": ("drinks",)}, "bo": {"category": ("drinks",)}},
    segments={"eve": {"town": "Tokyo"}},
)


@pytest.fixture
def folder(tmp_path):
    """A release whose model knows likeness and whose customers have said something."""
    part = recommender_part(ItemKnn().fit(bought(), CUTOFF), SAID)
    put_in_force(tmp_path, replace(hand_made(), recommender=part))
    return tmp_path


@pytest.fixture
def counter(folder):
    """Ask a face on it."""
    return asker(face_on(folder))


def recommended(ask, **question):
    answer = ask("POST", RECOMMEND, json=question)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer):
    return [item["item_id"] for item in answer["items"]]


@pytest.mark.parametrize(
    ("asked", "expected"),
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
def test_exactly_what_may_come_back_does(counter, asked, expected):
    assert set(ids(recommended(counter, customer_id="ada", k=100, **asked))) == expected


def test_where_everything_is_filtered_out_the_empty_list_says_why(counter):
    answer = recommended(counter, where={"category": ["nothing"]})

    assert (answer["items"], answer["shortfall"]) == ([], "only 0 items are left after exclusions")


@pytest.mark.parametrize(
    "asked",
    [
        {"where": {"size": ["x"]}}, {"where": {"category": []}}, {"where": {"category": "tea"}}, {"where": []},
        {"preferences": {"size": "x"}}, {"preferences": {"category": []}}, {"preferences": {"category": ""}},
        {"price_min": 2, "price_max": 1}, {"price_min": -1}, {"price_max": "many"}, {"in_stock": 1},
        {"repeat_policy": "often"}, {"at_most_per_category": 0}, {"at_most_per_category": 1.5},
        {"diversity": 1.1}, {"diversity": -0.1}, {"contributions": 6}, {"contributions": -1},
        {"trending": 1}, {"similar_to": ""}, {"similar_to": "cup", "trending": True},
        {"similar_to": "cup", "bought_with": "cup"},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_every_field_has_its_refusal(counter, asked):
    assert counter("POST", RECOMMEND, json=asked).status_code == 422


def test_an_unknown_attribute_is_answered_with_the_known_ones_and_not_repeated(counter):
    answer = counter("POST", RECOMMEND, json={"where": {"secret": ["x"]}})

    assert answer.json()["detail"] == "there is no such attribute of items; there are: category, colour"
    assert "secret" not in answer.text


def test_the_shares_of_past_items_add_up_and_are_the_same_worked_out_or_asked(counter):
    beforehand = recommended(counter, customer_id="ada", k=2)["items"]
    asked = recommended(counter, customer_id="ada", k=2, exclude=["never-heard-of"])["items"]
    everything = recommended(counter, customer_id="ada", k=2, contributions=5)["items"]

    for before, now, whole in zip(beforehand, asked, everything, strict=True):
        shares = [each["share"] for each in whole["contributions"]]
        told = [each["contributions"][0] for each in (before, now, whole)]
        assert len({each["item_id"] for each in told}) == 1
        assert [each["share"] for each in told] == pytest.approx([told[0]["share"]] * 3)
        assert sum(shares) == pytest.approx(1)
        assert shares == sorted(shares, reverse=True)


def test_no_past_items_are_named_where_none_are_asked_for(counter):
    items = recommended(counter, customer_id="ada", k=2, contributions=0)["items"]

    assert [item["contributions"] for item in items] == [[], []]
    assert all("you bought" in item["explanation"]["en"] for item in items)


def test_what_is_recommended_is_explained_in_two_languages(counter):
    explained = {
        item["item_id"]: item["explanation"]
        for item in recommended(counter, customer_id="ada", k=3)["items"]
        + recommended(counter, history=["cup"], repeat_policy="never", k=1)["items"]
    }

    assert explained["cup"] == {"en": "you bought it on 30 March 2026", "ja": "2026年3月30日にご購入いただいた商品です"}
    assert explained["pot"]["en"].startswith("because you bought Cup on 30 March 2026 (")
    assert explained["tea"]["en"] == "because you bought Cup (100 %)"


def test_a_new_customer_starts_from_what_they_told_us_and_then_from_their_segment(counter):
    told = recommended(counter, customer_id="dan", k=1)
    grouped = recommended(counter, customer_id="eve", k=1)
    now = recommended(counter, customer_id="eve", k=1, preferences={"category": ["drinks"]})

    assert told["items"][0]["explanation"]["en"] == "you told us that you like drinks"
    assert (grouped["items"][0]["stage"], grouped["personalised"]) == ("segment", True)
    assert grouped["items"][0]["explanation"]["en"] == "popular with customers like you (Tokyo)"
    assert (now["items"][0]["stage"], now["items"][0]["item_id"]) == ("preferences", "tea")


def test_who_refused_is_answered_without_their_record(counter, folder):
    answer = recommended(counter, customer_id="bo", k=3)
    brought = recommended(counter, customer_id="bo", k=1, history=["cup"])

    assert (answer["known_customer"], answer["personalised"]) == (True, False)
    assert "refused" in answer["not_personalised_because"]
    assert {item["stage"] for item in answer["items"]} == {"popularity"}
    assert (brought["personalised"], brought["items"][0]["contributions"][0]["item_id"]) == (False, "cup")


def test_the_record_of_who_refused_never_reaches_the_release():
    customers = recommender_part(said=SAID).customers
    row = customers.index.find("bo")

    assert (customers.has_record(row), customers.lines(row).stop - customers.lines(row).start) == (False, 0)


def test_who_refused_recommendations_or_contact_is_left_out_of_the_file_and_counted(tmp_path):
    release = replace(hand_made(), recommender=recommender_part(said=SAID))

    write_rows(tmp_path / "recs.csv", RECOMMENDATION_COLUMNS, recommendation_rows(release, 1))

    lines = (tmp_path / "recs.csv").read_text().splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == ["ada", "dan", "eve"]
    assert n_unwilling(release) == 2


def test_who_refused_to_be_scored_is_not(tmp_path):
    churn = churn_part(np.array(["cyd", "elsewhere"]))
    put_in_force(tmp_path, replace(hand_made(), churn=churn))

    answer = asker(face_on(tmp_path))(
        "POST", "/v1/churn/score", json={"customer_ids": ["cyd", "ada", "elsewhere", "x"]}
    )

    assert [each["status"] for each in answer.json()["scores"]] == ["no_consent", "scored", "no_consent", "not_found"]
    assert churn.probability_of("cyd") is None
    assert n_unscored(replace(hand_made(), churn=churn)) == 1
    assert isinstance(ChurnPart.from_artifact(churn.to_artifact()), ChurnPart)


def test_what_sells_out_is_shown_nowhere_until_it_is_back(counter):
    def shown():
        return (
            "cup" in ids(recommended(counter, customer_id="ada", k=1, exclude=["tea"])),
            "cup" in ids(recommended(counter, customer_id="ada", k=2)),
            "cup" in [item["item_id"] for item in counter("GET", "/v1/items/tea/similar").json()["items"]],
            "cup" in [item["item_id"] for item in counter("GET", "/v1/trending").json()["items"]],
        )

    assert shown() == (True, True, True, True)
    counter("PUT", STOCK, json={"unavailable": ["cup"]})
    assert shown() == (False, False, False, False)
    assert {"cup"} < set(ids(recommended(counter, customer_id="ada", in_stock=False)))
    counter("PUT", STOCK, json={"available": ["cup"]})
    assert shown() == (True, True, True, True)


def test_another_worker_sees_the_change_at_its_next_request(counter, folder):
    other = asker(face_on(folder))

    said = counter("PUT", STOCK, json={"unavailable": ["tea", "not-yet-known"]}).json()

    assert said["unavailable"] == other("GET", STOCK).json()["unavailable"] == ["not-yet-known", "tea"]
    assert said["unavailable_as_released"] == ["hidden"]


def test_two_changes_at_one_moment_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr("time.time_ns", lambda: 1_000)
    live = LiveStock(StockFile(tmp_path))

    for item_id in ("a", "b"):
        live.file.change([item_id], [])
        assert item_id in live.now.unavailable


def test_a_damaged_stock_file_leaves_the_last_known_stock_and_takes_no_change(counter, folder):
    counter("PUT", STOCK, json={"unavailable": ["tea"]})
    counter("GET", STOCK)
    (folder / "stock.json").write_bytes(b"{")

    refused = counter("PUT", STOCK, json={"unavailable": ["cup"]})

    assert counter("GET", STOCK).json()["unavailable"] == ["tea"]
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:kizuna:problem:stock-out-of-reach")


def test_the_stock_does_not_grow_without_bound(counter, folder):
    StockFile(folder).change([str(number) for number in range(AT_MOST)], [])

    assert counter("PUT", STOCK, json={"unavailable": ["one more"]}).status_code == 422
    assert counter("PUT", STOCK, json={"unavailable": ["1"]}).status_code == 200


def in_orders(*orders):
    """The part whose lines were bought in these orders."""
    part = recommender_part()
    together = type(part.around.together).learnt_from(replace(bought(), orders=np.array(orders)), least_support=1)
    return replace(part, around=replace(part.around, together=together))


def test_an_item_is_bought_together_with_others_of_its_orders(tmp_path):
    put_in_force(tmp_path, replace(hand_made(), recommender=in_orders(0, 0, 1, 1, 2, 3, 3)))

    answer = asker(face_on(tmp_path))("GET", "/v1/items/cup/bought-together?k=3").json()

    assert [(item["item_id"], item["support"]) for item in answer["items"]] == [("tea", 2)]
    assert answer["items"][0]["lift"] > 1
    assert answer["shortfall"] == "only 1 items in stock were bought with it in enough orders"


@pytest.mark.parametrize(("category", "expected"), [("drinks", {"tea"}), ("vessels", {"cup", "pot"}), ("no", set())])
def test_trends_of_one_category(counter, category, expected):
    answer = counter("GET", f"/v1/trending?k=3&category={category}").json()

    assert {item["item_id"] for item in answer["items"]} == expected
    assert all(item["purchases"] > item["purchases_before"] for item in answer["items"])


@pytest.mark.parametrize(
    ("asked", "expected", "stage"),
    [
        ({"similar_to": "cup"}, ["tea", "pot"], "similar_items"),
        ({"similar_to": "cup", "where": {"category": ["vessels"]}}, ["pot"], "similar_items"),
        ({"similar_to": "cup", "customer_id": "ada", "repeat_policy": "never"}, ["pot"], "similar_items"),
        ({"trending": True, "price_min": 1}, ["cup", "pot"], "trending"),
        ({"trending": True, "at_most_per_category": 1}, ["tea", "cup"], "trending"),
        ({"similar_to": "never-heard-of"}, [], None),
    ],
)
def test_lists_that_are_everybodys_pass_the_same_counter(counter, asked, expected, stage):
    answer = recommended(counter, k=10, **asked)

    assert ids(answer) == expected
    assert {item["stage"] for item in answer["items"]} == ({stage} if stage else set())
    assert [item["contributions"] for item in answer["items"]] == [[]] * len(expected)


def test_a_list_is_personal_only_where_the_customers_own_purchases_are_left_out(counter):
    plain, without = (
        recommended(counter, trending=True, customer_id="ada", repeat_policy=policy) for policy in ("allow", "never")
    )

    assert (plain["personalised"], without["personalised"]) == (False, True)
    assert plain["not_personalised_because"] == "the list that was asked for is the same for everybody"


def test_a_list_says_what_stands_in_it_and_of_what_there_is_no_more(counter):
    similar, unknown = (recommended(counter, similar_to=item, k=3) for item in ("cup", "never-heard-of"))

    assert similar["items"][0]["explanation"] == {"en": "similar to Cup", "ja": "「Cup」に似た商品です"}
    assert similar["shortfall"] == "only 2 items like Cup are left"
    assert unknown["shortfall"] == "only 0 items like 'never-heard-of', which is not on record, are left"


def test_what_is_bought_with_an_item_tells_in_how_many_orders(tmp_path):
    put_in_force(tmp_path, replace(hand_made(), recommender=in_orders(0, 0, 1, 1, 2, 3, 3)))

    item = recommended(asker(face_on(tmp_path)), bought_with="cup", k=1)["items"][0]

    assert (item["item_id"], item["stage"]) == ("tea", "bought_together")
    assert item["explanation"]["en"] == "bought together with Cup in 2 orders, 1.2 times as often as by chance"
