"""Our uplift learners and EconML's get the same experiments and the same trees."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import uplift_peers
from benchmarks.uplift_peers import COMPARED, PeerResult, comparison_table, tree_settings
from models.uplift.learner import LEARNERS, TreatmentRows
from models.uplift.uplift_model import TreatmentData, treatment_rows
from simulation.experiments import simulate_experiment


def test_peers_have_the_trees_of_our_learners():
    for name in COMPARED:
        trees, own = tree_settings(name), LEARNERS[name]().settings
        assert (trees["n_estimators"], trees["num_leaves"], trees["min_child_samples"]) == (
            own["n_trees"],
            own["n_leaves"],
            own["min_data_in_leaf"],
        )


def test_a_peer_that_knows_the_effects_has_no_error_and_the_best_ranking(monkeypatch: pytest.MonkeyPatch):
    simulated = simulate_experiment("flag", n=3_000, base_rate=0.1, strength=0.03, seed=1)
    rows = treatment_rows(TreatmentData(simulated.features, simulated.rows), simulated.features.columns)

    def know_effects(name: str, rows: TreatmentRows, *, to_predict: np.ndarray) -> np.ndarray:
        return simulated.effects

    monkeypatch.setattr(uplift_peers, "fit_peer", know_effects)

    result = uplift_peers.compare_learner("t_boosted", "flag", rows=rows, test=simulated)

    assert result.errors[1] == 0 < result.errors[0]
    assert result.shares[1] == pytest.approx(1)
    assert result.shares[0] < 1


def test_the_table_has_the_mean_of_all_experiments():
    results = [PeerResult("flag", "x_boosted", (share, 0.5), (0.01, 0.02), 0.8) for share in (0.4, 0.6)]
    results += [PeerResult("flag", name, (0.1, 0.1), (0.1, 0.1), 0.1) for name in ("t_boosted", "dr_boosted")]

    assert "| `x_boosted` | 0.500 | 0.500 | 0.0100 | 0.0200 | 0.80 |" in comparison_table(results)
