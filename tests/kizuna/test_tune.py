"""Time budgets of `kizuna tune`."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from core.errors import BadInput
from kizuna.commands.tune import TimeBudget, parse_duration


@pytest.mark.parametrize(("span", "seconds"), [("90s", 90), ("20m", 1200), ("2h", 7200), ("1.5h", 5400), (" 3m ", 180)])
def test_a_duration_is_read_as_seconds(span: str, seconds: float):
    assert parse_duration(span) == seconds


@pytest.mark.parametrize("span", ["20 minutes", "20", "m", "0s", "-5m", "1e3s", "", "20m30s", "٣m" * 2])
def test_another_format_is_an_error_that_names_the_accepted_ones(span: str):
    with pytest.raises(BadInput, match="90s, 20m or 2h; found"):
        parse_duration(span)


def test_the_bar_shows_the_remaining_time_and_the_best_trial():
    screen = io.StringIO()

    with TimeBudget(7200, Console(file=screen, width=120, force_terminal=True, color_system=None)) as budget:
        budget.show(3, "als ndcg@10 0.4000")
        assert 0 <= budget.share_spent() < 0.1
        assert budget.remaining.startswith(("1:5", "2:00:00"))

    assert "left 3 trials, best: als ndcg@10 0.4000" in screen.getvalue()


def test_without_a_terminal_there_is_no_bar():
    screen = io.StringIO()

    with TimeBudget(7200, Console(file=screen, width=120)) as budget:
        budget.show(3, "als ndcg@10 0.4000")

    assert screen.getvalue() == ""


def test_a_spent_budget_has_no_time_left():
    budget = TimeBudget(1e-9, Console(file=io.StringIO()))

    assert budget.share_spent() >= 1
    assert budget.remaining == "0:00"
