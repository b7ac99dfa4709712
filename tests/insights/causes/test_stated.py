"""Stated causes: the end's own reason first, then statements shortly before it; some of them are noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from core.config.customers import CauseSettings
from core.config.training import ChurnDefinition
from insights.causes.covariates import CauseNames
from insights.causes.stated import NOT_STATED, StatedCauseModel, find_stated_causes
from models.texts.fitting import fit_text_model
from models.texts.text_model import TextModel
from tables.episodes import SubscriptionEpisodes
from tables.tables import Tables
from tests.insights.causes.worlds import subscriptions
from tests.models.texts.labelled import sentences
from tests.worlds import config, frame, shop

SETTINGS = config(watermark=date(2024, 9, 1), churn=ChurnDefinition(definition="subscription_ended"), active_days=90)
NAMES = CauseNames(CauseSettings(text_threshold=0.3))


Rows = Sequence[Mapping[str, object]]


def tables(reason: str, tickets: Rows, comments: Rows = ()):
    written = {"tickets": frame(*({"customer_id": "ada", **one} for one in tickets))} if tickets else {}
    if comments:
        written["surveys"] = frame(*({"customer_id": "ada", "kind": "nps", **one} for one in comments))
    return shop(settings=SETTINGS, subscriptions=subscriptions(f"ada 2024-01-05 2024-06-01 {reason}"), **written)


def find_stated_cause(tables: Tables, text_model: TextModel | None = None) -> tuple[str, str]:
    result = find_stated_causes(tables, SubscriptionEpisodes.of(tables), names=NAMES, text_model=text_model)
    return str(result.causes[0]), str(result.sources[0])


def test_the_end_s_own_reason_comes_before_tickets():
    tickets = [{"opened_at": "2024-05-20", "topic": "outage"}]

    assert find_stated_cause(tables("too expensive", tickets)) == ("price", "end")
    assert find_stated_cause(tables("", tickets)) == ("support", "tickets")


def test_the_most_frequent_cause_counts_and_the_newest_on_a_tie():
    tickets = [{"opened_at": f"2024-05-{day}", "topic": topic} for day, topic in ((10, "outage"), (20, "price"))]

    assert find_stated_cause(tables("", tickets))[0] == "price"
    assert find_stated_cause(tables("", [*tickets, {"opened_at": "2024-05-01", "topic": "outage"}]))[0] == "support"


@pytest.mark.parametrize("opened", ["2024-01-10", "2024-06-10"])
def test_tickets_long_before_or_after_the_end_do_not_count(opened: str):
    assert find_stated_cause(tables("", [{"opened_at": opened, "topic": "outage"}])) == ("", "")


def test_comments_are_read_by_the_text_model_or_else_by_word_lists():
    comments = [{"event_time": "2024-05-10", "score": 2.0, "comment": "返事が全く来ません"}]

    assert find_stated_cause(tables("", [], comments)) == ("", "")
    assert find_stated_cause(tables("", [], comments), fit_text_model(sentences("ja"))) == ("support", "surveys")


@pytest.mark.parametrize(
    ("kind", "score", "cause"), [("nps", 8, "support"), ("nps", 9, ""), ("csat", 3, "support"), ("csat", 4, "")]
)
def test_praise_beside_one_of_the_best_scores_states_no_cause(kind: str, score: float, cause: str):
    comments = [{"event_time": "2024-05-10", "kind": kind, "score": score, "comment": "Quick support, thank you"}]

    assert find_stated_cause(tables("", [], comments))[0] == cause


def test_a_running_episode_has_no_cause():
    read = shop(settings=SETTINGS, subscriptions=subscriptions("ada 2024-01-05 - price"))

    assert np.array(find_stated_cause(read)).tolist() == ["", ""]


def test_constant_statements_raise_the_noise_rate():
    responsibilities = np.repeat(np.eye(2), 200, axis=0)
    model = StatedCauseModel.prior(2)
    for _ in range(50):
        model = model.update(responsibilities, np.zeros(400, np.int64))

    assert model.noise_rate > 0.8
    assert model.noise_distribution[0] > 0.9
    np.testing.assert_allclose(model.confusion_matrix.sum(axis=1), 1)


def test_a_statement_makes_its_cause_likelier_and_none_changes_nothing():
    shares = np.array([[0.5, 0.5], [0.5, 0.5]])

    posterior = StatedCauseModel.prior(2).weigh(shares, np.array([1, NOT_STATED]))

    np.testing.assert_allclose(posterior, [[0.1, 0.9], [0.5, 0.5]])


def test_without_statements_the_prior_stays():
    prior = StatedCauseModel.prior(3)

    updated = prior.update(np.full((5, 3), 1 / 3), np.full(5, NOT_STATED))

    assert updated.noise_rate == prior.noise_rate
    np.testing.assert_allclose(updated.noise_distribution, prior.noise_distribution)
