"""What every test finds as on a new machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

STATED = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "KIZUNA_CONFIG", "KIZUNA_DATABASE_URL")


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """No setting of the person who runs the tests reaches a command, and MLflow is as quiet as `kizuna` makes it."""
    logging.getLogger("mlflow").setLevel("ERROR")
    with pytest.MonkeyPatch.context() as environment:
        for name in STATED:
            environment.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module", autouse=True)
def store_of_its_own() -> Iterator[None]:
    """MLflow writes the store that it was last set to into the environment, where the next tests would find it."""
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)
