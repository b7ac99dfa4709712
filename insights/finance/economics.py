"""Unit economics of an average subscriber, and what-ifs: another churn, price, margin or acquisition cost.

CAC payback   CAC / (MRR x margin), in months

churn=0.02    set to 0.02
price=+5%     5 % more than now
margin=+3pt   three percentage points more than now
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, did_you_mean
from insights.finance.lifetime import lifetime_value, mean_lifetime_months


@dataclass(frozen=True, kw_only=True)
class Economics:
    """One average customer of a subscription business."""

    mrr: float
    monthly_churn: float
    margin: float = 1.0
    "Share of the revenue that remains after the cost of service, 0 to 1."
    acquisition_cost: float = 0.0
    "CAC."
    whole_months: bool = False
    "Whether a lifetime counts completed months only."

    @property
    def lifetime_months(self) -> float:
        """How long the customer stays on average."""
        return mean_lifetime_months(self.monthly_churn, whole_months=self.whole_months)

    @property
    def lifetime_value(self) -> float:
        """LTV of the simple form."""
        return lifetime_value(self.mrr, self.monthly_churn, margin=self.margin, whole_months=self.whole_months)

    @property
    def value_over_cost(self) -> float:
        """LTV/CAC; infinite where acquisition costs nothing."""
        return self.lifetime_value / self.acquisition_cost if self.acquisition_cost > 0 else math.inf

    @property
    def payback_months(self) -> float:
        """Months until a customer has earned back the CAC; infinite without earnings."""
        monthly_earnings = self.mrr * self.margin
        return self.acquisition_cost / monthly_earnings if monthly_earnings > 0 else math.inf


def project_revenue(
    economics: Economics, *, n_customers: float, new_per_month: float, n_months: int = 36
) -> NDArray[np.float64]:
    """Project the revenue of each coming month, (n_months,): current and new customers churn at the same rate."""
    retained = (1 - economics.monthly_churn) ** np.arange(n_months)
    customers = n_customers * retained + new_per_month * (np.cumsum(retained) - retained)
    return customers * economics.mrr


FIELDS = {"churn": "monthly_churn", "price": "mrr", "margin": "margin", "cac": "acquisition_cost"}
"What a what-if can change: its name on the command line, and the field of `Economics`."
SHARES = ("churn", "margin")
WHAT_IF_PATTERN = re.compile(r"(?P<name>\w+)\s*=\s*(?P<sign>[+-]?)(?P<amount>\d+(?:\.\d+)?)\s*(?P<unit>%|pt)?")


@dataclass(frozen=True)
class Change:
    """A change of one figure: now x factor + added."""

    factor: float = 1.0
    added: float = 0.0

    def apply(self, now: float) -> float:
        """The figure after the change."""
        # A set value (factor 0) also replaces an infinite one, and 0 x inf would be NaN.
        return now * self.factor + self.added if self.factor else self.added


@dataclass(frozen=True)
class WhatIf:
    """Changes that apply together; all other figures stay as they are."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    "By name, as in FIELDS."
    label: str = ""
    "The text it was parsed from."

    def apply(self, now: Economics) -> Economics:
        """The economics after the changes; margin and churn stay between 0 and 1."""
        then = {FIELDS[name]: change.apply(getattr(now, FIELDS[name])) for name, change in self.changes.items()}
        bounded = {name: min(1.0, max(0.0, then[name])) for name in ("monthly_churn", "margin") if name in then}
        return replace(now, **(then | bounded))


def parse_what_if(texts: Sequence[str]) -> WhatIf:
    """Parse texts such as 'churn=0.02' into one what-if. Raises BadInput for a text that is not valid."""
    return WhatIf(dict(_parse_change(text) for text in texts), ", ".join(texts))


def _parse_change(text: str) -> tuple[str, Change]:
    match = WHAT_IF_PATTERN.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"a what-if reads like churn=0.02, price=+5% or margin=+3pt, found '{text}'")
    name, amount, unit = match["name"], float(match["amount"]), match["unit"]
    if name not in FIELDS:
        raise BadInput(f"a what-if of '{name}' is unknown{did_you_mean(name, FIELDS)}")
    signed = -amount if match["sign"] == "-" else amount
    if match["sign"] and unit == "%":
        return name, Change(factor=max(0.0, 1 + signed / 100))
    value = signed / 100 if unit else signed
    if (unit is not None and name not in SHARES) or (unit == "pt" and not match["sign"]):
        raise BadInput(
            f"'{text}' has no meaning: give {name}={amount:g}, {name}=+{amount:g}% or, of a share, +{amount:g}pt"
        )
    if match["sign"]:
        return name, Change(added=value)
    if name in SHARES and value > 1:
        raise BadInput(f"{name} lies between 0 and 1, found {value:g}; write {name}={value:g}% for {value / 100:g}")
    return name, Change(factor=0.0, added=value)


DEFAULT_WHAT_IFS = tuple(parse_what_if([text]) for text in ("churn=-20%", "price=+5%", "margin=+5pt", "cac=-20%"))
"The what-ifs of a report where none are given."
