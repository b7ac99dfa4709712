"""What segments know of predictions."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.training import PredictedEvent
from insights.segments import Probabilities, Risks
from tests.worlds import config


@pytest.mark.parametrize(("customers", "missing"), [("lapsed", {"comes_back_probability"}), ("all", set())])
def test_an_event_of_former_customers_is_missing_although_the_release_has_it(customers, missing):
    settings = config(predict={"comes_back": PredictedEvent(table="purchases", customers=customers)})
    scored = Probabilities(np.array(["zed"]), np.array([0.9]))

    risks = Risks(scored, source="", events={"comes_back": scored}, values=scored)

    assert risks.missing_variables(settings) == missing
