"""The links of aliases in a release: the newest of each, as known at the cutoff."""

from __future__ import annotations

from datetime import UTC, date, datetime

from serving.build.identities import build_part
from serving.build.inputs import BuildInputs, Champions
from serving.release.identity_part import UNDATED, IdentityPart
from tests.worlds import config, frame, shop

CUTOFF = date(2024, 6, 1)


def part_of(*links: tuple[str, str, str | None]) -> IdentityPart | None:
    rows = [{"alias_id": alias, "customer_id": customer, "recorded_time": time} for alias, customer, time in links]
    tables = shop("ada 2024-03-01", "bo 2024-05-30", identities=frame(*rows))
    part, reason = build_part(BuildInputs(config(), tables, Champions({}, {}), CUTOFF), {})
    assert not reason
    assert part is None or isinstance(part, IdentityPart)
    return part


def link_of(part: IdentityPart | None, alias: str) -> tuple[str, int] | None:
    assert part is not None
    return part.find(alias)


def test_an_alias_has_its_newest_link_with_the_time_in_utc():
    part = part_of(
        ("app", "ada", "2024-03-01"),
        ("app", "bo", "2024-04-01T09:30"),
        ("card", "ada", None),
        ("tag", "bo", None),
        ("tag", "ada", "2024-02-01"),
    )

    linked_at = datetime(2024, 4, 1, 0, 30, tzinfo=UTC).timestamp() * 1_000_000
    assert link_of(part, "app") == ("bo", linked_at)
    assert link_of(part, "card") == ("ada", UNDATED)
    assert (link_of(part, "tag") or ("", 0))[0] == "ada"
    assert link_of(part, "ada") is None


def test_a_link_after_the_cutoff_is_not_in_the_release():
    link = link_of(part_of(("app", "ada", "2024-03-01"), ("app", "bo", "2024-06-01")), "app")

    assert link is not None
    assert link[0] == "ada"
    assert part_of(("app", "ada", "2024-06-01")) is None


def test_a_company_without_identities_has_no_part():
    tables = shop("ada 2024-03-01")

    assert build_part(BuildInputs(config(), tables, Champions({}, {}), CUTOFF), {}) == (None, "")
