"""`kizuna models`: lists registered model versions with aliases and metrics, or shows drift since training."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from core.model_kinds import CHURN, kinds_of
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, open_config
from kizuna.session import open_registry
from kizuna.terminal import print_json, progress_console, say, show_step

if TYPE_CHECKING:
    from core.config.data_set import Config
    from core.model_card import ModelCard
    from insights.drift import Drift
    from models.mlflow_store.registry import RegisteredVersion, Registry

console = Console()

DriftOption = Annotated[
    bool,
    typer.Option(
        "--drift",
        help="Instead of the versions, show the churn rate by cutoff, and the features that have shifted between the "
        "churn champion's training data and today's customers (PSI above 0.25).",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna models --config configs/online_retail.toml")
    def models(
        config: ConfigPath = DEFAULT_CONFIG,
        drift: DriftOption = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """List model versions with aliases and hold-out metrics (90% intervals)."""
        if drift:
            print_drift(config, output_format)
            return
        settings = open_config(config, allow_cross_section=True)
        registry, _ = open_registry(settings, progress_console())
        if output_format is OutputFormat.JSON:
            print_json([_describe(version) for kind in kinds_of(settings) for version in registry.versions(kind.name)])
        else:
            print_versions(registry, settings)


def print_versions(registry: Registry, config: Config) -> None:
    """Print the versions of each kind of model, or how to train one where a data set should have it."""
    for kind in kinds_of(config):
        versions = registry.versions(kind.name)
        if versions:
            console.print(_table(registry.name(kind.name), versions, metrics=kind.metrics))
            for version in versions:
                say(console, f"  {version.version}: {version.card.verdict}")
        elif kind.is_expected(config):
            say(console, f"no {kind.name} model yet; next: {kind.train_command}")


def _describe(registered: RegisteredVersion) -> dict[str, Any]:
    """A version as JSON; its metrics are those on the card of the registered model."""
    card = registered.card
    metrics = {m.name: m.estimate for m in card.metrics if (m.model, m.split) == (card.model, card.evaluation_split)}
    facts = ("kind", "model", "settings", "test_cutoff", "verdict", "beats_baselines", "is_baseline", "leaks")
    return {
        "name": card.registry_name,
        "version": registered.version,
        "aliases": registered.aliases,
        "run_id": registered.run_id,
        **{name: getattr(card, name) for name in facts},
        "metrics": metrics,
    }


def print_drift(config: Path, output_format: OutputFormat) -> None:
    """Print how churn rates and features have moved since the churn champion was trained.

    Raises NotFound without a champion, and ConfigError for a cross-section data set, which has no dates.
    """
    from insights.drift import measure_drift
    from kizuna.today import open_todays_tables
    from models.mlflow_store.registry import CHAMPION
    from training.judging.folds import folds_of

    settings = open_config(config)
    registry, _ = open_registry(settings, progress_console())
    champion = registry.find(CHURN.name, CHAMPION)
    vocabularies = registry.package(champion).vocabularies
    with show_step("computing features and labels"):
        tables = open_todays_tables(settings)
        drift = measure_drift(tables, champion.card, label_cutoffs=folds_of(tables).refit, vocabularies=vocabularies)
    if output_format is OutputFormat.JSON:
        print_json({"version": champion.version, "trained_on": champion.card.training_cutoffs, "drift": drift})
        return
    console.print(_churn_rate_table(drift, training_cutoffs=champion.card.training_cutoffs))
    if not drift.features:
        say(console, f"{champion.card.model} uses no features, so no feature can shift")
        return
    compared = f"{drift.n_customers:,} customers on {drift.cutoff} and {drift.n_training_rows:,} training rows"
    say(console, f"compared: {compared} of {registry.name(CHURN.name)}, version {champion.version}")
    if drift.features[0].is_shifted:
        console.print(_feature_drift_table(drift))
    else:
        say(console, f"no feature has shifted: each PSI is at most {drift.features[0].psi:.2f}")


def _churn_rate_table(drift: Drift, *, training_cutoffs: tuple[date, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="churn rate (90% interval)", title_justify="left", pad_edge=False)
    for heading in ("cutoff", "customers", "churn rate", "trained on"):
        table.add_column(heading, justify="right" if heading in ("customers", "churn rate") else "left")
    for churn in drift.churn_rates:
        interval = f" ({churn.rate.low:.1%}-{churn.rate.high:.1%})" if churn.rate.has_interval else ""
        rate = f"{churn.rate.value:.1%}{interval}"
        was_trained_on = "yes" if churn.cutoff in training_cutoffs else "no"
        table.add_row(churn.cutoff.isoformat(), f"{churn.n_customers:,}", rate, was_trained_on)
    return table


def _feature_drift_table(drift: Drift) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="features that have shifted", title_justify="left", pad_edge=False)
    for heading in ("feature", "PSI", "missing in training", "missing today"):
        table.add_column(heading, justify="left" if heading == "feature" else "right")
    for feature in drift.features:
        if feature.is_shifted:
            missing = (f"{share:.0%}" for share in (feature.missing_before, feature.missing_after))
            table.add_row(feature.feature, f"{feature.psi:.2f}", *missing)
    return table


def _table(title: str, versions: list[RegisteredVersion], *, metrics: tuple[str, ...]) -> Table:
    has_test_cutoff = any(version.card.test_cutoff for version in versions)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in ("", "aliases", "model, test cutoff" if has_test_cutoff else "model", *metrics):
        table.add_column(name, min_width=len("personal_frequency") if name.startswith("model") else None)
    for version in versions:
        card = version.card
        aliases = "\n".join([*(f"@{alias}" for alias in version.aliases), *_flags(card)])
        model = card.model + (f"\n{card.test_cutoff}" if card.test_cutoff else "")
        table.add_row(str(version.version), aliases, model, *(_metric(card, name) for name in metrics))
    return table


def _metric(card: ModelCard, name: str) -> str:
    """A metric with its interval below; empty where the card lacks it."""
    metric = card.metric(name, split=card.evaluation_split)
    if metric is None:
        return ""
    return f"{metric.value:.3g}" + (f"\n{metric.low:.3g}-{metric.high:.3g}" if metric.low <= metric.high else "")


def _flags(card: ModelCard) -> tuple[str, ...]:
    from training.run.cards import flags

    return flags(card)
