"""The best settings that `kizuna tune recommender` found on this data set, stored for `kizuna train recommender`.

They stay valid on newer data: a shop tunes now and then and trains every night. They are refused only where the test
cutoff would be biased or the settings cannot be used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from core.errors import BadInput
from core.files import replace_file
from core.intervals import Estimate
from models.protocols import Settings
from models.recommenders.blend import BlendRecommender
from models.recommenders.catalogue import RECOMMENDERS
from training.run.recipe import Recipe

HINT = "tune again with `kizuna tune recommender`, or delete the file to train with the defaults"


class TunedModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The best settings of one model, and how they were found."""

    settings: Settings
    "Of the searched parameters; the others are the model's defaults."
    tuned_at: datetime
    "UTC."
    n_trials: int
    "Including pruned and failed ones."
    data_digest: str
    cutoffs: tuple[date, ...]
    "The validation cutoffs of the trials, newest first."
    horizon_days: int
    ndcg_at_10: Estimate
    default_ndcg_at_10: Estimate
    difference: Estimate
    """Of the two, on the same customers; NaN, like the default's NDCG, where the defaults could not be fitted.

    The best of many trials is biased upwards; `later_difference` is not.
    """
    later_cutoff: date | None = None
    "A cutoff after those of the trials; None where the defaults are the best settings, or could not be fitted there."
    later_difference: Estimate = Estimate()
    "The same difference at the later cutoff."

    @property
    def validation_end(self) -> date:
        """The end of the newest validation horizon."""
        return max(self.cutoffs) + timedelta(days=self.horizon_days)

    @property
    def summary(self) -> str:
        """How the settings were found, for the card."""
        days = ", ".join(cutoff.isoformat() for cutoff in sorted(self.cutoffs))
        text = f"tuned on {self.tuned_at:%Y-%m-%d} with {self.n_trials} trials at {days}: NDCG@10 {self.ndcg_at_10}"
        if math.isnan(self.difference.value):
            return f"{text}; the defaults could not be fitted"
        text = f"{text}, {self.difference.as_difference} against the defaults"
        if self.later_cutoff is None:
            return text
        return f"{text}, and {self.later_difference.as_difference} later, at {self.later_cutoff}"


@dataclass(frozen=True)
class TunedRecommenders:
    """The content of the file; empty where there is none."""

    path: Path
    models: Mapping[str, TunedModel]

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with the tuned settings of its model and of the models that it is made of.

        A setting of a part that the recipe states itself takes precedence.
        """
        tuned = self.models.get(recipe.model)
        own = recipe.with_settings(tuned.settings) if tuned else recipe
        model = own.build(RECOMMENDERS)
        if not isinstance(model, BlendRecommender):
            return own
        parts = {name: self.models[name].settings for name in model.part_names if name in self.models}
        return own.with_settings({"part_settings": model.merge_part_settings(parts)}) if parts else own

    def refuse_overlap_with_test(self, test: date) -> None:
        """Raise BadInput where settings were chosen on purchases after the test cutoff."""
        for name, tuned in self.models.items():
            if tuned.validation_end > test:
                raise BadInput(
                    f"{self.path} cannot be used: {name} was tuned on purchases until {tuned.validation_end}, after "
                    f"the test cutoff {test}; {HINT}"
                )

    def update(self, newer: Mapping[str, TunedModel]) -> TunedRecommenders:
        """The same with newer settings."""
        return TunedRecommenders(self.path, {**self.models, **newer})

    def write(self) -> None:
        """Write the file atomically."""
        with replace_file(self.path) as temporary:
            temporary.write_bytes(msgspec.json.format(msgspec.json.encode(self.models)) + b"\n")


def read_tuned(path: Path) -> TunedRecommenders:
    """Read the tuned settings; empty where there is no file.

    Raises BadInput for a damaged file, or one with models or settings that no longer exist.
    """
    try:
        models = msgspec.json.decode(path.read_bytes(), type=dict[str, TunedModel])
    except FileNotFoundError:
        models = {}
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as fault:
        raise BadInput(f"{path} cannot be read ({fault}); {HINT}") from fault
    for name, tuned in models.items():
        if not tuned.cutoffs:
            raise BadInput(f"{path} has no cutoffs for {name}; {HINT}")
        current = RECOMMENDERS[name]().settings if name in RECOMMENDERS else {}
        removed = [setting for setting in tuned.settings if setting not in current]
        if name not in RECOMMENDERS or removed:
            missing = f"setting '{removed[0]}' of {name}" if current else f"model '{name}'"
            raise BadInput(f"{path} is outdated: there is no {missing} any more; {HINT}")
    return TunedRecommenders(path, models)
