"""The protocols of papers on any data set."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from core.errors import BadInput, UnknownName
from tables.cleaning.ids_of_files import read_ids
from training.recommender.protocols import evaluate_protocol
from training.run.session import Session

MODELS = ("personal_frequency",)


@pytest.mark.parametrize("protocol", ["last_basket_out", "global_time_split"])
def test_every_model_has_figures_with_intervals_and_a_difference_from_the_baseline(shop: Session, protocol: str):
    results = evaluate_protocol(shop, protocol, models=MODELS, ks=(10,))
    ndcg = {metric.model: metric.estimate for metric in results.metrics if metric.name == "ndcg@10"}

    assert list(ndcg) == ["popularity", "personal_frequency"]
    assert all(estimate.low < estimate.value < estimate.high for estimate in ndcg.values())
    assert results.n_customers > 0


def test_a_fixed_split_finds_the_items_of_a_file_and_masks_the_known_ones(shop: Session, tmp_path: Path):
    customers = [f"c{number:06d}" for number in range(1, 60)]
    (tmp_path / "test.csv").write_text("customer_id,item_id\n" + "".join(f"{one},i0001\n" for one in customers))

    results = evaluate_protocol(shop, "fixed_split", models=MODELS, ks=(10,), test=tmp_path / "test.csv")

    assert 0 < results.n_customers <= len(customers)
    assert {metric.estimate.value for metric in results.metrics if metric.name == "repeat_recall@10"} <= {0.0}


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
