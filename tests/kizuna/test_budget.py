"""A budget is a time that somebody writes, and what is left of it is shown."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from core.errors import BadInput
from kizuna.budget import TimeBudget, seconds_of


@pytest.mark.parametrize(("span", "seconds"), [("90s", 90), ("20m", 1200), ("2h", 7200), ("1.5h", 5400), (" 3m ", 180)])
def test_a_span_is_seconds_minutes_or_hours(span: str, seconds: float):
    assert seconds_of(span) == seconds


@pytest.mark.parametrize("span", ["20 minutes", "20", "m", "0s", "-5m", "1e3s", "", "20m30s", "٣m" * 2])
def test_anything_else_is_refused_with_what_is_taken(span: str):
    with pytest.raises(BadInput, match="90s, 20m, 2h; found"):
        seconds_of(span)


def test_the_bar_tells_time_left_and_the_best_so_far():
    screen = io.StringIO()

    with TimeBudget(7200, Console(file=screen, width=120)) as budget:
        budget.tell(3, "als ndcg@10 0.4000")
        assert 0 <= budget.share_spent() < 0.1
        assert budget.left.startswith(("1:5", "2:00:00"))

    assert "left 3 trials, best so far: als ndcg@10 0.4000" in screen.getvalue()


def test_a_budget_that_is_spent_has_nothing_left():
    budget = TimeBudget(1e-9, Console(file=io.StringIO()))

    assert budget.share_spent() >= 1
    assert budget.left == "0:00"
