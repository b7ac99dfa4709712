"""The small company that several commands run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kizuna.exports import keep_opened

CONFIG = """
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
[tables.purchases]
path = "purchases.csv"
"""
PURCHASES = "customer_id,event_time,amount,item_id\nada,2026-01-05,10,tea\nbo,2026-02-05,10,cup\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory for exports, where `exports.purchases` sees what commands read."""
    monkeypatch.chdir(tmp_path)
    keep_opened(monkeypatch)
    return tmp_path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a configuration and two purchases; releases and MLflow's store are below it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kizuna.toml").write_text(CONFIG)
    (tmp_path / "purchases.csv").write_text(PURCHASES)
    return tmp_path
