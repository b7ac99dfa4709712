"""`kizuna train --promote` where the training chose the baseline that it made the first champion."""

from __future__ import annotations

import pytest

from kizuna.main import run
from tests.cross_section_worlds import leavers, write_people


def test_a_baseline_is_not_compared_with_itself(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = write_people(tmp_path, {"left": leavers(100, 3), "fee": [str(20 + row % 7) for row in range(100)]})

    assert run(["train", "churn", "--promote", "--config", str(path)]) == 0

    output = " ".join(capsys.readouterr().out.split())
    assert "not promoted: the champion is the same baseline, fitted in this training" in output
    assert "version 1 (base_rate, a baseline)" in output
    assert "--force" not in output
