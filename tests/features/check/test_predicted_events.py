"""`check` says before a training which events of [predict.<name>] cannot be predicted."""

from __future__ import annotations

from typing import Any

import pytest

from core.config.customers import Segment
from core.config.training import PredictedEvent
from core.i18n.translation import JAPANESE
from features.check.finding import Finding
from features.check.texts import describe_finding
from tests.features.check.checked import find
from tests.worlds import config, shop

LINES = [f"c{number} 2024-0{month}-01" for number in range(12) for month in (1, 2)]


def findings(event: PredictedEvent, **settings: Any) -> list[Finding]:
    tables = shop(*LINES, "rare 2024-01-05 900", settings=config(predict={"it": event}, **settings))
    return [one for one in find(tables) if one.check == "predicted_events"]


def test_an_event_that_customers_have_is_no_finding():
    assert findings(PredictedEvent(table="purchases")) == []


def test_a_rule_with_an_unknown_name_is_an_error():
    (finding,) = findings(PredictedEvent(table="purchases", where="categry == 'tea'"))

    assert finding.kind == "event_rule"
    assert "unknown name 'categry'" in describe_finding(finding, JAPANESE).message


def test_an_event_that_hardly_any_customer_had_is_counted():
    (finding,) = findings(PredictedEvent(table="purchases", where="amount > 800"))

    assert (finding.kind, finding.count, finding.of) == ("rare_event", 1, 13)


@pytest.mark.parametrize(("customers", "places"), [("lapsed", ["segments.back", "segments.old"]), ("all", [])])
def test_a_segment_of_todays_customers_on_an_event_of_former_ones_is_named(customers, places):
    segments = {"back": Segment(rule="it_probability > 0.5"), "old": Segment(rule="segment_back == 1")}

    rules = findings(PredictedEvent(table="purchases", customers=customers), segments=segments)

    assert [one.values["place"] for one in rules] == places
    assert all("[predict.it]" in describe_finding(one, JAPANESE).message for one in rules)
