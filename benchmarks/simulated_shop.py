"""The simulated shop as a benchmark: what would be bought next is known, and so is the best list that there can be."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.figures import BENCH
from benchmarks.hand_over import answers_of
from core.config.loading import read_config
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split
from simulation.shop.simulate import SimulatedShop, simulate_shop
from tables.sources.opening import open_tables
from tables.tables import Tables

LONGEST_LIST = 20


def usual_shop() -> SimulatedShop:
    """The shop of `kizuna simulate` with its defaults."""
    return simulate_shop()


def shop_tables(shop: SimulatedShop) -> Tables:
    """Its tables, written below `var/bench` and opened as any company's."""
    return open_tables(read_config(shop.write(BENCH / "simulated_shop"), os.environ))


def best_answers(shop: SimulatedShop, split: Split, k: int = LONGEST_LIST) -> Recommendations:
    """The items most likely to be on each customer's next line, by the shop's own probabilities.

    No model can do better on average for the next line. Later lines of the horizon follow earlier ones of it, which
    nobody knows at the cutoff.
    """
    chances = shop.truth.next_item_probabilities(split.histories)
    items = np.argsort(-chances, axis=1, kind="stable")[:, :k]
    return answers_of(items.astype(np.int32), split.histories.customer_ids, shop.truth.items.item_ids)
