"""A recipe: a model's name and settings, enough to fit it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from core.errors import BadInput, UnknownName, did_you_mean
from core.model_card import ModelCard
from models.protocols import Settings
from models.setting_types import check_settings

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
    UnknownName for an unknown setting, BadInput for a value that the model does not take (models/setting_types.py) or
    that does not allow a fit.
    """
    check_settings(catalogue[recipe.model], settings, defaults=recipe.settings)
    changed = recipe.with_settings(settings)
    changed.build(catalogue)  # its own refusal says more than that it cannot be fitted
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


def default_recipe(catalogue: Mapping[str, Callable[[], object]], name: str) -> Recipe:
    """The recipe of a model with its default settings. Raises UnknownName."""
    return Recipe(name, catalogue[name]().settings)  # pyright: ignore[reportAttributeAccessIssue]
