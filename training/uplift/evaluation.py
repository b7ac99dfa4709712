"""The metrics of an uplift training: over all treatments and for each, on contacts that were not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.intervals import Estimate, estimate_intervals
from core.model_card import Comparison, Metric
from models.metrics.uplift.policy_value import LoggedDecisions, estimate_policy_value
from models.metrics.uplift.ranking import AUUC, QINI, measure_ranking
from training.uplift.rows import UpliftRows
from training.uplift.study import CHOSEN, TreatmentStudy, TreatmentTest


@dataclass(frozen=True)
class UpliftStudy:
    """The tests of all treatments."""

    rows: UpliftRows
    treatments: Mapping[str, TreatmentStudy]
    name: str
    "Of the model that is registered."

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """The customers of the tested rows, treatment after treatment."""
        return np.concatenate([one.rows.customer_ids for one in self.treatments.values()])

    def metrics(self, split: str) -> tuple[Metric, ...]:
        """The mean Qini and AUUC over treatments of each learner and of the chosen one, and those of each treatment."""
        metrics: list[Metric] = []
        learners = next(iter(self.treatments.values())).predictions
        for learner in (CHOSEN, *(name for name in learners if name not in (CHOSEN, self.name))):
            model = self.name if learner == CHOSEN else learner
            names, estimates = self._estimate(learner)
            metrics += [
                Metric(model=model, name=name, estimate=one, split=split)
                for name, one in zip(names, estimates, strict=True)
            ]
        return (*metrics, *self._policy_metrics(split))

    def _estimate(self, learner: str) -> tuple[list[str], list[Estimate]]:
        tests = list(self.treatments.values())
        names = [QINI, AUUC]
        if len(self.treatments) > 1:
            names += [f"{name}.{treatment}" for treatment in self.treatments for name in (QINI, AUUC)]

        def statistics(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            each = measure_treatments(tests, learner, weights=weights)
            mean = average_treatments(each, self.sizes)
            return np.hstack([mean, *(each if len(each) > 1 else [])])

        return names, estimate_intervals(statistics, self.customer_ids)

    @property
    def sizes(self) -> list[int]:
        """The number of tested rows of each treatment."""
        return [len(one.rows) for one in self.treatments.values()]

    def compare(self, one: str, other: str) -> Comparison:
        """How much higher the mean Qini of one learner is than that of another."""
        tests = list(self.treatments.values())

        def difference(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            qini = [
                average_treatments(measure_treatments(tests, name, weights=weights), self.sizes)[:, :1]
                for name in (one, other)
            ]
            return qini[0] - qini[1]

        (estimate,) = estimate_intervals(difference, self.customer_ids)
        return Comparison(model=self.name, against=other, name=QINI, difference=estimate)

    def _policy_metrics(self, split: str) -> list[Metric]:
        """What contacting only customers with a positive effect is worth, in outcomes per contact."""
        by_treatment = {f".{name}": decisions_of([one]) for name, one in self.treatments.items()}
        each = {"": decisions_of(list(self.treatments.values())), **(by_treatment if len(by_treatment) > 1 else {})}
        return [
            Metric(model=self.name, name=f"value_{estimator}{suffix}", estimate=value, split=split)
            for suffix, decisions in each.items()
            for estimator, value in estimate_policy_value(decisions).items()
        ]


def measure_treatments(
    tests: Sequence[TreatmentTest], learner: str, *, weights: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Qini and AUUC, (samples, 2), of each treatment, for weights (samples, rows of all treatments)."""
    ends = np.cumsum([len(one.rows) for one in tests])
    return [
        np.column_stack(
            list(measure_ranking(one.score(learner), one.rows, weights=weights[:, end - len(one.rows) : end]).values())
        )
        for one, end in zip(tests, ends, strict=True)
    ]


def average_treatments(each: Sequence[NDArray[np.float64]], sizes: Sequence[int]) -> NDArray[np.float64]:
    """The mean over treatments, (samples, statistics), weighted by their rows."""
    return np.average(np.array(each), axis=0, weights=sizes)


def decisions_of(tests: Sequence[TreatmentTest]) -> LoggedDecisions:
    """The tested contacts as decisions, and the policy to contact only customers with a positive effect."""
    rows = [one.rows for one in tests]
    treated = np.concatenate([one.treated for one in rows])
    effect, without = (np.concatenate([one.predictions[CHOSEN][place] for one in tests]) for place in (0, 1))
    return LoggedDecisions(
        customer_ids=np.concatenate([one.customer_ids for one in rows]),
        rewards=np.concatenate([one.outcomes for one in rows]),
        propensities=1.0 / np.concatenate([one.arm_weights for one in rows]),
        target=((effect > 0) == treated).astype(np.float64),
        predicted=without + np.where(treated, effect, 0.0),
        predicted_by_target=without + np.maximum(effect, 0.0),
    )
