"""`kizuna models`: lists registered model versions with aliases and metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from core.model_card import ModelCard
from core.model_kinds import MODEL_KINDS
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry
from kizuna.terminal import say

if TYPE_CHECKING:
    from models.mlflow_store.registry import RegisteredVersion

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna models --config configs/online_retail.toml")
    def models(config: ConfigPath = DEFAULT_CONFIG) -> None:
        """List model versions with aliases and hold-out metrics (90% intervals)."""
        settings = open_config(config, allow_cross_section=True)
        registry, _ = open_registry(settings, console)
        for kind in MODEL_KINDS.values():
            versions = registry.versions(kind.name)
            if versions:
                console.print(_table(registry.name(kind.name), versions, metrics=kind.metrics))
                for version in versions:
                    say(console, f"  {version.version}: {version.card.verdict}")
            elif kind.is_expected(settings):
                say(console, f"no {kind.name} model yet; next: {kind.train_command}")


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
