"""A table that is absent takes its features with it, and it is said which."""

from __future__ import annotations

from features.families.catalogue import DECLARED, absences, declared_features
from features.families.tickets import TICKET_FEATURES
from tests.worlds import frame, shop

USED = frame({"customer_id": "ada", "event_time": "2024-01-01", "event": "visit"})


def test_an_absent_table_is_told_in_one_line_with_its_family():
    told = {absence.table: str(absence) for absence in absences(shop("ada 2024-01-01"))}

    assert told["tickets"] == f"no tickets table: {len(TICKET_FEATURES)} features of family support are left out"
    assert set(told) == {"usage", "subscriptions", "tickets", "surveys", "contacts", "preferences"}


def test_what_is_said_to_be_left_out_is():
    tables = shop("ada 2024-01-01", usage=USED)
    there = {feature.family for feature in declared_features(tables)}

    lost = {family for absence in absences(tables) for family in absence.families}

    assert lost & there == set()
    assert lost <= {feature.family for feature in DECLARED}


def test_a_feature_of_two_tables_goes_with_the_absent_one():
    told = {absence.table: absence.families for absence in absences(shop("ada 2024-01-01", usage=USED))}

    assert "usage" not in told
    assert told["subscriptions"] == ("seats", "subscription")
