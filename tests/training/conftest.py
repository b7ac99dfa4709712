"""Simulated shops to train on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from core.config.data_set import Config
from core.config.loading import read_config_and_toml
from core.ledger import Ledger
from models.mlflow_store.registry import Registry
from simulation.shop.simulate import ShopWorld, simulate_shop
from tables.building import tables_from_frames
from training.churn.pipeline import train_churn
from training.run.pipeline import TrainingResult
from training.run.session import Session
from training.run.tracking import Tracking

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
CUTOFFS = "step_days = 30\nmax_cutoffs = 6"
PASSWORD = "planted-secret"

Frames = dict[str, pa.Table]


def open_shop(
    folder: Path, world: ShopWorld, change: Callable[[Frames], Frames] = dict, edits: dict[str, str] | None = None
) -> Session:
    """A session on a simulated shop, with a store and a ledger of its own."""
    shop = simulate_shop(world)
    path = folder / "shop.toml"
    toml = f'var = "{folder / "var"}"\n' + shop.config_text()
    for old, new in {CUTOFFS: "step_days = 60\nmax_cutoffs = 2", **(edits or {})}.items():
        toml = toml.replace(old, new)
    path.write_text(toml, encoding="utf-8")
    config, statement = read_config_and_toml(path, {})
    return session_of(config, statement, change(shop.tables))


def session_of(config: Config, statement: dict, frames: Frames) -> Session:
    """A session on these tables."""
    uri = config.places.tracking_uri
    return Session(
        config=config,
        statement=statement,
        tables=tables_from_frames(config, frames),
        tracking=Tracking(uri),
        registry=Registry(uri, config.name),
        ledger=Ledger(config.places.ledger),
        who="tester",
        now=NOW,
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A small shop whose TOML names a password."""
    database = f'[tables.spend]\ndatabase = "postgres://kizuna:{PASSWORD}@db/shop"\ntable = "spend"\n\n'
    folder = tmp_path_factory.mktemp("shop")
    return open_shop(folder, ShopWorld(n_customers=400), edits={"[tables.items]": f"{database}[tables.items]"})


@pytest.fixture(scope="module")
def training_result(shop: Session) -> TrainingResult:
    """The first training of the shop, of a model that is fitted quickly."""
    return train_churn(shop, "logistic", settings={"n_resamples": 5})
