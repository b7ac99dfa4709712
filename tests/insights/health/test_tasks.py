"""An alert opens one task with its reason, owner, action and due date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.health import ACTIONS, BUYER_ACTIONS, CONSUMER_ACTIONS, DIMENSIONS, NO_CONTACT_ACTION, action_in_japanese
from core.i18n.translation import ENGLISH, JAPANESE, Language
from core.tasks import Task, task_id_of
from insights.health.day import NO_BANDS
from insights.health.files import read_previous_bands, write_day
from insights.health.tasks import TaskFacts, load_task_facts, open_tasks
from insights.render import health as render
from tests.insights.health.accounts import DAY, GONE, LESS, WELL, company, day_of
from tests.software_firm import firm_tables
from tests.worlds import shop

NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
BELOW = (10.0, 9.0, 1000.0)


def facts(*owners: str, **others: Any) -> TaskFacts:
    """Facts about customers with these owners: businesses without a known value, who may be contacted."""
    n = len(owners)
    usual = {"value": np.full(n, np.nan), "may_contact": np.ones(n, bool), "is_business": True}
    return TaskFacts(owners=owners, **(usual | others))


def tasks_of_alerts(now: datetime = NOW, others: dict[str, Any] | None = None, **settings: Any) -> list[Task]:
    day = day_of({"acme": BELOW, "bolt": GONE, "cold": WELL}, None, dict.fromkeys(["acme", "bolt", "cold"], WELL))
    return open_tasks(company(**settings), day, facts=facts("ann", "bob", **(others or {})), now=now)


def test_the_largest_drop_comes_first_and_other_customers_get_no_task():
    assert [(task.customer_id, task.owner) for task in tasks_of_alerts()] == [("bolt", "bob"), ("acme", "ann")]


def test_a_task_has_reason_action_due_date_and_scores():
    bolt, _ = tasks_of_alerts()

    assert bolt.reason_en.startswith(
        "Health fell from 95 to 6 in the 28 days before 1 April 2026, mainly in usage: "
        "Days with usage fell from 25 to 1 within 28 days; "
    )
    assert bolt.reason_ja.startswith(
        "ヘルススコアが2026年4月1日までの28日間で95から6に低下(主に利用頻度):利用日数が28日間で25日から1日に減少、"
    )
    assert (bolt.dimension, bolt.action, bolt.due_on) == ("usage", ACTIONS["usage"], date(2026, 4, 8))
    assert (bolt.score, bolt.score_before) == (5.7, 94.8)
    assert bolt.task_id == task_id_of("world", "bolt", kind="health_drop", episode=DAY)


def test_the_toml_may_set_the_action_and_the_due_date():
    bolt, _ = tasks_of_alerts(actions={"usage": "send Ken"}, due_days=2)

    assert (bolt.action, bolt.action_ja, bolt.due_on) == ("send Ken", "send Ken", date(2026, 4, 3))


def test_the_default_action_exists_in_japanese():
    bolt, _ = tasks_of_alerts()

    assert bolt.action_ja == "お電話で、ご利用のうえでお困りの点を伺う"
    assert set(ACTIONS) == set(DIMENSIONS)
    assert set(CONSUMER_ACTIONS) == set(DIMENSIONS)
    assert set(BUYER_ACTIONS) == set(DIMENSIONS)
    built_in = (*ACTIONS.values(), *BUYER_ACTIONS.values(), *CONSUMER_ACTIONS.values(), NO_CONTACT_ACTION)
    assert all(action_in_japanese(action) != action for action in built_in)
    assert action_in_japanese("send Ken") == "send Ken"


def test_the_most_valuable_customers_come_first():
    tasks = tasks_of_alerts(others={"value": np.array([1000.0, 10.0])})

    assert [task.customer_id for task in tasks] == ["acme", "bolt"]


def test_a_due_date_never_lies_in_the_past():
    late = datetime(2026, 5, 1, 3, tzinfo=UTC)

    assert {task.due_on for task in tasks_of_alerts(now=late)} == {date(2026, 5, 8)}


def test_consumers_are_not_called_and_refusals_are_respected():
    others = {"is_business": False, "may_contact": np.array([True, False])}

    bolt, acme = tasks_of_alerts(others=others)

    assert (acme.action, bolt.action) == (CONSUMER_ACTIONS["usage"], NO_CONTACT_ACTION)
    assert not any("call" in action for action in CONSUMER_ACTIONS.values())


def test_a_business_that_only_buys_is_not_asked_about_a_product_or_a_renewal():
    bolt, _ = tasks_of_alerts(others={"only_buys": True})

    assert (bolt.action, bolt.action_ja) == (
        "call and ask what keeps them from ordering",
        "お電話で、ご注文が減った理由を伺う",
    )
    assert not any(word in action for action in BUYER_ACTIONS.values() for word in ("product", "features", "renewal"))


def test_customers_without_usage_and_subscriptions_only_buy():
    day = day_of({"ada": GONE}, None, {"ada": WELL})

    assert load_task_facts(shop("ada 2026-03-01 5"), day).only_buys
    assert not load_task_facts(firm_tables(), day).only_buys


def test_the_toml_s_action_is_not_for_a_customer_who_refused_contact():
    bolt, acme = tasks_of_alerts(others={"may_contact": np.array([True, False])}, actions={"usage": "send Ken"})

    assert (acme.action, bolt.action) == ("send Ken", NO_CONTACT_ACTION)


def test_a_customer_who_dropped_days_ago_is_on_today_s_list_until_they_recover():
    yesterday = day_of({"acme": GONE}, None, {"acme": WELL}, day=DAY - timedelta(days=1))
    still_down = day_of({"acme": GONE}, None, {"acme": WELL}, last=yesterday.bands)
    recovered = day_of({"acme": WELL}, None, {"acme": WELL}, last=yesterday.bands)

    (task,) = open_tasks(company(), still_down, facts=facts("ann"), now=NOW)

    assert (task.episode, task.due_on) == (DAY - timedelta(days=1), date(2026, 4, 8))
    assert not still_down.has_alert.any()
    assert open_tasks(company(), recovered, facts=facts(), now=NOW) == []


def test_a_task_of_an_earlier_drop_states_that_drop_and_where_health_is_now(tmp_path):
    tuesday = DAY - timedelta(days=1)
    # On the day of the list, the fall is smaller than alert_drop.
    write_day(tmp_path, day_of({"acme": GONE}, None, {"acme": WELL}, day=tuesday), model_version=3)
    today = day_of({"acme": BELOW}, None, {"acme": (12.0, 9.0, 1000.0)}, last=read_previous_bands(tmp_path, DAY))

    (task,) = open_tasks(company(), today, facts=facts("ann"), now=NOW)

    assert task.reason_en.startswith(
        "Health fell from 95 to 6 in the 28 days before 31 March 2026 and is 48 now, mainly in usage"
    )
    assert task.reason_ja.startswith("ヘルススコアが2026年3月31日までの28日間で95から6に低下し、現在は48(主に利用頻度)")
    assert (task.score, task.score_before) == (47.5, 94.8)
    assert not today.has_alert.any()


@pytest.mark.parametrize(
    ("before", "after", "settings", "scores"),
    [
        (85.2, 69.7, {}, "from 85.2 to 69.7"),
        (72.4, 64.9, {"alert_drop": 7.5}, "from 72.4 to 64.9"),
        (85.2, 69.3, {}, "from 85 to 69"),
    ],
)
def test_the_scores_of_a_task_agree_with_the_limits(before: float, after: float, settings: dict[str, Any], scores: str):
    day = day_of({"acme": GONE}, None, {"acme": WELL})
    states = replace(day.states, dropped_from=np.array([before]), dropped_to=np.array([after]))
    day = replace(day, health=np.array([after]), states=states)

    (task,) = open_tasks(company(**settings), day, facts=facts("ann"), now=NOW)

    assert task.reason_en.startswith(f"Health fell {scores} in the 28 days")


def test_a_drop_that_an_earlier_version_recorded_has_its_day(tmp_path):
    path = write_day(
        tmp_path, day_of({"acme": GONE}, None, {"acme": WELL}, day=DAY - timedelta(days=1)), model_version=3
    )
    pq.write_table(pq.read_table(path).drop_columns(["dropped_from", "dropped_to"]), path)
    today = day_of({"acme": GONE}, None, {"acme": WELL}, last=read_previous_bands(tmp_path, DAY))

    (task,) = open_tasks(company(), today, facts=facts("ann"), now=NOW)

    assert task.reason_en.startswith("Health dropped on 31 March 2026 and is 6 now, lowest in usage: Days with usage")


@pytest.mark.parametrize(
    ("language", "line", "why"),
    [
        (ENGLISH, f"bolt, bob, due 2026-04-08: {ACTIONS['usage']}", "Health fell from 95 to 6 in the 28 days before"),
        (
            JAPANESE,
            f"bolt、担当:bob、期限:2026-04-08、{action_in_japanese(ACTIONS['usage'])}",
            "ヘルススコアが2026年4月1日までの28日間で95から6に低下(主に利用頻度):",
        ),
    ],
)
def test_a_task_is_rendered_in_the_reader_s_language(language: Language, line: str, why: str):
    first, _ = render.tasks(tasks_of_alerts(), language, most=10)

    assert first[0] == line
    assert first[1].startswith(why)


@pytest.mark.parametrize(
    ("before", "after", "drop"), [(83.4, 82.6, ""), (83.6, 83.4, "84 to 83 (-1)"), (62.3, 36.7, "62 to 37 (-25)")]
)
def test_a_drop_is_that_of_the_scores_as_they_are_written(before: float, after: float, drop: str):
    day = day_of({"acme": WELL}, None, {"acme": WELL})
    fallen = replace(day, health=np.array([after]), health_before={7: np.array([before]), 28: np.array([before])})

    assert [line.split(": ")[1] for line in render.drops(fallen, ENGLISH, most=10)] == ([drop] if drop else [])


def test_bands_and_drops_are_rendered_in_both_languages():
    day = day_of({"acme": BELOW, "cold": WELL}, None, {"acme": WELL, "cold": WELL})

    assert next(render.drops(day, ENGLISH, most=10)).startswith("acme: 95 to ")
    assert next(render.drops(day, JAPANESE, most=10)).endswith("利用日数が28日間で25日から10日に減少")
    assert [len(list(render.drops(day, language, most=10))) for language in (ENGLISH, JAPANESE)] == [1, 1]
    (english, japanese) = ([row[1:] for row in render.bands(day, language)][1:] for language in (ENGLISH, JAPANESE))
    assert english == japanese
    assert sum(int(count) for count, _ in english) == 2


def test_an_improvement_is_no_reason_for_a_drop():
    day = day_of({"acme": (1.0, 10.0, 1000.0)}, None, {"acme": (25.0, 6.0, 1000.0)})
    (task,) = open_tasks(company(), day, facts=facts(""), now=NOW)

    assert "NPS" not in task.reason_en
    assert [reason.direction for reason in day.reasons[0]] == ["up", "down"]


def test_a_drop_without_a_known_past_states_the_score_only():
    first = day_of({"acme": LESS}, day=DAY - timedelta(days=90), last=NO_BANDS)
    day = day_of({"acme": GONE}, last=first.bands)
    (task,) = open_tasks(company(), day, facts=facts(""), now=NOW)

    assert (task.reason_en, task.score_before) == ("Health is 6, lowest in usage", None)
