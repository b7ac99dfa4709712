"""`kizuna recommend`: every customer's best items, for mail and LINE."""

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

    @app.command(epilog="Example: kizuna recommend --k 10 --out recs.csv")
    def recommend(
        out: Annotated[Path, typer.Option(help="A .csv (UTF-8) or .parquet file.")],
        config: ConfigPath = DEFAULT_CONFIG,
        k: Annotated[int, typer.Option(min=1, max=1000, help="How many items a customer.")] = 10,
        bom: Annotated[bool, typer.Option("--bom", help="Begin the CSV so that Excel reads it as UTF-8.")] = False,
    ) -> None:
        """Write every customer's k best items in stock, from the release in force; without those who refused."""
        from serving.build.exports import RECOMMENDATION_COLUMNS, n_unwilling, recommendation_rows, write_rows
        from serving.release.releases import Releases
        from serving.stock import StockFile

        folder = open_config(config).places.releases
        release, stock = Releases(folder).current(), StockFile(folder).read()
        with console.status("writing the recommendations"):
            written = write_rows(out, RECOMMENDATION_COLUMNS, recommendation_rows(release, k, stock), bom)
        say(
            console,
            f"{written:,} recommendations of release {release.description.release_id} in {out}; "
            f"left out because they refused recommendations or contact: {n_unwilling(release):,} customers",
        )
