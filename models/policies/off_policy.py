"""What a new policy would earn, estimated from logged decisions before it goes live.

    log       customer, context, decision, its propensity, reward
    target    P(each option) of the new policy for the same customers
    estimate  IPS, self-normalised IPS and doubly robust, see `models.metrics.uplift.policy_value`

The log must have left to chance what the new policy would do. Where it has not, weights do not sum to the number of
decisions, and no estimator can tell what was never tried: the evaluation is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.choosing import mean_with_standard_error
from core.errors import BadInput, NotEnoughHistory
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn
from core.intervals import N_RESAMPLES, Estimate, estimate_interval
from models.metrics.uplift.policy_value import LoggedDecisions, estimate_policy_value
from models.policies.allocation.problem import NOTHING
from models.uplift.learner import deal_folds
from models.uplift.outcome_models import ConstantOutcome, LinearOutcome, OutcomeModel, OutcomeRows

N_FOLDS, PENALTY = 5, 100.0
MAX_UNSUPPORTED = 0.02
"Share of the new policy's decisions that the log may have had no chance of making."
N_ERRORS = 3.0
"Standard errors by which the weights may miss their sum by chance."
MIN_EFFECTIVE = 50
"Decisions of the new policy that the log has to be worth."
MEND = 'let chance make some decisions first, with [decisions] exploration = "epsilon"'


@dataclass(frozen=True, kw_only=True)
class DecisionLog:
    """Decisions that were made partly by chance, and what came of them; every array has n rows."""

    customer_ids: NDArray[np.str_]
    context: NDArray[np.float64]
    "(n, d) features of the customers when it was decided, NaN is missing."
    columns: tuple[FeatureColumn, ...]
    "(d,)."
    options: tuple[str, ...]
    "(m,) names."
    choice: NDArray[np.int64]
    "(n,) the option that was chosen, or NOTHING."
    propensities: NDArray[np.float64]
    "(n,) P(this choice)."
    rewards: NDArray[np.float64]
    "(n,) such as the margin after a decision, base currency, or 1.0 for an accepted offer."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def take(self, rows: NDArray[np.bool_]) -> DecisionLog:
        """The decisions that a mask selects."""
        names = ("customer_ids", "context", "choice", "propensities", "rewards")
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def places(self) -> NDArray[np.int64]:
        """(n,) the column of each choice in a target: nothing comes after the options."""
        return np.where(self.choice == NOTHING, len(self.options), self.choice)

    @property
    def names(self) -> tuple[str, ...]:
        """(m + 1,) of the columns of a target."""
        return (*self.options, "nothing")


@dataclass(frozen=True)
class PolicyEvaluation:
    """The mean reward of a decision."""

    by_estimator: dict[str, Estimate]
    "Of the new policy: ips, snips and doubly_robust, with 90 % intervals by customer."
    logged: Estimate
    "Of the decisions that were made."
    gain: Estimate
    "Of the new policy, doubly robust, less the logged one."
    effective_size: float
    "How many decisions of the new policy itself would tell as much."


def evaluate_policy(
    log: DecisionLog, target: NDArray[np.float64], *, n_resamples: int = N_RESAMPLES, seed: int = 0
) -> PolicyEvaluation:
    """Estimate the mean reward of a policy that makes each choice with P(target), (n, m + 1), nothing last.

    Raises NotEnoughHistory where the log does not support the new policy, DataError for impossible propensities.
    """
    if target.shape != (len(log), len(log.names)) or not np.allclose(target.sum(axis=1), 1.0) or (target < 0).any():
        raise BadInput(
            f"a policy gives {len(log):,} customers one probability for each of {', '.join(log.names)}; they sum to 1"
        )
    predicted = predict_rewards(log, seed=seed)
    rows = np.arange(len(log))
    decisions = LoggedDecisions(
        customer_ids=log.customer_ids,
        rewards=log.rewards,
        propensities=log.propensities,
        target=target[rows, log.places],
        predicted=predicted[rows, log.places],
        predicted_by_target=(predicted * target).sum(axis=1),
    )
    _require_support(log, target, decisions=decisions)
    return PolicyEvaluation(
        by_estimator=estimate_policy_value(decisions, n_resamples=n_resamples, seed=seed),
        logged=_estimate_mean(log.rewards, log, n_resamples=n_resamples, seed=seed),
        gain=_estimate_mean(decisions.doubly_robust_values - log.rewards, log, n_resamples=n_resamples, seed=seed),
        effective_size=decisions.effective_size,
    )


def _estimate_mean(values: NDArray[np.float64], log: DecisionLog, *, n_resamples: int, seed: int) -> Estimate:
    return estimate_interval(
        lambda sample: float(values[sample].mean()), log.customer_ids, n_resamples=n_resamples, seed=seed
    )


def _require_support(log: DecisionLog, target: NDArray[np.float64], *, decisions: LoggedDecisions) -> None:
    """Raise NotEnoughHistory where the log did not try, or hardly tried, what the new policy would do."""
    shares, counts = target.mean(axis=0), np.bincount(log.places, minlength=len(log.names))
    untried = np.flatnonzero((shares > MAX_UNSUPPORTED) & (counts == 0))
    if len(untried):
        name = log.names[int(untried[np.argmax(shares[untried])])]
        share = shares[log.names.index(name)]
        raise NotEnoughHistory(
            f"the new policy would choose {name} for {share:.0%} of the customers, and the log never did; {MEND}"
        )
    sum_of_weights = mean_with_standard_error(log.customer_ids, decisions.weights)
    if sum_of_weights.value + N_ERRORS * sum_of_weights.standard_error < 1.0 - MAX_UNSUPPORTED:
        raise NotEnoughHistory(
            f"the log had a chance of making {sum_of_weights.value:.0%} of the new policy's decisions, so it says "
            f"nothing about the others; {MEND}"
        )
    if decisions.effective_size < MIN_EFFECTIVE:
        raise NotEnoughHistory(
            f"{len(log):,} logged decisions are worth {decisions.effective_size:,.0f} of the new policy's, and "
            f"{MIN_EFFECTIVE} are needed; {MEND}, or wait for more"
        )


def predict_rewards(log: DecisionLog, *, seed: int) -> NDArray[np.float64]:
    """The expected reward of each choice, (n, m + 1), by models that were not fitted on the customer."""
    n_choices = len(log.names)
    columns = (*log.columns, _choice_column(log.names))
    values = np.column_stack([log.context, log.places.astype(np.float64)])
    is_binary = bool(np.isin(log.rewards, (0.0, 1.0)).all())
    folds = deal_folds(log.customer_ids, n_folds=N_FOLDS, seed=seed)
    predicted = np.empty((len(log), n_choices))
    for fold in np.unique(folds):
        others, held_out = folds != fold, np.flatnonzero(folds == fold)
        model = _fit(OutcomeRows(values[others], log.rewards[others], np.ones(int(others.sum())), columns, is_binary))
        for place in range(n_choices):
            chosen = values[held_out].copy()
            chosen[:, -1] = place
            predicted[held_out, place] = model.predict(chosen)
    return predicted


def _fit(rows: OutcomeRows) -> OutcomeModel:
    if not len(rows.outcomes) or rows.is_constant:
        return ConstantOutcome(rows.mean if len(rows.outcomes) else 0.0)
    return LinearOutcome.fit(rows, penalty=PENALTY)


def _choice_column(names: tuple[str, ...]) -> FeatureColumn:
    return FeatureColumn(
        name="choice",
        family=FeatureFamily.CONTACTS,
        unit="",
        en="choice",
        ja="施策",
        missing="never missing",
        digest="choice",
        vocabulary=names,
    )
