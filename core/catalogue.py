"""Catalogues: the models, sources, endpoints, ... that can be chosen by name.

Most are discovered. One file in a package's folder defines one object under an agreed name, and the file's name
is the object's name:

    models/recommenders/als.py     MODEL = Als
    models/recommenders/ease.py    MODEL = Ease

    RECOMMENDERS = Catalogue[type[Recommender]].of_folder("models.recommenders", attribute="MODEL")
    RECOMMENDERS["als"]            imports models.recommenders.als and no other module
    list(RECOMMENDERS)             imports nothing
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar

from core.errors import UnknownName, did_you_mean

Kind = TypeVar("Kind")


class Catalogue(Mapping[str, Kind], Generic[Kind]):
    """Objects of one kind by name. An unknown name raises UnknownName, which lists the names there are."""

    def __init__(self, place: str, kinds: Mapping[str, Kind]) -> None:
        """A catalogue of objects at hand, e.g. `Catalogue("models.churn", {"recency": Recency})`."""
        self.place = place
        self._list_names: Callable[[], Collection[str]] = kinds.keys
        self._load: Callable[[str], Kind] = kinds.__getitem__

    @classmethod
    def of_folder(cls, package: str, *, attribute: str, first: Sequence[str] = ()) -> Catalogue[Kind]:
        """A catalogue of the modules of a package that define `attribute` at their top level.

        Other modules in the folder are helpers and do not count. Names come in alphabetical order, after those
        in `first` (e.g. the simplest models, which win ties). A module is imported when its object is asked for.
        """
        catalogue: Catalogue[Kind] = cls(package.rpartition(".")[2], {})
        catalogue._list_names = partial(_modules_defining, attribute, package, first=tuple(first))
        catalogue._load = lambda name: getattr(import_module(f"{package}.{name}"), attribute)
        return catalogue

    def __getitem__(self, name: str) -> Kind:
        if name not in self:
            hint = did_you_mean(name, self)
            guess = hint if "did you mean" in hint else ""
            raise UnknownName(f"no '{name}' in {self.place}; there are: {', '.join(self)}{guess}")
        return self._load(name)

    def __contains__(self, name: object) -> bool:
        return name in self._list_names()

    def __iter__(self) -> Iterator[str]:
        return iter(self._list_names())

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _modules_defining(attribute: str, package: str, *, first: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the modules in a package's folder that define the attribute; reads the files, imports none."""
    spec = find_spec(package)
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    paths = sorted(path for folder in folders for path in folder.glob("[!_]*.py"))
    names = [path.stem for path in paths if _defines(attribute, path.read_text(encoding="utf-8"))]
    missing = [name for name in first if name not in names]
    if missing:
        raise UnknownName(f"{package}.{missing[0]} does not define {attribute}; there are: {', '.join(names)}")
    return (*first, *(name for name in names if name not in first))


def _defines(attribute: str, source: str) -> bool:
    # Parsing is slow next to a search for the text, and most modules do not hold it.
    return attribute in source and attribute in {name for node in ast.parse(source).body for name in _names_bound(node)}


def _names_bound(node: Any) -> Iterator[str]:
    """The names that a top-level statement binds by assignment or definition; imports do not count."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    yield from (target.id for target in targets if isinstance(target, ast.Name))
