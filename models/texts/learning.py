"""How a text model learns from labelled texts, and what it says of labelled texts that it did not see.

The same text never stands on both sides of a fold, however often it was written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.svm import LinearSVC

from core.errors import NotEnoughHistory
from models.texts.ngrams import normalised
from models.texts.text_model import Lines, Pieces, TextModel

N_FOLDS = 5
LEAST_TEXTS = N_FOLDS
"Of each cause, and of tones: fewer cannot be told of texts that were held out."
NEVER_MEANT = -1.0
"The height of a cause that a fold knows no text of: on the far side of the margin."
SHARPNESS = (1e-2, 1e2)
"Between which the sharpness is looked for."


@dataclass(frozen=True)
class CauseLabels:
    """Texts whose cause somebody has read; the company's own labels."""

    texts: Sequence[str]
    causes: np.ndarray
    "(n,) text 'U'"

    @property
    def names(self) -> tuple[str, ...]:
        """Every cause once, sorted."""
        return tuple(sorted(set(self.causes.tolist())))

    @property
    def codes(self) -> np.ndarray:
        """(n,) the place of each text's cause among the names."""
        return np.searchsorted(np.array(self.names), self.causes)

    def refuse_too_few(self) -> None:
        """Raises NotEnoughHistory for fewer than two causes, or for a cause with too few texts."""
        different = {(normalised(text), cause) for text, cause in zip(self.texts, self.causes.tolist(), strict=True)}
        found = Counter(cause for _, cause in different)
        if len(found) < 2:
            raise NotEnoughHistory(f"texts of at least 2 causes are needed to tell them apart, found {len(found)}")
        scarce = [f"{cause} ({count})" for cause, count in sorted(found.items()) if count < LEAST_TEXTS]
        if scarce:
            raise NotEnoughHistory(
                f"every cause needs at least {LEAST_TEXTS} different labelled texts, fewer have: {', '.join(scarce)}; "
                "label more of them or give them to another cause"
            )


@dataclass(frozen=True)
class ToneLabels:
    """Texts with a score that their writer gave beside them."""

    texts: Sequence[str] = ()
    tones: np.ndarray = field(default_factory=lambda: np.empty(0))
    "(n,) from -1, worst, to 1, best."


@dataclass(frozen=True)
class Recipe:
    """How the lines are fitted."""

    looseness: float = 1.0
    "C of the support vector machine: how much a misread text counts against long weights."
    tone_regularization: float = 1.0
    "Added to the squared length of the tone's weights."
    seed: int = 0


def learn(
    causes: CauseLabels,
    tones: ToneLabels | None = None,
    recipe: Recipe | None = None,
    heights: np.ndarray | None = None,
) -> TextModel:
    """The model of these labels; its probabilities are calibrated on texts that were held out.

    `heights` are what `held_out_heights` gave, where it was asked already. Raises NotEnoughHistory with too few texts
    of a cause; tones are learnt where there are enough of them.
    """
    tones, recipe = tones or ToneLabels(), recipe or Recipe()
    heights = held_out_heights(causes, recipe) if heights is None else heights
    pieces = Pieces.learnt_from([*causes.texts, *tones.texts])
    lines = cause_lines(pieces.weights(causes.texts), causes.causes, recipe)
    enough = len(set(map(normalised, tones.texts))) >= LEAST_TEXTS
    tone = tone_lines(pieces.weights(tones.texts), tones.tones, recipe) if enough else None
    return TextModel(pieces, causes.names, lines, sharpness_of(heights, causes.codes), tone)


def held_out_heights(labels: CauseLabels, recipe: Recipe) -> np.ndarray:
    """(n, causes) what models that did not see a text say of it. Raises NotEnoughHistory with too few texts."""
    labels.refuse_too_few()
    names = labels.names
    heights = np.full((len(labels.causes), len(names)), NEVER_MEANT)
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=recipe.seed)
    for learnt, held in folds.split(heights, labels.causes, groups=same_texts(labels.texts)):
        known_texts, held_texts = picked(labels.texts, learnt), picked(labels.texts, held)
        pieces = Pieces.learnt_from(known_texts)
        lines = cause_lines(pieces.weights(known_texts), labels.causes[learnt], recipe)
        known = np.flatnonzero(np.isin(names, labels.causes[learnt]))
        heights[np.ix_(held, known)] = lines.heights(pieces.weights(held_texts))
    return heights


def held_out_probabilities(labels: CauseLabels, heights: np.ndarray) -> np.ndarray:
    """(n, causes in their order) calibrated probabilities of texts, from what `held_out_heights` gave."""
    return softmax(sharpness_of(heights, labels.codes) * heights, axis=1)


def held_out_tones(labels: ToneLabels, recipe: Recipe | None = None) -> np.ndarray:
    """(n,) tones of texts by models that did not see them."""
    tones = np.empty(len(labels.tones))
    for learnt, held in GroupKFold(N_FOLDS).split(tones, groups=same_texts(labels.texts)):
        known_texts, held_texts = picked(labels.texts, learnt), picked(labels.texts, held)
        pieces = Pieces.learnt_from(known_texts)
        lines = tone_lines(pieces.weights(known_texts), labels.tones[learnt], recipe or Recipe())
        tones[held] = np.clip(lines.heights(pieces.weights(held_texts))[:, 0], -1, 1)
    return tones


def cause_lines(weights: sparse.csr_matrix, causes: np.ndarray, recipe: Recipe) -> Lines:
    """A line a cause, each against all others, with the widest margin; causes are sorted."""
    machine = LinearSVC(C=recipe.looseness, random_state=recipe.seed).fit(weights, causes)
    if len(machine.classes_) > 2:
        return Lines(machine.coef_, np.asarray(machine.intercept_))
    slope, intercept = machine.coef_[0], np.ravel(machine.intercept_)
    return Lines(np.stack([-slope, slope]), np.concatenate([-intercept, intercept]))


def tone_lines(weights: sparse.csr_matrix, tones: np.ndarray, recipe: Recipe) -> Lines:
    """The line of the tone: ridge regression."""
    line = Ridge(recipe.tone_regularization, solver="sparse_cg").fit(weights, tones)
    return Lines(np.atleast_2d(line.coef_), np.atleast_1d(line.intercept_))


def picked(texts: Sequence[str], rows: np.ndarray) -> list[str]:
    """The texts of these rows."""
    return [texts[int(row)] for row in rows]


def sharpness_of(heights: np.ndarray, codes: np.ndarray) -> float:
    """By how much heights are to be multiplied so that probabilities mean what they say (Guo et al. 2017)."""

    def loss(log_sharpness: float) -> float:
        return -float(log_softmax(np.exp(log_sharpness) * heights, axis=1)[np.arange(len(codes)), codes].mean())

    return float(np.exp(minimize_scalar(loss, bounds=tuple(np.log(SHARPNESS)), method="bounded").x))


def same_texts(texts: Sequence[str]) -> np.ndarray:
    """(n,) the same number for texts that say the same."""
    return np.unique([normalised(text) for text in texts], return_inverse=True)[1]
