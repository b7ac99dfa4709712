"""`kizuna ui`: MLflow's own pages on this project's store."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config, tracking_uri
from kizuna.session import say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna ui --port 5001")
    def ui(
        config: ConfigPath = DEFAULT_CONFIG,
        port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens, on 127.0.0.1.")] = 5000,
    ) -> None:
        """Look at runs and versions; Ctrl-C stops. Aliases moved there are recorded at the next command."""
        uri = tracking_uri(open_config(config, allow_cross_section=True))
        if uri.startswith(("http:", "https:")):
            say(console, f"the store is served already: {uri}")
            return
        say(console, f"MLflow's pages on {uri}: http://127.0.0.1:{port}")
        sys.stdout.flush()
        # One worker is enough for one person, and starts sooner than MLflow's four and its job runner.
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "ui",
            "--backend-store-uri",
            uri,
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        os.execve(sys.executable, command, {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"})
