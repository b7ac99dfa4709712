"""Which contacts a save rate is measured on, and who of them stayed."""

from __future__ import annotations

from datetime import date

from core.config.money import OfferAssumptions
from core.config.training import ChurnDefinition
from features.save_rows import load_save_rows
from tables.tables import Tables
from tests.worlds import config, frame, shop

CUTOFF = date(2026, 6, 1)
OFFERS = frame(
    {"offer_id": "ten_off", "kind": "discount", "cost": 1.0, "margin": 5.0},
    {"offer_id": "tea", "kind": "item", "cost": 1.0, "margin": 5.0},
)


def contact(who: str, day: str = "2026-03-01T10:00", **changes: object) -> dict[str, object]:
    usual = {"customer_id": who, "event_time": day, "campaign_id": "spring", "offer_id": "ten_off", "treated": True}
    return {**usual, "propensity": 0.5, **changes}


def world(*contacts: dict[str, object]) -> Tables:
    settings = config(
        churn=ChurnDefinition(horizon_days=60), offers=OfferAssumptions(save_rate=0.1, saving_kinds=("discount",))
    )
    orders = ("ada 2026-01-15", "ada 2026-03-10", "bo 2026-02-20", "cy 2026-02-20", "bo 2026-05-20", "last 2026-06-20")
    return shop(*orders, contacts=frame(*contacts), offers=OFFERS, settings=settings)


def test_contacts_of_saving_kinds_by_chance_count_once_their_horizon_is_over():
    rows = load_save_rows(
        world(
            contact("ada"),
            contact("bo", treated=False),
            contact("cy", offer_id="tea"),
            contact("cy", propensity=1.0),
            contact("cy", propensity=None),
            contact("cy", "2026-05-20T10:00"),
        ),
        CUTOFF,
    )

    assert rows is not None
    assert (rows.customer_ids.tolist(), rows.treated.tolist()) == (["ada", "bo"], [True, False])
    assert rows.stayed.tolist() == [True, False]
    assert rows.before.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_without_a_control_group_nothing_is_measured():
    assert load_save_rows(world(contact("ada"), contact("bo")), CUTOFF) is None
    assert load_save_rows(shop("ada 2026-01-01"), CUTOFF) is None
