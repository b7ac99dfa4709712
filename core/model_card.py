"""The model card: what a model is, what it was fitted on, how good it is, and what it must not be used for."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from core.intervals import Estimate
from core.model_kinds import find_kind
from core.retention import RetentionTerms

CROSS_VALIDATION = "cross_validation"
"The split of metrics measured on held-out customers or texts, where the data have no dates to hold out by."


class Metric(msgspec.Struct, frozen=True):
    """One metric of one model, on later data or, where the data have no dates, by cross-validation."""

    model: str
    "The model's name in its catalogue: gradient_boosting, recency, als, ..."
    name: str
    "auc, log_loss, ndcg@10, ..."
    estimate: Estimate
    split: str = "test"
    "`validation` chose the model; `test` was used once."


class Comparison(msgspec.Struct, frozen=True):
    """A paired difference between two models on the same customers; positive means that the first is better."""

    model: str
    against: str
    name: str
    difference: Estimate

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference excludes zero."""
        return self.difference.excludes(0.0)


class Leak(msgspec.Struct, frozen=True):
    """A feature that explains an implausible share of the label."""

    feature: str
    finding: str
    "One sentence with the figure."


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """Why a champion must not be relied on."""

    message: str
    "A text of the translation catalogue."
    values: dict[str, str]
    "What fills its gaps."
    detail: str = ""
    "More about it, in English."

    @property
    def reason(self) -> str:
        """The reason in English."""
        return self.detail or self.message.format_map(self.values)


class GroupMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """Calibration and error in one group of customers, in the test period."""

    attribute: str
    group: str
    n_rows: int
    mean_probability: float
    observed_rate: float
    calibration_gap: Estimate
    "Mean probability minus observed churn rate: above 0 the model overstates the group's risk."
    log_loss: Estimate


class ContactProfit(msgspec.Struct, frozen=True, kw_only=True):
    """What contacting some of the tested customers would have earned."""

    contacted: str
    "Which customers, in words."
    share: Estimate
    "Of the tested customers, 0 to 1."
    profit: Estimate
    "Per tested customer, contacted or not, base currency."


class RetentionProfit(msgspec.Struct, frozen=True, kw_only=True):
    """What acting on the scores would have earned in the test period; the metrics `empc` and `savings` belong to it."""

    currency: str
    value: str
    "What a customer is worth, in words."
    terms: RetentionTerms
    contacts: tuple[ContactProfit, ...]


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that every registered version carries and every answer refers to."""

    kind: str
    "The name of its `ModelKind`."
    data_set: str
    model: str
    "The registered model's name in its catalogue."
    version: int | None = None
    "Assigned by the registry."
    created_at: datetime
    "UTC."
    cutoff: date
    "The newest cutoff that the registered model was fitted on."
    training_cutoffs: tuple[date, ...]
    test_cutoff: date | None
    horizon_days: int | None = None
    known_until: date | None = None
    "Outcomes before this day were known when it was fitted, for models that learn from unfinished horizons."
    gap_days: int = 0
    cohort: str
    "Which customers were scored, in words."
    label: str = ""
    "What is predicted, in words."
    n_rows: int
    n_customers: int
    "0 where rows belong to no customer, such as labelled texts."
    base_rate: float | None = None
    settings: dict[str, str | int | float | bool | None]
    "The recipe: the model can be fitted again from it."
    features: dict[str, str] = {}
    "Feature name to declaration digest."
    as_of_today: tuple[str, ...] = ()
    "Attributes without a date, which may have been written after the cutoff."
    metrics: tuple[Metric, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    groups: tuple[GroupMetrics, ...] = ()
    "By attribute group: whether the model is as right for each as for all."
    money: RetentionProfit | None = None
    "What acting on the scores earns; None where the value of customers is unknown, and for kinds other than churn."
    n_contacted: int = 0
    "Rows with a retention contact within the horizon, whose labels the contact may have changed."
    verdict: str = ""
    "One sentence: by how much the model beats its baselines, or that it is not shown to beat them."
    beats_baselines: bool = True
    "False where a gain over a baseline is not shown, by the rule of the kind."
    is_baseline: bool = False
    "Whether it is itself a baseline, champion until a model passes the gate."
    leaks: tuple[Leak, ...] = ()
    excluded_features: tuple[Leak, ...] = ()
    "Features that leak detection dropped before the model was fitted."
    limits: tuple[str, ...] = ()
    data_digest: str = ""
    git: str = ""

    @property
    def registry_name(self) -> str:
        """The model's name in the registry."""
        return f"kizuna.{self.data_set}.{self.kind}"

    @property
    def is_constant(self) -> bool:
        """Whether the model predicts the same for every customer."""
        return self.model == find_kind(self.kind).constant_model

    @property
    def caution(self) -> Caution | None:
        """Why a release does not answer from this champion, unless it was promoted by force; None where it does.

        A baseline may serve from the first day on, but not one that predicts the same for every customer.
        """
        values = {"kind": self.kind, "model": self.model}
        if self.is_constant:
            message = "the {kind} champion is {model}, which predicts the same for every customer"
            return Caution(message=message, values=values)
        if self.leaks:
            names = ", ".join(leak.feature for leak in self.leaks)
            message = "leak detection doubts {features}, which {model} rests on"
            return Caution(message=message, values={**values, "features": names}, detail=self.doubt)
        if self.beats_baselines or self.is_baseline:
            return None
        message = "{model} is not shown to be better than its baselines"
        return Caution(message=message, values=values, detail=self.verdict)

    @property
    def doubt(self) -> str:
        """What leak detection doubts about the model and the settings that answer it; '' where it doubts nothing."""
        findings = "; ".join(leak.finding for leak in self.leaks)
        return findings and (
            f"leak detection doubts it: {findings}; train without the feature (exclude_features), or state that it was "
            "known before (allow_features)"
        )

    def explain_refusal(self, *, is_forced: bool) -> str:
        """Why releases and health scores leave this champion out, in English; '' where they use it.

        A champion that was promoted for a stated reason (`is_forced`) is used in spite of its caution. One that
        predicts the same for every customer is not: no reason lets it tell customers apart.
        """
        if self.caution is None or (is_forced and not self.is_constant):
            return ""
        return self.caution.reason

    @property
    def evaluation_split(self) -> str:
        """The split that the model is judged by: cross-validation where the data have no dates, otherwise the test."""
        return CROSS_VALIDATION if any(metric.split == CROSS_VALIDATION for metric in self.metrics) else "test"

    def metric(self, name: str, model: str | None = None, *, split: str = "test") -> Estimate | None:
        """The metric of this name for the registered model, or for another model on the card; None if absent."""
        key = (model or self.model, name, split)
        return next((m.estimate for m in self.metrics if (m.model, m.name, m.split) == key), None)
