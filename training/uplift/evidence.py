"""Whether contacts are evidence of an effect: chance must have decided who was treated, and left some untreated.

A treatment is left out, for a reason in one sentence that names what would mend it, where

* no customer of its campaigns was left untreated;
* too few customers of a group had the outcome;
* another share was treated than the propensities say (a sample ratio mismatch, Fabijan et al. 2019);
* propensities are missing, and features tell who was treated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import NotEnoughHistory
from core.experiments import RandomisedRows
from models.uplift.learner import deal_folds
from models.uplift.outcome_models import LinearOutcome, OutcomeRows
from models.uplift.uplift_model import TreatmentData, treatment_rows

MAX_DEVIATIONS = 4.0
"Standard errors by which chance explains a difference; beyond, something else decided."
MAX_AUC = 0.55
"With which features may tell the treated from the others."
N_FOLDS, PENALTY = 3, 100.0
WIDER_TREATMENTS = {"offer_id": "kind", "campaign_id": "contact", "channel": "contact", "kind": "contact"}
"By `[uplift] treatment`: the next one that puts more contacts together."


def explain_no_control(treatment: str, *, n_treated: int, has_column: bool) -> str:
    """Why a treatment without control customers is no evidence."""
    about = "" if has_column else "contacts has no column treated, so that each one counts as treated: "
    return (
        f"{treatment}: {about}all {n_treated:,} contacts were treated and no customer of the same campaigns was not, "
        "which is no evidence of an effect; leave some customers out by chance and record them with contacts.treated = "
        "false"
    )


def explain_mismatch(treatment: str, rows: RandomisedRows) -> str:
    """Why propensities that are not the shares treated are no evidence; '' where they are."""
    expected, spread = rows.propensities.sum(), np.sqrt((rows.propensities * (1 - rows.propensities)).sum())
    n_treated = int(rows.treated.sum())
    if abs(n_treated - expected) <= MAX_DEVIATIONS * spread:
        return ""
    return (
        f"{treatment}: {n_treated / len(rows):.1%} of {len(rows):,} customers were treated, but contacts.propensity "
        f"says {expected / len(rows):.1%}, which is no evidence of an effect; record in it P(treated), for control "
        "customers too, as it was when chance decided"
    )


def explain_selection(name: str, data: TreatmentData, *, campaigns: NDArray[np.str_]) -> str:
    """Why treated customers without propensities who differ from the others are no evidence; '' where they do not.

    Customers are compared with those of the same campaign, (k,): where campaigns treated different shares, features
    that change over time tell which one it was.
    """
    auc, standard_error = measure_selection(data, campaigns)
    if auc <= max(MAX_AUC, 0.5 + MAX_DEVIATIONS * standard_error):
        return ""
    return (
        f"{name}: contacts has no propensity and features tell who was treated (AUC {auc:.2f}, by chance .50), so "
        "chance did not decide and this is no evidence of an effect; record contacts.propensity, or leave customers "
        "out by chance"
    )


def explain_too_few(treatment: str, data: TreatmentData, *, advice: str) -> str:
    """Why a group has too few outcomes, and what would mend it; '' where there are enough."""
    try:
        data.refuse_too_few(treatment, advice=advice)
    except NotEnoughHistory as fault:
        return str(fault)
    return ""


def advise_more_outcomes(*, outcome: str, treatment: str) -> str:
    """What gives groups more outcomes, by `[uplift] outcome` and `treatment`."""
    section = "churn" if outcome == "stayed" else "uplift"
    wider = WIDER_TREATMENTS.get(treatment)
    together = f', or learn from offers together with [uplift] treatment = "{wider}"' if wider else ""
    return f"contact more customers{',' if wider else ' or'} choose a longer [{section}] horizon_days{together}"


def measure_selection(data: TreatmentData, campaigns: NDArray[np.str_]) -> tuple[float, float]:
    """The cross-fitted AUC with which features tell the treated from the others, and its standard error by chance."""
    rows, randomised = treatment_rows(data, data.features.columns), data.rows
    folds = deal_folds(randomised.customer_ids, n_folds=N_FOLDS, seed=0)
    score = np.full(len(randomised), 0.5)
    for fold in range(N_FOLDS):
        train, held = folds != fold, folds == fold
        of_train = randomised.treated[train].astype(np.float64)
        outcomes = OutcomeRows(rows.values[train], of_train, np.ones(len(of_train)), rows.columns, is_binary=True)
        if not outcomes.is_constant:
            score[held] = LinearOutcome.fit(outcomes, penalty=PENALTY).predict(rows.values[held])
    return _auc(score, randomised.treated, strata=np.unique(campaigns, return_inverse=True)[1])


def _auc(score: NDArray[np.float64], treated: NDArray[np.bool_], *, strata: NDArray[np.int64]) -> tuple[float, float]:
    """The AUC by rank sums within strata, and its standard error where the score says nothing (Mann & Whitney 1947)."""
    wins, variance, n_pairs = 0.0, 0.0, 0
    for stratum in np.unique(strata):
        is_of = strata == stratum
        _, places, counts = np.unique(score[is_of], return_inverse=True, return_counts=True)
        ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
        n_treated = int(treated[is_of].sum())
        pairs = n_treated * (int(is_of.sum()) - n_treated)
        wins += ranks[treated[is_of]].sum() - n_treated * (n_treated + 1) / 2 if pairs else 0.0
        variance += pairs * (int(is_of.sum()) + 1) / 12
        n_pairs += pairs
    return (float(wins / n_pairs), float(np.sqrt(variance) / n_pairs)) if n_pairs else (0.5, 0.5)
