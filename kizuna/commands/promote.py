"""`kizuna promote`: makes a version the champion if it passes the promotion gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core.errors import BadInput
from core.model_kinds import MODEL_KINDS, PREDICT, find_kind
from kizuna.next_steps import step_of_champion
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat
from kizuna.session import name_store, open_session
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from models.mlflow_store.registry import RegisteredVersion

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna promote churn --version 3")
    def promote(
        kind: Annotated[
            str,
            typer.Argument(
                help=f"One of {', '.join(MODEL_KINDS)}; of an event predict.NAME.",
                autocompletion=lambda: list(MODEL_KINDS),
            ),
        ],
        config: ConfigPath = DEFAULT_CONFIG,
        version: Annotated[int | None, typer.Option(min=1, help="Version to promote. Default: @challenger.")] = None,
        force: Annotated[
            str | None, typer.Option(metavar="REASON", help="Skip the quality gate and record this reason.")
        ] = None,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Refit the version's and the champion's recipe, compare both on the newest mature window, keep the better."""
        if find_kind(kind) is PREDICT:
            raise BadInput(f"name the event whose model to promote: {PREDICT.name}.NAME")
        session = open_session(config, progress_console(), allow_cross_section=True)
        from training.judging.promotion import promote as promote_through_gate

        with name_store(session.registry.tracking_uri):
            promotion = promote_through_gate(session, kind, version=version or "challenger", force_reason=force)
        card, before = promotion.version.card, promotion.previous
        if output_format is OutputFormat.JSON:
            versions = {"champion": promotion.version, "previous": before}
            described = {name: _describe(version) for name, version in versions.items()}
            print_json({**described, "why": promotion.why, "next": step_of_champion(card, session.config)})
            return
        previous = f", instead of version {before.version} ({before.card.model})" if before else ""
        say(console, promotion.why)
        say(console, f"champion: {card.registry_name} version {card.version} ({card.model}){previous}")
        say(console, f"next: {step_of_champion(card, session.config)}")


def _describe(registered: RegisteredVersion | None) -> dict[str, Any] | None:
    """A version as JSON; None where there is none."""
    if registered is None:
        return None
    return {"name": registered.card.registry_name, "version": registered.version, "model": registered.card.model}
