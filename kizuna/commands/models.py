"""`kizuna models`: lists registered model versions with aliases and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from core.config.data_set import Config
from core.model_card import ModelCard
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry
from kizuna.terminal import say

if TYPE_CHECKING:
    from models.mlflow_store.registry import RegisteredVersion

console = Console()

FIGURES = {
    "churn": ("log_loss", "auc", "lift@10"),
    "hazard": ("integrated_brier", "auc@3m", "calibration_error@3m"),
    "recommender": ("ndcg@10", "recall@10", "coverage@10"),
    "texts": ("accuracy", "macro_f1", "tone_correlation"),
}
"Three metrics per kind, so that the table fits 80 columns; the card has them all."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna models --config configs/online_retail.toml")
    def models(config: ConfigPath = DEFAULT_CONFIG) -> None:
        """List model versions with aliases and hold-out metrics (90% intervals)."""
        settings = open_config(config, allow_cross_section=True)
        registry, _ = open_registry(settings, console)
        for kind, metrics in FIGURES.items():
            versions = registry.versions(kind)
            if versions:
                console.print(_table(registry.name(kind), versions, metrics=metrics))
                for version in versions:
                    say(console, f"  {version.version}: {version.card.verdict}")
            elif _is_expected(kind, settings):
                say(console, f"no {kind} model yet; next: kizuna train {kind}")


def _is_expected(kind: str, config: Config) -> bool:
    """Whether the data set should have such a model. Text models are optional: word lists do without."""
    has_dates = config.cross_section is None
    expected = {
        "hazard": has_dates and config.hazard is not None,
        "recommender": "purchases" in config.tables,
        "texts": False,
    }
    return expected.get(kind, True)


def _table(title: str, versions: list[RegisteredVersion], *, metrics: tuple[str, ...]) -> Table:
    has_test_cutoff = any(version.card.test_cutoff for version in versions)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in ("", "aliases", "model, test cutoff" if has_test_cutoff else "model", *metrics):
        table.add_column(name, min_width=len("personal_frequency") if name.startswith("model") else None)
    for version in versions:
        card = version.card
        aliases = "\n".join([*(f"@{alias}" for alias in version.aliases), *_marks(card)])
        model = card.model + (f"\n{card.test_cutoff}" if card.test_cutoff else "")
        table.add_row(str(version.version), aliases, model, *(_metric(card, name) for name in metrics))
    return table


def _metric(card: ModelCard, name: str) -> str:
    """A metric with its interval below; empty where the card lacks it."""
    metric = card.metric(name, split=card.evaluation_split)
    if metric is None:
        return ""
    return f"{metric.value:.3g}" + (f"\n{metric.low:.3g}-{metric.high:.3g}" if metric.low <= metric.high else "")


def _marks(card: ModelCard) -> tuple[str, ...]:
    from training.run.cards import marks

    return marks(card)
