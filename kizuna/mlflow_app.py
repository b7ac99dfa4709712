"""MLflow's server as `kizuna ui` runs it (`mlflow server --app-name kizuna`): it opens in the view of model training.

MLflow 3 opens each experiment in its view of agents, which hides the runs of trainings, unless the browser remembers
the other view. No tag of the experiment changes that, so the page itself sets it where the browser remembers none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

KEY, MODEL_TRAINING = "mlflow.workflowType_v1", '"machine_learning"'
"In the browser's local storage, as MLflow 3 reads them."
SCRIPT = f"<script>localStorage.getItem('{KEY}') ?? localStorage.setItem('{KEY}', '{MODEL_TRAINING}')</script>"


def create_app() -> FastAPI:
    """MLflow's own application with the script in its page. The entry point `mlflow.app` in pyproject.toml names it."""
    from flask import Response
    from mlflow.server import app as pages
    from mlflow.server.fastapi_app import app

    page = add_script(Path(pages.static_folder or "", "index.html").read_text(encoding="utf-8"))
    # Replaced rather than changed on its way out: a browser then never keeps a page without the script.
    pages.view_functions["serve"] = lambda: Response(page, mimetype="text/html")
    return app


def add_script(page: str) -> str:
    """The page with the script before all others."""
    return page.replace("<head>", f"<head>{SCRIPT}", 1)
