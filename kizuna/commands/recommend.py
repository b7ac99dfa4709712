"""`kizuna recommend`: exports recommendations for mail and LINE campaigns."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from kizuna.exporting import export_release
from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, TableOut, open_config
from kizuna.terminal import print_json, say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna recommend --k 10 --out recs.csv")
    def recommend(
        out: TableOut,
        config: ConfigPath = DEFAULT_CONFIG,
        k: Annotated[int, typer.Option(min=1, max=1000, help="Items per customer.")] = 10,
        excel: Excel = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Export each customer's top k items in stock from the active release.

        Customers who opted out of recommendations or contact are excluded.
        """
        from serving.build.exports.files import ExportOptions
        from serving.release.releases import Releases
        from serving.stock import StockFile

        folder = open_config(config).places.releases
        release, stock = Releases(folder).open_active(), StockFile(folder).read()
        options = ExportOptions(k=k, stock=stock)
        written = export_release("recommendations", out, release=release, options=options, excel=excel)
        if output_format is OutputFormat.JSON:
            print_json(written.document)
            return
        say(
            console,
            f"{out}: {written.n_rows:,} recommendations of release {written.release_id}; "
            f"excluded because they opted out of recommendations or contact: {written.n_excluded:,} customers",
        )
