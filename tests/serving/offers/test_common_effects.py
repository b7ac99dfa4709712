"""Offers whose effect was not measured, in a batch and in requests.

Of gift and hamper, which earn 100 and cost 2 and 4, no experiment measured the effect; P(accept) of both is 10 %.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from core.effects import Effects
from core.offers import Offer, OfferBook
from models.policies.acceptance.estimates import AcceptanceEstimates
from models.policies.acceptance.rates import estimate_acceptance
from serving.build.decisions.deciding import DecisionRun, decide_customers
from serving.decisions.database import DecisionDatabase
from serving.release.release import Release
from serving.release.releases import Releases
from serving.release.uplift_part import UpliftPart
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import CUSTOMERS, offer_part, publish, sample_release, uplift_part

GIFT = Offer(offer_id="gift", kind="content", cost=2, margin=100)
HAMPER = Offer(offer_id="hamper", kind="content", cost=4, margin=100)
IDS = ("cyd", "ada", "bo")
COMMON = "effect: common to the measured offers, on a purchase"


def open_release(folder: Path, common: tuple[float, float, float] | None) -> Release:
    """A release whose uplift model gives these effects of offers that were not measured to Cyd, Ada and Bo."""
    part, uplift = offer_part(), uplift_part()
    book = OfferBook((GIFT, HAMPER))
    rates = estimate_acceptance(book, part.terms.assumptions)
    part = replace(
        part,
        terms=msgspec.structs.replace(part.terms, book=book),
        acceptance=AcceptanceEstimates.of_rates(rates, n_customers=3),
    )
    if common is not None:
        effect = np.array(common)[:, None]
        effects = Effects(
            customer_ids=CUSTOMERS,
            treatments=("",),
            effect=effect,
            low=effect - 0.2,
            high=effect + 0.2,
            without=np.full((3, 1), np.nan),
        )
        uplift = UpliftPart.of(
            replace(effects, treatments=("voucher",)),
            outcome=uplift.outcome,
            opted_out=np.array(["eve"]),
            common=effects,
        )
    publish(folder / "releases", replace(sample_release(), offers=part, uplift=uplift))
    return Releases(folder / "releases").open_active()


def ask_each(folder: Path) -> dict[str, dict]:
    send = client_for(open_api(folder / "releases", decisions=DecisionDatabase.at("", folder / "decisions.db")))
    return {
        name: send("POST", "/v1/next-best-offer", json={"customer_id": name, "record": False}).json() for name in IDS
    }


@pytest.mark.parametrize(
    ("common", "offers"),
    [
        pytest.param(None, ["gift", "gift", "gift"], id="assumed: 10 % of all accept because of the contact"),
        pytest.param((0.0, 0.0, 0.0), [None, None, None], id="nothing has an effect"),
        pytest.param((0.05, 0.019, 0.03), ["gift", None, "gift"], id="an effect of 2 % pays for the gift"),
    ],
)
def test_a_batch_and_a_request_decide_alike_where_effects_were_not_measured(tmp_path, common, offers):
    release = open_release(tmp_path, common)
    now = datetime.now(ZoneInfo(release.description.time_zone)).replace(tzinfo=None, microsecond=0)

    rows = {row.customer_id: row for row in decide_customers(release, DecisionRun(now=now)).rows}
    answers = ask_each(tmp_path)

    assert [rows[name].offer_id for name in IDS] == offers
    assert [answers[name]["offer_id"] for name in IDS] == offers
    for name in IDS:
        if rows[name].offer_id is not None:
            assert answers[name]["offers"][0]["expected_value"]["value"] == pytest.approx(rows[name].expected_value)


def test_a_request_says_that_the_effect_is_that_of_other_offers(tmp_path):
    open_release(tmp_path, (0.05, 0.05, 0.05))

    first = ask_each(tmp_path)["cyd"]["offers"][0]

    assert first["expected_value"]["sources"]["acceptance"] == COMMON
    assert first["expected_value"]["acceptance"] == 0.05


def test_a_request_says_that_the_effect_is_assumed_where_too_few_offers_were_measured(tmp_path):
    open_release(tmp_path, None)

    first = ask_each(tmp_path)["cyd"]["offers"][0]

    assert first["expected_value"]["sources"]["acceptance"] == "assumed in the configuration"
