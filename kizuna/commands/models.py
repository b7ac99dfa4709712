"""`kizuna models`: every version side by side, with its aliases and its figures out of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from core.card import ModelCard
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry

if TYPE_CHECKING:
    from models.registry import RegisteredVersion

console = Console()

FIGURES = {
    "churn": ("log_loss", "auc", "average_precision", "lift@10"),
    "recommender": ("ndcg@10", "recall@10", "hit_rate@10", "coverage@10"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna models --config configs/online_retail.toml")
    def models(config: ConfigPath = DEFAULT_CONFIG) -> None:
        """Versions, aliases and figures at the test cutoff (value, and 90 % interval), side by side."""
        registry, _ = open_registry(open_config(config), console)
        for kind, figures in FIGURES.items():
            versions = registry.versions(kind)
            if not versions:
                console.print(f"no {kind} model yet; next: kizuna train {kind}")
                continue
            console.print(_table(registry.name(kind), versions, figures))
            for version in versions:
                told = f"  {version.version}: {version.card.verdict}"
                console.print(told, highlight=False, markup=False, soft_wrap=True)


def _table(title: str, versions: list[RegisteredVersion], figures: tuple[str, ...]) -> Table:
    table = Table("version", "aliases", "model", "tested at", *figures, "marks", title=title, title_justify="left")
    for version in versions:
        card = version.card
        aliases = " ".join(f"@{alias}" for alias in version.aliases)
        tested_at = card.test_cutoff.isoformat() if card.test_cutoff else ""
        told = (_figure(card, name) for name in figures)
        table.add_row(str(version.version), aliases, card.model, tested_at, *told, "\n".join(_marks(card)))
    return table


def _figure(card: ModelCard, name: str) -> str:
    found = card.metric(name)
    if found is None:
        return ""
    return f"{found.value:.4f}" + (f"\n{found.low:.4f}-{found.high:.4f}" if found.low <= found.high else "")


def _marks(card: ModelCard) -> tuple[str, ...]:
    from training.cards import marks

    return marks(card)
