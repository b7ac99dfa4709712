"""How attributed shares vary with the customers that the hazards happened to be fitted on.

A bootstrap that keeps the fitted model leaves out most of the uncertainty: with few churned customers, the weights, the
noise rate and with them the share of every cause would be others in another sample. Refits cost as much as the fit
each. So each sample takes one Newton step from the fitted model instead:

    weights of a sample = fitted weights + inverse information x (its scores - scores of all customers + prior draw)

The information is that of the observed data: what the unknown true causes and the noise of statements hide is taken off
(Louis 1982). The prior draws make the spread that of the posterior, so that weights on which the data say little vary
as much as their prior says (Newton & Raftery 1994; Bardsley et al. 2014, randomize-then-optimize).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.sparse import csr_array
from scipy.special import expit, logit, softmax

from core.intervals import N_RESAMPLES, resample_weights
from insights.causes.competing_risks import CauseHazards, driven_columns, information_of, shares_of
from insights.causes.covariates import Covariates
from insights.causes.stated import NOT_STATED, PRIOR_COUNT, StatedCauseModel, prior_noise_counts

MIN_KNOWN = 0.05
"Of the information on any combination of weights, at least this share counts as known despite unknown true causes."
MAX_CELLS = 2**27
"Posteriors that are kept, 512 MB; with more churned customers fewer samples are drawn."
MIN_RESAMPLES = 100


@dataclass(frozen=True)
class ResampledShares:
    """The causes of churned customers as each bootstrap sample would attribute them."""

    weights: NDArray[np.float32]
    "(samples, churned): how often each churned row is in the sample."
    posteriors: NDArray[np.float32]
    "(samples, churned, causes); rows sum to 1."

    def means(self, members: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The mean shares of some churned rows, (churned,), in each sample, (samples, causes); NaN without any."""
        weights = self.weights[:, members]
        sums = np.einsum("sn,snk->sk", weights, self.posteriors[:, members], dtype=np.float64)
        total = weights.sum(axis=1, dtype=np.float64)[:, None]
        return np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)


def resample_shares(
    hazards: CauseHazards,
    covariates: Covariates,
    *,
    churned: NDArray[np.bool_],
    stated_causes: NDArray[np.int64],
    customer_ids: NDArray[np.str_],
    seed: int,
) -> ResampledShares:
    """Draw samples of the customers of the person-months, (n,), on which the hazards were fitted."""
    n_churned, n_causes = int(churned.sum()), len(hazards.weights)
    n_resamples = int(np.clip(MAX_CELLS // max(n_churned * n_causes, 1), MIN_RESAMPLES, N_RESAMPLES))
    _, firsts, owners = np.unique(customer_ids, return_index=True, return_inverse=True)
    fit = FittedPoint.of(hazards, covariates, churned=churned, stated_causes=stated_causes)
    scores = fit.scores_by_customer(covariates, churned, owners=owners)
    random = np.random.default_rng(seed)
    weights = np.empty((n_resamples, n_churned), np.float32)
    posteriors = np.empty((n_resamples, n_churned, n_causes), np.float32)
    for place, drawn in enumerate(resample_weights(customer_ids, n_resamples=n_resamples, seed=seed)):
        weights[place] = drawn[churned]
        posteriors[place] = fit.posterior_after((drawn[firsts] - 1.0) @ scores + fit.draw_prior(random))
    return ResampledShares(weights, posteriors)


@dataclass(frozen=True)
class FittedPoint:
    """The fitted parameters and the information on them; d parameters.

    They are the driven weights, cause by cause, then the log-odds of the noise rate, then the logits of the noise
    distribution.
    """

    hazards: CauseHazards
    driven: list[NDArray[np.int64]]
    "By cause, the indices of the weights that may differ from zero."
    design: NDArray[np.float64]
    "(churned, p + 1) covariates of churned rows, the intercept's first."
    stated_causes: NDArray[np.int64]
    "(churned,)"
    inverse: NDArray[np.float64]
    "(d, d) of the information of the observed data and the prior."

    @classmethod
    def of(
        cls,
        hazards: CauseHazards,
        covariates: Covariates,
        *,
        churned: NDArray[np.bool_],
        stated_causes: NDArray[np.int64],
    ) -> FittedPoint:
        """Compute the information at the fitted parameters."""
        driven, statements = driven_columns(covariates), stated_causes[churned]
        left = covariates.values[churned]
        design = np.column_stack([np.ones(len(left)), left])
        shares, model = shares_of(hazards.risks(covariates.take(churned))), hazards.stated_cause_model
        hidden = _hidden_covariances(model, shares, statements=statements)
        complete = _complete_information(
            hazards, covariates, noise=_noise_information(model, shares, statements=statements), driven=driven
        )
        inverse = _invert(complete, _hidden_information(hidden, design, driven=driven))
        return cls(hazards, driven, design, statements, inverse)

    def scores_by_customer(
        self, covariates: Covariates, churned: NDArray[np.bool_], *, owners: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The derivative of each customer's log likelihood by the parameters, (customers, d)."""
        model, places = self.hazards.stated_cause_model, np.flatnonzero(churned)
        risks = self.hazards.risks(covariates)
        shares = shares_of(risks[churned])
        excess = -risks
        excess[churned] += model.weigh(shares, self.stated_causes)
        n, m = len(covariates), int(owners.max()) + 1
        blocks = []
        for cause, columns in enumerate(self.driven):
            by_customer = csr_array((excess[:, cause], (owners, np.arange(n))), shape=(m, n))
            of_weights = by_customer @ covariates.values[:, columns[1:] - 1]
            blocks += [np.bincount(owners, excess[:, cause], m)[:, None], of_weights]
        noise = np.zeros((m, 1 + len(self.driven)))
        np.add.at(noise, owners[places], _noise_scores(model, shares, statements=self.stated_causes))
        return np.hstack([*blocks, noise])

    def draw_prior(self, random: np.random.Generator) -> NDArray[np.float64]:
        """A draw of the prior's score, (d,)."""
        model, q = self.hazards.stated_cause_model, self.hazards.stated_cause_model.noise_distribution
        usual = _draw_counts(self.hazards.usual_shares, PRIOR_COUNT, random=random)
        draws = [
            np.append(
                usual[cause],
                random.normal(size=len(columns) - 1) * np.sqrt(self.hazards.precisions[cause, columns[1:]]),
            )
            for cause, columns in enumerate(self.driven)
        ]
        of_rate = random.normal() * np.sqrt(PRIOR_COUNT * model.noise_rate * (1 - model.noise_rate))
        of_distribution = _draw_counts(q, prior_noise_counts(len(q)).sum(), random=random)
        return np.concatenate([*draws, [of_rate], of_distribution])

    def posterior_after(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """P(true cause) of churned rows after one Newton step along scores, (d,): (churned, causes)."""
        step, log_risks = self.inverse @ scores, np.empty((len(self.design), len(self.driven)))
        first = 0
        for cause, columns in enumerate(self.driven):
            weights = self.hazards.weights[cause, columns] + step[first : first + len(columns)]
            log_risks[:, cause] = self.design[:, columns] @ weights
            first += len(columns)
        model = self.hazards.stated_cause_model
        stepped = StatedCauseModel(
            float(expit(logit(model.noise_rate) + step[first])),
            softmax(np.log(model.noise_distribution) + step[first + 1 :]),
        )
        return stepped.weigh(softmax(log_risks, axis=1), self.stated_causes)


def _draw_counts(shares: NDArray[np.float64], total: float, *, random: np.random.Generator) -> NDArray[np.float64]:
    """Deviations of counts from their means, (causes,), as normal draws with the covariance of multinomial counts."""
    deviations = random.normal(size=len(shares)) * np.sqrt(total * shares)
    return np.asarray(deviations - shares * deviations.sum())


def _is_noise(
    model: StatedCauseModel, shares: NDArray[np.float64], *, statements: NDArray[np.int64]
) -> NDArray[np.float64]:
    """P(a row's statement is noise), (churned,); 0 without a statement."""
    by_noise = model.noise_rate * model.noise_distribution[statements]
    truthful = (1 - model.noise_rate) * np.take_along_axis(shares, statements[:, None], axis=1)[:, 0]
    return np.where(statements == NOT_STATED, 0.0, by_noise / (by_noise + truthful))


def _noise_scores(
    model: StatedCauseModel, shares: NDArray[np.float64], *, statements: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The derivative by the noise parameters, (churned, 1 + causes)."""
    is_noise, q = _is_noise(model, shares, statements=statements), model.noise_distribution
    of_rate = np.where(statements == NOT_STATED, 0.0, is_noise - model.noise_rate)
    return np.column_stack([of_rate, is_noise[:, None] * (np.eye(len(q))[statements] - q)])


def _noise_information(
    model: StatedCauseModel, shares: NDArray[np.float64], *, statements: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The information on the noise parameters if it were known which statements are noise, with that of the prior."""
    rate, q = model.noise_rate, model.noise_distribution
    n_noise = _is_noise(model, shares, statements=statements).sum() + prior_noise_counts(len(q)).sum()
    information = np.zeros((1 + len(q), 1 + len(q)))
    information[0, 0] = ((statements != NOT_STATED).sum() + PRIOR_COUNT) * rate * (1 - rate)
    # Logits are determined up to a constant, which the last term fixes.
    information[1:, 1:] = n_noise * (np.diag(q) - np.outer(q, q)) + 1.0
    return information


def _hidden_covariances(
    model: StatedCauseModel, shares: NDArray[np.float64], *, statements: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What the hidden causes leave open, (churned, 1 + 2 causes, 1 + 2 causes).

    It is the covariance, given what was stated, of the scores that a row would have if its cause were known and whether
    its statement is noise; by its log hazards, then by the noise parameters.
    """
    n, k = shares.shape
    is_noise, is_stated = _is_noise(model, shares, statements=statements), statements != NOT_STATED
    # Rows of the table of outcomes: noise with each cause, then truthful. Without a statement all causes are open.
    open_shares = np.where(is_stated, is_noise, 1.0)[:, None] * shares
    chances = np.column_stack([open_shares, np.where(is_stated, 1 - is_noise, 0.0)])
    outcomes = np.zeros((n, k + 1, 1 + 2 * k))
    outcomes[:, np.arange(k), np.arange(k)] = 1.0
    outcomes[np.arange(n), k, statements] = 1.0
    outcomes[:, :k, k] = is_stated[:, None]
    outcomes[:, :k, k + 1 :] = (is_stated[:, None] * (np.eye(k)[statements] - model.noise_distribution))[:, None]
    means = np.einsum("no,noi->ni", chances, outcomes)
    return np.einsum("no,noi,noj->nij", chances, outcomes, outcomes) - means[:, :, None] * means[:, None, :]


def _complete_information(
    hazards: CauseHazards,
    covariates: Covariates,
    *,
    noise: NDArray[np.float64],
    driven: list[NDArray[np.int64]],
) -> NDArray[np.float64]:
    """The information on all parameters if the true causes were known, with that of the prior, (d, d)."""
    risks = hazards.risks(covariates)
    blocks = [
        information_of(covariates.values[:, columns[1:] - 1], risks[:, cause])
        + np.diag(hazards.precisions[cause, columns])
        for cause, columns in enumerate(driven)
    ]
    information = block_diag(*blocks, noise)
    intercepts = np.cumsum([0, *(len(columns) for columns in driven[:-1])])
    usual = hazards.usual_shares
    prior = PRIOR_COUNT * (np.diag(usual) - np.outer(usual, usual))
    information[np.ix_(intercepts, intercepts)] += prior
    return information


def _hidden_information(
    hidden: NDArray[np.float64], design: NDArray[np.float64], *, driven: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """The information that the hidden causes take away, (d, d)."""
    k = len(driven)
    parts = [design[:, columns] for columns in driven] + [np.ones((len(design), 1))] * (hidden.shape[1] - k)
    return np.block(
        [[one.T @ (hidden[:, i, j, None] * other) for j, other in enumerate(parts)] for i, one in enumerate(parts)]
    )


def _invert(complete: NDArray[np.float64], hidden: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of the observed information, complete less hidden, of which `MIN_KNOWN` is always left."""
    root = np.linalg.inv(np.linalg.cholesky(complete))
    known_shares, directions = np.linalg.eigh(np.eye(len(complete)) - root @ hidden @ root.T)
    basis = directions.T @ root
    return basis.T @ (basis / np.maximum(known_shares, MIN_KNOWN)[:, None])
