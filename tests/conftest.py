"""Fixtures that give every test the environment of a new machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("busy_machine", deadline=None)
settings.load_profile("busy_machine")

UNSET = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "KIZUNA_CONFIG", "KIZUNA_DATABASE_URL")


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """Unset the environment variables that commands read, and silence MLflow as `kizuna` does."""
    logging.getLogger("mlflow").setLevel("ERROR")
    with pytest.MonkeyPatch.context() as environment:
        for name in UNSET:
            environment.delenv(name, raising=False)
        yield


@pytest.fixture(scope="module", autouse=True)
def unset_tracking_uri() -> Iterator[None]:
    """MLflow writes its last tracking URI into the environment; remove it before the tests of the next file."""
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)
