"""POST /v1/value, and what other routes and exports say of the value of a customer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from core.config.customers import Segment
from core.feature_table import FeatureTable
from core.segmentation import PredictedValue
from features.segments.membership import compute_segmentation
from serving.build.exports.scores import describe_score
from serving.release.release import Release
from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import CUSTOMERS, CUTOFF, publish, sample_release, value_part
from tests.worlds import config

VALUE, SCORE = "/v1/value", "/v1/churn/score"


def test_answers_in_the_order_asked_within_the_configured_horizon(send: Send):
    response = send("POST", VALUE, json={"customer_ids": ["ada", "zed", "eve", "cyd"]}).json()

    ada, unknown, opted_out, cyd = response["customers"]
    assert (response["horizon_days"], response["currency"]) == (365, "JPY")
    assert response["definition"] == "the gross margin of purchases less returns"
    assert (unknown["status"], opted_out["status"]) == ("not_found", "no_consent")
    assert cyd["forecast"]["value"] == pytest.approx(3650)
    next_order = {"expected": "2026-06-30", "low": "2026-04-06", "high": "2126-03-08"}
    assert ada["forecast"].pop("next_order") == next_order
    assert ada["forecast"] == pytest.approx(
        {
            "p_alive": 0.5, "orders": 3.65, "revenue": 730.0, "margin": 456.25, "value": 365.0,
        }, rel=1e-6
    )  # fmt: skip


@pytest.mark.parametrize(("days", "value"), [(15, 15.0), (30, 30.0), (100, 100.0)])
def test_any_horizon_up_to_the_last_day_can_be_asked_for(send: Send, days: int, value: float):
    response = send("POST", VALUE, json={"customer_ids": ["ada"], "horizon_days": days}).json()

    assert response["customers"][0]["forecast"]["value"] == pytest.approx(value)


@pytest.mark.parametrize("days", [0, -3, 1096, "30"])
def test_a_horizon_beyond_the_forecasts_is_refused(send: Send, days):
    response = send("POST", VALUE, json={"customer_ids": ["ada"], "horizon_days": days})

    assert (response.status_code, response.json()["field"]) == (422, "$.horizon_days")


def test_a_customer_that_the_model_knows_nothing_of_has_no_next_order(send: Send):
    (bo,) = send("POST", VALUE, json={"customer_ids": ["bo"]}).json()["customers"]

    assert (bo["forecast"]["p_alive"], bo["forecast"]["next_order"], bo["forecast"]["value"]) == (None, None, 0.0)


def test_the_expected_loss_is_the_probability_times_the_predicted_value_of_a_customer_who_stays(send: Send):
    ada, bo = send("POST", SCORE, json={"customer_ids": ["ada", "bo"]}).json()["scores"]

    assert (ada["expected_loss"], bo["expected_loss"]) == (0.5 * 365 / 0.5, 0)
    page = send("GET", "/v1/customers/ada").json()
    assert page["churn"]["expected_loss"] == ada["expected_loss"]
    assert page["value"]["value"] == pytest.approx(365)


def test_a_longer_horizon_has_its_own_expected_loss(send: Send):
    (ada,) = send("POST", SCORE, json={"customer_ids": ["ada"], "horizon_days": 120}).json()["scores"]

    assert ada["expected_loss"] == round(ada["churn_probability"] * 365 / 0.5)


@pytest.fixture
def without_value(tmp_path: Path) -> tuple[Release, Send]:
    release = sample_release(without=("value",))
    publish(tmp_path, release)
    return release, client_for(open_api(tmp_path))


def test_without_a_value_model_the_last_year_counts(without_value):
    release, send = without_value

    (ada,) = send("POST", SCORE, json={"customer_ids": ["ada"]}).json()["scores"]

    assert ada["expected_loss"] == 0.5 * 1000
    assert send("GET", "/v1/customers/ada").json()["value"] is None
    assert send("POST", VALUE, json={"customer_ids": ["ada"]}).status_code == 409
    assert release.churn is not None
    row = describe_score(release, release.churn.index.find("ada"))
    assert (row["value"], row["value_kind"], row["expected_loss"]) == (1000, "revenue", 500)


def test_the_scores_file_has_the_predicted_value():
    release = sample_release()
    assert release.churn is not None

    row = describe_score(release, release.churn.index.find("ada"))

    assert (row["value"], row["value_kind"], row["expected_loss"]) == (365, "predicted", 0.5 * 365 / 0.5)


def test_a_release_on_disk_answers_as_the_one_in_memory(tmp_path: Path):
    opened = Release.open(publish(tmp_path, sample_release())).value

    assert opened is not None
    before = value_part()
    for name in ("cyd", "ada", "bo"):
        rows = [part.index.find(name) for part in (before, opened)]
        first, second = (
            part.forecast_of(row, horizon_days=77, cutoff=CUTOFF)
            for part, row in zip((before, opened), rows, strict=True)
        )
        assert first == second
    assert opened.has_opted_out("eve")


def test_a_segment_rule_may_use_the_predicted_value_and_its_equity_has_an_interval():
    settings = config(segments={"best": Segment(rule="predicted_value >= 300"), "all": Segment(rule="1 == 1")})
    ids = np.sort(np.array([f"c{place:03d}" for place in range(200)]))
    features = FeatureTable(ids, np.full(200, np.datetime64("2026-04-01")), np.empty((200, 0)), ())
    amounts = np.append(np.full(100, 400.0), [np.nan] * 100)

    segmentation = compute_segmentation(
        settings,
        features,
        churn_probability=np.full(200, np.nan),
        predicted_value=PredictedValue(amounts, np.array([0.8, 1.0, 1.2])),
    )
    best, everyone = segmentation.segment_figures()

    assert (best.customers, everyone.customers) == (100, 200)
    assert best.equity.value == everyone.equity.value == 40_000
    assert best.equity.low <= 32_001
    assert best.equity.high >= 47_999


def test_without_a_forecast_no_rule_on_the_predicted_value_fits():
    settings = config(segments={"best": Segment(rule="predicted_value >= 0")})
    features = FeatureTable(CUSTOMERS, np.full(3, np.datetime64("2026-04-01")), np.empty((3, 0)), ())

    segmentation = compute_segmentation(settings, features, churn_probability=np.full(3, np.nan))

    assert not segmentation.in_segment.any()
    assert np.isnan(segmentation.segment_figures()[0].equity.value)


def test_a_customer_with_a_blank_before_the_id_is_found():
    part = value_part()

    assert part.value_of(" ada") == part.value_of("ada") == 365
    assert part.value_of("zed") is None
    assert part.forecast_of(part.index.find("cyd"), horizon_days=1, cutoff=date(2026, 4, 1)).value == pytest.approx(10)
