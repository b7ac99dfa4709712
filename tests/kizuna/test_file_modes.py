"""What commands write can be read by its owner alone."""

from __future__ import annotations

import os
import stat

import pytest

from kizuna.main import run
from tests.serving.sample_release import publish, sample_release


@pytest.fixture
def open_umask():
    """The usual umask, which lets every user of the host read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes_below(folder):
    """The modes of all files, and of all folders, below a folder."""
    paths = [*folder.rglob("*")]
    files = {oct(stat.S_IMODE(path.stat().st_mode)) for path in paths if path.is_file()}
    return files, {oct(stat.S_IMODE(path.stat().st_mode)) for path in paths if path.is_dir()}


def test_every_file_and_folder_below_var_belongs_to_its_owner_alone(home, open_umask, monkeypatch):
    assert run(["keys", "add", "crm", "--scope", "score"]) == 0
    monkeypatch.setenv("KIZUNA_DATABASE_URL", f"sqlite:///{home}/var/shop/all.db")
    assert run(["keys", "add", "crm", "--scope", "score"]) == 0
    monkeypatch.delenv("KIZUNA_DATABASE_URL")
    publish(home / "var/shop/releases", sample_release())
    assert run(["simulate", "--out", "var/try", "--customers", "40"]) == 0
    assert run(["score", "--out", "var/exports/scores.csv"]) == 0
    assert run(["recommend", "--out", "var/exports/recs.parquet"]) == 0
    assert len([*(home / "var").rglob("*")]) > 30
    assert modes_below(home / "var") == ({"0o600"}, {"0o700"})
