"""The page of MLflow's UI as `kizuna ui` serves it."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import mlflow
import pytest

from kizuna.main import main
from kizuna.mlflow_app import KEY, SCRIPT, add_script

STATIC = Path(mlflow.__file__).parent / "server/js/build"


def test_the_page_chooses_the_view_of_model_training_before_mlflow_starts():
    page = add_script((STATIC / "index.html").read_text(encoding="utf-8"))

    assert 0 < page.index(SCRIPT) < page.index("main.")
    assert page.count(SCRIPT) == 1


def test_mlflow_still_reads_the_view_from_that_place_in_the_browser():
    name, _, version = KEY.rpartition("_v")
    program = next((STATIC / "static/js").glob("main.*.js")).read_text(encoding="utf-8")

    assert f'key:"{name}",version:{version}' in program
    assert 'MACHINE_LEARNING="machine_learning"' in program


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_server_of_the_ui_answers_with_that_page():
    (entry_point,) = entry_points(group="mlflow.app", name="kizuna")
    app = entry_point.load()()

    async def read(path: str) -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:5000") as client:
            return (await client.get(path)).text

    assert SCRIPT in asyncio.run(read("/"))
    assert asyncio.run(read("/health")) == "OK"


def test_servers_that_commands_start_keep_the_warnings_of_libraries_to_themselves(monkeypatch, capsys):
    monkeypatch.setenv("PYTHONWARNINGS", "")
    monkeypatch.delenv("PYTHONWARNINGS")
    monkeypatch.setattr(sys, "argv", ["kizuna", "--version"])

    with pytest.raises(SystemExit):
        main()

    assert os.environ["PYTHONWARNINGS"] == "ignore"
    assert capsys.readouterr().out.startswith("kizuna ")
