"""`kizuna score`: every customer's churn score, for the CRM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna score --out scores.csv --bom")
    def score(
        out: Annotated[Path, typer.Option(help="A .csv (UTF-8) or .parquet file.")],
        config: ConfigPath = DEFAULT_CONFIG,
        bom: Annotated[bool, typer.Option("--bom", help="Begin the CSV so that Excel reads it as UTF-8.")] = False,
    ) -> None:
        """Write every customer's churn score from the release in force, most at risk first; without who refused."""
        from serving.build.exports import SCORE_COLUMNS, n_unscored, score_rows, write_rows
        from serving.release.releases import Releases

        release = Releases(open_config(config).places.releases).current()
        with console.status("writing the scores"):
            written = write_rows(out, SCORE_COLUMNS, score_rows(release), bom)
        say(
            console,
            f"{written:,} customers, scored by release {release.description.release_id}, in {out}; "
            f"left out because they refused to be scored: {n_unscored(release):,}",
        )
