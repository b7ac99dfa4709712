"""`kizuna models`: every version side by side, with its aliases and its figures out of time or across customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from core.config.data_set import Config
from core.model_card import ModelCard
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry, say

if TYPE_CHECKING:
    from models.mlflow_store.registry import RegisteredVersion

console = Console()

FIGURES = {
    "churn": ("log_loss", "auc", "lift@10"),
    "hazard": ("integrated_brier", "auc@3m", "calibration_error@3m"),
    "recommender": ("ndcg@10", "recall@10", "coverage@10"),
    "texts": ("accuracy", "macro_f1", "tone_correlation"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna models --config configs/online_retail.toml")
    def models(config: ConfigPath = DEFAULT_CONFIG) -> None:
        """Versions, aliases and figures of what was not learnt from (value, and 90 % interval), side by side."""
        read = open_config(config, allow_cross_section=True)
        registry, _ = open_registry(read, console)
        for kind, figures in FIGURES.items():
            versions = registry.versions(kind)
            if not versions and not _is_missed(kind, read):
                continue
            if not versions:
                say(console, f"no {kind} model yet; next: kizuna train {kind}")
                continue
            console.print(_table(registry.name(kind), versions, figures))
            for version in versions:
                told = f"  {version.version}: {version.card.verdict}"
                say(console, told)


def _is_missed(kind: str, config: Config) -> bool:
    """Whether the data set is to have such a model; without one of texts, words do its work."""
    dated = config.cross_section is None
    wanted = {
        "hazard": dated and config.hazard is not None,
        "recommender": "purchases" in config.tables,
        "texts": False,
    }
    return wanted.get(kind, True)


def _table(title: str, versions: list[RegisteredVersion], figures: tuple[str, ...]) -> Table:
    """Three figures, so that it fits 80 columns; the card holds them all."""
    any_tested = any(version.card.test_cutoff for version in versions)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for name in ("", "aliases", "model, tested at" if any_tested else "model", *figures):
        table.add_column(name, min_width=len("personal_frequency") if name.startswith("model") else None)
    for version in versions:
        card = version.card
        told = "\n".join([*(f"@{alias}" for alias in version.aliases), *_marks(card)])
        model = card.model + (f"\n{card.test_cutoff}" if card.test_cutoff else "")
        table.add_row(str(version.version), told, model, *(_figure(card, name) for name in figures))
    return table


def _figure(card: ModelCard, name: str) -> str:
    found = card.metric(name, split=card.judged_on)
    if found is None:
        return ""
    return f"{found.value:.3g}" + (f"\n{found.low:.3g}-{found.high:.3g}" if found.low <= found.high else "")


def _marks(card: ModelCard) -> tuple[str, ...]:
    from training.run.cards import marks

    return marks(card)
