"""`kizuna recommend`: exports recommendations for mail and LINE campaigns."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, TableOut, open_config
from kizuna.terminal import print_json, progress_console, say

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
        from serving.build.exports.files import EXPORTS, ExportOptions, write_export
        from serving.release.releases import Releases
        from serving.stock import StockFile

        folder = open_config(config).places.releases
        release, stock = Releases(folder).open_active(), StockFile(folder).read()
        export = EXPORTS["recommendations"]
        with progress_console().status("writing recommendations"):
            options = ExportOptions(k=k, stock=stock)
            n_rows = write_export(export, out, release=release, options=options, excel=excel)
        release_id, n_excluded = release.description.release_id, export.n_excluded(release, options)
        if output_format is OutputFormat.JSON:
            print_json({"path": str(out), "release": release_id, "rows": n_rows, "excluded_customers": n_excluded})
            return
        say(
            console,
            f"{out}: {n_rows:,} recommendations of release {release_id}; "
            f"excluded because they opted out of recommendations or contact: {n_excluded:,} customers",
        )
