"""Accuracy and F1 are what a hand works out."""

from __future__ import annotations

import numpy as np
import pytest

from models.texts.judging import figures_of

MEANT = np.array(["price", "price", "support", "other"])


def test_right_answers_are_one_and_wrong_ones_nothing():
    assert {one.value for one in figures_of(MEANT, MEANT).values()} == {1.0}
    assert {one.value for one in figures_of(np.full(4, "product"), MEANT).values()} == {0.0}


def test_f1_is_averaged_over_causes_not_texts():
    said = np.array(["price", "price", "price", "other"])

    figures = figures_of(said, MEANT)

    assert figures["accuracy"].value == 0.75
    assert figures["macro_f1"].value == pytest.approx((0.8 + 0 + 1) / 3)
    assert figures["accuracy"].low <= 0.75 <= figures["accuracy"].high
