"""Accuracy and F1 agree with a computation by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.texts.fitting import classification_metrics

LABELLED = np.array(["price", "price", "support", "other"])


def test_right_predictions_score_one_and_wrong_ones_zero():
    assert {one.value for one in classification_metrics(LABELLED, LABELLED).values()} == {1.0}
    assert {one.value for one in classification_metrics(np.full(4, "product"), LABELLED).values()} == {0.0}


def test_f1_is_averaged_over_causes_and_not_over_texts():
    predicted = np.array(["price", "price", "price", "other"])

    metrics = classification_metrics(predicted, LABELLED)

    assert metrics["accuracy"].value == 0.75
    assert metrics["macro_f1"].value == pytest.approx((0.8 + 0 + 1) / 3)
    assert metrics["accuracy"].low <= 0.75 <= metrics["accuracy"].high
