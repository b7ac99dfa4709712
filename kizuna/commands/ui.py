"""`kizuna ui`: opens the MLflow UI on the data set's store."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config, refuse_taken_port, tracking_uri
from kizuna.terminal import say

console = Console()
EXPERIMENTS = "/#/experiments?workflowType=machine_learning"
"Without the workflow, MLflow 3 opens a browser's first visit in its view of agents, where runs of training are hidden."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna ui --port 5001")
    def ui(
        config: ConfigPath = DEFAULT_CONFIG,
        port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on, on 127.0.0.1.")] = 5000,
    ) -> None:
        """Run the MLflow UI; Ctrl-C stops it. Alias moves made there are recorded by the next command."""
        uri = tracking_uri(open_config(config, allow_cross_section=True))
        if uri.startswith(("http:", "https:")):
            say(console, f"MLflow already runs at {uri}")
            return
        refuse_taken_port("127.0.0.1", port)
        say(console, f"MLflow UI for {uri}: http://127.0.0.1:{port}{EXPERIMENTS}")
        sys.stdout.flush()
        # One worker is enough for one person and starts sooner than MLflow's default of four plus a job runner.
        options = ["--backend-store-uri", uri, "--port", str(port), "--workers", "1"]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        os.execve(sys.executable, [sys.executable, "-m", "mlflow", "ui", *options], environment)
