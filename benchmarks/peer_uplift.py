"""Fits one learner of EconML on an experiment. It runs in .venv-peers and imports nothing of Kizuna.

`.venv-peers/bin/python benchmarks/peer_uplift.py <rows.npz> <effects.npy> <learner> <settings of trees as JSON>`
"""

from __future__ import annotations

import json
import sys

import numpy as np
from econml.dr import DRLearner  # pyright: ignore[reportMissingImports]
from econml.metalearners import TLearner, XLearner  # pyright: ignore[reportMissingImports]
from lightgbm import LGBMRegressor
from sklearn.dummy import DummyClassifier


def main(rows_path: str, out_path: str, learner: str, trees: str) -> None:
    """Write the effects of the rows to predict."""
    rows, settings = np.load(rows_path), json.loads(trees)

    def model() -> LGBMRegressor:
        return LGBMRegressor(**settings, n_jobs=1, verbose=-1)

    # Chance decided alike for all customers: the share of the treated is the propensity.
    made = {
        "t_boosted": lambda: TLearner(models=model()),
        "x_boosted": lambda: XLearner(models=model(), propensity_model=DummyClassifier()),
        "dr_boosted": lambda: DRLearner(
            model_propensity=DummyClassifier(),
            model_regression=model(),
            model_final=model(),
            cv=5,
            random_state=settings["random_state"],
        ),
    }[learner]()
    made.fit(rows["outcomes"], rows["treated"].astype(int), X=rows["values"])
    np.save(out_path, made.effect(rows["to_predict"]).ravel())


if __name__ == "__main__":
    main(*sys.argv[1:])
