"""The simulated shop as a benchmark: its probabilities are known, and so are the best possible recommendations."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.figures import BENCH
from benchmarks.split_files import recommendations_of
from core.config.loading import read_config
from core.recommendations import Recommendations
from models.metrics.ranking.splits import Split
from simulation.shop.simulate import SimulatedShop, simulate_shop
from tables.sources.opening import open_tables
from tables.tables import Tables

MAX_ITEMS = 20


def usual_shop() -> SimulatedShop:
    """Simulate the shop of `kizuna simulate` with its defaults."""
    return simulate_shop()


def shop_tables(shop: SimulatedShop) -> Tables:
    """Write the shop's tables to `var/bench` and open them like those of any company."""
    return open_tables(read_config(shop.write(BENCH / "simulated_shop"), os.environ))


def best_answers(shop: SimulatedShop, split: Split, *, k: int = MAX_ITEMS) -> Recommendations:
    """The items most likely to be on each customer's next line, by the shop's own probabilities.

    No model can do better on average for the next line. Later lines of the horizon depend on earlier lines of the
    horizon, which are unknown at the cutoff.
    """
    probabilities = shop.truth.next_item_probabilities(split.histories)
    items = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return recommendations_of(items.astype(np.int32), split.histories.customer_ids, item_ids=shop.truth.items.item_ids)
