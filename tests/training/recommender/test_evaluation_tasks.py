"""Recommenders are tested at cutoffs, or on held-out items where there are no times or no customer came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from msgspec import structs

from core.config.training import RecommenderSettings
from core.errors import NotEnoughHistory
from core.interactions import Histories
from features.interactions import load_interactions
from models.recommenders.next_basket import NextBasket
from tests.baskets import interactions
from tests.worlds import config
from tests.worlds import shop as shop_of
from training.recommender.costs import describe_work
from training.recommender.evaluation_tasks import EvaluationTasks, evaluation_tasks
from training.recommender.pipeline import refuse_without_complete_day
from training.recommender.rows import ranking_task
from training.recommender.study import repeats_popularity
from training.run.recipe import Recipe

SETTINGS = config(watermark=date(2025, 7, 1), active_days=90)


def tasks_of(*lines: str) -> EvaluationTasks:
    tables = shop_of(*lines, settings=SETTINGS)
    return evaluation_tasks(tables, load_interactions(tables))


def lines_on_one_day(n_customers: int, n_items: int) -> list[str]:
    return [
        f"c{n:02} 2025-01-01 item_id=i{(n + place) % 12:02}" for n in range(n_customers) for place in range(n_items)
    ]


def test_without_times_a_share_of_each_customers_items_is_found_again_and_the_card_can_say_so():
    tasks = tasks_of(*lines_on_one_day(20, 8))

    assert "20% of each customer's items" in tasks.description
    assert "all purchases have the same time" in tasks.description
    assert [len(task.truth) for task in (*tasks.validation, tasks.test)] == [20, 20]
    assert all(task.masks_seen for task in (*tasks.validation, tasks.test))


def test_the_note_before_training_speaks_of_held_out_items_where_there_are_no_cutoffs():
    lines = lines_on_one_day(20, 8)
    everything = load_interactions(shop_of(*lines, settings=SETTINGS))

    note = describe_work({"popularity": Recipe("popularity", {})}, everything, tasks=tasks_of(*lines), sample=None)

    assert note == (
        "recommenders to fit: 1, purchases: 160, customers: 20; validation on held-out items, customers to recommend "
        "to: 20; models that are far behind are stopped"
    )


def test_purchases_of_the_newest_day_alone_are_refused_before_any_fit_with_the_setting_that_keeps_them():
    settings = config(active_days=90)
    tables = shop_of(*lines_on_one_day(20, 8), settings=settings)

    with pytest.raises(NotEnoughHistory, match="state watermark = 2025-01-02 if they are complete"):
        refuse_without_complete_day(tables, load_interactions(tables))
    complete = shop_of(*lines_on_one_day(20, 8), settings=config(active_days=90, watermark=date(2025, 1, 2)))
    refuse_without_complete_day(complete, load_interactions(complete))


def test_where_only_repeats_were_bought_the_refusal_says_that_repeats_do_not_count():
    never = structs.replace(SETTINGS, recommender=RecommenderSettings(repeat_policy="never"))
    days = [f"{who} 2025-0{month}-15 item_id=tea" for who in ("ada", "bo") for month in range(1, 7)]
    tables = shop_of(*days, settings=never)

    with pytest.raises(NotEnoughHistory, match="that they had not bought before, and repeats do not count"):
        ranking_task(tables, load_interactions(tables), cutoff=date(2025, 6, 1))


def test_the_test_items_are_unknown_in_validation():
    tasks = tasks_of(*lines_on_one_day(20, 8))
    held_out = set(pairs_of(tasks.test.truth))

    assert not held_out & set(pairs_of(tasks.validation[0].past))
    assert not held_out & set(pairs_of(tasks.validation[0].truth))


def pairs_of(histories: Histories) -> list[tuple[str, str]]:
    return list(
        zip(
            histories.customer_ids[histories.customers].tolist(),
            histories.item_ids[histories.items].tolist(),
            strict=True,
        )
    )


def test_where_no_customer_came_back_items_are_held_out_with_the_reason():
    once = [f"c{n:02} 2025-0{1 + n % 6}-0{1 + n % 9} item_id=i{(n + p) % 12:02}" for n in range(30) for p in range(6)]

    tasks = tasks_of(*once)

    assert "no customer with a history bought an item" in tasks.no_cutoffs_because


@pytest.mark.parametrize("lines", [lines_on_one_day(1, 1), lines_on_one_day(9, 1), lines_on_one_day(1, 3)])
def test_with_one_item_or_one_small_customer_one_line_says_what_is_needed(lines: list[str]):
    with pytest.raises(NotEnoughHistory, match=r"too few customers have 5 different items .* more history is needed"):
        tasks_of(*lines)


@pytest.mark.parametrize(
    ("baskets", "expected"),
    [
        (["ada 2024-01-01 tea", "ada 2024-01-02 jam", "bo 2024-01-01 tea"], False),
        (["ada 2024-01-01 tea jam"], True),
        (["ada 2024-01-01 tea", "ada 2024-01-02 tea"], True),
    ],
)
def test_next_basket_repeats_popularity_without_baskets_and_repeats(baskets: list[str], expected: bool):
    log = interactions(*baskets)

    assert repeats_popularity(NextBasket().fit(log), log) is not expected


def test_next_basket_that_goes_by_categories_does_not_repeat_popularity():
    log = interactions("ada 2025-01-01 tea", "bo 2025-01-02 jam")
    model = NextBasket().fit(replace(log, item_categories=np.array([0, 1], dtype=np.int32)))
    without_weight = repeats_popularity(model, log)
    model.weights_ = np.tile([0.0, 0.0, 0.0, 0.0, 0.5, 0.5], (4, 1))

    assert without_weight
    assert not repeats_popularity(model, log)


def test_further_customers_do_not_change_which_items_of_others_are_held_out():
    few, more = (tasks_of(*lines_on_one_day(n, 10)) for n in (20, 40))

    of_few = {(customer, item) for customer, item in pairs_of(few.test.truth)}

    assert of_few == {(customer, item) for customer, item in pairs_of(more.test.truth) if customer < "c20"}
