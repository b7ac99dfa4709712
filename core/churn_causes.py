"""Which cause of leaving a word stands for.

    end_reason "too expensive"  -> price      topic "outage"  -> support

The usual words are for any business; `[causes]` of the TOML says more, and comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.config.customers import CauseSettings

OTHER = "other"
"What is stated and fits no cause that is told apart."

USUAL_WORDS: dict[str, tuple[str, ...]] = {
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
"Codes and words beside the cause's own name."


@dataclass(frozen=True)
class CauseWords:
    """The causes of a business and the words that stand for each."""

    settings: CauseSettings

    @property
    def causes(self) -> tuple[str, ...]:
        """Those told apart, and last `other`."""
        return (*(name for name in self.settings.names if name != OTHER), OTHER)

    def of_words(self, texts: Sequence[str] | np.ndarray) -> np.ndarray:
        """The cause that each text states, (n,) text 'U'; '' where it states none."""
        unique, places = np.unique(np.asarray(texts, dtype=str), return_inverse=True)
        return np.array([self.of_text(str(text)) for text in unique] or [""])[places]

    def of_text(self, text: str) -> str:
        """The cause that one text states: by itself, or by the first word of it that stands for one; '' for none."""
        said = _folded(text)
        for cause, codes in self.codes.items():
            if said in codes:
                return cause
        found = [(match.start(), cause) for cause, words in self._patterns.items() if (match := words.search(said))]
        return min(found)[1] if found else ""

    @cached_property
    def codes(self) -> dict[str, frozenset[str]]:
        """By cause: its name and words, the business's own first."""
        own = {cause: self.settings.words.get(cause, ()) for cause in self.causes}
        claimed = {_folded(word) for words in own.values() for word in words}
        usual = {
            cause: [word for word in (cause, *USUAL_WORDS.get(cause, ())) if _folded(word) not in claimed]
            for cause in self.causes
        }
        return {cause: frozenset(_folded(word) for word in (*own[cause], *usual[cause])) for cause in self.causes}

    @cached_property
    def _patterns(self) -> Mapping[str, re.Pattern[str]]:
        """By cause: its words anywhere in a text; a word of letters stands by itself, Japanese has no edges."""
        return {cause: re.compile("|".join(map(_anywhere, sorted(words)))) for cause, words in self.codes.items()}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _anywhere(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
