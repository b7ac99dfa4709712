"""Where a new customer starts from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.item_attributes import ItemAttributes
from core.recommendations import STAGES
from models.artifact import Artifact
from models.protocols import Exclusions
from models.recommenders.cold_start import customers as starting_points
from models.recommenders.cold_start.customers import PRIOR_PURCHASES, StartingPoints
from models.recommenders.cold_start.item_model import newcomers_of, with_newcomers
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import bought, history
from tests.corner_shop import CORNER_SHOP, every_recommender_on

ITEMS = CORNER_SHOP.item_ids.tolist()
ATTRIBUTES = ItemAttributes.of(
    ["bread", "butter", "jam", "milk", "salt", "tea", "zinc"],
    {
        "category": ["Bakery", "Dairy", "Pantry", "Dairy", "Pantry", "Drinks", "Pantry"],
        "brand": ["Ann", "Ann", "Ann", "Bob", "Bob", None, "Ann"],
    },
)
COUNTRIES = np.array(["jp", "jp", "uk", "uk", ""])
POINTS = StartingPoints.learnt_from(CORNER_SHOP, {"country": COUNTRIES}, ATTRIBUTES)
FITTED = every_recommender_on(CORNER_SHOP)

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())
told = st.fixed_dictionaries(
    {}, optional={"category": st.sampled_from(["dairy", "Pantry", "none"]), "brand": st.sampled_from(["Ann", "Bob"])}
)
of_segments = st.fixed_dictionaries({}, optional={"country": st.sampled_from(["jp", "uk", "xx"])})


def best_first(preferences: dict[str, str], segments: dict[str, str]) -> tuple[list[str], str]:
    scores, stage = POINTS.scores_for(preferences, segments)
    order = np.argsort(-scores, kind="stable")
    return [ITEMS[code] for code in order if scores[code] > 0], stage


def test_what_they_told_us_comes_first_and_of_that_what_is_bought_more():
    assert best_first({"category": "Dairy"}, {}) == (["milk", "butter"], "preferences")
    assert best_first({"brand": "Ann"}, {})[0] == ["bread", "jam", "butter"]


def test_what_fulfils_two_wishes_comes_before_what_fulfils_one():
    assert best_first({"category": "Dairy", "brand": "Ann"}, {})[0] == ["butter", "bread", "jam", "milk"]


@pytest.mark.parametrize("preferences", [{"Category": " dairy "}, {"favourite": "DAIRY"}])
def test_a_wish_is_found_however_it_is_written_and_in_the_categories_whatever_it_is_called(preferences: dict[str, str]):
    assert best_first(preferences, {})[0] == ["milk", "butter"]


def test_without_wishes_a_segment_gets_what_it_buys_shrunk_towards_everybody():
    log = bought("ada 2024-02-29 tea", "bo 2024-02-29 milk", "cyd 2024-02-29 milk", "dee 2024-02-29 milk")
    points = StartingPoints.learnt_from(
        log, {"country": np.array(["jp", "uk", "uk", "uk"])}, ATTRIBUTES, cutoff=date(2024, 2, 29)
    )

    scores, stage = points.scores_for({}, {"country": "jp"})

    milk, tea = (PRIOR_PURCHASES * 0.75), (1 + PRIOR_PURCHASES * 0.25)
    assert (scores.tolist(), stage) == (pytest.approx([milk / (milk + tea), tea / (milk + tea)]), "segment")


def test_a_customer_counts_once_for_an_item_however_often_they_buy_it():
    baskets = ["bo 2024-02-29 milk", "cyd 2024-02-29 milk", "dee 2024-02-29 tea"]
    segment = {"country": np.array(["jp", "jp", "jp"])}
    often = StartingPoints.learnt_from(
        bought(*baskets, *["dee 2024-02-29 tea"] * 50), segment, ATTRIBUTES, cutoff=date(2024, 2, 29)
    )

    assert often.purchases["country"].toarray().tolist() == [[2, 1]]


def test_of_several_segments_the_mean_counts_and_unknown_ones_do_not():
    two = StartingPoints.learnt_from(CORNER_SHOP, {"country": COUNTRIES, "age": COUNTRIES[::-1]}, ATTRIBUTES)
    country, age = (two.scores_for({}, {name: "jp"})[0] for name in ("country", "age"))

    both, _ = two.scores_for({}, {"country": "jp", "age": "jp", "shoe_size": "jp"})

    assert both == pytest.approx((country + age) / 2)
    assert not np.allclose(country, age)


@pytest.mark.parametrize(
    ("preferences", "segments"), [({}, {}), ({"brand": "?"}, {"country": ""}), ({"x": ""}, {"y": "jp"})]
)
def test_what_says_nothing_leaves_it_to_popularity(preferences: dict[str, str], segments: dict[str, str]):
    scores, stage = POINTS.scores_for(preferences, segments)

    assert (scores.tolist(), stage) == ([0] * 6, "popularity")
    assert (
        not Popularity()
        .fit(CORNER_SHOP)
        .recommend(history(among=CORNER_SHOP), 6, starting=(scores, stage))
        .shortfalls[0]
    )


def test_among_equally_liked_items_the_segments_favourite_comes_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(starting_points, "PRIOR_PURCHASES", 0.1)
    points = StartingPoints.learnt_from(
        bought("ada 2024-02-01 tea", "bo 2024-02-01 tea", "cyd 2024-02-01 milk"),
        {"country": np.array(["uk", "uk", "jp"])},
        ItemAttributes.of(["milk", "tea"], {"category": ["drinks", "drinks"]}),
    )

    first = [points.scores_for({"category": "drinks"}, {"country": country})[0].argmax() for country in ("jp", "uk")]

    assert first == [0, 1]


@every_recommender
@settings(deadline=None, max_examples=40)
@given(
    preferences=told,
    segments=of_segments,
    before=st.lists(st.sampled_from(ITEMS), max_size=3),
    excluded=st.lists(st.sampled_from(ITEMS), max_size=4),
    nobody=st.sets(st.integers(0, 5), max_size=2),
    k=st.integers(1, 8),
    seen=st.booleans(),
)
def test_nothing_excluded_is_shown_and_what_they_like_comes_after_taste_and_before_what_is_popular(
    recommender: LadderRecommender, preferences: dict[str, str], segments: dict[str, str], before: list[str],
    excluded: list[str], nobody: set[int], k: int, seen: bool,
):  # fmt: skip
    starting = POINTS.scores_for(preferences, segments)
    exclusions = Exclusions(np.array(sorted(nobody), dtype=np.int32), [excluded], seen)

    answer = recommender.recommend(history(*before, among=CORNER_SHOP), k, exclusions=exclusions, starting=starting)

    barred = set(excluded) | {ITEMS[code] for code in nobody} | (set(before) if seen else set())
    shown = [item for item in answer.item_id[0].tolist() if item]
    assert not barred & set(shown)
    assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - barred))
    ladder = np.maximum(answer.stages[0, : len(shown)], STAGES.index("similar_items"))  # taste and likeness may mix
    assert (np.diff(ladder) >= 0).all()
    own = recommender.recommend(history(*before, among=CORNER_SHOP), k, exclusions=exclusions)
    personal = own.stages[0] < STAGES.index("preferences")
    assert (answer.items[0][personal] == own.items[0][personal]).all()


@every_recommender
def test_an_unknown_customer_gets_what_they_told_us_and_then_what_is_popular(recommender: LadderRecommender):
    answer = recommender.recommend(history(among=CORNER_SHOP), 4, starting=POINTS.scores_for({"category": "dairy"}, {}))

    assert answer.item_id.tolist() == [["milk", "butter", "bread", "tea"]]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["preferences"] * 2 + ["popularity"] * 2
    assert (answer.contributors == -1).all()


def test_a_newcomer_is_liked_for_what_it_is():
    known = ATTRIBUTES.recode(CORNER_SHOP.item_ids)
    wider = with_newcomers(PersonalFrequency().fit(CORNER_SHOP), newcomers_of(known, ATTRIBUTES))
    points = StartingPoints.learnt_from(CORNER_SHOP.recode(wider.item_ids), {}, ATTRIBUTES)

    answer = wider.recommend(history(among=CORNER_SHOP), 3, starting=points.scores_for({"category": "pantry"}, {}))

    assert answer.item_id.tolist() == [["jam", "salt", "zinc"]]


def test_scores_of_another_catalogue_are_refused():
    with pytest.raises(BadInput, match="5 scores to start from for 6 items"):
        FITTED["popularity"].recommend(history(among=CORNER_SHOP), 1, starting=(np.zeros(5), "segment"))


def test_what_is_kept_says_the_same(tmp_path: Path):
    POINTS.to_artifact().write(tmp_path)

    read = StartingPoints.from_artifact(Artifact.read(tmp_path, memory_map=True))

    for preferences, segments in (
        ({"brand": "ann"}, {}),
        ({}, {"country": "uk"}),
        ({"brand": "bob"}, {"country": "jp"}),
    ):
        scores, stage = POINTS.scores_for(preferences, segments)
        again, same_rung = read.scores_for(preferences, segments)
        assert (again.tolist(), same_rung) == (scores.tolist(), stage)
