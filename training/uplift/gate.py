"""The comparison that the promotion gate makes of an uplift challenger with the champion.

Both recipes are fitted anew on the same contacts and compared on later campaigns, or cross-fitted over customers: by
the mean Qini over the treatments that both know.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import GateRefused
from core.intervals import estimate_intervals
from core.model_card import Comparison, ModelCard
from models.metrics.uplift.ranking import QINI
from models.uplift.learner import LEARNERS, UpliftLearner
from training.judging.screening import collect_exclusions
from training.run.session import Session
from training.uplift.evaluation import average_treatments, measure_treatments
from training.uplift.rows import UpliftRows, load_uplift_rows
from training.uplift.study import (
    BASELINE,
    CHOSEN,
    TreatmentTest,
    fit_and_predict,
    predict_splits,
)

LEARNER = "learner."
"Settings of a card that name the learner of a treatment."


def compare_uplift_recipes(session: Session, *, champion: ModelCard | None, challenger: ModelCard) -> Comparison:
    """Compare a challenger with the champion, or with the average effect where there is none."""
    with session.progress.during("contacts, outcomes and features"):
        rows = load_uplift_rows(session.tables)
        rows = rows.without(collect_exclusions(session.config, challenger, champion))
    tests = test_both(rows, champion=champion, challenger=challenger, seed=session.config.seed)
    sizes = [len(one.rows) for one in tests]

    def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        qini = [
            average_treatments(measure_treatments(tests, name, weights=weights), sizes)[:, :1]
            for name in (CHOSEN, BASELINE)
        ]
        return qini[0] - qini[1]

    (estimate,) = estimate_intervals(difference, np.concatenate([one.rows.customer_ids for one in tests]))
    against = f"the champion {champion.model}" if champion else BASELINE
    return Comparison(model=challenger.model, against=against, name=QINI, difference=estimate)


def test_both(rows: UpliftRows, *, champion: ModelCard | None, challenger: ModelCard, seed: int) -> list[TreatmentTest]:
    """The challenger's and the champion's predictions of each treatment that is evidence today."""
    tests: list[TreatmentTest] = []
    for treatment in rows.data:
        own, other = learner_of(challenger, treatment, seed=seed), learner_of(champion, treatment, seed=seed)
        if own is None or other is None:
            continue
        learners, data = {CHOSEN: own, BASELINE: other}, rows.data[treatment]
        tests.append(
            predict_splits(
                rows,
                treatment,
                seed=seed,
                predict=lambda split, data=data, learners=learners: fit_and_predict(data, split, learners=learners),
            )
        )
    if not tests:
        raise GateRefused("no treatment of the challenger is in contacts any more; train another")
    return tests


def learner_of(card: ModelCard | None, treatment: str, *, seed: int) -> UpliftLearner | None:
    """The learner of a treatment on a card, not yet fitted; the average effect without a card, None if not on it."""
    if card is None:
        return LEARNERS[BASELINE](seed=seed)
    name = card.settings.get(f"{LEARNER}{treatment}")
    if not isinstance(name, str):
        return None
    changed = {key: value for key, value in card.settings.items() if not key.startswith(LEARNER)}
    return LEARNERS[name](**{"seed": seed, **changed})
