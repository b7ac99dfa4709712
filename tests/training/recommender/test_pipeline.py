"""The recommender with the best validation NDCG is registered, and popularity is the first champion."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import mlflow
import numpy as np
import pandas as pd
import pytest
from msgspec import structs
from threadpoolctl import threadpool_info

from core.config.data_set import Config
from core.config.training import RecommenderSettings
from core.errors import NotEnoughHistory
from core.model_card import ModelCard
from core.recommendations import RepeatPolicy
from features.interactions import load_interactions
from models.metrics.ranking.data import RankingData
from models.metrics.ranking.splits import is_repeat
from models.mlflow_store.registry import open_store
from models.recommenders.engine.base import counting_gb
from models.recommenders.popularity import Popularity
from models.recommenders.reranked import Reranked
from simulation.shop.simulate import ShopWorld
from tests.training.conftest import open_shop
from tests.worlds import config
from tests.worlds import shop as shop_of
from training.judging.promotion import promote
from training.recommender.pipeline import evaluate, fit_final, select_recipes, train_recommender
from training.recommender.rows import ranking_cutoffs, ranking_task, threads_for, validation_tasks
from training.recommender.study import RankingStudy, candidate_recall
from training.recommender.tuned import TunedRecommenders
from training.run.cards import render_card_markdown
from training.run.pipeline import TrainingResult
from training.run.recipe import Recipe
from training.run.session import Session


@pytest.fixture(scope="module")
def recommender_result(shop: Session) -> TrainingResult:
    return train_recommender(shop)


def test_the_best_model_on_validation_is_registered_and_its_card_lists_the_others(
    shop: Session, recommender_result: TrainingResult
):
    card = recommender_result.challenger.card
    validation = {m.model: m.estimate for m in card.metrics if (m.name, m.split) == ("ndcg@10", "validation")}
    best = max(validation.values(), key=lambda estimate: estimate.value)

    assert set(validation) == {"popularity", *shop.config.recommender.models}
    assert validation[card.model].value > best.low
    assert card.metric("recall@20", "popularity") is not None


def test_the_card_says_that_undated_categories_are_those_of_today(shop: Session):
    tables = replace(
        shop.tables, usable={**shop.tables.usable, "items": shop.tables.as_far_as_recorded("items").drop("valid_from")}
    )

    assert [card_of(each).as_of_today for each in (shop, replace(shop, tables=tables))] == [(), ("items.category",)]


def test_where_items_are_held_out_neither_verdict_nor_card_speaks_of_a_test_period(shop: Session):
    lines = [f"c{n:02} 2025-01-01 item_id=i{(n + place) % 12:02}" for n in range(20) for place in range(8)]
    undated = replace(shop, tables=shop_of(*lines, settings=shop.config))
    card, study = card_of(undated), study_of(undated)[1]

    assert (study.evaluation("popularity").measured, card.test_cutoff) == ("on held-out items", None)
    assert "Metrics on what was held out" in render_card_markdown(card)
    assert "test period" not in render_card_markdown(card)
    assert "Metrics in the test period" in render_card_markdown(card_of(shop))


def card_of(session: Session) -> ModelCard:
    """The card of the popularity model, which is not registered."""
    session, study = study_of(session)
    return fit_final(session, study, name="popularity").card


def study_of(session: Session) -> tuple[Session, RankingStudy]:
    """A training with popularity alone."""
    config = structs.replace(
        session.config, recommender=structs.replace(session.config.recommender, models=("popularity",))
    )
    session = replace(session, config=config)
    tuned = TunedRecommenders(Path("none.json"), {})
    return session, evaluate(session, select_recipes(config, None, settings={}, tuned=tuned), model=None, tuned=tuned)


def test_where_customers_have_tastes_it_beats_popularity(recommender_result: TrainingResult):
    assert recommender_result.challenger.card.beats_baselines
    assert "beats popularity in the test period" in recommender_result.challenger.card.verdict


def test_popularity_is_the_first_champion_and_is_replaced(shop: Session, recommender_result: TrainingResult):
    first = recommender_result.first_champion
    assert first is not None
    assert (first.card.model, first.card.is_baseline) == ("popularity", True)

    promote(shop, "recommender")

    assert shop.registry.aliases("recommender")["champion"] == recommender_result.challenger.version


def test_the_run_has_a_plot_of_ndcg_by_list_length(shop: Session, recommender_result: TrainingResult):
    run = open_store(shop.tracking.tracking_uri).get_run(recommender_result.run_id)

    assert (Path(run.info.artifact_uri or "") / "plots" / "ndcg_by_k.png").is_file()
    assert run.data.metrics["ndcg_at_10.low"] < run.data.metrics["ndcg_at_10"]
    assert run.data.metrics["ndcg_at_10.gain_over.popularity"] > 0


def test_mlflow_loads_it_and_recommends_for_a_frame_of_purchases(shop: Session, recommender_result: TrainingResult):
    mlflow.set_tracking_uri(shop.tracking.tracking_uri)
    loaded = mlflow.pyfunc.load_model(f"models:/kizuna.shop.recommender/{recommender_result.challenger.version}")

    bought = pd.DataFrame({"customer_id": ["ada", "ada", "bo"], "item_id": ["i0001", "i0002", None]})
    answer = loaded.predict(bought, params={"k": 3})

    assert answer["customer_id"].tolist() == ["ada"] * 3 + ["bo"] * 3
    assert answer["rank"].tolist() == [1, 2, 3] * 2
    assert set(answer.loc[answer["customer_id"] == "bo", "stage"]) == {"popularity"}


def test_the_truth_is_within_the_horizon_and_of_known_customers(shop: Session):
    test = ranking_cutoffs(shop.tables)[-1]

    task = ranking_task(shop.tables, load_interactions(shop.tables), cutoff=test)

    days = task.truth.times.astype("datetime64[D]") - np.datetime64(test, "D")
    assert (days >= np.timedelta64(0, "D")).all()
    assert (days < np.timedelta64(28, "D")).all()
    assert (task.histories.customer_ids == task.truth.customer_ids).all()
    assert (task.past.times < np.datetime64(test, "s")).all()


def test_where_no_customer_buys_an_item_twice_repeats_are_neither_recommended_nor_counted():
    books = [
        f"c{n:03} 2025-{month:02}-{1 + n % 28:02} item_id=book{(7 * n + month) % 40}"
        for n in range(60)
        for month in range(1, 7)
    ]
    settings = config(watermark=date(2025, 7, 1), active_days=90)
    tables, with_repeats = shop_of(*books, settings=settings), with_policy(settings, "allow")
    recipe = Recipe("personal_frequency", {})

    task = ranking_task(tables, load_interactions(tables), cutoff=date(2025, 6, 1))
    answer = task.answer(recipe)

    assert task.masks_seen
    assert not RankingData.align(answer, truth=task.truth, past=task.past.histories).repeats.any()
    assert not is_repeat(task.truth, task.past.histories).any()
    assert not ranking_task(
        shop_of(*books, settings=with_repeats), load_interactions(tables), cutoff=date(2025, 6, 1)
    ).masks_seen


def with_policy(settings: Config, policy: str) -> Config:
    return structs.replace(settings, recommender=structs.replace(settings.recommender, repeat_policy=policy))


def test_validation_walks_forward_up_to_the_test_and_never_before_there_are_customers():
    week = [f"ada 2025-{month:02}-{day:02} item_id=tea" for month in range(1, 7) for day in (1, 15)]
    tables = shop_of(*week, settings=config(watermark=date(2025, 7, 1), active_days=90))

    cutoffs = ranking_cutoffs(tables)

    assert cutoffs == (date(2025, 4, 8), date(2025, 5, 6), date(2025, 6, 3))
    assert [task.cutoff for task in validation_tasks(tables, load_interactions(tables))] == [*cutoffs[1::-1]]


def test_the_card_names_the_validation_cutoffs_and_says_that_the_settings_are_defaults(
    recommender_result: TrainingResult,
):
    limits = "\n".join(recommender_result.challenger.card.limits)

    assert "walk-forward at 2025-12-10, 2026-01-07, 2026-02-04" in limits
    assert "`kizuna tune recommender` tunes them here" in limits


def test_a_model_without_enough_memory_is_skipped_and_the_card_says_so(shop: Session, monkeypatch: pytest.MonkeyPatch):
    few = replace(shop, config=with_models(shop.config, "personal_frequency", "item_knn"))
    just_enough = counting_gb(load_interactions(few.tables))
    monkeypatch.setattr("models.resources.free_gb", lambda: just_enough)

    card = train_recommender(few).challenger.card

    (skipped,) = [limit for limit in card.limits if limit.startswith("Skipped")]
    assert "item_knn (item_knn would take about" in skipped
    assert {metric.model for metric in card.metrics} == {"popularity", "personal_frequency"}


def with_models(settings: Config, *models: str) -> Config:
    return structs.replace(settings, recommender=structs.replace(settings.recommender, models=models))


def test_purchases_without_items_cannot_train_a_recommender(tmp_path: Path):
    session = open_shop(tmp_path, ShopWorld(n_customers=50, no_items=True))

    with pytest.raises(NotEnoughHistory, match="no purchase has an item_id"):
        train_recommender(session)


def test_a_small_fit_uses_one_thread_and_a_large_one_all(shop: Session, monkeypatch: pytest.MonkeyPatch):
    everything, recipe = load_interactions(shop.tables), Recipe("gf_cf", {})

    with threads_for(recipe, everything):
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}

    monkeypatch.setattr("training.recommender.rows.SMALL_GB", 0.0)
    assert isinstance(threads_for(recipe, everything), nullcontext)


def test_a_requested_second_stage_is_tried_with_its_base_model(shop: Session):
    tuned = TunedRecommenders(Path("nowhere"), {})

    requested = select_recipes(with_models(shop.config, "item_knn"), "reranked", settings={}, tuned=tuned)
    listed = select_recipes(with_models(shop.config, "reranked"), None, settings={}, tuned=tuned)

    assert list(requested) == list(listed) == ["popularity", "blend", "reranked"]


def test_the_card_of_a_second_stage_has_the_recall_of_its_candidates(shop: Session):
    model = Reranked(n_folds=1).fit(load_interactions(shop.tables))
    (sentence,) = candidate_recall(model)

    assert model.candidate_recall_ is not None
    assert f"contain {model.candidate_recall_:.1%} of what was bought" in sentence
    assert candidate_recall(Popularity()) == []


@pytest.mark.parametrize(("policy", "only_new"), [("never", True), ("allow", False), ("due", False), ("auto", None)])
def test_weights_are_fitted_by_the_repeat_policy_of_the_toml(
    policy: RepeatPolicy | Literal["auto"], only_new: bool | None
):
    settings = config(recommender=RecommenderSettings(repeat_policy=policy))

    recipes = select_recipes(settings, None, settings={}, tuned=TunedRecommenders(Path("nowhere"), {}))

    assert [recipes[name].settings["only_new"] for name in ("next_basket", "blend", "reranked")] == [only_new] * 3
