"""Two recommenders side by side: each customer has one of them, which answers as if it were alone."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.stats import binomtest

from core.errors import BrokenArtifact
from core.events import ItemChange
from core.recommender_experiment import MODEL_OF_ARM, Arm
from models.recommenders.item_knn import ItemKnn
from serving import live_items, stock
from serving.http.app import all_endpoints
from serving.http.trial import verify_answers
from serving.live_items import LiveItems
from serving.release.experiment_part import ExperimentPart
from serving.release.recommender_part import RecommenderPart
from serving.release.release import Release
from serving.stock import LiveStock, StockFile
from tests.serving.conftest import Send, client_for, open_api
from tests.serving.sample_release import CUTOFF, PROFILES, interactions, publish, recommender_part, sample_release

RECOMMEND, EVENTS, ITEMS, STOCK = "/v1/recommendations", "/v1/events", "/v1/items", "/v1/stock"
SHARE = 0.4
KETTLE = {"item_id": "kettle", "category": "vessels", "price": 6.0, "attributes": {"colour": "red"}}


def small_release() -> Release:
    """The sample release with recommendations alone."""
    others = ("churn", "hazard", "predict", "value", "uplift", "offers", "segments", "retention", "accounts", "report")
    return sample_release(without=others)


def champion() -> RecommenderPart:
    return recommender_part(profiles=PROFILES)


def challenger() -> RecommenderPart:
    return recommender_part(ItemKnn().fit(interactions(), CUTOFF), PROFILES)


def with_experiment(name: str = "home_page", share: float = SHARE) -> Release:
    """Popularity as champion, version 3, and an item_knn as challenger, version 4."""
    release = small_release()
    models = release.description.models
    second = {MODEL_OF_ARM[Arm.CHALLENGER]: msgspec.structs.replace(models["recommender"], version=4)}
    return replace(
        release,
        description=msgspec.structs.replace(release.description, models=models | second),
        recommender=champion(),
        experiment=ExperimentPart(
            name=name, share=share, challenger=replace(challenger(), arm=Arm.CHALLENGER), has_same_items=True
        ),
    )


def serve(folder: Path, release: Release) -> Send:
    publish(folder / "releases", release)
    return client_for(open_api(folder / "releases"))


@pytest.fixture
def send(tmp_path) -> Send:
    return serve(tmp_path / "both", with_experiment())


@pytest.fixture
def alone(tmp_path) -> dict[str, Send]:
    """Each recommender without an experiment."""
    parts = {"champion": champion(), "challenger": challenger()}
    return {arm: serve(tmp_path / arm, replace(small_release(), recommender=part)) for arm, part in parts.items()}


def recommend(send: Send, **request: Any) -> dict[str, Any]:
    response = send("POST", RECOMMEND, json={"k": 4} | request)
    assert response.status_code == 200, response.text
    return response.json()


def arm_in(answer: dict[str, Any]) -> str:
    """The arm that a recommendation_id names; '' outside of an experiment."""
    return answer["recommendation_id"].partition(".")[2].partition(".")[2]


def content_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("recommendation_id", "model", "release_id")}


def visitor_of(send: Send, arm: str) -> str:
    """A visitor whom this arm answers."""
    return next(one for n in range(100) if arm_in(recommend(send, customer_id=(one := f"visit-{n}"))) == arm)


def report(send: Send, **event: Any) -> None:
    response = send("POST", EVENTS, json={"events": [{"event_id": str(event)} | event]})
    assert response.status_code == 200, response.text


def test_the_challenger_answers_its_share_of_the_visitors_and_the_version_says_so(send):
    answers = [recommend(send, customer_id=f"visit-{n}") for n in range(200)]

    challenged = [arm_in(answer) == "challenger" for answer in answers]
    assert binomtest(sum(challenged), 200, SHARE).pvalue > 0.001
    assert [answer["model"]["version"] for answer in answers] == [4 if one else 3 for one in challenged]
    assert {answer["recommendation_id"][32:] for answer in answers} == {
        ".home_page.champion",
        ".home_page.challenger",
    }


def test_every_worker_and_every_release_gives_a_customer_the_same_arm(send, tmp_path):
    def arms(ask: Send) -> list[str]:
        return [arm_in(recommend(ask, customer_id=f"visit-{n}")) for n in range(50)]

    first = arms(send)
    other_worker = client_for(open_api(tmp_path / "both" / "releases"))
    assert arms(other_worker) == first == arms(serve(tmp_path / "tomorrow", with_experiment()))
    assert arms(serve(tmp_path / "other", with_experiment(name="basket"))) != first


def test_another_spelling_of_an_id_has_the_same_arm(send):
    for n in range(20):
        assert arm_in(recommend(send, customer_id=f" visit-{n} ")) == arm_in(recommend(send, customer_id=f"visit-{n}"))


@pytest.mark.parametrize(
    "request_fields",
    [
        {},
        {"where": {"category": ["vessels"]}},
        {"exclude": ["tea"], "in_stock": False},
        {"repeat_policy": "never"},
        {"history": ["pot"], "diversity": 0.3},
        {"preferences": {"colour": "red"}},
    ],
)
@pytest.mark.parametrize("has_events", [False, True])
def test_each_arm_answers_what_its_recommender_alone_would_answer(send, alone, request_fields, has_events):
    for arm, own in alone.items():
        names = [
            visitor_of(send, arm),
            *(one for one in ("ada", "cyd") if arm_in(recommend(send, customer_id=one)) == arm),
        ]
        for name in names:
            for ask in (send, own) if has_events else ():
                report(ask, type="view", customer_id=name, item_id="pot")
                report(ask, type="rate", customer_id=name, item_id="cup", rating=1)
                ask("PATCH", ITEMS, json={"items": [KETTLE, {"item_id": "pot", "price": 9.0}]})
                ask("PUT", STOCK, json={"unavailable": ["tea"]})
            request = {"customer_id": name} | request_fields
            assert content_of(recommend(send, **request)) == content_of(recommend(own, **request))


def test_changes_of_items_and_stock_are_computed_once_for_each_arm(send, monkeypatch):
    visitors = [visitor_of(send, arm) for arm in ("champion", "challenger")]
    send("PATCH", ITEMS, json={"items": [{"item_id": "pot", "price": 9.0}]})
    changed, counted = list[Arm](), list[Arm]()
    change, find = live_items._change, stock.find_out_of_stock
    monkeypatch.setattr(live_items, "_change", lambda part, *a, **k: changed.append(part.arm) or change(part, *a, **k))
    monkeypatch.setattr(stock, "find_out_of_stock", lambda now, part: counted.append(part.arm) or find(now, part))
    for visitor in visitors * 3:
        recommend(send, customer_id=visitor)

    assert sorted(changed) == sorted(counted) == ["challenger", "champion"]


def test_after_an_experiment_nothing_keeps_its_recommenders_in_memory(tmp_path):
    changes = {"pot": ItemChange(event_id="e1", item_id="pot", price=9.0)}
    items, counts = LiveItems(), LiveStock(StockFile(tmp_path))
    first, second = champion(), replace(challenger(), arm=Arm.CHALLENGER)
    for part in (first, second):
        items.change(part, changes)
        counts.out_of_stock(part)
    old = [weakref.ref(first), weakref.ref(second)]
    del first, second, part

    next_release = champion()
    items.change(next_release, changes)
    counts.out_of_stock(next_release)
    gc.collect()

    assert [one() for one in old] == [None, None]


@pytest.mark.parametrize(
    "request_fields",
    [
        {},
        {"history": ["tea"]},
        {"customer_id": "bo"},
        *({"customer_id": f"visit-{n}", "trending": True} for n in range(5)),
        *({"customer_id": f"visit-{n}", "similar_to": "tea"} for n in range(5)),
    ],
)
def test_the_champion_alone_answers_what_is_not_personal(send, alone, request_fields):
    answer = recommend(send, **request_fields)

    assert (arm_in(answer), answer["model"]["version"]) == ("", 3)
    assert content_of(answer) == content_of(recommend(alone["champion"], **request_fields))


def test_a_refusal_ends_a_customers_part_in_the_experiment_at_once(send):
    visitor = visitor_of(send, "challenger")
    report(send, type="consent", customer_id=visitor, purpose="recommend", granted=False)

    assert arm_in(recommend(send, customer_id=visitor)) == ""


@pytest.mark.parametrize("arms", [("champion", "challenger"), ("challenger", "champion")])
def test_from_identify_on_a_visitor_has_the_arm_of_the_customer(send, alone, arms):
    visitor, customer = (visitor_of(send, arm) for arm in arms)
    for ask in (send, alone[arms[1]]):
        report(ask, type="view", anonymous_id=visitor, item_id="pot")
        report(ask, type="identify", anonymous_id=visitor, customer_id=customer)

    for name in (visitor, customer):
        answer = recommend(send, customer_id=name)
        assert arm_in(answer) == arms[1]
        assert content_of(answer) == content_of(recommend(alone[arms[1]], customer_id=name))


def test_a_challenger_that_cannot_answer_is_no_release_even_if_it_answers_no_example(tmp_path):
    release = with_experiment(share=1e-9)
    assert release.experiment is not None
    part = release.experiment.challenger
    broken = replace(
        part, customers=replace(part.customers, histories=replace(part.customers.histories, items=np.array([99] * 7)))
    )
    experiment = replace(
        release.experiment, challenger=replace(broken, top=replace(part.top, shares=part.top.shares[:0]))
    )

    verify_answers(release, all_endpoints(), folder=tmp_path)
    with pytest.raises(BrokenArtifact):
        verify_answers(replace(release, experiment=experiment), all_endpoints(), folder=tmp_path)


def test_an_opened_experiment_is_the_written_one_and_shares_what_both_have(tmp_path):
    folder = publish(tmp_path, with_experiment())
    experiment = Release.open(folder).experiment

    assert experiment is not None
    assert (experiment.name, experiment.share, experiment.challenger.arm) == ("home_page", SHARE, Arm.CHALLENGER)
    assert experiment.challenger.model.name == "item_knn"
    assert np.array_equal(experiment.challenger.top.best.items, challenger().top.best.items)
    folders = {path.name for path in folder.iterdir() if path.name.startswith("challenger_")}
    assert folders == {"challenger_recommender", "challenger_recommender_model", "challenger_new_items"}
