"""A recipe: a model's name and settings, enough to fit it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from core.errors import BadInput, UnknownName, did_you_mean
from core.model_card import ModelCard
from models.protocols import Settings

Model = TypeVar("Model")


@dataclass(frozen=True)
class Recipe:
    """A model's name in its catalogue and the arguments of its constructor."""

    model: str
    settings: Settings

    @classmethod
    def of_card(cls, card: ModelCard) -> Recipe:
        """The recipe of the model on the card."""
        return cls(card.model, card.settings)

    def with_settings(self, changes: Mapping[str, str | int | float | bool | None]) -> Recipe:
        """The recipe with other settings. Raises UnknownName for a setting that the model does not have."""
        for name in changes:
            if name not in self.settings:
                raise UnknownName(f"{self.model} has no setting '{name}'{did_you_mean(name, self.settings)}")
        return replace(self, settings={**self.settings, **changes})

    def build(self, catalogue: Mapping[str, Callable[..., Model]]) -> Model:
        """The model with these settings, not yet fitted."""
        return catalogue[self.model](**self.settings)


def change_settings(
    recipe: Recipe,
    settings: Settings,
    *,
    catalogue: Mapping[str, Callable[..., Model]],
    fit: Callable[[Model], object] = lambda model: model,
) -> Recipe:
    """The recipe with settings as a user typed them, refused before anything is computed.

    `fit` fits a model on a few rows: libraries refuse values only when they fit (one leaf, a negative penalty). Raises
    UnknownName for an unknown setting, BadInput for a value of another type or one that does not allow a fit.
    """
    changed = recipe.with_settings(settings)
    types = get_type_hints(catalogue[recipe.model])
    for name, value in settings.items():
        if name in types and not _is_valid(value, types[name]):
            kind, default = _describe_type(types[name]), msgspec.json.encode(recipe.settings[name]).decode()
            raise BadInput(f"--set {name}={value}: {recipe.model} takes {kind}, such as its default {default}")
    if settings and _can_be_fitted(recipe, catalogue, fit=fit) and not _can_be_fitted(changed, catalogue, fit=fit):
        values = ", ".join(f"{name}={value}" for name, value in settings.items())
        defaults = ", ".join(f"{name}={recipe.settings[name]}" for name in settings)
        raise BadInput(f"{recipe.model} cannot be fitted with {values}; its defaults are {defaults}")
    return changed


def _can_be_fitted(
    recipe: Recipe, catalogue: Mapping[str, Callable[..., Model]], *, fit: Callable[[Model], object]
) -> bool:
    try:
        fit(recipe.build(catalogue))
    except Exception:  # noqa: BLE001 - each library has errors of its own for values that it refuses
        return False
    return True


def _is_valid(value: object, kind: Any) -> bool:
    """Whether a value has this type; infinity and NaN are no values."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _describe_type(kind: Any) -> str:
    """`a whole number or null`."""
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", NoneType: "null"}
    return " or ".join(names.get(part, "another value") for part in get_args(kind) or (kind,))


def default_recipe(catalogue: Mapping[str, Callable[[], object]], name: str) -> Recipe:
    """The recipe of a model with its default settings. Raises UnknownName."""
    return Recipe(name, catalogue[name]().settings)  # pyright: ignore[reportAttributeAccessIssue]
