"""What single recommenders compute."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from core.recommendations import STAGES
from models.recommenders.als import Als
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.item_knn import ItemKnn
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from tests.baskets import checkerboard, history, interactions

CUTOFF = date(2024, 3, 1)


def test_popularity_forgets_half_of_a_purchase_every_half_life():
    log = interactions("ada 2024-01-31 jam", "bo 2024-03-01 tea", "- 2024-03-01 tea milk")

    popularity = Popularity(popularity_half_life_days=30).fit(log, date(2024, 3, 2)).popularity_

    fresh, old = 2 ** (-1 / 30), 2 ** (-31 / 30)
    assert popularity == pytest.approx(np.array([old, fresh, 2 * fresh]) / (old + 3 * fresh))


def test_a_short_half_life_prefers_what_is_bought_now():
    log = interactions("ada 2023-03-01 jam", "bo 2023-03-01 jam", "cyd 2024-02-28 tea")
    first = {days: Popularity(popularity_half_life_days=days).fit(log, CUTOFF) for days in (30, 10_000)}

    assert first[30].recommend(history(among=log), 1).item_id.tolist() == [["tea"]]
    assert first[10_000].recommend(history(among=log), 1).item_id.tolist() == [["jam"]]


def test_equally_popular_items_come_by_id():
    log = interactions("ada 2024-02-01 tea jam milk")

    assert Popularity().fit(log).recommend(history(among=log), 3).item_id.tolist() == [["jam", "milk", "tea"]]


def test_frequent_purchases_come_first_and_popular_items_follow():
    log = interactions("ada 2024-02-01 tea jam", "ada 2024-02-08 tea", "bo 2024-02-01 milk", "cyd 2024-02-01 milk")
    ada = log.histories.take(np.array([0]))

    answer = PersonalFrequency().fit(log, CUTOFF).recommend(ada, 3)

    assert answer.item_id.tolist() == [["tea", "jam", "milk"]]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["personal", "personal", "popularity"]
    assert answer.item_ids[answer.contributors[0, :2]].tolist() == ["tea", "jam"]


def test_a_short_half_life_prefers_the_customers_newer_habit():
    log = interactions("ada 2023-12-01 tea", "ada 2023-12-02 tea", "ada 2024-02-28 jam")
    first = {
        days: PersonalFrequency(half_life_days=days, popularity_power=0).fit(log, CUTOFF).recommend(log.histories, 1)
        for days in (10, 1_000)
    }

    assert first[10].item_id.tolist() == [["jam"]]
    assert first[1_000].item_id.tolist() == [["tea"]]


def test_of_two_habits_the_one_in_season_comes_first():
    log = interactions("ada 2024-02-01 jam tea", "bo 2024-02-20 tea", "cyd 2024-02-20 tea")
    ada = log.histories.take(np.array([0]))

    assert PersonalFrequency(popularity_power=0).fit(log).recommend(ada, 1).item_id.tolist() == [["jam"]]
    assert PersonalFrequency(popularity_power=0.4).fit(log).recommend(ada, 1).item_id.tolist() == [["tea"]]


def test_item_similarity_is_the_cosine_of_the_buyers():
    log = interactions("ada 2024-02-01 tea milk", "bo 2024-02-01 tea jam", "cyd 2024-02-01 tea milk")

    similar = dict(ItemKnn().fit(log).similar_items("milk", 5))

    assert similar == pytest.approx(
        {"tea": 2 / np.sqrt(2 * 3)}
    )  # every customer bought two items, so all have the same weight


def test_repeat_purchases_are_personal_and_neighbours_are_similar_items():
    log = interactions("ada 2024-02-01 tea milk", "bo 2024-02-01 tea milk", "cyd 2024-02-01 jam bread")

    answer = ItemKnn().fit(log).recommend(history("tea", among=log), 3)

    assert answer.item_id[0, :2].tolist() == ["tea", "milk"]
    assert [STAGES[stage] for stage in answer.stages[0]] == ["personal", "similar_items", "popularity"]
    assert answer.item_ids[answer.contributors[0, :2]].tolist() == ["tea", "tea"]


def test_n_neighbours_keeps_the_nearest():
    log = interactions("ada 2024-02-01 tea milk", "bo 2024-02-01 tea milk jam", "cyd 2024-02-01 tea milk")

    assert [item for item, _ in ItemKnn(n_neighbours=2).fit(log).similar_items("tea", 5)] == ["milk"]


def test_contributions_to_als_sum_to_the_score():
    log = checkerboard(20)
    model = Als(n_factors=4).fit(log)
    bought_before = history("0002", "0004", "0006", among=log)

    folded = model._fold_in(bought_before, 0, cutoff=model.cutoff_)

    contributions = folded.contributions(model.factors_)
    assert contributions.sum(axis=1) == pytest.approx(model.factors_ @ folded.customer_vector(), abs=1e-6)


def test_folding_in_a_history_agrees_with_implicit():
    from implicit.cpu.als import AlternatingLeastSquares

    log, alpha = checkerboard(20), 3.0
    model = Als(n_factors=4, alpha=alpha, regularization=0.2).fit(log)
    peer = AlternatingLeastSquares(factors=4, regularization=0.2 * 9, alpha=1.0, use_native=False, random_state=1)
    peer.item_factors = model.factors_
    confidence = log.matrix(model.half_life_days, model.cutoff_)
    confidence.data[:] = 1 + alpha * confidence.data

    vectors = [model._fold_in(log.histories, row, cutoff=model.cutoff_).customer_vector() for row in range(20)]

    assert np.array(vectors) == pytest.approx(peer.recalculate_user(np.arange(20), confidence), abs=1e-4)


def test_an_item_with_only_anonymous_buyers_is_ranked_by_popularity():
    log = interactions("ada 2024-02-01 tea jam", "bo 2024-02-01 tea", "- 2024-02-01 milk")

    answer = Als(n_factors=2).fit(log).recommend(history("milk", among=log), 3, exclusions=Exclusions(seen=True))

    assert (answer.stages[0, :2] == STAGES.index("popularity")).all()


def test_the_catalogue_imports_no_model_and_no_training_library():
    forbidden = {"pandas", "sklearn", "lightgbm", "mlflow", "implicit", "models.recommenders.als"}
    program = (
        "import sys; from models.recommenders.catalogue import RECOMMENDERS; len(RECOMMENDERS); print(*sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    assert not forbidden & set(loaded.split())


def test_loading_a_recommender_imports_that_model_and_no_training_library():
    program = (
        "import sys; from models.recommenders.catalogue import RECOMMENDERS; RECOMMENDERS['ials']; print(*sys.modules)"
    )

    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()

    assert "models.recommenders.ials" in loaded
    assert not {"pandas", "sklearn", "lightgbm", "mlflow", "implicit", "models.recommenders.ease"} & set(loaded)


def test_recommenders_come_in_the_order_of_complexity_which_decides_ties():
    assert list(RECOMMENDERS) == [
        "popularity", "personal_frequency", "item_knn", "next_basket", "rp3beta", "gf_cf", "graph_filter", "ease",
        "als", "ials", "blend", "reranked",
    ]  # fmt: skip
