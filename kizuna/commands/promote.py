"""`kizuna promote`: a version becomes champion, through the gate."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from core.catalogue import Catalogue
from core.config.data_set import Config
from core.model_card import ModelCard
from kizuna.options import DEFAULT_CONFIG, ConfigPath
from kizuna.session import open_session, say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna promote churn --version 3")
    def promote(
        kind: Annotated[str, typer.Argument(help="churn, hazard, recommender or texts.")],
        config: ConfigPath = DEFAULT_CONFIG,
        version: Annotated[int | None, typer.Option(min=1, help="Which one; the challenger if none is named.")] = None,
        force: Annotated[str | None, typer.Option(help="Past the gate, for this reason; kept in the ledger.")] = None,
    ) -> None:
        """Compare a version's recipe with the champion's at the newest matured window; the better one is champion."""
        Catalogue("kizuna promote", dict.fromkeys(("churn", "hazard", "recommender", "texts")))[kind]
        session = open_session(config, console, allow_cross_section=True)
        from training.promotion import promote as through_the_gate

        promotion = through_the_gate(session, kind, version or "challenger", force)
        card, before = promotion.version.card, promotion.before
        was = f", instead of version {before.version} ({before.card.model})" if before else ""
        say(console, promotion.why)
        say(console, f"champion: {card.registered_name} version {card.version} ({card.model}){was}")
        say(console, f"next: {_next_step(card, session.config)}")


def _next_step(card: ModelCard, config: Config) -> str:
    """What a champion is for; without times there is no release to answer from."""
    from models.mlflow_store.registry import CHAMPION

    if card.kind == "texts":
        return "kizuna causes"
    if config.cross_section is None:
        return "kizuna release"
    return (
        f'mlflow.pyfunc.load_model("models:/{card.registered_name}@{CHAMPION}") scores a DataFrame by column name; '
        "without times there is nothing to release"
    )
