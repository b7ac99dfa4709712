"""Rows whose label a retention contact may have changed are found, left out and counted."""

from __future__ import annotations

import numpy as np
import pytest

from core.config.training import ChurnDefinition
from core.labels import Labels
from tests.worlds import config, frame, shop
from training.churn.contacts import describe_contacted, find_contacted

CUTOFF = np.datetime64("2026-01-01")
OFFERS = frame({"offer_id": "voucher", "kind": "discount"}, {"offer_id": "news", "kind": "item"})


def outcomes(*customer_ids: str, churned: tuple[bool, ...] = ()) -> Labels:
    n = len(customer_ids)
    return Labels(
        customer_ids=np.array(customer_ids),
        cutoffs=np.full(n, CUTOFF),
        churned=np.array(churned or (False,) * n),
        churned_at=np.full(n, np.datetime64("NaT", "D")),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, CUTOFF + 30),
        horizon_days=30,
    )


def contact(day: str, offer: str = "voucher", *, treated: bool = True) -> dict[str, object]:
    return {
        "customer_id": "ada",
        "event_time": day,
        "campaign_id": "c",
        "offer_id": offer,
        "channel": "mail",
        "treated": treated,
    }


@pytest.mark.parametrize(
    ("row", "is_contacted"),
    [
        (contact("2026-01-01"), True),
        (contact("2026-01-30T23:00"), True),
        (contact("2025-12-31T23:00"), False),
        (contact("2026-01-31"), False),
        (contact("2026-01-10", treated=False), False),
        (contact("2026-01-10", "news"), False),
    ],
)
def test_a_real_contact_with_an_offer_that_keeps_customers_counts_within_the_horizon(row, is_contacted):
    tables = shop("ada 2025-12-01", "bo 2025-12-01", contacts=frame(row), offers=OFFERS)

    assert find_contacted(tables, outcomes("ada", "bo")).tolist() == [is_contacted, False]


NAMES = [
    ({"campaign_id": "Win-Back 2026"}, True),
    ({"campaign_id": "spring_sale"}, False),
    ({"campaign_id": "休眠顧客の呼び戻し"}, True),
    ({"purpose": "Retention call"}, True),
    ({"purpose": None, "campaign_id": "c"}, False),
    ({"purpose": "newsletter"}, False),
]


@pytest.mark.parametrize(("named", "is_contacted"), NAMES)
def test_without_offers_the_purpose_or_the_campaign_names_a_retention_contact(named, is_contacted):
    tables = shop("ada 2025-12-01", contacts=frame(contact("2026-01-10") | named))

    assert find_contacted(tables, outcomes("ada")).tolist() == [is_contacted]


def test_a_purpose_alone_names_a_retention_contact_also_beside_offers():
    row = {"customer_id": "ada", "event_time": "2026-01-10", "purpose": "Win-back"}

    assert find_contacted(shop("ada 2025-12-01", contacts=frame(row), offers=OFFERS), outcomes("ada")).all()


def test_a_business_names_its_own_retention_contacts():
    settings = config(churn=ChurnDefinition(retention_purposes=("vip care",)))
    contacts = frame(contact("2026-01-10") | {"campaign_id": "VIP_Care"})

    assert find_contacted(shop("ada 2025-12-01", settings=settings, contacts=contacts), outcomes("ada")).all()


def test_the_card_says_how_many_were_contacted_and_what_follows():
    contacted, labels = np.array([True, False, False]), outcomes("a", "b", "c", churned=(False, True, False))

    left_out, kept = (describe_contacted(contacted, labels, are_left_out=way) for way in (True, False))

    assert left_out.startswith("1 of 3 rows had a retention contact within the horizon (0.0% of them churned, 50.0%")
    assert "left out of fitting and tests" in left_out
    assert "too many to leave out" in kept
    assert describe_contacted(~contacted & False, labels, are_left_out=True) == ""
