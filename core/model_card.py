"""The model card: what a model is, what it was fitted on, how good it is, and what it must not be used for."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from core.intervals import Estimate

CROSS_VALIDATION = "cross_validation"
"The split of what was not learnt from, where nothing has a time."


class Metric(msgspec.Struct, frozen=True):
    """One figure of one model, out of time or, where nothing has a time, across customers."""

    model: str
    "The shelf name: gradient_boosting, recency, als, ..."
    name: str
    "auc, log_loss, ndcg@10, ..."
    estimate: Estimate
    split: str = "test"
    "'validation' chose the model; 'test' was touched once."


class Comparison(msgspec.Struct, frozen=True):
    """A paired difference between two models on the same customers; positive means the first is better."""

    model: str
    against: str
    name: str
    difference: Estimate

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference leaves out zero."""
        return self.difference.excludes(0.0)


class Leak(msgspec.Struct, frozen=True):
    """A feature that explains an implausible share of the label."""

    feature: str
    finding: str
    "In one sentence, with the figure."


SAYS_THE_SAME = "which says the same of every customer"


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer names and every registered version carries."""

    kind: str
    "churn, hazard, recommender or texts."
    data_set: str
    model: str
    "The shelf name of what was registered."
    version: int | None = None
    "Given by the registry."
    created_at: datetime
    "UTC."
    cutoff: date
    "The newest cutoff that the shipped artifact was fitted on."
    training_cutoffs: tuple[date, ...]
    test_cutoff: date | None
    horizon_days: int | None = None
    gap_days: int = 0
    cohort: str
    "Who was scored, in words."
    label: str = ""
    "What counts as the thing predicted, in words."
    n_rows: int
    n_customers: int
    "0 where rows are of nobody: texts that were labelled."
    base_rate: float | None = None
    settings: dict[str, str | int | float | bool | None]
    "The recipe: enough to fit the same model again."
    features: dict[str, str] = {}
    "Feature name to declaration digest."
    as_of_today: tuple[str, ...] = ()
    "Attributes without a date, so possibly written after the cutoff."
    metrics: tuple[Metric, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    verdict: str = ""
    "One sentence: what it learnt, or that it learnt nothing."
    beats_baselines: bool = True
    "False where it does not beat its baselines with its whole interval."
    is_baseline: bool = False
    "True for a baseline that became champion because there was none."
    leaks: tuple[Leak, ...] = ()
    excluded_features: tuple[Leak, ...] = ()
    "What the leak alarm found before the model was fitted, which was therefore fitted without."
    limits: tuple[str, ...] = ()
    data_digest: str = ""
    git: str = ""

    @property
    def registered_name(self) -> str:
        """The model's name in the registry."""
        return f"kizuna.{self.data_set}.{self.kind}"

    @property
    def unusable_reason(self) -> str:
        """Why a champion is not worth answering from; '' where it is.

        A baseline is, as the service of the first day; but not one that says the same of every customer.
        """
        if self.kind == "churn" and self.model == "base_rate":
            return f"nothing tells who will leave: the champion is base_rate, {SAYS_THE_SAME}"
        if self.kind == "hazard" and self.model == "kaplan_meier":
            return f"nothing tells when somebody leaves: the champion is kaplan_meier, {SAYS_THE_SAME}"
        return "" if self.beats_baselines or self.is_baseline else self.verdict or f"{self.model} learnt nothing"

    @property
    def evaluation_split(self) -> str:
        """The split that speaks for the model: cross-validation where nothing has a time, else the test."""
        return CROSS_VALIDATION if any(metric.split == CROSS_VALIDATION for metric in self.metrics) else "test"

    def metric(self, name: str, model: str | None = None, split: str = "test") -> Estimate | None:
        """The figure of this name for the registered model, or for another model on the card."""
        wanted = (model or self.model, name, split)
        return next((m.estimate for m in self.metrics if (m.model, m.name, m.split) == wanted), None)
