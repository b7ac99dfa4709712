"""Cold start of customers: stated preferences and segments."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.item_attributes import ItemAttributes
from core.recommendations import STAGES, Stage
from models.artifact import Artifact
from models.recommenders.cold_start import customers
from models.recommenders.cold_start.customers import PRIOR_PURCHASES, ColdStartCustomers
from models.recommenders.cold_start.items import add_cold_start_items, find_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.ranked_lists import ItemScores
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import history, interactions
from tests.corner_shop import CORNER_SHOP, fit_every_recommender

ITEMS = CORNER_SHOP.item_ids.tolist()

ATTRIBUTES = ItemAttributes.from_columns(
    ["bread", "butter", "jam", "milk", "salt", "tea", "zinc"],
    {
        "category": ["Bakery", "Dairy", "Pantry", "Dairy", "Pantry", "Drinks", "Pantry"],
        "brand": ["Ann", "Ann", "Ann", "Bob", "Bob", None, "Ann"],
    },
)
COUNTRIES = np.array(["jp", "jp", "uk", "uk", ""])
MODEL = ColdStartCustomers.fit(CORNER_SHOP, {"country": COUNTRIES}, item_attributes=ATTRIBUTES)
FITTED = fit_every_recommender(CORNER_SHOP)

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())
preference_sets = st.fixed_dictionaries(
    {}, optional={"category": st.sampled_from(["dairy", "Pantry", "none"]), "brand": st.sampled_from(["Ann", "Bob"])}
)
segment_sets = st.fixed_dictionaries({}, optional={"country": st.sampled_from(["jp", "uk", "xx"])})


def rank(preferences: dict[str, str], segments: dict[str, str]) -> tuple[list[str], str]:
    ranked = MODEL.scores_for(preferences, segments)
    order = np.argsort(-ranked.scores, kind="stable")
    return [ITEMS[code] for code in order if ranked.scores[code] > 0], ranked.stage


def test_items_that_match_a_preference_are_ranked_by_popularity():
    assert rank({"category": "Dairy"}, {}) == (["milk", "butter"], "preferences")
    assert rank({"brand": "Ann"}, {})[0] == ["bread", "jam", "butter"]


def test_an_item_that_matches_two_preferences_comes_before_one_that_matches_one():
    assert rank({"category": "Dairy", "brand": "Ann"}, {})[0] == ["butter", "bread", "jam", "milk"]


@pytest.mark.parametrize("preferences", [{"Category": " dairy "}, {"favourite": "DAIRY"}])
def test_preferences_ignore_case_and_unknown_keys_mean_categories(preferences: dict[str, str]):
    assert rank(preferences, {})[0] == ["milk", "butter"]


def test_without_preferences_a_segment_gets_its_favourites_shrunk_towards_overall_popularity():
    log = interactions("ada 2024-02-29 tea", "bo 2024-02-29 milk", "cyd 2024-02-29 milk", "dee 2024-02-29 milk")
    model = ColdStartCustomers.fit(
        log,
        {"country": np.array(["jp", "uk", "uk", "uk"])},
        item_attributes=ATTRIBUTES,
        cutoff=date(2024, 2, 29),
    )

    ranked = model.scores_for({}, {"country": "jp"})

    milk, tea = (PRIOR_PURCHASES * 0.75), (1 + PRIOR_PURCHASES * 0.25)
    assert ranked.scores.tolist() == pytest.approx([milk / (milk + tea), tea / (milk + tea)])
    assert ranked.stage == "segment"


def test_a_customer_counts_once_for_an_item_however_often_they_buy_it():
    baskets = ["bo 2024-02-29 milk", "cyd 2024-02-29 milk", "dee 2024-02-29 tea"]
    segment = {"country": np.array(["jp", "jp", "jp"])}
    often = ColdStartCustomers.fit(
        interactions(*baskets, *["dee 2024-02-29 tea"] * 50),
        segment,
        item_attributes=ATTRIBUTES,
        cutoff=date(2024, 2, 29),
    )

    assert often.purchases["country"].toarray().tolist() == [[2, 1]]


def test_several_segments_are_averaged_and_unknown_ones_ignored():
    two = ColdStartCustomers.fit(
        CORNER_SHOP, {"country": COUNTRIES, "age": COUNTRIES[::-1]}, item_attributes=ATTRIBUTES
    )
    country, age = (two.scores_for({}, {name: "jp"}).scores for name in ("country", "age"))

    both = two.scores_for({}, {"country": "jp", "age": "jp", "shoe_size": "jp"}).scores

    assert both == pytest.approx((country + age) / 2)
    assert not np.allclose(country, age)


@pytest.mark.parametrize(
    ("preferences", "segments"), [({}, {}), ({"brand": "?"}, {"country": ""}), ({"x": ""}, {"y": "jp"})]
)
def test_without_any_match_popularity_ranks(preferences: dict[str, str], segments: dict[str, str]):
    ranked = MODEL.scores_for(preferences, segments)

    assert (ranked.scores.tolist(), ranked.stage) == ([0] * 6, "popularity")
    lists = Popularity().fit(CORNER_SHOP).recommend(history(among=CORNER_SHOP), 6, cold_start=ranked)
    assert not lists.shortfalls[0]


def test_among_equally_good_matches_the_segments_favourite_comes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(customers, "PRIOR_PURCHASES", 0.1)
    model = ColdStartCustomers.fit(
        interactions("ada 2024-02-01 tea", "bo 2024-02-01 tea", "cyd 2024-02-01 milk"),
        {"country": np.array(["uk", "uk", "jp"])},
        item_attributes=ItemAttributes.from_columns(["milk", "tea"], {"category": ["drinks", "drinks"]}),
    )

    first = [model.scores_for({"category": "drinks"}, {"country": country}).scores.argmax() for country in ("jp", "uk")]

    assert first == [0, 1]


@every_recommender
@settings(deadline=None, max_examples=40)
@given(
    preferences=preference_sets,
    segments=segment_sets,
    before=st.lists(st.sampled_from(ITEMS), max_size=3),
    excluded=st.lists(st.sampled_from(ITEMS), max_size=4),
    unavailable=st.sets(st.integers(0, 5), max_size=2),
    k=st.integers(1, 8),
    seen=st.booleans(),
)
def test_cold_start_items_come_after_the_own_stage_and_before_popularity_without_excluded_items(
    recommender: Recommender, preferences: dict[str, str], segments: dict[str, str], before: list[str],
    excluded: list[str], unavailable: set[int], k: int, seen: bool,
):  # fmt: skip
    cold_start = MODEL.scores_for(preferences, segments)
    exclusions = Exclusions(np.array(sorted(unavailable), dtype=np.int32), [excluded], seen)

    answer = recommender.recommend(history(*before, among=CORNER_SHOP), k, exclusions=exclusions, cold_start=cold_start)

    excluded_items = set(excluded) | {ITEMS[code] for code in unavailable} | (set(before) if seen else set())
    shown = [item for item in answer.item_id[0].tolist() if item]
    assert not excluded_items & set(shown)
    assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - excluded_items))
    stages = np.maximum(answer.stages[0, : len(shown)], STAGES.index("similar_items"))  # the first two may mix
    assert (np.diff(stages) >= 0).all()
    own = recommender.recommend(history(*before, among=CORNER_SHOP), k, exclusions=exclusions)
    personal = own.stages[0] < STAGES.index("preferences")
    assert (answer.items[0][personal] == own.items[0][personal]).all()


@every_recommender
def test_an_unknown_customer_gets_matches_of_preferences_and_then_popular_items(recommender: Recommender):
    answer = recommender.recommend(
        history(among=CORNER_SHOP), 4, cold_start=MODEL.scores_for({"category": "dairy"}, {})
    )

    assert answer.item_id.tolist() == [["milk", "butter", "bread", "tea"]]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["preferences"] * 2 + ["popularity"] * 2
    assert (answer.contributors == -1).all()


def test_a_cold_start_item_matches_preferences():
    purchased = ATTRIBUTES.recode(CORNER_SHOP.item_ids)
    extended = add_cold_start_items(PersonalFrequency().fit(CORNER_SHOP), find_cold_start_items(purchased, ATTRIBUTES))
    model = ColdStartCustomers.fit(CORNER_SHOP.recode(extended.item_ids), {}, item_attributes=ATTRIBUTES)

    answer = extended.recommend(history(among=CORNER_SHOP), 3, cold_start=model.scores_for({"category": "pantry"}, {}))

    assert answer.item_id.tolist() == [["jam", "salt", "zinc"]]


def test_item_scores_of_another_catalogue_are_refused():
    with pytest.raises(BadInput, match="5 item scores for 6 items"):
        FITTED["popularity"].recommend(
            history(among=CORNER_SHOP), 1, cold_start=ItemScores(np.zeros(5, np.float32), Stage.SEGMENT)
        )


def test_the_stored_model_gives_the_same_scores(tmp_path: Path):
    MODEL.to_artifact().write(tmp_path)

    read = ColdStartCustomers.from_artifact(Artifact.read(tmp_path, memory_map=True))

    for preferences, segments in (
        ({"brand": "ann"}, {}),
        ({}, {"country": "uk"}),
        ({"brand": "bob"}, {"country": "jp"}),
    ):
        before, after = (model.scores_for(preferences, segments) for model in (MODEL, read))
        assert (after.scores.tolist(), after.stage) == (before.scores.tolist(), before.stage)
