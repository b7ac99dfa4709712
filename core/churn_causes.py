"""Maps codes and words to churn causes.

    end_reason "too expensive"  -> price      topic "outage"  -> support

The built-in words fit any business. Those under `[causes]` in the TOML take precedence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.config.customers import CauseSettings

OTHER = "other"
"The cause of everything that fits no configured cause."

BUILT_IN_WORDS: dict[str, tuple[str, ...]] = {
    "product": (
        "bug", "missing feature", "features", "feature", "how to", "usability", "quality", "low usage", "not used",
        "performance", "integration", "機能", "不具合", "使いにくい", "動作", "品質",
    ),
    "price": (
        "pricing", "expensive", "budget", "cost", "costs", "billing", "invoice", "discount", "payment failed",
        "料金", "価格", "値上げ", "予算", "請求", "高い", "支払い失敗",
    ),
    "support": (
        "service", "outage", "response time", "slow answer", "slow answers", "help",
        "サポート", "対応", "問い合わせ", "障害",
    ),
    OTHER: (
        "closed", "out of business", "acquired", "acquisition", "merger", "moved", "bankruptcy", "その他", "廃業",
        "合併", "引っ越し",
    ),
}  # fmt: skip
"By cause: codes and words besides its name."


@dataclass(frozen=True)
class CauseWords:
    """The churn causes of a business, and their words."""

    settings: CauseSettings

    @property
    def causes(self) -> tuple[str, ...]:
        """The configured causes, and `other` as the last one."""
        return (*(name for name in self.settings.names if name != OTHER), OTHER)

    def causes_of(self, texts: Sequence[str] | NDArray[np.str_]) -> NDArray[np.str_]:
        """The cause that each text states, (n,); '' if it states none."""
        unique, places = np.unique(np.asarray(texts, dtype=str), return_inverse=True)
        return np.array([self.cause_of(str(text)) for text in unique] or [""])[places]

    def cause_of(self, text: str) -> str:
        """The cause that a text states: as a whole, or by its first word that maps to a cause; '' for none."""
        normalised = _normalise(text)
        for cause, codes in self.codes.items():
            if normalised in codes:
                return cause
        matches = ((words.search(normalised), cause) for cause, words in self._patterns.items())
        starts = [(match.start(), cause) for match, cause in matches if match]
        return min(starts)[1] if starts else ""

    @cached_property
    def codes(self) -> dict[str, frozenset[str]]:
        """By cause: its normalised name and words. A word of the TOML counts for its cause only."""
        own = {cause: self.settings.words.get(cause, ()) for cause in self.causes}
        claimed = {_normalise(word) for words in own.values() for word in words}
        built_in = {
            cause: [word for word in (cause, *BUILT_IN_WORDS.get(cause, ())) if _normalise(word) not in claimed]
            for cause in self.causes
        }
        return {cause: frozenset(_normalise(word) for word in (*own[cause], *built_in[cause])) for cause in self.causes}

    @cached_property
    def _patterns(self) -> Mapping[str, re.Pattern[str]]:
        """By cause: a pattern that finds its words in a text."""
        return {cause: re.compile("|".join(map(_word_pattern, sorted(words)))) for cause, words in self.codes.items()}


def _normalise(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _word_pattern(word: str) -> str:
    # Japanese has no word boundaries.
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
