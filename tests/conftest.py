"""Fixtures that give every test the environment of a new machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("busy_machine", deadline=None)
settings.load_profile("busy_machine")

SLOW_FOLDERS = ("notebooks", "journeys", "kizuna", "cases", "insights", "training", "serving")
"Folders of tests that take long, the slowest files first."
UNSET = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "KIZUNA_CONFIG", "KIZUNA_DATABASE_URL")


def pytest_configure(config: pytest.Config) -> None:
    """Let several processes take files in the order below; otherwise files of few, slow tests come last of all.

    The last file of a run is worked on by one process, while the others have nothing left to do.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow folders; within one, files keep their order."""
    places = {Path(__file__).parent / folder: place for place, folder in enumerate(SLOW_FOLDERS)}
    items.sort(key=lambda item: min((places[one] for one in item.path.parents if one in places), default=len(places)))


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """Unset the environment variables that commands read, silence MLflow as `kizuna` does, and print no slow steps.

    On a busy machine, steps of more than 10 seconds would print lines that tests of errors do not expect.
    """
    logging.getLogger("mlflow").setLevel("ERROR")
    with pytest.MonkeyPatch.context() as environment:
        for name in UNSET:
            environment.delenv(name, raising=False)
        environment.setenv("MLFLOW_LOGGING_LEVEL", "ERROR")  # where MLflow is not yet imported
        environment.setattr("kizuna.terminal.SECONDS_BETWEEN_LINES", 3600.0)
        yield


@pytest.fixture(scope="module", autouse=True)
def unset_tracking_uri() -> Iterator[None]:
    """MLflow writes its last tracking URI into the environment; remove it before the tests of the next file."""
    yield
    os.environ.pop("MLFLOW_TRACKING_URI", None)
