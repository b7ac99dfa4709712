"""Which recommender answers a customer: by a hash, always the same, and in the shares of the configuration."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from core.config.loading import read_config
from core.config.recommender_experiment import RecommenderExperiment
from core.control_group import hash_shares
from core.errors import ConfigError
from core.recommender_experiment import Arm, are_challenged, arm_of, salt_of

CUSTOMERS = [f"c{n}" for n in range(4_000)]
BASE = """
name = "shop"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 180
[tables.purchases]
path = "purchases.csv"
[recommender_experiment]
"""


def read(folder: Path, settings: str) -> RecommenderExperiment:
    (folder / "shop.toml").write_text(BASE + settings)
    experiment = read_config(folder / "shop.toml", {}).recommender_experiment
    assert experiment is not None
    return experiment


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
def test_the_challenger_gets_its_share_of_the_customers(share):
    challenged = are_challenged(CUSTOMERS, experiment="home_page", share=share)

    assert binomtest(int(challenged.sum()), len(CUSTOMERS), share).pvalue > 0.001


@given(st.text(min_size=1, max_size=20), st.floats(0.01, 0.49))
def test_a_customer_of_the_challenger_stays_one_with_a_larger_share(customer, share):
    smaller, larger = (arm_of(customer, experiment="home_page", share=one) for one in (share, share * 2))

    assert smaller == Arm.CHAMPION or larger == Arm.CHALLENGER
    assert are_challenged([customer], experiment="home_page", share=share)[0] == (smaller == Arm.CHALLENGER)


def test_the_arm_is_that_of_the_documented_hash():
    place = int.from_bytes(hashlib.sha256(b"home_page:recommender\0c7").digest()[:8], "big") / 2**64

    assert arm_of("c7", experiment="home_page", share=place + 1e-9) == Arm.CHALLENGER
    assert arm_of("c7", experiment="home_page", share=place) == Arm.CHAMPION


@pytest.mark.parametrize("other", ["basket", "home_page:control", "home_page"])
def test_another_name_and_a_control_group_of_the_same_name_divide_the_customers_anew(other):
    salt = salt_of(other) if other == "basket" else other
    correlation = np.corrcoef(hash_shares(salt_of("home_page"), CUSTOMERS), hash_shares(salt, CUSTOMERS))[0, 1]

    assert abs(correlation) < 0.1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("challenger = 2\nshare = 0.1", "name is missing"),
        ("name = 'home_page'\nshare = 0.1", "challenger is missing"),
        ("name = 'home_page'\nchallenger = 2\nshare = 1", "share has to be a number above 0 and below 1, found 1"),
        ("name = 'home_page'\nchallenger = 2\nshare = 0.0", "share has to be a number above 0 and below 1, found 0.0"),
        (
            "name = 'home_page'\nchallenger = 0\nshare = 0.1",
            "challenger has to be a whole number of at least 1 or text",
        ),
        ("name = 'Home page'\nchallenger = 2\nshare = 0.1", "name has 1 to 64 characters .* found 'Home page'"),
        ("name = 'home_page'\nchallenger = 2\nshares = 0.1", "unknown key 'shares'; did you mean 'share'"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, settings, message):
    with pytest.raises(ConfigError, match=rf"\[recommender_experiment\].*{message}"):
        read(tmp_path, settings)


@pytest.mark.parametrize(("challenger", "found_as"), [("4", 4), ("'@challenger'", "challenger"), ("'next'", "next")])
def test_a_challenger_is_a_version_or_an_alias(tmp_path, challenger, found_as):
    experiment = read(tmp_path, f"name = 'home_page'\nchallenger = {challenger}\nshare = 0.1")

    assert experiment.version_or_alias == found_as
