"""Which cause a word stands for, and which cause a feature speaks of.

    end_reason "too expensive"  -> price      feature tickets_topic_price_90d  -> price
    topic "outage"              -> support    family usage                     -> product

The usual words and features are for any business; `[causes]` of the TOML says more, and comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np

from core.config import CauseSettings
from core.feature_table import FeatureColumn
from features.words import names_of

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
    "support": ("service", "outage", "response time", "help", "サポート", "対応", "問い合わせ", "障害"),
    OTHER: (
        "closed", "out of business", "acquired", "acquisition", "merger", "moved", "bankruptcy", "その他", "廃業",
        "合併", "引っ越し",
    ),
}  # fmt: skip
"Codes and words beside the cause's own name."

USUAL_FEATURES: dict[str, tuple[str, ...]] = {
    "product": ("usage", "seats"),
    "price": (
        "mrr_now", "mrr_change_*", "upgrades_*", "downgrades_*", "refunded_*", "seats_now",
        "days_since_subscription_change", "purchases", "spend", "spending",
    ),
    "support": ("support",),
}  # fmt: skip
"Names of features or families; a ticket topic's feature goes where the topic's words go, and the rest is other."
SYMPTOMS = ("sentiment",)
"Families that every cause shows in, so that they speak of none; a business that knows better gives them to one."
OF_NONE = -1
TOPIC_FEATURE = re.compile(r"tickets_topic_(?P<topic>.+)_(?:\d+d|total)")


@dataclass(frozen=True)
class CauseNames:
    """The causes of a business and what stands for each."""

    settings: CauseSettings

    @property
    def causes(self) -> tuple[str, ...]:
        """Those told apart, and last `other`."""
        return (*(name for name in self.settings.names if name != OTHER), OTHER)

    def of_words(self, texts: Sequence[str] | np.ndarray) -> np.ndarray:
        """The cause that each text states, (n,) text 'U'; '' where it states none."""
        unique, places = np.unique(np.asarray(texts, dtype=str), return_inverse=True)
        return np.array([self._of_text(str(text)) for text in unique] or [""])[places]

    def of_features(self, columns: Iterable[FeatureColumn]) -> np.ndarray:
        """The place in `causes` of the cause that each feature speaks of, (m,) int64; `OF_NONE` for symptoms."""
        found = [self._of_feature(column) for column in columns]
        return np.array([self.causes.index(cause) if cause else OF_NONE for cause in found], dtype=np.int64)

    def _of_text(self, text: str) -> str:
        said = _folded(text)
        for cause, codes in self._codes.items():
            if said in codes:
                return cause
        found = [(match.start(), cause) for cause, words in self._patterns.items() if (match := words.search(said))]
        return min(found)[1] if found else ""

    @cached_property
    def _codes(self) -> dict[str, frozenset[str]]:
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
        return {cause: re.compile("|".join(map(_anywhere, sorted(words)))) for cause, words in self._codes.items()}

    def _of_feature(self, column: FeatureColumn) -> str:
        own = _matching(column, self.settings.features)
        if own:
            return own
        topic = TOPIC_FEATURE.fullmatch(column.name)
        if topic:
            return self._topics.get(topic["topic"]) or self._of_text(topic["topic"].replace("_", " ")) or OTHER
        usual = _matching(column, USUAL_FEATURES)
        if usual in self.causes:
            return usual
        return "" if column.family in SYMPTOMS else OTHER

    @cached_property
    def _topics(self) -> dict[str, str]:
        """By the name that a topic has within a feature's name: its cause."""
        return {
            name: cause for cause, words in self._codes.items() for word in words for name in names_of([word])
        }  # fmt: skip


def _matching(column: FeatureColumn, claims: Mapping[str, Sequence[str]]) -> str:
    """The cause whose claim fits the feature's name, or else its family; '' where none does."""
    for said in (column.name, column.family):
        for cause, patterns in claims.items():
            if any(fnmatchcase(said, pattern) for pattern in patterns):
                return cause
    return ""


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())


def _anywhere(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
