"""What `kizuna check` says about points that contradict each other."""

from __future__ import annotations

from tests.features.check.checked import find_kind, is_found
from tests.worlds import frame, shop


def entry(when: str, points: float, after: float | None = None, *, until: str | None = None) -> dict[str, object]:
    return {"customer_id": "ada", "event_time": when, "points": points, "balance_after": after, "expires_at": until}


def test_a_balance_that_changes_by_something_else_than_the_points_is_found():
    rows = (entry("2024-01-05", 100, 600), entry("2024-02-01", -50, 550), entry("2024-03-01", 20, 600))

    finding = find_kind(shop("ada 2024-01-01", points=frame(*rows)), "points_balance_jumps")

    assert (finding.count, finding.of, finding.example) == (1, 2, "ada")


def test_balances_from_before_the_record_and_rows_of_one_moment_are_no_contradiction():
    rows = (
        entry("2024-01-05", 100, 600),
        entry("2024-02-01", -50, 570),
        entry("2024-02-01", 20, 620),
        entry("2024-03-01", 20, 590),
    )

    assert not is_found(shop("ada 2024-01-01", points=frame(*rows)), "points_balance_jumps")


def test_points_that_expire_before_the_day_on_which_they_are_earned_are_found():
    rows = (
        entry("2024-01-05T10:00", 100, until="2024-01-05"),
        entry("2024-02-01", 50, until="2023-03-01"),
        entry("2024-02-02", -50, until="2023-03-01"),
    )

    finding = find_kind(shop("ada 2024-01-01", points=frame(*rows)), "points_expire_early")

    assert (finding.count, finding.of, finding.example) == (1, 2, "2023-03-01 00:00:00")


def test_a_table_in_which_points_are_never_spent_is_doubted():
    rows = [entry(f"2024-01-{day:02d}", 10) for day in range(1, 22)]

    assert is_found(shop("ada 2024-01-01", points=frame(*rows)), "points_never_negative")
    assert not is_found(shop("ada 2024-01-01", points=frame(*rows, entry("2024-02-01", -5))), "points_never_negative")
