"""The effects of treatments in a release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serving.release.release import Release
from serving.release.uplift_part import UpliftPart
from tests.serving.sample_release import sample_release, uplift_part


def test_a_release_keeps_the_effects_of_each_customer(tmp_path: Path):
    sample_release().write(tmp_path / "release")

    part = Release.open(tmp_path / "release").uplift

    assert part is not None
    assert part.outcome == "a purchase within 14 days"
    for customer_id in ("cyd", "ada", "bo"):
        assert part.effects_of(customer_id) == uplift_part().effects_of(customer_id)


def test_a_release_keeps_the_common_effect_of_offers_that_were_not_measured():
    part = uplift_part()
    whole = replace(part, common=replace(part.effects, treatments=("",), by_activity=("",)))

    opened = UpliftPart.from_artifacts(whole.to_artifacts())

    assert part.common is None
    assert UpliftPart.from_artifacts(part.to_artifacts()).common is None
    assert opened.common is not None
    assert opened.common.treatments == opened.common.by_activity == ("",)
    assert opened.common.high.tolist() == part.effects.high.tolist()


def test_only_a_customer_whose_whole_interval_is_below_zero_never_gets_a_voucher():
    part = uplift_part()
    never = {customer_id: part.effects_of(customer_id)[0].never_send for customer_id in ("cyd", "ada", "bo")}  # pyright: ignore[reportOptionalSubscript]

    assert never == {"cyd": False, "ada": False, "bo": True}


@pytest.mark.parametrize("customer_id", ["eve", "zed", ""])
def test_there_is_no_effect_for_unknown_customers_and_those_who_opted_out(customer_id: str):
    assert uplift_part().effects_of(customer_id) is None
