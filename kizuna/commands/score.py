"""`kizuna score`: exports churn scores for the CRM."""

from __future__ import annotations

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, Excel, TableOut, open_config
from kizuna.terminal import say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna score --out scores.csv --excel")
    def score(out: TableOut, config: ConfigPath = DEFAULT_CONFIG, excel: Excel = False) -> None:
        """Export churn scores from the active release, highest risk first. Customers who opted out are excluded."""
        from serving.build.exports.files import EXPORTS, write_export
        from serving.release.releases import Releases

        release = Releases(open_config(config).places.releases).open_active()
        export = EXPORTS["scores"]
        with console.status("writing scores"):
            n_rows = write_export(export, out, release=release, excel=excel)
        say(
            console,
            f"{out}: {n_rows:,} customers, scores of release {release.description.release_id}; "
            f"excluded because they opted out of scoring: {export.n_excluded(release):,}",
        )
