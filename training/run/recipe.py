"""A recipe: which model, with which settings; enough to fit it again."""

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
    """A shelf name and the arguments of its constructor."""

    model: str
    settings: Settings

    @classmethod
    def of_card(cls, card: ModelCard) -> Recipe:
        """What the model on the card was fitted by."""
        return cls(card.model, card.settings)

    def changed(self, changes: Mapping[str, str | int | float | bool | None]) -> Recipe:
        """The recipe with other settings. Raises UnknownName for a setting that the model has not."""
        for name in changes:
            if name not in self.settings:
                raise UnknownName(f"{self.model} has no setting '{name}'{did_you_mean(name, self.settings)}")
        return replace(self, settings={**self.settings, **changes})

    def unfitted(self, shelf: Mapping[str, Callable[..., Model]]) -> Model:
        """The model, ready to learn."""
        return shelf[self.model](**self.settings)
