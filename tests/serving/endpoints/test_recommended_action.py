"""What POST /v1/churn/score recommends, and what it says of its assumptions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import publish, retention_part, sample_release

SCORE = "/v1/churn/score"


def test_each_score_has_its_action_and_the_answer_what_was_assumed(send: Send):
    response = send("POST", SCORE, json={"customer_ids": ["cyd", "bo"]}).json()

    cyd, bo = (score["recommended_action"] for score in response["scores"])
    assert cyd == {
        "kind": "offer", "offer_id": "voucher", "text": "", "none_because": None, "expected_net_value": 719,
        "pays_above": 1 / (0.2 * 4000),
    }  # fmt: skip
    assert (bo["kind"], bo["none_because"], bo["expected_net_value"]) == ("none", "does_not_pay", -11)
    assumed = response["assumptions"]
    assert (response["currency"], assumed["value_kind"], assumed["capacity"]) == ("JPY", "predicted", None)
    assert (assumed["terms"]["save_rate"], assumed["terms"]["median_value"]) == (0.2, 2365)
    assert assumed["terms"]["sources"]["save_rate"] == "[retention] save_rate"


def test_another_horizon_has_its_own_net_value(send: Send):
    """P(churn within 30 days) is .5 for Cyd: 0.5 x 0.2 x 4000 - 1."""
    (cyd,) = send("POST", SCORE, json={"customer_ids": ["cyd"], "horizon_days": 30}).json()["scores"]

    assert (cyd["churn_probability"], cyd["recommended_action"]["expected_net_value"]) == (0.5, 399)


def test_without_known_values_nothing_is_assumed(tmp_path: Path):
    unknown = replace(retention_part(), assumptions=None, values=np.full(3, np.nan))
    publish(tmp_path, replace(sample_release(), retention=unknown))
    send = client_for(open_api(tmp_path))

    response = send("POST", SCORE, json={"customer_ids": ["ada"]}).json()

    assert response["assumptions"] is None
    assert response["scores"][0]["recommended_action"]["kind"] == "segment_action"
    assert response["scores"][0]["recommended_action"]["expected_net_value"] is None
