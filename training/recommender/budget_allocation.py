"""How a budget is spent on several models: whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Protocol

from training.recommender.search import Search

STAGES = 3
"Of the budget: in each the better half of the models of the one before are tuned on."


class Budget(Protocol):
    """How long a tuning may go on, and who looks at it."""

    def share_spent(self) -> float:
        """0 at the start; from 1 on nothing new is begun."""
        ...

    def show(self, n_trials: int, best: str) -> None:
        """How far it is."""
        ...


def next_search(searches: Sequence[Search], spent: float) -> Search | None:
    """The model whose turn it is; None where there is nothing more to try.

    First the defaults of each, simplest first. Then successive halving over the models, too: all are tuned in the
    first third of the budget, the better half of them in the second, the best quarter in the third; the one with the
    fewest trials is next.
    """
    untried = [search for search in searches if not search.default_was_tried]
    if untried:
        return untried[0]
    tunable = [search for search in searches if search.distributions]
    ranked = sorted(tunable, key=lambda search: -search.best.ndcg if search.best else 0.0)
    going_on = ranked[: ceil(len(ranked) / 2 ** int(spent * STAGES))]
    return min(going_on, key=lambda search: search.n_trials, default=None)
