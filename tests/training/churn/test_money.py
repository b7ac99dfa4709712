"""What customers are worth where a card measures money: what the TOML states, or nothing."""

from __future__ import annotations

import msgspec
import numpy as np

from core.config.data_set import Config
from training.churn.money import use_stated_value


def config(**sections) -> Config:
    base = {"name": "gym", "time_zone": "Asia/Tokyo", "currency": "JPY", "tables": {}, "active_days": 30}
    return msgspec.convert(base | sections, Config)


def test_a_stated_value_is_that_of_each_customer_and_that_of_retention_goes_first():
    both = use_stated_value(config(retention={"customer_value": 500.0}, offers={"customer_value": 9.0}), 3)
    of_offers = use_stated_value(config(offers={"customer_value": 9.0}), 3)

    assert both is not None
    assert of_offers is not None
    np.testing.assert_array_equal(both.values, [500, 500, 500])
    assert both.description == "customer_value of [retention], the same for all"
    assert (of_offers.values[0], of_offers.terms.offer_cost) == (9, 0.05 * 9)


def test_without_a_value_there_is_no_figure_in_money():
    assert use_stated_value(config(), 3) is None
