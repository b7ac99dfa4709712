"""The customers of a release: purchase histories, profiles, and consents.

For a customer who declined recommendations nothing but the refusal is stored: neither purchases nor profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, codes_of, lines_of
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

NAME = "customers"
HISTORY_ARRAYS = ("indptr", "items", "times", "quantities", "orders")
LINE_ARRAYS = HISTORY_ARRAYS[1:]


class RecordedProfile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known about one customer apart from purchases."""

    preferences: dict[str, tuple[str, ...]] = {}
    "Stated preferences, by attribute of items."
    attribute_groups: dict[str, str] = {}
    "The customer's values of the attributes that define groups, by attribute of customers."


_DECODER = msgspec.json.Decoder(RecordedProfile)
EMPTY_PROFILE_BYTES = len(msgspec.json.encode(RecordedProfile()))


def _no_ids() -> NDArray[np.str_]:
    return np.empty(0, dtype="U1")


@dataclass(frozen=True, kw_only=True)
class RecordedProfiles:
    """Consents, preferences and attribute groups of all customers; empty where the data set has no such tables."""

    declined_recommendations: NDArray[np.str_] = field(default_factory=_no_ids)
    "Ids of customers who do not consent to personal recommendations."
    declined_contact: NDArray[np.str_] = field(default_factory=_no_ids)
    "Ids of customers who do not consent to contact."
    preferences: Mapping[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    "By customer_id."
    attribute_groups: Mapping[str, dict[str, str]] = field(default_factory=dict)
    "By customer_id."

    @property
    def customer_ids(self) -> NDArray[np.str_]:
        """Ids of all customers who occur here, (n,), possibly repeated."""
        by_customer = [np.array(list(values), dtype=str) for values in (self.preferences, self.attribute_groups)]
        return np.concatenate([self.declined_recommendations, self.declined_contact, *by_customer])


@dataclass(frozen=True)
class MovedItems:
    """A catalogue that has further items, so that items have other codes."""

    codes: NDArray[np.int32]
    "(m,) the new code of each item."
    item_ids: NDArray[np.str_]
    "Sorted ids of all items."


@dataclass(frozen=True, kw_only=True)
class CustomerPart:
    """Row i belongs to the i-th id of the index."""

    index: IdIndex
    histories: Histories
    "In the codes of the model's item_ids; empty for customers without purchases or without consent."
    declined_recommendations: NDArray[np.bool_]
    "(n,)."
    declined_contact: NDArray[np.bool_]
    "(n,)."
    profiles: PackedJson
    "(n,) `RecordedProfile`."
    moved: MovedItems | None = None
    "Other codes of the items, in which customers' lines are given out."

    @classmethod
    def of(cls, histories: Histories, profiles: RecordedProfiles) -> CustomerPart:
        """Store all customers with purchases or with a profile."""
        index, _ = IdIndex.of(np.unique(np.concatenate([histories.customer_ids, profiles.customer_ids])))
        names = index.names()
        declined = np.isin(names, profiles.declined_recommendations)
        profile_of_each = (
            RecordedProfile()
            if has_declined
            else RecordedProfile(profiles.preferences.get(name, {}), profiles.attribute_groups.get(name, {}))
            for name, has_declined in zip(names.tolist(), declined.tolist(), strict=True)
        )
        rows = np.where(declined, -1, _rows_of(names, histories.customer_ids))
        return cls(
            index=index,
            histories=_select_histories(histories, rows, names=names),
            declined_recommendations=declined,
            declined_contact=np.isin(names, profiles.declined_contact),
            profiles=PackedJson.of(profile_of_each),
        )

    def to_artifact(self) -> Artifact:
        """The part as one folder of a release."""
        arrays = {f"history_{name}": getattr(self.histories, name) for name in HISTORY_ARRAYS}
        arrays |= {
            "ids": self.index.ids,
            "declined_recommendations": self.declined_recommendations,
            "declined_contact": self.declined_contact,
            "profiles": self.profiles.content,
            "profile_offsets": self.profiles.offsets,
        }
        return Artifact(NAME, {}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact, item_ids: NDArray[np.str_]) -> CustomerPart:
        """The part that was stored; `item_ids` are the model's."""
        arrays = artifact.arrays
        ids = arrays["ids"]
        return cls(
            index=IdIndex(ids),
            histories=Histories(
                customer_ids=ids, item_ids=item_ids, **{name: arrays[f"history_{name}"] for name in HISTORY_ARRAYS}
            ),
            declined_recommendations=arrays["declined_recommendations"],
            declined_contact=arrays["declined_contact"],
            profiles=PackedJson(arrays["profiles"], arrays["profile_offsets"]),
        )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def has_declined_messages(self) -> NDArray[np.bool_]:
        """(n,): who declined recommendations, or any contact, and so gets no message with recommendations."""
        return self.declined_recommendations | self.declined_contact

    def lines(self, row: int) -> slice:
        """The lines of the histories that belong to a customer; empty for row -1."""
        return slice(0, 0) if row < 0 else slice(int(self.histories.indptr[row]), int(self.histories.indptr[row + 1]))

    def has_record(self, row: int) -> bool:
        """Whether there are purchases or a profile from which to personalise; false for row -1."""
        lines = self.lines(row)
        return row >= 0 and (lines.stop > lines.start or self.has_profile(row))

    def has_profile(self, row: int) -> bool:
        """Whether the customer stated preferences or belongs to an attribute group; false for row -1."""
        return row >= 0 and int(self.profiles.offsets[row + 1] - self.profiles.offsets[row]) > EMPTY_PROFILE_BYTES

    def profile_of(self, row: int) -> RecordedProfile:
        """The profile of a customer; empty for row -1."""
        return _DECODER.decode(self.profiles[row]) if self.has_profile(row) else RecordedProfile()

    def items_and_times(self, row: int) -> tuple[NDArray[np.int32], NDArray[np.datetime64]]:
        """(lines,) each: codes and times of a customer's purchases on record; empty for row -1."""
        lines = self.lines(row)
        items = self.histories.items[lines]
        return items if self.moved is None else self.moved.codes[items], self.histories.times[lines]

    def history_of(self, row: int, since_release: Histories) -> Histories:
        """One history: the customer's purchases on record, followed by those of `since_release`."""
        lines = self.lines(row)
        on_record = {name: getattr(self.histories, name)[lines] for name in LINE_ARRAYS}
        on_record["items"], _ = self.items_and_times(row)
        columns = {name: np.concatenate([on_record[name], getattr(since_release, name)]) for name in LINE_ARRAYS}
        return Histories(
            customer_ids=since_release.customer_ids,
            item_ids=self.histories.item_ids if self.moved is None else self.moved.item_ids,
            indptr=np.array([0, len(columns["items"])], dtype=np.int64),
            **columns,
        )


def _rows_of(names: NDArray[np.str_], customer_ids: NDArray[np.str_]) -> NDArray[np.int64]:
    """The place of each name in `customer_ids`, which need not be sorted; -1 if it is not there."""
    order = np.argsort(customer_ids, kind="stable")
    codes = codes_of(names, customer_ids[order])
    return np.where(codes >= 0, np.append(order, 0)[codes], -1)


def _select_histories(histories: Histories, rows: NDArray[np.int64], *, names: NDArray[np.str_]) -> Histories:
    """The histories of some rows, empty where a row is -1."""
    has_history = rows >= 0
    lengths = np.zeros(len(rows), dtype=np.int64)
    lengths[has_history] = np.diff(histories.indptr)[rows[has_history]]
    lines = lines_of(histories.indptr, rows[has_history])
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Histories(
        customer_ids=names,
        item_ids=histories.item_ids,
        indptr=indptr,
        **{name: getattr(histories, name)[lines] for name in LINE_ARRAYS},
    )
