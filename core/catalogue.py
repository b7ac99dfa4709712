"""Shelves: named kinds of one thing, looked up by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from core.errors import UnknownName, nearest

Kind = TypeVar("Kind")


class Catalogue(Mapping[str, Kind], Generic[Kind]):
    """What stands on one shelf, e.g. `Catalogue("models.churn", {"recency": Recency, ...})`."""

    def __init__(self, place: str, kinds: Mapping[str, Kind]) -> None:
        self.place = place
        self._kinds = dict(kinds)

    def __getitem__(self, name: str) -> Kind:
        if name not in self._kinds:
            raise UnknownName(f"no '{name}' in {self.place}{nearest(name, self._kinds)}")
        return self._kinds[name]

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)
