"""What commands say of baselines: `kizuna train --promote` that chose one, and releases that serve one."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from kizuna.commands.release import describe_model
from kizuna.main import run
from serving.release.release import ReleasedModel
from tests.cross_section_worlds import leavers, write_people


def test_a_baseline_is_not_compared_with_itself(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = write_people(tmp_path, {"left": leavers(100, 3), "fee": [str(20 + row % 7) for row in range(100)]})

    assert run(["train", "churn", "--promote", "--config", str(path)]) == 0

    output = " ".join(capsys.readouterr().out.split())
    assert "not promoted: the champion is the same baseline, fitted in this training" in output
    assert "version 1 (base_rate, a baseline)" in output
    assert "--force" not in output


def test_a_released_baseline_is_marked_as_one():
    model = ReleasedModel(
        name="kizuna.shop.churn", version=1, model="rfm", cutoff=date(2026, 4, 1), card_digest="", features_digest="",
        data_digest="", is_baseline=True,
    )  # fmt: skip

    assert describe_model(model) == "kizuna.shop.churn version 1 (rfm, a baseline)"
    assert describe_model(msgspec.structs.replace(model, is_baseline=False)) == "kizuna.shop.churn version 1 (rfm)"
