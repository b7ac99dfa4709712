"""The protocols of papers on any data set."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from msgspec import structs

from core.errors import BadInput, NotEnoughHistory, UnknownName
from core.recommendations import RepeatPolicy
from features.interactions import load_interactions
from tables.cleaning.ids_of_files import read_ids
from tests.worlds import shop as shop_of
from training.recommender.pipeline import select_recipes
from training.recommender.protocols import evaluate_protocol
from training.recommender.rows import ranking_cutoffs, ranking_task
from training.recommender.tuned import TunedRecommenders
from training.run.session import Session

MODELS = ("personal_frequency",)


@pytest.mark.parametrize("protocol", ["last_basket_out", "global_time_split"])
def test_every_model_has_figures_with_intervals_and_a_difference_from_the_baseline(shop: Session, protocol: str):
    results = evaluate_protocol(shop, protocol, models=MODELS, ks=(10,))
    ndcg = {metric.model: metric.estimate for metric in results.metrics if metric.name == "ndcg@10"}

    assert list(ndcg) == ["popularity", "personal_frequency"]
    assert all(estimate.low < estimate.value < estimate.high for estimate in ndcg.values())
    assert results.n_customers > 0


@pytest.mark.parametrize("protocol", ["last_basket_out", "global_time_split"])
def test_a_stated_policy_without_repeats_counts_none_and_leaves_the_baseline_of_repeats_out(
    shop: Session, protocol: str
):
    results = evaluate_protocol(with_policy(shop, "never"), protocol, models=(*MODELS, "item_knn"), ks=(10,))
    figures = {(metric.model, metric.name): metric.estimate.value for metric in results.metrics}

    assert "items bought before are neither recommended nor counted" in results.description
    assert results.repeats.startswith(
        "Repeat policy never, stated in the TOML. Items that a customer has bought before"
    )
    assert math.isnan(figures["item_knn", "repeat_recall@10"])
    assert figures["item_knn", "new_recall@10"] == figures["item_knn", "recall@10"]
    assert [one.against for one in results.comparisons if one.model == "item_knn"] == ["popularity"]
    assert figures["personal_frequency", "ndcg@10"] == figures["popularity", "ndcg@10"]


def test_a_time_split_asks_what_training_asks_at_its_test_cutoff(shop: Session):
    session = with_policy(shop, "never")
    task = ranking_task(session.tables, load_interactions(session.tables), cutoff=ranking_cutoffs(session.tables)[-1])

    results = evaluate_protocol(session, "global_time_split", models=MODELS, ks=(10,))
    (ndcg,) = (one for one in results.metrics if (one.model, one.name) == ("popularity", "ndcg@10"))
    recipe = select_recipes(session.config, None, settings={}, tuned=TunedRecommenders(Path("none"), {}))["popularity"]

    assert results.n_customers == len(task.truth)
    assert ndcg.estimate.value == pytest.approx(task.ndcg(task.answer(recipe)).mean())


def test_where_the_policy_is_left_to_the_data_the_output_says_what_they_say(shop: Session):
    results = evaluate_protocol(shop, "last_basket_out", models=MODELS, ks=(10,))

    assert results.repeats.startswith("Repeat policy allow, chosen by the data. Repeat purchases count: ")


def test_a_basket_of_nothing_but_repeats_cannot_be_judged_where_repeats_do_not_count(shop: Session):
    days = [
        f"{who} 2025-0{month}-01 item_id={item}"
        for who in ("ada", "bo") for month in range(1, 7) for item in ("tea", "cup")
    ]  # fmt: skip
    settings = structs.replace(shop.config, recommender=with_policy(shop, "never").config.recommender)
    session = replace(shop, config=settings, tables=shop_of(*days, settings=settings))

    with pytest.raises(NotEnoughHistory, match='state repeat_policy = "allow"'):
        evaluate_protocol(session, "last_basket_out", models=MODELS)


def with_policy(session: Session, policy: RepeatPolicy) -> Session:
    recommender = structs.replace(session.config.recommender, repeat_policy=policy)
    config = structs.replace(session.config, recommender=recommender)
    return replace(session, config=config, tables=replace(session.tables, config=config))


def test_a_fixed_split_finds_the_items_of_a_file_and_counts_no_repeats(shop: Session, tmp_path: Path):
    customers = [f"c{number:06d}" for number in range(1, 60)]
    (tmp_path / "test.csv").write_text("customer_id,item_id\n" + "".join(f"{one},i0001\n" for one in customers))

    results = evaluate_protocol(shop, "fixed_split", models=MODELS, ks=(10,), test=tmp_path / "test.csv")

    assert 0 < results.n_customers <= len(customers)
    repeats = [metric.estimate.value for metric in results.metrics if metric.name == "repeat_recall@10"]
    assert repeats
    assert all(map(math.isnan, repeats))


def test_ids_of_a_test_file_are_read_as_those_of_the_tables(shop: Session, tmp_path: Path):
    rows = ["c000001 ,i0001", "\uff43000002,i0001", "c000003,\u3000i0001", "NULL,i0001", "1.78E+04,i0001"]
    plain = ["c000001,i0001", "c000002,i0001", "c000003,i0001"]
    (tmp_path / "written.csv").write_text("\n".join(["customer_id,item_id", *rows]), encoding="utf-8")
    (tmp_path / "plain.csv").write_text("\n".join(["customer_id,item_id", *plain]), encoding="utf-8")

    written, same = (
        evaluate_protocol(shop, "fixed_split", models=MODELS, ks=(10,), test=tmp_path / name)
        for name in ("written.csv", "plain.csv")
    )

    assert written == same
    assert same.n_customers == 3


def test_an_id_that_a_file_stores_as_a_number_is_its_plain_digits():
    assert read_ids(pa.chunked_array([[12.0, None, 7.0], [12.0]])).to_pylist() == ["12", None, "7", "12"]
    assert read_ids(pa.chunked_array([["12.0", "0012", " 12", "-"]])).to_pylist() == ["12", "0012", "12", None]
    assert read_ids(pa.chunked_array([pa.array([], pa.string())])).to_pylist() == []


def test_a_missing_file_or_column_and_an_unknown_protocol_are_named(shop: Session, tmp_path: Path):
    (tmp_path / "test.csv").write_text("who,item_id\nada,tea\n")

    with pytest.raises(BadInput, match="fixed_split needs the file of the test part"):
        evaluate_protocol(shop, "fixed_split")
    with pytest.raises(BadInput, match="has no column customer_id; it has who, item_id"):
        evaluate_protocol(shop, "fixed_split", test=tmp_path / "test.csv")
    with pytest.raises(UnknownName, match="last_basket_out"):
        evaluate_protocol(shop, "last_basket")
