"""`kizuna score`: exports churn scores for the CRM."""

from __future__ import annotations

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, FormatOption, OutputFormat, TableOut, open_config
from kizuna.terminal import print_json, progress_console, say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna score --out scores.csv --excel")
    def score(
        out: TableOut,
        config: ConfigPath = DEFAULT_CONFIG,
        excel: Excel = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Export churn scores from the active release, highest risk first. Customers who opted out are excluded."""
        from serving.build.exports.files import EXPORTS, write_export
        from serving.release.releases import Releases

        release = Releases(open_config(config).places.releases).open_active()
        export = EXPORTS["scores"]
        with progress_console().status("writing scores"):
            n_rows = write_export(export, out, release=release, excel=excel)
        release_id, n_excluded = release.description.release_id, export.n_excluded(release)
        if output_format is OutputFormat.JSON:
            print_json({"path": str(out), "release": release_id, "rows": n_rows, "excluded_customers": n_excluded})
            return
        say(
            console,
            f"{out}: {n_rows:,} customers, scores of release {release_id}; "
            f"excluded because they opted out of scoring: {n_excluded:,}",
        )
