"""The kinds of model: what each predicts, which metrics judge it and what its champion must be able to do.

To add a kind, add one `ModelKind` here, the models in their package, `training/<name>/pipeline.py`,
`models/mlflow_store/pyfunc_<name>.py` and, for a kind that is released, `serving/build/<name>.py`. A test fails where
one of these is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from core.catalogue import Catalogue
from core.config.data_set import Config


class Capability(StrEnum):
    """What a model can do beyond the protocol of its kind."""

    ADDITIVE_LOG_ODDS = "additive_log_odds"
    "Splits the log-odds of each prediction into one contribution per feature; health scores and churn causes need it."


def _always(config: Config) -> bool:
    del config
    return True


@dataclass(frozen=True, kw_only=True)
class ModelKind:
    """One kind of model, from training to release."""

    name: str
    """In the registry (`kizuna.<data set>.<name>`) and in releases. Models that predict an event have one kind for each
    event: `predict.buys_tea`."""
    package: str
    "The package of its models."
    predicts: str
    "What its models predict, as MLflow describes the experiment and the registered model."
    metrics: tuple[str, str, str]
    "What `kizuna models` shows side by side; the card holds every metric."
    gate_metric: str
    "What the promotion gate compares."
    refresh_margin: float
    "How much worse than the champion the same recipe on newer data may be, in units of `gate_metric`."
    claim_errors: float | None = None
    """By how many standard errors a model must be better than a baseline to be shown to be. None: its whole 90 %
    interval must be above 0. See `docs/decisions/0018-claims-by-one-standard-error.md`."""
    champion_needs: frozenset[Capability] = frozenset()
    "A version without these capabilities cannot become champion."
    constant_model: str = ""
    "The model that predicts the same for every customer. It may be the first champion, but no release answers from it."
    is_expected: Callable[[Config], bool] = _always
    "Whether a data set with this configuration should have such a model."
    is_optional: bool = False
    "Whether a release is complete without it."
    trained_after: str = ""
    "The kind whose training starts this one too, where it is expected."
    works_without_dates: bool = False
    "Whether it can be trained on a cross-section, one row per customer without dates."
    learns_from_labels: bool = False
    "Whether training needs a file of labels beside the tables."
    is_released: bool = True
    "Whether a release answers from its champion."
    used_by: str = "kizuna release"
    "The command that reads the champion."
    train_help: str
    "What `kizuna train <name>` does, for its help."
    train_example: str
    "Arguments of `kizuna train <name>` worth showing."

    @property
    def family(self) -> str:
        """The name without the event: that of its packages, its part of a release and its training command."""
        return self.name.partition(".")[0]

    @property
    def event(self) -> str:
        """The event that it predicts, as in `[predict.<event>]`; '' for other kinds."""
        return self.name.partition(".")[2]

    @property
    def train_command(self) -> str:
        """What to run to get a challenger."""
        return f"kizuna train {self.family}"

    @property
    def promote_command(self) -> str:
        """What to run to make the challenger champion."""
        return f"kizuna promote {self.name}"


CHURN = ModelKind(
    name="churn",
    package="models.churn",
    predicts="How likely each customer churns within the horizon, with an interval and reasons.",
    metrics=("log_loss", "auc", "lift@10"),
    gate_metric="log_loss",
    # Nats per customer; a tenth of what a useful churn model gains over the base rate.
    refresh_margin=0.01,
    claim_errors=1.0,
    champion_needs=frozenset({Capability.ADDITIVE_LOG_ODDS}),
    constant_model="base_rate",
    works_without_dates=True,
    train_help=(
        "Train churn models, choose one on validation data, test it once and register it. With a [hazard] section in "
        "the TOML, hazard models are trained too, unless --model is given."
    ),
    train_example="--model gradient_boosting --set n_leaves=16",
)

HAZARD = ModelKind(
    name="hazard",
    package="models.hazard",
    predicts="When each customer churns, by cause and for any horizon.",
    metrics=("integrated_brier", "auc@3m", "calibration_error@3m"),
    gate_metric="integrated_brier",
    # A mean squared error; a tenth of what a useful hazard model gains over Kaplan-Meier.
    refresh_margin=0.002,
    constant_model="kaplan_meier",
    is_expected=lambda config: config.cross_section is None and config.hazard is not None,
    trained_after="churn",
    train_help=(
        "Train hazard models: when customers churn, by cause and for any horizon. Settings: [hazard] in the TOML."
    ),
    train_example="--model boosted_hazard --set n_leaves=16",
)

RECOMMENDER = ModelKind(
    name="recommender",
    package="models.recommenders",
    predicts="The items that each customer buys next.",
    metrics=("ndcg@10", "recall@10", "coverage@10"),
    gate_metric="ndcg@10",
    refresh_margin=0.01,
    is_expected=lambda config: "purchases" in config.tables,
    train_help="Train recommenders, choose one by NDCG@10 on validation data, test it once and register it.",
    train_example="--model als --set n_factors=128",
)

TEXTS = ModelKind(
    name="texts",
    package="models.texts",
    predicts="The churn cause and the sentiment of a ticket or a survey comment.",
    metrics=("accuracy", "macro_f1", "tone_correlation"),
    gate_metric="accuracy",
    # Wide, because each version is measured on its own labels.
    refresh_margin=0.05,
    # Without a text model, the word lists in [causes] do its work.
    is_expected=lambda _: False,
    learns_from_labels=True,
    is_released=False,
    used_by="kizuna causes",
    train_help=("Train a text model that classifies the churn cause and the sentiment of tickets and survey comments."),
    train_example="--labels labels.csv",
)

PREDICT = ModelKind(
    name="predict",
    package="models.churn",
    predicts="How likely an event of [predict] is for each customer within its horizon, with an interval and reasons.",
    metrics=("log_loss", "auc", "lift@10"),
    gate_metric="log_loss",
    refresh_margin=CHURN.refresh_margin,
    claim_errors=CHURN.claim_errors,
    constant_model="base_rate",
    is_expected=lambda config: bool(config.predict),
    train_help="Train a model of each event under [predict] in the TOML, test it and register it.",
    train_example="--event buys_tea --promote",
)

UPLIFT = ModelKind(
    name="uplift",
    package="models.uplift",
    predicts="What a contact changes for each customer, with an interval, and which rule finds customers worth one.",
    metrics=("qini", "auuc", "value_doubly_robust"),
    gate_metric="qini",
    # A tenth of what a useful uplift model gains over targeting at random.
    refresh_margin=0.005,
    # Its baseline, the average effect, is no constant model: it tells offers that pay from those that do not.
    # Without it, offers go by their acceptance.
    is_expected=lambda _: False,
    is_optional=True,
    train_help=(
        "Train uplift models: what contacts change, learned from contacts with a control group. Chooses the rule for "
        "targeting of each treatment. Settings: [uplift] in the TOML."
    ),
    train_example="--promote",
)

VALUE = ModelKind(
    name="value",
    package="models.value",
    predicts="What each customer will buy and bring in within any horizon, and when they order next.",
    metrics=("relative_mae", "gini", "total_bias"),
    gate_metric="relative_mae",
    # In units of the mean value; a tenth of what a useful value model gains over the last year.
    refresh_margin=0.02,
    is_expected=lambda config: bool({"purchases", "subscriptions"} & set(config.tables)),
    is_optional=True,
    train_help="Train models of customer lifetime value, choose one at earlier cutoffs, test it once and register it.",
    train_example="--promote",
)

MODEL_KINDS: Catalogue[ModelKind] = Catalogue(
    "kinds of model", {kind.name: kind for kind in (CHURN, HAZARD, RECOMMENDER, TEXTS, PREDICT, UPLIFT, VALUE)}
)


def find_kind(name: str) -> ModelKind:
    """The kind of this name, e.g. churn or predict.buys_tea. Raises UnknownName."""
    family, _, event = name.partition(".")
    return replace(PREDICT, name=name) if family == PREDICT.name and event else MODEL_KINDS[name]


def kinds_of(config: Config) -> list[ModelKind]:
    """The kinds of model that a data set may have: of `predict` one for each event."""
    events = [find_kind(f"{PREDICT.name}.{event}") for event in config.predict]
    return [*(kind for kind in MODEL_KINDS.values() if kind is not PREDICT), *events]


def kinds_in_release() -> list[ModelKind]:
    """The kinds whose champions go into a release."""
    return [kind for kind in MODEL_KINDS.values() if kind.is_released]
