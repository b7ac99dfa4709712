"""What customers stated: the end's own reason first, then what they said shortly before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from core.config.customers import CauseSettings
from core.config.training import ChurnDefinition
from insights.causes.feature_causes import CauseNames
from insights.causes.stated import stated_causes
from models.texts.fitting import fit_text_model
from tables.episodes import SubscriptionEpisodes
from tests.insights.causes.worlds import subscriptions
from tests.models.texts.labelled import sentences
from tests.worlds import config, frame, shop

SETTINGS = config(watermark=date(2024, 9, 1), churn=ChurnDefinition(definition="subscription_ended"), active_days=90)
NAMES = CauseNames(CauseSettings(text_threshold=0.3))


Rows = Sequence[Mapping[str, object]]


def tables(reason: str, tickets: Rows, comments: Rows = ()):
    said = {"tickets": frame(*({"customer_id": "ada", **one} for one in tickets))} if tickets else {}
    if comments:
        said["surveys"] = frame(*({"customer_id": "ada", "kind": "nps", **one} for one in comments))
    return shop(settings=SETTINGS, subscriptions=subscriptions(f"ada 2024-01-05 2024-06-01 {reason}"), **said)


def stated(read, text_model=None) -> tuple[str, str]:
    found = stated_causes(read, SubscriptionEpisodes.of(read), NAMES, text_model)
    return str(found.causes[0]), str(found.sources[0])


def test_the_end_s_own_reason_comes_before_tickets():
    tickets = [{"opened_at": "2024-05-20", "topic": "outage"}]

    assert stated(tables("too expensive", tickets)) == ("price", "end")
    assert stated(tables("", tickets)) == ("support", "tickets")


def test_of_several_tickets_most_decide_and_of_equals_the_newest():
    tickets = [{"opened_at": f"2024-05-{day}", "topic": topic} for day, topic in ((10, "outage"), (20, "price"))]

    assert stated(tables("", tickets))[0] == "price"
    assert stated(tables("", [*tickets, {"opened_at": "2024-05-01", "topic": "outage"}]))[0] == "support"


@pytest.mark.parametrize("opened", ["2024-01-10", "2024-06-10"])
def test_tickets_from_long_before_or_after_the_end_say_nothing(opened: str):
    assert stated(tables("", [{"opened_at": opened, "topic": "outage"}])) == ("", "")


def test_comments_are_read_by_the_text_model_and_else_by_words():
    comments = [{"event_time": "2024-05-10", "score": 2.0, "comment": "返事が全く来ません"}]

    assert stated(tables("", [], comments)) == ("", "")
    assert stated(tables("", [], comments), fit_text_model(sentences("ja"))) == ("support", "surveys")


def test_a_stay_that_is_not_over_has_no_cause():
    read = shop(settings=SETTINGS, subscriptions=subscriptions("ada 2024-01-05 - price"))

    assert np.array(stated(read)).tolist() == ["", ""]
