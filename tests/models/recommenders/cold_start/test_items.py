"""Items that nobody has bought yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.interactions import Histories
from core.item_attributes import ItemAttributes
from core.recommendations import STAGES
from models.artifact import Artifact
from models.protocols import Exclusions
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.item_model import attribute_likeness, newcomers_of, with_newcomers
from models.recommenders.cold_start.items import Newcomers
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import bought, history
from tests.corner_shop import CORNER_SHOP, every_recommender_on

KNOWN = ItemAttributes.of(
    ["bread", "butter", "jam", "milk", "salt", "tea"],
    {"category": ["bakery", "dairy", "pantry", "dairy", "pantry", "drinks"]},
    [3.0, 2.0, 4.0, 1.0, 1.0, 4.0],
)
NEW = ItemAttributes.of(
    ["cocoa", "honey", "quark", "rolls", "tea", "zinc"],
    {"category": ["drinks", "pantry", "dairy", "bakery", "drinks", None]},
    [8.0, 4.0, None, 3.0, 4.0, None],
)
NEWCOMERS = newcomers_of(KNOWN, NEW)
FITTED = every_recommender_on(CORNER_SHOP)
FITTED["beside"] = PersonalFrequency().fit(CORNER_SHOP).with_beside(ItemKnn().fit(CORNER_SHOP))
WIDER = {name: with_newcomers(model, NEWCOMERS) for name, model in FITTED.items()}
SCORING = {name: model for name, model in FITTED.items() if isinstance(model, ScoringRecommender)}
CUTOFF = date(2024, 3, 1)
EVERYTHING = sorted([*KNOWN.item_ids.tolist(), "cocoa", "honey", "quark", "rolls", "zinc"])

every_recommender = pytest.mark.parametrize("name", FITTED)
every_scoring_recommender = pytest.mark.parametrize("name", SCORING)
item_lists = st.lists(st.sampled_from([*EVERYTHING, "unheard-of"]), max_size=6)


def wider_history(*item_ids: str) -> Histories:
    return Histories.of_items([item_ids], np.array(EVERYTHING), np.datetime64("2024-03-01", "s"))


def neighbours(item: str) -> dict[str, float]:
    row = NEWCOMERS.matrix[[NEWCOMERS.item_ids.tolist().index(item)]]
    return dict(zip(KNOWN.item_ids[row.indices].tolist(), row.data.tolist(), strict=True))


def test_likeness_is_the_mean_of_equal_words_and_the_ratio_of_prices():
    assert neighbours("honey") == {"jam": 1, "salt": pytest.approx((1 + 1 / 4) / 2)}
    assert neighbours("cocoa") == {"tea": pytest.approx((1 + 1 / 2) / 2)}
    assert neighbours("quark") == {"butter": 1, "milk": 1}  # its price is not known


def test_an_item_of_which_nothing_is_known_has_no_neighbours():
    assert neighbours("zinc") == {}


def test_without_words_the_price_alone_says_what_is_alike():
    price_only = ItemAttributes.of(["pin"], {"category": [None]}, [2.0])

    assert attribute_likeness(price_only, KNOWN)[0].tolist() == pytest.approx([2 / 3, 1, 1 / 2, 1 / 2, 1 / 2, 1 / 2])


def test_a_price_of_nothing_is_no_price():
    free = ItemAttributes.of(["pin"], {"category": ["dairy"]}, [0.0])

    assert attribute_likeness(free, KNOWN)[0].tolist() == [0, 1, 0, 1, 0, 0]


def test_known_items_are_no_newcomers_and_the_most_alike_are_kept():
    assert NEWCOMERS.item_ids.tolist() == ["cocoa", "honey", "quark", "rolls", "zinc"]
    assert newcomers_of(KNOWN, NEW, n_neighbours=1).matrix[[1]].indices.tolist() == [
        KNOWN.item_ids.tolist().index("jam")
    ]


def test_words_are_compared_as_words_whatever_their_codes():
    more_words = ItemAttributes.of(["cheese"], {"category": ["dairy"], "colour": ["yellow"]})

    assert attribute_likeness(more_words, KNOWN)[0].tolist() == [0, 0.5, 0, 0.5, 0, 0]


@every_scoring_recommender
def test_a_new_item_scores_the_discounted_mean_of_its_neighbours_and_known_ones_as_before(name: str):
    inner, wider = SCORING[name], with_newcomers(FITTED[name], NEWCOMERS, discount=0.25)
    assert isinstance(wider, ScoringRecommender)
    asked = history("tea", "jam", among=CORNER_SHOP)

    before = dict(zip(CORNER_SHOP.item_ids.tolist(), inner.scores(asked, CUTOFF)[0].tolist(), strict=True))
    after = dict(zip(EVERYTHING, wider.scores(asked.recode(wider.item_ids), CUTOFF)[0].tolist(), strict=True))

    assert {item: after[item] for item in before} == before
    assert after["honey"] == pytest.approx(0.25 * (before["jam"] + 0.625 * before["salt"]) / 1.625, rel=1e-5)
    assert after["zinc"] == 0


@every_scoring_recommender
def test_scores_are_the_sums_of_their_shares_times_the_season(name: str):
    wider = WIDER[name]
    assert isinstance(wider, ScoringRecommender)
    asked = wider_history("tea", "jam", "honey")
    items = np.array([10, 3, 0, 4, 9])

    _, shares = wider.shares(asked, 0, items, CUTOFF)

    assert shares.sum(axis=0) == pytest.approx(wider._scores(asked, CUTOFF)[0, items], abs=1e-6)
    assert wider._scores(asked, CUTOFF) * wider._season_at(CUTOFF) == pytest.approx(
        wider.scores(asked, CUTOFF), abs=1e-6
    )


@every_recommender
def test_popularity_is_that_of_the_neighbours_discounted_and_gaps_are_not_known(name: str):
    wider, before = WIDER[name], FITTED[name].popularity_
    of_rolls, of_cocoa = (int(np.searchsorted(wider.item_ids, item)) for item in ("rolls", "cocoa"))

    assert wider.item_ids.tolist() == EVERYTHING
    assert wider.popularity_[of_rolls] == pytest.approx(before[0] / 2)
    assert wider.popularity_[of_cocoa] == pytest.approx(before[5] / 2)
    assert np.isnan(wider.gaps_[of_rolls])


@every_recommender
@settings(deadline=None, max_examples=40)
@given(item_lists, item_lists, st.sets(st.integers(0, 10)), st.integers(1, 13), st.booleans(), st.booleans())
def test_exactly_k_allowed_items_old_and_new_or_a_stated_reason(
    name: str, before: list[str], excluded: list[str], nobody: set[int], k: int, seen: bool, not_due: bool
):
    wider = WIDER[name]
    asked = wider_history(*before)
    exclusions = Exclusions(np.array(sorted(nobody), dtype=np.int32), [excluded], seen, not_due)

    answer = wider.recommend(asked, k, date(2024, 3, 2), exclusions)

    barred = set(excluded) | {EVERYTHING[code] for code in nobody} | (set(before) if seen or not_due else set())
    shown = [item for item in answer.item_id[0].tolist() if item]
    assert not barred & set(shown)
    assert len(shown) == len(set(shown)) == min(k, len(set(EVERYTHING) - barred))
    assert bool(answer.shortfalls[0]) == (len(shown) < k)


@every_recommender
def test_a_purchase_of_a_newcomer_is_known_to_be_seen(name: str):
    wider = WIDER[name]
    asked = wider_history("honey", "tea")

    assert "honey" not in wider.recommend(asked, 11, exclusions=Exclusions(seen=True)).item_id[0]
    assert "honey" in wider.recommend(asked, 11).item_id[0]


@every_recommender
def test_known_items_come_in_the_order_in_which_they_came(name: str):
    asked = history("tea", "jam", among=CORNER_SHOP)

    before, after = (model.recommend(asked, 11) for model in (FITTED[name], WIDER[name]))

    kept = np.isin(after.item_id[0], KNOWN.item_ids)
    assert after.item_id[0][kept].tolist() == before.item_id[0][:6].tolist()
    assert after.stages[0][kept].tolist() == before.stages[0][:6].tolist()


def test_new_items_are_recommended_because_of_the_history():
    answer = WIDER["item_knn"].recommend(history("milk", among=CORNER_SHOP), 11, exclusions=Exclusions(seen=True))

    place = answer.item_id[0].tolist().index("cocoa")  # like tea, which is bought with milk
    assert STAGES[answer.stages[0, place]] == "similar_items"
    assert answer.item_ids[answer.contributors[0, place]] == "milk"


@every_recommender
def test_similar_to_a_newcomer_are_its_neighbours_and_to_others_the_same_as_before(name: str):
    similar = WIDER[name].similar("honey", 5)

    assert [item for item, _ in similar] == ["jam", "salt"]
    assert WIDER[name].similar("tea", 3) == FITTED[name].similar("tea", 3)
    assert WIDER[name].similar("unheard-of", 3) == []


@every_recommender
def test_likeness_of_newcomers_is_that_to_their_neighbours_and_what_they_share(name: str):
    wider = WIDER[name]
    codes = np.array([EVERYTHING.index(item) for item in ("honey", "jam", "tea", "cocoa", "zinc")])

    between = wider.likeness_between(codes)

    assert between[0, 1] == between[1, 0] == 1
    assert between[0, 2] == between[0, 3] == between[0, 4] == 0
    assert between[1, 2] == pytest.approx(FITTED[name].likeness_between(np.array([2, 5]))[0, 1])
    assert (between.diagonal() == 1).all()


@every_recommender
def test_what_is_kept_is_the_model_and_its_newcomers(name: str, tmp_path: Path):
    wider = WIDER[name]
    wider.to_artifact().write(tmp_path / "model")
    NEWCOMERS.to_artifact().write(tmp_path / "newcomers")

    kept = Artifact.read(tmp_path / "model", memory_map=True)
    inner = RECOMMENDERS[kept.model].from_artifact(kept)
    if FITTED[name].similarity_model_ is not None:
        inner = inner.with_beside(FITTED["item_knn"])
    read = with_newcomers(inner, Newcomers.from_artifact(Artifact.read(tmp_path / "newcomers", memory_map=True)))

    assert (read.name, read.settings) == (FITTED[name].name, FITTED[name].settings)
    assert (read.recommend(CORNER_SHOP.histories, 9).items == wider.recommend(CORNER_SHOP.histories, 9).items).all()


@every_recommender
def test_one_customer_alone_gets_what_they_get_among_others(name: str):
    together = WIDER[name].recommend(CORNER_SHOP.histories, 9)

    alone = WIDER[name].recommend(CORNER_SHOP.histories.take(np.array([3])), 9)

    assert (alone.items[0] == together.items[3]).all()
    assert (alone.contributors[0] == together.contributors[3]).all()


def test_without_newcomers_the_model_is_as_it_was():
    assert with_newcomers(FITTED["als"], newcomers_of(KNOWN, KNOWN)) is FITTED["als"]


def test_newcomers_of_another_catalogue_are_refused():
    model: LadderRecommender = Popularity().fit(bought("ada 2024-02-01 tea"))

    with pytest.raises(BadInput, match="of a catalogue of 6 items, popularity has 1"):
        with_newcomers(model, NEWCOMERS)


def test_what_is_fitted_is_the_model_inside():
    with pytest.raises(BadInput, match="fit it first"):
        WIDER["als"].fit(CORNER_SHOP)
