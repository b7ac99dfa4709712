"""Groups are rendered in both languages, with their views, MRR at risk and interventions."""

from __future__ import annotations

import pytest

from core.i18n.translation import ENGLISH, JAPANESE
from insights.causes.decomposition import Decomposition, decompose
from insights.causes.person_months import SEGMENT, TIER
from insights.render import cause_groups
from insights.render.cause_groups import Portrait, portraits
from kizuna.commands import causes
from tests.insights.causes.worlds import SETTINGS, panel_with_groups, todays_risks
from tests.worlds import config


@pytest.fixture(scope="module")
def decomposition() -> Decomposition:
    return decompose(
        panel_with_groups(),
        config(causes=SETTINGS),
        offer_costs={},
        excluded_rows={},
        risks=todays_risks(),
    )


def portrait(decomposition: Decomposition, by: str, value: str) -> Portrait:
    return next(one for one in portraits(decomposition) if (one.by, one.value) == (by, value))


def test_every_group_appears_once_new_groups_beside_their_kind(decomposition: Decomposition):
    shown = [(one.by, one.value, one.past is not None, one.today is not None) for one in portraits(decomposition)]

    assert shown == [
        (SEGMENT, "silent", True, False), (SEGMENT, "future", False, True),
        (TIER, "gold", True, True), (TIER, "", False, True),
    ]  # fmt: skip


def test_a_group_has_every_view_and_the_risks_of_its_own_customers(decomposition: Decomposition):
    gold = portrait(decomposition, TIER, "gold")

    heading, *rows = gold.views(decomposition, ENGLISH)

    assert all(len(row) == len(heading) == 6 for row in rows)
    assert [row[0] for row in rows] == ["product", "price", "other", "no reason stated"]
    assert "-" not in {cell for row in rows[:3] for cell in row}
    assert gold.today is not None
    assert gold.today.risks is not None
    title = gold.title(decomposition, ENGLISH)
    assert title.startswith("tier: gold | ")
    assert f"| {gold.today.n_customers} customers today | MRR at risk within 90 days: " in title
    assert rows[0][4].startswith(f"{100 * gold.today.risks.by_cause['product'][-1].value:.0f}%")


@pytest.mark.parametrize(
    ("language", "no_customers", "few"),
    [(ENGLISH, "no customers today", "silent (1)"), (JAPANESE, "現在の顧客なし", "(1)")],
)
def test_a_group_without_customers_has_dashes_and_says_so(
    decomposition: Decomposition, language, no_customers: str, few: str
):
    silent = portrait(decomposition, SEGMENT, "silent")
    _, *rows = silent.views(decomposition, language)

    assert {cell for row in rows for cell in row[1:]} == {"-"}
    assert no_customers in silent.title(decomposition, language)
    assert silent.best_interventions(decomposition, language) == ""
    assert few in " ".join(cause_groups.too_few(decomposition, language))
    assert "silent" not in " ".join(row[0] for row in cause_groups.groups(decomposition, language))


def test_only_months_with_enough_churn_are_shown_each_in_three_views(decomposition: Decomposition):
    _, *rows = cause_groups.months(decomposition, ENGLISH)

    assert [row[:2] for row in rows] == [("tier: gold", "2024-04")] * 3
    assert [row[3] for row in rows] == ["stated", "attributed", "monthly churn by cause"]
    assert "JSON file: 2." in list(cause_groups.too_few(decomposition, ENGLISH))[1]


@pytest.mark.parametrize(
    ("language", "words"),
    [(ENGLISH, ("tier: none", "Do first: call (price)")), (JAPANESE, ("顧客ランク:該当なし", "優先施策:call (価格)"))],
)
def test_groups_are_printed_on_request(decomposition: Decomposition, language, words: tuple[str, ...], capsys):
    causes.print_decomposition(decomposition, language, by_segment=True)
    in_full = capsys.readouterr().out
    causes.print_decomposition(decomposition, language, by_segment=False)

    assert all(word in in_full for word in words)
    assert not [word for word in words if word in capsys.readouterr().out]
