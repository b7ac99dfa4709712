"""A data set with the sample release."""

from __future__ import annotations

import pytest

from tests.serving.sample_release import publish, sample_release


@pytest.fixture
def home(tmp_path):
    """The folder of the data set."""
    publish(tmp_path / "releases", sample_release())
    return tmp_path
