"""The bento: built and served elsewhere, without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving.conftest import PROJECT, serving
from tests.serving.sample_release import publish, sample_release

NOWHERE = "http://127.0.0.1:9"
WITHOUT_NETWORK = {"HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}


def build(home: Path) -> str:
    """`bentoml build` in the checkout; the bento's tag."""
    environment = os.environ | WITHOUT_NETWORK | {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "build", "--output", "tag"]
    built = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return built.stdout.strip().removeprefix("__tag__:")


@pytest.mark.slow
def test_the_built_bento_answers_from_another_folder_without_a_network(tmp_path):
    tag = build(tmp_path / "bentoml")
    publish(tmp_path / "releases", sample_release())

    with serving(tmp_path, workers=1, what=[tag]) as bento:
        response = httpx.post(f"{bento.address}/v1/churn/score", json={"customer_ids": ["ada"]})
        assert response.json()["scores"][0]["churn_probability"] == 0.5
        assert httpx.get(f"{bento.address}/docs").status_code == 200
