"""What is changed through the service, in the ledger: who (the key), when, and each value before and after.

    items_changed    {"key_id": "5f3a9c01", "key": "erp", "items": {"22423": {"price": [2.5, 2.0]}}}
    stock_changed    {"key_id": ..., "items": {"22423": {"out_of_stock": [false, true]}}}
    task_changed     {"key_id": ..., "task": "9f0c...", "state": ["open", "done"], "outcome": [null, "kept"]}

A change without a difference has no entry. There is no customer in it: a task is named by its id, and of its note and
owner it says only that they changed. The entry is on the disk before the change is made, so that no crash hides who has
made it; where the change then fails, an entry `change_failed` follows. An entry that cannot be written is in the log.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.errors import KizunaError
from core.events import ItemChange
from core.interactions import codes_of_ids
from core.ledger import CHANGE_FAILED, Ledger, LedgerEntry
from core.tasks import Task
from serving.http.admission import Admission
from serving.journal.overlay import change_all
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart

logger = logging.getLogger("kizuna.serving")

NO_KEY = "no key"
"Who changes something while there are no keys."
Values = dict[str, Any]
Difference = dict[str, list[Any]]
"The old and the new value, by field."
TASK_FIELDS = ("state", "outcome")
PRIVATE_TASK_FIELDS = ("owner", "note")


@dataclass(frozen=True)
class AuditLog:
    """The ledger as the service writes it; without one, nothing is written."""

    ledger: Ledger | None = None

    @classmethod
    def at(cls, path: Path) -> AuditLog:
        """In the ledger at this path."""
        return cls(Ledger(path, verifies_all=False))

    def record(self, event: str, details: Values, *, admission: Admission) -> LedgerEntry | None:
        """Write what a request is about to change; waits for the disk. None where that failed, which is logged."""
        if self.ledger is None:
            return None
        key = admission.key
        who = NO_KEY if key is None else f"key {key.key_id} ({key.name})"
        by = {"key_id": admission.key_id, "key": None if key is None else key.name}
        try:
            return self.ledger.append(event, by | details, who=who, why="")
        except (OSError, KizunaError) as error:
            logger.error("a change by %s (%s) is not in the ledger: %s", who, event, error)
            return None

    def record_failure(self, entry: LedgerEntry | None, *, admission: Admission) -> None:
        """Write that the change of an entry was not made, or perhaps not."""
        if entry is not None:
            self.record(CHANGE_FAILED, {"sequence": entry.sequence, "change": entry.event}, admission=admission)

    @contextmanager
    def follow_up(self, admission: Admission) -> Generator[Callable[[str, Values], None]]:
        """A function that records a change of this block before it is made. If the block fails, that is recorded."""
        entries = list[LedgerEntry | None]()
        try:
            yield lambda event, details: entries.append(self.record(event, details, admission=admission))
        except Exception:
            for entry in entries:
                self.record_failure(entry, admission=admission)
            raise


NO_AUDIT = AuditLog()


def compare_items(
    changes: Sequence[ItemChange], *, part: RecommenderPart | None, earlier: Mapping[str, ItemChange]
) -> dict[str, Difference]:
    """What changes of items change, by item: against those before, and against the release where there were none."""
    after = change_all({}, changes)
    released = _read_released(list(after), part)
    compared = {one: _compare(_add_change(earlier.get(one), released[one]), after[one]) for one in after}
    return {one: difference for one, difference in compared.items() if difference}


def compare_tasks(before: Task, after: Task) -> Values:
    """What a change of a task changes."""
    difference: Values = {
        name: [getattr(before, name), getattr(after, name)]
        for name in TASK_FIELDS
        if getattr(before, name) != getattr(after, name)
    }
    others = [name for name in PRIVATE_TASK_FIELDS if getattr(before, name) != getattr(after, name)]
    return difference | ({"others": others} if others else {})


def _read_released(item_ids: list[str], part: RecommenderPart | None) -> dict[str, Values]:
    """The columns of items as they were released; none for items that the release does not have."""
    if part is None:
        return {one: {} for one in item_ids}
    codes = codes_of_ids(item_ids, part.model.item_ids)
    return {one: _read_item(part.items, code) for one, code in zip(item_ids, codes.tolist(), strict=True)}


def _read_item(items: ItemPart, code: int) -> Values:
    if code < 0:
        return {}
    place = int(np.searchsorted(items.unavailable, code))
    is_gone = place < len(items.unavailable) and int(items.unavailable[place]) == code
    price = float(items.price[code])
    described = msgspec.json.decode(items.descriptions[code])
    return {**described, "price": None if math.isnan(price) else price, "available": not is_gone}


def _add_change(change: ItemChange | None, before: Values) -> Values:
    return before if change is None else {**before, **_find_given(change)}


def _find_given(change: ItemChange) -> Values:
    """The values that a change gives, by column."""
    named = {"title": change.title, "category": change.category, "price": change.price, "available": change.available}
    return {name: value for name, value in named.items() if value is not None} | dict(change.attributes)


def _compare(before: Values, change: ItemChange) -> Difference:
    return {name: [before.get(name), value] for name, value in _find_given(change).items() if before.get(name) != value}
