"""What is known of a text model: what it learnt from, and how well it tells texts that it did not see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from core.errors import BrokenArtifact
from core.intervals import Estimate

CARD_NAME = "card.json"


class TextCard(msgspec.Struct, frozen=True, kw_only=True):
    """Travels beside the model; every figure is of texts that were held out, in five folds."""

    data_set: str
    created_at: datetime
    "UTC."
    n_texts: dict[str, int]
    "Labelled texts by cause."
    n_japanese: int
    "Of these, texts with Japanese letters; the others are taken for English or alike."
    accuracy: Estimate
    "Share of the texts whose likeliest cause is the labelled one."
    macro_f1: Estimate
    japanese_accuracy: Estimate
    other_accuracy: Estimate
    threshold: float
    "Below this probability the cause of a text is unknown."
    answered: float
    "Share of the texts from the threshold on."
    answered_accuracy: Estimate
    n_tones: dict[str, int]
    "Scored texts that the tone was learnt from, by where the score stood; none: no tone is told."
    tone_correlation: Estimate
    "Between told and given tones."
    limits: tuple[str, ...]
    git: str = ""

    def write(self, folder: Path) -> None:
        """Write the card into a folder."""
        (folder / CARD_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(self)))

    @classmethod
    def read(cls, folder: Path) -> TextCard:
        """The card of a folder. Raises BrokenArtifact where there is none that can be read."""
        try:
            return msgspec.json.decode((folder / CARD_NAME).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as fault:
            raise BrokenArtifact(f"{folder}/{CARD_NAME} cannot be read ({fault}); kizuna train texts") from fault
