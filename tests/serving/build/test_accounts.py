"""Accounts roll up the scores of their customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.config.training import RiskLevels
from core.scores import Reason
from serving.build.accounts import build_accounts
from serving.release.account_part import AccountScore
from serving.release.lookup import IdIndex, PackedJson
from tests.serving.sample_release import churn_part, segment_part, value_part


def reason(code: str, weight: float) -> Reason:
    sentence = f"{code} {weight}"
    direction = "up" if weight > 0 else "down"
    return Reason(code=code, direction=direction, weight=weight, value=1.0, usual_value=2.0, en=sentence, ja=sentence)


def account(values: list[float], reasons: list[list[Reason]] | None = None) -> AccountScore:
    """The account of Ada (0.5), Bo (0.1) and Cyd (0.9), with these values and reasons."""
    churn = churn_part()
    if reasons is not None:
        churn = replace(churn, reasons=PackedJson.of(reasons))
    segments = replace(segment_part(), yearly_value=np.array(values))
    part = build_accounts(churn, segments, members={"acme": [0, 1, 2]}, risk_levels=RiskLevels(), n_decimals=2)
    return part.score(0)


def test_the_risk_is_the_share_of_value_that_is_expected_to_churn():
    acme = account([10.0, 80.0, 10.0])

    assert acme.churn_probability == pytest.approx(0.5 * 0.1 + 0.1 * 0.8 + 0.9 * 0.1)
    assert (acme.value, acme.expected_loss) == (100.0, 22.0)
    assert (acme.highest_customer_id, acme.highest_probability, acme.scored) == ("cyd", 0.9, 3)


def test_with_a_value_model_an_account_is_worth_what_its_customers_are_predicted_to_bring_in():
    """Of a customer who stays, Ada is worth 365 / 0.5 = 730, Bo 0 and Cyd 3650 / 0.9 = 4055.56."""
    part = build_accounts(
        churn_part(),
        segment_part(),
        members={"acme": [0, 1, 2], "bos": [1]},
        risk_levels=RiskLevels(),
        n_decimals=2,
        value=value_part(),
    )

    acme, bos = part.score(0), part.score(1)
    assert (acme.value_kind, acme.value, acme.expected_loss) == ("predicted", 4015, 0.5 * 730 + 0.9 * 3650 / 0.9)
    assert acme.churn_probability == pytest.approx((0.5 * 730 + 3650) / (730 + 3650 / 0.9))
    assert (bos.value, bos.expected_loss, bos.churn_probability) == (0, 0, 0.1)


def test_customers_without_a_forecast_leave_the_value_of_an_account_unknown():
    value = value_part()
    no_forecasts = replace(
        value, index=IdIndex(np.empty(0, "S1")), curves={"value": np.empty((0, 2), np.float32)}, p_alive=np.empty(0)
    )

    part = build_accounts(
        churn_part(),
        segment_part(),
        members={"acme": [0, 1]},
        risk_levels=RiskLevels(),
        n_decimals=2,
        value=no_forecasts,
    )

    assert (part.score(0).value, part.score(0).expected_loss) == (None, None)
    assert part.score(0).churn_probability == pytest.approx(0.3)


@pytest.mark.parametrize("values", [[np.nan] * 3, [0.0] * 3, [-5.0, 0.0, np.nan]])
def test_without_a_value_every_customer_counts_the_same(values: list[float]):
    assert account(values).churn_probability == pytest.approx(0.5)


def test_reasons_add_up_and_speak_of_the_customer_who_adds_most():
    reasons = [[reason("usage", 1.0), reason("spend", -3.0)], [reason("usage", 2.0)], [reason("support", 0.5)]]

    acme = account([1.0, 1.0, 1.0], reasons)

    assert [(one.code, one.direction, one.customer_id, one.en) for one in acme.reasons] == [
        ("spend", "down", "ada", "spend -3.0"),
        ("usage", "up", "bo", "usage 2.0"),
        ("support", "up", "cyd", "support 0.5"),
    ]
    assert acme.reasons[1].weight == pytest.approx(1.0)


def test_an_account_without_scores_has_no_consent_only_where_a_customer_refused():
    segments, members = segment_part(), {"refuses": [2], "cancelled": [1]}
    all_customers = churn_part(np.array(["cyd"]))
    kept = all_customers.index.find("ada")
    churn = replace(
        all_customers, index=IdIndex(all_customers.index.ids[[kept]]), probability=all_customers.probability[[kept]]
    )

    part = build_accounts(churn, segments, members=members, risk_levels=RiskLevels(), n_decimals=2)

    assert part.unscored.find("refuses") >= 0
    assert part.unscored.find("cancelled") < 0
