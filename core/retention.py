"""What a retention contact is expected to bring in: whom to contact, and from which churn probability on.

A contacted customer who would churn is kept with probability `save_rate`, and takes the incentive only then. One who
would have stayed takes it in any case (Neslin et al. 2006; Verbraken, Verbeke and Baesens 2013):

    would churn     save_rate * (value - offer_cost) - contact_cost
    would stay                         - offer_cost  - contact_cost

    net value = p * (save_rate * (value - offer_cost) + offer_cost) - offer_cost - contact_cost

where p is the churn probability without a contact. The contact pays where p is above the threshold of the customer,

    threshold = (offer_cost + contact_cost) / (save_rate * (value - offer_cost) + offer_cost)

which is the Bayes threshold of these costs. It holds for calibrated probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.money import OfferAssumptions, RetentionSettings

Amounts = TypeVar("Amounts", float, NDArray[np.float64])
USUAL_SAVE_RATE = 0.3
USUAL_OFFER_SHARE, USUAL_CONTACT_SHARE = 0.05, 0.005
"""What Verbraken, Verbeke and Baesens (2013) assume where nothing is known: Beta(6, 14), and costs as shares of the
value of a customer."""
SOURCE = "(Verbraken, Verbeke and Baesens 2013)"


class RetentionTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a retention contact costs and keeps, and where these figures come from."""

    save_rate: float
    "Share of churning customers whom a contact keeps."
    save_rate_customers: float
    "Certainty of the save rate: as if it had been measured on this many customers."
    offer_cost: float
    "Cost of the incentive for a customer who takes it, base currency."
    contact_cost: float
    "Cost of one contact, base currency."
    median_value: float
    "Median value of the customers, base currency."
    sources: dict[str, str]
    "By figure: the setting that states it, or what was assumed."

    @classmethod
    def of(cls, settings: RetentionSettings, offers: OfferAssumptions, *, median_value: float) -> RetentionTerms:
        """The figures of the configuration, and assumptions where it states none."""
        sources: dict[str, str] = {}
        if settings.save_rate is not None:
            save_rate, sources["save_rate"] = settings.save_rate, "[retention] save_rate"
        elif offers.save_rate > 0:
            save_rate, sources["save_rate"] = offers.save_rate, "[offers] save_rate"
        else:
            save_rate, sources["save_rate"] = USUAL_SAVE_RATE, f"assumed {SOURCE}"
        costs: dict[str, float] = {}
        for name, amount, share in (
            ("offer_cost", settings.offer_cost, USUAL_OFFER_SHARE),
            ("contact_cost", settings.contact_cost, USUAL_CONTACT_SHARE),
        ):
            costs[name] = share * median_value if amount is None else amount
            assumed = f"assumed: {share:.1%} of the median value {SOURCE}"
            sources[name] = assumed if amount is None else f"[retention] {name}"
        return cls(
            save_rate=save_rate,
            save_rate_customers=settings.save_rate_customers,
            median_value=median_value,
            sources=sources,
            **costs,
        )

    def with_save_rate(self, save_rate: float, *, source: str) -> RetentionTerms:
        """The terms with a measured save rate in place of the stated one."""
        return msgspec.structs.replace(self, save_rate=save_rate, sources=self.sources | {"save_rate": source})

    def with_cost(self, cost: float) -> RetentionTerms:
        """The terms of a contact that costs the same whether the customer accepts or not."""
        return msgspec.structs.replace(self, offer_cost=0.0, contact_cost=cost)

    def net_values(self, probabilities: Amounts, values: Amounts) -> Amounts:
        """The expected net value of contacting one or each customer, base currency; NaN where either is unknown."""
        gain = self.save_rate * (values - self.offer_cost) + self.offer_cost
        return probabilities * gain - self.offer_cost - self.contact_cost

    def threshold_for(self, value: float) -> float | None:
        """The churn probability above which contacting a customer pays; None where no probability is high enough."""
        gain = self.save_rate * (value - self.offer_cost) + self.offer_cost
        cost = self.offer_cost + self.contact_cost
        return cost / gain if cost < gain else None

    def thresholds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The churn probability above which contacting each customer pays, (n,).

        Above 1 where no probability is high enough, infinite where a contact keeps nothing; NaN for an unknown value.
        """
        gain = self.save_rate * (values - self.offer_cost) + self.offer_cost
        cost = self.offer_cost + self.contact_cost
        with np.errstate(over="ignore"):
            thresholds = np.divide(cost, gain, out=np.full(np.shape(values), np.inf), where=gain > 0)
        return np.where(np.isnan(values), np.nan, thresholds)


@dataclass(frozen=True)
class RetentionValues:
    """What each customer is worth, and the terms of a contact; of the rows that a model is tested on."""

    terms: RetentionTerms
    values: NDArray[np.float64]
    "(n,) base currency, known and not negative."
    description: str = ""
    "What the value is, in words."

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> RetentionValues:
        """The rows that an index array or mask selects."""
        return replace(self, values=self.values[rows])


def median_of_positive(values: NDArray[np.float64]) -> float:
    """The median of the values above 0; NaN without any."""
    positive = values[values > 0]
    return float(np.median(positive)) if len(positive) else float("nan")


def rank_by_net_value(net_values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place of each customer, (n,) from 0, in the list by expected net value; equal ones by row, unknown last."""
    ranks = np.empty(len(net_values), np.int64)
    ranks[np.argsort(-net_values, kind="stable")] = np.arange(len(net_values))
    return ranks


def net_value_at_capacity(net_values: NDArray[np.float64], capacity: int | None) -> float:
    """The expected net value that a customer needs to be contacted: of the last one whom the capacity reaches.

    At least 0, and 0 where the capacity reaches every customer whom contacting pays.
    """
    paying = np.sort(net_values[net_values > 0])[::-1]
    return 0.0 if capacity is None or capacity > len(paying) or not len(paying) else float(paying[capacity - 1])
