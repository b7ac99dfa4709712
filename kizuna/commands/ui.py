"""`kizuna ui`: opens the MLflow UI on the data set's store."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config, refuse_taken_port, tracking_uri
from kizuna.session import open_registry
from kizuna.terminal import progress_console, say

console = Console()
RUNS = "/#/experiments/{experiment}/runs?workflowType=machine_learning"
"With the workflow, for a browser that remembers MLflow's view of agents, which hides the runs of trainings."


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna ui --port 5001")
    def ui(
        config: ConfigPath = DEFAULT_CONFIG,
        port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on, on 127.0.0.1.")] = 5000,
    ) -> None:
        """Run the MLflow UI; Ctrl-C stops it. Alias moves made there are recorded by the next command."""
        settings = open_config(config, allow_cross_section=True)
        uri = tracking_uri(settings)
        if uri.startswith(("http:", "https:")):
            say(console, f"MLflow already runs at {uri}")
            return
        refuse_taken_port("127.0.0.1", port)
        address = f"http://127.0.0.1:{port}"
        say(console, f"MLflow UI for {uri}: {address}")
        registry, _ = open_registry(settings, progress_console())
        for name, experiment in registry.experiments().items():
            say(console, f"  runs of {name}: {address}{RUNS.format(experiment=experiment)}")
        sys.stdout.flush()
        # One worker is enough for one person and starts sooner than MLflow's default of four plus a job runner.
        stores = ["--backend-store-uri", uri, "--registry-store-uri", uri]
        options = ["--app-name", "kizuna", *stores, "--port", str(port), "--workers", "1"]
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        os.execve(sys.executable, [sys.executable, "-m", "mlflow", "ui", *options], environment)
