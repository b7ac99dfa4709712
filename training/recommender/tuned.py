"""The settings that `kizuna tune recommender` found best on this data set, kept for `kizuna train recommender`.

They outlive the data that they were found on: a shop tunes now and then and
trains every night. Only what would make the figures dishonest or the settings
unusable is refused.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from core.errors import BadInput
from core.intervals import Estimate
from models.protocols import Settings
from models.recommenders.blend import Blend
from models.recommenders.catalogue import RECOMMENDERS
from training.run.recipe import Recipe

MEND = "tune again with `kizuna tune recommender`, or remove the file to train with the defaults"


class TunedModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The best settings of one model, and how they were found."""

    settings: Settings
    "Those that were searched; the others are the model's own."
    tuned_at: datetime
    "UTC."
    n_trials: int
    "Pruned and failed ones, too."
    data_digest: str
    cutoffs: tuple[date, ...]
    "Where the trials were validated, newest first."
    horizon_days: int
    ndcg_at_10: Estimate
    default_ndcg_at_10: Estimate
    difference: Estimate
    """Of the two, on the same customers; NaN, like the figure before, where the defaults could not be fitted. The best
    of many trials flatters itself: the test cutoff has the last word."""

    @property
    def seen_until(self) -> date:
        """The end of the newest horizon that the settings were chosen on."""
        return max(self.cutoffs) + timedelta(days=self.horizon_days)

    @property
    def says(self) -> str:
        """How they were found, for the card."""
        days = ", ".join(cutoff.isoformat() for cutoff in sorted(self.cutoffs))
        found = f"tuned on {self.tuned_at:%Y-%m-%d} by {self.n_trials} trials at {days}: NDCG@10 {self.ndcg_at_10}"
        gain = self.difference
        if math.isnan(gain.value):
            return f"{found}, where the defaults could not be fitted"
        return f"{found}, {gain.signed} against the defaults there"


@dataclass(frozen=True)
class TunedRecommenders:
    """What the file holds; nothing where there is none."""

    path: Path
    models: Mapping[str, TunedModel]

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with what tuning found for its model and for the models that it is made of, if it did.

        What is stated of a part goes before what was found for it.
        """
        found = self.models.get(recipe.model)
        own = recipe.changed(found.settings) if found else recipe
        model = own.unfitted(RECOMMENDERS)
        if not isinstance(model, Blend):
            return own
        parts = {name: self.models[name].settings for name in model.part_names if name in self.models}
        return own.changed({"part_settings": model.stated_beside(parts)}) if parts else own

    def refuse_seen(self, test: date) -> None:
        """Raises BadInput where settings were chosen on what the test cutoff's horizon holds."""
        for name, tuned in self.models.items():
            if tuned.seen_until > test:
                raise BadInput(
                    f"{self.path} is unfit: {name} was tuned on purchases until {tuned.seen_until}, which the test "
                    f"cutoff {test} must not have seen; {MEND}"
                )

    def joined(self, newer: Mapping[str, TunedModel]) -> TunedRecommenders:
        """The same with newer findings."""
        return TunedRecommenders(self.path, {**self.models, **newer})

    def write(self) -> None:
        """Put the file in its place, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(f".{os.getpid()}.partial")
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(self.models)) + b"\n")
        beside.replace(self.path)


def read_tuned(path: Path) -> TunedRecommenders:
    """What tuning found, if it ever did.

    Raises BadInput for a file that does not say what it should, or speaks of models or settings that are gone.
    """
    try:
        models = msgspec.json.decode(path.read_bytes(), type=dict[str, TunedModel])
    except FileNotFoundError:
        models = {}
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as fault:
        raise BadInput(f"{path} cannot be read ({fault}); {MEND}") from fault
    for name, tuned in models.items():
        if not tuned.cutoffs:
            raise BadInput(f"{path} names no cutoffs for {name}; {MEND}")
        known = RECOMMENDERS[name]().settings if name in RECOMMENDERS else {}
        gone = [setting for setting in tuned.settings if setting not in known]
        if name not in RECOMMENDERS or gone:
            lost = f"setting '{gone[0]}' of {name}" if known else f"model '{name}'"
            raise BadInput(f"{path} is outdated: there is no {lost} any more; {MEND}")
    return TunedRecommenders(path, models)
