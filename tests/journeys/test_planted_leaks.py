"""What became known after the cutoff changes no feature; what only claims to be known rings the alarm."""

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


def joined(table: pa.Table, more: pa.Table) -> pa.Table:
    """Both, with the columns of either."""
    return pa.concat_tables([table, more], promote_options="permissive")


def everybody(frames: Frames) -> list[str]:
    """Every customer once."""
    return frames["customers"]["customer_id"].unique().to_pylist()


def late_attribute(frames: Frames, known_at: datetime) -> Frames:
    """Everybody's age band is filled in anew, at one moment."""
    cells = frame(*({"customer_id": one, "age_band": "has left", "valid_from": known_at} for one in everybody(frames)))
    return {**frames, "customers": joined(frames["customers"], cells)}


def late_correction(frames: Frames, known_at: datetime) -> Frames:
    """The amount of every line is corrected at one moment; until then the first version stands."""
    lines = frames["purchases"]
    recorded = lines.append_column("recorded_time", lines["event_time"])
    tripled = pa.array(3.0 * lines["amount"].to_numpy())
    corrected = lines.set_column(lines.column_names.index("amount"), "amount", tripled)
    moment = pa.array([known_at] * len(lines), lines["event_time"].type)
    return {**frames, "purchases": joined(recorded, corrected.append_column("recorded_time", moment))}


def row(frames: Frames, known_at: datetime) -> Frames:
    """Everybody buys and visits once, at one moment."""
    bought = frame(*({"customer_id": one, "event_time": known_at, "amount": 9.0} for one in everybody(frames)))
    visited = frame(*({"customer_id": one, "event_time": known_at, "event": "visit"} for one in everybody(frames)))
    return {
        **frames,
        "purchases": joined(frames["purchases"], bought),
        "usage": joined(frames["usage"], visited),
    }


def recorded_late(frames: Frames, known_at: datetime) -> Frames:
    """Everybody bought long before the cutoff, which was written down at one moment."""
    day = datetime(2025, 9, 1)
    bought = [
        {"customer_id": one, "event_time": day, "amount": 9.0, "recorded_time": known_at} for one in everybody(frames)
    ]
    return {**frames, "purchases": joined(frames["purchases"], frame(*bought))}


every_plant = pytest.mark.parametrize("plant", [late_attribute, late_correction, row, recorded_late])


@pytest.fixture(scope="module")
def features(new_shop: Callable[..., DataSet]) -> Callable[..., pd.DataFrame]:
    """`features(plant, known_at)`: what `kizuna features` writes of the shop at the cutoff."""

    def written(plant: Plant, known_at: datetime | None) -> pd.DataFrame:
        shop = new_shop(SMALL, lambda frames: plant(frames, known_at) if known_at else frames)
        said = shop.kizuna("features", "--cutoff", str(CUTOFF), "--out", "features.parquet")
        assert said.exit_code == 0, said.error
        return pd.read_parquet(shop.home / "features.parquet")

    return written


@every_plant
def test_what_became_known_at_the_cutoff_or_later_changes_no_feature(features, plant: Plant):
    assert features(plant, AFTER).equals(features(plant, None))


@every_plant
def test_known_a_day_earlier_the_same_does_change_features(features, plant: Plant):
    assert not features(plant, BEFORE).equals(features(plant, None))


def written_at_leaving(frames: Frames) -> Frames:
    """The customers table with a score that somebody fills in after a customer has gone."""
    bought = frames["purchases"].group_by("customer_id").aggregate([("event_time", "max")])
    last = dict(zip(bought["customer_id"].to_pylist(), bought["event_time_max"].to_pylist(), strict=True))
    gone_before = max(last.values()) - timedelta(days=60)
    ids = everybody(frames)
    score = [1.0 if customer in last and last[customer] < gone_before else 5.0 for customer in ids]
    return {**frames, "customers": pa.table({"customer_id": ids, "exit_score": score})}


@pytest.fixture(scope="module")
def leaking(new_shop: Callable[..., DataSet]) -> DataSet:
    """A shop whose TOML trusts that score as of today."""
    edits = {
        "active_days = 180": 'active_days = 180\nas_of_today = ["customers.exit_score"]',
        'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]',
    }
    return new_shop(ShopWorld(n_customers=300), written_at_leaving, edits)


def test_the_alarm_names_an_attribute_written_at_leaving_and_the_gate_wants_a_reason(leaking: DataSet):
    trained = leaking.kizuna("train", "churn", "--model", "logistic", "--set", "n_resamples=0")
    refusal = leaking.kizuna("promote", "churn").refusal
    forced = leaking.kizuna("promote", "churn", "--force", "the board wants to see it")

    assert "possible leak: exit_score: " in trained.out
    assert "leak: exit_score" in leaking.kizuna("models").out
    assert "leak detection flagged it" in refusal
    assert "forced: the board wants to see it" in forced.out
    assert [leak.feature for leak in leaking.registry.find("churn", "champion").card.leaks] == ["exit_score"]


def test_an_attribute_without_a_date_that_nobody_vouches_for_is_no_feature(new_shop: Callable[..., DataSet]):
    unlisted = {'customers = ["prefecture", "age_band"]': 'customers = ["exit_score"]'}
    shop = new_shop(SMALL, written_at_leaving, unlisted)

    shop.kizuna("features", "--out", "features.parquet")

    assert "exit_score" not in pd.read_parquet(shop.home / "features.parquet")
    assert "not used because undated: exit_score" in shop.kizuna("check").out
