"""Facts recorded after the cutoff change no feature, and leak detection finds an attribute that was written later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import DataSet, Frames
from tests.worlds import frame

pytestmark = pytest.mark.slow

CUTOFF, BEFORE, AFTER = date(2025, 10, 1), datetime(2025, 9, 30), datetime(2025, 10, 1)
SMALL = ShopWorld(n_customers=60)

Plant = Callable[[Frames, datetime], Frames]


def append_rows(table: pa.Table, more: pa.Table) -> pa.Table:
    """Rows of both tables, with the columns of both."""
    return pa.concat_tables([table, more], promote_options="permissive")


def all_customers(frames: Frames) -> list[str]:
    """The id of every customer, once."""
    return frames["customers"]["customer_id"].unique().to_pylist()


def late_attribute(frames: Frames, known_at: datetime) -> Frames:
    """Every customer gets a new age band at one time."""
    cells = frame(
        *({"customer_id": one, "age_band": "has left", "valid_from": known_at} for one in all_customers(frames))
    )
    return {**frames, "customers": append_rows(frames["customers"], cells)}


def late_correction(frames: Frames, known_at: datetime) -> Frames:
    """Every purchase amount is corrected at one time; before that, the first version is valid."""
    lines = frames["purchases"]
    recorded = lines.append_column("recorded_time", lines["event_time"])
    tripled = pa.array(3.0 * lines["amount"].to_numpy())
    corrected = lines.set_column(lines.column_names.index("amount"), "amount", tripled)
    moment = pa.array([known_at] * len(lines), lines["event_time"].type)
    return {**frames, "purchases": append_rows(recorded, corrected.append_column("recorded_time", moment))}


def late_event(frames: Frames, known_at: datetime) -> Frames:
    """Every customer buys and visits once, at one time."""
    bought = frame(*({"customer_id": one, "event_time": known_at, "amount": 9.0} for one in all_customers(frames)))
    visited = frame(*({"customer_id": one, "event_time": known_at, "event": "visit"} for one in all_customers(frames)))
    return {
        **frames,
        "purchases": append_rows(frames["purchases"], bought),
        "usage": append_rows(frames["usage"], visited),
    }


def late_recording(frames: Frames, known_at: datetime) -> Frames:
    """Every customer bought long before the cutoff, but the purchases were recorded at one time."""
    day = datetime(2025, 9, 1)
    bought = [
        {"customer_id": one, "event_time": day, "amount": 9.0, "recorded_time": known_at}
        for one in all_customers(frames)
    ]
    return {**frames, "purchases": append_rows(frames["purchases"], frame(*bought))}


every_plant = pytest.mark.parametrize("plant", [late_attribute, late_correction, late_event, late_recording])


@pytest.fixture(scope="module")
def features(new_shop: Callable[..., DataSet]) -> Callable[..., pd.DataFrame]:
    """`features(plant, known_at)`: what `kizuna features` writes after a fact is planted into the tables."""

    def compute(plant: Plant, known_at: datetime) -> pd.DataFrame:
        shop = new_shop(SMALL, lambda frames: plant(frames, known_at))
        result = shop.kizuna("features", "--cutoff", str(CUTOFF), "--out", "features.parquet")
        assert result.exit_code == 0, result.error
        return pd.read_parquet(shop.home / "features.parquet")

    return compute


@pytest.fixture(scope="module")
def usual_features(features: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """The features of the shop without a planted fact."""
    return features(lambda frames, _: frames, BEFORE)


@every_plant
def test_facts_recorded_on_the_cutoff_change_no_feature(features, usual_features: pd.DataFrame, plant: Plant):
    assert features(plant, AFTER).equals(usual_features)


@every_plant
def test_the_same_facts_recorded_a_day_earlier_change_features(features, usual_features: pd.DataFrame, plant: Plant):
    assert not features(plant, BEFORE).equals(usual_features)


def add_exit_score(frames: Frames) -> Frames:
    """Add a score to the customers table that was filled in after customers churned."""
    bought = frames["purchases"].group_by("customer_id").aggregate([("event_time", "max")])
    last = dict(zip(bought["customer_id"].to_pylist(), bought["event_time_max"].to_pylist(), strict=True))
    churned_before = max(last.values()) - timedelta(days=60)
    ids = all_customers(frames)
    score = [1.0 if customer in last and last[customer] < churned_before else 5.0 for customer in ids]
    return {**frames, "customers": pa.table({"customer_id": ids, "exit_score": score})}


def shop_with_exit_score(new_shop: Callable[..., DataSet], settings: str = "") -> DataSet:
    """A shop whose TOML lists the exit score under `as_of_today`."""
    edits = {
        "active_days = 180": f'active_days = 180\nas_of_today = ["customers.exit_score"]\n{settings}',
        'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]',
    }
    return new_shop(ShopWorld(n_customers=300), add_exit_score, edits)


def test_an_attribute_written_after_churn_is_named_and_left_out_of_training(new_shop: Callable[..., DataSet]):
    shop = shop_with_exit_score(new_shop)

    trained = shop.kizuna("train", "churn", "--model", "logistic", "--set", "n_resamples=0")

    assert "possible leak, left out of training: exit_score: " in trained.out
    card = shop.registry.find("churn", "challenger").card
    assert [leak.feature for leak in card.excluded_features] == ["exit_score"]
    assert "exit_score" not in card.features


def test_allow_features_keeps_an_attribute_that_leak_detection_doubts(new_shop: Callable[..., DataSet]):
    shop = shop_with_exit_score(new_shop, 'allow_features = ["exit_score"]')

    trained = shop.kizuna("train", "churn", "--model", "logistic", "--set", "n_resamples=0")

    assert "possible leak" not in trained.out
    card = shop.registry.find("churn", "challenger").card
    assert "exit_score" in card.features
    assert any("Kept by allow_features" in limit for limit in card.limits)


def test_an_undated_attribute_outside_as_of_today_is_not_a_feature(new_shop: Callable[..., DataSet]):
    unlisted = {'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]'}
    shop = new_shop(SMALL, add_exit_score, unlisted)

    shop.kizuna("features", "--out", "features.parquet")

    assert "exit_score" not in pd.read_parquet(shop.home / "features.parquet")
    checked = " ".join(shop.kizuna("check").out.split())
    assert "not used by features, because nothing says when they were written: exit_score" in checked
