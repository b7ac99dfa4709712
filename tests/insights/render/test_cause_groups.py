"""Groups are told in two languages: each with its views, its stakes and what to do first; few departures plainly."""

from __future__ import annotations

import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from insights.causes.attribute_groups import SEGMENT, TIER
from insights.causes.decomposition import Decomposition, decompose
from insights.render import cause_groups as cause_groups
from insights.render.cause_groups import Portrait, portraits
from kizuna.commands import causes
from tests.insights.causes.worlds import SETTINGS, grouped, todays_risks
from tests.worlds import config


@pytest.fixture(scope="module")
def found() -> Decomposition:
    return decompose(grouped(), config(causes=SETTINGS), {}, {}, todays_risks())


def portrait(found: Decomposition, by: str, value: str) -> Portrait:
    return next(one for one in portraits(found) if (one.by, one.value) == (by, value))


def test_every_group_is_told_once_those_of_today_alone_beside_their_kind(found: Decomposition):
    told = [(one.by, one.value, one.past is not None, one.today is not None) for one in portraits(found)]

    assert told == [
        (SEGMENT, "silent", True, False), (SEGMENT, "future", False, True),
        (TIER, "gold", True, True), (TIER, "", False, True),
    ]  # fmt: skip


def test_a_group_s_rows_have_every_view_its_stakes_and_the_risks_of_its_own_customers(found: Decomposition):
    gold = portrait(found, TIER, "gold")

    heading, *rows = gold.views(found, ENGLISH)

    assert all(len(row) == len(heading) == 6 for row in rows)
    assert [row[0] for row in rows] == ["product", "price", "other", "no reason stated"]
    assert "-" not in {cell for row in rows[:3] for cell in row}
    assert gold.today is not None
    assert gold.today.risks is not None
    assert gold.title(found, ENGLISH).startswith("tier: gold | ")
    assert f"| {gold.today.n_customers} customers today | MRR at risk within 90 days: " in gold.title(found, ENGLISH)
    assert rows[0][4].startswith(f"{100 * gold.today.risks.by_cause['product'][-1].value:.0f}%")


@pytest.mark.parametrize(
    ("language", "nobody", "few"), [(ENGLISH, "no customers today", "silent (1)"), (JAPANESE, "現在の顧客なし", "(1)")]
)
def test_what_is_not_known_of_a_group_is_a_dash_and_said_to_be(found: Decomposition, language, nobody: str, few: str):
    silent = portrait(found, SEGMENT, "silent")
    _, *rows = silent.views(found, language)

    assert {cell for row in rows for cell in row[1:]} == {"-"}
    assert nobody in silent.title(found, language)
    assert silent.best_interventions(language) == ""
    assert few in " ".join(cause_groups.too_few(found, language))
    assert "silent" not in " ".join(row[0] for row in cause_groups.groups(found, language))


def test_months_are_told_only_where_enough_left_each_by_three_views(found: Decomposition):
    _, *rows = cause_groups.months(found, ENGLISH)

    assert [row[:2] for row in rows] == [("tier: gold", "2024-04")] * 3
    assert [row[3] for row in rows] == ["stated", "attributed", "monthly churn by cause"]
    assert "JSON file: 2." in list(cause_groups.too_few(found, ENGLISH))[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [(ENGLISH, ("tier: none", "Do first: call (price)")), (JAPANESE, ("顧客ランク: 該当なし", "優先施策:call (価格)"))],
)
def test_groups_are_printed_where_they_are_asked_for(found: Decomposition, language, words: tuple[str, ...], capsys):
    causes.print_decomposition(found, language, by_segment=True)
    in_full = capsys.readouterr().out
    causes.print_decomposition(found, language, by_segment=False)

    assert all(word in in_full for word in words)
    assert not [word for word in words if word in capsys.readouterr().out]
