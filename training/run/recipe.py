"""A recipe: a model's name and settings, enough to fit it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from core.errors import UnknownName, did_you_mean
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


def default_recipe(catalogue: Mapping[str, Callable[[], object]], name: str) -> Recipe:
    """The recipe of a model with its default settings. Raises UnknownName."""
    return Recipe(name, catalogue[name]().settings)  # pyright: ignore[reportAttributeAccessIssue]
